"""The corpus itself: it checks what is asked of it, cuts a source's chunks to batches and takes out the ids."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import pyarrow as pa

from labelkit._shared.numbers import plural
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.corpus._files import FileStamp, closed_after
from labelkit.corpus.chosen_rows import POSITION, RowChoice, SomeRows, choose_rows
from labelkit.corpus.distinct_ids import check_ids
from labelkit.corpus.file_places import FilePlace, file_place
from labelkit.corpus.header_below import header_below, skip_hint
from labelkit.corpus.missing_columns import missing_column
from labelkit.corpus.reading import ReadOptions
from labelkit.corpus.rebatched import one_batch, rebatched
from labelkit.corpus.source import INDEX, BadRows, CorpusSource, FirstIndex, Reject
from labelkit.corpus.sources.renamed import RenamedSource
from labelkit.exceptions import CorpusChangedError, CorpusError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from labelkit.votes.example_names import FrameIndex

BATCH_ROWS: Final = 65_536
"""Rows of a batch: what is in memory at a time, and what one part of a run's output holds."""


@dataclass(frozen=True)
class Batch:
    """Consecutive rows of a corpus.

    Parameters
    ----------
    start : int
        The position of the first row.
    ids : pyarrow.Array or None
        The rows' ids; None if the corpus has no id column, and the position is the id.
    table : pyarrow.RecordBatch
        The columns that were asked for, in that order.
    """

    start: int
    ids: pa.Array | None
    table: pa.RecordBatch

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def name_of(self, row: int) -> str:
        """Name a row of the batch by its id, if it has one, and its position in the corpus."""
        return (
            f"row {self.start + row}" if self.ids is None else f"id {self.ids[row].as_py()!r}, row {self.start + row}"
        )


