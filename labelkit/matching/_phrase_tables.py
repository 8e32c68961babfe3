"""Compile many lists of words into one set of arrays, for one pass that finds the phrases of all lists.

A phrase is a sequence of *tokens* (runs of word characters) with *gaps* between them. A text is cut the same way, so
the phrases in a text are paths in a trie whose edges are pairs of a gap and a token; the number of phrases hardly
affects the time. The characters before the first token or after the last (the ``#`` of "#ad", the ``++`` of "c++") are
compared when the path is complete, and so are the exact characters if case matters.

A phrase without word characters, or one that may match inside of words, can start anywhere: those are in a second trie
whose edges are single characters.

All comparisons are of *symbols* (see :func:`~labelkit.matching._unicode_tables.symbols`), after each run of white space
has been reduced to one space. Equal hashes are always confirmed by comparing the strings.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from labelkit.matching._unicode_tables import code_points, fold_text, symbols

if TYPE_CHECKING:
    from labelkit.rules.predicates import Words

Ints = npt.NDArray[np.int32]
HEAD = 4
"""Number of fields of a record before its symbols."""

N_STARTS = 1 << 16
"""Size of the table of characters, and pairs of them, that start a phrase of the second trie; a power of two."""

_PARTS = re.compile(r"\w+|\W+")
_IS_WORD = re.compile(r"\w")
_PLAIN = re.compile(r"[A-Za-z0-9_]+(?: [A-Za-z0-9_]+)*").fullmatch
_PLAIN_CHARACTERS = frozenset(string.ascii_letters + string.digits + "_ \n")


class Strings(NamedTuple):
    """Concatenated strings: string ``i`` is ``pool[start[i]:start[i + 1]]``."""

    pool: Ints
    start: Ints


class Vocabulary(NamedTuple):
    """Strings to be looked up, each a record ``[output, last output + 1, node, length, symbol, ...]``.

    A string is identified by the index at which its record begins. The outputs are those of the phrase that consists of
    this string alone; the node is the trie node of longer phrases that begin with it, or -1. ``slots`` is a hash table
    of pairs (hash, record + 1), and ``hints`` has a bit for each hash in it: small enough for the processor's cache, it
    rules out most words that are in no list.
    """

    records: Ints
    starts: Ints
    slots: npt.NDArray[np.uint64]
    hints: npt.NDArray[np.uint8]


class Trie(NamedTuple):
    """Edges ``(node, gap, token, child)``, their hash table ``slots`` with its ``hints``, and the outputs of nodes.

    A row of ``nodes`` is (first output, last output + 1, 1 if edges leave it, 0); a row of ``outputs`` is (test,
    piece before, piece after, exact phrase), with -1 for nothing to compare. The fields of a row are adjacent, so that
    a look-up costs one memory access.
    """

    edges: Ints
    slots: Ints
    hints: npt.NDArray[np.uint8]
    nodes: Ints
    outputs: Ints


class PhraseTables(NamedTuple):
    """The arrays that the kernel reads."""

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


def divided(words: Words) -> tuple[list[str], list[str]]:
    r"""Divide a list into *plain* phrases (ASCII words with a space between) and others, white space normalised.

    >>> from labelkit.rules.predicates import Words
    >>> divided(Words(("check out", "c++", "a\tb")))
    (['check out', 'a b'], ['c++'])
    """
    folds = words.ignore_case and words.whole_word
    if folds and _all_plain(words.words):
        return list(words.words), []
    normal = dict.fromkeys(" ".join(word.split()) for word in words.words)
    return [w for w in normal if folds and _PLAIN(w)], [w for w in normal if not (folds and _PLAIN(w))]


def _all_plain(words: Sequence[str]) -> bool:
    """Return True if all phrases of a list are plain, tested on their concatenation, which is fast for long lists."""
    lines = "\n".join(("", *words, ""))
    odd = any(pair in lines for pair in ("  ", " \n", "\n ", "\n\n"))
    return not odd and lines.count("\n") == len(words) + 1 and set(lines) <= _PLAIN_CHARACTERS


class _Interned:
    """Number distinct strings in the order in which they are added."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self.numbers.setdefault(text, len(self.numbers))

    def strings(self, table: Ints | None) -> Strings:
        """Return the strings concatenated, as symbols of the table (or as plain code points)."""
        codes = code_points("".join(self.numbers))
        start = np.zeros(len(self.numbers) + 1, dtype=np.int32)
        np.cumsum(np.fromiter(map(len, self.numbers), np.int32, len(self.numbers)), out=start[1:])
        return Strings(codes if table is None else table[codes], start)

    def vocabulary(self, table: Ints) -> Vocabulary:
        """Return the strings as records, without outputs and nodes; the kernel fills the empty hash table."""
        pool, start = self.strings(table)
        starts = start[:-1] + HEAD * np.arange(len(start) - 1, dtype=np.int32)
        records = np.full(len(pool) + HEAD * len(starts), -1, dtype=np.int32)
        is_symbol = np.ones(len(records), dtype=np.bool_)
        is_symbol[(starts[:, None] + np.arange(HEAD)).ravel()] = False
        records[is_symbol] = pool
        records[starts + HEAD - 1] = np.diff(start)
        size = table_size(len(starts))
        return Vocabulary(records, starts, np.zeros((size, 2), np.uint64), np.zeros(size, np.uint8))


