"""Rules are found where they were made, in the order in which they were made, and what goes wrong names the line."""

from __future__ import annotations

import importlib
import re
import sys
import types

import pandas as pd
import pyarrow as pa
import pytest

import labelkit as lk
from labelkit.exceptions import CollectError, LabelSpaceError

HEAD = """
from enum import IntEnum
import labelkit as lk

class Label(IntEnum):
    HAM = 0
    SPAM = 1

"""


def rule(name, label="Label.SPAM"):
    return f"{name} = lk.keywords('a', label={label}).rule(name='{name}')\n"


@pytest.fixture
def write(tmp_path):
    def write(name, source):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
        return path

    return write


@pytest.fixture(autouse=True)
def nothing_is_left_on_the_path(tmp_path):
    path = list(sys.path)
    yield
    assert sys.path == path
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def test_rules_themselves_are_taken_in_the_order_in_which_they_are_given():
    first, second = (lk.keywords(word, label=1).rule(name=word) for word in ("first", "second"))
    lfs = lk.LabelingFunctions([second, first], labels=2)
    assert lk.collect([second, first], labels=2).names == lk.collect((second, first), labels=2).names == lfs.names
    assert lk.collect(first, labels=2).names == ("first",)
    assert lk.collect(lfs).space == lfs.space
    assert lk.collect(lfs, labels=["HAM", "SPAM"]).space.names == ("HAM", "SPAM")
    with pytest.raises(CollectError, match="cannot be collected from"):
        lk.collect([first, "rules.py"], labels=2)


def test_rules_come_in_order_of_creation_from_globals_lists_tuples_and_dicts(write):
    path = write(
        "rules.py",
        HEAD
        + rule("z")
        + "many = [lk.keywords(w, label=Label.SPAM).rule(name=w) for w in ('y', 'x')]\n"
        + "nested = {'k': (lk.keywords('w', label=Label.HAM).rule(name='w'),)}\n"
        + rule("a")
        + "alias = a\n",
    )
    lfs = lk.collect(path)
    assert lfs.names == ("z", "y", "x", "w", "a")
    assert lfs.space.names == ("HAM", "SPAM")


def test_rules_imported_from_elsewhere_are_left_out(write):
    write("shared.py", HEAD + rule("theirs") + "listed = [" + rule("listed_one").split(" = ", 1)[1].strip() + "]\n")
    path = write("mine.py", "from shared import Label, lk, theirs, listed\n" + rule("own"))
    with pytest.warns(
        UserWarning, match=r"mine.py imports rules that are not run: theirs, listed_one \(of shared.py\)"
    ) as w:
        assert lk.collect(path).names == ("own",)
    assert "[LK134]" in str(w[0].message)
    assert "lfs = [theirs, listed_one]" in str(w[0].message)


@pytest.mark.parametrize("listed", ["lfs = [theirs]", "lfs = (theirs,)", "lfs = {'a': theirs}", "lfs = [[theirs]]"])
def test_rules_imported_and_listed_are_taken(write, listed):
    write("shared.py", HEAD + rule("theirs"))
    path = write("mine.py", f"from shared import Label, lk, theirs\n{rule('own')}{listed}\n")
    assert lk.collect(path).names == ("theirs", "own")
    votes = lk.Applier(lk.collect(path)).apply([{"text": "a"}], workers=2, engine="process").votes
    assert votes.tolist() == [[1, 1]]


def test_rules_imported_with_a_star_are_named_once_and_a_module_hides_them(write):
    write("shared.py", HEAD + "".join(rule(f"r{i}") for i in range(7)))
    path = write("mine.py", "from shared import *\n" + rule("own"))
    with pytest.warns(UserWarning, match=r"not run: r0, r1, r2, r3, r4 and 2 more \(of shared.py\)"):
        assert lk.collect(path).names == ("own",)
    path = write("quiet.py", "import shared\nfrom shared import Label, lk\n" + rule("own"))
    assert lk.collect(path).names == ("own",)


def test_a_rule_that_a_file_of_the_folder_lists_comes_once_from_its_own(write, tmp_path):
    write("b.py", HEAD + rule("b"))
    write("a.py", "from b import b, Label, lk\n" + rule("a") + "lfs = [b, a]\n")
    assert sorted(lk.collect(tmp_path).names) == ["a", "b"]


