r"""The weight of content beside votes: a gate against noise, a strength from votes, and exponents from gold.

With q the posterior of the votes, pi its mean over the covered rows, and lp the log-probabilities of the content model
less the logs of their means, content alone says ``softmax(log pi + t lp)``. The gate compares the out-of-fold
log-likelihood of the soft labels at the best t with that at 0. A fit to soft labels shows less confidence than content
deserves, since votes are noisy, and a fit to labels of votes and content together more, where content is poor: the
strength is the t under which the votes are most likely, independent of content within a class,

.. math:: \sum_i \log \sum_y \frac{q_{iy}}{\pi_y} \mathrm{softmax}(\log \pi + t\,lp_i)_y .
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit.label_models.content.soft_regression import log_softmax

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

MOST_NOISE: Final = 2.0
"""Standard errors up to which a gain is taken for noise."""

MOST_STRENGTH: Final = 4.0
"""Upper bound of the strength."""

FEWEST_COVERED: Final = 50
"""Covered rows below which content is not looked at."""

FEWEST_TO_OVERRULE: Final = 1_000
"""Covered rows below which content does not touch covered rows: on 300, single draws lost 7 points, on 1,000 none."""

EXPONENT_PENALTY: Final = 5.0
"""L2 penalty on the distance of the exponents from 1, in gold rows."""


@dataclass(frozen=True)
class ContentGate:
    """Say whether content is used, and why.

    Attributes
    ----------
    is_open : bool
        False if the labels are those of the votes alone.
    touches_covered : bool
        False if content labels only examples without votes.
    n_covered : int
        Covered rows that content was judged on.
    gain, standard_error : float
        Mean gain in log-likelihood of the labels of left-out rows, in nats, over their class frequencies; rows of the
        same votes and features count as one for its error.
    strength : float
        Factor of the log-probabilities by content.
    vote_exponent, content_exponent : float
        Further factors of votes and content on covered rows, from gold; 1 without.
    n_gold : int
        Covered gold rows that these were chosen by.
    """

    is_open: bool
    touches_covered: bool
    n_covered: int
    gain: float
    standard_error: float
    strength: float
    vote_exponent: float = 1.0
    content_exponent: float = 1.0
    n_gold: int = 0

    def __repr__(self) -> str:
        if self.n_covered < FEWEST_COVERED:
            return f"content is not used: {self.n_covered:,} covered rows are too few to judge it (of {FEWEST_COVERED})"
        gain = f"{self.gain:+.3f} nats a row, {abs(self.gain) / max(self.standard_error, 1e-12):.1f} standard errors"
        if not self.is_open:
            return f"content is not used: it does not foretell the labels of left-out rows ({gain})"
        where = "all rows" if self.touches_covered else "rows without votes alone"
        few = "" if self.touches_covered else f"; {self.n_covered:,} covered rows are too few to overrule votes"
        gold = (
            f"; by {self.n_gold:,} gold rows, the log-odds of votes count {self.vote_exponent:.2f} times, and those of "
            f"content {self.content_exponent:.2f} times, on covered rows"
            if self.n_gold
            else "; mistakes that content shares with the rules are seen by gold alone, of at least 10 rows with votes"
        )
        why = f"it foretells the labels of left-out rows ({gain})"
        return f"content is used, on {where}, with strength {self.strength:.2f}: {why}{few}{gold}"


def judge_content(
    q: NDArray[np.float64], content: NDArray[np.float64], row: NDArray[np.uint64] | None = None
) -> ContentGate:
    """Choose the strength of content, or close the gate.

    Parameters
    ----------
    q : ndarray of shape (n_covered, n_classes)
        Posterior of the votes.
    content : ndarray of shape (n_covered, n_classes)
        Out-of-fold log-probabilities by content, less the logs of their means.
    row : ndarray of shape (n_covered,), optional
        Equal for rows that are copies, which are in one fold and show one thing; without, all differ.
    """
    if len(q) < FEWEST_COVERED:
        return ContentGate(False, False, len(q), 0.0, 0.0, 0.0)  # noqa: FBT003 - open, and touching covered rows
    log_prior = np.log(q.mean(axis=0).clip(1e-12))
    best = _maximum(lambda strength: float(_log_likelihood(strength, q, content, log_prior).mean()), 2.0)
    gains = _log_likelihood(best, q, content, log_prior) - _log_likelihood(0.0, q, content, log_prior)
    gain, error = float(gains.mean()), _standard_error(gains, row)
    is_open = gain > MOST_NOISE * error
    strength = _likeliest_strength(q, content, log_prior) if is_open else 0.0
    return ContentGate(is_open, is_open and len(q) >= FEWEST_TO_OVERRULE, len(q), gain, error, strength)


def _standard_error(gains: NDArray[np.float64], row: NDArray[np.uint64] | None) -> float:
    """Compute the standard error of a mean, of rows whose copies count as one.

    >>> gains = np.array([1.0, -1.0, 2.0, -2.0])
    >>> once, twice = _standard_error(gains, None), _standard_error(np.tile(gains, 2), np.tile([0, 1, 2, 3], 2))
    >>> round(once, 6) == round(twice, 6)
    True
    """
    apart = gains - gains.mean()
    sums = apart if row is None else np.bincount(np.unique(row, return_inverse=True)[1], weights=apart)
    return float(np.sqrt((sums**2).sum()) / len(gains))


def _log_likelihood(
    strength: float, q: NDArray[np.float64], content: NDArray[np.float64], log_prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Compute the log-likelihood of each row's soft label."""
    return np.asarray((q * log_softmax(log_prior + strength * content)).sum(axis=1))


