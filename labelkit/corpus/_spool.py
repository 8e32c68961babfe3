"""Files without a name: what comes through a pipe is copied into one, since a corpus is read more than once.

Such a file is gone when it is closed, or when the process ends in whichever way.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import weakref
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Any, Final
from weakref import WeakKeyDictionary

from labelkit._shared.files import NO_ROOM
from labelkit._shared.numbers import count
from labelkit.corpus._files import BLOCK_BYTES, DataFile
from labelkit.exceptions import CorpusError

STANDARD_INPUT: Final = "-"
"""The path that means standard input."""

SHARE_OF_DISK: Final = 0.5
"""The share of the free space of the temporary folder that a copy may take."""


_INPUTS: Final[WeakKeyDictionary[Any, UnnamedFile]] = WeakKeyDictionary()
"""The copies of standard inputs, which can be opened again as files can."""


class UnnamedFile:
    """A temporary file, there as long as this is.

    Attributes
    ----------
    opened : binary file
    path : Path
        By which this process can open it again.
    """

    def __init__(self) -> None:
        self.opened: IO[bytes] = tempfile.TemporaryFile(prefix="labelkit-", buffering=0)  # noqa: SIM115 - closed at the end of this
        self.path = Path(f"/proc/{os.getpid()}/fd/{self.opened.fileno()}")
        if not self.path.exists():
            self.opened.close()
            self.opened = tempfile.NamedTemporaryFile(prefix="labelkit-", buffering=0)  # noqa: SIM115 - as above
            self.path = Path(self.opened.name)
        weakref.finalize(self, self.opened.close)


def spooled(path: Path) -> DataFile:
    """Copy what comes from standard input, a pipe or a device into a file without a name.

    Raises
    ------
    CorpusError
        If nothing comes, or more than half of the free space of the temporary folder.
    """
    is_input = str(path) == STANDARD_INPUT
    name = "standard input" if is_input else str(path)
    if is_input and (earlier := _INPUTS.get(sys.stdin.buffer)) is not None:
        return DataFile(earlier.path, shown=name, held=earlier)
    if is_input and sys.stdin.isatty():
        raise CorpusError(
            "the corpus is standard input, and that is the keyboard", hint="zcat corpus.csv.gz | labelkit run RULES -"
        )
    copy = UnnamedFile()
    with nullcontext(sys.stdin.buffer) if is_input else path.open("rb") as source:
        size = _copied(source, copy.opened, name)
    if not size:
        raise CorpusError(f"{name} is empty", hint="check the command before the pipe", code="LK204")
    if is_input:
        _INPUTS[sys.stdin.buffer] = copy
    return DataFile(copy.path, shown=name, held=copy)


def _copied(source: Any, copy: IO[bytes], name: str) -> int:
    limit = int(shutil.disk_usage(tempfile.gettempdir()).free * SHARE_OF_DISK)
    size = 0
    try:
        while read := source.read(BLOCK_BYTES):
            size += len(read)
            if size > limit:
                raise _too_large(name, limit)
            left = memoryview(read)
            while left:
                left = left[copy.write(left) :]
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise _too_large(name, size) from error
    return size


def _too_large(name: str, limit: int) -> CorpusError:
    return CorpusError(
        f"{name} is copied to {tempfile.gettempdir()!r} to be read more than once, and is larger than the "
        f"{count(limit)} bytes that there is room for",
        hint="write it to a file first, or let TMPDIR name a folder with more room",
    )
