"""Compute rows on demand for tables too large for memory, such as probabilities of a million rows over 1,000 classes.

Indexing computes the chosen rows and returns an array; iterating computes one piece at a time. The functions of this
module take an ordinary array as well, for tables that fit into memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from labelkit._shared.memory import check_room
from labelkit._shared.row_operations import take_rows
from labelkit._shared.threads import blocks

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

PIECE_CELLS: Final = 4_000_000
"""Numbers that are computed at a time: 32 MB."""

KEPT_CELLS: Final = 64_000_000
"""Tables of more numbers, half a gigabyte, become an array only on explicit conversion."""


class ComputedRows(ABC):
    """A table of numbers that is too large for memory; indexing it computes the chosen rows.

    ``rows[3]``, ``rows[10:20]``, ``rows[mask]`` and ``rows[positions]`` are arrays; so is ``np.asarray(rows)``, of all
    rows, if they fit into memory.

    Attributes
    ----------
    shape : tuple of int
        (n_rows, n_columns)
    """

    shape: tuple[int, int]
    ndim: Final = 2
    dtype: Final = np.dtype(np.float64)

    @abstractmethod
    def computed(self, rows: slice) -> NDArray[np.float64]:
        """Compute the rows from ``rows.start`` up to ``rows.stop``; they must fit into memory."""

    @abstractmethod
    def taken(self, index: NDArray[np.int64]) -> ComputedRows:
        """Return the table of the rows at some positions, without computing any."""

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.shape[0]:,} rows of {self.shape[1]:,} numbers, computed on demand)"

    def __iter__(self) -> Iterator[NDArray[np.float64]]:
        for _, rows in pieces_of(self):
            yield from rows

    def __getitem__(self, rows: Any) -> NDArray[np.float64]:
        if isinstance(rows, tuple):
            if len(rows) != 2 or not isinstance(rows[1], int | np.integer | slice):
                raise IndexError("rows computed on demand take a number or a slice for the columns: rows[:10, 1]")
            return np.asarray(self[rows[0]][..., rows[1]])
        one = isinstance(rows, int | np.integer)
        if one and not -len(self) <= rows < len(self):
            raise IndexError(f"there is no row {rows}: there are {len(self):,}")
        chosen = np.array(rows % len(self)) if one else np.arange(len(self))[rows]
        return _checked(self, chosen.ravel()).reshape((*chosen.shape, self.shape[1]))

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:  # noqa: FBT001 - NumPy's
        if copy is False:
            raise ValueError("these rows are computed on demand: an array of them is always a copy")
        return _checked(self, np.arange(len(self))).astype(dtype or self.dtype, copy=False)


class StackedRows(ComputedRows):
    """Present the rows of several tables as one table, without copying them.

    Parameters
    ----------
    parts : sequence of ndarray or ComputedRows
    places : sequence of ndarray of int64, optional
        Positions of the rows of each part, ascending; one part after the other, if not given.
    """

    def __init__(self, parts: Sequence[Rows], places: Sequence[NDArray[np.int64]] | None = None) -> None:
        ends = np.cumsum([len(part) for part in parts])
        self.parts = tuple(parts)
        self.places = tuple(np.split(np.arange(ends[-1]), ends[:-1]) if places is None else places)
        self.shape = (int(ends[-1]), parts[0].shape[1])

    def computed(self, rows: slice) -> NDArray[np.float64]:
        result = np.empty((rows.stop - rows.start, self.shape[1]))
        for part, places in zip(self.parts, self.places, strict=True):
            local = slice(*(int(place) for place in np.searchsorted(places, [rows.start, rows.stop])))
            values = part.computed(local) if isinstance(part, ComputedRows) else part[local]
            result[places[local] - rows.start] = values
        return result

    def taken(self, index: NDArray[np.int64]) -> StackedRows:
        owner, rank = np.empty(len(self), dtype=np.int64), np.empty(len(self), dtype=np.int64)
        for number, places in enumerate(self.places):
            owner[places], rank[places] = number, np.arange(len(places))
        chosen = [np.flatnonzero(owner[index] == number) for number in range(len(self.parts))]
        parts: list[Rows] = []
        for part, places in zip(self.parts, chosen, strict=True):
            local = rank[index[places]]
            parts.append(part.taken(local) if isinstance(part, ComputedRows) else part[local])
        return StackedRows(parts, chosen)


class TakenRows(ComputedRows):
    """Rows of an array by their positions, picked on demand.

    >>> TakenRows(np.array([[1.0], [2.0]]), np.array([1, 1, 0]))[1:].tolist()
    [[2.0], [1.0]]
    """

    def __init__(self, values: NDArray[np.float64], index: NDArray[Any]) -> None:
        self.values, self.index = values, index
        self.shape = (len(index), values.shape[1])

    def computed(self, rows: slice) -> NDArray[np.float64]:
        return take_rows(self.values, self.index[rows])

    def taken(self, index: NDArray[np.int64]) -> TakenRows:
        return TakenRows(self.values, self.index[index])


Rows: TypeAlias = "NDArray[np.float64] | ComputedRows"
"""A table of numbers, as an array or computed on demand."""


def pieces_of(values: Rows) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Yield all rows with their slice: an array in one piece, computed rows in pieces of ``PIECE_CELLS`` numbers.

    >>> [(piece.stop, rows.tolist()) for piece, rows in pieces_of(np.array([[1.0, 2.0], [3.0, 4.0]]))]
    [(2, [[1.0, 2.0], [3.0, 4.0]])]
    """
    if not isinstance(values, ComputedRows):
        yield slice(0, len(values)), values
        return
    for piece in blocks(len(values), PIECE_CELLS // max(values.shape[1], 1)):
        yield piece, values.computed(piece)


def stacked(parts: Sequence[Rows]) -> Rows:
    """Concatenate tables; the result is computed on demand if it is large or one of them is.

    >>> stacked([np.array([[1.0]]), np.array([[2.0]])]).tolist()
    [[1.0], [2.0]]
    """
    n_cells = sum(part.shape[0] * part.shape[1] for part in parts)
    if n_cells > KEPT_CELLS or any(isinstance(part, ComputedRows) for part in parts):
        return StackedRows(parts)
    return np.concatenate([np.asarray(part) for part in parts])


def picked(values: Rows, index: NDArray[Any]) -> NDArray[np.float64]:
    """Return an array of the rows at some positions.

    >>> picked(TakenRows(np.array([[1.0], [2.0]]), np.array([1, 0])), np.array([1, 1])).tolist()
    [[1.0], [1.0]]
    """
    return _computed(values, index) if isinstance(values, ComputedRows) else take_rows(values, index)


def rows_at(values: Rows, index: NDArray[Any]) -> ComputedRows:
    """Return a table of the rows at some positions, without computing any."""
    return values.taken(index) if isinstance(values, ComputedRows) else TakenRows(values, index)


def _computed(values: ComputedRows, index: NDArray[Any]) -> NDArray[np.float64]:
    """Compute the rows at some positions; consecutive positions need no table of their own."""
    consecutive = len(index) > 0 and bool((np.diff(index) == 1).all())
    table, first = (values, int(index[0])) if consecutive else (values.taken(index), 0)
    result = np.empty((len(index), values.shape[1]))
    for piece in blocks(len(index), PIECE_CELLS // max(values.shape[1], 1)):
        result[piece] = table.computed(slice(first + piece.start, first + piece.stop))
    return result


def _checked(values: ComputedRows, index: NDArray[Any]) -> NDArray[np.float64]:
    n_rows, n_columns = len(index), values.shape[1]
    check_room(8.0 * n_rows * n_columns, f"a table of {n_rows:,} rows by {n_columns:,} numbers", hint="fewer at a time")
    return _computed(values, index)
