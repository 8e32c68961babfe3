"""Dawid and Skene's model of observers with a confusion matrix each, with priors that keep EM from degenerating."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from labelkit._shared.memory import FOR_MANY_CLASSES, check_room
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import ModelError
from labelkit.label_models._additive import AdditiveModel
from labelkit.label_models._class_prior import SourcedPrior
from labelkit.label_models._em import expected_counts, run_em
from labelkit.label_models._polarity import multipolar
from labelkit.label_models._posterior import additive_posterior, vote_shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._class_prior import ClassPrior
    from labelkit.label_models._posterior import Posterior
    from labelkit.label_models._vote_table import VoteTable
    from labelkit.votes.gold import GoldCounts


@checks_keywords
class DawidSkene(AdditiveModel):
    r"""Expectation maximisation for one confusion matrix per labeling function, given that it votes.

    .. math::
        P(y \mid votes_i) \propto \pi_y \prod_{j votes} T_j(vote_{ij} \mid y), \quad
        T_j(l \mid y) = \frac{n_{jly} + s + d [l = y]}{\sum_{l'} n_{jl'y} + k s + d}

    with n_jly the expected number of examples of class y that LF j votes l on. The pseudo-votes d on the diagonal
    state that an LF is more often right than wrong: without them an LF that votes for one class only has T = 1 for
    every class, carries no information, and the class prior degenerates to one class. For the same reason the prior is
    estimated only where at least four fifths of the votes come from LFs that vote for several classes; else it is
    uniform, unless it is given.

    Parameters
    ----------
    class_prior : array-like of shape (n_classes,), or dict or Series by class, optional
        How frequent each class is, where that is known.
    diagonal, smoothing : float
        Pseudo-votes d for the right class and s for every class.
    max_iter : int
        EM steps at most.
    tol : float
        EM ends when no confusion changes by this much.
    n_classes : int, optional
        Number of classes, if the votes do not determine it.

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
        class_prior: ClassPrior | None = None,
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
        fixed = SourcedPrior.given(self.class_prior, table.class_names)
        if fixed is None and not multipolar(table).all():
            fixed = SourcedPrior.even(table.n_classes)

        def m_step(posterior: Posterior) -> ObserverParameters:
            counts = expected_counts(table, posterior, gold)
            totals = np.asarray(table.lf_matrix() @ counts.columns)
            confusion = confusion_of(table, counts.columns, totals, diagonal=self.diagonal, smoothing=self.smoothing)
            learned = (counts.classes + 1) / (counts.classes + 1).sum()
            return ObserverParameters(confusion, totals, learned if fixed is None else fixed.values)

        em = run_em(
            vote_shares(table),
            m_step=m_step,
            e_step=partial(observers_posterior, table),
            monitored=attrgetter("confusion"),
            start=np.ones((table.n_columns, table.n_classes)),
            max_iter=self.max_iter,
            tol=self.tol,
        )
        self.n_iter_, self.lf_totals_ = em.n_iter, em.parameters.totals
        prior = fixed or SourcedPrior.learned(em.parameters.class_prior, has_gold=len(gold) > 0)
        self._set_weights(table, np.log(em.parameters.confusion), prior)

    def _unseen(self, table: VoteTable) -> NDArray[np.float64]:
        no_counts = np.zeros((table.n_columns, table.n_classes))
        confusion = confusion_of(table, no_counts, self.lf_totals_, diagonal=self.diagonal, smoothing=self.smoothing)
        return np.log(confusion)


@dataclass(frozen=True, eq=False)
class ObserverParameters:
    """Parameters of one EM step.

    Attributes
    ----------
    confusion : ndarray of shape (n_columns, n_classes)
        P(vote | class), given that the LF votes.
    totals : ndarray of shape (n_lfs, n_classes)
        Expected votes of each LF on examples of each class.
    class_prior : ndarray of shape (n_classes,)
    """

    confusion: NDArray[np.float64]
    totals: NDArray[np.float64]
    class_prior: NDArray[np.float64]


def confusion_of(
    table: VoteTable,
    counts: NDArray[np.float64],
    totals: NDArray[np.float64],
    *,
    diagonal: float,
    smoothing: float,
) -> NDArray[np.float64]:
    """M step: the probability of each column's vote for each true class, given that its LF votes.

    Parameters
    ----------
    table : VoteTable
    counts : ndarray of shape (n_columns, n_classes)
        Expected examples that have a column's vote and are of a class.
    totals : ndarray of shape (n_lfs, n_classes)
        Expected votes of each LF on examples of each class.
    diagonal, smoothing : float

    Returns
    -------
    ndarray of shape (n_columns, n_classes)
    """
    right = table.label[:, None] == np.arange(table.n_classes)
    total = totals[table.lf] + smoothing * table.n_classes + diagonal
    return np.asarray((counts + smoothing + diagonal * right) / total)


def observers_posterior(table: VoteTable, parameters: ObserverParameters) -> Posterior:
    """E step: posteriors of patterns, given the confusions of the columns and the class prior."""
    return additive_posterior(table, np.log(parameters.confusion), np.log(parameters.class_prior))
