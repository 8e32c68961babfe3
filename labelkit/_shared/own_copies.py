"""Copy values that a function of the user's may change, so that what one function does to them no other sees."""

from __future__ import annotations

import copy
import datetime as dt
import decimal
from collections.abc import Mapping
from types import FunctionType, ModuleType
from typing import Any, Final

import numpy as np

_IMMUTABLE: Final = frozenset(
    (type(None), bool, int, float, complex, str, bytes, dt.date, dt.datetime, dt.time, dt.timedelta, decimal.Decimal)
)
_FLAT: Final = frozenset((list, dict, set))
_CONTAINERS: Final = (list, dict, set, bytearray, np.ndarray)


def own_copies(values: list[Any], namespace: Mapping[str, Any]) -> list[Any]:
    """Copy each value that may be changed, whatever it shares with others; the list itself if none may.

    Parameters
    ----------
    values : list
    namespace : mapping of str to object
        The globals of the module that made the values: models, vocabularies and the like that values refer to are not
        copied with them.

    Raises
    ------
    Exception
        Whatever a value raises that cannot be copied.

    Examples
    --------
    >>> names = ["b", "a"]
    >>> first, second = own_copies([names, names], {})
    >>> first.sort()
    >>> first, second, names
    (['a', 'b'], ['b', 'a'], ['b', 'a'])
    """
    if all(kind in _IMMUTABLE or issubclass(kind, np.number | np.bool_) for kind in set(map(type, values))):
        return values
    tools = {id(value): value for value in namespace.values() if _is_tool(value)}
    return [value if type(value) in _IMMUTABLE else _own_copy(value, tools) for value in values]


def _is_tool(value: Any) -> bool:
    """Tell if a global is an object that values refer to, and not data that they are made of."""
    kind = type(value)
    return not (kind in _IMMUTABLE or issubclass(kind, (*_CONTAINERS, tuple, type, FunctionType, ModuleType)))


def _own_copy(value: Any, tools: Mapping[int, Any]) -> Any:
    kind = type(value)
    flat = kind in _FLAT and set(map(type, value.values() if kind is dict else value)) <= _IMMUTABLE
    if flat or (kind is np.ndarray and not value.dtype.hasobject):
        return value.copy()
    if kind.__module__ == "spacy.tokens.doc":  # deepcopy would copy its vocabulary too
        return value.copy()
    return copy.deepcopy(value, {number: tool for number, tool in tools.items() if tool is not value})
