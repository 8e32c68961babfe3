"""Lock a file, so that one thread of one process at a time does a piece of work, and the others learn which does.

The lock is the operating system's: it ends with the process that holds it, however that ends. The file of the lock is
removed by its holder; one that a killed process left is taken over.
"""

from __future__ import annotations

import errno
import json
import os
import shlex
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from labelkit._shared.files import is_running
from labelkit._shared.markup import visible
from labelkit._shared.user_errors import warn

PATIENCE: Final = 2.0
"""Seconds to wait for a holder that has not written its note yet, or has just died (its memory is being freed)."""

COMMAND_LENGTH: Final = 200
"""Characters of a command in the note of a holder."""

NO_LOCKS: Final = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}
"""What a file system without locks answers."""


@dataclass(frozen=True)
class Holder:
    """The process that holds a lock.

    Parameters
    ----------
    pid : int
    host, started, command : str
    """

    pid: int
    host: str
    started: str
    command: str

    @classmethod
    def this(cls) -> Self:
        """Describe this process."""
        command = visible(" ".join(shlex.join(sys.orig_argv).split()))
        short = command if len(command) <= COMMAND_LENGTH else f"{command[:COMMAND_LENGTH]}..."
        return cls(os.getpid(), socket.gethostname(), datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"), short)

    @classmethod
    def read(cls, handle: int) -> Self | None:
        """Read the note of a holder; None if there is none (yet)."""
        try:
            os.lseek(handle, 0, os.SEEK_SET)
            note = json.loads(os.read(handle, 65_536))
            return cls(int(note["pid"]), *(str(note[name]) for name in ("host", "started", "command")))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @property
    def is_gone(self) -> bool:
        """Whether the process has ended, as far as this machine can know."""
        return self.host == socket.gethostname() and not is_running(self.pid)

    def __str__(self) -> str:
        who = "another thread of this process," if self.pid == os.getpid() else "process"
        return f"{who} {self.pid} on {self.host}, since {self.started} ({self.command})"


class HeldError(Exception):
    """Somebody else holds a lock.

    Parameters
    ----------
    holder : Holder or None
        None if it could not be found out.
    """

    def __init__(self, holder: Holder | None) -> None:
        super().__init__(str(holder or "another process"))


_handles: dict[str, int] = {}
"""The locks that this process holds: on network disks a lock is the whole process's, so threads are told apart here."""

_guard: Final = threading.Lock()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file while the block lasts; the file is made for that, and removed.

    Parameters
    ----------
    path : Path
        Absolute, and without symbolic links: one name for one file.

    Raises
    ------
    HeldError
        If another process, or another thread of this one, holds it.
    """
    name = str(path)
    with _guard:
        if name in _handles:
            raise HeldError(Holder.this() if _handles[name] < 0 else Holder.read(_handles[name]) or Holder.this())
        _handles[name] = -1
    try:
        _handles[name] = _acquire(path)
        yield
    finally:
        _release(path, _handles.pop(name, -1))  # in a process that was forked, it is not there


def _acquire(path: Path) -> int:
    """Open and lock the file that stands under the name now; a holder removes it, so another may come in its place."""
    until = time.monotonic() + PATIENCE
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        try:
            holder = None if (free := _try_lock(handle, path)) else Holder.read(handle)
            if free and _stands_at(path, handle):
                os.ftruncate(handle, 0)
                os.lseek(handle, 0, os.SEEK_SET)
                os.write(handle, json.dumps(asdict(Holder.this())).encode())
                taken, handle = handle, -1
                return taken
        finally:
            if handle >= 0:
                os.close(handle)
        if not free and not ((holder is None or holder.is_gone) and time.monotonic() < until):
            raise HeldError(holder)
        time.sleep(0.01)


def _release(path: Path, handle: int) -> None:
    if handle < 0:
        return
    ours = _stands_at(path, handle)
    if sys.platform == "win32":
        os.close(handle)  # an open file cannot be removed there; it unlocks, too
    if ours:
        with suppress(OSError):
            path.unlink()
    if sys.platform != "win32":
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_UN)
        os.close(handle)


def _stands_at(path: Path, handle: int) -> bool:
    """Return whether an open file is the one under a name."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(handle))
    except OSError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _try_lock(handle: int, _path: Path) -> bool:
        os.lseek(handle, 2**30, os.SEEK_SET)  # behind the note, which others read
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    @contextmanager
    def in_turn(_path: Path, *, alone: bool) -> Iterator[None]:  # noqa: ARG001 - as on other systems
        """Do nothing: there are no shared locks."""
        yield

else:
    import fcntl

    def _try_lock(handle: int, path: Path) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in NO_LOCKS:
                warn(
                    f"the file system of {str(path.parent)!r} has no locks, so that nothing keeps two processes from "
                    "writing into one folder. Hint: start one after the other",
                    code="LK515",
                )
                return True
            if isinstance(error, BlockingIOError | PermissionError):
                return False
            raise
        return True

    @contextmanager
    def in_turn(path: Path, *, alone: bool) -> Iterator[None]:
        """Wait for the lock of a file, and hold it while the block lasts: alone, or with others that are not alone."""
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(handle, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            yield
        finally:
            os.close(handle)

    def _forget_in_child() -> None:
        """Close the locks of the parent in a process that was forked: it may live longer than the run."""
        for handle in _handles.values():
            if handle >= 0:
                os.close(handle)
        _handles.clear()

    os.register_at_fork(after_in_child=_forget_in_child)
