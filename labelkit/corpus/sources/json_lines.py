"""Read JSON Lines, a block of lines at a time: with Arrow's parser where it agrees with Python's, else line by line.

``json.loads`` is the definition. Arrow's parser is several times faster, but it does not number lines, accepts ``null``
as a row (and crashes if that is the first), confuses lists that begin with a null, and parses dates in text. So it is
given a schema of scalars alone, and blocks in which each line is an object; a block that it refuses is read by Python.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.json as arrow_json

from labelkit.corpus._arrow_types import deliver, nan_to_null, parse_text, type_hint
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
from labelkit.corpus._python_values import KeyValues, decide_type, to_batch
from labelkit.corpus.file_kinds import encoding_hint
from labelkit.exceptions import CorpusError

if TYPE_CHECKING:
    from labelkit.corpus.source import BadRows

SUFFIXES = (".jsonl", ".ndjson", ".json", ".jsonl.gz", ".ndjson.gz", ".json.gz")

FIRST_BYTES = 2**20
"""Bytes at the beginning that decide the columns and their types."""

_SCALARS = {pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.null()}
"""Types on which Arrow's parser and Python's agree."""

_INF = re.compile(rb"[:,\[]\s*-?Inf\b")
"""Infinity as Arrow spells it; Python's parser refuses it."""


