r"""Turn results into values that JSON has: numbers as numbers, what is undefined as null, intervals as two ends.

>>> plain_value({"share": 0.5, "bound": float("nan"), "path": PurePath("a", "b"), "ids": (1, "x")})
{'share': 0.5, 'bound': None, 'path': 'a/b', 'ids': [1, 'x']}
>>> json_text({"id": chr(27) + "[31m", "size": 3})
'{"id": "\\u001b[31m", "size": 3}'
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from labelkit._shared.markup import escaped
from labelkit._shared.missing import is_missing

if TYPE_CHECKING:
    import pandas as pd

_ENDS: Final = ("_low", "_high")


def plain_value(value: Any) -> Any:
    """Return a value as JSON has it, whatever it is made of; what JSON has no form for, as text.

    Enum members are named, times are written as in ISO 8601, sets are sorted. An interval of which both ends are
    undefined is None.

    >>> plain_value({"accuracy": float("nan"), "accuracy_interval": [float("nan"), float("nan")]})
    {'accuracy': None, 'accuracy_interval': None}
    """
    if is_missing(value) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, Enum):
        return value.name
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {name: _entry(name, plain_value(one)) for name, one in _named(value)}
    if isinstance(value, list):
        return [plain_value(one) for one in value]
    parts = _parts(value)
    return _text(value) if parts is None else plain_value(parts)


def _named(values: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    return ((str(plain_value(name)), one) for name, one in values.items())


def _entry(name: str, value: Any) -> Any:
    if name.endswith("_intervals") and isinstance(value, dict):
        return {of: _entry("_interval", one) for of, one in value.items()}
    return None if name.endswith("_interval") and value == [None, None] else value


def _parts(value: Any) -> Any:
    """Return what a value is made of; None for what has no parts."""
    if callable(getattr(value, "to_dict", None)):
        return value.to_dict()
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if callable(getattr(value, "tolist", None)):  # of numpy
        return value.tolist()
    if isinstance(value, AbstractSet):
        return sorted(map(plain_value, value), key=str)
    is_whole = isinstance(value, bytes | bytearray | PurePath)
    return list(value) if isinstance(value, Iterable) and not is_whole else None


def _text(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes | bytearray) else str(value)


def with_intervals(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain values in which two columns for the ends of an interval are one: ``[low, high]``.

    >>> with_intervals({"recall": 0.5, "recall_low": 0.4, "recall_high": 0.6, "n": 10})
    {'recall': 0.5, 'recall_interval': [0.4, 0.6], 'n': 10}
    >>> with_intervals({"recall_low": float("nan"), "recall_high": float("nan")})
    {'recall_interval': None}
    """
    low, high = _ENDS
    paired = {name.removesuffix(low) for name in row if name.endswith(low) and name.removesuffix(low) + high in row}
    values: dict[str, Any] = {}
    for name, value in row.items():
        stem = next((name.removesuffix(end) for end in _ENDS if name.removesuffix(end) in paired), None)
        if stem is None or stem == name:
            values[name] = plain_value(value)
        elif name.endswith(low):
            ends = [plain_value(value), plain_value(row[stem + high])]
            values[f"{stem}_interval"] = None if ends == [None, None] else ends
    return values


def records(frame: pd.DataFrame, *, index: str | None = None) -> list[dict[str, Any]]:
    """Return a dict for each row of a frame, with its intervals as pairs.

    Parameters
    ----------
    frame : pandas.DataFrame
    index : str, optional
        The name under which the index stands first in each.
    """
    rows = [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
    if index is None:
        return list(map(with_intervals, rows))
    names = frame.index.tolist()
    return [with_intervals({index: name, **row}) for name, row in zip(names, rows, strict=True)]


def json_text(value: Any, *, indent: int | None = None) -> str:
    """Return JSON of which no character acts in a terminal: those that would are escaped, and mean the same."""
    return escaped(json.dumps(plain_value(value), ensure_ascii=False, allow_nan=False, indent=indent))
