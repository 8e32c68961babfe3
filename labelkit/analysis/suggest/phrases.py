"""Words and phrases of texts, as a sparse matrix: which text has which.

A phrase is up to three words with nothing but white space, or one joining sign such as an apostrophe or a dot, between
them. So it stands in a text exactly where the keyword rule would find it, but for rare letters; who uses a phrase
counts again with the rule itself. In scripts that put no spaces between words (Chinese, Japanese, Thai, ...) pieces of
two to four characters take the place of words. An emoji is a word.

>>> found = grams(["Check out my page!", "my page", None, "check out, my dear"], min_texts=2)
>>> sorted(found.text(g) for g in range(found.matrix.shape[1]))
['check', 'check out', 'my', 'my page', 'out', 'page']
>>> found.matrix.toarray().astype(int).sum(axis=1).tolist()
[6, 3, 0, 4]
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import pandas as pd
from scipy import sparse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes: TypeAlias = NDArray[np.int64]

CHUNK_CHARACTERS: Final = 4_000_000
"""Texts are split into words in chunks of about this size."""

JOINTS: Final = ("", " ", "'", "’", "-", ".", "@", "/", "&", "+")
"""Characters that may stand between the words of a phrase; the first stands for anything else, which ends it."""

LONGEST: Final = 40
"""A longer word is no word."""

PIECES: Final = (2, 3, 4)
"""Lengths of the pieces of scripts without spaces."""

NO_SPACES: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fff\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Thai and Lao, Burmese, Khmer, and the scripts of Chinese and Japanese."""

EMOJI: Final = "[\U0001f1e6-\U0001f1ff]{2}|[\u2600-\u27bf\U0001f300-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]*"

_MARK: Final = "\x1e"
"""The separator of records; not NUL, at which pandas 2 ends a string that it numbers."""

_END: Final = f"\n{_MARK}\n"


@dataclass(frozen=True, eq=False)
class Grams:
    """Words and phrases, and the texts that they stand in.

    Attributes
    ----------
    matrix : csr_array of shape (n_texts, n_grams)
        1 where a text has a word or phrase.
    before, joint, word : ndarray of int64, shape (n_grams,)
        The phrase without its last word (-1: none), what joins the two, and the last word.
    words : list of str
    """

    matrix: sparse.csr_array
    before: Codes
    joint: Codes
    word: Codes
    words: list[str]

    def text(self, gram: int) -> str:
        """The word or phrase, in lower case."""
        last = self.words[self.word[gram]]
        rest = int(self.before[gram])
        return last if rest < 0 else f"{self.text(rest)}{JOINTS[self.joint[gram]]}{last}"

    def is_piece(self, gram: int) -> bool:
        """True if it is of a script without spaces, so that it need not be a whole word."""
        return re.search(f"[{NO_SPACES}]", self.text(gram)) is not None


def grams(texts: Sequence[str | None], *, max_words: int = 3, min_texts: int = 5) -> Grams:
    """Find the words and phrases that stand in at least ``min_texts`` texts.

    Parameters
    ----------
    texts : list of str or None
    max_words : int
        The words in a phrase.
    min_texts : int

    Returns
    -------
    Grams
    """
    word, joint, text, words = _split(texts)
    word, words = _folded(word, words)
    pieces, piece_text, words = _pieces(word, text, words)
    spaced = np.array([_is_word(w) for w in words], dtype=bool)
    at = np.where(spaced[word], word, -1) if len(word) else word
    tables = [_table(at, text, min_texts), _table(pieces, piece_text, min_texts)]
    first = tables[0]
    single = first.number
    parts = [(np.full(len(t.kept), -1), np.zeros(len(t.kept), dtype=np.int64), t.kept) for t in tables]
    offset, latest = 0, first
    n_grams = sum(len(t.kept) for t in tables)
    for length in range(2, max_words + 1):
        latest, part = _longer(latest, single, first.kept, joint, text, length, offset, min_texts)
        offset, n_grams = n_grams, n_grams + len(latest.kept)
        tables.append(latest)
        parts.append(part)
    before, joints, last = (np.concatenate(columns).astype(np.int64) for columns in zip(*parts, strict=True))
    matrix = sparse.hstack([t.matrix(len(texts)) for t in tables], format="csr")
    return Grams(sparse.csr_array(matrix), before, joints, last, words)


