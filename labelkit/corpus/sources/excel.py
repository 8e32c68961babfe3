"""Read a sheet of an Excel workbook (.xlsx), with openpyxl (extra ``excel``).

The first row with a value holds the names of the columns. The sheet is read once, a row at a time, into a temporary
file of Arrow in which each value is text as Excel shows it; the types of columns are those of all their values. Numbers
without a fraction are ints, also where Excel keeps 1.0; numbers with a format of zeros keep their leading zeros; a
column of numbers and text is text. Cells that are merged down a column all have the value. Reported as bad rows, where
their column is read: an error such as ``#DIV/0!`` (``#N/A`` is null), a formula whose value was never computed, and
cells that are merged over several columns.

References
----------
ECMA-376, Office Open XML, part 1, section 18.3 (sheets).
https://ecma-international.org/publications-and-standards/standards/ecma-376/
"""

from __future__ import annotations

import datetime as dt
import errno
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from labelkit._shared.optional import optional
from labelkit.corpus._arrow_types import deliver, parse_text, type_hint
from labelkit.corpus._files import DataFile, readable
from labelkit.corpus._spool import UnnamedFile
from labelkit.corpus.file_kinds import FIRST_BYTES, kind_of
from labelkit.corpus.missing_columns import repeated_column
from labelkit.corpus.source import BadRows, FixedColumns
from labelkit.corpus.sources._excel_text import keep_underscores, shown_text
from labelkit.exceptions import CorpusError, LabelkitError

BATCH: Final = 4_096
"""Rows that are converted together."""

LARGEST_WORKBOOK: Final = 8 * 2**30
LARGEST_STRINGS: Final = 512 * 2**20
"""Bytes that a workbook, and its table of texts, may have when they are unpacked."""

LINE: Final = "\0line"
"""The column of the numbers of rows in the sheet."""

ROWS_LOOKED_AT: Final = 20
"""Rows in which a header below a title is looked for."""

BAD: Final = "\0"
"""What a text begins with that is no value but the reason why there is none; XML has no such character."""

_TYPES: Final[tuple[tuple[set[str], pa.DataType], ...]] = (
    (set(), pa.null()),
    ({"int"}, pa.int64()),
    ({"int", "float"}, pa.float64()),
    ({"bool"}, pa.bool_()),
    ({"date"}, pa.date32()),
    ({"date", "datetime"}, pa.timestamp("us")),
)
"""The type of a column by the kinds of its values, the first that has them all; text, if none has."""

_ZEROS: Final = re.compile(r"0{2,}")


