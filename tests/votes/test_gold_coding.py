"""Gold that numbers the classes otherwise than the votes is told by what they agree on, and fair gold is left alone."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import labelkit as lk
from labelkit.analysis.counts import weighted_gold
from labelkit.votes.gold import GoldCounts
from labelkit.votes.gold_coding import other_coding

NAMES = ["NEG", "NEU", "POS"]


def world(n=300, n_classes=3, accuracy=0.8, seed=0, n_lfs=4):
    """Draw classes, and votes that are right with some probability."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, n_classes, n)
    right = rng.random((n, n_lfs)) < accuracy
    votes = np.where(right, truth[:, None], rng.integers(0, n_classes, (n, n_lfs)))
    return np.where(rng.random((n, n_lfs)) < 0.6, votes, -1), truth


def found(votes, gold, n_classes=3):
    return other_coding(votes, GoldCounts.of_examples(np.arange(len(gold)), gold, n_classes), n_classes)


def test_gold_that_counts_from_one_is_recognised_where_the_last_class_is_not_drawn():
    votes, truth = world()
    gold = np.where(truth < 2, truth + 1, -1)
    coding = found(votes, gold)
    assert (coding.shift, coding.meant) == (1, {1: 0, 2: 1})
    assert coding.as_read < 0.1 * coding.n_examples < 0.8 * coding.n_examples < coding.as_meant


def test_gold_that_counts_from_minus_one_is_recognised():
    votes, truth = world()
    coding = found(votes, truth - 1)
    assert (coding.shift, coding.meant) == (-1, {0: 1, 1: 2})


@pytest.mark.parametrize("order", [[1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
def test_classes_in_another_order_are_recognised(order):
    votes, truth = world()
    coding = found(votes, np.array(order)[truth])
    assert coding.shift == 0
    assert coding.meant == {held: meant for meant, held in enumerate(order)}


def test_two_classes_that_are_swapped_are_recognised_though_one_is_rare():
    votes, _ = world(n_classes=2)
    rare = np.where(np.random.default_rng(1).random(2_000) < 0.05, 1, 0)
    given = np.where(np.random.default_rng(2).random((2_000, 2)) < 0.9, rare[:, None], 0)
    assert found(given, 1 - rare, 2).meant == {0: 1, 1: 0}
    assert found(given, rare, 2) is None
    assert found(votes, np.full(len(votes), 1), 2) is None


def test_rules_of_one_class_say_nothing_of_the_coding_of_gold():
    rng = np.random.default_rng(0)
    truth = rng.choice(3, size=500, p=[0, 0.3, 0.7])
    votes = np.where(rng.random((500, 3)) < 0.5, 1, -1)  # right on 30%, and one less than gold on 70%
    assert found(votes, truth) is None


def test_a_handful_of_labels_is_no_evidence():
    votes, truth = world(n=12)
    assert found(votes, 2 - truth) is None


def test_no_gold_and_no_votes_are_no_evidence():
    votes, truth = world(n=50)
    assert found(votes, np.full(50, -1)) is None
    assert found(np.full_like(votes, -1), truth) is None


def test_fair_gold_hardly_ever_gives_an_alarm():
    alarms = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        n_classes, n, n_lfs = int(rng.integers(2, 7)), int(np.exp(rng.uniform(2.3, 7))), int(rng.integers(1, 10))
        truth = rng.choice(n_classes, size=n, p=rng.dirichlet(np.full(n_classes, 0.5)))
        accuracy, coverage = rng.uniform(0, 1, n_lfs), rng.uniform(0.05, 0.9, n_lfs)
        votes = np.where(rng.random((n, n_lfs)) < accuracy, truth[:, None], rng.integers(0, n_classes, (n, n_lfs)))
        alarms += found(np.where(rng.random((n, n_lfs)) < coverage, votes, -1), truth, n_classes) is not None
    assert alarms == 0


def test_of_very_many_patterns_some_are_looked_at():
    votes, truth = world(n=50_000)
    coding = found(votes, truth - 1)
    assert coding.shift == -1
    assert 10_000 < coding.n_examples <= 20_000


def labels_of(votes):
    return lk.MajorityVote().fit(votes).label(votes)


WHOEVER = [
    ("summarize", lambda votes, gold: lk.summarize(votes, gold=gold)),
    ("fit", lambda votes, gold: lk.LabelModel().fit(votes, gold=gold)),
    ("score", lambda votes, gold: lk.MajorityVote().fit(votes).evaluate(votes, gold)),
    ("compare", lambda votes, gold: lk.compare(votes, ["MajorityVote"], gold=gold)),
    ("suspicious", lambda votes, gold: lk.suspicious_gold(votes, gold, labels_of(votes))),
    ("certify", lambda votes, gold: labels_of(votes).certify(gold, 0.5)),
    ("prevalence", lambda votes, gold: lk.prevalence(labels_of(votes), gold)),
    (
        "next",
        lambda votes, gold: lk.next_to_label(votes, labels_of(votes), gold=np.where(np.arange(300) < 250, gold, -1)),
    ),
    ("weighted", lambda votes, gold: weighted_gold(votes, gold, np.ones(len(gold)))),
]


@pytest.mark.parametrize(("name", "call"), WHOEVER, ids=[name for name, _ in WHOEVER])
def test_whoever_takes_gold_beside_votes_warns(name, call):
    votes, truth = world()
    matrix = lk.LabelMatrix.of(votes, classes=NAMES)
    with pytest.warns(UserWarning, match=r"if it counts classes from 1 .* no gold label is of class 'NEG' \[LK341\]"):
        call(matrix, np.where(truth < 2, truth + 1, -1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        call(matrix, truth)


def test_votes_of_a_sparse_matrix_are_looked_at_too():
    votes, truth = world()
    with pytest.warns(UserWarning, match="LK341"):
        lk.LabelModel(n_classes=3).fit(sparse.csr_array(votes + 1), gold=truth - 1)


def test_gold_is_read_by_the_mapping_of_the_hint():
    votes, truth = world()
    matrix, gold = lk.LabelMatrix.of(votes, classes=NAMES), pd.Series(np.array([1, 0, 2])[truth])
    with pytest.warns(UserWarning, match="NEG is NEU, NEU is NEG .LK341") as caught:
        wrong = lk.summarize(matrix, gold=gold)
    hint = "{0: 'NEU', 1: 'NEG', 2: 'POS'}"
    assert f"gold.map({hint})" in str(caught[0].message)
    right = lk.summarize(matrix, gold=gold.map({0: "NEU", 1: "NEG", 2: "POS"}))
    assert str(right) == str(lk.summarize(matrix, gold=truth))
    assert str(right) != str(wrong)


def test_the_warning_of_two_swapped_classes_names_both():
    votes, truth = world(n_classes=2)
    with pytest.warns(UserWarning, match="another order: HAM is SPAM, SPAM is HAM"):
        lk.summarize(lk.LabelMatrix.of(votes, classes=["HAM", "SPAM"]), gold=1 - truth)
