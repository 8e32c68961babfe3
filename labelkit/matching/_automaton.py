"""Compile the syntax trees of several patterns into one nondeterministic automaton, as arrays for the kernel.

A *position* is a place in a pattern where a character is read (a Glushkov automaton). Position 0 stands for "nothing
read yet" and is always active, since a search may begin anywhere. From each position, edges lead to the positions that
may read the next character, and *ends* list the patterns that are then complete. Anchors, boundaries and look-around
of one character are conditions of edges and ends: a set of symbols before and a set after (a *window*).

Symbols are classes of code points that no pattern distinguishes, and three more: a newline that ends the text, the end,
and, only as "the symbol before", the start. If a pattern contains a back-reference to the character just read, each
symbol has a *twin*, read instead of it where the character equals the one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from labelkit.matching._unicode_tables import N_CODE_POINTS, lower_cases
from labelkit.matching.charsets import Ranges, contains
from labelkit.matching.regex_syntax import (
    After,
    Again,
    Before,
    Chars,
    Concat,
    Either,
    Node,
    NotReadError,
    Repeat,
)

Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

PAGE = 256
"""Code points whose symbols are stored together: most pages are alike, so that an alphabet takes little memory."""

MOST_POSITIONS = 3000
MOST_PATHS = 20_000
MOST_SYMBOLS = 4000
"""Limits of one pattern; a pattern that exceeds one is matched by ``re``."""


class Alphabet:
    """The classes of code points that the given trees treat alike.

    Attributes
    ----------
    last_newline, end, start : int
        The symbols beyond the classes.
    twin : int
        Offset from a symbol to its twin; 0 if there are no twins.
    ignore_case : bool
        True if a twin stands for a character that equals the one before when case is ignored.

    Raises
    ------
    NotReadError
        If the trees have back-references both with and without regard to case.
    """

    def __init__(self, trees: Sequence[Node]) -> None:
        sets = [ranges for tree in trees for ranges in sets_of(tree)]
        distinct = list(dict.fromkeys((*sets, (10, 11))))
        cuts = np.unique([0, N_CODE_POINTS, *(edge for ranges in distinct for edge in ranges)])
        inside = np.stack([np.searchsorted(ranges, cuts[:-1], side="right") % 2 == 1 for ranges in distinct], axis=1)
        signatures, of_interval = _distinct_rows(inside)
        self._intervals = of_interval.astype(np.int16), np.diff(cuts)
        self.last_newline = len(signatures)
        case_flags = {flag for tree in trees for flag in case_flags_of_again(tree)}
        if len(case_flags) > 1:
            raise NotReadError("has back-references both with and without regard to case")
        self.ignore_case = True in case_flags
        self.twin = len(signatures) + 1 if case_flags else 0
        self.end = len(signatures) + 1 + self.twin
        self.start = self.end + 1
        self.n_symbols = self.end + 2
        members = {ranges: signatures[:, i].nonzero()[0].tolist() for i, ranges in enumerate(distinct)}
        self._masks = {ranges: sum(1 << symbol for symbol in some) for ranges, some in members.items()}

    @cached_property
    def pages(self) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16]]:
        """The symbols of distinct pages of 256 code points, and the number of each page's symbols among them."""
        distinct: dict[bytes, int] = {}
        pages = np.repeat(*self._intervals).reshape(-1, PAGE)
        numbers = [distinct.setdefault(page.tobytes(), len(distinct)) for page in pages]
        return np.frombuffer(b"".join(distinct), dtype=np.int16), np.array(numbers, dtype=np.int16)

    def read(self, ranges: Ranges) -> int:
        """Return the symbols of a set of characters to be read, as a bit mask."""
        return self._with_twins(self._masks[ranges] | contains(ranges, 10) << self.last_newline)

    def again(self) -> int:
        """Return all twins, as a bit mask."""
        return ((1 << self.twin) - 1) << self.twin

    def _with_twins(self, mask: int) -> int:
        return mask | (mask << self.twin)

    def before(self, node: Before) -> int:
        """Return the symbols that may stand before, as a bit mask."""
        return self.read(node.ranges) | node.edge << self.start

    def after(self, node: After) -> int:
        """Return the symbols that may come next, as a bit mask."""
        mask = self._masks[node.ranges] | node.last_newline << self.last_newline
        return self._with_twins(mask) | node.edge << self.end


def sets_of(node: Node) -> list[Ranges]:
    """Return all character sets in a tree."""
    match node:
        case Concat(parts) | Either(parts):
            return [ranges for part in parts for ranges in sets_of(part)]
        case Repeat(body):
            return sets_of(body)
        case Chars(ranges) | Before(ranges) | After(ranges):
            return [ranges]
        case Again():
            return []


