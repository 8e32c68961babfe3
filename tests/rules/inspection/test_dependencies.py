"""What a function reads beside its arguments is found, or said not to be known."""

# ruff: noqa: DTZ005, DTZ011, ICN001, NPY002, PLW0108, PLW0603, PTH110, PTH118, PTH119, PTH123, SIM115 - what these functions do wrong is the point

from __future__ import annotations

import datetime
import functools
import gzip
import hashlib
import math
import os
import random
import re
import sys
import threading
import time
import types
from dataclasses import dataclass
from datetime import datetime as moment
from os import path as paths
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from labelkit.rules.inspection.dependencies import resolve

LIMIT = 5
COUNT = 0
WORDS = frozenset({"free", "win"})
SEEN: set[str] = set()
TABLE = {"a": 1}
PATTERN = re.compile("a+")
LOCK = threading.Lock()
NAMES: list[str] = []


@dataclass
class Scale:
    factor: float

    def of(self, text):
        return len(text) * self.factor


SCALE = Scale(2.0)


def helper(text):
    return len(text) > LIMIT


def loop_a(text):
    return text and loop_b(text[1:])


def loop_b(text):
    return text and loop_a(text[1:])


def with_default(text, words=("a", "b")):
    return text in words


@functools.cache
def remembered(text):
    return text.lower()


STEADY = {
    "constants": lambda text: len(text) < LIMIT,
    "a set": lambda text: text in WORDS,
    "a table": lambda text: TABLE.get(text) or TABLE["a"],
    "a pattern": lambda text: PATTERN.search(text),
    "a helper": lambda text: helper(text),
    "helpers that call each other": loop_a,
    "the standard library": lambda text: math.sqrt(len(text)) + len(re.findall("a", text)),
    "a digest": lambda text: hashlib.sha256(text.encode()).hexdigest(),
    "a package": lambda text: np.mean([len(text)]) > np.float64(1),
    "paths as text": lambda text: os.path.basename(text) + paths.join("a", text),
    "dates as values": lambda text: datetime.date(2026, 1, 1) < datetime.date.fromisoformat(text),
    "an object of one's own": lambda text: SCALE.of(text),
    "a partial function": functools.partial(with_default, words=("c",)),
    "a default": with_default,
    "a remembering function": lambda text: remembered(text),
    "an inner function": lambda text: sorted(text, key=lambda c: (c, LIMIT)),
    "reading a global list": lambda text: text in NAMES,
}


@pytest.mark.parametrize("what", STEADY)
def test_all_is_known_of(what):
    assert resolve(STEADY[what]).problems == ()
    assert resolve(STEADY[what]) == resolve(STEADY[what])


def changes_a_global(text):
    global COUNT
    COUNT = 3


def keeps_in_a_variable(text):
    seen = SEEN
    seen.add(text)


def writes_an_item(text):
    TABLE[text] = 1


def imports_late(text):
    import requests

    return requests.get(text)


FICKLE = {
    "dice": (lambda text: random.random(), "random.random"),
    "numpy's dice": (lambda text: np.random.rand(), "numpy.random.rand"),
    "the clock": (lambda text: time.time(), "time.time"),
    "today": (lambda text: datetime.date.today(), "datetime.date.today"),
    "now, by another name": (lambda text: moment.now(), "datetime.datetime.now"),
    "a file": (lambda text: open(text).read(), "open"),
    "a file that is packed": (lambda text: gzip.open(text), "gzip"),
    "a path": (lambda text: Path(text).read_text(), "pathlib.Path"),
    "whether a file exists": (lambda text: paths.exists(text), "os.path.exists"),
    "a table from a file": (lambda text: pd.read_csv(text), "pandas.read_csv"),
    "the environment": (lambda text: os.environ["X"], "os.environ"),
    "a set that it fills": (lambda text: SEEN.add(text), "may change SEEN"),
    "a set in a variable": (keeps_in_a_variable, "may change SEEN"),
    "an item that it writes": (writes_an_item, "may change TABLE"),
    "a global that it changes": (changes_a_global, "the global COUNT"),
    "an object of another library": (lambda text: LOCK.locked(), "reads LOCK"),
    "a network": (imports_late, "requests"),
    "source as text": (lambda text: eval(text), "eval"),
    "the hash of a text": (lambda text: hash(text), "hash"),
    "a name that is not there": (lambda text: nowhere(text), "nowhere"),  # noqa: F821
    "a module handed on": (lambda text: getattr(math, text), "math"),
    "what a helper reads": (lambda text: helper(text) and keeps_in_a_variable(text), "may change SEEN"),
}


