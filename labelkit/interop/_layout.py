"""The content of an export: which columns are written, under which names, and their values."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelkit._shared.markup import FAILED
from labelkit.interop._chosen import ChosenRows
from labelkit.runs.match_patterns import MatchFinder
from labelkit.votes.named_labels import free_name, named_labels, names_of_classes
from labelkit.votes.outcomes import FAULT


@dataclass(frozen=True, eq=False)
class ExportLayout:
    """The content of an export.

    Parameters
    ----------
    class_names, lf_names : tuple of str
    id_name : str
        The column of the ids.
    columns : tuple of str
        The columns of the corpus.
    text : str or None
        The column that a tool shows; None for tables.
    votes, reasons : bool
        Whether the votes, and the names of the rules that voted for the label, are written.
    by_default : bool
        Whether labels by default are marked.
    version : str
        What made the labels.
    finders : mapping from int to MatchFinder
        What finds the matches of each rule.
    encoding : str or None
        That of CSV, if it is not UTF-8.
    infinite : set of str
        Columns with an infinite number that was written as null; filled while rows are written.
    """

    class_names: tuple[str, ...]
    lf_names: tuple[str, ...]
    id_name: str
    columns: tuple[str, ...]
    text: str | None
    votes: bool
    reasons: bool
    by_default: bool
    version: str
    finders: Mapping[int, MatchFinder] = field(default_factory=dict)
    encoding: str | None = None
    infinite: set[str] = field(default_factory=set)

    @property
    def key(self) -> str:
        """The name under which annotation tools keep the id; it says whether that is a position (``row``)."""
        return "row" if self.id_name == "row" else "example_id"

    def table(self, rows: ChosenRows) -> pa.Table:
        """Make a table: id, columns of the corpus, label, its confidence, probabilities, votes and reasons."""
        ids = self._free_name(self.id_name, set())
        named = named_labels(
            ids,
            rows.ids,
            rows.label,
            rows.covered,
            rows.proba,
            self.class_names,
            inputs=self._inputs(rows, taken={ids}),
            by_default=rows.by_default if self.by_default else None,
        )
        return pa.table({**named, **self._extras(rows)})

    def details(self, rows: ChosenRows, *taken: str) -> list[dict[str, Any]]:
        """Return what a tool shows beside the text of each example, as plain values; what is null is left out.

        Names that are taken are those of the format's own values beside these.
        """
        named = {**self._inputs(rows, taken={self.key, "text", *taken}), **self._extras(rows)}
        if not named:
            return [{} for _ in range(len(rows))]
        rows_of_values = plain_rows(self.noted(pa.table(named)))
        return [{key: value for key, value in row.items() if value is not None} for row in rows_of_values]

    def noted(self, table: pa.Table) -> pa.Table:
        """Return a table that goes to :func:`plain_column`, once the columns that lose infinite numbers are noted."""
        for name, column in zip(table.column_names, table.columns, strict=True):
            if pa.types.is_floating(column.type) and pc.any(pc.is_inf(column)).as_py():
                self.infinite.add(name)
        return table

    def texts(self, rows: ChosenRows) -> list[str]:
        """Return the text of each example; empty where it is null."""
        assert self.text is not None
        assert rows.inputs is not None
        column = rows.inputs.column(self.text)
        texts = column if pa.types.is_string(column.type) else pc.cast(column, pa.string())
        return list(texts.fill_null("").to_pylist())

    def _inputs(self, rows: ChosenRows, taken: set[str]) -> dict[str, Any]:
        """Return the columns of the corpus, renamed where an export has a column of that name."""
        if rows.inputs is None:
            return {}
        named: dict[str, Any] = {}
        for column in self.columns:
            named[self._free_name(column, taken | set(named))] = rows.inputs.column(column)
        return named

    def _free_name(self, column: str, taken: set[str]) -> str:
        """Return the name under which a column of the corpus is written."""
        votes = {f"vote_{name}" for name in self.lf_names} if self.votes else set()
        return free_name(column, taken | votes, self.class_names)

    def _extras(self, rows: ChosenRows) -> dict[str, Any]:
        named: dict[str, Any] = {}
        if self.votes and rows.outcomes is not None:
            for name, votes in zip(self.lf_names, rows.outcomes.T, strict=True):
                named[f"vote_{name}"] = _names_of_votes(votes, self.class_names)
        if self.reasons and rows.outcomes is not None:
            named["reasons"] = reasons_of(rows.outcomes, rows.label, self.lf_names)
        return named


def _names_of_votes(votes: NDArray[Any], class_names: Sequence[str]) -> pa.Array:
    """Return the names of votes: null for an abstain, and ``(failed)`` for a fault, which is none."""
    number = np.where(votes == FAULT, len(class_names), votes)
    return names_of_classes(number.astype(np.int64), [*class_names, FAILED])


def reasons_of(outcomes: NDArray[Any], label: NDArray[np.int64], lf_names: Sequence[str]) -> pa.ListArray:
    """List the rules that voted for the label of each example; empty where there is no label.

    >>> reasons_of(np.array([[1, -1, 1], [0, 1, -1]]), np.array([1, -1]), ["a", "b", "c"]).to_pylist()
    [['a', 'c'], []]
    """
    speaks = (outcomes == label[:, None]) & (label >= 0)[:, None]
    offsets = np.concatenate([[0], np.cumsum(speaks.sum(axis=1))])
    names = pa.array(list(lf_names), pa.string()).take(pa.array(np.nonzero(speaks)[1]))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), names)


# Plain values ---------------------------------------------------------------------------------------------------------


def plain_rows(table: pa.Table) -> list[dict[str, Any]]:
    """Return the rows of a table as values of JSON: dates as text, bytes in Base64, and null for what is not a number.

    >>> plain_rows(pa.table({"n": [1.5, float("nan")], "b": [b"a", None]}))
    [{'n': 1.5, 'b': 'YQ=='}, {'n': None, 'b': None}]
    """
    columns = [plain_column(column) for column in table.columns]
    return [dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True)]


def plain_column(column: pa.ChunkedArray) -> list[Any]:
    """Return the values of a column as values of JSON."""
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return list(column.to_pylist())
    if pa.types.is_floating(kind):
        return list(pc.if_else(pc.is_finite(column), column, None).to_pylist())
    return [_plain(value) for value in column.to_pylist()]


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case dict():
            return {str(key): _plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case _:
            return value.isoformat() if hasattr(value, "isoformat") else str(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def as_json(value: Any) -> str:
    """Write a plain value as JSON on one line."""
    return _ENCODER.encode(value)
