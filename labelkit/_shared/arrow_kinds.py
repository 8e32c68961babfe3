"""Tell the kinds of Arrow's types, of which there are several for texts, bytes and lists."""

from __future__ import annotations

import pyarrow as pa


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
