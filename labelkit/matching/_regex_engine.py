"""Match all regular expressions of a column in a few passes over its bytes.

Expressions that an automaton can represent exactly are decided by it. Others are *relaxed* (see
:mod:`~labelkit.matching.regex_syntax`): the automaton selects the rows that may match, and ``re`` decides on those.

Patterns share an automaton as long as its states fit into a table of fixed size; when they no longer do, the patterns
are divided, and a single pattern that needs too many states is relaxed further and finally left to ``re``. So memory is
bounded, and no pattern can make a scan much slower than ``re`` would be.
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
from labelkit.matching.regex_syntax import NotReadError, ParsedRegex, read

if TYPE_CHECKING:
    from labelkit.matching._text_column import TextColumn
    from labelkit.rules.predicates import Pattern

MOST_MOVES = 1_500_000
"""Transitions cached for one automaton (states x symbols), of 12 bytes each."""

BUFFER_SYMBOLS = 16_384
"""Symbols of the rows that are scanned together, in addition to the longest row."""

MOST_TOGETHER = 64
"""Patterns in one automaton: the bits of a word."""


class StateCache(NamedTuple):
    """The deterministic states built so far; see :mod:`~labelkit.matching._automaton_kernel`."""

    states: npt.NDArray[np.uint64]
    contexts: npt.NDArray[np.int32]
    slots: npt.NDArray[np.int32]
    n_states: npt.NDArray[np.int64]
    moves: npt.NDArray[np.int32]
    ends: npt.NDArray[np.uint64]
    wanted: npt.NDArray[np.uint64]


def _empty_cache(tables: AutomatonTables) -> StateCache:
    n_words = len(tables.edge_start) // 64 + 1
    n_states = MOST_MOVES // tables.n_symbols + 1
    return StateCache(
        states=np.empty((n_states, n_words), dtype=np.uint64),
        contexts=np.empty(n_states, dtype=np.int32),
        slots=np.full(1 << (2 * n_states).bit_length(), -1, dtype=np.int32),
        n_states=np.zeros(1, dtype=np.int64),
        moves=np.full(n_states * tables.n_symbols, -1, dtype=np.int32),
        ends=np.empty(n_states * tables.n_symbols, dtype=np.uint64),
        wanted=np.empty(n_words, dtype=np.uint64),
    )


@dataclass(frozen=True)
class NumberedPattern:
    """One pattern with the number of its test and its syntax tree; ``counted`` unless repetitions were relaxed."""

    number: int
    pattern: Pattern
    expression: ParsedRegex
    counted: bool = True


class PatternGroup:
    """Patterns that share an automaton."""

    def __init__(self, entries: Sequence[NumberedPattern]) -> None:
        from labelkit.matching import _automaton_kernel as automaton_kernel  # noqa: PLC0415  loads numba

        self.entries = tuple(entries)
        trees = [entry.expression.tree for entry in entries]
        self.alphabet = Alphabet(trees)
        self.tables = automaton_tables([pattern_automaton(tree, self.alphabet) for tree in trees], self.alphabet)
        self.cache = _empty_cache(self.tables)
        automaton_kernel.begin(self.tables, self.cache)

    def twin(self) -> PatternGroup:
        """Return a copy that shares the automaton and has a state cache of its own, for another thread."""
        from labelkit.matching import _automaton_kernel as automaton_kernel  # noqa: PLC0415  loads numba

        twin = copy.copy(self)
        twin.cache = _empty_cache(self.tables)
        automaton_kernel.begin(self.tables, twin.cache)
        return twin

    def scan(self, text: TextColumn, first: int, buffer: npt.NDArray[np.int16], votes: npt.NDArray[np.bool_]) -> int:
        """Vote on the rows from ``first`` on until the state cache is full; return the first row not done."""
        from labelkit.matching import _automaton_kernel as automaton_kernel  # noqa: PLC0415  loads numba

        pattern_bits = np.zeros(len(text), dtype=np.uint64)
        done: int = automaton_kernel.scan_automaton(
            self.tables,
            self.cache,
            self.alphabet.table,
            text.data,
            text.offsets,
            text.active,
            first,
            buffer,
            pattern_bits,
        )
        numbers = np.array([entry.number for entry in self.entries], dtype=np.int64)
        automaton_kernel.set_votes(pattern_bits, first, done, numbers, votes)
        return done

    def divided(self) -> list[PatternGroup]:
        """Divide the patterns into groups that need fewer states; return an empty list if that is impossible."""
        if len(self.entries) > 1:
            return [PatternGroup(half) for half in _halves(self.entries)]
        only = self.entries[0]
        if not only.counted:
            return []
        return [PatternGroup([replace(only, expression=read(only.pattern, count=False), counted=False)])]


def _halves(entries: Sequence[NumberedPattern]) -> list[Sequence[NumberedPattern]]:
    return [entries[: len(entries) // 2], entries[len(entries) // 2 :]]


def _grouped(entries: Sequence[NumberedPattern]) -> list[PatternGroup]:
    """Divide patterns into as few groups as the bits of a word and the size of an alphabet allow."""
    if not entries:
        return []
    case_flags = [case_flags_of_again(entry.expression.tree) for entry in entries]
    if {True, False} <= set().union(*case_flags):
        ignoring = [entry for entry, flags in zip(entries, case_flags, strict=True) if True in flags]
        return _grouped(ignoring) + _grouped([entry for entry in entries if entry not in ignoring])
    fits = Alphabet([entry.expression.tree for entry in entries]).n_symbols <= MOST_SYMBOLS
    if len(entries) == 1 or (len(entries) <= MOST_TOGETHER and fits):
        return [PatternGroup(entries)]
    return [group for half in _halves(entries) for group in _grouped(half)]


class RegexEngine:
    """Numbered patterns that are compiled together, on the first scan: that loads numba."""

    def __init__(self, tests: Iterable[tuple[int, Pattern]]) -> None:
        self.patterns = dict(tests)
        self.left_to_re: set[int] = set()
        self.entries: dict[int, NumberedPattern] = {}
        for number, pattern in self.patterns.items():
            self._add(number, pattern)
        self.groups: list[PatternGroup] | None = None

    def _add(self, number: int, pattern: Pattern) -> None:
        """Read a pattern, or leave it to ``re`` if it cannot be read or its automaton exceeds the limits."""
        try:
            expression = read(pattern)
            pattern_automaton(expression.tree, Alphabet([expression.tree]))
        except (NotReadError, RecursionError):
            self.left_to_re.add(number)
        else:
            self.entries[number] = NumberedPattern(number, pattern, expression)

    def twin(self) -> RegexEngine:
        """Return an engine for another thread, which shares the compiled automata and has state caches of its own."""
        if self.groups is None:
            self.groups = _grouped(list(self.entries.values()))
        twin = copy.copy(self)
        twin.left_to_re, twin.entries = set(self.left_to_re), dict(self.entries)
        twin.groups = [group.twin() for group in self.groups]
        return twin

    def explain(self, number: int) -> str:
        """Describe how one pattern is matched, and why."""
        if number in self.left_to_re:
            return "re on every row: no automaton of reasonable size represents this pattern"
        if self.entries[number].expression.exact:
            return "shared automaton, exact"
        return "shared automaton on a relaxed pattern, confirmed by re"

    def scan(self, text: TextColumn, votes: npt.NDArray[np.bool_]) -> list[int]:
        """Set ``votes[test, row]`` for the tests of this engine to the results of ``re.search``.

        Returns
        -------
        list of int
            The tests whose votes are upper bounds: ``re`` has to decide on the rows that they select.
        """
        groups = _grouped(list(self.entries.values())) if self.groups is None else self.groups
        todo = [(group, 0) for group in groups]
        self.groups = []
        buffer = np.empty(text.longest + BUFFER_SYMBOLS, dtype=np.int16)
        while todo:
            group, first = todo.pop()
            done = group.scan(text, first, buffer, votes)
            if done == len(text):
                self.groups.append(group)
                continue
            parts = group.divided()
            todo += [(part, done) for part in parts]
            self.entries |= {entry.number: entry for part in parts for entry in part.entries}
            self.left_to_re |= set() if parts else {entry.number for entry in group.entries}
        votes[list(self.left_to_re)] = text.active
        relaxed = {entry.number for group in self.groups for entry in group.entries if not entry.expression.exact}
        return sorted(relaxed | self.left_to_re)
