"""Read sources in memory: frames of any library, dicts of columns, lists of rows.

Each is a set of columns of which any slice can be made an Arrow array. Nothing is converted before it is read, and then
a slice at a time, so that a corpus is never copied as a whole; a column's type is decided once, from the whole column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, cached_property
from hashlib import blake2b
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from labelkit._shared.arrow_arrays import arrow_array, nan_to_null
from labelkit.corpus._arrow_types import deliver, delivered_type, type_hint
from labelkit.corpus._files import skip_rows
from labelkit.corpus._python_values import decide_type, to_array
from labelkit.corpus._valid_text import checked_text
from labelkit.corpus.frame_remedies import PANDAS, POLARS, one_type_hint
from labelkit.corpus.missing_columns import repeated_column
from labelkit.corpus.source import INDEX, BadRows, FirstIndex, FixedColumns
from labelkit.exceptions import CorpusError
from labelkit.votes.alignment import has_index, labels_of, shown_names
from labelkit.votes.example_names import FrameIndex

TEXT = "text"
"""The name of the one column of a list of strings."""

_NUMBERED = ("PeriodDtype", "IntervalDtype")
"""Types of pandas that Arrow holds as the numbers behind them."""

_LARGEST_EXACT = 2.0**53
"""Up to here, each whole number is a float."""

FINGERPRINT_ROWS = 65_536
"""Rows that are hashed together."""


class FrameColumn(Protocol):
    """One column of a frame."""

    @property
    def type(self) -> pa.DataType:
        """The type that it is delivered in."""

    def slice(self, start: int, stop: int) -> pa.Array:
        """Return some of its rows."""


class FrameSource(FixedColumns):
    """A source in memory.

    Parameters
    ----------
    name : str
        Name in messages.
    n_rows : int
        Number of rows.
    columns : mapping of str to callable
        A factory for each column, called when the column is first needed.
    frame_index : FrameIndex, optional
        Of a pandas frame.
    may_reject : bool
        Whether it may hold rows that cannot be read.
    """

    path: Path | None = None
    splittable = True

    def __init__(
        self,
        name: str,
        n_rows: int,
        columns: Mapping[str, Callable[[], FrameColumn]],
        frame_index: FrameIndex | None = None,
        *,
        may_reject: bool = False,
    ) -> None:
        self.name = name
        self.may_reject = may_reject
        self.n_rows = n_rows
        self.frame_index = frame_index
        self.column_names = tuple(columns)
        self._columns = {column: cache(make) for column, make in columns.items()}
        if frame_index is not None and frame_index.ids is not None:
            self._columns[INDEX] = cache(_maker(_any_column, INDEX, frame_index.ids, None))

    def column_type(self, column: str) -> pa.DataType:
        """Return the type of a column."""
        return self._columns[column]().type

    def chunks(self, columns: Sequence[str], start: int, rows: int, bad: BadRows) -> Iterator[pa.RecordBatch]:
        """Deliver slices of ``rows`` rows."""
        if self.may_reject and bad.on_bad_row == "reject":  # start counts the rows that are kept
            return skip_rows(self._kept(columns, rows, bad), start)
        return checked_text(self._slices(columns, start, rows), start, BadRows(self.name))

    def _slices(self, columns: Sequence[str], start: int, rows: int) -> Iterator[pa.RecordBatch]:
        needed = [self._columns[column]() for column in columns]
        schema = pa.schema([(name, column.type) for name, column in zip(columns, needed, strict=True)])
        for first in range(start, self.n_rows, rows):
            stop = min(first + rows, self.n_rows)
            yield pa.RecordBatch.from_arrays([column.slice(first, stop) for column in needed], schema=schema)

    def _kept(self, columns: Sequence[str], rows: int, bad: BadRows) -> Iterator[pa.RecordBatch]:
        """Deliver the rows between those that hold a value of another type than their column's, which are reported."""
        of_python = [one for one in (self._columns[name]() for name in columns) if isinstance(one, PythonColumn)]
        for first in range(0, self.n_rows, rows):
            stop = min(first + rows, self.n_rows)
            reasons: dict[int, str] = {}
            for column in of_python:
                reasons = column.misfits(first, stop) | reasons
            for row in sorted(reasons):
                values = [column.value(row) for column in of_python]
                is_one = all(value is values[0] for value in values)  # an entry of a list that is no row
                bad.add(row, reasons[row], text=", ".join(map(repr, values[: 1 if is_one else None])))
            for begin, end in _between(first, stop, reasons):
                yield from checked_text(islice(self._slices(columns, begin, end - begin), 1), begin, bad)

    def read(self, columns: Sequence[str], start: int, stop: int) -> pa.Table:
        """Deliver a range of rows."""
        arrays = [self._columns[column]().slice(start, stop) for column in columns]
        batch = pa.RecordBatch.from_arrays(arrays, names=list(columns))
        return pa.Table.from_batches(checked_text([batch], start, BadRows(self.name)), schema=batch.schema)

    @cached_property
    def _digest(self) -> str:
        return self.fingerprint_of_first(self.n_rows)

    def fingerprint_of_first(self, n_rows: int, *, index: FirstIndex = "whole") -> str:
        """Hash the first rows of the columns, as :meth:`fingerprint` does where there are no more.

        Parameters
        ----------
        n_rows : int
        index : {"whole", "first", "none"}
            Whether the index names the rows as it names all of them, as it would without the later ones, or not at all.
        """
        columns: dict[str, Callable[[], FrameColumn]] = dict(self._columns)
        if index != "whole":
            columns.pop(INDEX, None)
            labels = None if self.frame_index is None else self.frame_index.first(n_rows).ids
            if index == "first" and labels is not None:
                columns[INDEX] = _maker(_any_column, INDEX, labels, None)
        digest = blake2b(digest_size=16)
        for column, make in columns.items():
            digest.update(f"{column}\0".encode(errors="surrogatepass"))
            with suppress(CorpusError):  # no rule can read it, so it has no part in the result
                digest.update(_content_of_first(make(), n_rows).encode())
        return digest.hexdigest()

    def fingerprint(self) -> str:
        """Hash the columns that can be delivered."""
        return self._digest

    def content(self, column: str) -> str:
        """Hash the values of a column."""
        return _content_of_first(self._columns[column](), self.n_rows)


