"""One accuracy per labeling function: Dawid and Skene's model with the smallest confusion matrix there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from labelkit.label_models._em import expected_hits, softmax, sums_by, vote_shares
from labelkit.label_models.base import BaseLabelModel, checked_prior, uniform

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from labelkit.label_models._em import Posterior
    from labelkit.label_models._vote_table import GoldCounts, VoteTable


class OneCoin(BaseLabelModel):
    r"""Expectation maximisation for one accuracy per labeling function; errors fall evenly on the other classes.

    .. math::
        P(y \mid votes_i) \propto \pi_y \prod_{j votes}
        a_j^{[vote_{ij} = y]} \left(\frac{1 - a_j}{k - 1}\right)^{[vote_{ij} \ne y]}, \quad
        a_j = \frac{h_j + s a}{n_j + s}

    with h_j the expected number of right votes of LF j, n_j its votes, and a = 0.7 a prior accuracy worth s votes. The
    class prior is uniform unless it is given. It takes memory for no confusion matrix, so it is the one for thousands
    of classes.

    Parameters
    ----------
    class_prior : array-like of shape (n_classes,), optional
        Uniform if not given.
    accuracy, strength : float
        The prior accuracy a, and the votes s that it is worth.
    max_iter : int
    tol : float
        EM ends when no accuracy moves by more.
    n_classes : int, optional
        How many classes there are, where the votes cannot tell.

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
        class_prior: ArrayLike | None = None,
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
        prior = checked_prior(self.class_prior, table.n_classes)
        self.class_prior_ = uniform(table.n_classes) if prior is None else prior
        n = sums_by(table.lf, table.column_counts, table.n_lfs)
        posterior = vote_shares(table)
        self.lf_accuracy_ = np.full(table.n_lfs, self.accuracy)
        for step in range(1, max(1, self.max_iter) + 1):
            self.n_iter_ = step
            hits = sums_by(table.lf, expected_hits(table, posterior, gold), table.n_lfs)
            before, self.lf_accuracy_ = self.lf_accuracy_, (hits + self.strength * self.accuracy) / (n + self.strength)
            posterior = self._scored(table)
            if np.abs(self.lf_accuracy_ - before).max() < self.tol:
                break

    def _worth(self, table: VoteTable) -> NDArray[np.float64]:
        """What a vote adds to the log-score of its own class; the others stay as they are."""
        wrong = np.maximum(1 - self.lf_accuracy_, 1e-9) / max(table.n_classes - 1, 1)
        return np.asarray(np.log(self.lf_accuracy_ / wrong)[table.lf])

    def _scored(self, table: VoteTable) -> Posterior:
        to_class, log_prior = table.label_matrix(self._worth(table)), np.log(self.class_prior_)
        return lambda rows: softmax((table.rows(rows) @ to_class).toarray() + log_prior)

    def _posterior(self, table: VoteTable) -> Posterior:
        return self._scored(table)

    def _contributions(self, table: VoteTable) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        prior = np.tile(np.log(self.class_prior_), (table.n_patterns, 1))
        weights = table.label_matrix(self._worth(table))
        return prior, weights[table.hits.indices].toarray()
