r"""Find the strings of which each match of a pattern holds one, so that texts without them need not be scanned for it.

>>> from labelkit.matching.regex_syntax import read
>>> from labelkit.rules.predicates import Pattern
>>> sorted(literals_of(read(Pattern(r"(?i)\bcolou?r\s+of\s+\w+")).tree))
['color', 'colour']
>>> literals_of(read(Pattern(r"\d+|cat")).tree) is None
True
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from labelkit.matching._unicode_tables import folds, mixed_characters
from labelkit.matching.charsets import Ranges
from labelkit.matching.regex_syntax import Again, Chars, Concat, Either, Node, Repeat

Strings: TypeAlias = frozenset[str]

MOST_STRINGS: Final = 256
"""Strings of one tree."""

MOST_CHARACTERS: Final = 16
"""Code points of a set, such as ``[!?]``, whose characters are spelled out."""

LONGEST: Final = 24
"""Characters of a string; a longer one excludes hardly more texts."""

ENOUGH: Final = 6
"""Characters that are left of a string when its frequent beginning is cut off."""

RARE: Final = 0.003
"""The greatest share of places in texts at which the strings may be expected."""

FREQUENT: Final = " etaoinshrdlcumwfgypbvkjxqz"
_SHARES: Final = {letter: 0.12 * 0.87**rank for rank, letter in enumerate(FREQUENT)}
_SHARE_OF_OTHERS: Final = 0.003


@dataclass(frozen=True)
class _Seen:
    """What a tree matches: exactly these strings (if they are few), and strings of which each match holds one."""

    exact: Strings | None
    held: Strings | None


NOTHING_KNOWN: Final = _Seen(None, None)
_EMPTY: Final = frozenset({""})


def literals_of(tree: Node) -> Strings | None:
    """Return strings of which each match of a tree holds one, or None if there are none that are rare.

    The strings are folded (:func:`~labelkit.matching._unicode_tables.folds`), and one space stands for each run of
    white space: a text holds one if it does in any case, with any white space.
    """
    held = _seen(tree).held
    if held is None or share(held) > RARE:
        return None
    return frozenset(map(_from_its_rarest, held))


def share(strings: Iterable[str]) -> float:
    """Estimate at how many places of a text one of some strings stands, from the letters of English."""
    return sum(math.prod(_SHARES.get(character, _SHARE_OF_OTHERS) for character in string) for string in strings)


def _from_its_rarest(string: str) -> str:
    """Cut off the beginning of a string, so that it begins with those three characters of it that are rarest."""
    starts = range(max(1, len(string) - ENOUGH + 1))
    return string[min(starts, key=lambda start: share([string[start : start + 3]])) :]


def _seen(node: Node) -> _Seen:
    match node:
        case Chars(ranges):
            return _one_of(_characters(ranges))
        case Again():
            return NOTHING_KNOWN
        case Concat(parts):
            return _sequence(map(_seen, parts))
        case Either(parts):
            return _any_of([_seen(part) for part in parts])
        case Repeat(body, least, most):
            return _repeated(_seen(body), least, most)
    return _one_of(_EMPTY)  # conditions read nothing


def _one_of(exact: Strings | None) -> _Seen:
    return _Seen(exact, exact)


@lru_cache(maxsize=4096)
def _characters(ranges: Ranges) -> Strings | None:
    """Return the folded characters of a set, or None if they are many, or one is equal to one of another kind."""
    pairs = list(zip(ranges[::2], ranges[1::2], strict=True))
    if sum(stop - start for start, stop in pairs) > MOST_CHARACTERS:
        return None
    characters = {chr(code) for start, stop in pairs for code in range(start, stop)}
    if any(not characters.isdisjoint(some) for some in mixed_characters()):
        return None
    return frozenset(" " if one.isspace() else chr(folds()[ord(one)]) for one in characters)


def _joined(left: Strings, right: Strings) -> Strings | None:
    """Return all strings of two parts, or None if they are many or long."""
    if len(left) * len(right) > MOST_STRINGS:
        return None
    both = frozenset(re.sub("  +", " ", one + other) for one, other in itertools.product(left, right))
    return None if any(len(string) > LONGEST for string in both) else both


def _rarer(one: Strings | None, other: Strings | None) -> Strings | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other, key=share)


def _sequence(parts: Iterable[_Seen]) -> _Seen:
    exact, held, whole = _EMPTY, None, True
    for part in parts:
        joined = None if part.exact is None else _joined(exact, part.exact)
        if joined is None:
            held, whole = _rarer(held, _rarer(exact, part.held)), False
        exact = joined if joined is not None else part.exact if part.exact is not None else _EMPTY
    return _Seen(exact if whole else None, _rarer(held, exact))


def _any_of(parts: list[_Seen]) -> _Seen:
    return _Seen(_union([part.exact for part in parts]), _union([part.held for part in parts]))


def _union(sets: list[Strings | None]) -> Strings | None:
    sure = [some for some in sets if some is not None]
    together = frozenset().union(*sure)
    return together if len(sure) == len(sets) and len(together) <= MOST_STRINGS else None


def _repeated(body: _Seen, least: int, most: int | None) -> _Seen:
    """Spell out the repetitions of strings, as far as they are few."""
    times = [_one_of(_EMPTY)]
    while len(times) <= (most if most is not None and most <= least + 2 else least) and times[-1].exact is not None:
        times.append(_sequence([times[-1], body]))
    exact = _any_of(times[least:]).exact if most is not None and len(times) > most else None
    return _Seen(exact, exact if exact is not None else times[min(least, len(times) - 1)].held)
