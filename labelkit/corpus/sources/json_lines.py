"""Read JSON Lines and JSON arrays, a block of rows at a time: with Arrow's parser where it agrees with Python's.

``json.loads`` is the definition, but for a key that stands twice, which makes a bad row. Arrow's parser is several
times faster, but it does not number lines, accepts ``null`` as a row (and crashes if that is the first), confuses lists
that begin with a null, and parses dates in text. So it is given a schema of scalars alone, and blocks in which each
line is an object; a block that it refuses is read by Python.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.json as arrow_json

from labelkit._shared.arrow_arrays import nan_to_null
from labelkit._shared.json_objects import stands_twice
from labelkit.corpus._arrow_types import deliver, parse_text, type_hint
from labelkit.corpus._byte_streams import bytes_around, encoding_name, not_in_encoding
from labelkit.corpus._files import BLOCK_BYTES, DataFile, closed_after, is_utf8, skip_rows
from labelkit.corpus._nested_values import warn_of_left_out
from labelkit.corpus._python_values import KeyValues, decide_type, to_batch
from labelkit.corpus.sources._json_blocks import JsonBlock, array_blocks, is_array, line_blocks
from labelkit.corpus.sources._rows_before import place_before
from labelkit.exceptions import CorpusError

if TYPE_CHECKING:
    from labelkit.corpus.source import BadRows, RowPlace

FIRST_BYTES = 2**20
"""Bytes at the beginning that decide the columns and their types."""

_SCALARS = {pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.null()}
"""Types on which Arrow's parser and Python's agree."""

_INF = re.compile(rb"[:,\[]\s*-?Inf\b")
"""Infinity as Arrow spells it; Python's parser refuses it."""


