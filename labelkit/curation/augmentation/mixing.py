"""Mixup: convex combinations of feature vectors and of their soft labels.

References
----------
Zhang, Cisse, Dauphin, Lopez-Paz (2018), mixup: Beyond empirical risk minimization. https://arxiv.org/abs/1710.09412
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from labelkit._shared.seed_streams import seed_stream
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import AnalysisError
from labelkit.votes.alignment import RowNames, check_names, has_index, labels_of, match, shown_names
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

if TYPE_CHECKING:
    from numpy.typing import NDArray


@checks_keywords
class MixedRows(NamedTuple):
    """Rows that were mixed; unpack it as ``X, y_soft, first, second, share``.

    Attributes
    ----------
    X : ndarray or sparse array, shape (n, n_features)
    y_soft : ndarray of float64, shape (n, n_classes)
    first, second : ndarray of int64, shape (n,)
        The rows that each was made of.
    share : ndarray of float64, shape (n,)
        The part of the first, in [0.5, 1].
    """

    X: Any
    y_soft: NDArray[np.float64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    share: NDArray[np.float64]


@checks_keywords
def mixup(X: Any, y_soft: Any, *, alpha: float = 0.2, n: int | None = None, random_state: int = 0) -> MixedRows:
    """Mix random pairs of rows and their soft labels: ``share * first + (1 - share) * second``.

    Parameters
    ----------
    X : array-like or scipy sparse array, shape (n_rows, n_features)
        Dense features. The rows are those to train on; nothing that judges a model may be among them.
    y_soft : ProbabilisticLabels, or array-like or DataFrame of shape (n_rows, n_classes)
        Rows sum to 1. A frame of features takes the labels that its index names, of labels of more examples, too.
    alpha : float
        Shares are drawn from Beta(alpha, alpha), mirrored to [0.5, 1]; small values hardly mix.
    n : int, optional
        Rows to make; as many as there are if not given: each row is then the first of one pair.
    random_state : int

    Returns
    -------
    MixedRows

    Raises
    ------
    AnalysisError
        If there are fewer than two rows, shapes differ, rows are of other examples, or a number is out of its range.

    Examples
    --------
    >>> mixed = mixup([[0.0], [1.0]], [[1, 0], [0, 1]], alpha=1.0)
    >>> bool(np.allclose(mixed.X[:, 0], mixed.y_soft[:, 1]))
    True
    """
    features, proba = _features(X), _soft(_of_rows(y_soft, X))
    if features.shape[0] != len(proba):
        raise AnalysisError(f"X has {features.shape[0]:,} rows, and y_soft {len(proba):,}")
    if len(proba) < 2:
        raise AnalysisError(f"{len(proba)} rows cannot be mixed: a pair needs two")
    if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not 0 < alpha < float("inf"):
        raise AnalysisError(f"alpha={alpha!r} is not positive", hint="alpha=0.2")
    wanted = len(proba) if n is None else n
    if isinstance(wanted, bool) or not isinstance(wanted, int | np.integer) or wanted < 1:
        raise AnalysisError(f"n={n!r} is not a number of rows", hint="n=1000")
    rng = seed_stream("mixup", random_state)
    first = np.concatenate([rng.permutation(len(proba)) for _ in range(-(-int(wanted) // len(proba)))])[: int(wanted)]
    second = (first + rng.integers(1, len(proba), len(first))) % len(proba)  # never the same row
    drawn = rng.beta(alpha, alpha, len(first))
    share = np.maximum(drawn, 1 - drawn)
    return MixedRows(_mixed(features, first, second, share), _mixed(proba, first, second, share), first, second, share)


def _features(X: Any) -> Any:
    from scipy import sparse  # noqa: PLC0415 - only for who mixes

    is_sparse: bool = sparse.issparse(X)
    if is_sparse:
        return sparse.csr_array(X)
    try:
        features = np.asarray(X, dtype=np.float64)
    except (TypeError, ValueError):
        raise AnalysisError("X holds no numbers", hint="lk.read_features(corpus, by=encode).values") from None
    if features.ndim != 2:
        raise AnalysisError(f"X has shape {features.shape}, not (n_rows, n_features)")
    if not np.isfinite(features).all():
        raise AnalysisError(
            "X holds what is no finite number", hint="sklearn.impute.SimpleImputer fills what is missing"
        )
    return features


def _of_rows(y_soft: Any, X: Any) -> Any:
    """Return the labels of the rows of features, in their order, where both name their rows."""
    if isinstance(y_soft, ProbabilisticLabels):
        matched = match(X, y_soft.examples, what="X", error=AnalysisError)
        if matched is None:
            return y_soft
        check_names(matched, "X", AnalysisError, given=X)
        return y_soft[matched.places]
    if not (has_index(X) and has_index(y_soft)) or X.index.equals(y_soft.index):
        return y_soft
    places = RowNames(labels_of(y_soft.index))
    lost = places.positions(labels_of(X.index)) < 0
    if lost.any() or not places.is_unique:
        raise AnalysisError(
            f"the index of X, which begins with {shown_names(labels_of(X.index))}, is not that of y_soft, which begins "
            f"with {shown_names(labels_of(y_soft.index))}",
            hint="y_soft.to_numpy() is in the order of the rows of X",
            code="LK326",
        )
    return y_soft.iloc[places.positions(labels_of(X.index))]


def _soft(y_soft: Any) -> NDArray[np.float64]:
    try:
        proba = y_soft.proba if isinstance(y_soft, ProbabilisticLabels) else np.asarray(y_soft, dtype=np.float64)
    except (TypeError, ValueError):
        proba = np.empty(0)
    if proba.ndim != 2 or (proba < -1e-9).any() or not np.allclose(proba.sum(axis=1), 1, atol=1e-6):
        raise AnalysisError(
            "y_soft are not probabilities of classes, whose rows sum to 1",
            hint="labels of a label model go as they are; of hard labels, none of which is -1, np.eye(n_classes)[y]",
        )
    return np.asarray(proba, dtype=np.float64)


def _mixed(values: Any, first: NDArray[np.int64], second: NDArray[np.int64], share: NDArray[np.float64]) -> Any:
    if isinstance(values, np.ndarray):
        return share[:, None] * values[first] + (1 - share)[:, None] * values[second]
    from scipy import sparse  # noqa: PLC0415 - as above

    return sparse.csr_array(sparse.diags_array(share) @ values[first] + sparse.diags_array(1 - share) @ values[second])
