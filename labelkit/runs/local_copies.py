"""Read a run at an address through a local copy, into which only what is asked for is fetched.

A copy is of one state of the run, in the folder of caches, and private to the user. Each file is checked by its digest
when it is fetched, so that nothing of a run that was replaced meanwhile is mixed in. A run that is written is a folder
there too, until it is sent.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from labelkit._shared.cache_folder import PRIVATE, default_folder, make_private
from labelkit._shared.files import remove, replaced
from labelkit._shared.stored_files import digest_of
from labelkit.exceptions import RunFolderError
from labelkit.runs._version_names import MANIFEST, NOTE, VERSIONS
from labelkit.runs.remote_place import (
    IN_PARTS,
    PlaceChangedError,
    RemotePlace,
    StoredState,
    each_at_once,
    noted_digests,
)

EXAMPLES: Final = "examples"
"""Folder of the examples of a data set, which a run has not: it tells one from the other."""

KEPT: Final = 7 * 24 * 3600.0
"""Seconds that a copy is kept after it was opened last."""

TRIES: Final = 3
LATER: Final = (*IN_PARTS, VERSIONS)
BEING_MADE: Final = "being-made"
"""Folder of the runs that are made here, beside those of the states that were read."""


@dataclass(frozen=True)
class LocalCopy:
    """A local folder with those files of a run at an address that were asked for.

    Parameters
    ----------
    place : RemotePlace
    folder : Path
    sizes : dict of str to int
        Of all files of the run.
    base : str
        Key of the state; empty if there is no run.
    """

    place: RemotePlace
    folder: Path
    sizes: dict[str, int]
    base: str

    def begin(self, state: StoredState) -> None:
        """Make the folders of the run, with the files that it is known by."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in {name.rpartition("/")[0] for name in self.sizes}:
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        for name, content in ((NOTE, state.note), (MANIFEST, state.manifest)):
            if name in self.sizes and not (self.folder / name).is_file():
                with replaced(self.folder / name, one_of_many=True) as draft:
                    draft.write_bytes(content)

    def bring(self, path: Path, apart: Sequence[str] = (), *, checked: bool = True) -> None:
        """Fetch a file, or the files of a folder without those in some of its folders."""
        top = path.relative_to(self.folder).as_posix()
        start = "" if top == "." else f"{top}/"
        but = tuple(f"{start}{name}/" for name in apart)
        names = [name for name in self.sizes if name == top or (name.startswith(start) and not name.startswith(but))]
        names = [name for name in names if not self._is_here(name)]
        notes = [name for name in names if name.rpartition("/")[2] == NOTE]
        each_at_once(self._fetch, notes)  # the digests of the others are in them
        each_at_once(self._fetch if checked else self._fetch_as_it_is, [name for name in names if name not in notes])

    def _is_here(self, name: str) -> bool:
        try:
            return (self.folder / name).stat().st_size == self.sizes[name]
        except OSError:
            return False

    def _fetch_as_it_is(self, name: str) -> None:
        with replaced(self.folder / name, one_of_many=True) as draft:
            self.place.fetch(name, draft)

    def _fetch(self, name: str) -> None:
        with replaced(self.folder / name, one_of_many=True) as draft:
            self.place.fetch(name, draft)
            digest = self._digest(name)
            if digest is not None and digest_of(draft) != digest:
                raise RunFolderError(
                    f"{name} of {str(self.place)!r} is not what its run wrote: the run was replaced while it was "
                    "read, or the file is damaged",
                    hint="open it again; `labelkit verify` lists what is damaged",
                    code="LK506",
                )

    def _digest(self, name: str) -> str | None:
        """Return the digest that the note of the version of a file has for it."""
        parts = name.split("/")
        is_old = parts[0] == VERSIONS and len(parts) > 2
        version, rest = (self.folder / VERSIONS / parts[1], "/".join(parts[2:])) if is_old else (self.folder, name)
        with suppress(OSError):
            return noted_digests((version / NOTE).read_bytes()).get(rest)
        return None


_COPIES: dict[Path, LocalCopy] = {}


def _copy_of(path: Path) -> LocalCopy | None:
    if not _COPIES:
        return None
    return next((_COPIES[one] for one in (path, *path.parents) if one in _COPIES), None)


