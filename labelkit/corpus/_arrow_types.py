"""Choose the types that a corpus delivers: text is ``string``, categories and runs are their values, others stay.

>>> delivered_type(pa.dictionary(pa.int8(), pa.large_string()))
DataType(string)
>>> delivered_type(pa.run_end_encoded(pa.int32(), pa.bool_()))
DataType(bool)
>>> type_of_annotation(int | None), type_of_annotation(object)
(DataType(int64), None)
"""

from __future__ import annotations

import datetime as dt
import re
import types as python_types
from collections.abc import Mapping
from typing import Any, Union, get_args, get_origin

import pyarrow as pa
import pyarrow.compute as pc

from labelkit._shared.arrow_arrays import nan_to_null, without_dictionary
from labelkit._shared.arrow_kinds import is_bytes, is_list, is_text, value_type, without_views
from labelkit.exceptions import CorpusError

_SCALARS: tuple[tuple[type, pa.DataType], ...] = (
    (bool, pa.bool_()),
    (int, pa.int64()),
    (float, pa.float64()),
    (str, pa.string()),
    (bytes, pa.binary()),
    (dt.datetime, pa.timestamp("us")),
    (dt.date, pa.date32()),
)
"""A subclass stands before its base: bool is an int, a datetime is a date."""

_EXTENSIONS = {"arrow.json": pa.string(), "arrow.bool8": pa.bool_()}
"""Extension types that are another way to store values of a plain type; Parquet files of DuckDB have the first."""


def delivered_type(kind: pa.DataType) -> pa.DataType:
    """Return the type in which a column of Arrow type ``kind`` is delivered."""
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return delivered_type(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType):
        return _EXTENSIONS.get(kind.extension_name, kind)
    return pa.string() if pa.types.is_large_string(kind) else without_views(kind)


def in_utc(kind: pa.DataType) -> pa.DataType:
    """Return a type with its times in UTC: a database gives moments in the zone of its session, which is a setting.

    >>> in_utc(pa.list_(pa.timestamp("us", "Europe/Berlin")))
    ListType(list<item: timestamp[us, tz=UTC]>)
    """
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return pa.timestamp(kind.unit, "UTC")
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        make = pa.list_ if pa.types.is_list(kind) else pa.large_list
        return make(kind.value_field.with_type(in_utc(kind.value_type)))
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(in_utc(field.type)) for field in kind])
    if pa.types.is_map(kind):
        return pa.map_(in_utc(kind.key_type), kind.item_field.with_type(in_utc(kind.item_type)))
    return kind


def deliver(array: pa.Array | pa.ChunkedArray, kind: pa.DataType, column: str) -> pa.Array:
    """Cast one slice of a column to its type, without a copy where it has that type."""
    if pa.types.is_run_end_encoded(array.type):
        array = pc.run_end_decode(array)
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks == 1 else _combined(array, column)
    if isinstance(array, pa.DictionaryArray):
        array = without_dictionary(array)
    if array.type == kind:
        return array
    try:
        return array.cast(kind)
    except pa.ArrowNotImplementedError:  # of some types within others
        return pa.array(array.to_pylist(), kind)
    except pa.ArrowInvalid:  # offsets of a slice of large strings may lie beyond 2 GB: count them from 0
        rebased = array.take(pa.array(range(len(array)), pa.int64()))
    try:
        return rebased.cast(kind)
    except pa.ArrowInvalid as error:
        raise _too_large(column, len(array)) from error


def _combined(array: pa.ChunkedArray, column: str) -> pa.Array:
    if array.num_chunks == 0:
        return pa.array([], array.type)
    combined = array.combine_chunks()
    if isinstance(combined, pa.ChunkedArray):
        if combined.num_chunks != 1:
            raise _too_large(column, len(array))
        combined = combined.chunk(0)
    return combined


def _too_large(column: str, n_rows: int) -> CorpusError:
    return CorpusError(f"column {column!r} holds more than 2 GB in {n_rows} rows", hint="use smaller batches")


