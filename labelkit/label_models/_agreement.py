"""How labeling functions agree with one another, beyond what chance would have them do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit._shared.row_operations import row_sums
from labelkit.label_models._em import by_blocks, own_class_sums, sums_by
from labelkit.label_models._vote_table import class_votes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._vote_table import VoteTable

MOST_WORTH: Final = 1.5
"""No vote counts as more than so many usual ones for the agreement of its LF with the others."""

LEAST_TYPICAL: Final = 0.05
"""Where LFs agree less than this beyond chance, or contradict less, nothing can be told from it."""

FIRST_WORTH: Final = 0.1
"""Until they are judged, votes of multipolar LFs count so little beside those of unipolar ones."""

ROUNDS: Final = 2
"""The others are weighed in their turn."""


@dataclass(frozen=True, eq=False)
class Beside:
    """What the votes beside those of a column say; arrays of shape (n_columns,).

    Attributes
    ----------
    met : ndarray
        Other votes on the same examples, by their weight.
    agreeing : ndarray
        Those of them for the column's class.
    chance : ndarray
        The share of all votes of other LFs that is for its class.
    """

    met: NDArray[np.float64]
    agreeing: NDArray[np.float64]
    chance: NDArray[np.float64]


def beside(table: VoteTable, weight: NDArray[np.float64]) -> Beside:
    """Look at the votes beside those of each column, weighted by column.

    >>> from labelkit.label_models._canonical_order import arrange
    >>> from labelkit.label_models._vote_table import read_votes
    >>> found = beside(arrange(read_votes(np.array([[0, 0], [0, 1], [1, -1]])), np.arange(2)).table, np.ones(4))
    >>> found.met.tolist(), found.agreeing.tolist()
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
    own = weight * table.column_counts
    met, agreeing = np.maximum(met - own, 0.0), np.maximum(agreeing - own, 0.0)
    of_lf = sums_by(table.lf, own, table.n_lfs)[table.lf]
    chance = (everywhere[table.label] - own) / np.maximum(everywhere.sum() - of_lf, 1e-12)
    return Beside(met, agreeing, chance.clip(0, 1))


def agreement_worth(
    table: VoteTable, independence: NDArray[np.float64], judged: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """What a vote of an LF is worth, by its chance-corrected agreement (kappa) with the others, relative to theirs.

    An LF that meets few others has the benefit of the doubt: a standard error is added. One that clearly contradicts
    the others keeps the worth of a usual one: a narrow LF is often right against broad ones.

    Parameters
    ----------
    table : VoteTable
    independence : ndarray of shape (n_columns,)
    judged : ndarray of bool, shape (n_lfs,)
        Others are worth 1.

    Returns
    -------
    ndarray of shape (n_lfs,), in [0, 1.5]
    """
    if not judged.any():
        return np.ones(table.n_lfs)
    worth = np.where(judged, FIRST_WORTH if not judged.all() else 1.0, 1.0)
    for _ in range(ROUNDS):
        found = beside(table, independence * np.maximum(worth, 1e-6)[table.lf])
        met = sums_by(table.lf, found.met, table.n_lfs)
        whole = np.maximum(met, 1e-9)
        agreeing = sums_by(table.lf, found.agreeing, table.n_lfs) / whole
        chance = sums_by(table.lf, found.met * found.chance, table.n_lfs) / whole
        room = np.maximum(1 - chance, 1e-9)
        kappa = (agreeing - chance) / room
        error = np.sqrt(np.maximum(agreeing * (1 - agreeing), 0.02) / whole) / room
        typical = max(float((kappa * met * worth).sum() / max((met * worth).sum(), 1e-9)), LEAST_TYPICAL)
        relative = np.clip((kappa + error) / typical, 0.0, MOST_WORTH)
        contradicts = kappa < -np.maximum(2 * error, LEAST_TYPICAL)
        worth = np.where(judged & (met > 0) & ~contradicts, relative, 1.0)
    return worth
