"""CSV and TSV, streamed through Arrow's tokenizer; what it cannot tell is found out here.

An unquoted empty field is null, a quoted one an empty string; blank lines are skipped; every column is text unless
``types`` says otherwise.

Arrow numbers no lines, cannot report a row that is not UTF-8, and takes no notice of a quote that is never closed. So
the file is fed to it without its header, with a marker in place of each invalid byte, and with one more row at the end,
which must come out again. The text and the line of a bad row are looked up in the file, once there is one.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from labelkit.corpus._arrow_types import parse_text
from labelkit.corpus._files import (
    BLOCK_BYTES,
    BOM,
    LARGEST_ROW,
    file_errors,
    fingerprint_files,
    is_utf8,
    open_bytes,
    skip_rows,
)
from labelkit.exceptions import CorpusError

if TYPE_CHECKING:
    from labelkit.corpus.source import BadRows

DELIMITERS = {".csv": ",", ".csv.gz": ",", ".tsv": "\t", ".tsv.gz": "\t"}
"""The delimiter of each kind of file."""

LAST_ROW = "labelkit: after the last row"
"""Each field of the row that is put at the end; if it does not come out, an open quote has swallowed it."""

INVALID = "labelkit: a byte that is not UTF-8 \U0010ffff"
"""Stands in place of such a byte."""

UNCLOSED = "a quote that opens in this row is never closed"


class CsvSource:
    """A CSV or TSV file, perhaps gzipped.

    Parameters
    ----------
    path : Path
        The file.
    types : mapping of str to DataType
        The types of columns that are not text.
    """

    splittable = False
    n_rows = None

    def __init__(self, path: Path, types: Mapping[str, pa.DataType]) -> None:
        self.path: Path | None = path
        self.name = str(path)
        delimiter = next(sign for suffix, sign in DELIMITERS.items() if path.name.lower().endswith(suffix))
        self._file = _read_header(path, delimiter)
        self._types = types

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the path: the file is opened again where it is unpickled."""
        return CsvSource, (Path(self.name).absolute(), self._types)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns of the header; those without a name cannot be asked for."""
        return tuple(name for name in self._file.header if name)

    def column_type(self, column: str) -> pa.DataType:
        """Return the type that was asked for, or text."""
        return self._types.get(column, pa.string())

    def chunks(self, columns: Sequence[str], start: int, rows: int, bad: BadRows) -> Iterator[pa.RecordBatch]:  # noqa: ARG002
        """Deliver the rows a block at a time; ``start`` counts the rows that are kept."""
        schema = pa.schema([(column, self.column_type(column)) for column in columns])
        return skip_rows(_chunks(self._file, schema, bad), start)

    def read(self, columns: Sequence[str], start: int, stop: int) -> pa.Table:
        """Refuse: where a row begins is known only after those before it."""
        raise NotImplementedError

    @cached_property
    def _digest(self) -> str:
        return fingerprint_files([self._file.path])

    def fingerprint(self) -> str:
        """Digest the bytes of the file."""
        return self._digest

    def content(self, column: str) -> str:
        """Digest the file: a column cannot be told from its neighbours without reading all."""
        return f"{self._digest}/{column}"


class _File(NamedTuple):
    path: Path
    delimiter: str
    header: list[str]
    body: int
    """The offset of the first byte after the header."""


class _Row(NamedTuple):
    line: int
    """From 1."""
    raw: str
    """The bytes as Latin-1."""
    end: int
    """The offset of the first byte after it."""


class _Tokens(NamedTuple):
    batch: pa.RecordBatch
    rows: np.ndarray
    """The position of each row in the file."""
    reasons: dict[int, str]
    """Rows, by their position in the file, that are bad."""
    invalid: bool
    """Whether there may be markers of invalid bytes."""


def _read_header(path: Path, delimiter: str) -> _File:
    with file_errors(path), closing(_scan(path, delimiter)) as rows:
        row = next(rows, None)
    if row is None:
        raise CorpusError(f"{str(path)!r} has no header: it holds only blank lines")
    try:
        names = next(csv.reader(io.StringIO(row.raw.encode("latin-1").decode(), newline=""), delimiter=delimiter))
    except (UnicodeDecodeError, csv.Error) as error:
        raise CorpusError(f"the header of {str(path)!r} cannot be read: {error}", hint="save it as UTF-8") from error
    twice = [name for name in dict.fromkeys(names) if name and names.count(name) > 1]
    if twice:
        raise CorpusError(f"column {twice[0]!r} stands more than once in the header of {str(path)!r}")
    return _File(path, delimiter, names, row.end)


def _chunks(file: _File, schema: pa.Schema, bad: BadRows) -> Iterator[pa.RecordBatch]:
    scanned = enumerate(_scan(file.path, file.delimiter), start=-1)  # opened by the first bad row; the header is -1
    for tokens in _tokenize(file, schema.names):
        arrays, reasons = _parse(tokens, schema)
        for row in sorted(reasons):
            at = next(found for number, found in scanned if number == row)
            text = at.raw.rstrip("\r\n").encode("latin-1").decode(errors="replace")
            bad.add(row, reasons[row], text=text, line=at.line)
        batch = pa.RecordBatch.from_arrays(arrays, schema=schema)
        yield batch.filter(pa.array(~np.isin(tokens.rows, list(reasons)))) if reasons else batch


def _parse(tokens: _Tokens, schema: pa.Schema) -> tuple[list[pa.Array], dict[int, str]]:
    """Parse the columns that are not text; give the reason for each row that is bad, by its position in the file."""
    rows, arrays, reasons = tokens.rows.tolist(), [], dict(tokens.reasons)
    for field, text in zip(schema, tokens.batch.columns, strict=True):
        if tokens.invalid:
            marked = pc.fill_null(pc.match_substring(text, INVALID), fill_value=False)
            for position in pc.indices_nonzero(marked).to_pylist():
                reasons.setdefault(rows[position], f"column {field.name!r} is not valid UTF-8")
        array, misfits = parse_text(text, field.type)
        for position, reason in misfits.items():
            reasons.setdefault(rows[position], f"column {field.name!r}: {reason}")
        arrays.append(array)
    return arrays, reasons


def _tokenize(file: _File, columns: Sequence[str]) -> Iterator[_Tokens]:
    """Split the file to fields, in larger blocks from where a row turns out to be larger than a block."""
    n_read = row = 0
    size = BLOCK_BYTES
    while True:
        feed = _Feed(file)
        try:
            for batch, is_last in _look_ahead(skip_rows(_read_batches(file, feed, columns, size), n_read)):
                tokens = _number(batch, row, feed, is_last=is_last)
                n_read += batch.num_rows
                row = int(tokens.rows[-1]) + 1 if len(tokens.rows) else row
                yield tokens
        except pa.ArrowInvalid as error:
            if "straddling" not in str(error):
                raise CorpusError(f"{str(file.path)!r} cannot be read as CSV: {error}") from error
            if size >= LARGEST_ROW:
                raise CorpusError(
                    f"{str(file.path)!r}: one of the rows from row {row} on is longer than {LARGEST_ROW >> 20} MB",
                    hint="look for a quote that is opened and not closed",
                ) from error
            size *= 8
        else:
            return


def _read_batches(file: _File, feed: _Feed, columns: Sequence[str], size: int) -> Iterator[pa.RecordBatch]:
    names = [str(number) for number in range(len(file.header))]
    wanted = [names[file.header.index(column)] for column in columns]
    with file_errors(file.path), open_bytes(file.path) as source:
        source.seek(file.body)
        feed.source = source
        reader = arrow_csv.open_csv(
            feed,
            read_options=arrow_csv.ReadOptions(column_names=names, block_size=size, use_threads=False),
            parse_options=arrow_csv.ParseOptions(
                delimiter=file.delimiter, newlines_in_values=True, invalid_row_handler=feed.wrong_row
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=wanted,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                check_utf8=False,
            ),
        )
        with reader:
            yield from reader


class _Feed:
    """What Arrow reads from as a file, and where it reports rows with a wrong number of fields."""

    closed = False

    def __init__(self, file: _File) -> None:
        self.source: BinaryIO
        self.invalid = False
        self.wrong: dict[int, str] = {}
        self._last_row = f"\n{file.delimiter.join([LAST_ROW] * len(file.header))}\n".encode()
        self._ready, self._rest = BOM, b""  # Arrow takes one off: this, not what the first text may begin with
        self._ended = False

    def readable(self) -> bool:
        """Tell Arrow that this is a file to read."""
        return True

    def read(self, size: int) -> bytes:
        """Read ``size`` bytes (fewer are a smaller block to Arrow), which together are valid UTF-8."""
        while len(self._ready) < size and not self._ended:
            block = self.source.read(size - len(self._ready))
            self._ended = not block
            data = self._rest + block
            n_whole = _whole_characters(data) if block else len(data)
            self._rest = data[n_whole:]
            self._ready += self._marked(data[:n_whole]) + (b"" if block else self._last_row)
        taken, self._ready = self._ready[:size], self._ready[size:]
        return taken

    def _marked(self, data: bytes) -> bytes:
        """Put markers in place of bytes that are not UTF-8."""
        if is_utf8(data):
            return data
        self.invalid = True
        return re.sub("[\udc80-\udcff]", INVALID, data.decode(errors="surrogateescape")).encode()

    def wrong_row(self, row: Any) -> str:
        """Take note of a row with a wrong number of fields."""
        self.wrong[row.number - 1] = (
            UNCLOSED if LAST_ROW in row.text else f"{row.actual_columns} fields, not {row.expected_columns}"
        )
        return "skip"


def _whole_characters(data: bytes) -> int:
    """Count the bytes without the part of a character that may stand at the end.

    >>> _whole_characters("aé".encode()), _whole_characters("aé".encode()[:-1]), _whole_characters(b"")
    (3, 1, 0)
    """
    for back in range(1, min(3, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:  # the first byte of a character of 2, 3 or 4
            return len(data) - back if back < 2 + (byte >= 0xE0) + (byte >= 0xF0) else len(data)
        if byte < 0x80:
            break
    return len(data)


def _look_ahead(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[pa.RecordBatch, bool]]:
    """Tell of each batch whether it is the last; if there are none, give an empty one, which is."""
    held = None
    for batch in batches:
        if held is not None:
            yield held, False
        held = batch
    yield held if held is not None else pa.RecordBatch.from_arrays([], names=[]), True


def _number(batch: pa.RecordBatch, first: int, feed: _Feed, *, is_last: bool) -> _Tokens:
    """Give the rows of a batch their positions in the file, between those that were left out."""
    ended = is_last and batch.num_rows > 0 and batch.column(0)[-1].as_py() == LAST_ROW
    batch = batch.slice(0, batch.num_rows - 1) if ended else batch
    wrong = np.array(sorted(row for row in feed.wrong if row >= first), np.int64)
    candidates = np.arange(first, first + batch.num_rows + len(wrong))
    rows = np.setdiff1d(candidates, wrong, assume_unique=True)[: batch.num_rows]
    reasons = {row: feed.wrong.pop(row) for row in wrong.tolist() if is_last or row < rows[-1]}
    if is_last and not ended and UNCLOSED not in reasons.values():
        reasons[int(rows[-1])] = UNCLOSED
    return _Tokens(batch, rows, reasons, feed.invalid)


def _scan(path: Path, delimiter: str) -> Generator[_Row]:
    """Find the rows of a file with their lines and bytes: slowly, for the header and for bad rows alone."""
    with ExitStack() as stack:
        source = stack.enter_context(open_bytes(path))
        end = len(BOM) if source.read(len(BOM)) == BOM else 0
        source.seek(end)
        lines = stack.enter_context(io.TextIOWrapper(source, encoding="latin-1", newline=""))
        raw, first, inside = "", 1, False
        for number, line in enumerate(lines, start=1):
            end += len(line)
            if not raw and not line.strip("\r\n"):
                continue
            first = first if raw else number
            raw += line
            inside = _ends_in_quotes(line, delimiter, inside=inside)
            if not inside:
                yield _Row(first, raw, end)
                raw = ""
        if raw:
            yield _Row(first, raw, end)


def _ends_in_quotes(line: str, delimiter: str, *, inside: bool) -> bool:
    """Tell whether a quoted field goes on after this line; a quote opens one only where a field begins."""
    at = 0
    while True:
        if not inside and line.startswith('"', at):
            inside, at = True, at + 1
        if inside:
            at = _closing_quote(line, at)
            if at < 0:
                return True
            inside = False
        at = line.find(delimiter, at) + 1
        if at == 0:
            return False


def _closing_quote(line: str, at: int) -> int:
    """Find the end of the quoted field, past its closing quote; -1 if it is not on this line."""
    while (at := line.find('"', at) + 1) > 0:
        if not line.startswith('"', at):
            return at
        at += 1
    return -1
