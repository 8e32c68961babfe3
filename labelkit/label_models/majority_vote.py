"""Majority vote: every vote counts the same. The model that every other has to beat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelkit.label_models._em import vote_shares
from labelkit.label_models.base import BaseLabelModel, checked_prior, uniform

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from labelkit.label_models._em import Posterior
    from labelkit.label_models._vote_table import GoldCounts, VoteTable


class MajorityVote(BaseLabelModel):
    r"""Each class's share of an example's votes.

    .. math:: P(y \mid votes_i) = n_{iy} / \sum_c n_{ic}

    with n_iy the votes for class y on example i. An example without votes has the class prior.

    Parameters
    ----------
    n_classes : int, optional
        How many classes there are, where the votes cannot tell.
    class_prior : array-like of shape (n_classes,), optional
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

    def __init__(self, *, n_classes: int | None = None, class_prior: ArrayLike | None = None) -> None:
        self.n_classes = n_classes
        self.class_prior = class_prior

    def _learn(self, table: VoteTable, gold: GoldCounts) -> None:  # noqa: ARG002 - counts learn nothing
        prior = checked_prior(self.class_prior, table.n_classes)
        self.class_prior_ = uniform(table.n_classes) if prior is None else prior

    def _posterior(self, table: VoteTable) -> Posterior:
        return vote_shares(table)