def _likeliest_strength(q: NDArray[np.float64], content: NDArray[np.float64], log_prior: NDArray[np.float64]) -> float:
    """Return the strength under which the votes are most likely, in [0, MOST_STRENGTH].

    >>> label = np.random.default_rng(0).integers(0, 2, 2_000)
    >>> q = np.eye(2)[np.where(np.random.default_rng(1).random(2_000) < 0.7, label, 1 - label)] * 0.4 + 0.3
    >>> content = np.log(np.eye(2)[np.where(np.random.default_rng(2).random(2_000) < 0.8, label, 1 - label)] + 1)
    >>> 1.8 < _likeliest_strength(q, content, np.log([0.5, 0.5])) < 2.2  # 2 log(2) is log(0.8 / 0.2)
    True
    """
    log_votes = np.log(q.clip(1e-300)) - log_prior

    def log_likelihood(strength: float) -> float:
        joint = log_votes + log_softmax(log_prior + strength * content)
        return float(np.logaddexp.reduce(joint, axis=1).mean())

    return _maximum(log_likelihood, MOST_STRENGTH)


def _maximum(value: Callable[[float], float], most: float) -> float:
    """Return where a function of one number is largest, over [0, most]."""
    from scipy.optimize import minimize_scalar  # noqa: PLC0415 - slow to import

    optimum = minimize_scalar(lambda x: -value(x), bounds=(0.0, most), method="bounded", options={"xatol": 1e-4})
    return float(optimum.x)


def fit_exponents(
    terms: NDArray[np.float64], label: NDArray[np.int64], weight: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Choose a factor for each term of a log-score by gold, near 1 and at least 0.

    Parameters
    ----------
    terms : ndarray of shape (n_terms, n_gold, n_classes)
        Log-scores whose sum is the log-posterior, each computed without the gold of its row.
    label : ndarray of int64, shape (n_gold,)
    weight : ndarray of shape (n_gold,), optional

    Returns
    -------
    ndarray of shape (n_terms,)

    Examples
    --------
    >>> right = np.log([[0.9, 0.1], [0.1, 0.9]] * 200)
    >>> label = np.array([0, 1] * 200)
    >>> (fit_exponents(np.stack([right, -right]), label) > [1.0, -0.1]).tolist()
    [True, True]
    """
    from scipy.optimize import minimize  # noqa: PLC0415 - slow to import

    of_row = np.ones(len(label)) if weight is None else weight
    loss = partial(_gold_loss, terms=terms, label=label, weight=of_row)
    optimum = minimize(loss, np.ones(len(terms)), jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * len(terms))
    return np.asarray(optimum.x)


def _gold_loss(
    exponents: NDArray[np.float64], *, terms: NDArray[np.float64], label: NDArray[np.int64], weight: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Compute the negative log-likelihood of the gold plus the penalty, and the gradient."""
    log_p = log_softmax(np.einsum("t,tnc->nc", exponents, terms))
    rows = np.arange(len(label))
    residual = np.exp(log_p)
    residual[rows, label] -= 1
    distance = exponents - 1
    loss = -(weight * log_p[rows, label]).sum() + EXPONENT_PENALTY / 2 * float(distance @ distance)
    gradient = np.einsum("tnc,nc,n->t", terms, residual, weight) + EXPONENT_PENALTY * distance
    return float(loss), np.asarray(gradient)
