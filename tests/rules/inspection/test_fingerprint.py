"""A fingerprint changes with what a rule does, and with nothing else."""

from __future__ import annotations

import datetime as dt
import functools
import os
import subprocess
import sys
from decimal import Decimal
from enum import IntEnum
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

import labelkit as lk
from labelkit.rules.inspection.fingerprint import fingerprint

BASE = '''
from enum import IntEnum
import labelkit as lk

LIMIT = 5
WORDS = {"free", "win"}

class Label(IntEnum):
    HAM = 0
    SPAM = 1

def helper(text):
    return len(text.split())

@lk.column
def n_words(text):
    return helper(text)

def made(limit):
    @lk.labeling_function(name="inner")
    def rule(text):
        """Closes over a limit."""
        return Label.SPAM if len(text) > limit else None
    return rule

inner = made(3)

@lk.labeling_function
def rule(text, n_words, bonus=0):
    """Says something."""
    return Label.SPAM if n_words + bonus > LIMIT and text in WORDS else None  # why
'''


@pytest.fixture
def prints(tmp_path):
    """The fingerprints of the rules of a module's source."""

    def of(source, name="rules.py"):
        file = tmp_path / name
        file.write_text(source, encoding="utf-8")
        os.utime(file, (1, len(source)))  # sources written within one tick of the clock are not the same
        lfs = lk.collect(file, labels=2)
        return {lf.name: lf.fingerprint for lf in lfs}

    return of


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  # why", "  # because of this"),
        ('"""Says something."""', '"""Says it in other words."""'),
        ('    """Says something."""\n', ""),
        ("LIMIT and text in WORDS", "LIMIT  and (text in WORDS)"),
        ("LIMIT = 5", "\n\n\nLIMIT = 5"),
        ("LIMIT = 5", "UNUSED = 1\nLIMIT = 5"),
        ('{"free", "win"}', '{"win", "free"}'),
        ("@lk.labeling_function\ndef rule", "@lk.labeling_function(group='ann', precision=0.9)\ndef rule"),
    ],
)
def test_it_does_not_change_with_how_a_rule_is_written(prints, old, new):
    assert old in BASE
    assert prints(BASE.replace(old, new))["rule"] == prints(BASE)["rule"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("> LIMIT", ">= LIMIT"),
        ("LIMIT = 5", "LIMIT = 6"),
        ("LIMIT = 5", "LIMIT = 5.0"),
        ("bonus=0", "bonus=1"),
        ('{"free", "win"}', '{"free"}'),
        ("len(text.split())", "len(text.split()) + 1"),
        ("return helper(text)", "return helper(text) * 2"),
        ("HAM = 0\n    SPAM = 1", "SPAM = 0\n    HAM = 1"),
        ("else None  # why", "else Label.HAM  # why"),
    ],
)
def test_it_changes_with_code_constants_defaults_helpers_columns_and_classes(prints, old, new):
    assert old in BASE
    assert prints(BASE.replace(old, new))["rule"] != prints(BASE)["rule"]


def test_it_changes_with_the_closure(prints):
    assert prints(BASE.replace("made(3)", "made(4)"))["inner"] != prints(BASE)["inner"]


def test_it_changes_with_what_a_wrapper_does(prints):
    wrapped = BASE.replace("@lk.labeling_function\ndef rule", "@lk.labeling_function\n@wrap\ndef rule").replace(
        "LIMIT = 5",
        "import functools\ndef wrap(f):\n    @functools.wraps(f)\n    def g(text, n_words):\n"
        "        return f(text, n_words)\n    return g\nLIMIT = 5",
    )
    changed = wrapped.replace("        return f(text, n_words)", "        return f(text, 2 * n_words)")
    assert prints(wrapped)["rule"] != prints(changed)["rule"]


