"""Read Parquet files: only the columns and row groups that are needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from labelkit.corpus._arrow_types import deliver, delivered_type
from labelkit.corpus._byte_streams import COMPRESSIONS
from labelkit.corpus._files import BLOCK_BYTES, DataFile, is_remote, is_utf8, readable, skip_rows
from labelkit.corpus._valid_text import checked_text
from labelkit.corpus.file_kinds import FIRST_BYTES, kind_of
from labelkit.corpus.source import BadRows
from labelkit.corpus.sources._stored_columns import StoredColumns
from labelkit.exceptions import CorpusError

DECODED_ROWS = 65_536
"""Most rows that are decoded together: those of a batch, since fewer would be copied to make one."""


class ParquetSource(StoredColumns):
    """A Parquet file.

    Parameters
    ----------
    file : DataFile
    types : mapping of str to DataType
        The types of columns in which all values are null.
    """

    splittable = True
    may_reject = True
    frame_index = None

    def __init__(self, file: DataFile, types: Mapping[str, pa.DataType]) -> None:
        self.path: Path | None = file.place
        self.name = file.name
        self._types = types
        self._file = _read_footer(file)
        self._schema = self._file.schema
        self.n_rows: int = self._file.footer.num_rows
        self.column_names = tuple(dict.fromkeys(self._schema.names))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the path: the file is opened again where it is unpickled."""
        return ParquetSource, (self._file.file.absolute(), self._types)

    def chunks(self, columns: Sequence[str], start: int, rows: int, bad: BadRows) -> Iterator[pa.RecordBatch]:
        """Deliver the rows a row group at a time, so that no more than one is in memory."""
        if bad.on_bad_row == "reject":  # start counts the rows that are kept
            return skip_rows(checked_text(self._range(columns, 0, self.n_rows, rows), 0, bad), start)
        return checked_text(self._range(columns, start, self.n_rows, rows), start, bad)

    def _range(self, columns: Sequence[str], start: int, stop: int, rows: int) -> Iterator[pa.RecordBatch]:
        schema = self.delivered_schema(columns)
        return _file_range(self._file, schema, start, stop, min(rows, DECODED_ROWS))

    def narrowed(self, ways: Sequence[tuple[str, ...]]) -> ParquetSource:
        """Return the source with those fields alone of structs that ways (a column, and fields in it) lead to."""
        source = copy(self)
        vars(source)["_schema"] = pa.schema([_with_fields(field, ways) for field in self._schema])
        return source

    @cached_property
    def _digest(self) -> str:
        return self._file.file.digest()

    def fingerprint(self) -> str:
        """Hash the bytes of the file."""
        return self._digest

    def content(self, column: str) -> str:
        """Hash the bytes of a column as they are in the file, without decoding them."""
        if is_remote(self._file.file.path):
            return f"{self._digest}/{column}" if self._digest else ""
        digest = blake2b(f"{self.column_type(column)}".encode(), digest_size=16)
        try:
            for block in _blocks(self._file, column):
                digest.update(block)
        except CorpusError:
            raise
        except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
            raise _unreadable(self._file.file, error) from error
        return digest.hexdigest()


def _with_fields(field: pa.Field, ways: Sequence[tuple[str, ...]]) -> pa.Field:
    """Leave those fields of a struct out to which no way leads."""
    inner = [way[1:] for way in ways if way[0] == field.name]
    if not inner or not all(inner) or not pa.types.is_struct(field.type):
        return field
    kept = [_with_fields(one, inner) for one in field.type if any(way[0] == one.name for way in inner)]
    return field.with_type(pa.struct(kept)) if kept else field


def _leaves(schema: pa.Schema) -> list[str]:
    """List the columns as Parquet names them: each field of a struct alone."""
    return [name for field in schema for name in _leaves_of(field.name, field.type)]


def _leaves_of(name: str, kind: pa.DataType) -> list[str]:
    if not pa.types.is_struct(kind) or not kind.num_fields:
        return [name]
    return [leaf for field in kind for leaf in _leaves_of(f"{name}.{field.name}", field.type)]


