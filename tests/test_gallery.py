"""The scripts of the gallery are as the gallery needs them; `make docs` runs them."""

import ast
import doctest
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GALLERY = ROOT / "docs" / "gallery"
SCRIPTS = sorted(GALLERY.glob("plot_*.py"))
PAGE = (GALLERY / "index.md").read_text("utf-8")
NETWORK = {"requests", "urllib", "httpx", "httpx2", "socket", "aiohttp", "fsspec", "datasets"}


def imported(tree):
    """The packages that a script imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).partition(".")[0]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_script_has_a_title_an_introduction_cells_and_a_figure_and_is_on_the_page(script):
    source = script.read_text("utf-8")
    tree = ast.parse(source)
    _, title, line, *introduction = (ast.get_docstring(tree, clean=False) or "").split("\n")
    assert line == "=" * len(title)
    assert len(" ".join(introduction).split()) > 20
    assert source.count("\n# %%\n") >= 3
    assert source.rstrip().endswith("plt.show()")
    assert re.search(r"set_[xy]label|xlabel", source), "the axes say what they are"
    assert len(source.splitlines()) <= 150
    assert not NETWORK & set(imported(tree))
    assert f"]({script.name}) |" in PAGE


def test_the_data_are_the_same_each_time(monkeypatch):
    monkeypatch.syspath_prepend(str(GALLERY))
    for file in sorted((GALLERY / "made_up").glob("[a-z]*.py")):
        source = file.read_text("utf-8")
        assert "import random" not in source, f"{file.name} draws by a generator that it seeds"
        assert "seed: int" in source


@pytest.mark.parametrize("name", ["_gallery", "_markdown"])
def test_pages_and_links_are_turned_into_markdown(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert doctest.testmod(module).attempted > 0
    assert doctest.testmod(module).failed == 0
