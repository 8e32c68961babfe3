r"""Rewrite a regular expression without assertions, so that engines of any kind find it in the same texts.

The tree of :mod:`labelkit.matching.regex_syntax` has explicit sets of code points and conditions on single neighbours,
which come from ``\b``, ``^``, ``$`` and look-around. RE2 has no look-around, and what a word character is differs
between engines. So a condition on the next character is pushed into whatever reads that character; behind the end of
the
expression it reads a character itself, which is allowed since only the existence of a match counts. Conditions on the
character before are pushed to the left in the same way.
"""

from __future__ import annotations

from typing import Final

from labelkit.matching.charsets import EVERYTHING, NEWLINE, Ranges, complement, contains, union
from labelkit.matching.regex_syntax import After, Again, Before, Chars, Concat, Either, Node, Repeat, nullable, size
from labelkit.rules.writing import NotWritableError

NEVER: Final = Either(())
TEXT_START: Final = Before((), edge=True)
TEXT_END: Final = After((), edge=True, last_newline=False)

MOST_PARTS: Final = 20_000
"""A rewritten expression that reads more characters than this is refused."""

MOST_UNROLLED: Final = 8
"""A repetition with a condition inside is written out if it is of at most so many."""


def portable(tree: Node) -> Node:
    """Return a tree that finds matches in the same texts, with conditions for the ends of the text alone.

    Raises
    ------
    NotWritableError
        If a condition stands in a repetition, or the tree grows too large.
    """
    return _resolve_before(_resolve_after((tree,)), ())


def empty_matches(tree: Node) -> frozenset[frozenset[Node]]:
    """Return the conditions (on the ends of the text) of each way in which a portable tree matches without reading.

    >>> sorted(map(len, empty_matches(Concat((TEXT_START, Repeat(Chars((97, 98)), 0, None))))))
    [1]
    """
    nothing: frozenset[Node] = frozenset()
    match tree:
        case Before() | After():
            return frozenset({frozenset({tree})})
        case Either(parts):
            return frozenset().union(*map(empty_matches, parts))
        case Concat(parts):
            ways = frozenset({nothing})
            for part in parts:
                ways = frozenset(one | other for one in ways for other in empty_matches(part))
            return ways
        case Repeat(body, least, most):
            return (frozenset() if least else frozenset({nothing})) | (
                frozenset() if most == 0 else empty_matches(body)
            )
    return frozenset()


def intersection(one: Ranges, other: Ranges) -> Ranges:
    """Return the code points that are in both sets."""
    return complement(union((complement(one), complement(other))))


def _has(node: Node, kind: type[Before | After]) -> bool:
    """Return True if a tree holds a condition of a kind that is not that of an end of the text."""
    match node:
        case Concat(parts) | Either(parts):
            return any(_has(part, kind) for part in parts)
        case Repeat(body, _, _):
            return _has(body, kind)
    return isinstance(node, kind)


def _joined(*parts: Node) -> Node:
    """Return a sequence, flattened; NEVER if a part never matches."""
    flat: list[Node] = []
    for part in parts:
        flat += part.parts if isinstance(part, Concat) else (part,)
    whole = NEVER if any(part == NEVER or part == Chars(()) for part in flat) else Concat(tuple(flat))
    _check_size(whole)
    return whole


def _one_of(*parts: Node) -> Node:
    """Return an alternation without parts that never match."""
    some = [part for part in dict.fromkeys(parts) if part != NEVER]
    whole = some[0] if len(some) == 1 else Either(tuple(some))
    _check_size(whole)
    return whole


def _check_size(node: Node) -> None:
    if size(node) > MOST_PARTS:
        raise NotWritableError("the expression becomes too large without look-around")


def _unrolled(node: Repeat) -> Node:
    """Write out a repetition with a condition inside."""
    if node.most is None or node.most > MOST_UNROLLED:
        raise NotWritableError(r"a condition (\b, ^, $ or look-around) stands in a repetition")
    return _one_of(*(Concat((node.body,) * times) for times in range(node.least, node.most + 1)))


def _resolve_after(parts: tuple[Node, ...]) -> Node:
    """Resolve the conditions on the next character in a sequence that ends the expression."""
    if not parts:
        return Concat(())
    head, rest = parts[0], parts[1:]
    match head:
        case After():
            return _narrow_after(head, rest)
        case Again():
            raise NotWritableError("a back-reference has no equivalent")
        case Concat(inner):
            return _resolve_after((*inner, *rest))
        case Either(inner) if _has(head, After):
            return _one_of(*(_resolve_after((part, *rest)) for part in inner))
        case Repeat() if _has(head, After) or _has(head, Before):
            return _resolve_after((_unrolled(head), *rest))
    return _joined(head, _resolve_after(rest))


