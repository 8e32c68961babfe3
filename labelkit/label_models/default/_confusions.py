r"""Scores from learned confusions of functions that vote for several classes, each shrunk to a common one.

The confusion of a function, given that it votes, is its expected counts plus 5 pseudo-votes, half of them
from a one-parameter confusion with the function's own accuracy and half from the confusion of all functions pooled:

.. math:: T_j(l \mid y) = \frac{n_{jly} + 5 (\frac12 C(a_j)_{ly} + \frac12 G_{ly})}{\sum_{l'} n_{jl'y} + 5}

Four EM steps from the vote shares are the plateau; run to convergence, a learned class prior can degenerate. The score
of a crowd, with votes of functions for one class beside it (:mod:`~labelkit.label_models.default._crowd`), is

.. math:: s_y = \log \pi_y + \frac{\sum_j \log T_j(vote_j \mid y)}{1 + 0.25 (d - 1)}
    + \frac{\sum_{j: vote_j = y} o_j}{1 + 0.25 (e - 1)}

with d independent votes of the crowd and e of the others, each of which adds a log-odds ratio o.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit.label_models._em import expected_counts
from labelkit.label_models._vote_table import class_votes
from labelkit.label_models.explanation import Contributions
from labelkit.label_models.formula import ScoreFormula, VoteSum
from labelkit.votes.gold import NO_GOLD

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

    from labelkit.label_models._posterior import Posterior
    from labelkit.label_models._vote_table import VoteTable
    from labelkit.label_models.default._stated_precision import AccuracyPrior

STEPS: Final = 4
"""EM steps from the vote shares."""

STRENGTH: Final = 5.0
"""Pseudo-votes of what is common in what is particular: of the mean accuracy in that of each function, of the
one-parameter confusion in the pooled one, and of both in the confusion of each function."""

VOTE_CORRELATION: Final = 0.25
"""Assumed correlation of two votes on one example, given its class; see :func:`design_effect`."""


@dataclass(frozen=True, eq=False)
class SharedConfusion:
    """The parameters from which the confusion of any vote follows, also of one not seen at fit.

    Attributes
    ----------
    accuracy : ndarray of shape (n_lfs,)
        Accuracy of each function, shrunk to the mean.
    pooled : ndarray of shape (n_classes, n_classes)
        P(vote | class) of all functions together: a row for each vote, columns sum to 1.
    """

    accuracy: NDArray[np.float64]
    pooled: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ConfusionParameters:
    """Parameters of one EM step.

    Attributes
    ----------
    log_confusion : ndarray of shape (n_columns, n_classes)
        log P(vote | class); 0 for columns without a confusion.
    totals : ndarray of shape (n_lfs, n_classes)
        Expected votes of each function on examples of each class.
    shared : SharedConfusion
    class_prior : ndarray of shape (n_classes,)
        By the expected examples of each class, plus one.
    """

    log_confusion: NDArray[np.float64]
    totals: NDArray[np.float64]
    shared: SharedConfusion
    class_prior: NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class CrowdScores:
    """Log-scores from the confusions of a crowd, and from log-odds ratios of votes for one class beside it.

    Attributes
    ----------
    table : VoteTable
    log_confusion : ndarray of shape (n_columns, n_classes)
        log P(vote | class) times the independence; 0 for columns outside the crowd.
    crowd_votes : ndarray of shape (n_columns,)
        Independence of the crowd's columns, 0 for the others.
    log_prior : ndarray of shape (n_classes,)
    log_odds_ratio : ndarray of shape (n_columns,) or None
        The term of a vote outside the crowd, times the independence; None to leave such votes out.
    other_votes : ndarray of shape (n_columns,)
        Independence of the columns outside the crowd, 0 for the crowd's.
    """

    table: VoteTable
    log_confusion: NDArray[np.float64]
    crowd_votes: NDArray[np.float64]
    log_prior: NDArray[np.float64]
    log_odds_ratio: NDArray[np.float64] | None
    other_votes: NDArray[np.float64]

    def scores(self, rows: slice) -> NDArray[np.float64]:
        """Compute the log-scores of some patterns; shape (n_rows, n_classes)."""
        hits = self.table.rows(rows)
        scores = np.asarray(hits @ self.log_confusion)
        scores /= _divisor(hits, self.crowd_votes)
        scores += self.log_prior
        if self.log_odds_ratio is not None:
            scores += class_votes(hits, self._to_class) / _divisor(hits, self.other_votes)
        return scores

    def contributions(self) -> Contributions:
        """Decompose the log-scores; every vote of a pattern is divided alike."""
        hits, pattern = self.table.hits, self.table.pattern_of_vote
        column, own_class = hits.indices, self.table.label[hits.indices]
        terms = self.log_confusion[column] / _divisor(hits, self.crowd_votes)[pattern]
        if self.log_odds_ratio is not None:
            ratios = self.log_odds_ratio[column] / _divisor(hits, self.other_votes)[pattern, 0]
            terms[np.arange(len(column)), own_class] += ratios
        return Contributions(np.tile(self.log_prior, (self.table.n_patterns, 1)), terms)

    def formula(self) -> ScoreFormula:
        """Return the formula of the module."""
        sums = [VoteSum(self.log_confusion, divided_by=(VOTE_CORRELATION, self.crowd_votes))]
        if self.log_odds_ratio is not None:
            for_label = self.table.label[:, None] == np.arange(self.table.n_classes)
            sums.append(
                VoteSum(for_label * self.log_odds_ratio[:, None], divided_by=(VOTE_CORRELATION, self.other_votes))
            )
        return ScoreFormula(self.table.lf, self.table.label, self.log_prior, tuple(sums))

    @cached_property
    def _to_class(self) -> sparse.csr_array:
        return self.table.label_matrix(self.log_odds_ratio)


def _divisor(hits: sparse.csr_array, votes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the divisor of the summed terms of each pattern's votes; shape (n_rows, 1)."""
    return design_effect(np.asarray(hits @ votes))[:, None]


