"""Read several files of one format as one corpus, in the order in which they are given.

Of each file, what its beginning says is kept (:class:`_Head`); it is opened again when its rows are read, so that ten
thousand files are never open, or in memory, at a time.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from hashlib import blake2b
from itertools import accumulate, chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import pyarrow as pa

from labelkit._shared.unreadable import CODE, LET_READ, why_not_opened
from labelkit._shared.user_errors import warn
from labelkit._shared.written_lists import names_and_more
from labelkit.corpus._files import closed_after, skip_rows
from labelkit.corpus.all_missing import are_all_missing
from labelkit.corpus.source import BadRows, Reject, RowPlace
from labelkit.corpus.sources._common_types import common_of_inferred, common_of_stored, stored_as
from labelkit.exceptions import CorpusError

if TYPE_CHECKING:
    from labelkit.corpus.source import CorpusSource

SourceReader = Callable[[Path, Mapping[str, pa.DataType]], "CorpusSource"]

OPEN_FILES: Final = 16
"""Files that are kept open for further reads."""

BLOCK_ROWS: Final = 65_536
"""Rows of a file that are read together to count them."""

SAME_TYPES: Final = "write the files with the same types"


class _Head(NamedTuple):
    """What the beginning of a file says.

    Parameters
    ----------
    types : dict of str to DataType or CorpusError
        The columns; an error where a column has no one type.
    n_rows : int or None
    splittable, may_reject, infers, mixes, optional : bool
        What is the same for all files of a format: the last three, whether types are inferred from values, whether
        columns of several types are text, and whether rows may lack a column.
    """

    types: dict[str, pa.DataType | CorpusError]
    n_rows: int | None
    splittable: bool
    may_reject: bool
    infers: bool
    mixes: bool
    optional: bool


class FilesSource:
    """Files under one another.

    Parameters
    ----------
    paths : list of Path
        At least one.
    read : callable
        Opens a file, given the types of columns that have none in it; can be pickled.
    types : mapping of str to DataType
    place : Path, optional
        The folder, or the pattern, that the files are of.
    on_bad_row : {"raise", "reject"}
        Whether a file that cannot be opened is an error, or is listed among the rejects and left out.

    Attributes
    ----------
    files : tuple of Path
    rows_of_files : list of int or None
        The rows of each file that were kept, as far as they are known: of formats that do not say it, once all of the
        file was read.
    """

    frame_index = None
    columns_are_sure = True

    def __init__(
        self,
        paths: Sequence[Path],
        read: SourceReader,
        types: Mapping[str, pa.DataType],
        *,
        place: Path | None = None,
        on_bad_row: Literal["raise", "reject"] = "raise",
    ) -> None:
        self.path = place
        self.files = tuple(paths)
        self.name = f"{len(paths)} files, {paths[0].name} first" if place is None else f"{place} ({len(paths)} files)"
        self._read, self._given = read, dict(types)
        self._unread: dict[int, str] = {}
        self._heads = [self._head(number, path, on_bad_row) for number, path in enumerate(paths)]
        whole = [head for head in self._heads if head is not None]
        if not whole:
            raise CorpusError(f"none of {self.name} can be read: {self._unread[0]}")
        self.column_names = tuple(dict.fromkeys(name for head in whole for name in head.types))
        self.splittable = not self._unread and all(head.splittable for head in whole)
        self.may_reject = bool(self._unread) or any(head.may_reject for head in whole)
        self.rows_of_files = [0 if head is None else head.n_rows for head in self._heads]
        self._starts = [0, *accumulate(size or 0 for size in self.rows_of_files)]
        self.n_rows = None if None in self.rows_of_files else self._starts[-1]
        self._types: dict[str, pa.DataType] = {}
        self._without_values: set[str] = set()
        self._widened: set[str] = set()
        self._ways: tuple[tuple[str, ...], ...] | None = None
        self._forget()

    def __getstate__(self) -> dict[str, Any]:
        """Pickle what is known of the files, so that they are not opened again for it."""
        state = {name: value for name, value in self.__dict__.items() if name not in {"_opened", "_lock"}}
        return state | {"files": tuple(path.absolute() for path in self.files)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Open no file yet."""
        self.__dict__.update(state)
        self._forget()

    def _forget(self) -> None:
        self._opened: OrderedDict[int, CorpusSource] = OrderedDict()
        self._lock = threading.Lock()

    def _head(self, number: int, path: Path, on_bad_row: str) -> _Head | None:
        try:
            source = self._read(path, self._given)
        except (CorpusError, OSError) as error:
            message = error.message if isinstance(error, CorpusError) else why_not_opened(error)
            if on_bad_row == "reject":
                self._unread[number] = message if str(path) in message else f"{path}: {message}"
                return None
            may_not = (LET_READ, CODE) if isinstance(error, PermissionError) else (None, None)
            hint, code = (error.hint, error.code) if isinstance(error, CorpusError) else may_not
            leave_out = 'on_bad_row="reject" leaves such files out'
            raise CorpusError(message, hint=f"{hint}; {leave_out}" if hint else leave_out, code=code) from error
        types: dict[str, pa.DataType | CorpusError] = {}
        for column in source.column_names:
            try:
                types[column] = getattr(source, "first_type", source.column_type)(column)
            except CorpusError as error:
                types[column] = error
        flags = [bool(getattr(source, name, False)) for name in ("infers_types", "mixes_as_text", "keys_are_optional")]
        return _Head(types, source.n_rows, source.splittable, source.may_reject, *flags)

    def _source(self, number: int) -> CorpusSource:
        """Open a file, or take it from those that were opened last."""
        with self._lock:
            source = self._opened.pop(number, None)
        source = source or self._read(self.files[number], self._given | self._types)
        with self._lock:
            self._opened[number] = source
            if len(self._opened) > OPEN_FILES:
                self._opened.popitem(last=False)
        return source

    def _files_with_heads(self) -> Iterator[tuple[int, _Head]]:
        return ((number, head) for number, head in enumerate(self._heads) if head is not None)

    # Columns ----------------------------------------------------------------------------------------------------------

    def find(self, column: str) -> bool:
        """Look for a column that no file has in its first rows, in all of each."""
        for number, head in self._files_with_heads():
            if head.optional and self._source(number).find(column):
                head.types[column] = self._source(number).column_type(column)
                self.column_names = (*self.column_names, column)
                return True
        return False

    def column_type(self, column: str) -> pa.DataType:
        """Return the type of a column in all files.

        Raises
        ------
        CorpusError
            If it differs, or a file has no such column.
        """
        if column not in self._types:
            self._check_missing(column)
            decided = self._decided(column)
            with self._lock:
                self._types[column] = decided
                self._opened.clear()
        return self._types[column]

    def _decided(self, column: str) -> pa.DataType:
        kinds: dict[pa.DataType, int] = {}
        for number, head in self._files_with_heads():
            kind = head.types.get(column, pa.null())
            if isinstance(kind, CorpusError):
                raise kind
            kinds.setdefault(kind, number)
        first = next(head for _, head in self._files_with_heads())
        if column in self._given and first.infers:
            return self._given[column]
        if set(kinds) == {pa.null()}:
            later = (self._source(number).column_type(column) for number, _ in self._files_with_heads())
            return next((kind for kind in later if not pa.types.is_null(kind)), pa.null())
        kinds.pop(pa.null(), None)
        if len(kinds) == 1:
            return next(iter(kinds))
        common = common_of_inferred(kinds, mixes=first.mixes) if first.infers else common_of_stored(kinds)
        if common is None:
            held = [kind for kind in kinds if not self._is_without_values(column, kind)]
            if len(held) <= 1:
                self._without_values.add(column)
                return held[0] if held else pa.null()
            where = " and ".join(f"{kind} in {self.files[number]}" for kind, number in kinds.items())
            raise CorpusError(f"column {column!r} is {where}", hint=SAME_TYPES, code="LK215")
        if not first.infers:
            self._widened.add(column)
        return common

    def _is_without_values(self, column: str, kind: pa.DataType) -> bool:
        """Return whether all files in which a column is of a type have no value in it."""
        alike = [number for number, head in self._files_with_heads() if head.types.get(column) == kind]
        chunks = (self._rows_of(number, [column], 0, BLOCK_ROWS, BadRows("")) for number in alike)
        try:
            return are_all_missing(chain.from_iterable(chunks))
        except CorpusError:
            return False

    def _typed(self, rows: Any, number: int) -> Any:
        """Return rows of a file in the types of the whole: a column without a value is stored in any."""
        names = rows.schema.names
        if self._without_values.isdisjoint(names) and self._widened.isdisjoint(names):
            return rows
        return type(rows).from_arrays([self._of_the_whole(rows[name], name, number) for name in names], names=names)

    def _of_the_whole(self, array: Any, column: str, number: int) -> Any:
        kind = self._types.get(column)
        if kind in (None, array.type):
            return array
        if column in self._without_values:
            return pa.nulls(len(array), kind)
        if column not in self._widened:
            return array
        try:
            return stored_as(array, kind)
        except pa.ArrowInvalid as error:
            where = f"column {column!r} is {array.type} in {self.files[number]}, and {kind} holds all files but this"
            raise CorpusError(f"{where}: {error}", hint=SAME_TYPES, code="LK215") from error

    def _check_missing(self, column: str) -> None:
        """Refuse a column that a file lacks, or say that rows of JSON lack it."""
        lacking = [number for number, head in self._files_with_heads() if column not in head.types]
        if not lacking or column not in self.column_names:
            return
        there = next(number for number, head in self._files_with_heads() if column in head.types)
        some = names_and_more((self.files[number] for number in lacking), 3)
        if any(head.optional for _, head in self._files_with_heads()):
            warn(
                f"column {column!r} is in {self.files[there]}, but in no row at the beginning of {some}, where "
                "it is null unless later rows have it",
                code="LK215",
            )
            return
        raise CorpusError(
            f"column {column!r} is in {self.files[there]} but not in {some}",
            hint="files of one corpus have the same columns: rename or add it there, or leave these files out",
            code="LK215",
        )

    def narrowed(self, ways: Sequence[tuple[str, ...]]) -> FilesSource:
        """Return the source whose files read those fields alone that ways (a column, and fields in it) lead to."""
        source = copy(self)
        source._forget()  # noqa: SLF001 - of a copy
        source._ways = tuple(ways)  # noqa: SLF001 - as above
        return source

    def _narrow(self, number: int) -> CorpusSource:
        """Open a file, with the fields that are needed alone, if it can read them alone."""
        source = self._source(number)
        narrow = None if self._ways is None else getattr(source, "narrowed", None)
        return source if narrow is None else narrow(self._ways)

    # Rows -------------------------------------------------------------------------------------------------------------

    def chunks(self, columns: Sequence[str], start: int, rows: int, bad: BadRows) -> Iterator[pa.RecordBatch]:
        """Deliver the rows of one file after the other."""
        for column in columns:
            self.column_type(column)
        if self.n_rows is None or (self.may_reject and bad.on_bad_row == "reject"):
            return skip_rows(self._chunks(columns, 0, rows, bad), start)
        return self._chunks(columns, start, rows, bad)

    def _chunks(self, columns: Sequence[str], start: int, rows: int, bad: BadRows) -> Iterator[pa.RecordBatch]:
        for number, (first, end) in enumerate(zip(self._starts, self._starts[1:], strict=False)):
            if number in self._unread:
                bad.rejects.append(Reject(0, None, self._unread[number], ""))
                continue
            if self.n_rows is not None and end <= start:
                continue
            skip = max(start - first, 0) if self.n_rows is not None else 0
            yield from self._counted(number, self._rows_of(number, columns, skip, rows, bad), skip)

    def _counted(self, number: int, chunks: Iterator[pa.RecordBatch], n_rows: int = 0) -> Iterator[pa.RecordBatch]:
        """Deliver the rows of one file to its end, and note their number."""
        for chunk in chunks:
            n_rows += chunk.num_rows
            yield chunk
        self.rows_of_files[number] = n_rows

    def chunks_from(
        self, columns: Sequence[str], place: RowPlace, rows: int, bad: BadRows
    ) -> Iterator[pa.RecordBatch] | None:
        """Deliver the rows from a place in a file on; None where :meth:`chunks` finds it, or the file is read whole."""
        if self.n_rows is not None:
            return None
        for column in columns:
            self.column_type(column)
        begun: Iterator[pa.RecordBatch] | None = iter(())
        if place.offset:
            source, path = self._narrow(place.file), self.files[place.file]
            begin = getattr(source, "chunks_from", None)
            within = place._replace(file=0)
            begun = None if begin is None else begin(columns, within, rows, BadRows(str(path), bad.on_bad_row))
        whole = range(place.file + (place.offset > 0), len(self.files))
        rest = (self._counted(number, self._rows_of(number, columns, 0, rows, bad)) for number in whole)
        return None if begun is None else chain(begun, chain.from_iterable(rest))

    def place_before(self, place: RowPlace, n_rows: int) -> RowPlace | None:
        """Return the place of a row that is at least so many rows before another one; None if it is not found.

        It is in a file of lines, or is the first of a file that is read whole to count its rows.
        """
        if self.n_rows is not None:
            return None
        at = place
        while place.row - at.row < n_rows:
            if not at.offset:  # the end of the file before
                if not at.file:
                    return None
                number = at.file - 1
                at = RowPlace(at.row, number, self.files[number].stat().st_size)
            earlier = self._within(at, n_rows - (place.row - at.row))
            if earlier is None:
                return None
            at = earlier
        return at

    def _within(self, place: RowPlace, n_rows: int) -> RowPlace | None:
        """Return the place of a row some rows before another one of the same file, or of the first one."""
        source = self._source(place.file)
        find = getattr(source, "place_before", None)
        earlier: RowPlace | None = None if find is None else find(place, n_rows)
        if earlier is not None:
            return earlier
        try:
            n_before = self._rows_before(source, place)
        except CorpusError:  # of a row that is new, which is read later
            return None
        return None if n_before is None else RowPlace(place.row - n_before, place.file, 0)

    def _rows_before(self, source: CorpusSource, place: RowPlace) -> int | None:
        """Count the rows of a file before a place, by reading it."""
        path, column = self.files[place.file], source.column_names[:1]
        begin, n_behind = getattr(source, "chunks_from", None), 0
        if place.offset < path.stat().st_size:
            behind = None if begin is None else begin(column, place, BLOCK_ROWS, BadRows(str(path)))
            if behind is None:
                return None
            n_behind = sum(chunk.num_rows for chunk in behind)
        whole = source.chunks(column, 0, BLOCK_ROWS, BadRows(str(path)))
        return sum(chunk.num_rows for chunk in whole) - n_behind if column else None

    def first_source(self) -> CorpusSource:
        """Open the first file that can be read."""
        return self._source(next(number for number, _ in self._files_with_heads()))

    def file_of(self, row: int) -> tuple[str, CorpusSource, int] | None:
        """Return the file in which a row stands, and its position there; None if that is not known."""
        for number, path in enumerate(self.files):
            n_rows = self.rows_of_files[number]
            if n_rows is None:  # it is read now, or an update began behind it
                try:
                    source = self._source(number)
                    chunks = source.chunks(source.column_names[:1], 0, BLOCK_ROWS, BadRows(str(path), "reject"))
                    n_rows = sum(chunk.num_rows for chunk in chunks)
                except (CorpusError, OSError):
                    return None
            if row < n_rows:
                return str(path), self._source(number), row
            row -= n_rows
        return None

    def _rows_of(
        self, number: int, columns: Sequence[str], start: int, rows: int, bad: BadRows
    ) -> Iterator[pa.RecordBatch]:
        """Deliver the rows of one file; where bad rows are rejected, those before it breaks off."""
        path = self.files[number]
        rejected = BadRows(str(path), bad.on_bad_row)
        try:
            with closed_after(self._narrow(number).chunks(columns, start, rows, rejected)) as chunks:
                for chunk in chunks:
                    _hand_on(rejected, bad)
                    yield self._typed(chunk, number)
        except CorpusError as error:
            if bad.on_bad_row == "raise":
                raise
            rejected.add(0, f"the rest of it cannot be read: {error.message}")
        _hand_on(rejected, bad)

    def read(self, columns: Sequence[str], start: int, stop: int) -> pa.Table:
        """Deliver a range of rows of the files that overlap with it."""
        schema = pa.schema([(column, self.column_type(column)) for column in columns])
        parts, at = [], start
        while at < stop:
            number = bisect_right(self._starts, at) - 1
            first, end = self._starts[number], min(stop, self._starts[number + 1])
            parts.append(self._typed(self._narrow(number).read(columns, at - first, end - first), number))
            at = end
        return pa.concat_tables(parts) if parts else schema.empty_table()

    def fingerprint(self) -> str:
        """Hash the fingerprints of the files."""
        return _hash_of([self._source(number).fingerprint() for number, _ in self._files_with_heads()])

    def content(self, column: str) -> str:
        """Hash what the files hold of a column."""
        kind = self.column_type(column)
        parts = [self._source(number).content(column) for number, _ in self._files_with_heads()]
        return _hash_of([str(kind), *parts])


def _hand_on(rejected: BadRows, bad: BadRows) -> None:
    """Report the rejected rows of a file with its name."""
    bad.rejects.extend(replace(row, reason=f"{rejected.source}: {row.reason}") for row in rejected.rejects)
    rejected.rejects.clear()


def _hash_of(parts: Sequence[str]) -> str:
    """Hash the hashes of parts; empty if one is not known."""
    return blake2b("\0".join(parts).encode(), digest_size=16).hexdigest() if all(parts) else ""