def case_flags_of_again(node: Node) -> set[bool]:
    """Return the ``ignore_case`` flags of the :class:`Again` nodes in a tree; an empty set if there are none."""
    match node:
        case Concat(parts) | Either(parts):
            return {flag for part in parts for flag in case_flags_of_again(part)}
        case Repeat(body):
            return case_flags_of_again(body)
        case Again(ignore_case):
            return {ignore_case}
    return set()


Window = tuple[int, int]
"""A mask of symbols before and one of symbols after; both must hold."""


@dataclass
class _Step:
    """A state during construction: reads a character, or moves on without reading (epsilon) under a condition."""

    reads: int = 0
    moves: list[tuple[int, int, int]] = field(default_factory=list)


class StatePaths(NamedTuple):
    """The edges of one position, as (target, window), and the windows under which the pattern is complete."""

    targets: list[tuple[int, Window]]
    ends: list[Window]


@dataclass(frozen=True)
class PatternAutomaton:
    """The positions of one pattern: the symbols that each reads, as a mask (position 0: none), and its edges."""

    reads: tuple[int, ...]
    paths: tuple[StatePaths, ...]


class _StateBuilder:
    """Build the states of one pattern, from its end to its beginning."""

    def __init__(self, alphabet: Alphabet) -> None:
        self.alphabet = alphabet
        self.all = (1 << alphabet.n_symbols) - 1
        self.steps = [_Step()]

    def new(self, reads: int, *moves: tuple[int, int, int]) -> int:
        self.steps.append(_Step(reads, list(moves)))
        if len(self.steps) > 4 * MOST_POSITIONS:
            raise NotReadError("too many positions")
        return len(self.steps) - 1

    def free(self, *targets: int) -> int:
        return self.new(0, *((target, self.all, self.all) for target in targets))

    def build(self, node: Node, then: int) -> int:
        """Add the states that read a node and go on to state ``then``; return the first of them."""
        match node:
            case Chars() | Again():
                reads = self.alphabet.read(node.ranges) if isinstance(node, Chars) else self.alphabet.again()
                # an empty set matches nothing: a state without moves, so that it is no epsilon state either
                return self.new(reads, (then, self.all, self.all)) if reads else self.new(0)
            case Before():
                return self.new(0, (then, self.alphabet.before(node), self.all))
            case After():
                return self.new(0, (then, self.all, self.alphabet.after(node)))
            case Concat(parts):
                for part in reversed(parts):
                    then = self.build(part, then)
                return then
            case Either(parts):
                return self.free(*(self.build(part, then) for part in parts))
            case Repeat():
                return self._repeat(node, then)

    def _repeat(self, node: Repeat, then: int) -> int:
        if node.most is None:
            loop = self.free(then)
            self.steps[loop].moves.append((self.build(node.body, loop), self.all, self.all))
            then = loop
        else:
            after = then
            for _ in range(node.most - node.least):
                then = self.free(after, self.build(node.body, then))
        for _ in range(node.least):
            then = self.build(node.body, then)
        return then


def pattern_automaton(tree: Node, alphabet: Alphabet) -> PatternAutomaton:
    """Number the positions of a tree, and find the edges of each.

    Raises
    ------
    NotReadError
        If the automaton would exceed one of the limits.
    """
    if alphabet.n_symbols > MOST_SYMBOLS:
        raise NotReadError("too many symbols")
    builder = _StateBuilder(alphabet)
    first = builder.build(tree, 0)
    positions = [state for state, step in enumerate(builder.steps) if step.reads]
    if len(positions) > MOST_POSITIONS:
        raise NotReadError("too many positions")
    number = {state: i + 1 for i, state in enumerate(positions)}
    paths = [_paths(builder, first, number)]
    paths += [_paths(builder, builder.steps[state].moves[0][0], number) for state in positions]
    return PatternAutomaton((0, *(builder.steps[state].reads for state in positions)), tuple(paths))


def _paths(builder: _StateBuilder, state: int, number: dict[int, int]) -> StatePaths:
    """Find all paths from a state to the positions that read the next character, or to the end (epsilon closure)."""
    seen = {(state, builder.all, builder.all)}
    stack = list(seen)
    paths = StatePaths([], [])
    while stack:
        at, before, after = stack.pop()
        if at == 0:
            paths.ends.append((before, after))
        elif builder.steps[at].reads:
            paths.targets.append((number[at], (before, after & builder.steps[at].reads)))
        else:
            for target, more_before, more_after in builder.steps[at].moves:
                way = (target, before & more_before, after & more_after)
                if way[1] and way[2] and way not in seen:
                    seen.add(way)
                    stack.append(way)
        if len(seen) > MOST_PATHS:
            raise NotReadError("too many paths")
    if (builder.all, builder.all) in paths.ends:  # the pattern has matched: following characters cannot change that
        return StatePaths([], [(builder.all, builder.all)])
    return paths


