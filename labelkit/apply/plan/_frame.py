"""The columns of one batch, of the corpus or derived, in the forms that rules ask for; each form is made once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from labelkit._shared.arrow_arrays import arrow_array, numpy_array
from labelkit._shared.own_copies import own_copies
from labelkit._shared.time_limit import TimeUpError
from labelkit._shared.user_errors import Errors, described
from labelkit.apply.plan._calls import call_chunks, call_each
from labelkit.corpus.all_missing import is_without_values
from labelkit.rules.labeling_function import Column, derived_columns

Single: TypeAlias = str | Column
"""A column of the corpus by its name, or a derived one."""

Key: TypeAlias = Single | tuple[Single, ...]
"""A column, or several whose values are looked at together, as tuples."""

Mask: TypeAlias = npt.NDArray[np.bool_]

Makers: TypeAlias = Mapping[Column, Callable[..., Any]]
"""Functions that compute derived columns, specialised for the rules of a plan."""

Coded: TypeAlias = tuple[npt.NDArray[np.int64], list[Any]]
"""For each row the number of its value, and the values."""


def key_of(owner: Any, name: str) -> Single:
    """Return the column that a rule or a derived column means by the name of a parameter."""
    return derived_columns(owner).get(name, name)


def makers_of(owners: Sequence[Any]) -> dict[Column, Callable[..., Any]]:
    """Return the function of each derived column that is specialised for the rules and columns that read it.

    A function with a method ``prepared`` is specialised by it, given the readers of the column and its name in each.
    """
    readers: dict[Column, list[tuple[Any, str]]] = {}
    for owner in owners:
        for name, column in derived_columns(owner).items():
            readers.setdefault(column, []).append((owner, name))
    return {
        column: column.function.prepared(column.name, read)
        for column, read in readers.items()
        if hasattr(column.function, "prepared")
    }


class BatchColumns:
    """The columns of one batch.

    Parameters
    ----------
    table : pyarrow.RecordBatch
        The columns of the corpus that the rules read.
    makers : mapping from Column to callable, optional
        Functions that compute derived columns, where it is not the column's own function.
    """

    def __init__(self, table: pa.RecordBatch, makers: Makers | None = None) -> None:
        self.n_rows = table.num_rows
        self._table = table
        self._makers = makers or {}
        self._arrow: dict[Key, pa.Array] = dict(zip(table.schema.names, table.columns, strict=True))
        self._lists: dict[Key, list[Any]] = {}
        self._nulls: dict[Key, Mask] = {}
        self._text: dict[Key, pa.Array | None] = {}
        self._coded: dict[Key, Coded | None] = {}
        self._errors: dict[Key, Errors] = {}

    def values(self, key: Key) -> list[Any]:
        """The values as Python objects."""
        if key not in self._lists:
            array = self._array(key)
            if array is not None:
                self._lists[key] = array.to_pylist()
            elif isinstance(key, Column):
                self._lists[key], self._errors[key] = self._computed(key)
            elif isinstance(key, tuple):
                self._lists[key] = list(map(_whole, zip(*map(self.values, key), strict=True)))
        return self._lists[key]

    def given(self, key: Single, rows: npt.NDArray[np.int64]) -> list[Any]:
        """The values of some rows for one function of the user's, which may change them: no other function sees that.

        Values that cannot be changed are not copied. Those of the corpus are converted anew, which is as quick as a
        copy; derived ones are copied, or, where that is impossible, computed anew.
        """
        if not isinstance(key, Column):
            array = self._arrow[key]
            if not pa.types.is_nested(array.type):
                return pick(self.values(key), rows)
            return (array if len(rows) == self.n_rows else array.take(arrow_array(rows))).to_pylist()  # type: ignore[no-any-return]
        try:
            return own_copies(pick(self.values(key), rows), key.origin.namespace)
        except Exception:  # noqa: BLE001 - copying runs code of the values: generators, locks and others refuse it
            return pick(self._computed(key)[0], rows)

    def given_column(self, key: Single, rows: npt.NDArray[np.int64]) -> pa.Array | list[Any]:
        """The same as an Arrow array, which nothing changes, or, where they are derived, as a list of all rows."""
        if not isinstance(key, Column):
            return self._arrow[key]
        values: list[Any] = [None] * self.n_rows
        for row, value in zip(rows.tolist(), self.given(key, rows), strict=True):
            values[row] = value
        return values

    def nulls(self, key: Key) -> Mask:
        """Mask of the rows in which the value is null, or, of several columns, any value is."""
        if key not in self._nulls:
            if isinstance(key, tuple):
                self._nulls[key] = np.asarray(np.logical_or.reduce([self.nulls(one) for one in key]))
            elif (array := self._array(key)) is None:
                self._nulls[key] = np.fromiter((v is None for v in self.values(key)), np.bool_, self.n_rows)
            else:
                none = array.null_count == 0
                self._nulls[key] = np.zeros(self.n_rows, np.bool_) if none else numpy_array(pc.is_null(array))
        return self._nulls[key]

    def errors(self, key: Key) -> Errors:
        """The rows on which a derived column could not be computed, and why."""
        if not isinstance(key, Column) or self._array(key) is not None:
            return {}
        self.values(key)
        return self._errors[key]

    def text(self, key: Key) -> pa.Array | None:
        """The values as an Arrow array of text, or None where some are no text."""
        if key not in self._text:
            array = self._array(key)
            self._text[key] = _text_of_list(self.values(key)) if array is None else _text_of(array)
        return self._text[key]

    def coded(self, key: Key) -> Coded | None:
        """For each row the number of its value, and the values; None for columns that cannot be coded (nested ones)."""
        if key not in self._coded:
            if isinstance(key, tuple):
                self._coded[key] = _code_together([self.coded(one) for one in key])
            else:
                self._coded[key] = _code_list(self.values(key)) if isinstance(key, Column) else _code(self._arrow[key])
        return self._coded[key]

    def part(self, start: int, n_rows: int) -> BatchColumns:
        """Some rows, of which nothing is derived yet."""
        return BatchColumns(self._table.slice(start, n_rows), self._makers)

    def take_over(self, part: BatchColumns, start: int, columns: Sequence[Column]) -> None:
        """Keep derived columns that were made for a part; the parts come in order."""
        for column in columns:
            self._lists.setdefault(column, []).extend(part.values(column))
            errors = self._errors.setdefault(column, {})
            errors |= {start + row: error for row, error in part.errors(column).items()}

    def _array(self, key: Key) -> pa.Array | None:
        """The values as they are held by Arrow: of the corpus, or texts that are made of one such column of texts.

        A function with ``by_arrow`` promises that each of its values depends on its own row alone, and null on null.
        """
        if isinstance(key, Column) and key not in self._arrow and getattr(key.function, "by_arrow", False):
            of = key_of(key, key.parameters[0].name)
            texts = self.text(of) if isinstance(of, str) else None
            if texts is not None:
                self._arrow[key] = key.function(texts)
        return self._arrow.get(key)

    def _computed(self, column: Column) -> tuple[list[Any], Errors]:
        """Compute a derived column; a null argument gives null unless the parameter takes nulls."""
        keys = [key_of(column, parameter.name) for parameter in column.parameters]
        errors: Errors = {}
        skip = np.zeros(self.n_rows, np.bool_)
        for key, parameter in zip(keys, column.parameters, strict=True):
            errors = {**self.errors(key), **errors}
            if not parameter.optional:
                skip |= self.nulls(key)
        skip[list(errors)] = True
        rows = np.flatnonzero(~skip)
        try:
            results, failed = self._called(column, keys, rows)
        except TimeUpError as error:
            raise error.of(rows, column.name) from None
        values: list[Any] = [None] * self.n_rows
        for row, value in zip(rows.tolist(), results, strict=True):
            values[row] = value
        for position, (kind, message) in failed.items():
            values[int(rows[position])] = None
            errors[int(rows[position])] = (kind, f"column {column.name!r}: {message}")
        return values, errors

    def _called(self, column: Column, keys: list[Single], rows: npt.NDArray[np.int64]) -> tuple[Any, Errors]:
        """Call the function of a derived column on some rows."""
        if not column.batch:
            return call_each(column.function, [self.given(key, rows) for key in keys])
        annotations = [parameter.annotation for parameter in column.parameters]
        columns = [self.given_column(key, rows) for key in keys]
        function = self._makers.get(column, column.function)
        results, failed = call_chunks(function, columns, annotations, rows, self.n_rows)
        return results, failed | {
            i: described(value) for i, value in enumerate(results) if isinstance(value, BaseException)
        }


def pick(values: list[Any], rows: npt.NDArray[np.int64]) -> list[Any]:
    """The values of some rows; the list itself where that is all of them."""
    return values if len(rows) == len(values) else [values[row] for row in rows.tolist()]


def _text_of(array: pa.Array) -> pa.Array | None:
    if pa.types.is_null(array.type) or is_without_values(array):
        return pa.nulls(len(array), pa.string())
    return array if pa.types.is_string(array.type) or pa.types.is_large_string(array.type) else None


def _text_of_list(values: Sequence[Any]) -> pa.Array | None:
    if not {type(value) for value in values} <= {str, type(None)}:
        return None
    try:
        return pa.array(values, pa.string())
    except (UnicodeEncodeError, pa.ArrowCapacityError):  # lone surrogates, which only a Python rule can make
        return None


def _whole(row: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """A tuple of values, unknown where one of them is null."""
    return None if any(value is None for value in row) else row


def _code(array: pa.Array) -> Coded | None:
    try:
        coded = array.dictionary_encode(null_encoding="encode")
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return None
    return numpy_array(coded.indices).astype(np.int64), coded.dictionary.to_pylist()


def _code_list(values: list[Any]) -> Coded | None:
    numbers: dict[tuple[type, Any], int] = {}
    try:
        codes = [numbers.setdefault((type(value), value), len(numbers)) for value in values]
    except Exception:  # noqa: BLE001 - not hashable, or what compares them is a user's code that fails
        return None
    return np.array(codes, dtype=np.int64), [value for _, value in numbers]


def _code_together(columns: list[Coded | None]) -> Coded | None:
    """Number the tuples of values that there are; the numbers stay below that of the rows, whatever the columns are."""
    encoded = [column for column in columns if column is not None]
    if len(encoded) < len(columns):
        return None
    codes, values = encoded[0]
    tuples = [(value,) for value in values]
    for more, others in encoded[1:]:
        distinct, codes = np.unique(codes * len(others) + more, return_inverse=True)
        tuples = [(*tuples[number // len(others)], others[number % len(others)]) for number in distinct.tolist()]
    return codes, list(map(_whole, tuples))


FrameKeys: TypeAlias = Mapping[str, Single]
"""For each column name that a rule uses, the column that it means."""
