"""Describe an exception of a user's code: its type, its message, and the line of the user's file."""

from __future__ import annotations

from pathlib import Path
from typing import Final, TypeAlias

PACKAGE: Final = Path(__file__).parents[1]
"""The folder of labelkit: frames and modules below it are no code of users."""

Errors: TypeAlias = dict[int, tuple[str, str]]
"""Positions at which a function failed, with the type of the exception and its message."""


def described(error: Exception) -> tuple[str, str]:
    """The type of an exception, and its message with the line of the user's code that raised it."""
    trace, theirs, place = error.__traceback__, None, ""
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if theirs is None and PACKAGE not in file.parents:
            theirs = file  # what it calls may stand in any library
        if file == theirs:
            place = f" ({file.name}, line {trace.tb_lineno})"
        trace = trace.tb_next
    return type(error).__name__, f"{error}{place}"
