"""Measures of label quality: functions of arrays, weighted by how many examples each row stands for.

Rows without gold (-1) are left out everywhere. An undefined number is NaN: no gold, no votes, a class that neither
occurs nor is predicted. Small numbers deserve :func:`labelkit._shared.numbers.wilson_interval`.

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
    given, truth, weight = _known(labels, gold, weights)
    right = np.bincount(truth[given == truth], weights=weight[given == truth], minlength=n_classes)
    named = np.bincount(given[given >= 0], weights=weight[given >= 0], minlength=n_classes)
    whole = named + np.bincount(truth, weights=weight, minlength=n_classes)
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


def f1_threshold(proba: ArrayLike, *, weights: ArrayLike | None = None) -> float:
    """The probability from which to call an example positive, so that the expected F1 is highest.

    Of calibrated probabilities the best threshold is half of the F1 that it attains, so it is never above 0.5: the most
    probable class is the wrong choice for a rare positive.

    Parameters
    ----------
    proba : array-like of shape (n_rows,)
        Probabilities of the positive class.
    weights : array-like of shape (n_rows,), optional
        How many examples each row stands for.

    Returns
    -------
    float
        NaN without rows.

    References
    ----------
    Lipton, Elkan, Naryanaswamy (2014), Optimal thresholding of classifiers to maximize F1 measure.
    https://doi.org/10.1007/978-3-662-44851-9_15

    Examples
    --------
    >>> f1_threshold([0.9, 0.4, 0.1])  # expected F1 with one, two, three positives: 0.75, 0.765, 0.636
    0.4
    """
    p = np.asarray(proba, dtype=np.float64)
    weight = np.ones(len(p)) if weights is None else np.asarray(weights, dtype=np.float64)
    if not weight.sum() > 0:
        return float("nan")
    order = np.argsort(-p, kind="stable")
    true_positives = np.cumsum((weight * p)[order])
    expected = 2 * true_positives / (np.cumsum(weight[order]) + true_positives[-1])
    last = np.append(p[order][1:] < p[order][:-1], True)  # rows that are equally probable stand or fall together
    return float(p[order][np.where(last, expected, -1.0).argmax()])


@dataclass(frozen=True)
class Reliability:
    """Accuracy of the top label by the probability that it was given: bins of equal width over (0, 1].

    Attributes
    ----------
    edges : ndarray of shape (n_bins + 1,)
    confidence, accuracy : ndarray of shape (n_bins,)
        Mean top probability, and share of right top labels; NaN in an empty bin.
    count : ndarray of shape (n_bins,)
        How many examples each bin holds.
    """

    edges: NDArray[np.float64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    count: NDArray[np.float64]


def reliability(
    proba: ArrayLike, gold: ArrayLike, *, weights: ArrayLike | None = None, n_bins: int = N_BINS
) -> Reliability:
    """Reliability of the top label; where several classes share the top, each counts its part.

    >>> bins = reliability([[0.9, 0.1], [0.9, 0.1], [0.3, 0.7]], [0, 1, 1], n_bins=2)
    >>> bins.count.tolist(), bins.accuracy.round(3).tolist()
    ([0.0, 3.0], [nan, 0.667])
    """
    p, truth, weight = _known(proba, gold, weights)
    top = p.max(axis=1) if len(p) else np.zeros(0)
    tied = p >= top[:, None] - 1e-9
    right = tied[np.arange(len(truth)), truth] / np.maximum(tied.sum(axis=1), 1)
    places = np.clip(np.ceil(top * n_bins).astype(np.int64) - 1, 0, n_bins - 1)
    count = np.bincount(places, weights=weight, minlength=n_bins)
    sums = [np.bincount(places, weights=weight * values, minlength=n_bins) for values in (top, right)]
    means = [np.divide(total, count, out=np.full(n_bins, np.nan), where=count > 0) for total in sums]
    return Reliability(np.linspace(0, 1, n_bins + 1), means[0], means[1], count.astype(np.float64))


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
    bins = reliability(proba, gold, weights=weights, n_bins=n_bins)
    filled = bins.count > 0
    return _mean(np.abs(bins.confidence - bins.accuracy)[filled], bins.count[filled])


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
