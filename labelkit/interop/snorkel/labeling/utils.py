"""Leave out data points without a vote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit.interop.snorkel._cells import votes_of

if TYPE_CHECKING:
    import pandas as pd


def filter_unlabeled_dataframe(
    X: pd.DataFrame, y: np.ndarray[Any, Any], L: np.ndarray[Any, Any]
) -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
    """Keep the rows on which some rule votes.

    Parameters
    ----------
    X : DataFrame
    y : array of shape (n_examples, n_classes)
        Their probabilities.
    L : array of shape (n_examples, n_lfs)
        Their votes; -1 is none.

    Returns
    -------
    DataFrame, array
        The rows of ``X`` and of ``y`` with a vote.
    """
    is_voted_on = (votes_of(L) != -1).any(axis=1)
    return X.iloc[is_voted_on], y[is_voted_on]
