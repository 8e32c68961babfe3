"""The sampling designs: functions of arrays that draw rows, and state the chance of each row drawn to be in the sample.

Each row has a random number of its own, in the order of the rows; so a draw depends neither on the size of a batch nor
on whether the rows are a frame or a stream.

References
----------
Särndal, Swensson, Wretman (1992), Model Assisted Survey Sampling, chapter 3. https://doi.org/10.1007/978-1-4612-4378-6

>>> drawn = systematic(10, 5, np.random.default_rng(0))
>>> drawn.positions.tolist(), drawn.probabilities.tolist()
([1, 3, 5, 7, 9], [0.5, 0.5, 0.5, 0.5, 0.5])
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from labelkit._shared.seed_streams import seed_stream

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray


def design_rng(random_state: int, stream: int = 0) -> Generator:
    """Return the random numbers of a sample."""
    return seed_stream("sample", stream, random_state)


@dataclass(frozen=True, eq=False)
class Drawn:
    """Rows that a design has drawn.

    Attributes
    ----------
    positions : ndarray of int64, shape (n_drawn,)
    probabilities : ndarray of float64, shape (n_drawn,)
        Inclusion probabilities; NaN where nobody knows them.
    """

    positions: NDArray[np.int64]
    probabilities: NDArray[np.float64]

    @classmethod
    def of(cls, positions: NDArray[np.int64], probabilities: NDArray[np.float64] | float) -> Drawn:
        """Arrange the rows in the order of the population."""
        order = np.argsort(positions, kind="stable")
        chances = np.broadcast_to(np.asarray(probabilities, dtype=np.float64), len(positions))
        return cls(np.asarray(positions, dtype=np.int64)[order], chances[order])


class Reservoir:
    """Draw n rows in one pass over a population of unknown length, with equal or given weights.

    Without weights, the rows with the n smallest random numbers: a simple random sample. With weights, priority
    sampling: those with the n smallest ratios u / w. Of a row that is drawn, the chance to be so, given the random
    numbers of all others, is ``min(1, w t)``, where t is the smallest ratio that was left out; the sum of
    ``y / min(1, w t)`` is an unbiased estimate of the sum of y over the population.

    Parameters
    ----------
    n : int
    rng : Generator

    References
    ----------
    Duffield, Lund, Thorup (2007), Priority sampling for estimation of arbitrary subset sums.
    https://doi.org/10.1145/1314690.1314696
    """

    def __init__(self, n: int, rng: Generator) -> None:
        self._n, self._rng = n, rng
        self._weighted = False
        self.n_rows = 0
        self._ratios, self._weights = np.zeros(0), np.zeros(0)
        self.positions = np.zeros(0, dtype=np.int64)

    def offer(
        self, n_rows: int, weights: NDArray[np.float64] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Offer the next rows of the population.

        Returns
        -------
        kept : ndarray of int64
            Which of the rows that were held before are still held.
        taken : ndarray of int64
            Which of the rows offered are held behind these.
        """
        self._weighted |= weights is not None
        weight = np.ones(n_rows) if weights is None else weights
        ratios = (1.0 - self._rng.random(n_rows)) / weight
        held = len(self._ratios)
        together = np.concatenate([self._ratios, ratios])
        chosen = np.arange(len(together))
        if len(together) > self._n + 1:  # the one left out last tells the threshold
            chosen = np.sort(np.argpartition(together, self._n)[: self._n + 1])
        self._ratios = together[chosen]
        self._weights = np.concatenate([self._weights, weight])[chosen]
        self.positions = np.concatenate([self.positions, np.arange(self.n_rows, self.n_rows + n_rows)])[chosen]
        self.n_rows += n_rows
        return chosen[chosen < held], chosen[chosen >= held] - held

    def drawn(self) -> tuple[NDArray[np.int64], Drawn]:
        """Return which of the rows held are the sample, in the order of the population, and the sample."""
        if self.n_rows <= self._n:
            return np.arange(self.n_rows), Drawn.of(self.positions, 1.0)
        left_out = int(np.argmax(self._ratios))
        chosen = np.delete(np.arange(len(self._ratios)), left_out)
        chances = np.minimum(1.0, self._weights[chosen] * self._ratios[left_out])
        equal = np.full(self._n, self._n / self.n_rows)
        return chosen, Drawn.of(self.positions[chosen], chances if self._weighted else equal)


