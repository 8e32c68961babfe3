"""Read Arrow IPC: files (Feather) are mapped into memory, and read from any row; streams, from their start."""

from __future__ import annotations

import errno
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa

from labelkit.corpus._arrow_types import deliver
from labelkit.corpus._files import DataFile, readable, skip_rows
from labelkit.corpus._valid_text import checked_text
from labelkit.corpus.file_kinds import FIRST_BYTES, kind_of
from labelkit.corpus.source import BadRows
from labelkit.corpus.sources._stored_columns import StoredColumns
from labelkit.exceptions import CorpusError

MAGIC = b"ARROW1"

_CANNOT = (pa.ArrowException, OSError, ValueError, KeyError, IndexError, OverflowError)


class ArrowFileSource(StoredColumns):
    """A file of Arrow record batches, or a stream of them that was written to a file.

    Parameters
    ----------
    file : DataFile
    types : mapping of str to DataType
        The types of columns in which all values are null.
    """

    may_reject = True
    frame_index = None

    def __init__(self, file: DataFile, types: Mapping[str, pa.DataType]) -> None:
        self.path: Path | None = file.place
        self.name = file.name
        self._file, self._types = file, types
        with file.path.open("rb") as opened:
            self.splittable = opened.read(len(MAGIC)) == MAGIC
        with _errors(file):
            with self._opened() as reader:
                self._schema = reader.schema
            self._starts = [0, *accumulate(self._sizes())] if self.splittable else []
            self.column_names = tuple(dict.fromkeys(self._schema.names))
        self.n_rows: int | None = self._starts[-1] if self.splittable else None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the path: the file is opened again where it is unpickled."""
        return ArrowFileSource, (self._file.absolute(), self._types)

    @contextmanager
    def _opened(self, columns: Sequence[str] | None = None) -> Iterator[Any]:
        """Open the file for as long as it is read: Arrow's threads may hold a reader longer than its caller does."""
        fields = None if columns is None else [self._schema.get_field_index(column) for column in columns]
        options = pa.ipc.IpcReadOptions(included_fields=fields, use_threads=False)
        path = self._file.path
        with pa.memory_map(str(path)) if isinstance(path, Path) else pa.PythonFile(readable(path), "r") as mapped:
            yield (pa.ipc.open_file if self.splittable else pa.ipc.open_stream)(mapped, options=options)

    def _sizes(self) -> list[int]:
        """Count the rows of each batch, of which one column is decompressed for that."""
        one = self._schema.names[:1] if len(set(self._schema.names)) == len(self._schema) else None
        with self._opened(one) as reader:
            return [reader.get_batch(number).num_rows for number in range(reader.num_record_batches)]

    def chunks(self, columns: Sequence[str], start: int, rows: int, bad: BadRows) -> Iterator[pa.RecordBatch]:
        """Deliver the batches from the one on that holds the row ``start``."""
        if not self.splittable or bad.on_bad_row == "reject":  # start counts the rows that are kept
            return skip_rows(checked_text(self._range(columns, 0, None, rows), 0, bad), start)
        return checked_text(self._range(columns, start, None, rows), start, bad)

    def _range(self, columns: Sequence[str], start: int, stop: int | None, rows: int) -> Iterator[pa.RecordBatch]:
        schema = self.delivered_schema(columns)
        with _errors(self._file), self._opened(columns) as reader:
            batches = self._batches(reader, start, stop) if self.splittable else reader
            for batch in batches:
                for first in range(0, batch.num_rows, max(rows, 1)):
                    yield _delivered(batch.slice(first, max(rows, 1)), schema)

    def _batches(self, reader: Any, start: int, stop: int | None) -> Iterator[pa.RecordBatch]:
        stop = self._starts[-1] if stop is None else stop
        number = max(bisect_right(self._starts, start) - 1, 0)
        while number < reader.num_record_batches and self._starts[number] < stop:
            first = self._starts[number]
            skip = max(start - first, 0)
            yield reader.get_batch(number).slice(skip, stop - first - skip)
            number += 1

    @cached_property
    def _digest(self) -> str:
        return self._file.digest()

    def fingerprint(self) -> str:
        """Hash the bytes of the file."""
        return self._digest

    def content(self, column: str) -> str:
        """Hash the file: what is said of a column by its bytes depends on how it is cut and compressed."""
        return f"{self._digest}/{column}"


def _delivered(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Check a batch, whose offsets may point anywhere in a damaged file, and cast its columns."""
    arrays = []
    for field in schema:
        column = batch.column(field.name)
        _as_bytes(column).validate(full=True)
        arrays.append(deliver(column, field.type, field.name))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _as_bytes(column: pa.Array) -> pa.Array:
    """View text as bytes: rows that are not UTF-8 are reported one by one."""
    if pa.types.is_string(column.type):
        return column.view(pa.binary())
    return column.view(pa.large_binary()) if pa.types.is_large_string(column.type) else column


@contextmanager
def _errors(file: DataFile) -> Iterator[None]:
    """Say which file cannot be read as Arrow IPC, and what it is instead."""
    try:
        yield
    except CorpusError:
        raise
    except _CANNOT as error:
        if isinstance(error, OSError) and error.errno not in {None, errno.EINVAL}:  # an offset that cannot be
            raise
        with file.path.open("rb") as opened:
            kind = kind_of(opened.read(FIRST_BYTES))
        other = None if kind is None or "Arrow" in kind.name else f"it is {kind.name}: {kind.remedy}"
        reason = " ".join(str(error).split())
        raise CorpusError(
            f"{file.name!r} cannot be read as Arrow IPC: {reason:.200}",
            hint=other or "check how it was written or copied; a stream or file that was not closed has no end",
            code="LK219",
        ) from error
