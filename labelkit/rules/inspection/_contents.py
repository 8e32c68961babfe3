"""Hash what containers hold: quickly where all of it is plain, and once where several rules read it.

The content of an object is known for the time of one look only: between two looks, it may be changed.

>>> plain_digest({"free": [1, 2]}) == plain_digest({"free": [1, 2]}), plain_digest([print])
(True, None)
"""

from __future__ import annotations

import hashlib
import marshal
from collections import Counter, deque
from collections.abc import Callable, Iterable
from itertools import chain, islice
from types import FunctionType, ModuleType
from typing import Any, Final, TypeVar

ATOMS: Final = frozenset((type(None), bool, int, float, complex, str, bytes))
"""Kinds of plain values."""

HOLDERS: Final = frozenset((dict, list, tuple, set, frozenset))
"""Kinds of containers whose content may be plain."""

_LAYOUT: Final = 2
"""The version of ``marshal`` that writes equal values alike: later ones note which of them are one object."""

_DEEPEST: Final = 100
"""Containers within one another that are written at once."""

_SHORT: Final = 16
"""Items of a tuple that is written wherever it stands; of other containers, it counts whether they are one object."""

_WRITTEN: Final = 64
"""Characters of a value that is written as it is."""

LARGE: Final = 1_000
"""Parts of an object from which on it is searched by itself, once for all rules of a look."""

_T = TypeVar("_T")


class Look:
    """What is known of objects at one moment.

    Nothing is known any more at the next one. An object is held, so that no other gets its address.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], tuple[Any, Any]] = {}

    def known(self, value: Any, name: str, find: Callable[[], _T]) -> _T:
        """Return what is known of an object that is read under a name; found the first time."""
        key = id(value), name
        if key not in self._known:
            self._known[key] = value, find()
        content: _T = self._known[key][1]
        return content

    def forget(self) -> None:
        """Forget everything: code of the user's ran, which may have changed any object."""
        self._known.clear()


def short_digest(value: Any) -> str:
    """Hash a plain value, or write it, where it is short.

    >>> short_digest(5), short_digest("5"), len(short_digest("free " * 100))
    ('int 5', "str '5'", 16)
    """
    text = f"{type(value).__name__} {value!r}"
    if len(text) <= _WRITTEN:
        return text
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def plain_digest(value: Any) -> str | None:
    """Hash a container of :data:`HOLDERS` that holds plain values and such containers; None of any other.

    Objects of derived classes are not plain, nor is a container in which a list, a dict or a set stands twice.
    """
    if not _is_plain(value):
        return None
    is_set = type(value) in (set, frozenset)  # marshal orders sets, too, but slowly
    ordered = sorted(value) if is_set and set(map(type, value)) in ({str}, {int}) else value
    kind = type(value).__name__.encode()
    return hashlib.blake2b(marshal.dumps(ordered, _LAYOUT), digest_size=8, person=kind).hexdigest()


def _is_plain(value: Any) -> bool:
    """Go through containers level by level, which is far faster than one by one."""
    seen: frozenset[int] = frozenset()
    level: list[Any] = [value]
    for _ in range(_DEEPEST):
        kinds = set(map(type, level))
        if not kinds <= ATOMS | HOLDERS:
            return False
        if kinds.isdisjoint(HOLDERS):
            return True
        holders = [one for one in level if type(one) in HOLDERS]
        n_before, above = len(seen), seen
        seen = seen.union(map(id, holders))
        if len(seen) < n_before + len(holders) and not all(map(_is_short, _repeated(holders, above))):
            return False
        level = list(chain.from_iterable(map(_items, holders)))
    return False


def _repeated(holders: list[Any], above: frozenset[int]) -> list[Any]:
    """List the containers of a level that stand twice, in it or in those above it."""
    counts = Counter(map(id, holders))
    return [one for one in holders if counts[id(one)] > 1 or id(one) in above]


def _is_short(value: Any) -> bool:
    return type(value) in (tuple, frozenset) and len(value) <= _SHORT and ATOMS.issuperset(map(type, value))


def _items(value: Any) -> Iterable[Any]:
    return chain(value, value.values()) if type(value) is dict else value


def is_large(value: Any) -> bool:
    """Return whether an object has many parts, found without calling any code of its class."""
    seen: set[int] = set()
    todo, n_parts = [value], 0
    while todo and n_parts < LARGE:
        one = todo.pop()
        if id(one) not in seen:
            seen.add(id(one))
            parts = list(islice(_parts(one), LARGE - n_parts))
            n_parts += len(parts)
            todo += [part for part in parts if type(part) not in ATOMS]
    return n_parts >= LARGE


def _parts(value: Any) -> Iterable[Any]:
    """Iterate over the items of a container, or the attributes of an object, as Python itself keeps them."""
    if isinstance(value, type | FunctionType | ModuleType):
        return ()
    if isinstance(value, dict):
        return chain(dict.keys(value), dict.values(value))
    kind: Any = next((kind for kind in (list, tuple, set, frozenset, deque) if isinstance(value, kind)), None)
    if kind is not None:
        return kind.__iter__(value)  # type: ignore[no-any-return] # of this kind
    try:
        return dict.values(object.__getattribute__(value, "__dict__"))
    except (AttributeError, TypeError):
        return ()
