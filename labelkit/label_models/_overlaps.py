"""Redundancy of labeling functions, by the overlaps of the examples that they vote on.

The votes of a column (labeling function, class) have the weight ``1 / sum of J^3`` over all columns, itself included,
with J the Jaccard overlap, so that exact copies together count as one vote and a chance overlap hardly changes it.
Functions that vote for several classes, and are good, overlap without being copies: of them ``K^24 J`` takes the
place of J^3, with K their agreement beyond chance (kappa) where both vote.
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
from labelkit.label_models._columns import sums_by

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._vote_table import VoteTable

POWER: Final = 3.0
"""Exponent of overlaps of unipolar columns, which seldom vote together by chance."""

COPY_POWER: Final = 24.0
"""Exponent of what only copies have: all overlaps in the first pass, which merges exact copies before others are
compared with them, and the agreement beyond chance where both vote."""

MOST_KEYS: Final = 20_000_000
"""Up to this many, sums by key are kept in an array of all keys."""

SHRINKAGE: Final = 10.0
"""Shared examples at which an overlap, or an agreement, is shrunk by half: few that agree prove no copy."""

DENSE_COLUMNS: Final = 400
"""Up to this many columns, products of columns are dense, computed a block of patterns at a time."""

MOST_PAIRS: Final = 4_000_000
"""Of more columns, pairs are computed in blocks of at most this many: about 200 MB."""

BLOCK_CELLS: Final = 500_000
"""Cells of such a block of patterns: 2 MB."""

MANY_BLOCKS: Final = 8
"""From this many blocks on, each is computed by one thread."""


@dataclass(frozen=True, eq=False)
class ColumnPairs:
    """Pairs of columns that share an example, grouped by first column, which ascends.

    Attributes
    ----------
    first, second : ndarray of int64, shape (n_pairs,)
        Both orders of a pair, and each column with itself.
    jaccard : ndarray of shape (n_pairs,)
        The overlap, in (0, 1].
    shared : ndarray of shape (n_pairs,)
        Number of examples that have both votes.
    kappa : ndarray of shape (n_pairs,), in [0, 1]
        The agreement beyond chance of the LFs of both columns, where both vote; 0 where one votes for one class alone.
    both_vote : ndarray of shape (n_pairs,)
        Number of examples on which both LFs vote.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    jaccard: NDArray[np.float64]
    shared: NDArray[np.float64]
    kappa: NDArray[np.float64]
    both_vote: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Overlaps:
    """Jaccard overlaps of the pairs of columns that share an example; iterate over them in bounded memory."""

    table: VoteTable

    @cached_property
    def _pieces(self) -> list[slice]:
        """Divide the columns into blocks of whole LFs with a bounded number of pairs, if one LF has no more."""
        most = self.table.hits.T @ self.table.n_votes.astype(np.float64)
        ends = np.flatnonzero(np.diff(self.table.lf, append=-1)) + 1
        n_pairs = np.cumsum(np.minimum(most, self.table.n_columns))[ends - 1]
        pieces, first = [], 0
        while first < len(ends):
            before = n_pairs[first - 1] if first else 0.0
            last = max(first + 1, int(np.searchsorted(n_pairs, before + MOST_PAIRS, side="right")))
            pieces.append(slice(ends[first - 1] if first else 0, ends[last - 1]))
            first = last
        return pieces

    @cached_property
    def _all(self) -> ColumnPairs:
        return self._pairs(shared_examples(self.table), 0)

    def __iter__(self) -> Iterator[ColumnPairs]:
        if self.table.n_columns <= DENSE_COLUMNS or len(self._pieces) < 2:
            yield self._all
            return
        weighted = sparse.diags_array(self.table.counts) @ self.table.hits
        by_column = self.table.hits.T.tocsr()
        for piece in self._pieces:
            yield self._pairs(sparse.coo_array(by_column[piece] @ weighted), piece.start)

    def _pairs(self, shared: sparse.coo_array, start: int) -> ColumnPairs:
        """Return the overlaps of some columns, from ``start`` on, with all."""
        first, second = (places.astype(np.int64) for places in (shared.row, shared.col))
        first += start
        counts = self.table.column_counts
        jaccard = shared.data / (counts[first] + counts[second] - shared.data)
        kappa, both = self._agreement(first, second, shared.data)
        return ColumnPairs(first, second, jaccard, shared.data, kappa, both)

    def _agreement(
        self, first: NDArray[np.int64], second: NDArray[np.int64], shared: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return, for the LFs of each pair, their agreement beyond chance where both vote, and how often they do."""
        table = self.table
        lf, other, same = table.lf[first], table.lf[second], table.label[first] == table.label[second]
        pair = lf * table.n_lfs + other
        of_first = _sums_by_key(first * table.n_lfs + other, shared)
        of_second = _sums_by_key(lf * table.n_columns + second, shared)
        both, agreeing = _sums_by_key(pair, shared), _sums_by_key(pair, np.where(same, shared, 0.0))
        by_chance = _sums_by_key(pair, np.where(same, of_first * of_second, 0.0)) / both
        kappa = (agreeing - by_chance) / np.maximum(both - by_chance + SHRINKAGE, 1e-12)
        return kappa.clip(0.0, 1.0), both

    def independence(self, alike: NDArray[np.bool_], group: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the share of a column's votes that no other column repeats, in (0, 1].

        Parameters
        ----------
        alike : ndarray of bool, shape (n_columns,)
            True for columns for which partial overlap is redundancy (unipolar ones), not only copies. Good multipolar
            functions agree on most examples without being copies.
        group : ndarray of int64, shape (n_columns,)
            The author or source of each column, -1 if unknown; within a group, overlaps have exponent 1.

        Returns
        -------
        ndarray of shape (n_columns,)
        """
        n = self.table.n_columns
        copies, repeated = np.zeros(n), np.zeros(n)
        for pairs in self:
            copies += sums_by(pairs.first, pairs.jaccard**COPY_POWER * _shrinkage(pairs), n)
        single = 1.0 / np.maximum(copies, 1e-300)
        for pairs in self:
            one_group = (group[pairs.first] == group[pairs.second]) & (group[pairs.first] >= 0)
            both_alike = alike[pairs.first] & alike[pairs.second]
            overlap = np.where(one_group, pairs.jaccard, np.where(both_alike, pairs.jaccard**POWER, _as_copies(pairs)))
            repeated += sums_by(pairs.first, single[pairs.second] * overlap * _shrinkage(pairs), n)
        return np.asarray(single / np.maximum(repeated, 1e-300))

    def same_votes(self) -> sparse.csr_array:
        """Count the examples on which two labeling functions cast the same vote.

        Returns
        -------
        csr_array of shape (n_lfs, n_lfs)
            Each pair once, the first above the diagonal; rows and columns ascend.
        """
        table = self.table
        counts = sparse.csr_array((table.n_lfs, table.n_lfs))
        for pairs in self:
            lf, other = table.lf[pairs.first], table.lf[pairs.second]
            same = (table.label[pairs.first] == table.label[pairs.second]) & (lf < other)
            counts = counts + sparse.csr_array((pairs.shared[same], (lf[same], other[same])), shape=counts.shape)
        counts.sort_indices()
        return counts


def _as_copies(pairs: ColumnPairs) -> NDArray[np.float64]:
    """Return how much pairs look like copies: near 1 where LFs agree wherever both vote, even if one is silent more.

    Functions that are good agree often, but not always; of those that never differ one is the other's copy.
    """
    return np.maximum(pairs.jaccard**COPY_POWER, pairs.kappa**COPY_POWER * pairs.jaccard)


def _sums_by_key(keys: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add up the values of equal keys; returns the sum of its key for each value."""
    least, most = int(keys.min(initial=0)), int(keys.max(initial=0))
    if most - least < MOST_KEYS:
        return sums_by(keys - least, values, most - least + 1)[keys - least]
    distinct, number = np.unique(keys, return_inverse=True)
    return sums_by(number, values, len(distinct))[number]


def _shrinkage(pairs: ColumnPairs) -> NDArray[np.float64]:
    """Return the factor that shrinks overlaps of few shared examples, 1 for a column with itself."""
    return np.where(pairs.first == pairs.second, 1.0, pairs.shared / (pairs.shared + SHRINKAGE))


def shared_examples(table: VoteTable) -> sparse.coo_array:
    """Count the examples that two columns share; coo_array of shape (n_columns, n_columns), without zeros.

    >>> import numpy as np
    >>> from labelkit.label_models._canonical_order import arrange
    >>> from labelkit.label_models._vote_table import read_votes
    >>> votes = np.array([[0, 0, -1], [1, 1, 1]])
    >>> shared_examples(arrange(read_votes(votes), np.arange(3)).table).toarray().astype(int).tolist()
    [[1, 0, 1, 0, 0], [0, 1, 0, 1, 1], [1, 0, 1, 0, 0], [0, 1, 0, 1, 1], [0, 1, 0, 1, 1]]
    """
    if table.n_columns > DENSE_COLUMNS:
        weighted = sparse.diags_array(table.counts) @ table.hits
        return sparse.coo_array(table.hits.T @ weighted)
    total = np.zeros((table.n_columns, table.n_columns))
    pieces = blocks(table.n_patterns, BLOCK_CELLS // max(table.n_columns, 1))
    one_thread_each = nullcontext() if len(pieces) < MANY_BLOCKS else threadpool_limits(1, user_api="blas")
    with one_thread_each:  # nested threads of matrix products are slower
        parts = in_threads(lambda rows: _shared_in_rows(table, rows), pieces)
    return sparse.coo_array(sum(parts, start=total))  # whole numbers: the order of the sums does not matter


def _shared_in_rows(table: VoteTable, rows: slice) -> NDArray[np.float32 | np.float64]:
    """Count the examples of some patterns that two columns share; shape (n_columns, n_columns)."""
    counts, hits = table.counts[rows], table.rows(rows)
    dense = np.zeros(hits.shape, dtype=np.float32 if counts.sum() < 2**24 else np.float64)  # exact below that
    dense[np.repeat(np.arange(len(counts)), np.diff(hits.indptr)), hits.indices] = 1
    return np.asarray(dense.T @ (counts[:, None].astype(dense.dtype) * dense))
