"""Measures of label quality: functions of arrays, weighted by how many examples each row stands for.

Rows without gold (-1) are left out everywhere. An undefined number is NaN: no gold, no votes, a class that neither
occurs nor is predicted. Intervals are of 95% confidence, for the population that the examples with gold were drawn from
at random; ``python -m tests.benchmarks.honesty.intervals`` measures how often they hold.

>>> import numpy as np
>>> proba = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.5, 0.5]])
>>> gold = np.array([0, 1, 1, -1])
>>> round(accuracy(proba.argmax(axis=1), gold), 3), round(brier_score(proba, gold), 3)
(0.667, 0.273)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.numbers import effective_size, weighted_size, wilson_interval

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

CLIP: Final = 1e-7
"""Probabilities are kept this far from 0 and 1 in the log-loss."""

N_BINS: Final = 15
"""Bins of equal width for the expected calibration error."""


def accuracy(labels: ArrayLike, gold: ArrayLike, *, weights: ArrayLike | None = None) -> float:
    """Share of the rows with gold whose label is right; a row without a label (-1) is not right.

    >>> accuracy([0, 1, -1, 1], [0, 1, 1, -1])
    0.6666666666666666
    """
    given, truth, weight = _known(labels, gold, weights)
    return _mean(given == truth, weight)


def f1_scores(
    labels: ArrayLike, gold: ArrayLike, n_classes: int, *, weights: ArrayLike | None = None
) -> NDArray[np.float64]:
    """F1 of each class, 2 tp / (2 tp + fp + fn).

    Parameters
    ----------
    labels : array-like of int, shape (n_rows,)
        Classes, or -1 for none.
    gold : array-like of int, shape (n_rows,)
        Classes, or -1 where unknown.
    n_classes : int
    weights : array-like of shape (n_rows,), optional

    Returns
    -------
    ndarray of shape (n_classes,)
        NaN for a class that neither occurs in the gold nor is given as a label.

    Examples
    --------
    >>> f1_scores([0, 0, 1], [0, 1, 1], 3).round(3).tolist()
    [0.667, 0.667, nan]
    """
    right, named, occurring = _class_counts(labels, gold, n_classes, weights)
    whole = named + occurring
    scores: NDArray[np.float64] = np.divide(2 * right, whole, out=np.full(n_classes, np.nan), where=whole > 0)
    return scores


def macro_f1(labels: ArrayLike, gold: ArrayLike, n_classes: int, *, weights: ArrayLike | None = None) -> float:
    """Mean F1 of the classes that occur in the gold or among the labels; NaN where there are none.

    >>> round(macro_f1([0, 0, 1], [0, 1, 1], 3), 3)
    0.667
    """
    scores = f1_scores(labels, gold, n_classes, weights=weights)
    defined = scores[~np.isnan(scores)]
    return float(defined.mean()) if len(defined) else float("nan")


def f1_intervals(
    labels: ArrayLike,
    gold: ArrayLike,
    n_classes: int,
    *,
    weights: ArrayLike | None = None,
    squares: ArrayLike | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute a 95% interval of the F1 of each class.

    F1 is ``2 J / (1 + J)``, an increasing function of the Jaccard index ``J = tp / (tp + fp + fn)``. Of the rows that
    count for a class, the right ones are binomial with the probability J; so the bounds are those of Wilson's interval
    of J.

    Parameters
    ----------
    labels, gold, n_classes, weights
        As for :func:`f1_scores`.
    squares : array-like of shape (n_rows,), optional
        For each row, the sum of the squares of the weights of its examples; not needed where weights are numbers of
        examples.

    Returns
    -------
    low, high : ndarray of shape (n_classes,)
        In [0, 1]; NaN where F1 is undefined.

    Examples
    --------
    >>> low, high = f1_intervals([0] * 50 + [1] * 50, [0] * 40 + [1] * 60, 2)
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.802, 0.837], [0.94, 0.951])
    """
    right, named, occurring = _class_counts(labels, gold, n_classes, weights)
    whole = named + occurring - right
    if squares is not None:
        right_square, named_square, occurring_square = _class_counts(labels, gold, n_classes, squares)
        size = weighted_size(whole, named_square + occurring_square - right_square, right, right_square)
        right, whole = np.divide(right, whole, out=np.zeros(n_classes), where=whole > 0) * size, size
    low, high = wilson_interval(right, whole)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def macro_f1_interval(
    labels: ArrayLike,
    gold: ArrayLike,
    n_classes: int,
    *,
    weights: ArrayLike | None = None,
    squares: ArrayLike | None = None,
) -> tuple[float, float]:
    """Compute a 95% interval of the mean F1 of the classes that occur; NaN where there are none.

    Takes what :func:`f1_intervals` takes. The wider, at each end, of two approximations that share the covariance of
    the classes' F1 (delta method; an error counts against two classes). The first adds up the distances of the bounds
    of :func:`f1_intervals` from the estimates; it holds for rare classes, and is too narrow for many classes that are
    nearly all right. The second is Wilson's interval of as many independent trials as have this variance, at most one a
    row: the other way about.

    References
    ----------
    Zou, Donner (2008), Construction of confidence limits about effect measures: a general approach.
    https://doi.org/10.1002/sim.3095

    Examples
    --------
    >>> low, high = macro_f1_interval([0] * 50 + [1] * 50, [0] * 40 + [1] * 60, 2)
    >>> round(low, 3), round(high, 3)
    (0.823, 0.944)
    """
    scores = f1_scores(labels, gold, n_classes, weights=weights)
    class_low, class_high = f1_intervals(labels, gold, n_classes, weights=weights, squares=squares)
    defined = ~np.isnan(scores)
    if not defined.any():
        return float("nan"), float("nan")
    squares = weights if squares is None else squares
    covariance = _f1_covariance(labels, gold, n_classes, weights, squares)[np.ix_(defined, defined)]
    spread = np.sqrt(np.diagonal(covariance))
    scale = np.outer(spread, spread)
    correlation = np.divide(covariance, scale, out=np.ones_like(scale), where=scale > 0)  # 0 or 1: moves with the rest
    mean, n = float(scores[defined].mean()), len(spread)
    below, above = (
        float(np.sqrt(max(gap @ correlation @ gap, 0.0))) / n
        for gap in ((scores - class_low)[defined], (class_high - scores)[defined])
    )
    sums = [_known(labels, gold, one)[2].sum() for one in (weights, squares)]
    size = float(effective_size(mean, covariance.sum() / n**2, sums[0] ** 2 / sums[1]))
    low, high = wilson_interval(mean * size, size)
    return min(float(low), mean - below), min(max(float(high), mean + above), 1.0)


