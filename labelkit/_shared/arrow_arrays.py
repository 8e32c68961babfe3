"""Convert NumPy arrays to Arrow, with all of their texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa


def arrow_array(values: Any) -> pa.Array:
    r"""Return values as an Arrow array; Arrow itself ends texts of NumPy's own type at the first NUL.

    >>> arrow_array(np.array(["a\0b"])).to_pylist()
    ['a\x00b']
    """
    import pyarrow as pa  # noqa: PLC0415 - only for who asks

    if isinstance(values, np.ndarray) and values.dtype.kind == "U":
        return pa.array(values.astype(object), pa.string())
    return pa.array(values)
