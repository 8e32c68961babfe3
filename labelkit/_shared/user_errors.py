"""Point errors and warnings at the user's code, not at labelkit's own lines, however labelkit is installed."""

from __future__ import annotations

import sys
import warnings
from enum import Enum
from functools import lru_cache
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Final, TypeAlias

PACKAGE: Final = Path(__file__).parents[1]
"""The folder of labelkit, which may lie in a zip file."""

SITES: Final = frozenset(("site-packages", "dist-packages"))
"""Folders of packages, of this environment or another one that is on the path."""

Errors: TypeAlias = dict[int, tuple[str, str]]
"""Positions at which a function failed, with the type of the exception and its message."""

LONGEST: Final = 2_000
"""Characters of a message that are kept."""


@lru_cache(maxsize=1)
def _installed() -> tuple[Path, ...]:
    """Return the folders of the standard library and of packages."""
    import sysconfig  # noqa: PLC0415 - pytest loads this file at its start

    return tuple({Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "purelib", "platlib")})


@lru_cache(maxsize=4096)
def is_of_labelkit(file: str | Path) -> bool:
    """Tell whether a source file is one of labelkit's own, reached by whatever path.

    >>> is_of_labelkit(__file__), is_of_labelkit("rules.py"), is_of_labelkit("<stdin>")
    (True, False, False)
    """
    path = Path(file)
    return PACKAGE in path.parents or (path.is_absolute() and PACKAGE.resolve() in path.resolve().parents)


@lru_cache(maxsize=4096)
def is_of_project(file: str) -> bool:
    """Tell whether a file is of the user's project: neither labelkit's nor installed; what has no path is.

    >>> is_of_project("<stdin>"), is_of_project(lru_cache.__code__.co_filename), is_of_project(__file__)
    (True, False, False)
    """
    if is_of_labelkit(file):
        return False
    path = Path(file)
    if not path.is_absolute():
        return True
    path = path.resolve()
    return SITES.isdisjoint(path.parts) and not any(folder in path.parents for folder in _installed())


def described(error: BaseException, *, with_place: bool = True) -> tuple[str, str]:
    r"""Return the type of an exception, and its message with the line of the user's code that raised it.

    Both can be written to any file, whatever the exception is, and hold no secrets of the user's code.

    >>> described(ValueError("\ud800"))
    ('ValueError', '\\ud800')
    """
    from labelkit._shared.source_secrets import masked_message  # noqa: PLC0415 - the plugin of pytest imports this module

    try:
        start = str.__add__("", message_of(error))[: 4 * LONGEST]  # of which no more than a part is kept
        message = plain(masked_message(start, _user_files(error)))
    except BaseException as broken:  # noqa: BLE001 - the message is code of the user, too
        message = f"its message cannot be shown: str() of it raises {plain(type(broken).__name__)}"
    try:
        place = plain(_place_in_user_code(error)) if with_place else ""
    except Exception:  # noqa: BLE001 - the name of a file may be anything, where code is compiled from text
        place = ""
    from labelkit.exceptions import parts_of_text, with_code  # noqa: PLC0415 - as above

    text, code, hint = parts_of_text(message)
    if code is None:
        return plain(type(error).__name__), message + place
    return plain(type(error).__name__), with_code(text + place, code) + (f"\nHint: {hint}" if hint else "")


def plain(text: str) -> str:
    r"""Return a text that can be encoded and is not too long.

    >>> plain("a\0b"), len(plain("long " * 1_000_000)) < 2 * LONGEST
    ('a\\x00b', True)
    """
    text = str.__add__("", text)  # exactly a str: a subclass may answer anything
    rest = f" ... ({len(text):,} characters)" if len(text) > LONGEST else ""
    return (text[:LONGEST] + rest).replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()


def traceback_of(error: BaseException) -> TracebackType | None:
    """Return the traceback of an exception, also if its class hides it."""
    trace: TracebackType | None = BaseException.__dict__["__traceback__"].__get__(error)
    return trace


def _user_files(error: BaseException) -> set[str]:
    """List the files of the user's code in a traceback."""
    trace, files = traceback_of(error), set()
    while trace is not None:
        files.add(trace.tb_frame.f_code.co_filename)
        trace = trace.tb_next
    return {file for file in files if not is_of_labelkit(file)}


def _place_in_user_code(error: BaseException) -> str:
    trace, user_file, place = traceback_of(error), None, ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if user_file is None and not is_of_labelkit(file):
            user_file = file  # what it calls may stand in any library
        if file == user_file:
            place = f" ({Path(file).name}, line {trace.tb_lineno})"
        trace = trace.tb_next
    return place


def message_of(error: BaseException) -> str:
    """Return the message of an exception; of a name that an enum or a module lacks, with the one that was meant.

    >>> class Label(Enum):
    ...     SPAM = 1
    >>> try:
    ...     Label.spam
    ... except AttributeError as error:
    ...     print(message_of(error))
    Label has no member 'spam'; did you mean Label.SPAM?
    """
    kind: Any = getattr(error, "obj", None)
    is_enum = isinstance(kind, type) and issubclass(kind, Enum)
    if not isinstance(error, AttributeError) or not (is_enum or isinstance(kind, ModuleType)):
        return str(error)
    from labelkit._shared.near_names import near_name  # noqa: PLC0415 - the plugin of pytest imports this module

    if isinstance(kind, ModuleType):
        close = near_name(error.name, (name for name in dir(kind) if not name.startswith("_")))
        return str(error) if close is None else f"{error}; did you mean {kind.__name__}.{close}?"
    names = list(kind.__members__)
    close = near_name(error.name, names)
    meant = f"it has {', '.join(names[:12])}" if close is None else f"did you mean {kind.__name__}.{close}?"
    return f"{kind.__name__} has no member {error.name!r}; {meant}"


def stack_level() -> int:
    """Return the ``stacklevel`` by which a warning of the calling function points at the code that called labelkit."""
    depth, level, frame = 1, 1, sys._getframe(1)  # noqa: SLF001 - warnings.warn counts these frames
    while frame.f_back is not None:
        depth, frame = depth + 1, frame.f_back
        if frame.f_back is not None and is_of_labelkit(frame.f_code.co_filename):
            level = depth + 1
    return max(level, 2)


def warn(message: str, *, code: str) -> None:
    """Warn the user, whose line the warning points at; its code stands before ``. Hint: ...``.

    Parameters
    ----------
    message : str
    code : str
        What ``labelkit explain`` knows the warning by.
    """
    from labelkit.exceptions import with_code  # noqa: PLC0415 - the plugin of pytest imports this module

    text, sign, hint = message.partition(". Hint: ")
    warnings.warn(f"{with_code(text, code)}{sign}{hint}", UserWarning, stacklevel=stack_level())


def with_place(message: Warning | str, category: type[Warning], filename: str, lineno: int) -> str:
    """Return the text of a warning; one of Python about a source does not say itself where that is."""
    place = f" ({Path(filename).name}, line {lineno})" if issubclass(category, SyntaxWarning) and lineno else ""
    return f"{message}{place}"
