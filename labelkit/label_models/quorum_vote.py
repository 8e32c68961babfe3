"""A quorum of people or sources: all rules of one of them count as one vote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy import sparse

from labelkit._shared.numbers import plural
from labelkit._shared.threads import blocks
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import ModelError
from labelkit.label_models._class_prior import SourcedPrior
from labelkit.label_models._vote_table import CHUNK_CELLS
from labelkit.label_models.pattern_label_model import PatternLabelModel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from labelkit.label_models._posterior import Posterior
    from labelkit.label_models._vote_table import VoteTable
    from labelkit.votes.gold import GoldCounts


@checks_keywords
class QuorumVote(PatternLabelModel):
    """Label an example with a class if at least a share of the groups votes for it.

    A group is a person or source (``group=`` of a rule); an LF without one is a group of its own. The rules of a group
    cast one vote, their majority's, and none where they are split evenly. Where no class reaches the quorum, or two do
    with the same number of groups, there is no label: the probabilities are uniform. Else they are the classes' shares
    of the groups' votes.

    Parameters
    ----------
    share : float in (0, 1]
        The share of the groups that must agree.
    of : {"all", "voting"}
        Take the share of all groups, or of those that vote on the example.
    groups : mapping from LF name to group, or sequence in the order of the LFs, optional
        Replaces the groups of the matrix; ``None`` is a group of its own.
    n_classes : int, optional
        Number of classes, if the votes do not determine it.

    Attributes
    ----------
    groups_ : tuple of str
        The groups, sorted.

    Examples
    --------
    >>> import numpy as np
    >>> votes = np.array([[1, 1, 1, 0], [1, 1, -1, 0], [1, -1, 1, 1]])
    >>> QuorumVote(share=0.5, groups=["ann", "ann", "bob", "cem"]).fit(votes).predict(votes).tolist()
    [1, -1, 1]
    """

    learns_from_gold: ClassVar[bool] = False

    def __init__(
        self,
        *,
        share: float = 0.5,
        of: str = "all",
        groups: Mapping[str, str | None] | Sequence[str | None] | None = None,
        n_classes: int | None = None,
    ) -> None:
        self.share = share
        self.of = of
        self.groups = groups
        self.n_classes = n_classes

    def _learn(self, table: VoteTable, gold: GoldCounts) -> None:  # noqa: ARG002 - counts have no parameters
        if not 0 < self.share <= 1:
            raise ModelError(f"share={self.share!r} is not in (0, 1]", hint="QuorumVote(share=0.5)")
        if self.of not in ("all", "voting"):
            raise ModelError(f"of={self.of!r} is neither 'all' nor 'voting'")
        given = self._given_groups(table)
        named = [f"group {group}" if group is not None else f"LF {name}" for name, group in given]
        self.groups_ = tuple(sorted(set(named)))
        self.group_index_ = np.array([self.groups_.index(name) for name in named], dtype=np.int64)
        self._take_prior(SourcedPrior.even(table.n_classes))

    def _given_groups(self, table: VoteTable) -> list[tuple[str, Any]]:
        """Return the name and the group of each LF, in the order of the table."""
        names = [lf.name for lf in table.lfs]
        if self.groups is None:
            return [(lf.name, lf.group) for lf in table.lfs]
        if hasattr(self.groups, "get"):
            unknown = [str(name) for name in self.groups if name not in names]
            if unknown:
                raise ModelError(f"groups name {unknown[:8]}, which are no labeling functions")
            return [(name, self.groups.get(name)) for name in names]
        if len(self.groups) != len(names):
            raise ModelError(f"groups has {len(self.groups)} entries for {plural(len(names), 'labeling function')}")
        by_name = dict(zip(self.lf_names_, self.groups, strict=True))
        return [(name, by_name[name]) for name in names]

    def _posterior(self, table: VoteTable) -> Posterior:
        group, size = self.group_index_[table.lf], np.bincount(self.group_index_)
        step = max(1, CHUNK_CELLS // (table.n_classes * max(1, int((size > 1).sum()))))

        def posterior(rows: slice) -> NDArray[np.float64]:
            proba = np.empty((rows.stop - rows.start, table.n_classes))
            for piece in blocks(len(proba), step):
                hits = table.rows(slice(rows.start + piece.start, rows.start + piece.stop))
                votes = group_votes(hits, group, table.label, size, table.n_classes)
                n_groups = len(self.groups_) if self.of == "all" else votes.sum(axis=1)
                proba[piece] = quorum(votes, self.share * n_groups)
            return proba

        return posterior


def group_votes(
    hits: sparse.csr_array,
    group: NDArray[np.int64],
    label: NDArray[np.int64],
    size: NDArray[np.int64],
    n_classes: int,
) -> NDArray[np.float64]:
    """Count the groups that vote for each class, each by its own majority.

    Parameters
    ----------
    hits : csr_array of shape (n_patterns, n_columns)
    group, label : ndarray of int64, shape (n_columns,)
    size : ndarray of int64, shape (n_groups,)
        Number of LFs of each group.
    n_classes : int

    Returns
    -------
    ndarray of shape (n_patterns, n_classes)
    """
    single = size[group] == 1
    votes = (hits @ _to_cells(single, label, n_classes)).toarray()
    several = np.flatnonzero(size > 1)
    if len(several):
        rank = np.searchsorted(several, group)
        counts = hits @ _to_cells(~single, rank * n_classes + label, len(several) * n_classes)
        counts = counts.toarray().reshape(hits.shape[0], len(several), n_classes)
        top = counts.max(axis=2, keepdims=True)
        leads = (counts == top) & (top > 0)
        votes += (leads & (leads.sum(axis=2, keepdims=True) == 1)).sum(axis=1)
    return np.asarray(votes)


def _to_cells(used: NDArray[np.bool_], cell: NDArray[np.int64], n_cells: int) -> sparse.csr_array:
    """Return the sparse 0/1 matrix that sums the used columns by cell; shape (n_columns, n_cells)."""
    places = np.flatnonzero(used)
    return sparse.csr_array((np.ones(len(places)), (places, cell[places])), shape=(len(used), n_cells))


def quorum(votes: NDArray[np.float64], needed: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Return shares of the groups' votes where the top class has as many groups as needed, else uniform.

    >>> quorum(np.array([[2.0, 1.0], [1.0, 0.0]]), 2.0).round(2).tolist()
    [[0.67, 0.33], [0.5, 0.5]]
    """
    total = votes.sum(axis=1)
    reached = (votes.max(axis=1, initial=0) >= np.maximum(needed, 1e-9) - 1e-9) & (total > 0)
    shares = np.full(votes.shape, 1 / votes.shape[1])
    shares[reached] = votes[reached] / total[reached, None]
    return shares