def _content_of_first(values: FrameColumn, n_rows: int) -> str:
    digest = blake2b(digest_size=16)
    for start in range(0, n_rows, FINGERPRINT_ROWS):
        stop = min(start + FINGERPRINT_ROWS, n_rows)
        try:
            hash_array(digest.update, values.slice(start, stop))
        except CorpusError:
            if not isinstance(values, PythonColumn):
                raise
            misfits = values.misfits(start, stop)
            for row in sorted(misfits):
                digest.update(f"{row}\0{values.value(row)!r}\0".encode(errors="surrogatepass"))
            for begin, end in _between(start, stop, misfits):
                hash_array(digest.update, values.slice(begin, end))
    return digest.hexdigest()


def _between(start: int, stop: int, rows: Iterable[int]) -> list[tuple[int, int]]:
    """Return the ranges between some rows of a range, without the empty ones."""
    return [(one + 1, other) for one, other in pairwise([start - 1, *sorted(rows), stop]) if other - one > 1]


def hash_array(update: Callable[[Any], None], array: pa.Array) -> None:
    """Hash validity and values apart; bytes under a null are not content, nor are those of rows behind a slice."""
    for part in (array.is_valid(), array.drop_null()):
        batch = pa.RecordBatch.from_arrays([_copied(part)], names=[""])
        update(batch.schema.serialize())
        update(batch.serialize())


def _copied(array: pa.Array) -> pa.Array:
    """Copy an array: up to the next multiple of eight bytes, Arrow also writes what stands behind a slice in memory."""
    try:
        return array.filter(pa.array(np.ones(len(array), dtype=np.bool_)))
    except pa.ArrowNotImplementedError:  # views
        return pa.array(array.to_pylist(), array.type)


class ArrowColumn:
    """A column that is in Arrow already."""

    def __init__(self, name: str, values: pa.Array | pa.ChunkedArray) -> None:
        self._name = name
        self._values = values
        self.type = delivered_type(values.type)

    def slice(self, start: int, stop: int) -> pa.Array:
        """Deliver some rows, without a copy within a chunk."""
        return deliver(self._values.slice(start, stop - start), self.type, self._name)


class ConvertedColumn:
    """A column with a type of its own, which Arrow converts slice by slice."""

    def __init__(self, name: str, convert: Callable[[slice], pa.Array | pa.ChunkedArray]) -> None:
        self._name = name
        self._convert = convert
        try:
            self.type = delivered_type(convert(slice(0, 0)).type)
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise CorpusError(
                f"column {name!r} cannot be converted: {error}", hint="convert it to text or numbers first"
            ) from error

    def slice(self, start: int, stop: int) -> pa.Array:
        """Convert some rows."""
        return deliver(self._convert(slice(start, stop)), self.type, self._name)


