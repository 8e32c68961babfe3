"""What the readers of files with Arrow's types share: the types of columns, and a range of rows as one table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from labelkit.corpus._arrow_types import delivered_type
from labelkit.corpus._valid_text import checked_text
from labelkit.corpus.missing_columns import repeated_column
from labelkit.corpus.source import BadRows, FixedColumns


class StoredColumns(FixedColumns):
    """A file that holds the types of its columns; a subclass reads its rows."""

    name: str
    _schema: pa.Schema
    _types: Mapping[str, pa.DataType]

    def _range(self, columns: Sequence[str], start: int, stop: int, rows: int) -> Iterator[pa.RecordBatch]:
        """Deliver rows as they are stored, at most ``rows`` together."""
        raise NotImplementedError

    def column_type(self, column: str) -> pa.DataType:
        """Return the type of a column."""
        if self._schema.names.count(column) > 1:
            raise repeated_column(column, self.name)
        kind = delivered_type(self._schema.field(column).type)
        return self._types.get(column, kind) if pa.types.is_null(kind) else kind

    def delivered_schema(self, columns: Sequence[str]) -> pa.Schema:
        """Return columns with the types in which they are delivered."""
        return pa.schema([(column, self.column_type(column)) for column in columns])

    def read(self, columns: Sequence[str], start: int, stop: int) -> pa.Table:
        """Deliver a range of rows from those that are stored together with them."""
        batches = checked_text(self._range(columns, start, stop, stop - start), start, BadRows(self.name))
        return pa.Table.from_batches(batches, schema=self.delivered_schema(columns))
