"""Votes for one class beside a crowd: what each adds to the crowd's log-odds.

A crowd that votes on nearly every example shows the class prior, and how good its members are, by itself. A labeling
function for one class then moves an example from the prior of its class to the function's own precision. That is
believed to be 0.75, and corrected by what the crowd says where the function votes: of a crowd whose posterior for the
class is s where it is right and f elsewhere, on the mean, a share h on the function's examples shows a precision of
``(h - f) / (s - f)``, and counts for little where s and f are close (a crowd that cannot tell the class). One that
votes on more examples than there are of its class cannot be right on all: a lazy worker, who always says the same, says
nothing. Of a class that the crowd hardly names, it can say neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit.label_models._em import by_blocks, own_class_sums, sums_by

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._em import Posterior
    from labelkit.label_models._vote_table import VoteTable

BELIEF: Final = 100.0
"""Votes, of a crowd that never errs, that the precision believed beforehand is worth: narrow functions that contradict
a crowd are often right."""

LEAST_SHARE: Final = 0.1
"""A class of which a crowd knows has this part of an even share of its votes."""

LEAST_LIFT: Final = 0.02
"""A vote never lowers its own class."""


def seen_precisions(
    table: VoteTable,
    crowd: Posterior,
    believed: NDArray[np.float64],
    prior: NDArray[np.float64],
    known: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """The precision of each column's votes, from what is believed and what a crowd says on the same examples.

    Parameters
    ----------
    table : VoteTable
    crowd : callable
        The posterior by the votes of the crowd alone.
    believed : ndarray of shape (n_columns,)
        In (0, 1).
    prior : ndarray of shape (n_classes,)
    known : ndarray of bool, shape (n_classes,)
        Which classes the crowd names; of others it can say nothing.

    Returns
    -------
    ndarray of shape (n_columns,), in [0.01, 0.99]

    Examples
    --------
    >>> from labelkit.label_models._canonical_order import arrange
    >>> from labelkit.label_models._vote_table import read_votes
    >>> table = arrange(read_votes(np.array([[0, 0], [-1, 1], [1, 0]] * 1000), 2), np.arange(2)).table
    >>> def second(rows):  # a crowd that says what the second column does
    ...     votes = table.rows(rows).toarray()[:, 2:]
    ...     return votes / votes.sum(axis=1, keepdims=True)
    >>> seen_precisions(table, second, np.full(4, 0.75), np.array([0.6, 0.4]), np.ones(2, bool)).round(2).tolist()
    [0.98, 0.07, 0.9, 0.98]
    """
    size = squares = np.zeros(table.n_classes)
    said, covered = np.zeros(table.n_columns), np.where(table.covered, table.counts, 0.0)
    for rows in table.chunks():
        q = by_blocks(crowd, rows, table.n_classes)
        weighted = q * covered[rows][:, None]
        size, squares = size + weighted.sum(axis=0), squares + (weighted * q).sum(axis=0)
        said += own_class_sums(table, rows, weighted)
    where_right = squares / np.maximum(size, 1e-12)
    elsewhere = (size - squares) / np.maximum(covered.sum() - size, 1e-12)
    told = np.maximum(where_right - elsewhere, 1e-3)[table.label]
    share = said / np.maximum(table.column_counts, 1e-12)
    shown = np.clip((share - elsewhere[table.label]) / told, 0.0, 1.0)
    weight = table.column_counts * told**2 * known[table.label]
    precision = (BELIEF * believed + weight * shown) / (BELIEF + weight)
    at_most = prior[table.label] * covered.sum() / np.maximum(table.column_counts, 1e-12)
    at_most = np.where(known[table.label], at_most, 1.0)
    return np.asarray(np.minimum(precision, at_most)).clip(0.01, 0.99)


def known_classes(table: VoteTable, weight: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which classes a crowd names at least at a tenth of an even share of its votes; ndarray of shape (n_classes,)."""
    votes = sums_by(table.label, weight * table.column_counts, table.n_classes)
    return np.asarray(votes >= LEAST_SHARE * votes.sum() / table.n_classes)


def lifts(precision: NDArray[np.float64], prior: NDArray[np.float64]) -> NDArray[np.float64]:
    """From the prior of a vote's class to its precision, in log-odds; for a frequent class, as if it were even.

    >>> lifts(np.array([0.75, 0.75, 0.3]), np.array([0.1, 0.9, 0.5])).round(2).tolist()
    [3.3, 1.1, 0.02]
    """
    usual = np.log(prior) - np.log(np.maximum(1 - prior, 1e-300))
    lift = np.log(precision / (1 - precision)) - np.minimum(usual, 0.0)
    return np.asarray(np.maximum(lift, LEAST_LIFT))
