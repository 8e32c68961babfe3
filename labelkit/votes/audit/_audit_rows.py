"""Bring the answers of an audit beside the labels that they are about."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.numbers import count
from labelkit._shared.user_errors import warn
from labelkit.exceptions import AnalysisError, GoldError
from labelkit.votes.gold_beside import gold_of_labels
from labelkit.votes.label_space import ABSTAIN
from labelkit.votes.row_weights import RowWeights, drawn_alike

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.votes.probabilistic_labels import ProbabilisticLabels

ROWS: Final = 1_000_000
"""Labels whose probabilities are looked at together."""


@dataclass(frozen=True, eq=False)
class AuditRows:
    """Labels in the order of their probability, and those that were checked.

    Attributes
    ----------
    confidence : ndarray of shape (n_examples,)
        Probability of the hard label; minus infinity where there is none.
    rows : ndarray of int64, shape (n_audit,)
        Examples with a hard label that were checked, each as probably as any other.
    wrong : ndarray of bool, shape (n_audit,)
    ascending : ndarray of shape (n_labels,)
        The confidences of the labels, sorted.
    """

    confidence: NDArray[np.float64]
    rows: NDArray[np.int64]
    wrong: NDArray[np.bool_]
    ascending: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        labels: ProbabilisticLabels,
        gold: Any,
        *,
        weights: Any,
        random_state: int,
    ) -> AuditRows:
        """Match gold with the labels.

        Raises
        ------
        GoldError
            If gold does not fit, or is of no example that has a label.
        AnalysisError
            If a weight is not a positive number.
        """
        given = None if weights is None else RowWeights(weights, AnalysisError)
        truth = gold_of_labels(gold, labels, weights=given)
        hard = labels.hard()
        confidence = np.full(len(labels), -math.inf)
        for start in range(0, len(labels), ROWS):
            here = start + np.flatnonzero(hard[start : start + ROWS] != ABSTAIN)
            confidence[here] = labels[here].proba[np.arange(len(here)), hard[here]]
        rows = np.flatnonzero((truth >= 0) & (hard != ABSTAIN))
        if not len(rows):
            unlabeled = count((truth >= 0).sum())
            raise GoldError(
                f"no gold is of an example that has a label ({unlabeled} of examples that have none)",
                hint="draw the rows to check from the examples that have a label",
            )
        if given is not None:
            weight = given.at(rows, labels.examples)
            order = np.lexsort([truth[rows] != hard[rows], confidence[rows], weight])  # whatever that of the rows
            rows = np.sort(rows[order][_evenly(weight[order], random_state)])
        return cls(confidence, rows, truth[rows] != hard[rows], np.sort(confidence[hard != ABSTAIN]))

    @property
    def n_labels(self) -> int:
        """Number of examples that have a hard label."""
        return len(self.ascending)

    def threshold_at(self, share: float) -> float:
        """Return the highest threshold that at least a share of the labels reaches."""
        place = min(self.n_labels, math.ceil(share * self.n_labels - 1e-9))
        return float(self.ascending[self.n_labels - max(place, 1)])

    def above(self, threshold: float) -> tuple[int, int]:
        """Count the audited labels that reach a threshold, and those of them that are wrong."""
        reached = self.confidence[self.rows] >= threshold
        return int(reached.sum()), int(self.wrong[reached].sum())


def _evenly(weight: NDArray[np.float64], random_state: int) -> NDArray[np.int64]:
    """Leave rows out, so that those that are left were drawn alike, and say so."""
    left = np.flatnonzero(drawn_alike(weight, random_state))
    if len(left) < len(weight):
        warn(
            f"the rows were not drawn alike: a proof uses {count(len(left))} of {count(len(weight))} of them, thinned "
            "at random to equal chances. Hint: a simple random sample of the labels proves most",
            code="LK337",
        )
    return left
