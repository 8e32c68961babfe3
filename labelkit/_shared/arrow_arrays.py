"""NumPy arrays as Arrow's and back: all texts whole, and numbers as they stand in memory.

Arrow imports pandas, if it is installed, before it converts any array, and that takes a tenth of a second or more.
Numbers need no conversion, but for their buffers to be handed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray


def arrow_array(values: Any, *, mask: NDArray[np.bool_] | None = None) -> pa.Array:
    r"""Return values as an Arrow array; Arrow itself ends texts of NumPy's own type at the first NUL.

    Parameters
    ----------
    values : array-like
    mask : ndarray of bool, optional
        True where the value is null.

    >>> arrow_array(np.array(["a\0b"])).to_pylist()
    ['a\x00b']
    >>> arrow_array(np.array([1, 2]), mask=np.array([False, True])).to_pylist()
    [1, None]
    """
    import pyarrow as pa  # noqa: PLC0415 - only for who asks

    if not isinstance(values, np.ndarray) or values.ndim != 1:
        return pa.array(values, mask=mask)
    if values.dtype.kind in "biuf" and values.dtype.isnative and values.dtype.itemsize <= 8:
        present = None if mask is None else pa.py_buffer(np.packbits(~mask, bitorder="little"))
        stored = np.packbits(values, bitorder="little") if values.dtype == np.bool_ else np.ascontiguousarray(values)
        return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [present, pa.py_buffer(stored)])
    if values.dtype.kind == "U":
        return pa.array(values.astype(object), pa.string(), mask=mask)
    return pa.array(values, mask=mask)


def text_array(texts: Sequence[str]) -> pa.Array:
    """Return texts as an Arrow array.

    >>> text_array(["HAM", "", "日本"]).to_pylist()
    ['HAM', '', '日本']
    """
    import pyarrow as pa  # noqa: PLC0415 - only for who asks

    encoded = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), len(texts), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))])


def no_rows(schema: pa.Schema) -> pa.Table:
    """Return a table without rows."""
    import pyarrow as pa  # noqa: PLC0415 - only for who asks

    return pa.Table.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema)


def numpy_array(column: pa.Array | pa.ChunkedArray) -> NDArray[Any]:
    """Return a column as a NumPy array; numbers without null as they are in memory, and not to be written to.

    >>> import pyarrow as pa
    >>> numpy_array(pa.chunked_array([[1, 2], [3]])).tolist()
    [1, 2, 3]
    """
    import pyarrow as pa  # noqa: PLC0415 - only for who asks

    if isinstance(column, pa.ChunkedArray):
        if column.num_chunks == 1:
            return numpy_array(column.chunk(0))
        return numpy_array(pa.concat_arrays(column.chunks) if column.num_chunks else pa.nulls(0, column.type))
    if column.null_count:
        return np.asarray(column.to_numpy(zero_copy_only=False))
    if pa.types.is_boolean(column.type):
        stop = column.offset + len(column)
        bits = np.frombuffer(column.buffers()[1], np.uint8) if stop else np.empty(0, np.uint8)
        return np.unpackbits(bits, count=stop, bitorder="little")[column.offset :].view(np.bool_)
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return np.from_dlpack(column)
    return np.asarray(column.to_numpy(zero_copy_only=False))


def integers(column: pa.ChunkedArray, *, null: int) -> NDArray[np.int64]:
    """Return a column of integers as a new NumPy array, with a number in the place of null.

    >>> import pyarrow as pa
    >>> integers(pa.chunked_array([[1, None], [3]]), null=-1).tolist()
    [1, -1, 3]
    """
    if not column.null_count:
        return numpy_array(column).astype(np.int64)
    is_null = numpy_array(column.is_null())
    values = np.full(len(column), null, dtype=np.int64)
    values[~is_null] = numpy_array(column.drop_null())
    return values