def test_rules_that_a_function_of_another_module_made_are_ones_own(write):
    write("shared.py", HEAD + "def says(word):\n    return lk.keywords(word, label=Label.SPAM).rule(name=word)\n")
    path = write("mine.py", "from shared import says\nwin = says('win')\n")
    assert lk.collect(path).names == ("win",)


def test_rules_made_of_functions_of_another_module_are_ones_own(write):
    write("shared.py", "def short(limit, text):\n    return 1 if len(text) < limit else None\n")
    path = write(
        "mine.py",
        "import functools, labelkit as lk\nfrom shared import short\n"
        "a = lk.labeling_function(functools.partial(short, 3), name='a') if 0 else "
        "lk.labeling_function(name='a')(functools.partial(short, 3))\n",
    )
    assert lk.collect(path, labels=2).names == ("a",)


def test_a_module_object_and_a_dotted_name_are_sources(write, monkeypatch, tmp_path):
    write("a_package/__init__.py", "")
    write("a_package/rules.py", HEAD + rule("one"))
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    module = importlib.import_module("a_package.rules")
    assert lk.collect(module).names == lk.collect("a_package.rules").names == ("one",)
    monkeypatch.undo()


def test_a_dotted_name_is_looked_for_in_the_working_folder(write, monkeypatch, tmp_path):
    write("rules_in_cwd/spam.py", HEAD + rule("one"))
    monkeypatch.chdir(tmp_path)
    assert lk.collect("rules_in_cwd.spam").names == ("one",)


def test_a_folder_stands_for_its_public_files_in_order(write, tmp_path):
    write("b.py", "from _labels import Label\nimport labelkit as lk\n" + rule("b"))
    write("a.py", "from _labels import Label\nfrom b import b\nimport labelkit as lk\n" + rule("a"))
    write("_labels.py", HEAD)
    write("no_rules.py", "x = 1\n")
    assert lk.collect(tmp_path).names == ("a", "b")


def test_a_file_in_a_package_may_use_relative_imports(write):
    write("pack/__init__.py", "")
    write("pack/labels.py", HEAD)
    path = write("pack/rules.py", "from .labels import Label, lk\n" + rule("one"))
    lfs = lk.collect(path)
    assert (lfs.names, lfs[0].origin.module) == (("one",), "pack.rules")


def test_an_edit_shows_in_the_file_and_in_its_neighbours(write):
    path = write(
        "rules.py", "from near import word\nimport labelkit as lk\nr = lk.keywords(word, label=1).rule(name='r')\n"
    )
    write("near.py", "word = 'a'\n")
    assert lk.collect(path, labels=2)["r"]("a") == 1
    write("near.py", "word = 'bcd'\n")
    assert lk.collect(path, labels=2)["r"]("bcd") == 1


def test_two_folders_have_neighbours_of_the_same_name(write):
    for folder in ("one", "two"):
        write(f"{folder}/near.py", f"word = '{folder}'\n")
        write(
            f"{folder}/{folder}_rules.py",
            f"from near import word\nimport labelkit as lk\n{folder} = lk.keywords(word, label=1).rule(name=word)\n",
        )
    folder = write("x", "").parent
    assert lk.collect([folder / "one", folder / "two"], labels=2).names == ("one", "two")


PACK = {"pack/__init__.py": "word = '{}'\n", "pack/part.py": "word = '{}'\n"}


@pytest.mark.parametrize(
    ("line", "files"),
    [
        ("from pack import word", {"pack/__init__.py": "word = '{}'\n"}),
        ("from pack.part import word", PACK),
        ("import pack.part as p; word = p.word", {"pack/part.py": "word = '{}'\n"}),  # no __init__.py: a namespace
        ("from near import word", {"near.py": "from pack import word\n", **PACK}),
    ],
)
def test_two_folders_have_packages_of_the_same_name(write, line, files):
    for folder in ("one", "two"):
        for file, source in files.items():
            write(f"{folder}/{file}", source.format(folder))
        write(f"{folder}/rules.py", f"import labelkit as lk\n{line}\nr = lk.keywords(word, label=1).rule(name=word)\n")
    one, two = (write(f"{folder}/x", "").parent / "rules.py" for folder in ("one", "two"))
    for path in (one, two, one, two):
        assert lk.collect(path, labels=2).names == (path.parent.name,)
    assert lk.collect([one, two], labels=2).names == ("one", "two")