@pytest.mark.parametrize("what", FICKLE)
def test_not_all_is_known_of(what):
    function, told = FICKLE[what]
    assert any(told in problem for problem in resolve(function).problems), resolve(function)


def test_the_digest_follows_what_is_read(monkeypatch):
    before = {what: resolve(STEADY[what]).digest for what in STEADY}
    monkeypatch.setitem(globals(), "LIMIT", 6)
    after = {what: resolve(STEADY[what]).digest for what in STEADY}
    assert {what for what in STEADY if before[what] != after[what]} == {"constants", "a helper", "an inner function"}
    monkeypatch.setitem(globals(), "SCALE", Scale(3.0))
    assert resolve(STEADY["an object of one's own"]).digest != before["an object of one's own"]


def test_the_version_of_a_package_is_listed_beside_the_digest(monkeypatch):
    before = resolve(STEADY["a package"])
    monkeypatch.setattr("labelkit.rules.inspection.dependencies.version_of", lambda package: "0.0")
    after = resolve(STEADY["a package"])
    assert (after.packages, after.digest) == ((("numpy", "0.0"),), before.digest)
    assert before.packages == (("numpy", np.__version__),)


def test_a_helper_in_another_module_of_the_project_counts(tmp_path, monkeypatch):
    (tmp_path / "helpers_of_mine.py").write_text("def clean(text): return text.strip()\n")
    (tmp_path / "rules_of_mine.py").write_text("import helpers_of_mine as h\ndef rule(text): return h.clean(text)\n")
    monkeypatch.syspath_prepend(tmp_path)
    import helpers_of_mine
    import rules_of_mine

    before = resolve(rules_of_mine.rule)
    assert before.problems == ()
    (tmp_path / "helpers_of_mine.py").write_text("# now in lower case\ndef clean(text): return text.lower()\n")
    assert resolve(rules_of_mine.rule) == before, "what was loaded counts, not what the file says now"
    exec((tmp_path / "helpers_of_mine.py").read_text(), vars(helpers_of_mine))
    assert resolve(rules_of_mine.rule).digest != before.digest


def test_docstrings_comments_and_lines_do_not_count():
    scopes = [{}, {}, {}]
    exec("def f(text):\n    return len(text) > 5", scopes[0])
    exec("# a comment\n\ndef f(text):\n    'Says if it is long.'\n    return len(text) > 5  # long", scopes[1])
    exec("def f(text):\n    return len(text) > 6", scopes[2])
    one, two, three = (resolve(scope["f"]).digest for scope in scopes)
    assert one == two != three


