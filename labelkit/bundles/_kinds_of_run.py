"""Read columns as the run had them, and warn where they hold values of another kind, which rules compare as well."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from datetime import date, datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa

from labelkit._shared.missing import is_missing
from labelkit._shared.user_errors import warn
from labelkit.corpus import Corpus
from labelkit.corpus.all_missing import is_all_missing

KINDS: Final = {
    "numbers": ("int", "uint", "halffloat", "float", "double"),
    "text": ("string", "large_string"),
    "truth values": ("bool",),
    "times without a zone": ("timestamp",),
    "dates": ("date",),
}
"""Kinds of values, with how the names of their types in Arrow begin; others are not told apart. See :data:`_ZONE`."""

_QUICK: Final[Mapping[type, str]] = {str: "text", int: "numbers", float: "numbers", bool: "truth values"}

_SCALARS: Final[Mapping[str, type]] = {
    "numbers": float,
    "text": str,
    "truth values": bool,
    "times without a zone": datetime,
    "dates": date,
}
_WHOLE: Final = ("int", "uint")
_LARGE: Final = "uint64"
_NULL: Final = "null"
_DECIMAL: Final = "decimal"
_ZONE: Final = re.compile(r"timestamp\[\w+, tz=(.+)\]")
_UTC: Final = frozenset(("UTC", "Etc/UTC", "Z", "+00:00", "+0000", "GMT", "Etc/GMT"))


def types_of_run(annotated: Mapping[str, type], column_types: Mapping[str, str]) -> dict[str, type | pa.DataType]:
    """Return the types in which columns with an annotation are read, so that rules get what they got in the run.

    An annotation decides how text of a file is read. It does not change the columns of Parquet and of frames: a rule
    with ``user: str`` over whole numbers got whole numbers, and gets them from a record, too. Times with a zone are in
    that of the run. Whole numbers and floats are floats if the annotation or the run says so.

    Parameters
    ----------
    annotated : mapping of str to type
        The annotations of the rules.
    column_types : mapping of str to str
        The types of Arrow that the columns had, as the manifest of a run names them.

    Returns
    -------
    dict of str to type
        Without the columns whose values in the run were of no type that an annotation names, such as lists.

    Examples
    --------
    >>> types_of_run({"user": str, "n": int, "tags": str}, {"user": "int64", "n": "double", "tags": "list<..."})
    {'user': <class 'int'>, 'n': <class 'float'>}
    """
    read = {name: _type_of_run(kind, column_types.get(name, _NULL)) for name, kind in annotated.items()}
    return {name: kind for name, kind in read.items() if kind is not None}


def _type_of_run(annotated: type, described: str) -> type | pa.DataType | None:
    """Return the type of one column; None where no annotation names it."""
    if described == _NULL or (described.startswith(_DECIMAL) and annotated in (int, float)):
        return annotated
    zone = _ZONE.fullmatch(described)
    if zone is not None:
        return pa.timestamp("us", zone[1])
    if described.startswith(_WHOLE) and annotated is not float:
        return pa.uint64() if described == _LARGE else int
    return _SCALARS.get(kind_of_type(described) or "")


class KindsOfRun:
    """The kinds of the values that rules read of the run's corpus; each difference is told once.

    Parameters
    ----------
    column_types : mapping of str to str
        The types of Arrow, as the manifest of a run names them.
    declared : container of str
        The columns whose values are read of records as one type, or refused.
    """

    def __init__(self, column_types: Mapping[str, str], declared: Container[str] = ()) -> None:
        self._types = column_types
        kinds = {name: kind_of_type(described) for name, described in column_types.items()}
        self._kinds = {name: kind for name, kind in kinds.items() if kind is not None}
        self._undeclared = {name: kind for name, kind in self._kinds.items() if name not in declared}
        self._told: set[tuple[str, str]] = set()

    def look_at_corpus(self, corpus: Corpus) -> None:
        """Look at the types of its columns."""
        for name in self._kinds:
            kind = kind_of_type(str(corpus.column_type(name))) if corpus.has_column(name) else None
            if kind not in (None, self._kinds[name]) and not is_all_missing(corpus, name):
                self._compare(name, kind)

    def look_at_record(self, record: Mapping[str, Any]) -> None:
        """Look at its values."""
        for name, kind in self._undeclared.items():
            value = record.get(name)
            if value is not None and _QUICK.get(type(value)) != kind and not is_missing(value):
                self._compare(name, kind_of_value(value))

    def _compare(self, name: str, kind: str | None) -> None:
        before = self._kinds[name]
        if kind in (None, before) or (name, str(kind)) in self._told:
            return
        self._told.add((name, str(kind)))
        annotation = int if self._types[name].startswith(_WHOLE) else _SCALARS.get(before, datetime)
        warn(
            f"column {name!r} held {before} in the run, and {kind} here: rules that compare its values may vote "
            f"otherwise, without an error. Hint: give {before}; or annotate the parameters of the rules that read it "
            f"({name.rpartition('.')[2]}: {annotation.__name__}), run and bundle them: then they are read as such, or "
            "refused",
            code="LK580",
        )


def kind_of_type(described: str) -> str | None:
    """Return the kind of a type of Arrow; None for other ones.

    >>> kind_of_type("uint8"), kind_of_type("timestamp[us, tz=Etc/UTC]"), kind_of_type("list<element: string>")
    ('numbers', 'times in UTC', None)
    """
    zone = _ZONE.fullmatch(described)
    if zone is not None:
        return f"times in {'UTC' if zone[1] in _UTC else zone[1]}"
    return next((kind for kind, names in KINDS.items() if described.startswith(names)), None)


def kind_of_value(value: Any) -> str | None:
    """Return the kind of a value of Python or NumPy; None for other ones.

    >>> kind_of_value(True), kind_of_value(2), kind_of_value("2"), kind_of_value([2])
    ('truth values', 'numbers', 'text', None)
    >>> kind_of_value(datetime.fromisoformat("2026-01-05T12:30:00+01:00"))
    'times in +01:00'
    """
    if isinstance(value, datetime) and value.tzinfo is not None:
        return kind_of_type(str(pa.scalar(value).type))
    for types, kind in _TYPES:
        if isinstance(value, types):
            return kind
    return None


_TYPES: Final[tuple[tuple[tuple[type, ...], str], ...]] = (
    ((bool, np.bool_), "truth values"),
    ((int, float, np.integer, np.floating), "numbers"),
    ((str,), "text"),
    ((datetime, np.datetime64), "times without a zone"),
    ((date,), "dates"),
)
"""A subclass stands before its base."""