def test_what_the_session_imported_is_not_what_stands_beside_the_rules(write, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)  # bytecode would hide an edit of the same second and size
    monkeypatch.syspath_prepend(write("elsewhere/near_the_notebook.py", "word = 'of the notebook'\n").parent)
    loaded = importlib.import_module("near_the_notebook")
    write("near_the_notebook.py", "word = 'beside'\n")
    path = write(
        "rules.py",
        "import labelkit as lk\nfrom near_the_notebook import word\nr = lk.keywords(word, label=1).rule(name=word)\n",
    )
    for word in ("beside", "edited"):
        write("near_the_notebook.py", f"word = '{word}'\n")
        assert lk.collect(path, labels=2).names == (word,)
    assert sys.modules["near_the_notebook"] is loaded
    assert not sys.dont_write_bytecode


def test_an_installed_package_that_is_loaded_is_not_replaced_by_a_file_of_its_name(write):
    before = [importlib.import_module(name) for name in ("pandas", "numpy")]
    write("pandas.py", "raise RuntimeError")
    write("numpy/notes.txt", "")
    path = write("rules.py", "import pandas, numpy\n" + HEAD + rule("one"))
    names = lk.collect(path)[0].origin.namespace
    assert [names["pandas"], names["numpy"]] == before


def test_libraries_and_packages_are_imported_once(write):
    write("pack/__init__.py", "")
    path = write("pack/rules.py", "import decimal\nimport pack\n" + HEAD + rule("one"))
    first = lk.collect(path)[0].origin.namespace
    second = lk.collect(path)[0].origin.namespace
    assert first["decimal"] is second["decimal"]
    assert first["pack"] is second["pack"]


def test_a_file_may_bear_the_name_of_a_loaded_module(write):
    before = sys.modules["json"]
    assert lk.collect(write("json.py", HEAD + rule("one"))).names == ("one",)
    assert sys.modules["json"] is before


def test_a_file_name_need_not_be_an_identifier(write):
    assert lk.collect(write("my-rules 2.py", HEAD + rule("one"))).names == ("one",)


def test_several_sources_make_one_collection(write):
    a, b = write("a.py", HEAD + rule("a")), write("b.py", HEAD + rule("b"))
    assert lk.collect([a, str(b)]).names == ("a", "b")


def test_the_only_enum_of_a_module_is_the_label_space(write):
    source = HEAD + "@lk.labeling_function\ndef short(text):\n    return Label.HAM\n"
    assert lk.collect(write("rules.py", source)).space.names == ("HAM", "SPAM")


def test_labels_may_be_given(write):
    assert lk.collect(write("rules.py", HEAD + rule("a", label=0)), labels=["x", "y", "z"]).space.names == (
        "x",
        "y",
        "z",
    )


# ---------------------------------------------------------------------------------------------- what goes wrong


def fails(source, message, **options):
    with pytest.raises(CollectError) as caught:
        lk.collect(source, **options)
    assert re.search(message, str(caught.value)), str(caught.value)


def test_a_missing_file_is_named_with_where_it_was_looked_for():
    fails("no/such.py", r"there is no file 'no/such.py' \[LK\d{3}\]\nHint: the current folder is '/")


def test_a_missing_module_is_named():
    fails("no_such_module", r"there is no module or file 'no_such_module' \[LK\d{3}\]\nHint: looked in .* and sys.path")
    fails("labelkit.no_such", r"there is no module or file 'labelkit.no_such'")


def test_a_module_without_rules_is_named(write):
    path = write("empty.py", "x = 1")
    fails(path, rf"{path} has no labeling functions of its own \[LK\d{{3}}\]\nHint: decorate one with @keywords")


def test_a_folder_without_files_is_named(tmp_path):
    fails(tmp_path, rf"the folder {tmp_path} has no Python files")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("import no_such_thing", "line 3: ModuleNotFoundError: No module named 'no_such_thing'"),
        ("1 / 0", "line 3: ZeroDivisionError: division by zero"),
        ("def broken(:", "line 3: invalid syntax"),
        ("raise SystemExit(3)", "line 3: SystemExit: 3"),
        ("lk.keywords(label=1)", r"line 3: keywords needs at least one entry \[LK\d{3}\]\nHint: @keywords\('first'"),
    ],
)
def test_an_error_in_a_module_names_the_file_and_line(write, line, message):
    path = write("rules.py", f"import labelkit as lk\n\n{line}\n")
    fails(path, rf"^{path}, {message}")


