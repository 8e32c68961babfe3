"""The protocol of every reader, and the record of the rows that it cannot read.

A :class:`CorpusSource` delivers chunks of any size; :class:`~labelkit.corpus.corpus.Corpus` cuts them to batches, so
that no reader needs to know about batches, ids or selections.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol, TypeAlias

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import CorpusError

if TYPE_CHECKING:
    import pyarrow as pa

    from labelkit.votes.example_names import FrameIndex

FirstIndex: TypeAlias = Literal["whole", "first", "none"]
"""By which index the first rows of a frame are taken for those of an earlier one."""

INDEX: Final = "(index)"
"""The column of the ids that the index of a pandas frame gives; not among the names of the columns."""

REJECT_TEXT = 500
"""Characters of a rejected row that are kept."""


@checks_keywords
class FixedColumns:
    """A base class of sources that know all of their columns."""

    columns_are_sure = True

    def find(self, column: str) -> bool:  # noqa: ARG002 - there are no others
        """Return False."""
        return False


class RowPlace(NamedTuple):
    """A row of a corpus of files, and where it begins.

    Parameters
    ----------
    row : int
        Its position in the corpus.
    file : int
        The number of its file, from 0.
    offset : int
        The byte of the file; 0 for the first row, before which a header may stand.
    """

    row: int
    file: int
    offset: int


class CorpusSource(Protocol):
    """A reader of the rows of a corpus. Columns that are asked for exist; the corpus has checked them.

    Some also have ``chunks_from(columns, place, rows, bad)``, which delivers the rows from a :class:`RowPlace` on and
    reads none of those before it; it returns None where that is not possible. Its errors need not say where a row is:
    what it cannot read is read again from the beginning. And ``place_before(place, n_rows)`` returns the place of a row
    that is at least so many rows before another one; None where that can only be found from the beginning.
    ``line_of(row)`` returns the line of the file, or the row of the sheet (``is_sheet``), from 1, at which a row
    stands, bad rows counted.
    """

    @property
    def name(self) -> str:
        """The name of the source in messages: a path, or ``a pandas frame``."""

    @property
    def path(self) -> Path | None:
        """The file or folder, if it is one."""

    @property
    def frame_index(self) -> FrameIndex | None:
        """The index, if it is a pandas frame; the labels that name its rows are the column :data:`INDEX`."""

    @property
    def n_rows(self) -> int | None:
        """The number of rows, or None where only reading could tell."""

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns that can be asked for."""

    @property
    def splittable(self) -> bool:
        """True if :meth:`read` works: any range of rows without those before it."""

    def find(self, column: str) -> bool:
        """Look for a column that is not among the names, where some rows may have it; True adds it to them."""

    @property
    def columns_are_sure(self) -> bool:
        """False if later rows may have columns that are not found."""

    @property
    def may_reject(self) -> bool:
        """True if it may hold rows that cannot be read: where these are left out, only reading counts the rest."""

    def column_type(self, column: str) -> pa.DataType:
        """Return the type that the column is delivered in."""

    def chunks(self, columns: Sequence[str], start: int, rows: int, bad: BadRows) -> Iterator[pa.RecordBatch]:
        """Deliver the rows from ``start`` on, in chunks of any size (``rows`` is a good one)."""

    def read(self, columns: Sequence[str], start: int, stop: int) -> pa.Table:
        """Deliver a range of rows; only if ``splittable``."""

    def fingerprint(self) -> str:
        """Digest the content; empty if it cannot be known."""

    def content(self, column: str) -> str:
        """Digest the content of a column; the same for columns that hold the same, empty if it cannot be known."""


@dataclass(frozen=True)
class Reject:
    """A row that was left out.

    Parameters
    ----------
    row : int
        Its position in the source, from 0, bad rows included.
    line : int or None
        The line of the file where it starts, from 1.
    reason : str
        Why it could not be read.
    text : str
        The row as it stands in the source, at most 500 characters.
    """

    row: int
    line: int | None
    reason: str
    text: str


@dataclass(frozen=True)
class BadRows:
    """Handle rows that cannot be read: raise, or keep them in a list."""

    source: str
    on_bad_row: Literal["raise", "reject"] = "raise"
    rejects: list[Reject] = field(default_factory=list)

    def add(
        self,
        row: int,
        reason: str,
        *,
        text: str = "",
        line: int | None = None,
        of_sheet: bool = False,
        hint: str | None = None,
    ) -> None:
        """Report one bad row."""
        if self.on_bad_row == "reject":
            self.rejects.append(Reject(row, line, reason, text[:REJECT_TEXT]))
            return
        raise CorpusError(
            f"{self.source}, {row_words(row, line, of_sheet=of_sheet)}: {reason}",
            hint=hint or 'on_bad_row="reject" leaves such rows out',
            code="LK207",
        )


def row_words(row: int, line: int | None = None, *, of_sheet: bool = False) -> str:
    """Name a row in messages: by the number that an editor or Excel shows, or else by its position from 0.

    >>> row_words(5, 7), row_words(5, 7, of_sheet=True), row_words(5)
    ('line 7', 'row 7 of the sheet', 'row 5')
    """
    if line is None:
        return f"row {row:,}"
    return f"row {line} of the sheet" if of_sheet else f"line {line}"
