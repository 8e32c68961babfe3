"""Tell which version of which run a path is of: ``runs/first@3``, or its folder ``runs/first/versions/00003``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from labelkit._shared.near_names import path_hint
from labelkit._shared.what_stands import A_BUNDLE, run_around, what_stands
from labelkit.exceptions import RunFolderError

VERSIONS: Final = "versions"
"""The folder of the old versions, in a run folder."""

MANIFEST: Final = "manifest.json"
NOTE: Final = "version.json"
"""The note of the number of a version, and of the digests of its files."""

RUN_HINT: Final = "labelkit.run(rules, corpus, out='runs/first') writes a run folder: give its path, 'runs/first'"
"""What to give in the place of what is no path of a run."""

_NAMED: Final = re.compile(r"(.+)@(\d+)")


def version_in(path: Path) -> tuple[Path, int] | None:
    """Return the run folder and the number that a path names; None for a path without an at sign and a number.

    >>> version_in(Path("first@3"))[1], version_in(Path("first"))
    (3, None)
    """
    named = _NAMED.fullmatch(path.name)
    return None if named is None else (path.with_name(named[1]), int(named[2]))


def run_of_version(folder: Path) -> Path | None:
    """Return the run folder that a folder is an old version of; None if it is none."""
    is_old = folder.parent.name == VERSIONS and folder.name.isdecimal() and folder.parent.parent.is_dir()
    return folder.parent.parent if is_old else None


def remedy(folder: Path, anew: str) -> str:
    """Say what to do where a file of a run folder is missing: to run anew, unless it is an old version."""
    run = run_of_version(folder)
    return anew if run is None else f"`labelkit verify {run}` lists what is damaged; the other versions can be read"


def runs_hint(folder: Path) -> str | None:
    """Return a hint where the folder of several runs, or one within a run, was given for one; None for another."""
    if (run := run_around(folder)) is not None:
        return f"give its run: {str(run)!r}"
    runs = sorted(str(one.parent) for one in folder.glob(f"*/{MANIFEST}"))
    return f"runs stand in folders of it: name one, such as {runs[0]!r}" if runs else None


def no_folder(path: Path, place: str) -> RunFolderError:
    """Return the error for a run where there is no folder: nothing, or a file, of which it says what it is.

    Parameters
    ----------
    path : Path
    place : str
        The path as people read it.
    """
    wanted = "give the folder of a run: --out of labelkit run"
    stands = what_stands(path)
    if stands is None:
        hint = path_hint(path, wanted, folders=True)
        return RunFolderError(f"there is no folder {place!r}", hint=hint, code="LK503")
    hint = f"`labelkit predict` takes a bundle; {wanted}" if stands == A_BUNDLE else runs_hint(path) or wanted
    return RunFolderError(f"{place!r} is {stands}, and not the folder of a run", hint=hint, code="LK504")
