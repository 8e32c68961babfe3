"""Shares of classes from gold and labels are unbiased, and their intervals hold."""

import math
from types import MappingProxyType

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import stats

import labelkit as lk
from labelkit.exceptions import AnalysisError, GoldError
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

N = 8_000
PROBA = np.array([[0.85, 0.15], [0.1, 0.9]])


def population(rng, share, accuracy):
    truth = rng.random(N) < share
    says = truth ^ (rng.random(N) > accuracy)
    return truth, ProbabilisticLabels(PROBA, np.ones(2, bool), says.astype(int), np.arange(N), ("HAM", "SPAM"))


def golden(truth, rows):
    gold = np.full(N, -1)
    gold[rows] = truth[rows]
    return gold


@pytest.mark.filterwarnings("ignore:.*LK34[46]")  # labels that are right on 60%, and surer than that
@pytest.mark.parametrize("share", [0.05, 0.3])
@pytest.mark.parametrize("accuracy", [0.6, 0.9, 0.99])
def test_intervals_hold_and_are_no_wider_than_those_of_gold_alone(share, accuracy):
    held, widths, off, repeats = 0, [], [], 200
    for seed in range(repeats):
        rng = np.random.default_rng([seed, 1])
        truth, labels = population(rng, share, accuracy)
        found = lk.prevalence(labels, golden(truth, rng.choice(N, 150, replace=False)))
        held += found.low[0, 1] <= truth.mean() <= found.high[0, 1]
        widths.append((found.high - found.low)[0, 1] / (found.gold_high - found.gold_low)[0, 1])
        off.append(found["SPAM"] - truth.mean())
    assert held >= stats.binom.ppf(0.001, repeats, 0.95)
    assert max(widths) <= 1
    assert abs(np.mean(off)) < 4 * np.std(off) / np.sqrt(repeats)
    if accuracy == 0.99:
        assert np.mean(widths) < 0.65


def test_weights_of_rows_that_were_drawn_with_other_chances_remove_the_bias():
    held, off, repeats = 0, [], 200
    for seed in range(repeats):
        rng = np.random.default_rng([seed, 2])
        truth, labels = population(rng, 0.2, 0.85)
        chance = np.where(truth, 0.04, 0.01)  # the class that is looked for is drawn more often
        found = lk.prevalence(labels, golden(truth, np.flatnonzero(rng.random(N) < chance)), weights=1 / chance)
        held += found.low[0, 1] <= truth.mean() <= found.high[0, 1]
        off.append(found["SPAM"] - truth.mean())
    assert held >= stats.binom.ppf(0.001, repeats, 0.95)
    assert abs(np.mean(off)) < 4 * np.std(off) / np.sqrt(repeats)


