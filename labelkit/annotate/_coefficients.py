"""Coefficients of agreement, for many bootstrap samples of the examples at once.

A sample gives each distinct row of counts (answers to an example by class) a weight: how many such examples it has.

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


def pair_shares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the coincidences of classes among the answers to each example.

    Parameters
    ----------
    counts : ndarray of int64, shape (n_rows, n_classes)
        With at least two answers in each row.

    Returns
    -------
    ndarray of float64, shape (n_rows, n_classes, n_classes)
        Ordered pairs of answers by two annotators, divided by the answers less one: a row sums to its answers.
    """
    n = counts.astype(np.float64)
    pairs = n[:, :, None] * n[:, None, :]
    diagonal = np.arange(counts.shape[1])
    pairs[:, diagonal, diagonal] -= n
    return np.asarray(pairs / (n.sum(axis=1) - 1)[:, None, None])


def observed_agreement(counts: NDArray[np.int64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of pairs of answers to an example that are alike, as the mean over examples; (n_samples,)."""
    n = counts.sum(axis=1)
    alike = (counts * (counts - 1)).sum(axis=1) / (n * (n - 1))
    return np.asarray(weights @ alike / weights.sum(axis=1))


def fleiss(counts: NDArray[np.int64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute Fleiss' kappa; with other numbers of answers, the examples count alike, and the answers for chance."""
    observed = observed_agreement(counts, weights)
    totals = weights @ counts
    chance = ((totals / totals.sum(axis=1, keepdims=True)) ** 2).sum(axis=1)
    return _above(observed, chance)


def alpha(counts: NDArray[np.int64], weights: NDArray[np.float64], *, ordinal: bool) -> NDArray[np.float64]:
    """Compute Krippendorff's alpha, nominal or ordinal; shape (n_samples,)."""
    n_classes = counts.shape[1]
    if not ordinal:
        n = counts.sum(axis=1)
        alike = (counts * (counts - 1)).sum(axis=1) / (n - 1)
        totals = weights @ counts.astype(np.float64)
        size = totals.sum(axis=1)
        apart = size - weights @ alike
        expected = (size**2 - (totals**2).sum(axis=1)) / np.maximum(size - 1, 1)
        return _less(apart, expected)
    pairs = pair_shares(counts).reshape(len(counts), -1)
    coincidences = (weights @ pairs).reshape(-1, n_classes, n_classes)
    totals = coincidences.sum(axis=2)
    size = totals.sum(axis=1)
    until = np.cumsum(totals, axis=1)
    middle = until - totals / 2  # half of a class, and all below it
    distance = (middle[:, :, None] - middle[:, None, :]) ** 2
    apart = (coincidences * distance).sum(axis=(1, 2))
    expected = (totals[:, :, None] * totals[:, None, :] * distance).sum(axis=(1, 2)) / np.maximum(size - 1, 1)
    return _less(apart, expected)


def class_agreement(counts: NDArray[np.int64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return, of each class, how often another annotator says it, too, where one does; shape (n_samples, n_classes)."""
    n = counts.sum(axis=1, keepdims=True)
    both = weights @ (counts * (counts - 1) / (n - 1))
    one = weights @ counts.astype(np.float64)
    return np.asarray(np.divide(both, one, out=np.full_like(both, np.nan), where=one > 0))


def cohen(tables: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute Cohen's kappa of tables of two annotators' classes; shape (n_tables, n_classes, n_classes)."""
    size = tables.sum(axis=(1, 2))
    size = np.where(size > 0, size, 1)
    observed = np.trace(tables, axis1=1, axis2=2) / size
    chance = (tables.sum(axis=1) * tables.sum(axis=2)).sum(axis=1) / size**2
    return _above(observed, chance)  # 0 for a table without examples


def _above(observed: NDArray[np.float64], chance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return agreement beyond chance; NaN where chance alone gives perfect agreement."""
    room = 1 - chance
    return np.divide(observed - chance, room, out=np.full_like(observed, np.nan), where=room > 1e-12)


def _less(apart: NDArray[np.float64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    ratio = np.divide(apart, expected, out=np.full_like(apart, np.nan), where=expected > 1e-12)
    return np.asarray(1 - ratio)


def bootstrap_weights(n_each: NDArray[np.int64], n_samples: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw how many examples with each row of counts a bootstrap sample has; shape (n_samples, n_rows)."""
    n = int(n_each.sum())
    return rng.multinomial(n, n_each / n, size=n_samples).astype(np.float64)
