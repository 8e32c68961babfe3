"""Expectation maximisation over a vote table: the loop, and the expected counts that M steps work from.

An E step turns parameters into a :data:`~labelkit.label_models._posterior.Posterior`, an M step turns a posterior into
parameters. Posteriors are computed a chunk of patterns at a time and summed into expected counts at once, so that the
array of all of them never exists.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from labelkit.label_models._columns import own_class_sums, sums_by
from labelkit.label_models._posterior import by_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._posterior import Posterior
    from labelkit.label_models._vote_table import VoteTable
    from labelkit.votes.gold import GoldCounts

Parameters = TypeVar("Parameters")


@dataclass(frozen=True, eq=False)
class EMResult(Generic[Parameters]):
    """The parameters of the last M step, and the number of steps."""

    parameters: Parameters
    n_iter: int


def run_em(
    posterior: Posterior,
    *,
    m_step: Callable[[Posterior], Parameters],
    e_step: Callable[[Parameters], Posterior],
    monitored: Callable[[Parameters], NDArray[np.float64]],
    start: NDArray[np.float64],
    max_iter: int,
    tol: float,
) -> EMResult[Parameters]:
    """Alternate M and E steps until no monitored parameter changes by ``tol`` or more.

    Parameters
    ----------
    posterior : Posterior
        The first one, such as vote shares.
    m_step, e_step : callable
    monitored : callable
        Returns the array of parameters whose largest change is compared with ``tol``.
    start : ndarray
        Their values before the first M step.
    max_iter : int
        Steps at the most, and at least one.
    tol : float
        0 or less for exactly ``max_iter`` steps.

    Returns
    -------
    EMResult
    """
    previous, n_iter, ended = start, 0, False
    while not ended:
        parameters = m_step(posterior)
        posterior = e_step(parameters)
        current, n_iter = monitored(parameters), n_iter + 1
        converged = tol > 0 and np.abs(current - previous).max(initial=0) < tol
        previous, ended = current, converged or n_iter >= max_iter
    return EMResult(parameters, n_iter)


@dataclass(frozen=True, eq=False)
class ExpectedCounts:
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


def expected_counts(table: VoteTable, posterior: Posterior, gold: GoldCounts) -> ExpectedCounts:
    """Sum posteriors over examples; examples with gold count as their gold class.

    Parameters
    ----------
    table : VoteTable
    posterior : Posterior
    gold : GoldCounts

    Returns
    -------
    ExpectedCounts
    """
    columns = np.zeros((table.n_columns, table.n_classes))
    classes = np.zeros(table.n_classes)
    order = np.argsort(gold.pattern, kind="stable")
    pattern, label, count = gold.pattern[order], gold.label[order], gold.count[order]
    without_gold = table.counts - np.bincount(pattern, weights=count, minlength=table.n_patterns)
    free = np.where(table.covered, without_gold, 0.0)
    for rows in table.chunks():
        expected = by_blocks(posterior, rows, table.n_classes) * free[rows][:, None]
        with_gold = slice(*np.searchsorted(pattern, [rows.start, rows.stop]))
        np.add.at(expected, (pattern[with_gold] - rows.start, label[with_gold]), count[with_gold])
        columns += table.rows(rows).T @ expected
        classes += expected.sum(axis=0)
    return ExpectedCounts(columns, classes)


def expected_hits(table: VoteTable, posterior: Posterior, gold: GoldCounts) -> NDArray[np.float64]:
    """Return the expected number of right votes of each column, without a count for every class.

    Returns
    -------
    ndarray of shape (n_columns,)
    """
    right = np.zeros(table.n_columns)
    by_pattern = np.argsort(gold.pattern, kind="stable")
    place = gold.pattern[by_pattern]
    for rows in table.chunks():
        q = by_blocks(posterior, rows, table.n_classes)
        some = by_pattern[slice(*np.searchsorted(place, [rows.start, rows.stop]))]
        right += _gold_hits(table, q[gold.pattern[some] - rows.start], gold, some)
        right += own_class_sums(table, rows, q * table.counts[rows][:, None])
    return right


def _gold_hits(
    table: VoteTable, proba: NDArray[np.float64], gold: GoldCounts, some: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the change of the expected number of right votes by some of the examples whose class is known."""
    votes = table.hits[gold.pattern[some]]
    pair = np.repeat(np.arange(len(some)), np.diff(votes.indptr))
    label = table.label[votes.indices]
    change = gold.count[some][pair] * ((label == gold.label[some][pair]) - proba[pair, label])
    return sums_by(votes.indices.astype(np.int64), change, table.n_columns)
