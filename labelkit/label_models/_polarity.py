"""Which labeling functions vote for one class only, and which for several: EM can learn little of the former."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit.label_models._em import sums_by

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._votes import VoteTable

MOSTLY: Final = 0.8
"""All LFs count as multipolar where those that are, or may be, cast so many of the votes and are half of the LFs."""

BY_CHANCE: Final = 0.001
"""An LF of one class may be multipolar if that is at least this probable, had it voted like the multipolar ones."""


def multipolar(table: VoteTable) -> NDArray[np.bool_]:
    """Which LFs vote for several classes; all of them, where nearly all do.

    In a crowd, a worker with few votes had no occasion to vote for a second class, and a lazy one votes for one class
    whatever he sees: there all are taken as multipolar.

    Returns
    -------
    ndarray of bool, shape (n_lfs,)
    """
    several = np.bincount(table.lf, minlength=table.n_lfs) > 1
    n_votes = sums_by(table.lf, table.column_counts, table.n_lfs)
    may_be = several | (_accident(table, several, n_votes) > BY_CHANCE)
    used = n_votes > 0
    mostly = n_votes[may_be].sum() >= MOSTLY * n_votes.sum() and may_be[used].sum() >= used.sum() / 2
    return np.asarray(several | (mostly and bool(several.any())))


def _accident(table: VoteTable, several: NDArray[np.bool_], n_votes: NDArray[np.float64]) -> NDArray[np.float64]:
    """How probable it is that so many votes are all for one class, if cast like those of the multipolar LFs."""
    theirs = several[table.lf]
    share = sums_by(table.label[theirs], table.column_counts[theirs], table.n_classes)
    share = share / max(share.sum(), 1.0)
    only = np.zeros(table.n_lfs, dtype=np.int64)
    only[table.lf] = table.label
    return np.asarray(share[only] ** n_votes)
