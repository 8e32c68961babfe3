"""Many lists of words as one set of arrays, for the one pass that looks for all of them.

A phrase is a row of *tokens* (runs of word characters) with *gaps* between them. A text is read the same way, so the
phrases that a text holds are paths in a trie whose edges are pairs of a gap and a token; how many phrases there are
hardly matters. What stands before the first token or after the last (the ``#`` of "#ad", the ``++`` of "c++") is
compared when the path is complete, and so are the very characters where case matters.

A phrase without word characters, or one wanted inside of words, can start anywhere: those live in a second trie whose
edges are single characters.

All comparing is of *symbols* (see :func:`~labelkit.matchers.unicode_tables.symbols`), after each run of white space has
become one space. Nothing is decided by a hash alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from labelkit.matchers.unicode_tables import code_points, fold_text, symbols

if TYPE_CHECKING:
    from labelkit.conditions import Words

Ints = npt.NDArray[np.int32]
HEAD = 4
"""What a record holds before its symbols."""

N_STARTS = 1 << 16
"""Size of the table that says where a phrase of characters may start; a power of two."""

_PARTS = re.compile(r"\w+|\W+")
_IS_WORD = re.compile(r"\w")


class Strings(NamedTuple):
    """Strings laid end to end: string ``i`` is ``pool[start[i]:start[i + 1]]``."""

    pool: Ints
    start: Ints


class Vocabulary(NamedTuple):
    """Strings to be looked up, each a record ``[output, last output + 1, node, length, symbol, ...]``.

    A string's name is where its record begins. The outputs are those of the phrase that is just this string; the node
    is where phrases that begin with it go on in the trie, or -1. ``slots`` is a hash table of pairs (hash,
    record + 1), and ``hints`` has a bit for each hash in it: small enough for the processor's cache, it tells most
    words that are in no list.
    """

    records: Ints
    starts: Ints
    slots: npt.NDArray[np.uint64]
    hints: npt.NDArray[np.uint8]


class Trie(NamedTuple):
    """Edges ``(node, gap, token, child)``, their hash table ``slots`` with its ``hints``, and what is found.

    A row of ``nodes`` is (first output, last output + 1, whether edges leave it, 0); a row of ``outputs`` is (test,
    piece before, piece after, exact phrase), with -1 for nothing to compare. All is kept in rows so that a look costs
    one visit to memory.
    """

    edges: Ints
    slots: Ints
    hints: npt.NDArray[np.uint8]
    nodes: Ints
    outputs: Ints


class PhraseTables(NamedTuple):
    """What the kernel reads."""

    symbols: Ints
    tokens: Vocabulary
    gaps: Vocabulary
    by_token: Trie
    by_character: Trie
    starts: npt.NDArray[np.uint8]
    pieces: Strings
    exact: Strings


class Phrase(NamedTuple):
    """One phrase of one test, white space normalised."""

    text: str
    ignore_case: bool
    whole_word: bool
    test: int


def phrases_of(tests: Iterable[tuple[int, Words]]) -> list[Phrase]:
    """The distinct phrases of each test."""
    return [
        Phrase(text, words.ignore_case, words.whole_word, test)
        for test, words in tests
        for text in dict.fromkeys(" ".join(word.split()) for word in words.words)
    ]


class _Interned:
    """Gives each distinct string a number, in the order of arrival."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self.numbers.setdefault(text, len(self.numbers))

    def strings(self, table: Ints | None) -> Strings:
        """End to end, as symbols of the table (or as plain code points)."""
        codes = code_points("".join(self.numbers))
        start = np.zeros(len(self.numbers) + 1, dtype=np.int32)
        np.cumsum(np.fromiter(map(len, self.numbers), np.int32, len(self.numbers)), out=start[1:])
        return Strings(codes if table is None else table[codes], start)

    def vocabulary(self, table: Ints) -> Vocabulary:
        """As records, without outputs and nodes yet; the hash table is still empty."""
        pool, start = self.strings(table)
        starts = start[:-1] + HEAD * np.arange(len(start) - 1, dtype=np.int32)
        records = np.full(len(pool) + HEAD * len(starts), -1, dtype=np.int32)
        is_symbol = np.ones(len(records), dtype=np.bool_)
        is_symbol[(starts[:, None] + np.arange(HEAD)).ravel()] = False
        records[is_symbol] = pool
        records[starts + HEAD - 1] = np.diff(start)
        size = table_size(len(starts))
        return Vocabulary(records, starts, np.zeros((size, 2), np.uint64), np.zeros(size, np.uint8))


