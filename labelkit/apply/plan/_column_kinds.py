"""Which columns hold values that a rule can compare with its own.

>>> never_equal(date, pa.timestamp("us")), never_equal(date, pa.date32()), never_equal(object, pa.date32())
(True, False, False)
>>> can_be_compared(3, pa.float64()), can_be_compared(3, pa.date32()), can_be_compared("b", pa.string())
(True, False, True)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from numbers import Real
from typing import Any, Final

import pyarrow as pa
from pyarrow import types

from labelkit.rules.compared_kinds import kind_of

_Tests = tuple[Callable[[pa.DataType], bool], ...]

_HOLDS: Final[Mapping[type, _Tests]] = {
    str: (types.is_string, types.is_large_string),
    bool: (types.is_boolean,),
    int: (types.is_integer,),
    float: (types.is_floating,),
    bytes: (types.is_binary, types.is_large_binary, types.is_fixed_size_binary, types.is_binary_view),
    Decimal: (types.is_decimal,),
    datetime: (types.is_timestamp,),
    date: (types.is_date,),
    time: (types.is_time,),
    timedelta: (types.is_duration,),
}
"""The columns that hold values of a type."""

_NUMBERS: Final[_Tests] = (types.is_integer, types.is_floating, types.is_decimal, types.is_boolean)


def never_equal(sought: type, kind: pa.DataType) -> bool:
    """Return whether no value of a column equals one of a Python type, strictly; False for a type that is not known."""
    tests = _HOLDS.get(sought)
    return tests is not None and not types.is_null(kind) and not any(test(kind) for test in tests)


def can_be_compared(end: Any, kind: pa.DataType) -> bool:
    """Return whether Python compares the values of a column with the end of a range; True where that is not known."""
    if types.is_null(kind) or types.is_union(kind):
        return True
    tests = _NUMBERS if isinstance(end, Real | Decimal) else _HOLDS.get(kind_of(end))
    if tests is None:
        return not any(test(kind) for test in _HOLDS[str])
    return any(test(kind) for test in tests) and not is_of_other_zone(end, kind)


def is_of_other_zone(value: Any, kind: pa.DataType) -> bool:
    """Return whether a value is a time with a zone and those of a column have none, or the other way round."""
    is_time = isinstance(value, datetime) and types.is_timestamp(kind)
    return is_time and (value.tzinfo is None) != (kind.tz is None)
