"""Imports of Snorkel in files and notebooks become those of the drop-in; nothing else changes."""

import ast
import json

import pytest

import labelkit as lk
from labelkit.exceptions import LabelkitError
from labelkit.interop.snorkel_code._imports import rewrite

NEW = "labelkit.interop.snorkel"


def rewritten(text):
    return rewrite(text).text


def by_hand(text):
    return [what for _, what in rewrite(text).by_hand]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("from snorkel.labeling import labeling_function\n", f"from {NEW}.labeling import labeling_function\n"),
        ("from snorkel import labeling  # rules\n", f"from {NEW} import labeling  # rules\n"),
        ("from   snorkel.labeling   import  a,b\n", f"from   {NEW}.labeling   import  a,b\n"),
        (
            "from \\\n  snorkel.map import (\n    Mapper,  # one\n)\n",
            f"from \\\n  {NEW}.map import (\n    Mapper,  # one\n)\n",
        ),
        ("import snorkel.labeling as sl\nsl.LFApplier\n", f"import {NEW}.labeling as sl\nsl.LFApplier\n"),
        ("import os, snorkel.utils as u, re\n", f"import os, {NEW}.utils as u, re\n"),
        (
            "import snorkel.labeling\nx = snorkel.labeling.LFApplier(snorkel.labeling.apply)\n",
            f"import {NEW}.labeling\nx = {NEW}.labeling.LFApplier({NEW}.labeling.apply)\n",
        ),
        ("def f():\n\tfrom snorkel.analysis import Scorer\n", f"def f():\n\tfrom {NEW}.analysis import Scorer\n"),
        ("é = 'ü'; from snorkel.types import Field\n", f"é = 'ü'; from {NEW}.types import Field\n"),
        ("from snorkel.labeling import a\r\nx = 1\r\n", f"from {NEW}.labeling import a\r\nx = 1\r\n"),
        ("try:\n    import snorkel\nexcept ImportError: pass", f"try:\n    import {NEW}\nexcept ImportError: pass"),
    ],
)
def test_imports_are_rewritten_and_all_else_stays(old, new):
    assert rewritten(old) == new
    ast.parse(new)
    assert rewritten(new) == new


@pytest.mark.parametrize(
    "text",
    [
        "from .snorkel import x\n",
        "from mysnorkel.labeling import x\n",
        "import snorkel_extras\n",
        "snorkel = 3\nprint(snorkel)\n",
        '"""As snorkel.labeling does."""\n# from snorkel.labeling import x\n',
        "class A:\n    'Like snorkel.labeling.'\n",
        "x.snorkel.labeling\n",
    ],
)
def test_what_is_no_import_of_snorkel_stays(text):
    assert rewritten(text) == text
    assert by_hand(text) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("from snorkel.classification import Trainer\n", "the torch part"),
        ("import snorkel.classification.data\n", "the torch part"),
        ("from snorkel import classification\n", "the torch part"),
        ("from snorkel.slicing import SliceAwareClassifier\n", "slice-aware nets"),
        ("from snorkel.slicing import slicing_function, add_slice_labels\n", "import slicing_function apart"),
        ("from snorkel.contrib.x import y\n", "snorkel.contrib"),
    ],
)
def test_what_the_drop_in_does_not_have_keeps_its_import_and_is_listed(text, says):
    assert rewritten(text) == text
    (what,) = by_hand(text)
    assert says in what


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("from snorkel.labeling import *\n", "name what you import"),
        ("from snorkel.labeling.apply.spark import SparkLFApplier\n", "mapInArrow"),
        ("from snorkel.labeling import LabelModel\n", f"LabelModel is in {NEW}.labeling.model"),
        ("import importlib\nimportlib.import_module('snorkel.labeling')\n", f"'{NEW}.labeling'"),
        ("import snorkel.labeling\nsnorkel = snorkel.labeling\n", "bound again"),
        ("import snorkel\nsnorkel.classification.Trainer()\n", "the torch part"),
    ],
)
def test_what_needs_a_hand_is_listed(text, says):
    assert any(says in what for what in by_hand(text)), by_hand(text)


def test_a_type_comment_that_names_a_module_is_listed_with_its_line():
    text = (
        "import snorkel.labeling\nrules = []  # type: list[snorkel.labeling.LFAnalysis]\n# snorkel.labeling has more\n"
    )
    new = "labelkit.interop.snorkel.labeling.LFAnalysis"
    what = f"a type comment names 'snorkel.labeling.LFAnalysis': write {new!r}"
    assert rewrite(text).by_hand == ((2, what),)