def located(path: str | Path) -> Path:
    """Return the local folder of a run: the path itself, or that of a copy of the run at an address.

    Raises
    ------
    RunFolderError
        If there is no finished run at the address, or it cannot be read.
    """
    place = RemotePlace.at(path)
    return Path(path) if place is None else _opened(place).folder


def brought(path: Path, but: Iterable[Path] = ()) -> Path:
    """Return a file or a folder of a run, fetched as a whole, some of its folders apart, if it is at an address."""
    copy = _copy_of(path)
    if copy is not None:
        copy.bring(path, [one.name for one in but])
    return path


def head_of(folder: Path) -> Path:
    """Return the folder of a version of a run, without its votes, labels and old versions if it is at an address."""
    copy = _copy_of(folder)
    if copy is not None:
        copy.bring(folder, LATER)
    return folder


def has_file(path: Path) -> bool:
    """Return whether a run has a file; nothing is fetched."""
    copy = _copy_of(path)
    return path.is_file() or (copy is not None and path.relative_to(copy.folder).as_posix() in copy.sizes)


def is_run(given: Any) -> bool:
    """Return whether a path or an address is that of a run, and not of a corpus."""
    if not isinstance(given, str | Path):
        return False
    with suppress(RunFolderError):  # a web address, or a store that says nothing of it
        place = RemotePlace.at(given)
        return (Path(given) / MANIFEST).is_file() if place is None else place.state() is not None
    return False


def origin(path: Path) -> Path:
    """Return where the run of a folder is: its address, as a path, if the folder is a copy."""
    copy = _copy_of(path)
    return path if copy is None else Path(copy.place.address) / path.relative_to(copy.folder)


def shown_place(path: Path) -> str:
    """Return the place of a run as people read it: its address, without secrets, if the folder is a copy."""
    copy = _copy_of(path)
    if copy is None:
        return str(path)
    parts = path.relative_to(copy.folder).parts
    if len(parts) == 2 and parts[0] == VERSIONS:
        return f"{copy.place}@{int(parts[1])}"
    return "/".join((str(copy.place), *parts))


def shown_path(path: str | Path) -> str:
    """Return a path as it was given; an address with both slashes, and without secrets."""
    place = RemotePlace.at(path)
    return str(path) if place is None else str(place)


def sent_file(path: Path) -> None:
    """Write a file that was added to a copy to the address, too."""
    copy = _copy_of(path)
    if copy is not None:
        name = path.relative_to(copy.folder).as_posix()
        copy.place.put(name, path)
        copy.sizes[name] = path.stat().st_size


def _opened(place: RemotePlace) -> LocalCopy:
    state, sizes = _whole(place)
    _forget_old()
    folder = _base(place) / state.key / place.name
    copy = LocalCopy(place, folder, sizes, state.key)
    copy.begin(state)
    (folder.parent / ".opened").write_text(f"{time.time():.0f}", "utf-8")
    _COPIES[folder] = copy
    return copy


def _whole(place: RemotePlace) -> tuple[StoredState, dict[str, int]]:
    """Read the state of a run, and list the files that are of it."""
    for _ in range(TRIES):
        sizes, state = place.listing(), place.state()
        if any(name.startswith(f"{EXAMPLES}/") for name in sizes):
            raise RunFolderError(
                f"{str(place)!r} is a data set; only runs are read from addresses",
                hint="copy it to a local folder first",
                code="LK504",
            )
        if state is None:
            break
        if state.is_whole:
            return state, _of_state(sizes, state)
    raise _not_whole(place, is_run=state is not None, is_empty=not sizes)


def _not_whole(place: RemotePlace, *, is_run: bool, is_empty: bool) -> RunFolderError:
    """Return the error for a place where no whole run stands."""
    if place.writer() is not None:
        return RunFolderError(
            f"{str(place)!r} is being written, or its writer was stopped",
            hint="wait until it is done; or give the command that makes it again, and it goes on",
            code="LK505",
        )
    if is_run:
        return RunFolderError(
            f"{str(place)!r} is damaged: {MANIFEST} is not the one that {NOTE} lists",
            hint="labelkit run ... --force",
            code="LK506",
        )
    if is_empty:
        return RunFolderError(
            f"there is no folder {str(place)!r}", hint="give the folder of a run: --out of labelkit run", code="LK503"
        )
    return RunFolderError(
        f"{str(place)!r} is not a run folder: it has no {MANIFEST}",
        hint="labelkit run RULES CORPUS --out URL",
        code="LK504",
    )