class ExcelSource(FixedColumns):
    """A sheet of a workbook.

    Parameters
    ----------
    file : DataFile
    types : mapping of str to DataType
        The types of columns; those of the others are decided by their values.
    sheet : str or int, optional
        Its name or its number from 1; needed where there are several.
    skip_rows : int
        Rows of the sheet above the header, which are not read.
    """

    splittable = False
    may_reject = True
    frame_index = None
    infers_types = True
    mixes_as_text = True
    is_sheet = True

    def __init__(
        self, file: DataFile, types: Mapping[str, pa.DataType], sheet: str | int | None = None, skip_rows: int = 0
    ) -> None:
        self.path: Path | None = file.place
        self._file, self._types, self._wanted, self._skip = file, types, sheet, skip_rows
        self._sheet = _converted(file, sheet, skip_rows)
        self.name = file.name
        self.column_names = tuple(name for name in self._sheet.names if name)
        with pa.memory_map(str(self._sheet.copy.path)) as mapped:
            self._table = pa.ipc.open_file(mapped).read_all()
        self.n_rows: int = self._table.num_rows

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the path: the file is read again where it is unpickled."""
        return ExcelSource, (self._file.absolute(), self._types, self._wanted, self._skip)

    def column_type(self, column: str) -> pa.DataType:
        """Return the type that was asked for, or that of the values."""
        if column in self._types:
            return self._types[column]
        kinds = self._sheet.kinds[column]
        return next((kind for names, kind in _TYPES if kinds <= names), pa.string())

    def chunks(self, columns: Sequence[str], start: int, rows: int, bad: BadRows) -> Iterator[pa.RecordBatch]:
        """Deliver the rows; ``start`` counts those that are kept."""
        skipped = 0
        for first in range(0, self.n_rows, rows) if bad.on_bad_row == "reject" else range(start, self.n_rows, rows):
            batch = self._delivered(columns, first, first + rows, bad)
            if bad.on_bad_row == "reject" and skipped < start:
                skip = min(start - skipped, batch.num_rows)
                skipped, batch = skipped + skip, batch.slice(skip)
            yield batch

    def read(self, columns: Sequence[str], start: int, stop: int) -> pa.Table:
        """Raise NotImplementedError: a process that reads a part would convert all of the sheet."""
        raise NotImplementedError

    def first_rows(self) -> list[tuple[int, list[str]]]:
        """Return the first rows below the header, with the rows of the sheet above each, as other headers."""
        return self._sheet.first_rows

    def line_of(self, row: int) -> int:
        """Return the row of the sheet, from 1, at which a row stands."""
        return int(self._table.column(LINE)[row].as_py())

    def _delivered(self, columns: Sequence[str], start: int, stop: int, bad: BadRows) -> pa.RecordBatch:
        table = self._table.slice(start, stop - start)
        arrays, reasons = [], dict[int, str]()
        for column in columns:
            texts = deliver(table.column(column), pa.string(), column)
            is_bad = pc.fill_null(pc.starts_with(texts, BAD), fill_value=False)
            for position in pc.indices_nonzero(is_bad).to_pylist():
                reasons.setdefault(position, f"column {column!r}: {texts[position].as_py()[1:]}")
            array, misfits = _parsed(
                pc.replace_with_mask(texts, is_bad, pa.scalar(None, pa.string())), self.column_type(column)
            )
            arrays.append(array)
            for position, reason in misfits.items():
                reasons.setdefault(position, f"column {column!r}: {reason}")
        for position in sorted(reasons):
            line = table.column(LINE)[position].as_py()
            hint = type_hint(reasons[position])
            bad.add(
                start + position, reasons[position], text=_shown(table, position), line=line, of_sheet=True, hint=hint
            )
        batch = pa.RecordBatch.from_arrays(arrays, names=list(columns))
        keep = [position not in reasons for position in range(batch.num_rows)] if reasons else None
        return batch if keep is None else batch.filter(pa.array(keep))

    @cached_property
    def _digest(self) -> str:
        return self._file.digest(self._wanted, *([f"skip {self._skip}"] if self._skip else []))

    def fingerprint(self) -> str:
        """Hash the bytes of the file."""
        return self._digest

    def content(self, column: str) -> str:
        """Hash the file."""
        return f"{self._digest}/{column}"


def _parsed(texts: pa.Array, kind: pa.DataType) -> tuple[pa.Array, dict[int, str]]:
    return (pa.nulls(len(texts)), {}) if pa.types.is_null(kind) else parse_text(texts, kind)


def _shown(table: pa.Table, position: int) -> str:
    row = table.slice(position, 1).drop_columns([LINE]).to_pylist()[0]
    return ", ".join(str(value).lstrip(BAD) for value in row.values() if value is not None)


# Conversion -----------------------------------------------------------------------------------------------------------


@dataclass
class _Sheet:
    """A sheet as text, in a file that is there as long as this is."""

    names: list[str]
    kinds: dict[str, set[str]]
    copy: UnnamedFile
    first_rows: list[tuple[int, list[str]]]
    """The rows of the sheet above each, and its texts."""


@dataclass
class _Odd:
    """What openpyxl does not say of cells, each given by its row and column from 1."""

    reasons: dict[tuple[int, int], str] = field(default_factory=dict)
    fills: dict[tuple[int, int], int] = field(default_factory=dict)
    """Of the first cell of those that are merged down a column, the last row."""


def _converted(file: DataFile, sheet: str | int | None, skip_rows: int) -> _Sheet:
    """Write the values of a sheet to a temporary file, as text."""
    openpyxl = optional("openpyxl", extra="excel")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of parts of a workbook that hold no values
        try:
            _check_size(file)
            with (
                file.path.open("rb") as opened,
                closing(openpyxl.load_workbook(opened, read_only=True, data_only=True)) as workbook,
            ):
                chosen = _chosen(workbook, sheet, file)
                keep_underscores(file, chosen)
                return _written(chosen, _odd_cells(file, chosen), file, skip_rows)
        except LabelkitError:
            raise
        except Exception as error:  # a damaged workbook fails anywhere in openpyxl
            if isinstance(error, OSError) and error.errno not in {None, errno.EINVAL}:  # an offset that cannot be
                raise
            raise _unreadable(file, f"{type(error).__name__}: {error}") from error


def _unreadable(file: DataFile, reason: str) -> CorpusError:
    with file.path.open("rb") as opened:
        kind = kind_of(opened.read(FIRST_BYTES))
    is_other = kind is not None and "ZIP" not in kind.name
    hint = (
        f"it is {kind.name}: {kind.remedy}" if kind is not None and is_other else "open it in Excel, and save it again"
    )
    return CorpusError(f"{file.name!r} cannot be read as an Excel workbook: {reason:.200}", hint=hint, code="LK219")


def _check_size(file: DataFile) -> None:
    try:
        with zipfile.ZipFile(readable(file.path)) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise _unreadable(file, str(error)) from error
    strings = max((size for name, size in sizes.items() if name.lower().endswith("sharedstrings.xml")), default=0)
    if sum(sizes.values()) > LARGEST_WORKBOOK or strings > LARGEST_STRINGS:
        raise CorpusError(
            f"{file.name!r} takes {sum(sizes.values()) >> 20:,} MB when it is unpacked, more than a workbook may",
            hint="save its sheet as CSV",
        )


def _chosen(workbook: Any, sheet: str | int | None, file: DataFile) -> Any:
    """Return the sheet that was asked for, or the only one that has a value and is not hidden."""
    sheets = {one.title: one for one in workbook.worksheets}
    for one in sheets.values():
        one.reset_dimensions()  # some programs write wrong ones
    if isinstance(sheet, str) and sheet in sheets:
        return sheets[sheet]
    if sheet is not None and str(sheet).isdecimal() and 1 <= int(sheet) <= len(sheets):
        return list(sheets.values())[int(sheet) - 1]
    shown = [name for name, one in sheets.items() if one.sheet_state == "visible" and _has_values(one)]
    listed = ", ".join(map(repr, sheets if sheet is not None else shown or sheets))
    if sheet is not None:
        raise CorpusError(f"{file.name!r} has no sheet {sheet!r}", hint=f"the sheets are {listed}", code="LK218")
    if len(shown) != 1:
        what = "several sheets" if shown else "no sheet with a value"
        first = next(iter(shown or sheets), "")
        raise CorpusError(f"{file.name!r} has {what}: {listed}", hint=f"choose one: sheet={first!r}", code="LK218")
    return sheets[shown[0]]


def _has_values(sheet: Any) -> bool:
    return any(value is not None for row in islice(sheet.iter_rows(values_only=True), 100) for value in row)


def _written(sheet: Any, odd: _Odd, file: DataFile, skip_rows: int) -> _Sheet:
    rows = (row for row in _rows(sheet, odd) if row[0] > skip_rows)
    line, header = next((row for row in rows if not _is_title(*row, odd)), (0, []))
    first_rows: list[tuple[int, list[str]]] = []
    names = _names(header, line, sheet, odd, file)
    kinds: dict[str, set[str]] = {name: set() for name in names if name}
    schema = pa.schema([(LINE, pa.int64()), *((name, pa.string()) for name in kinds)])
    copy = UnnamedFile()
    with pa.OSFile(str(copy.path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        while block := list(islice(rows, BATCH)):
            shown = block[: ROWS_LOOKED_AT - len(first_rows)]
            first_rows += [(number - 1, [_text(cell, None, set()) or "" for cell in cells]) for number, cells in shown]
            texts: dict[str, list[str | None]] = {name: [] for name in kinds}
            for number, cells in block:
                padded = [*cells, *[None] * (len(names) - len(cells))]
                for place, (name, cell) in enumerate(zip(names, padded, strict=False), start=1):
                    if name:
                        texts[name].append(_text(cell, odd.reasons.get((number, place)), kinds[name]))
            arrays = [
                pa.array([number for number, _ in block]),
                *(pa.array(texts[name], pa.string()) for name in kinds),
            ]
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
    return _Sheet(names, kinds, copy, first_rows)


def _is_title(line: int, cells: Sequence[Any], odd: _Odd) -> bool:
    """Return whether a row is one value, over several columns: names of columns are several."""
    values = [place for place, cell in enumerate(cells, start=1) if cell is not None and cell.value is not None]
    return len(values) == 1 and "merged over several" in odd.reasons.get((line, values[0]), "")


def _rows(sheet: Any, odd: _Odd) -> Iterator[tuple[int, list[Any]]]:
    """Yield the rows that have a value, with their numbers; merged cells have that of the first."""
    open_fills: dict[int, tuple[int, Any]] = {}
    columns_filled = {column for _, column in odd.fills}
    for number, row in enumerate(sheet.iter_rows(), start=1):
        cells = list(row)
        for column in columns_filled:
            cell = cells[column - 1] if column <= len(cells) else None
            if (number, column) in odd.fills:
                open_fills[column] = (odd.fills[number, column], cell)
            elif column in open_fills and number <= open_fills[column][0]:
                cells += [None] * (column - len(cells))
                cells[column - 1] = open_fills[column][1]
        has_value = any(cell is not None and cell.value is not None for cell in row)
        if has_value or any((number, column) in odd.reasons for column in range(1, len(cells) + 1)):
            yield number, cells


def _names(header: Sequence[Any], line: int, sheet: Any, odd: _Odd, file: DataFile) -> list[str]:
    reason = next((odd.reasons[line, place] for place in range(1, len(header) + 1) if (line, place) in odd.reasons), "")
    if reason:
        raise CorpusError(
            f"the header of {file.name!r}, row {line} of the sheet {sheet.title!r}: {reason}",
            hint="the first row with a value holds the names of the columns, a cell each; "
            f"skip_rows={line} leaves out a title above it",
        )
    names = ["" if cell is None or cell.value is None else (_text(cell, None, set()) or "").strip() for cell in header]
    twice = [name for name, times in Counter(names).items() if name and times > 1]
    if twice:
        raise repeated_column(twice[0], f"the header of {file.name!r}")
    return names


def _text(cell: Any, reason: str | None, kinds: set[str]) -> str | None:
    """Return a value as Excel shows it, and note of which kind it is."""
    if reason is not None:
        return BAD + reason
    value = None if cell is None else cell.value
    if value is None:
        return None
    kind, text = _as_text(value, cell)
    if kind == "error":
        return None if text == "#N/A" else f"{BAD}the cell holds the error {text}"
    kinds.add(kind)
    return text


def _as_text(value: Any, cell: Any) -> tuple[str, str]:
    """Return the kind of a value, and the value as Excel shows it."""
    if isinstance(value, bool):
        return "bool", str(value).upper()
    if isinstance(value, int | float):
        return _number_as_text(value, cell.number_format or "")
    if isinstance(value, dt.datetime) and value.time() == dt.time(0):
        value = value.date()
    if isinstance(value, dt.date):
        return ("datetime" if isinstance(value, dt.datetime) else "date"), str(value)
    return ("error", str(value)) if cell.data_type == "e" else ("text", shown_text(str(value)))


def _number_as_text(value: float, number_format: str) -> tuple[str, str]:
    if isinstance(value, float) and not (value.is_integer() and abs(value) < 2**53):
        return "float", repr(value)
    whole = int(value)
    if whole >= 0 and _ZEROS.fullmatch(number_format):
        return "text", str(whole).zfill(len(number_format))
    return ("int" if abs(whole) < 2**63 else "float"), str(whole)


# What openpyxl does not say -------------------------------------------------------------------------------------------

_UNCOMPUTED: Final = re.compile(
    rb'<(?:\w+:)?c\b(?![^>]*\bt="str")[^>]*\br="([A-Z]{1,3}\d{1,7})"[^>]*>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^<]*</(?:\w+:)?f>)'
    rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_MERGED: Final = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*\bref="([A-Z]{1,3}\d{1,7}):([A-Z]{1,3}\d{1,7})"')
_PLACE: Final = re.compile(rb"([A-Z]+)(\d+)")

OVERLAP: Final = 2**16
"""Bytes that are looked at twice, so that a cell across two pieces is found."""


def _odd_cells(file: DataFile, sheet: Any) -> _Odd:
    """Search the XML of a sheet for formulas without a value, and for merged cells."""
    odd = _Odd()
    with zipfile.ZipFile(readable(file.path)) as archive, archive.open(sheet._worksheet_path) as xml:  # noqa: SLF001 - where openpyxl keeps it
        rest = b""
        while read := xml.read(2**20):
            data = rest + read
            for match in _UNCOMPUTED.finditer(data):
                odd.reasons[_place(match[1])] = "the cell holds a formula without a value: save the file in Excel once"
            for match in _MERGED.finditer(data):
                _note_merged(odd, match[1], match[2])
            rest = data[-OVERLAP:]
    return odd


def _place(name: bytes) -> tuple[int, int]:
    """Return row and column of a cell, from 1."""
    match = _PLACE.fullmatch(name)
    assert match is not None
    column = 0
    for letter in match[1]:
        column = 26 * column + letter - ord("A") + 1
    return int(match[2]), column


MOST_MERGED: Final = 1_000
"""Columns over which cells are merged, at the most."""


def _note_merged(odd: _Odd, first: bytes, last: bytes) -> None:
    (top, left), (bottom, right) = _place(first), _place(last)
    if left == right:
        odd.fills[top, left] = bottom
        return
    reason = f"the cells {first.decode()}:{last.decode()} are merged over several columns"
    for row in range(top, min(bottom, top + BATCH) + 1):
        for column in range(left, min(right, left + MOST_MERGED) + 1):
            odd.reasons[row, column] = reason
