"""The default label model: as good as majority vote where votes carry little information, and better elsewhere.

Votes of rules are counted, weighted by their independence, and scored by a concave function of the counts
(:mod:`~labelkit.label_models.default._vote_counts`); those of rules that vote for several classes are also weighted by
their agreement with the others. In a crowd, where every member votes for most classes and most examples have several
votes, confusions are learned in a few EM steps instead (:mod:`~labelkit.label_models.default._confusions`). A crowd
that votes on most examples, such as a few classifiers, is fitted alone, and each rule for one class beside it adds a
log-odds ratio (:mod:`~labelkit.label_models.default._crowd`). The confusions of a few multipolar rules beside rules for
one class are learned with the counts as a fixed offset; there, rules that vote on most examples and for every class
give the class prior. Rules for one class each that are alike (:mod:`~labelkit.label_models.default._alike_rules`) tell
by their abstentions how frequent the classes are. Gold rows give the class prior and a correction of the result
(:mod:`~labelkit.label_models.default._gold_correction`).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from labelkit._shared.memory import FOR_MANY_CLASSES, check_room
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.label_models._agreement import agreement_weights, contradicted, mean_agreement
from labelkit.label_models._class_prior import SourcedPrior
from labelkit.label_models._columns import aligned_columns, sums_by
from labelkit.label_models._em import run_em
from labelkit.label_models._overlaps import Overlaps
from labelkit.label_models._polarity import broad_shares, learns_confusions, multipolar
from labelkit.label_models._posterior import additive_posterior, vote_shares
from labelkit.label_models.default import _confusions, _stated_precision, _vote_counts
from labelkit.label_models.default._alike_rules import alike_rules
from labelkit.label_models.default._confusions import ConfusionParameters, CrowdScores
from labelkit.label_models.default._crowd import classes_voted_for, estimated_precisions, log_odds_ratios
from labelkit.label_models.default._gold_correction import (
    CorrectedScores,
    Correction,
    gold_prior,
    learn_correction,
    uncorrected,
)
from labelkit.label_models.default._reports import LearnedReports, describe, describe_overlaps
from labelkit.label_models.default._scores import posterior_of
from labelkit.label_models.default._vote_counts import VoteCountScores
from labelkit.label_models.pattern_label_model import PatternLabelModel
from labelkit.label_models.prior_estimate import PriorEstimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._class_prior import ClassPrior
    from labelkit.label_models._cross_fit import HeldOutGold
    from labelkit.label_models._posterior import Posterior
    from labelkit.label_models._vote_table import VoteTable
    from labelkit.label_models.default._scores import PatternScores
    from labelkit.label_models.explanation import Contributions
    from labelkit.label_models.formula import ScoreFormula
    from labelkit.votes.gold import GoldCounts

MOST_CONFUSIONS: Final = 20_000_000
"""Votes are counted where the confusions of all LFs have more entries than this (1,000 workers over 140 classes)."""


@checks_keywords
class LabelModel(LearnedReports, PatternLabelModel):
    """Probabilities of classes from noisy, overlapping, conflicting votes; needs no tuning.

    Parameters
    ----------
    class_prior : array-like of shape (n_classes,), or dict or Series by class, optional
        How frequent each class is; if not given, estimated from gold, else from votes.
    n_classes : int, optional
        Number of classes, if the votes do not determine it.

    Attributes
    ----------
    multipolar_, confused_ : ndarray of bool, shape (n_lfs,)
        True for LFs that vote for several classes, and for LFs with a learned confusion, in the order of ``lf_order_``.
    independence_ : ndarray of shape (n_columns,)
        The share of each (LF, vote) in ``column_codes_`` that no other one repeats.
    lf_precision_ : dict of str to float
        Estimated share of right votes of each LF; NaN for one that never voted.

    See Also
    --------
    precisions, redundancies, suspects, verdict : the learned quantities as tables.

    Notes
    -----
    With n_y independent votes for class y, weighted by the prior precision of their LFs, its score is
    ``tau (a_y n_y + 1.5 log(1 + n_y))``, to which votes with confusions add the logs of these. With a crowd, it is the
    log prior, plus log-confusions, plus log-odds ratios of votes for one class. The formulas and their constants are in
    the modules of ``labelkit.label_models.default``.

    Gold rows give the class prior (in a crowd the votes do, from which it is estimated better than from some dozen
    rows) and a correction of the posterior. They are left out of expectation maximisation: a posterior that was fitted
    to them looks better on them than it is, and the correction would be too large. A prediction depends on votes alone,
    so that a gold row's is that of other rows with its votes; ``label(matrix, gold=gold)`` gives gold rows their class.

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

    def __init__(self, *, class_prior: ClassPrior | None = None, n_classes: int | None = None) -> None:
        self.class_prior = class_prior
        self.n_classes = n_classes

    # Learning ---------------------------------------------------------------------------------------------------------

    def _learn(self, table: VoteTable, gold: GoldCounts) -> None:
        _stated_precision.check_stated_precisions(table)
        self._choose_regime(table)
        self._set_prior(table, gold)
        self.column_codes_ = table.codes
        overlaps = Overlaps(table)
        self.independence_ = overlaps.independence(~self.multipolar_[table.lf], _stated_precision.group_codes(table))
        weighted = self.multipolar_ & ~self.confused_
        by_agreement = agreement_weights(table, self.independence_, weighted)
        weights = _stated_precision.stated_weights(table) * by_agreement
        self.vote_weights_ = np.where(self._contradicted(table), 0.0, weights)
        self.rule_precision_ = _stated_precision.prior_precisions(table)[table.lf]
        self._learn_counts(table)
        self.log_confusion_ = np.zeros((table.n_columns, table.n_classes) if self.confused_.any() else (0, 0))
        if self.confused_.any():
            self._learn_confusions(table)
        self._learn_alike(table)
        self.gold_correction_ = self._learn_gold(table, gold)
        describe_overlaps(self, table, overlaps)

    def _learn_again(self, table: VoteTable, gold: GoldCounts) -> None:
        """Learn what depends on gold: of crowds and rules alike, which give the class prior, the correction alone."""
        if not self.crowd_ and not len(self.class_offsets_):
            self._set_prior(table, gold)
            self._learn_counts(table)
            if self.confused_.any():
                self.log_confusion_ = np.zeros_like(self.log_confusion_)
                self._learn_confusions(table)
        self.gold_correction_ = self._learn_gold(table, gold)

    def _describe(self, table: VoteTable, gold: GoldCounts, held_out: HeldOutGold | None) -> None:
        describe(self, table, gold, held_out)

    def _choose_regime(self, table: VoteTable) -> None:
        """Choose the LFs whose confusions are learned; in a crowd, scores come from these, else from vote counts."""
        self.multipolar_ = multipolar(table)
        small = table.n_columns * table.n_classes <= MOST_CONFUSIONS
        chosen, crowd = learns_confusions(table, self.multipolar_)
        self.confused_, self.crowd_ = chosen & small, crowd and small
        self.class_offsets_, self.log_count_ = np.zeros(0), _vote_counts.LOG_COUNT

    def _contradicted(self, table: VoteTable) -> NDArray[np.bool_]:
        """Find the LFs for one class, of no stated precision, that many agreeing votes of others speak against."""
        stated = np.array([lf.precision is not None for lf in table.lfs], dtype=bool)
        votes = contradicted(table, self.independence_) & ~self.multipolar_[table.lf]
        return ~stated & (sums_by(table.lf, votes.astype(np.float64), table.n_lfs) > 0)

    def _set_prior(self, table: VoteTable, gold: GoldCounts) -> None:
        """Take the given class prior, else estimate it from gold, else from broad LFs, else uniform.

        An estimate weighs as its gold rows do: what of its distance from uniform may be chance is left out.
        """
        prior = SourcedPrior.given(self.class_prior, table.class_names)
        self.prior_weight_ = float(prior is not None)
        if prior is not None and isinstance(self.class_prior, PriorEstimate):
            _, self.prior_weight_ = gold_prior(prior.values * max(self.class_prior.n_gold, 1))
        if prior is None and len(gold):
            values, self.prior_weight_ = gold_prior(gold.per_class(table.n_classes))
            prior = SourcedPrior.by_gold(values, int(gold.count.sum()))
        if prior is None and not self.crowd_:
            shares = broad_shares(table, self.multipolar_)
            prior = None if shares is None else SourcedPrior.learned(shares, has_gold=False)
            self.prior_weight_ = float(prior is not None)
        self.known_prior_ = prior is not None
        self._take_prior(prior or SourcedPrior.even(table.n_classes))

    def _learn_counts(self, table: VoteTable) -> None:
        """Set the slope of each class and the temperature, from the votes without a confusion."""
        weight = np.where(self.confused_[table.lf], 0.0, self.independence_)
        n_votes = sums_by(table.label, weight * table.column_counts, table.n_classes)
        n_lfs = sums_by(table.label, weight, table.n_classes)
        self.slopes_ = _vote_counts.class_slopes(n_votes, n_lfs)
        self.tau_ = _vote_counts.inverse_temperature(mean_agreement(table, self.independence_), table.n_classes)

    def _learn_alike(self, table: VoteTable) -> None:
        """Replace what was learned of counts where rules for one class each are alike, with nothing stated."""
        stated = any(lf.precision is not None or lf.trusted or lf.group is not None for lf in table.lfs)
        if self.multipolar_.any() or self.confused_.any() or stated:
            return
        given = SourcedPrior.given(self.class_prior, table.class_names)
        alike = alike_rules(table, None if given is None else given.values)
        if alike is None:
            return
        self._take_prior(given or SourcedPrior.learned(alike.prior, has_gold=False))
        self.known_prior_, self.prior_weight_ = True, 1.0
        self.independence_, self.vote_weights_ = np.ones(table.n_columns), np.ones(table.n_lfs)
        self.slopes_, self.tau_, self.log_count_ = alike.slopes, 1.0, 0.0
        self.class_offsets_ = alike.offsets

    def _learn_confusions(self, table: VoteTable) -> None:
        """Run a few EM steps: a crowd alone, or with the scores from vote counts as an offset."""
        n_bytes = 40.0 * table.n_columns * table.n_classes
        check_room(n_bytes, "a confusion matrix for each labeling function", hint=FOR_MANY_CLASSES)
        confused = self.confused_[table.lf]
        crowd_votes = self.independence_ * confused
        # beside unipolar votes, a learned prior degenerates
        learns_prior = self.crowd_ and self.class_prior is None

        def e_step(parameters: ConfusionParameters) -> Posterior:
            if not self.crowd_:
                return posterior_of(self._vote_count_scores(table, parameters.log_confusion, self.independence_))
            prior = parameters.class_prior if learns_prior else self.class_prior_
            return additive_posterior(table, parameters.log_confusion * crowd_votes[:, None], np.log(prior))

        if self.crowd_:
            first, included = vote_shares(table, crowd_votes), table.hits @ crowd_votes > 0
        else:
            first, included = posterior_of(self._vote_count_scores(table, None, self.independence_)), table.covered
        accuracy_prior = _stated_precision.accuracy_prior(table, _confusions.STRENGTH)
        learned = run_em(
            _restricted(first, included),
            m_step=partial(_confusions.m_step, table, confused=confused, accuracy_prior=accuracy_prior),
            e_step=lambda parameters: _restricted(e_step(parameters), included),
            monitored=attrgetter("log_confusion"),
            start=self.log_confusion_,
            max_iter=_confusions.STEPS,
            tol=0.0,
        ).parameters
        self.log_confusion_, self.lf_totals_ = learned.log_confusion, learned.totals
        self.lf_accuracy_, self.pooled_ = learned.shared.accuracy, learned.shared.pooled
        if learns_prior:
            self._take_prior(SourcedPrior.learned(learned.class_prior, has_gold=False))  # of other rows
        if self.crowd_:
            self._learn_rule_precisions(table, crowd_votes)

    def _learn_rule_precisions(self, table: VoteTable, crowd_votes: NDArray[np.float64]) -> None:
        """Estimate the precision of the votes beside a crowd from the posterior of the crowd alone."""
        crowd = replace(self._crowd_scores(table, self.log_confusion_, self.independence_), log_odds_ratio=None)
        self.rule_precision_ = estimated_precisions(
            table, posterior_of(crowd), self.rule_precision_, self.class_prior_, classes_voted_for(table, crowd_votes)
        )

    def _learn_gold(self, table: VoteTable, gold: GoldCounts) -> NDArray[np.float64]:
        if not len(gold):
            return np.zeros(0)
        covered = table.covered[gold.pattern]
        rows = replace(table.some(gold.pattern[covered]), counts=gold.count[covered])
        given = uncorrected(
            rows,
            self._uncorrected_scores(rows),
            slice(0, rows.n_patterns),
            independence=self._independence(rows),
            log_ratio=self._correction_log_ratio(),
        )
        return learn_correction(given, gold.label[covered], gold.count[covered])

    # Scores of a vote table -------------------------------------------------------------------------------------------

    def _scores(self, table: VoteTable) -> PatternScores:
        """Return the scores of a table's patterns, corrected by gold if there was some at fit."""
        before = self._uncorrected_scores(table)
        if not len(self.gold_correction_):
            return before
        correction = Correction.of(self.gold_correction_, table.n_classes)
        columns = aligned_columns(table, self.column_codes_, correction.columns, np.zeros(table.n_columns))
        return CorrectedScores(
            table=table,
            before=before,
            correction=replace(correction, columns=columns),
            independence=self._independence(table),
            log_ratio=self._correction_log_ratio(),
        )

    def _uncorrected_scores(self, table: VoteTable) -> PatternScores:
        independence = self._independence(table)
        if self.crowd_:
            return self._crowd_scores(table, self._log_confusion(table), independence)
        log_confusion = self._log_confusion(table) if self.confused_.any() else None
        return self._vote_count_scores(table, log_confusion, independence)

    def _vote_count_scores(
        self, table: VoteTable, log_confusion: NDArray[np.float64] | None, independence: NDArray[np.float64]
    ) -> VoteCountScores:
        # confusions are probabilities, beside which all of the prior's log-ratio counts
        prior_weight = 1.0 if self.confused_.any() else self.tau_ * self.prior_weight_ * _vote_counts.PRIOR_WEIGHT
        return VoteCountScores(
            table=table,
            vote_weights=np.where(self.confused_[table.lf], 0.0, independence * self.vote_weights_[table.lf]),
            log_confusion=None if log_confusion is None else log_confusion * independence[:, None],
            slopes=self.slopes_,
            tau=self.tau_,
            log_prior=self.class_offsets_ if len(self.class_offsets_) else prior_weight * self._log_ratio(),
            log_count=self.log_count_,
        )

    def _crowd_scores(
        self, table: VoteTable, log_confusion: NDArray[np.float64], independence: NDArray[np.float64]
    ) -> CrowdScores:
        confused = self.confused_[table.lf]
        other_votes = np.where(confused, 0.0, independence)
        prior_precision = _stated_precision.prior_precisions(table)[table.lf]
        precision = aligned_columns(table, self.column_codes_, self.rule_precision_, prior_precision)
        ratios = other_votes * log_odds_ratios(precision, self.class_prior_[table.label])
        return CrowdScores(
            table=table,
            log_confusion=log_confusion * independence[:, None],
            crowd_votes=np.where(confused, independence, 0.0),
            log_prior=np.log(self.class_prior_),
            log_odds_ratio=None if confused.all() else ratios,
            other_votes=other_votes,
        )

    def _independence(self, table: VoteTable) -> NDArray[np.float64]:
        """Return the independence of a table's columns, 1 for votes not seen at fit."""
        return aligned_columns(table, self.column_codes_, self.independence_, np.ones(table.n_columns))

    def _log_confusion(self, table: VoteTable) -> NDArray[np.float64]:
        """Return the log-confusions of a table's columns; of votes not seen at fit, from the shared parameters."""
        shared = _confusions.SharedConfusion(self.lf_accuracy_, self.pooled_)
        no_counts = np.zeros((table.n_columns, table.n_classes))
        unseen = np.log(_confusions.confusion_rows(table, no_counts, self.lf_totals_, shared))
        unseen = np.where(self.confused_[table.lf][:, None], unseen, 0.0)
        return aligned_columns(table, self.column_codes_, self.log_confusion_, unseen)

    def _log_ratio(self) -> NDArray[np.float64]:
        """Return the log-ratio of a known class prior to a uniform one, 0 if the prior is not known."""
        return np.log(len(self.class_prior_) * self.class_prior_) * self.known_prior_

    def _correction_log_ratio(self) -> NDArray[np.float64]:
        """Return the log-ratio whose weight gold may raise; 0 for a crowd, whose posterior contains its prior.

        It is divided by its degrees of freedom: with many classes, one weight for all would lose each rare one to the
        most frequent, which raises accuracy and lowers macro-F1.
        """
        return self._log_ratio() * (not self.crowd_) / max(len(self.class_prior_) - 1, 1)

    # Posteriors and explanations --------------------------------------------------------------------------------------

    def _posterior(self, table: VoteTable) -> Posterior:
        return posterior_of(self._scores(table))

    def _contributions(self, table: VoteTable) -> Contributions:
        return self._scores(table).contributions()

    def _formula(self, table: VoteTable) -> ScoreFormula:
        return self._scores(table).formula()


def _restricted(posterior: Posterior, included: NDArray[np.bool_]) -> Posterior:
    """Return a posterior that is 0 for patterns that are left out."""
    return lambda rows: posterior(rows) * included[rows][:, None]
