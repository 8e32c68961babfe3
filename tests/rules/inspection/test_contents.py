"""What rules read is hashed by its content, at once where it is plain, and once for all rules of a look."""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

import labelkit as lk
from labelkit.apply.vote_cache import VoteCache
from labelkit.rules.inspection import dependencies
from labelkit.rules.inspection._contents import LARGE, is_large, plain_digest
from labelkit.rules.inspection.rule_inputs import fingerprints_of_all, inputs_of, inputs_of_all
from labelkit.runs.run_inputs import RunInputs

ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers()
KEYS = st.none() | st.booleans() | st.integers() | st.text() | st.binary()
PLAIN = st.recursive(
    ATOMS | st.sets(KEYS) | st.frozensets(st.text()),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(KEYS, inner),
    max_leaves=10,
)


def written(value):
    """Write a value so that two have one text only if they are alike in every way that plain code can tell."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{written(key)}: {written(one)}' for key, one in value.items())}}}"
    if isinstance(value, set | frozenset):
        return f"{type(value).__name__}({sorted(map(written, value))})"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}[{', '.join(map(written, value))}]"
    return f"{type(value).__name__} {value!r}"


@given(st.lists(PLAIN), st.lists(PLAIN))
def test_plain_content_has_one_digest_only_if_it_is_alike(one, other):
    assert (plain_digest(one) == plain_digest(other)) == (written(one) == written(other))


class OwnText(str):
    __slots__ = ()


class Word:
    def __init__(self, text):
        self.text = text


SHARED = [1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1], [True]),
        ([1], [1.0]),
        ([0.0], [-0.0]),
        ([1], (1,)),
        ({1, 2}, frozenset({1, 2})),
        ({"b", "a"}, ["set", ["a", "b"]]),
        ({"a", "b"}, ["a", "b"]),
        ([b"a"], ["a"]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"a": None}, {None: "a"}),
        ([[], []], [[[]]]),
        (["ab", "c"], ["a", "bc"]),
        ([2**40], [2**40 + 1]),
        (["\ud800"], ["\ud801"]),
    ],
)
def test_what_differs_has_another_digest(one, other):
    assert plain_digest(one) is not None
    assert plain_digest(other) is not None
    assert plain_digest(one) != plain_digest(other)


@pytest.mark.parametrize(
    "value",
    [
        [OwnText("free")],
        [np.float64(1)],
        [np.zeros(1)],
        [bytearray(b"a")],
        [compile("1", "a", "eval")],
        [memoryview(b"a")],
        [range(3)],
        [print],
        OrderedDict(a=1),
        Counter("a"),
        [Path("a")],
        [[Word("a")]],
        {"a": {"b": (Word("a"),)}},
        [SHARED, SHARED],
        [SHARED, [SHARED]],
    ],
)
def test_what_is_not_plain_is_searched(value):
    assert type(value) not in (list, dict) or plain_digest(value) is None


def test_a_container_in_itself_and_a_deep_one_are_searched():
    circle = []
    circle.append([circle])
    deep = shared = ()
    for _ in range(200):
        deep, shared = (deep,), (shared, shared)
    assert [plain_digest(one) for one in (circle, deep, shared)] == [None] * 3


@pytest.mark.parametrize("n_parts", [LARGE - 2, LARGE])
@pytest.mark.parametrize("kind", [list, tuple, set, dict.fromkeys], ids=lambda kind: kind.__qualname__)
def test_an_object_is_large_by_its_parts_and_theirs(n_parts, kind):
    word = Word(kind(range(n_parts // 2 if kind == dict.fromkeys else n_parts)))
    assert is_large(word) == (n_parts >= LARGE)


RULES = """
import re
import numpy as np
import labelkit as lk

class Token:
    def __init__(self, text):
        self.text = text

    def starts(self, text):
        return text.startswith(self.text)

ARRAY = np.arange(2_000)
WORDS = {f"w{n}": n for n in range(2_000)}
PATTERNS = [re.compile(f"w{n}") for n in range(2_000)]
TOKENS = [Token(f"w{n}") for n in range(2_000)]

def helper(text):
    return text in WORDS

@lk.labeling_function
def a(text):
    return 1 if helper(text) and PATTERNS[0].search(text) and ARRAY[0] == 0 else None

