"""Which keys can stand in a column at all: look-ups are strict in type, and a database is not asked what it would mix.

Databases compare more loosely than look-ups do (``1`` equals ``1.0``, and in some columns ``'a'`` equals ``'A'``), or
refuse a key of another type. So only keys of the column's type are asked for, and what comes back is compared again.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Any, Final
from uuid import UUID

SMALLEST: Final = -(2**63)
LARGEST: Final = 2**64
"""Whole numbers below the one, and from the other on, fit into no column of whole numbers."""


def strict(key: Any, width: int) -> Hashable:
    """What a key is compared by: its type and value, or those of its parts."""
    return tuple((type(part), part) for part in key) if width else (type(key), key)


def may_stand(part: Any, kind: type | None) -> bool:
    """Whether a value can stand in a column of a type; None is a column that takes any.

    >>> may_stand(1, int), may_stand(True, int), may_stand(2**64, int), may_stand(float("nan"), float)
    (True, False, False, False)
    """
    if kind is UUID:
        return isinstance(part, str) and _is_uuid(part)
    if kind is not None and type(part) is not kind:
        return False
    if isinstance(part, str):
        return part != "" and _is_utf8(part)  # blank entries are left out of every look-up
    if isinstance(part, int):
        return SMALLEST <= part < LARGEST
    return not (isinstance(part, float) and math.isnan(part))


def _is_uuid(text: str) -> bool:
    """Whether a text is how a database writes a UUID; of other ways to write it, none is equal."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate, which only Python can hold
        return False
    return True


def received(part: Any) -> Any:
    """A value as corpora have it."""
    return str(part) if isinstance(part, UUID) else part


def distinct(keys: Sequence[Any], kinds: Sequence[type | None], width: int) -> list[tuple[Any, ...]]:
    """The keys that can stand in columns of these types, each once, as tuples.

    >>> distinct(["a", 1, "a", "b"], [str], 0)
    [('a',), ('b',)]
    """
    found: dict[Hashable, tuple[Any, ...]] = {}
    for key in keys:
        parts = key if width else (key,)
        if all(map(may_stand, parts, kinds)):
            found.setdefault(strict(key, width), tuple(parts))
    return list(found.values())
