"""Read several files of a folder with versions as files of one version, also if another replaces it meanwhile.

Whoever opens a folder notes what stands in it then; after each file, or at the end of what reads several, the folder is
held against that note. What was read before a change is never put beside what was read after it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from labelkit.exceptions import RunFolderError
from labelkit.runs.local_copies import shown_place

if TYPE_CHECKING:
    from labelkit.runs.versioned_layout import VersionedLayout

OF_CERTIFICATES: Final = ("certificate", "failed_certificates")
"""Entries of a manifest that a version may add to what is the same otherwise."""

TRIES: Final = 100


class HasSnapshot(Protocol):
    """An open folder that noted what stood in it."""

    @property
    def snapshot(self) -> Snapshot:
        """What stood in it."""


@dataclass(frozen=True)
class Snapshot:
    """What stood in a folder when it was opened.

    Parameters
    ----------
    layout : VersionedLayout
    mark : tuple of int
        By which the file of the note is told from another one of that name; empty if there was none.
    note, description : bytes
        The files ``version.json`` and ``manifest.json``; empty if there is none.
    """

    layout: VersionedLayout = field(repr=False)
    mark: tuple[int, ...]
    note: bytes = field(repr=False)
    description: bytes = field(repr=False)

    @classmethod
    def of(cls, layout: VersionedLayout) -> Snapshot:
        """Note what stands in a folder now."""
        for _ in range(TRIES):
            mark, note, description = _mark(layout), _bytes(layout.version), _bytes(layout.manifest)
            if mark == _mark(layout):
                break
        return cls(layout, mark, note, description)

    @property
    def is_current(self) -> bool:
        """Whether the folder holds the same files; certificates of them apart. True also if the folder is gone."""
        mark = _mark(self.layout)
        return mark in ((), self.mark) or Snapshot.of(self.layout).content == self.content

    @cached_property
    def content(self) -> Any:
        """What two versions have to share: all but certificates."""
        with suppress(ValueError, TypeError, AttributeError, KeyError, RecursionError):
            files, described = self.whole_content
            return (
                {name: one for name, one in files.items() if name != self.layout.manifest.name},
                {name: one for name, one in described.items() if name not in OF_CERTIFICATES},
            )
        return self.whole_content  # damaged

    @cached_property
    def whole_content(self) -> Any:
        """Digests of the files and the description, with the certificates."""
        with suppress(ValueError, TypeError, AttributeError, KeyError, RecursionError):
            return json.loads(self.note)["files"] if self.note else {}, json.loads(self.description)
        return self.note, self.description  # damaged

    def check(self) -> None:
        """Refuse what was read, if another version was written since the folder was opened; certificates apart.

        Raises
        ------
        RunFolderError
        """
        if not self.is_current:
            raise self.error()

    def check_replaceable(self, place: VersionedLayout) -> None:
        """Refuse to replace what stands in a place, unless it is all that stood in the folder, certificates included.

        Parameters
        ----------
        place : VersionedLayout
            The place, which is held; that of a run at an address is another folder than the one that was read.

        Raises
        ------
        RunFolderError
        """
        if Snapshot.of(place).whole_content != self.whole_content:
            raise self.error()

    def error(self) -> RunFolderError:
        """Say that another version was written."""
        place, opening = shown_place(self.layout.folder), "open_dataset" if self.layout.is_data_set else "RunFolder"
        return RunFolderError(
            f"{place!r} was updated since it was opened, so what was read of it may be of two versions",
            hint=f"open it again, lk.{opening}({place!r}), or give the same command again; nothing was written",
            code="LK502",
        )


@contextmanager
def one_version(*folders: HasSnapshot) -> Iterator[None]:
    """Refuse what the block made of open folders, if another version of one was written since that was opened.

    Also whatever goes wrong in the block since files were replaced is told as that.

    Raises
    ------
    RunFolderError
    """
    snapshots = [folder.snapshot for folder in folders]
    try:
        yield
    except Exception as error:
        replaced = next((one for one in snapshots if not one.is_current), None)
        if replaced is None or (isinstance(error, RunFolderError) and error.code == "LK502"):
            raise
        raise replaced.error() from error
    for snapshot in snapshots:
        snapshot.check()


def _mark(layout: VersionedLayout) -> tuple[int, ...]:
    for path in (layout.version, layout.manifest):
        with suppress(OSError):
            stat = path.stat()
            return stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_size
    return ()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except PermissionError:
        raise  # which says more than that it is damaged
    except OSError:
        return b""
