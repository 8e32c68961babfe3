"""Read chosen rows of a corpus again: by position (:func:`read_rows`), or as a matrix names them (:func:`examples_at`).

Few rows are wanted, and no more than a batch beside them is held to find them. A source that can be split is read from
the first wanted row on; any other from its start, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelkit._shared.arrow_arrays import arrow_array
from labelkit._shared.numbers import plural
from labelkit._shared.row_operations import first_rows
from labelkit.corpus.corpus import Batch, Corpus
from labelkit.exceptions import CorpusError
from labelkit.votes.alignment import RowNames, is_default_order, labels_of, shown_names
from labelkit.votes.example_names import ExampleNames, FrameIndex, of_two_orders

BATCH_ROWS: Final = 16_384
"""Rows that are read together."""

FEW_ROWS: Final = 256
"""Up to so many rows of a corpus in memory are read one by one."""

SAME: Final = "give the corpus that the rules were applied to, opened with the same id= (or none)"


@dataclass(frozen=True, eq=False)
class ReadRows:
    """Rows of a corpus.

    Attributes
    ----------
    table : pyarrow.Table
        The columns that were asked for, in the order of the positions. Positions beyond the end are left out.
    ids : pyarrow.ChunkedArray or None
        The ids of these rows; None where the position is the id.
    n_found : int
        How many of the positions are in the corpus.
    n_passed : int
        Rows of the corpus up to the last that was read: all of them, where only reading could count them.
    """

    table: pa.Table
    ids: pa.ChunkedArray | None
    n_found: int
    n_passed: int


def read_rows(
    corpus: Corpus, positions: NDArray[np.int64], columns: Sequence[str], *, also: Sequence[str] = ()
) -> ReadRows:
    """Read the rows at some positions.

    Parameters
    ----------
    corpus : Corpus
    positions : ndarray of int64
        At least one, in any order; a position may occur several times.
    columns : list of str
    also : list of str
        Columns to load without returning them: a reader that leaves out bad rows leaves out those that are bad in any
        loaded column, so that the positions of an earlier reading hold only with the columns of that reading.

    Returns
    -------
    ReadRows

    Raises
    ------
    CorpusError
        If the corpus cannot be read, as an iterator cannot be a second time.
    """
    if corpus.splittable and corpus.path is None and len(positions) <= FEW_ROWS:
        return _one_by_one(corpus, positions, columns)
    sought, order = np.unique(positions, return_inverse=True)
    loaded = list(dict.fromkeys([*columns, *also]))
    parts, ids = [], []
    n_passed = n_found = 0
    for batch in corpus.batches(loaded, BATCH_ROWS, start=int(sought[0]) if corpus.splittable else 0):
        n_passed = batch.start + len(batch)
        low, high = np.searchsorted(sought, [batch.start, n_passed])
        if low < high:
            within = arrow_array(sought[low:high] - batch.start)
            parts.append(_taken(batch, columns, within))
            ids.append(None if batch.ids is None else batch.ids.take(within))
        n_found = int(high)
        if n_found == len(sought) and corpus.n_rows is not None:
            break
    table = _concatenated(corpus, parts, columns)
    found_ids = pa.chunked_array(ids) if ids and ids[0] is not None else None
    if n_found == len(sought) and not np.array_equal(order, np.arange(len(order))):
        table = table.take(arrow_array(order)) if columns else table
        found_ids = None if found_ids is None else found_ids.take(arrow_array(order))
    return ReadRows(table, found_ids, len(order) if n_found == len(sought) else n_found, n_passed)


def _one_by_one(corpus: Corpus, positions: NDArray[np.int64], columns: Sequence[str]) -> ReadRows:
    """Read few rows of a source in memory, each as a slice."""
    n_rows = corpus.n_rows or 0
    there = positions[positions < n_rows]
    read = [corpus.read_batch(int(position), int(position) + 1, columns) for position in there]
    ids = pa.chunked_array([batch.ids for batch in read], corpus.id_type) if corpus.has_ids else None
    return ReadRows(_concatenated(corpus, [batch.table for batch in read], columns), ids, len(there), n_rows)


def _taken(batch: Batch, columns: Sequence[str], within: pa.Array) -> pa.RecordBatch:
    """Take some rows of a batch, without the columns that were loaded for their bad rows alone."""
    taken = [batch.table.column(name).take(within) for name in columns]
    return pa.RecordBatch.from_arrays(taken, names=list(columns))


def _concatenated(corpus: Corpus, parts: list[pa.RecordBatch], columns: Sequence[str]) -> pa.Table:
    if parts and columns:
        return pa.Table.from_batches(parts)
    return pa.schema([(column, corpus.column_type(column)) for column in columns]).empty_table()


def examples_at(
    corpus: Corpus, examples: ExampleNames | NDArray[Any], rows: NDArray[np.int64], columns: Sequence[str]
) -> pa.Table:
    """Read the examples at some rows of a matrix: by name, or by position where the corpus names nothing.

    Parameters
    ----------
    corpus : Corpus
    examples : ExampleNames or ndarray of ids
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
        If the corpus has other examples than the matrix, or another length.
    """
    if not len(rows):
        return _concatenated(corpus, [], columns)
    examples = ExampleNames.of(examples)
    if corpus.id is None and corpus.frame_index is not None and examples.index is not None:
        places = _by_index(corpus.frame_index, examples, rows)
        return read_rows(corpus, places, columns).table
    ids = examples.ids
    key = None if corpus.has_ids else _id_column(corpus, ids, rows)
    corpus = corpus if key is None else corpus.with_id(key)
    if not corpus.has_ids or _is_unnamed(corpus, ids):
        return _by_position(corpus, examples, rows, columns)
    if corpus.splittable and corpus.n_rows == len(ids):  # the same corpus, most likely: the ids at the rows say so
        rows_read = read_rows(corpus, rows, columns)
        if rows_read.ids is not None and np.array_equal(rows_read.ids.to_numpy(), ids[rows]):
            return rows_read.table
    return _by_id(corpus, ids, rows, columns)


# A frame, and a matrix of a frame: the index names the rows of both ---------------------------------------------------


def _by_index(index: FrameIndex, examples: ExampleNames, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the positions in a frame of the rows of a matrix that was made from a frame."""
    assert examples.index is not None
    wanted = examples.index[rows].labels
    if examples.index.names_rows and index.names_rows:
        places = RowNames(labels_of(index.labels)).positions(labels_of(wanted))
    else:  # an index that repeats names nothing; the same rows in the same order are the same frame
        same = len(index) == len(examples) and index.labels.equals(examples.index.labels)
        places = rows if same else np.full(len(rows), -1)
    if (places < 0).any():
        lost = labels_of(wanted)[places < 0]
        raise CorpusError(
            f"the frame has no row with the index {lost[:1].tolist()[0]!r} ({len(lost):,} are missing): the index "
            f"of the matrix is {shown_names(labels_of(examples.index.labels))} and that of the frame "
            f"{shown_names(labels_of(index.labels))}",
            hint=SAME,
            code="LK214",
        )
    return places


# Without ids: a position is the id -----------------------------------------------------------------------------------


def _is_unnamed(corpus: Corpus, ids: NDArray[Any]) -> bool:
    """Return True if a matrix has no ids, and its positions are none of the index of a frame with as many rows."""
    index = corpus.frame_index
    if corpus.id is not None or index is None or index.ids is None or len(index) != len(ids):
        return False
    return is_default_order(ids) and not (RowNames(index.ids).positions(ids) >= 0).any()


def _by_position(corpus: Corpus, examples: ExampleNames, rows: NDArray[np.int64], columns: Sequence[str]) -> pa.Table:
    ids = examples.ids
    if corpus.n_rows is not None:
        return read_rows(corpus, _positions(examples, rows, corpus.n_rows), columns).table
    # The length of the corpus shows at its end, and the meaning of the ids only then: rows for both meanings are kept.
    are_numbers = ids.dtype.kind in "iu"
    candidates = np.unique(np.concatenate([rows, ids[rows].astype(np.int64)])) if are_numbers else np.unique(rows)
    candidates = candidates[candidates >= 0]
    rows_read = read_rows(corpus, candidates, columns)
    chosen = _positions(examples, rows, rows_read.n_passed)
    return rows_read.table.take(arrow_array(np.searchsorted(candidates, chosen)))


def _positions(examples: ExampleNames, rows: NDArray[np.int64], n_rows: int) -> NDArray[np.int64]:
    """Return the positions of the rows of a matrix in a corpus of ``n_rows`` rows without ids."""
    ids, index = examples.ids, examples.index
    are_labels = index is not None and index.ids is not None  # of a frame with an index of its own: no positions
    could_be = ids.dtype.kind in "iu" and ids.min() >= 0 and ids.max() < n_rows and not is_default_order(ids)
    could_be = could_be and not are_labels
    if len(ids) == n_rows and not (could_be and len(np.unique(ids)) == n_rows):
        return rows
    if not could_be or len(ids) > n_rows:
        raise CorpusError(
            f"the corpus has {plural(n_rows, 'row')}, and the matrix {len(ids):,}, with ids such as "
            f"{ids[:1].tolist()[0]!r}, and the rows of the corpus are numbered from 0",
            hint=SAME,
            code="LK214",
        )
    return ids[rows].astype(np.int64)  # some rows of a matrix, or all in another order: their ids are positions


