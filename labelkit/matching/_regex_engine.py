"""Match all regular expressions of a column in a few passes over its bytes.

Expressions that an automaton can represent exactly are decided by it. Others are *relaxed* (see
:mod:`~labelkit.matching.regex_syntax`): the automaton selects the rows that may match, and ``re`` decides on those.

As long as its states fit into a table of fixed size, one automaton runs all patterns. When they do not, the patterns
are taken apart into the *ways* in which they match (the alternatives of the outermost alternation; equal ones are one).
Ways of which each match holds one of a few rare strings (:mod:`~labelkit.matching._literals`) are run, some together,
on the rows alone that hold one: all strings of all ways are looked for in one pass. So hundreds of patterns cost hardly
more than the few without such strings, whose automaton is divided as often as its states do not fit; a single way that
needs too many states is relaxed further and finally left to ``re``. Memory is bounded, and no pattern can make a scan
much slower than ``re`` would be.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from labelkit.matching._automaton import (
    MOST_SYMBOLS,
    Alphabet,
    AutomatonTables,
    automaton_tables,
    case_flags_of_again,
    pattern_automaton,
)
from labelkit.matching._literals import literals_of, share
from labelkit.matching._phrase_engine import PhraseEngine
from labelkit.matching.regex_syntax import Node, NotReadError, alternatives, read, uncounted

if TYPE_CHECKING:
    from labelkit.matching._text_column import TextColumn
    from labelkit.rules.predicates import Pattern

MOST_MOVES = 1_500_000
"""Transitions cached for one automaton (states x symbols), of 4 bytes each, and 12 for each that is an event."""

FEW_MOVES, MANY_MOVES = 1 << 14, 1 << 17
"""Transitions with which an automaton begins, and the most of one of several that run on some rows only."""

BUFFER_SYMBOLS = 16_384
"""Symbols of the rows that are scanned together, in addition to the longest row."""

MOST_TOGETHER = 64
"""Patterns in one automaton: the bits of a word."""

MOST_WITH_STRINGS = 16
"""Ways in one automaton that runs on the rows with a string of one of them: with more, it would run on more rows."""


class StateCache(NamedTuple):
    """The deterministic states built so far; see :mod:`~labelkit.matching._automaton_kernel`."""

    states: npt.NDArray[np.uint64]
    contexts: npt.NDArray[np.int32]
    slots: npt.NDArray[np.int32]
    n_states: npt.NDArray[np.int64]
    moves: npt.NDArray[np.int32]
    n_events: npt.NDArray[np.int64]
    bits: npt.NDArray[np.uint64]
    following: npt.NDArray[np.int32]
    wanted: npt.NDArray[np.uint64]


def _empty_cache(tables: AutomatonTables, most_moves: int) -> StateCache:
    n_words = len(tables.edge_start) // 64 + 1
    n_states = most_moves // tables.n_symbols + 1
    n_events = n_states * tables.n_symbols // 2 + 1
    return StateCache(
        states=np.empty((n_states, n_words), dtype=np.uint64),
        contexts=np.empty(n_states, dtype=np.int32),
        slots=np.full(1 << (2 * n_states).bit_length(), -1, dtype=np.int32),
        n_states=np.zeros(1, dtype=np.int64),
        moves=np.full(n_states * tables.n_symbols, -1, dtype=np.int32),
        n_events=np.zeros(1, dtype=np.int64),
        bits=np.empty(n_events, dtype=np.uint64),
        following=np.empty(n_events, dtype=np.int32),
        wanted=np.empty(n_words, dtype=np.uint64),
    )


@dataclass(frozen=True)
class Way:
    """A tree, and the numbers of the tests that match where it does."""

    tree: Node
    numbers: tuple[int, ...]


class WayGroup:
    """Ways that share an automaton; ``strings`` numbers the set of strings of which its rows hold one, or is -1."""

    def __init__(self, ways: Sequence[Way], strings: int = -1) -> None:
        self.ways, self.strings = tuple(ways), strings
        trees = [way.tree for way in ways]
        self.alphabet = Alphabet(trees)
        self.tables = automaton_tables([pattern_automaton(tree, self.alphabet) for tree in trees], self.alphabet)
        self.first = np.cumsum([0, *(len(way.numbers) for way in ways)])
        self.numbers = np.array([number for way in ways for number in way.numbers], dtype=np.int64)
        self._begin(min(FEW_MOVES, MOST_MOVES))

    def _begin(self, most_moves: int) -> None:
        from labelkit.matching import _automaton_kernel as automaton_kernel  # noqa: PLC0415  loads numba

        self.most_moves = most_moves
        self.cache = _empty_cache(self.tables, most_moves)
        automaton_kernel.begin(self.tables, self.cache)

    def twin(self) -> WayGroup:
        """Return a copy that shares the automaton and has a state cache of its own, for another thread."""
        twin = copy.copy(self)
        twin._begin(self.most_moves)  # noqa: SLF001 - of the same class
        return twin

    def scan(
        self, text: TextColumn, rows: npt.NDArray[np.intp], buffer: npt.NDArray[np.int16], votes: npt.NDArray[np.bool_]
    ) -> int:
        """Vote on some rows until the state cache is full; return how many are done."""
        from labelkit.matching import _automaton_kernel as automaton_kernel  # noqa: PLC0415  loads numba

        bits = np.zeros(len(rows), dtype=np.uint64)
        done: int = automaton_kernel.scan_automaton(
            self.tables, self.cache, *self.alphabet.pages, text.data, text.offsets, rows, buffer, bits
        )
        automaton_kernel.set_votes(bits, rows, done, self.first, self.numbers, votes)
        return done

    def grow(self) -> bool:
        """Begin again with a larger state cache; return False if it is as large as it may be."""
        some_rows = self.strings >= 0 and len(self.ways) > 1
        larger = min(8 * self.most_moves, MOST_MOVES, MANY_MOVES if some_rows else MOST_MOVES)
        if larger <= self.most_moves:
            return False
        self._begin(larger)
        return True

    def divided(self) -> list[WayGroup]:
        """Divide the ways into groups that need fewer states; return an empty list if that is impossible."""
        if len(self.ways) > 1:
            return [WayGroup(half, self.strings) for half in _halves(self.ways)]
        relaxed = replace(self.ways[0], tree=uncounted(self.ways[0].tree))
        return [] if relaxed == self.ways[0] else [WayGroup([relaxed], self.strings)]


def _halves(ways: Sequence[Way]) -> list[Sequence[Way]]:
    return [ways[: len(ways) // 2], ways[len(ways) // 2 :]]


def _grouped(ways: Sequence[Way], strings: int = -1) -> list[WayGroup]:
    """Divide ways into as few groups as the bits of a word and the size of an alphabet allow."""
    if not ways:
        return []
    case_flags = [case_flags_of_again(way.tree) for way in ways]
    if {True, False} <= set().union(*case_flags):
        ignoring = [way for way, flags in zip(ways, case_flags, strict=True) if True in flags]
        rest = [way for way, flags in zip(ways, case_flags, strict=True) if True not in flags]
        return _grouped(ignoring, strings) + _grouped(rest, strings)
    if len(ways) == 1 or (len(ways) <= MOST_TOGETHER and Alphabet([w.tree for w in ways]).n_symbols <= MOST_SYMBOLS):
        return [WayGroup(ways, strings)]
    return [group for half in _halves(ways) for group in _grouped(half, strings)]


class RegexEngine:
    """Numbered patterns that are compiled together, on the first scan: that loads numba."""

    def __init__(self, tests: Iterable[tuple[int, Pattern]]) -> None:
        self.patterns = dict(tests)
        self.left_to_re: set[int] = set()
        self.relaxed: set[int] = set()
        self.trees: dict[int, Node] = {}
        for number, pattern in self.patterns.items():
            self._add(number, pattern)
        self.groups: list[WayGroup] | None = None
        self.strings: PhraseEngine | None = None
        """What finds the strings of ways, once the patterns have been taken apart."""

    def _add(self, number: int, pattern: Pattern) -> None:
        """Read a pattern, or leave it to ``re`` if it cannot be read or its automaton exceeds the limits."""
        try:
            expression = read(pattern)
            pattern_automaton(expression.tree, Alphabet([expression.tree]))
        except (NotReadError, RecursionError):
            self.left_to_re.add(number)
        else:
            self.trees[number] = expression.tree
            self.relaxed |= set() if expression.exact else {number}

    def twin(self) -> RegexEngine:
        """Return an engine for another thread, which shares the compiled automata and has state caches of its own."""
        if self.groups is None:
            self._build()
        twin = copy.copy(self)
        twin.left_to_re, twin.relaxed = set(self.left_to_re), set(self.relaxed)
        twin.groups = [group.twin() for group in self.groups or ()]
        return twin

    def _build(self) -> None:
        if len(self.trees) > MOST_TOGETHER:
            self._take_apart()
        else:
            self.groups = _grouped([Way(tree, (number,)) for number, tree in self.trees.items()])

    def _take_apart(self) -> None:
        """Group the ways with strings apart from those without; those with similarly frequent strings together."""
        numbers: dict[Node, tuple[int, ...]] = {}
        for number, tree in self.trees.items():
            for way in dict.fromkeys(alternatives(tree)):
                numbers[way] = (*numbers.get(way, ()), number)
        ways = [Way(*item) for item in numbers.items()]
        strings = {way: held for way in ways if (held := literals_of(way.tree)) is not None}
        ordered = sorted(strings, key=lambda way: share(strings[way]))
        by_share = [ordered[start : start + MOST_WITH_STRINGS] for start in range(0, len(ordered), MOST_WITH_STRINGS)]
        self.groups = [group for i, some in enumerate(by_share) for group in _grouped(some, i)]
        self.groups += _grouped([way for way in ways if way not in strings])
        self.strings = PhraseEngine.of_literals([set().union(*map(strings.__getitem__, some)) for some in by_share])

    def explain(self, number: int) -> str:
        """Describe how one pattern is matched, and why."""
        if number in self.left_to_re:
            return "re on every row: no automaton of reasonable size represents this pattern"
        if number not in self.relaxed:
            return "shared automaton, exact"
        return "shared automaton on a relaxed pattern, confirmed by re"

    def scan(self, text: TextColumn, votes: npt.NDArray[np.bool_]) -> list[int]:
        """Set ``votes[test, row]`` for the tests of this engine to the results of ``re.search``.

        Returns
        -------
        list of int
            The tests whose votes are upper bounds: ``re`` has to decide on the rows that they select.
        """
        if self.groups is None:
            self._build()
        todo = self._with_rows(text)
        self.groups = []
        buffer = np.empty(text.longest + BUFFER_SYMBOLS, dtype=np.int16)
        while todo:
            group, rows = todo.pop()
            done = group.scan(text, rows, buffer, votes)
            if done == len(rows):
                self.groups.append(group)
            elif group.grow():
                todo.append((group, rows[done:]))
            elif self.strings is None:
                self._take_apart()
                todo, self.groups = self._with_rows(text), []
            else:
                todo += [(part, rows[done:]) for part in self._divided(group)]
        votes[list(self.left_to_re)] = text.active
        return sorted(self.relaxed | self.left_to_re)

    def _with_rows(self, text: TextColumn) -> list[tuple[WayGroup, npt.NDArray[np.intp]]]:
        """Pair each group with the rows that it has to run on."""
        every = np.flatnonzero(text.active)
        if self.strings is None:
            return [(group, every) for group in self.groups or ()]
        holds = np.zeros((self.strings.n_rows, len(text)), dtype=np.bool_)
        if len(holds):
            self.strings.scan(text, holds)
        rows = [np.flatnonzero(row) for row in holds]
        return [(group, rows[group.strings] if group.strings >= 0 else every) for group in self.groups or ()]

    def _divided(self, group: WayGroup) -> list[WayGroup]:
        """Divide a group, and note the tests whose votes are no longer exact."""
        parts = group.divided()
        if len(parts) < 2:
            numbers = {number for way in group.ways for number in way.numbers}
            self.relaxed |= numbers
            self.left_to_re |= set() if parts else numbers
        return parts
