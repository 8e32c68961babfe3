"""Write the small project of ``labelkit init``, which runs and is meant to be changed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from labelkit._shared.files import replaced
from labelkit.datasets import generate_comments, write_corpus
from labelkit.exceptions import LabelkitError


def make_project(folder: Path) -> Iterator[str]:
    """Make a project; yields a line for each file, and the commands to run next.

    Raises
    ------
    LabelkitError
        If the folder exists and is not empty.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise LabelkitError(f"{str(folder)!r} exists and is not empty", hint="name a new folder")
    template = resources.files("labelkit.datasets") / "starter"
    (folder / "labeling_functions").mkdir(parents=True)
    for source, target in (
        ("comments.py.txt", "labeling_functions/comments.py"),
        ("shorteners.txt", "labeling_functions/shorteners.txt"),
        ("pytest.ini.txt", "pytest.ini"),
        ("README.md.txt", "README.md"),
    ):
        with replaced(folder / target) as draft:
            draft.write_text((template / source).read_text("utf-8"), "utf-8")
        yield f"made {folder / target}"
    yield f"made {write_corpus(generate_comments(500, random_state=1), folder / 'comments.csv')}"
    yield "\nNow try, one after the other:"
    for command in (
        f"cd {shlex.quote(str(folder))}",
        "labelkit check labeling_functions/comments.py comments.csv --gold spam",
        "labelkit run labeling_functions/comments.py comments.csv --id id --gold spam --out runs/first",
        "labelkit summarize runs/first",
    ):
        yield f"  {command}"