# Words ----------------------------------------------------------------------------------------------------------------


@cache
def _marks() -> frozenset[str]:
    """Vowel signs and accents that stand beside the letter that they belong to."""
    beyond = range(0xFE00, 0xFE10)  # they choose how an emoji looks, and are part of its pattern
    return frozenset(chr(c) for c in range(0x300, 0x1E000) if c not in beyond and _is_mark(chr(c)))


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in {"Mn", "Mc"}


@cache
def _pattern(*, marked: bool) -> re.Pattern[str]:
    """A word or an emoji; to look for marks too takes four times as long."""
    inside = f"(?:[{re.escape(''.join(sorted(_marks())))}]+\\w*)*" if marked else ""
    return re.compile(rf"(\w+{inside}|{EMOJI})")


def _split(texts: Sequence[str | None]) -> tuple[Codes, Codes, Codes, list[str]]:
    """The number of each word, what joins it to the next, and its text; and the words."""
    given = [(number, text) for number, text in enumerate(texts) if text]
    marked = [not text.isascii() and not _marks().isdisjoint(text) for _, text in given]
    numbers: dict[str, int] = {}
    none = np.empty(0, dtype=np.int64)
    parts = [(none, none, none)]
    for kind in (False, True):
        for places, joined in _chunks(part for part, mark in zip(given, marked, strict=True) if mark == kind):
            gaps_and_words = _pattern(marked=kind).split(joined)
            codes, seen = pd.factorize(np.array(gaps_and_words[1::2], dtype=object))
            word_numbers = np.array([numbers.setdefault(word, len(numbers)) for word in seen], dtype=np.int64)
            gaps, kinds = pd.factorize(np.array(gaps_and_words[::2], dtype=object))
            ends = np.array([gap.count(_MARK) for gap in kinds], dtype=np.int64)[gaps]
            joint = np.array([_joint(gap) for gap in kinds], dtype=np.int64)[gaps]
            parts.append((word_numbers[codes] if len(codes) else none, joint[1:], places[np.cumsum(ends)[:-1]]))
    word, joint, text = (np.concatenate(column) for column in zip(*parts, strict=True))
    return word, joint, text, list(numbers)


def _is_word(word: str) -> bool:
    """Return True for a whole word: neither without spaces around it, nor very long, nor of marks alone."""
    plain = word.isascii() or (
        re.search(f"[{NO_SPACES}]", word) is None and re.search(rf"\w|{EMOJI}", word) is not None
    )
    return plain and len(word) <= LONGEST


def _chunks(texts: Iterable[tuple[int, str]]) -> Iterator[tuple[Codes, str]]:
    """Texts put together with a mark after each, and their numbers."""
    numbers: list[int] = []
    chunk: list[str] = []
    size = 0
    for number, text in texts:
        numbers.append(number)
        chunk.append(text.replace("\0", " ").replace(_MARK, " "))
        size += len(text)
        if size >= CHUNK_CHARACTERS:
            yield np.array(numbers), _END.join([*chunk, ""])
            numbers, chunk, size = [], [], 0
    if chunk:
        yield np.array(numbers), _END.join([*chunk, ""])


def _joint(gap: str) -> int:
    if _MARK in gap or not gap:
        return 0
    if gap.isspace():
        return JOINTS.index(" ")
    return JOINTS.index(gap) if gap in JOINTS else 0


