"""Rows as objects, ``x.text``: what rules of Snorkel are called with, and our rules in the appliers of others.

>>> row = Row(text="so free", likes=3)
>>> row.text, row["likes"], "text" in row, len(row)
('so free', 3, True, 2)
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from labelkit._shared.missing import is_missing

if TYPE_CHECKING:
    from labelkit.rules.labeling_function import Column, LabelingFunction


_NO_NAME: Final = "x.name, the index of a data frame, is not known of the row: frame.reset_index() makes it a column"


class Row(SimpleNamespace):
    """A row of a corpus with its fields as attributes and items.

    Whatever else a row of a data frame has (``x.to_dict()``, ``x.index``) is asked of a pandas series of it, unless a
    field has that name.
    """

    def __getitem__(self, key: Any) -> Any:
        return vars(self)[key] if isinstance(key, str) else self._series()[key]

    def __setitem__(self, key: str, value: Any) -> None:
        vars(self)[key] = value

    def __contains__(self, key: object) -> bool:
        return key in vars(self)

    def __iter__(self) -> Iterator[Any]:
        return iter(vars(self).values())

    def __len__(self) -> int:
        return len(vars(self))

    def __getattr__(self, name: str) -> Any:
        if name == "name":
            raise AttributeError(f"{_NO_NAME}; it has the fields {', '.join(vars(self))}", name=name, obj=self)
        if name.startswith("__") or name not in attributes_of_series():
            raise AttributeError(f"the row has no field {name!r}; it has {', '.join(vars(self))}", name=name, obj=self)
        return getattr(self._series(), name)

    def _series(self) -> Any:
        import pandas as pd  # noqa: PLC0415 - only for rules that ask for more than fields

        return pd.Series(vars(self), dtype=object)

    @classmethod
    def of(cls, names: Sequence[str], values: Sequence[Any]) -> Row:
        """Make a row of its values; one that is missing is NaN, as in a data frame."""
        row = cls()
        vars(row).update(zip(names, (math.nan if value is None else value for value in values), strict=True))
        return row


@cache
def attributes_of_series() -> frozenset[str]:
    """List what a row of a data frame has besides its fields: ``x.name``, ``x.get``."""
    import pandas as pd  # noqa: PLC0415 - only for rules of rows

    return frozenset(dir(pd.Series))


def values_of(reader: LabelingFunction[...] | Column, derived: Mapping[str, Column], args: Sequence[Any]) -> Any:
    """Return the columns that a rule reads if it is called with a row: of a frame, a namespace, an object, a dict.

    Parameters
    ----------
    reader : LabelingFunction or Column
    derived : mapping of str to Column
        The derived columns that it reads.
    args : sequence
        Of the call.

    Returns
    -------
    dict or None
        None if it is not called with a row.
    """
    if len(args) != 1 or isinstance(args[0], str | bytes | int | float | None):
        return None
    names = [parameter.name for parameter in reader.parameters]
    fields = _fields(args[0])
    if fields is None or not all(name in fields or name in derived for name in names):
        return None
    if not any(name in fields for name in names) and not fields:
        return None
    return {name: _plain(fields[name]) if name in fields else derived[name](args[0]) for name in names}


def _fields(point: Any) -> Mapping[str, Any] | None:
    """Return the fields of a row by name; None of what is no row."""
    if isinstance(point, Mapping):
        return point
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(point, pandas.Series):
        return dict(point.items())
    if hasattr(point, "_asdict"):
        return dict(point._asdict())
    fields = getattr(point, "__dict__", None)
    return dict(fields) if isinstance(fields, dict) and not isinstance(point, type) and not callable(point) else None


def _plain(value: Any) -> Any:
    """Return a value as a corpus gives it: a Python value, None where it is missing."""
    plain = value.item() if type(value).__module__ == "numpy" and getattr(value, "ndim", 1) == 0 else value
    return None if is_missing(plain) else plain