def table_size(n_keys: int) -> int:
    """Return the number of slots of a hash table for ``n_keys`` keys, at most half of them full."""
    return 1 << max(4, (2 * n_keys).bit_length())


class _Paths:
    """The phrases of one trie, each a path of pairs of a gap and a token, with the output at its end."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, int]] = []
        self.sizes: list[int] = []
        self.outputs: list[tuple[int, int, int, int]] = []

    def add(self, steps: Iterable[tuple[int, int]], output: tuple[int, int, int, int]) -> None:
        before = len(self.steps)
        self.steps.extend(steps)
        self.sizes.append(len(self.steps) - before)
        self.outputs.append(output)

    def columns(self) -> _Columns:
        steps = np.array(self.steps, dtype=np.int64).reshape(-1, 2)
        outputs = np.array(self.outputs, dtype=np.int32).reshape(-1, 4)
        return _Columns(steps[:, 0], steps[:, 1], np.array(self.sizes, dtype=np.int64), outputs)


class _Columns(NamedTuple):
    """Paths as columns: the gaps and tokens of all steps, the number of steps of each path, and its output."""

    gaps: npt.NDArray[np.int64]
    tokens: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]
    outputs: Ints


class _TrieEdges(NamedTuple):
    """A trie under construction: edges (node, gap, token, child), and the number of its nodes; node 0 is the root."""

    edges: npt.NDArray[np.int64]
    n_nodes: int
    outputs: Ints
    """(node, test, piece before, piece after, exact phrase), in the order of the nodes."""


def _build_trie(paths: Sequence[_Columns]) -> _TrieEdges:
    """Build a trie, one step of all paths at a time."""
    gaps, tokens, sizes, outputs = (np.concatenate([getattr(p, name) for p in paths]) for name in _Columns._fields)
    first = np.cumsum(sizes) - sizes
    node = np.zeros(len(sizes), dtype=np.int64)
    n_gaps, n_tokens, n_nodes = gaps.max(initial=0) + 1, tokens.max(initial=0) + 1, 1
    edges = []
    unfinished, step = np.flatnonzero(sizes), 0
    while len(unfinished):
        at = first[unfinished] + step
        keys, child = np.unique((node[unfinished] * n_gaps + gaps[at]) * n_tokens + tokens[at], return_inverse=True)
        edges.append(_edges_of(keys, n_gaps, n_tokens, n_nodes))
        node[unfinished] = n_nodes + child
        n_nodes += len(keys)
        step += 1
        unfinished = unfinished[sizes[unfinished] > step]
    by_node = np.column_stack([node, outputs]).astype(np.int32)[np.argsort(node, kind="stable")]
    return _TrieEdges(np.concatenate([np.empty((0, 4), dtype=np.int64), *edges]), n_nodes, by_node)


def _edges_of(keys: npt.NDArray[np.int64], n_gaps: int, n_tokens: int, first_child: int) -> npt.NDArray[np.int64]:
    rest, token = np.divmod(keys, n_tokens)
    node, gap = np.divmod(rest, n_gaps)
    return np.column_stack([node, gap, token, first_child + np.arange(len(keys))])


def _trie_arrays(edges: npt.NDArray[np.int64], trie: _TrieEdges) -> Trie:
    """Lay out a trie with the given edges in arrays; the kernel fills the empty hash table."""
    bounds = np.searchsorted(trie.outputs[:, 0], np.arange(trie.n_nodes + 1))
    nodes = np.zeros((trie.n_nodes, 4), dtype=np.int32)
    nodes[:, 0], nodes[:, 1] = bounds[:-1], bounds[1:]
    nodes[edges[:, 0], 2] = 1
    size = table_size(len(edges))
    slots, hints = np.full((size, 4), -1, np.int32), np.zeros(size, np.uint8)
    return Trie(edges.astype(np.int32), slots, hints, nodes, trie.outputs[:, 1:].copy())


class _PhrasePaths:
    """Cut phrases into the steps of paths through the tries."""

    def __init__(self) -> None:
        self.tokens, self.gaps, self.pieces, self.exact = _Interned(), _Interned(), _Interned(), _Interned()
        self.gaps.number(" ")  # the most frequent gap is record 0; the kernel relies on that
        self.by_token = _Paths()
        self.by_character = _Paths()

    def add(self, phrase: Phrase) -> None:
        exact = -1 if phrase.ignore_case else self.exact.number(phrase.text)
        folded = fold_text(phrase.text)
        if phrase.whole_word and _IS_WORD.search(phrase.text):
            self._add_tokens(_PARTS.findall(folded), phrase.test, exact)
        else:
            codes = symbols()[code_points(folded)].tolist()
            self.by_character.add([(0, symbol) for symbol in codes], (phrase.test, -1, -1, exact))

    def _add_tokens(self, parts: list[str], test: int, exact: int) -> None:
        before = -1 if _IS_WORD.match(parts[0]) else self.pieces.number(parts.pop(0))
        after = -1 if _IS_WORD.match(parts[-1]) else self.pieces.number(parts.pop())
        gaps = [0, *map(self.gaps.number, parts[1::2])]
        self.by_token.add(zip(gaps, map(self.tokens.number, parts[::2]), strict=True), (test, before, after, exact))

    def plain(self, lists: Mapping[int, Sequence[str]]) -> _Columns:
        """Return the paths of plain phrases, computed in columns since there may be very many."""
        tests = np.repeat(np.array(list(lists), dtype=np.int32), [len(some) for some in lists.values()])
        lines = "".join(f"{text}\n" for some in lists.values() for text in some).lower()
        letters = np.frombuffer(lines.encode(), dtype=np.uint8)
        ends = np.flatnonzero((letters == ord(" ")) | (letters == ord("\n")))
        sizes = np.diff(np.flatnonzero(letters[ends] == ord("\n")), prepend=-1)
        words = lines.split()
        for word in dict.fromkeys(words):
            self.tokens.number(word)
        tokens = np.fromiter(map(self.tokens.numbers.__getitem__, words), np.int64, len(words))
        outputs = np.full((len(tests), 4), -1, dtype=np.int32)
        outputs[:, 0] = tests
        return _Columns(np.zeros(len(words), dtype=np.int64), tokens, sizes, outputs)


def phrase_tables(plain: Mapping[int, Sequence[str]], phrases: Iterable[Phrase]) -> PhraseTables:
    """Build the tables, with empty hash slots: the kernel, which defines the hash function, fills them.

    Parameters
    ----------
    plain : mapping
        For each test its plain phrases (see :func:`divided`).
    phrases : iterable of Phrase
        All others.
    """
    builder = _PhrasePaths()
    for phrase in phrases:
        builder.add(phrase)
    by_token = _build_trie([builder.plain(plain), builder.by_token.columns()])
    by_character = _build_trie([builder.by_character.columns()])
    table = symbols()
    tokens, gaps = builder.tokens.vocabulary(table), builder.gaps.vocabulary(table)
    edges = by_token.edges
    edges[:, 1], edges[:, 2] = gaps.starts[edges[:, 1]], tokens.starts[edges[:, 2]]
    is_root = edges[:, 0] == 0
    trie = _trie_arrays(edges[~is_root], by_token)
    _link_first_tokens(tokens, trie, edges[is_root])
    return PhraseTables(
        symbols=table,
        tokens=tokens,
        gaps=gaps,
        by_token=trie,
        by_character=_trie_arrays(by_character.edges, by_character),
        starts=np.zeros(N_STARTS, dtype=np.uint8),
        pieces=builder.pieces.strings(table),
        exact=builder.exact.strings(None),
    )


def _link_first_tokens(tokens: Vocabulary, trie: Trie, roots: npt.NDArray[np.int64]) -> None:
    """Write the outputs and the trie node of each token that begins a phrase into the token's record."""
    starts, nodes = roots[:, 2], roots[:, 3]
    tokens.records[starts], tokens.records[starts + 1] = trie.nodes[nodes, 0], trie.nodes[nodes, 1]
    tokens.records[starts + 2] = np.where(trie.nodes[nodes, 2], nodes, -1)
