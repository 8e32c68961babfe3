"""Compute the set of code points that an item of a regular expression matches.

Case folding and Unicode classes are computed by running ``re`` itself on each item, so its oddities are included.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from labelkit.matching._cpython import NotReadError, run_of
from labelkit.matching._unicode_tables import (
    N_CODE_POINTS,
    cased_characters,
    members,
    unsure_characters as unsure_characters,  # noqa: PLC0414 - other rooms take it from here
)

Ranges: TypeAlias = tuple[int, ...]
"""A set of code points as sorted half-open ranges, flattened: ``(start, stop, start, stop, ...)``."""

EVERYTHING: Ranges = (0, N_CODE_POINTS)
NEWLINE: Ranges = (10, 11)

RUNS: Final = {"WORD": r"\w+", "SPACE": r"\s+", "DIGIT": r"\d+"}
"""Patterns for runs of the characters of a class."""


@lru_cache(maxsize=4096)
def character_set(op: str, argument: Any, flags: int) -> Ranges:
    """Return the code points that an item of ``re``'s parser for a single character matches under the flags."""
    as_written = _as_written(op, argument, flags)
    if not flags & re.IGNORECASE:
        return as_written
    # Ignoring case can only change the result for letters that have another case; for those, run re.
    mask = np.zeros(N_CODE_POINTS, dtype=np.bool_)
    for start, stop in zip(as_written[::2], as_written[1::2], strict=True):
        mask[start:stop] = True
    codes, letters = cased_characters()
    mask[codes] = False
    for match in run_of(op, argument, flags).finditer(letters):
        mask[codes[match.start() : match.end()]] = True
    return ranges_of(mask)


def _as_written(op: str, argument: Any, flags: int) -> Ranges:
    """Return the code points that an item matches when case matters."""
    if op == "ANY":
        return EVERYTHING if flags & re.DOTALL else complement(NEWLINE)
    if op in {"LITERAL", "NOT_LITERAL"}:
        one = (int(argument), int(argument) + 1)
        return one if op == "LITERAL" else complement(one)
    parts: list[Ranges] = []
    opposite = False
    for item, value in argument:
        match str(item):
            case "NEGATE":
                opposite = True
            case "LITERAL":
                parts.append((int(value), int(value) + 1))
            case "RANGE":
                parts.append((int(value[0]), int(value[1]) + 1))
            case _:
                parts.append(_class(str(value).removeprefix("CATEGORY_"), ascii_only=bool(flags & re.ASCII)))
    listed = union(parts)
    return complement(listed) if opposite else listed


@lru_cache
def _class(name: str, *, ascii_only: bool) -> Ranges:
    """Return the code points of a class of characters, by the name that ``re``'s parser has for it."""
    if name.startswith("NOT_"):
        return complement(_class(name.removeprefix("NOT_"), ascii_only=ascii_only))
    if name not in RUNS:
        raise NotReadError(name)
    return ranges_of(members(RUNS[name], re.ASCII if ascii_only else 0))


def word_characters(*, ascii_only: bool) -> Ranges:
    r"""Return the word characters by which ``re`` decides on word boundaries (``\b``)."""
    return _class("WORD", ascii_only=ascii_only)


def ranges_of(mask: npt.NDArray[np.bool_]) -> Ranges:
    """Return the set of the code points that are true in a mask."""
    edges = (np.flatnonzero(mask[1:] != mask[:-1]) + 1).tolist()
    return (*([0] if mask[0] else []), *edges, *([len(mask)] if mask[-1] else []))


def complement(ranges: Ranges) -> Ranges:
    """Return all other code points.

    >>> complement((5, 7))
    (0, 5, 7, 1114112)
    """
    edges = ranges[1:] if ranges[:1] == (0,) else (0, *ranges)
    return edges[:-1] if edges[-1:] == (N_CODE_POINTS,) else (*edges, N_CODE_POINTS)


def union(some: Iterable[Ranges]) -> Ranges:
    """Return the code points that are in any of the sets."""
    merged: list[int] = []
    for start, stop in sorted(pair for ranges in some for pair in zip(ranges[::2], ranges[1::2], strict=True)):
        if merged and start <= merged[-1]:
            merged[-1] = max(merged[-1], stop)
        else:
            merged += (start, stop)
    return tuple(merged)


def contains(ranges: Ranges, code: int) -> bool:
    """Return True if a code point is in a set."""
    return bisect_right(ranges, code) % 2 == 1
