"""Keep rows that another system delivers once in a temporary file, so that they are the same at each reading.

A query without ``ORDER BY`` gives its rows in any order, and another order the next time; a table changes meanwhile. So
the rows are taken once, in one pass, to a Parquet file. Memory is bounded by a batch; any range of rows can be read, by
worker processes too. The file is for the user alone, and goes with the source, or with the process.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from labelkit.corpus._arrow_types import in_utc
from labelkit.corpus._files import DataFile
from labelkit.corpus.source import BadRows, FixedColumns
from labelkit.corpus.sources.parquet import ParquetSource
from labelkit.exceptions import CorpusError, LabelkitError

if TYPE_CHECKING:
    from labelkit.votes.example_names import FrameIndex

CAST: Final = "convert such a column in the query: CAST(column AS VARCHAR)"

BATCH: Final = 16_384
"""Rows that are asked for together."""


class LeftOut(NamedTuple):
    """The columns of a type that a file of Parquet does not hold, which is an error only where one is read.

    Parameters
    ----------
    names : tuple of str
        All columns, in order.
    types : mapping of str to str
        The types of those that are left out.
    remedy : str
        What to do about one.
    """

    names: tuple[str, ...] = ()
    types: Mapping[str, str] = MappingProxyType({})
    remedy: str = ""


class SpooledSource(FixedColumns):
    """Rows that are kept in a temporary file when the first of them is needed.

    Parameters
    ----------
    name : str
        Name in messages.
    write : callable
        Writes the rows to a Parquet file at a path; may return the columns that are not there.
    """

    path: Path | None = None
    splittable = True
    may_reject = True

    def __init__(self, name: str, write: Callable[[Path], LeftOut | None]) -> None:
        self.name = name
        self._write = write
        self._left_out = LeftOut()

    @cached_property
    def _rows(self) -> ParquetSource:
        try:
            return self._kept()
        except LabelkitError:
            raise
        except OSError as error:
            raise CorpusError(
                f"the rows of {self.name} cannot be kept in {tempfile.gettempdir()!r}: {error}",
                hint="let TMPDIR name a folder with more room",
            ) from error

    def _kept(self) -> ParquetSource:
        """Write the rows to a file that goes with this source, and with the process."""
        with tempfile.NamedTemporaryFile(prefix="labelkit-", suffix=".parquet", delete=False) as file:
            path = Path(file.name)
        weakref.finalize(self, _remove, path)
        try:
            self._left_out = self._write(path) or LeftOut()
        except BaseException:
            _remove(path)
            raise
        return ParquetSource(_unnamed(path, self.name), {})

    @property
    def frame_index(self) -> FrameIndex | None:
        """None: what another system delivers has no index."""
        return None

    @property
    def n_rows(self) -> int:
        """The number of rows."""
        return self._rows.n_rows

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns."""
        kept = self._rows.column_names
        return self._left_out.names if self._left_out.types else kept

    def column_type(self, column: str) -> pa.DataType:
        """Return the type of a column."""
        return self._holding([column]).column_type(column)

    def _holding(self, columns: Sequence[str]) -> ParquetSource:
        """Return the kept rows, if all of some columns are there.

        Raises
        ------
        CorpusError
            If one is of a type that cannot be kept.
        """
        rows, (_, types, remedy) = self._rows, self._left_out
        for column in columns:
            if column in types:
                message = f"column {column!r} of {self.name} holds {types[column]}, which a file of Parquet does not"
                raise CorpusError(message, hint=remedy)
        return rows

    def chunks(self, columns: Sequence[str], start: int, rows: int, bad: BadRows) -> Iterator[pa.RecordBatch]:
        """Deliver the rows from ``start`` on."""
        return self._holding(columns).chunks(columns, start, rows, bad)

    def read(self, columns: Sequence[str], start: int, stop: int) -> pa.Table:
        """Deliver a range of rows."""
        return self._holding(columns).read(columns, start, stop)

    def fingerprint(self) -> str:
        """Digest the rows, which are the same for the same rows."""
        return self._rows.fingerprint()

    def content(self, column: str) -> str:
        """Digest a column."""
        return self._holding([column]).content(column)


def _unnamed(path: Path, name: str) -> DataFile:
    """Take the name of a file away, where it can be read without: it is gone when the process ends in whichever way."""
    held = path.open("rb")
    open_path = Path(f"/proc/{os.getpid()}/fd/{held.fileno()}")
    if open_path.exists():
        path.unlink()
        file = DataFile(open_path, shown=name, held=held)
        weakref.finalize(file, held.close)
        return file
    held.close()
    return DataFile(path, shown=name)


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def write_batches(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write batches of one schema to a Parquet file, times with a zone in UTC.

    Raises
    ------
    CorpusError
        If Parquet has no type for a column.
    """
    schema = pa.schema([field.with_type(in_utc(field.type)) for field in schema])
    try:
        with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as writer:
            for batch in batches:
                writer.write_batch(batch if batch.schema == schema else batch.cast(schema))
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as error:
        raise CorpusError(f"the rows cannot be kept: {error}", hint=CAST) from error


def write_kept(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> LeftOut:
    """Write batches without the columns for which Parquet has no type, unless there are no others."""
    places = [place for place, field in enumerate(schema) if _is_kept(field)] or list(range(len(schema)))
    kept = pa.schema([schema.field(place) for place in places])
    write_batches(path, kept, (batch.select(places) for batch in batches))
    left_out = {field.name: str(field.type) for place, field in enumerate(schema) if place not in places}
    return LeftOut(tuple(schema.names), left_out, CAST)


def _is_kept(field: pa.Field) -> bool:
    """Return whether a file of Parquet holds columns of a type."""
    try:
        pq.ParquetWriter(BytesIO(), pa.schema([field])).close()
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return False
    return True
