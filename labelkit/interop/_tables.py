"""Tables: Parquet, Arrow, CSV and JSON Lines."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from labelkit._shared.spreadsheets import harmless_table
from labelkit.interop._chosen import ChosenRows
from labelkit.interop._layout import ExportLayout, as_json, plain_column, plain_rows


class ArrowRows:
    """Write the tables of an export with a writer of pyarrow; subclasses make it.

    Parameters
    ----------
    path : Path
    layout : ExportLayout
    """

    def __init__(self, path: Path, layout: ExportLayout) -> None:
        self._path, self._layout = path, layout
        self._file: pa.NativeFile | None = None
        self._writer: Any = None

    def __enter__(self) -> Self:
        self._file = pa.OSFile(str(self._path), "wb")
        return self

    def __exit__(self, kind: object, *_error: object) -> None:
        assert self._file is not None
        with self._file:
            if self._writer is not None and kind is None:
                self._writer.close()
            elif self._writer is not None:
                with suppress(OSError, pa.ArrowException):  # what is left of the draft is removed
                    self._writer.close()

    def write(self, rows: ChosenRows) -> None:
        """Write some examples."""
        table = self._table(rows)
        if self._writer is None:
            self._schema, self._writer = table.schema, self._open(self._file, table.schema)
        self._writer.write_table(table.cast(self._schema))

    def _table(self, rows: ChosenRows) -> pa.Table:
        return self._layout.table(rows)

    def _open(self, file: Any, schema: pa.Schema) -> Any:
        raise NotImplementedError


class ParquetRows(ArrowRows):
    """Write Parquet."""

    def _open(self, file: Any, schema: pa.Schema) -> Any:
        return pq.ParquetWriter(file, schema, compression="zstd")


class ArrowFileRows(ArrowRows):
    """Write an Arrow IPC file (Feather, version 2)."""

    def _open(self, file: Any, schema: pa.Schema) -> Any:
        return pa.ipc.new_file(file, schema)


class CsvRows(ArrowRows):
    """Write CSV in UTF-8; no cell is a formula, an empty text is quoted, and what is missing is not."""

    def _open(self, file: Any, schema: pa.Schema) -> Any:
        return csv.CSVWriter(file, schema)

    def _table(self, rows: ChosenRows) -> pa.Table:
        return spreadsheet_table(self._layout.table(rows))


def spreadsheet_table(table: pa.Table) -> pa.Table:
    """Return a table of simple values: reasons joined, what is nested as JSON, and no text that is a formula."""
    columns = [_simple(name, column) for name, column in zip(table.column_names, table.columns, strict=True)]
    return harmless_table(pa.table(columns, names=table.column_names))


def _simple(name: str, column: pa.ChunkedArray) -> Any:
    kind = column.type
    if name == "reasons":
        return pc.binary_join(column, "; ")
    if any(is_kind(kind) for is_kind in _SIMPLE):
        return column
    texts = [_text(value) for value in plain_column(column)]
    return pa.array(texts, pa.string())


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else as_json(value)


_SIMPLE: Final = (
    pa.types.is_string,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_boolean,
    pa.types.is_date,
    pa.types.is_timestamp,
    pa.types.is_null,
)
"""Types whose values are cells as they are."""


class JsonLinesRows:
    """Write JSON Lines: an object for each example.

    Parameters
    ----------
    path : Path
    layout : ExportLayout
    """

    def __init__(self, path: Path, layout: ExportLayout) -> None:
        self._path, self._layout = path, layout

    def __enter__(self) -> Self:
        self._file = self._path.open("w", encoding="utf-8", newline="\n")
        return self

    def __exit__(self, kind: object, *_error: object) -> None:
        self._file.close()

    def write(self, rows: ChosenRows) -> None:
        """Write some examples."""
        self._file.write("".join(f"{as_json(row)}\n" for row in self.objects(rows)))

    def objects(self, rows: ChosenRows) -> list[dict[str, Any]]:
        """Return the object of each example."""
        return plain_rows(self._layout.table(rows))


class JsonArrayRows(JsonLinesRows):
    """Write one JSON array, an object for each example on a line of its own; subclasses make the objects."""

    def __enter__(self) -> Self:
        super().__enter__()
        self._before = "[\n"
        return self

    def __exit__(self, kind: object, *_error: object) -> None:
        try:
            if kind is None:
                self._file.write("\n]\n")
        finally:
            super().__exit__(kind, *_error)

    def write(self, rows: ChosenRows) -> None:
        """Write some examples."""
        for row in self.objects(rows):
            self._file.write(f"{self._before}{as_json(row)}")
            self._before = ",\n"
