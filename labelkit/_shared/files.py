"""Write a file under a temporary name and rename it, so that a file under its final name is always complete.

A temporary name (a *draft*) holds the machine and the process that writes it: what killed processes leave is known by
it, and removed by whoever writes beside it next. Drafts are on the disk (fsync) before they are renamed, and so is the
folder after that: also a machine that loses its power leaves the old file or the new one, whole.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import socket
import time
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Final

from labelkit._shared.addresses import parts_of_address
from labelkit._shared.secrets import masked
from labelkit.exceptions import LabelkitError, WriteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DRAFT: Final = ".draft"
"""Suffix of a file that is being written."""

ABANDONED: Final = 24 * 3600.0
"""Seconds after which a draft whose process is on another machine, or not known, is taken for what a kill left."""

NAME_LENGTH: Final = 40
"""Characters of the final name in the name of a draft: it must not become too long for a file system."""

NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""What a full disk, a quota and a limit of the size of files answer."""

_WRITER: Final = re.compile(r"\.(?P<host>[0-9a-f]{8})-(?P<pid>\d+)-[0-9a-f]{12}\.\w+$")

_drafts: set[str] = set()
"""Names of the drafts of this process, which are not abandoned."""


def check_free(path: Path, *, force: bool, error: type[LabelkitError] = LabelkitError) -> None:
    """Refuse to write over what exists, unless that is asked for.

    Raises
    ------
    LabelkitError
        Of the class that is given.
    """
    if os.path.lexists(path) and not force:
        hint = "force=True (--force) replaces it, or name another"
        raise error(f"{str(path)!r} exists already", hint=hint, code="LK501")


def check_not_read(path: Path, files: Iterable[Path], *, error: type[LabelkitError] = LabelkitError) -> None:
    """Refuse to write over a file of the corpus that is read, also if what exists is to be replaced.

    Raises
    ------
    LabelkitError
        Of the class that is given.
    """
    if path.exists() and any(file.exists() and file.samefile(path) for file in files):
        hint = "name another file, in another folder where all files of this one are the corpus"
        raise error(f"{str(path)!r} is the corpus, which would be lost", hint=hint, code="LK501")


