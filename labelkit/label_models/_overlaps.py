"""How much of what a labeling function says is said by others too.

Two columns (labeling function, class) are as redundant as the examples that they vote on are the same: their Jaccard
overlap J. A column's votes weigh ``1 / sum of J^3`` over all columns, itself included, so that exact copies count
once between them and a chance overlap costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from labelkit._shared.threads import blocks, in_threads
from labelkit.label_models._em import sums_by

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._vote_table import VoteTable

POWER: Final = 3.0
"""Overlaps of unipolar columns are raised to this: such columns seldom fire together by chance."""

COPY_POWER: Final = 24.0
"""All overlaps are raised to this first, so that near copies count as one and make no other look redundant."""

EVIDENCE: Final = 10.0
"""An overlap of so many examples is believed by half."""

DENSE_COLUMNS: Final = 400
"""Up to so many columns, their products are made dense, a block of patterns at a time."""

MOST_PAIRS: Final = 4_000_000
"""Of more columns, the pairs are gone through in blocks of no more than so many: about 200 MB."""

BLOCK_CELLS: Final = 500_000
"""See ``DENSE_COLUMNS``: 2 MB."""

MANY_BLOCKS: Final = 8
"""From so many blocks on, each is left to one core."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of columns that share an example; those of one column stand together, first columns ascend.

    Attributes
    ----------
    first, second : ndarray of int64, shape (n_pairs,)
        Both orders of a pair, and each column with itself.
    jaccard : ndarray of shape (n_pairs,)
        The overlap, in (0, 1].
    shared : ndarray of shape (n_pairs,)
        How many examples the pair has in common.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    jaccard: NDArray[np.float64]
    shared: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Overlaps:
    """Jaccard overlaps of the pairs of columns that share an example, gone through in bounded memory."""

    table: VoteTable

    @cached_property
    def _pieces(self) -> list[slice]:
        """Blocks of columns that have no more than so many pairs."""
        most = self.table.hits.T @ self.table.n_votes.astype(np.float64)
        n_pairs = np.cumsum(np.minimum(most, self.table.n_columns))
        pieces, start = [], 0
        while start < self.table.n_columns:
            before = n_pairs[start - 1] if start else 0.0
            stop = max(start + 1, int(np.searchsorted(n_pairs, before + MOST_PAIRS, side="right")))
            pieces.append(slice(start, stop))
            start = stop
        return pieces

    @cached_property
    def _all(self) -> Pairs:
        return self._pairs(together(self.table), 0)

    def __iter__(self) -> Iterator[Pairs]:
        if self.table.n_columns <= DENSE_COLUMNS or len(self._pieces) < 2:
            yield self._all
            return
        weighted = sparse.diags_array(self.table.counts) @ self.table.hits
        by_column = self.table.hits.T.tocsr()
        for piece in self._pieces:
            yield self._pairs(sparse.coo_array(by_column[piece] @ weighted), piece.start)

    def _pairs(self, shared: sparse.coo_array, start: int) -> Pairs:
        """The overlaps of some columns, from ``start`` on, with all."""
        first, second = (places.astype(np.int64) for places in shared.coords)
        first += start
        counts = self.table.column_counts
        return Pairs(first, second, shared.data / (counts[first] + counts[second] - shared.data), shared.data)

    def independence(self, alike: NDArray[np.bool_], group: NDArray[np.int64]) -> NDArray[np.float64]:
        """The share of a column's votes that are its own, in (0, 1].

        Parameters
        ----------
        alike : ndarray of bool, shape (n_columns,)
            Columns that are redundant already where they overlap in part (unipolar ones), not only as copies. Good
            multipolar functions agree on most examples without copying one another.
        group : ndarray of int64, shape (n_columns,)
            Who each column comes from, -1 if that is not known; of one group, every overlap counts in full.

        Returns
        -------
        ndarray of shape (n_columns,)
        """
        n = self.table.n_columns
        copies, said_too = np.zeros(n), np.zeros(n)
        for pairs in self:
            copies += sums_by(pairs.first, pairs.jaccard**COPY_POWER * _evidence(pairs), n)
        single = 1.0 / np.maximum(copies, 1e-300)
        for pairs in self:
            said = (group[pairs.first] == group[pairs.second]) & (group[pairs.first] >= 0)
            power = np.where(said, 1.0, np.where(alike[pairs.first] & alike[pairs.second], POWER, COPY_POWER))
            also = single[pairs.second] * pairs.jaccard**power * _evidence(pairs)
            said_too += sums_by(pairs.first, also, n)
        return np.asarray(single / np.maximum(said_too, 1e-300))

    def same_votes(self) -> sparse.csr_array:
        """On how many examples two labeling functions cast the same vote.

        Returns
        -------
        csr_array of shape (n_lfs, n_lfs)
            Each pair once, the first above the diagonal; rows and columns ascend.
        """
        table = self.table
        found = sparse.csr_array((table.n_lfs, table.n_lfs))
        for pairs in self:
            lf, other = table.lf[pairs.first], table.lf[pairs.second]
            same = (table.label[pairs.first] == table.label[pairs.second]) & (lf < other)
            found = found + sparse.csr_array((pairs.shared[same], (lf[same], other[same])), shape=found.shape)
        found.sort_indices()
        return found


def _evidence(pairs: Pairs) -> NDArray[np.float64]:
    """How far an overlap of so many examples is believed."""
    return np.where(pairs.first == pairs.second, 1.0, pairs.shared / (pairs.shared + EVIDENCE))


def together(table: VoteTable) -> sparse.coo_array:
    """How many examples two columns share; coo_array of shape (n_columns, n_columns), pairs that share any.

    >>> import numpy as np
    >>> from labelkit.label_models._canonical_order import arrange
    >>> from labelkit.label_models._vote_table import read_votes
    >>> votes = np.array([[0, 0, -1], [1, 1, 1]])
    >>> together(arrange(read_votes(votes), np.arange(3)).table).toarray().astype(int).tolist()
    [[1, 0, 1, 0, 0], [0, 1, 0, 1, 1], [1, 0, 1, 0, 0], [0, 1, 0, 1, 1], [0, 1, 0, 1, 1]]
    """
    if table.n_columns > DENSE_COLUMNS:
        weighted = sparse.diags_array(table.counts) @ table.hits
        return sparse.coo_array(table.hits.T @ weighted)
    found = np.zeros((table.n_columns, table.n_columns))
    pieces = blocks(table.n_patterns, BLOCK_CELLS // max(table.n_columns, 1))
    alone = nullcontext() if len(pieces) < MANY_BLOCKS else threadpool_limits(1, user_api="blas")
    with alone:  # threads of products that wait for one another lose more than they gain
        parts = in_threads(lambda rows: _shared_examples(table, rows), pieces)
    return sparse.coo_array(sum(parts, start=found))  # whole numbers: the order of the sums does not matter


def _shared_examples(table: VoteTable, rows: slice) -> NDArray[np.float32 | np.float64]:
    """How many examples two columns share among some patterns; shape (n_columns, n_columns)."""
    counts, hits = table.counts[rows], table.rows(rows)
    dense = np.zeros(hits.shape, dtype=np.float32 if counts.sum() < 2**24 else np.float64)  # exact below that
    dense[np.repeat(np.arange(len(counts)), np.diff(hits.indptr)), hits.indices] = 1
    return np.asarray(dense.T @ (counts[:, None].astype(dense.dtype) * dense))
