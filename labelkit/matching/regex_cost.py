r"""In how long a text Python's ``re`` is sure to be done with a pattern soon, told from the pattern alone.

What the automaton scans in one pass may keep ``re`` busy for years. ``re`` goes back wherever a loop could have ended
earlier, so what counts is which loops know where to end: those that cannot read the character that comes after them.
One that does not know multiplies the time by the length of the text; inside another loop it makes the time exponential.

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
"""Characters that take a fraction of a second, by the power of the length that the time grows with."""

FEW: Final = 3
"""A repetition of at most so many times is written out, so to speak, and no loop."""


class _WildError(Exception):
    """The time may grow exponentially."""


def safe_length(pattern: Pattern) -> int:
    """How many characters of a text ``re`` can surely search in a fraction of a second.

    Parameters
    ----------
    pattern : Pattern

    Returns
    -------
    int
        0 where that is not sure for any length.
    """
    try:
        known = read(pattern)
        tree, loose = known.tree, _loose(known.tree, (), inside=False)
    except (NotReadError, _WildError):
        return 0
    if not known.exact:  # what was left out may hold anything
        return 0
    tight = sum(1 for _ in _loops(tree)) > loose
    return SAFE_LENGTHS.get(1 + loose + tight, 0)


def _loose(node: Node, follow: Ranges, *, inside: bool) -> int:
    """How many loops do not know where to end.

    Parameters
    ----------
    node : Node
    follow : ranges
        The characters that may come after the node.
    inside : bool
        Whether it stands in a loop, where one such makes the time exponential.
    """
    if isinstance(node, Concat):
        return sum(
            _loose(part, _first(node.parts[i + 1 :], follow), inside=inside) for i, part in enumerate(node.parts)
        )
    if isinstance(node, Either):
        if inside and size(node) and _any_overlap([_first([part], follow) for part in node.parts]):
            raise _WildError
        return sum(_loose(part, follow, inside=inside) for part in node.parts)
    if not isinstance(node, Repeat):
        return 0
    again = _first([node.body], ())
    loop = _is_loop(node)
    if loop and nullable(node.body):
        raise _WildError
    lost = (loop or (inside and node.least != node.most)) and _overlap(again, follow)
    if lost and inside:
        raise _WildError
    within = _loose(node.body, union([again, follow]), inside=inside or loop)
    return within + int(lost)


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
    """The characters that parts, one after the other, may read first; where all may read none, also what follows."""
    found: list[Ranges] = []
    for part in parts:
        found.append(_first_of(part))
        if not nullable(part):
            return union(found)
    return union([*found, follow])


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
    return ()  # what looks around reads nothing


def _any_overlap(some: Sequence[Ranges]) -> bool:
    return any(_overlap(one, other) for i, one in enumerate(some) for other in some[i + 1 :])


def _overlap(one: Ranges, other: Ranges) -> bool:
    pairs = [list(zip(ranges[::2], ranges[1::2], strict=True)) for ranges in (one, other)]
    return any(a < d and c < b for a, b in pairs[0] for c, d in pairs[1])
