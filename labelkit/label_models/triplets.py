"""Accuracies in closed form, from the agreement of triplets of labeling functions (the method of FlyingSquid)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from scipy import sparse

from labelkit._shared.memory import FOR_MANY_CLASSES, check_room
from labelkit._shared.seed_streams import seeded
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.label_models._additive import AdditiveModel
from labelkit.label_models._class_prior import SourcedPrior

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._class_prior import ClassPrior
    from labelkit.label_models._vote_table import VoteTable
    from labelkit.votes.gold import GoldCounts

MOST_PAIRS: Final = 2_000
"""Upper bound of the pairs of others that are used for each labeling function; of more, a sample is used."""

USUAL: Final = 0.4
"""Assumed correlation with the class where no triplet is usable: an accuracy of 0.7 on two even classes."""

HIGHEST: Final = 0.95
"""Upper bound of correlations."""


@checks_keywords
class TripletModel(AdditiveModel):
    r"""Correlations with the class, one class against the rest, by the median over triplets.

    With x_j = 1 where LF j votes for the class, -1 where it votes for another and 0 where it abstains, and Y = 1 or -1,
    LFs that are independent given the class have E[x_i x_j] = E[x_i Y] E[x_j Y], so that

    .. math:: |E[x_i Y]| = \sqrt{|E[x_i x_j] E[x_i x_k] / E[x_j x_k]|}, \quad a_i = E[x_i Y] / P(x_i \ne 0)

    and a vote for the class adds ``log((1 + a) / (1 - a)) / 2`` to its log-score, a vote against it takes as much. LFs
    are assumed to be better than chance.

    Parameters
    ----------
    class_prior : array-like of shape (n_classes,), or dict or Series by class, optional
        Uniform if not given.
    random_state : int
        For the sample of pairs, with many LFs.
    n_classes : int, optional
        Number of classes, if the votes do not determine it.

    Attributes
    ----------
    correlation_ : ndarray of shape (n_lfs, n_classes)
        a for each LF and class against the rest.

    References
    ----------
    Fu, Chen, Sala, Hooper, Fatahalian, Re (2020), Fast and three-rious: speeding up weak supervision with triplet
    methods. https://proceedings.mlr.press/v119/fu20a.html

    Examples
    --------
    >>> votes = np.array([[0, 0, 1], [1, 1, 1], [0, 0, 0], [1, 1, 0]] * 5)
    >>> model = TripletModel().fit(votes)
    >>> model.predict(votes)[:4].tolist()
    [0, 1, 0, 1]
    """

    learns_from_gold: ClassVar[bool] = False

    def __init__(
        self, *, class_prior: ClassPrior | None = None, random_state: int = 0, n_classes: int | None = None
    ) -> None:
        self.class_prior = class_prior
        self.random_state = random_state
        self.n_classes = n_classes

    def _learn(self, table: VoteTable, gold: GoldCounts) -> None:  # noqa: ARG002 - the method does not use gold
        n_cells = table.n_lfs * (table.n_classes + 4 * table.n_lfs) + 4 * table.n_columns * table.n_classes
        check_room(8.0 * n_cells, "the agreement of all pairs of functions", hint=FOR_MANY_CLASSES)
        prior = SourcedPrior.given_or_even(self.class_prior, table.class_names)
        voted = np.asarray(table.lf_matrix() @ table.column_counts) / table.counts.sum()
        correlation = np.empty((table.n_lfs, table.n_classes))
        for c in range(table.n_classes):
            moments = class_moments(table, c) / table.counts.sum()
            covariance = triplet_covariance(moments, seeded(self.random_state))
            share = np.divide(covariance, voted, out=np.full(table.n_lfs, np.nan), where=voted > 0)
            correlation[:, c] = np.clip(np.where(np.isnan(share), USUAL, share), 0.0, HIGHEST)
        self.correlation_ = correlation
        self._set_weights(table, self._unseen(table), prior)

    def _unseen(self, table: VoteTable) -> NDArray[np.float64]:
        log_odds = 0.5 * np.log((1 + self.correlation_) / (1 - self.correlation_))[table.lf]
        sign = np.where(table.label[:, None] == np.arange(table.n_classes), 1.0, -1.0)
        return np.asarray(log_odds * sign)


def class_moments(table: VoteTable, label: int) -> NDArray[np.float64]:
    """Sum x_i x_j over all examples, one class against the rest, in whole numbers; shape (n_lfs, n_lfs)."""
    sign = np.where(table.label == label, 1.0, -1.0)
    shape = (table.n_columns, table.n_lfs)
    signed = table.hits @ sparse.csr_array((sign, (np.arange(table.n_columns), table.lf)), shape=shape)
    weighted = sparse.diags_array(table.counts) @ signed
    return np.asarray((signed.T @ weighted).toarray())


def triplet_covariance(moments: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the median over pairs (j, k) of sqrt(|M_ij M_ik / M_jk|) for each i; NaN where there is none.

    Parameters
    ----------
    moments : ndarray of shape (n_lfs, n_lfs)
    rng : numpy Generator

    Returns
    -------
    ndarray of shape (n_lfs,)

    Examples
    --------
    >>> a = np.array([0.8, 0.5, 0.4])
    >>> triplet_covariance(np.outer(a, a), np.random.default_rng(0)).round(6).tolist()
    [0.8, 0.5, 0.4]
    """
    m = len(moments)
    first, second = np.triu_indices(m, 1)
    if len(first) > MOST_PAIRS:
        chosen = np.sort(rng.choice(len(first), MOST_PAIRS, replace=False))
        first, second = first[chosen], second[chosen]
    medians = np.full(m, np.nan)
    for i in range(m):
        parts = moments[i, first] * moments[i, second]
        usable = (first != i) & (second != i) & (moments[first, second] != 0) & (parts != 0)
        if usable.any():
            medians[i] = np.median(np.sqrt(np.abs(parts[usable] / moments[first, second][usable])))
    return medians