class AutomatonTables(NamedTuple):
    """Several patterns as one automaton; the edges of position ``p`` are ``edge_start[p]`` to ``edge_start[p + 1]``.

    Two characters count as the same if their entries in ``compared`` are equal, or, if ``compared`` is empty, if they
    are the same code point.
    """

    context: Ints
    n_symbols: int
    last_newline: int
    end: int
    start: int
    twin: int
    compared: Ints
    edge_start: Ints
    edge_target: Ints
    edge_window: Ints
    end_start: Ints
    end_pattern: Ints
    end_window: Ints
    window_before: Bools
    window_after: Bools


def automaton_tables(patterns: Sequence[PatternAutomaton], alphabet: Alphabet) -> AutomatonTables:
    """Join the automata of several patterns into one, with a common position 0."""
    edges: list[list[tuple[int, Window]]] = [[]]
    ends: list[list[tuple[int, Window]]] = [[]]
    for which, pattern in enumerate(patterns):
        shift = len(edges) - 1
        for position, paths in enumerate(pattern.paths):
            if position:
                edges.append([])
                ends.append([])
            to = 0 if position == 0 else -1
            edges[to] += [(target + shift, window) for target, window in paths.targets]
            ends[to] += [(which, window) for window in paths.ends]
    windows = {window: i for i, window in enumerate(dict.fromkeys(w for some in edges + ends for _, w in some))}
    context, before = _contexts([window[0] for window in windows], alphabet)
    after = np.array([_bits(window[1], alphabet.n_symbols) for window in windows], dtype=np.bool_)
    edge_start, edge_target, edge_window = _ragged(edges, windows)
    end_start, end_pattern, end_window = _ragged(ends, windows)
    return AutomatonTables(
        context=context,
        n_symbols=alphabet.n_symbols,
        last_newline=alphabet.last_newline,
        end=alphabet.end,
        start=alphabet.start,
        twin=alphabet.twin,
        compared=lower_cases() if alphabet.ignore_case else np.zeros(0, dtype=np.int32),
        edge_start=edge_start,
        edge_target=edge_target,
        edge_window=edge_window,
        end_start=end_start,
        end_pattern=end_pattern,
        end_window=end_window,
        window_before=before,
        window_after=after.reshape(-1, alphabet.n_symbols),
    )


def _contexts(masks: list[int], alphabet: Alphabet) -> tuple[Ints, Bools]:
    """Group symbols that are in the same masks into contexts; return each symbol's context, and the masks by context.

    The deterministic states then need not distinguish all symbols that may stand before.
    """
    if not masks:  # no pattern can match
        return np.zeros(alphabet.n_symbols, dtype=np.int32), np.zeros((0, 1), dtype=np.bool_)
    holds = np.array([_bits(mask, alphabet.n_symbols) for mask in masks], dtype=np.bool_)
    distinct, context = _distinct_rows(holds.T)
    return context.astype(np.int32), np.ascontiguousarray(distinct.T)


def _distinct_rows(rows: Bools) -> tuple[Bools, npt.NDArray[np.intp]]:
    """Return the distinct rows, and the number of each row's among them; ``numpy.unique`` takes ten times as long."""
    numbers: dict[bytes, int] = {}
    packed = np.packbits(rows, axis=1)
    of_row = np.array([numbers.setdefault(row.tobytes(), len(numbers)) for row in packed], dtype=np.intp)
    first = np.full(len(numbers), len(rows), dtype=np.intp)
    np.minimum.at(first, of_row, np.arange(len(rows)))
    return rows[first], of_row


def _bits(mask: int, size: int) -> npt.NDArray[np.uint8]:
    octets = np.frombuffer(mask.to_bytes(size // 8 + 1, "little"), dtype=np.uint8)
    return np.unpackbits(octets, count=size, bitorder="little")


def _ragged(rows: list[list[tuple[int, Window]]], windows: dict[Window, int]) -> tuple[Ints, Ints, Ints]:
    start = np.zeros(len(rows) + 1, dtype=np.int32)
    np.cumsum([len(row) for row in rows], out=start[1:])
    values = np.array([value for row in rows for value, _ in row], dtype=np.int32)
    window = np.array([windows[one] for row in rows for _, one in row], dtype=np.int32)
    return start, values, window
