r"""Fit multinomial logistic regression to soft labels.

.. math:: \min_{W, b} \sum_i w_i CE(q_i, softmax(x_i W + b)) + |W|^2 / (2 C)

is minimized by L-BFGS from 0. Other libraries learn the same from a row for each class of an example, in more time.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit._shared.row_operations import row_maxima, row_sums
from labelkit.label_models.content.feature_rows import Features, is_sparse

if TYPE_CHECKING:
    from numpy.typing import NDArray


def soft_regression(
    features: Features,
    labels: NDArray[np.float64],
    weight: NDArray[np.float64],
    inverse_penalty: float,
    steps: int,
) -> NDArray[np.float64]:
    """Learn from soft labels.

    Parameters
    ----------
    features : array of shape (n_rows, n_features)
        Of float64.
    labels : ndarray of shape (n_rows, n_classes)
        Probabilities.
    weight : ndarray of shape (n_rows,)
    inverse_penalty : float
        C, as scikit-learn has it.
    steps : int
        Most steps of L-BFGS.

    Returns
    -------
    ndarray of shape (n_features + 1, n_classes)
        The weights, the intercept last.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 - slow to import

    shape = (features.shape[1] + 1, labels.shape[1])
    transposed = features.T.tocsr() if is_sparse(features) else np.ascontiguousarray(features.T)
    loss = partial(
        _loss,
        shape=shape,
        features=features,
        transposed=transposed,
        labels=weight[:, None] * labels,
        weight=weight,
        inverse_penalty=inverse_penalty,
    )
    optimum = minimize(loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options={"maxiter": steps})
    return np.asarray(optimum.x.reshape(shape))


def log_softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logs of the softmax of each row, without overflow."""
    shifted = scores - row_maxima(scores)[:, None]
    return np.asarray(shifted - np.log(row_sums(np.exp(shifted)))[:, None])


def _loss(
    parameters: NDArray[np.float64],
    *,
    shape: tuple[int, int],
    features: Any,
    transposed: Any,
    labels: NDArray[np.float64],
    weight: NDArray[np.float64],
    inverse_penalty: float,
) -> tuple[float, NDArray[np.float64]]:
    """Compute the weighted cross-entropy plus the penalty, and the gradient; ``labels`` are weighted already."""
    by_class = parameters.reshape(shape)
    log_p = log_softmax(features @ by_class[:-1] + by_class[-1])
    residual = weight[:, None] * np.exp(log_p) - labels
    gradient = np.concatenate([transposed @ residual + by_class[:-1] / inverse_penalty, residual.sum(axis=0)[None]])
    cost = float((by_class[:-1] ** 2).sum()) / (2 * inverse_penalty)
    return cost - float((labels * log_p).sum()), gradient.ravel()
