r"""Recognise UTF-8 that is read by an encoding of one byte a character, which has a meaning for any bytes.

>>> as_both("résilier, payé, reçu".encode(), "cp1252")
('rÃ©silier', 'résilier')
>>> as_both("résilier, payé, reçu".encode("cp1252"), "cp1252") is None
True
"""

from __future__ import annotations

import codecs
import re
from dataclasses import replace
from typing import Final

from labelkit._shared.user_errors import warn
from labelkit.corpus._byte_streams import extends_ascii, open_bytes
from labelkit.corpus._files import DataFile

LOOKED_AT: Final = 1 << 20
"""Bytes at the beginning of a file that are looked at."""

FEWEST: Final = 3
"""Characters beyond ASCII that have to be there: text in other encodings is not valid UTF-8 with so many."""

LONGEST_WORD: Final = 40

_WORD: Final = re.compile(r"\S*[^\x00-\x7f]\S*")
_LETTERS: Final = re.compile(r"\w*[^\W\x00-\x7f]\w*")


def warn_of_utf8(file: DataFile) -> bool:
    """Warn of a file that is read by a given encoding of one byte a character, and is UTF-8; return whether it is."""
    if file.encoding is None or not extends_ascii(file.encoding):
        return False
    with open_bytes(replace(file, encoding=None)) as opened:
        words = as_both(opened.read(LOOKED_AT), file.encoding)
    if words is None:
        return False
    as_read, as_utf8 = words
    warn(
        f"{file.name!r} is valid UTF-8, and is read as {file.encoding}: {as_read!r} is {as_utf8!r} in UTF-8. Hint: "
        "leave out its option: encoding= (--encoding) is of the corpus, gold_encoding= (--gold-encoding) of a file of "
        "gold",
        code="LK222",
    )
    return True


def as_both(data: bytes, encoding: str) -> tuple[str, str] | None:
    """Return a word as an encoding reads it and as UTF-8 does; None for what is not UTF-8, or nearly ASCII.

    Parameters
    ----------
    data : bytes
        Its last character may be cut off.
    encoding : str
    """
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return None
    words = _WORD.findall(text)
    if sum(not character.isascii() for word in words[:FEWEST] for character in word) < FEWEST:
        return None
    word = next((match[0] for word in words if (match := _LETTERS.search(word))), words[0])[:LONGEST_WORD]
    return word.encode().decode(encoding, errors="replace"), word
