"""Each row of the tables of rule kinds, in the README and in docs/how_to/write_rules.md, is a rule that can be made."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "docs" / "how_to" / "write_rules.md"]


def kinds():
    """The examples of the tables of rule kinds."""
    tables = [page.read_text("utf-8").partition("| kind |")[2].partition("\n\n")[0] for page in PAGES]
    return sorted({re.search(r"`([^`]*)` \|$", row).group(1) for table in tables for row in table.splitlines()[2:]})


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
    scope = {"__name__": "write_rules", "__file__": str(ROOT / "labeling_functions" / "write_rules.py")}
    exec("\n".join([*lines, made]), scope)
    rules = scope["made"] if isinstance(scope["made"], list) else [scope["made"]]
    assert rules
    assert all(type(rule).__name__ == "LabelingFunction" for rule in rules)