class _TrieMaker:
    """Grows a trie in dictionaries, then freezes it into arrays."""

    def __init__(self, n_nodes: int) -> None:
        self.n_nodes = n_nodes
        self.edges: dict[tuple[int, int, int], int] = {}
        self.outputs: list[tuple[int, int, int, int, int]] = []

    def child(self, node: int, gap: int, token: int) -> int:
        child = self.edges.setdefault((node, gap, token), self.n_nodes)
        self.n_nodes += child == self.n_nodes
        return child

    def frozen(self, gaps: Vocabulary | None = None, tokens: Vocabulary | None = None) -> Trie:
        """As arrays; where vocabularies are given, gaps and tokens are named by their records there."""
        edges = np.empty((len(self.edges), 4), dtype=np.int32)
        edges[:, :3] = np.array(list(self.edges), dtype=np.int32).reshape(-1, 3)
        edges[:, 3] = np.fromiter(self.edges.values(), np.int32, len(edges))
        outputs = np.array(self.outputs, dtype=np.int32).reshape(-1, 5)
        outputs = outputs[np.argsort(outputs[:, 0], kind="stable")]
        bounds = np.searchsorted(outputs[:, 0], np.arange(self.n_nodes + 1))
        nodes = np.zeros((self.n_nodes, 4), dtype=np.int32)
        nodes[:, 0], nodes[:, 1] = bounds[:-1], bounds[1:]
        nodes[edges[:, 0], 2] = 1
        if gaps is not None and tokens is not None:
            edges[:, 1], edges[:, 2] = gaps.starts[edges[:, 1]], tokens.starts[edges[:, 2]]
        size = table_size(len(edges))
        return Trie(edges, np.full((size, 4), -1, np.int32), np.zeros(size, np.uint8), nodes, outputs[:, 1:].copy())


def table_size(n_keys: int) -> int:
    """Slots of a hash table for so many keys: at most half of them full."""
    return 1 << max(4, (2 * n_keys).bit_length())


class _Builder:
    """Adds phrases one by one."""

    def __init__(self) -> None:
        self.tokens, self.gaps, self.pieces, self.exact = _Interned(), _Interned(), _Interned(), _Interned()
        self.gaps.number(" ")  # the most frequent gap is record 0, which the kernel knows
        self.roots: list[int] = []
        self.by_token = _TrieMaker(0)
        self.by_character = _TrieMaker(1)

    def add(self, phrase: Phrase) -> None:
        if phrase.ignore_case and phrase.whole_word and phrase.text.isascii():
            words = phrase.text.lower().split(" ")
            if all(map(str.isalnum, words)):  # most phrases of most lists: their parts are plain to see
                self._add_words(words, phrase.test)
                return
        exact = -1 if phrase.ignore_case else self.exact.number(phrase.text)
        folded = fold_text(phrase.text)
        if phrase.whole_word and _IS_WORD.search(phrase.text):
            self._add_tokens(_PARTS.findall(folded), phrase.test, exact)
        else:
            self._add_characters(folded, phrase.test, exact)

    def _add_words(self, words: list[str], test: int) -> None:
        node = self._root(self.tokens.number(words[0]))
        for word in words[1:]:
            node = self.by_token.child(node, 0, self.tokens.number(word))
        self.by_token.outputs.append((node, test, -1, -1, -1))

    def _add_tokens(self, parts: list[str], test: int, exact: int) -> None:
        before = -1 if _IS_WORD.match(parts[0]) else self.pieces.number(parts.pop(0))
        after = -1 if _IS_WORD.match(parts[-1]) else self.pieces.number(parts.pop())
        node = self._root(self.tokens.number(parts[0]))
        for gap, token in zip(parts[1::2], parts[2::2], strict=True):
            node = self.by_token.child(node, self.gaps.number(gap), self.tokens.number(token))
        self.by_token.outputs.append((node, test, before, after, exact))

    def _root(self, token: int) -> int:
        if token >= len(self.roots):
            self.roots.extend([-1] * (token + 1 - len(self.roots)))
        if self.roots[token] < 0:
            self.roots[token] = self.by_token.n_nodes
            self.by_token.n_nodes += 1
        return self.roots[token]

    def _add_characters(self, folded: str, test: int, exact: int) -> None:
        node = 0
        for symbol in symbols()[code_points(folded)].tolist():
            node = self.by_character.child(node, 0, symbol)
        self.by_character.outputs.append((node, test, -1, -1, exact))

    def tables(self) -> PhraseTables:
        table = symbols()
        tokens, gaps = self.tokens.vocabulary(table), self.gaps.vocabulary(table)
        by_token = self.by_token.frozen(gaps, tokens)
        roots = np.array(self.roots, dtype=np.int32)
        starts, nodes = tokens.starts[: len(roots)][roots >= 0], roots[roots >= 0]
        tokens.records[starts], tokens.records[starts + 1] = by_token.nodes[nodes, 0], by_token.nodes[nodes, 1]
        tokens.records[starts + 2] = np.where(by_token.nodes[nodes, 2], nodes, -1)
        return PhraseTables(
            symbols=table,
            tokens=tokens,
            gaps=gaps,
            by_token=by_token,
            by_character=self.by_character.frozen(),
            starts=np.zeros(N_STARTS, dtype=np.uint8),
            pieces=self.pieces.strings(table),
            exact=self.exact.strings(None),
        )


def phrase_tables(phrases: Sequence[Phrase]) -> PhraseTables:
    """Build the tables; their hash slots are filled by the kernel, which owns the hash function."""
    builder = _Builder()
    for phrase in phrases:
        builder.add(phrase)
    return builder.tables()
