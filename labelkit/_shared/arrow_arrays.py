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


def integers(column: pa.Array | pa.ChunkedArray, *, null: int) -> NDArray[np.int64]:
    """Return a column of integers as a new NumPy array, with a number in the place of null.

    Arrow's ``fill_null`` keeps the type of the column, and -1 is no number of an unsigned one.

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


def without_dictionary(column: pa.Array | pa.ChunkedArray) -> Any:
    """Return a column with its values in the place of a dictionary and indices; others as they are.

    >>> import pyarrow as pa
    >>> without_dictionary(pa.DictionaryArray.from_arrays(pa.array([1, None, 0], pa.uint8()), ["a", None])).to_pylist()
    [None, None, 'a']
    """
    import pyarrow as pa  # noqa: PLC0415 - only for who asks

    from labelkit._shared.arrow_kinds import without_views  # noqa: PLC0415 - as above

    if not pa.types.is_dictionary(column.type):
        return column
    kind = without_views(column.type.value_type)
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    values = [chunk.dictionary.cast(kind).take(chunk.indices) for chunk in chunks]
    return pa.chunked_array(values, kind) if isinstance(column, pa.ChunkedArray) else values[0]


def nan_to_null(column: Any) -> Any:
    """Return a column with null in the place of NaN, for columns in which NaN stands for a missing value.

    >>> import pyarrow as pa
    >>> nan_to_null(pa.array([1.5, float("nan"), None])).to_pylist()
    [1.5, None, None]
    """
    import pyarrow as pa  # noqa: PLC0415 - only for who asks
    import pyarrow.compute as pc  # noqa: PLC0415 - as above

    if not pa.types.is_floating(column.type):
        return column
    missing = pc.is_nan(column)
    return pc.if_else(missing, pa.scalar(None, column.type), column) if pc.any(missing).as_py() else column


def coded(column: pa.Array | pa.ChunkedArray) -> tuple[NDArray[np.int64], pa.Array]:
    """Number the distinct values of a column.

    A dictionary may hold a value twice, null, or values of no row, and each chunk may have its own: they are numbered
    as the values that the rows have.

    Returns
    -------
    codes : ndarray of int64, shape (n_rows,)
        The number of each row's value; -1 where there is none.
    values : pyarrow.Array
        The values that some row has: in the order of their first row, or of the dictionaries. None is null or NaN.

    Raises
    ------
    pyarrow.ArrowNotImplementedError
        If values of that type cannot be compared, such as lists.

    Examples
    --------
    >>> import pyarrow as pa
    >>> codes, values = coded(pa.DictionaryArray.from_arrays(pa.array([3, 1, None], pa.uint8()), ["a", None, "b", "a"]))
    >>> codes.tolist(), values.to_pylist()
    ([0, -1, -1], ['a'])
    """
    import pyarrow as pa  # noqa: PLC0415 - only for who asks

    from labelkit._shared.arrow_kinds import without_views  # noqa: PLC0415 - as above

    column = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
    if pa.types.is_dictionary(column.type):
        return _recoded(column)
    if pa.types.is_null(column.type):  # null would be a value of its dictionary
        return np.full(len(column), -1, dtype=np.int64), pa.nulls(0)
    column = nan_to_null(column.cast(without_views(column.type)))
    encoded = column.dictionary_encode()  # of one dictionary
    indices = pa.chunked_array([chunk.indices for chunk in encoded.chunks], pa.int32())
    return integers(indices, null=-1), encoded.chunk(0).dictionary if encoded.num_chunks else pa.nulls(0, column.type)


def _recoded(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], pa.Array]:
    """Number the values of the dictionaries, of which chunks may share one, and then those of the rows."""
    import pyarrow as pa  # noqa: PLC0415 - only for who asks

    dictionaries: list[pa.Array] = []
    start, starts = 0, []
    for chunk in column.chunks:
        if not dictionaries or not dictionaries[-1].equals(chunk.dictionary):
            start = sum(map(len, dictionaries))
            dictionaries.append(chunk.dictionary)
        starts.append(start)
    of_entry, values = coded(pa.chunked_array(dictionaries, column.type.value_type))
    of_entry = np.append(of_entry, -1)
    indices = [integers(chunk.indices, null=-1) for chunk in column.chunks]
    entries = [np.where(places < 0, -1, places + start) for places, start in zip(indices, starts, strict=True)]
    codes = of_entry[np.concatenate(entries)] if entries else np.empty(0, dtype=np.int64)
    is_used = np.zeros(len(values) + 1, dtype=bool)
    is_used[codes] = True
    is_used[-1] = False
    number = np.where(is_used, np.cumsum(is_used) - 1, -1)
    return number[codes], values.filter(pa.array(is_used[:-1]))
