"""Normalise names: capitals, accents, punctuation and white space do not count.

>>> normalised("  Société  Générale, S.A. ", STEPS)
'societe generale sa'
>>> normalised("O'Brien-Smith", ("case", "punctuation", "space"))
'obrien smith'
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Final

STEPS: Final = ("case", "accents", "punctuation", "space")
"""Differences that normalising removes, in any order."""

_ACCENTS: Final = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")
"""Marks of Latin, Greek and Cyrillic letters. The vowels of other scripts are marks too, and mean something."""


class _Punctuation(dict[int, str | int]):
    """For ``str.translate``: a mark counts as a space, a full stop or an apostrophe inside a name as nothing."""

    def __missing__(self, code: int) -> str | int:
        character = chr(code)
        is_mark = unicodedata.category(character)[0] in "PS"
        self[code] = ("" if character in ".'’`´ʼ" else " ") if is_mark else code
        return self[code]


_PUNCTUATION: Final = _Punctuation()


@functools.lru_cache(maxsize=2**17)
def normalised(text: str, steps: tuple[str, ...]) -> str:
    """Remove differences between two ways to write a name.

    Parameters
    ----------
    text : str
    steps : tuple of str
        Of ``STEPS``: ``case`` folds capitals, ``accents`` strips them (and takes apart ligatures and wide letters),
        ``punctuation`` makes spaces of marks, and nothing of full stops and apostrophes, and ``space`` makes one space
        of any run and none at the ends.
    """
    if "accents" in steps and not text.isascii():
        text = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFKD", text)))
    if "case" in steps:
        text = text.casefold()
    if "punctuation" in steps:
        text = text.translate(_PUNCTUATION)
    return " ".join(text.split()) if "space" in steps else text