def test_nothing_is_written_before_it_is_asked_for(tmp_path):
    file = tmp_path / "rules.py"
    file.write_text("from snorkel.labeling import a\n")
    shown = lk.migrate_snorkel(tmp_path)
    assert file.read_text() == "from snorkel.labeling import a\n"
    assert f"+from {NEW}.labeling import a" in str(shown)
    assert "-from snorkel.labeling import a" in str(shown)
    assert "--write" in str(shown)
    lk.migrate_snorkel(tmp_path, write=True)
    assert file.read_text() == f"from {NEW}.labeling import a\n"
    again = lk.migrate_snorkel(tmp_path, write=True)
    assert (again.n_changed, again.n_looked_at) == (0, 1)


def test_encodings_ends_of_lines_and_permissions_stay(tmp_path):
    file = tmp_path / "old.py"
    file.write_bytes("# -*- coding: latin-1 -*-\r\nfrom snorkel.map import Mapper\r\nx = 'é'".encode("latin-1"))
    file.chmod(0o751)
    lk.migrate_snorkel(file, write=True)
    assert file.read_bytes() == (
        f"# -*- coding: latin-1 -*-\r\nfrom {NEW}.map import Mapper\r\nx = 'é'".encode("latin-1")
    )
    assert file.stat().st_mode & 0o777 == 0o751
    marked = tmp_path / "marked.py"
    marked.write_bytes(b"\xef\xbb\xbffrom snorkel.map import Mapper\n")
    lk.migrate_snorkel(marked, write=True)
    assert marked.read_bytes() == f"\ufefffrom {NEW}.map import Mapper\n".encode()


def test_a_file_that_cannot_be_read_is_listed(tmp_path):
    (tmp_path / "bad.py").write_text("from snorkel import (\n")
    (tmp_path / "bad.ipynb").write_text("snorkel {")
    migration = lk.migrate_snorkel(tmp_path, write=True)
    assert migration.n_changed == 0
    assert sorted(work.path.name for work in migration.by_hand) == ["bad.ipynb", "bad.py"]


def test_packages_and_hidden_folders_are_left_out(tmp_path):
    for folder in (".venv/lib", "venv", "x/site-packages/snorkel", "x/__pycache__", "src"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.py").write_text("import snorkel\n")
    assert [file.path for file in lk.migrate_snorkel(tmp_path).files] == [tmp_path / "src" / "a.py"]


def notebook(*sources, **layout):
    cells = [
        {
            "cell_type": "code",
            "execution_count": None,
            "metadata": {},
            "outputs": [{"text": ["from snorkel"]}],
            "source": s,
        }
        for s in sources
    ]
    cells.insert(0, {"cell_type": "markdown", "metadata": {}, "source": ["from snorkel.labeling import é\n"]})
    return json.dumps({"cells": cells, "metadata": {"b": 1, "a": 2}, "nbformat": 4, "nbformat_minor": 5}, **layout)


@pytest.mark.parametrize(
    ("layout", "end"),
    [({"indent": 1, "ensure_ascii": False}, "\n"), ({"indent": 2}, ""), ({}, "\n"), ({"indent": "\t"}, "\n")],
)
def test_of_a_notebook_only_the_lines_of_imports_change(tmp_path, layout, end):
    cell = ["%matplotlib inline\n", "from snorkel.labeling import a\n", "!ls\n", "a(1)"]
    file = tmp_path / "n.ipynb"
    file.write_text(notebook(cell, "import snorkel.map as m\nm", **layout) + end, "utf-8")
    migration = lk.migrate_snorkel(file, write=True)
    new = [line.replace("snorkel", NEW) for line in cell]
    assert file.read_text("utf-8") == notebook(new, f"import {NEW}.map as m\nm", **layout) + end
    assert f"+from {NEW}.labeling import a" in migration.files[0].diff


def test_lines_of_a_notebook_that_need_a_hand_are_named_by_their_cells(tmp_path):
    file = tmp_path / "n.ipynb"
    file.write_text(notebook(["%%bash\n", "pip install snorkel\n"], ["!pip install snorkel\n"], ["import (snorkel\n"]))
    work = lk.migrate_snorkel(file).by_hand
    assert [(w.cell, w.line) for w in work] == [(2, 2), (3, 1), (4, 1)]
    assert "cell 2, line 2: installs snorkel" in str(work[0])


def test_what_is_no_code_is_refused(tmp_path):
    with pytest.raises(LabelkitError, match="there is no file or folder"):
        lk.migrate_snorkel(tmp_path / "none")
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(LabelkitError, match="is no Python file and no notebook"):
        lk.migrate_snorkel(tmp_path / "a.txt")
