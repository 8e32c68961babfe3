r"""Scores from counted votes: concave in the independent votes for a class, without an accuracy of each function.

Confusions, given that a function votes, carry no information on one that votes for a single class, so expectation
maximisation learns nothing from it (and the class prior degenerates). The score uses the number n_y of independent
votes for class y on an example, weighted by their functions' precisions, and discounts a class with many functions or
with many votes:

.. math:: s_y = \frac{\tau (a_y n_y + b \log(1 + n_y) + c \min(3 n_y, 1)) + \sum_j \log T_j(vote_j \mid y)}{d^{0.15}}
    + r_y

with d the number of independent votes on the example, at least 1, and r the log-ratio of a known class prior to a
uniform one, weighted. The sum is over the votes of the few functions with a learned confusion, if any; these do not
count in n. The coefficients stand in :class:`ScoreCoefficients`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit.label_models._vote_table import class_votes
from labelkit.label_models.explanation import Contributions

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

    from labelkit.label_models._vote_table import VoteTable

MOST_LOG_SHARE: Final = 1.5
"""Log-shares of votes and of functions, relative to the mean over classes, are clipped to plus and minus this."""

COUNT_EXPONENT: Final = 0.15
"""Exponent of :func:`count_divisor`."""


@dataclass(frozen=True, kw_only=True)
class ScoreCoefficients:
    """Coefficients of ``tau (slope_y n + log_count log(1 + n) + any_vote min(3 n, 1))``, n the votes for a class.

    Attributes
    ----------
    slope, slope_by_lfs, slope_by_votes : float
        The slope of a class is ``slope + slope_by_lfs * (log share of LFs) + slope_by_votes * (log share of votes)``.
    least_slope : float
        Lower bound of the slope: many votes that agree outweigh a few, however frequent votes for their class are.
    log_count, any_vote : float
    log_tau, tau_by_agreement, tau_by_classes : float
        The log of tau is ``log_tau + tau_by_agreement logit g + tau_by_classes log(k / 2)``, with g the share of votes
        that agree with another one on their example.
    log_ratio : float
        Weight of the log-ratio of a known class prior to a uniform one.
    """

    slope: float
    slope_by_lfs: float
    slope_by_votes: float
    least_slope: float
    log_count: float
    any_vote: float
    log_tau: float
    tau_by_agreement: float
    tau_by_classes: float
    log_ratio: float

    def interpolated(self, other: ScoreCoefficients, share: float) -> ScoreCoefficients:
        """Return ``(1 - share) * self + share * other``.

        >>> UNKNOWN_PRIOR.interpolated(KNOWN_PRIOR, 0.5).log_ratio
        0.3
        """
        values = {field.name: (getattr(self, field.name), getattr(other, field.name)) for field in fields(self)}
        return ScoreCoefficients(**{name: start + share * (end - start) for name, (start, end) in values.items()})


UNKNOWN_PRIOR: Final = ScoreCoefficients(
    slope=1.0,
    slope_by_lfs=-1.0,
    slope_by_votes=-0.7,
    least_slope=0.5,
    log_count=1.0,
    any_vote=0.5,
    log_tau=0.0,
    tau_by_agreement=0.1,
    tau_by_classes=0.3,
    log_ratio=0.0,
)
"""Round numbers: the optimum over public vote matrices is flat; those learned from all sets but one do no better."""

KNOWN_PRIOR: Final = ScoreCoefficients(
    slope=1.0,
    slope_by_lfs=-0.5,
    slope_by_votes=-1.0,
    least_slope=0.1,
    log_count=1.0,
    any_vote=0.5,
    log_tau=0.0,
    tau_by_agreement=0.1,
    tau_by_classes=0.3,
    log_ratio=0.6,
)
"""The same where the class prior is known: then the share of votes measures how readily a class is voted for."""


@dataclass(frozen=True, eq=False, kw_only=True)
class VoteCountScores:
    """Log-scores from counted votes, and from the log-confusions of functions that have one.

    Attributes
    ----------
    table : VoteTable
    independence : ndarray of shape (n_columns,)
        The share of a column's votes that no other column repeats.
    vote_weights : ndarray of shape (n_columns,)
        The number of votes that a column's vote counts as; 0 for a column with a confusion.
    log_confusion : ndarray of shape (n_columns, n_classes) or None
        log P(vote | class) times the independence; 0 for a column without a confusion.
    slopes : ndarray of shape (n_classes,)
    tau : float
    coefficients : ScoreCoefficients
    log_prior : ndarray of shape (n_classes,)
    """

    table: VoteTable
    independence: NDArray[np.float64]
    vote_weights: NDArray[np.float64]
    log_confusion: NDArray[np.float64] | None
    slopes: NDArray[np.float64]
    tau: float
    coefficients: ScoreCoefficients
    log_prior: NDArray[np.float64]

    def scores(self, rows: slice) -> NDArray[np.float64]:
        """Compute the log-scores of some patterns; shape (n_rows, n_classes)."""
        hits = self.table.rows(rows)
        scores = self._count_scores(self._counts(hits))
        if self.log_confusion is not None:
            scores += hits @ self.log_confusion
        scores /= self._divisor(hits)
        scores += self.log_prior
        return scores

    def contributions(self) -> Contributions:
        """Decompose the log-scores; the concave score of a class is split among its votes by their weights."""
        hits, pattern = self.table.hits, self.table.pattern_of_vote
        column, own_class = hits.indices, self.table.label[hits.indices]
        divisor, counts = self._divisor(hits), self._counts(hits)
        share = self.vote_weights[column] / np.maximum(counts[pattern, own_class], 1e-300)
        terms = np.zeros((len(column), self.table.n_classes))
        if self.log_confusion is not None:
            terms += self.log_confusion[column] / divisor[pattern]
        scores = self._count_scores(counts) / divisor
        terms[np.arange(len(column)), own_class] += share * scores[pattern, own_class]
        prior = np.zeros((self.table.n_patterns, self.table.n_classes)) + self.log_prior
        return Contributions(prior, terms)

    @cached_property
    def _to_class(self) -> sparse.csr_array:
        return self.table.label_matrix(self.vote_weights)

    def _counts(self, hits: sparse.csr_array) -> NDArray[np.float64]:
        """Count the votes for each class; shape (n_rows, n_classes)."""
        return class_votes(hits, self._to_class)

    def _count_scores(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(self.tau * class_scores(counts, self.slopes, self.coefficients))

    def _divisor(self, hits: sparse.csr_array) -> NDArray[np.float64]:
        return count_divisor(np.asarray(hits @ self.independence))[:, None]


def class_slopes(
    n_votes: NDArray[np.float64], n_lfs: NDArray[np.float64], coefficients: ScoreCoefficients
) -> NDArray[np.float64]:
    """Compute the slope of each class: the gain in score by one more vote for it.

    Parameters
    ----------
    n_votes, n_lfs : ndarray of shape (n_classes,)
        Votes for each class, and functions that vote for it, both weighted by independence.
    coefficients : ScoreCoefficients

    Returns
    -------
    ndarray of shape (n_classes,)

    Examples
    --------
    >>> class_slopes(np.array([100.0, 100.0]), np.array([2.0, 2.0]), UNKNOWN_PRIOR).round(3).tolist()
    [1.0, 1.0]
    """
    mean_votes, mean_lfs = max(n_votes.mean(), 1e-12), n_lfs.mean()
    votes = np.clip(np.log((n_votes + 0.1 * mean_votes) / (1.1 * mean_votes)), -MOST_LOG_SHARE, MOST_LOG_SHARE)
    lfs = np.clip(np.log((n_lfs + 0.3) / (mean_lfs + 0.3)), -MOST_LOG_SHARE, MOST_LOG_SHARE)
    slopes = coefficients.slope + coefficients.slope_by_lfs * lfs + coefficients.slope_by_votes * votes
    return np.asarray(np.maximum(coefficients.least_slope, slopes))


def inverse_temperature(agreement: float, n_classes: int, coefficients: ScoreCoefficients) -> float:
    """Compute tau, the factor that turns scores into log-probabilities; it grows with the agreement of votes.

    >>> round(inverse_temperature(0.5, 2, UNKNOWN_PRIOR), 3), round(inverse_temperature(0.5, 8, UNKNOWN_PRIOR), 3)
    (1.0, 1.516)
    """
    g = min(max(agreement, 0.05), 0.95)
    logit = np.log(g / (1 - g))
    size = np.log(max(n_classes, 2) / 2)
    log_tau = coefficients.log_tau + coefficients.tau_by_agreement * logit + coefficients.tau_by_classes * size
    return float(np.exp(log_tau))


def class_scores(
    n: NDArray[np.float64], slopes: NDArray[np.float64], coefficients: ScoreCoefficients
) -> NDArray[np.float64]:
    """Compute scores of classes from their independent votes, before tau; concave in the votes, 0 without any.

    Parameters
    ----------
    n : ndarray of shape (n_patterns, n_classes)
    slopes : ndarray of shape (n_classes,)
    coefficients : ScoreCoefficients

    Returns
    -------
    ndarray of shape (n_patterns, n_classes)
    """
    any_vote = np.minimum(3 * n, 1.0)
    return np.asarray(n * slopes + coefficients.log_count * np.log1p(n) + coefficients.any_vote * any_vote)


def count_divisor(n_votes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``max(n, 1) ** 0.15``, the divisor of the scores of an example with n independent votes.

    Given the class, votes on one example still depend on each other, even of functions that share nothing: ten votes
    carry less than ten times the information of one, beyond the concavity of the counts.

    >>> count_divisor(np.array([0.0, 1.0, 10.0])).round(2).tolist()
    [1.0, 1.0, 1.41]
    """
    return np.asarray(np.maximum(n_votes, 1.0) ** COUNT_EXPONENT)
