"""Independent Bayesian classifier combination: Dawid and Skene's model with its uncertainty, by variational Bayes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy.special import digamma

from labelkit._shared.memory import FOR_MANY_CLASSES, check_room
from labelkit.exceptions import ModelError
from labelkit.label_models._additive import AdditiveModel
from labelkit.label_models._em import additive_scores, soft_counts, softmax, vote_shares
from labelkit.label_models._polarity import multipolar
from labelkit.label_models.base import checked_prior

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from labelkit.label_models._em import Posterior
    from labelkit.label_models._vote_table import GoldCounts, VoteTable


class IBCC(AdditiveModel):
    r"""Dirichlet priors on the confusions of labeling functions, updated by variational Bayes.

    .. math::
        \log q_i(y) = E[\log \pi_y] + \sum_{j votes} E[\log T_j(vote_{ij} \mid y)] + const, \quad
        E[\log T_j(l \mid y)] = \psi(\alpha_{jly}) - \psi(\textstyle\sum_{l'} \alpha_{jl'y})

    with alpha the expected counts plus 1, and 1 + ``diagonal`` for the right class. As in :class:`DawidSkene`, the
    class prior is learned only where most votes come from LFs that vote for several classes.

    Parameters
    ----------
    class_prior : array-like of shape (n_classes,), optional
        How frequent each class is, where that is known.
    diagonal : float
        Prior votes for the right class, beyond those for every class.
    max_iter : int
    tol : float
        Iteration ends when no weight moves by more.
    n_classes : int, optional
        How many classes there are, where the votes cannot tell.

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
        class_prior: ArrayLike | None = None,
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
        given = checked_prior(self.class_prior, table.n_classes)
        learns_prior = given is None and bool(multipolar(table).all())
        log_prior = np.zeros(table.n_classes) if given is None else np.log(given)
        posterior = vote_shares(table)
        weights = np.zeros((table.n_columns, table.n_classes))
        for step in range(1, max(1, self.max_iter) + 1):
            self.n_iter_ = step
            counts = soft_counts(table, posterior, gold)
            totals = np.asarray(table.lf_matrix() @ counts.columns)
            before, weights = weights, expected_log(table, counts.columns, totals, self.diagonal)
            if learns_prior:
                log_prior = digamma(counts.classes + 1) - digamma((counts.classes + 1).sum())
            posterior = _posterior_of(table, weights, log_prior)
            if np.abs(weights - before).max(initial=0) < self.tol:
                break
        self.lf_totals_ = totals
        self._keep(table, weights, softmax(log_prior[None])[0])

    def _unseen(self, table: VoteTable) -> NDArray[np.float64]:
        return expected_log(table, np.zeros((table.n_columns, table.n_classes)), self.lf_totals_, self.diagonal)


def expected_log(
    table: VoteTable, counts: NDArray[np.float64], totals: NDArray[np.float64], diagonal: float
) -> NDArray[np.float64]:
    """The expectation of the log-confusions under their Dirichlet posterior.

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
    right = table.label[:, None] == np.arange(table.n_classes)
    whole = totals[table.lf] + table.n_classes + diagonal
    return np.asarray(digamma(counts + 1 + diagonal * right) - digamma(whole))


def _posterior_of(table: VoteTable, weights: NDArray[np.float64], log_prior: NDArray[np.float64]) -> Posterior:
    return lambda rows: softmax(additive_scores(table, rows, weights, log_prior))