class PythonColumn:
    """A column of Python values; all of them decide its type, and each is checked against it."""

    def __init__(self, name: str, values: Sequence[Any], source: str, kind: pa.DataType | None = None) -> None:
        self._name = name
        self._values = values
        self._source = source
        self._is_declared = kind is not None
        self.type = decide_type(name, values) if kind is None else kind

    def value(self, row: int) -> Any:
        """Return the value of a row as it was given."""
        return self._values[row]

    def misfits(self, start: int, stop: int) -> dict[int, str]:
        """Return the reason for each row, of some, whose value is not of the type of the column."""
        _, reasons = to_array(self._values[start:stop], self.type)
        return {start + place: f"column {self._name!r}: {reason}" for place, reason in reasons.items()}

    def slice(self, start: int, stop: int) -> pa.Array:
        """Convert some rows; raises CorpusError with the first that does not fit."""
        array, misfits = to_array(self._values[start:stop], self.type)
        if array is None:
            position, reason = next(iter(misfits.items()))
            misfit = f"column {self._name!r}: {reason}"
            hint = _declared_hint(misfit, self.type) if self._is_declared else None
            raise CorpusError(
                f"{self._source}, row {start + position}: {misfit}",
                hint=hint or one_type_hint(self._source, self._name),
            )
        return array


def _declared_hint(misfit: str, kind: pa.DataType) -> str | None:
    """Return what to do about a value that is not of the type that was declared."""
    if pa.types.is_string(kind):
        return "an annotation, or types=, declares str: declare the type of the values, or make text of them"
    return type_hint(misfit, rejects=False)


def from_table(table: Any) -> FrameSource:
    """Read a ``pyarrow.Table`` or ``RecordBatch``."""
    makers = [_maker(ArrowColumn, name, table.column(i)) for i, name in enumerate(table.schema.names)]
    return FrameSource(
        f"an Arrow {type(table).__name__}", table.num_rows, _by_name(table.schema.names, makers), may_reject=True
    )


