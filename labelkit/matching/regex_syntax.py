"""Turn the output of Python's own regex parser into small syntax trees, relaxing what no automaton can represent.

:func:`read` keeps alternation, repetition, classes, anchors, word boundaries and look-around of one character exactly.
Everything else is *relaxed*: replaced by a node that matches at least as much, which makes the tree inexact. An
inexact tree only selects the rows on which ``re`` decides. Unsupported syntax raises :class:`NotReadError`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from labelkit.matching._cpython import NotReadError as NotReadError, parsed  # noqa: PLC0414 - readers catch it by this module
from labelkit.matching.charsets import (
    EVERYTHING,
    NEWLINE,
    Ranges,
    character_set,
    complement,
    contains,
    union,
    word_characters,
)

if TYPE_CHECKING:
    from labelkit.rules.predicates import Pattern

MOST_COPIES = 600
"""A counted repetition that needs more characters than this is relaxed."""


@dataclass(frozen=True)
class Chars:
    """One character of a set."""

    ranges: Ranges


@dataclass(frozen=True)
class Again:
    """A back-reference to the character just read: the same again, or (``ignore_case``) equal when case is ignored."""

    ignore_case: bool = False


@dataclass(frozen=True)
class Before:
    """A condition that reads nothing: the character before is in a set, or (``edge``) the text starts here."""

    ranges: Ranges
    edge: bool


@dataclass(frozen=True)
class After:
    """A condition that reads nothing: the next character is in a set, or (``edge``) the text ends here.

    A newline that ends the text is a separate character here, because ``$`` treats it differently: ``last_newline`` is
    True if it is in the set; ``ranges`` is about all other newlines.
    """

    ranges: Ranges
    edge: bool
    last_newline: bool


@dataclass(frozen=True)
class Concat:
    """A sequence of parts."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Either:
    """Alternation: any one of the parts. Without parts, it never matches."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Repeat:
    """The body, from ``least`` to ``most`` times (``None`` for any number)."""

    body: Node
    least: int
    most: int | None


Node: TypeAlias = Chars | Again | Before | After | Concat | Either | Repeat

EMPTY = Concat(())
ANYTHING = Repeat(Chars(EVERYTHING), 0, None)


@dataclass(frozen=True)
class ParsedRegex:
    """A pattern as a tree. If ``exact``, the two match the same texts; else the tree matches these and more."""

    tree: Node
    exact: bool


def items_of(pattern: Pattern) -> tuple[list[Any], int]:
    """Parse a pattern into the items of ``re``'s own parser, and all flags that it sets.

    Raises
    ------
    NotReadError
        If this Python has no such parser, or the pattern is nested too deeply for it.
    """
    return _items_of(pattern.pattern, pattern.flags)


def _items_of(pattern: str, flags: int) -> tuple[list[Any], int]:
    try:
        return parsed(pattern, flags)
    except RecursionError as reason:
        raise NotReadError(pattern) from reason


def read(pattern: Pattern) -> ParsedRegex:
    """Parse a pattern.

    >>> from labelkit.rules.predicates import Pattern
    >>> read(Pattern(r"ab")).tree
    Concat(parts=(Chars(ranges=(97, 98)), Chars(ranges=(98, 99))))
    >>> read(Pattern(r"a(?!bc)")).exact, read(Pattern(r"a(?!bc).*d")).exact
    (True, False)
    """
    return _read(pattern.pattern, pattern.flags)


@lru_cache(maxsize=1024)
def _read(pattern: str, flags: int) -> ParsedRegex:
    reader = _TreeBuilder()
    try:
        tree = reader.whole(*_items_of(pattern, flags))
    except RecursionError as reason:  # nested beyond reason
        raise NotReadError(pattern) from reason
    return ParsedRegex(tree, reader.exact)


class _TreeBuilder:
    """Turn the parser's items into nodes; records the bodies of groups, and in ``exact`` if anything was relaxed."""

    def __init__(self) -> None:
        self.exact = True
        self.groups: dict[int, Node] = {}

    def whole(self, items: list[Any], flags: int) -> Node:
        """Convert a whole pattern; look-behind at its start and look-ahead at its end become nodes that read.

        So do those of each alternative, if the whole is an alternation.
        """
        if len(items) == 1 and str(items[0][0]) == "BRANCH":
            return Either(tuple(self.whole(list(some), flags) for some in items[0][1][1]))
        leading = self._outward(items[0], flags) if items else None
        items = items[leading is not None :]
        trailing = self._outward(items[-1], flags, ahead=True) if items else None
        body = self.sequence(items[:-1] if trailing else items, flags)
        return Concat(tuple(node for node in (leading, *body.parts, trailing) if node is not None))

    def _outward(self, item: Any, flags: int, *, ahead: bool = False) -> Node | None:
        """Convert a look-around of several characters at an end of the pattern into a node that reads them, or None."""
        op, argument = str(item[0]), item[1]
        if op not in {"ASSERT", "ASSERT_NOT"} or (argument[0] > 0) != ahead:
            return None
        inner = _TreeBuilder()
        characters = _characters(inner.sequence(argument[1], flags))
        if not inner.exact or characters is None or len(characters) < 2:
            return None
        read_all = [Chars(ranges) for ranges in characters]
        if op == "ASSERT":
            return Concat(tuple(read_all))
        edge: Node = _after((), edge=True) if ahead else Before((), edge=True)
        ways = []
        for place, ranges in enumerate(characters):  # the first that differs, seen from the pattern
            other = Either((Chars(complement(ranges)), edge))
            ways.append(Concat((*read_all[:place], other) if ahead else (other, *read_all[place + 1 :])))
        return Either(tuple(ways))

    def sequence(self, items: Any, flags: int) -> Concat:
        parts: list[Node] = []
        single = -1  # the group, if any, that holds just the character read last
        for op, argument in items:
            repeated = _times(op, argument, single, flags)
            parts.append(repeated or self.item(str(op), argument, flags))
            if not repeated:
                single = -1
                if str(op) == "SUBPATTERN" and argument[0] and isinstance(_only_part(parts[-1]), Chars):
                    single = argument[0]
        return Concat(tuple(parts))

    def item(self, op: str, argument: Any, flags: int) -> Node:
        if op in {"LITERAL", "NOT_LITERAL", "ANY", "IN"}:
            key = tuple(argument) if op == "IN" else argument
            return Chars(character_set(op, key, flags & _MATTERS_TO_SETS))
        read_item: Callable[[Any, int], Node] | None = getattr(self, f"_{op.lower()}", None)
        if read_item is None:
            raise NotReadError(op)
        return read_item(argument, flags)

    def relaxed(self, node: Node) -> Node:
        self.exact = False
        return node

    def _branch(self, argument: Any, flags: int) -> Node:
        return Either(tuple(self.sequence(items, flags) for items in argument[1]))

    def _subpattern(self, argument: Any, flags: int) -> Node:
        group, added, removed, items = argument
        if added & _TYPE_FLAGS:
            flags &= ~_TYPE_FLAGS
        body = self.sequence(items, (flags | added) & ~removed)
        if group is not None:
            self.groups[group] = body
        return body

    def _max_repeat(self, argument: Any, flags: int) -> Node:
        least, most, items = argument
        body = self.sequence(items, flags)
        least, limit = int(least), None if int(most) >= _WITHOUT_LIMIT else int(most)
        if (limit is None or limit > 1) and nullable(body):
            self.exact = False  # re has special rules for leaving a loop that reads nothing
        if size(body) * (limit or least) > MOST_COPIES:
            few = min(least, max(1, MOST_COPIES // max(1, size(body))))
            self.exact = self.exact and few == least and limit is None
            return Repeat(body, few, None)
        return Repeat(body, least, limit)

    _min_repeat = _max_repeat

    def _possessive_repeat(self, argument: Any, flags: int) -> Node:
        # A loop over single characters matches at most what the greedy loop does. Assume nothing about any other.
        least, most, items = argument
        single = isinstance(_only_part(self.sequence(items, flags)), Chars)
        body = self._max_repeat((least, most, items), flags)
        return self.relaxed(body if single else ANYTHING)

    def _atomic_group(self, argument: Any, flags: int) -> Node:
        self.sequence(argument, flags)
        return self.relaxed(ANYTHING)

    def _groupref(self, argument: Any, flags: int) -> Node:
        del argument, flags
        return self.relaxed(ANYTHING)

    def _groupref_exists(self, argument: Any, flags: int) -> Node:
        _, yes, no = argument
        return self.relaxed(Either((self.sequence(yes, flags), self.sequence(no, flags) if no else EMPTY)))

    def _failure(self, argument: Any, flags: int) -> Node:
        del argument, flags
        return Either(())

    def _assert(self, argument: Any, flags: int) -> Node:
        return self._look_around(argument, flags) or self.relaxed(EMPTY)

    def _assert_not(self, argument: Any, flags: int) -> Node:
        seen = self._look_around(argument, flags)
        return self.relaxed(EMPTY) if seen is None else _opposite(seen)

    def _look_around(self, argument: Any, flags: int) -> Before | After | None:
        """Convert a look-around of one character into a condition, or return None for any other."""
        direction, items = argument
        inner = _TreeBuilder()
        body = _only_part(inner.sequence(items, flags))
        self.groups.update(inner.groups)
        if not inner.exact:
            return None
        return _as_before(body) if direction < 0 else _as_after(body)

    def _at(self, argument: Any, flags: int) -> Node:
        place = str(argument)
        lines = bool(flags & re.MULTILINE)
        if place in {"AT_BOUNDARY", "AT_NON_BOUNDARY"}:
            return _boundary(_word(flags), inside=place == "AT_NON_BOUNDARY")
        anchors: dict[str, Node] = {
            "AT_BEGINNING": Before(NEWLINE if lines else (), edge=True),
            "AT_BEGINNING_STRING": Before((), edge=True),
            "AT_END": After(NEWLINE if lines else (), edge=True, last_newline=True),
            "AT_END_STRING": _after((), edge=True),
        }
        if place not in anchors:
            raise NotReadError(place)
        return anchors[place]


def _times(op: Any, argument: Any, group: int, flags: int) -> Repeat | None:
    """Convert a back-reference, once or repeated, to a group of the one character just read; None for any other item.

    This is the one kind of back-reference that an automaton can represent.
    """
    least, most, items = (1, 1, [(op, argument)])
    if str(op) in {"MAX_REPEAT", "MIN_REPEAT"}:
        least, most, items = argument
    if [(str(op), argument) for op, argument in items] != [("GROUPREF", group)]:
        return None
    if flags & re.IGNORECASE and flags & re.ASCII:  # equality then follows another table
        return None
    again = Again(bool(flags & re.IGNORECASE))
    if int(most) >= _WITHOUT_LIMIT:
        return Repeat(again, int(least), None) if least <= MOST_COPIES else None
    return Repeat(again, int(least), int(most)) if most <= MOST_COPIES else None


_TYPE_FLAGS = int(re.ASCII | re.LOCALE | re.UNICODE)
_MATTERS_TO_SETS = int(re.ASCII | re.IGNORECASE | re.DOTALL | re.UNICODE)
_WITHOUT_LIMIT = 2**31


def _boundary(word: Ranges, *, inside: bool) -> Node:
    r"""Build ``\b``, or (``inside``) ``\B``, which some versions of ``re`` do not match in the empty text."""
    other = complement(word)
    if not inside:
        return Either(
            (
                Concat((Before(word, edge=False), _after(other, edge=True))),
                Concat((Before(other, edge=True), _after(word, edge=False))),
            )
        )
    empty_too = re.search(r"\B", "") is not None
    return Either(
        (
            Concat((Before(word, edge=False), _after(word, edge=False))),
            Concat((Before(other, edge=False), _after(other, edge=True))),
            Concat((Before((), edge=True), _after(other, edge=empty_too))),
        )
    )


def _after(ranges: Ranges, *, edge: bool) -> After:
    """Build a condition on the next character that treats the last newline as any other."""
    return After(ranges, edge, contains(ranges, 10))


def _word(flags: int) -> Ranges:
    return word_characters(ascii_only=bool(flags & re.ASCII))


def nullable(node: Node) -> bool:
    """Return True if the node may match without reading a character."""
    match node:
        case Chars() | Again():
            return False
        case Concat(parts):
            return all(map(nullable, parts))
        case Either(parts):
            return any(map(nullable, parts))
        case Repeat(body, least, _):
            return least == 0 or nullable(body)
    return True


def size(node: Node) -> int:
    """Count the positions of the node at which a character is read, with counted repetitions expanded."""
    match node:
        case Chars() | Again():
            return 1
        case Concat(parts) | Either(parts):
            return sum(map(size, parts))
        case Repeat(body, least, most):
            return size(body) * max(1, least + 1 if most is None else most)
    return 0


def uncounted(node: Node) -> Node:
    """Return a tree that matches at least as much and counts no repetitions, for trees with too many states.

    >>> uncounted(Repeat(Chars((97, 98)), 3, 5))
    Repeat(body=Chars(ranges=(97, 98)), least=1, most=None)
    """
    match node:
        case Concat(parts):
            return Concat(tuple(map(uncounted, parts)))
        case Either(parts):
            return Either(tuple(map(uncounted, parts)))
        case Repeat(body, least, most):
            return Repeat(uncounted(body), min(least, 1), 1 if most == 1 else None)
    return node


def alternatives(node: Node) -> list[Node]:
    """Return the trees of which one at least matches where the whole does: the outermost alternation, taken apart."""
    only = _only_part(node)
    return [one for part in only.parts for one in alternatives(part)] if isinstance(only, Either) else [only]


def _only_part(node: Node) -> Node:
    while isinstance(node, Concat | Either) and len(node.parts) == 1:
        node = node.parts[0]
    return node


def _characters(node: Node) -> list[Ranges] | None:
    """Return the sets of a node that reads a fixed number of characters, in order, or None for any other node."""
    match node:
        case Chars(ranges):
            return [ranges]
        case Concat(parts):
            by_part = [_characters(part) for part in parts]
            return None if None in by_part else [ranges for some in by_part for ranges in some or ()]
        case Repeat(body, least, most) if least == most and least <= MOST_COPIES:
            once = _characters(body)
            return None if once is None else once * least
    return None


def _as_before(node: Node) -> Before | None:
    """Convert a node that matches one character into a condition on the character before, or return None."""
    match _only_part(node):
        case Chars(ranges):
            return Before(ranges, edge=False)
        case Before() as before:
            return before
        case Either(parts):
            some = [before for before in map(_as_before, parts) if before is not None]
            if len(some) == len(parts):
                return Before(union(one.ranges for one in some), edge=any(one.edge for one in some))
    return None


def _as_after(node: Node) -> After | None:
    """Convert a node that matches one character into a condition on the next character, or return None."""
    match _only_part(node):
        case Chars(ranges):
            return _after(ranges, edge=False)
        case After() as after:
            return after
        case Either(parts):
            some = [after for after in map(_as_after, parts) if after is not None]
            if len(some) == len(parts):
                ranges = union(one.ranges for one in some)
                return After(ranges, any(one.edge for one in some), any(one.last_newline for one in some))
    return None


def _opposite(seen: Before | After) -> Before | After:
    if isinstance(seen, Before):
        return Before(complement(seen.ranges), edge=not seen.edge)
    return After(complement(seen.ranges), edge=not seen.edge, last_newline=not seen.last_newline)
