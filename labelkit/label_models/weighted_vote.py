"""Votes weighted by the agreement of their labeling function with the majority."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.label_models._class_prior import SourcedPrior
from labelkit.label_models._columns import sums_by
from labelkit.label_models._em import expected_hits
from labelkit.label_models._posterior import vote_shares
from labelkit.label_models.pattern_label_model import PatternLabelModel

if TYPE_CHECKING:
    from labelkit.label_models._class_prior import ClassPrior
    from labelkit.label_models._posterior import Posterior
    from labelkit.label_models._vote_table import VoteTable
    from labelkit.votes.gold import GoldCounts


@checks_keywords
class WeightedVote(PatternLabelModel):
    r"""Shares of an example's votes, weighted by agreement with the majority (Wawa).

    .. math:: P(y \mid votes_i) \propto \sum_{j: vote_{ij} = y} w_j, \quad
        w_j = \frac{1 + \sum_i share_i(vote_{ij})}{2 + n_j}

    with share_i(c) the share of class c among the votes on example i, and n_j the votes of LF j. Where gold is known,
    the share is 1 for the gold class.

    Parameters
    ----------
    class_prior : array-like of shape (n_classes,), or dict or Series by class, optional
        Probabilities of an example without votes; uniform if not given.
    n_classes : int, optional
        Number of classes, if the votes do not determine it.

    Attributes
    ----------
    lf_weights_ : ndarray of shape (n_lfs,)
        In the order of ``lf_order_``.

    References
    ----------
    Worker agreement with aggregate, https://success.appen.com/hc/en-us/articles/202703205

    Examples
    --------
    >>> import numpy as np
    >>> votes = np.array([[0, 0, 1], [1, 1, 0], [0, 0, 1], [0, -1, 1]])
    >>> WeightedVote().fit(votes).predict(votes).tolist()
    [0, 1, 0, 0]
    """

    uses_confidence: ClassVar[bool] = True

    def __init__(self, *, class_prior: ClassPrior | None = None, n_classes: int | None = None) -> None:
        self.class_prior = class_prior
        self.n_classes = n_classes

    def _learn(self, table: VoteTable, gold: GoldCounts) -> None:
        hits = sums_by(table.lf, expected_hits(table, vote_shares(table), gold), table.n_lfs)
        self.lf_weights_ = (1 + hits) / (2 + sums_by(table.lf, table.column_counts, table.n_lfs))
        self._take_prior(SourcedPrior.given_or_even(self.class_prior, table.class_names))

    def _posterior(self, table: VoteTable) -> Posterior:
        return vote_shares(table, self.lf_weights_[table.lf])
