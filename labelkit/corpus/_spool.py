"""Files without a name: what comes through a pipe is copied into one, since a corpus is read more than once.

Such a file is gone when it is closed, or when the process ends in whichever way.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import IO, Any, Final

from labelkit._shared.numbers import count
from labelkit.corpus._files import BLOCK_BYTES, DataFile
from labelkit.exceptions import CorpusError

STANDARD_INPUT: Final = "-"
"""The path that means standard input."""

SHARE_OF_DISK: Final = 0.5
"""The share of the free space of the temporary folder that a copy may take."""


def unnamed_file() -> tuple[IO[bytes], Path]:
    """Open a temporary file; returns it with a path by which this process can open it again."""
    opened = tempfile.TemporaryFile(prefix="labelkit-")  # noqa: SIM115 - the caller holds it
    path = Path(f"/proc/{os.getpid()}/fd/{opened.fileno()}")
    if path.exists():
        return opened, path
    opened.close()
    named = tempfile.NamedTemporaryFile(prefix="labelkit-")  # noqa: SIM115 - as above
    return named, Path(named.name)


def spooled(path: Path) -> DataFile:
    """Copy what comes from standard input, a pipe or a device into a file without a name.

    Raises
    ------
    CorpusError
        If nothing comes, or more than half of the free space of the temporary folder.
    """
    is_input = str(path) == STANDARD_INPUT
    name = "standard input" if is_input else str(path)
    if is_input and sys.stdin.isatty():
        raise CorpusError(
            "the corpus is standard input, and that is the keyboard", hint="zcat corpus.csv.gz | labelkit run RULES -"
        )
    held, copy = unnamed_file()
    try:
        source = sys.stdin.buffer if is_input else path.open("rb")
        size = _copied(source, held, name)
    except BaseException:
        held.close()
        raise
    if not size:
        hint = "check the command before the pipe" + ("; it can be read once in a process" if is_input else "")
        raise CorpusError(f"{name} is empty", hint=hint)
    return DataFile(copy, shown=name, held=held)


def _copied(source: Any, copy: IO[bytes], name: str) -> int:
    limit = int(shutil.disk_usage(tempfile.gettempdir()).free * SHARE_OF_DISK)
    size = 0
    try:
        while read := source.read(BLOCK_BYTES):
            size += len(read)
            if size > limit:
                raise _too_large(name, limit)
            copy.write(read)
        copy.flush()
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise
        raise _too_large(name, size) from error
    return size


def _too_large(name: str, limit: int) -> CorpusError:
    return CorpusError(
        f"{name} is copied to {tempfile.gettempdir()!r} to be read more than once, and is larger than the "
        f"{count(limit)} bytes that there is room for",
        hint="write it to a file first, or let TMPDIR name a folder with more room",
    )
