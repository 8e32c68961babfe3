"""Tell the kinds of Arrow's types, of which there are several for texts, bytes and lists."""

from __future__ import annotations

import pyarrow as pa

_LISTS = (
    (pa.types.is_list, pa.list_),
    (pa.types.is_large_list, pa.large_list),
    (pa.types.is_list_view, pa.list_view),
    (pa.types.is_large_list_view, pa.large_list_view),
)
"""Each kind of list, but those of one size, and how it is made of the field of its values."""


def is_text(kind: pa.DataType) -> bool:
    """Return whether values are texts.

    >>> [is_text(kind) for kind in (pa.string(), pa.large_string(), pa.string_view(), pa.binary())]
    [True, True, True, False]
    """
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_bytes(kind: pa.DataType) -> bool:
    """Return whether values are bytes.

    >>> [is_bytes(kind) for kind in (pa.binary(), pa.large_binary(), pa.binary(4), pa.string())]
    [True, True, True, False]
    """
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind))


def is_list(kind: pa.DataType) -> bool:
    """Return whether values are lists.

    >>> inner = pa.int64()
    >>> [is_list(kind) for kind in (pa.list_(inner), pa.large_list(inner), pa.list_(inner, 2), inner)]
    [True, True, True, False]
    """
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def is_number(kind: pa.DataType) -> bool:
    """Return whether values are whole numbers, fractions or decimals; truths are none.

    >>> [is_number(kind) for kind in (pa.uint8(), pa.float16(), pa.decimal128(5, 2), pa.bool_(), pa.date32())]
    [True, True, True, False, False]
    """
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def value_type(kind: pa.DataType) -> pa.DataType:
    """Return the type of the values of a column: that of a dictionary's values, of other columns their own.

    >>> value_type(pa.dictionary(pa.int8(), pa.string())), value_type(pa.int64())
    (DataType(string), DataType(int64))
    """
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def without_views(kind: pa.DataType) -> pa.DataType:
    """Return a type with texts and bytes in place of views of them, at any depth: Arrow takes no rows of views.

    >>> without_views(pa.list_(pa.string_view()))
    ListType(list<item: string>)
    """
    types = pa.types
    if types.is_string_view(kind) or types.is_binary_view(kind):
        return pa.string() if types.is_string_view(kind) else pa.binary()
    if types.is_dictionary(kind):
        values = without_views(kind.value_type)
        return kind if values == kind.value_type else values
    if types.is_struct(kind):
        return pa.struct([_without_views(kind.field(place)) for place in range(kind.num_fields)])
    if types.is_map(kind):
        return pa.map_(_without_views(kind.key_field), _without_views(kind.item_field), keys_sorted=kind.keys_sorted)
    if types.is_fixed_size_list(kind):
        return pa.list_(_without_views(kind.value_field), kind.list_size)
    make = next((make for is_kind, make in _LISTS if is_kind(kind)), None)
    return kind if make is None else make(_without_views(kind.value_field))


def _without_views(field: pa.Field) -> pa.Field:
    return field.with_type(without_views(field.type))
