"""Tail probabilities of counts by ``scipy.special``, since to import ``scipy.stats`` takes long; Holm's correction.

Each is that of the distribution of ``scipy.stats`` with the same name; a count below 0 and one above ``n`` are tails
like any other, and an argument that is NaN gives NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def binomial_at_most(k: ArrayLike, n: ArrayLike, p: ArrayLike) -> NDArray[np.float64]:
    """Return the probability of at most ``k`` successes in ``n`` trials that each succeed with probability ``p``.

    >>> binomial_at_most([-1, 0, 1, 2], 2, 0.5).tolist()
    [0.0, 0.25, 0.75, 1.0]
    """
    return _binomial_tail(special.betaincc, k, n, p, below=0.0)


def binomial_above(k: ArrayLike, n: ArrayLike, p: ArrayLike) -> NDArray[np.float64]:
    """Return the probability of more than ``k`` successes in ``n`` trials that each succeed with probability ``p``.

    >>> binomial_above([-1, 0, 1, 2], 2, 0.5).tolist()
    [1.0, 0.75, 0.25, 0.0]
    """
    return _binomial_tail(special.betainc, k, n, p, below=1.0)


def poisson_above(k: ArrayLike, mean: ArrayLike) -> NDArray[np.float64]:
    """Return the probability of a count above ``k``, of which the mean is known.

    >>> poisson_above([-1, 0], 1.0).round(4).tolist()
    [1.0, 0.6321]
    """
    k, mean = np.broadcast_arrays(np.floor(k), np.asarray(mean, np.float64))
    return np.where(k < 0, np.where(np.isnan(mean), np.nan, 1.0), special.gammainc(np.maximum(k, 0) + 1, mean))


def clopper_pearson(k: ArrayLike, n: ArrayLike, confidence: float) -> NDArray[np.float64]:
    """Return the upper bound of a probability of which ``k`` of ``n`` trials succeeded; 1 where there are no trials.

    Notes
    -----
    Clopper and Pearson (1934), https://doi.org/10.1093/biomet/26.4.404: the bound is below the probability in at most
    ``1 - confidence`` of the repetitions, for any number of trials.

    Examples
    --------
    >>> clopper_pearson([0, 1, 2, 0], [99, 99, 2, 0], 0.95).round(4).tolist()
    [0.0298, 0.047, 1.0, 1.0]
    """
    k, n = np.broadcast_arrays(np.asarray(k, np.float64), np.asarray(n, np.float64))
    return np.where(k >= n, 1.0, special.betaincinv(k + 1, np.maximum(n - k, 1e-300), confidence))


def exact_interval(k: ArrayLike, n: ArrayLike, confidence: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the two-sided interval of Clopper and Pearson for a probability of which ``k`` of ``n`` trials succeeded.

    For verdicts: each end leaves the probability out in at most half of ``1 - confidence`` of the repetitions, for any
    number of trials. Counts need not be whole, such as those of weighted rows at their effective number. The bounds
    are NaN where there are no trials.

    >>> low, high = exact_interval([0, 1, 20, 0], [1, 2, 20, 0], 0.99)
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.0, 0.003, 0.767, nan], [0.995, 0.997, 1.0, nan])
    """
    k, n = np.broadcast_arrays(np.asarray(k, np.float64), np.asarray(n, np.float64))
    each = 0.5 + confidence / 2
    low, high = 1 - clopper_pearson(n - k, n, each), clopper_pearson(k, n, each)
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def is_surely_above(share: float, k: float, n: float, confidence: float = 0.95) -> bool:
    """Return True if the :func:`exact_interval` of a probability lies above a share; quickly where ``k / n`` does not.

    >>> is_surely_above(0.5, 95, 100), is_surely_above(0.5, 55, 100), is_surely_above(0.5, 0, 0)
    (True, False, False)
    """
    return bool(n > 0 and k / n > share and exact_interval(k, n, confidence)[0] > share)


def beta_binomial_at_most(k: float, n: float, a: float, b: float) -> float:
    """Return the probability of at most ``k`` of ``n`` successes, where that of each is beta-distributed.

    >>> round(beta_binomial_at_most(1, 2, 1.0, 1.0), 6)
    0.666667
    """
    counts = np.arange(np.floor(min(k, n)) + 1)
    binomials = -special.betaln(1 + n - counts, 1 + counts) - np.log1p(n)
    terms = binomials + special.betaln(counts + a, n - counts + b) - special.betaln(a, b)
    return min(1.0, float(np.exp(terms).sum()))


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correct p-values for their number; NaN was not tested.

    Notes
    -----
    Holm (1979), https://www.jstor.org/stable/4615733: to reject what is below 5% rejects any true hypothesis in at most
    5% of analyses, however the tests depend on each other.

    Examples
    --------
    >>> holm(np.array([0.01, np.nan, 0.04, 0.03])).round(2).tolist()
    [0.03, nan, 0.06, 0.06]
    """
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    corrected = np.full(len(p), np.nan)
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)), 1.0)
    return corrected


def _binomial_tail(
    incomplete_beta: np.ufunc, k: ArrayLike, n: ArrayLike, p: ArrayLike, *, below: float
) -> NDArray[np.float64]:
    """Compute a tail, which is ``below`` where ``k`` is under the range of the counts, and 1 less that beyond it."""
    k, n, p = np.broadcast_arrays(np.floor(k), np.asarray(n, np.float64), np.asarray(p, np.float64))
    with np.errstate(invalid="ignore"):
        inside = incomplete_beta(np.maximum(k, 0) + 1, np.maximum(n - k, 1e-300), p)
    tail = np.where(k < 0, below, np.where(k >= n, 1.0 - below, inside))
    return np.where(np.isnan(k) | np.isnan(n) | np.isnan(p), np.nan, tail)
