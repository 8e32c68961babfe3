"""An Excel workbook of one sheet, written row by row (extra ``excel``, XlsxWriter).

References
----------
Excel specifications and limits.
https://support.microsoft.com/en-us/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelkit._shared.files import work_folder
from labelkit._shared.optional import optional
from labelkit.exceptions import ExportError
from labelkit.interop._chosen import ChosenRows
from labelkit.interop._layout import ExportLayout, plain_column
from labelkit.interop._tables import spreadsheet_table

MOST_ROWS: Final = 1_048_576
"""Rows of a sheet, the heads included."""

MOST_COLUMNS: Final = 16_384

MOST_UNITS: Final = 32_767
"""UTF-16 code units of a cell."""

LARGEST_EXACT: Final = 10**15
"""A number in a cell has 15 digits; a longer whole number is written as text."""

_NO_XML: Final = str.maketrans({"\ufffe": "\ufffd", "\uffff": "\ufffd"})
"""Characters that XML cannot hold even if they are escaped."""


class _ExactNumber(float):
    """A number of which XlsxWriter writes all digits, as Excel does; of others it writes 16.

    >>> f"{1 / 7:.16G}", f"{_ExactNumber(1 / 7):.16G}"
    ('0.1428571428571428', '0.14285714285714285')
    """

    __slots__ = ()

    def __format__(self, _form: str) -> str:
        return float.__repr__(self)


class ExcelRows:
    """Write an Excel workbook.

    Parameters
    ----------
    path : Path
    layout : ExportLayout
    """

    def __init__(self, path: Path, layout: ExportLayout) -> None:
        self._path, self._layout = path, layout
        self._library = optional("xlsxwriter", extra="excel")
        self._n_rows = 0

    def __enter__(self) -> Self:
        self._scratch = ExitStack()
        options = {"constant_memory": True, "tmpdir": str(self._scratch.enter_context(work_folder(self._path)))}
        self._book = self._library.Workbook(str(self._path), options)
        self._book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC)})  # the same labels are the same bytes
        self._sheet = self._book.add_worksheet("labels")
        self._plain = self._book.add_format()
        return self

    def __exit__(self, kind: object, *_error: object) -> None:
        try:
            if kind is None:
                self._close()
            else:
                self._sheet.row_data_fh.close()
        finally:
            self._book.fileclosed = 1
            self._scratch.close()

    def _close(self) -> None:
        try:
            self._book.close()
        except self._library.exceptions.FileCreateError as error:
            raise error.args[0] if isinstance(error.args[0], OSError) else OSError(str(error)) from error

    def write(self, rows: ChosenRows) -> None:
        """Write some examples.

        Raises
        ------
        ExportError
            If there are more rows or columns than a sheet has, or a text is longer than a cell holds.
        """
        table = self._layout.noted(spreadsheet_table(self._layout.table(rows)))
        if not self._n_rows:
            self._write_heads(table.column_names)
        if self._n_rows + len(table) > MOST_ROWS:
            raise ExportError(
                f"there are more than {MOST_ROWS - 1:,} examples, as many as a sheet of Excel holds",
                hint="write CSV or Parquet, or fewer examples: min_confidence= (--min-confidence)",
            )
        for name, column in zip(table.column_names, table.columns, strict=True):
            _check_lengths(name, column, rows.ids)
        cells = [self._writers(column) for column in table.columns]
        for offset in range(len(table)):
            for position, (values, write) in enumerate(cells):
                if values[offset] is not None:
                    write(self._n_rows + offset, position, values[offset])
        self._n_rows += len(table)

    def _write_heads(self, names: list[str]) -> None:
        if len(names) > MOST_COLUMNS:
            raise ExportError(
                f"{len(names):,} columns are more than the {MOST_COLUMNS:,} of a sheet of Excel", hint="write CSV"
            )
        for position, name in enumerate(names):
            _check_lengths("the heads", pa.chunked_array([[name]]), pa.array([name]))
            self._write_text(0, position, name)
        self._sheet.freeze_panes(1, 0)
        self._n_rows = 1

    def _writers(self, column: pa.ChunkedArray) -> tuple[list[Any], Callable[[int, int, Any], object]]:
        """Return the values of a column, and what writes one."""
        kind, values = column.type, plain_column(column)
        if pa.types.is_boolean(kind):
            return values, self._sheet.write_boolean
        is_exact = pa.types.is_integer(kind) and (pc.max(pc.abs(column)).as_py() or 0) <= LARGEST_EXACT
        if is_exact:
            return values, self._sheet.write_number
        if pa.types.is_floating(kind):
            return [None if value is None else _ExactNumber(value) for value in values], self._sheet.write_number
        return [None if value is None else str(value) for value in values], self._write_text

    def _write_text(self, row: int, position: int, text: str) -> None:
        text = text.translate(_NO_XML)
        if text.startswith("<r>") and text.endswith("</r>"):  # which the library takes for the XML of a rich text
            self._sheet.write_rich_string(row, position, text[:1], self._plain, text[1:])
        else:
            self._sheet.write_string(row, position, text)


def _check_lengths(name: str, column: pa.ChunkedArray, ids: pa.Array) -> None:
    """Refuse a text that a cell does not hold: a longer one would be cut."""
    if not pa.types.is_string(column.type):
        return
    lengths = pc.fill_null(pc.utf8_length(column), 0).to_numpy()
    for place in np.flatnonzero(lengths > MOST_UNITS // 2):
        n_units = len(column[int(place)].as_py().encode("utf-16-le")) // 2
        if n_units > MOST_UNITS:
            raise ExportError(
                f"the text in column {name!r} of the example {ids[int(place)].as_py()!r} has {n_units:,} characters, "
                f"and a cell of Excel holds {MOST_UNITS:,}",
                hint="write CSV or Parquet, or leave the column out",
            )