def log_loss(proba: ArrayLike, gold: ArrayLike, *, weights: ArrayLike | None = None) -> float:
    """Mean of ``-log p(gold)``, with probabilities clipped to [1e-7, 1 - 1e-7].

    >>> round(log_loss([[0.5, 0.5], [0.0, 1.0]], [0, 1]), 4)
    0.3466
    """
    p, truth, weight = _known(proba, gold, weights)
    right = np.clip(p[np.arange(len(truth)), truth], CLIP, 1 - CLIP)
    return _mean(-np.log(right), weight)


def brier_score(proba: ArrayLike, gold: ArrayLike, *, weights: ArrayLike | None = None) -> float:
    """Multi-class Brier score: the mean squared distance of the probabilities from the gold, in [0, 2].

    References
    ----------
    Brier (1950), Verification of forecasts expressed in terms of probability.
    https://doi.org/10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2

    Examples
    --------
    >>> brier_score([[0.5, 0.5], [0.0, 1.0]], [0, 0])
    1.25
    """
    p, truth, weight = _known(proba, gold, weights)
    # |p - e|^2 = |p|^2 - 2 p_gold + 1
    return _mean((p * p).sum(axis=1) - 2 * p[np.arange(len(truth)), truth] + 1, weight)


@dataclass(frozen=True)
class Reliability:
    """Accuracy of the top label by the probability that it was given: bins over (0, 1].

    Attributes
    ----------
    edges : ndarray of shape (n_bins + 1,)
    confidence, accuracy : ndarray of shape (n_bins,)
        Mean top probability, and share of right top labels; NaN in an empty bin.
    count : ndarray of shape (n_bins,)
        How many examples each bin holds, or the sum of their weights.
    size : ndarray of shape (n_bins,)
        As many rows of equal weight tell as much of the accuracy.
    """

    edges: NDArray[np.float64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    count: NDArray[np.float64]
    size: NDArray[np.float64]

    @property
    def bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Wilson's 95% interval of the accuracy in each bin; NaN in an empty one."""
        return wilson_interval(np.nan_to_num(self.accuracy) * self.size, self.size)

    @property
    def calibration_error(self) -> float:
        """Mean distance of confidence from accuracy over the examples; NaN without any."""
        filled = self.count > 0
        return _mean(np.abs(self.confidence - self.accuracy)[filled], self.count[filled])


def top_label_reliability(
    proba: ArrayLike,
    gold: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    squares: ArrayLike | None = None,
    n_bins: int = N_BINS,
) -> Reliability:
    """Reliability of the top label; where several classes share the top, each counts its part.

    Weights and squares are those of :func:`f1_intervals`.

    >>> bins = top_label_reliability([[0.9, 0.1], [0.9, 0.1], [0.3, 0.7]], [0, 1, 1], n_bins=2)
    >>> bins.count.tolist(), bins.accuracy.round(3).tolist()
    ([0.0, 3.0], [nan, 0.667])
    """
    p, truth, weight = _known(proba, gold, weights)
    top = p.max(axis=1) if len(p) else np.zeros(0)
    tied = p >= top[:, None] - 1e-9
    right = tied[np.arange(len(truth)), truth] / np.maximum(tied.sum(axis=1), 1)
    square = weight if squares is None else _known(proba, gold, squares)[2]
    return binned_reliability(top, right, weight, np.linspace(0, 1, n_bins + 1), square)


def binned_reliability(
    score: NDArray[np.float64],
    right: NDArray[Any],
    weight: NDArray[np.float64],
    edges: NDArray[np.float64],
    square: NDArray[np.float64],
) -> Reliability:
    """Compare probabilities with how often they come true, in bins that hold their upper edge.

    Parameters
    ----------
    score, right, weight : ndarray of shape (n_rows,)
        A probability; 1 where it came true, 0 where not; the weight of the row.
    edges : ndarray of shape (n_bins + 1,)
        Rising, from 0 to 1.
    square : ndarray of shape (n_rows,)
        The squared weight of the row; of one that stands for so many examples, the weight.
    """
    n_bins = len(edges) - 1
    places = np.clip(np.searchsorted(edges, score - 1e-12) - 1, 0, n_bins - 1)
    count, squares, of_score, of_right, of_right_squares = (
        np.bincount(places, weights=values, minlength=n_bins).astype(np.float64)
        for values in (weight, square, weight * score, weight * right, square * right)
    )
    means = [np.divide(total, count, out=np.full(n_bins, np.nan), where=count > 0) for total in (of_score, of_right)]
    return Reliability(edges, means[0], means[1], count, weighted_size(count, squares, of_right, of_right_squares))


def calibration_error(
    proba: ArrayLike, gold: ArrayLike, *, weights: ArrayLike | None = None, n_bins: int = N_BINS
) -> float:
    """Expected calibration error of the top label: mean distance of confidence from accuracy over 15 equal bins.

    References
    ----------
    Naeini, Cooper, Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian binning.
    https://doi.org/10.1609/aaai.v29i1.9602

    Examples
    --------
    >>> round(calibration_error([[0.9, 0.1], [0.9, 0.1]], [0, 1]), 3)
    0.4
    """
    return top_label_reliability(proba, gold, weights=weights, n_bins=n_bins).calibration_error


def _class_counts(
    labels: ArrayLike, gold: ArrayLike, n_classes: int, weights: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Count the right labels, all labels and the gold of each class; three arrays of shape (n_classes,)."""
    given, truth, weight = _known(labels, gold, weights)
    is_right = given == truth
    right = np.bincount(truth[is_right], weights=weight[is_right], minlength=n_classes).astype(np.float64)
    named = np.bincount(given[given >= 0], weights=weight[given >= 0], minlength=n_classes).astype(np.float64)
    return right, named, np.bincount(truth, weights=weight, minlength=n_classes).astype(np.float64)


def _f1_covariance(
    labels: ArrayLike, gold: ArrayLike, n_classes: int, weights: ArrayLike | None, squares: ArrayLike | None
) -> NDArray[np.float64]:
    """Estimate the covariance of the F1 of classes by the delta method; shape (n_classes, n_classes).

    A row of class g with label h moves F1_c by ``(2 [g = h = c] - F1_c ([g = c] + [h = c])) / (2 tp + fp + fn)``.
    """
    given, truth, square = _known(labels, gold, squares)
    k = n_classes
    cells = np.bincount(truth * (k + 1) + given + 1, weights=square, minlength=k * (k + 1))
    confusion = cells.reshape(k, k + 1)[:, 1:]
    right, named, occurring = _class_counts(labels, gold, k, weights)
    whole = np.maximum(named + occurring, 1e-12)
    f1 = 2 * right / whole
    right, named, occurring = _class_counts(labels, gold, k, squares)
    covariance = np.outer(f1, f1) * (confusion + confusion.T)
    np.fill_diagonal(covariance, right * (2 - 2 * f1) ** 2 + (named + occurring - 2 * right) * f1**2)
    return np.asarray(covariance / np.outer(whole, whole))


def _known(
    values: ArrayLike, gold: ArrayLike, weights: ArrayLike | None
) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.float64]]:
    """The rows whose gold is known."""
    truth = np.asarray(gold, dtype=np.int64)
    has_gold = truth >= 0
    given = np.asarray(values)
    given = given if given.ndim == 1 else given.astype(np.float64, copy=False)
    weight = np.ones(len(truth)) if weights is None else np.asarray(weights, dtype=np.float64)
    return given[has_gold], truth[has_gold], weight[has_gold]


def _mean(values: NDArray[Any], weight: NDArray[np.float64]) -> float:
    total = float(weight.sum())
    return float((values * weight).sum() / total) if total > 0 else float("nan")
