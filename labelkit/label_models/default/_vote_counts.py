"""Labeling functions that vote for one class only: concave counts of votes, with no accuracy per function.

Confusions, given that a function votes, say nothing of one that votes for a single class, so expectation maximisation
has nothing to learn from it (and its class prior runs away). What is left is how many independent votes a class has on
an example, and how cheap such votes are: a class with many functions, or with many votes, is discounted.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LIMIT: Final = 1.5
"""How far, in logs, a class's shares of votes and of functions are believed to differ from the mean's."""


DAMPING: Final = 0.15
"""See :func:`damping`."""


@dataclass(frozen=True)
class ScoreCoefficients:
    """Of ``s = scale (n slope + rise log(1 + n) + step min(3 n, 1))``, with n the independent votes for a class.

    Attributes
    ----------
    slope, per_lfs, per_votes : float
        The slope of a class is ``slope + per_lfs * (log share of LFs) + per_votes * (log share of votes)``.
    least : float
        No slope is less: however cheap the votes for a class are, many that agree are right against a few.
    rise, step : float
    scale, per_agreement, per_classes : float
        log of ``scale`` is ``scale + per_agreement logit g + per_classes log(k / 2)``, with g how often a vote agrees
        with another one on its example.
    prior : float
        Where the class prior is known: what its log-ratio to uniform adds.
    """

    slope: float
    per_lfs: float
    per_votes: float
    least: float
    rise: float
    step: float
    scale: float
    per_agreement: float
    per_classes: float
    prior: float = 0.0

    def towards(self, other: ScoreCoefficients, share: float) -> ScoreCoefficients:
        """These coefficients, moved a share of the way to others.

        >>> NOTHING_KNOWN.towards(PRIOR_KNOWN, 0.5).prior
        0.3
        """
        pairs = zip(astuple(self), astuple(other), strict=True)
        return ScoreCoefficients(*(mine + share * (theirs - mine) for mine, theirs in pairs))


NOTHING_KNOWN: Final = ScoreCoefficients(1.0, -1.0, -0.7, 0.5, 1.0, 0.5, 0.0, 0.1, 0.3)
"""Round numbers: the optimum over public vote matrices is flat; those learned from all sets but one do no better."""

PRIOR_KNOWN: Final = ScoreCoefficients(1.0, -0.5, -1.0, 0.1, 1.0, 0.5, 0.0, 0.1, 0.3, 0.6)
"""The same where the class prior is known: then it is the share of votes that says how cheap a class's votes are."""


def class_slopes(
    n_votes: NDArray[np.float64], n_lfs: NDArray[np.float64], coefficients: ScoreCoefficients
) -> NDArray[np.float64]:
    """What one more vote for a class is worth.

    Parameters
    ----------
    n_votes, n_lfs : ndarray of shape (n_classes,)
        Votes for each class, and functions that vote for it, both counted by their independence.
    coefficients : ScoreCoefficients

    Returns
    -------
    ndarray of shape (n_classes,)

    Examples
    --------
    >>> class_slopes(np.array([100.0, 100.0]), np.array([2.0, 2.0]), NOTHING_KNOWN).round(3).tolist()
    [1.0, 1.0]
    """
    mean_votes, mean_lfs = max(n_votes.mean(), 1e-12), n_lfs.mean()
    votes = np.clip(np.log((n_votes + 0.1 * mean_votes) / (1.1 * mean_votes)), -LIMIT, LIMIT)
    lfs = np.clip(np.log((n_lfs + 0.3) / (mean_lfs + 0.3)), -LIMIT, LIMIT)
    slopes = coefficients.slope + coefficients.per_lfs * lfs + coefficients.per_votes * votes
    return np.asarray(np.maximum(coefficients.least, slopes))


def temperature(agreement: float, n_classes: int, coefficients: ScoreCoefficients) -> float:
    """The factor that makes scores log-probabilities: votes that agree with one another deserve more.

    >>> round(temperature(0.5, 2, NOTHING_KNOWN), 3), round(temperature(0.5, 8, NOTHING_KNOWN), 3)
    (1.0, 1.516)
    """
    g = min(max(agreement, 0.05), 0.95)
    logit = np.log(g / (1 - g))
    size = np.log(max(n_classes, 2) / 2)
    return float(np.exp(coefficients.scale + coefficients.per_agreement * logit + coefficients.per_classes * size))


def class_scores(
    n: NDArray[np.float64], slopes: NDArray[np.float64], coefficients: ScoreCoefficients
) -> NDArray[np.float64]:
    """Scores of classes from their independent votes, before the temperature; concave in the votes, 0 without any.

    Parameters
    ----------
    n : ndarray of shape (n_patterns, n_classes)
    slopes : ndarray of shape (n_classes,)
    coefficients : ScoreCoefficients

    Returns
    -------
    ndarray of shape (n_patterns, n_classes)
    """
    return np.asarray(n * slopes + coefficients.rise * np.log1p(n) + coefficients.step * np.minimum(3 * n, 1.0))


def damping(n_votes: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the scores of an example with so many independent votes are divided by.

    Given the class, votes on one example depend on one another still, whatever their labeling functions have in common:
    ten say less than ten times what one does, beyond what the concave counts take off.

    >>> damping(np.array([0.0, 1.0, 10.0])).round(2).tolist()
    [1.0, 1.0, 1.41]
    """
    return np.asarray(np.maximum(n_votes, 1.0) ** DAMPING)
