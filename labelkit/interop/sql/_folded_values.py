"""Strings that are equal to a value when both are case-folded, as a tree that a regular expression spells."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from labelkit.interop.sql._portable_regex import TEXT_END, TEXT_START
from labelkit.matching.charsets import Ranges, union
from labelkit.matching.regex_syntax import Chars, Concat, Either, Node
from labelkit.rules.writing import NotWritableError

MOST_EXPANSIONS = 12
"""Places of a value at which one character stands for several, such as ``ß`` for ``ss``."""


def folded_values(values: Sequence[str]) -> Node:
    """Return the tree of the whole texts whose ``str.casefold`` is that of one of the values."""
    ways = tuple(_spellings(value.casefold()) for value in dict.fromkeys(values))
    return Concat((TEXT_START, Either(ways), TEXT_END))


@cache
def _unfolded() -> dict[str, Ranges]:
    """Map each folded string to the characters that fold to it, for characters that fold to something else."""
    table: dict[str, list[int]] = {}
    for code in range(0x110000):
        folded = chr(code).casefold()
        if folded != chr(code):
            table.setdefault(folded, []).append(code)
    return {folded: union((code, code + 1) for code in codes) for folded, codes in table.items()}


def _spellings(folded: str) -> Node:
    table = _unfolded()
    expansions = [
        (i, n) for i in range(len(folded)) for n in (2, 3) if folded[i : i + n] in table and i + n <= len(folded)
    ]
    if len(expansions) > MOST_EXPANSIONS:
        raise NotWritableError(f"the value {folded[:40]!r} has too many spellings that differ in case")
    rest: dict[int, Node] = {len(folded): Concat(())}
    for i in range(len(folded) - 1, -1, -1):
        sign = folded[i]
        same: Ranges = (ord(sign), ord(sign) + 1) if sign.casefold() == sign else ()
        ways = [(Chars(union((same, table.get(sign, ())))), i + 1)]
        ways += [(Chars(table[folded[i : i + n]]), i + n) for start, n in expansions if start == i]
        parts = tuple(Concat((characters, rest[after])) for characters, after in ways)
        rest[i] = parts[0] if len(parts) == 1 else Either(parts)
    return rest[0]
