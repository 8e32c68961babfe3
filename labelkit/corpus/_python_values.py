"""Convert Python values to Arrow: one type a column, and a reason for each value that does not fit it.

None, NaN and the missing values of pandas are null.

>>> decide_type("n", [None, 1, 2.5])
DataType(double)
>>> to_array([1, "2", None], pa.int64())
(None, {1: "int expected, got str: '2'"})
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from labelkit._shared.missing import MISSING_TYPES, is_missing
from labelkit.corpus._arrow_types import name_of_type, parse_text
from labelkit.corpus._nested_values import fits
from labelkit.exceptions import CorpusError

SLICE = 65_536
"""Values that are converted together where a type has to be found by trying."""

LARGEST = 2**63 - 1
"""The largest int64."""

_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    ((bool, np.bool_), "bool"),
    ((int, np.integer), "int"),
    ((float, np.floating), "float"),
    (str, "str"),
    ((bytes, bytearray), "bytes"),
    (dt.datetime, "datetime"),
    (dt.date, "date"),
)
"""A subclass stands before its base: bool is an int, a datetime is a date."""

_TYPES = {
    "bool": pa.bool_(),
    "int": pa.int64(),
    "float": pa.float64(),
    "str": pa.string(),
    "bytes": pa.binary(),
    "date": pa.date32(),
}
"""The kinds that have one Arrow type; that of others depends on the values."""

_NUMBERS = {"float": ("int", "Decimal"), "int": ("float", "Decimal")}
"""Other kinds of numbers that a column takes, those with a fraction left out."""

_CANNOT = (pa.ArrowException, TypeError, ValueError, OverflowError)


def decide_type(column: str, values: Sequence[Any]) -> pa.DataType:
    """Decide the type of a column: that of its first value, but float where ints and floats stand together.

    Whole numbers are int64, or uint64 if one is beyond that and none is below 0, as hashes are.

    Raises
    ------
    CorpusError
        If Arrow has no type for what the column holds.
    """
    kinds = _kinds_in(values)
    if not kinds or (kinds == ["float"] and all(map(is_missing, values))):
        return pa.null()
    kind = "float" if kinds[0] == "int" and "float" in kinds else kinds[0]
    if kind == "int" and _are_unsigned(values):
        return pa.uint64()
    return _TYPES[kind] if kind in _TYPES else _type_by_trying(column, values)


def _are_unsigned(values: Iterable[Any]) -> bool:
    """Return whether an integer is beyond int64, all are within uint64, and none is below 0."""
    if not LARGEST < max(value for value in values if isinstance(value, int | np.integer)) < 2**64:
        return False
    return all(value >= 0 for value in values if isinstance(value, int | np.integer))


def to_array(
    values: Sequence[Any], kind: pa.DataType, left_out: set[str] | None = None
) -> tuple[pa.Array | None, dict[int, str]]:
    """Convert values; returns the array, or None and the reason at each position that does not fit.

    Texts in a column of times or dates are parsed, as those of CSV and JSON Lines are: JSON has no other times.
    Keys that the structs of the type lack are added to a set, if one is given; else values that have any do not fit.

    >>> to_array(["2026-01-05", dt.date(2026, 1, 6), "soon"], pa.date32())
    (None, {2: "date expected, got 'soon'"})
    >>> to_array(["2026-01-05 12:30:00", None], pa.timestamp("us"))[0].to_pylist()
    [datetime.datetime(2026, 1, 5, 12, 30), None]
    """
    if is_read_of_text(kind) and any(isinstance(value, str) for value in values):
        return _with_times_of_text(values, kind)
    if pa.types.is_nested(kind) and not all(fits(value, kind, _is_leaf, left_out) for value in values):
        failure = "values of other types"
    elif all(_accepts(kind, value_kind) for value_kind in _kinds_for(kind, values)):
        try:
            return _array(values, kind), {}
        except _CANNOT as error:
            failure = str(error)
    else:
        failure = "mixed types"
    given = enumerate(values)
    reasons = {i: reason for i, value in given if (reason := _misfit(value, kind, left_out)) is not None}
    return None, reasons or {0: failure}


def is_read_of_text(kind: pa.DataType) -> bool:
    """Return True for dates and times."""
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))


def _with_times_of_text(values: Sequence[Any], kind: pa.DataType) -> tuple[pa.Array | None, dict[int, str]]:
    """Convert values of which some are texts, to be parsed as times."""
    places = [place for place, value in enumerate(values) if isinstance(value, str)]
    try:
        texts = pa.array([values[place] for place in places], pa.string())
    except UnicodeEncodeError:
        return None, {place: _misfit(values[place], pa.string()) or "" for place in places}
    parsed, misfits = parse_text(texts, kind)
    times = dict(zip(places, parsed.to_pylist(), strict=True))
    array, reasons = to_array([times.get(place, value) for place, value in enumerate(values)], kind)
    reasons |= {places[number]: reason for number, reason in misfits.items()}
    return (None, dict(sorted(reasons.items()))) if reasons else (array, {})


def to_batch(
    rows: Sequence[Mapping[str, Any]],
    schema: pa.Schema,
    *,
    skip: Container[int] = (),
    left_out: Mapping[str, set[str]] | None = None,
) -> tuple[pa.RecordBatch, dict[int, str]]:
    """Convert rows, of which any may lack a key; keys that structs lack are added to the sets of their columns.

    Returns
    -------
    pyarrow.RecordBatch
        The rows that fit, without those at the positions to skip.
    dict of int to str
        The reason for each row that does not fit.
    """
    reasons: dict[int, str] = {}
    kept = [position for position in range(len(rows)) if position not in skip]
    while True:
        arrays = []
        for field in schema:
            values = [rows[position].get(field.name) for position in kept]
            array, misfits = to_array(values, field.type, None if left_out is None else left_out[field.name])
            arrays.append(array)
            for position, reason in misfits.items():
                reasons.setdefault(kept[position], f"column {field.name!r}: {reason}")
        if all(array is not None for array in arrays):
            return pa.RecordBatch.from_arrays(arrays, schema=schema), reasons
        kept = [position for position in kept if position not in reasons]


class KeyValues(Sequence[Any]):
    """The values of one key in a list of dicts, as a sequence that copies nothing."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], key: str) -> None:
        self._rows = rows
        self._key = key

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [row.get(self._key) for row in self._rows[index]]
        return self._rows[index].get(self._key)

    def __iter__(self) -> Iterator[Any]:
        return (row.get(self._key) for row in self._rows)


