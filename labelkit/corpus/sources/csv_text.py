"""Read CSV and TSV, a block of rows at a time: with Arrow's parser where it agrees with the definition.

:func:`~labelkit.corpus.sources._csv_rows.csv_rows` is the definition. An unquoted empty field is null, a quoted one
an empty string; blank lines are skipped; every column is text unless ``types`` says otherwise. Arrow's parser is
several times faster, but it does not number lines, cannot report a row that is not UTF-8, and ignores a quote that is
never closed. So it is given blocks of whole rows; a block that it refuses, or that is odd in one of these ways, is
read by the definition, which reports each bad row with its line and its text.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from functools import cached_property, partial
from io import BufferedIOBase
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from labelkit._shared.threads import one_ahead
from labelkit.corpus._arrow_types import deliver, parse_text, type_hint
from labelkit.corpus._byte_streams import bytes_around, encoding_name, not_in_encoding, open_bytes, unpacked_name
from labelkit.corpus._files import BLOCK_BYTES, BOM, LARGEST_ROW, DataFile, closed_after, is_utf8, skip_rows
from labelkit.corpus.missing_columns import repeated_column
from labelkit.corpus.source import FixedColumns
from labelkit.corpus.sources._csv_rows import (
    CsvRow,
    count_lines,
    csv_rows,
    end_of_rows,
    quote_marks,
    rows_behind_line_end,
)
from labelkit.corpus.sources._rows_before import CSV_WINDOW, place_before
from labelkit.corpus.sources.delimiter import found_delimiter
from labelkit.exceptions import CorpusError

if TYPE_CHECKING:
    from labelkit.corpus.source import BadRows, RowPlace

DELIMITERS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
"""The delimiter of each kind of file."""

DELIMITERS_IN_USE = ",;\t|"
"""Delimiters by which a header below a title is looked for."""

ROWS_LOOKED_AT = 20
"""Rows in which it is looked for."""

HEADER_BYTES = 2**16
"""Bytes that are read to find the header; more where it is longer."""

_LOGGER = logging.getLogger("labelkit")

_DECLARED = re.compile(rb"sep=([;\t|,])\s*", re.IGNORECASE)
"""A first line that names the delimiter."""

SMALL_FILE = 2**18
"""Bytes of a file that is read without a thread for it."""

SLOW_BYTES = 2**16
"""Bytes of a block that is read by the definition as a whole; a larger one that is refused is cut in halves."""

LARGEST_HEADER = 4 * 2**20
"""Bytes of the longest header that is accepted."""

UNCLOSED_HEADER = "the first row holds the names of the columns; look for a quote that is opened and not closed"

UNCLOSED = "a quote that opens in this row is never closed"


class CsvSource(FixedColumns):
    """A CSV or TSV file, perhaps compressed.

    Parameters
    ----------
    file : DataFile
    types : mapping of str to DataType
        The types of columns that are not text.
    delimiter : str, optional
        If not given, the one that the file has.
    skip_rows : int
        Lines above the header, which are not read.
    """

    splittable = False
    may_reject = True
    frame_index = None
    n_rows = None

    def __init__(
        self, file: DataFile, types: Mapping[str, pa.DataType], delimiter: str | None = None, skip_rows: int = 0
    ) -> None:
        self.path: Path | None = file.place
        self.name = file.name
        self._delimiter, self._types, self._skip = delimiter, types, skip_rows
        self._file = read_header(file, delimiter, skip_rows)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the path: the file is opened again where it is unpickled."""
        return CsvSource, (self._file.file.absolute(), self._types, self._delimiter, self._skip)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns of the header, without those that have no name."""
        return tuple(name for name in self._file.header if name)

    def column_type(self, column: str) -> pa.DataType:
        """Return the type that was asked for, or text."""
        return self._types.get(column, pa.string())

    def chunks(self, columns: Sequence[str], start: int, rows: int, bad: BadRows) -> Iterator[pa.RecordBatch]:  # noqa: ARG002
        """Deliver the rows a block at a time; ``start`` counts the rows that are kept."""
        schema = pa.schema([(column, self.column_type(column)) for column in columns])
        return skip_rows(_chunks(self._file, schema, bad), start)

    def chunks_from(
        self,
        columns: Sequence[str],
        place: RowPlace,
        rows: int,  # noqa: ARG002 - as of chunks
        bad: BadRows,
    ) -> Iterator[pa.RecordBatch] | None:
        """Deliver the rows from a byte on; None if no row begins there, or the file has to be read from its start."""
        before, after = bytes_around(self._file.file, place.offset) or (b"", b"")
        if before not in (b"\n", b"\r") and after[:1] not in (b"\n", b"\r"):
            return None
        schema = pa.schema([(column, self.column_type(column)) for column in columns])
        return _chunks(self._file, schema, bad, place.offset)

    def place_before(self, place: RowPlace, n_rows: int) -> RowPlace | None:
        """Return the place of a row that is at least so many rows before another one; None if it is not found."""
        count = partial(rows_behind_line_end, delimiter=self._file.delimiter)
        return place_before(self._file.file, place, n_rows, count, first=self._file.body, largest=CSV_WINDOW)

    def first_rows(self) -> Iterator[tuple[int, list[str]]]:
        """Iterate over the first rows below the header, with the lines of the file above each, as other headers."""
        block = next(_blocks(self._file.file, ",", HEADER_BYTES), None)
        data = b"" if block is None else bytes(block.data)
        for sign in dict.fromkeys((self._file.delimiter, *DELIMITERS_IN_USE)):
            for row in islice(csv_rows(data, sign), ROWS_LOOKED_AT):
                if row.line >= self._file.line:
                    yield row.line - 1, [(field or b"").decode(errors="replace") for field in row.fields]

    def line_of(self, row: int) -> int | None:
        """Return the line of the file, from 1, at which a row begins."""
        file = self._file
        for block in _blocks(file.file, file.delimiter, BLOCK_BYTES, file.body, file.line):
            text = _read_text(block, file, self.column_names[:1])
            if text is not None and row >= text.num_rows:
                row -= text.num_rows
                continue
            for one in csv_rows(bytes(block.data), file.delimiter, block.line):
                if not row:
                    return one.line
                row -= 1
        return None

    def read(self, columns: Sequence[str], start: int, stop: int) -> pa.Table:
        """Raise NotImplementedError: a row is found only by reading those before it."""
        raise NotImplementedError

    @cached_property
    def _digest(self) -> str:
        return self._file.file.digest(*[self._delimiter, *([f"skip {self._skip}"] if self._skip else [])])

    def fingerprint(self) -> str:
        """Hash the bytes of the file."""
        return self._digest

    def content(self, column: str) -> str:
        """Hash the file: a column cannot be separated from the others without reading all of it."""
        return f"{self._digest}/{column}"


class CsvFile(NamedTuple):
    """A file with its delimiter and its header."""

    file: DataFile
    delimiter: str
    header: list[str]
    body: int
    """The offset of the first byte after the header."""
    line: int
    """The number of the first line after the header."""


class _CsvBlock(NamedTuple):
    """Whole rows."""

    data: memoryview
    offset: int
    line: int
    closed: bool = True
    """False if a quote is open at the end."""


def read_header(file: DataFile, delimiter: str | None = None, skip_rows: int = 0) -> CsvFile:
    """Read the header, by the delimiter that is given, or else the one that it has: its name may say another one."""
    usual = DELIMITERS.get(Path(unpacked_name(file.name)).suffix, ",")
    sign, start = delimiter or usual, _behind_lines(file, skip_rows) if skip_rows else (0, 1)
    block, row = _first_row(file, sign, *start)
    if declared := _DECLARED.fullmatch(row.raw):  # as Excel writes it
        sign, start = delimiter or declared[1].decode(), (_end_of(block, row), row.line + count_lines(row.raw))
        block, row = _first_row(file, sign, *start)
    if delimiter is None and not declared:
        header_at = bytes(block.data[:LARGEST_HEADER]).index(row.raw)
        choice = found_delimiter(bytes(block.data[header_at:LARGEST_HEADER]), sign)
        if choice.sign != sign:
            sign = choice.sign
            block, row = _first_row(file, sign, *start)
        if sign != usual or choice.others:
            others = f"; {' and '.join(map(repr, choice.others))} would split it as well" if choice.others else ""
            text = f"{file.name} is read with the delimiter {sign!r}{others}"
            _LOGGER.info("%s", text, extra={"event": "delimiter"})
    return CsvFile(file, sign, _names(file, row), _end_of(block, row), row.line + count_lines(row.raw))


def _first_row(file: DataFile, delimiter: str, offset: int, line: int) -> tuple[_CsvBlock, CsvRow]:
    """Read from a file the first row, and the block that it stands in."""
    for block in _blocks(file, delimiter, HEADER_BYTES, offset, line):
        rows = csv_rows(bytes(block.data[:LARGEST_HEADER]), delimiter, block.line)
        row = next((row for row in rows if any(row.fields)), None)
        if row is not None and len(row.raw) >= LARGEST_HEADER:
            large = f"the header of {file.name!r} is longer than {LARGEST_HEADER >> 20} MB"
            raise CorpusError(large, hint=UNCLOSED_HEADER)
        if row is not None:
            return block, row
    raise CorpusError(f"{file.name!r} has no header: it holds only blank lines", code="LK204")


def _behind_lines(file: DataFile, n_lines: int) -> tuple[int, int]:
    """Return where the text behind the first lines begins, and the number of its line."""
    with open_bytes(file) as source:
        data = source.read(LARGEST_HEADER)
    ends = [end.end() for end in islice(re.finditer(rb"\r\n|\r|\n", data), n_lines)]
    if len(ends) < n_lines or ends[-1] == len(data):
        raise CorpusError(f"skip_rows={n_lines} leaves no header of {file.name!r}", hint="give fewer", code="LK217")
    return ends[-1], n_lines + 1


def _end_of(block: _CsvBlock, row: CsvRow) -> int:
    return block.offset + bytes(block.data[:LARGEST_HEADER]).index(row.raw) + len(row.raw)


def _names(file: DataFile, row: CsvRow) -> list[str]:
    """Read the names of the columns, without the spaces around them."""
    if b"\0" in row.raw or not is_utf8(row.raw):
        hint = not_in_encoding(row.raw, file)
        raise CorpusError(f"the header of {file.name!r} is not valid {encoding_name(file)}", hint=hint, code="LK212")
    names = [(field or b"").decode().strip() for field in row.fields]
    quoted = next((name for name in names if len(name) > 1 and name[0] == name[-1] == '"'), None)
    if quoted is not None:
        raise CorpusError(
            f"column {quoted} of {file.name!r} has a space before its quotes, which are part of the text then",
            hint="write no space between the delimiter and a quote",
        )
    twice = [name for name, times in Counter(names).items() if name and times > 1]
    if twice:
        raise repeated_column(twice[0], f"the header of {file.name!r}")
    return names


def _blocks(
    file: DataFile, delimiter: str, size: int, offset: int = 0, line: int = 1, *, begin: int = 0
) -> Generator[_CsvBlock]:
    """Cut a file into blocks of whole rows, from an offset of its text, or a byte of it, at which a row begins."""
    rest = memoryview(b"")
    with open_bytes(file, begin) as source:
        if not begin:
            if offset == 0 and source.read(len(BOM)) == BOM:
                offset = len(BOM)
            source.seek(offset)
        while len(data := _read_on(source, rest, max(size, min(len(rest), LARGEST_ROW - len(rest) + 1)))) > len(rest):
            end = end_of_rows(data, delimiter)
            if end:
                yield _CsvBlock(data[:end], offset, line)
                offset, line = offset + end, line + count_lines(data[:end])
            rest = data[end:]
            if len(rest) > LARGEST_ROW:
                raise CorpusError(
                    f"{file.name!r}: the row on line {line} is longer than {LARGEST_ROW >> 20} MB",
                    hint="look for a quote that is opened and not closed",
                )
    if rest:
        yield _CsvBlock(rest, offset, line, closed=len(quote_marks(rest, delimiter)) % 2 == 0)


def _read_on(source: BufferedIOBase, rest: memoryview, size: int) -> memoryview:
    """Read up to ``size`` more bytes behind those that are left; twice as many for a row longer than a block."""
    buffer = np.empty(len(rest) + size, np.uint8).data
    buffer[: len(rest)] = rest
    return buffer[: len(rest) + source.readinto(buffer[len(rest) :])]


def _chunks(file: CsvFile, schema: pa.Schema, bad: BadRows, begin: int = 0) -> Iterator[pa.RecordBatch]:
    n_rows = 0
    blocks = _blocks(file.file, file.delimiter, BLOCK_BYTES, file.body, file.line, begin=begin)
    is_small = file.file.path.stat().st_size - begin < SMALL_FILE
    with closed_after(blocks if is_small else one_ahead(blocks)) as read:
        for block in read:
            parts = [block]
            while parts:
                part = parts.pop()
                batch = _read_fast(part, file, schema)
                if batch is not None:
                    n_rows += batch.num_rows
                    yield batch
                elif halves := _halves(part, file.delimiter):
                    parts += halves[::-1]
                else:
                    rows = list(csv_rows(bytes(part.data), file.delimiter, part.line))
                    yield _read_slowly(rows, n_rows, file, schema, bad)
                    n_rows += len(rows)


def _halves(block: _CsvBlock, delimiter: str) -> list[_CsvBlock]:
    """Cut a block between two rows near its middle; none if it is small, or one row fills half of it."""
    size = len(block.data)
    middle = end_of_rows(block.data[: size // 2], delimiter) if size > SLOW_BYTES else 0
    if not middle:
        return []
    first = _CsvBlock(block.data[:middle], block.offset, block.line)
    line = block.line + count_lines(first.data)
    return [first, _CsvBlock(block.data[middle:], block.offset + middle, line, closed=block.closed)]


def _read_fast(block: _CsvBlock, file: CsvFile, schema: pa.Schema) -> pa.RecordBatch | None:
    """Read a block with Arrow's parser; None where the definition has to decide."""
    text = _read_text(block, file, schema.names)
    if text is None:
        return None
    arrays = []
    for field, values in zip(schema, text.columns, strict=True):
        array, misfits = parse_text(deliver(values, pa.string(), field.name), field.type)
        if misfits:
            return None
        arrays.append(array)
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _read_text(block: _CsvBlock, file: CsvFile, columns: Sequence[str]) -> pa.Table | None:
    data = block.data
    if not block.closed or data[: len(BOM)] == BOM or not is_utf8(data):  # Arrow drops a BOM at the start of its input
        return None
    if not file.delimiter.isascii():  # of which Arrow takes a byte
        return None
    if data[-1] not in b"\r\n":  # without a line end, Arrow takes an empty field at the end for a quoted one
        data = memoryview(bytes(data) + b"\n")
    names = [str(number) for number in range(len(file.header))]
    try:
        return arrow_csv.read_csv(
            pa.BufferReader(data),
            read_options=arrow_csv.ReadOptions(column_names=names, block_size=len(data) + 1, use_threads=False),
            parse_options=arrow_csv.ParseOptions(delimiter=file.delimiter, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=[names[file.header.index(column)] for column in columns],
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid:
        return None


def _read_slowly(rows: list[CsvRow], first_row: int, file: CsvFile, schema: pa.Schema, bad: BadRows) -> pa.RecordBatch:
    """Read row by row, and report bad rows: their number of fields, their bytes, or a value of another type."""
    reasons = {i: reason for i, row in enumerate(rows) if (reason := _what_is_wrong(row, len(file.header)))}
    whole = [i for i in range(len(rows)) if i not in reasons]
    arrays: list[pa.Array] = []
    for field in schema:
        place = file.header.index(field.name)
        texts, invalid = _decoded([rows[i].fields[place] for i in whole])
        array, misfits = parse_text(pa.array(texts, pa.string()), field.type)
        arrays.append(array)
        described = dict.fromkeys(invalid, f"column {field.name!r} is not valid {encoding_name(file.file)}")
        described |= {position: f"column {field.name!r}: {reason}" for position, reason in misfits.items()}
        for position, reason in described.items():
            reasons.setdefault(whole[position], reason)
    for i in sorted(reasons):
        text = rows[i].raw.rstrip(b"\r\n").decode(errors="replace")
        bad.add(first_row + i, reasons[i], text=text, line=rows[i].line, hint=_hint_for(reasons[i], rows[i], file))
    keep = pa.array([i not in reasons for i in whole], pa.bool_())
    return pa.RecordBatch.from_arrays(arrays, schema=schema).filter(keep)


def _hint_for(reason: str, row: CsvRow, file: CsvFile) -> str | None:
    """Return what to do about a bad row, where something is better than to leave it out."""
    if reason.endswith(f"is not valid {encoding_name(file.file)}"):
        return f'{not_in_encoding(row.raw, file.file)}; on_bad_row="reject" leaves such rows out'
    if reason.endswith(f"fields, not {len(file.header)}"):
        if not row.raw.strip():
            return 'the line holds spaces alone: delete it; on_bad_row="reject" leaves such rows out'
        return (
            f'put a text that holds the delimiter {file.delimiter!r} or a line end in quotes: "a{file.delimiter} b"; '
            'on_bad_row="reject" leaves such rows out'
        )
    return type_hint(reason)


def _what_is_wrong(row: CsvRow, n_fields: int) -> str:
    """Describe a row that does not have the fields of the header; empty for others."""
    if not row.closed:
        return UNCLOSED
    return "" if len(row.fields) == n_fields else f"{len(row.fields)} fields, not {n_fields}"


def _decoded(fields: Sequence[bytes | None]) -> tuple[list[str | None], list[int]]:
    """Decode fields; returns also the positions of those that are not UTF-8, which become None."""
    texts: list[str | None] = []
    invalid: list[int] = []
    for position, field in enumerate(fields):
        try:
            texts.append(None if field is None else field.decode())
        except UnicodeDecodeError:
            texts.append(None)
            invalid.append(position)
    return texts, invalid
