"""Open the corpus of a finished run again, as the run read it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from labelkit.corpus import Corpus, open_corpus

_TYPES: Final = {"int": int, "float": float, "bool": bool, "str": str}


def opened_again(given: Any, described: Mapping[str, Any]) -> Corpus:
    """Open a corpus as a run did, whose manifest describes it: same ids, types and rejected rows."""
    types = {name: _TYPES[kind] for name, kind in described.get("types", {}).items() if kind in _TYPES}
    reading = described.get("reading", {})
    if not isinstance(given, str | Path):
        reading = {name: value for name, value in reading.items() if name == "rename"}
    return open_corpus(given, id=described["id"], types=types, on_bad_row="reject", **reading)
