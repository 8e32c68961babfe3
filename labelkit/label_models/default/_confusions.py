"""Labeling functions that vote for several classes: a few EM steps with each confusion drawn towards a common one.

The confusion of a function, given that it votes, is its expected counts plus ``STRENGTH`` pseudo-votes, half of them
from a one-parameter confusion with the function's own accuracy and half from the confusion of all functions pooled.
Three steps from the vote shares are the plateau; run to convergence, a learned class prior can fall off a cliff.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._vote_table import VoteTable

STEPS: Final = 3
"""EM steps from the vote shares."""

STRENGTH: Final = 4.0
"""Pseudo-votes that draw a confusion towards the common one, and an accuracy towards the mean."""

POOLED: Final = 20.0
"""Pseudo-votes of the pooled confusion, for a class of which little was seen."""


DAMPING: Final = 0.15
"""See :func:`damping`."""

FLATNESS: Final = 1.2
"""What log-posteriors are divided by at the end: parameters that were learned from the same votes are too sure."""


@dataclass(frozen=True, eq=False)
class Confusions:
    """What EM learned of functions, enough to give the weight of any vote.

    Attributes
    ----------
    accuracy : ndarray of shape (n_lfs,)
        How often each function is right, shrunk to the mean.
    pooled : ndarray of shape (n_classes, n_classes)
        P(vote | class) of all functions together: a row for each vote, columns sum to 1.
    """

    accuracy: NDArray[np.float64]
    pooled: NDArray[np.float64]


def one_coin(accuracy: NDArray[np.float64], right: NDArray[np.bool_]) -> NDArray[np.float64]:
    """P(vote | class) of functions that are right with one probability, and wrong alike over the other classes."""
    others = max(right.shape[1] - 1, 1)
    return np.asarray(np.where(right, accuracy[:, None], (1 - accuracy[:, None]) / others))


def learn_confusions(
    table: VoteTable, counts: NDArray[np.float64], believed: NDArray[np.float64], strength: NDArray[np.float64]
) -> Confusions:
    """The M-step for what functions share.

    Parameters
    ----------
    table : VoteTable
    counts : ndarray of shape (n_columns, n_classes)
        Expected examples with a column's vote and of a class.
    believed, strength : ndarray of shape (n_lfs,)
        Prior knowledge of a function's accuracy (NaN for none), and the pseudo-votes that it is worth.

    Returns
    -------
    Confusions
    """
    k = table.n_classes
    per_lf = table.lf_matrix()
    right = counts[np.arange(table.n_columns), table.label]
    hits, n = per_lf @ right, per_lf @ counts.sum(axis=1)
    mean = (hits.sum() + 7) / (n.sum() + 10)
    towards = np.where(np.isnan(believed), mean, believed)
    accuracy = (strength * towards + hits) / (strength + n)
    pooled = table.label_matrix().T @ counts + POOLED * one_coin(np.full(k, mean), np.eye(k, dtype=bool))
    return Confusions(accuracy, pooled / pooled.sum(axis=0))


def confusion_rows(
    table: VoteTable, counts: NDArray[np.float64], totals: NDArray[np.float64], shared: Confusions
) -> NDArray[np.float64]:
    """P(vote | class) of each column.

    Parameters
    ----------
    table : VoteTable
    counts : ndarray of shape (n_columns, n_classes)
    totals : ndarray of shape (n_lfs, n_classes)
        Expected votes of each function on examples of each class.
    shared : Confusions

    Returns
    -------
    ndarray of shape (n_columns, n_classes)
    """
    right = table.label[:, None] == np.arange(table.n_classes)
    prior = 0.5 * one_coin(shared.accuracy[table.lf], right) + 0.5 * shared.pooled[table.label]
    return np.asarray((counts + STRENGTH * prior) / (totals[table.lf] + STRENGTH))


def damping(n_votes: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the summed log-likelihoods of so many votes on one example are divided by, once EM has ended.

    Votes on one example are not independent, given its class: it is easy or hard, and their authors are alike.

    >>> damping(np.array([0.0, 1.0, 11.0])).tolist()
    [1.0, 1.0, 2.5]
    """
    return np.asarray(1 + DAMPING * np.maximum(n_votes - 1, 0))
