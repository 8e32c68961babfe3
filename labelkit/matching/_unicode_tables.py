"""Tables of how Python's ``re`` classifies each code point: word, space, and letters equal when case is ignored.

The tables are computed with ``re`` itself, never from a copy of the Unicode database, so they are right for the running
interpreter. ``re.IGNORECASE`` compares simple lower cases plus a short list of exceptions (``s`` and long s, ``k`` and
the Kelvin sign, the three sigmas); together these are an equivalence relation, and :func:`folds` gives one
representative for each class. The tests check the tables against ``re`` over every code point.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final
from unicodedata import unidata_version

import numpy as np
import numpy.typing as npt

from labelkit.matching._cpython import NotReadError, extra_cases, simple_lower

N_CODE_POINTS = 0x110000

WORD, SPACE, OTHER, MIXED = 0, 1, 2, 3
"""Kinds of symbol. ``MIXED``: not a word character, but equal to one if case is ignored (the Greek iota subscript)."""


KNOWN_VERSIONS: Final = ("14.0.0", "15.0.0", "15.1.0")
"""The versions of Unicode (Python 3.11 to 3.13) whose bounds below are known; in others they are searched for."""

_CLASS_BOUND, _CASE_BOUND = 0x40000, 0x20000
"""No code point from these on is a word character or a space, and none has another case."""


def characters_to(bound: int) -> str:
    """Return a string of the first code points: the position of a match in it is the code point that matched."""
    return np.arange(bound, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")


@cache
def members(run: str, flags: int = 0) -> npt.NDArray[np.bool_]:
    r"""Return a mask of the code points that a pattern for runs of characters of a class (``\w+``) matches."""
    mask = np.zeros(N_CODE_POINTS, dtype=np.bool_)
    for match in re.finditer(run, characters_to(n_of_a_class()), flags):
        mask[match.start() : match.end()] = True
    mask.setflags(write=False)
    return mask


@cache
def n_of_a_class(version: str = unidata_version) -> int:
    """Return a bound of the code points of words and spaces, of a version that is not known by a search."""
    if version in KNOWN_VERSIONS or _OF_A_CLASS.search(characters_to(N_CODE_POINTS), _CLASS_BOUND) is None:
        return _CLASS_BOUND
    return N_CODE_POINTS


_OF_A_CLASS = re.compile(r"[\w\s]")

_BLOCK = 64
"""Code points of which the case is changed together: in most blocks, nothing has one."""


@cache
def n_with_case(version: str = unidata_version) -> int:
    """Return a bound of the code points of letters with two cases, as :func:`n_of_a_class` does."""
    far = "" if version in KNOWN_VERSIONS else characters_to(N_CODE_POINTS)[_CASE_BOUND:]
    return _CASE_BOUND if far.lower() == far == far.upper() else N_CODE_POINTS


@cache
def lower_cases() -> npt.NDArray[np.int32]:
    """Return the simple lower case of each code point, by which ``re.IGNORECASE`` compares back-references (int32)."""
    table, (codes, _) = np.arange(N_CODE_POINTS, dtype=np.int32), cased_characters()
    try:
        table[codes] = np.fromiter(map(simple_lower(), codes.tolist()), np.int32, len(codes))
    except NotReadError:
        for code, equal in _equal_letters().items():
            table[code] = next(other for other in equal if _TWICE(chr(other) + chr(code)))
    table.setflags(write=False)
    return table


@cache
def folds() -> npt.NDArray[np.int32]:
    """Return for each code point the representative of those equal to it under ``re.IGNORECASE`` (int32)."""
    representative = np.arange(N_CODE_POINTS, dtype=np.int32)
    try:
        for code, others in extra_cases().items():
            representative[code] = _first((code, *others))
    except NotReadError:
        for code, equal in _equal_letters().items():
            representative[code] = _first(equal)
    table, near = representative.copy(), n_with_case()  # beyond, each letter is its own lower case
    table[:near] = representative[lower_cases()[:near]]
    table.setflags(write=False)
    return table


def _first(codes: tuple[int, ...]) -> int:
    """Choose the representative of equal letters: no mark, a small letter, the first."""
    return min(codes, key=lambda code: (not chr(code).isalnum(), not chr(code).islower(), code))


_TWICE = re.compile(r"(.)\1", re.IGNORECASE | re.DOTALL).fullmatch


@cache
def _equal_letters() -> dict[int, tuple[int, ...]]:
    """List the letters equal to each letter with another case, by searching each in the string of all.

    The small letters come first, so that the first that equals a letter in a back-reference stands for it.
    """
    _, letters = cased_characters()
    letters = "".join(sorted(letters, key=lambda letter: (not letter.islower(), letter)))
    return {ord(letter): tuple(map(ord, re.findall(re.escape(letter), letters, re.IGNORECASE))) for letter in letters}


@cache
def cased_characters() -> tuple[npt.NDArray[np.int64], str]:
    """Return the code points that may match others when case is ignored, as an array and as a string."""
    near = characters_to(n_with_case())
    blocks = (near[start : start + _BLOCK] for start in range(0, len(near), _BLOCK))
    with_case = "".join(block for block in blocks if not block.lower() == block == block.upper())
    letters = [letter for letter in with_case if not letter.lower() == letter == letter.upper()]
    return np.fromiter(map(ord, letters), np.int64, len(letters)), "".join(letters)


@cache
def symbols() -> npt.NDArray[np.int32]:
    """Return ``4 * fold + kind`` of each code point (int32), the only form in which the phrase engine reads text."""
    table = folds() * 4 + OTHER
    near = max(n_of_a_class(), n_with_case())  # beyond, all are others
    word, space, fold = members(r"\w+")[:near], members(r"\s+")[:near], folds()[:near]
    has_word = np.zeros(near, dtype=np.bool_)
    has_word[fold[word]] = True
    table[:near] = fold * 4 + np.select([word, has_word[fold], space], [WORD, MIXED, SPACE], OTHER)
    table.setflags(write=False)
    return table


@cache
def mixed_characters() -> tuple[frozenset[str], frozenset[str]]:
    """Return the characters equal to one of another kind when case is ignored: word characters, and the others."""
    table = symbols()
    odd = np.isin(folds(), table[(table & 3) == MIXED] >> 2)
    word, other = np.flatnonzero(odd & ((table & 3) == WORD)), np.flatnonzero((table & 3) == MIXED)
    return frozenset(map(chr, word.tolist())), frozenset(map(chr, other.tolist()))


@cache
def unsure_characters() -> frozenset[str]:
    r"""Return the letters beyond the Basic Multilingual Plane that have another case.

    ``re`` compares such a letter correctly alone, but overlooks it in a set (``[a\U00010400]``), and it optimises
    alternatives of single characters into sets.
    """
    codes, _ = cased_characters()
    _, place, sizes = np.unique(folds()[codes], return_inverse=True, return_counts=True)
    return frozenset(chr(code) for code in codes[sizes[place] > 1].tolist() if code > 0xFFFF)


def fold_text(text: str) -> str:
    r"""Replace each character of a text by its representative.

    >>> fold_text("Straße"), fold_text("\u212a\u017f")
    ('straße', 'ks')
    """
    if text.isascii():
        return text.lower()
    table = folds()
    return "".join(chr(table[ord(character)]) for character in text)


def code_points(text: str) -> npt.NDArray[np.int32]:
    """Return the code points of a string (int32)."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<i4").astype(np.int32, copy=False)
