"""The page for those who come from Snorkel names what there is; that its code runs, tests/test_pages.py shows."""

import re
from pathlib import Path

import pytest

import labelkit

PAGE = (Path(__file__).parents[3] / "docs" / "how_to" / "coming_from_snorkel.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`@?lk\.(\w+)", PAGE))))
def test_every_name_of_the_page_is_public(name):
    assert hasattr(labelkit, name)
