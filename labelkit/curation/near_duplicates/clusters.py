"""Join texts that are alike to clusters: candidates share a band, and their coefficient is computed from their pieces.

Candidates of small buckets are compared pair by pair, many pairs at once. Of a large bucket (many texts of one
template), each text that joins a cluster is compared with those that have not joined it: what is alike in a bucket is
in one cluster, without a comparison of all pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMALL: Final = 32
"""Texts of a bucket up to which all pairs are compared."""

PAIRS: Final = 100_000
"""Pairs that are compared together."""

ROUNDING: Final = 1e-12


@dataclass(frozen=True, eq=False)
class PieceSets:
    """Sets of pieces as rows of a sparse matrix.

    Attributes
    ----------
    matrix : scipy.sparse.csr_array of bool, shape (n_texts, 2 ** 63)
    sizes : ndarray of int64, shape (n_texts,)
    """

    matrix: Any
    sizes: NDArray[np.int64]

    @classmethod
    def of(cls, hashes: NDArray[np.uint64], starts: NDArray[np.int64]) -> PieceSets:
        """Make sets of pieces that may occur several times."""
        from scipy.sparse import csr_array  # noqa: PLC0415 - only where texts are compared

        columns = (hashes >> np.uint64(1)).astype(np.int64)
        matrix = csr_array(
            (np.ones(len(columns), dtype=np.bool_), columns, starts.astype(np.int64)),
            shape=(len(starts) - 1, 2**63 - 1),
        )
        matrix.sum_duplicates()
        return cls(matrix, np.diff(matrix.indptr))

    @classmethod
    def stacked(cls, parts: list[PieceSets]) -> PieceSets:
        """Put several under one another."""
        from scipy.sparse import vstack  # noqa: PLC0415 - as above

        matrix = vstack([part.matrix for part in parts], format="csr")
        return cls(matrix, np.diff(matrix.indptr))

    def __getitem__(self, rows: NDArray[np.int64]) -> PieceSets:
        """Some of the sets."""
        return PieceSets(self.matrix[rows], self.sizes[rows])

    def jaccard(self, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the coefficient of each pair of rows."""
        similarity = np.zeros(len(first))
        for start in range(0, len(first), PAIRS):
            here = slice(start, start + PAIRS)
            both = np.diff(self.matrix[first[here]].multiply(self.matrix[second[here]]).tocsr().indptr)
            similarity[here] = both / np.maximum(self.sizes[first[here]] + self.sizes[second[here]] - both, 1)
        return similarity


def clustered(sets: PieceSets, bands: NDArray[np.uint32], threshold: float) -> NDArray[np.int64]:
    """Number the clusters of texts that are linked by pairs above the threshold; shape (n_texts,)."""
    n = len(sets.sizes)
    cluster = np.arange(n)
    edges = [np.zeros((2, 0), dtype=np.int64)]
    for band in bands.T:
        before = len(edges)
        order = np.argsort(band, kind="stable")
        buckets = np.flatnonzero(np.diff(band[order].astype(np.int64), prepend=-1, append=-1))
        for pairs in _small_pairs(order, buckets):
            open_pairs = np.unique(pairs[:, cluster[pairs[0]] != cluster[pairs[1]]], axis=1)
            edges.append(open_pairs[:, sets.jaccard(*open_pairs) >= threshold - ROUNDING])
        for large in np.flatnonzero(np.diff(buckets) > SMALL):
            rows = np.sort(order[buckets[large] : buckets[large + 1]])
            edges.append(_links(sets, rows, cluster, threshold))
        if sum(part.shape[1] for part in edges[before:]):
            edges = [np.concatenate(edges, axis=1)]
            cluster = joined(n, edges[0])
    return cluster


