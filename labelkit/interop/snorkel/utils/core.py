"""Helpers for labels and probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np


def to_int_label_array(X: np.ndarray[Any, Any], flatten_vector: bool = True) -> np.ndarray[Any, Any]:  # noqa: FBT001, FBT002 - Snorkel's signature
    """Convert labels to integers.

    Parameters
    ----------
    X : array of shape (n_examples,) or (n_examples, 1)
    flatten_vector : bool
        Whether to return an array of one dimension.

    Raises
    ------
    ValueError
        If a label is not a whole number, or the array has more than one column.
    """
    labels = np.asarray(X)
    if np.any(np.not_equal(np.mod(labels, 1), 0)):
        raise ValueError("Input contains at least one non-integer value.")
    labels = labels.astype(int)
    if flatten_vector:
        if labels.ndim > 1 and labels.size != max(labels.shape, default=0):
            raise ValueError("Input could not be converted to 1d np.array")
        labels = labels.ravel()
    return labels
