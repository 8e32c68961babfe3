"""The README is short, and what it names is there; its code is run with that of all pages (tests/test_pages.py)."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"


def test_a_visitor_reads_it_in_a_minute():
    assert len(README.read_text("utf-8").split()) < 700


@pytest.mark.parametrize(
    "path", re.findall(r"`((?:labeling_functions|tests|notebooks)/[\w./]*)`", README.read_text("utf-8"))
)
def test_every_path_that_the_readme_names_is_there(path):
    assert (README.parent / path).exists()
