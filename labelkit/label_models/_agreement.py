"""Agreement of labeling functions with one another, and agreement expected by chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit._shared.numbers import wilson_interval
from labelkit._shared.row_operations import row_sums
from labelkit._shared.threads import blocks, in_threads
from labelkit.label_models._columns import own_class_sums, sums_by
from labelkit.label_models._posterior import BLOCK_CELLS, by_blocks
from labelkit.label_models._vote_table import class_votes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._vote_table import VoteTable

LEAST_KAPPA: Final = 0.05
"""Lower bound of the mean kappa that weights are relative to, and of the size of a kappa that is clearly negative."""

FIRST_WEIGHT: Final = 0.1
"""Weight of votes of multipolar LFs, in the first round, where there are unipolar ones too."""

SUPPORTS: Final = 0.5
"""Independent votes for the same class, besides its own, that support a vote."""

OPPOSES: Final = 1.5
"""Independent votes for one other class that oppose a vote."""

CONTRADICTED: Final = 0.1
"""Share of supporting examples, among supporting and opposing ones, below which a column is contradicted."""

ROUNDS: Final = 2
"""Rounds of weighting: the second one uses the weights of the first."""


@dataclass(frozen=True, eq=False)
class CoVotes:
    """Votes of other columns on the examples that have a column's vote; arrays of shape (n_columns,).

    Attributes
    ----------
    met : ndarray
        Sum of the weights of other votes on the same examples.
    agreeing : ndarray
        The part of it for the column's class.
    chance : ndarray
        The share of all votes of other LFs that is for its class.
    """

    met: NDArray[np.float64]
    agreeing: NDArray[np.float64]
    chance: NDArray[np.float64]


def co_votes(table: VoteTable, weight: NDArray[np.float64]) -> CoVotes:
    """Sum the votes of other columns on each column's examples, weighted by column.

    >>> from labelkit.label_models._canonical_order import arrange
    >>> from labelkit.label_models._vote_table import read_votes
    >>> table = arrange(read_votes(np.array([[0, 0], [0, 1], [1, -1]])), np.arange(2)).table
    >>> sums = co_votes(table, np.ones(4))
    >>> sums.met.tolist(), sums.agreeing.tolist()
    ([2.0, 0.0, 1.0, 1.0], [1.0, 0.0, 1.0, 0.0])
    """
    to_class = table.label_matrix(weight)
    everywhere, met, agreeing = np.zeros(table.n_classes), np.zeros(table.n_columns), np.zeros(table.n_columns)
    for rows in table.chunks():
        votes = by_blocks(lambda some: class_votes(table.rows(some), to_class), rows, table.n_classes)
        votes *= table.counts[rows][:, None]
        everywhere += votes.sum(axis=0)
        met += table.rows(rows).T @ row_sums(votes)
        agreeing += own_class_sums(table, rows, votes)
    of_column = weight * table.column_counts
    met, agreeing = np.maximum(met - of_column, 0.0), np.maximum(agreeing - of_column, 0.0)
    of_lf = sums_by(table.lf, of_column, table.n_lfs)[table.lf]
    chance = (everywhere[table.label] - of_column) / np.maximum(everywhere.sum() - of_lf, 1e-12)
    return CoVotes(met, agreeing, chance.clip(0, 1))


def mean_agreement(table: VoteTable, independence: NDArray[np.float64]) -> float:
    """Return the share of votes that agree with another one on the same example, copies counted once.

    0.5 where no example has two votes.
    """
    agreeing = met = 0.0
    to_class, squares = table.label_matrix(independence), table.label_matrix(independence**2)

    def vote_counts(rows: slice) -> NDArray[np.float64]:
        """Count, for each pattern, its votes, those beside another one, and those of them that agree with it."""
        n, n_squared = class_votes(table.rows(rows), to_class), class_votes(table.rows(rows), squares)
        d = row_sums(n)
        others = np.maximum(d - row_sums(n_squared) / np.maximum(d, 1e-12), 0.0)
        pairs = row_sums((n**2 - n_squared).clip(min=0))
        return np.column_stack([d, others, pairs / np.maximum(others, 1e-9)])

    for rows in table.chunks():
        d, others, agrees = np.ascontiguousarray(by_blocks(vote_counts, rows, 3).T)
        weight = np.where(others > 1e-9, table.counts[rows], 0.0)
        agreeing += float(weight @ agrees)
        met += float(weight @ d)
    return min(agreeing / met, 1.0) if met else 0.5


def agreement_weights(
    table: VoteTable, independence: NDArray[np.float64], weighted: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Weigh LFs by their chance-corrected agreement (kappa) with the others, relative to the mean kappa.

    A standard error is added, up to the kappa of 1 that none exceeds, so that an LF with few votes beside others is not
    weighed down by chance. Where few examples have two votes, the errors of all would make each vote count several
    times; so they raise the mean weight up to 1 and no further. One whose kappa is clearly negative keeps weight 1: a
    narrow LF is often right against broad ones.

    Parameters
    ----------
    table : VoteTable
    independence : ndarray of shape (n_columns,)
    weighted : ndarray of bool, shape (n_lfs,)
        The LFs to weigh; others have weight 1.

    Returns
    -------
    ndarray of shape (n_lfs,), at least 0
    """
    if not weighted.any():
        return np.ones(table.n_lfs)
    weights = np.where(weighted, FIRST_WEIGHT if not weighted.all() else 1.0, 1.0)
    for _ in range(ROUNDS):
        others = co_votes(table, independence * np.maximum(weights, 1e-6)[table.lf])
        met = sums_by(table.lf, others.met, table.n_lfs)
        total = np.maximum(met, 1e-9)
        agreeing = sums_by(table.lf, others.agreeing, table.n_lfs) / total
        chance = sums_by(table.lf, others.met * others.chance, table.n_lfs) / total
        above_chance = np.maximum(1 - chance, 1e-9)
        kappa = (agreeing - chance) / above_chance
        error = np.sqrt(np.maximum(agreeing * (1 - agreeing), 0.02) / total) / above_chance
        mean_kappa = max(float((kappa * met * weights).sum() / max((met * weights).sum(), 1e-9)), LEAST_KAPPA)
        highest, of_weighted = np.clip(kappa + error, 0.0, 1.0), met * weights * weighted
        most = max(float(kappa @ of_weighted), mean_kappa * float(of_weighted.sum()))
        relative = highest / mean_kappa * min(1.0, most / max(float(highest @ of_weighted), 1e-9))
        contradicts = kappa < -np.maximum(2 * error, LEAST_KAPPA)
        weights = np.where(weighted & (met > 0) & ~contradicts, relative, 1.0)
    return weights


