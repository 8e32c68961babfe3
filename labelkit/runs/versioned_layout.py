"""Lay out a folder whose versions are kept: where it is made, where old versions stand, and what is of no version."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

from labelkit._shared.given_paths import is_there
from labelkit._shared.stored_files import read_json_object
from labelkit.runs._version_names import MANIFEST, NOTE, VERSIONS, run_of_version, version_in
from labelkit.runs.local_copies import EXAMPLES, located


@dataclass(frozen=True)
class VersionedLayout:
    """Paths of a folder that is written beside its place, moved there when it is whole, and has versions.

    Parameters
    ----------
    folder : Path

    Examples
    --------
    >>> VersionedLayout(Path("out")).of_version(3).folder.as_posix()
    'out/versions/00003'
    """

    NOUN: ClassVar[str] = "run"
    """The word for such a folder in messages."""

    folder: Path

    @property
    def draft(self) -> Path:
        """Folder in which it is made, beside its final place."""
        return self.folder.with_name(f".{self.folder.name}.partial")

    @property
    def replaced(self) -> Path:
        """Place of the folder that a new one replaces, until the new one is in its place."""
        return self.folder.with_name(f".{self.folder.name}.old")

    @property
    def lock(self) -> Path:
        """Lock of whoever writes the folder; present until that is done."""
        return self.folder.with_name(f".{self.folder.name}.lock")

    @property
    def manifest(self) -> Path:
        """Description of all that was done, by which the folder is known."""
        return self.folder / MANIFEST

    @property
    def version(self) -> Path:
        """Number of the version, with the digests of its files."""
        return self.folder / NOTE

    @property
    def versions(self) -> Path:
        """Folder of the versions before; absent if there are none."""
        return self.folder / VERSIONS

    def of_version(self, number: int) -> Self:
        """Return the folder of an old version."""
        return type(self)(self.versions / f"{number:05d}")

    @property
    def number(self) -> int:
        """Number of this version, which is above those of old ones; 1 in a folder of an earlier labelkit."""
        noted = 0
        with suppress(OSError, ValueError, KeyError, TypeError):
            noted = int(read_json_object(self.version)["version"])
        return max(noted, max(self._old_numbers, default=0) + 1)

    @property
    def current(self) -> Self:
        """The folder that this is an old version of; itself if it is none."""
        run = run_of_version(self.folder)
        return self if run is None else type(self)(run)

    @property
    def _old_numbers(self) -> list[int]:
        folders = self.versions.iterdir() if self.versions.is_dir() else ()
        return sorted(int(one.name) for one in folders if one.name.isdecimal() and one.is_dir())

    def by_number(self) -> dict[int, Self]:
        """Return the folders of all versions, the oldest first; the current one is this folder."""
        return {number: self.of_version(number) for number in self._old_numbers} | {self.number: self}

    @property
    def of_progress(self) -> set[Path]:
        """Paths in the folder that are there until it is finished."""
        return set()

    @property
    def passing(self) -> set[Path]:
        """Paths in the folder that are of no version: the old versions, the note of this one, and those of progress."""
        return {self.versions, self.version, *self.of_progress}

    @property
    def varying(self) -> set[Path]:
        """Files of a version whose digests are not noted."""
        return set()

    @property
    def timings(self) -> Path | None:
        """File of dates and times; None where the note of the version has them."""
        return None

    @property
    def is_data_set(self) -> bool:
        """Whether the folder is a data set."""
        return (self.folder / EXAMPLES).is_dir()


def named_version(path: Path, version: int | None = None) -> tuple[Path, int | None]:
    """Return the folder and the version that a path stands for: ``runs/first@3``, if no folder bears that name.

    The folder of a run at an address is that of its local copy.

    >>> named_version(Path("no-such@3"))[1], named_version(Path("no-such"))[1]
    (3, None)
    """
    if version is None and not is_there(path) and (named := version_in(path)):
        path, version = named
    return located(path), version
