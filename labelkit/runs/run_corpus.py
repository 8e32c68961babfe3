"""Open the corpus of a finished run again, as the run read it, with its gold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from labelkit.corpus import Corpus, open_corpus
from labelkit.corpus.chosen_rows import RowChoice
from labelkit.corpus.gold import GoldSource, read_gold_column
from labelkit.votes.gold_mapping import GoldMapping

_TYPES: Final = {"int": int, "float": float, "bool": bool, "str": str}


def opened_again(given: Any, described: Mapping[str, Any]) -> Corpus:
    """Open a corpus as a run did, whose manifest describes it: same ids, types, chosen and rejected rows."""
    types = {name: _TYPES[kind] for name, kind in described.get("types", {}).items() if kind in _TYPES}
    reading = described.get("reading", {})
    if not isinstance(given, str | Path):
        reading = {name: value for name, value in reading.items() if name == "rename"}
    whole = open_corpus(given, id=described["id"], types=types, on_bad_row="reject", **reading)
    columns = [name for name in described.get("columns") or () if whole.has_column(name)]
    return whole.chosen(RowChoice(**(described.get("rows") or {})), columns)


def gold_column(manifest: Mapping[str, Any], column: str) -> GoldSource:
    """Return the gold in a column of the corpus of a run; that of the run's own gold has the meanings it had then."""
    classes = manifest.get("map_label") if column == manifest.get("gold") else None
    return GoldSource(column=column, mapping=GoldMapping(classes) if classes else None)


def gold_in_column(corpus: Corpus, manifest: Mapping[str, Any], column: str) -> GoldSource:
    """Read the gold in a column of the corpus of a run, with the ids beside it.

    Raises
    ------
    GoldError
        If the corpus cannot be read, or an id names several rows.
    """
    loaded = manifest["corpus"].get("columns") or ()
    also = [name for name in loaded if not corpus.splittable and corpus.has_column(name)]
    return replace(read_gold_column(corpus, column, also=also), mapping=gold_column(manifest, column).mapping)
