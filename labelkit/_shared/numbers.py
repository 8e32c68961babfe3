"""Format numbers for people, with intervals for shares of few examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import ndtri

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

DASH: Final = "–"
"""What an undefined number looks like."""


def percent(share: float) -> str:
    """A share as a percentage with one decimal, or a dash.

    >>> percent(0.125), percent(float("nan"))
    ('12.5%', '–')
    """
    return DASH if share != share else f"{100 * share:.1f}%"  # noqa: PLR0124 - NaN differs from itself


def interval(part: float, whole: float) -> str:
    """A share with Wilson's 95% interval.

    >>> interval(40, 100), interval(0, 0)
    ('40.0% (30.9 - 49.8%)', '–')
    """
    low, high = (float(bound) for bound in wilson_interval(part, whole))
    return f"{percent(part / whole)} ({100 * low:.1f} - {100 * high:.1f}%)" if whole else DASH


def wilson_interval(
    successes: ArrayLike, n: ArrayLike, *, confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wilson's score interval for a proportion.

    Parameters
    ----------
    successes : array-like of numbers in [0, n]
    n : array-like of numbers
        How many trials; NaN is returned where it is 0.
    confidence : float in (0, 1)

    Returns
    -------
    low, high : ndarray of float64
        Bounds in [0, 1], of the common shape of the arguments.

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference.
    https://doi.org/10.1080/01621459.1927.10502953

    Examples
    --------
    >>> low, high = wilson_interval([9, 0], [10, 0])
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.596, nan], [0.982, nan])
    """
    trials = np.asarray(n, dtype=np.float64)
    trials = np.where(trials > 0, trials, np.nan)
    share = np.asarray(successes, dtype=np.float64) / trials
    z = float(ndtri(0.5 + confidence / 2))
    scale = 1 + z**2 / trials
    centre = (share + z**2 / (2 * trials)) / scale
    half = z / scale * np.sqrt(np.maximum(share * (1 - share), 0) / trials + z**2 / (4 * trials**2))
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)
