"""Find the type that holds what a column holds in several files, and store values in it, of which none may change."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import pyarrow as pa

from labelkit._shared.arrow_kinds import is_list
from labelkit.corpus._arrow_types import of_one_kind

_NUMBERS: Final = {pa.int64(), pa.float64()}
_TIMES: Final = {pa.date32(), pa.timestamp("us")}


def common_of_inferred(kinds: Collection[pa.DataType], *, mixes: bool) -> pa.DataType | None:
    """Return the type that holds the values of several, which are read from text in it; None if there is none.

    >>> common_of_inferred({pa.int64(), pa.float64()}, mixes=False)
    DataType(double)
    """
    if _NUMBERS.issuperset(kinds):
        return pa.float64()
    if _TIMES.issuperset(kinds):
        return pa.timestamp("us")
    return pa.string() if mixes else None


def common_of_stored(kinds: Collection[pa.DataType]) -> pa.DataType | None:
    """Return the type that holds the values of several that mean the same, in other widths; None if there is none.

    >>> common_of_stored([pa.int64(), pa.float32()]), common_of_stored([pa.timestamp("s"), pa.timestamp("ns")])
    (DataType(double), TimestampType(timestamp[ns]))
    >>> common_of_stored([pa.int64(), pa.string()]), common_of_stored([pa.bool_(), pa.int8()])
    (None, None)
    """
    first, *others = kinds
    if not all(of_one_kind(first, other) and _has_its_fields(first, other) for other in others):
        return None
    schemas = [pa.schema([pa.field("values", kind)]) for kind in kinds]
    try:
        return pa.unify_schemas(schemas, promote_options="permissive").field(0).type
    except (pa.ArrowTypeError, pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


def stored_as(array: pa.Array | pa.ChunkedArray, kind: pa.DataType) -> pa.Array | pa.ChunkedArray:
    """Store values in a wider type; of structs, in the fields that were read.

    Raises
    ------
    pyarrow.ArrowInvalid
        If a value would change, such as an integer that no float is.
    """
    kind = _narrowed(kind, array.type)
    try:
        return array.cast(kind)
    except pa.ArrowInvalid:
        raise
    except (pa.ArrowNotImplementedError, pa.ArrowTypeError):  # fields of structs in another order
        return pa.array(array.to_pylist(), kind)


def _has_its_fields(one: pa.DataType, other: pa.DataType) -> bool:
    """Return whether structs, at any depth, have the fields of one another."""
    if pa.types.is_struct(one) and pa.types.is_struct(other):
        fields, others = {field.name: field.type for field in one}, {field.name: field.type for field in other}
        return fields.keys() == others.keys() and all(_has_its_fields(fields[name], others[name]) for name in fields)
    return not (is_list(one) and is_list(other)) or _has_its_fields(one.value_type, other.value_type)


def _narrowed(kind: pa.DataType, held: pa.DataType) -> pa.DataType:
    """Return a type without the fields that were not read."""
    if pa.types.is_struct(kind) and pa.types.is_struct(held):
        fields = {field.name: field.type for field in held}
        return pa.struct([one.with_type(_narrowed(one.type, fields[one.name])) for one in kind if one.name in fields])
    if is_list(kind) and is_list(held) and not pa.types.is_fixed_size_list(kind):
        make = pa.large_list if pa.types.is_large_list(kind) else pa.list_
        return make(kind.value_field.with_type(_narrowed(kind.value_type, held.value_type)))
    return kind
