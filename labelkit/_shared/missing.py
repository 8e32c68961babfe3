"""Tell whether a value stands for none."""

from __future__ import annotations

from typing import Any, Final

MISSING_TYPES: Final = frozenset({"NoneType", "NAType", "NaTType"})
"""Names of the types whose values all stand for none; pandas need not be imported."""


def is_missing(value: Any) -> bool:
    """Tell if a value stands for none: None, a NaN of any width, NA or NaT; a text never does, whatever it says.

    >>> [is_missing(value) for value in (None, float("nan"), "nan", "None", "", 0)]
    [True, True, False, False, False, False]
    """
    if isinstance(value, float):
        return bool(value != value)  # noqa: PLR0124 - NaN, and much quicker than math.isnan
    kind = type(value)
    if kind.__name__ in MISSING_TYPES:
        return True
    return kind.__module__ == "numpy" and getattr(value, "ndim", 1) == 0 and bool(value != value)  # noqa: PLR0124 - NaN, NaT


def is_blank(value: Any) -> bool:
    """Tell if a value is None, or a text of white space alone.

    >>> [is_blank(value) for value in (None, "", "  ", "a", 0)]
    [True, True, True, False, False]
    """
    return value is None or (isinstance(value, str) and not value.strip())