def _narrow_after(seen: After, parts: tuple[Node, ...]) -> Node:  # noqa: PLR0911 - a case for each kind of node
    """Return the part of a sequence, which ends the expression, whose next character satisfies a condition."""
    if not parts:
        return _read_after(seen)
    head, rest = parts[0], parts[1:]
    match head:
        case After(ranges, edge, last):
            both = After(intersection(seen.ranges, ranges), seen.edge and edge, seen.last_newline and last)
            return _narrow_after(both, rest)
        case Before():
            return _joined(head, _narrow_after(seen, rest))
        case Concat(inner):
            return _narrow_after(seen, (*inner, *rest))
        case Either(inner):
            return _one_of(*(_narrow_after(seen, (part, *rest)) for part in inner))
        case Repeat(body, least, most):
            if _has(head, After) or _has(head, Before) or nullable(body):
                return _narrow_after(seen, (_unrolled(head), *rest))
            more = Repeat(body, max(least - 1, 0), None if most is None else most - 1)
            again = NEVER if most == 0 else _narrow_after(seen, (body, more, *rest))
            return again if least else _one_of(again, _narrow_after(seen, rest))
        case Chars(ranges):
            return _narrowed_chars(seen, ranges, rest)
    raise NotWritableError("a back-reference has no equivalent")


def _narrowed_chars(seen: After, ranges: Ranges, rest: tuple[Node, ...]) -> Node:
    """Read a character that satisfies a condition; a newline that ends the text is apart from the others."""
    if seen.last_newline == contains(seen.ranges, 10) or not contains(ranges, 10):
        return _joined(Chars(intersection(ranges, seen.ranges)), _resolve_after(rest))
    others = intersection(intersection(ranges, seen.ranges), complement(NEWLINE))
    is_last = After((), edge=True, last_newline=False) if seen.last_newline else _any_after()
    return _one_of(_joined(Chars(others), _resolve_after(rest)), _joined(Chars(NEWLINE), _narrow_after(is_last, rest)))


def _any_after() -> After:
    return After(EVERYTHING, edge=False, last_newline=True)


def _read_after(seen: After) -> Node:
    """Read the character behind the expression, or the end of the text."""
    ways: list[Node] = [TEXT_END] if seen.edge else []
    if seen.last_newline == contains(seen.ranges, 10):
        ways.append(Chars(seen.ranges))
    else:
        ways.append(Chars(intersection(seen.ranges, complement(NEWLINE))))
        ways.append(_joined(Chars(NEWLINE), TEXT_END if seen.last_newline else Chars(EVERYTHING)))
    return _one_of(*(way for way in ways if way != Chars(())))


def _resolve_before(node: Node, parts: tuple[Node, ...]) -> Node:
    """Resolve the conditions on the character before in a sequence that begins the expression, ``parts`` then node."""
    before = (*parts, node)
    if not _has(Concat(before), Before):
        return _joined(*before)
    return _ending(before)


def _ending(parts: tuple[Node, ...]) -> Node:
    """As :func:`_resolve_after`, from the right to the left."""
    if not parts:
        return Concat(())
    rest, head = parts[:-1], parts[-1]
    match head:
        case Before():
            return _narrow_before(head, rest)
        case Concat(inner):
            return _ending((*rest, *inner))
        case Either(inner) if _has(head, Before):
            return _one_of(*(_ending((*rest, part)) for part in inner))
        case Repeat() if _has(head, Before):
            return _ending((*rest, _unrolled(head)))
    return _joined(_ending(rest), head)


def _narrow_before(seen: Before, parts: tuple[Node, ...]) -> Node:  # noqa: PLR0911 - a case for each kind of node
    """Return the part of a sequence, which begins the expression, whose last character satisfies a condition."""
    if not parts:
        return _one_of(*([TEXT_START] if seen.edge else []), *([Chars(seen.ranges)] if seen.ranges else []))
    rest, head = parts[:-1], parts[-1]
    match head:
        case Before(ranges, edge):
            return _narrow_before(Before(intersection(seen.ranges, ranges), seen.edge and edge), rest)
        case After():  # the end of the text
            return _joined(_narrow_before(seen, rest), head)
        case Concat(inner):
            return _narrow_before(seen, (*rest, *inner))
        case Either(inner):
            return _one_of(*(_narrow_before(seen, (*rest, part)) for part in inner))
        case Repeat(body, least, most):
            if _has(head, Before) or nullable(body):
                return _narrow_before(seen, (*rest, _unrolled(head)))
            more = Repeat(body, max(least - 1, 0), None if most is None else most - 1)
            again = NEVER if most == 0 else _narrow_before(seen, (*rest, more, body))
            return again if least else _one_of(again, _narrow_before(seen, rest))
        case Chars(ranges):
            return _joined(_ending(rest), Chars(intersection(ranges, seen.ranges)))
    raise NotWritableError("a back-reference has no equivalent")