def of_one_kind(one: pa.DataType, other: pa.DataType) -> bool:
    """Tell if values of two types mean the same, in other widths: a cast of one to the other only changes storage.

    Arrow casts much else, such as texts to numbers, dates to texts and 5 to True, which changes what a rule reads.
    """
    if one == other or pa.types.is_null(one) or pa.types.is_null(other):
        return True
    if pa.types.is_dictionary(one) or pa.types.is_dictionary(other):
        return of_one_kind(value_type(one), value_type(other))
    if pa.types.is_timestamp(one) and pa.types.is_timestamp(other):
        return bool(one.tz == other.tz)
    if pa.types.is_struct(one) and pa.types.is_struct(other):
        both = {field.name for field in one} & {field.name for field in other}
        return all(of_one_kind(one.field(name).type, other.field(name).type) for name in both)
    if is_list(one) and is_list(other):
        return of_one_kind(one.value_type, other.value_type)
    return any(is_kind(one) and is_kind(other) for is_kind in _KINDS)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


_KINDS = (
    _is_number,
    is_text,
    is_bytes,
    pa.types.is_decimal,
    pa.types.is_date,
    pa.types.is_time,
    pa.types.is_duration,
)


def arrow_types(types: Mapping[str, Any] | None) -> dict[str, pa.DataType]:
    """Translate the ``types`` argument, without annotations that name no type."""
    translated = {name: type_of_annotation(annotation) for name, annotation in (types or {}).items()}
    return {name: kind for name, kind in translated.items() if kind is not None}


def type_of_annotation(annotation: Any) -> pa.DataType | None:
    """Find the Arrow type of a Python annotation (None for ``object``, ``Any`` and no annotation).

    Raises
    ------
    CorpusError
        If a column of a file cannot be of that type.
    """
    if isinstance(annotation, pa.DataType):
        return annotation
    if annotation is None or annotation is object or annotation is Any:
        return None
    if get_origin(annotation) in {Union, python_types.UnionType}:
        members = [member for member in get_args(annotation) if member is not type(None)]
        annotation = members[0] if len(members) == 1 else annotation
    for scalar, kind in _SCALARS:
        if isinstance(annotation, type) and issubclass(annotation, scalar):
            return kind
    names = ", ".join(scalar.__name__ for scalar, _ in _SCALARS)
    raise CorpusError(f"{annotation!r} is not a type of a column", hint=f"the types are {names}")


def name_of_type(kind: pa.DataType) -> str:
    """Return the Python name of a type, or Arrow's where there is none.

    >>> name_of_type(pa.float64()), name_of_type(pa.timestamp("us")), name_of_type(pa.list_(pa.int64()))
    ('float', 'datetime', 'list<item: int64>')
    """
    if pa.types.is_timestamp(kind):
        return "datetime"
    if pa.types.is_integer(kind):
        return "int"
    return next((scalar.__name__ for scalar, simple in _SCALARS if simple == kind), str(kind))


def parse_text(text: pa.Array, kind: pa.DataType) -> tuple[pa.Array, dict[int, str]]:
    """Parse text as values of a type; returns also the reason at each position that does not parse.

    >>> values, misfits = parse_text(pa.array(["1", " 2.0", "x", None, ""]), pa.int64())
    >>> values.to_pylist(), misfits
    ([1, 2, None, None, None], {2: "int expected, got 'x'"})
    """
    if text.type == kind:
        return text, {}
    trimmed = pc.utf8_trim_whitespace(text)
    trimmed = pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)
    if pa.types.is_integer(kind) and pc.any(pc.match_substring(trimmed, ".")).as_py():
        trimmed = pc.replace_substring_regex(trimmed, r"^([+-]?[0-9]+)\.0*$", r"\1")  # of a column that had gaps
    misfits = {
        position: f"{name_of_type(kind)} expected, got {text[position].as_py()!r:.80}"
        for position in _unparsable(trimmed, kind)
    }
    if misfits:
        gone = pc.is_in(pa.array(range(len(text)), pa.int64()), value_set=pa.array(list(misfits), pa.int64()))
        trimmed = pc.if_else(gone, pa.scalar(None, pa.string()), trimmed)
    return nan_to_null(trimmed.cast(kind)), misfits


def _of_a_comma(column: str) -> str:
    name = column if column.isidentifier() else "text"
    read = f'float({name}.replace(",", "."))'
    return f"a decimal comma: annotate str, and read the number in a @column, return {read}"


def _of_fractions(column: str) -> str:
    why = "int by an annotation or its first values"
    return f"{why}: annotate the parameter, {column}: float, or types={{{column!r}: float}}"


