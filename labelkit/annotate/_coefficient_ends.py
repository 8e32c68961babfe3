"""Intervals of coefficients of agreement: Wilson's, by the bias and variance that the jackknife over examples finds.

Quantiles of bootstrap samples are too narrow for few examples of a class: of two answers for it, which were not alike,
all samples say the same. So the ends are Wilson's, of as many independent examples as would have the variance: of a
share as it is, of a coefficient on a scale from 0 to 1 (:class:`ChanceScale`), around the value less its bias.
``python -m tests.benchmarks.honesty.agreements`` measures how often they hold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from labelkit._shared.numbers import DASH, DOUBTED_ROWS, decimal, effective_size, wilson_interval
from labelkit.annotate._jackknife import Jackknifed

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_DEFINED: Final = 0.5
"""Share of the examples without which a value has to be defined, or it has no interval."""


@dataclass(frozen=True)
class Coefficient:
    """A coefficient of agreement with its interval; NaN where it is undefined.

    Wilson's interval, of as many examples as would have the variance that the jackknife over examples finds; that of a
    kappa or alpha is around the value less its bias.

    Attributes
    ----------
    value, low, high : float
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if math.isnan(self.value):
            return DASH
        ends = "" if math.isnan(self.low) else f" ({decimal(self.low, 2)} to {decimal(self.high, 2)})"
        return f"{decimal(self.value)}{ends}"


@dataclass(frozen=True)
class ChanceScale:
    """Map a coefficient to a share in [0, 1]: of the disagreement that there can be, how much there is not.

    A rare class bounds the disagreement: where a twentieth of the answers is for it, at most a tenth of the pairs
    differs. Counted in all pairs, 90% agree even then, and two answers look like a hundred.

    Attributes
    ----------
    room : float
        How often two answers, drawn from all of them by chance, differ: by so much 1 less the coefficient is multiplied
        to give the share of pairs that differ.
    most : float
        The largest such share at these frequencies of the classes.
    n : int
        Examples.
    n_deciding : int
        Those with an answer for another class than the most frequent one.
    """

    room: float
    most: float
    n: int
    n_deciding: int

    @classmethod
    def of(cls, rows: NDArray[np.int64], n_each: NDArray[np.int64]) -> Self:
        """Read it from counts of answers by class, of which ``n_each`` says how many examples have each."""
        totals = n_each @ rows
        shares = totals / max(totals.sum(), 1)
        others = rows.sum(axis=1) > rows[:, int(totals.argmax())]
        most = min(1.0, 2 * (1 - float(shares.max())))
        return cls(1 - float((shares**2).sum()), most, int(n_each.sum()), int(n_each[others].sum()))

    def ends(self, value: float, unbiased: float, variance: float, confidence: float) -> tuple[float, float]:
        """Return the ends of the interval of a coefficient, which is around the value less its bias and holds both."""
        if value == 1:  # so are all samples
            of_share = float(wilson_interval(self.n, self.n, confidence=confidence)[0])
            return 1 - (1 - of_share) / self.room, 1.0
        unbiased = min(max(unbiased, -1.0), 1.0)
        reach = min(self.room / self.most, 1 / (1 - unbiased) if unbiased < 1 else math.inf)
        share = 1 - (1 - unbiased) * reach
        most = max(share * (1 - share), 0.0) / max(self.n_deciding - 1, 1)  # of a mean of numbers in [0, 1]
        ends = share_ends(share, min(variance * reach**2, most), self.n_deciding, confidence)
        low, high = (1 - (1 - end) / reach for end in ends)
        return min(low, value), max(high, value)


def share_ends(share: float, variance: float, n: int, confidence: float) -> tuple[float, float]:
    """Return Wilson's ends of a share of ``n`` examples that has a variance; 0 and 1 show none."""
    share = round(min(max(share, 0.0), 1.0), 12)
    alike = share * (1 - share) / n
    doubted = (n * variance + DOUBTED_ROWS * max(alike, variance)) / (n + DOUBTED_ROWS)
    size = n if not 0 < share < 1 else float(effective_size(share, doubted, np.inf))
    low, high = wilson_interval(share * size, size, confidence=confidence)
    return float(low), float(high)


def coefficients_of(
    values: Jackknifed, confidence: float, *, scale: ChanceScale | None = None, worth: NDArray[np.int64] | None = None
) -> list[Coefficient]:
    """Return values with their intervals.

    Parameters
    ----------
    values : Jackknifed
    confidence : float in (0, 1)
    scale : ChanceScale, optional
        Of a coefficient; none of a share.
    worth : ndarray of int64, shape (n_values,), optional
        The examples that each share is of; if not given, all.
    """
    sizes = np.full(len(values.value), values.n_each.sum()) if worth is None else worth
    results = []
    for place, value in enumerate(values.value.tolist()):
        ends = math.nan, math.nan
        unbiased, variance, defined = values.moments(place)
        if math.isfinite(value) and (defined > LEAST_DEFINED or value in {0, 1}):
            ends = (
                share_ends(value, variance, int(sizes[place]), confidence)
                if scale is None
                else scale.ends(value, unbiased, variance, confidence)
            )
        results.append(Coefficient(value, *ends))
    return results
