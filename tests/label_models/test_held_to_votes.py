"""A label was voted for: no model names a class without a vote, unless gold or a given class prior says so."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from labelkit.label_models import MODELS, LabelModel, OneCoin
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.vote_patterns import VotePatterns

NAMES = sorted(MODELS)


@st.composite
def any_votes(draw):
    k, m = draw(st.integers(2, 4)), draw(st.integers(3, 6))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    truth = rng.integers(0, k, 60)
    accuracy, density = rng.random(m), rng.uniform(0.1, 0.9, m)
    said = np.where(rng.random((60, m)) < accuracy, truth[:, None], rng.integers(0, k, (60, m)))
    return np.where(rng.random((60, m)) < density, said, -1), k


def unvoted(votes, labels):
    return (labels >= 0) & ~(votes == labels[:, None]).any(axis=1)


@pytest.mark.parametrize("name", NAMES)
@given(any_votes())
@settings(max_examples=25, deadline=None)
def test_a_label_is_a_class_that_got_a_vote(name, case):
    votes, k = case
    model = MODELS[name](n_classes=k).fit(votes)
    labels = model.label(votes)
    for ties in ("abstain", "first", "random"):
        assert not unvoted(votes, labels.hard(ties=ties)).any()
    assert not unvoted(votes, model.predict(votes)).any()
    proba = model.predict_proba(votes)
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-9)
    np.testing.assert_array_equal(labels.proba, proba)
    for row, p in zip(votes, proba, strict=True):
        if (row >= 0).any():
            assert p.max() <= p[row[row >= 0]].max() + 1e-12


def adversarial():
    rng = np.random.default_rng(0)
    gold = rng.integers(0, 2, 4_000)
    accuracy = np.array([0.9, 0.9, 0.9, 0.9, 0.1])
    votes = np.where(rng.random((4_000, 5)) < accuracy, gold[:, None], 1 - gold[:, None])
    votes[rng.random((4_000, 5)) < 0.6] = -1
    return votes, gold


def test_an_explanation_says_why_an_example_has_no_label():
    votes, _ = adversarial()
    matrix = LabelMatrix.of(votes, names=["a", "b", "c", "d", "liar"], classes=["ham", "spam"])
    model = OneCoin().fit(matrix)
    only_liar = np.flatnonzero((votes[:, :4] < 0).all(axis=1) & (votes[:, 4] == 1))
    assert (model.predict(matrix)[only_liar] == -1).all()
    found = model.explain(matrix, only_liar[:2])
    assert found.held.all()
    np.testing.assert_allclose(found.proba, 0.5, atol=1e-9)
    assert "no label: no rule votes for ham" in repr(found)
    assert "liar (spam)" in repr(found)


def test_gold_and_a_given_prior_may_name_a_class_without_a_vote():
    votes, gold = adversarial()
    only_liar = (votes[:, :4] < 0).all(axis=1) & (votes[:, 4] >= 0)
    for model in (LabelModel().fit(votes, gold=gold), OneCoin(class_prior=[0.5, 0.5]).fit(votes)):
        assert (model.predict(votes)[only_liar] == gold[only_liar]).mean() > 0.8


def test_patterns_and_examples_are_held_alike():
    votes, _ = adversarial()
    matrix = LabelMatrix.of(votes)
    model = OneCoin().fit(matrix)
    by_pattern = model.predict_pattern_proba(matrix.patterns)
    assert isinstance(matrix.patterns, VotePatterns)
    np.testing.assert_array_equal(by_pattern[matrix.pattern_index], model.predict_proba(matrix))


@pytest.mark.parametrize("n_alone", [1, 2])
@pytest.mark.parametrize("n_met", [0, 3, 30, 300])
@pytest.mark.parametrize("k", [2, 5])
def test_rules_for_several_classes_that_seldom_meet_others_label_their_examples(k, n_met, n_alone):
    """EM learns nothing of them, and left their examples where it began: without a class, though there is a vote."""
    rng = np.random.default_rng(k)
    n = 4_000
    gold = rng.integers(0, k, n)
    narrow = [np.where((gold == c) & (np.arange(n) < n // 2) & (rng.random(n) < 0.4), c, -1) for c in range(k)] * 2
    where = (np.arange(n) >= n // 2) & (rng.random(n) < 0.15)
    where[: 4 * n_met : 4] = True
    alone = [np.where(where & (rng.random(n) < 0.9), np.where(rng.random(n) < 0.85, gold, (gold + 1) % k), -1)]
    alone += [np.where(alone[0] >= 0, np.where(rng.random(n) < 0.95, alone[0], gold), -1)] * (n_alone - 1)
    votes = np.stack([*narrow, *alone], axis=1)
    rows = (alone[0] >= 0) & (np.arange(n) >= n // 2)
    labels = LabelModel().fit(votes).predict(votes)[rows]
    assert (labels >= 0).all()
    assert (labels == gold[rows]).mean() > 0.8
