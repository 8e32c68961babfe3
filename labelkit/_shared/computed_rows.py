"""Tables too large to keep, such as the probabilities of a million rows over a thousand classes: rows made when needed.

Who asks for some rows gets an array of them; who goes through all has a piece at a time in memory. Where a table is
small enough to be kept, the same functions take the array.
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
"""Of rows that are made when they are needed, so many numbers are made at a time: 32 MB."""

KEPT_CELLS: Final = 64_000_000
"""Of a table of more numbers, half a gigabyte, no array is made unasked."""


class ComputedRows(ABC):
    """A table of numbers that is too large to keep: indexing it makes the rows that are asked for.

    ``rows[3]``, ``rows[10:20]``, ``rows[mask]`` and ``rows[positions]`` are arrays; so is ``np.asarray(rows)``, of all
    of them, where these fit into memory.

    Attributes
    ----------
    shape : tuple of int
        (n_rows, n_columns)
    """

    shape: tuple[int, int]
    ndim: Final = 2
    dtype: Final = np.dtype(np.float64)

    @abstractmethod
    def made(self, rows: slice) -> NDArray[np.float64]:
        """The rows from ``rows.start`` up to ``rows.stop``; few enough to be kept."""

    @abstractmethod
    def taken(self, index: NDArray[np.int64]) -> ComputedRows:
        """The table of the rows at some positions, none of them made yet."""

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.shape[0]:,} rows of {self.shape[1]:,} numbers, made when asked for)"

    def __iter__(self) -> Iterator[NDArray[np.float64]]:
        for _, rows in pieces_of(self):
            yield from rows

    def __getitem__(self, rows: Any) -> NDArray[np.float64]:
        if isinstance(rows, tuple):
            if len(rows) != 2 or not isinstance(rows[1], int | np.integer | slice):
                raise IndexError(
                    "of rows that are made when asked for, take a number or slice of columns: rows[:10, 1]"
                )
            return np.asarray(self[rows[0]][..., rows[1]])
        one = isinstance(rows, int | np.integer)
        if one and not -len(self) <= rows < len(self):
            raise IndexError(f"there is no row {rows}: there are {len(self):,}")
        chosen = np.array(rows % len(self)) if one else np.arange(len(self))[rows]
        return _checked(self, chosen.ravel()).reshape((*chosen.shape, self.shape[1]))

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:  # noqa: FBT001 - NumPy's
        if copy is False:
            raise ValueError("these rows are made when they are asked for: an array of them is always a copy")
        return _checked(self, np.arange(len(self))).astype(dtype or self.dtype, copy=False)


class StackedRows(ComputedRows):
    """Rows of several tables as those of one, without a copy of them.

    Parameters
    ----------
    parts : sequence of ndarray or ComputedRows
    places : sequence of ndarray of int64, optional
        Where the rows of each part stand, ascending; under one another, if not given.
    """

    def __init__(self, parts: Sequence[Rows], places: Sequence[NDArray[np.int64]] | None = None) -> None:
        ends = np.cumsum([len(part) for part in parts])
        self.parts = tuple(parts)
        self.places = tuple(np.split(np.arange(ends[-1]), ends[:-1]) if places is None else places)
        self.shape = (int(ends[-1]), parts[0].shape[1])

    def made(self, rows: slice) -> NDArray[np.float64]:
        found = np.empty((rows.stop - rows.start, self.shape[1]))
        for part, places in zip(self.parts, self.places, strict=True):
            own = slice(*(int(place) for place in np.searchsorted(places, [rows.start, rows.stop])))
            found[places[own] - rows.start] = part.made(own) if isinstance(part, ComputedRows) else part[own]
        return found

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
    """Rows of an array by their positions, picked when they are asked for.

    >>> TakenRows(np.array([[1.0], [2.0]]), np.array([1, 1, 0]))[1:].tolist()
    [[2.0], [1.0]]
    """

    def __init__(self, values: NDArray[np.float64], index: NDArray[Any]) -> None:
        self.values, self.index = values, index
        self.shape = (len(index), values.shape[1])

    def made(self, rows: slice) -> NDArray[np.float64]:
        return take_rows(self.values, self.index[rows])

    def taken(self, index: NDArray[np.int64]) -> TakenRows:
        return TakenRows(self.values, self.index[index])


Rows: TypeAlias = "NDArray[np.float64] | ComputedRows"
"""A table of numbers, as an array or made when it is needed."""


def pieces_of(values: Rows) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Go through all rows, those that are made when needed a piece at a time; yields where they are, and the rows.

    >>> [(piece.stop, rows.tolist()) for piece, rows in pieces_of(np.array([[1.0, 2.0], [3.0, 4.0]]))]
    [(2, [[1.0, 2.0], [3.0, 4.0]])]
    """
    if not isinstance(values, ComputedRows):
        yield slice(0, len(values)), values
        return
    for piece in blocks(len(values), PIECE_CELLS // max(values.shape[1], 1)):
        yield piece, values.made(piece)


def stacked(parts: Sequence[Rows]) -> Rows:
    """Tables under one another.

    >>> stacked([np.array([[1.0]]), np.array([[2.0]])]).tolist()
    [[1.0], [2.0]]
    """
    n_cells = sum(part.shape[0] * part.shape[1] for part in parts)
    if n_cells > KEPT_CELLS or any(isinstance(part, ComputedRows) for part in parts):
        return StackedRows(parts)
    return np.concatenate([np.asarray(part) for part in parts])


def picked(values: Rows, index: NDArray[Any]) -> NDArray[np.float64]:
    """An array of rows by their positions.

    >>> picked(TakenRows(np.array([[1.0], [2.0]]), np.array([1, 0])), np.array([1, 1])).tolist()
    [[1.0], [1.0]]
    """
    return _made(values, index) if isinstance(values, ComputedRows) else take_rows(values, index)


def rows_at(values: Rows, index: NDArray[Any]) -> ComputedRows:
    """Rows by their positions, none of them made yet."""
    return values.taken(index) if isinstance(values, ComputedRows) else TakenRows(values, index)


def _made(values: ComputedRows, index: NDArray[Any]) -> NDArray[np.float64]:
    """Rows by their positions; those that stand together need no table of their own."""
    together = len(index) > 0 and bool((np.diff(index) == 1).all())
    table, first = (values, int(index[0])) if together else (values.taken(index), 0)
    found = np.empty((len(index), values.shape[1]))
    for piece in blocks(len(index), PIECE_CELLS // max(values.shape[1], 1)):
        found[piece] = table.made(slice(first + piece.start, first + piece.stop))
    return found


def _checked(values: ComputedRows, index: NDArray[Any]) -> NDArray[np.float64]:
    n_rows, n_columns = len(index), values.shape[1]
    check_room(8.0 * n_rows * n_columns, f"a table of {n_rows:,} rows by {n_columns:,} numbers", hint="fewer at a time")
    return _made(values, index)
