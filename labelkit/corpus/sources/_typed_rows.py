"""Write rows of Python values to Parquet when their types are known only at the end.

A batch decides the types of its columns; where a later one needs wider types (a column that was null so far, a fraction
among whole numbers, a key more in a struct), a new part begins. Several parts are written together at the end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from labelkit.corpus._arrow_types import in_utc
from labelkit.corpus._python_values import decide_type, to_array, wider
from labelkit.corpus.sources.spooled import write_batches
from labelkit.exceptions import CorpusError

_PLAIN: Final = (str, int, float, bool, dt.date, dt.time, dt.timedelta, type(None))

_AS_TEXT: Final = {"UUID", "IPv4Address", "IPv6Address", "IPv4Network", "IPv6Network", "IPv4Interface", "IPv6Interface"}
"""Values that a corpus holds as text."""


def write_rows(path: Path, names: Sequence[str], batches: Iterable[Sequence[Sequence[Any]]], hint: str) -> None:
    """Write rows to a Parquet file.

    Parameters
    ----------
    path : Path
    names : sequence of str
        The columns.
    batches : iterable of sequences of rows
    hint : str
        What to do about a column whose values have no one type.

    Raises
    ------
    CorpusError
        If a value is not of its column's type.
    """
    parts: list[Path] = []
    try:
        schema = _write_parts(path, list(names), batches, parts, hint)
        if len(parts) == 1:
            parts[0].replace(path)
        else:
            write_batches(path, schema, _all_cast(parts, schema))
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def _write_parts(
    path: Path, names: list[str], batches: Iterable[Sequence[Sequence[Any]]], parts: list[Path], hint: str
) -> pa.Schema:
    """Write a part for each widening of the types; returns the widest."""
    kinds: list[pa.DataType] = [pa.null()] * len(names)
    writer: pq.ParquetWriter | None = None
    first = 0
    try:
        for rows in batches:
            columns = [[_carried(row[place]) for row in rows] for place in range(len(names))]
            wider_kinds = [
                wider(kind, in_utc(decide_type(name, column)))
                for name, kind, column in zip(names, kinds, columns, strict=True)
            ]
            if writer is None or wider_kinds != kinds:
                if writer is not None:
                    writer.close()
                kinds = wider_kinds
                parts.append(path.with_suffix(f".{len(parts)}.part"))
                writer = pq.ParquetWriter(parts[-1], _schema(names, kinds), compression="zstd", compression_level=1)
            arrays = [_array(*column, first, hint) for column in zip(names, columns, kinds, strict=True)]
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=_schema(names, kinds)))
            first += len(rows)
    finally:
        if writer is not None:
            writer.close()
    return _schema(names, kinds)


def _schema(names: Sequence[str], kinds: Sequence[pa.DataType]) -> pa.Schema:
    return pa.schema([pa.field(name, kind) for name, kind in zip(names, kinds, strict=True)])


def _carried(value: Any) -> Any:
    """Return a value of a driver as a corpus holds it."""
    if isinstance(value, _PLAIN):
        return value
    if type(value).__name__ in _AS_TEXT:
        return str(value)
    if isinstance(value, memoryview):
        return bytes(value)
    return [_carried(part) for part in value] if isinstance(value, list | tuple) else value


def _array(name: str, values: Sequence[Any], kind: pa.DataType, first: int, hint: str) -> pa.Array:
    array, misfits = to_array(values, kind)
    if array is None:
        position, reason = next(iter(misfits.items()))
        raise CorpusError(f"row {first + position}: column {name!r}: {reason}", hint=hint.format(name=name))
    return array


def _all_cast(parts: Sequence[Path], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Read all parts in the widest types."""
    for part in parts:
        with pq.ParquetFile(part) as file:
            for batch in file.iter_batches():
                arrays = [_cast(column, kind) for column, kind in zip(batch.columns, schema.types, strict=True)]
                yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _cast(array: pa.Array, kind: pa.DataType) -> pa.Array:
    if array.type == kind:
        return array
    if pa.types.is_nested(kind):  # which Arrow does not widen in all its versions
        return pa.array(array.to_pylist(), kind)
    return array.cast(kind)
