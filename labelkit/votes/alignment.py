"""Match rows that a user gives beside the examples (gold, slices, labels, ids) with the examples.

The law, for all of them: what names its rows is matched by name; what does not is matched by position, if it has as
many rows; anything else is an error that shows names. :func:`names_of` tells the two apart, :class:`RowNames` finds
rows by their names, and the caller raises the error of its domain.

>>> ids = np.array(["a", "b", "c"])
>>> RowNames(names_of({"b": 1, "c": 0}, ids)).positions(ids).tolist()
[-1, 0, 1]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class RowNames:
    """An index of rows by their names.

    Parameters
    ----------
    names : ndarray, shape (n_rows,)
        In the order of the rows; a name may occur several times.
    """

    names: NDArray[Any]

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def _index(self) -> pd.Index[Any]:
        import pandas as pd  # noqa: PLC0415 - only where rows are matched by name

        index: pd.Index[Any] = pd.Index(self.names)
        return index

    @cached_property
    def _is_first(self) -> NDArray[np.bool_]:
        return np.asarray(~self._index.duplicated())

    @property
    def is_unique(self) -> bool:
        """Return True if no name occurs twice."""
        return bool(self._index.is_unique)

    def repeated(self) -> Any:
        """Return the first name that occurs a second time, as a Python object; only if not unique."""
        return self._index[~self._is_first].tolist()[0]

    def positions(self, wanted: NDArray[Any]) -> NDArray[np.int64]:
        """Find the row of each wanted name (of several, the first), -1 where there is none; shape (n_wanted,)."""
        import pandas as pd  # noqa: PLC0415 - as above

        if self.is_unique:
            return np.asarray(self._index.get_indexer(pd.Index(wanted)), dtype=np.int64)
        among_first = self._index[self._is_first].get_indexer(pd.Index(wanted))
        return np.where(among_first >= 0, np.flatnonzero(self._is_first)[among_first], -1)


def names_of(given: Any, ids: NDArray[Any] | None = None) -> NDArray[Any] | None:
    """Return the names that the rows of something bear.

    Parameters
    ----------
    given : mapping, pandas Series, or anything else
    ids : ndarray, shape (n_examples,), optional
        Those that the names are going to be matched with, where they are at hand.

    Returns
    -------
    ndarray or None
        The keys of a mapping, or the index of a Series. None where only the order says which row is which: the index of
        a Series that was made without one, where the ids are at hand and its numbers are not all ids.
    """
    if isinstance(given, Mapping):
        return object_array(given)
    if not has_index(given):
        return None
    names: NDArray[Any] = given.index.to_numpy()
    if ids is None:
        return names
    is_default = len(names) == len(ids) and np.array_equal(names, np.arange(len(names)))
    return None if is_default and not set(names.tolist()) <= set(ids.tolist()) else names


def has_index(given: Any) -> bool:
    """Return True for a pandas Series, recognised without importing pandas (a list's ``index`` is a method)."""
    return hasattr(getattr(given, "index", None), "to_numpy")


def listed_names(given: Any) -> NDArray[Any]:
    """Return one name, or several, as an array."""
    is_one = isinstance(given, str) or not hasattr(given, "__iter__")
    return object_array([given] if is_one else given)


def object_array(values: Iterable[Any]) -> NDArray[Any]:
    """Return values of any types as an array, without making one type of them."""
    listed = list(values)
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    return array


def shown_names(names: NDArray[Any], most: int = 2) -> str:
    """Return the first names as their author wrote them, for an error.

    >>> shown_names(np.array([7, 8, 9])), shown_names(np.array([]))
    ('[7, 8]', '(none)')
    """
    return repr(names[:most].tolist()) if len(names) else "(none)"


def names_hint(ids: NDArray[Any]) -> str | None:
    """Return a hint that shows an id of the examples, for an error about a name that none of them bears."""
    return f"ids look like {ids[:1].tolist()[0]!r}" if len(ids) else None
