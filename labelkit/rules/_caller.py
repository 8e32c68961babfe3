"""Find the module that calls a decorator: paths are relative to its file, derived columns are among its globals."""

from __future__ import annotations

import dis
import sys
from pathlib import Path
from types import FrameType
from typing import Final

from labelkit._shared.user_errors import is_of_labelkit
from labelkit.rules.auditing import READS_FILE
from labelkit.rules.labeling_function import Origin

_SILENT: Final = frozenset(("CACHE", "COPY", "EXTENDED_ARG"))
"""Instructions that may stand between a call and the assignment of its result."""


def frame_of_caller() -> FrameType:
    """Return the frame of the code that called labelkit."""
    frame = sys._getframe(1)  # noqa: SLF001 - there is no public way to ask
    while frame.f_back is not None and is_of_labelkit(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def bound_name(frame: FrameType) -> str | None:
    """Return the name to which the result of the current call is assigned, read from the byte code, or None."""
    steps = iter(dis.get_instructions(frame.f_code))
    after = (step for step in steps if step.offset > frame.f_lasti and step.opname not in _SILENT)
    step = next(after, None)
    return str(step.argval) if step is not None and step.opname.startswith("STORE_") else None


def file_of_caller() -> str | None:
    """Return the file of the module whose code called labelkit; None in a notebook."""
    file: str | None = frame_of_caller().f_globals.get("__file__")
    return file


def origin_of_caller() -> Origin:
    """Return the module whose code called labelkit."""
    namespace = frame_of_caller().f_globals
    return Origin(namespace.get("__name__", "?"), namespace)


def beside(path: str | Path, module_file: str | None) -> Path:
    """Resolve a path relative to the file of a module, or to the current folder where there is none.

    >>> beside("words.txt", "/rules/spam.py").as_posix(), beside("words.txt", None).as_posix()
    ('/rules/words.txt', 'words.txt')
    """
    file = Path(path) if module_file is None else Path(module_file).parent / path
    sys.audit(READS_FILE, str(file))
    return file
