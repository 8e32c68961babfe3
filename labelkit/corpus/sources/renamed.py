"""Read columns under other names, and fields of structs by dotted names: ``user.followers``.

One source around another does both, so that no reader knows of either. Where neither is asked for, it hands on what it
is asked, and costs nothing. A column whose own name has a dot is taken before a field. A renamed column is found by its
old name, too, unless another column has that now.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from labelkit._shared.missing import is_missing
from labelkit._shared.near_names import did_you_mean, near_name
from labelkit.corpus._arrow_types import delivered_type
from labelkit.corpus._files import FINGERPRINT_DIGITS
from labelkit.corpus.missing_columns import columns_listed
from labelkit.corpus.source import BadRows, CorpusSource, FirstIndex
from labelkit.corpus.sources.taken_out import Place, taken_out
from labelkit.exceptions import CorpusError

if TYPE_CHECKING:
    from labelkit.corpus.source import RowPlace
    from labelkit.votes.example_names import FrameIndex

_NAMED: Final = re.compile(r"(?<![\w'\"])(column )?'([^']*)'")
"""A column as messages name it."""


class RenamedSource:
    """A source whose columns have other names, and whose structs have fields that are read as columns.

    Parameters
    ----------
    source : CorpusSource
    rename : mapping of str to str
        The columns of the source, which may be fields, by the names that they get.
    floats : collection of str
        The columns, by these names, whose whole numbers are delivered as floats.

    Raises
    ------
    CorpusError
        If the source lacks a column that gets a name, or has another column of that name.
    """

    def __init__(self, source: CorpusSource, rename: Mapping[str, str], floats: Collection[str] = ()) -> None:
        self._source = self.whole = source
        self._floats = frozenset(floats)
        self._rename = dict(rename)
        self._places = {name: self._place_to_rename(name, old) for name, old in self._rename.items()}
        moved = {place.column for place in self._places.values() if not place.fields}
        self._old_names = moved - self._places.keys()
        for name, place in self._places.items():
            if name in source.column_names and name not in moved and place != Place(name):
                raise CorpusError(
                    f"column {place.name!r} is renamed to {name!r}, and {source.name} has a column of that name",
                    hint=f"choose another name, or give that column one, too: rename={{'other_{name}': {name!r}}}",
                )

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the source, which opens its file anew."""
        return RenamedSource, (self._source, self._rename, self._floats)

    def __copy__(self) -> RenamedSource:
        """Open the files of the source anew."""
        return RenamedSource(copy(self._source), self._rename, self._floats)

    @property
    def name(self) -> str:
        """The name of the source."""
        return self._source.name

    @property
    def path(self) -> Path | None:
        """The file or folder, if it is one."""
        return self._source.path

    @property
    def files(self) -> tuple[Path, ...] | None:
        """The files, if they are several."""
        return getattr(self._source, "files", None)

    @property
    def rows_of_files(self) -> list[int | None] | None:
        """The rows of each of several files."""
        return getattr(self._source, "rows_of_files", None)

    @property
    def once(self) -> bool:
        """Whether it can be read only once."""
        return getattr(self._source, "once", False)

    @property
    def frame_index(self) -> FrameIndex | None:
        """The index, if it is a pandas frame."""
        return self._source.frame_index

    @property
    def n_rows(self) -> int | None:
        """The number of rows, if it is known."""
        return self._source.n_rows

    @property
    def splittable(self) -> bool:
        """Whether any range of rows can be read."""
        return self._source.splittable

    @property
    def columns_are_sure(self) -> bool:
        """Whether all columns are known."""
        return self._source.columns_are_sure

    @property
    def may_reject(self) -> bool:
        """Whether there may be rows that cannot be read."""
        return self._source.may_reject

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns by their new names; fields that got a name stand behind them."""
        if not self._rename:
            return self._source.column_names
        names: list[str] = []
        for old in self._source.column_names:
            new = [name for name, place in self._places.items() if place == Place(old)]
            names += new or [old]
        return tuple(dict.fromkeys([*names, *self._places]))

    def find(self, column: str) -> bool:
        """Look for a field of a struct, and in the source.

        Raises
        ------
        CorpusError
            If the name begins with a column that has no such field.
        """
        if self.has_other_name(column) or self._source.find(column):
            return True
        prefix = _prefix(column, self.column_names)
        if prefix is not None:
            self._field(column, prefix)
        return False

    @property
    def old_names(self) -> list[str]:
        """The names that columns have in the source alone, by which they are found, too."""
        return sorted(self._old_names)

    def has_other_name(self, column: str) -> bool:
        """Return whether a name is that of a field of a struct, or an old one of a column."""
        return column in self._old_names or self.has_field(column)

    def has_field(self, column: str) -> bool:
        """Return whether a name is that of a field of a struct."""
        prefix = _prefix(column, self.column_names)
        if prefix is None:
            return False
        try:
            self._field(column, prefix)
        except CorpusError:
            return False
        return True

    def column_type(self, column: str) -> pa.DataType:
        """Return the type that a column, or field, is delivered in."""
        with self._own_names():
            return self._type(column, self.place(column))

    def chunks(self, columns: Sequence[str], start: int, rows: int, bad: BadRows) -> Iterator[pa.RecordBatch]:
        """Deliver the rows from ``start`` on."""
        by_name = {column: self.place(column) for column in columns}
        if self._is_handed_on(by_name):
            return self._source.chunks(columns, start, rows, bad)
        rejected = BadRows(bad.source, bad.on_bad_row)
        read = partial(self._narrowed(by_name).chunks, _columns(by_name), start, rows, rejected)
        return self._chunks(read, by_name, rejected, bad)

    def chunks_from(
        self, columns: Sequence[str], place: RowPlace, rows: int, bad: BadRows
    ) -> Iterator[pa.RecordBatch] | None:
        """Deliver the rows from a place in a file on; None where the source cannot."""
        places = {column: self.place(column) for column in columns}
        begin = getattr(self._narrowed(places), "chunks_from", None)
        rejected = BadRows(bad.source, bad.on_bad_row)
        with self._own_names():
            chunks = None if begin is None else begin(_columns(places), place, rows, rejected)
        return None if chunks is None else self._chunks(lambda: chunks, places, rejected, bad)

    def place_before(self, place: RowPlace, n_rows: int) -> RowPlace | None:
        """Return the place of a row that is at least so many rows before another one; None if it is not found."""
        find: Callable[[RowPlace, int], RowPlace | None] | None = getattr(self._source, "place_before", None)
        return None if find is None else find(place, n_rows)

    def _chunks(
        self,
        read: Callable[[], Iterator[pa.RecordBatch]],
        places: Mapping[str, Place],
        rejected: BadRows,
        bad: BadRows,
    ) -> Iterator[pa.RecordBatch]:
        """Take the columns and fields out of what is read."""
        schema = self._schema(places)
        with self._own_names():
            for chunk in read():
                self._hand_on(rejected, bad)
                yield taken_out(chunk, places, schema)
        self._hand_on(rejected, bad)

    def _hand_on(self, rejected: BadRows, bad: BadRows) -> None:
        """Report rejected rows by the new names of the columns."""
        bad.rejects.extend(replace(row, reason=self._in_own_names(row.reason)) for row in rejected.rejects)
        rejected.rejects.clear()

    def read(self, columns: Sequence[str], start: int, stop: int) -> pa.Table:
        """Deliver a range of rows."""
        places = {column: self.place(column) for column in columns}
        if self._is_handed_on(places):
            return self._source.read(columns, start, stop)
        schema = self._schema(places)
        with self._own_names():
            table = self._narrowed(places).read(_columns(places), start, stop)
        return pa.Table.from_batches([taken_out(batch, places, schema) for batch in table.to_batches()], schema)

    def fingerprint(self) -> str:
        """Digest the content, and which column has which name."""
        return self._named_digest(self._source.fingerprint())

    def fingerprint_of_first(self, n_rows: int, *, index: FirstIndex = "whole") -> str:
        """Digest the first rows, as :meth:`fingerprint` does; empty where that cannot be known."""
        digest = getattr(self._source, "fingerprint_of_first", None)
        return "" if digest is None else self._named_digest(digest(n_rows, index=index))

    def _named_digest(self, content: str) -> str:
        if not content or not self._rename:
            return content
        return sha256(f"{content}{sorted(self._rename.items())}".encode(errors="surrogatepass")).hexdigest()[
            :FINGERPRINT_DIGITS
        ]

    def content(self, column: str) -> str:
        """Digest the content of a column; that of a field, by all of its struct."""
        place = self.place(column)
        content = self._source.content(place.column)
        content = f"{content}/{place.fields}" if content and place.fields else content
        return f"{content}/float" if content and column in self._floats else content

    def _is_handed_on(self, places: Mapping[str, Place]) -> bool:
        """Return whether columns are those of the source, as they are."""
        return all(place == Place(column) and column not in self._floats for column, place in places.items())

    def _schema(self, places: Mapping[str, Place]) -> pa.Schema:
        with self._own_names():
            return pa.schema([(column, self._type(column, place)) for column, place in places.items()])

    def _narrowed(self, places: Mapping[str, Place]) -> CorpusSource:
        """Return the source with the fields that are needed of each struct alone, if it can read them alone."""
        narrow = getattr(self._source, "narrowed", None)
        return self._source if narrow is None else narrow([(place.column, *place.fields) for place in places.values()])

    # Names ----------------------------------------------------------------------------------------------------------

    def place(self, column: str) -> Place:
        """Find where a column is; one of no other place is taken to be of the source."""
        place = self._places.get(column)
        if place is not None:
            return place
        if column in self._source.column_names:
            return Place(column)
        prefix = _prefix(column, self.column_names)
        return Place(column) if prefix is None or not self.has_field(column) else self._field(column, prefix)

    def _place_to_rename(self, name: str, old: str) -> Place:
        """Find the column, or field, of the source that gets a name."""
        names = self._source.column_names
        if old in names or self._source.find(old):
            return Place(old)
        spaced = [one for one in names if one.strip() == old]
        if len(spaced) == 1:  # the command line does not keep spaces around a name
            return Place(spaced[0])
        if (prefix := _prefix(old, names)) is not None:
            return _field_of(self._source, Place(prefix), old, old[len(prefix) + 1 :])
        close = near_name(old, names)
        others = f"rename={{{name!r}: 'COLUMN'}} reads another one; the columns are {columns_listed(names)}"
        meant = did_you_mean(old, close) if close else others
        if name in names:
            meant = f"{name!r} is there already; or the new name stands first: rename={{{old!r}: {name!r}}}"
        raise CorpusError(
            f"there is no column {old!r} in {self.name} to be renamed to {name!r}", hint=meant, code="LK202"
        )

    def _field(self, column: str, prefix: str) -> Place:
        root = self._places.get(prefix, Place(prefix))
        return _field_of(self._source, root, column, column[len(prefix) + 1 :])

    def _type(self, column: str, place: Place) -> pa.DataType:
        kind = self._source.column_type(place.column)
        for name in place.fields:
            kind = kind.field(name).type if pa.types.is_struct(kind) else pa.null()
        is_float = column in self._floats and pa.types.is_integer(kind)
        return pa.float64() if is_float else delivered_type(kind)

    @contextmanager
    def _own_names(self) -> Iterator[None]:
        """Let errors of the source name the columns as they are named here, and as they were."""
        try:
            yield
        except CorpusError as error:
            if not self._rename:
                raise
            hint = None if error.hint is None else self._in_own_names(error.hint)
            raise type(error)(self._in_own_names(error.message), hint=hint, code=error.code) from error

    def _in_own_names(self, message: str) -> str:
        names = {place.column: new for new, place in self._places.items() if not place.fields and new != place.column}

        def both(match: re.Match[str]) -> str:
            name = names.get(match[2])
            return match[0] if name is None or not match[1] else f"column {name!r} (in the source {match[2]!r})"

        return _NAMED.sub(both, message)


def with_field(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a record with a field of its dicts as a column; as it is, if no dict of it can have that field.

    >>> with_field({"user": {"id": 7}}, "user.id")["user.id"], with_field({"user": None}, "user.id")["user.id"]
    (7, None)
    >>> with_field({"text": "hi"}, "user.id"), with_field({"user": float("nan")}, "user.id")["user.id"]
    ({'text': 'hi'}, None)
    """
    prefix = _prefix(name, list(record))
    if prefix is None or not (isinstance(record[prefix], Mapping) or is_missing(record[prefix])):
        return record
    value, rest = record[prefix], name[len(prefix) + 1 :]
    while rest and isinstance(value, Mapping):
        parts = rest.split(".")
        begins = (".".join(parts[:stop]) for stop in range(len(parts), 0, -1))
        key = next((begin for begin in begins if begin in value), rest)
        value, rest = value.get(key), rest[len(key) + 1 :]
    return {**record, name: None if rest else value}


