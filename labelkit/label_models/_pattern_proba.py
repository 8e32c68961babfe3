"""Class probabilities of the patterns of a vote table, computed when they are asked for."""

from __future__ import annotations

from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit._shared.computed_rows import ComputedRows
from labelkit._shared.row_operations import row_maxima, row_sums
from labelkit.label_models._posterior import by_blocks
from labelkit.votes.hard_labels import RUNNER_UP

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

    from labelkit.label_models._posterior import Posterior
    from labelkit.label_models._vote_table import VoteTable
    from labelkit.label_models.pattern_label_model import PatternLabelModel


class PatternProba(ComputedRows):
    """The probabilities of the patterns of a vote table, by a copy of the model as it is now.

    Parameters
    ----------
    model : PatternLabelModel
    table : VoteTable
    """

    def __init__(self, model: PatternLabelModel, table: VoteTable) -> None:
        self.model, self.table = copy(model), table  # a new fit replaces attributes and changes no array in place
        self.shape = (table.n_patterns, table.n_classes)

    def computed(self, rows: slice) -> NDArray[np.float64]:
        """Compute the probabilities of some patterns; those without votes have the class prior."""
        posterior, covered = self._posterior, self.table.covered  # computed once, before the threads begin

        def block(rows: slice) -> NDArray[np.float64]:
            proba = posterior(rows)
            if not self.model._overrules_votes:  # noqa: SLF001 - part of the model's own room
                _hold_to_votes(proba, self.table.rows(rows), self.table.label)
            proba[~covered[rows]] = self.model.class_prior_
            return proba

        return by_blocks(block, rows, self.shape[1])

    def taken(self, index: NDArray[np.int64]) -> PatternProba:
        """Return the probabilities of the patterns at positions."""
        return PatternProba(self.model, self.table.some(index))

    @cached_property
    def _posterior(self) -> Posterior:
        return self.model._posterior(self.table)  # noqa: SLF001 - part of the model's own room

    def __reduce__(self) -> tuple[Any, ...]:
        return PatternProba, (self.model, self.table)


def _hold_to_votes(proba: NDArray[np.float64], hits: sparse.csr_array, label: NDArray[np.int64]) -> None:
    """Lower classes without a vote to the most probable class that has one, so that none of them becomes the label.

    The two are tied, and whoever decides ties takes the class with the vote.
    """
    votes = np.diff(hits.indptr)
    pattern, voted = np.repeat(np.arange(len(proba)), votes), label[hits.indices]
    others = proba.copy()
    others[pattern, voted] = 0.0
    most = np.zeros(len(proba))
    if len(voted):
        most[votes > 0] = np.maximum.reduceat(proba[pattern, voted], hits.indptr[:-1][votes > 0])
    held = np.flatnonzero((votes > 0) & (row_maxima(others) > most - RUNNER_UP))
    if not len(held):
        return
    lowered = np.minimum(proba[held], most[held, None])
    lowered /= row_sums(lowered)[:, None]  # first, since it widens the distance of the runners-up
    lowered -= RUNNER_UP * ((others[held] > 0) & (lowered > row_maxima(lowered)[:, None] - RUNNER_UP))
    proba[held] = lowered / row_sums(lowered)[:, None]
