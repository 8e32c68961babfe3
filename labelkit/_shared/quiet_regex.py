"""Compile a pattern of a user's again, of which Python has warned when the rule was defined.

Filters of warnings belong to all threads: two that change them at once may leave them changed. So they are changed for
the few patterns alone of which Python may warn.
"""

from __future__ import annotations

import re
import warnings
from typing import Final

_MAY_WARN: Final = re.compile(r"\[\^?\[|--|&&|~~|\|\|")


def may_warn(pattern: str) -> bool:
    """Return whether Python may warn of a pattern, which it does of what may become an operation on sets.

    >>> may_warn("[[a]"), may_warn("[a-z]|b")
    (True, False)
    """
    return _MAY_WARN.search(pattern) is not None


def quietly_compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Compile a pattern without a warning.

    >>> quietly_compiled("[[a]").pattern
    '[[a]'
    """
    if not may_warn(pattern):
        return re.compile(pattern, flags)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return re.compile(pattern, flags)
