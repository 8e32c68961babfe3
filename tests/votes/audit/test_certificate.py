"""A certificate keeps labels whose error an audit proves to be below a level, and is seldom wrong."""

import math

import numpy as np
import pytest
from scipy import stats

import labelkit as lk
from labelkit.exceptions import AnalysisError, GoldError
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

N = 10_000


def labels_of(confidence, *, says=1, uncovered=()):
    """Labels that say one class, with these probabilities."""
    confidence = np.asarray(confidence, float)
    n = np.arange(len(confidence))
    proba = np.column_stack([1 - confidence, confidence] if says else [confidence, 1 - confidence])
    covered = ~np.isin(n, uncovered)
    return ProbabilisticLabels(proba, covered, n, n, ("HAM", "SPAM"))


def audited(wrong, n, seed):
    """Gold on a random sample of the rows."""
    gold = np.full(len(wrong), -1)
    rows = np.random.default_rng(seed).choice(len(wrong), n, replace=False)
    gold[rows] = np.where(wrong[rows], 0, 1)
    return gold


RANK = np.arange(N) / N

SHAPES = {
    "all a little worse than the level": np.full(N, 0.032),
    "half perfect, half bad": np.where(RANK > 0.5, 0, 0.062),
    "a cliff": np.where(RANK > 0.66, 0, 0.045),
    "a slope": 0.12 * (1 - RANK),
    "the sure ones are worse": 0.08 * RANK,
    "good": np.full(N, 0.01),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("n", [100, 400])
def test_the_bound_is_broken_in_at_most_a_twentieth_of_the_audits(shape, n):
    labels, n_broken, repeats = labels_of(0.5 + 0.5 * RANK), 0, 200
    for seed in range(repeats):
        wrong = np.random.default_rng([1, seed]).random(N) < SHAPES[shape]
        kept = labels.certify(audited(wrong, n, seed)).kept
        n_broken += kept.any() and wrong[kept].mean() > 0.03
    assert n_broken <= stats.binom.ppf(0.999, repeats, 0.05)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_expected_error_is_at_most_the_level(shape):
    labels, errors = labels_of(0.5 + 0.5 * RANK), []
    for seed in range(200):
        wrong = np.random.default_rng([2, seed]).random(N) < SHAPES[shape]
        gold = audited(wrong, 300, seed)
        kept = labels.certify(gold, guarantee="expected").kept & (gold < 0)
        errors.append(wrong[kept].mean() if kept.any() else 0.0)
    assert np.mean(errors) <= 0.03 + 3 * np.std(errors) / math.sqrt(len(errors))


def test_the_largest_set_that_is_proved_is_kept():
    wrong = (RANK < 0.4) & (np.arange(N) % 3 == 0)  # a third of the less sure ones, none of the others
    certificate = labels_of(0.5 + 0.5 * RANK).certify(audited(wrong, 1_000, 0))
    assert 0.55 < certificate.kept.mean() < 0.65
    assert certificate.kept.tolist() == (certificate.threshold <= 0.5 + 0.5 * RANK).tolist()
    assert certificate.n_kept == len(certificate.labels) == certificate.kept.sum()
    assert certificate.error_bound <= 0.03
    assert wrong[certificate.kept].mean() <= 0.03
    assert "95% sure; 1,000 labels were checked" in certificate.statement
    more = labels_of(0.5 + 0.5 * RANK).certify(audited(wrong, 1_000, 0), guarantee="expected")
    assert more.n_kept >= certificate.n_kept
    assert math.isnan(more.confidence)
    assert "on average" in more.statement


def test_good_labels_are_all_kept_and_the_bound_is_clopper_and_pearsons():
    wrong = np.zeros(N, bool)
    certificate = labels_of(np.full(N, 0.9)).certify(audited(wrong, 99, 0))
    assert certificate.kept.all()
    assert certificate.error_bound == pytest.approx(1 - 0.05 ** (1 / 99))
    few = labels_of(np.full(N, 0.9)).certify(audited(wrong, 98, 0))
    assert few.n_kept == 0
    assert "no audit of fewer than 99 rows can" in few.statement
    assert few.to_dict()["threshold"] is None
    bad = labels_of(np.full(N, 0.9)).certify(audited(RANK < 0.5, 500, 0))
    assert "the labels are not that good" in bad.statement


def test_what_has_no_label_is_neither_audited_nor_kept():
    labels = labels_of(np.where(RANK < 0.2, 0.5, 0.9), uncovered=range(9_000, N))
    gold = audited(np.where(RANK < 0.2, True, RANK >= 0.9), 500, 0)  # wrong where there is no label
    certificate = labels.certify(gold)
    assert certificate.n_labels == certificate.n_kept == 7_000
    assert certificate.n_audit == (gold[2_000:9_000] >= 0).sum()
    assert certificate.n_audit_wrong == 0
    with pytest.raises(GoldError, match="no gold is of an example that has a label"):
        labels.certify({9_500: 1, 10: 1})


def test_gold_is_matched_by_id_and_ties_of_probability_stay_together():
    labels = labels_of(np.where(RANK < 0.5, 0.7, 0.9))
    gold = audited(RANK < 0.25, 600, 0)
    certificate = labels.certify({int(i): gold[i] for i in np.flatnonzero(gold >= 0)[::-1]})
    assert certificate.threshold == pytest.approx(0.9)
    assert certificate.n_kept == N // 2


def test_rows_that_were_drawn_with_other_chances_are_thinned():
    wrong, n_broken, repeats = np.random.default_rng(0).random(N) < np.where(RANK < 0.5, 0.1, 0.0), 0, 150
    labels, chance = labels_of(np.full(N, 0.9)), np.where(RANK < 0.5, 0.01, 0.05)  # all have an error of 5%
    for seed in range(repeats):
        rng = np.random.default_rng([3, seed])
        gold = np.where(rng.random(N) < chance, np.where(wrong, 0, 1), -1)
        with pytest.warns(UserWarning, match="thinned at random to equal chances"):
            n_broken += labels.certify(gold, weights=1 / chance, random_state=seed).kept.any()
    assert n_broken <= stats.binom.ppf(0.999, repeats, 0.05)
    assert labels.certify(audited(np.zeros(N, bool), 200, 0), weights=np.full(N, 7.0)).n_audit == 200


@pytest.mark.parametrize("weight", [0.0, -1.0, math.nan, math.inf])
def test_a_weight_that_is_none_is_refused_with_the_row(weight):
    weights = np.ones(N)
    weights[7] = weight
    with pytest.raises(AnalysisError, match=r"(?s)gold row 7 is .* not a positive number.*1 / the probability"):
        labels_of(np.full(N, 0.9)).certify({7: 1, 8: 1}, weights=weights)


def test_labels_of_a_model_that_gold_taught_are_warned_of():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 500)
    votes = np.where(rng.random((500, 4)) < 0.2, 1 - truth[:, None], truth[:, None])
    labels = lk.LabelModel().fit(votes, gold=truth).label(votes)
    with pytest.warns(UserWarning, match="must be others"):
        labels.certify(truth, 0.2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_error": 5}, r"max_error=0.05"),
        ({"confidence": 0}, "confidence=0"),
        ({"guarantee": "sure"}, "'bound', 'expected'"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(AnalysisError, match=message):
        labels_of(np.full(10, 0.9)).certify(np.ones(10, int), **options)
