"""Show the values of options as people write them on the command line, not as Python does."""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Mapping
from typing import Any, Final

NONE: Final = "none"

_CLASS: Final = re.compile(r"<class '(?:[\w.]*\.)?(\w+)'>")


def as_written(value: Any) -> str:
    """Return the value of an option as it is written; a text of Python values, as manifests have them, is read first.

    >>> as_written({"HAM": 0.8, "SPAM": 0.2}), as_written([2, 1]), as_written("cp1252"), as_written(None)
    ('HAM=0.8,SPAM=0.2', '2,1', 'cp1252', 'none')
    >>> as_written("{'HAM': 0.8}"), as_written("[('likes', 'int')]"), as_written("[]"), as_written(int)
    ('HAM=0.8', 'likes=int', 'none', 'int')
    """
    if isinstance(value, str) and value[:1] in {"[", "{", "(", "<"}:
        try:
            value = literal_eval(_CLASS.sub(r"'\1'", value))
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return str(value)
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, Mapping):
        value = list(value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return ",".join(map(_entry, value)) or NONE
    return NONE if value in (None, "None") else str(value)


def _entry(value: Any) -> str:
    is_pair = isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str)
    return f"{value[0]}={as_written(value[1])}" if is_pair else as_written(value)
