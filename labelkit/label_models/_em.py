"""Expectation and maximisation over a vote table: functions of arrays, in logs, in bounded memory.

A score is additive: ``log_prior[y] + sum of weights[column, y]`` over the columns that a pattern hits. Posteriors are
made a chunk of patterns at a time and go straight into expected counts, so that the whole table of them never exists.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from scipy.special import logsumexp

from labelkit._shared.row_operations import row_maxima, row_sums
from labelkit._shared.threads import blocks, in_threads
from labelkit.label_models._vote_table import FEW_CLASSES, class_votes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._vote_table import GoldCounts, VoteTable

BLOCK_CELLS: Final = 131_072
"""Rows are computed, in threads, in blocks of so many cells: 1 MB, which a processor's cache holds."""

Posterior: TypeAlias = "Callable[[slice], NDArray[np.float64]]"
"""From a slice of patterns to their posteriors, shape (n_patterns, n_classes)."""


@dataclass(frozen=True)
class SoftCounts:
    """Expected numbers of examples under a posterior.

    Attributes
    ----------
    columns : ndarray of shape (n_columns, n_classes)
        Examples that have a column's vote and are of a class.
    classes : ndarray of shape (n_classes,)
        Covered examples (and those with gold) of a class.
    """

    columns: NDArray[np.float64]
    classes: NDArray[np.float64]


def sums_by(places: NDArray[np.int64], values: NDArray[Any], n: int) -> NDArray[np.float64]:
    """Sum values by place; ndarray of shape (n,).

    >>> sums_by(np.array([0, 2, 0]), np.array([1.0, 2.0, 3.0]), 3).tolist()
    [4.0, 0.0, 2.0]
    """
    totals: NDArray[np.float64] = np.bincount(places, weights=values, minlength=n).astype(np.float64)
    return totals


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities of log-scores, by rows; no overflow, and rows sum to 1.

    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]])).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    shifted: NDArray[np.float64] = np.exp(scores - row_maxima(scores)[:, None])
    shifted /= row_sums(shifted)[:, None]
    return shifted


def additive_scores(
    table: VoteTable, rows: slice, weights: NDArray[np.float64], log_prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    """``log_prior + sum of weights`` over a pattern's votes; shape (n_rows, n_classes)."""
    return np.asarray(table.rows(rows) @ weights) + log_prior


def vote_shares(table: VoteTable, weight: NDArray[np.float64] | None = None) -> Posterior:
    """The posterior of a (weighted) majority vote: each class's share of a pattern's votes, uniform without votes."""
    to_class = table.label_matrix(weight)

    def posterior(rows: slice) -> NDArray[np.float64]:
        shares = class_votes(table.rows(rows), to_class)
        total = row_sums(shares)[:, None]
        even = np.full(shares.shape, 1 / table.n_classes)
        return np.asarray(np.divide(shares, total, out=even, where=total > 0))

    return posterior


def soft_counts(table: VoteTable, posterior: Posterior, gold: GoldCounts) -> SoftCounts:
    """Expected counts under a posterior, with the examples of known class counted as what they are.

    Parameters
    ----------
    table : VoteTable
    posterior : callable
    gold : GoldCounts

    Returns
    -------
    SoftCounts
    """
    columns = np.zeros((table.n_columns, table.n_classes))
    classes = np.zeros(table.n_classes)
    order = np.argsort(gold.pattern, kind="stable")
    pattern, label, count = gold.pattern[order], gold.label[order], gold.count[order]
    free = table.counts - np.bincount(pattern, weights=count, minlength=table.n_patterns)
    covered = table.covered
    for rows in table.chunks():
        expected = by_blocks(posterior, rows, table.n_classes) * np.where(covered[rows], free[rows], 0.0)[:, None]
        known = slice(*np.searchsorted(pattern, [rows.start, rows.stop]))
        np.add.at(expected, (pattern[known] - rows.start, label[known]), count[known])
        columns += table.rows(rows).T @ expected
        classes += expected.sum(axis=0)
    return SoftCounts(columns, classes)


def own_class_sums(table: VoteTable, rows: slice, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each column, the sum over the patterns that have its vote of what they have for its class.

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


def expected_hits(table: VoteTable, posterior: Posterior, gold: GoldCounts) -> NDArray[np.float64]:
    """How many of each column's votes are expected to be right, without a count for every class.

    Returns
    -------
    ndarray of shape (n_columns,)
    """
    right = np.zeros(table.n_columns)
    for rows in table.chunks():
        q = by_blocks(posterior, rows, table.n_classes)
        right += own_class_sums(table, rows, q * table.counts[rows][:, None])
    return right + _gold_hits(table, posterior, gold)


def _gold_hits(table: VoteTable, posterior: Posterior, gold: GoldCounts) -> NDArray[np.float64]:
    """What knowing the class of some examples adds to the expected number of right votes."""
    moved = np.zeros(table.n_columns)
    for pattern, label, count in zip(gold.pattern, gold.label, gold.count, strict=True):
        columns = table.hits.indices[table.hits.indptr[pattern] : table.hits.indptr[pattern + 1]]
        q = posterior(slice(pattern, pattern + 1))[0]
        moved[columns] += count * ((table.label[columns] == label) - q[table.label[columns]])
    return moved


def by_blocks(function: Callable[[slice], NDArray[np.float64]], rows: slice, n_columns: int) -> NDArray[np.float64]:
    """What a function says of rows, asked a block at a time, in threads; each row's answer depends on that row alone.

    >>> by_blocks(lambda rows: np.arange(rows.start, rows.stop)[:, None] / 2, slice(2, 5), 1).tolist()
    [[1.0], [1.5], [2.0]]
    """
    n_rows = rows.stop - rows.start
    pieces = blocks(n_rows, BLOCK_CELLS // n_columns)
    if len(pieces) < 2:
        return function(rows)
    found = np.empty((n_rows, n_columns))

    def fill(piece: slice) -> None:
        found[piece] = function(slice(rows.start + piece.start, rows.start + piece.stop))

    in_threads(fill, pieces)
    return found


def log_normalised(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-probabilities of log-scores, by rows."""
    return np.asarray(scores - logsumexp(scores, axis=1, keepdims=True))


def known_columns(
    table: VoteTable, codes: NDArray[np.int64], learned: NDArray[np.float64], unseen: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weights of a table's columns: what was learned for those that were seen at fit, else the given ones.

    Parameters
    ----------
    table : VoteTable
    codes : ndarray of int64, shape (n_learned,)
        The columns seen at fit, ascending.
    learned : ndarray of shape (n_learned, ...)
    unseen : ndarray of shape (n_columns, ...)
        What to take for a column that was not seen.

    Returns
    -------
    ndarray of the shape of ``unseen``
    """
    wanted = table.codes
    places = np.minimum(np.searchsorted(codes, wanted), max(len(codes) - 1, 0))
    seen = codes[places] == wanted if len(codes) else np.zeros(len(wanted), dtype=bool)
    found = np.array(unseen, dtype=np.float64)
    found[seen] = learned[places[seen]]
    return found
