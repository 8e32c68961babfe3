"""Keep the versions of a folder, of a run or a data set: old ones stay readable, and what is the same is shared.

The current version stands in the folder itself. Old ones stand in ``versions/00001`` and so on, each as such a folder;
a file that is the same in several has several names and takes its room once (hard links; copies where the file system
has none). ``version.json`` of each holds its number and the digests of its files. A version is never changed: what goes
back to an old one is a new one.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from labelkit._shared.files import link_or_copy, remove, replaced
from labelkit._shared.scratch import scratch_folder
from labelkit._shared.stored_files import digest_of, digest_of_bytes, not_readable, read_json_object
from labelkit._shared.threads import in_threads
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import RunFolderError
from labelkit.runs._version_names import version_in
from labelkit.runs.given_run import path_of_run
from labelkit.runs.local_copies import brought, fetched_as_it_is, origin
from labelkit.runs.remote_place import RemotePlace
from labelkit.runs.run_folder import RunFolder, RunLayout, write_json
from labelkit.runs.run_place import held_place, move
from labelkit.runs.versioned_layout import VersionedLayout

SHARED: Final = ".parquet"
"""The suffix of files that versions share. Others are small, and might be edited where they are."""

Layout = TypeVar("Layout", bound=VersionedLayout)


@dataclass(frozen=True)
class Version:
    """What ``version.json`` holds.

    Parameters
    ----------
    number : int
        From 1.
    files : mapping of str to str
        The digest of each file by its path in the folder, without those that differ whenever the same run is made.
    made : str
        When it was made, if that was not by a run; else its ``timings.json`` says it.
    restored : int or None
        The version that it is again.
    before : str
        Digest of the ``version.json`` of the version before; empty for the first.
    """

    number: int
    files: Mapping[str, str] = field(default_factory=dict)
    made: str = ""
    restored: int | None = None
    before: str = ""

    @classmethod
    def read(cls, layout: VersionedLayout) -> Version | None:
        """Read the version of a folder; None if there is no note of it, as in a run of an earlier labelkit.

        Raises
        ------
        RunFolderError
            If the note is damaged.
        """
        if not layout.version.is_file():
            return None
        try:
            value = read_json_object(layout.version)
            version = cls(
                number=int(value["version"]),
                files={str(name): str(digest) for name, digest in value["files"].items()},
                made=str(value.get("made", "")),
                restored=value.get("restored"),
                before=str(value.get("before", "")),
            )
        except PermissionError as error:
            raise not_readable(layout.version, error, RunFolderError) from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise RunFolderError(
                f"{layout.version} is damaged: {error}",
                hint="`labelkit verify` lists what is damaged, and `labelkit restore` goes back to an older version",
                code="LK506",
            ) from None
        if _seal(value) != value.get("seal"):
            raise RunFolderError(
                f"{layout.version} was changed: its seal does not fit",
                hint="`labelkit restore` goes back to an older version",
                code="LK506",
            )
        return version

    def write(self, layout: VersionedLayout) -> None:
        """Write the note, with a seal over all that it says."""
        value = {"version": self.number, "files": dict(self.files)}
        value |= {name: one for name, one in vars(self).items() if name in ("made", "restored", "before") and one}
        write_json(layout.version, {**value, "seal": _seal(value)})


def _seal(value: Mapping[str, Any]) -> str:
    content = json.dumps({name: one for name, one in value.items() if name != "seal"}, sort_keys=True)
    return digest_of_bytes(content.encode(errors="surrogatepass"))


def _readable(layout: VersionedLayout | None) -> Version | None:
    """Read the note of a version; None also if it is damaged: then all files are hashed again."""
    with suppress(RunFolderError):
        return None if layout is None else Version.read(layout)
    return None


def files_of(layout: VersionedLayout) -> dict[str, Path]:
    """Return the files of a version by their paths in its folder, without its note and old versions."""
    return dict(sorted(_below(brought(layout.folder, but=layout.passing), layout.folder, layout.passing)))


def _below(folder: Path, top: Path, apart: set[Path]) -> Iterator[tuple[str, Path]]:
    for path in folder.iterdir():
        if path in apart:
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _below(path, top, apart)
        else:
            yield path.relative_to(top).as_posix(), path


def digested(layout: VersionedLayout, before: VersionedLayout | None = None) -> dict[str, str]:
    """Hash the files of a version that are the same whenever it is made again.

    Parameters
    ----------
    layout : VersionedLayout
    before : VersionedLayout, optional
        Of another version: the digest of a file that both share is the one that it noted.
    """
    noted = _readable(before) or Version(0)
    files = {name: path for name, path in files_of(layout).items() if path not in layout.varying}

    def digest(name: str) -> str:
        other = None if before is None else before.folder / name
        shared = name in noted.files and other is not None and other.is_file() and other.samefile(files[name])
        return noted.files[name] if shared else digest_of(files[name])

    return dict(zip(files, in_threads(digest, list(files)), strict=True))


def finish(draft: VersionedLayout, before: VersionedLayout | None, *, restored: int | None = None) -> None:
    """Make a draft a version: the next one of a folder, or the first.

    Parameters
    ----------
    draft : VersionedLayout
        All of its files are there.
    before : VersionedLayout, optional
        Of the folder whose versions are kept: its own files become an old version.
    restored : int, optional
        The version that it is again.
    """
    remove(draft.versions)
    number, note = 1, ""
    if before is not None:
        number = before.number + 1
        for old in sorted(before.versions.iterdir()) if before.versions.is_dir() else ():
            _link_all(type(draft)(old), type(draft)(draft.versions / old.name))
        _link_all(before, draft.of_version(before.number), SHARED)
        note = digest_of(before.version) if before.version.is_file() else ""
    date = "" if before is None and draft.timings is not None else datetime.now(UTC).isoformat(timespec="seconds")
    Version(number, digested(draft, before), date, restored, note).write(draft)


def copied(version: Layout, layout: Layout) -> Layout:
    """Begin the next version of a folder with the files of one of its versions; what may change is copied."""
    draft = type(layout)(layout.draft)
    remove(draft.folder)
    _link_all(version, draft, SHARED)
    draft.version.unlink(missing_ok=True)
    return draft


def _link_all(layout: VersionedLayout, to: VersionedLayout, suffix: str = "") -> None:
    """Give the files of a version further names; those with another suffix are copied."""
    files = files_of(layout)
    if layout.version.is_file():
        files[layout.version.name] = layout.version
    for name, path in files.items():
        if name.endswith(suffix):
            link_or_copy(path, to.folder / name)
        else:
            with replaced(to.folder / name, one_of_many=True) as draft:
                shutil.copyfile(path, draft)


def version_layouts(path: Path) -> dict[int, VersionedLayout]:
    """Return the folders of all versions of a run, by number; of a run of which a version is named, too.

    Raises
    ------
    RunFolderError
        If there is no run folder.
    """
    return {**RunFolder(path).layout.current.by_number()}


@checks_keywords
def restore(path: RunFolder | str | Path, version: int) -> RunFolder:
    """Make an old version of a run folder the current one, as a new version; nothing is lost.

    Parameters
    ----------
    path : RunFolder or path
    version : int
        The number that :func:`labelkit.history` shows.

    Returns
    -------
    RunFolder

    Raises
    ------
    RunFolderError
        If there is no such version, it is the current one, it is damaged, or another run writes the folder.
    """
    out = _top(path_of_run(path))
    with held_place(out, force=False) as layout:
        wanted = RunFolder(out, version).layout
        restore_version(layout, out, RunLayout(wanted.folder.resolve()), version)
    return RunFolder(out)


def restore_version(layout: Layout, out: Path, wanted: Layout, version: int) -> None:
    """Make an old version of a folder whose place is held the current one, as a new version.

    Parameters
    ----------
    layout : VersionedLayout
    out : Path
        The folder as the user wrote it.
    wanted : VersionedLayout
        Of the old version.
    version : int

    Raises
    ------
    RunFolderError
        If it is the current one, or is damaged.
    """
    if wanted.folder == layout.folder:
        raise RunFolderError(f"version {version} of {str(out)!r} is the current one, so there is nothing to do")
    wrong = problems_of(wanted)
    if wrong:
        raise RunFolderError(
            f"version {version} of {str(out)!r} is damaged: {'; '.join(wrong[:3])}",
            hint=f"`labelkit verify {out}` lists what is damaged",
            code="LK506",
        )
    finish(copied(wanted, layout), layout, restored=version)
    move(layout)


@checks_keywords
def verify(path: RunFolder | str | Path) -> list[str]:
    """Compare all files of all versions of a run folder with the digests that were noted when they were made.

    Parameters
    ----------
    path : RunFolder or path
        Of a run folder, or of one version of it, which is then looked at alone.

    Returns
    -------
    list of str
        What is missing, changed or strange, a line a file; empty if all is whole and unchanged.

    Raises
    ------
    RunFolderError
        If there is no run folder.
    """
    path = path_of_run(path)
    top, version = version_in(path) or (path, None)
    place = RemotePlace.at(top)
    if place is None:
        return problems_of_all(RunFolder(path).layout)
    with scratch_folder() as folder:  # as it stands there now, whatever was fetched before
        there = fetched_as_it_is(place, folder)
        return problems_of_all(RunLayout(there) if version is None else RunFolder(there, version).layout)


def problems_of_all(layout: VersionedLayout) -> list[str]:
    """List what is missing, changed or strange in all versions of a folder; of an old version, in it alone."""
    top = layout.current
    if layout != top:
        return problems_of(layout) + _breaks(top, [layout.number])
    old = sorted(one for one in top.versions.iterdir() if one.is_dir()) if top.versions.is_dir() else []
    wrong = [f"versions/{one.name}/{line}" for one in old for line in problems_of(type(top)(one))]
    wrong += problems_of(top)
    if top.versions.is_dir():
        strange = [one for one in top.versions.iterdir() if not one.is_dir() or not one.name.isdecimal()]
        wrong += [f"versions/{one.name} is strange: no version of that name was made" for one in strange]
    return wrong + _breaks(top, range(1, top.number))


def problems_of(layout: VersionedLayout, *, strange: bool = True) -> list[str]:
    """List the files of one version that are missing, changed or, if wanted, strange."""
    try:
        version = Version.read(layout)
    except RunFolderError as error:
        return [f"{layout.version.name}: {error.message}"]
    if version is None:
        return [f"{layout.version.name} is missing: a {layout.NOUN} of an earlier labelkit, or the note was removed"]
    there = files_of(layout)
    missing = [f"{name} is missing" for name in version.files if name not in there]
    if layout.timings is not None and not layout.timings.is_file():
        missing.append(f"{layout.timings.name} is missing")
    names = [name for name in version.files if name in there]
    digests = in_threads(lambda name: _digest_or_not(there[name]), names)
    changed = [
        f"{name} cannot be read: permission denied" if now is None else f"{name} was changed"
        for name, now in zip(names, digests, strict=True)
        if now != version.files[name]
    ]
    known_apart = {path.name for path in layout.varying}
    more = [name for name in there if name not in {*version.files, *known_apart}] if strange else []
    return missing + changed + [f"{name} is strange: it was not there" for name in more]


def _digest_or_not(path: Path) -> str | None:
    """Hash a file; None if this user may not read it, and nothing if it cannot be read otherwise."""
    try:
        return digest_of(path)
    except PermissionError:
        return None
    except OSError:
        return ""


def _top(path: Path) -> Path:
    """Return the run folder of a path, which may name a version of it; an error says what is wrong with the path."""
    layout = RunFolder(path).layout
    return path if layout.folder == path else origin(layout.current.folder)


def _breaks(top: VersionedLayout, numbers: Iterable[int]) -> list[str]:
    """List the old versions of a folder that are gone, or whose note is another than the next version noted."""
    wrong = []
    try:
        current = Version.read(top)
    except RunFolderError:
        return []
    if current is None:
        return []
    for number in numbers:
        layout, after = top.of_version(number), top.of_version(number + 1)
        if not layout.folder.is_dir():
            wrong.append(f"versions/{layout.folder.name} is missing")
            continue
        try:
            following = current if number + 1 == current.number else Version.read(after)
        except RunFolderError:
            continue
        if following is not None and following.before and layout.version.is_file():
            same = digest_of(layout.version) == following.before
            wrong += [] if same else [f"versions/{layout.folder.name}/{layout.version.name} was changed"]
    return wrong
