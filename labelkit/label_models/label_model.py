"""The default label model: as good as majority vote where little can be learned, and better where more can.

Labeling functions are *unipolar* (they vote for one class only) or *multipolar*. Votes of the former are counted, by
their independence and with concave worth (:mod:`~labelkit.label_models._unipolar`); confusions of the latter are
learned in a few EM steps (:mod:`~labelkit.label_models._multipolar`); where both occur, the counts are a fixed offset
in the EM. Gold rows correct the result (:mod:`~labelkit.label_models._gold_correction`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit.exceptions import ModelError
from labelkit.label_models import _multipolar, _unipolar
from labelkit.label_models._base import BaseLabelModel, checked_prior, uniform
from labelkit.label_models._em import known_columns, soft_counts, softmax, sums_by, vote_shares, whole_posterior
from labelkit.label_models._gold_correction import Correction, corrected, learn_correction
from labelkit.label_models._polarity import multipolar
from labelkit.label_models._redundancy import MULTIPOLAR_POWER, POWER, column_overlaps
from labelkit.label_models._votes import NO_GOLD, check_room

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from labelkit.label_models._em import Posterior
    from labelkit.label_models._votes import GoldCounts, VoteTable

TRUSTED: Final = 0.95
"""The precision that an LF is thought to have which its author vouches for."""

BELIEF: Final = 20.0
"""Votes that a stated precision is worth."""

USUAL: Final = 0.75
"""The precision at which a vote of a unipolar LF counts as one vote."""


class LabelModel(BaseLabelModel):
    """Probabilities of classes from noisy, overlapping, conflicting votes; needs no tuning.

    Parameters
    ----------
    class_prior : array-like of shape (n_classes,), optional
        How frequent each class is, where that is known; estimated if not given.
    n_classes : int, optional
        How many classes there are, where the votes cannot tell.

    Attributes
    ----------
    multipolar_ : ndarray of bool, shape (n_lfs,)
        Which LFs vote for several classes, in the order of ``lf_order_``.
    independence_ : ndarray of shape (n_columns,)
        The share of each (LF, vote) in ``column_codes_`` that is not said by near copies of it too.
    lf_precision_ : dict of str to float
        How often each LF's votes are estimated to be right; NaN for one that never voted.

    Notes
    -----
    With independent votes n_y for class y by unipolar functions, its score is
    ``tau (a_y n_y + 1.41 log(1 + n_y) + 0.57 [n_y > 0])``, to which votes of multipolar functions add the logs of their
    confusions. The formulas and their constants stand in the modules named above.

    References
    ----------
    Dawid, Skene (1979), Maximum likelihood estimation of observer error-rates using the EM algorithm.
    https://doi.org/10.2307/2346806

    Ratner et al. (2016), Data programming: creating large training sets, quickly.
    https://doi.org/10.48550/arXiv.1605.07723

    Examples
    --------
    >>> votes = np.array([[0, 0, -1], [0, -1, 1], [-1, -1, 1], [0, 0, 1], [-1, -1, -1]])
    >>> LabelModel().fit(votes).predict(votes).tolist()
    [0, 1, 1, 0, -1]
    """

    def __init__(self, *, class_prior: ArrayLike | None = None, n_classes: int | None = None) -> None:
        self.class_prior = class_prior
        self.n_classes = n_classes

    def _learn(self, table: VoteTable, gold: GoldCounts) -> None:
        _check_beliefs(table)
        known = checked_prior(self.class_prior, table.n_classes)
        self.known_prior_ = known is not None
        self.class_prior_ = uniform(table.n_classes) if known is None else known
        self.column_codes_ = table.codes
        self.multipolar_ = multipolar(table)
        power = np.where(self.multipolar_[table.lf], MULTIPOLAR_POWER, POWER)
        self.independence_ = column_overlaps(table).independence(power)
        self.worth_ = _worth(table)
        self._learn_counts(table)
        if self.multipolar_.any():
            self._learn_confusions(table)
        if len(gold):
            self._learn_gold(table, gold)
        self._describe(table)

    def _learn_counts(self, table: VoteTable) -> None:
        """What a vote of a unipolar LF is worth, by its class."""
        weight = np.where(self.multipolar_[table.lf], 0.0, self.independence_)
        n_votes = sums_by(table.label, weight * table.column_counts, table.n_classes)
        n_lfs = sums_by(table.label, weight, table.n_classes)
        coefficients = self._coefficients()
        self.slopes_ = _unipolar.class_slopes(n_votes, n_lfs, coefficients)
        self.scale_ = _unipolar.temperature(agreement(table), table.n_classes, coefficients)

    def _learn_confusions(self, table: VoteTable) -> None:
        """A few EM steps, with the score of the unipolar LFs as an offset."""
        check_room(40.0 * table.n_columns * table.n_classes, "a confusion matrix for each labeling function")
        mine = self.multipolar_[table.lf][:, None]
        believed, strength = _beliefs(table)
        posterior = vote_shares(table, self.independence_)
        for _ in range(_multipolar.STEPS):
            expected = soft_counts(table, posterior, NO_GOLD)
            counts = expected.columns * mine
            totals = np.asarray(table.lf_matrix() @ counts)
            shared = _multipolar.learn_confusions(table, counts, believed, strength)
            confusion = _multipolar.confusion_rows(table, counts, totals, shared)
            if not self.known_prior_:
                self.class_prior_ = (expected.classes + 1) / (expected.classes + 1).sum()
            self.log_confusion_ = np.where(mine, np.log(confusion), 0.0)
            posterior = self._scored(table, self.log_confusion_, self.independence_)
        self.lf_totals_, self.lf_accuracy_, self.pooled_ = totals, shared.accuracy, shared.pooled

    def _learn_gold(self, table: VoteTable, gold: GoldCounts) -> None:
        covered = table.covered[gold.pattern]
        rows = gold.pattern[covered]
        log_q = np.log(np.maximum(whole_posterior(table, self._posterior_of(table))[rows], 1e-12))
        found = learn_correction(
            log_q, table.hits[rows], table.label_matrix(), gold.label[covered], gold.count[covered]
        )
        self.gold_scale_, self.gold_classes_, self.gold_columns_ = found.log_scale, found.classes, found.columns
        if not self.known_prior_:
            near = gold.per_class(table.n_classes) + 1
            self.uncovered_prior_ = near / near.sum()
            self.class_prior_ = self.uncovered_prior_

    def _describe(self, table: VoteTable) -> None:
        counts = soft_counts(table, lambda rows: self._final(table)[rows], NO_GOLD)
        right = np.bincount(
            table.lf, weights=counts.columns[np.arange(table.n_columns), table.label], minlength=table.n_lfs
        )
        n = np.bincount(table.lf, weights=table.column_counts, minlength=table.n_lfs)
        precision = np.divide(right, n, out=np.full(table.n_lfs, np.nan), where=n > 0)
        self.lf_precision_ = {lf.name: float(p) for lf, p in zip(table.lfs, precision, strict=True)}

    def _coefficients(self) -> _unipolar.ScoreCoefficients:
        return _unipolar.PRIOR_KNOWN if self.known_prior_ else _unipolar.NOTHING_KNOWN

    def _scored(
        self, table: VoteTable, weights: NDArray[np.float64] | None, independence: NDArray[np.float64]
    ) -> Posterior:
        return lambda rows: softmax(self._scores(table, rows, weights, independence))

    def _scores(
        self, table: VoteTable, rows: slice, weights: NDArray[np.float64] | None, independence: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Log-scores of some patterns; shape (n_rows, n_classes)."""
        hits = table.hits[rows]
        multi = self.multipolar_[table.lf]
        scores = np.zeros((hits.shape[0], table.n_classes))
        if weights is not None:
            scores += hits @ (weights * independence[:, None])
            scores /= _multipolar.damping(hits @ np.where(multi, independence, 0.0))[:, None]
            scores += np.log(self.class_prior_)
        if not multi.all():
            coefficients = self._coefficients()
            counted = independence * np.where(multi, 0.0, self.worth_[table.lf])
            n = (hits @ table.label_matrix(counted)).toarray()
            own = _unipolar.class_scores(n, self.slopes_, coefficients)
            if self.known_prior_ and weights is None:
                own += np.log(table.n_classes * self.class_prior_) * (
                    coefficients.prior + coefficients.prior_per_vote * n
                )
            scores += self.scale_ * own
        return scores

    def _posterior_of(self, table: VoteTable) -> Posterior:
        independence = known_columns(table, self.column_codes_, self.independence_, np.ones(table.n_columns))
        if not self.multipolar_.any():
            return self._scored(table, None, independence)
        shared = _multipolar.Confusions(self.lf_accuracy_, self.pooled_)
        unseen = _multipolar.confusion_rows(
            table, np.zeros((table.n_columns, table.n_classes)), self.lf_totals_, shared
        )
        unseen = np.where(self.multipolar_[table.lf][:, None], np.log(unseen), 0.0)
        return self._scored(table, known_columns(table, self.column_codes_, self.log_confusion_, unseen), independence)

    def _final(self, table: VoteTable) -> NDArray[np.float64]:
        proba = whole_posterior(table, self._posterior_of(table))
        if not hasattr(self, "gold_columns_"):
            return proba
        columns = known_columns(table, self.column_codes_, self.gold_columns_, np.zeros(table.n_columns))
        found = Correction(self.gold_scale_, self.gold_classes_, columns)
        return softmax(corrected(np.log(np.maximum(proba, 1e-12)), table.hits, table.label_matrix(), found))

    def _posterior(self, table: VoteTable) -> NDArray[np.float64]:
        return self._final(table)


