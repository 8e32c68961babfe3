"""Which labeling functions vote for one class only, and which for several: EM can learn little of the former."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit.label_models._em import sums_by

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._votes import VoteTable

MOSTLY_MULTIPOLAR: Final = 0.8
"""From this share of votes, all labeling functions count as multipolar: the others only had no occasion yet."""

SEEN_ENOUGH: Final = 10
"""Votes from which a labeling function's polarity counts in that share."""


def multipolar(table: VoteTable) -> NDArray[np.bool_]:
    """Which LFs vote for several classes; all of them where those cast most of the votes."""
    several = np.bincount(table.lf, minlength=table.n_lfs) > 1
    n_votes = sums_by(table.lf, table.column_counts, table.n_lfs)
    n_votes = np.where(n_votes >= min(SEEN_ENOUGH, n_votes.max(initial=0)), n_votes, 0)
    mostly = n_votes[several].sum() > MOSTLY_MULTIPOLAR * n_votes.sum()
    return np.asarray(several | mostly)
