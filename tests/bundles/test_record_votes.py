"""Votes on one record are those of the plan, whatever the rules and the record are."""

import datetime as dt
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import labelkit as lk
from labelkit.bundles._record_votes import RecordVoter
from labelkit.exceptions import LabelkitError, StopRunError
from labelkit.rules.expressions import Leaf

WORDS = ["free", "win", "love", "c++", "the", "check out", "Straße", "ı", "ſo"]
words = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True)
texts = st.one_of(
    st.none(),
    st.lists(st.sampled_from([*WORDS, "FREE", "checkout", "not", "!", "\n", "http://x", "K"]), max_size=6).map(
        " ".join
    ),
    st.text(max_size=12),
)
leaves = st.one_of(
    words.map(lambda some: lk.keywords(*some)),
    words.map(lambda some: lk.keywords(*some, whole_word=False, column=("text", "title"))),
    st.sampled_from([r"^\w+$", r"(?i)free", r"(\w)\1", r"x(?=y)", r"https?://\S+"]).map(lk.regex),
    words.map(lambda some: lk.unnegated(lk.keywords(*some))),
    words.map(lambda some: lk.repeated(lk.keywords(*some), times=2)),
    st.just(lk.lookup([1, 2, 3], match="value", column="n")),
    st.just(lk.lookup([1.5, 2.0], match="value", column="share")),
    st.just(lk.lookup([True], match="value", column="flag")),
    st.just(lk.lookup([("free", 1), ("love", 2)], column=("title", "n"))),
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: pair[0] & pair[1]),
        st.tuples(inner, inner).map(lambda pair: pair[0] | pair[1]),
        inner.map(lambda one: ~one),
        st.lists(inner, min_size=2, max_size=3).map(lambda some: lk.at_least(2, *some)),
    ),
    max_leaves=4,
)
records = st.fixed_dictionaries(
    {
        "text": texts,
        "title": texts,
        "n": st.one_of(st.none(), st.integers(-3, 5), st.integers()),
        "share": st.one_of(st.none(), st.floats(), st.sampled_from([1.5, 2.0])),
        "flag": st.one_of(st.none(), st.booleans()),
    }
)
ODD = st.sampled_from([5, "word", 1.5, True, b"x", ["love"], {"a": 1}, np.int64(2), np.float64("nan"),
                       dt.date(2024, 1, 1), "\ud800", 2**70, ("free", 1)])  # fmt: skip


@lk.column
def n_letters(text: str) -> int:
    return len(text.replace("!", "")) // (len(text) - 3)


@lk.column
def shout(text: str, n_letters: int):
    return text.upper() if n_letters else n_letters


@lk.column
def shouted(text: str) -> str:
    return text.upper()


@lk.labeling_function
def short(n_letters: int):
    return 1 if n_letters > 1 else None


@lk.labeling_function(when=lk.keywords("love", "free", column="text"))
def guarded(text: str, title: str | None, n: int):
    return [0, 1, None, -1, 7, "SPAM", True][n]


@lk.labeling_function(batch=True)
def in_batch(text, n):
    return [None if a is None or b is None else int(b > 1) for a, b in zip(text, n, strict=True)]


loud = lk.keywords("FREE", label=1, column="shout").rule(name="loud", column="shout")
places = lk.lookup({f"{word} {i}" if i else word: i % 2 for i, word in enumerate(WORDS * 2)}).rule(name="places")
facts = lk.facts({("Free", "WIN"): 1, ("love", "the"): 0}, symmetric=True).rule(name="facts", column=("title", "text"))
values = lk.lookup({i: i % 2 for i in range(12)}, match="value").rule(name="values", column="n")
PYTHON = [short, guarded, in_batch, loud, places, facts, values]


def answer(vote, record):
    """The votes and which rules failed, or the error."""
    try:
        voted = vote(record)
    except LabelkitError as error:
        return type(error), error.message
    return voted.votes, [(j, kind) for j, kind, _ in voted.failures]


def same(voter, record):
    assert answer(voter.votes, record) == answer(voter.votes_by_plan, record)


