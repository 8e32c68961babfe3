"""Prior knowledge of labeling functions that their authors state: ``precision=``, ``trusted=`` and ``group=``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit.exceptions import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._vote_table import VoteTable

TRUSTED: Final = 0.95
"""Prior precision of a trusted LF."""

USUAL: Final = 0.75
"""Prior precision of an LF whose author stated none; a vote of such an LF counts as one vote."""

STATED_STRENGTH: Final = 20.0
"""Pseudo-votes of a precision that is stated, or usual."""

MOST_VOTES: Final = 3.0
"""Upper bound of the number of usual votes that one vote counts as."""


@dataclass(frozen=True, eq=False)
class AccuracyPrior:
    """Beta prior of the accuracy of each labeling function.

    Attributes
    ----------
    mean : ndarray of shape (n_lfs,)
        NaN where the mean of all functions is to be used.
    strength : ndarray of shape (n_lfs,)
        In pseudo-votes.
    """

    mean: NDArray[np.float64]
    strength: NDArray[np.float64]


def check_stated_precisions(table: VoteTable) -> None:
    """Raise ModelError unless every stated precision is in (0, 1)."""
    for lf in table.lfs:
        if lf.precision is not None and not 0 < lf.precision < 1:
            raise ModelError(f"precision={lf.precision!r} of {lf.name!r} is not in (0, 1)")


def stated_precisions(table: VoteTable) -> NDArray[np.float64]:
    """Return the stated precision of each LF, NaN where there is none; shape (n_lfs,)."""
    stated = [TRUSTED if lf.precision is None and lf.trusted else lf.precision for lf in table.lfs]
    return np.array([np.nan if precision is None else precision for precision in stated], dtype=np.float64)


def prior_precisions(table: VoteTable) -> NDArray[np.float64]:
    """Return the stated precision of each LF, else the usual one, in [0.01, 0.99]; shape (n_lfs,)."""
    return np.asarray(np.clip(np.nan_to_num(stated_precisions(table), nan=USUAL), 0.01, 0.99))


def accuracy_prior(table: VoteTable, strength: float) -> AccuracyPrior:
    """Return the prior of accuracies; ``strength`` is for LFs without a stated precision."""
    mean = stated_precisions(table)
    return AccuracyPrior(mean, np.where(np.isnan(mean), strength, STATED_STRENGTH))


def stated_weights(table: VoteTable) -> NDArray[np.float64]:
    """Return the log-odds of each LF's prior precision over those of the usual one, in [0, 3]; shape (n_lfs,)."""
    precision = prior_precisions(table)
    ratio = np.log(precision / (1 - precision)) / np.log(USUAL / (1 - USUAL))
    return np.asarray(np.clip(ratio, 0.0, MOST_VOTES))


def group_codes(table: VoteTable) -> NDArray[np.int64]:
    """Return a number for each column's (group, class), -1 without a group; shape (n_columns,)."""
    names = sorted({lf.group for lf in table.lfs if lf.group is not None})
    number = np.array([-1 if lf.group is None else names.index(lf.group) for lf in table.lfs], dtype=np.int64)
    of_column = number[table.lf]
    return np.where(of_column < 0, -1, of_column * table.n_classes + table.label)