def _of_times(column: str, expected: str, value: str) -> str | None:
    """Say how times are read that Arrow does not parse: with a zone, as seconds, or as people write days."""
    name = column if column.isidentifier() else "text"
    if _ZONED.fullmatch(value):
        read = f"datetime.fromisoformat({name})"
    elif _SECONDS.fullmatch(value):
        read = f"datetime.fromtimestamp(int({name}), UTC)"
    elif (day := _DAY.fullmatch(value)) is not None:
        year_first, sign = len(day[1]) == 4, day[2]
        parts = ("%Y", "%m", "%d") if year_first else ("%d", "%m", "%Y" if len(day[3]) == 4 else "%y")
        clock = "" if day[4] is None else day[4][0] + ("%H:%M:%S" if day[4].count(":") > 1 else "%H:%M")
        read = f'datetime.strptime({name}, "{sign.join(parts)}{clock}")' + (
            "" if year_first else " (%m first if months are)"
        )
    else:
        return None
    return f"annotate str, and read the {'day' if expected == 'date' else 'time'} in a @column: {read}"


def type_hint(reason: str, *, rejects: bool = True) -> str | None:
    """Return what to do about a value that is not of its column's type, by the reason that reports it.

    ``rejects`` says whether the source can leave out single rows.

    >>> type_hint("column 'n': int expected, got '2.5'")
    "int by an annotation or its first values: annotate the parameter, n: float, or types={'n': float}"
    >>> type_hint("3 fields, not 2")
    """
    reject = '; on_bad_row="reject" leaves such rows out' if rejects else ""
    nested = _NESTED_MISFIT.search(reason)
    if nested is not None:
        return (
            f"the first rows decide the type of {nested[1]!r}, here {nested[2]}: fractions among ints fit if a "
            f"row with one stands first{reject}; "
            f'or types={{"{nested[1]}": pyarrow.list_(...)}}'
        )
    given = _MISFIT.search(reason)
    if given is None:
        return None
    column, expected, is_text, value = given.groups()
    is_number = expected in {"int", "float"}
    hints = [
        (is_text and is_number and _NUMBER.fullmatch(value), f"the numbers of {column!r} stand in quotes: {_TEXT}"),
        (value.casefold() in _WORDS_FOR_NOTHING, f"leave a field empty where a value is missing{reject}"),
        (expected == "int" and _FRACTION.fullmatch(value), _of_fractions(column)),
        (is_number and _DECIMAL_COMMA.fullmatch(value), _of_a_comma(column)),
        (is_number and _GROUPED.fullmatch(value), f"write 1234.5, not 1,234.5 or 1234,5; or {_TEXT}"),
        (expected in {"datetime", "date"} and _of_times(column, expected, value), _of_times(column, expected, value)),
        (expected == "bool" and value.casefold() in _WORDS_FOR_BOOL, f"write true and false; or {_TEXT}"),
    ]
    advice = f'annotate str, or types={{"{column}": str}}, if the column holds more than {expected}{reject}'
    return next((hint for holds, hint in hints if holds), advice)


_TEXT = "annotate str, and read the value in a @column"
_MISFIT = re.compile(r"""column ['"](.*)['"]: (\w+) expected, got (?:(str)|\w+)?(?:: )?'?(.*?)'?$""")
_NESTED_MISFIT = re.compile(r"column '(.*?)': .* does not fit ((?:list|large_list|fixed_size_list|struct)<.*>)$")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_FRACTION = re.compile(r"[+-]?\d*\.\d+")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,(?!\d{3}$)\d+")
_GROUPED = re.compile(r"[+-]?\d+([.,' ]\d+)+")
_ZONED = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*(Z|[+-]\d\d:?\d\d)")
_SECONDS = re.compile(r"\d{9,10}")
_DAY = re.compile(r"(\d{1,4})([./-])\d{1,2}\2(\d{1,4})([ T]\d{1,2}:\d\d(?::\d\d)?)?")
_WORDS_FOR_NOTHING = {"na", "n/a", "nan", "null", "none", "-", "?", "nil", "missing", "unknown", "<na>", "#n/a"}
_WORDS_FOR_BOOL = {"yes", "no", "y", "n", "t", "f", "on", "off"}


def _unparsable(text: pa.Array, kind: pa.DataType, offset: int = 0) -> list[int]:
    """Find the positions that do not parse, by bisection: one cast where all parse, few where most do."""
    try:
        text.cast(kind)
    except pa.ArrowInvalid:
        if len(text) == 1:
            return [offset]
        middle = len(text) // 2
        return _unparsable(text[:middle], kind, offset) + _unparsable(text[middle:], kind, offset + middle)
    return []