@lk.labeling_function
def b(text):
    return 1 if any(token.starts(text) for token in TOKENS) and ARRAY[1] == 1 else None

@lk.labeling_function
def c(text):
    return 1 if WORDS.get(text) and TOKENS[0].starts(text) and PATTERNS[1].search(text) else None

@lk.labeling_function
def d(text):
    return 1 if text == "hm" else None
"""


@pytest.fixture
def lfs(tmp_path):
    (tmp_path / "rules.py").write_text(RULES)
    return lk.collect(tmp_path / "rules.py", labels=2)


@pytest.fixture
def hashed(monkeypatch):
    """Count how often each large object is described."""
    counts = Counter()

    def counting(find):
        def found(value, *more):
            if type(value) in (dict, list, np.ndarray) and len(value) >= LARGE:
                counts[id(value)] += 1
            return find(value, *more)

        found.__name__ = find.__name__
        return found

    for name in ("plain_digest", "fingerprint", "_searched_alone"):
        monkeypatch.setattr(dependencies, name, counting(getattr(dependencies, name)))
    return counts


def scope_of(lfs):
    return lfs["a"].body.function.__globals__


LARGE_GLOBALS = ("ARRAY", "WORDS", "PATTERNS", "TOKENS")


@pytest.mark.parametrize("look", [inputs_of_all, fingerprints_of_all], ids=lambda look: look.__name__)
def test_an_object_that_several_rules_read_is_described_once(look, lfs, hashed):
    look(lfs)
    kinds = {name: hashed[id(scope_of(lfs)[name])] for name in LARGE_GLOBALS}
    # A list of objects is tried as plain content first, then searched by itself, where it is tried again.
    assert kinds == {"ARRAY": 1, "WORDS": 1, "PATTERNS": 3, "TOKENS": 3}


def test_a_run_and_the_vote_cache_look_once_at_each_moment(lfs, hashed, tmp_path):
    applier = lk.Applier(lfs)
    corpus = applier.open(["w1", "hm"])
    hashed.clear()
    RunInputs.of(lfs, corpus, None, batch_rows=1024, types={})
    of_a_run = hashed[id(scope_of(lfs)["WORDS"])]
    hashed.clear()
    applier.apply(["w1", "hm"], cache=VoteCache(tmp_path / "cache"))
    assert of_a_run <= 2  # the votes' inputs, and the descriptions
    assert hashed[id(scope_of(lfs)["WORDS"])] <= 3  # before, after, and the descriptions


def test_rules_have_the_same_digest_together_and_alone(lfs):
    rules = list(lfs)
    together = inputs_of_all(rules)
    assert together == inputs_of_all(rules[::-1])[::-1]
    assert together == [inputs_of(lf) for lf in rules]
    assert fingerprints_of_all(rules) == [lf.fingerprint for lf in rules] == [info.fingerprint for info in lfs.infos]
    assert not any(one.unclear for one in together)


CHANGES = {
    "an item of an array": (lambda scope: scope["ARRAY"].__setitem__(1_500, 7), {"a", "b"}),
    "a value of a dict": (lambda scope: scope["WORDS"].update(w1500=7), {"a", "c"}),
    "an item of a list": (lambda scope: scope["PATTERNS"].__setitem__(1_500, re.compile("hm")), {"a", "c"}),
    "an attribute of an object": (lambda scope: setattr(scope["TOKENS"][1_500], "text", "hm"), {"b", "c"}),
    "a method of objects": (lambda scope: setattr(scope["Token"], "starts", lambda *_: True), {"b", "c"}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_changed_in_place_is_seen_by_the_next_look(name, lfs):
    change, readers = CHANGES[name]
    before = inputs_of_all(lfs)
    change(scope_of(lfs))
    after = inputs_of_all(lfs)
    changed = {lf.name for lf, one, other in zip(lfs, before, after, strict=True) if one.digest != other.digest}
    assert changed == readers


def test_reasons_in_a_large_object_are_those_of_the_rule_that_reads_it(tmp_path):
    source = RULES.replace("return text.startswith", "import random; return random.random() < 0.5 or text.startswith")
    (tmp_path / "rules.py").write_text(source)
    unclear = {lf.name: bool(inputs_of(lf).unclear) for lf in lk.collect(tmp_path / "rules.py", labels=2)}
    assert unclear == {"a": False, "b": True, "c": True, "d": False}