def _folded(word: Codes, words: list[str]) -> tuple[Codes, list[str]]:
    """Words in lower case, where the lower case is what a rule that ignores case would match."""
    numbers: dict[str, int] = {}
    place = np.array([numbers.setdefault(_lower(w), len(numbers)) for w in words], dtype=np.int64)
    return (place[word] if len(word) else word), list(numbers)


def _lower(word: str) -> str:
    lower = word.lower()
    same = word.isascii() or re.fullmatch(re.escape(lower), word, re.IGNORECASE) is not None
    return lower if same else word


def _pieces(word: Codes, text: Codes, words: list[str]) -> tuple[Codes, Codes, list[str]]:
    """The pieces of words of scripts without spaces, and their texts; the words with the pieces after them."""
    numbers: dict[str, int] = {}
    owned = [[numbers.setdefault(piece, len(numbers)) for piece in _pieces_of(w)] for w in words]
    length = np.array([len(members) for members in owned], dtype=np.int64)
    flat = np.array([number for members in owned for number in members], dtype=np.int64)
    start = np.cumsum(length) - length
    many = length[word] if len(word) else word
    rows = np.repeat(np.arange(len(word)), many)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(many) - many, many)
    codes = flat[start[word[rows]] + within] if len(rows) else rows
    return codes + len(words), text[rows], [*words, *numbers]


def _pieces_of(word: str) -> set[str]:
    runs = re.findall(f"[{NO_SPACES}]+", word[: 10 * LONGEST]) if not word.isascii() else []
    return {run[i : i + n] for run in runs for n in PIECES for i in range(len(run) - n + 1)}


# Counting -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _PhraseTable:
    """The phrases that occur in enough texts.

    Attributes
    ----------
    number : ndarray
        The number of what stands at each place, or -1.
    kept : ndarray
        What was meant by each number.
    text : ndarray
        The text of each place.
    """

    number: Codes
    kept: Codes
    text: Codes

    def matrix(self, n_texts: int) -> sparse.csr_array:
        """1 where a text has it."""
        there = self.number >= 0
        shape = (n_texts, len(self.kept))
        counts = sparse.csr_array((np.ones(there.sum()), (self.text[there], self.number[there])), shape=shape)
        counts.sum_duplicates()
        counts.data[:] = 1
        return counts


def _table(at: Codes, text: Codes, min_texts: int) -> _PhraseTable:
    """Number anew what stands in enough texts; -1 is nothing."""
    there = np.flatnonzero(at >= 0)
    codes, meant = pd.factorize(at[there])
    pairs = pd.unique(text[there] * max(len(meant), 1) + codes)
    often = np.bincount(pairs % max(len(meant), 1), minlength=len(meant)) >= min_texts
    number = np.where(often, np.cumsum(often) - 1, -1)
    numbered = np.full(len(at), -1, dtype=np.int64)
    numbered[there] = number[codes] if len(there) else codes
    return _PhraseTable(numbered, np.asarray(meant, dtype=np.int64)[often], text)


def _longer(
    shorter: _PhraseTable,
    single: Codes,
    words: Codes,
    joint: Codes,
    text: Codes,
    length: int,
    offset: int,
    min_texts: int,
) -> tuple[_PhraseTable, tuple[Codes, Codes, Codes]]:
    """Phrases of one word more: what they are made of, in terms of grams and words."""
    n_words, n_joints = max(len(words), 1), len(JOINTS)
    at = np.full(len(single), -1, dtype=np.int64)
    if len(single) >= length:
        begin, join, end = shorter.number[: 1 - length], joint[length - 2 : -1], single[length - 1 :]
        whole = (begin >= 0) & (join > 0) & (end >= 0)
        at[: 1 - length][whole] = ((begin * n_joints + join) * n_words + end)[whole]
    table = _table(at, text, min_texts)
    begin, end = np.divmod(table.kept, n_words)
    begin, join = np.divmod(begin, n_joints)
    return table, (begin + offset, join, words[end] if len(words) else end)
