"""Take columns, and fields of structs, out of what a source delivers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from labelkit.corpus._arrow_types import deliver


class Place(NamedTuple):
    """Where the values of a column are.

    Attributes
    ----------
    column : str
        A column of the source.
    fields : tuple of str
        The way from there through structs; empty for the column itself.
    """

    column: str
    fields: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The dotted name."""
        return ".".join((self.column, *self.fields))


def taken_out(chunk: pa.RecordBatch, places: Mapping[str, Place], schema: pa.Schema) -> pa.RecordBatch:
    """Take columns and fields out of a batch; the fields of a struct that is null are null."""
    arrays = []
    for field, place in zip(schema, places.values(), strict=True):
        array = chunk.column(place.column)
        if pa.types.is_null(array.type):
            array = pa.nulls(len(array), field.type)
        elif place.fields:
            array = pc.struct_field(array, list(place.fields[: _depth(array.type, place.fields)]))
        if pa.types.is_integer(array.type) and pa.types.is_floating(field.type):
            array = array.cast(field.type, safe=False)  # the nearest ones, as Python and JSON give
        arrays.append(deliver(array, field.type, field.name))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _depth(kind: pa.DataType, fields: Sequence[str]) -> int:
    """Return how far a way leads through structs; what is behind a struct that is always null is null."""
    for depth, name in enumerate(fields):
        if not pa.types.is_struct(kind):
            return depth
        kind = kind.field(name).type
    return len(fields)
