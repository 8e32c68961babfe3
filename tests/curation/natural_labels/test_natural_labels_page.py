"""The table of the page on natural labels names calls that there are; that its program runs, tests/test_pages.py shows."""

import re
from pathlib import Path

import labelkit as lk

PAGE = (Path(__file__).parents[3] / "docs" / "how_to" / "natural_labels.md").read_text("utf-8")


def test_the_calls_of_the_page_are_there():
    calls = re.findall(r"^\| .*? \| `natural\.(\w+)\(", PAGE, re.MULTILINE)
    assert len(calls) == 6
    assert all(hasattr(lk.NaturalLabels, call) for call in calls)
