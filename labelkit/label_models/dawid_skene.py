"""Dawid and Skene's model of observers who err in their own ways, with priors that keep it on its feet."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from labelkit._shared.memory import FOR_MANY_CLASSES, check_room
from labelkit.exceptions import ModelError
from labelkit.label_models._additive import AdditiveModel
from labelkit.label_models._em import (
    SoftCounts,
    additive_scores,
    soft_counts,
    softmax,
    vote_shares,
)
from labelkit.label_models._polarity import multipolar
from labelkit.label_models.base import checked_prior, uniform

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from labelkit.label_models._em import Posterior
    from labelkit.label_models._vote_table import GoldCounts, VoteTable


class DawidSkene(AdditiveModel):
    r"""Expectation maximisation for one confusion matrix per labeling function, given that it votes.

    .. math::
        P(y \mid votes_i) \propto \pi_y \prod_{j votes} T_j(vote_{ij} \mid y), \quad
        T_j(l \mid y) = \frac{n_{jly} + s + d [l = y]}{\sum_{l'} n_{jl'y} + k s + d}

    with n_jly the expected number of examples of class y that LF j votes l on. The pseudo-votes d on the diagonal say
    that an LF is rather right than wrong: without them an LF that votes for one class only has T = 1 for every class,
    says nothing, and the class prior runs away with the rest. For the same reason the prior is estimated only where at
    least four fifths of the votes come from LFs that vote for several classes; else it is uniform, unless it is given.

    Parameters
    ----------
    class_prior : array-like of shape (n_classes,), optional
        How frequent each class is, where that is known.
    diagonal, smoothing : float
        Pseudo-votes d for the right class and s for every class.
    max_iter : int
        EM steps at the most.
    tol : float
        EM ends when no parameter moves by more.
    n_classes : int, optional
        How many classes there are, where the votes cannot tell.

    Attributes
    ----------
    weights_ : ndarray of shape (n_columns, n_classes)
        log T for each (LF, vote) in ``column_codes_`` (``lf * n_classes + vote``, LFs in the order of ``lf_order_``).
    n_iter_ : int

    References
    ----------
    Dawid, Skene (1979), Maximum likelihood estimation of observer error-rates using the EM algorithm.
    https://doi.org/10.2307/2346806

    Examples
    --------
    >>> votes = np.array([[0, 0, 1], [1, 1, 0], [0, 0, 0], [1, 1, 1], [0, 0, 1], [1, 1, 0]])
    >>> DawidSkene().fit(votes).predict(votes).tolist()
    [0, 1, 0, 1, 0, 1]
    """

    uses_confidence: ClassVar[bool] = True

    def __init__(
        self,
        *,
        class_prior: ArrayLike | None = None,
        diagonal: float = 3.0,
        smoothing: float = 1.0,
        max_iter: int = 50,
        tol: float = 1e-4,
        n_classes: int | None = None,
    ) -> None:
        self.class_prior = class_prior
        self.diagonal = diagonal
        self.smoothing = smoothing
        self.max_iter = max_iter
        self.tol = tol
        self.n_classes = n_classes

    def _learn(self, table: VoteTable, gold: GoldCounts) -> None:
        if not (self.smoothing > 0 and self.diagonal >= 0):
            raise ModelError(f"smoothing={self.smoothing!r} must be above 0, and diagonal={self.diagonal!r} not below")
        n_bytes = 40.0 * table.n_columns * table.n_classes
        check_room(n_bytes, "a confusion matrix for each labeling function", hint=FOR_MANY_CLASSES)
        given = checked_prior(self.class_prior, table.n_classes)
        prior = uniform(table.n_classes) if given is None else given
        estimated = given is None and bool(multipolar(table).all())
        posterior = vote_shares(table)
        confusion = np.ones((table.n_columns, table.n_classes))
        for step in range(1, max(1, self.max_iter) + 1):
            self.n_iter_ = step
            counts = soft_counts(table, posterior, gold)
            before = confusion
            confusion = confusion_of(table, counts, self.diagonal, self.smoothing)
            if estimated:
                prior = (counts.classes + 1) / (counts.classes + 1).sum()
            posterior = observers_posterior(table, confusion, prior)
            if np.abs(confusion - before).max(initial=0) < self.tol:
                break
        self.lf_totals_ = np.asarray(table.lf_matrix() @ counts.columns)
        self._keep(table, np.log(confusion), prior)

    def _unseen(self, table: VoteTable) -> NDArray[np.float64]:
        nothing = SoftCounts(np.zeros((table.n_columns, table.n_classes)), np.zeros(table.n_classes))
        return np.log(confusion_of(table, nothing, self.diagonal, self.smoothing, self.lf_totals_))


def confusion_of(
    table: VoteTable,
    counts: SoftCounts,
    diagonal: float,
    smoothing: float,
    totals: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """M-step: the probability of each column's vote for each true class, given that its LF votes.

    Parameters
    ----------
    table : VoteTable
    counts : SoftCounts
    diagonal, smoothing : float
    totals : ndarray of shape (n_lfs, n_classes), optional
        Expected votes of each LF on examples of each class, if not the sums of ``counts``.

    Returns
    -------
    ndarray of shape (n_columns, n_classes)
    """
    right = table.label[:, None] == np.arange(table.n_classes)
    votes = np.asarray(table.lf_matrix() @ counts.columns) if totals is None else totals
    whole = votes[table.lf] + smoothing * table.n_classes + diagonal
    return np.asarray((counts.columns + smoothing + diagonal * right) / whole)


def observers_posterior(table: VoteTable, confusion: NDArray[np.float64], prior: NDArray[np.float64]) -> Posterior:
    """E-step: posteriors of patterns, given the confusions of the columns and the class prior."""
    weights, log_prior = np.log(confusion), np.log(prior)
    return partial(_posterior_of, table, weights, log_prior)


def _posterior_of(
    table: VoteTable, weights: NDArray[np.float64], log_prior: NDArray[np.float64], rows: slice
) -> NDArray[np.float64]:
    return softmax(additive_scores(table, rows, weights, log_prior))
