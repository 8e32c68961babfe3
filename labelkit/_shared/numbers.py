"""Format numbers for people: counts, shares, intervals, and nouns in the plural.

Every text that shows a number to a person (reports, tables, errors, findings) formats it here, so that the same number
reads the same everywhere. An undefined number (NaN) is shown as a dash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

DASH: Final = "–"
"""Shown for an undefined number, an abstain, and an empty cell."""

DOUBTED_ROWS: Final = 2.0
"""Rows, beside those that decide, that are taken to vary as all do where the variance of weighted rows is estimated."""

WIDE: Final = 0.1
"""Tables show the interval of a share only if it is wider than this."""


def count(number: float) -> str:
    """Format a whole number, with commas between thousands.

    >>> count(1234567)
    '1,234,567'
    """
    return f"{int(number):,}"


def decimal(value: float, places: int = 3) -> str:
    """Format a number with a fixed number of decimals; a dash if undefined.

    >>> decimal(0.12345), decimal(float("nan"))
    ('0.123', '–')
    """
    return DASH if value != value else f"{value:.{places}f}"  # noqa: PLR0124 - NaN differs from itself


def percent(share: float, *, decimals: int = 1, mark_tiny: bool = False) -> str:
    """Format a share as a percentage; a dash if undefined.

    Parameters
    ----------
    share : float
    decimals : int
    mark_tiny : bool
        Show a positive share that would be rounded to zero as less than the last decimal.

    Examples
    --------
    >>> percent(0.125), percent(0.99, decimals=0), percent(float("nan"))
    ('12.5%', '99%', '–')
    >>> percent(0.00001), percent(0.00001, mark_tiny=True), percent(0.0, mark_tiny=True)
    ('0.0%', '<0.1%', '0.0%')
    """
    if share != share:  # noqa: PLR0124 - NaN differs from itself
        return DASH
    last = 10.0**-decimals
    if mark_tiny and 0 < 100 * share < last / 2:
        return f"<{last:.{decimals}f}%"
    return f"{100 * share:.{decimals}f}%"


def bounds(low: float, high: float, *, decimals: int = 1) -> str:
    """Format the two ends of an interval of shares; a dash if undefined.

    >>> bounds(0.309, 0.498), bounds(float("nan"), float("nan"))
    ('30.9 - 49.8%', '–')
    """
    return DASH if low != low else f"{100 * low:.{decimals}f} - {percent(high, decimals=decimals)}"  # noqa: PLR0124


def share_with_bounds(share: float, low: float, high: float, *, decimals: int = 1) -> str:
    """Format a share with its interval; a dash if undefined.

    >>> share_with_bounds(0.4, 0.309, 0.498)
    '40.0% (30.9 - 49.8%)'
    """
    if share != share:  # noqa: PLR0124 - NaN differs from itself
        return DASH
    return f"{percent(share, decimals=decimals)} ({bounds(low, high, decimals=decimals)})"


def share_where_wide(share: float, low: float, high: float) -> str:
    """Format a share, and its interval if that is wider than ten points; a dash if undefined.

    Tenths of a percent are left out beside a wide interval, since they are noise.

    >>> share_where_wide(0.4, 0.31, 0.5), share_where_wide(0.4, 0.39, 0.41), share_where_wide(0.4, np.nan, np.nan)
    ('40% (31 - 50%)', '40.0%', '40.0%')
    """
    return share_with_bounds(share, low, high, decimals=0) if high - low > WIDE else percent(share)


def interval(part: float, whole: float) -> str:
    """Format a proportion with Wilson's 95% interval; a dash if ``whole`` is 0.

    >>> interval(40, 100), interval(0, 0)
    ('40.0% (30.9 - 49.8%)', '–')
    """
    if not whole:
        return DASH
    low, high = (float(bound) for bound in wilson_interval(part, whole))
    return share_with_bounds(part / whole, low, high)


def plural(number: int, one: str, many: str | None = None) -> str:
    """Format a number with its noun.

    >>> plural(1, "rule"), plural(2, "rule"), plural(0, "class", "classes")
    ('1 rule', '2 rules', '0 classes')
    """
    return f"{count(number)} {one if number == 1 else many or f'{one}s'}"


def p_value(value: float) -> str:
    """Format a p-value with three decimals.

    >>> p_value(0.0304), p_value(0.0000001)
    ('p = 0.030', 'p < 0.001')
    """
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def normal_quantile(probability: float) -> float:
    """Return the value that a standard normal variable is below with a probability.

    >>> round(normal_quantile(0.975), 4)
    1.96
    """
    from statistics import NormalDist  # noqa: PLC0415 - formatting a count must not load what this brings

    return NormalDist().inv_cdf(probability)


def wilson_interval(
    successes: ArrayLike, n: ArrayLike, *, confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute Wilson's score interval for a proportion.

    Parameters
    ----------
    successes : array-like of numbers in [0, n]
    n : array-like of numbers
        Number of trials; the bounds are NaN where it is 0.
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
    z = normal_quantile(0.5 + confidence / 2)
    scale = 1 + z**2 / trials
    centre = (share + z**2 / (2 * trials)) / scale
    half = z / scale * np.sqrt(np.maximum(share * (1 - share), 0) / trials + z**2 / (4 * trials**2))
    return np.clip(centre - half, 0, share), np.clip(centre + half, share, 1)  # which rounding may not leave out


def paired_difference_interval(
    better: ArrayLike, worse: ArrayLike, n: ArrayLike, *, squares: ArrayLike | None = None, confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute Bonett and Price's interval for the difference of two shares of the same examples.

    An example is added to each kind that differs, so that examples of which none differs, or all in one direction, do
    not prove that none will.

    Parameters
    ----------
    better, worse : array-like
        Examples that count for the first share alone, and for the second alone. Where they differ by a part, its sum.
    n : array-like
        All examples; the bounds are NaN where it is 0.
    squares : array-like, optional
        The sum of squared differences, if they differ by parts.
    confidence : float in (0, 1)

    References
    ----------
    Bonett, Price (2012), Adjusted Wald confidence interval for a difference of binomial proportions based on paired
    data. https://doi.org/10.3102/1076998611411915

    Examples
    --------
    >>> low, high = paired_difference_interval([0.0, 12.0], [0.0, 2.0], [50.0, 50.0])
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([-0.053, 0.051], [0.053, 0.334])
    """
    gained, lost = np.asarray(better, dtype=np.float64), np.asarray(worse, dtype=np.float64)
    size = np.asarray(n, dtype=np.float64)
    size = np.where(size > 0, size, np.nan)
    differing = gained + lost if squares is None else np.asarray(squares, dtype=np.float64)
    centre, difference = (gained - lost) / (size + 2), (gained - lost) / size
    variance = ((differing + 2) / (size + 2) - centre**2) / (size + 2)
    half = normal_quantile(0.5 + confidence / 2) * np.sqrt(variance)
    low, high = np.minimum(centre - half, difference), np.maximum(centre + half, difference)
    return np.maximum(low, -1.0), np.minimum(high, 1.0)