class JsonLinesSource:
    """A file of JSON objects, perhaps compressed.

    Parameters
    ----------
    file : DataFile
    types : mapping of str to DataType
        The types of columns; those of the others are decided by the first megabyte, or the first value after it.
    arrays : bool
        Whether a file that begins with a bracket is one array of objects; else each line is an object.
    """

    columns_are_sure = True
    splittable = False
    may_reject = True
    frame_index = None
    n_rows = None
    infers_types = True
    keys_are_optional = True

    def __init__(self, file: DataFile, types: Mapping[str, pa.DataType], *, arrays: bool = False) -> None:
        self.path: Path | None = file.place
        self.name = file.name
        self._file = file
        self._arrays = arrays
        self._cut = array_blocks if arrays and is_array(file) else line_blocks
        n_blocks = 2 if file.path.stat().st_size < FIRST_BYTES else 1  # a line that is not ended is a block of its own
        blocks = list(islice(self._cut(file, FIRST_BYTES), n_blocks))
        first = blocks[0] if blocks else None
        self._first = [row for block in blocks for row in map(_loads, block.lines()) if isinstance(row, dict)]
        if first is None:
            raise CorpusError(f"{file.name!r} holds no rows", hint="check the export that made it", code="LK204")
        if not self._first:
            raise CorpusError(
                f"{file.name!r} has no columns: it does not begin with JSON objects",
                hint=_hint_for("", first.data, file),
            )
        self.column_names = tuple(dict.fromkeys(key for row in self._first for key in row))
        self._types = dict(types)
        self._by_fields: frozenset[str] = frozenset()

    def narrowed(self, ways: Sequence[tuple[str, ...]]) -> JsonLinesSource:
        """Return this source for a reader of single fields of some columns, whom their other keys do not concern."""
        source = object.__new__(JsonLinesSource)
        vars(source).update(vars(self))
        source._by_fields = frozenset(way[0] for way in ways) - {way[0] for way in ways if len(way) == 1}
        return source

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the path, and the columns: the file is opened again where it is unpickled."""
        opened_again = partial(JsonLinesSource, arrays=self._arrays)
        return opened_again, (self._file.absolute(), self._types), {"column_names": self.column_names}

    def column_type(self, column: str) -> pa.DataType:
        """Return the type that was asked for, or that of the first values."""
        if column not in self._types:
            kind = decide_type(column, KeyValues(self._first, column))
            later = self._rows_with(column, b"(?!null)") if pa.types.is_null(kind) else []
            self._types[column] = decide_type(column, KeyValues(later, column)) if later else kind
        return self._types[column]

    def first_type(self, column: str) -> pa.DataType:
        """Return the type of a column by the first rows alone; null if they have no value in it."""
        return self._types.get(column) or decide_type(column, KeyValues(self._first, column))

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
        for block in self._cut(self._file, BLOCK_BYTES):
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
        return skip_rows(self._chunks(self._cut(self._file, BLOCK_BYTES), schema, bad), start)

    def chunks_from(
        self,
        columns: Sequence[str],
        place: RowPlace,
        rows: int,  # noqa: ARG002 - as of chunks
        bad: BadRows,
    ) -> Iterator[pa.RecordBatch] | None:
        """Deliver the rows from a byte on; None if no row begins there, or the file has to be read from its start."""
        before, after = bytes_around(self._file, place.offset) or (b"", b"")
        if self._cut is not line_blocks or not (before == b"\n" or after[:1] == b"\n" or after == b"\r\n"):
            return None
        schema = pa.schema([(column, self.column_type(column)) for column in columns])
        return self._chunks(line_blocks(self._file, BLOCK_BYTES, place.offset), schema, bad)

    def place_before(self, place: RowPlace, n_rows: int) -> RowPlace | None:
        """Return the place of a row that is at least so many rows before another one; None if it is not found."""
        if self._cut is not line_blocks:
            return None
        return place_before(self._file, place, n_rows, lambda data: (0, sum(1 for _ in JsonBlock(data, 1).lines())))

    def _chunks(self, blocks: Iterator[JsonBlock], schema: pa.Schema, bad: BadRows) -> Iterator[pa.RecordBatch]:
        wire = pa.schema([(field.name, _wire_type(field.type)) for field in schema])
        n_rows = 0
        left_out: dict[str, set[str]] = {name: set() for name in schema.names}
        with closed_after(blocks):
            for block in blocks:
                batch = _read_fast(block, wire) if set(wire.types) <= _SCALARS else None
                parsed = None if batch is None else _parse_dates(batch, schema)
                if parsed is not None:
                    n_rows += parsed.num_rows
                    yield parsed
                else:
                    lines = block.numbered()
                    yield _read_slowly(lines, n_rows, schema, bad, self._file, left_out)
                    n_rows += len(lines)
        warn_of_left_out({name: keys for name, keys in left_out.items() if name not in self._by_fields}, self.name)

    def line_of(self, row: int) -> int | None:
        """Return the line of the file, from 1, at which a row begins."""
        for block in self._cut(self._file, BLOCK_BYTES):
            lines = block.numbered()
            if row < len(lines):
                return lines[row][0]
            row -= len(lines)
        return None

    def read(self, columns: Sequence[str], start: int, stop: int) -> pa.Table:
        """Raise NotImplementedError: a row is found only by reading those before it."""
        raise NotImplementedError

    @cached_property
    def _digest(self) -> str:
        return self._file.digest()

    def fingerprint(self) -> str:
        """Hash the bytes of the file."""
        return self._digest

    def content(self, column: str) -> str:
        """Hash the file: a column cannot be separated from the others without reading all of it."""
        return f"{self._digest}/{column}"


def _wire_type(kind: pa.DataType) -> pa.DataType:
    """Return the type in the file: JSON has no dates, so they are read as text and parsed afterwards."""
    return pa.string() if pa.types.is_temporal(kind) else kind


def _read_fast(block: JsonBlock, wire: pa.Schema) -> pa.RecordBatch | None:
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


def _read_slowly(
    lines: Sequence[tuple[int, bytes]],
    first_row: int,
    schema: pa.Schema,
    bad: BadRows,
    file: DataFile,
    left_out: Mapping[str, set[str]],
) -> pa.RecordBatch:
    """Read line by line, and report each that is bad: as JSON, or by a value that does not fit its column."""
    parsed = [_loads(line, encoding_name(file)) for _, line in lines]
    reasons = {position: row for position, row in enumerate(parsed) if isinstance(row, str)}
    reasons |= _with_keys_twice([line for _, line in lines], parsed, schema.names)
    wire = pa.schema([(field.name, _wire_type(field.type)) for field in schema])
    rows = [row if isinstance(row, dict) else {} for row in parsed]
    batch, misfits = to_batch(rows, wire, skip=set(reasons), left_out=left_out)
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
            hint=_hint_for(reasons[position], line, file),
        )
    keep = pa.array([position not in misfits for position in range(batch.num_rows)], pa.bool_())
    return pa.RecordBatch.from_arrays(arrays, schema=schema).filter(keep)


class _TwiceNamed(dict[str, Any]):
    """An object of JSON in which a key stands twice: Python's parser keeps the last value, and Arrow's refuses it."""

    twice: frozenset[str] = frozenset()

    @classmethod
    def of(cls, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """Make a dict of pairs, and note the keys that stand twice."""
        row = dict(pairs)
        if len(row) == len(pairs):
            return row
        noted = cls(row)
        noted.twice = frozenset(key for key, n in Counter(key for key, _ in pairs).items() if n > 1)
        return noted


def _with_keys_twice(
    lines: Sequence[bytes], parsed: Sequence[dict[str, Any] | str], columns: Sequence[str]
) -> dict[int, str]:
    """Find the rows in which the key of a column, or one within its value, stands twice."""
    reasons = {}
    for position, (line, row) in enumerate(zip(lines, parsed, strict=True)):
        if isinstance(row, str) or line.count(b":") <= len(row):  # no more colons than keys
            continue
        again = json.loads(line.decode(), object_pairs_hook=_TwiceNamed.of)
        at_top = again.twice if isinstance(again, _TwiceNamed) else frozenset()
        twice = next((name for name in columns if name in at_top), None)
        twice = twice or next((key for name in columns for key in _keys_twice(again.get(name))), None)
        if twice is not None:
            reasons[position] = stands_twice(twice)
    return reasons


def _keys_twice(value: Any) -> Iterator[str]:
    """Iterate over the keys that stand twice in an object, or in one within it."""
    if isinstance(value, _TwiceNamed):
        yield from sorted(value.twice)
    if isinstance(value, list | dict):
        for part in value if isinstance(value, list) else value.values():
            yield from _keys_twice(part)


def first_object(file: DataFile) -> dict[str, Any]:
    """Return the first object of a file of lines or of an array; empty if it begins with something else."""
    cut = array_blocks if is_array(file) else line_blocks
    for block in cut(file, FIRST_BYTES):
        for line in block.lines():
            row = _loads(line)
            return row if isinstance(row, dict) else {}
    return {}


def _loads(line: bytes, encoding: str = "UTF-8") -> dict[str, Any] | str:
    """Parse one line; returns the object, or the reason why it is not one."""
    try:
        row = json.loads(line.decode())
    except UnicodeDecodeError as error:
        return f"not valid {encoding} at byte {error.start}"
    except json.JSONDecodeError as error:
        return f"not valid JSON: {error.msg} (character {error.pos})"
    except (RecursionError, ValueError) as error:  # nested too deeply, or a number of thousands of digits
        return f"not readable as JSON: {error}"
    return row if isinstance(row, dict) else "not a JSON object"


def _hint_for(reason: str, data: bytes, file: DataFile) -> str | None:
    """Return what to do about a line that is not an object of the right types, or a file that begins with none."""
    if (hint := type_hint(reason)) is not None:
        return _mixed_hint(reason, hint, Path(file.name))
    if not is_utf8(data):
        return f'{not_in_encoding(data, file)}; on_bad_row="reject" leaves such rows out'
    return json_hint(data, Path(file.name)) or (
        "if it is a table, rename it to .csv or .tsv" if not reason and data.strip() else None
    )


def _mixed_hint(reason: str, hint: str, path: Path) -> str:
    """Return what to do about a column of numbers and texts, since a number of JSON is no text."""
    misfit = _MISFIT.match(reason)
    if misfit is None or not (misfit[2] == "str" or hint.startswith("annotate str, or types=")):
        return hint
    key = misfit[1]
    place = f".{key}" if key.isascii() and key.isidentifier() else f".[{json.dumps(key)}]"
    each = 'if type == "array" then .[] else . end | ' if path.suffix == ".json" else ""
    convert = f"jq -c {quote(f'{each}({place} | values) |= tostring')} {quote(path.name)} > text.jsonl"
    annotate = "" if misfit[2] == "str" else f'annotate str, or types={{"{key}": str}}; '
    return f'write its values as text: {convert}; {annotate}on_bad_row="reject" leaves such rows out'


_MISFIT: Final = re.compile(r"""column ['"](.*)['"]: (\w+) expected, got """)


def json_hint(data: bytes, path: Path, *, arrays: bool = True) -> str | None:
    """Return what to do about a line that is not one JSON object, by the habit that it shows; None for others.

    ``arrays`` says whether a file that is named .json may be an array.
    """
    start = data.lstrip()
    if start.startswith(b"[") and (b"{" in start or start.rstrip() == b"["):
        convert = f"jq -c '.[]' {quote(path.name)} > lines.jsonl"
        way = f"rename it to {_as_json(path)}" if arrays else convert
        return f"it looks like one JSON array; JSON Lines has one object a line: {way}"
    if start.startswith(b"{"):
        return _object_hint(start, path)
    if start.startswith(b'"'):
        return 'JSON Lines has one object a line, {"text": "..."}, not a string'
    return None


def _as_json(path: Path) -> str:
    return quote(re.sub(r"\.(jsonl|ndjson)\b", ".json", path.name, flags=re.IGNORECASE))


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
