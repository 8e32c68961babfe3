"""Conditions of where words stand, each held to a definition written anew here, and planned like all others."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

import labelkit as lk
from labelkit.apply.plan import Plan
from labelkit.exceptions import RuleError
from labelkit.rules.labeling_functions import LabelingFunctions

WORDS = ["good", "bad", "refund", "not", "never", "a", "very", "é", "don't"]
BETWEEN = [" ", "  ", ", ", ". ", "! ", "\n", "\n\n", "-", ""]


def texts():
    return st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(BETWEEN)), max_size=12).map(
        lambda pairs: "".join(word + gap for word, gap in pairs)
    )


def rule(condition, **options):
    return condition.rule(name="r", label=1, **options)


def holds(condition, text):
    return rule(condition)(text) == 1


CONDITIONS = {
    "near": lk.near("refund", lk.keywords("not", "never"), words=2),
    "near, in order": lk.near("refund", lk.regex(r"\bgood\b|\bbad\b"), words=1, ordered=True),
    "unnegated": lk.unnegated(lk.keywords("good", "bad")),
    "unnegated pattern": lk.unnegated(lk.regex(r"goo+d"), words=1, negations=("never",)),
    "repeated": lk.repeated(lk.keywords("good", "bad"), times=3),
    "repeated pattern": lk.repeated(lk.regex("a|é"), times=2),
    "in a sentence": lk.within("sentence", lk.keywords("good") & lk.keywords("refund")),
    "in a line, not": lk.within("line", lk.keywords("good") & ~lk.keywords("bad")),
    "in a paragraph": lk.within("paragraph", lk.keywords("good") | lk.regex("^bad")),
    "in pieces": lk.within("-", lk.at_least(2, "good", "bad", "refund")),
    "near in a sentence": lk.within("sentence", lk.near("good", "refund", words=1)),
    "at least": lk.at_least(2, "good", "bad", lk.near("not", "never")),
    "all together": lk.near("good", "bad") & ~lk.repeated("a") | lk.unnegated("refund"),
}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), texts()), min_size=1, max_size=15))
def test_a_plan_votes_as_the_definitions_do(rows):
    rules = [condition.rule(name=name, label=1) for name, condition in CONDITIONS.items()]
    found = Plan(LabelingFunctions(rules, labels=2)).vote(pa.record_batch({"text": pa.array(rows, pa.string())}))
    expected = [[rule(text) for rule in rules] for text in rows]
    assert np.array_equal(found.votes, expected)
    assert found.faults == []


@settings(max_examples=300, deadline=None)
@given(texts(), st.integers(0, 4), st.booleans())
def test_near_is_what_it_says(text, words, ordered):
    spans = {name: [m.span() for m in re.finditer(rf"(?<!\w){name}(?!\w)", text)] for name in ("good", "bad")}
    expected = False
    for a in spans["good"]:
        for b in spans["bad"]:
            if a[1] <= b[0] or (b[1] <= a[0] and not ordered):
                between = text[min(a[1], b[1]) : max(a[0], b[0])]
                expected |= len(re.findall(r"\w+", between)) <= words
    assert holds(lk.near("good", "bad", words=words, ordered=ordered), text) == expected
    if not ordered:
        assert holds(lk.near("bad", "good", words=words), text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("good", True),
        ("not good", False),
        ("not a very good", False),
        ("not a very very good", True),
        ("not bad. good", True),
        ("no, it is good", True),
        ("isn't good, but good it is", True),
        ("don’t think it is good", True),
        ("cannot be good", False),
        ("nothing", False),
        ("", False),
    ],
)
def test_a_negation_reaches_three_words_and_not_beyond_punctuation(text, expected):
    assert holds(lk.unnegated("good"), text) is expected


@pytest.mark.parametrize(
    ("scope", "text", "expected"),
    [
        ("sentence", "Good. A refund", False),
        ("sentence", "Good, a refund", True),
        ("sentence", 'He said "good!" A refund came.', False),
        ("sentence", "好。 good refund", True),
        ("sentence", "good\nrefund", False),
        ("sentence", "good v1.2 refund", True),
        ("line", "good\r\nrefund", False),
        ("line", "good. refund", True),
        ("paragraph", "good\nrefund", True),
        ("paragraph", "good\n \nrefund", False),
        (r"(?m)^#.*$", "good\n# Next\nrefund", False),
    ],
)
def test_a_scope_is_a_piece_of_the_text(scope, text, expected):
    assert holds(lk.within(scope, lk.keywords("good") & lk.keywords("refund")), text) is expected


@given(st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=5), st.integers(1, 5))
def test_at_least_so_many_is_unknown_only_where_nulls_could_change_it(values, number):
    number = min(number, len(values))
    names = [f"c{i}" for i in range(len(values))]
    condition = lk.at_least(number, *(lk.keywords("yes", column=name) for name in names))
    given_ = [None if value is None else ("yes" if value else "no") for value in values]

    def outcomes(unknowns):
        known = [value for value in values if value is not None]
        return {known.count(True) + extra >= number for extra in unknowns}

    answers = outcomes(range(values.count(None) + 1))
    positive = condition.rule(name="r", label=1, column=tuple(names))
    negative = (~condition).rule(name="n", label=1, column=tuple(names))
    assert (positive(*given_) == 1) == (answers == {True})
    assert (negative(*given_) == 1) == (answers == {False})
    table = pa.record_batch({name: pa.array([value], pa.string()) for name, value in zip(names, given_, strict=True)})
    votes = Plan(LabelingFunctions([positive, negative], labels=2)).vote(table).votes
    assert votes.tolist() == [[positive(*given_), negative(*given_)]]


def test_only_rows_that_hold_the_parts_are_asked(monkeypatch):
    asked = []
    original = lk.near("good", "bad").cases[0][0].test.__class__.matches
    monkeypatch.setattr(
        "labelkit.rules.context_predicates.Near.matches",
        lambda self, value: asked.append(value) or original(self, value),
    )
    table = pa.record_batch({"text": ["good", "bad", "good bad", None, "neither"]})
    plan = Plan(LabelingFunctions([rule(lk.near("good", "bad"))], labels=2))
    assert plan.vote(table).votes.ravel().tolist() == [-1, -1, 1, -1, -1]
    assert asked == ["good bad"]
    assert "its definition, on rows that meet 2 scanned tests" in plan.explain()


def test_a_composition_goes_wherever_a_condition_goes():
    @lk.labeling_function(when=lk.near("good", "bad"))
    def guarded(text):
        return 1

    @lk.near("good", "bad").labeled(1, precision=0.9)
    def decorated(text: str) -> None:
        """Both."""

    labeled = lk.near(lk.keywords("good", label=1), "bad").rule(name="labeled")
    for one in (guarded, decorated, labeled):
        assert (one("good or bad"), one("good")) == (1, -1)
    assert decorated.precision == 0.9
    assert len({one.fingerprint for one in (decorated, rule(lk.near("good", "bad", words=4)), guarded)}) == 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: lk.near("a", lk.keywords("b") & lk.keywords("c")),
            "near takes keywords, a regex or a list of phrases",
        ),
        (lambda: lk.near("a", 3), "3 is not a condition"),
        (lambda: lk.near("a", "b", words=-1), "words=-1 is not a number from 0 on"),
        (lambda: lk.near(lk.keywords("a", column="x"), lk.keywords("b", column="y")), "looks at one text"),
        (lambda: lk.unnegated("a", negations=lk.keywords("no", column="y")), r"its negations read \('y',\)"),
        (lambda: lk.near("a", lk.lookup(["b"], match="value")), "values have none"),
        (lambda: lk.near("a", lk.near("b", "c")), "conditions that look around already have none"),
        (lambda: lk.within("(", lk.keywords("a")), r"neither a scope nor a regular expression.*\n.*sentence, line"),
        (lambda: lk.within("line", lk.keywords("a", column="title")), "can neither compare values nor name columns"),
        (lambda: lk.within("line", lk.regex({"a": 0, "b": 1})), "no condition that maps entries to labels"),
        (lambda: lk.at_least(3, "a", "b"), r"at_least\(3, \.\.\.\) has 2 condition"),
        (lambda: lk.at_least(0, "a"), "number=0"),
        (lambda: lk.repeated("a", times=True), "times=True"),
        (lambda: lk.unnegated("a", negations=lk.regex("b")), "negations are words"),
        (lambda: lk.near(lk.keywords("a", label=1), lk.keywords("b", label=0)), "have several labels"),
    ],
)
def test_what_cannot_be_meant_is_refused(make, message):
    with pytest.raises(RuleError, match=message):
        make()
