"""Majority vote: every vote counts the same; the baseline of every other model."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.label_models._class_prior import SourcedPrior
from labelkit.label_models._posterior import vote_shares
from labelkit.label_models.pattern_label_model import PatternLabelModel

if TYPE_CHECKING:
    from labelkit.label_models._class_prior import ClassPrior
    from labelkit.label_models._posterior import Posterior
    from labelkit.label_models._vote_table import VoteTable
    from labelkit.votes.gold import GoldCounts


@checks_keywords
class MajorityVote(PatternLabelModel):
    r"""Shares of an example's votes.

    .. math:: P(y \mid votes_i) = n_{iy} / \sum_c n_{ic}

    with n_iy the votes for class y on example i. An example without votes has the class prior.

    Parameters
    ----------
    n_classes : int, optional
        Number of classes, if the votes do not determine it.
    class_prior : array-like of shape (n_classes,), or dict or Series by class, optional
        Probabilities of an example without votes; uniform if not given.

    Examples
    --------
    >>> import numpy as np
    >>> votes = np.array([[0, 0, 1], [1, -1, -1], [0, 1, -1], [-1, -1, -1]])
    >>> model = MajorityVote().fit(votes)
    >>> model.predict_proba(votes).round(2).tolist()
    [[0.67, 0.33], [0.0, 1.0], [0.5, 0.5], [0.5, 0.5]]
    >>> model.predict(votes).tolist()
    [0, 1, -1, -1]
    """

    learns_from_gold: ClassVar[bool] = False

    def __init__(self, *, n_classes: int | None = None, class_prior: ClassPrior | None = None) -> None:
        self.n_classes = n_classes
        self.class_prior = class_prior

    def _learn(self, table: VoteTable, gold: GoldCounts) -> None:  # noqa: ARG002 - counts have no parameters
        self._take_prior(SourcedPrior.given_or_even(self.class_prior, table.class_names))

    def _posterior(self, table: VoteTable) -> Posterior:
        return vote_shares(table)
