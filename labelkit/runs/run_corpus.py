"""Open the corpus of a finished run again, as the run read it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

from labelkit.corpus import Corpus, open_corpus
from labelkit.corpus.open_files import are_there
from labelkit.corpus.remote import is_address

_TYPES: Final = {"int": int, "float": float, "bool": bool, "str": str}

Place: TypeAlias = str | Path | list[str | Path]
"""A file, a folder, a pattern, an address, or several files."""


def place_of(described: Mapping[str, Any]) -> Place | None:
    """Return where a run read its corpus, whose manifest describes it; None for memory and pipes."""
    if described.get("path") is not None:
        return _place(described["path"])
    return [_place(file) for file in described.get("files") or ()] or None


def _place(written: str) -> str | Path:
    """Return a path that a manifest has; an address is no path."""
    return written if is_address(written) else Path(written)


def place_name(place: Place) -> str:
    """Name a place in a message.

    >>> place_name([Path("data/a.csv"), Path("data/b.csv")])
    'a.csv and 1 more'
    """
    if isinstance(place, list):
        return f"{place_name(place[0])} and {len(place) - 1} more"
    return Path(str(place).partition("?")[0]).name


def is_there(place: Place) -> bool:
    """Return whether the files of a place are there; an address is asked when it is opened."""
    return is_address(place) or are_there(place)


def opened_again(given: Any, described: Mapping[str, Any]) -> Corpus:
    """Open a corpus as a run did, whose manifest describes it: same ids, types, options and rejected rows."""
    types = {name: _TYPES[kind] for name, kind in described.get("types", {}).items() if kind in _TYPES}
    reading = described.get("reading") or {}
    if _suffix(given) != _suffix(place_of(described)):
        reading = {name: value for name, value in reading.items() if name == "rename"}
    return open_corpus(given, id=described["id"], types=types, on_bad_row="reject", **reading)


def _suffix(given: Any) -> str | None:
    """Return the suffix of a path, or of the first of several; None for what is no path."""
    first = given[0] if isinstance(given, list) and given else given
    return Path(first).suffix if isinstance(first, str | Path) else None