def _columns(places: Mapping[str, Place]) -> list[str]:
    return list(dict.fromkeys(place.column for place in places.values()))


def _prefix(column: str, names: Sequence[str]) -> str | None:
    """Return the longest name that a dotted name begins with."""
    parts = column.split(".")
    prefixes = (".".join(parts[:stop]) for stop in range(len(parts) - 1, 0, -1))
    return next((prefix for prefix in prefixes if prefix in names), None)


def _field_of(source: CorpusSource, root: Place, column: str, rest: str) -> Place:
    """Follow the rest of a dotted name through the structs of a column.

    Raises
    ------
    CorpusError
        If it leads through something else than a struct, or to no field.
    """
    kind, fields, shown = source.column_type(root.column), list(root.fields), column.removesuffix(f".{rest}")
    for name in root.fields:
        kind = kind.field(name).type
    while rest:
        if pa.types.is_null(kind):
            return Place(root.column, (*fields, rest))
        if not pa.types.is_struct(kind):
            raise _no_struct(column, shown, kind)
        name = _field_name(column, shown, kind, rest)
        kind, rest = kind.field(name).type, rest[len(name) + 1 :]
        fields.append(name)
        shown = f"{shown}.{name}"
    return Place(root.column, tuple(fields))


def _field_name(column: str, shown: str, kind: pa.DataType, rest: str) -> str:
    """Return the field that the rest of a dotted name begins with; its own name may have dots."""
    names, parts = [field.name for field in kind], rest.split(".")
    name = next((begin for stop in range(len(parts), 0, -1) if (begin := ".".join(parts[:stop])) in names), None)
    if name is None:
        close = difflib.get_close_matches(parts[0], names, n=1)
        raise CorpusError(
            f"column {column!r} is not in the corpus: {shown!r} has no field {parts[0]!r} (fields: {', '.join(names)})",
            hint=f"did you mean {f'{shown}.{close[0]}'!r}?" if close else None,
            code="LK202",
        )
    if names.count(name) > 1:
        raise CorpusError(f"column {column!r}: {shown!r} has several fields {name!r}", hint="rename one of them")
    return name


def _no_struct(column: str, shown: str, kind: pa.DataType) -> CorpusError:
    message = f"column {column!r} is not in the corpus: {shown!r} is {kind}, and only structs have fields"
    if pa.types.is_nested(kind):
        return CorpusError(
            message,
            hint=f"a dotted name does not lead into lists: take what is needed of {shown!r} in a @column",
            code="LK202",
        )
    is_text = pa.types.is_string(kind)
    return CorpusError(
        message, hint=f"if {shown!r} is JSON in text, parse it in a @column" if is_text else None, code="LK202"
    )