def test_groups_have_shares_and_differences_that_hold():
    held, repeats = np.zeros(3), 200
    months = np.repeat(["may", "june"], N // 2)
    for seed in range(repeats):
        rng = np.random.default_rng([seed, 3])
        truth = rng.random(N) < np.where(months == "may", 0.1, 0.3)
        says = truth ^ (rng.random(N) > np.where(months == "may", 0.95, 0.8))
        labels = ProbabilisticLabels(PROBA, np.ones(2, bool), says.astype(int), np.arange(N), ("HAM", "SPAM"))
        found = lk.prevalence(labels, golden(truth, rng.choice(N, 300, replace=False)), by=months)
        assert found.groups == ("june", "may")
        true = [truth[months == "june"].mean(), truth[months == "may"].mean()]
        held[:2] += (found.low[1:, 1] <= true) & (true <= found.high[1:, 1])
        held[2] += found.difference_low[1, 1] <= true[1] - true[0] <= found.difference_high[1, 1]
    assert (held >= stats.binom.ppf(0.001, repeats, 0.95)).all()


def test_a_group_without_gold_has_no_share():
    truth, labels = population(np.random.default_rng(0), 0.3, 0.9)
    by = pd.Series(np.where(np.arange(N) < 100, "new", "old"), index=np.arange(N))
    found = lk.prevalence(labels, golden(truth, np.arange(200, 400)), by=by)
    assert np.isnan(found.share[1]).all()
    assert np.isfinite(found.label_share).all()
    assert found.n_examples.tolist() == [N, 100, N - 100]
    assert found.n_gold.tolist() == [200, 0, 200]
    assert len(found.frame) == 6
    assert found.to_dict()["share"][1] == [None, None]


def test_groups_come_in_any_container():
    truth, labels = population(np.random.default_rng(0), 0.3, 0.9)
    groups, gold = ["a" if i % 3 else None for i in range(N)], golden(truth, np.arange(0, N, 4))
    expected = lk.prevalence(labels, gold, by=groups).frame
    for by in (pa.array(groups), pd.DataFrame({"group": groups}), MappingProxyType(dict(enumerate(groups)))):
        assert lk.prevalence(labels, gold, by=by).frame.equals(expected)


def test_few_rows_and_shares_of_nothing_have_honest_intervals():
    _, labels = population(np.random.default_rng(0), 0.3, 0.9)
    one = lk.prevalence(labels, {5: 1})
    assert one.share[0].tolist() == [0.0, 1.0]
    assert one.low[0, 1] < 0.3
    none = lk.prevalence(labels, dict.fromkeys(range(50), 0))
    assert none.high[0, 1] > 0.01


def test_bad_input_is_refused():
    truth, labels = population(np.random.default_rng(0), 0.3, 0.9)
    with pytest.raises(GoldError, match="no example has gold"):
        lk.prevalence(labels, np.full(N, -1))
    with pytest.raises(AnalysisError, match=r"(?s)8,000 different values.*by month"):
        lk.prevalence(labels, truth.astype(int), by=np.arange(N))
    with pytest.raises(AnalysisError, match="weights"):
        lk.prevalence(labels, truth.astype(int), weights=np.ones(3))
    with pytest.raises(AnalysisError, match="confidence=2"):
        lk.prevalence(labels, truth.astype(int), confidence=2)


def test_examples_in_no_group_are_on_neither_side_of_a_difference():
    rng = np.random.default_rng(0)
    held = []
    for _ in range(60):
        group = rng.choice(np.array(["a", "b", None], dtype=object), 4_000, p=[0.2, 0.3, 0.5])
        truth = (rng.random(4_000) < np.where(group == "a", 0.2, np.where(group == "b", 0.3, 0.8))).astype(int)
        says = np.where(rng.random(4_000) < 0.85, truth, 1 - truth)
        labels = lk.ProbabilisticLabels(np.eye(2), np.ones(2, bool), says, np.arange(4_000), ("HAM", "SPAM"))
        gold = {int(row): int(truth[row]) for row in rng.choice(4_000, 500, replace=False)}
        found = lk.prevalence(labels, gold, by=group)
        apart = truth[group == "a"].mean() - truth[group == "b"].mean()
        held.append(found.difference_low[0, 1] <= apart <= found.difference_high[0, 1])
    assert np.mean(held) >= 0.88


def test_a_few_gold_rows_of_large_weight_are_worth_few_rows():
    n, heavy, light = 10_000, 1_000, 9_000
    rows = [*range(4), *range(heavy, heavy + 196)]
    weights = dict(zip(rows, [heavy / 4] * 4 + [light / 196] * 196, strict=True))
    labels = ProbabilisticLabels(np.array([[0.5, 0.5]]), np.ones(1, bool), np.zeros(n, int), np.arange(n), ("A", "B"))
    holds = 0.0
    for k in range(5):  # of the heavy rows are B, as are half of those that they stand for, and no light ones
        found = lk.prevalence(labels, {row: int(row < k) for row in rows}, weights=weights)
        assert found.gold_share[0, 1] == pytest.approx(0.025 * k)
        holds += math.comb(4, k) / 16 * (found.gold_low[0, 1] <= 0.05 <= found.gold_high[0, 1])
    assert holds >= 0.93  # but where none of the four is B; by the weights alone, 0.875


def test_equal_weights_change_nothing():
    gold = {i: int(i % 7 == 0) for i in range(0, 300, 3)}
    labels = ProbabilisticLabels(
        np.array([[0.6, 0.4]]), np.ones(1, bool), np.zeros(300, int), np.arange(300), ("A", "B")
    )
    plain, weighted = lk.prevalence(labels, gold), lk.prevalence(labels, gold, weights=dict.fromkeys(gold, 5.0))
    for name in ("share", "low", "high", "gold_share", "gold_low", "gold_high"):
        np.testing.assert_allclose(getattr(plain, name), getattr(weighted, name), atol=1e-12)