@settings(max_examples=100)
@given(st.data())
def test_votes_are_those_of_the_plan(data):
    made = data.draw(st.lists(conditions, min_size=1, max_size=4))
    rules = [one.rule(name=f"rule{i}", label=i % 2, column=("text", "title")) for i, one in enumerate(made)]
    rules += [PYTHON[i] for i in data.draw(st.lists(st.integers(0, len(PYTHON) - 1), unique=True))]
    voter = RecordVoter(lk.Applier(rules, labels=["HAM", "SPAM"]).plan)
    for row in data.draw(st.lists(records, min_size=1, max_size=4)):
        same(voter, row)
        column = data.draw(st.sampled_from(sorted(row)))
        same(voter, {**row, column: data.draw(ODD)})
        same(voter, {name: value for name, value in row.items() if name != column})


MAPPINGS = st.dictionaries(
    st.one_of(st.sampled_from(WORDS), st.text("abC é+", min_size=1, max_size=3).filter(str.strip)),
    st.sampled_from([0, 1, 2, -1]),
    min_size=9,
    max_size=30,
).filter(lambda mapping: set(mapping.values()) != {-1})


@settings(max_examples=60)
@given(MAPPINGS, st.lists(st.one_of(texts, st.text("abC é+", max_size=12)), min_size=1, max_size=6), st.booleans())
@pytest.mark.parametrize("match", ["phrase", "value"])
@pytest.mark.parametrize("in_turn", [2, 64])
def test_votes_of_a_long_mapping_are_those_of_the_plan_and_of_the_definition(in_turn, match, mapping, given, derived):
    lf = lk.lookup(mapping, match=match).rule(name="r", column="shouted" if derived else "text")
    with mock.patch("labelkit.apply.plan.long_mappings.MOST_IN_TURN", in_turn):
        voter = RecordVoter(lk.Applier([lf], labels=3).plan)
        for text in given:
            record = {"text": text}
            same(voter, record)
            if text is not None:
                value = text.upper() if derived else text
                assert voter.votes(record).votes == (lf.body.vote({lf.columns[0]: value}),)


def test_of_very_many_entries_few_are_asked_in_turn(monkeypatch):
    mapping = {f"word{i}": i % 3 for i in range(1_000)}
    voter = RecordVoter(lk.Applier([lk.lookup(mapping).rule(name="r")], labels=3).plan)
    rng = np.random.default_rng(0)
    chosen = rng.integers(0, 1_000, (100, 5))
    asked = []
    holds = Leaf.holds
    monkeypatch.setattr(Leaf, "holds", lambda leaf, values: asked.append(leaf) or holds(leaf, values))
    voted = [voter._quick_votes({"text": " ".join(f"word{i}" for i in row)}).votes[0] for row in chosen.tolist()]
    assert voted == (chosen.min(axis=1) % 3).tolist()
    assert 0 < len(asked) <= 100 * (3 + 32 + 32)


def test_a_plain_record_takes_the_quick_way(frame):
    rules = lk.collect("labeling_functions/moderation.py")
    voter = RecordVoter(lk.Applier(rules).plan)
    posts = lk.load_posts().head(150)
    matrix = lk.Applier(rules).apply(posts)
    for row, votes in zip(
        posts.astype(object).where(posts.notna(), None).to_dict("records"), matrix.votes, strict=True
    ):
        assert voter._quick_votes(row).votes == tuple(votes.tolist())


def test_soft_votes_are_left_to_the_plan():
    @lk.labeling_function(levels=4)
    def sure(text):
        return 1, 0.5

    voter = RecordVoter(lk.Applier([sure], labels=2).plan)
    assert voter._quick_votes({"text": "x"}) is not None
    assert voter.votes({"text": "x"}).votes == (1,)


def test_what_stops_a_run_is_no_fault():
    @lk.labeling_function
    def stops(text):
        raise StopRunError("the budget is spent")

    voter = RecordVoter(lk.Applier([stops], labels=2).plan)
    with pytest.raises(StopRunError):
        voter.votes({"text": "x"})
