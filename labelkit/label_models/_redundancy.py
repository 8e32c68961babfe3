"""How much of what a labeling function says is said by others too.

Two columns (labeling function, class) are as redundant as the examples that they vote on are the same: their Jaccard
overlap J. A column's votes weigh ``1 / sum of J^3`` over all columns, itself included, so that exact copies count once
between them and a chance overlap costs next to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._votes import VoteTable

POWER: Final = 3
"""J is raised to this, so that only near copies count as redundant."""

DENSE_COLUMNS: Final = 400
"""Up to so many columns, their products are made dense, a block of patterns at a time."""


@dataclass(frozen=True, eq=False)
class Overlaps:
    """Jaccard overlaps of the pairs of columns that share an example.

    Attributes
    ----------
    jaccard : coo_array of shape (n_columns, n_columns)
        Symmetric, in (0, 1], with 1 on the diagonal.
    """

    jaccard: sparse.coo_array

    def independence(self, same: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """The share of a column's votes that are its own, in (0, 1]; shape (n_columns,).

        Parameters
        ----------
        same : ndarray of shape (n_pairs,), optional
            Overlaps to take instead of the found ones.
        """
        overlap = self.jaccard.data if same is None else same
        sums = np.bincount(self.jaccard.coords[0], weights=overlap**POWER, minlength=self.jaccard.shape[0])
        return np.asarray(1.0 / np.maximum(sums, 1.0))


def together(table: VoteTable) -> sparse.coo_array:
    """How many examples two columns share; coo_array of shape (n_columns, n_columns), pairs that share any.

    >>> import numpy as np
    >>> from labelkit.label_models._votes import arrange, read_votes
    >>> votes = np.array([[0, 0, -1], [1, 1, 1]])
    >>> together(arrange(read_votes(votes), np.arange(3)).table).toarray().astype(int).tolist()
    [[1, 0, 1, 0, 0], [0, 1, 0, 1, 1], [1, 0, 1, 0, 0], [0, 1, 0, 1, 1], [0, 1, 0, 1, 1]]
    """
    if table.n_columns > DENSE_COLUMNS:
        weighted = sparse.diags_array(table.counts) @ table.hits
        return sparse.coo_array(table.hits.T @ weighted)
    found = np.zeros((table.n_columns, table.n_columns))
    step = max(1, 4_000_000 // max(table.n_columns, 1))
    for start in range(0, table.n_patterns, step):
        block = table.hits[start : start + step].toarray()
        found += block.T @ (table.counts[start : start + step, None] * block)
    return sparse.coo_array(found)


def column_overlaps(table: VoteTable) -> Overlaps:
    """Jaccard overlaps of the columns of a table."""
    shared = together(table)
    row, column = shared.coords
    counts = table.column_counts
    union = counts[row] + counts[column] - shared.data
    jaccard = sparse.coo_array((shared.data / union, (row, column)), shape=shared.shape)
    return Overlaps(jaccard)
