"""Make folders that last as long as a piece of work, and remove those of processes that were killed.

A folder stands in the temporary folder, beside the file of a lock that is held from before the folder is made until
after it is removed. So a folder whose lock is free, by a holder that is gone, belongs to nobody.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from labelkit._shared.files import ABANDONED
from labelkit._shared.locks import HeldError, Holder, locked

PREFIX: Final = "labelkit-scratch-"

LOCK: Final = ".lock"
"""What the file of a lock has behind the name of its folder."""


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a folder that only this user can enter, for as long as the block lasts.

    >>> with scratch_folder() as folder:
    ...     folder.is_dir()
    True
    >>> folder.exists()
    False
    """
    base = Path(tempfile.gettempdir()).resolve()
    _remove_left_behind(base)
    folder = base / f"{PREFIX}{secrets.token_hex(8)}"
    with locked(_lock_of(folder)):
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}{LOCK}")


def _remove_left_behind(base: Path) -> None:
    """Remove the folders of this user whose processes have ended."""
    for lock in base.glob(f"{PREFIX}*{LOCK}"):
        with suppress(OSError, HeldError):
            if _is_left_behind(lock):
                with locked(lock):
                    shutil.rmtree(lock.with_name(lock.name.removesuffix(LOCK)), ignore_errors=True)


def _is_left_behind(lock: Path) -> bool:
    """Return whether the holder in the note of a lock has ended; a disk without locks does not tell otherwise.

    A lock without a note is of a process that was killed before it wrote one, which takes no day.
    """
    handle = os.open(lock, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    try:
        holder = Holder.read(handle)
        about = os.fstat(handle)
    finally:
        os.close(handle)
    is_ours = not hasattr(os, "getuid") or about.st_uid == os.getuid()
    is_gone = time.time() - about.st_mtime >= ABANDONED if holder is None else holder.is_gone
    return is_ours and is_gone
