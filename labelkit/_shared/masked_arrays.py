"""Read masked arrays of NumPy, whose mask ``np.asarray`` drops: what it hides would be taken for a value."""

from __future__ import annotations

from typing import Any

import numpy as np


def without_mask(values: Any, missing: Any = None) -> Any:
    """Return the values of a masked array with ``missing`` where they are masked; anything else as it is.

    Parameters
    ----------
    values : object
    missing : int or None
        With None, the values are objects.

    Examples
    --------
    >>> masked = np.ma.masked_array([7, 1], mask=[True, False])
    >>> without_mask(masked).tolist(), without_mask(masked, -1).tolist(), without_mask([7])
    ([None, 1], [-1, 1], [7])
    """
    if not isinstance(values, np.ma.MaskedArray):
        return values
    kind = object if missing is None else np.int64 if values.dtype.kind == "u" else values.dtype
    plain = values.data.astype(kind)
    plain[np.ma.getmaskarray(values)] = missing
    return plain
