"""Count the character n-grams of texts, for TF-IDF, a chunk of texts at a time.

An n-gram is a run of 3, 4 or 5 characters inside a word, with a space for the word's beginning and its end, case
folded: so "subscribe" shares most of its n-grams with "SUBSCRIBED" and "subscirbe", in any language, without a list of
words. N-grams are numbered by a hash of 54 bits, so no vocabulary is stored, and collisions are negligible. Each text
is counted independently of the others in the chunk.

>>> bags = count_ngrams(["Free money!", "free MONEY", ""])
>>> len(bags.ngrams), bags.sizes.tolist()
(45, [24, 21, 0])
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

LENGTHS: Final = (3, 4, 5)
"""Characters of an n-gram."""

HASH_BITS: Final = 54
"""Bits of an n-gram's number; the rest of 64 are for the number of its text."""

BLOCK_CHARACTERS: Final = 1 << 19
"""Characters that are processed together, unless one text has more: some 60 MB."""

_BLOCK_TEXTS: Final = 1 << (64 - HASH_BITS)
_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX: Final = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_SPACE: Final = ord(" ")


@dataclass(frozen=True, eq=False)
class Bags:
    """The n-grams of texts: those of the first text, then those of the second, and so on.

    Attributes
    ----------
    ngrams : ndarray of uint64, shape (n_distinct,)
        The hash of each distinct n-gram of a text, ascending within the text.
    counts : ndarray of int64, shape (n_distinct,)
        The number of its occurrences in the text.
    sizes : ndarray of int64, shape (n_texts,)
        The number of distinct n-grams of each text.
    """

    ngrams: npt.NDArray[np.uint64]
    counts: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]


def count_ngrams(texts: Sequence[str]) -> Bags:
    """Count the n-grams of each text.

    Parameters
    ----------
    texts : sequence of str

    Returns
    -------
    Bags
    """
    parts = list(ngrams_in_blocks(texts))
    if not parts:
        return Bags(np.empty(0, np.uint64), np.empty(0, np.int64), np.empty(0, np.int64))
    return Bags(
        np.concatenate([part.ngrams for part in parts]),
        np.concatenate([part.counts for part in parts]),
        np.concatenate([part.sizes for part in parts]),
    )


def ngrams_in_blocks(texts: Sequence[str]) -> Iterator[Bags]:
    """Count the n-grams of each text, yielding a block of texts at a time to bound the memory."""
    return map(_count, _blocks(texts))


def _blocks(texts: Sequence[str]) -> Iterator[list[str]]:
    """Normalise the space of texts (one around each word), and yield them in blocks of bounded length."""
    block: list[str] = []
    n_characters = 0
    for text in texts:
        words = f" {' '.join(text.casefold().split())} "
        if block and (n_characters + len(words) > BLOCK_CHARACTERS or len(block) == _BLOCK_TEXTS):
            yield block
            block, n_characters = [], 0
        block.append(words)
        n_characters += len(words)
    if block:
        yield block


def _count(block: list[str]) -> Bags:
    characters = np.frombuffer("".join(block).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    owners = np.repeat(np.arange(len(block), dtype=np.uint64) << np.uint64(HASH_BITS), [len(text) for text in block])
    keys = np.concatenate(list(_keys(characters.astype(np.uint64), owners)))
    keys.sort()
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.empty(0, np.int64)
    distinct = keys[first]
    sizes = np.bincount((distinct >> np.uint64(HASH_BITS)).astype(np.int64), minlength=len(block))
    counts = np.diff(np.append(first, len(keys)))
    return Bags(distinct & np.uint64((1 << HASH_BITS) - 1), counts, sizes)


def _keys(characters: npt.NDArray[np.uint64], owners: npt.NDArray[np.uint64]) -> Iterator[npt.NDArray[np.uint64]]:
    """Yield the number of the text and the hash of the n-gram for each position of one, a length at a time.

    Two spaces separate adjacent texts, and no n-gram has a space inside, so none spans two texts.
    """
    is_letter = characters != _SPACE
    inside, number = np.ones(len(characters), np.bool_), characters * _STEP
    for length in range(2, max(LENGTHS) + 1):
        n_places = max(len(characters) - length + 1, 0)
        number = (number[:n_places] + characters[length - 1 :]) * _STEP
        if length in LENGTHS:
            inside = inside[:n_places] & is_letter[length - 2 : length - 2 + n_places]
            yield owners[:n_places][inside] | (_mixed(number[inside] + np.uint64(length)) >> np.uint64(64 - HASH_BITS))


def _mixed(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Mix the bits of numbers by the finaliser of SplitMix64."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * _MIX[0]
    numbers = (numbers ^ (numbers >> np.uint64(27))) * _MIX[1]
    return numbers ^ (numbers >> np.uint64(31))
