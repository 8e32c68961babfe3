"""The variance of an estimate from a sample, by its design; and an interval of a share that keeps what it promises.

>>> chances = np.full(50, 0.5)
>>> right = np.arange(50) < 45
>>> error = (right - right.mean()) / 50
>>> variance, freedom = design_variance(error, chances)
>>> round(float(variance) ** 0.5, 4), freedom
(0.0303, 49)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import stdtrit

from labelkit._shared.numbers import wilson_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

DOUBT: Final = 0.25
"""Units, beside those there are, that are taken to vary as expected, in roots of the number of units: the rate is that
of Fienberg and Holland's pseudo-observations, the factor is from simulation (tests/benchmarks/honesty/samples.py)."""

ALIKE: Final = 1.0
"""Clusters, squared, that stand for rows of a cluster which are all alike, beside the squared number of those that hold
the rarer value; chosen by simulation (tests/benchmarks/honesty/clusters.py), judged on other populations."""

WEIGHT_CLASSES: Final = 4
"""Classes of about equal size, by weight, whose shares are told apart as far as the sample shows that they differ."""


def design_variance(
    error: NDArray[np.float64],
    chances: NDArray[np.float64],
    strata: NDArray[np.int64] | None = None,
    clusters: NDArray[np.int64] | None = None,
    *,
    expected: NDArray[np.float64] | None = None,
    doubted: NDArray[np.float64] | None = None,
    evidence: float = np.inf,
    independent: bool = False,
) -> tuple[float, int]:
    """Estimate the variance of a sum over the rows of a sample.

    Within each stratum, of m units (rows, or the sums of clusters) with the values e and the chances p,
    ``m / (m - 1) sum (1 - p) (e - a)^2`` with ``a = sum (1 - p) e / sum (1 - p)``: exact for simple random samples of
    rows and clusters; for other chances, Hájek's approximation, which needs no joint inclusion probabilities. Where
    each row is drawn for itself, a surplus of some is not balanced by others: ``a`` is 0.

    Parameters
    ----------
    error : ndarray of shape (n_rows,)
        What each row adds to the error of the estimate, 0 if nothing.
    chances : ndarray of shape (n_rows,)
        Inclusion probabilities.
    strata, clusters : ndarray of int64, shape (n_rows,), optional
    expected : ndarray of shape (n_rows,), optional
        Squared error that a row is expected to have, by which the variance within each stratum is smoothed; of rows
        that are drawn one by one.
    doubted : ndarray of shape (n_rows,), optional
        Part of a unit that is taken to vary as expected beside each row; their sum in a stratum stands against the
        units of it that add to the error.
    evidence : float
        At most as many units as show the variance: less than there are where few rows of large weight decide.
    independent : bool
        True for weighted reservoirs, whose estimates of rows are uncorrelated (Duffield et al. 2007).

    Returns
    -------
    variance : float
    freedom : int
        Units less strata, of those that are drawn by chance.

    References
    ----------
    Hájek (1964), Asymptotic theory of rejective sampling. https://doi.org/10.1214/aoms/1177700375

    Fienberg, Holland (1973), Simultaneous estimation of multinomial cell probabilities (pseudo-observations).
    https://doi.org/10.1080/01621459.1973.10481405
    """
    if clusters is not None:
        _, first, units = np.unique(clusters, return_index=True, return_inverse=True)
        error, chances = np.bincount(units, weights=error).astype(np.float64), chances[first]
        strata = None if strata is None else strata[first]
    by_chance = chances < 1
    e, left = error[by_chance], 1 - chances[by_chance]
    stratum = np.zeros(len(e), dtype=np.int64) if strata is None else strata[by_chance]
    _, place, sizes = np.unique(stratum, return_inverse=True, return_counts=True)
    single = sizes < 2
    if single.any():  # strata of one row are judged together
        _, place, sizes = np.unique(np.where(single[place], -1, place), return_inverse=True, return_counts=True)
    mean = np.bincount(place, weights=left * e) / np.bincount(place, weights=left) if len(e) else np.zeros(0)
    mean = np.where((sizes > 1) & (not independent), mean, 0.0)
    squares = np.bincount(place, weights=left * (e - mean[place]) ** 2, minlength=len(sizes))
    variance = squares * sizes / np.maximum(sizes - 1, 1)
    if expected is not None and doubted is not None:
        prior, doubt, there = (
            np.bincount(place, weights=of_units[by_chance], minlength=len(sizes))
            for of_units in ((1 - chances) * expected, doubted, expected > 0)
        )
        worth = np.minimum(there, evidence)
        seen = np.divide(worth, worth + doubt, out=np.zeros(len(sizes)), where=worth > 0)
        variance = seen * variance + (1 - seen) * prior
    return float(variance.sum()), max(len(e) - len(sizes), 0)


