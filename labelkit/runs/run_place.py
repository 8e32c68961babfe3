"""Hold the place of a folder with versions while it is written, and move the finished folder there.

One process, and one thread of it, holds a place; another that asks for it is refused with the name of the first. A
process that is killed between the two renames that replace a folder leaves the old folder under a name of its own: the
next one to hold the place moves it back.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from labelkit._shared.files import NO_ROOM, clear_drafts, publish, remedy_of, remove, why_not_written
from labelkit._shared.locks import HeldError, locked
from labelkit.exceptions import RunFolderError
from labelkit.runs._version_names import version_in
from labelkit.runs.finished_run import WantedRun
from labelkit.runs.local_copies import begin_at, end_at, folder_to_make, send_made, shown_path
from labelkit.runs.remote_place import RemotePlace
from labelkit.runs.run_folder import RunFolder, RunLayout
from labelkit.runs.versioned_layout import VersionedLayout

LOCAL: Final = "give a local folder, and copy it there"
UPDATES: Final = "update=True (--update) makes a new version of it, and votes only where something has changed; "
ROOM: Final = "make room on the disk, and give the same command again: what is whole of it is kept"
MOUNTED: Final = "name a folder in it"
REMEDIES: Final = {
    errno.EROFS: "copy it to a place that can be written",
    errno.EBUSY: f"if a file system is mounted there, {MOUNTED}",
}
"""What to do about errors of the system, by their numbers."""

ANEW: Final = (
    "force=True (--force) makes the run anew and replaces the folder, with its versions and its certificate; "
    "or name another"
)


KEPT: Final = ("votes/", "faults.parquet")
"""How the paths of files begin that an update goes on from."""

OF_VOTES: Final = (*KEPT, "patterns.parquet", "judged.parquet")
"""How the paths of files begin that no label model changes."""

Layout = TypeVar("Layout", bound=VersionedLayout)


@contextmanager
def held_place(out: Path, *, force: bool) -> Iterator[RunLayout]:
    """Hold the place of a run folder while the block lasts; see :func:`held_layout`.

    Raises
    ------
    RunFolderError
        Also if the block cannot write for want of room, or since the file system is read-only.
    """
    with held_layout(RunLayout, out, force=force) as layout:
        try:
            yield layout
        except OSError as error:
            hint = ROOM if error.errno in NO_ROOM else REMEDIES.get(error.errno or 0)
            if hint is None:
                raise
            raise RunFolderError(_not_written(out, error), hint=hint, code="LK512") from error


@contextmanager
def held_layout(kind: type[Layout], out: Path, *, force: bool) -> Iterator[Layout]:
    """Hold the place of a folder while the block lasts.

    Parameters
    ----------
    kind : type of VersionedLayout
    out : Path
    force : bool
        Whether an empty folder may stand there.

    Yields
    ------
    VersionedLayout
        Of the folder by its absolute path, so that all spellings of it are one.

    Raises
    ------
    RunFolderError
        If somebody else writes it, it is a symbolic link or no such folder, or it cannot be made there.
    """
    place = RemotePlace.at(out)
    if place is not None and kind is not RunLayout:
        raise RunFolderError(f"{str(place)!r} cannot be a {kind.NOUN}: those stand in local folders", hint=LOCAL)
    if out.is_symlink():
        raise RunFolderError(
            f"{shown_path(out)!r} is a symbolic link to {str(out.readlink())!r}, which is not replaced",
            hint="name the folder itself",
            code="LK513",
        )
    layout = kind(out.resolve() if place is None else folder_to_make(place))
    _check_name(layout, out)
    if not layout.folder.name:
        raise RunFolderError(
            f"{shown_path(out)!r} cannot be a {kind.NOUN} folder", hint="name a folder that does not exist yet"
        )
    try:
        with _locked(layout, out):
            _recover(layout)
            if place is not None:
                begin_at(place, layout.folder, force=force)
            _check(layout, out, force=force)
            try:
                yield layout
            finally:
                end_at(layout.folder)
    except HeldError as error:
        who = f"another {kind.NOUN}" if kind is RunLayout else "another process"
        raise RunFolderError(
            f"{who} writes to {shown_path(out)!r}: {error}; wait until it is done", code="LK502"
        ) from None


def _check_name(layout: VersionedLayout, out: Path) -> None:
    """Refuse what a command that reads such a folder takes for a version of another one."""
    named = version_in(layout.folder)
    noun = layout.NOUN
    if layout.current != layout:
        raise RunFolderError(
            f"{shown_path(out)!r} is an old version of the {noun} {str(out.parent.parent)!r}, and is never written",
            hint=f"`labelkit restore` makes it the current one again: labelkit restore {out.parent.parent} N",
        )
    if named is not None and not layout.folder.exists():
        other, number = named
        raise RunFolderError(
            f"{shown_path(out)!r} is no name for a {noun}: it stands for version {number} of the {noun} {other.name!r}",
            hint="name a folder without an at sign and a number at its end; `labelkit restore` goes back to a version",
        )


@contextmanager
def _locked(layout: VersionedLayout, out: Path) -> Iterator[None]:
    """Hold the lock; a failure to make its file is one of the place, and not of what is done meanwhile."""
    holding = False
    try:
        with locked(layout.lock):
            holding = True
            yield
    except OSError as error:
        if holding:
            raise
        hint = ROOM if error.errno in NO_ROOM else remedy_of(error)
        raise RunFolderError(_not_written(out, error), hint=hint, code="LK512") from None


def _not_written(out: Path, error: OSError) -> str:
    """Say why a place cannot be written, and which file the system names."""
    named = error.filename2 or error.filename  # of a copy, the second
    file = "" if named is None else f" ({shown_path(Path(named))})"
    why = why_not_written(out, error) if error.errno else str(error)
    return f"{shown_path(out)!r} cannot be written: {why}{file}"


def _recover(layout: VersionedLayout) -> None:
    """Undo the first of two renames if a process was killed between them, and remove what it left."""
    if layout.replaced.is_dir() and not layout.folder.exists():
        publish(layout.replaced, layout.folder)
    remove(layout.replaced)
    if layout.manifest.is_file():
        for path in layout.of_progress:
            remove(path)
    clear_drafts(layout.folder)
    clear_drafts(layout.folder.parent)


def _check(layout: VersionedLayout, out: Path, *, force: bool) -> None:
    folder, noun = layout.folder, layout.NOUN
    if not folder.exists():
        return
    if force or not layout.manifest.is_file():
        _check_replaceable(layout, out)
    is_other = layout.is_data_set is isinstance(layout, RunLayout)
    if layout.manifest.is_file() and not is_other:
        return
    if not folder.is_dir() or any(folder.iterdir()):
        doing = "so it is not replaced" if force else "and exists already"
        raise RunFolderError(
            f"{shown_path(out)!r} is not a {noun} folder, {doing}", hint="name another folder", code="LK513"
        )
    if not force:
        raise RunFolderError(
            f"{shown_path(out)!r} exists already", hint="force=True (--force) replaces it", code="LK501"
        )


def _check_replaceable(layout: VersionedLayout, out: Path) -> None:
    """Refuse to write what could not be moved to its place in the end."""
    if layout.folder.is_mount():
        raise RunFolderError(
            f"{shown_path(out)!r} is where a file system is mounted, and cannot be replaced",
            hint=MOUNTED,
            code="LK513",
        )


def finished_before(
    layout: RunLayout, out: Path, wanted: WantedRun, damaged: Callable[[], list[str]], *, update: bool = False
) -> RunFolder | None:
    """Return the run that stands in a place, if it is the one that is wanted; None if there is none to return.

    Parameters
    ----------
    layout : RunLayout
    out : Path
    wanted : WantedRun
    damaged : callable
        Returns the files of the run in the place that are not as they were written, a line a file.
    update : bool
        Whether one that is to be updated is none.

    Raises
    ------
    RunFolderError
        If it is another, with what has changed.
    """
    if not layout.folder.exists():
        return None
    only_votes = wanted.model is None and layout.model.is_dir()  # labels would be left behind
    reasons = wanted.differences(layout) or [line for line in damaged() if not only_votes or line.startswith(OF_VOTES)]
    if update:
        reasons = reasons or wanted.moved(layout)
    if reasons and update:
        _check_replaceable(layout, out)
        return None
    if reasons:
        is_damaged = any(line.startswith(KEPT) for line in damaged())
        can_update = not only_votes and not is_damaged and not wanted.is_read_otherwise(layout)
        raise RunFolderError(
            f"{shown_path(out)!r} exists already, and is not what this run would make: {'; '.join(reasons)}",
            hint=(UPDATES if can_update else "") + ANEW,
            code="LK501",
        )
    remove(layout.draft)  # of another run that was to replace it
    return run_at(out, layout, was_finished=True)


def run_at(out: Path, layout: RunLayout, *, was_finished: bool = False) -> RunFolder:
    """Return the run folder in a place, by its path as the user wrote it.

    By its absolute path where the written one leads through a folder that is not there, such as ``no_such/../out``.
    """
    is_found = RemotePlace.at(out) is not None or out.exists()
    return RunFolder(out if is_found else layout.folder, was_finished=was_finished)


def move(layout: VersionedLayout) -> None:
    """Rename the finished folder to its final name; after that, remove an old one, and what a run needs to go on.

    A folder of an address is then sent there.
    """
    if layout.folder.exists():
        publish(layout.folder, layout.replaced)
    for path in type(layout)(layout.draft).of_progress:
        if path.is_file():
            path.unlink()
    publish(layout.draft, layout.folder)
    for path in layout.of_progress:
        remove(path)
    remove(layout.replaced)
    send_made(layout.folder)