def _of_state(sizes: Mapping[str, int], state: StoredState) -> dict[str, int]:
    """Leave out the parts that a writer has brought for the next state."""
    if not state.note:
        return dict(sizes)
    return {
        name: size for name, size in sizes.items() if name in state.digests or name.partition("/")[0] not in IN_PARTS
    }


def _base(place: RemotePlace) -> Path:
    top = default_folder().absolute()
    reason = make_private(top)
    if reason:
        raise RunFolderError(
            f"{str(top)!r} cannot keep copies of runs: {reason}", hint="set LABELKIT_CACHE to a folder of your own"
        )
    base = top / f"runs-{blake2b(str(place).encode(), digest_size=8).hexdigest()}"
    base.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    return base


def _forget_old() -> None:
    """Remove the copies that nobody has opened for long."""
    for opened in default_folder().absolute().glob("runs-*/*/.opened"):
        with suppress(OSError):
            if time.time() - opened.stat().st_mtime > KEPT:
                shutil.rmtree(opened.parent)


# Runs that are made ---------------------------------------------------------------------------------------------------


def folder_to_make(place: RemotePlace) -> Path:
    """Return the local folder in which a run for an address is made."""
    folder = _base(place) / BEING_MADE / place.name
    folder.parent.mkdir(exist_ok=True)
    return folder.parent.resolve() / folder.name


def begin_at(place: RemotePlace, folder: Path, *, force: bool) -> None:
    """Bring what stands at an address; a run that was finished here and not sent is sent before that.

    Raises
    ------
    RunFolderError
        If somebody else writes there, or something else than a run stands there.
    """
    place.check_free()
    finished, base = StoredState.of_folder(folder), _base_note(folder)
    if finished is not None and base.is_file() and finished.key != (began := base.read_text("utf-8")) and not force:
        with suppress(PlaceChangedError):  # it is out of date
            place.send(folder, began)
    remove(folder)
    _COPIES.pop(folder, None)
    there, sizes = place.state(), place.listing()
    if there is None and sizes and (place.writer() is None or not force):
        raise _not_a_run(place, force=force)
    with replaced(base) as draft:
        draft.write_text("" if there is None else there.key, "utf-8")
    if there is None:
        _COPIES[folder] = LocalCopy(place, folder, {}, "")
        return
    state, sizes = _whole(place)
    _COPIES[folder] = copy = LocalCopy(place, folder, sizes, state.key)
    copy.begin(state)
    copy.bring(folder, LATER)


def _not_a_run(place: RemotePlace, *, force: bool) -> RunFolderError:
    if place.writer() is not None:
        return RunFolderError(
            f"a run was being written to {str(place)!r} from elsewhere, and was stopped",
            hint="give its command again there, and it goes on; force=True (--force) begins anew",
            code="LK505",
        )
    doing = "so it is not replaced" if force else "and exists already"
    return RunFolderError(f"{str(place)!r} is not a run folder, {doing}", hint="name another folder", code="LK513")


def send_made(folder: Path) -> None:
    """Send a run that is finished in its local folder to its address, if it has one."""
    copy = _COPIES.get(folder)
    if copy is None:
        return
    copy.place.send(folder, copy.base)
    state = StoredState.of_folder(folder)
    kept = None if state is None else _base(copy.place) / state.key / copy.place.name
    if kept is not None and not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        folder.replace(kept)
    _forget_made(folder)


def end_at(folder: Path) -> None:
    """Remove what was brought for a run that was not made; one that is finished and not sent stays."""
    copy = _COPIES.get(folder)
    state = StoredState.of_folder(folder)
    if copy is not None and (state is None or state.key == copy.base):
        _forget_made(folder)


def _forget_made(folder: Path) -> None:
    _COPIES.pop(folder, None)
    remove(folder)
    _base_note(folder).unlink(missing_ok=True)


def _base_note(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.base")


def fetched_as_it_is(place: RemotePlace, folder: Path) -> Path:
    """Fetch all files of a run as they are, whatever their digests, to be looked at."""
    if place.state() is None:
        _whole(place)  # says why
    copy = LocalCopy(place, folder / place.name, place.listing(), "")
    copy.folder.mkdir(parents=True)
    copy.bring(copy.folder, checked=False)
    return copy.folder
