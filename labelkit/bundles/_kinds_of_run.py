"""Warn where a column holds values of another kind than in the run, which rules compare without an error."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

import numpy as np

from labelkit._shared.missing import is_missing
from labelkit._shared.user_errors import warn
from labelkit.corpus import Corpus

KINDS: Final = {
    "numbers": ("int", "uint", "halffloat", "float", "double"),
    "text": ("string", "large_string"),
    "truth values": ("bool",),
    "times": ("timestamp",),
    "dates": ("date",),
}
"""Kinds of values, with how the names of their types in Arrow begin; others are not told apart."""

_QUICK: Final[Mapping[type, str]] = {str: "text", int: "numbers", float: "numbers", bool: "truth values"}

_ANNOTATIONS: Final = {"numbers": "float", "text": "str", "truth values": "bool", "times": "datetime", "dates": "date"}
_WHOLE: Final = ("int", "uint")


class KindsOfRun:
    """The kinds of the values that rules read of the run's corpus; each difference is told once.

    Parameters
    ----------
    column_types : mapping of str to str
        The types of Arrow, as the manifest of a run names them.
    """

    def __init__(self, column_types: Mapping[str, str]) -> None:
        self._types = column_types
        kinds = {name: kind_of_type(described) for name, described in column_types.items()}
        self._kinds = {name: kind for name, kind in kinds.items() if kind is not None}
        self._told: set[tuple[str, str]] = set()

    def look_at_corpus(self, corpus: Corpus) -> None:
        """Look at the types of its columns."""
        for name in self._kinds:
            if corpus.has_column(name):
                self._compare(name, kind_of_type(str(corpus.column_type(name))))

    def look_at_record(self, record: Mapping[str, Any]) -> None:
        """Look at its values."""
        for name, kind in self._kinds.items():
            value = record.get(name)
            if value is not None and _QUICK.get(type(value)) != kind and not is_missing(value):
                self._compare(name, kind_of_value(value))

    def _compare(self, name: str, kind: str | None) -> None:
        before = self._kinds[name]
        if kind in (None, before) or (name, str(kind)) in self._told:
            return
        self._told.add((name, str(kind)))
        annotation = "int" if self._types[name].startswith(_WHOLE) else _ANNOTATIONS[before]
        warn(
            f"column {name!r} held {before} in the run, and {kind} here: rules that compare its values may vote "
            f"otherwise, without an error. Hint: give {before}; or annotate the parameters of the rules that read it "
            f"({name.rpartition('.')[2]}: {annotation}), run and bundle them: then they are read as such, or "
            "refused",
            code="LK580",
        )


def kind_of_type(described: str) -> str | None:
    """Return the kind of a type of Arrow; None for other ones.

    >>> kind_of_type("uint8"), kind_of_type("timestamp[us, tz=UTC]"), kind_of_type("list<element: string>")
    ('numbers', 'times', None)
    """
    return next((kind for kind, names in KINDS.items() if described.startswith(names)), None)


def kind_of_value(value: Any) -> str | None:
    """Return the kind of a value of Python or NumPy; None for other ones.

    >>> kind_of_value(True), kind_of_value(2), kind_of_value("2"), kind_of_value([2])
    ('truth values', 'numbers', 'text', None)
    """
    for types, kind in _TYPES:
        if isinstance(value, types):
            return kind
    return None


_TYPES: Final[tuple[tuple[tuple[type, ...], str], ...]] = (
    ((bool, np.bool_), "truth values"),
    ((int, float, np.integer, np.floating), "numbers"),
    ((str,), "text"),
    ((datetime, np.datetime64), "times"),
    ((date,), "dates"),
)
"""A subclass stands before its base."""