def _kinds_in(values: Iterable[Any]) -> list[str]:
    """List the kinds of the values that are not missing, in order of appearance."""
    kinds = _kinds_of(map(type, values))
    if "float" in kinds and len(kinds) > 1:  # NaN among other values is a missing one
        return _kinds_of(type(value) for value in values if not is_missing(value))
    return kinds


def _kinds_for(kind: pa.DataType, values: Iterable[Any]) -> list[str]:
    """List the kinds of the values that a column of a type has to accept: of numbers, NaN is one, of others missing."""
    kinds = _kinds_in(values)
    if kinds == ["float"] and not _accepts(kind, "float"):
        return _kinds_of(type(value) for value in values if not is_missing(value))
    return kinds


def _kinds_of(types: Iterable[type]) -> list[str]:
    kinds = (_kind(value_type) for value_type in dict.fromkeys(types) if value_type.__name__ not in MISSING_TYPES)
    return list(dict.fromkeys(kinds))


def _kind(value_type: type) -> str:
    return next((kind for base, kind in _KINDS if issubclass(value_type, base)), value_type.__name__)


def _accepts(kind: pa.DataType, value_kind: str) -> bool:
    """Check that values of a kind belong to a column of a type; Arrow itself checks nested ones."""
    expected = name_of_type(kind)
    return (
        value_kind == expected
        or value_kind in _NUMBERS.get(expected, ())
        or expected not in {*_TYPES, "datetime", "null"}
    )


