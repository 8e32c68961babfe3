"""Coefficients of agreement, as functions of sums over examples.

Each example adds a row of numbers to the sums, so that those without an example are a subtraction: the jackknife of
:mod:`labelkit.annotate._coefficient_ends` needs them without each in turn.

References
----------
Cohen (1960), A coefficient of agreement for nominal scales. https://doi.org/10.1177/001316446002000104
Fleiss (1971), Measuring nominal scale agreement among many raters. https://doi.org/10.1037/h0031619
Krippendorff (2011), Computing Krippendorff's alpha-reliability. https://repository.upenn.edu/asc_papers/43
Cicchetti and Feinstein (1990), High agreement but low kappa, https://doi.org/10.1016/0895-4356(90)90159-M, of the
agreement on one class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def answer_sums(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what each example adds to the sums of the nominal coefficients.

    Parameters
    ----------
    counts : ndarray of int64, shape (n_rows, n_classes)
        Answers by class, with at least two in each row.

    Returns
    -------
    ndarray of float64, shape (n_rows, 2 + 2 * n_classes)
        1; the share of pairs of its answers that are alike; its answers by class; and, by class, its pairs of such
        answers, divided by the answers less one.
    """
    n = counts.sum(axis=1, keepdims=True)
    pairs = counts * (counts - 1)
    alike = pairs.sum(axis=1, keepdims=True) / (n * (n - 1))
    return np.asarray(np.hstack([np.ones_like(alike), alike, counts, pairs / (n - 1)]))


def observed_agreement(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of pairs of answers to an example that are alike, as the mean over examples; (n_sums,)."""
    right, n = sums[:, 1], sums[:, 0]
    return np.asarray(np.divide(right, n, out=np.full(len(n), np.nan), where=n > 0))


def fleiss(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute Fleiss' kappa; with other numbers of answers, the examples count alike, and the answers for chance."""
    totals, _ = _by_class(sums)
    size = np.maximum(totals.sum(axis=1, keepdims=True), 1)
    return _above(observed_agreement(sums), ((totals / size) ** 2).sum(axis=1))


def alpha(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute Krippendorff's alpha for nominal classes; shape (n_sums,)."""
    totals, pairs = _by_class(sums)
    size = totals.sum(axis=1)
    expected = (size**2 - (totals**2).sum(axis=1)) / np.maximum(size - 1, 1)
    return _less(size - pairs.sum(axis=1), expected)


def class_agreement(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return, of each class, how often another annotator says it, too, where one does; shape (n_sums, n_classes)."""
    totals, pairs = _by_class(sums)
    return np.divide(pairs, totals, out=np.full_like(pairs, np.nan), where=totals > 0)


def coincidences(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the coincidences of classes among the answers to each example.

    Returns
    -------
    ndarray of float64, shape (n_rows, n_classes * n_classes)
        Ordered pairs of answers by two annotators, divided by the answers less one: a row sums to its answers.
    """
    n = counts.astype(np.float64)
    pairs = n[:, :, None] * n[:, None, :]
    diagonal = np.arange(counts.shape[1])
    pairs[:, diagonal, diagonal] -= n
    return np.asarray((pairs / (n.sum(axis=1) - 1)[:, None, None]).reshape(len(n), -1))


def ordinal_alpha(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute Krippendorff's alpha for ordered classes of sums of :func:`coincidences`; shape (n_sums,)."""
    n_classes = round(sums.shape[1] ** 0.5)
    pairs = sums.reshape(-1, n_classes, n_classes)
    totals = pairs.sum(axis=2)
    size = totals.sum(axis=1)
    middle = np.cumsum(totals, axis=1) - totals / 2  # half of a class, and all below it
    distance = (middle[:, :, None] - middle[:, None, :]) ** 2
    apart = (pairs * distance).sum(axis=(1, 2))
    expected = (totals[:, :, None] * totals[:, None, :] * distance).sum(axis=(1, 2)) / np.maximum(size - 1, 1)
    return _less(apart, expected)


def cohen(observed: NDArray[np.float64], chance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute Cohen's kappa of shares of examples: those on which two agree, and those that chance alone gives."""
    return _above(observed, chance)


def _by_class(sums: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    n_classes = (sums.shape[1] - 2) // 2
    return sums[:, 2 : 2 + n_classes], sums[:, 2 + n_classes :]


def _above(observed: NDArray[np.float64], chance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return agreement beyond chance; NaN where chance alone gives perfect agreement."""
    room = 1 - chance
    return np.divide(observed - chance, room, out=np.full_like(observed, np.nan), where=room > 1e-12)


def _less(apart: NDArray[np.float64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    ratio = np.divide(apart, expected, out=np.full_like(apart, np.nan), where=expected > 1e-12)
    return np.asarray(1 - ratio)
