"""Find the folder of the caches of votes and of answers, and keep it private to its user.

Whoever can write into a cache decides votes, and whoever can put a link there decides which files are written or
removed. So the folder is made for its user alone, and one that is a link, that belongs to somebody else, or in which
anybody may write is not used.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import platformdirs

PRIVATE: Final = 0o700
"""The permissions of a folder of a cache: its user's alone."""

OF_CACHES: Final = ("votes-", "answers.", "templates-")
"""Beginnings of the names in a folder that holds caches and nothing else."""


def keeps_nothing() -> bool:
    """Return whether ``LABELKIT_CACHE`` is ``off``: neither votes nor answers are kept."""
    return os.environ.get("LABELKIT_CACHE", "").strip().lower() == "off"


def default_folder() -> Path:
    """Return ``LABELKIT_CACHE`` where it names a folder, else the user's cache folder."""
    given = os.environ.get("LABELKIT_CACHE")
    return Path(given) if given and not keeps_nothing() else Path(platformdirs.user_cache_dir("labelkit"))


def make_private(folder: Path) -> str:
    """Make a folder that its user alone can read; one that is there and holds only caches becomes so.

    Returns
    -------
    str
        Why it cannot be used; empty if it can.

    Examples
    --------
    >>> import tempfile
    >>> make_private(Path(tempfile.mkdtemp()) / "cache")
    ''
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            folder.mkdir(mode=PRIVATE)
        reason = why_unsafe(folder)
        if not reason and _is_shared(folder) and all(one.name.startswith(OF_CACHES) for one in folder.iterdir()):
            folder.chmod(PRIVATE)
    except OSError:  # it cannot be made, so nothing will be found or kept there
        return ""
    return reason


def why_unsafe(folder: Path) -> str:
    """Return why a folder that is there must not be used; empty if it may, or there is none."""
    try:
        status = folder.lstat()
    except OSError:
        return ""
    if stat.S_ISLNK(status.st_mode) or getattr(folder, "is_junction", bool)():
        return "it is a link"
    if not stat.S_ISDIR(status.st_mode):
        return "it is not a folder"
    return _why_open(folder, status) if hasattr(os, "geteuid") else ""  # on Windows, folders of a user are the user's


def _why_open(folder: Path, status: os.stat_result) -> str:
    if status.st_uid != os.geteuid():
        return "it belongs to another user"
    if status.st_mode & stat.S_IWOTH:
        return "anybody may write to it"
    for parent in folder.absolute().resolve().parents:
        mode = parent.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            return f"anybody may replace it: {str(parent)!r} is open to all"
    return ""


def _is_shared(folder: Path) -> bool:
    return hasattr(os, "geteuid") and bool(folder.stat().st_mode & 0o077)


def is_file_of_user(path: Path) -> bool:
    """Return whether a path is a file of the user, and no link."""
    try:
        status = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and (not hasattr(os, "geteuid") or status.st_uid == os.geteuid())


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the files, and the links, in the folders of a folder; what a link leads to is not looked at."""
    for inner in _entries(folder):
        if inner.is_dir(follow_symlinks=False):
            yield from (Path(one.path) for one in _entries(Path(inner.path)) if not one.is_dir(follow_symlinks=False))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    if folder.is_symlink():
        return []
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []
