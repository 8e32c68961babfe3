"""Read sources from their start, many of them only once: iterators of rows, streams of Arrow batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from labelkit.corpus._arrow_types import deliver, delivered_type
from labelkit.corpus._files import skip_rows
from labelkit.corpus._nested_values import warn_of_left_out
from labelkit.corpus._python_values import KeyValues, decide_type, to_batch
from labelkit.corpus._valid_text import checked_text
from labelkit.corpus.missing_columns import repeated_column
from labelkit.corpus.source import FixedColumns
from labelkit.corpus.sources.frames import TEXT, from_arrow_array
from labelkit.corpus.sources.lists import what_is_wrong
from labelkit.exceptions import CorpusError

if TYPE_CHECKING:
    from labelkit.corpus.source import BadRows, CorpusSource

FIRST_ROWS = 1_024
"""Rows of an iterator that decide the columns and types; also, how many are converted together."""


class Stream(FixedColumns):
    """Base of the sources that are read from their start.

    Parameters
    ----------
    name : str
        Name in messages.
    once : bool
        True if it can be read only once.
    """

    path: Path | None = None
    frame_index = None
    n_rows: int | None = None
    splittable = False
    may_reject = True

    def __init__(self, name: str, *, once: bool) -> None:
        self.name = name
        self.once = once
        self._used = False

    def use(self) -> None:
        """Mark the stream as read.

        Raises
        ------
        CorpusError
            If it was read before, and can be only once.
        """
        if self.once and self._used:
            raise CorpusError(
                f"{self.name} was read before, and can be read only once",
                hint="give a list, a frame or a file",
                code="LK211",
            )
        self._used = True

    def read(self, columns: Sequence[str], start: int, stop: int) -> pa.Table:
        """Raise NotImplementedError: a stream is read from its start alone."""
        raise NotImplementedError

    def fingerprint(self) -> str:
        """Return an empty hash: to compute one would consume the stream."""
        return ""

    def content(self, column: str) -> str:  # noqa: ARG002
        """Return an empty hash, as above."""
        return ""


class RowStream(Stream):
    """An iterable of dicts or of strings.

    Parameters
    ----------
    rows : iterable
        The rows; an iterator is read once, from where it stands.
    types : mapping of str to DataType
        The types of columns; those of the others are decided by the first rows.
    """

    columns_are_sure = False

    def __init__(self, rows: Iterable[Any], types: Mapping[str, pa.DataType]) -> None:
        super().__init__(f"a {type(rows).__name__}", once=iter(rows) is rows)
        self._rows = rows
        self._iterator = iter(rows)
        self._first = list(islice(self._iterator, FIRST_ROWS))
        self._types = dict(types)
        self._dicts = next((isinstance(row, Mapping) for row in self._first if isinstance(row, Mapping | str)), None)
        if self._dicts is None:
            shown = f"{self._first[0]!r:.80}" if self._first else "nothing"
            hint = (
                "sorted(paths), a list, is a corpus of files"
                if self._first and isinstance(self._first[0], Path)
                else None
            )
            raise CorpusError(
                f"{self.name} gives no rows: neither dicts nor strings, but {shown}", hint=hint, code="LK204"
            )
        self._sample = [row for row in map(self._as_dict, self._first) if row is not None]
        self.column_names = tuple(dict.fromkeys(str(key) for row in self._sample for key in row))

    def column_type(self, column: str) -> pa.DataType:
        """Return the type that was asked for, or that of the first values."""
        if column not in self._types:
            self._types[column] = decide_type(column, KeyValues(self._sample, column))
        return self._types[column]

    def chunks(self, columns: Sequence[str], start: int, rows: int, bad: BadRows) -> Iterator[pa.RecordBatch]:  # noqa: ARG002
        """Deliver the rows, a block at a time; ``start`` counts the rows that are kept."""
        schema = pa.schema([(column, self.column_type(column)) for column in columns])
        self.use()
        rest = chain(self._first, self._iterator) if self.once else iter(self._rows)
        self._first = [] if self.once else self._first
        return skip_rows(self._convert(rest, schema, bad), start)

    def _convert(self, rows: Iterator[Any], schema: pa.Schema, bad: BadRows) -> Iterator[pa.RecordBatch]:
        first = 0
        left_out: dict[str, set[str]] = {name: set() for name in schema.names}
        while block := list(islice(rows, FIRST_ROWS)):
            parsed = [self._as_dict(row) for row in block]
            reasons = {i: what_is_wrong(block[i]) for i, row in enumerate(parsed) if row is None}
            batch, misfits = to_batch([row or {} for row in parsed], schema, skip=reasons, left_out=left_out)
            reasons |= misfits
            for position in sorted(reasons):
                bad.add(first + position, reasons[position], text=repr(block[position]))
            yield batch
            first += len(block)
        warn_of_left_out(left_out, self.name)

    def _as_dict(self, row: Any) -> Mapping[str, Any] | None:
        if self._dicts:
            return row if isinstance(row, Mapping) else None
        return {TEXT: row} if row is None or isinstance(row, str) else None


class ArrowStream(Stream):
    """A stream of Arrow record batches.

    Parameters
    ----------
    name : str
        Name in messages.
    schema : pyarrow.Schema
        The columns of the batches.
    open_batches : callable
        Returns the batches, with at least the columns that it is given.
    once : bool
        True if that works only once.
    """

    def __init__(
        self,
        name: str,
        schema: pa.Schema,
        open_batches: Callable[[list[str]], Iterable[pa.RecordBatch]],
        *,
        once: bool,
    ) -> None:
        super().__init__(name, once=once)
        self._schema = schema
        self._open = open_batches
        self.column_names = tuple(dict.fromkeys(schema.names))

    def column_type(self, column: str) -> pa.DataType:
        """Return the type of a column."""
        if self._schema.names.count(column) > 1:
            raise repeated_column(column, self.name)
        return delivered_type(self._schema.field(column).type)

    def chunks(self, columns: Sequence[str], start: int, rows: int, bad: BadRows) -> Iterator[pa.RecordBatch]:  # noqa: ARG002
        """Deliver the batches as they come."""
        schema = pa.schema([(column, self.column_type(column)) for column in columns])
        self.use()
        return skip_rows(checked_text(self._deliver(schema), 0, bad), start)

    def _deliver(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        for batch in self._open(schema.names):
            arrays = [deliver(batch.column(field.name), field.type, field.name) for field in schema]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def from_dataset(dataset: Any) -> ArrowStream:
    """Read a ``pyarrow.dataset.Dataset``, or what has its ``schema`` and ``to_batches``."""
    name = f"an Arrow {type(dataset).__name__}"
    return ArrowStream(name, dataset.schema, lambda columns: dataset.to_batches(columns=columns), once=False)


def from_stream(stream: Any) -> CorpusSource:
    """Read an object with the Arrow stream interface, once: it does not say if it could be read again."""
    try:
        reader = pa.RecordBatchReader.from_stream(stream)
    except pa.ArrowInvalid:  # which are arrays, and no rows
        return from_arrow_array(pa.chunked_array(stream))
    return ArrowStream(f"a {type(stream).__name__}", reader.schema, lambda _: reader, once=True)
