"""Votes are kept only of rules that read the same before and after they voted, and voted by nothing older."""

import functools
import html
import operator
import re
import warnings

import numpy as np
import pytest

import labelkit as lk
from labelkit.apply.vote_cache import VoteCache, why_not
from labelkit.rules.collect import collect

TEXTS = ["free money", "win now", "hm", "a"]

STATE = {
    "a list that a helper fills": "S = []\ndef note(s, x): s.append(x)\ndef state(x):\n    note(S, x)\n    return len(S)",
    "a dict that a helper fills": "S = {}\ndef note(s, x): s[x] = 1\ndef state(x):\n    note(S, x)\n    return len(S)",
    "an object that a helper changes": "class C: n = 0\nc = C()\ndef note(s): s.n += 1\ndef state(x):\n    note(c)\n    return c.n",
    "a list in a tuple": "S = []\nT = (S, 1)\ndef state(x):\n    s, _ = T\n    s.append(x)\n    return len(S)",
    "a list that a helper returns": "S = []\ndef get(): return S\ndef state(x):\n    get().append(x)\n    return len(S)",
    "a list of a walrus": "S = []\ndef state(x):\n    (s := S).append(x)\n    return len(S)",
    "a list that an operator extends": "import operator\nS = []\ndef state(x):\n    operator.iadd(S, [x])\n    return len(S)",
    "a dict that fills itself": (
        "from collections import defaultdict\nS = defaultdict(int)\ndef state(x):\n    S[x]\n    return len(S)"
    ),
    "an array that a function of NumPy writes": (
        "import numpy as np\nS = np.zeros(1)\ndef state(x):\n    np.add(S, 1, out=S)\n    return int(S[0])"
    ),
    "a class that a method changes": (
        "class C:\n    n = 0\n    @classmethod\n    def count(cls):\n        cls.n += 1\n        return cls.n\n"
        "def state(x):\n    return C.count()"
    ),
    "an object by another name": (
        "class C:\n    n = 0\n    def count(self):\n        me = self\n        me.n += 1\n        return me.n\nc = C()\n"
        "def state(x):\n    return c.count()"
    ),
    "a descriptor that counts": (
        "class N:\n    n = 0\n    def __get__(self, owner, kind):\n        self.n += 1\n        return self.n\n"
        "class C: n = N()\ndef state(x):\n    return C.n"
    ),
    "a list that is handed on by functools": (
        "import functools\nS = []\ndef state(x):\n    functools.reduce(lambda s, t: s.append(t) or s, [x], S)\n    return len(S)"
    ),
    "a list by the name of a method": "S = []\ndef state(x):\n    getattr(S, 'append')(x)\n    return len(S)",
}
"""Functions that change what they read, in ways that their code does not show."""


@pytest.fixture
def cache(tmp_path):
    return VoteCache(tmp_path / "cache")


def rules_in(tmp_path, source, name="rules.py"):
    path = tmp_path / name
    path.write_text("import labelkit as lk\n" + source, "utf-8")
    return collect(path, labels=2)


@pytest.mark.parametrize("what", STATE)
def test_votes_of_a_rule_that_changes_what_it_reads_are_not_kept(tmp_path, cache, what):
    voter = "\n@lk.labeling_function\ndef rule(text):\n    return state(text) % 2\n"
    applier = lk.Applier(rules_in(tmp_path, STATE[what] + voter))
    votes = applier.apply(TEXTS, cache=cache).votes[:, 0]
    assert votes.tolist() == [1, 0, 1, 0]
    assert cache.size()[0] == 0


def test_nor_are_those_of_a_rule_that_reads_what_another_rule_changes(tmp_path, cache):
    source = (
        "S = []\ndef note(s, x): s.append(x)\n"
        "@lk.labeling_function\ndef writes(text):\n    note(S, text)\n"
        "@lk.labeling_function\ndef reads(text):\n    return int(len(S) > 2)\n"
        "@lk.labeling_function\ndef alone(text):\n    return int(len(text) > 2)\n"
    )
    applier = lk.Applier(rules_in(tmp_path, source))
    applier.apply(TEXTS, cache=cache)
    applier.apply(TEXTS, cache=cache)
    assert applier.remembered == ("alone",)


