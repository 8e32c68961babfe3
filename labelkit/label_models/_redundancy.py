"""How much of what a labeling function says is said by others too.

Two columns (labeling function, class) are as redundant as the examples that they vote on are the same: their Jaccard
overlap J. A column's votes weigh ``1 / sum of J^3`` over all columns, itself included, so that exact copies count
once between them and a chance overlap costs next to nothing.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from labelkit._threads import blocks, in_threads
from labelkit.label_models._em import sums_by

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._votes import VoteTable

POWER: Final = 3.0
"""Overlaps of unipolar columns are raised to this: such columns seldom fire together by chance."""

COPY_POWER: Final = 24.0
"""All overlaps are raised to this first, so that near copies count as one and make no other look redundant."""

EVIDENCE: Final = 10.0
"""An overlap of so many examples is believed by half."""

DENSE_COLUMNS: Final = 400
"""Up to so many columns, their products are made dense, a block of patterns at a time."""


BLOCK_CELLS: Final = 500_000
"""See ``DENSE_COLUMNS``: 2 MB."""

MANY_BLOCKS: Final = 8
"""From so many blocks on, each is left to one core."""


@dataclass(frozen=True, eq=False)
class Overlaps:
    """Jaccard overlaps of the pairs of columns that share an example.

    Attributes
    ----------
    jaccard : coo_array of shape (n_columns, n_columns)
        Symmetric, in (0, 1], with 1 on the diagonal.
    shared : ndarray of shape (n_pairs,)
        How many examples the pair has in common.
    """

    jaccard: sparse.coo_array
    shared: NDArray[np.float64]

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
        rows, columns = (places.astype(np.int64) for places in self.jaccard.coords)
        n, overlap = self.jaccard.shape[0], self.jaccard.data
        evidence = np.where(rows == columns, 1.0, self.shared / (self.shared + EVIDENCE))
        single = 1.0 / sums_by(rows, overlap**COPY_POWER * evidence, n)
        said = (group[rows] == group[columns]) & (group[rows] >= 0)
        power = np.where(said, 1.0, np.where(alike[rows] & alike[columns], POWER, COPY_POWER))
        return np.asarray(single / sums_by(rows, single[columns] * overlap**power * evidence, n))


def together(table: VoteTable) -> sparse.coo_array:
    """How many examples two columns share; coo_array of shape (n_columns, n_columns), pairs that share any.

    >>> import numpy as np
    >>> from labelkit.label_models._arranging import arrange
    >>> from labelkit.label_models._votes import read_votes
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


def column_overlaps(table: VoteTable) -> Overlaps:
    """Jaccard overlaps of the columns of a table."""
    shared = together(table)
    row, column = shared.coords
    counts = table.column_counts
    union = counts[row] + counts[column] - shared.data
    jaccard = sparse.coo_array((shared.data / union, (row, column)), shape=shared.shape)
    return Overlaps(jaccard, shared.data)
