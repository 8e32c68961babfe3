"""Find the module that calls a decorator: paths are relative to its file, derived columns are among its globals."""

from __future__ import annotations

import sys
from pathlib import Path

from labelkit.rules.labeling_function import Origin


def file_of_caller() -> str | None:
    """Return the file of the module whose code called the function that calls this one; None in a notebook."""
    file: str | None = sys._getframe(2).f_globals.get("__file__")  # noqa: SLF001 - there is no public way to ask
    return file


def origin_of_caller() -> Origin:
    """Return the module whose code called the function that calls this one."""
    namespace = sys._getframe(2).f_globals  # noqa: SLF001 - there is no public way to ask
    return Origin(namespace.get("__name__", "?"), namespace)


def beside(path: str | Path, module_file: str | None) -> Path:
    """Resolve a path relative to the file of a module, or to the current folder where there is none.

    >>> beside("words.txt", "/rules/spam.py").as_posix(), beside("words.txt", None).as_posix()
    ('/rules/words.txt', 'words.txt')
    """
    return Path(path) if module_file is None else Path(module_file).parent / path
