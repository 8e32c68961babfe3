"""All keyword lists and look-ups of a column in one pass over its bytes.

Adding a list costs what its phrases cost when they are found, not another scan. The one letter that the tables do not
follow, the Greek iota with its subscript (a letter that equals a mark when case is ignored), is left to ``re``: phrases
with the mark on every row, phrases with the letter on the rows that hold the mark.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from labelkit.conditions import Words
from labelkit.matchers.phrase_tables import PhraseTables, phrase_tables, phrases_of
from labelkit.matchers.unicode_tables import mixed_characters

if TYPE_CHECKING:
    from labelkit.matchers.arrow_text import TextColumn


class Row(NamedTuple):
    """Room for one row: a symbol and a code point for each character; start, stop and number of each token."""

    symbol: npt.NDArray[np.int32]
    code: npt.NDArray[np.int32]
    start: npt.NDArray[np.int32]
    stop: npt.NDArray[np.int32]
    token: npt.NDArray[np.int32]


@dataclass(frozen=True)
class PhraseEngine:
    """Compiled tables for some lists of words, and the lists of those of their phrases that need ``re`` as well."""

    tables: PhraseTables
    on_mixed_rows: tuple[tuple[int, Words], ...]

    @classmethod
    def build(cls, tests: Iterable[tuple[int, Words]]) -> PhraseEngine:
        """Compile numbered lists; none may be :func:`left_to_patterns`."""
        from labelkit.matchers import phrase_kernel  # noqa: PLC0415  loads numba

        tests = list(tests)
        tables = phrase_tables(phrases_of(tests))
        phrase_kernel.fill(tables)
        letters, _ = mixed_characters()
        again = ((number, words, _holding(words, letters)) for number, words in tests if words.ignore_case)
        return cls(tables, tuple((number, _only(words, some)) for number, words, some in again if some))

    def scan(self, text: TextColumn, votes: npt.NDArray[np.bool_]) -> None:
        """Set ``votes[test, row]`` to the definition's answer for the tests of this engine."""
        from labelkit.matchers import phrase_kernel  # noqa: PLC0415  loads numba

        room = text.longest + 1
        row = Row(*(np.empty(room, dtype=np.int32) for _ in Row._fields))
        marks = np.empty(room, dtype=np.uint64)
        mixed = phrase_kernel.scan_phrases(self.tables, text.data, text.offsets, text.active, row, marks, votes)
        rows = np.flatnonzero(mixed)
        for number, words in self.on_mixed_rows:
            hits = np.fromiter(map(words.matches, text.texts(rows)), np.bool_, len(rows))
            votes[number, rows] |= hits


def left_to_patterns(words: Words) -> bool:
    """Whether a list must be left to ``re``: it has no words, a blank one, or a character that the tables omit."""
    _, marks = mixed_characters()
    return not words.words or not all(word.strip() for word in words.words) or bool(_holding(words, marks))


def _holding(words: Words, characters: frozenset[str]) -> tuple[str, ...]:
    return tuple(word for word in words.words if not word.isascii() and not characters.isdisjoint(word))


def _only(words: Words, some: tuple[str, ...]) -> Words:
    return Words(some, ignore_case=words.ignore_case, whole_word=words.whole_word)
