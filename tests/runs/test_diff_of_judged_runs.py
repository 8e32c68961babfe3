"""Runs that have gold: a difference that is not given any says how the gold would judge it, in words that work."""

import re

import pandas as pd
import pytest

import labelkit as lk

FRAME = pd.DataFrame(
    {"id": list("abcdef"), "text": ["free", "win", "hi", "free hi", "ho", "win"], "spam": [1, 1, 0, 1, 0, 0]}
)
RULES = [
    lk.keywords("free", label=1).rule(name="free", column="text"),
    lk.keywords("hi", label=0).rule(name="hi", column="text"),
    lk.keywords("win", label=1).rule(name="win", column="text"),
]
NOTE = "both runs have gold, which is not asked here"


@pytest.fixture
def two(tmp_path, monkeypatch):
    """Make two runs, the second with one rule more, judged by the gold that is given to each."""
    monkeypatch.chdir(tmp_path)
    FRAME.to_csv("corpus.csv", index=False)
    FRAME.rename(columns={"spam": "label"})[["id", "label"]].to_csv("the gold.csv", index=False)

    def make(before, after, corpus="corpus.csv"):
        for name, gold, rules in (("first", before, RULES[:2]), ("second", after, RULES)):
            of = lk.LabelingFunctions(rules, labels=["HAM", "SPAM"])
            lk.run(of, corpus, name, id="id", gold=gold, progress=False, report=False)
        return lk.diff("first", "second")

    return make


@pytest.mark.parametrize("gold", ["spam", "the gold.csv"])
def test_the_note_names_gold_that_judges(two, gold):
    (note,) = two(gold, gold).notes
    assert note.startswith(NOTE)
    named = re.search(r"gold='(.*)' \(--gold (.*)\)", note)
    judged = lk.diff("first", "second", gold=named[1])
    assert judged.gold is not None
    assert not judged.notes
    assert named[2] == ("'the gold.csv'" if " " in gold else "spam")


def test_gold_of_a_program_is_given_again(two):
    (note,) = two(FRAME["spam"].to_numpy(), FRAME["spam"].to_numpy(), FRAME).notes
    assert note == f"{NOTE}: gold=, a Series or dict by id, says if the change is for the better"
    assert lk.diff("first", "second", gold=FRAME.set_index("id")["spam"]).gold is not None


def test_a_column_of_a_frame_is_given_again_too(two):
    (note,) = two("spam", "spam", FRAME).notes
    assert "a Series or dict by id" in note


@pytest.mark.parametrize(("before", "after"), [(None, None), ("spam", None), (None, "spam")])
def test_where_a_run_has_none_nothing_is_said(two, before, after):
    assert two(before, after).notes == ()


def test_matrices_have_none():
    assert lk.diff([[0, -1], [1, 1]], [[0, 1], [1, -1]]).notes == ()


def test_gold_that_is_refused_is_not_named(two):
    two("spam", "spam")
    assert not lk.diff("first", "second", gold=False).notes
    assert lk.diff("first", "second", gold=False).gold is None
