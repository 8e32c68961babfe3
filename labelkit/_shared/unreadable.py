"""Say that a file or a folder cannot be opened, by which name, and what to do, in place of the error of the system."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from labelkit.exceptions import LabelkitError

LET_READ: Final = "let this user read it, or be the user who wrote it; it need not be damaged"
"""What to do about a file without the permission to read it."""

CODE: Final = "LK519"
"""Of what this user may not read."""


def why_not_opened(error: OSError) -> str:
    """Return what cannot be opened, and why; of a path below a folder that may not be read, that folder.

    >>> why_not_opened(PermissionError(13, "Permission denied", "c.csv"))
    "'c.csv' cannot be read: permission denied"
    """
    if error.filename is None or error.strerror is None:
        return str(error)
    path = error.filename
    if isinstance(error, PermissionError) and isinstance(path, str):
        path = str(_in_the_way(Path(path)))
    reason = error.strerror
    return f"{path!r} cannot be read: {reason[:1].lower()}{reason[1:]}"


@contextmanager
def opening(error: type[LabelkitError]) -> Iterator[None]:
    """Raise an error of labelkit for a file or folder that this user may not read.

    Examples
    --------
    >>> from labelkit.exceptions import CorpusError
    >>> with opening(CorpusError):
    ...     raise PermissionError(13, "Permission denied", "c.csv")
    Traceback (most recent call last):
        ...
    labelkit.exceptions.CorpusError: 'c.csv' cannot be read: permission denied [LK519]
    Hint: let this user read it, or be the user who wrote it; it need not be damaged
    """
    try:
        yield
    except PermissionError as cause:
        if isinstance(cause, LabelkitError) or cause.filename is None:
            raise
        raise error(why_not_opened(cause), hint=LET_READ, code=CODE) from cause


def check_listed(folder: Path, error: type[LabelkitError]) -> None:
    """Raise an error if the names of the files in a folder may not be read, where ``glob`` lists none."""
    with suppress(FileNotFoundError, NotADirectoryError), opening(error):
        os.scandir(folder).close()


def _in_the_way(path: Path) -> Path:
    """Return the highest folder of a path that may not be entered, or the path."""
    return next((folder for folder in reversed(path.parents) if not os.access(folder, os.X_OK)), path)


__all__ = ["CODE", "LET_READ", "check_listed", "opening", "why_not_opened"]
