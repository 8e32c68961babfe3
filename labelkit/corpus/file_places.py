"""Say where in a file a row of a corpus stands: the line that an editor shows, or the row that Excel shows.

Positions of rows count from 0, without headers, blank lines and line ends within quotes, so that they lead to no row of
a file; they name a row only where there are no lines (frames, Parquet, queries).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from labelkit.corpus.chosen_rows import SomeRows
from labelkit.corpus.source import row_words
from labelkit.corpus.sources.renamed import RenamedSource
from labelkit.corpus.sources.several_files import FilesSource
from labelkit.exceptions import CorpusError

if TYPE_CHECKING:
    from labelkit.corpus.source import CorpusSource, Reject


class FilePlace(NamedTuple):
    """Where a row stands, for messages.

    Attributes
    ----------
    name : str
        The file, or what else the corpus is.
    row : str
        ``line 7``, ``row 7 of the sheet``, or its position: ``row 5``.
    of : str
        `` of b.csv`` for one of several files; else empty.
    """

    name: str
    row: str
    of: str = ""

    def __str__(self) -> str:
        return f"{self.name}, {self.row}"


def file_place(source: CorpusSource, row: int, rejects: Sequence[Reject] = ()) -> FilePlace:
    """Find where a row of a source stands, which is read again for it.

    Parameters
    ----------
    source : CorpusSource
    row : int
        Its position among the rows that are kept.
    rejects : sequence of Reject
        The rows that were left out so far.
    """
    name, position, of = source.name, row, ""
    while isinstance(source, SomeRows | RenamedSource | FilesSource):
        if isinstance(source, FilesSource):
            of_file = source.file_of(row)
            if of_file is None:
                return FilePlace(name, row_words(position))
            file, source, row = of_file
            rejects = [one for one in rejects if one.reason.startswith(f"{file}: ")]
            name, of = file, f" of {file}"
        else:
            row = source.row_of_whole(row) if isinstance(source, SomeRows) else row
            source = source.whole
    for reject in sorted(one.row for one in rejects if one.line is not None):
        row += reject <= row
    line_of = getattr(source, "line_of", None)
    try:
        line: int | None = None if line_of is None else line_of(row)
    except (CorpusError, OSError):
        line = None
    if line is None:
        return FilePlace(name, row_words(row if of else position), of)
    return FilePlace(name, row_words(row, line, of_sheet=getattr(source, "is_sheet", False)), of)
