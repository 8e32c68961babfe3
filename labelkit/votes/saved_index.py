"""Keep the index of the frame that examples came from in a file, beside their votes or labels.

>>> import pandas as pd
>>> index = FrameIndex.of(pd.DataFrame(index=["b", "a"]))
>>> table = SavedIndex.of(index).beside(pa.table({"id": [1, 2]}))
>>> table.column_names, read_index(table, 2).labels.tolist()
(['id', 'frame index 0'], ['b', 'a'])
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from labelkit.votes.alignment import is_default
from labelkit.votes.example_names import FrameIndex

if TYPE_CHECKING:
    import pandas as pd

_METADATA: Final = b"labelkit_index"


@dataclass(frozen=True, eq=False)
class SavedIndex:
    """The index of a frame, as columns of a table.

    Parameters
    ----------
    columns : dict of str to Array
        One for each level; none for the index 0, 1, 2, ...
    metadata : dict of bytes to bytes
        What tells how to read them; empty if there is no index, or of a kind that Arrow does not hold.
    """

    columns: dict[str, Any]
    metadata: dict[bytes, bytes]

    @classmethod
    def of(cls, index: FrameIndex | None) -> SavedIndex:
        """Lay out an index."""
        if index is None:
            return cls({}, {})
        description: dict[str, Any] = {"is_default": index.is_default, "names": [], "pandas": ""}
        if is_default(index.labels) and index.labels.name is None:
            return cls({}, _noted(description))
        table = _as_table(index.labels)
        if table is None:
            return cls({}, {})
        description["names"] = table.column_names
        description["pandas"] = table.schema.metadata[b"pandas"].decode()
        columns = {_column(level): column for level, column in enumerate(table.columns)}
        return cls(columns, _noted(description))

    def table(self) -> pa.Table:
        """Return the index as a table of its own."""
        return pa.table(self.columns).replace_schema_metadata(self.metadata)

    def beside(self, table: pa.Table, rows: slice = slice(None)) -> pa.Table:
        """Put the index, or some rows of it, beside a table of so many rows."""
        for name, column in self.columns.items():
            table = table.append_column(name, column[rows])
        return table.replace_schema_metadata({**(table.schema.metadata or {}), **self.metadata})


def read_index(table: pa.Table, n_rows: int) -> FrameIndex | None:
    """Read the index that stands beside a table of that many rows; None if there is none."""
    noted = (table.schema.metadata or {}).get(_METADATA)
    if noted is None:
        return None
    import pandas as pd  # noqa: PLC0415 - only where there is an index

    description = json.loads(noted)
    names = description["names"]
    if not names:
        return FrameIndex(pd.RangeIndex(n_rows), description["is_default"])
    levels = table.select([_column(level) for level in range(len(names))]).rename_columns(names)
    return FrameIndex(_labels_of(levels, description["pandas"].encode()), description["is_default"])


def without_index(table: pa.Table) -> pa.Table:
    """Leave out the columns of the index that stands beside a table."""
    noted = (table.schema.metadata or {}).get(_METADATA)
    levels = 0 if noted is None else len(json.loads(noted)["names"])
    return table.drop_columns([_column(level) for level in range(levels)])


def _column(level: int) -> str:
    return f"frame index {level}"


def _as_table(labels: pd.Index[Any]) -> pa.Table | None:
    """Return the levels of an index as columns; None if Arrow does not give the same index back."""
    import pandas as pd  # noqa: PLC0415 - only where there is an index

    try:
        table = pa.Table.from_pandas(pd.DataFrame(index=labels), preserve_index=True)
    except (pa.ArrowException, TypeError, ValueError, NotImplementedError):
        return None
    if any(isinstance(column.type, pa.BaseExtensionType) for column in table.columns):
        return None  # which a reader that has not loaded pandas does not know
    again = _labels_of(table, table.schema.metadata[b"pandas"])
    return table if again.equals(labels) and again.names == labels.names else None


def _labels_of(levels: pa.Table, of_pandas: bytes) -> pd.Index[Any]:
    labels: pd.Index[Any] = levels.replace_schema_metadata({b"pandas": of_pandas}).to_pandas().index
    return labels


def _noted(description: dict[str, Any]) -> dict[bytes, bytes]:
    return {_METADATA: json.dumps(description, sort_keys=True).encode()}
