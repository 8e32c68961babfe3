"""The pieces of a text by which it is compared with others: the definition, and the same as hashes of many texts.

Case does not count, and any run of white space is one space. The pieces (shingles) are all runs of some characters or
words; of a shorter text, the whole. Two texts are as alike as their sets of pieces: Jaccard's coefficient, the share of
common pieces among all pieces of both. A text without a character (in words: without a word) is like no other.

>>> sorted(shingles("Win  NOW!"))
[' now', 'in n', 'n no', 'now!', 'win ']
>>> jaccard(shingles("one two three", BY_WORDS), shingles("two three", BY_WORDS))
0.5
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHARACTERS: Final = 4
"""Characters of a shingle."""

WORDS: Final = 2
"""Words of a shingle."""

_WORD: Final = re.compile(r"\w+")
_DIGIT: Final = re.compile(r"\d")
_ODD: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX: Final = np.uint64(0xBF58476D1CE4E5B9)


@dataclass(frozen=True)
class Shingling:
    """How a text is cut into pieces.

    Attributes
    ----------
    words : bool
        Whether the pieces are of words (runs of letters, digits and underscores), or of characters.
    size : int
        Characters or words of a piece.
    digits_alike : bool
        Whether any digit is as good as another, so that texts of one template are alike.
    """

    words: bool = False
    size: int = CHARACTERS
    digits_alike: bool = False

    def units(self, text: str | None) -> Sequence[str]:
        """Return the characters, or the words, that count."""
        plain = " ".join((text or "").casefold().split())
        plain = _DIGIT.sub("0", plain) if self.digits_alike else plain
        return _WORD.findall(plain) if self.words else plain


BY_CHARACTERS: Final = Shingling()
BY_WORDS: Final = Shingling(words=True, size=WORDS)


def shingles(text: str | None, how: Shingling = BY_CHARACTERS) -> frozenset[str]:
    """Return the pieces of a text."""
    units = how.units(text)
    if not units:
        return frozenset()
    between = " " if how.words else ""
    return frozenset(between.join(units[i : i + how.size]) for i in range(max(len(units) - how.size, 0) + 1))


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of common pieces among all pieces of two texts; 0 if both have none."""
    both = len(one & other)
    return both / max(len(one) + len(other) - both, 1)


@dataclass(frozen=True, eq=False)
class HashedShingles:
    """The pieces of some texts, each as 64 bits: that two of a pair of texts collide has a probability below 1e-14.

    Attributes
    ----------
    hashes : ndarray of uint64
        Of one text after the other; a piece that occurs twice in a text stands there twice.
    starts : ndarray of int64, shape (n_texts + 1,)
        Where those of each text begin.
    keys : ndarray of uint64, shape (n_texts,)
        Equal for texts whose characters or words are the same.
    """

    hashes: NDArray[np.uint64]
    starts: NDArray[np.int64]
    keys: NDArray[np.uint64]

    @classmethod
    def of(cls, texts: Sequence[str | None], how: Shingling) -> HashedShingles:
        """Cut texts into pieces, all at once; a text without pieces has none here too."""
        cut = [how.units(text) for text in texts]
        units = _hashed_words(cut) if how.words else _code_points(cut)
        lengths = np.fromiter(map(len, cut), np.int64, len(cut))
        padded = np.where(lengths, np.maximum(lengths, how.size), 0)
        ends = np.cumsum(padded)
        filled = np.zeros(int(padded.sum()) + how.size, dtype=np.uint64)
        within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        filled[np.repeat(ends - padded, lengths) + within] = units
        counts = np.where(lengths, padded - how.size + 1, 0)
        starts = np.concatenate([[0], np.cumsum(counts)])
        first = np.repeat(ends - padded - starts[:-1], counts) + np.arange(int(counts.sum()))
        hashes = np.zeros(len(first), dtype=np.uint64)
        for i in range(how.size):
            hashes = mixed(hashes * _ODD + filled[first + i])
        return cls(hashes, starts, _keys(hashes, starts))


def mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread the bits of numbers over all 64 (the first half of SplitMix64, https://doi.org/10.1145/2714064.2660195)."""
    values = (values ^ (values >> np.uint64(30))) * _MIX
    return values ^ (values >> np.uint64(27))


def _code_points(texts: Sequence[Sequence[str]]) -> NDArray[np.uint64]:
    """Return the characters as numbers above 0, which fills short texts up."""
    data = "".join(text for text in texts if isinstance(text, str)).encode("utf-32-le", "surrogatepass")
    return np.frombuffer(data, dtype=np.uint32).astype(np.uint64) + np.uint64(1)


def _hashed_words(texts: Sequence[Sequence[str]]) -> NDArray[np.uint64]:
    from pandas.util import hash_array  # noqa: PLC0415 - only where words are compared

    words = np.fromiter(chain.from_iterable(texts), dtype=object)
    if not len(words):
        return np.zeros(0, dtype=np.uint64)
    return np.maximum(np.asarray(hash_array(words, categorize=True)), np.uint64(1))


def _keys(hashes: NDArray[np.uint64], starts: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return a hash of each text's pieces in their order."""
    places = np.arange(len(hashes)) - np.repeat(starts[:-1], np.diff(starts))
    spread = mixed(hashes + mixed(places.astype(np.uint64) * _ODD))
    total = np.concatenate([np.zeros(1, np.uint64), np.cumsum(spread, dtype=np.uint64)])
    return mixed(total[starts[1:]] - total[starts[:-1]])
