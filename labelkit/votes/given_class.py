"""Read an argument that names a class: by its name, its number or a member of an enum, alike in all functions.

>>> [given_class(value, ("HAM", "SPAM"), "positive") for value in ("SPAM", "spam", 1, np.int64(1), 1.0)]
[1, 1, 1, 1, 1]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from labelkit._shared.near_names import did_you_mean, near_name
from labelkit.exceptions import LabelkitError, LabelSpaceError
from labelkit.votes.label_space import ABSTAIN, class_written

MOST_CLASSES: Final = 12
"""Classes that a hint lists."""


def given_class(
    value: Any,
    class_names: Sequence[str],
    what: str,
    *,
    may_abstain: bool = False,
    error: type[LabelkitError] = LabelSpaceError,
    code: str = "LK122",
) -> int:
    """Return the number of the class that a user names.

    Parameters
    ----------
    value : str, int or enum member
        Capitals and spaces do not count where that leaves one class. Also None and ``ABSTAIN`` if ``may_abstain``.
    class_names : sequence of str
    what : str
        The argument, for errors.
    may_abstain : bool
        Return -1 where no class is meant, in place of an error.
    error : type of LabelkitError
    code : str

    Returns
    -------
    int

    Raises
    ------
    LabelkitError
        If there is no such class; if a number is the name of one class and the number of another.

    Examples
    --------
    >>> given_class("ABSTAIN", ["HAM", "SPAM"], "uncovered", may_abstain=True)
    -1
    >>> given_class(1, ["1", "2", "3"], "positive")
    Traceback (most recent call last):
        ...
    labelkit.exceptions.LabelSpaceError: positive=1 is the name of one class and the number of another, '2' [LK122]
    Hint: give the name as text: positive='1' or positive='2'
    """
    number = ABSTAIN if value is None else _number_of(value, class_names)
    if number is None or number >= len(class_names) or (number < 0 and not (may_abstain and number == ABSTAIN)):
        close = near_name(getattr(value, "name", value), class_names)
        listed = ", ".join(f"{name}={place}" for place, name in enumerate(class_names[:MOST_CLASSES]))
        hint = f"the classes are {listed}{', ...' if len(class_names) > MOST_CLASSES else ''}"
        hint = hint if close is None else f"{did_you_mean(value, close)} {hint}"
        raise error(f"{what}={value!r} is no class", hint=hint, code=code)
    name = str(int(value)) if _is_number(value) and number >= 0 else class_names[number]
    if name in class_names and name != class_names[number]:
        raise error(
            f"{what}={value!r} is the name of one class and the number of another, {class_names[number]!r}",
            hint=f"give the name as text: {what}={name!r} or {what}={class_names[number]!r}",
            code=code,
        )
    return number


def class_of_key(
    key: Any, class_names: Sequence[str], what: str, *, error: type[LabelkitError], code: str | None = None
) -> int:
    """Return the number of the class that a key of a mapping names: one that is a name is no number.

    Raises
    ------
    LabelkitError
        If there is no such class; with the one that was probably meant.

    Examples
    --------
    >>> [class_of_key(key, ["1", "2", "3"], "costs", error=LabelSpaceError) for key in (1, 2, "3")]
    [0, 1, 2]
    """
    number = class_written(str(getattr(key, "name", key)), class_names)
    if number is None or not 0 <= number < len(class_names):
        close = near_name(key, class_names)
        hint = did_you_mean(key, close) if close else f"the classes are {', '.join(class_names[:MOST_CLASSES])}"
        raise error(f"{what} names the class {key!r}, which there is not", hint=hint, code=code)
    return number


def _number_of(value: Any, class_names: Sequence[str]) -> int | None:
    name = getattr(value, "name", None)  # of a member of an enum
    if isinstance(name, str) and (number := class_written(name, class_names)) is not None:
        return number
    if not _is_number(value):
        return class_written(str(value), class_names)
    text = str(int(value))
    return class_names.index(text) if int(value) >= len(class_names) and text in class_names else int(value)


def _is_number(value: Any) -> bool:
    """Return True for a whole number; of a column with gaps, pandas makes floats."""
    is_number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    return is_number and bool(value % 1 == 0)
