"""Ids that options name: as text or as numbers, like those of the corpus or the run that they are of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labelkit._shared.written_lists import entries_written

if TYPE_CHECKING:
    from labelkit.runs.run_folder import RunFolder


class GivenIds:
    """Ids as users write them, in the type of those that there are.

    Parameters
    ----------
    corpus : object
    run : RunFolder or None
        In the place of the corpus.
    id : str or None
        The column of the corpus; without one, positions are the ids.
    reading : mapping
    """

    def __init__(self, corpus: Any, run: RunFolder | None, id_: str | None, reading: Mapping[str, Any]) -> None:
        self._corpus, self._run, self._id, self._reading = corpus, run, id_, reading

    def listed(self, given: tuple[str, ...]) -> list[Any] | None:
        """Return the ids of a list with commas; None if there is none."""
        return self._typed(list(entries_written(given))) or None

    def edges(self, path: str | None) -> list[tuple[Any, Any]] | None:
        """Read the pairs of ids of a file of two columns; None if none is named."""
        if path is None:
            return None
        first, second = map(self._typed, columns_of_file(Path(path), None))
        return list(zip(first, second, strict=True))

    def _typed(self, names: list[Any]) -> list[Any]:
        if names and self._are_text():
            return [str(name) for name in names]
        return [
            int(name) if isinstance(name, str) and name.isdecimal() and str(int(name)) == name else name
            for name in names
        ]

    def _are_text(self) -> bool:
        """Tell if the ids are text; those of what is read once, such as standard input, are taken as they look."""
        if self._run is not None:
            return bool(self._run.matrix().ids.dtype.kind == "O")
        if self._id is None or str(self._corpus) == "-":
            return False
        import pyarrow as pa  # noqa: PLC0415 - --help has to be quick

        from labelkit.corpus import open_corpus  # noqa: PLC0415 - as above

        opened = open_corpus(self._corpus, **self._reading)
        kind = opened.column_type(self._id)
        return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def columns_of_file(path: Path, names: list[str] | None) -> list[list[Any]]:
    """Read columns of a file; without names, the two that it must have."""
    from labelkit.corpus import BATCH_ROWS, open_corpus  # noqa: PLC0415 - --help has to be quick

    corpus = open_corpus(path)
    chosen = list(corpus.column_names) if names is None else names
    if names is None and len(chosen) != 2:
        raise click.BadParameter(f"--edges {path} has {len(chosen)} columns, not two: the ids at the ends of each edge")
    values: list[list[Any]] = [[] for _ in chosen]
    for batch in corpus.batches(chosen, BATCH_ROWS):
        for place, name in enumerate(chosen):
            values[place] += batch.table.column(name).to_pylist()
    return values
