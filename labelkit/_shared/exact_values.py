"""Values of pandas and Arrow as arrays: whole numbers beside gaps stay whole numbers, of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

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


def column_series(column: Any) -> pd.Series:
    """Return a column of Arrow for pandas; whole numbers beside gaps stay exact."""
    values: pd.Series = column.to_pandas(integer_object_nulls=True)
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
