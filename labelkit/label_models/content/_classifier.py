r"""A classifier of features that learns from soft labels, in folds.

Each fold's multinomial logistic regression learns from the rows of the other folds,

.. math:: \min_{W, b} \sum_i w_i CE(q_i, softmax(x_i W + b)) + |W|^2 / (2 C)

by L-BFGS from 0. A row is scored by the model of its own fold, which has not learned from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from threadpoolctl import threadpool_limits

from labelkit._shared.memory import check_room
from labelkit._shared.row_operations import row_maxima, row_sums
from labelkit._shared.threads import in_threads
from labelkit.label_models.content._feature_rows import Features, is_sparse

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS: Final = 5
"""Parts of the rows."""

INVERSE_PENALTY: Final = 0.3
"""C, for rows of features whose mean squared length is 1: the strongest penalty that is as good, but for noise."""

WITH_GOLD: Final = 2.0
"""C where gold chooses how much content counts, and so sees what the classifier repeats of mistakes of the rules."""

STEPS: Final = 40
"""Steps of L-BFGS."""

FEWEST_ROWS: Final = 2
"""A feature that is not 0 on fewer rows is left out: it tells nothing of other rows."""


@dataclass(frozen=True, eq=False)
class ContentClassifier:
    """Weights of the features for each fold.

    Attributes
    ----------
    columns : ndarray of int64, shape (n_used,)
        The features with weights.
    weights : ndarray of shape (FOLDS, n_used, n_classes)
    intercepts : ndarray of shape (FOLDS, n_classes)
    """

    columns: NDArray[np.int64]
    weights: NDArray[np.float64]
    intercepts: NDArray[np.float64]

    @classmethod
    def fit(
        cls,
        features: Features,
        labels: NDArray[np.float64],
        weight: NDArray[np.float64],
        fold: NDArray[np.int64],
        inverse_penalty: float = INVERSE_PENALTY,
    ) -> ContentClassifier:
        """Learn from soft labels.

        Parameters
        ----------
        features : array of shape (n_rows, n_features)
        labels : ndarray of shape (n_rows, n_classes)
            Probabilities.
        weight : ndarray of shape (n_rows,)
        fold : ndarray of int64, shape (n_rows,)
            In [0, FOLDS).
        inverse_penalty : float
            C of the objective.
        """
        columns, offset, scale = _scaling(features)
        shape = (len(columns), labels.shape[1])
        # the weights of all folds, and for two folds at a time the memory of L-BFGS
        hint = "features of fewer columns, such as n_features=2**14 of a hashing vectorizer"
        check_room(8.0 * shape[0] * shape[1] * (FOLDS + 2 * 25), "a weight for each feature and class", hint=hint)
        used = features[:, columns].astype(np.float64)
        used = used.multiply(scale).tocsr() if is_sparse(used) else (used - offset) * scale
        given = {"features": used, "labels": labels, "weight": weight, "fold": fold}
        fit_one = partial(_fit_without, **given, inverse_penalty=inverse_penalty)
        with threadpool_limits(1, user_api="blas"):
            parameters = np.stack(in_threads(fit_one, range(FOLDS)))
        weights = parameters[:, :-1] * scale[:, None]
        return cls(columns, weights, parameters[:, -1] - np.einsum("j,fjc->fc", offset, weights))

    def log_proba(self, features: Features, fold: NDArray[np.int64]) -> NDArray[np.float64]:
        """Compute log-probabilities of rows, each by the model of its fold; shape (n_rows, n_classes)."""
        scores = np.empty((features.shape[0], self.weights.shape[2]))
        for number in range(FOLDS):
            rows = np.flatnonzero(fold == number)
            scores[rows] = features[rows][:, self.columns] @ self.weights[number] + self.intercepts[number]
        return log_softmax(scores)


def log_softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logs of the softmax of each row, without overflow."""
    shifted = scores - row_maxima(scores)[:, None]
    return np.asarray(shifted - np.log(row_sums(np.exp(shifted)))[:, None])


def _scaling(features: Features) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the features to learn from, and the offset and scale that give rows a mean squared length of 1.

    Each column of a dense array is brought to the same variance; a sparse one, such as TF-IDF, is scaled as a whole,
    since its columns are weighted already.
    """
    if is_sparse(features):
        columns = np.flatnonzero(np.bincount(features.indices, minlength=features.shape[1]) >= FEWEST_ROWS)
        length = float((features.data**2).sum()) / max(features.shape[0], 1)
        return columns, np.zeros(len(columns)), np.full(len(columns), 1 / np.sqrt(length or 1.0))
    deviation = features.std(axis=0, dtype=np.float64)
    columns = np.flatnonzero(deviation > 1e-12 * np.abs(features).max(axis=0, initial=0.0))
    scale = 1 / (deviation[columns] * np.sqrt(max(len(columns), 1)))
    return columns, features[:, columns].mean(axis=0, dtype=np.float64), scale


def _fit_without(
    number: int,
    *,
    features: Any,
    labels: NDArray[np.float64],
    weight: NDArray[np.float64],
    fold: NDArray[np.int64],
    inverse_penalty: float,
) -> NDArray[np.float64]:
    """Learn from the rows of the other folds; shape (n_used + 1, n_classes), the intercept last."""
    from scipy.optimize import minimize  # noqa: PLC0415 - slow to import

    rows = np.flatnonzero(fold != number)
    shape = (features.shape[1] + 1, labels.shape[1])
    if not len(rows):
        return np.zeros(shape)
    some = features[rows]
    transposed = some.T.tocsr() if is_sparse(some) else np.ascontiguousarray(some.T)
    loss = partial(
        _loss,
        shape=shape,
        features=some,
        transposed=transposed,
        labels=weight[rows, None] * labels[rows],
        weight=weight[rows],
        inverse_penalty=inverse_penalty,
    )
    optimum = minimize(loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    return np.asarray(optimum.x.reshape(shape))


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
