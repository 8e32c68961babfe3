"""The rows of a corpus that a matrix speaks of: few are wanted, and no more than a batch is held to find them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from labelkit.corpus import Corpus
from labelkit.exceptions import CorpusError

BATCH_ROWS: Final = 16_384
"""Rows that are read together."""

SAME: Final = "give the corpus that the rules were applied to, opened with the same id= (or none)"


def take(corpus: Corpus, ids: NDArray[Any], rows: NDArray[np.int64], columns: list[str]) -> pa.Table:
    """Read the examples at some rows of a matrix.

    Parameters
    ----------
    corpus : Corpus
    ids : ndarray, shape (n_examples,)
        Those of the whole matrix.
    rows : ndarray of int64
        Positions in the matrix.
    columns : list of str
        At least one.

    Returns
    -------
    pyarrow.Table
        The columns, in the order of ``rows``.

    Raises
    ------
    CorpusError
        If the corpus has other ids than the matrix, or another length.
    """
    if not len(rows):
        schema = pa.schema([(column, corpus.column_type(column)) for column in columns])
        return schema.empty_table()
    if corpus.id is None:
        return _by_position(corpus, ids, rows, columns)
    if corpus.splittable and corpus.n_rows == len(ids):  # the same corpus, most likely: the ids at the rows say so
        table = _at(corpus, rows, list(dict.fromkeys([*columns, corpus.id])))[0]
        if np.array_equal(_array(table.column(corpus.id)), ids[rows]):
            return table.select(columns)
    return _by_id(corpus, ids, rows, columns)


# Without ids: a position is the id -----------------------------------------------------------------------------------


def _by_position(corpus: Corpus, ids: NDArray[Any], rows: NDArray[np.int64], columns: list[str]) -> pa.Table:
    if corpus.n_rows is not None:
        return _at(corpus, _places(ids, rows, corpus.n_rows), columns)[0]
    # How long the corpus is shows at its end, and what the ids are only then: both readings of them are kept.
    numbered = ids.dtype.kind in "iu"
    maybe = np.unique(np.concatenate([rows, ids[rows].astype(np.int64)])) if numbered else np.unique(rows)
    table, n_rows = _at(corpus, maybe[maybe >= 0], columns)
    return table.take(pa.array(np.searchsorted(maybe[maybe >= 0], _places(ids, rows, n_rows))))


def _places(ids: NDArray[Any], rows: NDArray[np.int64], n_rows: int) -> NDArray[np.int64]:
    """Where the rows of a matrix are in a corpus of so many rows without ids."""
    if len(ids) == n_rows:
        return rows
    numbered = ids.dtype.kind in "iu" and not np.array_equal(ids, np.arange(len(ids)))
    if not numbered or len(ids) > n_rows or ids.min() < 0 or ids.max() >= n_rows:
        raise CorpusError(
            f"the corpus has {n_rows:,} rows, and the matrix {len(ids):,}, with ids such as {_plain(ids[0])!r}",
            hint=SAME,
        )
    return ids[rows].astype(np.int64)  # some rows of a matrix: their ids are positions in the whole


def _at(corpus: Corpus, places: NDArray[np.int64], columns: list[str]) -> tuple[pa.Table, int]:
    """The rows at some places, in that order, and how many rows were passed on the way (all, if nobody knew)."""
    if corpus.splittable and corpus.path is None:
        parts = (
            [corpus.read(int(place), int(place) + 1, columns) for place in places] if len(places) < BATCH_ROWS else []
        )
        if parts:
            return pa.Table.from_batches(parts), len(parts)
    sought, order = np.unique(places, return_inverse=True)
    parts, done = [], 0
    for batch in corpus.batches(columns, BATCH_ROWS, start=int(sought[0]) if corpus.splittable else 0):
        done = batch.start + len(batch)
        low, high = np.searchsorted(sought, [batch.start, done])
        if low < high:
            parts.append(batch.table.take(pa.array(sought[low:high] - batch.start)))
        if high == len(sought) and corpus.n_rows is not None:
            break
    table = pa.Table.from_batches(parts) if parts else _empty(corpus, columns)
    return (table.take(pa.array(order)) if table.num_rows == len(sought) else table), done


def _empty(corpus: Corpus, columns: list[str]) -> pa.Table:
    return pa.schema([(column, corpus.column_type(column)) for column in columns]).empty_table()


# With ids -------------------------------------------------------------------------------------------------------------


def _by_id(corpus: Corpus, ids: NDArray[Any], rows: NDArray[np.int64], columns: list[str]) -> pa.Table:
    """Find the rows by their ids; what can be read only once is read only once."""
    wanted = pd.Index(ids[rows])
    names = wanted.unique()
    places, which, tables = [], [], []
    for batch in corpus.batches([] if corpus.splittable else columns, BATCH_ROWS):
        found = names.get_indexer(pd.Index(_array(batch.ids)))
        hits = np.flatnonzero(found >= 0)
        places.append(hits + batch.start)
        which.append(found[hits])
        if not corpus.splittable:
            tables.append(batch.table.take(pa.array(hits)))
    chosen = _chosen(
        np.concatenate([*places, np.zeros(0, np.int64)]),
        np.concatenate([*which, np.zeros(0, np.int64)]),
        rows,
        names.get_indexer(wanted),
        names,
    )
    if corpus.splittable:
        return _at(corpus, np.concatenate(places)[chosen], columns)[0]
    return pa.Table.from_batches(tables).take(pa.array(chosen))


def _chosen(
    places: NDArray[np.int64],
    which: NDArray[np.int64],
    rows: NDArray[np.int64],
    wanted: NDArray[np.int64],
    names: pd.Index[Any],
) -> NDArray[np.int64]:
    """Which find is meant by each row: the one with its id, and of several, the one in its place.

    Parameters
    ----------
    places, which : ndarray of int64, shape (n_found,)
        The position in the corpus of each find, ascending, and which name it bears.
    rows, wanted : ndarray of int64, shape (n_rows,)
        The position in the matrix of each wanted row, and its name.
    names : Index

    Returns
    -------
    ndarray of int64, shape (n_rows,)
        Positions among the finds.
    """
    counts = np.bincount(which, minlength=len(names))[wanted]
    if not counts.all():
        lost = names[wanted[counts == 0]]
        raise CorpusError(
            f"the corpus has no example with the id {_plain(lost[0])!r} ({len(lost):,} are missing)", hint=SAME
        )
    first = np.zeros(len(names), dtype=np.int64)
    first[which[::-1]] = np.arange(len(which) - 1, -1, -1)
    near = np.minimum(np.searchsorted(places, rows), len(places) - 1)
    exact = (places[near] == rows) & (which[near] == wanted)
    unclear = ~exact & (counts > 1)
    if unclear.any():
        raise CorpusError(
            f"the id {_plain(names[wanted[unclear][0]])!r} names several examples of the corpus", hint=SAME
        )
    return np.where(exact, near, first[wanted])


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _array(ids: Any) -> NDArray[Any]:
    """Ids of Arrow as an array (a chunked array and a plain one differ in how they are asked)."""
    array: NDArray[Any] = ids.to_numpy() if isinstance(ids, pa.ChunkedArray) else ids.to_numpy(zero_copy_only=False)
    return array
