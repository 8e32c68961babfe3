"""Tables: Parquet, Arrow, CSV and JSON Lines."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from labelkit._shared.spreadsheets import harmless_table
from labelkit.exceptions import ExportError
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
    """Write CSV; no cell is a formula, an empty text is quoted, and what is missing is not."""

    def _open(self, file: Any, schema: pa.Schema) -> Any:
        encoding = self._layout.encoding
        return csv.CSVWriter(file, schema) if encoding is None else _EncodedCsv(file, encoding)

    def _table(self, rows: ChosenRows) -> pa.Table:
        return spreadsheet_table(self._layout.table(rows))


class _EncodedCsv:
    """Write tables as CSV in another encoding than UTF-8, a table at a time."""

    def __init__(self, file: Any, encoding: str) -> None:
        self._file, self._encoding = file, encoding
        self._encoder = codecs.getincrementalencoder(encoding)()
        self._has_heads = False

    def write_table(self, table: pa.Table) -> None:
        """Write the rows of a table, under the heads if it is the first.

        Raises
        ------
        ExportError
            If the encoding lacks a character.
        """
        sink = pa.BufferOutputStream()
        csv.write_csv(table, sink, csv.WriteOptions(include_header=not self._has_heads))
        self._has_heads = True
        text = sink.getvalue().to_pybytes().decode()
        try:
            encoded = self._encoder.encode(text)
        except UnicodeError as error:
            raise self._lacking(table, error) from None
        self._file.write(encoded)

    def close(self) -> None:
        self._file.write(self._encoder.encode("", final=True))

    def _lacking(self, table: pa.Table, error: UnicodeError) -> ExportError:
        """Return the error that names the first cell with a character that the encoding lacks."""
        lacking = next(self._lacking_cells(table), f"a text ({error})")
        return ExportError(
            f"{lacking}, which the encoding {self._encoding} lacks; nothing is left of the file",
            hint='encoding="utf-8-sig" has every character, and Excel reads it',
            code="LK535",
        )

    def _lacking_cells(self, table: pa.Table) -> Iterator[str]:
        for name in table.column_names:
            if (sign := self._sign_lacking(name)) is not None:
                yield f"the name of column {name!r} has {sign}"
        id_name, ids = table.column_names[0], table.column(0)
        for name, column in zip(table.column_names, table.columns, strict=True):
            for row, text in enumerate(column.to_pylist() if pa.types.is_string(column.type) else ()):
                if text is not None and (sign := self._sign_lacking(text)) is not None:
                    yield f"column {name!r} of the row with {id_name} {ids[row].as_py()!r} has {sign}"

    def _sign_lacking(self, text: str) -> str | None:
        try:
            text.encode(self._encoding)
        except UnicodeEncodeError as error:
            sign = error.object[error.start]
            return f"{sign!r} (U+{ord(sign):04X})"
        except UnicodeError as error:
            return f"{text[:40]!r} ({error})"
        return None


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
        return plain_rows(self._layout.noted(self._layout.table(rows)))


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