def expected_errors(weight: NDArray[np.float64], values: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Estimate the squared error of each row about a share, by what rows of about its weight are like.

    Where weights were chosen by the risk of the rows, those of large weight err least; where they were not, all are
    alike. So the share of each of four classes by weight is drawn to that of all rows, the more the less the sample
    shows that they differ: by the part (classes - 1) / chi squared, which is Stein's estimate of the part of their
    differences that is chance.

    Parameters
    ----------
    weight, values : ndarray of shape (n_rows,)
        Values are 0 or 1; rows without a part in the share have the weight 0.
    share : float

    Returns
    -------
    ndarray of shape (n_rows,)
        In units of the squared weight.

    References
    ----------
    Efron, Morris (1975), Data analysis using Stein's estimator and its generalizations.
    https://doi.org/10.1080/01621459.1975.10479864
    """
    there = weight > 0
    cuts = np.quantile(weight[there], np.arange(1, WEIGHT_CLASSES) / WEIGHT_CLASSES)
    kind = np.searchsorted(cuts, weight)
    rows, ones, sums, whole = (
        np.bincount(kind[there], weights=of_rows[there], minlength=WEIGHT_CLASSES)
        for of_rows in (there, values, weight * values, weight)
    )
    mean = float(values[there].mean())
    uneven = float(((ones - rows * mean) ** 2 / np.maximum(rows, 1)).sum())
    by_chance = (np.count_nonzero(rows) - 1) * mean * (1 - mean)
    alike = 1.0 if uneven <= by_chance else by_chance / uneven
    shares = alike * share + (1 - alike) * sums / np.where(rows > 0, whole, 1.0)
    return np.asarray(np.where(there, (shares * (1 - 2 * share) + share**2)[kind], 0.0))


def variance_of_alike(
    weight: NDArray[np.float64],
    values: NDArray[np.float64],
    share: float,
    chances: NDArray[np.float64],
    clusters: NDArray[np.int64],
) -> tuple[float, float, float]:
    """Compute the variance of a share, or a count, if all rows of a cluster were alike, and how far to believe it.

    Few clusters that hold the rarer value do not show how alike the rows of a cluster are: the one that is full of them
    may not have been drawn. So the less, the fewer hold it, is believed of the variance between clusters; with none,
    nothing is.

    Parameters
    ----------
    weight, values : ndarray of shape (n_rows,)
        Values are 0 or 1.
    share : float
        Of the values, by weight.
    chances : ndarray of shape (n_rows,)
    clusters : ndarray of int64, shape (n_rows,)

    Returns
    -------
    variance : float
    part : float
        Of the variance to use, from 0 (that between clusters) to 1 (this one).
    freedom : float
        Degrees of freedom of a variance between clusters of these sizes: those of as many of equal size.
    """
    _, first, place = np.unique(clusters, return_index=True, return_inverse=True)
    of_cluster, of_ones = (np.bincount(place, weights=one).astype(np.float64) for one in (weight, weight * values))
    variance = share * (1 - share) * float((1 - chances[first]) @ of_cluster**2)
    holding = min(_of_equal_weight(of_ones), _of_equal_weight(of_cluster - of_ones))
    return variance, ALIKE / (ALIKE + holding**2), _of_equal_weight(of_cluster) - 1


def share_interval(
    share: float,
    variance: float,
    weight: NDArray[np.float64],
    chances: NDArray[np.float64],
    freedom: float,
    confidence: float,
) -> tuple[float, float, float]:
    """Compute Wilson's interval of a share for as many independent rows as have its variance.

    Parameters
    ----------
    share, variance : float
    weight, chances : ndarray of shape (n_rows,)
        Of the rows that the share is of.
    freedom : float
        Degrees of freedom of the variance.
    confidence : float

    Returns
    -------
    low, high, effective_rows : float

    References
    ----------
    Korn, Graubard (1998), Confidence intervals for proportions with small expected number of positive counts.
    Survey Methodology 24, 193-201 (effective size, with the degrees of freedom of the design).

    Dean, Pagano (2015), Evaluating confidence interval methods for binomial proportions in clustered surveys.
    https://doi.org/10.1093/jssam/smv024
    """
    part = weight / weight.sum()
    left = float((part**2 * (1 - chances)).sum())
    if left < 1e-12:  # all rows are in the sample
        return share, share, float(len(weight))
    size = 1 / left if variance < 1e-15 or share in {0.0, 1.0} else share * (1 - share) / variance
    size *= _factor(len(weight) - 1, freedom, confidence)
    low, high = wilson_interval(share * size, size, confidence=confidence)
    return float(low), float(high), size


def count_interval(count: float, variance: float, freedom: float, confidence: float) -> tuple[float, float]:
    """Compute the score interval of a total of zeros and ones, which is not symmetric where few ones decide it.

    The totals are those whose distance from the estimate is ``t`` of their own standard errors, if the variance grows
    with the total: Wilson's interval without an upper bound of the share. Near ``count ± t sqrt(variance)`` for many.

    >>> low, high = count_interval(400.0, 40_000.0, 30, 0.95)  # four rows of weight 100
    >>> round(low), round(high)
    (150, 1067)
    """
    spread = float(stdtrit(max(freedom, 1), 0.5 + confidence / 2)) ** 2 * variance / count / 2
    half = float((2 * spread * count + spread**2) ** 0.5)
    return count + spread - half, count + spread + half


def effective_events(weight: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Count the rows behind the rarer of the values 0 and 1, as many as would be of equal weight.

    References
    ----------
    Kish (1965), Survey Sampling, section 8.2.
    """
    return min(_of_equal_weight(weight[values == value]) for value in (0, 1))


def _of_equal_weight(weight: NDArray[np.float64]) -> float:
    """Count as many units of equal weight as tell as much (Kish's effective size)."""
    squares = float(weight @ weight)
    return float(weight.sum()) ** 2 / squares if squares > 0 else 0.0


def _factor(rows: int, freedom: float, confidence: float) -> float:
    """Compute how much fewer rows a design with few degrees of freedom is worth."""
    if freedom >= rows or rows < 1:
        return 1.0
    top = 0.5 + confidence / 2
    few = stdtrit(max(freedom, 1), top)
    return float((stdtrit(rows, top) / few) ** 2)