def from_arrow_array(array: Any) -> FrameSource:
    """Read an array of Arrow, or of a library that gives its arrays to Arrow: structs are rows, others are texts."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks() if array.num_chunks != 1 else array.chunk(0)
    elif not isinstance(array, pa.Array):
        array = pa.array(array)
    is_rows = pa.types.is_struct(array.type)
    return from_table(pa.RecordBatch.from_struct_array(array) if is_rows else pa.record_batch({TEXT: array}))


def from_pandas(frame: Any, types: Mapping[str, pa.DataType] | None = None) -> FrameSource:
    """Read a pandas frame or Series; an index of its own names the rows.

    pandas makes floats of whole numbers beside gaps: a column that is declared to hold whole numbers has them again.
    """
    if frame.ndim == 1:
        frame = frame.to_frame(TEXT if frame.name is None else frame.name)
    names = [str(name) for name in frame.columns]
    columns = [frame.iloc[:, i] for i in range(len(names))]
    kinds = [None if one.dtype == object else (types or {}).get(name) for name, one in zip(names, columns, strict=True)]
    makers = [
        _maker(_series_column, name, column, PANDAS, kind)
        for name, column, kind in zip(names, columns, kinds, strict=True)
    ]
    return FrameSource(PANDAS, len(frame), _by_name(names, makers), FrameIndex.of(frame))


def from_polars(frame: Any) -> FrameSource:
    """Read a polars DataFrame or Series."""
    if type(frame).__name__ == "Series":
        frame = frame.rename(frame.name or TEXT).to_frame()
    makers = [_maker(_polars_column, name, frame[name]) for name in frame.columns]
    return FrameSource(POLARS, frame.height, _by_name(frame.columns, makers))


def from_columns(columns: Mapping[Any, Any], types: Mapping[str, pa.DataType]) -> FrameSource:
    """Read a dict of columns: lists, arrays, Series."""
    _check_no_tables(columns)
    names = [str(name) for name in columns]
    lengths = {}
    for name, values in zip(names, columns.values(), strict=True):
        if isinstance(values, str) or not hasattr(values, "__len__") or not hasattr(values, "__getitem__"):
            raise CorpusError(
                f"column {name!r} of the dict is a {type(values).__name__}, not a list of values",
                hint="a corpus of one row is a list of one dict: [row]",
                code="LK213",
            )
        lengths[name] = len(values)
    if len(set(lengths.values())) > 1:
        raise CorpusError(f"the columns of the dict have different lengths: {lengths}", code="LK213")
    makers = [
        _maker(_any_column, name, columns[key], types.get(name)) for key, name in zip(columns, names, strict=True)
    ]
    n_rows, index = next(iter(lengths.values()), 0), _shared_index(columns)
    return FrameSource("a dict of columns", n_rows, _by_name(names, makers), index, may_reject=index is None)


def _check_no_tables(columns: Mapping[Any, Any]) -> None:
    """Refuse a dict of whole tables, such as the splits of a data set."""
    tables = [name for name, values in columns.items() if is_table(values)]
    if not tables:
        return
    if isinstance(columns[tables[0]], Mapping):
        raise CorpusError(
            f"column {tables[0]!r} of the dict is a dict", hint="give pandas.DataFrame(data)", code="LK213"
        )
    kind = "dict" if type(columns) is dict else type(columns).__name__
    listed = ", ".join(repr(name) for name in tables[:6])
    raise CorpusError(
        f"a {kind} of tables ({listed}) is several corpora", hint=f"give one: data[{tables[0]!r}]", code="LK213"
    )


def is_table(value: Any) -> bool:
    """Return True for a frame or a data set of any library, and for a dict."""
    return hasattr(value, "columns") or hasattr(value, "column_names") or isinstance(value, Mapping)


def _shared_index(columns: Mapping[Any, Any]) -> FrameIndex | None:
    """Return the index that columns have in common, if all are Series."""
    series = {str(name): values for name, values in columns.items() if has_index(values)}
    if not series:
        return None
    first = next(iter(series.values()))
    for name, values in series.items():
        if not values.index.equals(first.index):
            raise CorpusError(
                f"the columns {next(iter(series))!r} and {name!r} of the dict have different indexes: they begin with "
                f"{shown_names(labels_of(first.index))} and {shown_names(labels_of(values.index))}",
                hint="pd.DataFrame(columns) aligns them; .to_numpy() takes the values in their order",
                code="LK326",
            )
    return FrameIndex.of(first) if len(series) == len(columns) else None


def _by_name(names: Sequence[str], makers: Sequence[Callable[[], FrameColumn]]) -> dict[str, Callable[[], FrameColumn]]:
    """Pair names and columns; a name that stands twice is an error only when that column is needed."""
    columns: dict[str, Callable[[], FrameColumn]] = {}
    for name, maker in zip(names, makers, strict=True):
        columns[name] = _maker(_twice, name) if name in columns else maker
    return columns


def _twice(name: str) -> FrameColumn:
    raise repeated_column(name, "the frame")


def _maker(make: Callable[..., FrameColumn], *arguments: Any) -> Callable[[], FrameColumn]:
    return lambda: make(*arguments)


def _series_column(name: str, series: Any, source: str, kind: pa.DataType | None = None) -> FrameColumn:
    if series.dtype == object:
        return PythonColumn(name, series.to_numpy(), source, kind)
    if type(series.dtype).__name__ in _NUMBERED:
        raise CorpusError(
            f"column {name!r} holds {series.dtype}, of which rules would read numbers",
            hint=f'make text of it: frame["{name}"].astype(str)',
            code="LK200",
        )
    if type(series.dtype).__name__ == "SparseDtype":
        series = series.sparse.to_dense()
    if kind is not None and pa.types.is_integer(kind) and _are_whole(series):
        return ConvertedColumn(name, lambda rows: pa.array(series.iloc[rows], from_pandas=True).cast(kind))
    return ConvertedColumn(name, lambda rows: pa.array(series.iloc[rows], from_pandas=True))


def _are_whole(series: Any) -> bool:
    """Return whether all numbers of a column of floats are whole, and none is too large to be known exactly."""
    if getattr(series.dtype, "kind", "") != "f":
        return False
    numbers = series.dropna().to_numpy(dtype=np.float64)
    return bool((np.abs(numbers) <= _LARGEST_EXACT).all() and (numbers == np.trunc(numbers)).all())


def _polars_column(name: str, series: Any) -> FrameColumn:
    if str(series.dtype) == "Object":
        return PythonColumn(name, series.to_list(), POLARS)
    return ConvertedColumn(name, lambda rows: series[rows].to_arrow())


def _any_column(name: str, values: Any, kind: pa.DataType | None) -> FrameColumn:
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return ArrowColumn(name, values)
    if hasattr(values, "iloc"):
        return _series_column(name, values, "a dict of columns", kind)
    if hasattr(values, "to_arrow"):
        return _polars_column(name, values)
    if isinstance(values, np.ndarray) and values.dtype != object:
        if values.ndim != 1:
            raise CorpusError(f"column {name!r} has {values.ndim} dimensions, not 1", code="LK213")
        return ConvertedColumn(name, lambda rows: nan_to_null(arrow_array(values[rows])))
    return PythonColumn(name, values, "a dict of columns", kind)
