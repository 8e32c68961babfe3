"""Tell whether a regular expression means the case of its letters."""

from __future__ import annotations

import re
from typing import Final

_SYNTAX: Final = re.compile(r"\(\?P?<\w+>|\(\?P=\w+\)|\(\?[aiLmsux-]+[:)]|\\N\{[^}]*\}|\\.", re.DOTALL)
"""Letters that are no text: names of groups, flags, escapes."""

_CAPITALS: Final = re.compile(r"A-Z|\u0410-\u042f|\u0391-\u03a9")
_SMALL: Final = re.compile(r"a-z|\u0430-\u044f|\u03b1-\u03c9")


def means_case(pattern: str) -> bool:
    r"""Return True for an expression whose letters are capitals alone, or that has a range of capitals alone.

    >>> [means_case(one) for one in ("WLAN|SMS", "[A-Z]{5,}", "Sicherung", "[a-zA-Z]+ung", r"\bHERR\b")]
    [True, True, False, False, True]
    """
    letters = _SYNTAX.sub("", pattern)
    if _CAPITALS.search(letters) and not _SMALL.search(letters):
        return True
    return not any(sign.islower() for sign in letters)
