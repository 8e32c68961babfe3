"""Posteriors of vote patterns: functions of arrays that compute a block of patterns at a time, in threads.

A :data:`Posterior` maps a slice of patterns to their class probabilities, so that the array of all of them need never
exist. Additive scores are ``log_prior[y] + sum of weights[column, y]`` over the columns that a pattern hits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from labelkit._shared.row_operations import row_maxima, row_sums
from labelkit._shared.threads import blocks, in_threads
from labelkit.label_models._vote_table import class_votes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._vote_table import VoteTable

BLOCK_CELLS: Final = 131_072
"""Rows are computed, in threads, in blocks of at most this many cells: 1 MB, which fits in a processor's cache."""

Posterior: TypeAlias = "Callable[[slice], NDArray[np.float64]]"
"""Function from a slice of patterns to their class probabilities, shape (n_patterns, n_classes)."""


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn log-scores into probabilities, row by row, without overflow; rows sum to 1.

    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]])).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    shifted: NDArray[np.float64] = np.exp(scores - row_maxima(scores)[:, None])
    shifted /= row_sums(shifted)[:, None]
    return shifted


def additive_posterior(table: VoteTable, weights: NDArray[np.float64], log_prior: NDArray[np.float64]) -> Posterior:
    """Return the softmax of ``log_prior`` plus the weights of a pattern's votes.

    Parameters
    ----------
    table : VoteTable
    weights : ndarray of shape (n_columns, n_classes)
    log_prior : ndarray of shape (n_classes,)

    Returns
    -------
    Posterior
    """
    return lambda rows: softmax(np.asarray(table.rows(rows) @ weights) + log_prior)


def vote_shares(table: VoteTable, weight: NDArray[np.float64] | None = None) -> Posterior:
    """Return the posterior of a (weighted) majority vote: shares of a pattern's votes, uniform without votes.

    Parameters
    ----------
    table : VoteTable
    weight : ndarray of shape (n_columns,), optional
        1 for each column if not given.

    Returns
    -------
    Posterior
    """
    to_class = table.label_matrix(weight)

    def posterior(rows: slice) -> NDArray[np.float64]:
        shares = class_votes(table.rows(rows), to_class)
        total = row_sums(shares)[:, None]
        even = np.full(shares.shape, 1 / table.n_classes)
        return np.asarray(np.divide(shares, total, out=even, where=total > 0))

    return posterior


def by_blocks(function: Callable[[slice], NDArray[np.float64]], rows: slice, n_columns: int) -> NDArray[np.float64]:
    """Call a function of a slice of rows on blocks of them, in threads, and stack the results in order.

    The result of a row may depend on that row alone.

    >>> by_blocks(lambda rows: np.arange(rows.start, rows.stop)[:, None] / 2, slice(2, 5), 1).tolist()
    [[1.0], [1.5], [2.0]]
    """
    n_rows = rows.stop - rows.start
    pieces = blocks(n_rows, BLOCK_CELLS // n_columns)
    if len(pieces) < 2:
        return function(rows)
    values = np.empty((n_rows, n_columns))

    def fill(piece: slice) -> None:
        values[piece] = function(slice(rows.start + piece.start, rows.start + piece.stop))

    in_threads(fill, pieces)
    return values