def effective_size(share: ArrayLike, variance: ArrayLike, most: ArrayLike) -> NDArray[np.float64]:
    """Compute the number of independent trials whose share would vary as much as an estimate does.

    With it, :func:`wilson_interval` also serves shares of trials that are not independent, such as votes on the same
    examples, and of weighted ones.

    Parameters
    ----------
    share : array-like of numbers in [0, 1]
    variance : array-like
        Estimated variance of the share.
    most : array-like
        Upper bound of the size, and its value where the variance is 0, which is at shares of 0 and 1.

    Returns
    -------
    ndarray of float64

    References
    ----------
    Kish (1965), Survey Sampling, section 8.2 (design effect).

    Examples
    --------
    >>> effective_size([0.5, 1.0], [0.005, 0.0], 80).round(6).tolist()
    [50.0, 80.0]
    """
    p, spread = np.asarray(share, dtype=np.float64), np.asarray(variance, dtype=np.float64)
    size = np.divide(p * (1 - p), spread, out=np.full(np.broadcast(p, spread).shape, np.inf), where=spread > 1e-15)
    return np.asarray(np.minimum(size, most))


def weighted_size(
    weight: ArrayLike, square: ArrayLike, of_weight: ArrayLike, of_square: ArrayLike
) -> NDArray[np.float64]:
    """Compute how many independent trials of equal weight tell as much of a share as rows with different weights.

    The variance of the share is ``sum w^2 (y - p)^2 / (sum w)^2``. It is too small where the rows of large weight are
    few and happen to be alike, however many rows of small weight differ. So it is smoothed by that of
    :data:`DOUBTED_ROWS` rows that vary as all do, whatever their weight. The evidence against these is the rarer kind
    of rows: the sum of their squared weights, in units of the weight that most of the sum is of, ``sum w^2 / sum w``.

    Parameters
    ----------
    weight, square : array-like
        Sums of the weights of all rows, and of their squares.
    of_weight, of_square : array-like
        The same of the rows that are counted.

    Returns
    -------
    ndarray of float64
        0 without rows.

    References
    ----------
    Kish (1965), Survey Sampling, section 8.2 (effective size).

    Examples
    --------
    >>> weighted_size(50, 50, 40, 40).round(6).tolist(), weighted_size(60, 440, 20, 400).round(1).tolist()
    (50.0, 4.4)
    """
    w, s, a, b = (np.asarray(part, dtype=np.float64) for part in (weight, square, of_weight, of_square))
    p, kish = ratio(a, w), ratio(w**2, s)
    alike = ratio(p * (1 - p), kish)
    seen = ratio(b * (1 - p) ** 2 + (s - b) * p**2, w**2)
    evidence = np.maximum(np.minimum(b, s - b), 0.0) * ratio(w, s) ** 2
    variance = (evidence * seen + DOUBTED_ROWS * np.maximum(alike, seen)) / (evidence + DOUBTED_ROWS)
    return np.where(variance > 0, ratio(p * (1 - p), variance), kish)


def ratio(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide; 0 where the divisor is 0, or below by rounding."""
    return np.divide(a, b, out=np.zeros(np.broadcast(a, b).shape), where=b > 0)


def numbers_of_texts(names: NDArray[Any]) -> NDArray[np.int64]:
    """Return the whole numbers that texts are written as; none if any is something else.

    >>> numbers_of_texts(np.array(["2", "007"], dtype=object)).tolist()
    [2, 7]
    >>> numbers_of_texts(np.array(["2", "c7"], dtype=object)).tolist()
    []
    """
    listed = names.tolist()
    if not all(isinstance(name, str) and name.isascii() and name.isdigit() and len(name) < 19 for name in listed):
        return np.zeros(0, dtype=np.int64)
    return np.fromiter(map(int, listed), np.int64, len(listed))
