"""Select the keys that a column can hold, and compare keys strictly by type.

Databases compare more loosely than look-ups do (``1`` equals ``1.0``, and in some columns ``'a'`` equals ``'A'``), or
refuse a key of another type. So a query contains only keys of the column's type, and the rows that it returns are
compared again in Python.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Any, Final
from uuid import UUID

from labelkit.rules.compared_kinds import kind_of

SMALLEST: Final = -(2**63)
LARGEST: Final = 2**64
"""Integers below ``SMALLEST``, or from ``LARGEST`` on, fit into no integer column."""


def strict_key(key: Any, width: int) -> Hashable:
    """Return a key with its type, or with the types of its parts, so that equality is strict in type."""
    return tuple((kind_of(part), part) for part in key) if width else (kind_of(key), key)


def fits_column(part: Any, kind: type | None) -> bool:
    """Return True if a column of a type can hold a value; None is a column that takes any type.

    >>> fits_column(1, int), fits_column(True, int), fits_column(2**64, int), fits_column(float("nan"), float)
    (True, False, False, False)
    """
    if kind is UUID:
        return isinstance(part, str) and _is_uuid(part)
    if kind is not None and kind_of(part) is not kind:
        return False
    if isinstance(part, str):
        return _is_utf8(part)
    if isinstance(part, int):
        return SMALLEST <= part < LARGEST
    return not (isinstance(part, float) and math.isnan(part))


def _is_uuid(text: str) -> bool:
    """Return True if a text is a UUID in the canonical form of databases; no other spelling is equal to it."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate, which no database stores
        return False
    return True


def corpus_value(part: Any) -> Any:
    """Convert a value of a database to the type that corpora use: a UUID to a string, others unchanged."""
    return str(part) if isinstance(part, UUID) else part


def distinct_keys(keys: Sequence[Any], kinds: Sequence[type | None], width: int) -> list[tuple[Any, ...]]:
    """Return the keys that columns of these types can hold, each once, as tuples.

    >>> distinct_keys(["a", 1, "a", "b"], [str], 0)
    [('a',), ('b',)]
    """
    by_key: dict[Hashable, tuple[Any, ...]] = {}
    for key in keys:
        parts = key if width else (key,)
        if all(map(fits_column, parts, kinds)):
            by_key.setdefault(strict_key(key, width), tuple(parts))
    return list(by_key.values())
