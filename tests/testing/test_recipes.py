"""The page on other engines: its programs run, and each recipe passes the suite for engines."""

import os
import re
from pathlib import Path

import pytest

from labelkit.testing.engine import check_engine

PAGE = (Path(__file__).parents[2] / "docs" / "how_to" / "engines.md").read_text(encoding="utf-8")

RULES = """
from enum import IntEnum
import labelkit as lk
Label = IntEnum("Label", {"HAM": 0, "SPAM": 1})
money = lk.keywords("money", label=1).rule(name="money")

@lk.labeling_function
def loud(text):
    return 1 if text.isupper() else None
"""


def blocks(page):
    return re.findall(r"```(\w+)\n(.*?)```", page, flags=re.DOTALL)


def section(title):
    return re.split(r"^##+ ", PAGE.split(f"## {title}\n", 1)[1], flags=re.MULTILINE)[0]


def printed(code, space, capsys):
    exec(compile(code, "engines.md", "exec"), space)
    return capsys.readouterr().out


@pytest.mark.filterwarnings("ignore:Port 8787 is already in use")
def test_the_programs_print_what_the_page_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("my_rules.py").write_text(RULES)
    space = {}
    for title in ("One function for all", "Dask"):
        found = blocks(section(title))
        assert [kind for kind, _ in found] == ["python", "text"]
        assert printed(found[0][1], space, capsys) == found[1][1]


def engine_of(title):
    space = {}
    exec(compile("import pyarrow as pa\n" + blocks(section(title))[0][1], "engines.md", "exec"), space)
    return space["run"]


@pytest.mark.parametrize("title", ["Polars", "DuckDB"])
def test_a_recipe_passes_the_suite(title):
    assert [one for one in check_engine(engine_of(title)) if one.problem] == []


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("package", "title"), [("ray", "Ray Data"), ("daft", "Daft")])
def test_a_recipe_of_a_large_package_passes_the_suite(package, title, monkeypatch):
    pytest.importorskip(package)
    monkeypatch.setitem(os.environ, "RAY_DATA_DISABLE_PROGRESS_BARS", "1")
    assert [one for one in check_engine(engine_of(title)) if one.problem] == []


def test_every_recipe_is_here():
    assert re.findall(r"^### (.*)$", PAGE, flags=re.MULTILINE) == ["Polars", "DuckDB", "Ray Data", "Daft"]
