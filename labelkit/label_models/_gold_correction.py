r"""What some gold rows say about a posterior that was made without them: a small convex correction.

.. math:: P = softmax(e^t \log q + b + X \delta)

with one delta for each (labeling function, class) and b for each class, all drawn to zero. A handful of rows moves
little; a hundred learn which labeling functions were overrated.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

TEMPERATURE_PENALTY: Final = 20.0
CLASS_PENALTY: Final = 2.0
VOTE_PENALTY: Final = 2.0


@dataclass(frozen=True, eq=False)
class Correction:
    """Temperature, class offsets and vote offsets.

    Attributes
    ----------
    log_scale : float
    classes : ndarray of shape (n_classes,)
    columns : ndarray of shape (n_columns,)
    """

    log_scale: float
    classes: NDArray[np.float64]
    columns: NDArray[np.float64]


def learn_correction(
    log_q: NDArray[np.float64],
    hits: sparse.csr_array,
    to_class: sparse.csr_array,
    label: NDArray[np.int64],
    weight: NDArray[np.float64],
) -> Correction:
    """Fit the correction to gold rows.

    Parameters
    ----------
    log_q : ndarray of shape (n_gold, n_classes)
        Log-posteriors without the gold.
    hits : csr_array of shape (n_gold, n_columns)
    to_class : csr_array of shape (n_columns, n_classes)
        1 where a column votes for a class.
    label : ndarray of int64, shape (n_gold,)
    weight : ndarray of shape (n_gold,)

    Returns
    -------
    Correction
    """
    n_classes, n_columns = log_q.shape[1], hits.shape[1]
    start = np.zeros(1 + n_classes + n_columns)
    penalty = np.concatenate(
        [[TEMPERATURE_PENALTY], np.full(n_classes, CLASS_PENALTY), np.full(n_columns, VOTE_PENALTY)]
    )
    loss = partial(_loss, log_q=log_q, hits=hits, to_class=to_class, label=label, weight=weight, penalty=penalty)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return Correction(float(found.x[0]), found.x[1 : 1 + n_classes], found.x[1 + n_classes :])


def corrected(
    log_q: NDArray[np.float64],
    hits: sparse.csr_array,
    to_class: sparse.csr_array,
    found: Correction,
) -> NDArray[np.float64]:
    """Corrected scores, shape (n_rows, n_classes)."""
    moved = hits @ (to_class * found.columns[:, None])
    return np.asarray(np.exp(found.log_scale) * log_q + found.classes + moved.toarray())


def _loss(
    parameters: NDArray[np.float64],
    *,
    log_q: NDArray[np.float64],
    hits: sparse.csr_array,
    to_class: sparse.csr_array,
    label: NDArray[np.int64],
    weight: NDArray[np.float64],
    penalty: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64]]:
    """Negative log-likelihood of the gold with its penalty, and the gradient."""
    n, n_classes = log_q.shape
    found = Correction(float(parameters[0]), parameters[1 : 1 + n_classes], parameters[1 + n_classes :])
    scores = corrected(log_q, hits, to_class, found)
    log_p = scores - logsumexp(scores, axis=1, keepdims=True)
    rows = np.arange(n)
    loss = -(weight * log_p[rows, label]).sum() + 0.5 * (penalty * parameters**2).sum()
    residual = np.exp(log_p)
    residual[rows, label] -= 1
    residual *= weight[:, None]
    by_column = to_class.multiply(hits.T @ residual).sum(axis=1)
    gradient = np.concatenate([[np.exp(found.log_scale) * (residual * log_q).sum()], residual.sum(axis=0), by_column])
    return float(loss), np.asarray(gradient + penalty * parameters)
