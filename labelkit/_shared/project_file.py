"""Find and read the file of a project: ``labelkit.toml``, or the table ``tool.labelkit`` of ``pyproject.toml``.

It is looked for from a folder upward, to the root of the repository (a folder with ``.git``) or of the file system; the
nearest one counts.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from labelkit._shared.secrets import masked
from labelkit.exceptions import ConfigError

ALONE: Final = "labelkit.toml"

AFTER_A_KEY: Final = "Expected '=' after a key"
"""What ``tomllib`` says of a name that has to stand between quotes."""
SHARED: Final = "pyproject.toml"


@dataclass(frozen=True)
class ProjectFile:
    """The file of a project.

    Attributes
    ----------
    path : Path
    values : dict
        What it says of labelkit.
    root : str
        The name of the table that holds it; empty where that is the whole file.
    """

    path: Path
    values: dict[str, Any]
    root: str

    @property
    def shown_path(self) -> str:
        """The path from the current folder."""
        return os.path.relpath(self.path)

    def table(self, names: Sequence[str]) -> str:
        """Write the name of a table as it stands in the file."""
        return f"[{'.'.join([*([self.root] if self.root else []), *names])}]"


def find_project_file(folder: Path) -> ProjectFile | None:
    """Find the file of the project that a folder is of.

    Raises
    ------
    ConfigError
        If it is no TOML, or a folder has two.
    """
    for place in (folder, *folder.parents):
        there = [file for name in (ALONE, SHARED) if (file := _read(place / name)) is not None]
        if len(there) > 1:
            alone, shared = there
            raise ConfigError(
                f"{alone.shown_path} and [{shared.root}] in {shared.shown_path} are both there",
                hint="keep one of them",
            )
        if there:
            return there[0]
        if (place / ".git").exists():
            break
    return None


def _read(path: Path) -> ProjectFile | None:
    """Read a file; None if it is not there, or says nothing of labelkit."""
    if not os.path.isfile(path):  # noqa: PTH113 - False also where nothing may be looked at
        return None
    try:
        text = path.read_bytes().decode("utf-8-sig")
        if path.name == SHARED and "labelkit" not in text:
            return None
        values = tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        reason = str(error.strerror or error).lower() if isinstance(error, OSError) else str(error)
        quotes = 'put a name of other letters than A to Z, or with a space, between quotes: "STÖRUNG" = 0.1; '
        raise ConfigError(
            f"{os.path.relpath(path)} cannot be read: {masked(reason)}",
            hint=f"{quotes if AFTER_A_KEY in str(error) else ''}--no-config takes no defaults from it",
        ) from None
    if path.name == ALONE:
        _refuse_others_file(path)
        return ProjectFile(path, values, "")
    tool = values.get("tool")
    table = tool.get("labelkit") if isinstance(tool, dict) else None
    if table is None:
        return None
    _refuse_others_file(path)
    file = ProjectFile(path, table, "tool.labelkit")
    if not isinstance(table, dict):
        raise ConfigError(f"{file.shown_path}: {file.root} is no table", hint="[tool.labelkit.run]")
    return file


def _refuse_others_file(path: Path) -> None:
    """Refuse a file that somebody else put where all may write, such as in /tmp: it says which code is run."""
    if not hasattr(os, "getuid"):
        return
    if path.parent.stat().st_mode & 0o002 and path.stat().st_uid not in {0, os.getuid()}:
        raise ConfigError(
            f"{os.path.relpath(path)} is another user's, in a folder where everybody may write",
            hint="--no-config takes no defaults from it",
        )
