"""Read Parquet files, and folders of them: only the columns and row groups that are needed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from hashlib import blake2b
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from labelkit.corpus._arrow_types import deliver, delivered_type
from labelkit.corpus._files import BLOCK_BYTES, fingerprint_files, is_utf8, skip_rows
from labelkit.corpus._valid_text import checked_text
from labelkit.corpus.file_kinds import FIRST_BYTES, GZIP, kind_of
from labelkit.corpus.source import BadRows, FixedColumns
from labelkit.exceptions import CorpusError

SUFFIXES = (".parquet", ".pq")

DECODED_ROWS = 16_384
"""Most rows that are decoded together; more would take memory and gain no time."""


class ParquetSource(FixedColumns):
    """A Parquet file, or the Parquet files of a folder by name.

    Parameters
    ----------
    path : Path
        The file or folder.
    """

    splittable = True
    may_reject = True
    frame_index = None

    def __init__(self, path: Path) -> None:
        self.path: Path | None = path
        self.name = str(path)
        self._files = [_read_footer(file) for file in _parquet_files(path)]
        self._starts = [0, *accumulate(file.footer.num_rows for file in self._files)]
        self._schema = self._files[0].schema
        self._names = tuple(dict.fromkeys(self._schema.names))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the path: the files are opened again where it is unpickled."""
        return ParquetSource, (Path(self.name).absolute(),)

    @property
    def n_rows(self) -> int:
        """The number of rows, from the files' footers."""
        return int(self._starts[-1])

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns of the first file."""
        return self._names

    def column_type(self, column: str) -> pa.DataType:
        """Return the type of a column, which the first file decides."""
        if self._schema.names.count(column) > 1:
            raise CorpusError(f"column {column!r} stands more than once in {self._files[0].path}")
        return delivered_type(self._schema.field(column).type)

    def chunks(self, columns: Sequence[str], start: int, rows: int, bad: BadRows) -> Iterator[pa.RecordBatch]:
        """Deliver the rows a row group at a time, so that no more than one is in memory."""
        if bad.on_bad_row == "reject":  # start counts the rows that are kept
            return skip_rows(checked_text(self._range(columns, 0, self.n_rows, rows), 0, bad), start)
        return checked_text(self._range(columns, start, self.n_rows, rows), start, bad)

    def read(self, columns: Sequence[str], start: int, stop: int) -> pa.Table:
        """Deliver a range of rows from the row groups that overlap with it."""
        schema = pa.schema([(column, self.column_type(column)) for column in columns])
        batches = checked_text(self._range(columns, start, stop, stop - start), start, BadRows(self.name))
        return pa.Table.from_batches(batches, schema=schema)

    def _range(self, columns: Sequence[str], start: int, stop: int, rows: int) -> Iterator[pa.RecordBatch]:
        schema = pa.schema([(column, self.column_type(column)) for column in columns])
        number = max(bisect_right(self._starts, start) - 1, 0)
        for first, file in zip(self._starts[number:], self._files[number:], strict=False):
            if first >= stop:
                return
            self._check_file(file, schema)
            yield from _file_range(file, schema, start - first, stop - first, min(rows, DECODED_ROWS))

    def _check_file(self, file: _ParquetFile, schema: pa.Schema) -> None:
        """Raise CorpusError if the columns of a file are not those of the first file of the folder."""
        for field in schema:
            if field.name not in file.schema.names:
                raise CorpusError(f"column {field.name!r} is in {self._files[0].path} but not in {file.path}")
            kind = delivered_type(file.schema.field(field.name).type)
            if kind not in {field.type, pa.null()}:
                raise CorpusError(
                    f"column {field.name!r} is {field.type} in {self._files[0].path} and {kind} in {file.path}"
                )

    @cached_property
    def _digest(self) -> str:
        return fingerprint_files([file.path for file in self._files])

    def fingerprint(self) -> str:
        """Hash the bytes of the files."""
        return self._digest

    def content(self, column: str) -> str:
        """Hash the bytes of a column as they are in the files, without decoding them."""
        digest = blake2b(f"{self.column_type(column)}".encode(), digest_size=16)
        for file in self._files:
            try:
                for block in _blocks(file, column):
                    digest.update(block)
            except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
                if isinstance(error, CorpusError):
                    raise
                raise _unreadable(file.path, error) from error
        return digest.hexdigest()


def _blocks(file: _ParquetFile, column: str) -> Iterator[bytes]:
    """Yield the bytes of a column, of each row group after their number."""
    with file.path.open("rb") as opened:
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
    path: Path
    footer: Any
    schema: pa.Schema


def _parquet_files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES and not file.name.startswith(("_", ".")))
    if not files:
        others = sorted(file for file in path.glob("[!._]*") if file.is_file())
        several = 'give the list of its files, such as sorted(Path(folder).glob("*.csv")); or ' if others else ""
        raise CorpusError(
            f"the folder {str(path)!r} holds no Parquet files", hint=f"{several}name one file, or convert them"
        )
    return files


def _read_footer(path: Path) -> _ParquetFile:
    """Read the positions of the row groups, and close the file: a folder may hold thousands."""
    try:
        with pq.ParquetFile(path) as file:
            groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
            if file.metadata.num_rows != sum(group.num_rows for group in groups):
                raise _unreadable(path, ValueError("its footer claims other rows than there are"))
            return _ParquetFile(path, file.metadata, file.schema_arrow)
    except CorpusError:
        raise
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> CorpusError:
    hint = "check how it was written or copied"
    with path.open("rb") as file:
        first = file.read(FIRST_BYTES)
    kind = kind_of(first)
    if kind is not None and kind.name != "Parquet":
        hint = f"it is {kind.name}: {kind.remedy}"
    elif first.startswith(GZIP):
        hint = "it is gzipped: unpack it; Parquet is compressed within"
    elif first and is_utf8(first[:-4] or first):
        hint = "it is text: rename it to .csv, .tsv or .jsonl"
    return CorpusError(f"{str(path)!r} cannot be read as Parquet: {error}", hint=hint)


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
    """Decode one row group, a batch at a time."""
    try:
        with pq.ParquetFile(file.path, metadata=file.footer) as opened:
            for batch in opened.iter_batches(batch_size=max(rows, 1), row_groups=[group], columns=schema.names):
                arrays = [deliver(batch.column(field.name), field.type, field.name) for field in schema]
                yield pa.RecordBatch.from_arrays(arrays, schema=schema)
    except (pa.ArrowException, OSError, KeyError, OverflowError) as error:
        raise _unreadable(file.path, error) from error