def made_rule(function):
    return lk.labeling_function(name="rule")(lambda text: int(bool(function(text))))


def votes_of(rule, cache):
    return lk.Applier([rule], labels=2).apply(TEXTS, cache=cache).votes[:, 0].tolist()


compare = operator.lt
kind = str
array_function = np.frompyfunc(lambda text: "free" in text, 1, 1)


module = html


def by_module(text):
    return module.escape(text) == text


def compares(text):
    return compare(len(text), 5)


def is_of_kind(text):
    return isinstance(text, kind)


def by_array_function(text):
    return array_function(text)


@pytest.mark.parametrize(
    ("function", "name", "new", "votes"),
    [
        (compares, "compare", operator.gt, ([0, 0, 1, 1], [1, 1, 0, 0])),
        (by_module, "module", re, ([1, 1, 1, 1], [0, 0, 1, 1])),
        (is_of_kind, "kind", int, ([1, 1, 1, 1], [0, 0, 0, 0])),
        (
            by_array_function,
            "array_function",
            np.frompyfunc(lambda text: "win" in text, 1, 1),
            ([1, 0, 0, 0], [0, 1, 0, 0]),
        ),
    ],
    ids=["a function of the standard library", "a module", "a built-in class", "a function that NumPy made"],
)
def test_a_global_that_stands_for_another_function_counts(function, name, new, votes, cache, monkeypatch):
    rule = made_rule(function)
    assert votes_of(rule, cache) == votes[0]
    monkeypatch.setitem(globals(), name, new)
    assert votes_of(rule, cache) == votes[1]


WORD = "free"


def test_answers_that_a_cached_helper_holds_from_before_are_not_stored(cache, monkeypatch):
    @functools.lru_cache
    def has_word(text):
        return WORD in text

    rule = made_rule(has_word)
    assert votes_of(rule, cache) == [1, 0, 0, 0]
    assert why_not(rule) == ()
    monkeypatch.setitem(globals(), "WORD", "win")
    assert votes_of(rule, cache) == [1, 0, 0, 0], "what Python itself says, in this process"
    assert why_not(rule) == ("calls has_word, which holds answers from before",)
    has_word.cache_clear()
    assert votes_of(rule, cache) == [0, 1, 0, 0], "what another process says"
    assert why_not(rule) == ()


def test_answers_of_a_cached_helper_that_reads_nothing_else_are_used(cache):
    @functools.cache
    def is_long(text):
        return len(text) > 4

    is_long("a text that a user tries it on")
    rule = made_rule(is_long)
    assert why_not(rule) == ()
    assert votes_of(rule, cache) == [1, 1, 0, 0]


FROM_OUTSIDE = """
LIMIT = 3

def set_limit(limit):
    global LIMIT
    LIMIT = limit

@lk.labeling_function
def long(text):
    return int(len(text) > LIMIT)
"""


def test_worker_processes_do_not_vote_by_a_global_as_it_was_imported(tmp_path):
    lfs = rules_in(tmp_path, FROM_OUTSIDE)
    applier = lk.Applier(lfs)
    assert applier.apply(TEXTS, engine="process", workers=2).votes[:, 0].tolist() == [1, 1, 0, 0]
    lfs["long"].origin.namespace["set_limit"](8)
    with pytest.warns(UserWarning, match="1 of 1 rules run in the main process"):
        votes = applier.apply(TEXTS, engine="process", workers=2).votes[:, 0]
    assert votes.tolist() == applier.apply(TEXTS).votes[:, 0].tolist() == [1, 0, 0, 0]


def test_a_model_that_the_first_call_loads_is_loaded_by_workers_too(tmp_path):
    source = (
        "import re\nMODEL = None\ndef model():\n    global MODEL\n    if MODEL is None: MODEL = re.compile('win')\n"
        "    return MODEL\n@lk.labeling_function\ndef wins(text):\n    return 1 if model().search(text) else 0\n"
    )
    applier = lk.Applier(rules_in(tmp_path, source))
    assert applier.lfs["wins"].fingerprint
    expected = applier.apply(TEXTS).votes[:, 0].tolist()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert applier.apply(TEXTS, engine="process", workers=2).votes[:, 0].tolist() == expected == [0, 1, 0, 0]
