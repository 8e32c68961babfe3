"""Say what stands at a path, where something else is expected: a run, a data set, a bundle, a report, a table."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

A_RUN: Final = "the folder of a run"
A_DATA_SET: Final = "a data set"
A_BUNDLE: Final = "a bundle"

_BUNDLE_SIGN: Final = b"labelkit bundle sha256="
_BUNDLE_END: Final = len(_BUNDLE_SIGN) + 64
_PARTS_OF_A_RUN: Final = {
    "votes": "the votes of a run",
    "labels": "the labels of a run",
    "model": "the label model of a run",
    "report.html": "the report of a run",
    "manifest.json": "the manifest of a run",
    "summary.csv": "the statistics of a run",
}
_FILES: Final = {
    ".py": "a Python file",
    ".csv": "a CSV file",
    ".tsv": "a TSV file",
    ".json": "a JSON file",
    ".jsonl": "a JSON Lines file",
    ".parquet": "a Parquet file",
    ".xlsx": "an Excel file",
    ".html": "an HTML page",
    ".labelkit": A_BUNDLE,
}


def what_stands(path: str | Path) -> str | None:
    """Return what is at a path, as a message says it; None if nothing is.

    >>> what_stands(__file__), what_stands("nothing"), what_stands(Path(__file__).parent)
    ('a Python file', None, 'a folder')
    """
    path = Path(path)
    with suppress(OSError, ValueError):  # a folder that may not be read, or no path
        if path.is_dir() and _is_run(path):
            return A_RUN
        if path.is_dir() and _is_data_set(path):
            return A_DATA_SET
        if (run := run_around(path)) is not None:
            return _PARTS_OF_A_RUN[_part_of(path, run)]
        if path.is_dir():
            return "a folder"
        if path.is_file():
            return A_BUNDLE if _is_bundle(path) else _FILES.get(path.suffix.lower(), "a file")
    return None


def run_around(path: str | Path) -> Path | None:
    """Return the folder of the run that a file or a folder is a part of; None if it is of none, or not there.

    Old versions and files that labelkit did not write are no parts.
    """
    path = Path(path)
    with suppress(OSError, ValueError):
        if path.exists():
            around = [one for one in list(path.parents)[:2] if _part_of(path, one) in _PARTS_OF_A_RUN]
            return next(filter(_is_run, around), None)
    return None


def _part_of(path: Path, folder: Path) -> str:
    return path.relative_to(folder).parts[0]


def _is_run(folder: Path) -> bool:
    return all((folder / name).exists() for name in ("manifest.json", "patterns.parquet", "votes"))


def _is_data_set(folder: Path) -> bool:
    return (folder / "manifest.json").is_file() and (folder / "examples").is_dir()


def _is_bundle(path: Path) -> bool:
    with path.open("rb") as opened:
        opened.seek(0, os.SEEK_END)
        opened.seek(-min(opened.tell(), _BUNDLE_END), os.SEEK_CUR)
        return opened.read().startswith(_BUNDLE_SIGN)
