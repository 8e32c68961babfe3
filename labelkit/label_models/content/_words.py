"""The features that speak for a class: in one row, and by their weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit.exceptions import ModelError
from labelkit.label_models.content.feature_rows import Features, is_sparse
from labelkit.label_models.explanation import against_others

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

WORDS: Final = 5
"""Features that an explanation names."""


def row_words(
    row: Features, weights: NDArray[np.float64], names: NDArray[np.str_]
) -> tuple[tuple[str, NDArray[np.float64]], ...]:
    """Return the features that add most to the log-odds of one row, with what each adds.

    Parameters
    ----------
    row : array of shape (1, n_used)
    weights : ndarray of shape (n_used, n_classes)
    names : ndarray of str, shape (n_used,)

    Examples
    --------
    >>> weights, names = np.array([[1.0, 0.0], [0.0, 3.0]]), np.array(["hi", "win"])
    >>> [(name, term.tolist()) for name, term in row_words(np.array([[1.0, 1.0]]), weights, names)]
    [('win', [-3.0, 3.0]), ('hi', [1.0, -1.0])]
    """
    values = row.toarray()[0] if is_sparse(row) else row[0]
    used = np.flatnonzero(values)
    terms = against_others(values[used, None] * weights[used])
    most = np.abs(terms).max(axis=1, initial=0.0)
    order = np.argsort(-most, kind="stable")[:WORDS]
    order = order[most[order] > 0]  # none where content does not count
    return tuple((str(names[used[j]]), terms[j]) for j in order)


def weights_table(
    by_fold: NDArray[np.float64], names: NDArray[np.str_], class_names: tuple[str, ...], n: int
) -> pd.DataFrame:
    """Return the features with the largest weights for each class, at most ``n`` of each."""
    import pandas as pd  # noqa: PLC0415 - only for who asks

    weights = by_fold.mean(axis=0)
    tables = []
    for c, class_name in enumerate(class_names):
        order = np.argsort(-weights[:, c], kind="stable")[:n]
        order = order[weights[order, c] > 0]
        agreeing = (by_fold[:, order, c] > 0).mean(axis=0)
        columns = {"feature": names[order], "log_odds": weights[order, c], "folds": agreeing}
        tables.append(pd.DataFrame({"class": class_name, **columns}))
    return pd.concat(tables, ignore_index=True)


def names_of_columns(names: Any, n_features: int, columns: NDArray[np.int64]) -> NDArray[np.str_]:
    """Return the names of the features with weights."""
    if names is None:
        return np.array([f"feature {column}" for column in columns], dtype=np.str_)
    if len(names) != n_features:
        raise ModelError(f"there are {len(names):,} feature names, and {n_features:,} features")
    return np.array([str(names[column]) for column in columns], dtype=np.str_)
