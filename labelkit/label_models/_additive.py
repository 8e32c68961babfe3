"""Models whose log-score is a class's log-prior plus a weight for each vote: they share prediction and explanation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labelkit.label_models._columns import aligned_columns
from labelkit.label_models._posterior import additive_posterior
from labelkit.label_models.explanation import Contributions
from labelkit.label_models.formula import ScoreFormula, VoteSum
from labelkit.label_models.pattern_label_model import PatternLabelModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._class_prior import SourcedPrior
    from labelkit.label_models._posterior import Posterior
    from labelkit.label_models._vote_table import VoteTable


class AdditiveModel(PatternLabelModel):
    """A label model with one weight for each (LF, vote) and class.

    Attributes
    ----------
    column_codes_ : ndarray of int64, shape (n_columns,)
        The (LF, vote) pairs seen at fit, ``lf * n_classes + vote``, LFs in the order of ``lf_order_``.
    weights_ : ndarray of shape (n_columns, n_classes)
        The term of a vote in the log-score of each class.
    """

    column_codes_: NDArray[np.int64]
    weights_: NDArray[np.float64]

    def _set_weights(self, table: VoteTable, weights: NDArray[np.float64], prior: SourcedPrior) -> None:
        self.column_codes_, self.weights_ = table.codes, weights
        self._take_prior(prior)

    def _unseen(self, table: VoteTable) -> NDArray[np.float64]:
        """Return weights of votes not seen at fit: the median margin of a vote's own class over the mean of others."""
        k = table.n_classes
        label = self.column_codes_ % k
        own_class = self.weights_[np.arange(len(label)), label]
        others = (self.weights_.sum(axis=1) - own_class) / max(k - 1, 1)
        margin = float(np.median(own_class - others)) if len(label) else 0.0
        return np.asarray((table.label[:, None] == np.arange(k)) * max(margin, 0.1))

    def _weights_of(self, table: VoteTable) -> NDArray[np.float64]:
        return aligned_columns(table, self.column_codes_, self.weights_, self._unseen(table))

    def _posterior(self, table: VoteTable) -> Posterior:
        return additive_posterior(table, self._weights_of(table), np.log(self.class_prior_))

    def _formula(self, table: VoteTable) -> ScoreFormula:
        return ScoreFormula(table.lf, table.label, np.log(self.class_prior_), (VoteSum(self._weights_of(table)),))

    def _contributions(self, table: VoteTable) -> Contributions:
        prior = np.tile(np.log(self.class_prior_), (table.n_patterns, 1))
        return Contributions(prior, self._weights_of(table)[table.hits.indices])
