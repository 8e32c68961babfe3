r"""The class prior by gold rows, and a correction of a posterior that was computed without them.

The posterior q of an example with d independent votes becomes

.. math:: P = softmax(e^t d^u \log q + r \log(k \pi) / (k - 1) + b + X \delta)

with a temperature that may change with the number of votes (of dependent votes, the tenth adds less than the first), a
further weight r of the class prior pi (0 for a crowd, whose posterior contains it), an offset b for each of the k
classes, and an offset delta for each (labeling function, class), all with penalties. The penalty on t and u is
quadratic; that on r, b and delta is pseudo-Huber, quadratic up to about 1 and linear beyond, with a gradient of at most
four gold rows. Chance in a few rows has next to no effect, and an LF that a hundred rows contradict loses its weight.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from labelkit._shared.memory import check_room
from labelkit.label_models._columns import sums_by
from labelkit.label_models._vote_table import class_votes
from labelkit.label_models.explanation import Contributions
from labelkit.label_models.formula import ScoreFormula, VoteSum

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._vote_table import VoteTable
    from labelkit.label_models.default._scores import PatternScores

TEMPERATURE_PENALTY: Final = 15.0
"""L2 penalty on t and u."""

CLASS_PENALTY: Final = 4.0
"""Curvature of the penalty on each b at 0, in gold rows per unit: such an offset changes every example."""

VOTE_PENALTY: Final = 3.0
"""Curvature of the penalty on r and on each delta at 0."""

MOST_GRADIENT: Final = 4.0
"""Upper bound of the gradient of the penalty on r, b and delta, in gold rows."""


@dataclass(frozen=True, eq=False)
class Uncorrected:
    """Scores of some patterns before the correction, with its covariates.

    Attributes
    ----------
    scores : ndarray of shape (n_rows, n_classes)
        Log-posteriors, but for a constant of each row.
    log_votes : ndarray of shape (n_rows, 1)
        log d, d at least 1.
    hits : csr_array of shape (n_rows, n_columns)
    label : ndarray of int64, shape (n_columns,)
        The class that each column votes for.
    log_ratio : ndarray of shape (n_classes,)
        Log-ratio of the class prior to a uniform one, divided by k - 1.
    """

    scores: NDArray[np.float64]
    log_votes: NDArray[np.float64]
    hits: sparse.csr_array
    label: NDArray[np.int64]
    log_ratio: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Correction:
    """Temperature, weight of the prior, class offsets and vote offsets.

    Attributes
    ----------
    log_scale : ndarray of shape (2,)
        t and u.
    prior : float
        r.
    classes : ndarray of shape (n_classes,)
        b.
    columns : ndarray of shape (n_columns,)
        delta.
    """

    log_scale: NDArray[np.float64]
    prior: float
    classes: NDArray[np.float64]
    columns: NDArray[np.float64]

    @classmethod
    def of(cls, parameters: NDArray[np.float64], n_classes: int) -> Correction:
        """Make it from one array, in the order t, u, r, b, delta."""
        return cls(parameters[:2], float(parameters[2]), parameters[3 : 3 + n_classes], parameters[3 + n_classes :])

    def scale(self, log_votes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return ``e^t d^u``, the factor of log-posteriors; the shape of ``log_votes``."""
        return np.asarray(np.exp(self.log_scale[0] + self.log_scale[1] * log_votes))

    def offsets(self, log_ratio: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the term added to the score of each class; shape (n_classes,)."""
        return np.asarray(self.prior * log_ratio + self.classes)


@dataclass(frozen=True, eq=False, kw_only=True)
class CorrectedScores:
    """Log-scores of a vote table's patterns after the correction.

    Attributes
    ----------
    table : VoteTable
    before : PatternScores
        Without gold.
    correction : Correction
        With an offset for each column of the table.
    independence : ndarray of shape (n_columns,)
    log_ratio : ndarray of shape (n_classes,)
        See :class:`Uncorrected`.
    """

    table: VoteTable
    before: PatternScores
    correction: Correction
    independence: NDArray[np.float64]
    log_ratio: NDArray[np.float64]

    def scores(self, rows: slice) -> NDArray[np.float64]:
        """Compute the log-scores of some patterns; shape (n_rows, n_classes)."""
        given = uncorrected(self.table, self.before, rows, independence=self.independence, log_ratio=self.log_ratio)
        return corrected(given, self.correction)

    def contributions(self) -> Contributions:
        """Decompose the log-scores: terms before the correction are scaled, its offsets added."""
        before = self.before.contributions()
        scale = self.correction.scale(log_independent_votes(self.table.hits, self.independence))
        column = self.table.hits.indices
        terms = before.votes * scale[self.table.pattern_of_vote]
        terms[np.arange(len(column)), self.table.label[column]] += self.correction.columns[column]
        return Contributions(before.prior * scale + self.correction.offsets(self.log_ratio), terms)

    def formula(self) -> ScoreFormula:
        """Return the formula before the correction, scaled, with the offsets."""
        for_label = self.table.label[:, None] == np.arange(self.table.n_classes)
        t, u = self.correction.log_scale.tolist()
        return replace(
            self.before.formula(),
            scale=(t, u, self.independence),
            offsets=self.correction.offsets(self.log_ratio),
            after=VoteSum(for_label * self.correction.columns[:, None]),
        )


def uncorrected(
    table: VoteTable,
    before: PatternScores,
    rows: slice,
    *,
    independence: NDArray[np.float64],
    log_ratio: NDArray[np.float64],
) -> Uncorrected:
    """Compute the scores of some patterns before the correction, with its covariates."""
    hits = table.rows(rows)
    return Uncorrected(before.scores(rows), log_independent_votes(hits, independence), hits, table.label, log_ratio)


def log_independent_votes(hits: sparse.csr_array, independence: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log of the number of votes of each row, copies counted once, at least 0; shape (n_rows, 1)."""
    return np.asarray(np.log(np.maximum(hits @ independence, 1.0))[:, None])


def gold_prior(counts: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Estimate the class prior from gold rows, shrunk to a uniform one by the part of its distance that is chance.

    Uniform classes give counts with a chi-square distance from even ones of mean ``k - 1`` and standard deviation
    ``sqrt(2 (k - 1))``. A distance up to the sum of these is taken as chance, and so is that part of a larger one.

    Parameters
    ----------
    counts : ndarray of shape (n_classes,)
        Gold rows of each class, at least one in all.

    Returns
    -------
    prior : ndarray of shape (n_classes,)
    share : float
        The part of the distance that is not chance, in [0, 1).

    Examples
    --------
    >>> prior, share = gold_prior(np.array([12.0, 8.0]))
    >>> prior.tolist(), share
    ([0.5, 0.5], 0.0)
    >>> prior, share = gold_prior(np.array([90.0, 10.0]))
    >>> prior.round(3).tolist(), round(share, 3)
    ([0.881, 0.119], 0.962)
    """
    n, k = float(counts.sum()), len(counts)
    distance = float(((counts - n / k) ** 2).sum()) / (n / k)
    expected = (k - 1) + (2 * (k - 1)) ** 0.5
    share = max(0.0, 1 - expected / max(distance, 1e-12)) if k > 1 else 0.0
    return (1 - share) / k + share * (counts + 0.5) / (n + 0.5 * k), share


def learn_correction(given: Uncorrected, label: NDArray[np.int64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fit the correction to gold rows by penalised maximum likelihood.

    Parameters
    ----------
    given : Uncorrected
        The gold rows, scored without the gold.
    label : ndarray of int64, shape (n_gold,)
    weight : ndarray of shape (n_gold,)

    Returns
    -------
    ndarray of shape (3 + n_classes + n_columns,)
        For :meth:`Correction.of`.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 - only where there is gold, and slow to import
    from scipy.special import logsumexp  # noqa: PLC0415 - the same

    n_classes, n_columns = given.scores.shape[1], given.hits.shape[1]
    check_room(8.0 * 6 * given.scores.size, "the fit of a correction to gold", hint="give gold of fewer rows")
    log_q = given.scores - logsumexp(given.scores, axis=1, keepdims=True)
    curvature = np.concatenate([[VOTE_PENALTY], np.full(n_classes, CLASS_PENALTY), np.full(n_columns, VOTE_PENALTY)])
    loss = partial(_loss, curvature=curvature, given=replace(given, scores=log_q), label=label, weight=weight)
    start = np.zeros(3 + n_classes + n_columns)
    with threadpool_limits(1, user_api="blas"):  # threads are slower than these few numbers
        optimum = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return np.asarray(optimum.x)


def corrected(given: Uncorrected, correction: Correction) -> NDArray[np.float64]:
    """Apply the correction to scores; shape (n_rows, n_classes)."""
    scores = given.scores * correction.scale(given.log_votes) + correction.offsets(given.log_ratio)
    shape = (len(given.label), scores.shape[1])
    to_class = sparse.csr_array((correction.columns, given.label, np.arange(shape[0] + 1)), shape=shape)
    return np.asarray(scores + class_votes(given.hits, to_class))


def _loss(
    parameters: NDArray[np.float64],
    *,
    curvature: NDArray[np.float64],
    given: Uncorrected,
    label: NDArray[np.int64],
    weight: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64]]:
    """Compute the negative log-likelihood of the gold plus the penalty, and the gradient."""
    from scipy.special import logsumexp  # noqa: PLC0415 - slow to import

    correction = Correction.of(parameters, given.scores.shape[1])
    scores = corrected(given, correction)
    log_p = scores - logsumexp(scores, axis=1, keepdims=True)
    rows = np.arange(len(label))
    cost, cost_gradient = penalty(parameters, curvature)
    loss = -(weight * log_p[rows, label]).sum() + cost
    residual = np.exp(log_p)
    residual[rows, label] -= 1
    residual *= weight[:, None]
    by_scale = correction.scale(given.log_votes)[:, 0] * (residual * given.scores).sum(axis=1)
    by_class = residual.sum(axis=0)
    place, column = np.repeat(rows, np.diff(given.hits.indptr)), given.hits.indices.astype(np.int64)
    by_column = sums_by(column, residual[place, given.label[column]], len(given.label))
    scales = [by_scale.sum(), by_scale @ given.log_votes[:, 0]]
    gradient = np.concatenate([scales, [by_class @ given.log_ratio], by_class, by_column])
    return float(loss), np.asarray(gradient + cost_gradient)


def penalty(parameters: NDArray[np.float64], curvature: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Compute the penalty on the parameters (t and u, then the others) and its gradient.

    >>> cost, gradient = penalty(np.array([1.0, 0.0, 0.01, 100.0]), np.array([5.0, 3.0]))
    >>> gradient.round(2).tolist()
    [15.0, 0.0, 0.05, 4.0]
    """
    scales, others = parameters[:2], parameters[2:]
    unit = MOST_GRADIENT / curvature
    root = np.sqrt(1 + (others / unit) ** 2)
    cost = 0.5 * TEMPERATURE_PENALTY * float(scales @ scales) + float((MOST_GRADIENT * unit * (root - 1)).sum())
    return float(cost), np.concatenate([TEMPERATURE_PENALTY * scales, curvature * others / root])
