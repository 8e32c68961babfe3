"""One accuracy per labeling function: Dawid and Skene's model with a one-parameter confusion matrix."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.label_models._class_prior import SourcedPrior
from labelkit.label_models._columns import sums_by
from labelkit.label_models._em import expected_hits, run_em
from labelkit.label_models._posterior import softmax, vote_shares
from labelkit.label_models.explanation import Contributions
from labelkit.label_models.pattern_label_model import PatternLabelModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._class_prior import ClassPrior
    from labelkit.label_models._posterior import Posterior
    from labelkit.label_models._vote_table import VoteTable
    from labelkit.votes.gold import GoldCounts


@checks_keywords
class OneCoin(PatternLabelModel):
    r"""Expectation maximisation for one accuracy per labeling function; errors fall evenly on the other classes.

    .. math::
        P(y \mid votes_i) \propto \pi_y \prod_{j votes}
        a_j^{[vote_{ij} = y]} \left(\frac{1 - a_j}{k - 1}\right)^{[vote_{ij} \ne y]}, \quad
        a_j = \frac{h_j + s a}{n_j + s}

    with h_j the expected number of right votes of LF j, n_j its votes, and a = 0.7 a prior accuracy with the weight of
    s pseudo-votes. The class prior is uniform unless it is given. No confusion matrix is stored, so that this model
    fits thousands of classes.

    Parameters
    ----------
    class_prior : array-like of shape (n_classes,), or dict or Series by class, optional
        Uniform if not given.
    accuracy, strength : float
        The prior accuracy a, and its weight s in pseudo-votes.
    max_iter : int
        EM steps at most.
    tol : float
        EM ends when no accuracy changes by this much.
    n_classes : int, optional
        Number of classes, if the votes do not determine it.

    Attributes
    ----------
    lf_accuracy_ : ndarray of shape (n_lfs,)
        In the order of ``lf_order_``.
    n_iter_ : int

    References
    ----------
    Demartini, Difallah, Cudre-Mauroux (2012), ZenCrowd: leveraging probabilistic reasoning and crowdsourcing techniques
    for large-scale entity linking. https://doi.org/10.1145/2187836.2187900

    Examples
    --------
    >>> votes = np.array([[0, 0, 1], [1, 1, 0], [0, 0, 1], [1, 1, 1]])
    >>> OneCoin().fit(votes).predict(votes).tolist()
    [0, 1, 0, 1]
    """

    uses_confidence: ClassVar[bool] = True

    def __init__(
        self,
        *,
        class_prior: ClassPrior | None = None,
        accuracy: float = 0.7,
        strength: float = 4.0,
        max_iter: int = 50,
        tol: float = 1e-4,
        n_classes: int | None = None,
    ) -> None:
        self.class_prior = class_prior
        self.accuracy = accuracy
        self.strength = strength
        self.max_iter = max_iter
        self.tol = tol
        self.n_classes = n_classes

    def _learn(self, table: VoteTable, gold: GoldCounts) -> None:
        self._take_prior(SourcedPrior.given_or_even(self.class_prior, table.class_names))
        n = sums_by(table.lf, table.column_counts, table.n_lfs)

        def m_step(posterior: Posterior) -> NDArray[np.float64]:
            hits = sums_by(table.lf, expected_hits(table, posterior, gold), table.n_lfs)
            return np.asarray((hits + self.strength * self.accuracy) / (n + self.strength))

        em = run_em(
            vote_shares(table),
            m_step=m_step,
            e_step=partial(one_coin_posterior, table, class_prior=self.class_prior_),
            monitored=np.asarray,
            start=np.full(table.n_lfs, self.accuracy),
            max_iter=self.max_iter,
            tol=self.tol,
        )
        self.n_iter_, self.lf_accuracy_ = em.n_iter, em.parameters

    def _posterior(self, table: VoteTable) -> Posterior:
        return one_coin_posterior(table, self.lf_accuracy_, class_prior=self.class_prior_)

    def _contributions(self, table: VoteTable) -> Contributions:
        prior = np.tile(np.log(self.class_prior_), (table.n_patterns, 1))
        weights = table.label_matrix(log_odds(table, self.lf_accuracy_))
        return Contributions(prior, weights[table.hits.indices].toarray())


def log_odds(table: VoteTable, accuracy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``log(a / ((1 - a) / (k - 1)))`` of each column's LF: the term of a vote in its own class's score.

    Parameters
    ----------
    table : VoteTable
    accuracy : ndarray of shape (n_lfs,)

    Returns
    -------
    ndarray of shape (n_columns,)
    """
    wrong = np.maximum(1 - accuracy, 1e-9) / max(table.n_classes - 1, 1)
    return np.asarray(np.log(accuracy / wrong)[table.lf])


def one_coin_posterior(
    table: VoteTable, accuracy: NDArray[np.float64], *, class_prior: NDArray[np.float64]
) -> Posterior:
    """E step: posteriors of patterns, given an accuracy of each LF."""
    to_class, log_prior = table.label_matrix(log_odds(table, accuracy)), np.log(class_prior)
    return lambda rows: softmax((table.rows(rows) @ to_class).toarray() + log_prior)
