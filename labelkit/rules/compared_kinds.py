"""Return the type by which a look-up, which is strict in type, compares a value.

The times of pandas are times all the same: Arrow makes a ``Timestamp`` of each time of a column in nanoseconds, and a
``datetime`` of each in any other unit, so that the unit would decide the vote.

>>> import pyarrow as pa
>>> kind_of(True), kind_of(pa.scalar(0, pa.timestamp("ns")).as_py())
(<class 'bool'>, <class 'datetime.datetime'>)
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any


def kind_of(value: Any) -> type:
    """Return the type of a value; of a time or a difference of times of pandas, that of Python."""
    kind = type(value)
    return next((base for base in (datetime, timedelta) if issubclass(kind, base)), kind)