def _is_leaf(value: Any, kind: pa.DataType) -> bool:
    """Return whether a value within lists and structs is carried as it is.

    Arrow itself refuses what is of another kind, but would cut off fractions, and the times of dates.
    """
    if is_missing(value):
        return True
    if pa.types.is_integer(kind) and isinstance(value, float | Decimal | np.floating):
        return not value % 1
    if pa.types.is_timestamp(kind):
        return not _is_of_other_zone(value, kind)
    return _accepts(kind, _kind(type(value)))


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if kind == pa.float64():  # Arrow refuses ints that a float cannot hold exactly; Python and JSON do not
        values = [float(value) if isinstance(value, int | Decimal) else value for value in values]
    elif pa.types.is_integer(kind):
        values = [_whole(value) if isinstance(value, float | Decimal) else value for value in values]
    elif pa.types.is_timestamp(kind) and any(_is_of_other_zone(value, kind) for value in values):
        raise ValueError("times with and without a zone")  # Arrow would take the latter to be in UTC
    try:
        return pa.array(values, kind, from_pandas=True)
    except _CANNOT:  # Arrow knows NaN of the usual width alone
        return pa.array([None if is_missing(value) else value for value in values], kind, from_pandas=True)


def _is_of_other_zone(value: Any, kind: pa.DataType) -> bool:
    """Return whether a time has a zone where others have none, or none where they have."""
    return isinstance(value, dt.datetime) and not is_missing(value) and (value.tzinfo is None) != (kind.tz is None)


def _whole(value: float | Decimal) -> int | None:
    """Return a number without a fraction as an int, NaN as null; Arrow would cut a fraction off."""
    if value != value:  # noqa: PLR0124 - NaN
        return None
    if value % 1:
        raise ValueError(f"{value} has a fraction")
    return int(value)


def _misfit(value: Any, kind: pa.DataType, left_out: set[str] | None = None) -> str | None:
    if is_missing(value):
        return None
    shown = f"{value!r:.80}" if isinstance(value, str) else f"{value!r}"[:80]
    if not _accepts(kind, _kind(type(value))):
        return f"{name_of_type(kind)} expected, got {type(value).__name__}: {shown}"
    if pa.types.is_nested(kind) and not fits(value, kind, _is_leaf, left_out):
        return f"{shown} does not fit {kind}"
    try:
        _array([value], kind)
    except UnicodeEncodeError:
        return f"not valid Unicode (half of a surrogate pair): {shown}"
    except _CANNOT:
        return _why_not(value, kind, shown)
    return None


def _why_not(value: Any, kind: pa.DataType, shown: str) -> str:
    if pa.types.is_timestamp(kind) and _is_of_other_zone(value, kind):
        return f"a time {'without' if kind.tz else 'with'} a zone, unlike others of the column: {shown}"
    if pa.types.is_integer(kind) and isinstance(value, float | Decimal):
        return f"int expected, got {type(value).__name__}: {shown}"
    return f"{shown} does not fit {kind}"


def _type_by_trying(column: str, values: Sequence[Any]) -> pa.DataType:
    """Find the type of dates with zones, decimals, lists, structs: the widest that the values agree on."""
    kind = pa.null()
    for start in range(0, len(values), SLICE):
        part = values[start : start + SLICE]
        try:
            kind = wider(kind, pa.array(part, from_pandas=True).type)
        except _CANNOT:
            for value in part:
                kind = wider(kind, _type_of_one(value))
    first = next((value for value in values if not is_missing(value)), None)
    if kind == pa.null() and first is not None:
        raise CorpusError(
            f"column {column!r} holds {type(first).__name__} objects, which cannot be carried",
            hint="make such objects in a @column, from columns of text and numbers",
        )
    return kind


def _type_of_one(value: Any) -> pa.DataType:
    try:
        return pa.array([value], from_pandas=True).type
    except _CANNOT:
        return pa.null()


def wider(left: pa.DataType, right: pa.DataType) -> pa.DataType:
    """Merge two types if values of both fit one; otherwise the first stands, and misfits are reported."""
    if left == right or right == pa.null() or {left, right} == {pa.int64(), pa.uint64()}:
        return left
    try:
        merged = pa.unify_schemas(
            [pa.schema({"column": left}), pa.schema({"column": right})], promote_options="permissive"
        )
    except _CANNOT:
        return left
    return merged.field("column").type
