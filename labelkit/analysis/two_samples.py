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
    """Return the p-value of a difference of two shares, by Fisher's exact test of small counts, else by chi-square."""
    from scipy import stats  # noqa: PLC0415 - slow to import

    table = np.array([before, after])
    if not table.sum(axis=1).all() or not table.sum(axis=0).all():
        return np.nan if not table.sum(axis=1).all() else 1.0
    if (table.sum(axis=1)[:, None] * table.sum(axis=0) / table.sum()).min() < FEW_EXPECTED:
        return float(stats.fisher_exact(table.astype(np.int64)).pvalue)
    return float(stats.chi2_contingency(table, correction=False).pvalue)


def p_of_distribution(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """Return the p-value of the chi-square test of two samples; rare classes are put together."""
    from scipy import stats  # noqa: PLC0415 - slow to import

    table = np.array([before, after])
    if not table.sum(axis=1).all():
        return np.nan
    expected = table.sum(axis=0) * table.sum(axis=1).min() / table.sum()
    rare = expected < FEW_OF_CLASS
    table = np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)]) if rare.any() else table
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] == 2:
        return p_of_share(table[0], table[1])
    return float(stats.chi2_contingency(table, correction=False).pvalue) if table.shape[1] > 2 else 1.0


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