def _id_column(corpus: Corpus, ids: NDArray[Any], rows: NDArray[np.int64]) -> str | None:
    """Find the column of a corpus that holds the ids of some rows, where they cannot be positions."""
    are_text = ids.dtype.kind in "OUT"
    if (corpus.path is None and not corpus.splittable) or corpus.n_rows not in {None, len(ids)}:
        return None  # it can be read only once, or is another corpus
    if not are_text and (ids.dtype.kind not in "iu" or ids.min() == 0):
        return None
    is_kind = pa.types.is_string if are_text else pa.types.is_integer
    columns = [field.name for field in corpus.schema if is_kind(field.type)]
    names: list[str] = sorted(columns, key=lambda name: not name.casefold().endswith("id"))
    for column in names:
        missing = set(ids[rows].tolist())
        for batch in corpus.batches([column], BATCH_ROWS):
            missing.difference_update(batch.table.column(0).to_pylist())
            if not missing:
                return column
    return None


# With ids -------------------------------------------------------------------------------------------------------------


def _by_id(corpus: Corpus, ids: NDArray[Any], rows: NDArray[np.int64], columns: Sequence[str]) -> pa.Table:
    """Find the rows by their ids; a source that can be read only once is read only once."""
    wanted = RowNames(ids[rows])
    none = np.zeros(0, np.int64)
    positions, named, tables = [none], [none], []
    first_ids: NDArray[Any] = none
    n_rows = 0
    for batch in corpus.batches([] if corpus.splittable else columns, BATCH_ROWS):
        assert batch.ids is not None
        n_rows += len(batch)
        first_ids = batch.ids[:2].to_numpy(zero_copy_only=False) if not batch.start else first_ids
        first_wanted = wanted.positions(batch.ids.to_numpy(zero_copy_only=False))
        hits = np.flatnonzero(first_wanted >= 0)
        positions.append(hits + batch.start)
        named.append(first_wanted[hits])
        if not corpus.splittable:
            tables.append(batch.table.take(arrow_array(hits)))
    candidates = np.concatenate(positions)
    chosen = _chosen(candidates, np.concatenate(named), rows, wanted, first_ids)
    if n_rows == len(ids) and is_default_order(ids) and not np.array_equal(candidates[chosen], rows):
        raise of_two_orders("the examples", first_ids, CorpusError)
    if corpus.splittable:
        return read_rows(corpus, candidates[chosen], columns).table
    return pa.Table.from_batches(tables).take(arrow_array(chosen))


def _chosen(
    found: NDArray[np.int64],
    named: NDArray[np.int64],
    rows: NDArray[np.int64],
    wanted: RowNames,
    first_ids: NDArray[Any],
) -> NDArray[np.int64]:
    """Choose the row of the corpus that each row of the matrix means: that of its id; of several, that at its position.

    Parameters
    ----------
    found : ndarray of int64, shape (n_found,)
        The positions of rows with wanted ids, ascending.
    named : ndarray of int64, shape (n_found,)
        The first wanted row that has the id of each.
    rows : ndarray of int64, shape (n_rows,)
        The positions in the matrix of the wanted rows.
    wanted : RowNames of length n_rows
    first_ids : ndarray
        Ids of the corpus, for the error.

    Returns
    -------
    ndarray of int64, shape (n_rows,)
        Positions in ``found``.
    """
    names = wanted.positions(wanted.names)
    counts = np.bincount(named, minlength=len(rows))[names]
    if not counts.all():
        lost = wanted.names[counts == 0].tolist()
        raise CorpusError(
            f"the corpus has no example with the id {lost[0]!r} ({len(lost):,} are missing)",
            hint=f"{SAME}; its ids begin with {shown_names(first_ids)}",
            code="LK214",
        )
    first = first_rows(named, len(rows), none=0)
    near = np.minimum(np.searchsorted(found, rows), len(found) - 1)
    exact = (found[near] == rows) & (named[near] == names)
    unclear = ~exact & (counts > 1)
    if unclear.any():
        raise CorpusError(
            f"the id {wanted.names[unclear][:1].tolist()[0]!r} names several examples of the corpus",
            hint=SAME,
            code="LK205",
        )
    return np.where(exact, near, first[names])