def test_it_changes_with_a_helper_in_a_neighbouring_file(prints, tmp_path):
    source = "from near import helper\n" + BASE.replace("def helper(text):\n    return len(text.split())", "")
    found = []
    for body in ("return 1", "return 2222"):
        (tmp_path / "near.py").write_text(f"def helper(text):\n    {body}\n")
        found.append(prints(source)["rule"])
    assert found[0] != found[1]


def test_it_changes_with_the_contents_of_a_resource(prints, tmp_path):
    source = "import labelkit as lk\nlisted = lk.lookup('list.txt', label=1).rule(name='listed')"
    found = []
    for content in ("bit.ly", "bit.ly\ngoo.gl", "goo.gl\nbit.ly"):
        (tmp_path / "list.txt").write_text(content)
        found.append(prints(source)["listed"])
    assert len(set(found)) == 3


def test_declarative_rules_differ_by_each_part_of_their_specification():
    made = [
        lk.keywords("a", label=1),
        lk.keywords("a", label=0),
        lk.keywords("b", label=1),
        lk.keywords("a", label=1, ignore_case=False),
        lk.keywords("a", label=1, whole_word=False),
        ~lk.keywords("a", label=1),
        lk.regex("a", label=1),
        lk.regex("a", 2, label=1),
        lk.lookup(["a"], match="value", label=1),
        lk.lookup([1], match="value", label=1),
        lk.lookup([True], match="value", label=1),
    ]
    assert len({c.rule(name="r").fingerprint for c in made}) == len(made)
    assert made[0].rule(name="r").fingerprint == lk.keywords("a", label=1).rule(name="other").fingerprint


def test_it_does_not_depend_on_which_objects_were_freed_before():
    prints = {fingerprint([(str(i), [i]) for i in range(3)], {"a": (1, 2)}, [lambda x: x + 1]) for _ in range(50)}
    assert len(prints) == 1


def test_shared_and_equal_containers_are_laid_out_alike():
    shared = [1, 2]
    assert fingerprint([shared, shared]) == fingerprint([[1, 2], [1, 2]])


def test_circles_end():
    circle: list = [1]
    circle.append(circle)
    assert fingerprint(circle) == fingerprint(circle)


def test_functions_that_are_met_again_are_told_apart():
    def f():
        return 1

    def g():
        return 2

    assert fingerprint([f, g, f]) != fingerprint([f, g, g])


def twice(x, y=1):
    return x * y


@functools.cache
def cached(x):
    return x


class Scale:
    def by(self, x):
        return x

    def twice(self, x):
        return x + x


class Kind(IntEnum):
    A = 0


DIFFERENT = [
    *(None, True, 1, 1.0, "1", b"1", (), [], {}, (1,), [1], {1}, {1: 1}, ((), 1), (1, ()), ..., Kind.A, Kind),
    *(np.int64(1), np.int32(1), np.float64(1), np.array([1]), np.array([1.0]), np.array([[1]]), range(1), range(2)),
    *(dt.date(2020, 1, 1), dt.date(2020, 1, 2), Decimal(1), Decimal("1.0"), Path("a"), Path("b"), bytearray(b"1")),
    *(functools.partial(twice, 1), functools.partial(twice, 2), twice, cached, Scale().by, Scale().twice, Scale),
]


def test_values_of_other_types_and_contents_differ():
    assert len({fingerprint(value) for value in DIFFERENT}) == len(DIFFERENT)


plain = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner), st.frozensets(st.text())),
    max_leaves=10,
)


@given(plain)
def test_equal_values_have_equal_fingerprints(value):
    import copy

    assert fingerprint(value) == fingerprint(copy.deepcopy(value))


def test_it_is_the_same_in_every_process():
    code = (
        "from labelkit.rules.inspection.fingerprint import fingerprint; import labelkit as lk\n"
        "print(fingerprint({'b', 'a', ('x', 1)}, {'k': [1.5]}), "
        "lk.keywords({'b', 'a', 'c'}, label=1).rule(name='r').fingerprint)"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1
