"""Tell whether a nested value is carried as it is by an Arrow type of lists and structs.

Arrow takes a text for a list of its letters, cuts fractions off where whole numbers are expected, and times off dates.

>>> def is_whole(value, kind):
...     return isinstance(value, str) or not value % 1
>>> fits({"n": [2.0, None]}, pa.struct({"n": pa.list_(pa.int64())}), is_whole)
True
>>> fits([1.5], pa.list_(pa.int64()), is_whole), fits("ab", pa.list_(pa.string()), is_whole)
(False, False)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa

from labelkit._shared.arrow_kinds import is_list
from labelkit._shared.user_errors import warn
from labelkit._shared.written_lists import names_and_more

LeafTest: TypeAlias = Callable[[Any, pa.DataType], bool]
"""Whether a value that is not nested is of a type."""

MOST_KEYS: Final = 5
"""Keys that a warning names."""

_EXACT: Final[tuple[tuple[pa.DataType, frozenset[type]], ...]] = (
    (pa.float64(), frozenset({float, type(None)})),
    (pa.int64(), frozenset({int, type(None)})),
    (pa.string(), frozenset({str, type(None)})),
)
"""Types with the Python types that they carry: items of these alone, such as embeddings, need not be looked at."""


def fits(value: Any, kind: pa.DataType, is_of: LeafTest, left_out: set[str] | None = None) -> bool:
    """Return whether Arrow carries a value as it is.

    Parameters
    ----------
    value : object
    kind : DataType
    is_of : callable
        The test of values that are not nested.
    left_out : set of str, optional
        Takes the keys that hold something and a struct of the type lacks. If not given, such a value does not fit.
    """
    if value is None:
        return True
    if pa.types.is_struct(kind):
        return isinstance(value, Mapping) and _fields_fit(value, kind, is_of, left_out)
    if is_list(kind):
        # Arrow takes any other that is no single value
        may_be_list = not isinstance(value, str | bytes | bytearray | Mapping)
        return may_be_list and (not isinstance(value, Collection) or _all_fit(value, kind.value_type, is_of, left_out))
    return pa.types.is_nested(kind) or is_of(value, kind)


def warn_of_left_out(keys: Mapping[str, set[str]], name: str) -> None:
    """Warn of the keys that were left out of columns, if any were."""
    for column, left_out in keys.items():
        shown = names_and_more(map(repr, sorted(left_out)), MOST_KEYS)
        if left_out:
            warn(
                f"{name}: column {column!r} holds objects, and the keys {shown} of some rows are left out, since "
                "the first rows do not have them. Hint: move a row that has them to the front, "
                f"or types={{{column!r}: pyarrow.struct(...)}}",
                code="LK221",
            )


def _fields_fit(value: Mapping[Any, Any], kind: pa.DataType, is_of: LeafTest, left_out: set[str] | None) -> bool:
    unknown = [key for key in value.keys() - {field.name for field in kind} if value[key] is not None]
    if unknown and left_out is None:
        return False
    if left_out is not None:
        left_out.update(map(str, unknown))
    return all(fits(value.get(field.name), field.type, is_of, left_out) for field in kind)


def _all_fit(values: Iterable[Any], kind: pa.DataType, is_of: LeafTest, left_out: set[str] | None) -> bool:
    exact = next((types for exact_kind, types in _EXACT if exact_kind == kind), frozenset[type]())
    if isinstance(values, np.ndarray):
        values = values.tolist()
    return set(map(type, values)) <= exact or all(fits(value, kind, is_of, left_out) for value in values)
