"""Metrics agree with scikit-learn where that has them, and with sums done by hand where not."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn import metrics as reference

import labelkit as lk
from labelkit._shared.numbers import wilson_interval
from labelkit.votes import metrics


def test_wilson_is_undefined_without_trials():
    low, high = wilson_interval([0], [0])
    assert np.isnan(low[0])
    assert np.isnan(high[0])


def test_an_interval_holds_its_share_whatever_the_rounding():
    n = np.arange(1, 3000)
    for successes in (n, 0 * n, n // 2, n // 3):
        low, high = wilson_interval(successes, n)
        assert (low <= successes / n).all()
        assert (successes / n <= high).all()


@given(n=st.integers(1, 1000), share=st.floats(0, 1))
@settings(max_examples=50, deadline=None)
def test_wilson_contains_the_share_and_stays_in_the_unit_interval(n, share):
    successes = round(share * n)
    low, high = wilson_interval(successes, n)
    assert 0 <= low <= successes / n + 1e-12
    assert successes / n - 1e-12 <= high <= 1


def test_wilson_narrows_with_more_trials_and_widens_with_more_confidence():
    narrow = np.diff(wilson_interval(90, 100))
    assert np.diff(wilson_interval(9, 10)) > narrow
    assert np.diff(wilson_interval(90, 100, confidence=0.99)) > narrow


@st.composite
def judged(draw):
    n, k = draw(st.integers(1, 30)), draw(st.integers(2, 4))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    proba = rng.dirichlet(np.ones(k), size=n)
    gold = rng.integers(-1, k, size=n)
    gold[0] = 0
    return proba, gold, k


@given(judged())
@settings(max_examples=50, deadline=None)
def test_scores_are_those_of_scikit_learn_on_the_rows_with_gold(case):
    proba, gold, k = case
    known = gold >= 0
    labels, p, y = proba.argmax(axis=1), proba[known], gold[known]
    assert metrics.accuracy(labels, gold) == pytest.approx(reference.accuracy_score(y, labels[known]))
    assert metrics.log_loss(proba, gold) == pytest.approx(reference.log_loss(y, p, labels=range(k)), abs=1e-6)
    assert metrics.brier_score(proba, gold) == pytest.approx(((p - np.eye(k)[y]) ** 2).sum(axis=1).mean())
    found = metrics.f1_scores(labels, gold, k)
    defined = ~np.isnan(found)
    expected = reference.f1_score(y, labels[known], labels=range(k), average=None, zero_division=0)
    assert found[defined] == pytest.approx(expected[defined])
    assert set(np.flatnonzero(defined)) == set(y) | set(labels[known])


@given(judged())
@settings(max_examples=50, deadline=None)
def test_a_weight_is_as_good_as_repeated_rows(case):
    proba, gold, k = case
    weights = np.arange(len(gold)) % 3
    again = np.repeat(np.arange(len(gold)), weights)
    labels = proba.argmax(axis=1)
    for one, two in [
        (metrics.log_loss(proba, gold, weights=weights), metrics.log_loss(proba[again], gold[again])),
        (metrics.brier_score(proba, gold, weights=weights), metrics.brier_score(proba[again], gold[again])),
        (metrics.calibration_error(proba, gold, weights=weights), metrics.calibration_error(proba[again], gold[again])),
        (metrics.accuracy(labels, gold, weights=weights), metrics.accuracy(labels[again], gold[again])),
        (metrics.macro_f1(labels, gold, k, weights=weights), metrics.macro_f1(labels[again], gold[again], k)),
    ]:
        assert one == pytest.approx(two, nan_ok=True)


def test_without_gold_everything_is_undefined():
    proba, gold = np.full((3, 2), 0.5), np.full(3, -1)
    labels = np.zeros(3, dtype=int)
    assert np.isnan(metrics.accuracy(labels, gold))
    assert np.isnan(metrics.log_loss(proba, gold))
    assert np.isnan(metrics.brier_score(proba, gold))
    assert np.isnan(metrics.calibration_error(proba, gold))
    assert np.isnan(metrics.f1_scores(labels, gold, 2)).all()
    assert np.isnan(metrics.macro_f1(labels, gold, 2))


def test_a_class_that_neither_occurs_nor_is_predicted_has_no_f1():
    assert np.isnan(metrics.f1_scores([0, 0], [0, 0], 2)[1])


def test_a_missing_label_is_a_missed_example_but_no_false_alarm():
    assert metrics.accuracy([-1, 1], [1, 1]) == 0.5
    assert metrics.f1_scores([-1, 1], [1, 1], 2)[1] == pytest.approx(2 / 3)


def test_log_loss_of_a_sure_mistake_is_finite():
    assert metrics.log_loss([[1.0, 0.0]], [1]) == pytest.approx(-np.log(1e-7))


def test_calibration_error_by_hand():
    proba = [[0.95, 0.05]] * 4 + [[0.45, 0.55]] * 2
    gold = [0, 0, 0, 1, 1, 0]  # 3 of 4 at 0.95, 1 of 2 at 0.55
    assert metrics.calibration_error(proba, gold) == pytest.approx((4 * 0.20 + 2 * 0.05) / 6)
    bins = metrics.top_label_reliability(proba, gold)
    assert bins.count.sum() == 6
    assert bins.accuracy[-1] == 0.75


def test_tied_classes_share_the_credit():
    bins = metrics.top_label_reliability([[0.5, 0.5], [0.5, 0.5]], [0, 1], n_bins=2)
    assert bins.accuracy[0] == 0.5


def test_f1_of_weighted_rows_is_as_sure_as_its_rows_are():
    rng, n = np.random.default_rng(0), (15, 500)
    gold = np.repeat([0, 1], n)
    weights = np.where(gold == 0, 10.0, 1.0)
    right = np.array([150 * 0.8, 500 * 0.95])
    true = 2 * right / (2 * right + 150 * 0.2 + 500 * 0.05)
    holds = []
    for _ in range(400):
        labels = np.where(rng.random(sum(n)) < np.where(gold == 0, 0.8, 0.95), gold, 1 - gold)
        rows = {"weights": weights, "squares": weights**2}
        low, high = metrics.f1_intervals(labels, gold, 2, **rows)
        ends = metrics.macro_f1_interval(labels, gold, 2, **rows)
        holds.append([*((low <= true) & (true <= high)), ends[0] <= true.mean() <= ends[1]])
    assert (np.mean(holds, axis=0) >= 0.9).all()  # by the weights of all rows together: 0.79, 0.88, 0.80


def test_equal_weights_are_so_many_rows_whatever_their_size():
    rng = np.random.default_rng(1)
    gold, labels = rng.integers(0, 3, 60), rng.integers(-1, 3, 60)
    plain = metrics.f1_intervals(labels, gold, 3), metrics.macro_f1_interval(labels, gold, 3)
    rows = {"weights": np.full(60, 7.0), "squares": np.full(60, 49.0)}
    weighted = metrics.f1_intervals(labels, gold, 3, **rows), metrics.macro_f1_interval(labels, gold, 3, **rows)
    for one, other in zip(plain, weighted, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


def test_f1_intervals_of_a_model_are_those_of_its_curves():
    rng = np.random.default_rng(2)
    votes, gold = rng.integers(0, 2, (80, 1)), rng.integers(0, 2, 80)
    weights = rng.choice([1.0, 3.0, 20.0], 80)
    model = lk.MajorityVote(n_classes=2).fit(votes)
    found = model.evaluate(votes, gold, weights=weights)
    curves = lk.classification_curves(gold, model.label(votes), weights=weights, positive="1").frame.loc["1"]
    assert found.f1_intervals["1"] == pytest.approx((curves["f1_low"], curves["f1_high"]))


def test_bins_are_worth_their_own_rows_whatever_those_of_others_weigh():
    """Rows of a bin that weigh alike count as rows; of all rows together, ten and 500 were worth 20 each."""
    right = np.repeat([True, False], [8, 2]).tolist() + np.repeat([True, False], [450, 50]).tolist()
    sure = np.repeat([0.7, 0.9], [10, 500])
    weights = np.repeat([50.0, 1.0], [10, 500])
    gold, proba = np.where(right, 0, 1), np.column_stack([sure, 1 - sure])
    unequal = metrics.top_label_reliability(proba, gold, weights=weights, squares=weights**2)
    alike = metrics.top_label_reliability(proba, gold)
    filled = unequal.count > 0
    assert unequal.size[filled] == pytest.approx([10, 500])
    assert np.array(unequal.bounds)[:, filled] == pytest.approx(np.array(alike.bounds)[:, filled])
    assert alike.size == pytest.approx(alike.count)
    merged = metrics.top_label_reliability(proba[[0, 9]], gold[[0, 9]], weights=[8, 2])  # rows that stand for several
    assert merged.size[merged.count > 0] == pytest.approx([10])
    assert np.isnan(merged.bounds[0][merged.count == 0]).all()
