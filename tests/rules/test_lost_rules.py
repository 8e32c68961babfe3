"""No rule of a module vanishes: a name that is given twice is an error with both lines, for every way to make a rule."""

from __future__ import annotations

import importlib
import re
import sys
import types

import pytest
from click.testing import CliRunner

import labelkit as lk
from labelkit.cli import cli
from labelkit.exceptions import CollectError

HEAD = "import labelkit as lk\nON = True\n"
"""Two lines: the rules begin on line 3."""

DECORATED = "@lk.keywords('{word}', label=1)\ndef free(text):\n    pass\n"
PYTHON = "@lk.labeling_function\ndef free(text):\n    return 1\n"
ASSIGNED = "free = lk.keywords('{word}', label=1).rule(name='free')\n"


def collected(tmp_path, source, name="the_rules.py"):
    path = tmp_path / name
    path.write_text(HEAD + source)
    return lk.collect(path, labels=2)


TWICE = [
    (DECORATED + DECORATED, 3, 6),
    (PYTHON + PYTHON, 3, 6),
    (DECORATED + PYTHON, 3, 6),
    (ASSIGNED + ASSIGNED, 3, 4),
    (ASSIGNED + DECORATED, 3, 4),
    ("x = lk.keywords('a', label=1).rule(name='free')\ny = lk.regex('b', label=1).rule(name='free')\n", 3, 4),
    ("x = lk.keywords('a', label=1).rule(name='free')\nx = lk.regex('b', label=1).rule(name='free')\n", 3, 4),
    ("@lk.labeling_function(name='free')\ndef x(text): ...\n@lk.regex('b', label=1, name='free')\ndef y(text): ...\n", 3, 5),
    ("@lk.labeling_function(name='free')\ndef x(text): ...\n@lk.regex('b', label=1, name='free')\ndef x(text): ...\n", 3, 5),
    ("both = [lk.keywords('a', label=1).rule(name='free'),\n    lk.keywords('b', label=1).rule(name='free')]\n", 3, 4),
    ("def make(w):\n    return lk.keywords(w, label=1).rule(name='free')\nx = make('a')\nx = make('b')\n", 5, 6),
    ("def make(w):\n    return lk.keywords(w, label=1).rule(name='free')\nx = make('a')\ny = make('b')\n", 5, 6),
    (DECORATED + "class Rules:\n    pass\n" + DECORATED + DECORATED, 3, 11),
    ("if ON:\n    " + ASSIGNED + ASSIGNED, 4, 5),
    ("try:\n    " + ASSIGNED + "finally:\n    " + ASSIGNED, 4, 6),
    ("rules = [lk.keywords('a', label=1).rule(name='free')]\nrules = [lk.keywords('b', label=1).rule(name='free')]\n", 3, 4),
    ("a = b = lk.keywords('a', label=1).rule(name='free')\na = b = lk.keywords('b', label=1).rule(name='free')\n", 3, 4),
]  # fmt: skip


@pytest.mark.parametrize(("source", "first", "second"), TWICE)
def test_two_rules_of_one_name_are_an_error_with_both_lines(tmp_path, source, first, second):
    file = re.escape(str(tmp_path / "the_rules.py"))
    message = rf"two labeling functions are named 'free' \({file}:{first} and {file}:{second}\)"
    with pytest.raises(CollectError, match=message):
        collected(tmp_path, source.replace("{word}", "a"))