@contextmanager
def replaced(path: Path, *, one_of_many: bool = False) -> Iterator[Path]:
    """Yield a temporary path; rename it to ``path`` when the block ends, or remove it if the block raises.

    Parameters
    ----------
    path : Path
    one_of_many : bool
        Leave the folder to whoever writes thousands of files into it: it is cleared of drafts before the first, and the
        list of its names is written to the disk after the last (:func:`publish`).

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with replaced(target) as draft:
    ...     _ = draft.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not path.is_file() and not path.is_dir():
        yield path  # a terminal, a pipe, or nothing (/dev/null): what is not a file on a disk is not replaced by one
        return
    if not one_of_many:
        clear_drafts(path.parent, of=path.name)
    draft = draft_of(path)
    try:
        with writing(path, draft):
            yield draft
            if one_of_many:
                sync(draft)
                draft.replace(path)
            else:
                publish(draft, path)
    finally:
        with suppress(OSError):  # there is none
            draft.unlink(missing_ok=True)
        _drafts.discard(draft.name)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder; rename it to ``path``, where nothing stands, when the block ends, or remove it.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "model"
    >>> with new_folder(target) as draft:
    ...     _ = (draft / "a.txt").write_text("whole")
    >>> (target / "a.txt").read_text()
    'whole'
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    clear_drafts(path.parent, of=path.name)
    draft = draft_of(path)
    try:
        with writing(path, draft):
            draft.mkdir()
            yield draft
            publish(draft, path)
    finally:
        with suppress(OSError):
            remove(draft)
        _drafts.discard(draft.name)


@contextmanager
def work_folder(path: Path) -> Iterator[Path]:
    """Make a folder beside what is written, or beside its draft, for as long as the block lasts.

    One that a killed process left is removed with the drafts, by the next that writes there.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with work_folder(target) as folder:
    ...     folder.is_dir(), folder.parent == target.parent
    (True, True)
    >>> folder.exists()
    False
    """
    writer = _WRITER.search(path.name)
    folder = draft_of(path if writer is None else path.with_name(path.name[1 : writer.start()]))
    folder.mkdir()
    try:
        yield folder
    finally:
        with suppress(OSError):
            remove(folder)
        _drafts.discard(folder.name)


@contextmanager
def writing(path: Path, draft: Path | None = None) -> Iterator[None]:
    """Say why a file or a folder cannot be written, and what to do, in place of the error of the system.

    Parameters
    ----------
    path : Path
        What is written, which the message names.
    draft : Path, optional
        Its temporary name.

    Raises
    ------
    WriteError
        For errors that are about it, its draft, a folder that it is to be in, or what is in it; others are not changed.
        If the path is the address of a store: as a path, it would be a folder of that name here.
    """
    _check_local(path)
    try:
        yield
    except OSError as error:
        of_draft = isinstance(error, WriteError) and draft is not None and _is_about(error, draft, None)
        is_told = isinstance(error, LabelkitError) and not of_draft
        if is_told or error.errno is None or not _is_about(error, path, draft):
            raise
        raise _cannot_write(path, error) from error


def _check_local(path: Path) -> None:
    parts = parts_of_address(path)
    if parts is None:
        return
    scheme, place = parts
    if scheme in {"file", "local"}:
        raise WriteError(f"{str(path)!r} is an address of this machine, and no path", hint=f"give the path: /{place}")
    hint = "name a local path, and copy what is there then; runs and votes alone are written to stores"
    raise WriteError(f"{masked(f'{scheme}://{place}')!r} is the address of a store, and no path", hint=hint)


def _is_about(error: OSError, path: Path, draft: Path | None) -> bool:
    if error.filename is None:
        return error.errno in NO_ROOM or (draft is not None and str(draft) in str(error))
    if not isinstance(error.filename, str | os.PathLike):
        return False
    named, path = Path(error.filename).resolve(), path.resolve()
    ours = [path, path.with_name(f"{path.name}.lock"), *([] if draft is None else [draft.resolve()])]
    return named in path.parents or any(named == one or one in named.parents for one in ours)


def why_not_written(path: Path, error: OSError) -> str:
    """Say in words why the system does not write a file or a folder."""
    file = next((str(one) for one in path.parents if one.is_file()), None)
    return os.strerror(error.errno or 0) if file is None else f"{file!r} is a file, not a folder"


def remedy_of(error: OSError) -> str:
    """Say what to do where the system does not write."""
    return "free space, or name another place" if error.errno in NO_ROOM else "name a place that you may write to"


def _cannot_write(path: Path, error: OSError) -> WriteError:
    number, reason = error.errno or 0, why_not_written(path, error)
    refused = WriteError(f"{str(path)!r} cannot be written: {reason}", hint=remedy_of(error))
    refused.errno, refused.strerror, refused.filename = number, reason, str(path)
    return refused


def link_or_copy(path: Path, to: Path) -> None:
    """Give a file that is never changed a second name, or a copy of that name on a file system without links."""
    to.parent.mkdir(parents=True, exist_ok=True)
    to.unlink(missing_ok=True)
    try:
        to.hardlink_to(path)
    except OSError:
        with replaced(to, one_of_many=True) as draft:
            shutil.copyfile(path, draft)


def draft_of(path: Path, suffix: str = DRAFT) -> Path:
    """Return a new name beside ``path`` that no other process or thread uses, and that tells whose it is."""
    draft = path.with_name(f".{path.name[:NAME_LENGTH]}.{_host()}-{os.getpid()}-{secrets.token_hex(6)}{suffix}")
    _drafts.add(draft.name)
    return draft


def publish(draft: Path, path: Path) -> None:
    """Rename a file, or a folder with all that is in it, once it is on the disk; then write its new name there, too."""
    if draft.is_dir():
        for folder in [path for path in draft.rglob("*") if path.is_dir()]:
            sync(folder)
    sync(draft)
    draft.replace(path)
    sync(path.parent)
    _drafts.discard(draft.name)


def sync(path: Path) -> None:
    """Wait until a file, or the list of names in a folder, is on the disk; not all systems can do so for folders."""
    if path.is_dir():
        with suppress(OSError):
            _fsync(path, os.O_RDONLY)
    else:
        _fsync(path, os.O_RDWR | getattr(os, "O_BINARY", 0))


def _fsync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def clear_drafts(folder: Path, *, of: str = "") -> None:
    """Remove the drafts that killed processes left in a folder; with ``of``, those of the file of that name."""
    start = f".{of[:NAME_LENGTH]}"
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(start) and entry.name.endswith(DRAFT) and is_abandoned(Path(entry.path)):
                with suppress(OSError):
                    remove(Path(entry.path))


def is_abandoned(draft: Path) -> bool:
    """Return whether the process that writes a draft was killed."""
    writer = _WRITER.search(draft.name)
    if writer is None or writer["host"] != _host():
        with suppress(OSError):
            return time.time() - draft.lstat().st_mtime >= ABANDONED
        return False
    pid = int(writer["pid"])
    return draft.name not in _drafts if pid == os.getpid() else not is_running(pid)


def is_running(pid: int) -> bool:
    """Return whether this machine runs a process of that number."""
    import psutil  # noqa: PLC0415 - seldom needed

    return psutil.pid_exists(pid)


def _host() -> str:
    return blake2b(socket.gethostname().encode(), digest_size=4).hexdigest()


def remove(path: Path) -> None:
    """Remove a file, a symbolic link (not what it leads to) or a folder with all that is in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):  # a file system that is read-only refuses also what is not there
        path.unlink(missing_ok=True)
