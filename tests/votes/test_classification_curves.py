"""Figures of classifiers: those of scikit-learn, with intervals that hold in simulation with known truth."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

import labelkit as lk
from labelkit.exceptions import AnalysisError, GoldError
from labelkit.votes.ranking import Ranking


def scored(n, share, gap, rng, decimals=None):
    y = rng.random(n) < share
    score = 1 / (1 + np.exp(-(rng.normal(size=n) + gap * y - gap / 2)))
    return y.astype(int), score if decimals is None else score.round(decimals)


@pytest.mark.parametrize("decimals", [None, 1])
@pytest.mark.parametrize("weighted", [False, True])
def test_areas_and_curves_are_those_of_scikit_learn(decimals, weighted):
    rng = np.random.default_rng(0)
    y, p = scored(2_000, 0.2, 1.5, rng, decimals)
    weights = rng.integers(1, 5, len(y)).astype(float) if weighted else None
    curves = lk.classification_curves(y, p, weights=weights, threshold=0.45)
    row = curves.frame.loc["1"]
    assert row["roc_auc"] == pytest.approx(metrics.roc_auc_score(y, p, sample_weight=weights))
    assert row["average_precision"] == pytest.approx(metrics.average_precision_score(y, p, sample_weight=weights))
    hard = p >= 0.45
    for name in ("precision", "recall", "f1"):
        assert row[name] == pytest.approx(getattr(metrics, f"{name}_score")(y, hard, sample_weight=weights))
        assert row[f"{name}_low"] < row[name] < row[f"{name}_high"]
    precision, recall, thresholds = metrics.precision_recall_curve(y, p, sample_weight=weights)
    found = curves.precision_recall("1")
    assert found["precision"].to_numpy() == pytest.approx(precision[:-1][::-1])
    assert found["recall"].to_numpy() == pytest.approx(recall[:-1][::-1])
    assert found["threshold"].to_numpy() == pytest.approx(thresholds[::-1])
    rates = metrics.roc_curve(y, p, sample_weight=weights, drop_intermediate=False)
    roc = curves.roc()
    assert roc["false_positive_rate"].to_numpy() == pytest.approx(rates[0])
    assert roc["true_positive_rate"].to_numpy() == pytest.approx(rates[1])


@pytest.mark.parametrize(("share", "gap", "n"), [(0.5, 1.5, 400), (0.05, 1.5, 2_000), (0.1, 2.5, 1_000)])
def test_intervals_hold_the_truth_as_often_as_they_say(share, gap, n):
    rng = np.random.default_rng(11)
    truth = lk.classification_curves(*scored(1_000_000, share, gap, rng)).frame.loc["1"]
    names = ["precision", "recall", "f1", "average_precision", "roc_auc"]
    holds = []
    for _ in range(300):
        row = lk.classification_curves(*scored(n, share, gap, rng)).frame.loc["1"]
        holds.append([row[f"{name}_low"] <= truth[name] <= row[f"{name}_high"] for name in names])
    coverage = np.mean(holds, axis=0)
    assert (coverage > 0.95 - 4 * np.sqrt(0.95 * 0.05 / 300)).all(), dict(zip(names, coverage, strict=True))
    assert (coverage < 0.995).all(), dict(zip(names, coverage, strict=True))


def test_weights_undo_a_sample_with_different_chances():
    rng = np.random.default_rng(4)
    y, p = scored(400_000, 0.05, 1.5, rng)
    truth = lk.classification_curves(y, p).frame.loc["1"]
    names = ["precision", "f1", "average_precision", "roc_auc"]
    holds = []
    for _ in range(200):
        drawn = np.flatnonzero(rng.random(len(y)) < np.where(y == 1, 0.02, 0.002))
        weights = np.where(y[drawn] == 1, 50.0, 500.0)
        row = lk.classification_curves(y[drawn], p[drawn], weights=weights).frame.loc["1"]
        holds.append([row[f"{name}_low"] <= truth[name] <= row[f"{name}_high"] for name in names])
    assert (np.mean(holds, axis=0) > 0.89).all(), np.mean(holds, axis=0)


def test_several_classes_are_each_against_the_others():
    rng = np.random.default_rng(1)
    gold = rng.integers(0, 3, 600)
    proba = rng.dirichlet([1, 1, 1], 600)
    proba[np.arange(600), gold] += 0.5
    proba /= proba.sum(axis=1, keepdims=True)
    names = np.array(["a", "b", "c"])[gold]
    curves = lk.classification_curves(names, proba)
    assert curves.class_names == ("a", "b", "c")
    for c, name in enumerate("abc"):
        assert curves.frame.loc[name, "roc_auc"] == pytest.approx(metrics.roc_auc_score(gold == c, proba[:, c]))
    one = lk.classification_curves(names, proba, positive="b")
    assert one.class_names == ("b",)
    shuffled = pd.DataFrame(proba[:, ::-1], columns=["c", "b", "a"])
    same = lk.classification_curves(names, shuffled).frame.loc["a", "roc_auc"]
    assert same == curves.frame.loc["a", "roc_auc"]


def test_a_number_that_is_the_name_of_one_class_and_the_number_of_another_is_refused():
    rng = np.random.default_rng(1)
    gold = rng.choice(["1", "2", "3"], 60)
    proba = pd.DataFrame(rng.dirichlet([1, 1, 1], 60), columns=["1", "2", "3"]) / 2 + pd.get_dummies(gold) / 2
    curves = lk.classification_curves(gold, proba)
    assert curves.roc("3").equals(curves.roc(3))
    weights = lk.class_weights(gold)
    assert weights["3"] == weights[3]
    for ask in (lambda one: lk.classification_curves(gold, proba, positive=one), curves.roc, weights.__getitem__):
        ask("2")
        with pytest.raises((AnalysisError, KeyError), match="2 is the name of one class and the number of another, "):
            ask(2)


def test_gold_is_matched_by_name_and_may_leave_rows_out():
    proba = pd.DataFrame({"HAM": [0.9, 0.2, 0.6], "SPAM": [0.1, 0.8, 0.4]}, index=["a", "b", "c"])
    curves = lk.classification_curves({"b": "SPAM", "a": "HAM"}, proba)
    assert curves.n_rows == 2
    assert curves.frame.loc["SPAM", "roc_auc"] == 1
    assert curves.frame.loc["SPAM", "roc_auc_low"] < 1
    labels = lk.ProbabilisticLabels(
        proba.to_numpy(), np.array([True] * 3), np.arange(3), np.array(["a", "b", "c"]), ("HAM", "SPAM")
    )
    assert lk.classification_curves({"b": 1, "a": 0}, labels).frame.equals(curves.frame)
    series = pd.Series(["SPAM", "HAM", "HAM"], index=[17, 3, 17])  # of a test set, beside what predict_proba returns
    assert lk.classification_curves(series, [0.9, 0.2, 0.3]).frame.loc["SPAM", "roc_auc"] == 1
    assert lk.classification_curves([True, False, True], [0.9, 0.2, 0.7]).frame.loc["True", "roc_auc"] == 1


def test_a_class_without_examples_is_undefined_and_has_no_curve():
    curves = lk.classification_curves([0, 0, 0], [0.2, 0.3, 0.1])
    assert curves.frame.loc["1", ["precision", "recall", "roc_auc", "average_precision"]].isna().all()
    assert "–" in str(curves)
    with pytest.raises(AnalysisError, match="'1' has no curve"):
        curves.roc()
    lonely = lk.classification_curves([0, 0, 1], [0.2, 0.3, 0.25]).frame.loc["1"]
    assert (lonely["roc_auc_low"], lonely["roc_auc_high"]) == (0, 1)


def test_bad_input_is_refused():
    for gold, proba, options, error, message in (
        ([0, 1], [0.1, 1.7], {}, AnalysisError, "probabilities of 1"),
        ([0, 1], [0.1, np.nan], {}, AnalysisError, "probabilities of 1"),
        ([-1, -1], [0.1, 0.2], {}, AnalysisError, "no example has a gold label"),
        ([0, 1, 1], [0.1, 0.2], {}, GoldError, "3 labels for 2"),
        (["a", "b"], [[0.1, 0.2, 0.7]] * 2, {}, AnalysisError, "3 columns for 2 classes"),
        ([0, 1], [0.1, 0.2], {"positive": 2}, AnalysisError, "positive=2 is no class"),
        ([0, 1], [0.1, 0.2], {"weights": [1, np.nan]}, AnalysisError, "weight of the gold row 1 is nan"),
        ([0, 1], [0.1, 0.2], {"threshold": 1.0}, AnalysisError, "threshold"),
        ([0, 1], [0.1, 0.2], {"confidence": 95}, AnalysisError, "confidence"),
        ([0, 1], "ab", {}, AnalysisError, "no array of numbers"),
    ):
        with pytest.raises(error, match=message):
            lk.classification_curves(gold, proba, **options)
    with pytest.raises(AnalysisError, match="did you mean 'SPAM'"):
        lk.classification_curves(["HAM", "SPAM"], [0.1, 0.2], positive="SPAN")


def test_reliability_of_calibrated_probabilities_is_within_chance():
    rng = np.random.default_rng(2)
    p = rng.beta(1, 9, 20_000)
    y = (rng.random(len(p)) < p).astype(int)
    for bins in ("width", "size"):
        curve = lk.reliability(y, p, bins=bins)
        assert curve.rows.sum() == len(p)
        assert curve.ece < 2.5 * curve.ece_by_chance
        inside = (curve.frame["share_low"] <= curve.frame["probability"] + 0.02).mean()
        assert inside > 0.8
    off = lk.reliability(y, np.sqrt(p))
    assert off.ece > 20 * off.ece_by_chance
    weights = rng.integers(1, 4, len(p)).astype(float)
    assert lk.reliability(y, p, weights=weights).ece < 0.02
    top = lk.reliability(rng.integers(0, 3, 50), rng.dirichlet([1, 1, 1], 50))
    assert top.of == "the label"
    with pytest.raises(AnalysisError, match="n_bins=0"):
        lk.reliability(y, p, n_bins=0)


def test_variance_of_the_average_precision_is_that_of_repeats():
    rng = np.random.default_rng(6)
    found = [Ranking.of(p, y == 1, np.ones(len(y))) for y, p in (scored(3_000, 0.1, 1.5, rng) for _ in range(300))]
    spread = np.std([ranks.average_precision for ranks in found])
    assert np.sqrt(np.mean([ranks._average_precision_variance() for ranks in found])) == pytest.approx(spread, rel=0.12)


def test_only_the_proportions_of_weights_count():
    rng = np.random.default_rng(4)
    y = rng.integers(0, 2, 60)
    p = np.clip(0.5 + 0.3 * (y - 0.5) + rng.normal(0, 0.12, 60), 0.01, 0.99)
    uneven = rng.choice([1.0, 5.0], 60)
    plain = lk.classification_curves(y, p).frame
    pd.testing.assert_frame_equal(lk.classification_curves(y, p, weights=np.full(60, 50.0)).frame, plain)
    once, often = (lk.classification_curves(y, p, weights=uneven * factor).frame for factor in (1, 40))
    pd.testing.assert_frame_equal(once, often)


@pytest.mark.parametrize("bins", ["width", "size"])
def test_tied_classes_count_their_part_in_bins_of_either_kind(bins):
    """By ``bins="size"``, any of the tied classes was right: an error of 46 points where there is none."""
    rng = np.random.default_rng(0)
    gold = rng.choice(3, 3_000, p=[0.45, 0.45, 0.1])
    curve = lk.reliability(gold, np.tile([0.45, 0.45, 0.1], (3_000, 1)), class_names=[0, 1, 2], bins=bins)
    assert curve.frame["share"].tolist() == pytest.approx([0.45], abs=0.02)
    assert curve.ece < 0.02
