r"""Scores from counted votes: concave in the independent votes for a class, without an accuracy of each function.

Confusions, given that a function votes, carry no information on one that votes for a single class, so expectation
maximisation learns nothing from it (and the class prior degenerates). The score uses the number n_y of independent
votes for class y on an example, weighted by their functions' precisions, and discounts a class with many functions or
with many votes:

.. math:: s_y = \tau (a_y n_y + 1.5 \log(1 + n_y)) + \sum_j \log T_j(vote_j \mid y) + r_y

with r the log-ratio of a known class prior to a uniform one, weighted. The sum is over the votes of the few functions
with a learned confusion, if any; these do not count in n. The coefficients are round numbers: their optimum over public
vote matrices is flat, and those learned from all sets but one do no better.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit.label_models._vote_table import class_votes
from labelkit.label_models.explanation import Contributions
from labelkit.label_models.formula import ScoreFormula, VoteSum

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

    from labelkit.label_models._vote_table import VoteTable

LEAST_SLOPE: Final = 0.5
"""Lower bound of the slope: many votes that agree outweigh a few, however frequent votes for their class are."""

SHARE_SMOOTHING: Final = 0.05
"""Added to a class's shares of the functions and of the votes, relative to their mean over classes."""

LOG_COUNT: Final = 1.5
"""Weight of the concave part of the score."""

TAU_BY_AGREEMENT: Final = 0.15
"""Exponent of the odds that a vote agrees with another one on its example, in tau."""

TAU_BY_CLASSES: Final = 0.3
"""Exponent of half the number of classes, in tau."""

PRIOR_WEIGHT: Final = 0.6
"""Weight of the log-ratio of a known class prior to a uniform one, beside counts: these contain a part of it."""


@dataclass(frozen=True, eq=False, kw_only=True)
class VoteCountScores:
    """Log-scores from counted votes, and from the log-confusions of functions that have one.

    Attributes
    ----------
    table : VoteTable
    vote_weights : ndarray of shape (n_columns,)
        The number of votes that a column's vote counts as; 0 for a column with a confusion.
    log_confusion : ndarray of shape (n_columns, n_classes) or None
        log P(vote | class) times the independence; 0 for a column without a confusion.
    slopes : ndarray of shape (n_classes,)
    tau : float
    log_prior : ndarray of shape (n_classes,)
    log_count : float
        Weight of the concave part; 0 for rules that are alike, whose score is linear.
    """

    table: VoteTable
    vote_weights: NDArray[np.float64]
    log_confusion: NDArray[np.float64] | None
    slopes: NDArray[np.float64]
    tau: float
    log_prior: NDArray[np.float64]
    log_count: float = LOG_COUNT

    def scores(self, rows: slice) -> NDArray[np.float64]:
        """Compute the log-scores of some patterns; shape (n_rows, n_classes)."""
        hits = self.table.rows(rows)
        scores = self._count_scores(self._counts(hits))
        if self.log_confusion is not None:
            scores += hits @ self.log_confusion
        scores += self.log_prior
        return scores

    def contributions(self) -> Contributions:
        """Decompose the log-scores; the concave score of a class is split among its votes by their weights."""
        hits, pattern = self.table.hits, self.table.pattern_of_vote
        column, own_class = hits.indices, self.table.label[hits.indices]
        counts = self._counts(hits)
        share = self.vote_weights[column] / np.maximum(counts[pattern, own_class], 1e-300)
        terms = np.zeros((len(column), self.table.n_classes))
        if self.log_confusion is not None:
            terms += self.log_confusion[column]
        scores = self._count_scores(counts)
        terms[np.arange(len(column)), own_class] += share * scores[pattern, own_class]
        prior = np.zeros((self.table.n_patterns, self.table.n_classes)) + self.log_prior
        return Contributions(prior, terms)

    def formula(self) -> ScoreFormula:
        """Return the formula of the module."""
        for_label = self.table.label[:, None] == np.arange(self.table.n_classes)
        counts = VoteSum(
            for_label * self.vote_weights[:, None], slopes=self.tau * self.slopes, log_weight=self.tau * self.log_count
        )
        confusions = () if self.log_confusion is None else (VoteSum(self.log_confusion),)
        return ScoreFormula(self.table.lf, self.table.label, self.log_prior, (counts, *confusions))

    @cached_property
    def _to_class(self) -> sparse.csr_array:
        return self.table.label_matrix(self.vote_weights)

    def _counts(self, hits: sparse.csr_array) -> NDArray[np.float64]:
        """Count the votes for each class; shape (n_rows, n_classes)."""
        return class_votes(hits, self._to_class)

    def _count_scores(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(self.tau * class_scores(counts, self.slopes, self.log_count))


def class_slopes(n_votes: NDArray[np.float64], n_lfs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute the slope of each class: the gain in score by one more vote for it.

    It is 1, less the log-share of the functions that vote for the class, less that of its votes.

    Parameters
    ----------
    n_votes, n_lfs : ndarray of shape (n_classes,)
        Votes for each class, and functions that vote for it, both weighted by independence.

    Returns
    -------
    ndarray of shape (n_classes,)

    Examples
    --------
    >>> class_slopes(np.array([100.0, 100.0]), np.array([2.0, 2.0])).round(3).tolist()
    [1.0, 1.0]
    """
    return np.maximum(LEAST_SLOPE, 1 - _log_shares(n_lfs) - _log_shares(n_votes))


def _log_shares(amounts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the smoothed logs of amounts over their mean, in [-1, 1]; 0 where all are alike."""
    relative = amounts / max(amounts.mean(), 1e-12)
    return np.asarray(np.log((relative + SHARE_SMOOTHING) / (1 + SHARE_SMOOTHING)).clip(-1, 1))


def inverse_temperature(agreement: float, n_classes: int) -> float:
    """Compute tau, the factor that turns scores into log-probabilities; it grows with the agreement of votes.

    >>> round(inverse_temperature(0.5, 2), 3), round(inverse_temperature(0.5, 8), 3)
    (1.0, 1.516)
    """
    g = min(max(agreement, 0.05), 0.95)
    return float((g / (1 - g)) ** TAU_BY_AGREEMENT * (max(n_classes, 2) / 2) ** TAU_BY_CLASSES)


def class_scores(
    n: NDArray[np.float64], slopes: NDArray[np.float64], log_count: float = LOG_COUNT
) -> NDArray[np.float64]:
    """Compute scores of classes from their independent votes, before tau; concave in the votes, 0 without any.

    Parameters
    ----------
    n : ndarray of shape (n_patterns, n_classes)
    slopes : ndarray of shape (n_classes,)
    log_count : float

    Returns
    -------
    ndarray of shape (n_patterns, n_classes)
    """
    return np.asarray(n * slopes + log_count * np.log1p(n))
