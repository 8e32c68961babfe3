"""Check that a transformation keeps the class: the rules vote on the made example as they do on its original."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np

from labelkit.apply.applier import Applier
from labelkit.votes.outcomes import FAULT

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

Check: TypeAlias = Literal["drop", "flag"]
VoteChange: TypeAlias = Literal["any", "class"]

CHECKS: Final = ("drop", "flag", None)
VOTE_CHANGES: Final = ("any", "class")


class VoteCheck:
    """Compare the votes on made examples with those on their originals.

    Parameters
    ----------
    applier : Applier
    changes : {"any", "class"}
        Whether any other vote counts, an abstain too, or only a vote for another class.
    """

    def __init__(self, applier: Applier, changes: VoteChange) -> None:
        self._applier, self._changes = applier, changes
        self.names: tuple[str, ...] = applier.lfs.names
        self.n_changed = np.zeros(len(self.names), dtype=np.int64)
        self.n_faults = 0

    def changed(self, originals: pa.Table, copies: pa.Table, origin: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return, for each made example and rule, whether its vote changed; shape (n_copies, n_lfs).

        Parameters
        ----------
        originals, copies : pyarrow.Table
        origin : ndarray of int64, shape (n_copies,)
            The row of the original of each copy.
        """
        changed = changed_votes(self._outcomes(originals)[origin], self._outcomes(copies), self._changes)
        self.n_changed += changed.sum(axis=0)
        return changed

    def _outcomes(self, table: pa.Table) -> NDArray[Any]:
        matrix = self._applier.apply(table, on_fault="record", progress=False, cache=False)
        self.n_faults += len(matrix.faults)
        return np.asarray(matrix.outcomes)


def changed_votes(before: NDArray[Any], after: NDArray[Any], changes: VoteChange) -> NDArray[np.bool_]:
    """Tell which votes changed.

    A rule that fails on one of the two cannot vouch for the class: its vote counts as changed. With ``"class"``, a vote
    counts that is for another class than the rule's vote on the original; or, where it abstained there, for a class
    that no rule gave the original.

    Parameters
    ----------
    before, after : ndarray of shape (n_examples, n_lfs)
        Outcomes: a class, -1 for an abstain, -2 for a fault.
    changes : {"any", "class"}

    Examples
    --------
    >>> before = np.array([[1, -1, 0], [1, -1, -1]])
    >>> after = np.array([[-1, 0, 0], [-1, 0, -1]])
    >>> changed_votes(before, after, "any").astype(int).tolist()
    [[1, 1, 0], [1, 1, 0]]
    >>> changed_votes(before, after, "class").astype(int).tolist()
    [[0, 0, 0], [0, 1, 0]]
    """
    differs = np.asarray(before != after)
    if changes == "any":
        return differs
    voted_before = np.zeros(before.shape, dtype=bool)
    for lf in range(before.shape[1]):
        voted_before |= (before[:, lf, None] >= 0) & (before[:, lf, None] == after)
    elsewhere = (after >= 0) & np.where(before >= 0, True, ~voted_before)  # noqa: FBT003 - a mask
    return np.asarray(differs & (elsewhere | (before == FAULT) | (after == FAULT)))
