"""Write the small project of ``labelkit init``, which runs and is meant to be changed."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

from labelkit._shared.files import new_folder, replaced, writing
from labelkit.datasets import generate_comments, write_corpus
from labelkit.exceptions import LabelkitError

_FILES: Final = {
    "comments.py.txt": "labeling_functions/comments.py",
    "shorteners.txt": "labeling_functions/shorteners.txt",
    "labelkit.toml.txt": "labelkit.toml",
    "pytest.ini.txt": "pytest.ini",
    "README.md.txt": "README.md",
}
"""The templates, and the file that each becomes."""

_CORPUS: Final = "comments.csv"


@dataclass(frozen=True)
class StarterProject:
    """A project that was made.

    Attributes
    ----------
    folder : Path
    files : tuple of Path
    commands : tuple of str
        What to try next.
    """

    folder: Path
    files: tuple[Path, ...]
    commands: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: ``folder``, ``files``, ``commands``."""
        return {"folder": str(self.folder), "files": [*map(str, self.files)], "commands": list(self.commands)}

    def __str__(self) -> str:
        lines = [*(f"made {file}" for file in self.files), "", "Now try, one after the other:"]
        return "\n".join([*lines, *(f"  {command}" for command in self.commands)])


def make_project(folder: Path) -> StarterProject:
    """Make a project.

    Raises
    ------
    LabelkitError
        If the folder exists and is not empty.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise LabelkitError(f"{str(folder)!r} exists and is not empty", hint="name a new folder", code="LK501")
    if folder.exists():
        _write(folder)
    else:
        with new_folder(folder) as draft:
            _write(draft)
    files = (*(folder / target for target in _FILES.values()), folder / _CORPUS)
    commands = (f"cd {shlex.quote(str(folder))}", "labelkit check", "labelkit run", "labelkit summarize")
    return StarterProject(folder, files, commands)


def _write(folder: Path) -> None:
    """Write the files of a project to a folder that exists."""
    template = resources.files("labelkit.datasets") / "starter"
    with writing(folder):
        (folder / "labeling_functions").mkdir(parents=True, exist_ok=True)
    for source, target in _FILES.items():
        with replaced(folder / target) as draft:
            draft.write_text((template / source).read_text("utf-8"), "utf-8")
    write_corpus(generate_comments(500, random_state=1), folder / _CORPUS)
