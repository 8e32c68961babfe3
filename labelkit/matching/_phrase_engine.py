"""All keyword lists and look-ups of a column in one pass over its bytes.

Adding a list costs what its phrases cost when they are found, not another scan. Two rare things are left to ``re``:

- the Greek iota, a letter that equals a mark (its subscript) when case is ignored: lists with the mark are taken as
  patterns, those with the letter are asked again on the rows that hold the mark;
- letters of the far planes that have two cases, which ``re`` overlooks in some lists: phrases with such a letter only
  say which rows to ask about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from labelkit.matching._phrase_tables import Phrase, PhraseTables, divided, phrase_tables
from labelkit.matching._unicode_tables import mixed_characters, unsure_characters
from labelkit.rules.predicates import Words

if TYPE_CHECKING:
    from labelkit.matching._text_column import TextColumn


class Row(NamedTuple):
    """Room for one row: a symbol and a code point for each character; start, stop and record of each token; places."""

    symbol: npt.NDArray[np.int32]
    code: npt.NDArray[np.int32]
    start: npt.NDArray[np.int32]
    stop: npt.NDArray[np.int32]
    token: npt.NDArray[np.int32]
    place: npt.NDArray[np.int32]


@dataclass(frozen=True)
class PhraseEngine:
    """Compiled tables for some lists of words, and the lists that need ``re`` on some rows.

    ``on_mixed_rows`` holds those of their phrases that are to be asked on rows with a MIXED symbol. ``unsure`` holds
    lists whose phrases with unsure letters vote in a row of their own, below those of the tests.
    """

    tables: PhraseTables
    n_rows: int
    on_mixed_rows: tuple[tuple[int, Words], ...]
    unsure: tuple[tuple[int, Words], ...]

    @classmethod
    def build(cls, tests: Mapping[int, Words]) -> PhraseEngine:
        """Compile numbered lists; none may be :func:`left_to_patterns`."""
        from labelkit.matching import _phrase_kernel as phrase_kernel  # noqa: PLC0415  loads numba

        letters, _ = mixed_characters()
        folding = {number: words for number, words in tests.items() if words.ignore_case}
        mixed = {number: _holding(words, letters) for number, words in folding.items()}
        unsure = {number: words for number, words in folding.items() if _holding(words, unsure_characters())}
        n_tests = max(tests) + 1
        own_row = {number: n_tests + i for i, number in enumerate(unsure)}
        parts = {number: divided(words) for number, words in tests.items()}
        others = (
            Phrase(text, tests[number].ignore_case, tests[number].whole_word, _row(number, text, own_row))
            for number, (_, rest) in parts.items()
            for text in rest
        )
        tables = phrase_tables({number: plain for number, (plain, _) in parts.items()}, others)
        phrase_kernel.fill(tables)
        again = {number: _only(tests[number], some) for number, some in mixed.items() if some}
        again |= {number: words for number, words in unsure.items() if number in again}
        return cls(tables, n_tests + len(unsure), tuple(again.items()), tuple(unsure.items()))

    def scan(self, text: TextColumn, votes: npt.NDArray[np.bool_]) -> None:
        """Set ``votes[test, row]`` to the definition's answer for the tests of this engine."""
        from labelkit.matching import _phrase_kernel as phrase_kernel  # noqa: PLC0415  loads numba

        room = text.longest + 1
        row = Row(*(np.empty(room, dtype=np.int32) for _ in Row._fields))
        marks = np.empty(room, dtype=np.uint64)
        found = np.zeros((self.n_rows, len(text)), dtype=np.bool_) if self.unsure else votes
        mixed = phrase_kernel.scan_phrases(self.tables, text.data, text.offsets, text.active, row, marks, found)
        for number, words in self.on_mixed_rows:
            _ask(words, np.flatnonzero(mixed), text, found[number])
        first = self.n_rows - len(self.unsure)
        for i, (number, words) in enumerate(self.unsure):
            _ask(words, np.flatnonzero(found[first + i] & ~found[number]), text, found[number])
        if self.unsure:
            votes[:first] |= found[:first]


def _ask(words: Words, rows: npt.NDArray[np.intp], text: TextColumn, votes: npt.NDArray[np.bool_]) -> None:
    """Add the definition's answer on some rows."""
    votes[rows] |= np.fromiter(map(words.matches, text.texts(rows)), np.bool_, len(rows))


def _row(number: int, phrase: str, own_row: Mapping[int, int]) -> int:
    """Where a phrase votes: beside its test if it has an unsure letter."""
    is_unsure = number in own_row and not phrase.isascii() and not unsure_characters().isdisjoint(phrase)
    return own_row[number] if is_unsure else number


def left_to_patterns(words: Words) -> bool:
    """Whether a list must be left to ``re``: it has no words, a blank one, or a character that the tables omit."""
    _, marks = mixed_characters()
    blank = not all(map(str.strip, words.words))
    return not words.words or blank or bool(_holding(words, marks))


def _holding(words: Words, characters: frozenset[str]) -> tuple[str, ...]:
    if all(map(str.isascii, words.words)):  # no list of thousands of plain words should wait for this
        return ()
    return tuple(word for word in words.words if not word.isascii() and not characters.isdisjoint(word))


def _only(words: Words, some: tuple[str, ...]) -> Words:
    return Words(some, ignore_case=words.ignore_case, whole_word=words.whole_word)