class JsonLinesSource:
    """A JSONL file, perhaps gzipped.

    Parameters
    ----------
    path : Path
        The file.
    types : mapping of str to DataType
        The types of columns; those of the others are decided by the first megabyte, or the first value after it.
    """

    columns_are_sure = True
    splittable = False
    may_reject = True
    frame_index = None
    n_rows = None

    def __init__(self, path: Path, types: Mapping[str, pa.DataType]) -> None:
        self.path: Path | None = path
        self.name = str(path)
        self._path = path
        first = next(_blocks(path, FIRST_BYTES), None)
        self._first = [] if first is None else [row for row in map(_loads, first.lines()) if isinstance(row, dict)]
        if not self._first:
            raise CorpusError(
                f"{str(path)!r} has no columns: it does not begin with JSON objects",
                hint=None if first is None else _hint_for("", first.data, path),
            )
        self.column_names = tuple(dict.fromkeys(key for row in self._first for key in row))
        self._types = dict(types)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the path, and the columns: the file is opened again where it is unpickled."""
        return JsonLinesSource, (self._path.absolute(), self._types), {"column_names": self.column_names}

    def column_type(self, column: str) -> pa.DataType:
        """Return the type that was asked for, or that of the first values."""
        if column not in self._types:
            kind = decide_type(column, KeyValues(self._first, column))
            later = self._rows_with(column, b"(?!null)") if pa.types.is_null(kind) else []
            self._types[column] = decide_type(column, KeyValues(later, column)) if later else kind
        return self._types[column]

    def find(self, column: str) -> bool:
        """Look for a column that the first rows do not have, in all of the file."""
        if not self._rows_with(column):
            return False
        self.column_names = (*self.column_names, column)
        return True

    def _rows_with(self, column: str, value: bytes = b"") -> list[dict[str, Any]]:
        """Return rows of the first block in which a key stands, before a value that begins so (a pattern)."""
        names = b"|".join(
            re.escape(json.dumps(column, ensure_ascii=flag).encode(errors="replace")) for flag in (True, False)
        )
        key = re.compile(b"(?:" + names + rb")\s*:\s*+" + value)
        for block in _blocks(self._path, BLOCK_BYTES):
            lines = block.lines() if key.search(block.data) else ()
            rows = [
                row for line in lines if key.search(line) and isinstance(row := _loads(line), dict) and column in row
            ]
            if rows:
                return rows
        return []

    def chunks(self, columns: Sequence[str], start: int, rows: int, bad: BadRows) -> Iterator[pa.RecordBatch]:  # noqa: ARG002
        """Deliver the rows a block at a time; ``start`` counts the rows that are kept."""
        schema = pa.schema([(column, self.column_type(column)) for column in columns])
        return skip_rows(_chunks(self._path, schema, bad), start)

    def read(self, columns: Sequence[str], start: int, stop: int) -> pa.Table:
        """Raise NotImplementedError: a row is found only by reading those before it."""
        raise NotImplementedError

    @cached_property
    def _digest(self) -> str:
        return fingerprint_files([self._path])

    def fingerprint(self) -> str:
        """Hash the bytes of the file."""
        return self._digest

    def content(self, column: str) -> str:
        """Hash the file: a column cannot be separated from the others without reading all of it."""
        return f"{self._digest}/{column}"


class _JsonLinesBlock(NamedTuple):
    """Whole lines."""

    data: bytes
    first_line: int

    def lines(self) -> Iterator[bytes]:
        """Return the lines that are not blank."""
        return (line for line in self.data.split(b"\n") if line.strip())

    def numbered(self) -> list[tuple[int, bytes]]:
        """Return the lines that are not blank, with their numbers in the file."""
        lines = enumerate(self.data.split(b"\n"), start=self.first_line)
        return [(number, line) for number, line in lines if line.strip()]


def _blocks(path: Path, size: int) -> Iterator[_JsonLinesBlock]:
    """Cut a file into blocks of whole lines."""
    rest, line = b"", 1
    with file_errors(path), open_bytes(path) as file:
        while read := file.read(size):
            if line == 1 and not rest:
                read = read.removeprefix(BOM)
            head, newline, tail = read.rpartition(b"\n")
            if newline:
                yield _JsonLinesBlock(rest + head + newline, line)
                line += rest.count(b"\n") + head.count(b"\n") + 1
                rest = tail
            else:
                rest += tail
            if len(rest) > LARGEST_ROW:
                raise CorpusError(
                    f"{str(path)!r}: line {line} is longer than {LARGEST_ROW >> 20} MB",
                    hint="JSON Lines has one object a line",
                )
    if rest:
        yield _JsonLinesBlock(rest, line)


def _chunks(path: Path, schema: pa.Schema, bad: BadRows) -> Iterator[pa.RecordBatch]:
    wire = pa.schema([(field.name, _wire_type(field.type)) for field in schema])
    n_rows = 0
    for block in _blocks(path, BLOCK_BYTES):
        batch = _read_fast(block, wire) if set(wire.types) <= _SCALARS else None
        parsed = None if batch is None else _parse_dates(batch, schema)
        if parsed is not None:
            n_rows += parsed.num_rows
            yield parsed
        else:
            lines = block.numbered()
            yield _read_slowly(lines, n_rows, schema, bad)
            n_rows += len(lines)


def _wire_type(kind: pa.DataType) -> pa.DataType:
    """Return the type in the file: JSON has no dates, so they are read as text and parsed afterwards."""
    return pa.string() if pa.types.is_temporal(kind) else kind


def _read_fast(block: _JsonLinesBlock, wire: pa.Schema) -> pa.RecordBatch | None:
    """Read a block with Arrow's parser; None where it has to be read line by line."""
    data = block.data
    n_lines = data.count(b"\n") + (not data.endswith(b"\n"))
    if data.count(b"\n{") + data.startswith(b"{") != n_lines:
        data = b"\n".join(line.strip() for line in block.lines())
        n_lines = data.count(b"\n") + 1
        if data.count(b"\n{") + data.startswith(b"{") != n_lines:
            return None
    if (b"Inf" in data and _INF.search(data)) or not is_utf8(data):
        return None
    try:
        table = arrow_json.read_json(
            pa.BufferReader(data),
            read_options=arrow_json.ReadOptions(block_size=len(data) + 1),
            parse_options=arrow_json.ParseOptions(explicit_schema=wire, unexpected_field_behavior="ignore"),
        )
    except pa.ArrowInvalid:
        return None
    if table.num_rows != n_lines:
        return None
    arrays = [nan_to_null(deliver(table.column(field.name), field.type, field.name)) for field in wire]
    return pa.RecordBatch.from_arrays(arrays, schema=wire)