def contradicted(table: VoteTable, independence: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Find columns that nearly all examples with several agreeing votes of others speak against.

    An example speaks against a vote if one and a half independent votes or more are for another class, and for the
    vote's class less than half a vote besides its own; it speaks for it if there is half a vote or more. A narrow LF
    that contradicts a single broad one is often right; one that contradicts many, which agree, is not, if fewer
    examples speak for it than for a vote at random: where few others vote for its class, few can.

    Parameters
    ----------
    table : VoteTable
    independence : ndarray of shape (n_columns,)

    Returns
    -------
    ndarray of bool, shape (n_columns,)
        True where the upper bound of the share of examples that speak for the column, among those that speak for or
        against it, by Wilson's 95% interval, is below a tenth, and below that share of its class among the examples
        that it does not vote on.
    """
    to_class = table.label_matrix(independence)

    def spoken(rows: slice) -> NDArray[np.float64]:
        """Count, for each column, then each class, the examples that speak for it, against it, and with it for it."""
        hits = table.rows(rows)
        votes = class_votes(hits, to_class)
        pattern, column = np.repeat(np.arange(len(votes)), np.diff(hits.indptr)), hits.indices.astype(np.int64)
        first, second = (values[:, None] for values in _two_highest(votes))
        is_opposed = np.where(votes >= first, second, first) >= OPPOSES
        of_class = votes[pattern, table.label[column]]
        supports = of_class - independence[column] >= SUPPORTS
        opposes = ~supports & is_opposed[pattern, table.label[column]]
        count = table.counts[rows][pattern]
        of_columns = [
            sums_by(column, count * which, table.n_columns) for which in (supports, opposes, of_class >= SUPPORTS)
        ]
        has_votes = votes >= SUPPORTS
        of_classes = [
            table.counts[rows] @ which for which in (has_votes, ~has_votes & is_opposed, np.zeros_like(votes))
        ]
        return np.concatenate([np.stack(of_columns), np.stack(of_classes)], axis=1)

    votes_a_pattern = max(table.hits.nnz // max(table.n_patterns, 1), table.n_classes)
    pieces = blocks(table.n_patterns, BLOCK_CELLS // votes_a_pattern)
    counted = sum(in_threads(spoken, pieces), start=np.zeros((3, table.n_columns + table.n_classes)))
    (supported, opposed, with_it), (of_class, against_class, _) = np.split(counted, [table.n_columns], axis=1)
    elsewhere = of_class[table.label] - with_it
    at_random = elsewhere / np.maximum(elsewhere + against_class[table.label], 1e-12)
    _, high = wilson_interval(supported, supported + opposed)
    return np.asarray(high < np.minimum(CONTRADICTED, at_random))  # NaN, without such examples, is not below


def _two_highest(votes: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the highest and the second highest value of each row; 0 where there is one column."""
    if votes.shape[1] == 1:
        return votes[:, 0], np.zeros(len(votes))
    parted = np.partition(votes, votes.shape[1] - 2, axis=1)
    return parted[:, -1], parted[:, -2]
