"""The recipes of the page on other engines pass the suite for engines."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from labelkit.testing.engine import check_engine

PAGE = (Path(__file__).parents[2] / "docs" / "how_to" / "engines.md").read_text(encoding="utf-8")


def blocks(page):
    return re.findall(r"```(\w+)\n(.*?)```", page, flags=re.DOTALL)


def section(title):
    return re.split(r"^##+ ", PAGE.split(f"## {title}\n", 1)[1], flags=re.MULTILINE)[0]


def engine_of(title):
    space = {}
    exec(compile("import pyarrow as pa\n" + blocks(section(title))[0][1], "engines.md", "exec"), space)
    return space["run"]


def test_the_recipe_of_duckdb_passes_the_suite():
    """The page itself runs the suite on that of Polars."""
    assert [one for one in check_engine(engine_of("DuckDB")) if one.problem] == []


@pytest.mark.parametrize("title", ["DuckDB", "Polars"])
def test_a_recipe_does_not_depend_on_the_zone_of_the_machine(title):
    program = (
        "from tests.testing.test_recipes import engine_of\n"
        "from labelkit.testing.engine import each_finding\n"
        f"print([one for one in each_finding(engine_of({title!r})) if one.problem])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"TZ": "Europe/Berlin", "PYTHONPATH": ":".join(filter(None, sys.path))},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stderr  # DuckDB shows how far it is if it takes seconds


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("package", "title"), [("ray", "Ray Data"), ("daft", "Daft")])
def test_a_recipe_of_a_large_package_passes_the_suite(package, title, monkeypatch):
    pytest.importorskip(package)
    monkeypatch.setitem(os.environ, "RAY_DATA_DISABLE_PROGRESS_BARS", "1")
    assert [one for one in check_engine(engine_of(title)) if one.problem] == []


def test_every_recipe_is_here():
    assert re.findall(r"^### (.*)$", PAGE, flags=re.MULTILINE) == ["Polars", "DuckDB", "Ray Data", "Daft"]