def test_names_of_different_modules_do_not_hide_each_other(tmp_path, monkeypatch):
    """The limits of two modules have one name; each counts."""
    (tmp_path / "one_of_mine.py").write_text("LIMIT = 1\ndef one(text): return len(text) > LIMIT\n")
    (tmp_path / "two_of_mine.py").write_text(
        "from one_of_mine import one\nLIMIT = 2\ndef rule(text): return one(text) and len(text) < LIMIT\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import one_of_mine
    import two_of_mine

    digests = [resolve(two_of_mine.rule).digest]
    for module, limit in ((one_of_mine, 2), (two_of_mine, 1), (one_of_mine, 1)):
        monkeypatch.setattr(module, "LIMIT", limit)
        digests.append(resolve(two_of_mine.rule).digest)
    assert len(set(digests)) == 4


EDITS = {
    "a constant": ("def rule(x): return x == 'free'", "free", "win"),
    "the first constant of a generator expression": (
        "def rule(x): return any(w.startswith('free') for w in x.split())",
        "free",
        "win",
    ),
    "the first constant of a list comprehension": ("def rule(x): return ['free' for w in x]", "free", "win"),
    "a lambda inside": ("def rule(x): return sorted(x, key=lambda c: 'free' + c)", "free", "win"),
    "an inner function": ("def rule(x):\n    def inner(): return 'free'\n    return inner()", "free", "win"),
    "an inner class": ("def rule(x):\n    class A:\n        word = 'free'\n    return A.word in x", "free", "win"),
    "an f-string": ("def rule(x): return x == f'{x}free'", "free", "win"),
    "a match statement": ("def rule(x):\n    match x:\n        case 'free': return 1", "free", "win"),
    "a walrus": ("def rule(x): return (y := 'free') in x and y", "free", "win"),
    "a default": ("def rule(x, word='free'): return word in x", "free", "win"),
    "a keyword default": ("def rule(x, *, word='free'): return word in x", "free", "win"),
    "a global": ("WORD = 'free'\ndef rule(x): return WORD in x", "free", "win"),
    "a global list": ("WORDS = ['free']\ndef rule(x): return x in WORDS", "free", "win"),
    "a nested container": ("T = {'a': [('free',)]}\ndef rule(x): return x in T['a'][0]", "free", "win"),
    "a pattern": ("import re\nP = re.compile('free')\ndef rule(x): return P.search(x)", "free", "win"),
    "a closure": ("def make(w):\n    def rule(x): return w in x\n    return rule\nrule = make('free')", "free", "win"),
    "a partial": (
        "import functools\ndef f(x, w): return w in x\nrule = functools.partial(f, w='free')",
        "free",
        "win",
    ),
    "a helper": ("def f(x): return 'free' in x\ndef rule(x): return f(x)", "free", "win"),
    "a helper in a list": ("def f(x): return 'free' in x\nFS = [f]\ndef rule(x): return FS[0](x)", "free", "win"),
    "a cached helper": (
        "import functools\n@functools.lru_cache\ndef f(): return 'free'\ndef rule(x): return f() in x",
        "free",
        "win",
    ),
    "a decorator": (
        (
            "import functools\ndef deco(f):\n    @functools.wraps(f)\n    def g(x): return f(x) or 'free' in x\n    return g\n"
            "@deco\ndef rule(x): return False"
        ),
        "free",
        "win",
    ),
    "an attribute of a function": (
        "def f(x): return f.word in x\nf.word = 'free'\ndef rule(x): return f(x)",
        "free",
        "win",
    ),
    "a class attribute": ("class C:\n    word = 'free'\ndef rule(x): return C.word in x", "free", "win"),
    "a class attribute by a method": (
        "class C:\n    word = 'free'\n    def m(self, x): return self.word in x\nc = C()\ndef rule(x): return c.m(x)",
        "free",
        "win",
    ),
    "an inherited method": (
        "class B:\n    def m(self, x): return 'free' in x\nclass C(B): pass\nc = C()\ndef rule(x): return c.m(x)",
        "free",
        "win",
    ),
    "a class method": (
        "class C:\n    @classmethod\n    def m(cls, x): return 'free' in x\ndef rule(x): return C.m(x)",
        "free",
        "win",
    ),
    "a static method": (
        "class C:\n    @staticmethod\n    def m(x): return 'free' in x\ndef rule(x): return C.m(x)",
        "free",
        "win",
    ),
    "a property": (
        "class C:\n    @property\n    def p(self): return 'free'\nc = C()\ndef rule(x): return c.p in x",
        "free",
        "win",
    ),
    "a slot": (
        "class C:\n    __slots__ = ('w',)\n    def __init__(self, w): self.w = w\nc = C('free')\ndef rule(x): return c.w in x",
        "free",
        "win",
    ),
    "a dataclass": (
        "from dataclasses import dataclass\n@dataclass\nclass C:\n    w: str\nc = C('free')\ndef rule(x): return c.w in x",
        "free",
        "win",
    ),
    "a dataclass with slots": (
        (
            "from dataclasses import dataclass\n@dataclass(slots=True, frozen=True)\nclass C:\n    w: str\n"
            "c = C('free')\ndef rule(x): return c.w in x"
        ),
        "free",
        "win",
    ),
    "a method of an enum": (
        "from enum import Enum\nclass E(Enum):\n    A = 1\n    def word(self): return 'free'\ndef rule(x): return E.A.word() in x",
        "free",
        "win",
    ),
    "a member of an enum by a global": (
        (
            "from enum import Enum\nclass E(Enum):\n    A = 1\n    def word(self): return 'free'\nA = E.A\n"
            "def rule(x): return A.word() in x"
        ),
        "free",
        "win",
    ),
    "a method of an IntEnum": (
        "from enum import IntEnum\nclass E(IntEnum):\n    A = 1\n    def word(self): return 'free'\ndef rule(x): return E.A.word() in x",
        "free",
        "win",
    ),
    "a value of an IntEnum": (
        "from enum import IntEnum\nclass E(IntEnum):\n    A = 1\ndef rule(x): return E.A",
        "A = 1",
        "A = 2",
    ),
    "a value of a StrEnum": (
        "from enum import StrEnum\nclass E(StrEnum):\n    A = 'free'\ndef rule(x): return E.A in x",
        "free",
        "win",
    ),
    "a value of a Flag": (
        "from enum import IntFlag, auto\nclass E(IntFlag):\n    A = auto()\n    B = 4\ndef rule(x): return E.A | E.B",
        "B = 4",
        "B = 8",
    ),
    "a value that an enum finds by itself": (
        (
            "from enum import Enum\nclass E(Enum):\n    A = 1\n    B = 2\n    @classmethod\n    def _missing_(cls, value): return cls.A\n"
            "def rule(x): return E(x)"
        ),
        "return cls.A",
        "return cls.B",
    ),
    "an attribute that an enum sets": (
        (
            "from enum import Enum\nclass E(Enum):\n    A = (1, 'free')\n    def __init__(self, n, word): self.word = word\n"
            "def rule(x): return E.A.word in x"
        ),
        "free",
        "win",
    ),
    "a value of an enum": (
        "from enum import Enum\nclass E(Enum):\n    A = 'free'\ndef rule(x): return E.A.value in x",
        "free",
        "win",
    ),
    "a subclass of str": (
        "class S(str):\n    def m(self, x): return 'free' in x\ns = S('a')\ndef rule(x): return s.m(x)",
        "free",
        "win",
    ),
    "a subclass of list": (
        "class S(list):\n    def m(self, x): return 'free' in x\ns = S()\ndef rule(x): return s.m(x)",
        "free",
        "win",
    ),
    "a subclass of dict": (
        "class S(dict):\n    def __missing__(self, k): return 'free'\ns = S()\ndef rule(x): return s[x] == 'free'",
        "return 'free'\n",
        "return 'win'\n",
    ),
    "a named tuple": (
        (
            "from typing import NamedTuple\nclass N(NamedTuple):\n    a: int\n    def m(self, x): return 'free' in x\n"
            "n = N(1)\ndef rule(x): return n.m(x)"
        ),
        "free",
        "win",
    ),
    "__getattr__": (
        "class C:\n    def __getattr__(self, name): return 'free'\nc = C()\ndef rule(x): return c.anything in x",
        "free",
        "win",
    ),
    "__call__": ("class C:\n    def __call__(self, x): return 'free' in x\nrule = C()", "free", "win"),
    "a metaclass": (
        "class M(type):\n    def m(cls, x): return 'free' in x\nclass C(metaclass=M): pass\ndef rule(x): return C.m(x)",
        "free",
        "win",
    ),
    "a descriptor": (
        "class D:\n    def __get__(self, obj, owner): return 'free'\nclass C:\n    d = D()\nc = C()\ndef rule(x): return c.d in x",
        "free",
        "win",
    ),
    "a bound method": (
        "class C:\n    def m(self, x): return 'free' in x\nm = C().m\ndef rule(x): return m(x)",
        "free",
        "win",
    ),
    "a method of a pattern, by a global": (
        "import re\nsearch = re.compile('free').search\ndef rule(x): return search(x)",
        "free",
        "win",
    ),
    "the default of a defaultdict": (
        "from collections import defaultdict\nd = defaultdict(lambda: 'free')\ndef rule(x): return d[x]",
        "free",
        "win",
    ),
    "a list that becomes a table": (
        "T = ['free', 'win']\ndef rule(x): return x in T",
        "['free', 'win']",
        "{'free': 'win'}",
    ),
    "two names that are exchanged": (
        "A, B = ['free'], ['win']\ndef rule(x): return x in A and x not in B",
        "A, B =",
        "B, A =",
    ),
    "a name that means another of two objects": (
        "P, Q = ['free'], ['win']\nA, B, C = P, Q, P\ndef rule(x): return x in A or x in B or (x, x) in C",
        "A, B, C = P, Q, P",
        "A, B, C = P, Q, Q",
    ),
    "a helper in a set of functions": (
        "def f(x): return 'free' in x\ndef g(x): return x\nFS = {f, g}\ndef rule(x): return any(h(x) for h in FS)",
        "free",
        "win",
    ),
}
"""Sources of a rule, and an edit that changes its votes."""


def resolved(source):
    module = types.ModuleType("edited")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "edited", module)
        exec(source, vars(module))
        return resolve(module.rule)


@pytest.mark.parametrize("what", EDITS)
def test_an_edit_of_what_a_rule_reaches_is_noticed_or_nothing_is_cached(what):
    source, old, new = EDITS[what]
    assert old in source
    before, after = resolved(source), resolved(source.replace(old, new))
    assert before.problems or before.digest != after.digest
    assert resolved(source) == before


def test_common_ways_are_understood():
    """What is not understood is not cached; these are."""
    unclear = {what for what, (source, _, _) in EDITS.items() if resolved(source).problems}
    assert unclear == set(), {what: resolved(EDITS[what][0]).problems for what in unclear}


def test_how_pytest_describes_an_assertion_is_no_input():
    def longer(text):
        assert len(text) >= 0
        return 1 if len(text) > LIMIT else None

    assert "@pytest_ar" in longer.__code__.co_names, "this module's assertions are not rewritten"
    found = resolve(longer)
    assert (found.packages, found.problems) == ((), ())
