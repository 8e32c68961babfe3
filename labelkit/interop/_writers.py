"""The protocol of writers, and how a file or a folder appears under its name only when it is whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self, TypeAlias

from labelkit._shared.files import (
    check_free,
    clear_drafts,
    publish,
    remedy_of,
    remove,
    replaced,
    work_folder,
    writing,
)
from labelkit.exceptions import ExportError
from labelkit.interop._chosen import ChosenRows
from labelkit.interop._layout import ExportLayout


class RowWriter(Protocol):
    """Write examples to a file or a folder, a piece at a time."""

    def __enter__(self) -> Self:
        """Open the file."""

    def __exit__(self, kind: object, *_error: object) -> None:
        """Finish and close the file; after an error, only close it."""

    def write(self, rows: ChosenRows) -> None:
        """Write some examples, at least one."""


OpenWriter: TypeAlias = Callable[[Path, ExportLayout], RowWriter]
"""Makes the writer of a draft."""


@dataclass(frozen=True)
class ExportFormat:
    """A format in which labels are written.

    Parameters
    ----------
    open : callable
        Makes its writer.
    suffixes : tuple of str
        By which a path is known to be of this format; a folder has none.
    shows_text : bool
        Whether it is for a tool that shows the text of each example.
    holds : str
        A file that a folder of this format has; empty for formats that are a file.
    note : callable, optional
        Says what the reader of the file has to be told.
    """

    open: OpenWriter
    suffixes: tuple[str, ...] = ()
    shows_text: bool = False
    holds: str = ""
    note: Callable[[ExportLayout], str] | None = None

    def is_folder(self, to: Path) -> bool:
        """Return True if a path of this format is a folder."""
        return bool(self.holds) and not (self.suffixes and to.name.lower().endswith(self.suffixes))

    def check_target(self, to: Path, *, force: bool) -> None:
        """Refuse a path that exists, or that must not be replaced.

        Raises
        ------
        ExportError
        """
        check_free(to, force=force, error=ExportError)
        if not os.path.lexists(to):
            return
        is_such = to.is_dir() and not to.is_symlink() and (to / self.holds).is_file()
        if to.is_dir() and not (self.is_folder(to) and is_such):
            raise ExportError(
                f"{str(to)!r} is a folder of something else, so it is not replaced", hint="name another", code="LK513"
            )
        if self.is_folder(to) and not to.is_dir():
            raise ExportError(f"{str(to)!r} is a file, and this format is a folder", hint="name another", code="LK513")

    @contextmanager
    def draft(self, to: Path) -> Iterator[Path]:
        """Yield the path to write to; rename it when the block ends, remove it if the block raises.

        Raises
        ------
        ExportError
            If the file system refuses.
        """
        try:
            with writing(to), (_replaced_folder if self.is_folder(to) else replaced)(to) as path:
                yield path
        except OSError as error:
            if isinstance(error, ExportError) or error.errno is None:
                raise
            why = error.strerror or str(error)
            raise ExportError(
                f"{str(to)!r} cannot be written: {why}; nothing is left of it", hint=remedy_of(error), code="LK512"
            ) from error


@contextmanager
def _replaced_folder(to: Path) -> Iterator[Path]:
    """Do for a folder what :func:`replaced` does for a file."""
    to.parent.mkdir(parents=True, exist_ok=True)
    clear_drafts(to.parent, of=to.name)
    old = to.with_name(f".{to.name}.old")
    if old.exists() and not to.exists():
        old.rename(to)  # a process was killed between the two renames
    remove(old)
    with work_folder(to) as draft:
        yield draft
        if to.exists():
            to.rename(old)
        try:
            publish(draft, to)
        except BaseException:
            if old.exists() and not to.exists():
                old.rename(to)
            raise
        remove(old)
