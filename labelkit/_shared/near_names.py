"""Hint at the name that was probably meant: of what there is, or of files beside a path that is not there."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

MOST_SHOWN: Final = 12
"""Names that a hint lists."""

MOST_FILES: Final = 2_000
"""Files of a folder that are looked at."""


def near_name(name: Any, names: Iterable[str]) -> str | None:
    """Return the name that is most like another, whatever its case; None if none is like it.

    >>> near_name("labelmodl", ["LabelModel", "MajorityVote"])
    'LabelModel'
    """
    by_letters = {one.casefold(): one for one in names}
    close = difflib.get_close_matches(str(name).casefold(), by_letters, n=1)
    return by_letters[close[0]] if close else None


def names_hint(name: Any, names: Iterable[str]) -> str:
    """Hint at the name that was meant, or list those that there are.

    >>> names_hint("serail", ["serial", "thread"]), names_hint("cloud", ["serial", "thread"])
    ("did you mean 'serial'?", 'there are serial, thread')
    """
    names = list(names)
    close = near_name(name, names)
    if close is not None:
        return f"did you mean {close!r}?"
    more = ", ..." if len(names) > MOST_SHOWN else ""
    return f"there are {', '.join(names[:MOST_SHOWN])}{more}"


def path_hint(path: str | Path, otherwise: str = "", *, at: Path | None = None, folders: bool = False) -> str:
    """Hint at the file that was meant by a path at which nothing is.

    Parameters
    ----------
    path : str or Path
        As it was given.
    otherwise : str
        The hint where no name beside it is like it; the current folder if not given.
    at : Path, optional
        The place that it stands for, where the path is relative to another folder than the current one.
    folders : bool
        Whether folders alone are meant.
    """
    given = Path(path).expanduser()
    base = Path() if at is None else Path(*at.parts[: len(at.parts) - len(given.parts)])
    try:
        near = _near_path(base, given, folders=folders)
    except (OSError, ValueError):  # a folder that may not be read, or no path
        near = None
    if near is not None:
        return f"did you mean {str(near)!r}?"
    return otherwise or f"the current folder is {str(Path.cwd())!r}"


def _near_path(base: Path, given: Path, *, folders: bool) -> Path | None:
    """Follow a path, by the most similar name where one is not there; None if no name is like it."""
    near = Path()
    for part in given.parts:
        if (base / near / part).exists():
            near /= part
            continue
        there = [one for one, _ in zip((base / near).iterdir(), range(MOST_FILES), strict=False)]
        is_last = len(near.parts) + 1 == len(given.parts)
        name = near_name(part, sorted(one.name for one in there if one.is_dir() or (is_last and not folders)))
        if name is None:
            return None
        near /= name
    return near
