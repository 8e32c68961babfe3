"""Find what a run was made of from another folder of its project than the one it was made in.

A manifest has paths as they were given, from the folder in which the run was made: a project may stand anywhere. From
another folder, they are looked for from the file of the project, ``labelkit.toml``; without one, from the folders above
the run, in one of which it was made, most likely. Fingerprints tell whether it is what the run read.
"""

from __future__ import annotations

import os
from contextlib import suppress
from glob import has_magic, iglob
from pathlib import Path
from typing import Any, Final

from labelkit._shared.project_file import find_project_file
from labelkit.exceptions import ConfigError

FOLDERS_ABOVE: Final = 3
"""Folders above a run that are looked in: a run is often in a folder of runs."""


def with_places_from_here(manifest: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the manifest of the run in a folder with the paths of corpus, gold and rules from the current folder.

    A path at which something is, from here, stays; so does one that is nowhere.
    """
    roots: list[Path] = []  # looked for once, if at all

    def placed(written: Any) -> Any:
        if not isinstance(written, str) or Path(written).is_absolute() or _is_there(written):
            return written
        from labelkit.corpus.remote import is_address  # noqa: PLC0415 - the statistics of a run need no corpus

        if is_address(written):
            return written
        roots[:] = roots or _roots(folder)
        parts = Path(written).parts
        below = Path(*parts[next((i for i, part in enumerate(parts) if part != ".."), len(parts)) :])
        places = (os.path.relpath(root / below) for root in roots)
        return next(filter(_is_there, places), written)

    corpus, rules = manifest["corpus"], manifest["rules"]
    places = {"path": placed(corpus.get("path"))}
    if corpus.get("files"):
        places["files"] = [placed(file) for file in corpus["files"]]
    moved = {**manifest, "corpus": {**corpus, **places}}
    moved["rules"] = [{**rule, "file": placed(rule["file"])} if "file" in rule else rule for rule in rules]
    if "gold_file" in manifest:
        moved["gold_file"] = placed(manifest["gold_file"])
    return moved


def _is_there(path: str) -> bool:
    """Return whether something is at a path, or of a pattern of names."""
    with suppress(OSError, ValueError):
        return Path(path).exists() or (has_magic(path) and next(iglob(path, recursive=True), None) is not None)  # noqa: PTH207 - absolute ones, too
    return False


def _roots(folder: Path) -> list[Path]:
    """Return the folders in one of which a run was made, most likely."""
    with suppress(ConfigError, OSError):
        file = find_project_file(folder.absolute())
        if file is not None:
            return [file.path.parent]
    return list(folder.absolute().parents)[:FOLDERS_ABOVE]
