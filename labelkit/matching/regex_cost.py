r"""Bound the length of text that Python's ``re`` can search quickly, by analysing the pattern for backtracking.

A pattern that the automaton scans in one pass may take ``re`` years. ``re`` backtracks wherever a loop could have ended
earlier, so the number of *ambiguous* loops counts: those that can read the character that follows them. Each ambiguous
loop multiplies the time by the length of the text; inside another loop it makes the time exponential.

>>> from labelkit.rules.predicates import Pattern
>>> safe_length(Pattern(r"[0-9]+(?:,[0-9]+)*")), safe_length(Pattern(r"a.*b.*c")), safe_length(Pattern(r"(a+)+b"))
(4000, 300, 0)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from labelkit.matching.charsets import EVERYTHING, Ranges, union
from labelkit.matching.regex_syntax import (
    Again,
    Chars,
    Concat,
    Either,
    Node,
    NotReadError,
    Repeat,
    nullable,
    read,
    size,
)
from labelkit.rules.predicates import Pattern

SAFE_LENGTHS: Final = {1: 200_000, 2: 4_000, 3: 300}
"""Characters that take a fraction of a second, by the degree of the polynomial in the length that bounds the time."""

FEW: Final = 3
"""A repetition of at most this many times does not count as a loop."""


class _ExponentialError(Exception):
    """The time may grow exponentially."""


def safe_length(pattern: Pattern) -> int:
    """Return a number of characters that ``re`` is certain to search in a fraction of a second.

    Parameters
    ----------
    pattern : Pattern

    Returns
    -------
    int
        0 if there is no such length, or none can be proved.
    """
    try:
        expression = read(pattern)
        tree, ambiguous = expression.tree, _ambiguous_loops(expression.tree, (), inside=False)
    except (NotReadError, _ExponentialError):
        return 0
    if not expression.exact:  # the parts that were relaxed could cost anything
        return 0
    has_unambiguous = sum(1 for _ in _loops(tree)) > ambiguous
    return SAFE_LENGTHS.get(1 + ambiguous + has_unambiguous, 0)


def _ambiguous_loops(node: Node, follow: Ranges, *, inside: bool) -> int:
    """Count the loops that can read the character that follows them.

    Parameters
    ----------
    node : Node
    follow : ranges
        The characters that may come after the node.
    inside : bool
        True if the node is in a loop, where an ambiguous loop makes the time exponential.

    Raises
    ------
    _ExponentialError
        If the time may grow exponentially.
    """
    if isinstance(node, Concat):
        return sum(
            _ambiguous_loops(part, _first(node.parts[i + 1 :], follow), inside=inside)
            for i, part in enumerate(node.parts)
        )
    if isinstance(node, Either):
        if inside and size(node) and _any_overlap([_first([part], follow) for part in node.parts]):
            raise _ExponentialError
        return sum(_ambiguous_loops(part, follow, inside=inside) for part in node.parts)
    if not isinstance(node, Repeat):
        return 0
    again = _first([node.body], ())
    loop = _is_loop(node)
    if loop and nullable(node.body):
        raise _ExponentialError
    ambiguous = (loop or (inside and node.least != node.most)) and _overlap(again, follow)
    if ambiguous and inside:
        raise _ExponentialError
    within = _ambiguous_loops(node.body, union([again, follow]), inside=inside or loop)
    return within + int(ambiguous)


def _is_loop(node: Repeat) -> bool:
    return node.most is None or node.most > FEW


def _loops(node: Node) -> Iterator[Repeat]:
    if isinstance(node, Repeat):
        if _is_loop(node):
            yield node
        yield from _loops(node.body)
    for part in getattr(node, "parts", ()):
        yield from _loops(part)


def _first(parts: Sequence[Node], follow: Ranges) -> Ranges:
    """Return the characters that a sequence may read first; if all parts may be empty, also those that follow it."""
    first: list[Ranges] = []
    for part in parts:
        first.append(_first_of(part))
        if not nullable(part):
            return union(first)
    return union([*first, follow])


def _first_of(node: Node) -> Ranges:
    match node:
        case Chars(ranges):
            return ranges
        case Again():
            return EVERYTHING
        case Concat(parts):
            return _first(parts, ())
        case Either(parts):
            return union([_first_of(part) for part in parts])
        case Repeat(body, _, _):
            return _first_of(body)
    return ()  # look-around reads nothing


def _any_overlap(some: Sequence[Ranges]) -> bool:
    return any(_overlap(one, other) for i, one in enumerate(some) for other in some[i + 1 :])


def _overlap(one: Ranges, other: Ranges) -> bool:
    pairs = [list(zip(ranges[::2], ranges[1::2], strict=True)) for ranges in (one, other)]
    return any(a < d and c < b for a, b in pairs[0] for c, d in pairs[1])
