"""Distinct rows of votes and how often each occurs: what label models and statistics learn from.

A million examples under sixty rules show far fewer distinct rows of votes, and nothing that labelkit computes depends
on more than those and their counts. Rows are told apart by an exact key (mixed radix over the values of each column,
in as many 64-bit words as that needs), never by a hash alone.

>>> import numpy as np
>>> rows = distinct(np.array([[0, -1], [1, 1], [0, -1]], dtype=np.int8))
>>> rows.values.tolist(), rows.counts.tolist(), rows.index.tolist()
([[0, -1], [1, 1]], [2, 1], [0, 1, 0])
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class DistinctRows:
    """The distinct rows of an integer array, in lexicographic order.

    Attributes
    ----------
    values : ndarray of shape (n_distinct, n_columns)
    counts : ndarray of int64, shape (n_distinct,)
        How many rows each stands for.
    index : ndarray of int64, shape (n_rows,)
        For each row, the position of its like in ``values``.
    """

    values: NDArray[Any]
    counts: NDArray[np.int64]
    index: NDArray[np.int64]


def distinct(rows: NDArray[Any], counts: NDArray[np.int64] | None = None) -> DistinctRows:
    """Find the distinct rows of a small-integer array.

    Parameters
    ----------
    rows : ndarray of int, shape (n_rows, n_columns)
    counts : ndarray of int64, shape (n_rows,), optional
        How many examples each row stands for; one if not given.

    Returns
    -------
    DistinctRows
    """
    words = key_words(rows)
    codes, first = _numbered(words, len(rows))
    # Mixed radix keeps the order of rows, so that sorting the keys sorts the rows.
    order = np.lexsort([word[first] for word in reversed(words)]) if words else np.arange(len(first))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    index = rank[codes] if len(rows) else codes
    values = np.empty((len(order), rows.shape[1]), dtype=rows.dtype, order="F")
    for j, column in enumerate(rows.T):  # column by column, as votes lie in memory
        np.take(column, first[order], out=values[:, j])
    totals = np.bincount(index, weights=counts, minlength=len(order)).astype(np.int64)
    return DistinctRows(values, totals, index)


def _numbered(words: list[NDArray[np.int64]], n_rows: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number rows with equal keys alike; also the first row of each number."""
    if not words:
        return np.zeros(n_rows, dtype=np.int64), np.zeros(min(n_rows, 1), dtype=np.int64)
    codes, first = _factorize(words[0])
    for word in words[1:]:
        word_codes, _ = _factorize(word)
        # n_rows squared fits 63 bits up to three billion rows, so that two numbers make one exact key.
        codes, first = _factorize(codes * (int(word_codes.max(initial=0)) + 1) + word_codes)
    return codes, first


def key_words(rows: NDArray[Any]) -> list[NDArray[np.int64]]:
    """Exact keys of rows: mixed radix over each column's range of values, in as many int64 words as that takes."""
    words: list[NDArray[np.int64]] = []
    room = 0
    for column in rows.T:
        low = int(column.min(initial=0))
        radix = int(column.max(initial=0)) - low + 1
        if radix == 1:
            continue
        if not words or room < radix:
            words.append(np.zeros(len(rows), dtype=np.int64))
            room = np.iinfo(np.int64).max
        words[-1] *= radix
        words[-1] += column
        words[-1] -= low
        room //= radix
    return words


def _factorize(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number equal keys alike; also the first position of each."""
    import pandas as pd  # noqa: PLC0415 - its hash table is exact and ten times as fast as a sort; loaded when needed

    codes, uniques = pd.factorize(keys)
    first = np.empty(len(uniques), dtype=np.int64)
    first[codes[::-1]] = np.arange(len(keys) - 1, -1, -1, dtype=np.int64)
    return codes.astype(np.int64, copy=False), first
