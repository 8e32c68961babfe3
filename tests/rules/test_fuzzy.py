"""``fuzzy`` finds words and phrases with typos, in a column as in one text, and goes wherever a condition goes."""

import sys
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

import labelkit as lk
from labelkit.checks.check_rules import check_rules
from labelkit.exceptions import MissingExtraError, RuleError
from labelkit.rules.fuzzy import Fuzzy

distance = pytest.importorskip("rapidfuzz.distance")


@pytest.mark.parametrize(
    ("entry", "text", "matches"),
    [
        ("subscribe", "please SUBSCRIBE", True),
        ("subscribe", "subcsribe", True),  # neighbours swapped: one edit
        ("subscribe", "subscrbe now", True),
        ("subscribe", "sub scribe", True),  # a space too many is an edit
        ("subscribe", "described", False),
        ("free money", "freemoney!", True),  # a space too few
        ("free money", "free, monney", True),
        ("free money", "money free", False),
        ("free", "fere", True),
        ("free", "ferer", False),  # two edits in a word of four letters
        ("ad", "as", False),  # none in a word of two
        ("ad", "an ad.", True),
        ("straße", "STRASSE", True),
        ("cafe", "café", True),
        ("subscribe", "", False),
    ],
)
def test_typos_are_allowed_by_the_length_of_the_entry(entry, text, matches):
    rule = lk.fuzzy(entry, label=1).rule(name="rule")
    assert rule(text) == (1 if matches else -1)


def test_the_number_of_edits_and_the_case_can_be_set():
    assert lk.fuzzy("free", edits=0, label=1).rule(name="exact")("fere") == -1
    assert lk.fuzzy("free", edits=2, label=1).rule(name="wide")("frxx") == 1
    assert lk.fuzzy("Ann", edits=1, ignore_case=False, label=1).rule(name="cased")("aNN") == -1


def test_a_ratio_lets_words_change_places():
    rule = lk.fuzzy("free money", ratio=90, label=1).rule(name="offer")
    assert [rule(text) for text in ("money, free!", "free monney", "free time")] == [1, 1, -1]


def test_of_a_mapping_the_first_entry_that_matches_gives_the_label():
    rule = lk.fuzzy({"great": 0, "grate": 1}).rule(name="rule")
    assert rule("graet") == 0


ALPHABET = "abİßſ\u0345 .'\x1eé_1\n"
TEXTS = st.lists(st.text(ALPHABET, max_size=12), min_size=1, max_size=6)
ENTRIES = st.lists(st.text(ALPHABET, min_size=1, max_size=7).filter(lambda t: any(c.isalnum() for c in t)), min_size=1)
LIMITS = st.sampled_from(["auto", 0, 1, 2, 3])
RATIOS = st.sampled_from([None, None, 50.0, 80.5, 100.0])


@given(TEXTS, ENTRIES, LIMITS, RATIOS, st.booleans())
def test_a_column_is_decided_as_each_text_is(texts, entries, edits, ratio, ignore_case):
    predicate = Fuzzy(tuple(entries), "auto" if ratio else edits, ratio, ignore_case)
    expected = [predicate.matches(text) for text in texts]
    assert list(predicate.matches_column(texts)) == expected
    for text, matches in zip(texts, expected, strict=True):
        spans = list(predicate.spans(text))
        assert bool(spans) == matches
        assert spans == sorted(spans)
        assert all(stop <= later for (_, stop), (later, _) in pairwise(spans))


@given(st.text("abc ", max_size=9), st.text("abc", min_size=1, max_size=4), st.integers(0, 2))
def test_one_word_matches_where_a_run_of_one_or_two_words_is_near(text, word, edits):
    words = text.split()
    runs = [*words, *(f"{a} {b}" for a, b in pairwise(words))]
    near = any(distance.OSA.distance(word, run) <= edits for run in runs)
    assert Fuzzy((word,), edits).matches(text) == near


def test_a_text_that_arrow_cannot_hold_is_decided_by_the_definition():
    assert list(Fuzzy(("free",)).matches_column(["fere \ud800", "no"])) == [True, False]


