"""Tables of how Python's ``re`` classifies each code point: word, space, and letters equal when case is ignored.

The tables are computed with ``re`` itself, never from a copy of the Unicode database, so they are right for the running
interpreter. ``re.IGNORECASE`` compares simple lower cases plus a short list of exceptions (``s`` and long s, ``k`` and
the Kelvin sign, the three sigmas); together these are an equivalence relation, and :func:`folds` gives one
representative for each class. The tests check the tables against ``re`` over every code point.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module

import numpy as np
import numpy.typing as npt

N_CODE_POINTS = 0x110000

WORD, SPACE, OTHER, MIXED = 0, 1, 2, 3
"""Kinds of symbol. ``MIXED``: not a word character, but equal to one if case is ignored (the Greek iota subscript)."""


@cache
def every_character() -> str:
    """Return a string of all code points in order: the position of a match in it is the code point that matched."""
    return np.arange(N_CODE_POINTS, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")


def members(pattern: re.Pattern[str]) -> npt.NDArray[np.bool_]:
    """Return a mask of the code points that a pattern for runs of single characters (``[a-z]+``) matches."""
    mask = np.zeros(N_CODE_POINTS, dtype=np.bool_)
    for match in pattern.finditer(every_character()):
        mask[match.start() : match.end()] = True
    return mask


@cache
def _n_with_case() -> int:
    """Return a bound of the code points of letters with two cases; checked by changing the case of all beyond it."""
    far = every_character()[0x20000:]
    return 0x20000 if far.lower() == far == far.upper() else N_CODE_POINTS


@cache
def lower_cases() -> npt.NDArray[np.int32]:
    """Return the simple lower case of each code point, by which ``re.IGNORECASE`` compares back-references (int32)."""
    table, near = np.arange(N_CODE_POINTS, dtype=np.int32), _n_with_case()
    table[:near] = np.fromiter(map(import_module("_sre").unicode_tolower, range(near)), np.int32, near)
    table.setflags(write=False)
    return table


@cache
def folds() -> npt.NDArray[np.int32]:
    """Return for each code point the representative of those equal to it under ``re.IGNORECASE`` (int32)."""
    representative = np.arange(N_CODE_POINTS, dtype=np.int32)
    for code, others in import_module("re._casefix")._EXTRA_CASES.items():  # noqa: SLF001  re's own table of exceptions
        representative[code] = min((code, *others), key=lambda one: (not chr(one).isalnum(), one))
    table = representative[lower_cases()]
    table.setflags(write=False)
    return table


@cache
def cased_characters() -> tuple[npt.NDArray[np.int64], str]:
    """Return the code points that may match others when case is ignored, as an array and as a string."""
    is_cased = import_module("_sre").unicode_iscased
    mask, near = np.zeros(N_CODE_POINTS, dtype=np.bool_), _n_with_case()
    mask[:near] = np.fromiter(map(is_cased, range(near)), np.bool_, near)
    mask |= np.bincount(folds(), minlength=N_CODE_POINTS)[folds()] > 1
    codes = np.flatnonzero(mask)
    return codes, "".join(map(chr, codes.tolist()))


@cache
def symbols() -> npt.NDArray[np.int32]:
    """Return ``4 * fold + kind`` of each code point (int32), the only form in which the phrase engine reads text."""
    kinds = np.full(N_CODE_POINTS, OTHER, dtype=np.int32)
    word = members(re.compile(r"\w+"))
    kinds[word] = WORD
    kinds[members(re.compile(r"\s+"))] = SPACE
    has_word = np.zeros(N_CODE_POINTS, dtype=np.bool_)
    has_word[folds()[word]] = True
    kinds[has_word[folds()] & ~word] = MIXED
    table: npt.NDArray[np.int32] = folds() * 4 + kinds
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
    sizes = np.bincount(folds(), minlength=N_CODE_POINTS)[folds()]
    return frozenset(chr(code) for code in np.flatnonzero(sizes > 1).tolist() if code > 0xFFFF)


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
