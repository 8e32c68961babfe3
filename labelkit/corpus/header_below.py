"""Find the header of a table that has a title, or notes, above it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Final

from labelkit.corpus.chosen_rows import SomeRows
from labelkit.corpus.sources.renamed import RenamedSource
from labelkit.corpus.sources.several_files import FilesSource

if TYPE_CHECKING:
    from labelkit.corpus.source import CorpusSource

MOST_SHOWN: Final = 3
"""Names of a header that a hint shows."""


def header_below(source: CorpusSource, wanted: Collection[str]) -> tuple[int, list[str]] | None:
    """Find a row of a CSV file or of a sheet that names a wanted column, and more columns than the header does.

    Parameters
    ----------
    source : CorpusSource
    wanted : collection of str

    Returns
    -------
    tuple of int and list of str, or None
        The rows, or lines, above it; and its names. None if there is no such row.
    """
    while isinstance(source, SomeRows | RenamedSource):
        source = source.whole
    if isinstance(source, FilesSource):
        source = source.first_source()
    first: Iterable[tuple[int, list[str]]] = getattr(source, "first_rows", list)()
    n_named = len(source.column_names)
    for above, cells in first:
        names = [cell.strip() for cell in cells]
        named = [name for name in names if name]
        if n_named < len(named) == len(set(named)) and not {*named}.isdisjoint(wanted):
            return above, named
    return None


def skip_hint(below: tuple[int, list[str]] | None) -> str | None:
    """Return how a file is read whose header stands below other rows."""
    if below is None:
        return None
    shown = ", ".join(map(repr, below[1][:MOST_SHOWN])) + (", ..." if len(below[1]) > MOST_SHOWN else "")
    return f"the names of the columns ({shown}) stand below other rows: skip_rows={below[0]} leaves those out"
