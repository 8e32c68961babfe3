"""The default label model: as good as majority vote where little can be learned, and better where more can.

Votes of rules are counted, by their independence and with concave worth
(:mod:`~labelkit.label_models.default._vote_counts`); those of rules that vote for several classes also by how far they
agree with the others. In a crowd, where everybody votes for most classes and most examples have several votes,
confusions are learned in a few EM steps instead (:mod:`~labelkit.label_models.default._confusions`). Such a crowd, of
classifiers say, learns by itself where it votes on most examples, and rules for one class each move its log-odds
(:mod:`~labelkit.label_models.default._crowd`). The confusions of a few multipolar rules beside such rules are learned
with the counts as a fixed offset; there, rules that vote on most examples and for every class show the class prior.
Gold rows set the class prior and correct the result (:mod:`~labelkit.label_models.default._gold_correction`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from labelkit._shared.memory import FOR_MANY_CLASSES, check_room
from labelkit._shared.row_operations import row_sums
from labelkit.exceptions import ModelError
from labelkit.label_models._agreement import agreement_worth
from labelkit.label_models._em import (
    by_blocks,
    known_columns,
    soft_counts,
    softmax,
    sums_by,
    vote_shares,
)
from labelkit.label_models._overlaps import Overlaps
from labelkit.label_models._polarity import broad_shares, learns_confusions, multipolar
from labelkit.label_models._vote_table import NO_GOLD, class_votes
from labelkit.label_models.base import BaseLabelModel, checked_prior, uniform
from labelkit.label_models.default import _confusions, _vote_counts
from labelkit.label_models.default._crowd import known_classes, lifts, seen_precisions
from labelkit.label_models.default._gold_correction import (
    Correction,
    Uncorrected,
    corrected,
    gold_prior,
    learn_correction,
)
from labelkit.label_models.default._reports import LearnedReports, describe

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from scipy import sparse

    from labelkit.label_models._em import Posterior
    from labelkit.label_models._vote_table import GoldCounts, VoteTable

TRUSTED: Final = 0.95
"""The precision that an LF is thought to have which its author vouches for."""

BELIEF: Final = 20.0
"""Votes that a stated precision is worth."""

USUAL: Final = 0.75
"""The precision at which a vote of a unipolar LF counts as one vote."""

MOST_CONFUSIONS: Final = 20_000_000
"""Where the confusions of all LFs are more numbers than this (1,000 workers over 140 classes), votes are counted."""


class LabelModel(LearnedReports, BaseLabelModel):
    """Probabilities of classes from noisy, overlapping, conflicting votes; needs no tuning.

    Parameters
    ----------
    class_prior : array-like of shape (n_classes,), optional
        How frequent each class is, where that is known; estimated from gold, else from votes, if not given.
    n_classes : int, optional
        How many classes there are, where the votes cannot tell.

    Attributes
    ----------
    multipolar_, confused_ : ndarray of bool, shape (n_lfs,)
        Which LFs vote for several classes, and of which confusions were learned, in the order of ``lf_order_``.
    independence_ : ndarray of shape (n_columns,)
        The share of each (LF, vote) in ``column_codes_`` that is not said by others too.
    lf_precision_ : dict of str to float
        How often each LF's votes are estimated to be right; NaN for one that never voted.

    See Also
    --------
    precisions, redundancies, suspects, verdict : what it learned, as tables.

    Notes
    -----
    With n_y independent votes for class y, each worth what is believed of its LF, and d in all, its score is
    ``tau (a_y n_y + log(1 + n_y) + 0.5 min(3 n_y, 1)) / d^0.15``, to which votes with confusions add the logs of
    these. Beside a crowd, it is the log prior, the logs of confusions, and lifts of votes for one class. The formulas
    and their constants stand in the modules named above.

    Gold rows set the class prior (in a crowd the votes do, which show it better than some dozen rows do) and teach a
    correction of the posterior. They are kept out of expectation maximisation: a posterior that was fitted to them
    looks better on them than it is, and the correction would be too bold. As every prediction goes by the votes alone,
    a gold row's is that of other rows with its votes; ``label(matrix, gold=gold)`` gives gold rows their class.

    In an explanation, the term of a class that is concave in the votes is split among its voters in proportion to their
    weights.

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

    uses_confidence: ClassVar[bool] = True

    def __init__(self, *, class_prior: ArrayLike | None = None, n_classes: int | None = None) -> None:
        self.class_prior = class_prior
        self.n_classes = n_classes

    # Learning ---------------------------------------------------------------------------------------------------------

    def _learn(self, table: VoteTable, gold: GoldCounts) -> None:
        _check_beliefs(table)
        prior = checked_prior(self.class_prior, table.n_classes)
        self.prior_weight_ = float(prior is not None)
        if prior is None and len(gold):
            prior, self.prior_weight_ = gold_prior(gold.per_class(table.n_classes))
        self.multipolar_ = multipolar(table)
        small = table.n_columns * table.n_classes <= MOST_CONFUSIONS
        chosen, whole = learns_confusions(table, self.multipolar_)
        self.confused_, self.crowd_ = chosen & small, whole and small
        self.seen_precision_ = _believed(table)[table.lf]
        if prior is None and not self.crowd_:
            prior = broad_shares(table, self.multipolar_)
            self.prior_weight_ = float(prior is not None)
        self.known_prior_ = prior is not None
        self.class_prior_ = uniform(table.n_classes) if prior is None else prior
        self.column_codes_ = table.codes
        overlaps = Overlaps(table)
        self.independence_ = overlaps.independence(~self.multipolar_[table.lf], _groups(table))
        judged = self.multipolar_ & ~self.confused_
        self.worth_ = _worth(table) * agreement_worth(table, self.independence_, judged)
        self._learn_counts(table)
        self.log_confusion_ = np.zeros((table.n_columns, table.n_classes) if self.confused_.any() else (0, 0))
        if self.confused_.any():
            self._learn_confusions(table)
        self.gold_correction_ = self._learn_gold(table, gold) if len(gold) else np.zeros(0)
        describe(self, table, overlaps, gold)

    def _learn_counts(self, table: VoteTable) -> None:
        """What a vote of a unipolar LF is worth, by its class."""
        weight = np.where(self.confused_[table.lf], 0.0, self.independence_)
        n_votes = sums_by(table.label, weight * table.column_counts, table.n_classes)
        n_lfs = sums_by(table.label, weight, table.n_classes)
        self.slopes_ = _vote_counts.class_slopes(n_votes, n_lfs, self._coefficients())
        self.scale_ = _vote_counts.temperature(
            agreement(table, self.independence_), table.n_classes, self._coefficients()
        )

    def _learn_confusions(self, table: VoteTable) -> None:
        """A few EM steps: of a crowd by itself, else with the score of the unipolar LFs as an offset."""
        n_bytes = 40.0 * table.n_columns * table.n_classes
        check_room(n_bytes, "a confusion matrix for each labeling function", hint=FOR_MANY_CLASSES)
        mine = self.confused_[table.lf][:, None]
        believed, strength = _beliefs(table)
        own = self.independence_ * mine[:, 0]  # a crowd learns by itself
        posterior = vote_shares(table, own) if self.crowd_ else self._scored(table, None, self.independence_)
        seen = (table.hits @ own > 0) if self.crowd_ else table.covered
        for _ in range(_confusions.STEPS):
            # gold that EM has seen could not correct it any more
            expected = soft_counts(table, _where(seen, posterior), NO_GOLD)
            counts = expected.columns * mine
            totals = np.asarray(table.lf_matrix() @ counts)
            shared = _confusions.learn_confusions(table, counts, believed, strength)
            confusion = _confusions.confusion_rows(table, counts, totals, shared)
            if self.crowd_ and self.class_prior is None:  # else, a learned prior would run away with unipolar votes
                self.class_prior_ = (expected.classes + 1) / (expected.classes + 1).sum()
            self.log_confusion_ = np.where(mine, np.log(confusion), 0.0)
            weight = own if self.crowd_ else self.independence_
            posterior = self._scored(table, self.log_confusion_, weight, damped=False)
        if self.crowd_:
            alone = self._scored(table, self.log_confusion_, own)
            known = known_classes(table, own)
            self.seen_precision_ = seen_precisions(table, alone, self.seen_precision_, self.class_prior_, known)
        self.lf_totals_, self.lf_accuracy_, self.pooled_ = totals, shared.accuracy, shared.pooled

    def _learn_gold(self, table: VoteTable, gold: GoldCounts) -> NDArray[np.float64]:
        covered = table.covered[gold.pattern]
        known = replace(table.some(gold.pattern[covered]), counts=gold.count[covered])
        given = self._uncorrected(known, slice(0, known.n_patterns), *self._known(known))
        return learn_correction(given, gold.label[covered], gold.count[covered])

    # Scoring ----------------------------------------------------------------------------------------------------------

    def _coefficients(self) -> _vote_counts.ScoreCoefficients:
        return _vote_counts.NOTHING_KNOWN.towards(_vote_counts.PRIOR_KNOWN, self.prior_weight_)

    def _log_ratio(self) -> NDArray[np.float64]:
        """How much more frequent than usual a class is known to be, in logs."""
        return np.log(len(self.class_prior_) * self.class_prior_) * self.known_prior_

    def _prior_scores(self) -> NDArray[np.float64]:
        """What a known class prior adds: beside confusions, which are probabilities, all of its log-ratio."""
        whole = 1.0 if self.confused_.any() else self.scale_ * self._coefficients().prior
        return np.asarray(whole * self._log_ratio())

    def _scored(
        self,
        table: VoteTable,
        weights: NDArray[np.float64] | None,
        independence: NDArray[np.float64],
        *,
        damped: bool = True,
    ) -> Posterior:
        return lambda rows: softmax(self._scores(table, rows, weights, independence, damped=damped))

    def _counted(self, table: VoteTable, independence: NDArray[np.float64]) -> NDArray[np.float64]:
        """How many votes a unipolar column's vote counts as; 0 for the others."""
        return np.where(self.confused_[table.lf], 0.0, independence * self.worth_[table.lf])

    def _divisor(
        self, table: VoteTable, hits: sparse.csr_array, independence: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """What the votes' share in a row's log-posterior is divided by, since they depend on one another."""
        if not self.crowd_:
            return _vote_counts.damping(np.asarray(hits @ independence))[:, None]
        n_votes = np.asarray(hits @ np.where(self.confused_[table.lf], independence, 0.0))
        return np.asarray(_confusions.damping(n_votes) * _confusions.FLATNESS)[:, None]

    def _lifted(
        self, table: VoteTable, hits: sparse.csr_array, independence: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What each unipolar column adds to its class beside a crowd, and what a row's sum of that is divided by."""
        own = np.where(self.confused_[table.lf], 0.0, independence)
        precision = known_columns(table, self.column_codes_, self.seen_precision_, _believed(table)[table.lf])
        return own * lifts(precision, self.class_prior_[table.label]), _confusions.damping(hits @ own)

    def _scores(
        self,
        table: VoteTable,
        rows: slice,
        weights: NDArray[np.float64] | None,
        independence: NDArray[np.float64],
        *,
        damped: bool = True,
    ) -> NDArray[np.float64]:
        """Log-scores of some patterns, before gold; shape (n_rows, n_classes). A crowd learns from them undamped."""
        hits = table.rows(rows)
        scores = np.zeros((hits.shape[0], table.n_classes))
        if weights is not None:
            scores += hits @ (weights * independence[:, None])
        if not self.crowd_:
            n = class_votes(hits, table.label_matrix(self._counted(table, independence)))
            scores += self.scale_ * _vote_counts.class_scores(n, self.slopes_, self._coefficients())
            scores /= self._divisor(table, hits, independence)
            scores += self._prior_scores()
            return scores
        if damped:
            scores /= self._divisor(table, hits, independence)
        flatness = _confusions.FLATNESS if damped else 1.0
        scores += np.log(self.class_prior_) / flatness
        if not self.confused_.all():
            lift, divisor = self._lifted(table, hits, independence)
            scores += class_votes(hits, table.label_matrix(lift)) / (divisor * flatness)[:, None]
        return scores

    def _known(self, table: VoteTable) -> tuple[NDArray[np.float64] | None, NDArray[np.float64]]:
        """Log-confusions and independence of a table's columns, also of votes that were not seen at fit."""
        independence = known_columns(table, self.column_codes_, self.independence_, np.ones(table.n_columns))
        if not self.confused_.any():
            return None, independence
        shared = _confusions.Confusions(self.lf_accuracy_, self.pooled_)
        nothing = np.zeros((table.n_columns, table.n_classes))
        rare = np.log(_confusions.confusion_rows(table, nothing, self.lf_totals_, shared))
        rare = np.where(self.confused_[table.lf][:, None], rare, 0.0)
        return known_columns(table, self.column_codes_, self.log_confusion_, rare), independence

    def _correction(self, table: VoteTable) -> Correction | None:
        """What gold taught, for the columns of a table; None without gold."""
        if not len(self.gold_correction_):
            return None
        found = Correction.of(self.gold_correction_, table.n_classes)
        columns = known_columns(table, self.column_codes_, found.columns, np.zeros(table.n_columns))
        return replace(found, columns=columns)

    def _uncorrected(
        self,
        table: VoteTable,
        rows: slice,
        weights: NDArray[np.float64] | None,
        independence: NDArray[np.float64],
    ) -> Uncorrected:
        hits = table.rows(rows)
        return Uncorrected(
            self._scores(table, rows, weights, independence),
            _log_votes(hits, independence),
            hits,
            table.label,
            self._correctable_ratio(),
        )

    def _correctable_ratio(self) -> NDArray[np.float64]:
        """The log-ratio that gold may find worth more; a crowd's posterior holds all of its prior.

        It is divided by its degrees of freedom: among many classes, one weight for all would drown each rare one in the
        most frequent, to the gain of accuracy and the loss of macro-F1.
        """
        return self._log_ratio() * (not self.crowd_) / max(len(self.class_prior_) - 1, 1)

    def _posterior(self, table: VoteTable) -> Posterior:
        correction = self._correction(table)
        if correction is None:
            return self._unlearned(table)
        weights, independence = self._known(table)
        return lambda rows: softmax(corrected(self._uncorrected(table, rows, weights, independence), correction))

    def _unlearned(self, table: VoteTable) -> Posterior:
        """The posterior before gold corrected it."""
        return self._scored(table, *self._known(table))

    def _contributions(self, table: VoteTable) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Log-scores as a sum: a prior for each pattern, a term for each vote (in the order of ``hits.indices``)."""
        weights, independence = self._known(table)
        correction, k = self._correction(table), table.n_classes
        place, column = np.repeat(np.arange(table.n_patterns), np.diff(table.hits.indptr)), table.hits.indices
        prior, terms = np.zeros((table.n_patterns, k)), np.zeros((len(column), k))
        divisor = self._divisor(table, table.hits, independence)
        if weights is not None:
            terms += (weights * independence[:, None])[column] / divisor[place]
        if self.crowd_:
            prior += np.log(self.class_prior_) / _confusions.FLATNESS
            lift, row_divisor = self._lifted(table, table.hits, independence)
            own = lift[column] / (row_divisor[place] * _confusions.FLATNESS)
            terms[np.arange(len(column)), table.label[column]] += own
        else:
            counted, label = self._counted(table, independence), table.label[column]
            n = (table.hits @ table.label_matrix(counted)).toarray()
            scores = self.scale_ * _vote_counts.class_scores(n, self.slopes_, self._coefficients()) / divisor
            share = counted[column] / np.maximum(n[place, label], 1e-300)
            terms[np.arange(len(column)), label] += share * scores[place, label]
            prior += self._prior_scores()
        if correction is not None:
            scale = correction.scale(_log_votes(table.hits, independence))
            terms, prior = terms * scale[place], prior * scale + correction.offsets(self._correctable_ratio())
            terms[np.arange(len(column)), table.label[column]] += correction.columns[column]
        return prior, terms


def agreement(table: VoteTable, independence: NDArray[np.float64]) -> float:
    """How often a vote agrees with another one on the same example, copies counted once; 0.5 where no two meet."""
    agreeing = met = 0.0
    to_class, squares = table.label_matrix(independence), table.label_matrix(independence**2)

    def votes_met(rows: slice) -> NDArray[np.float64]:
        """For each pattern: its votes, those that another one meets, and those of them that agree."""
        n, own = class_votes(table.rows(rows), to_class), class_votes(table.rows(rows), squares)
        d = row_sums(n)
        others = np.maximum(d - row_sums(own) / np.maximum(d, 1e-12), 0.0)
        pairs = row_sums((n**2 - own).clip(min=0))
        return np.column_stack([d, others, pairs / np.maximum(others, 1e-9)])

    for rows in table.chunks():
        d, others, agrees = np.ascontiguousarray(by_blocks(votes_met, rows, 3).T)
        weight = np.where(others > 1e-9, table.counts[rows], 0.0)
        agreeing += float(weight @ agrees)
        met += float(weight @ d)
    return min(agreeing / met, 1.0) if met else 0.5


def _where(chosen: NDArray[np.bool_], posterior: Posterior) -> Posterior:
    """A posterior that is 0 but for some patterns: others count for nothing."""
    return lambda rows: posterior(rows) * chosen[rows][:, None]


def _log_votes(hits: sparse.csr_array, independence: NDArray[np.float64]) -> NDArray[np.float64]:
    """The log of how many votes an example has, copies counted once, and at least one; shape (n_rows, 1)."""
    return np.asarray(np.log(np.maximum(hits @ independence, 1.0))[:, None])


def _precisions(table: VoteTable) -> NDArray[np.float64]:
    """What is believed of each LF's precision beforehand; NaN where nothing is."""
    said = [TRUSTED if lf.precision is None and lf.trusted else lf.precision for lf in table.lfs]
    return np.array([np.nan if p is None else p for p in said], dtype=np.float64)


def _believed(table: VoteTable) -> NDArray[np.float64]:
    """What is believed of each LF's precision: what its author said, else the usual one."""
    return np.asarray(np.clip(np.nan_to_num(_precisions(table), nan=USUAL), 0.01, 0.99))


def _check_beliefs(table: VoteTable) -> None:
    for lf in table.lfs:
        if lf.precision is not None and not 0 < lf.precision < 1:
            raise ModelError(f"precision={lf.precision!r} of {lf.name!r} is not in (0, 1)")


def _beliefs(table: VoteTable) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    believed = _precisions(table)
    return believed, np.where(np.isnan(believed), _confusions.STRENGTH, BELIEF)


def _worth(table: VoteTable) -> NDArray[np.float64]:
    """How many usual votes one of each LF's is worth, by its stated precision: the ratio of log-odds, in [0, 3]."""
    believed = _believed(table)
    odds = np.log(believed / (1 - believed)) / np.log(USUAL / (1 - USUAL))
    return np.asarray(np.clip(odds, 0.0, 3.0))


def _groups(table: VoteTable) -> NDArray[np.int64]:
    """A number for each column's group and class, -1 without a group."""
    names = sorted({lf.group for lf in table.lfs if lf.group is not None})
    number = np.array([-1 if lf.group is None else names.index(lf.group) for lf in table.lfs], dtype=np.int64)
    own = number[table.lf]
    return np.where(own < 0, -1, own * table.n_classes + table.label)
