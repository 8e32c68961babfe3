"""Independent Bayesian classifier combination: Dawid and Skene's model with its uncertainty, by variational Bayes."""

from __future__ import annotations

from dataclasses import dataclass
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
from labelkit.label_models._posterior import additive_posterior, softmax, vote_shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._class_prior import ClassPrior
    from labelkit.label_models._posterior import Posterior
    from labelkit.label_models._vote_table import VoteTable
    from labelkit.votes.gold import GoldCounts


@checks_keywords
class IBCC(AdditiveModel):
    r"""Dirichlet priors on the confusions of labeling functions, updated by variational Bayes.

    .. math::
        \log q_i(y) = E[\log \pi_y] + \sum_{j votes} E[\log T_j(vote_{ij} \mid y)] + const, \quad
        E[\log T_j(l \mid y)] = \psi(\alpha_{jly}) - \psi(\sum_{l'} \alpha_{jl'y})

    with alpha the expected counts plus 1, and 1 + ``diagonal`` for the right class. As in :class:`DawidSkene`, the
    class prior is learned only where most votes come from LFs that vote for several classes.

    Parameters
    ----------
    class_prior : array-like of shape (n_classes,), or dict or Series by class, optional
        How frequent each class is, where that is known.
    diagonal : float
        Pseudo-votes for the right class, beyond those for every class.
    max_iter : int
        Steps at most.
    tol : float
        Iteration ends when no weight changes by this much.
    n_classes : int, optional
        Number of classes, if the votes do not determine it.

    Attributes
    ----------
    weights_ : ndarray of shape (n_columns, n_classes)
        E[log T] for each (LF, vote) in ``column_codes_``.
    n_iter_ : int

    References
    ----------
    Kim, Ghahramani (2012), Bayesian classifier combination. https://proceedings.mlr.press/v22/kim12.html

    Simpson, Roberts, Psorakis, Smith (2013), Dynamic Bayesian combination of multiple imperfect classifiers.
    https://doi.org/10.1007/978-3-642-36406-8_1

    Examples
    --------
    >>> votes = np.array([[0, 0, 1], [1, 1, 0], [0, 0, 1], [1, 1, 1]])
    >>> IBCC().fit(votes).predict(votes).tolist()
    [0, 1, 0, 1]
    """

    uses_confidence: ClassVar[bool] = True

    def __init__(
        self,
        *,
        class_prior: ClassPrior | None = None,
        diagonal: float = 1.0,
        max_iter: int = 50,
        tol: float = 1e-4,
        n_classes: int | None = None,
    ) -> None:
        self.class_prior = class_prior
        self.diagonal = diagonal
        self.max_iter = max_iter
        self.tol = tol
        self.n_classes = n_classes

    def _learn(self, table: VoteTable, gold: GoldCounts) -> None:
        if self.diagonal < 0:
            raise ModelError(f"diagonal={self.diagonal!r} is below 0")
        n_bytes = 40.0 * table.n_columns * table.n_classes
        check_room(n_bytes, "a confusion matrix for each labeling function", hint=FOR_MANY_CLASSES)
        fixed = SourcedPrior.given(self.class_prior, table.class_names)
        if fixed is None and not multipolar(table).all():
            fixed = SourcedPrior.even(table.n_classes)
        log_prior = None if fixed is None else np.log(fixed.values)

        def m_step(posterior: Posterior) -> VariationalParameters:
            counts = expected_counts(table, posterior, gold)
            totals = np.asarray(table.lf_matrix() @ counts.columns)
            weights = expected_log(table, counts.columns, totals, self.diagonal)
            learned = expected_log_prior(counts.classes) if log_prior is None else log_prior
            return VariationalParameters(weights, totals, learned)

        em = run_em(
            vote_shares(table),
            m_step=m_step,
            e_step=lambda parameters: additive_posterior(table, parameters.weights, parameters.log_prior),
            monitored=attrgetter("weights"),
            start=np.zeros((table.n_columns, table.n_classes)),
            max_iter=self.max_iter,
            tol=self.tol,
        )
        self.n_iter_, self.lf_totals_ = em.n_iter, em.parameters.totals
        values = softmax(em.parameters.log_prior[None])[0]
        prior = fixed or SourcedPrior.learned(values, has_gold=len(gold) > 0)
        self._set_weights(table, em.parameters.weights, prior)

    def _unseen(self, table: VoteTable) -> NDArray[np.float64]:
        return expected_log(table, np.zeros((table.n_columns, table.n_classes)), self.lf_totals_, self.diagonal)


@dataclass(frozen=True, eq=False)
class VariationalParameters:
    """Parameters of one variational step.

    Attributes
    ----------
    weights : ndarray of shape (n_columns, n_classes)
        E[log T].
    totals : ndarray of shape (n_lfs, n_classes)
        Expected votes of each LF on examples of each class.
    log_prior : ndarray of shape (n_classes,)
        E[log pi], but for a constant.
    """

    weights: NDArray[np.float64]
    totals: NDArray[np.float64]
    log_prior: NDArray[np.float64]


def expected_log(
    table: VoteTable, counts: NDArray[np.float64], totals: NDArray[np.float64], diagonal: float
) -> NDArray[np.float64]:
    """Return the expectation of the log-confusions under their Dirichlet posterior.

    Parameters
    ----------
    table : VoteTable
    counts : ndarray of shape (n_columns, n_classes)
    totals : ndarray of shape (n_lfs, n_classes)
        Expected votes of each LF on examples of each class.
    diagonal : float

    Returns
    -------
    ndarray of shape (n_columns, n_classes)
    """
    from scipy.special import digamma  # noqa: PLC0415 - slow to import, and for this model alone

    right = table.label[:, None] == np.arange(table.n_classes)
    total = totals[table.lf] + table.n_classes + diagonal
    return np.asarray(digamma(counts + 1 + diagonal * right) - digamma(total))


def expected_log_prior(classes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return E[log pi] under the Dirichlet posterior of expected counts plus 1; shape (n_classes,)."""
    from scipy.special import digamma  # noqa: PLC0415 - as above

    return np.asarray(digamma(classes + 1) - digamma((classes + 1).sum()))