def _parse_dates(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch | None:
    """Parse the columns that are text in the file alone; None if a value does not parse."""
    arrays, reasons = _parse_text(batch, schema)
    return None if reasons else pa.RecordBatch.from_arrays(arrays, schema=schema)


def _parse_text(batch: pa.RecordBatch, schema: pa.Schema) -> tuple[list[pa.Array], dict[int, str]]:
    arrays: list[pa.Array] = []
    reasons: dict[int, str] = {}
    for field, values in zip(schema, batch.columns, strict=True):
        array, misfits = parse_text(values, field.type)
        arrays.append(array)
        for position, reason in misfits.items():
            reasons.setdefault(position, f"column {field.name!r}: {reason}")
    return arrays, reasons


def _read_slowly(lines: Sequence[tuple[int, bytes]], first_row: int, schema: pa.Schema, bad: BadRows) -> pa.RecordBatch:
    """Read line by line, and report each that is bad: as JSON, or by a value that does not fit its column."""
    parsed = [_loads(line) for _, line in lines]
    reasons = {position: row for position, row in enumerate(parsed) if isinstance(row, str)}
    wire = pa.schema([(field.name, _wire_type(field.type)) for field in schema])
    batch, misfits = to_batch([row if isinstance(row, dict) else {} for row in parsed], wire, skip=set(reasons))
    reasons |= misfits
    kept = [position for position in range(len(lines)) if position not in reasons]
    arrays, misfits = _parse_text(batch, schema)
    reasons |= {kept[position]: reason for position, reason in misfits.items()}
    for position in sorted(reasons):
        number, line = lines[position]
        text = line.decode(errors="replace").strip()
        bad.add(
            first_row + position,
            reasons[position],
            text=text,
            line=number,
            hint=_hint_for(reasons[position], line, Path(bad.source)),
        )
    keep = pa.array([position not in misfits for position in range(batch.num_rows)], pa.bool_())
    return pa.RecordBatch.from_arrays(arrays, schema=schema).filter(keep)


def _loads(line: bytes) -> dict[str, Any] | str:
    """Parse one line; returns the object, or the reason why it is not one."""
    try:
        row = json.loads(line.decode())
    except UnicodeDecodeError as error:
        return f"not valid UTF-8 at byte {error.start}"
    except json.JSONDecodeError as error:
        return f"not valid JSON: {error.msg} (character {error.pos})"
    except (RecursionError, ValueError) as error:  # nested too deeply, or a number of thousands of digits
        return f"not readable as JSON: {error}"
    return row if isinstance(row, dict) else "not a JSON object"


def _hint_for(reason: str, data: bytes, path: Path) -> str | None:
    """Return what to do about a line that is not an object of the right types, or a file that begins with none."""
    if "expected, got" in reason:
        return type_hint(reason)
    if not is_utf8(data):
        return f'{encoding_hint(data, path)}; on_bad_row="reject" leaves such rows out'
    return json_hint(data, path) or (
        "if it is a table, rename it to .csv or .tsv" if not reason and data.strip() else None
    )


def json_hint(data: bytes, path: Path) -> str | None:
    """Return what to do about a line that is not one JSON object, by the habit that it shows; None for others."""
    start = data.lstrip()
    if start.startswith(b"[") and (b"{" in start or start.rstrip() == b"["):
        convert = f"jq -c '.[]' {quote(path.name)} > lines.jsonl"
        return f"it looks like one JSON array; JSON Lines has one object a line: {convert}"
    if start.startswith(b"{"):
        return _object_hint(start, path)
    if start.startswith(b'"'):
        return 'JSON Lines has one object a line, {"text": "..."}, not a string'
    return None


def _object_hint(start: bytes, path: Path) -> str | None:
    """Return what to do about objects that are not one a line, or are written as Python does."""
    line = start.split(b"\n")[0].rstrip()
    if line.endswith(b","):
        return f"a line of JSON Lines ends without a comma: sed 's/,$//' {quote(path.name)} > lines.jsonl"
    if re.match(rb"\{\s*'", line):
        return "it is written as Python writes a dict; json.dumps(row) writes a line of JSON"
    if line.count(b"{") > line.count(b"}"):
        convert = f"jq -c . {quote(path.name)} > lines.jsonl"
        return f"its objects stand on several lines each; JSON Lines has one object a line: {convert}"
    return None