def agreement(table: VoteTable) -> float:
    """How often a vote agrees with another one on the same example; 0.5 where no example has two."""
    agreeing = pairs = 0.0
    to_class = table.label_matrix()
    for rows in table.chunks():
        n = (table.hits[rows] @ to_class).toarray()
        d = n.sum(axis=1)
        weight = np.where(d > 1, table.counts[rows], 0.0)
        agreeing += float(weight @ ((n * (n - 1)).sum(axis=1) / np.maximum(d - 1, 1)))
        pairs += float(weight @ d)
    return agreeing / pairs if pairs else 0.5


def _precisions(table: VoteTable) -> NDArray[np.float64]:
    """What is believed of each LF's precision beforehand; NaN where nothing is."""
    said = [TRUSTED if lf.precision is None and lf.trusted else lf.precision for lf in table.lfs]
    return np.array([np.nan if p is None else p for p in said], dtype=np.float64)


def _check_beliefs(table: VoteTable) -> None:
    for lf in table.lfs:
        if lf.precision is not None and not 0 < lf.precision < 1:
            raise ModelError(f"precision={lf.precision!r} of {lf.name!r} is not in (0, 1)")


def _beliefs(table: VoteTable) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    believed = _precisions(table)
    return believed, np.where(np.isnan(believed), _multipolar.STRENGTH, BELIEF)


def _worth(table: VoteTable) -> NDArray[np.float64]:
    """How many usual votes one of each LF's is worth, by its stated precision: the ratio of log-odds, in [0, 3]."""
    believed = np.clip(np.nan_to_num(_precisions(table), nan=USUAL), 0.01, 0.99)
    odds = np.log(believed / (1 - believed)) / np.log(USUAL / (1 - USUAL))
    return np.asarray(np.clip(odds, 0.0, 3.0))
