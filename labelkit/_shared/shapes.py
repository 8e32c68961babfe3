"""Check that a value of JSON has the keys and types that its readers use: a file may be of anybody, or damaged.

>>> check_shape({"name": "link", "labels": [1, "x"]}, {"name": str, "labels": ([int], None)})
Traceback (most recent call last):
    ...
ValueError: 'labels' 1 is 'x'
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

Shape: TypeAlias = type | tuple[Any, ...] | list[Any] | dict[str, Any] | None
"""A type; alternatives as a tuple; one shape for all items as a list; shapes by key; None."""


def check_shape(value: Any, shape: Shape, place: str = "") -> None:
    """Raise ValueError with the place of the first value that is missing, or of another type.

    Parameters
    ----------
    value : object
    shape : Shape
        An ``int`` is also a ``float``, and a bool is neither.
    place : str
        Stands before the place of a value in the message.
    """
    for kind in shape if isinstance(shape, tuple) else (shape,):
        if isinstance(kind, dict) and isinstance(value, Mapping):
            for name, inner in kind.items():
                if name not in value:
                    raise ValueError(f"there is no {name!r}{place and ' in '}{place}")
                check_shape(value[name], inner, f"{place} {name!r}".strip())
            return
        if isinstance(kind, list) and isinstance(value, list):
            for number, part in enumerate(value):
                check_shape(part, kind[0], f"{place} {number}".strip())
            return
        if _is_plain(value, kind):
            return
    raise ValueError(f"{place or 'it'} is {value!r:.60}")


def _is_plain(value: Any, kind: Any) -> bool:
    if isinstance(value, bool) or kind is None:
        return kind is bool if isinstance(value, bool) else value is None
    if isinstance(value, str) and re.search("[\ud800-\udfff]", value):
        return False
    return isinstance(kind, type) and isinstance(value, (int, float) if kind is float else kind)
