"""Tell how much two samples differ, and how surely: shares, distributions, numbers; corrected for many comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEW_EXPECTED: Final = 10.0
"""Where fewer examples are expected in a cell, a share is tested exactly."""

FEW_OF_CLASS: Final = 5.0
"""Classes of which fewer are expected are put together before a distribution is tested."""

SKEWED: Final = 0.0025
"""Squared skewness of counts, summed over the classes and divided by the square of their number, above which the tail
of chi-square is too thin. Below, a chance of 1 in 4,000 is at most 1.4 in 4,000, as simulations tell."""

FEW_NUMBERS: Final = 500
"""Up to so many numbers on a side, the test of Kolmogorov and Smirnov is exact."""


def shares_of(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return counts as shares; NaN if there are none."""
    n = counts.sum()
    return counts / n if n else np.full(len(counts), np.nan)


def largest_change(old: NDArray[np.float64], new: NDArray[np.float64]) -> float:
    """Return the largest relative change of a share, of the larger of the two; in [0, 1]."""
    larger = np.maximum(old, new)
    changes = np.abs(new - old)[larger > 0] / larger[larger > 0]
    return float(changes.max(initial=0.0)) if not np.isnan(changes).any() else np.nan


def stability_index(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """Return the population stability index, with half an example more of each kind, so that it is always finite."""
    old, new = (shares_of(counts + 0.5) for counts in (before, after))
    return float(((new - old) * np.log(new / old)).sum()) if before.sum() and after.sum() else np.nan


def jensen_shannon_bits(old: NDArray[np.float64], new: NDArray[np.float64]) -> float:
    """Return the Jensen-Shannon divergence of two distributions, in bits."""
    middle = (old + new) / 2
    return float((special.rel_entr(old, middle) + special.rel_entr(new, middle)).sum() / (2 * np.log(2)))


def p_of_share(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """Return the p-value of a difference of two shares.

    By Fisher's exact test of small counts, and where one side is so much smaller than the other that its counts are
    skewed: there, chi-square takes a surplus for surer than it is. Else by chi-square.
    """
    from scipy import stats  # noqa: PLC0415 - slow to import

    table = np.array([before, after])
    if not table.sum(axis=1).all() or not table.sum(axis=0).all():
        return np.nan if not table.sum(axis=1).all() else 1.0
    few = (table.sum(axis=1)[:, None] * table.sum(axis=0) / table.sum()).min() < FEW_EXPECTED
    if few or _squared_skewness(table)[0] > SKEWED:
        return float(stats.fisher_exact(table.astype(np.int64)).pvalue)
    return float(stats.chi2_contingency(table, correction=False).pvalue)


def p_of_distribution(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """Return the p-value of a difference of two distributions; rare classes are put together.

    By chi-square, as far as no count is skewed; each class of which the counts are is tested against the rest, exactly.
    Where there are both, each kind has half of the chance of a false alarm (Bonferroni).
    """
    from scipy import stats  # noqa: PLC0415 - slow to import

    table = np.array([before, after])
    if not table.sum(axis=1).all():
        return np.nan
    expected = table.sum(axis=0) * table.sum(axis=1).min() / table.sum()
    rare = expected < FEW_OF_CLASS
    table = np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)]) if rare.any() else table
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 3:
        return p_of_share(table[0], table[1]) if table.shape[1] == 2 else 1.0
    even = _without_skew(table)
    parts = [float(stats.chi2_contingency(table[:, even], correction=False).pvalue)] if even.any() else []
    skewed = table[:, ~even].T
    if len(skewed):
        whole = table.sum(axis=1)
        parts.append(len(skewed) * min(p_of_share(*np.array([one, whole - one]).T) for one in skewed))
    return min(1.0, len(parts) * min(parts))


def _squared_skewness(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the squared skewness of the count of each class on a side, if nothing differs; shape (n_classes,)."""
    n = table.sum()
    of_class, of_side = table.sum(axis=0) / n, table[0].sum() / n
    spread = n * of_side * (1 - of_side) * of_class * (1 - of_class)
    return np.asarray((1 - 2 * of_side) ** 2 * (1 - 2 * of_class) ** 2 / np.maximum(spread, 1e-300))


def _without_skew(table: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Choose as many classes as chi-square serves, those of the least skewness: all, none, or at least two."""
    skewness = _squared_skewness(table)
    order = np.argsort(skewness, kind="stable")
    of_first = np.cumsum(skewness[order]) / np.arange(1, len(order) + 1) ** 2
    served = np.flatnonzero(of_first <= SKEWED)
    number = int(served[-1]) + 1 if len(served) else 0
    chosen = np.zeros(len(order), dtype=np.bool_)
    chosen[order[: number if number > 1 else 0]] = True
    return chosen


def p_of_numbers(before: NDArray[np.float64], after: NDArray[np.float64]) -> tuple[float, float]:
    """Compare two samples of numbers by the test of Kolmogorov and Smirnov.

    The p-value is exact for small samples, else the limit (Hodges 1958, https://doi.org/10.1007/BF02589501). Where
    values are tied it is too large, which gives fewer alarms, not more.

    Parameters
    ----------
    before, after : ndarray of float64
        Without NaN.

    Returns
    -------
    distance, p : float
        The largest difference of the two distribution functions, in [0, 1]; NaN where a sample is empty.
    """
    from scipy import stats  # noqa: PLC0415 - slow to import

    if not len(before) or not len(after):
        return np.nan, np.nan
    method: Literal["exact", "asymp"] = "exact" if max(len(before), len(after)) <= FEW_NUMBERS else "asymp"
    tested = stats.ks_2samp(before, after, method=method)
    return float(tested.statistic), float(tested.pvalue)