def m_step(
    table: VoteTable, posterior: Posterior, *, confused: NDArray[np.bool_], accuracy_prior: AccuracyPrior
) -> ConfusionParameters:
    """Estimate confusions from expected counts, without gold: a correction is fitted to gold after EM.

    Parameters
    ----------
    table : VoteTable
    posterior : Posterior
        0 for examples that are left out.
    confused : ndarray of bool, shape (n_columns,)
        True for columns of functions that have a confusion.
    accuracy_prior : AccuracyPrior

    Returns
    -------
    ConfusionParameters
    """
    expected = expected_counts(table, posterior, NO_GOLD)
    counts = expected.columns * confused[:, None]
    totals = np.asarray(table.lf_matrix() @ counts)
    shared = shared_confusion(table, counts, accuracy_prior)
    log_confusion = np.where(confused[:, None], np.log(confusion_rows(table, counts, totals, shared)), 0.0)
    return ConfusionParameters(log_confusion, totals, shared, (expected.classes + 1) / (expected.classes + 1).sum())


def one_coin(accuracy: NDArray[np.float64], right: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return P(vote | class) with one accuracy, and errors spread evenly over the other classes."""
    others = max(right.shape[1] - 1, 1)
    return np.asarray(np.where(right, accuracy[:, None], (1 - accuracy[:, None]) / others))


def shared_confusion(table: VoteTable, counts: NDArray[np.float64], accuracy_prior: AccuracyPrior) -> SharedConfusion:
    """Estimate the accuracy of each function and the pooled confusion.

    Parameters
    ----------
    table : VoteTable
    counts : ndarray of shape (n_columns, n_classes)
        Expected examples with a column's vote and of a class.
    accuracy_prior : AccuracyPrior

    Returns
    -------
    SharedConfusion
    """
    k = table.n_classes
    per_lf = table.lf_matrix()
    right = counts[np.arange(table.n_columns), table.label]
    hits, n = per_lf @ right, per_lf @ counts.sum(axis=1)
    mean = (hits.sum() + 1) / (n.sum() + 2)
    prior_mean = np.where(np.isnan(accuracy_prior.mean), mean, accuracy_prior.mean)
    accuracy = (accuracy_prior.strength * prior_mean + hits) / (accuracy_prior.strength + n)
    pooled = table.label_matrix().T @ counts + STRENGTH * one_coin(np.full(k, mean), np.eye(k, dtype=bool))
    return SharedConfusion(accuracy, pooled / pooled.sum(axis=0))


def confusion_rows(
    table: VoteTable, counts: NDArray[np.float64], totals: NDArray[np.float64], shared: SharedConfusion
) -> NDArray[np.float64]:
    """Return P(vote | class) of each column.

    Parameters
    ----------
    table : VoteTable
    counts : ndarray of shape (n_columns, n_classes)
    totals : ndarray of shape (n_lfs, n_classes)
        Expected votes of each function on examples of each class.
    shared : SharedConfusion

    Returns
    -------
    ndarray of shape (n_columns, n_classes)
    """
    right = table.label[:, None] == np.arange(table.n_classes)
    prior = 0.5 * one_coin(shared.accuracy[table.lf], right) + 0.5 * shared.pooled[table.label]
    return np.asarray((counts + STRENGTH * prior) / (totals[table.lf] + STRENGTH))


def design_effect(n_votes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``1 + 0.25 (n - 1)``, the divisor of the summed terms of n votes on one example, used after EM.

    Votes on one example are not independent given its class, since examples differ in difficulty and voters are alike.
    The formula is the design effect of n samples whose pairs have a correlation of 0.25.

    >>> design_effect(np.array([0.0, 1.0, 11.0])).tolist()
    [1.0, 1.0, 3.5]
    """
    return np.asarray(1 + VOTE_CORRELATION * np.maximum(n_votes - 1, 0))
