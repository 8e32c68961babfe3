"""The page on natural labels runs from top to bottom, and its table names calls that there are."""

import re
from pathlib import Path

import labelkit as lk

PAGE = (Path(__file__).parents[3] / "docs" / "how_to" / "natural_labels.md").read_text("utf-8")


def test_the_program_of_the_page_runs(capsys):
    scope = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(block, "natural_labels.md", "exec"), scope)
    assert "Gini" in capsys.readouterr().out
    natural = scope["natural"]
    assert natural.actions == ("like", "comment", "any")
    calls = re.findall(r"^\| .*? \| `natural\.(\w+)\(", PAGE, re.MULTILINE)
    assert len(calls) == 6
    assert all(hasattr(lk.NaturalLabels, call) for call in calls)