TEXTS_OF_SPAM = ["please subcsribe", "nice song", None, "sub scribe to my chanel", ""] * 300


@pytest.mark.parametrize("engine", ["serial", "thread", "process"])
def test_every_engine_votes_as_the_rule_does(engine):
    rules = [
        lk.fuzzy("subscribe", label=1).rule(name="asks"),
        (lk.fuzzy("channel") & ~lk.keywords("nice")).labeled(1).rule(name="channel"),
        lk.near(lk.fuzzy("subscribe"), "my", words=2).labeled(1).rule(name="to_mine"),
        lk.fuzzy({f"word{i}": i % 2 for i in range(20)}).rule(name="many"),
    ]
    matrix = lk.Applier(rules, labels=2).apply(TEXTS_OF_SPAM, engine=engine, workers=2, batch_size=1024)
    assert matrix.votes.tolist() == [[-1 if t is None else rule(t) for rule in rules] for t in TEXTS_OF_SPAM]
    assert (matrix.votes[:, :3] == 1).any(axis=0).all()


def test_views_mark_the_words_and_examples_say_what_matched(tmp_path):
    rule = lk.fuzzy("subscribe", label=1, examples={"subcsribe": 1, "described": None}).rule(name="asks")
    texts = [text or "" for text in TEXTS_OF_SPAM]
    matrix = lk.Applier([rule], labels=["HAM", "SPAM"]).apply(texts)
    assert "please »subcsribe«" in str(lk.view(matrix, texts, [rule], labeled_by="asks", n=1000))
    report = check_rules(lk.LabelingFunctions([rule], labels=["HAM", "SPAM"]), texts)
    assert "error" not in {problem.severity for problem in report.problems}
    wrong = lk.fuzzy("subscribe", label=1, examples={"describe it": 1}).rule(name="asks")
    report = str(check_rules(lk.LabelingFunctions([wrong], labels=["HAM", "SPAM"])))
    assert "SPAM needs: one of “subscribe”, with up to 2 typos, by length in text: no match" in report


def test_a_run_keeps_its_votes_in_the_cache_and_changes_with_each_option():
    rules = [
        lk.fuzzy("free", label=1),
        lk.fuzzy("free", edits=1, label=1),
        lk.fuzzy("free", ratio=80, label=1),
        lk.fuzzy("free", ignore_case=False, label=1),
        lk.fuzzy("freed", label=1),
    ]
    assert len({condition.rule(name="rule").fingerprint for condition in rules}) == 5
    rule = rules[0].rule(name="rule")
    applier = lk.Applier([rule], labels=2)
    frame = pa.table({"text": ["fere", "no"] * 50})
    first, second = (applier.apply(frame, cache=True).votes for _ in range(2))
    assert np.array_equal(first, second)
    assert applier.remembered == ("rule",) or "rule" in applier.remembered


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((), {"label": 1}, "needs at least one entry"),
        (("...",), {"label": 1}, "has no letter or digit"),
        ((3,), {"label": 1}, "takes strings"),
        (("a",), {"label": 1, "edits": -1}, "edits=-1 is not a number of edits"),
        (("a",), {"label": 1, "edits": True}, "edits=True is not a number"),
        (("a",), {"label": 1, "edits": 1, "ratio": 90}, "either edits or ratio"),
        (("a",), {"label": 1, "ratio": 0.0}, "ratio=0.0 is not between 0 and 100"),
        (("a",), {"label": 1, "ratio": 101}, "ratio=101 is not between"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_value(arguments, options, message):
    with pytest.raises(RuleError, match=message):
        lk.fuzzy(*arguments, **options)


def test_an_unknown_option_and_a_missing_library_are_named(monkeypatch):
    with pytest.raises(TypeError, match="did you mean 'ratio'"):
        lk.fuzzy("a", ratios=90, label=1)
    monkeypatch.setitem(sys.modules, "rapidfuzz", None)
    with pytest.raises(MissingExtraError, match=r"labelkit\[fuzzy\]"):
        lk.fuzzy("a", label=1)
