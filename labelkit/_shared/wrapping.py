"""Break sentences into lines, and leave what is to be copied whole."""

from __future__ import annotations

import re
import textwrap
from typing import Final

_CODE: Final = re.compile(r"`[^`]*`")

_BLANK: Final = "\0"


def wrapped(text: str, width: int, margin: str = "") -> str:
    """Break a text into lines of a width at most, each after a margin; code in backquotes stays on one line.

    >>> print(wrapped("Then `labelkit run r.py c.csv --gold-encoding cp1252` reads it.", 24, "  "))
      Then
      `labelkit run r.py c.csv --gold-encoding cp1252`
      reads it.
    """
    kept = _CODE.sub(lambda code: code[0].replace(" ", _BLANK), text)
    lines = textwrap.fill(
        kept, width, initial_indent=margin, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False
    )
    return lines.replace(_BLANK, " ")
