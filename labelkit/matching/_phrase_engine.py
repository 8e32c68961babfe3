"""Match all keyword lists and look-ups of a column in one pass over its bytes.

An additional list costs time only where its phrases match, not another scan. Two rare cases are left to ``re``:

- the Greek iota, a letter that equals a mark (its subscript) when case is ignored: lists with the mark are matched as
  patterns; lists with the letter are matched by ``re`` on the rows that contain the mark;
- letters beyond the Basic Multilingual Plane that have two cases, which ``re`` overlooks in some lists: phrases with
  such a letter only select the rows on which ``re`` decides.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from labelkit.matching._phrase_tables import Phrase, PhraseTables, divided, phrase_tables
from labelkit.matching._unicode_tables import mixed_characters, unsure_characters
from labelkit.rules.predicates import Words

if TYPE_CHECKING:
    from labelkit.matching._text_column import TextColumn


class RowBuffers(NamedTuple):
    """Buffers for one row.

    Of each character the symbol, the code point, a byte of it and its kind; the start and stop of each token in turn;
    of each token the record; the places outside of words at which a phrase may start; tokens that may be in a list.
    """

    symbol: npt.NDArray[np.int32]
    code: npt.NDArray[np.int32]
    letter: npt.NDArray[np.uint8]
    kind: npt.NDArray[np.uint8]
    bound: npt.NDArray[np.int32]
    token: npt.NDArray[np.int32]
    place: npt.NDArray[np.int32]
    perhaps: npt.NDArray[np.int32]

    @classmethod
    def of(cls, length: int) -> RowBuffers:
        """Make buffers for rows of so many characters at most; the kernel reads up to 128 bytes beyond."""
        length += 136
        symbol, code, bound, token, place, perhaps = np.zeros((6, length), dtype=np.int32)
        letter, kind = np.zeros((2, length), dtype=np.uint8)
        return cls(symbol, code, letter, kind, bound, token, place, perhaps)


@dataclass(frozen=True)
class PhraseEngine:
    """Compiled tables for some lists of words, and the lists that need ``re`` on some rows.

    ``on_mixed_rows`` holds the phrases to be matched by ``re`` on rows with a MIXED symbol. ``unsure`` holds the lists
    with unsure letters; the matches of such phrases go to an extra row below those of the tests, until ``re`` confirms.
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
        extra_row = {number: n_tests + i for i, number in enumerate(unsure)}
        parts = {number: divided(words) for number, words in tests.items()}
        others = (
            Phrase(text, tests[number].ignore_case, tests[number].whole_word, _row(number, text, extra_row))
            for number, (_, rest) in parts.items()
            for text in rest
        )
        tables = phrase_tables({number: plain for number, (plain, _) in parts.items()}, others)
        phrase_kernel.fill(tables)
        again = {number: _only(tests[number], some) for number, some in mixed.items() if some}
        again |= {number: words for number, words in unsure.items() if number in again}
        return cls(tables, n_tests + len(unsure), tuple(again.items()), tuple(unsure.items()))

    @classmethod
    def of_literals(cls, literals: Sequence[Collection[str]]) -> PhraseEngine:
        """Compile sets of strings, each to be found anywhere, in any case and with any white space for theirs.

        None may be blank, nor hold a character equal to one of another kind (:func:`mixed_characters`).
        """
        from labelkit.matching import _phrase_kernel as phrase_kernel  # noqa: PLC0415  loads numba

        numbered = ((number, text) for number, some in enumerate(literals) for text in some)
        phrases = (Phrase(text, ignore_case=True, whole_word=False, test=number) for number, text in numbered)
        tables = phrase_tables({}, phrases)
        phrase_kernel.fill(tables)
        return cls(tables, len(literals), (), ())

    def scan(self, text: TextColumn, votes: npt.NDArray[np.bool_]) -> None:
        """Set ``votes[test, row]`` for the tests of this engine to the results of ``test.matches``."""
        from labelkit.matching import _phrase_kernel as phrase_kernel  # noqa: PLC0415  loads numba

        buffers, hashes = RowBuffers.of(text.longest), np.empty(text.longest + 1, dtype=np.uint64)
        matched = np.zeros((self.n_rows, len(text)), dtype=np.bool_) if self.unsure else votes
        mixed = phrase_kernel.scan_phrases(self.tables, text.data, text.offsets, text.active, buffers, hashes, matched)
        for number, words in self.on_mixed_rows:
            _confirm(words, np.flatnonzero(mixed), text, matched[number])
        first = self.n_rows - len(self.unsure)
        for i, (number, words) in enumerate(self.unsure):
            _confirm(words, np.flatnonzero(matched[first + i] & ~matched[number]), text, matched[number])
        if self.unsure:
            votes[:first] |= matched[:first]


def _confirm(words: Words, rows: npt.NDArray[np.intp], text: TextColumn, votes: npt.NDArray[np.bool_]) -> None:
    """Set the votes on some rows where ``words.matches``, the definition, is true."""
    votes[rows] |= np.fromiter(map(words.matches, text.texts(rows)), np.bool_, len(rows))


def _row(number: int, phrase: str, extra_row: Mapping[int, int]) -> int:
    """Return the row of votes for a phrase: its test's, or the extra row if the phrase has an unsure letter."""
    is_unsure = number in extra_row and not phrase.isascii() and not unsure_characters().isdisjoint(phrase)
    return extra_row[number] if is_unsure else number


def left_to_patterns(words: Words) -> bool:
    """Return True if ``re`` must match a list: it has no words, a blank one, or a character absent from the tables."""
    _, marks = mixed_characters()
    blank = not all(map(str.strip, words.words))
    return not words.words or blank or bool(_holding(words, marks))


def _holding(words: Words, characters: frozenset[str]) -> tuple[str, ...]:
    if all(map(str.isascii, words.words)):  # the fast exit for lists of thousands of plain words
        return ()
    return tuple(word for word in words.words if not word.isascii() and not characters.isdisjoint(word))


def _only(words: Words, some: tuple[str, ...]) -> Words:
    return Words(some, ignore_case=words.ignore_case, whole_word=words.whole_word)
