"""Values of pandas and Arrow as arrays: whole numbers beside gaps stay whole numbers, of any size."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.arrow_arrays import without_dictionary

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

LARGEST: Final = 2**53
"""Whole numbers beyond it are not all floats."""

_NUMBERS: Final = frozenset({"integer", "floating", "mixed-integer-float", "decimal"})
"""What pandas calls values that are numbers; objects, too."""


def exact_values(values: pd.Series | pd.Index[Any]) -> NDArray[Any]:
    """Return the values of a Series; whole numbers that a float would change are kept as objects beside gaps.

    Parameters
    ----------
    values : Series or Index
        pandas turns whole numbers beside gaps (``Int64``, and types of Arrow) into floats, by which 2**53 and 2**53 + 1
        are one number.

    Examples
    --------
    >>> import pandas as pd
    >>> exact_values(pd.Series(pd.array([2**53 + 1, None], dtype="Int64"))).tolist()
    [9007199254740993, <NA>]
    >>> exact_values(pd.Series(pd.array([1, None], dtype="Int64"))).tolist()
    [1.0, nan]
    """
    has_gaps = getattr(values.dtype, "kind", "O") in "iu" and values.hasnans
    if has_gaps and (values.max() > LARGEST or values.min() < -LARGEST):
        return np.asarray(values.to_numpy(dtype=object))
    return np.asarray(values.to_numpy())


def whole_numbers(values: Iterable[int]) -> NDArray[Any]:
    """Return whole numbers as int64, or as uint64 where one is too large for it; as objects where neither holds all.

    >>> [whole_numbers(given).dtype.name for given in ([1, -2], [1, 2**63], [-1, 2**63])]
    ['int64', 'uint64', 'object']
    """
    numbers = list(values)
    for kind in (np.int64, np.uint64):
        try:
            return np.array(numbers, dtype=kind)
        except OverflowError:
            continue
    return np.array(numbers, dtype=object)


def first_inexact(values: NDArray[Any]) -> float | None:
    """Return the first float that may stand for several whole numbers; None if there is none.

    >>> first_inexact(np.array([1.0, np.nan, 2.0**53 + 1])), first_inexact(np.array(["a", 2**53 + 1], dtype=object))
    (9007199254740992.0, None)
    """
    if values.dtype.kind not in "fO":
        return None
    floats = np.array([value for value in values.tolist() if isinstance(value, float)])
    large = floats[(np.abs(floats) >= LARGEST) & np.isfinite(floats)]
    return float(large[0]) if len(large) else None


def column_series(column: Any) -> pd.Series:
    """Return a column of Arrow for pandas: whole numbers beside gaps stay exact, a dictionary gives way to its values.

    >>> import pyarrow as pa
    >>> column_series(pa.DictionaryArray.from_arrays([0, 1], pa.array(["a", None]))).isna().tolist()
    [False, True]
    """
    values: pd.Series = without_dictionary(column).to_pandas(integer_object_nulls=True)
    return values


def are_numbers(values: pd.Series) -> bool:
    """Return whether all values that are there are numbers, also where a column holds them as objects beside gaps.

    >>> import pandas as pd
    >>> [are_numbers(pd.Series(given, dtype=object)) for given in ([1, None, 2.5], [True, None], ["1"], [None])]
    [True, False, False, False]
    """
    import pandas as pd  # noqa: PLC0415 - the values are of pandas

    return pd.api.types.infer_dtype(values, skipna=True) in _NUMBERS


def quantile_slices(numbers: pd.Series, most: int) -> pd.Series:
    """Cut numbers into slices of about equal size, at most so many; what has none stays without.

    Infinite numbers are in the first or last slice.
    """
    import pandas as pd  # noqa: PLC0415 - as above

    floats = pd.to_numeric(numbers).to_numpy(dtype="float64", na_value=np.nan)
    exact = pd.Series(floats, index=numbers.index)
    finite = exact[np.isfinite(exact)]
    cut: pd.Series = pd.qcut(exact.clip(finite.min(), finite.max()), most, duplicates="drop")
    return cut
