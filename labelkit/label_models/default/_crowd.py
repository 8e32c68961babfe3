"""Votes for one class beside a crowd: the log-odds ratio that each adds to the crowd's log-odds.

A crowd that votes on nearly every example determines the class prior and the accuracies of its members by itself. A
labeling function for one class then moves an example from the prior of its class to the function's own precision. That
has a prior mean of 0.75, and is corrected by the crowd's posterior where the function votes: if the crowd's posterior
for the class has mean s on examples of the class and f on others, a mean h on the function's examples implies a
precision of ``(h - f) / (s - f)``, an estimate that gets little weight where s and f are close (a crowd that cannot
tell the class). A function that votes on more examples than there are of its class cannot be right on all; a constant
voter carries no information. On a class that the crowd hardly votes for, the crowd gives no estimate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit.label_models._columns import own_class_sums, sums_by
from labelkit.label_models._posterior import by_blocks
from labelkit.label_models.default._stated_precision import STATED_STRENGTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._posterior import Posterior
    from labelkit.label_models._vote_table import VoteTable

LEAST_SHARE: Final = 0.1
"""The crowd votes for a class if it casts at least this part of an even share of its votes for it."""


def estimated_precisions(
    table: VoteTable,
    crowd: Posterior,
    prior_precision: NDArray[np.float64],
    class_prior: NDArray[np.float64],
    has_crowd_votes: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Estimate the precision of each column from its prior mean and the crowd's posterior on the same examples.

    Parameters
    ----------
    table : VoteTable
    crowd : Posterior
        By the votes of the crowd alone.
    prior_precision : ndarray of shape (n_columns,)
        In (0, 1).
    class_prior : ndarray of shape (n_classes,)
    has_crowd_votes : ndarray of bool, shape (n_classes,)
        True for classes that the crowd votes for; it gives no estimate for others.

    Returns
    -------
    ndarray of shape (n_columns,), in [0.01, 0.99]

    Examples
    --------
    >>> from labelkit.label_models._canonical_order import arrange
    >>> from labelkit.label_models._vote_table import read_votes
    >>> table = arrange(read_votes(np.array([[0, 0], [-1, 1], [1, 0]] * 1000), 2), np.arange(2)).table
    >>> def second(rows):  # a crowd of one member, the second column
    ...     votes = table.rows(rows).toarray()[:, 2:]
    ...     return votes / votes.sum(axis=1, keepdims=True)
    >>> prior = np.array([0.6, 0.4])
    >>> estimated_precisions(table, second, np.full(4, 0.75), prior, np.ones(2, bool)).round(2).tolist()
    [0.99, 0.01, 0.9, 0.99]
    """
    size = squares = np.zeros(table.n_classes)
    mass, covered = np.zeros(table.n_columns), np.where(table.covered, table.counts, 0.0)
    for rows in table.chunks():
        q = by_blocks(crowd, rows, table.n_classes)
        weighted = q * covered[rows][:, None]
        size, squares = size + weighted.sum(axis=0), squares + (weighted * q).sum(axis=0)
        mass += own_class_sums(table, rows, weighted)
    on_class = squares / np.maximum(size, 1e-12)
    elsewhere = (size - squares) / np.maximum(covered.sum() - size, 1e-12)
    separation = np.maximum(on_class - elsewhere, 1e-3)[table.label]
    share = mass / np.maximum(table.column_counts, 1e-12)
    implied = np.clip((share - elsewhere[table.label]) / separation, 0.0, 1.0)
    weight = table.column_counts * separation**2 * has_crowd_votes[table.label]
    precision = (STATED_STRENGTH * prior_precision + weight * implied) / (STATED_STRENGTH + weight)
    at_most = class_prior[table.label] * covered.sum() / np.maximum(table.column_counts, 1e-12)
    at_most = np.where(has_crowd_votes[table.label], at_most, 1.0)
    return np.asarray(np.minimum(precision, at_most)).clip(0.01, 0.99)


def classes_voted_for(table: VoteTable, weight: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Find the classes with at least a tenth of an even share of the weighted votes; shape (n_classes,)."""
    votes = sums_by(table.label, weight * table.column_counts, table.n_classes)
    return np.asarray(votes >= LEAST_SHARE * votes.sum() / table.n_classes)


def log_odds_ratios(precision: NDArray[np.float64], prior: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log-odds of precisions less those of class priors, which are taken as at most even.

    A vote never lowers its class.

    >>> log_odds_ratios(np.array([0.75, 0.75, 0.3]), np.array([0.1, 0.9, 0.5])).round(2).tolist()
    [3.3, 1.1, 0.0]
    """
    prior_log_odds = np.log(prior) - np.log(np.maximum(1 - prior, 1e-300))
    ratio = np.log(precision / (1 - precision)) - np.minimum(prior_log_odds, 0.0)
    return np.asarray(np.maximum(ratio, 0.0))
