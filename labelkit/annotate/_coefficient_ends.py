"""Intervals of coefficients of agreement, from bootstrap samples of the examples.

The quantiles of such samples are too narrow for few examples of a class: of two answers for it, which were not alike,
all samples say the same. So the samples give the variance alone, and the ends are Wilson's, of as many independent
examples as would have that variance: of a share as it is, of a coefficient on a scale from 0 to 1
(:class:`ChanceScale`).
``python -m tests.benchmarks.honesty.agreements`` measures how often they hold.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from labelkit._shared.numbers import DASH, DOUBTED_ROWS, decimal, effective_size, wilson_interval
from labelkit._shared.seed_streams import seeded
from labelkit.annotate import _coefficients as coefficients
from labelkit.annotate._pairs import AnswerPairs, mean_cohen, said_too

if TYPE_CHECKING:
    from numpy.typing import NDArray

CELLS: Final = 4_000_000
"""Numbers that a step of the bootstrap holds at most, about."""


@dataclass(frozen=True)
class Coefficient:
    """A coefficient of agreement with its interval; NaN where it is undefined.

    Wilson's interval, of as many examples as would have the variance that the bootstrap over examples finds.

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

    def ends(self, value: float, variance: float, confidence: float) -> tuple[float, float]:
        """Return the ends of the interval of a coefficient."""
        if value == 1:  # so are all samples
            of_share = float(wilson_interval(self.n, self.n, confidence=confidence)[0])
            return 1 - (1 - of_share) / self.room, 1.0
        reach = min(self.room / self.most, 1 / (1 - value))
        share = 1 - (1 - value) * reach
        ends = share_ends(share, variance * reach**2, self.n_deciding, confidence)
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


@dataclass(frozen=True)
class Bootstrap:
    """Intervals by bootstrap samples of the examples.

    Attributes
    ----------
    n_samples : int
        0 for no intervals.
    confidence : float
    random_state : int
    """

    n_samples: int
    confidence: float
    random_state: int

    def of(
        self,
        compute: Callable[[NDArray[np.float64]], NDArray[np.float64]],
        n_each: NDArray[np.int64],
        scale: ChanceScale | None = None,
        *,
        worth: NDArray[np.int64] | None = None,
    ) -> list[Coefficient]:
        """Compute values of rows of counts, of which ``n_each`` says how many examples have each.

        Parameters
        ----------
        compute : callable
        n_each : ndarray of int64, shape (n_rows,)
        scale : ChanceScale, optional
            Of a coefficient; none of a share.
        worth : ndarray of int64, shape (n_values,), optional
            The examples that each share is of; if not given, all.
        """
        rng, samples = seeded(self.random_state), []
        step = max(1, CELLS // len(n_each))
        for start in range(0, self.n_samples, step):
            n_here = min(step, self.n_samples - start)
            samples.append(compute(coefficients.bootstrap_weights(n_each, n_here, rng)))
        value = compute(n_each[None, :].astype(np.float64))
        return self._coefficients(value, samples, np.array([n_each.sum()]) if worth is None else worth, scale)

    def of_kappas(self, pairs: AnswerPairs) -> Coefficient:
        """Compute the mean of Cohen's kappas."""
        items, place = np.unique(pairs.item, return_inverse=True)
        rows = np.zeros((len(items), pairs.n_classes), dtype=np.int64)
        for label in divmod(pairs.cell, pairs.n_classes):
            np.add.at(rows, (place, label), 1)
        scale = ChanceScale.of(rows, np.ones(len(rows), dtype=np.int64))
        return self._of_pairs(mean_cohen, pairs, np.array([len(items)]), scale)[0]

    def of_shares(self, pairs: AnswerPairs) -> list[Coefficient]:
        """Compute how often the second says a class where the first does, and the first where the second does."""
        worth = [
            np.unique(label * pairs.n_items + pairs.item) // pairs.n_items
            for label in divmod(pairs.cell, pairs.n_classes)
        ]
        counts = [np.bincount(labels, minlength=pairs.n_classes) for labels in worth]
        return self._of_pairs(said_too, pairs, np.concatenate(counts), None)

    def _of_pairs(
        self,
        compute: Callable[[NDArray[np.float64]], NDArray[np.float64]],
        pairs: AnswerPairs,
        worth: NDArray[np.int64],
        scale: ChanceScale | None,
    ) -> list[Coefficient]:
        value = compute(pairs.tables())[None, :]
        drawn = len(pairs.item) and self.n_samples
        samples = [pairs.sampled(compute, self.n_samples, seeded(self.random_state))] if drawn else []
        return self._coefficients(value, samples, worth, scale)

    def _coefficients(
        self,
        value: NDArray[np.float64],
        samples: list[NDArray[np.float64]],
        worth: NDArray[np.int64],
        scale: ChanceScale | None,
    ) -> list[Coefficient]:
        values = value.reshape(-1)
        if not samples:
            return [Coefficient(float(one), math.nan, math.nan) for one in values]
        drawn = np.concatenate(samples).reshape(-1, len(values))
        results = []
        for place, one in enumerate(values.tolist()):
            finite = drawn[np.isfinite(drawn[:, place]), place]
            ends = math.nan, math.nan
            if math.isfinite(one) and (len(finite) > len(drawn) / 2 or one in {0, 1}):
                variance = float(finite.var()) if len(finite) else 0.0
                ends = (
                    share_ends(one, variance, int(worth[place]), self.confidence)
                    if scale is None
                    else scale.ends(one, variance, self.confidence)
                )
            results.append(Coefficient(one, *ends))
        return results