LOST = [
    (DECORATED + "free = 3\n", "'free' .*:3.* assigned again at .*:6"),
    (DECORATED + "def free(text):\n    return text\n", "'free' .*:3.* assigned again at .*:6"),
    (DECORATED + "class free:\n    pass\n", "'free' .*:3.* assigned again at .*:6"),
    (DECORATED + "import json as free\n", "'free' .*:3.* assigned again at .*:6"),
    (DECORATED + "for free in range(3):\n    pass\n", "'free' .*:3.* assigned again at .*:6"),
    (DECORATED + "@lk.column\ndef free(text):\n    return text\n", "'free' .*:3.* assigned again at .*:"),
    (DECORATED + "free = lk.keywords('x')\n", "'free' .*:3.* assigned again at .*:6"),
    ("x = lk.keywords('a', label=1).rule(name='a')\nx = lk.keywords('b', label=1).rule(name='b')\n", "'a' .*:3.*'x'.*:4"),
    ("x = [lk.keywords('a', label=1).rule(name='a')]\nx = []\n", "'a' .*:3.*'x' is assigned again at .*:4"),
    ("x = {'k': lk.keywords('a', label=1).rule(name='a')}\nx = lk.regex('b')\n", "'a' .*:3.*'x' is assigned again at .*:4"),
    ("for w in 'abc':\n    r = lk.keywords(w, label=1).rule(name=w)\n", "loop at .*:4 .*keeps only the last: 'a'"),
    ("for w in 'abc':\n    r = lk.keywords(w, label=1).rule(name='free')\n", "several .* 'free', all made at .*:4"),
    ("for w in 'abc':\n    @lk.keywords(w, label=1)\n    def free(text): ...\n", "several .* 'free', all made at .*:4"),
    ("i = 0\nwhile (i := i + 1) < 4:\n    r = lk.keywords('a', label=1).rule(name=f'r{i}')\n", "loop at .*:5 .*'r1'"),
    ("rs = [lk.keywords(w, label=1).rule(name='free') for w in 'ab']\n", "'free' .both made at .*:3"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "message"), LOST)
def test_a_rule_whose_name_is_assigned_again_is_an_error(tmp_path, source, message):
    with pytest.raises(CollectError, match=message):
        collected(tmp_path, source.replace("{word}", "a") + "kept = lk.keywords('k', label=0).rule(name='kept')\n")


FINE = [
    ("if ON:\n    " + ASSIGNED + "else:\n    " + ASSIGNED, ["free"]),
    ("if not ON:\n    " + ASSIGNED + "else:\n    " + ASSIGNED, ["free"]),
    ("try:\n    import no_such_module\n    " + ASSIGNED + "except ImportError:\n    " + ASSIGNED, ["free"]),
    (ASSIGNED + "other = free\n", ["free"]),
    (ASSIGNED + "rules = [free]\ndel free\n", ["free"]),
    (ASSIGNED + "del free\n" + PYTHON.replace("free", "x"), ["x"]),
    (ASSIGNED + "free = lk.expect(coverage=0.1)(free)\n", ["free"]),
    (ASSIGNED + "old = free\nfree = lk.labeling_function(name='new')(lambda text: old(text))\n", ["free", "new"]),
    (ASSIGNED + "def negated(f):\n    return lk.labeling_function(name='free')(lambda text: 1 - f(text))\nfree = negated(free)\n", ["free"]),
    ("def both(f):\n    return lk.labeling_function(name='free')(lambda text: f(text))\n@both\n@lk.keywords('a', label=1)\ndef free(text): ...\n", ["free"]),
    ("rules = []\nfor w in 'ab':\n    r = lk.keywords(w, label=1).rule(name=w)\n    rules.append(r)\n", ["a", "b"]),
    ("rules = []\nfor w in 'ab':\n    r = lk.keywords(w, label=1).rule(name=w)\n    if r('b') == 1:\n        rules.append(r)\n", ["b"]),
    ("rules = [r for r in [lk.keywords(w, label=1).rule(name=w) for w in 'ab'] if r('a') == 1]\n", ["a"]),
    ("assert lk.keywords('a', label=1).rule(name='free')('a') == 1\n" + "lk.keywords('a', label=1).rule(name='x')\n" + ASSIGNED.replace("free", "y"), ["y"]),
    ("for w in 'ab':\n    globals()[w] = lk.keywords(w, label=1).rule(name=w)\n", ["a", "b"]),
    ("x = lk.keywords('a', label=1)\nx = x | lk.keywords('b', label=1)\nfree = x.rule(name='free')\n", ["free"]),
    ("r, s = (lk.keywords(w, label=1).rule(name=w) for w in 'ab')\n", ["a", "b"]),
    ("rules = [lk.keywords('a', label=1).rule(name='a')]\nrules += [lk.keywords('b', label=1).rule(name='b')]\nrules = rules[:]\n", ["a", "b"]),
]  # fmt: skip


