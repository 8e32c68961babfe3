r"""What some gold rows say: of the class prior, and of a posterior that was made without them.

The posterior q of an example with d (independent) votes gets a small correction

.. math:: P = softmax(e^t d^u \log q + r \log(k \pi) / (k - 1) + b + X \delta)

with a temperature that may change with the number of votes (of votes that depend on each other, the tenth says less
than the first), a further weight r of the class prior pi (but in a crowd, whose posterior holds it), a b for each of
the k classes, and a delta for each (labeling function, class), all drawn to zero. The pull grows as that of a spring;
for r, b and delta up to a unit or so, and no further than the weight of four gold rows: what a few rows say by
accident moves next to nothing, and a labeling function that a hundred rows show to be wrong is believed no longer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import logsumexp

from labelkit._shared.memory import check_room
from labelkit.label_models._em import sums_by
from labelkit.label_models._vote_table import class_votes

if TYPE_CHECKING:
    from numpy.typing import NDArray

TEMPERATURE_PENALTY: Final = 15.0
"""How stiff the springs are that draw t and u to 0."""

CLASS_PENALTY: Final = 4.0
"""How stiff the springs are that draw each b to 0, in gold rows a unit: such an offset moves every example."""

VOTE_PENALTY: Final = 3.0
"""The same for r and each delta."""

REACH: Final = 4.0
"""No r, b or delta is drawn to 0 with more force than that of so many gold rows which all say otherwise."""


@dataclass(frozen=True, eq=False)
class Uncorrected:
    """Some examples as they stand before gold, with what a correction may go by.

    Attributes
    ----------
    scores : ndarray of shape (n_rows, n_classes)
        Log-posteriors, but for a constant of each row.
    log_votes : ndarray of shape (n_rows, 1)
        log d, of at least one vote.
    hits : csr_array of shape (n_rows, n_columns)
    label : ndarray of int64, shape (n_columns,)
        The class that each column votes for.
    log_ratio : ndarray of shape (n_classes,)
        How much more frequent than usual a class is known to be, in logs, divided by k - 1.
    """

    scores: NDArray[np.float64]
    log_votes: NDArray[np.float64]
    hits: sparse.csr_array
    label: NDArray[np.int64]
    log_ratio: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Correction:
    """Temperature, worth of the prior, class offsets and vote offsets.

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
        """From one array, in the order of the formula's letters: t, u, r, b, delta."""
        return cls(parameters[:2], float(parameters[2]), parameters[3 : 3 + n_classes], parameters[3 + n_classes :])

    def scale(self, log_votes: NDArray[np.float64]) -> NDArray[np.float64]:
        """What log-posteriors of examples with so many votes are multiplied by."""
        return np.asarray(np.exp(self.log_scale[0] + self.log_scale[1] * log_votes))

    def offsets(self, log_ratio: NDArray[np.float64]) -> NDArray[np.float64]:
        """What is added to the score of each class."""
        return np.asarray(self.prior * log_ratio + self.classes)


def gold_prior(counts: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """The class prior that gold rows show, drawn to an even one as far as chance explains what they show.

    Even classes give counts with a chi-square distance from even ones of ``k - 1``, give or take ``sqrt(2 (k - 1))``.
    A distance up to the sum of these says nothing; of a larger one, that part is chance.

    Parameters
    ----------
    counts : ndarray of shape (n_classes,)
        Gold rows of each class, at least one in all.

    Returns
    -------
    prior : ndarray of shape (n_classes,)
    share : float
        How much of the distance is no chance, in [0, 1).

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
    """Fit the correction to gold rows.

    Parameters
    ----------
    given : Uncorrected
        The gold rows, as they stand without the gold.
    label : ndarray of int64, shape (n_gold,)
    weight : ndarray of shape (n_gold,)

    Returns
    -------
    ndarray of shape (3 + n_classes + n_columns,)
        For :meth:`Correction.of`.
    """
    n_classes, n_columns = given.scores.shape[1], given.hits.shape[1]
    check_room(8.0 * 6 * given.scores.size, "what a correction is learned from", hint="give gold of fewer rows")
    log_q = given.scores - logsumexp(given.scores, axis=1, keepdims=True)
    stiff = np.concatenate([[VOTE_PENALTY], np.full(n_classes, CLASS_PENALTY), np.full(n_columns, VOTE_PENALTY)])
    loss = partial(_loss, stiff=stiff, given=replace(given, scores=log_q), label=label, weight=weight)
    start = np.zeros(3 + n_classes + n_columns)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return np.asarray(found.x)


def corrected(given: Uncorrected, found: Correction) -> NDArray[np.float64]:
    """Corrected scores, shape (n_rows, n_classes)."""
    scores = given.scores * found.scale(given.log_votes) + found.offsets(given.log_ratio)
    shape = (len(given.label), scores.shape[1])
    to_class = sparse.csr_array((found.columns, given.label, np.arange(shape[0] + 1)), shape=shape)
    return np.asarray(scores + class_votes(given.hits, to_class))


def _loss(
    parameters: NDArray[np.float64],
    *,
    stiff: NDArray[np.float64],
    given: Uncorrected,
    label: NDArray[np.int64],
    weight: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64]]:
    """Negative log-likelihood of the gold with the pulls to zero, and the gradient."""
    found = Correction.of(parameters, given.scores.shape[1])
    scores = corrected(given, found)
    log_p = scores - logsumexp(scores, axis=1, keepdims=True)
    rows = np.arange(len(label))
    pull, force = pulled(parameters, stiff)
    loss = -(weight * log_p[rows, label]).sum() + pull
    residual = np.exp(log_p)
    residual[rows, label] -= 1
    residual *= weight[:, None]
    by_scale = found.scale(given.log_votes)[:, 0] * (residual * given.scores).sum(axis=1)
    by_class = residual.sum(axis=0)
    place, column = np.repeat(rows, np.diff(given.hits.indptr)), given.hits.indices.astype(np.int64)
    by_column = sums_by(column, residual[place, given.label[column]], len(given.label))
    scales = [by_scale.sum(), by_scale @ given.log_votes[:, 0]]
    gradient = np.concatenate([scales, [by_class @ given.log_ratio], by_class, by_column])
    return float(loss), np.asarray(gradient + force)


def pulled(parameters: NDArray[np.float64], stiff: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """What it costs to move parameters (t and u, then the others) from zero, and with what force they are drawn back.

    >>> cost, force = pulled(np.array([1.0, 0.0, 0.01, 100.0]), np.array([5.0, 3.0]))
    >>> force.round(2).tolist()
    [15.0, 0.0, 0.05, 4.0]
    """
    scales, moved = parameters[:2], parameters[2:]
    unit = REACH / stiff
    root = np.sqrt(1 + (moved / unit) ** 2)
    cost = 0.5 * TEMPERATURE_PENALTY * float(scales @ scales) + float((REACH * unit * (root - 1)).sum())
    return float(cost), np.concatenate([TEMPERATURE_PENALTY * scales, stiff * moved / root])
