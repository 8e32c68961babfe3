"""Sums over, and look-ups by, the columns of a vote table: its (labeling function, class) pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit.label_models._vote_table import FEW_CLASSES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._vote_table import VoteTable


def sums_by(places: NDArray[np.int64], values: NDArray[Any], n: int) -> NDArray[np.float64]:
    """Sum values by place; ndarray of shape (n,).

    >>> sums_by(np.array([0, 2, 0]), np.array([1.0, 2.0, 3.0]), 3).tolist()
    [4.0, 0.0, 2.0]
    """
    totals: NDArray[np.float64] = np.bincount(places, weights=values, minlength=n).astype(np.float64)
    return totals


def own_class_sums(table: VoteTable, rows: slice, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum, for each column, the values of its class over the patterns that have its vote.

    Parameters
    ----------
    table : VoteTable
    rows : slice
    values : ndarray of shape (n_rows, n_classes)

    Returns
    -------
    ndarray of shape (n_columns,)
    """
    hits = table.rows(rows)
    if table.n_classes <= FEW_CLASSES:
        return np.asarray((hits.T @ values)[np.arange(table.n_columns), table.label])
    place = np.repeat(np.arange(hits.shape[0]), np.diff(hits.indptr))  # of many, the sums for other classes are skipped
    return sums_by(hits.indices.astype(np.int64), values[place, table.label[hits.indices]], table.n_columns)


def aligned_columns(
    table: VoteTable, codes: NDArray[np.int64], learned: NDArray[np.float64], unseen: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Align what was learned of columns at fit with the columns of another table.

    Parameters
    ----------
    table : VoteTable
    codes : ndarray of int64, shape (n_learned,)
        The columns seen at fit, ascending.
    learned : ndarray of shape (n_learned, ...)
    unseen : ndarray of shape (n_columns, ...)
        Values for columns of the table that were not seen at fit.

    Returns
    -------
    ndarray of the shape of ``unseen``
    """
    wanted = table.codes
    places = np.minimum(np.searchsorted(codes, wanted), max(len(codes) - 1, 0))
    seen = codes[places] == wanted if len(codes) else np.zeros(len(wanted), dtype=bool)
    values = np.array(unseen, dtype=np.float64)
    values[seen] = learned[places[seen]]
    return values