def test_a_declaration_that_is_refused_names_the_line_of_the_rule(write):
    path = write("rules.py", "import labelkit as lk\n\n@lk.regex('(', label=1)\ndef r(text):\n    'doc'\n")
    fails(path, rf"^{path}, line [34]: the pattern '\(' of rule 'r' does not compile")


def test_two_rules_of_one_name_are_refused_with_their_lines(write):
    a, b = write("a.py", HEAD + rule("x")), write("b.py", HEAD + rule("x"))
    fails([a, b], r"two labeling functions are named 'x' \(.*a.py:9 and .*b.py:9\)")


def test_two_label_spaces_are_refused_with_who_has_which(write):
    a = write("a.py", HEAD + rule("x"))
    b = write("b.py", HEAD.replace("HAM", "EGGS") + rule("y"))
    fails(
        [a, b],
        r"belong to 2 label spaces: LabelSpace\(HAM=0, SPAM=1\) \(Label of rule 'x'\); LabelSpace\(EGGS=0, SPAM=1\) "
        r"\(Label of rule 'y'\) \[LK\d{3}\]\nHint: collect them apart",
    )


def test_unknown_classes_are_an_error_with_what_to_do(write):
    path = write("rules.py", "import labelkit as lk\n" + rule("x", label=1))
    with pytest.raises(
        LabelSpaceError,
        match=r"the classes are not known \[LK\d{3}\]\nHint: declare an IntEnum of them, or pass labels=",
    ):
        lk.collect(path)


@pytest.mark.parametrize("wrong", [5, None])
def test_what_is_no_source_is_refused(wrong):
    fails(wrong, f"rules cannot be collected from {wrong}")


def test_a_corpus_in_the_place_of_rules_is_not_printed(tmp_path):
    frame = pd.DataFrame({"text": ["a secret text"]})
    for given in (frame, pa.table(frame), [{"text": "a secret text" * 10}]):
        with pytest.raises(CollectError, match="cannot be collected from an object of type ") as caught:
            lk.collect(given)
        assert "secret" not in str(caught.value)
        assert caught.value.hint.endswith("; rules come first, and the corpus behind them")
    (tmp_path / "c.csv").write_text("text\na\n")
    with pytest.raises(CollectError, match="is not a Python file") as caught:
        lk.run(tmp_path / "c.csv", "rules.py", tmp_path / "out")
    assert caught.value.hint.endswith("; rules come first, and the corpus behind them")


def test_a_module_without_a_file_can_be_collected():
    module = types.ModuleType("made_by_hand")
    exec(HEAD + rule("one"), module.__dict__)
    assert lk.collect(module).names == ("one",)


def test_a_notebook_has_its_rules_as_they_are_now():
    """Earlier versions that it keeps as outputs, or that stand in a list made before, are left out."""
    notebook = types.ModuleType("__main__")
    names = vars(notebook)
    exec(HEAD + rule("a") + rule("b") + "before = [a, b]", names)
    outputs = {3: names["a"], 4: names["before"]}
    names |= {"_oh": outputs, "Out": outputs, "_3": names["a"], "_": names["a"]}
    exec(rule("a", "Label.HAM") + rule("_c"), names)
    found = lk.collect(notebook)
    assert list(found) == [names["b"], names["a"], names["_c"]]


def test_packages_of_one_name_in_two_folders_do_not_meet(tmp_path):
    rules = "from .words import WORDS\nfrom labelkit import keywords\nx = keywords(*WORDS, label=1).rule(name='x')\n"
    for folder, word in (("a", "apple"), ("b", "berry")):
        package = tmp_path / folder / "twin"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "words.py").write_text(f"WORDS = [{word!r}]\n")
        (package / "rules.py").write_text(rules)
    found = [lk.collect(tmp_path / folder / "twin" / "rules.py", labels=2)["x"] for folder in ("a", "b", "a", "b")]
    assert [(rule("apple"), rule("berry")) for rule in found] == [(1, -1), (-1, 1), (1, -1), (-1, 1)]
