"""Helpers for labels and probabilities."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

_POLICIES: Final = ("random", "true-random", "abstain")


def to_int_label_array(X: np.ndarray[Any, Any], flatten_vector: bool = True) -> np.ndarray[Any, Any]:  # noqa: FBT001, FBT002 - Snorkel's signature
    """Convert labels to integers; the highest number of an unsigned type is -1, which becomes it there.

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
    if labels.dtype.kind == "u":
        labels = np.where(labels == np.iinfo(labels.dtype).max, -1, labels.astype(np.int64))
    if np.any(np.not_equal(np.mod(labels, 1), 0)):
        raise ValueError("Input contains at least one non-integer value.")
    labels = labels.astype(int)
    if flatten_vector:
        labels = np.atleast_1d(labels.squeeze())
        if labels.ndim != 1:
            raise ValueError("Input could not be converted to 1d np.array")
    return labels


def probs_to_preds(
    probs: np.ndarray[Any, Any], tie_break_policy: str = "random", tol: float = 1e-5
) -> np.ndarray[Any, Any]:
    """Return the most probable class of each row.

    Parameters
    ----------
    probs : array of shape (n_examples, n_classes)
    tie_break_policy : {"random", "true-random", "abstain"}
        What becomes of classes whose probabilities are equal: one by a hash of the position of the row, one by NumPy's
        generator, or no label (-1).
    tol : float
        Probabilities that are closer than this to the highest are equal to it.

    Raises
    ------
    ValueError
        If there are not two dimensions or fewer than two classes, or the policy is not known. Snorkel refuses that only
        where there is a tie; elsewhere, a slip in "abstain" gave rows without a vote a label.

    Examples
    --------
    >>> probs_to_preds(np.array([[0.2, 0.8], [0.5, 0.5]]), tie_break_policy="abstain").tolist()
    [1, -1]
    """
    _, n_classes = probs.shape
    if n_classes <= 1:
        raise ValueError(f"probs must have probabilities for at least 2 classes. Instead, got {n_classes} classes.")
    if tie_break_policy not in _POLICIES:
        raise ValueError(f"tie_break_policy={tie_break_policy} policy not recognized.")
    tied = np.abs(probs - probs.max(axis=1, keepdims=True, initial=-np.inf)) < tol
    labels = tied.argmax(axis=1)
    for row in np.flatnonzero(tied.sum(axis=1) != 1).tolist():
        labels[row] = _broken_tie(row, np.flatnonzero(tied[row]), tie_break_policy)
    return np.asarray(labels)


def _broken_tie(row: int, classes: np.ndarray[Any, Any], policy: str) -> int:
    if policy == "random":
        return int(classes[int(hashlib.sha1(str(row).encode()).hexdigest(), 16) % len(classes)])  # noqa: S324 - no secret
    if policy == "true-random":
        return int(np.random.choice(classes))  # noqa: NPY002 - the generator that users seed
    return -1


def preds_to_probs(preds: np.ndarray[Any, Any], num_classes: int) -> np.ndarray[Any, Any]:
    """Return probabilities of 0 and 1 for labels; shape (n_examples, num_classes).

    Raises
    ------
    ValueError
        If there is an abstain.
    """
    if np.any(preds < 0):
        raise ValueError("Could not convert abstained vote to probability")
    return np.asarray(np.eye(num_classes)[preds.squeeze()])


def filter_labels(
    label_dict: Mapping[str, np.ndarray[Any, Any] | None], filter_dict: Mapping[str, Sequence[int]]
) -> dict[str, Any]:
    """Leave out the rows that have one of some values in one of the arrays.

    Parameters
    ----------
    label_dict : dict of str to array of length n_examples, or None
    filter_dict : dict of str to list of int
        For names of these arrays, the values that are left out.

    Returns
    -------
    dict of str to array, or None

    Raises
    ------
    ValueError
        If the arrays are not of one length.
    """
    lengths = {name: len(labels) for name, labels in label_dict.items() if labels is not None}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"arrays are of other lengths: {', '.join(f'{one} {n:,}' for one, n in lengths.items())}")
    there = [(label_dict[name], values) for name, values in filter_dict.items() if label_dict.get(name) is not None]
    kept = np.all([~np.isin(np.asarray(labels), list(values)) for labels, values in there], axis=0).squeeze()
    return {name: None if labels is None else labels[kept] for name, labels in label_dict.items()}
