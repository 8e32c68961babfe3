"""The notebooks run from top to bottom in a fresh kernel, and say what they were kept with."""

import ast
from pathlib import Path

import nbformat
import pytest

from tests.refresh_notebooks import FOLDER, METADATA, executed, said

NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))

REFRESH = "python -m tests.refresh_notebooks keeps what the notebooks say now; read the difference before it lands"


def kept(path):
    return nbformat.read(path, as_version=4)


def cells(path, kind):
    return [cell for cell in kept(path).cells if cell.cell_type == kind]


def of_each_notebook(function):
    return pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)(function)


def test_there_are_seven_notebooks_in_an_order():
    names = ["1_first_labels", "2_improving_rules", "3_end_model", "4_crowd", "5_engagement_logs", "6_training_set"]
    assert [path.stem for path in NOTEBOOKS] == [*names, "7_real_data"]


@of_each_notebook
def test_a_notebook_runs_and_says_what_it_was_kept_with(path, tmp_path):
    before = sorted(FOLDER.iterdir())
    notebook = executed(path, tmp_path)
    told, new = said(kept(path)), said(notebook)
    assert list(new) == list(told), REFRESH
    for cell, outputs in new.items():
        assert outputs == told[cell], f"cell {cell!r} of {path.name}: {REFRESH}"
    assert sorted(FOLDER.iterdir()) == before, "the notebook left a file behind"


@of_each_notebook
def test_what_is_kept_is_clean(path):
    """No warning, no error, no path of a machine, and nothing that changes from run to run."""
    notebook = kept(path)
    nbformat.validate(notebook)
    assert notebook.metadata == METADATA
    assert not any(cell.metadata for cell in notebook.cells)
    for cell, outputs in said(notebook).items():
        for kind, _ in outputs:
            assert kind not in {"stderr", "error"}, f"cell {cell!r} complains"
    whole = path.read_text("utf-8")
    for trace in (str(Path.home()), str(FOLDER.parent), "/tmp/", "site-packages", " at 0x"):
        assert trace not in whole


@of_each_notebook
def test_cells_were_run_in_order_and_are_short(path):
    code = cells(path, "code")
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        assert cell.source.strip()
        assert len(cell.source.splitlines()) <= 60, f"cell {cell.id!r} is long"
        ast.parse(cell.source)


@of_each_notebook
def test_a_notebook_tells_a_story_and_ends_with_what_to_do_next(path):
    text = cells(path, "markdown")
    assert text[0].source.startswith("# ")
    assert "## What to do next" in text[-1].source
    assert kept(path).cells[-1].id == text[-1].id


@of_each_notebook
def test_what_a_notebook_names_is_there(path):
    for cell in cells(path, "markdown"):
        named = [part for part in cell.source.split("`")[1::2] if part.endswith((".py", ".ipynb")) and " " not in part]
        for name in named:
            places = (FOLDER / name, FOLDER.parent / name)
            assert name == "my_rules.py" or any(place.exists() for place in places), name
