"""Call the parts of CPython that are not public: the parser and compiler of ``re``, and its tables of letters.

Where a Python has renamed them, :class:`NotReadError` is raised here and nowhere else. Then patterns are left to
``re.search`` on every row, and tables of letters are computed by running ``re`` on them: slower, with the same votes.

>>> items, flags = parsed("a+", 0)
>>> [str(op) for op, _ in items]
['MAX_REPEAT']
>>> chr(simple_lower()(ord("K"))), sorted(map(chr, extra_cases()[ord("s")]))
('k', ['ſ'])
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

from labelkit._shared.quiet_regex import may_warn


class NotReadError(Exception):
    """The pattern has something that only ``re`` understands, or this Python has renamed a part of ``re``."""


def parsed(pattern: str, flags: int) -> tuple[list[Any], int]:
    """Parse a regular expression into the items of ``re``'s own parser, and all flags that it sets."""
    return _parsed_quietly(pattern, flags) if may_warn(pattern) else _parsed(pattern, flags)


@cache
def _parsed_quietly(pattern: str, flags: int) -> tuple[list[Any], int]:
    """Parse a pattern of which ``re.compile`` has warned already.

    Filters of warnings belong to all threads: two that change them at once may leave them changed. So such patterns are
    to be parsed by the main thread first, and what was parsed is kept.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _parsed(pattern, flags)


def _parsed(pattern: str, flags: int) -> tuple[list[Any], int]:
    try:
        tree = import_module("re._parser").parse(pattern, flags & ~re.DEBUG)  # which prints
        return list(tree), int(tree.state.flags)
    except (ImportError, AttributeError, TypeError) as reason:
        raise NotReadError("re._parser") from reason


def run_of(op: str, argument: Any, flags: int) -> re.Pattern[str]:
    """Compile a pattern for runs of the characters that an item of the parser matches."""
    try:
        parser, compiler, constants = (import_module(f"re._{name}") for name in ("parser", "compiler", "constants"))
        state = parser.State()
        state.flags = flags
        single = parser.SubPattern(state, [(getattr(constants, op), list(argument) if op == "IN" else argument)])
        run = parser.SubPattern(state, [(constants.MAX_REPEAT, (1, constants.MAXREPEAT, single))])
        pattern: re.Pattern[str] = compiler.compile(run, flags)
    except (ImportError, AttributeError, TypeError) as reason:
        raise NotReadError("re._compiler") from reason
    return pattern


def simple_lower() -> Callable[[int], int]:
    """Return the function by which ``re.IGNORECASE`` changes the case of a code point."""
    try:
        lower: Callable[[int], int] = import_module("_sre").unicode_tolower
    except (ImportError, AttributeError) as reason:
        raise NotReadError("_sre") from reason
    return lower


def extra_cases() -> Mapping[int, tuple[int, ...]]:
    """Return the table of letters that are equal under ``re.IGNORECASE``, though their lower cases differ."""
    try:
        table: Mapping[int, tuple[int, ...]] = import_module("re._casefix")._EXTRA_CASES  # noqa: SLF001 - no public name
    except (ImportError, AttributeError) as reason:
        raise NotReadError("re._casefix") from reason
    return table
