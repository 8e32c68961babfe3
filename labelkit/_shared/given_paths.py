"""Take a path that a user gives, and tell what stands in its place otherwise."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from labelkit.exceptions import LabelkitError


def given_path(given: Any, what: str, error: type[LabelkitError], hint: str) -> Path:
    """Return a path as one of pathlib.

    Parameters
    ----------
    given : object
        A string or a path.
    what : str
        What is at the path, for the message.
    error : type
        Of the error for all else.
    hint : str
        The call that makes such a thing, or that takes other values.

    Examples
    --------
    >>> given_path("runs/first", "a run folder", LabelkitError, "").as_posix()
    'runs/first'
    >>> given_path(7, "a run folder", LabelkitError, "labelkit.run(rules, corpus, out) writes one")
    Traceback (most recent call last):
        ...
    labelkit.exceptions.LabelkitError: the path of a run folder is expected, and an int is given [LK520]
    Hint: labelkit.run(rules, corpus, out) writes one
    """
    if isinstance(given, str | os.PathLike):
        return Path(given)
    kind = type(given).__name__
    shown = "None" if given is None else f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}"
    raise error(f"the path of {what} is expected, and {shown} is given", hint=hint, code="LK520")


def is_there(path: Path) -> bool:
    """Return whether something is at a path, of whatever length and with whatever characters.

    Where that may not be looked at, since a folder may not be read, something is: whoever opens it gets the error.
    """
    try:
        return _asked(path.exists)
    except PermissionError:
        return True


def is_file(path: Path) -> bool:
    """Return whether a path is that of a file; a text in the place of a path is none, and no error of the system.

    >>> is_file(Path("a text, " * 100)), is_folder(Path("a text, " * 100))
    (False, False)
    """
    return _asked(path.is_file)


def is_folder(path: Path) -> bool:
    """Return whether a path is that of a folder, as :func:`is_file` does."""
    return _asked(path.is_dir)


def _asked(question: Callable[[], bool]) -> bool:
    try:
        return question()
    except PermissionError:
        raise
    except (OSError, ValueError):  # too long for a file system, or with a NUL
        return False
