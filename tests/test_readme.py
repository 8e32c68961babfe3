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


def kinds():
    """The examples of the table of rule kinds."""
    table = README.read_text("utf-8").partition("| kind |")[2].partition("\n\n")[0]
    return [re.search(r"`([^`]*)` \|$", row).group(1) for row in table.splitlines()[2:]]


@pytest.mark.parametrize("example", kinds())
def test_every_kind_of_rule_in_the_table_can_be_made_as_it_is_shown(example):
    """Each stands above a function that reads as many columns as it asks for."""
    reads = "person, city" if "facts" in example else ("doc" if "token_pattern" in example else "text")
    made = f"made = {example}" if not example.startswith("@") else f"{example}\ndef made({reads}): 'A rule.'"
    if "labeling_function(" in example or example == "@model_output(threshold=0.9)":
        made = f"{example}\ndef made(text): return None"
    lines = ["from enum import IntEnum", "from labelkit import *", "class Label(IntEnum):\n    HAM = 0\n    SPAM = 1"]
    if "sqlite://" in example:
        pytest.importorskip("sqlalchemy")
    if "duckdb" in example:
        pytest.importorskip("duckdb")
    scope = {"__name__": "readme", "__file__": str(README.parent / "labeling_functions" / "readme.py")}
    exec("\n".join([*lines, made]), scope)
    rules = scope["made"] if isinstance(scope["made"], list) else [scope["made"]]
    assert rules
    assert all(type(rule).__name__ == "LabelingFunction" for rule in rules)