@checks_keywords
class Corpus:
    """A stream of examples; made by :func:`~labelkit.corpus.open_corpus`.

    Parameters
    ----------
    source : CorpusSource
        Where the rows are.
    id : str, optional
        The column of the ids.
    on_bad_row : {"raise", "reject"}
        What to do with a row that cannot be read.
    stamp : FileStamp, optional
        Of the files, from before anything of them was read.
    look : callable, optional
        Returns the stamp of the files as they are now.
    reading : ReadOptions, optional
        The options that the files are read with.

    Attributes
    ----------
    name : str
        For messages: a file, a query without its passwords, or the kind of an object.
    rejects : list of Reject
        The rows that the latest reading left out so far.
    """

    def __init__(
        self,
        source: CorpusSource,
        *,
        id: str | None = None,  # noqa: A002 - the word that users write
        on_bad_row: Literal["raise", "reject"] = "raise",
        stamp: FileStamp | None = None,
        look: Callable[[], FileStamp | None] | None = None,
        reading: ReadOptions | None = None,
    ) -> None:
        self._source, self.name = source, source.name
        self._stamp, self._look = stamp, look
        self._reading: ReadOptions = reading or {}
        self._digest: str | None = None
        self._id = id
        index = source.frame_index
        self._id_column = INDEX if id is None and index is not None and index.ids is not None else id
        if self._id_column is None and isinstance(source, SomeRows) and source.positions is not None:
            self._id_column = POSITION
        self._bad = BadRows(source.name, on_bad_row)
        if id is not None:
            self._check_columns([id])

    @property
    def n_rows(self) -> int | None:
        """The number of rows; None where only reading could tell (CSV, JSONL, iterators)."""
        return None if self._rejects_rows else self._source.n_rows

    @property
    def _rejects_rows(self) -> bool:
        return self.on_bad_row == "reject" and self._source.may_reject

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns, in the order of the source."""
        return self._source.column_names

    def has_column(self, name: str) -> bool:
        """Return whether a name is that of a column, also before it was renamed, or of a field: ``user.followers``."""
        named = isinstance(self._source, RenamedSource) and self._source.has_other_name(name)
        return named or name in self.column_names

    @property
    def id(self) -> str | None:
        """The column of the ids, or None: the index of the frame names the rows, or else their positions do."""
        return self._id

    @property
    def has_ids(self) -> bool:
        """True if the rows have ids of a column or an index; else a row's position is its id."""
        return self._id_column is not None

    @property
    def named_by_position(self) -> bool:
        """True if an example is named by its position in the whole corpus, as those of a sample are, too."""
        return self._id_column in {None, POSITION}

    @property
    def choice(self) -> RowChoice:
        """The rows that are used of the whole corpus."""
        return self._source.choice if isinstance(self._source, SomeRows) else RowChoice()

    @property
    def n_whole(self) -> int | None:
        """The number of rows of the whole corpus; None where only reading could tell."""
        return self._source.n_whole if isinstance(self._source, SomeRows) else self.n_rows

    @property
    def drawn_positions(self) -> NDArray[np.int64] | None:
        """The positions of the rows in the whole corpus, if they are a sample of it."""
        return self._source.positions if isinstance(self._source, SomeRows) else None

    def chosen(self, choice: RowChoice, columns: Sequence[str]) -> Corpus:
        """Some of the rows, with the names that they have in the whole.

        Parameters
        ----------
        choice : RowChoice
        columns : sequence of str
            Those that will be read: where bad rows are left out, they decide which rows there are.

        Raises
        ------
        CorpusError
            If a sample is to be drawn of what can be read only once, or other rows were chosen before.
        """
        if not choice or choice == self.choice:
            return self
        if self.choice:
            raise CorpusError("other rows of this corpus were chosen already", hint="choose of the whole corpus")
        rows = choose_rows(self._source, choice, columns=self._read_columns(columns), on_bad_row=self.on_bad_row)
        return self._of(rows, self._id)

    @property
    def id_type(self) -> pa.DataType:
        """The type of the ids."""
        return pa.int64() if self._id_column is None else self._source.column_type(self._id_column)

    def with_id(self, column: str) -> Corpus:
        """The same rows, named by a column."""
        return self._of(self._source, column)

    def _of(self, source: CorpusSource, id_column: str | None) -> Corpus:
        """Return a corpus of a source of these rows, whose files are watched as these are."""
        return Corpus(
            source,
            id=id_column,
            on_bad_row=self.on_bad_row,
            stamp=self._stamp,
            look=self._look,
            reading=self._reading,
        )

    @property
    def frame_index(self) -> FrameIndex | None:
        """The index of the rows, if they are a pandas frame."""
        return self._source.frame_index

    @property
    def path(self) -> Path | None:
        """The file, folder or pattern that is read, if it is one."""
        return self._source.path

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are read, in their order; empty for what is no file, and for a copy of a stream."""
        several: tuple[Path, ...] | None = getattr(self._source, "files", None)
        return several if several is not None else () if self.path is None else (self.path,)

    @property
    def rows_of_files(self) -> tuple[int | None, ...]:
        """The rows of each file that were kept; None where only reading could tell, and it was not read to its end."""
        several: list[int | None] | None = getattr(self._source, "rows_of_files", None)
        return tuple(several) if several is not None else (self.n_rows,) * len(self.files)

    @property
    def reading(self) -> ReadOptions:
        """The options that its files are read with."""
        return self._reading

    @property
    def is_repeatable(self) -> bool:
        """True if it can be read more than once."""
        return bool(self.files) or self.splittable or not getattr(self._source, "once", False)

    @property
    def on_bad_row(self) -> Literal["raise", "reject"]:
        """The policy for a row that cannot be read."""
        return self._bad.on_bad_row

    @property
    def splittable(self) -> bool:
        """True if any range of rows can be read without those before it (frames, lists, Parquet)."""
        return self._source.splittable and not self._rejects_rows

    @property
    def rejects(self) -> list[Reject]:
        """The rows that the latest reading left out so far."""
        return self._bad.rejects

    def place_of(self, row: int) -> FilePlace:
        """Find where a row stands, by its position: the line of its file, if it has lines, which is read again."""
        return file_place(self._source, row, self._bad.rejects)

    def header_below(self, wanted: Collection[str]) -> tuple[int, list[str]] | None:
        """Find a row below the header of a file that names a wanted column: the rows above it, and its names."""
        return header_below(self._source, wanted)

    def skip_hint(self, column: str) -> str | None:
        """Return how the files are read, if a row below their header names a column that is missing; else None."""
        return skip_hint(self.header_below({column}))

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns with their types as delivered, without those that cannot be (``column_type`` says why)."""
        fields = []
        for column in self.column_names:
            try:
                fields.append((column, self.column_type(column)))
            except CorpusError:
                continue
        return pa.schema(fields)

    def column_type(self, column: str) -> pa.DataType:
        """Tell the type that a column is delivered in.

        Raises
        ------
        CorpusError
            If there is no such column, or its values have no one type.
        """
        self._check_columns([column])
        return self._source.column_type(column)

    def batches(self, columns: Sequence[str], batch_rows: int, *, start: int = 0) -> Iterator[Batch]:
        """Read the corpus in batches of ``batch_rows`` rows (the last may be shorter).

        Parameters
        ----------
        columns : sequence of str
            The columns to read; only these, and that of the ids, are.
        batch_rows : int
            Rows in a batch.
        start : int
            The first row to read; rows before it are skipped, cheaply in frames and Parquet.

        Yields
        ------
        Batch
            The rows in order, each batch with the position of its first row.

        Raises
        ------
        CorpusError
            If a column is missing, a row is bad (unless such rows are rejected), or an iterator was read before.
        """
        if batch_rows < 1 or start < 0:
            raise CorpusError(f"batch_rows={batch_rows} and start={start} must be at least 1 and 0")
        wanted = self._read_columns(columns)
        self._bad.rejects.clear()
        chunks = self._source.chunks(wanted, start, batch_rows, self._bad)
        return self._batches(columns, rebatched(chunks, batch_rows), start)

    def _batches(self, columns: Sequence[str], tables: Iterator[pa.Table], start: int) -> Iterator[Batch]:
        with closed_after(tables):
            for table in tables:
                batch = one_batch(table)
                yield Batch(start, self._ids(batch, start), batch.select(list(columns)))
                start += batch.num_rows

    def read(self, start: int, stop: int, columns: Sequence[str]) -> pa.RecordBatch:
        """Read the rows from ``start`` to before ``stop``; only if ``splittable``.

        Raises
        ------
        CorpusError
            If the corpus is not splittable or a column is missing.
        """
        return self.read_batch(start, stop, columns).table

    def read_batch(self, start: int, stop: int, columns: Sequence[str]) -> Batch:
        """Read the rows from ``start`` to before ``stop`` with their ids, as :meth:`read`."""
        if not self.splittable:
            message = f"{self._source.name} can only be read from its start"
            raise CorpusError(message, hint="write it to Parquet first", code="LK211")
        n_rows = self.n_rows or 0
        if not 0 <= start <= stop <= n_rows:
            raise CorpusError(f"rows {start} to {stop} are not within the {n_rows} rows of {self._source.name}")
        batch = one_batch(self._source.read(self._read_columns(columns), start, stop))
        return Batch(start, self._ids(batch, start), batch.select(list(columns)))

    def fingerprint(self) -> str:
        """Digest the content (of a file, its bytes); empty where that cannot be known without using it up."""
        if self._digest is None:
            self._digest = self._source.fingerprint()
        return self._digest

    def fingerprint_of_first(self, n_rows: int, *, index: FirstIndex = "whole") -> str:
        """Digest the first rows of a frame, as :meth:`fingerprint` does a frame that has no more; empty for others."""
        digest = getattr(self._source, "fingerprint_of_first", None)
        return "" if digest is None or n_rows > (self._source.n_rows or 0) else str(digest(n_rows, index=index))

    def content(self, column: str) -> str:
        """Digest what a column holds; empty where that cannot be known without using it up."""
        self._check_columns([column])
        return self._source.content(column)

    @property
    def stamp(self) -> FileStamp | None:
        """The size and times of its files when it was opened; None for what is not of files."""
        return self._stamp

    def check_unchanged(self) -> None:
        """Compare the files with what they were when the corpus was opened.

        Raises
        ------
        CorpusChangedError
            If one was written again, also with the same size and time.
        """
        if self._stamp is None or self._look is None:
            return
        now = self._look() or FileStamp((), ())
        if now == self._stamp:
            return
        if now.files != self._stamp.files or self._digest is None or self._digest != _fresh_digest(self._source):
            raise CorpusChangedError(
                f"the corpus {self._source.name} was written again while it was read, so that votes on its old and its "
                "new rows would be mixed; nothing is kept",
                hint="run it again when the file is complete, and open a corpus anew after it was written",
            )
        self._stamp = now  # a link or a permission changed, the content did not

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Raise CorpusChangedError at the end, or in place of any other error, if the files were written again."""
        try:
            yield
        except Exception:
            self.check_unchanged()
            raise
        self.check_unchanged()

    def __repr__(self) -> str:
        rows = [] if self.n_rows is None else [f"{plural(self.n_rows, 'row')}"]
        ids = [] if self.id is None else [f"id={self.id!r}"]
        columns = self.column_names
        shown = f"columns={columns!r}" if len(columns) <= 12 else f"{plural(len(columns), 'column')}"
        return f"Corpus({', '.join([self._source.name, *rows, *ids, shown])})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the source, which opens its file again in the worker process, and the options."""
        if not self.files:
            raise CorpusError(
                f"{self._source.name} cannot be sent to another process", hint="write it to Parquet first", code="LK117"
            )
        return partial(Corpus, id=self._id, on_bad_row=self._bad.on_bad_row, reading=self._reading), (self._source,)

    def _read_columns(self, columns: Sequence[str]) -> list[str]:
        """List what has to be read: the columns, the id, and at least one column to count rows by."""
        self._check_columns(columns)
        ids = [] if self._id_column is None else [self._id_column]
        if not self.column_names and self.files:
            raise CorpusError(f"{self._source.name} has no column with a name", hint="name the columns in a header")
        return list(dict.fromkeys([*columns, *ids])) or list(self.column_names[:1])

    def _check_columns(self, columns: Sequence[str]) -> None:
        for column in columns:
            if column not in self.column_names and not self._source.find(column):
                raise missing_column(column, self.column_names, self._source, self.skip_hint(column))
            if not column.isascii() and re.search("[\ud800-\udfff]", column):
                raise CorpusError(f"column {column!r} has a name that is not valid Unicode", hint="rename it")

    def _ids(self, batch: pa.RecordBatch, start: int) -> pa.Array | None:
        if self._id_column is None:
            return None
        ids = batch.column(self._id_column)
        check_ids(ids, start, column=self._id, corpus_name=self.name, place_of=self.place_of)
        return ids


def _fresh_digest(source: CorpusSource) -> str:
    """Digest the content of files as it is now, whatever was read of them before."""
    try:
        return copy(source).fingerprint()  # which opens them anew
    except (CorpusError, OSError):
        return ""
