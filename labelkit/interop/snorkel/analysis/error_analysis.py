"""Find the rows that have certain labels."""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit.interop.snorkel.utils.core import to_int_label_array

if TYPE_CHECKING:
    from numpy.typing import NDArray


def get_label_buckets(*y: Any) -> dict[tuple[int, ...], NDArray[np.int64]]:
    """Return the positions of the rows of each combination of labels.

    Parameters
    ----------
    *y : array of shape (n_examples,) or (n_examples, 1)
        Labels of the same rows: gold and predicted ones, say.

    Returns
    -------
    dict of tuple of int to array of int

    Raises
    ------
    ValueError
        If the arrays are not of one length, or not of whole numbers.

    Examples
    --------
    >>> buckets = get_label_buckets(np.array([0, 1, 1]), np.array([0, 0, 0]))
    >>> {tuple(map(int, labels)): rows.tolist() for labels, rows in buckets.items()}
    {(0, 0): [0], (1, 0): [1, 2]}
    """
    arrays = [to_int_label_array(one) for one in y]
    if len({len(one) for one in arrays}) != 1:
        raise ValueError("Arrays must all have the same number of elements")
    buckets: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for row, labels in enumerate(zip(*arrays, strict=True)):
        buckets[labels].append(row)
    return {labels: np.array(rows) for labels, rows in buckets.items()}


def get_label_instances(bucket: tuple[int, ...], x: NDArray[Any], *y: Any) -> NDArray[Any]:
    """Return the rows of ``x`` that have a combination of labels.

    Parameters
    ----------
    bucket : tuple of int
        A label for each array of labels.
    x : array of shape (n_examples, ...), DataFrame or Series
        The rows of a frame are taken by their positions, whatever its index is.
    *y : array of shape (n_examples,)

    Returns
    -------
    array
        Empty, with a warning in the log, if no row has these labels.

    Raises
    ------
    ValueError
        If the numbers of arrays or of rows do not fit.
    """
    if len(y) != len(bucket):
        raise ValueError("Number of lists must match the amount of labels in bucket")
    if x.shape[0] != len(y[0]):
        raise ValueError("Number of rows in x does not match number of elements in at least one label list")
    rows = get_label_buckets(*y).get(bucket)
    if rows is None:
        logging.getLogger().warning("Bucket%s does not exist.", bucket)
        return np.array([])
    return x.iloc[rows] if hasattr(x, "iloc") else x[rows]
