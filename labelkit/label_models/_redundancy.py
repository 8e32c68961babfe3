"""How much of what a labeling function says is said by others too.

Two columns (labeling function, class) are as redundant as the examples that they vote on are the same: their Jaccard
overlap J. A column's votes weigh ``1 / sum of J^power`` over all columns, itself included, so that exact copies count
once between them and a chance overlap costs next to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse

from labelkit.label_models._em import sums_by

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._votes import VoteTable

POWER: Final = 3.0
"""J of unipolar columns is raised to this: they seldom fire together by chance."""

MULTIPOLAR_POWER: Final = 12.0
"""The same for multipolar columns: good ones agree on most examples without copying, so only near copies count."""

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

    def independence(self, power: NDArray[np.float64]) -> NDArray[np.float64]:
        """The share of a column's votes that are its own, in (0, 1].

        Parameters
        ----------
        power : ndarray of shape (n_columns,)
            What the overlaps of each column are raised to.

        Returns
        -------
        ndarray of shape (n_columns,)
        """
        rows = self.jaccard.coords[0].astype(np.int64)
        sums = sums_by(rows, self.jaccard.data ** power[rows], self.jaccard.shape[0])
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