def stratified(strata: NDArray[np.int64], allocation: NDArray[np.int64], rng: Generator) -> Drawn:
    """Draw a simple random sample of each stratum.

    Parameters
    ----------
    strata : ndarray of int64, shape (n_rows,)
        The stratum of each row.
    allocation : ndarray of int64, shape (n_strata,)
        Rows to draw of each, at most as many as it has.
    rng : Generator
    """
    sizes = np.bincount(strata, minlength=len(allocation))
    order = np.lexsort((rng.random(len(strata)), strata))
    rank = np.arange(len(strata)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    chosen = order[rank < allocation[strata[order]]]
    chances = allocation / np.maximum(sizes, 1)
    return Drawn.of(chosen, chances[strata[chosen]])


def proportional_to_size(weights: NDArray[np.float64], n: int, rng: Generator) -> Drawn:
    """Draw n rows without replacement with chances proportional to weights: systematic sampling in a random order.

    A row whose chance would be above 1 is drawn for certain, and the chances of the others are proportional among them.

    References
    ----------
    Madow (1949), On the theory of systematic sampling, II. https://doi.org/10.1214/aoms/1177729988
    """
    chances = _chances(weights, n)
    order = np.argsort(rng.random(len(weights)), kind="stable")
    ends = np.cumsum(chances[order])
    points = np.arange(n) + rng.random()
    places = np.minimum(np.searchsorted(ends * (n / ends[-1]), points, side="right"), len(order) - 1)
    chosen = order[places]
    return Drawn.of(chosen, chances[chosen])


def _chances(weights: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Compute inclusion probabilities with the sum n, each at most 1."""
    certain = np.zeros(len(weights), dtype=bool)
    while True:
        rest = np.where(certain, 0.0, weights)
        left = n - int(certain.sum())
        chances = np.where(certain, 1.0, left * (rest / rest.sum()) if left and rest.any() else 0.0)
        over = ~certain & (chances >= 1 - 1e-12)
        if not over.any():
            return chances
        certain |= over


def systematic(n_rows: int, n: int, rng: Generator) -> Drawn:
    """Draw rows at equal distances from a random start."""
    places = np.floor((np.arange(n) + rng.random()) * (n_rows / n)).astype(np.int64)
    return Drawn.of(np.minimum(places, n_rows - 1), n / n_rows)


def clusters(cluster: NDArray[np.int64], n: int, rng: Generator) -> Drawn:
    """Draw n clusters, and all rows of each."""
    n_clusters = int(cluster.max(initial=-1)) + 1
    chosen = np.argsort(rng.random(n_clusters), kind="stable")[:n]
    return Drawn.of(np.flatnonzero(np.isin(cluster, chosen)), n / n_clusters)


def first_of_each(strata: NDArray[np.int64], quotas: NDArray[np.int64]) -> Drawn:
    """Take the first rows of each stratum until its quota is full."""
    sizes = np.bincount(strata, minlength=len(quotas))
    order = np.argsort(strata, kind="stable")
    rank = np.arange(len(strata)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return Drawn.of(order[rank < quotas[strata[order]]], np.nan)


def snowball(starts: NDArray[np.int64], edges: NDArray[np.int64], n: int) -> Drawn:
    """Follow the edges of a graph, in the order in which they are given, a wave at a time, until there are n rows.

    Parameters
    ----------
    starts : ndarray of int64
        The rows of the first wave.
    edges : ndarray of int64, shape (n_edges, 2)
        Pairs of rows; followed in both directions.
    n : int
    """
    both = np.concatenate([edges, edges[:, ::-1]])
    order = np.argsort(both[:, 0], kind="stable")
    sources, targets = both[order].T
    reached = wave = _distinct(starts)[:n]
    while len(wave) and len(reached) < n:
        low, high = np.searchsorted(sources, wave, side="left"), np.searchsorted(sources, wave, side="right")
        counts = high - low
        places = np.arange(counts.sum()) + np.repeat(low - (np.cumsum(counts) - counts), counts)
        near = _distinct(targets[places])
        wave = near[~np.isin(near, reached)][: n - len(reached)]
        reached = np.concatenate([reached, wave])
    return Drawn.of(reached, np.nan)


def _distinct(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Leave out rows that stand before, and keep the order."""
    return rows[np.sort(np.unique(rows, return_index=True)[1])]
