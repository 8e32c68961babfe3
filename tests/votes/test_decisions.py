"""Decisions for F1, macro F1 and costs: exact on small sets, against every decision that there is."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import labelkit as lk
from labelkit.exceptions import ModelError
from labelkit.votes.decisions import expected_f1, f1_decisions, macro_f1_decisions


def labels_of(p, covered=None, prior_source=None):
    """Labels of two classes, HAM and SPAM, from the probabilities of the second."""
    proba = np.column_stack([1 - np.asarray(p), p])
    covered = np.ones(len(proba), dtype=bool) if covered is None else np.array(covered)
    index = np.arange(len(proba))
    return lk.ProbabilisticLabels(proba, covered, index, index, ("HAM", "SPAM"), prior_source=prior_source)


def f1_by_worlds(p, labels):
    """The expectation of F1 over all worlds of true classes; 1 where there is no positive, nor one labeled so."""
    total = 0.0
    for world in product((0, 1), repeat=len(p)):
        truth = np.array(world)
        size = truth.sum() + labels.sum()
        total += np.where(truth, p, 1 - p).prod() * (2 * (truth * labels).sum() / size if size else 1.0)
    return total


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=7))
def test_expected_f1_is_that_over_all_worlds(p):
    p = np.sort(np.array(p))[::-1]
    worlds = [f1_by_worlds(p, np.arange(len(p)) < m) for m in range(len(p) + 1)]
    assert np.allclose(expected_f1(p, np.ones(len(p))), worlds, atol=1e-8)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=6, unique=True))
def test_no_decision_has_a_higher_expected_f1(p):
    p = np.array(p)
    chosen = f1_decisions(np.column_stack([1 - p, p]), np.ones(len(p)), 1)
    best = max(f1_by_worlds(p, np.array(world)) for world in product((0, 1), repeat=len(p)))
    assert f1_by_worlds(p, chosen) == pytest.approx(best, abs=1e-8)


def test_groups_are_examples_written_together():
    p, counts = np.array([0.8, 0.3, 0.1]), np.array([3.0, 2.0, 4.0])
    apart = expected_f1(np.repeat(p, counts.astype(int)), np.ones(9))
    assert np.allclose(expected_f1(p, counts), apart[[0, 3, 5, 9]], atol=1e-10)


def test_a_million_examples_are_decided_as_by_the_ratio_of_expectations():
    p = np.linspace(0.001, 0.9, 200)[::-1]
    counts = np.full(200, 5_000.0)
    ratio = 2 * np.cumsum(counts * p) / (np.cumsum(counts) + (counts * p).sum())
    assert np.allclose(expected_f1(p, counts)[1:], ratio, atol=1e-4)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000))
def test_macro_f1_is_near_the_best_decision_and_never_below_the_most_probable_class(seed):
    proba = np.random.default_rng(seed).dirichlet([4, 1, 0.5], size=6)
    counts = np.ones(6)

    def value(labels):
        one_hot = np.eye(3)[list(labels)]
        return (2 * (one_hot * proba).sum(axis=0) / (one_hot.sum(axis=0) + proba.sum(axis=0))).mean()

    chosen = value(macro_f1_decisions(proba, counts))
    best = max(value(labels) for labels in product(range(3), repeat=6))
    assert chosen >= value(proba.argmax(axis=1)) - 1e-12
    assert chosen >= 0.95 * best


def test_objectives_raise_what_they_are_for_on_truth_that_follows_the_probabilities():
    rng = np.random.default_rng(0)
    p = np.round(rng.beta(0.4, 3, size=20_000), 2)
    truth = rng.random(20_000) < p
    labels = labels_of(p)
    accuracy, f1, macro = (labels.hard(objective=name, ties="first") for name in ("accuracy", "f1", "macro_f1"))

    def f1_of(hard, c):
        return 2 * ((hard == c) & (truth == c)).sum() / ((hard == c).sum() + (truth == c).sum())

    assert f1_of(f1, 1) > f1_of(accuracy, 1) + 0.05
    assert f1_of(macro, 0) + f1_of(macro, 1) > f1_of(accuracy, 0) + f1_of(accuracy, 1) + 0.02
    assert (accuracy == truth).mean() > (f1 == truth).mean()
    costs = labels.hard(costs={"SPAM": {"HAM": 9}})
    assert np.array_equal(costs == 1, p > 0.1)


def test_uncovered_examples_get_no_label_and_do_not_count():
    labels = labels_of([0.9, 0.3, 0.3, 0.9], covered=[True, True, False, False])
    for how in ({"objective": "f1"}, {"objective": "macro_f1"}, {"costs": [[0, 1], [1, 0]]}):
        assert labels.hard(**how)[2:].tolist() == [-1, -1]
        assert labels.hard(uncovered=0, **how)[2:].tolist() == [0, 0]
    alone = labels_of([0.9, 0.3])
    assert alone.hard(objective="f1").tolist() == labels.hard(objective="f1")[:2].tolist()
    nothing = labels_of([0.5, 0.5], covered=[False, False])
    assert nothing.hard(objective="f1").tolist() == nothing.hard(objective="macro_f1").tolist() == [-1, -1]


def test_costs_by_name_and_by_position_are_the_same_and_ties_keep_their_policy():
    labels = labels_of([0.05, 0.2, 0.5])
    matrix = [[0, 1], [4, 0]]
    named = {"SPAM": {"HAM": 4}}
    frame = pd.DataFrame(matrix, index=["HAM", "SPAM"], columns=["HAM", "SPAM"]).loc[["SPAM", "HAM"]]
    for costs in (matrix, named, frame, np.array(matrix)):
        assert labels.hard(costs=costs).tolist() == [0, -1, 1]
        assert labels.hard(costs=costs, ties="first").tolist() == [0, 0, 1]
        assert set(labels.hard(costs=costs, ties="random").tolist()) <= {0, 1}
    assert labels.hard(costs=np.zeros((2, 2))).tolist() == [-1, -1, -1]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"costs": [[0, 1]]}, r"costs has shape \(1, 2\), but there are 2 classes"),
        ({"costs": [[0, np.nan], [1, 0]]}, "not finite"),
        ({"costs": "high"}, "no matrix of numbers"),
        ({"costs": {"EGGS": {"HAM": 1}}}, "'EGGS', which there is not"),
        ({"costs": {"HAM": 3}}, "no matrix of numbers"),
        ({"costs": [[0, 1], [1, 0]], "objective": "f1"}, "two answers"),
        ({"objective": "recall"}, "'recall' is not one of 'accuracy', 'f1', 'macro_f1'"),
        ({"objective": "f1", "positive": "EGGS"}, "positive='EGGS' is no class"),
        ({"positive": "SPAM"}, "of objective='f1' alone"),
    ],
)
def test_what_is_no_objective_is_refused(wanted, message):
    with pytest.raises(ModelError, match=message):
        labels_of([0.2, 0.8]).hard(**wanted)


def test_f1_of_several_classes_needs_the_name_of_one():
    labels = lk.ProbabilisticLabels(np.eye(3), np.ones(3, bool), np.arange(3), np.arange(3), ("a", "b", "c"))
    with pytest.raises(ModelError, match="names no class"):
        labels.hard(objective="f1")
    assert labels.hard(objective="f1", positive="c").tolist() == [0, 1, 2]


def test_a_prior_that_nobody_gave_is_warned_of():
    votes = np.array([[1, 1], [0, -1], [-1, 0], [1, 0]] * 10)
    for model in (lk.LabelModel(), lk.MajorityVote()):
        labels = model.fit(votes).label(votes)
        labels.hard()
        for how in ({"objective": "f1"}, {"costs": [[0, 1], [2, 0]]}):
            with pytest.warns(UserWarning, match="the class prior behind these probabilities is from"):
                labels.hard(**how)
        told_of = model.set_params(class_prior=[0.5, 0.5]).fit(votes).label(votes)
        assert told_of.hard(objective="f1").tolist()
    assert lk.ProbabilisticLabels.concat([labels, labels]).prior_source == labels[:3].prior_source