@pytest.mark.parametrize(("source", "names"), FINE)
def test_what_loses_no_rule_by_mistake_is_fine(tmp_path, source, names):
    assert sorted(collected(tmp_path, source.replace("{word}", "a")).names) == sorted(names)


def test_two_modules_of_one_collection_are_named_with_their_lines(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text(HEAD + "\n" * len(name) + ASSIGNED.replace("{word}", "a"))
    with pytest.raises(CollectError, match=r"'free' \(.*one.py:6 and .*two.py:6\) \[LK\d{3}\]\nHint: rename one"):
        lk.collect(tmp_path, labels=2)


@pytest.mark.parametrize("source", [DECORATED + DECORATED, DECORATED + "free = 1\n" + ASSIGNED.replace("free", "x")])
def test_commands_refuse_lost_rules_in_one_line(tmp_path, source):
    rules, corpus = tmp_path / "the_rules.py", tmp_path / "corpus.csv"
    rules.write_text(HEAD + source.replace("{word}", "a"))
    corpus.write_text("text\na\nb\n")
    commands = [
        ["check", str(rules), "--strict", "--labels", "HAM,SPAM"],
        ["check", str(rules), str(corpus), "--labels", "HAM,SPAM"],
        ["run", str(rules), str(corpus), "--out", str(tmp_path / "out"), "--labels", "HAM,SPAM"],
    ]
    for command in commands:
        result = CliRunner().invoke(cli, command)
        assert result.exit_code == 1
        assert isinstance(result.exception, CollectError)
        assert re.search(r"the_rules.py:3\b.*the_rules.py:6\b", str(result.exception))


def test_a_module_may_be_reloaded_and_its_rules_moved(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    path = tmp_path / "reloaded_rules.py"
    path.write_text(HEAD + ASSIGNED)
    module = importlib.import_module("reloaded_rules")
    try:
        for n in range(3):
            assert lk.collect(module, labels=2).names == ("free",)
            path.write_text(HEAD + "\n" * n + ASSIGNED + "\n" * n)
            importlib.invalidate_caches()
            importlib.reload(module)
        path.write_text(HEAD + ASSIGNED + ASSIGNED + "# longer than before\n")
        importlib.reload(module)
        with pytest.raises(CollectError, match="two labeling functions are named 'free'"):
            lk.collect(module, labels=2)
    finally:
        del sys.modules["reloaded_rules"]


def test_a_notebook_may_redefine_its_rules(monkeypatch):
    notebook = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", notebook)
    exec(HEAD, notebook.__dict__)
    for _ in range(3):
        exec(compile(DECORATED, "<cell>", "exec"), notebook.__dict__)
        exec(compile(DECORATED + DECORATED, "<cell>", "exec"), notebook.__dict__)
        assert lk.collect("__main__", labels=2).names == ("free",)
    exec("free = 3\nother = lk.keywords('a', label=1).rule(name='other')", notebook.__dict__)
    assert lk.collect("__main__", labels=2).names == ("other",)


def test_cells_of_another_namespace_may_redefine_its_rules():
    module = types.ModuleType("cells")
    exec(HEAD, module.__dict__)
    for word in "abc":
        exec(compile(ASSIGNED.replace("{word}", word), "<cell>", "exec"), module.__dict__)
    assert lk.collect(module, labels=2)["free"]("c") == 1