def joined(n: int, edges: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number what is connected by edges, shape (2, n_edges), in the order of its first row."""
    from scipy.sparse import coo_array  # noqa: PLC0415 - as above
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    graph = coo_array((np.ones(edges.shape[1], dtype=np.int8), (edges[0], edges[1])), shape=(n, n))
    _, component = connected_components(graph, directed=False)
    return numbered_by_first(component)


def numbered_by_first(codes: NDArray[Any]) -> NDArray[np.int64]:
    """Number groups from 0 in the order of their first rows."""
    import pandas as pd  # noqa: PLC0415 - only where rows are grouped

    return np.asarray(pd.factorize(codes)[0], dtype=np.int64)


def _small_pairs(order: NDArray[np.int64], buckets: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Return the pairs of each small bucket: neighbours at each distance in the order."""
    sizes = np.diff(buckets)
    size_of, start_of = np.repeat(sizes, sizes), np.repeat(buckets[:-1], sizes)
    left = start_of + size_of - np.arange(len(order)) - 1  # rows of the bucket behind each
    left[size_of > SMALL] = 0
    for distance in range(1, SMALL):
        places = np.flatnonzero(left >= distance)
        if not len(places):
            return
        yield np.sort(np.stack([order[places], order[places + distance]]), axis=0)


def _links(sets: PieceSets, rows: NDArray[np.int64], cluster: NDArray[np.int64], threshold: float) -> NDArray[np.int64]:
    """Return edges that link what is alike in a large bucket, as a breadth-first search finds them."""
    if (cluster[rows] == cluster[rows[0]]).all():
        return np.zeros((2, 0), dtype=np.int64)
    bucket = _Bucket.of(sets[rows])
    alone, links = np.arange(len(rows)), []
    while len(alone):
        front, alone = [int(alone[0])], alone[1:]
        while front and len(alone):
            one = front.pop()
            alike = bucket.jaccard(one, alone) >= threshold - ROUNDING
            links += [(rows[one], row) for row in rows[alone[alike]]]
            same = alike | (cluster[rows[alone]] == cluster[rows[one]])
            front += alone[same].tolist()
            alone = alone[~same]
    return np.array(links, dtype=np.int64).reshape(-1, 2).T


@dataclass(eq=False)
class _Bucket:
    """Sets of pieces, of which one is compared with many: the pieces are numbered from 0, so that they can be marked.

    Attributes
    ----------
    pieces : ndarray of int64
        Of one set after the other.
    starts : ndarray of int64, shape (n_sets + 1,)
    marked : ndarray of int64, shape (n_pieces,)
    others : tuple of ndarrays
        The sets that were compared last, their pieces, and where those of each begin.
    """

    pieces: NDArray[np.int64]
    starts: NDArray[np.int64]
    marked: NDArray[np.int64]
    others: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]

    @classmethod
    def of(cls, sets: PieceSets) -> _Bucket:
        pieces = np.unique(sets.matrix.indices, return_inverse=True)[1]
        starts = sets.matrix.indptr.astype(np.int64)
        marked = np.zeros(int(pieces.max(initial=-1)) + 1, dtype=np.int64)
        return cls(pieces, starts, marked, (np.arange(len(sets.sizes)), pieces, starts))

    def jaccard(self, one: int, others: NDArray[np.int64]) -> NDArray[np.float64]:
        """Compare a set with some of those that it was compared with before."""
        if 2 * len(others) < len(self.others[0]):
            self.others = self._gathered(others)
        rows, pieces, starts = self.others
        mine = self.pieces[self.starts[one] : self.starts[one + 1]]
        self.marked[mine] = 1
        before = np.concatenate([[0], np.cumsum(self.marked[pieces])])
        self.marked[mine] = 0
        places = np.searchsorted(rows, others)
        both = before[starts[places + 1]] - before[starts[places]]
        return np.asarray(both / np.maximum(len(mine) + np.diff(self.starts)[others] - both, 1))

    def _gathered(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        sizes = np.diff(self.starts)[rows]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        places = np.repeat(self.starts[rows] - starts[:-1], sizes) + np.arange(starts[-1])
        return rows, self.pieces[places], starts