def _blocks(file: _ParquetFile, column: str) -> Iterator[bytes]:
    """Yield the bytes of a column, of each row group after their number."""
    with file.file.path.open("rb") as opened:
        for start, stop in _places(file, column):
            yield f"{stop - start}\0".encode()
            opened.seek(start)
            while block := opened.read(min(stop - opened.tell(), BLOCK_BYTES)):
                yield block


def _places(file: _ParquetFile, column: str) -> Iterator[tuple[int, int]]:
    """Yield the range of bytes that holds a column in each row group."""
    schema = pa.schema([(column, delivered_type(file.schema.field(column).type))])
    for number in range(file.footer.num_row_groups):
        next(_group_batches(file, number, schema, 1), None)  # of what cannot be read, Arrow ends the process below
        group = file.footer.row_group(number)
        for leaf in map(group.column, range(group.num_columns)):
            if leaf.path_in_schema == column or leaf.path_in_schema.startswith(f"{column}."):
                pages = (leaf.dictionary_page_offset, leaf.data_page_offset)
                start = min(page for page in pages if page is not None)
                yield start, start + leaf.total_compressed_size


class _ParquetFile(NamedTuple):
    file: DataFile
    footer: Any
    schema: pa.Schema


def _read_footer(file: DataFile) -> _ParquetFile:
    """Read the positions of the row groups, and close the file: there may be thousands."""
    try:
        with pq.ParquetFile(readable(file.path)) as opened:
            footer = opened.metadata
            if footer.num_rows != sum(footer.row_group(number).num_rows for number in range(footer.num_row_groups)):
                raise _unreadable(file, ValueError("its footer claims other rows than there are"))
            return _ParquetFile(file, footer, opened.schema_arrow)
    except CorpusError:
        raise
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise _unreadable(file, error) from error


def _unreadable(file: DataFile, error: Exception) -> CorpusError:
    hint = "check how it was written or copied"
    with file.path.open("rb") as opened:
        first = opened.read(FIRST_BYTES)
    kind = kind_of(first)
    packed = next((one.name for one in COMPRESSIONS if first.startswith(one.magic)), None)
    if kind is not None and kind.name != "Parquet":
        hint = f"it is {kind.name}: {kind.remedy}"
    elif packed is not None:
        hint = f"it is compressed ({packed}): unpack it; Parquet is compressed within"
    elif first and is_utf8(first[:-4] or first):
        hint = "it is text: rename it to .csv, .tsv or .jsonl"
    return CorpusError(f"{file.name!r} cannot be read as Parquet: {error}", hint=hint, code="LK219")


def _file_range(file: _ParquetFile, schema: pa.Schema, start: int, stop: int, rows: int) -> Iterator[pa.RecordBatch]:
    """Deliver the rows from ``start`` to ``stop`` of one file, which may reach beyond either of its ends."""
    first = 0
    for group in range(file.footer.num_row_groups):
        if first >= stop:
            return
        after = first + file.footer.row_group(group).num_rows
        if after > start:
            for batch in _group_batches(file, group, schema, rows):
                skip, end = max(start - first, 0), min(stop - first, batch.num_rows)
                if skip < end:
                    yield batch.slice(skip, end - skip)
                first += batch.num_rows
        first = after


def _group_batches(file: _ParquetFile, group: int, schema: pa.Schema, rows: int) -> Iterator[pa.RecordBatch]:
    """Decode one row group, a batch at a time; of a file that is elsewhere, all ranges are asked for together."""
    is_far = is_remote(file.file.path)
    try:
        with pq.ParquetFile(readable(file.file.path), metadata=file.footer, pre_buffer=is_far) as opened:
            for batch in opened.iter_batches(batch_size=max(rows, 1), row_groups=[group], columns=_leaves(schema)):
                arrays = [deliver(batch.column(field.name), field.type, field.name) for field in schema]
                yield pa.RecordBatch.from_arrays(arrays, schema=schema)
    except (pa.ArrowException, OSError, KeyError, OverflowError) as error:
        raise _unreadable(file.file, error) from error
