"""Models whose log-score is a class's log-prior plus a weight for each vote: they share prediction and explanation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labelkit.label_models._em import additive_scores, known_columns, softmax
from labelkit.label_models.base import BaseLabelModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._em import Posterior
    from labelkit.label_models._vote_table import VoteTable


class AdditiveModel(BaseLabelModel):
    """A label model with one weight for each (LF, vote) and class.

    Attributes
    ----------
    column_codes_ : ndarray of int64, shape (n_columns,)
        The (LF, vote) pairs seen at fit, ``lf * n_classes + vote``, LFs in the order of ``lf_order_``.
    weights_ : ndarray of shape (n_columns, n_classes)
        What a vote adds to the log-score of each class.
    """

    column_codes_: NDArray[np.int64]
    weights_: NDArray[np.float64]

    def _keep(self, table: VoteTable, weights: NDArray[np.float64], prior: NDArray[np.float64]) -> None:
        self.column_codes_, self.weights_, self.class_prior_ = table.codes, weights, prior

    def _unseen(self, table: VoteTable) -> NDArray[np.float64]:
        """Weights of votes that were not seen at fit: the median of what a vote is worth to its own class."""
        k = table.n_classes
        label = self.column_codes_ % k
        own = self.weights_[np.arange(len(label)), label]
        others = (self.weights_.sum(axis=1) - own) / max(k - 1, 1)
        worth = float(np.median(own - others)) if len(own) else 0.0
        return np.asarray((table.label[:, None] == np.arange(k)) * max(worth, 0.1))

    def _weights_of(self, table: VoteTable) -> NDArray[np.float64]:
        return known_columns(table, self.column_codes_, self.weights_, self._unseen(table))

    def _posterior(self, table: VoteTable) -> Posterior:
        weights, log_prior = self._weights_of(table), np.log(self.class_prior_)
        return lambda rows: softmax(additive_scores(table, rows, weights, log_prior))

    def _contributions(self, table: VoteTable) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        prior = np.tile(np.log(self.class_prior_), (table.n_patterns, 1))
        return prior, self._weights_of(table)[table.hits.indices]
