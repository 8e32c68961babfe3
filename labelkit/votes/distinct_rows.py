"""Distinct rows of votes and how often each occurs: what label models and statistics learn from.

A million examples under sixty rules show far fewer distinct rows of votes, and nothing that labelkit computes depends
on more than those and their counts. Rows are told apart by an exact key, never by a hash alone: each column has as many
bits as its values need (:class:`Fields`), in as many 64-bit words as that takes. Keys sort as the rows do, so that
tables of distinct rows merge as sorted lists of words do.

>>> import numpy as np
>>> rows = distinct(np.array([[0, -1], [1, 1], [0, -1]], dtype=np.int8))
>>> rows.values.tolist(), rows.counts.tolist(), rows.index.tolist()
([[0, -1], [1, 1]], [2, 1], [0, 1, 0])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import groupby, pairwise
from operator import or_
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import numpy as np

from labelkit._shared.threads import blocks, in_threads

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK_ROWS: Final = 65_536
"""Rows that are packed, or made distinct, at a time: what a processor's cache holds."""

RANGE_ROWS: Final = 262_144
"""Rows of all parts together that are merged at a time, as far as their keys allow."""


@dataclass(frozen=True)
class DistinctRows:
    """The distinct rows of an integer array, in lexicographic order.

    Attributes
    ----------
    values : ndarray of shape (n_distinct, n_columns)
    counts : ndarray of int64, shape (n_distinct,)
        How many rows each stands for.
    index : ndarray of int64, shape (n_rows,)
        For each row, the position of its like in ``values``.
    """

    values: NDArray[Any]
    counts: NDArray[np.int64]
    index: NDArray[np.int64]


def distinct(rows: NDArray[Any], counts: NDArray[np.int64] | None = None) -> DistinctRows:
    """Find the distinct rows of a small-integer array.

    Parameters
    ----------
    rows : ndarray of int, shape (n_rows, n_columns)
    counts : ndarray of int64, shape (n_rows,), optional
        How many examples each row stands for; one if not given.

    Returns
    -------
    DistinctRows
    """
    pieces = blocks(len(rows), BLOCK_ROWS)
    fields = Fields.of(rows)
    packed_pieces = in_threads(lambda piece: pack_distinct(rows[piece], fields), pieces)
    whole, places = merge_packed([packed for packed, _ in packed_pieces], fields)
    index = np.empty(len(rows), dtype=np.int64)
    for piece, (_, piece_index), place in zip(pieces, packed_pieces, places, strict=True):
        index[piece] = place[piece_index]
    totals = np.bincount(index, weights=counts, minlength=whole.shape[1]).astype(np.int64)
    return DistinctRows(unpack(whole, fields, rows.dtype), totals, index)


# Keys -----------------------------------------------------------------------------------------------------------------


class Slot(NamedTuple):
    """The position of a column's values in a key.

    Attributes
    ----------
    column : int
    byte, shift : int
        The byte, from the left, and how far from its right end the value is, if it takes less than a byte.
    bits : int
        0 (a column that has one value), 1, 2, 4, or whole bytes.
    """

    column: int
    byte: int
    shift: int
    bits: int


@dataclass(frozen=True, eq=False)
class Fields:
    """The values that each column may hold, which determine how rows are packed into keys.

    Attributes
    ----------
    low, high : ndarray of int64, shape (n_columns,)
        The lowest and the highest value of each column.
    two : ndarray of bool, shape (n_columns,)
        Whether a column holds these two alone: an abstain and one class take a bit, whatever the class.
    """

    low: NDArray[np.int64]
    high: NDArray[np.int64]
    two: NDArray[np.bool_]

    @classmethod
    def of(cls, rows: NDArray[Any]) -> Fields:
        """The fields of the values that an array holds."""
        pieces = blocks(len(rows), BLOCK_ROWS)
        if not pieces:
            nothing = np.zeros(rows.shape[1], dtype=np.int64)
            return cls(nothing, nothing, np.ones(rows.shape[1], dtype=np.bool_))
        return reduce(or_, in_threads(lambda piece: cls._of_block(rows[piece]), pieces))

    @classmethod
    def _of_block(cls, rows: NDArray[Any]) -> Fields:
        low, high = rows.min(axis=0).astype(np.int64), rows.max(axis=0).astype(np.int64)
        two = high - low <= 1
        for j in np.flatnonzero(~two):
            column = rows[:, j]
            two[j] = np.all((column == low[j]) | (column == high[j]))
        return cls(low, high, two)

    def __or__(self, other: Fields) -> Fields:
        """Fields that hold the values of both."""
        low, high = np.minimum(self.low, other.low), np.maximum(self.high, other.high)
        ends = [(end == low) | (end == high) for end in (self.low, self.high, other.low, other.high)]
        return Fields(low, high, self.two & other.two & np.all(ends, axis=0))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fields) and np.array_equal(self.table, other.table)

    __hash__ = None  # type: ignore[assignment] # it holds arrays

    def __getitem__(self, columns: NDArray[np.int64]) -> Fields:
        """The fields of the columns in another order."""
        return Fields(self.low[columns], self.high[columns], self.two[columns])

    @property
    def table(self) -> NDArray[np.int64]:
        """The same as numbers, to be kept in a file; shape (3, n_columns)."""
        return np.stack([self.low, self.high, self.two])

    @classmethod
    def read(cls, table: NDArray[np.int64]) -> Fields:
        """The fields of such numbers."""
        low, high, two = table
        return cls(low, high, two > 0)

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """The place of each column in the key: in order, so that keys sort as rows do; no value crosses a byte."""
        slots, bit = [], 0
        for j, (low, high, two) in enumerate(zip(self.low.tolist(), self.high.tolist(), self.two, strict=True)):
            bits = _width(low, high, two=bool(two))
            if bits >= 8 or bit % 8 + bits > 8:
                bit = -(-bit // 8) * 8
            slots.append(Slot(j, bit // 8, 8 - bit % 8 - bits if bits < 8 else 0, bits))
            bit += bits
        return tuple(slots)

    @cached_property
    def n_words(self) -> int:
        """Number of 64-bit words of a key; at least one."""
        n_bytes = max((slot.byte + max(1, slot.bits // 8) for slot in self.slots), default=1)
        return -(-n_bytes // 8)


def _width(low: int, high: int, *, two: bool) -> int:
    """Return the number of bits of a column's values, rounded up to fill a byte evenly or to whole bytes."""
    bits = min(high - low, 1) if two else (high - low).bit_length()
    return next((width for width in (0, 1, 2, 4) if bits <= width), -(-bits // 8) * 8)


def pack(rows: NDArray[Any], fields: Fields, order: NDArray[np.int64] | None = None) -> NDArray[np.uint64]:
    """Exact keys of rows, which sort as the rows do.

    Parameters
    ----------
    rows : ndarray of int, shape (n_rows, n_columns)
        Of the values that the fields say.
    fields : Fields
        In the order of the key.
    order : ndarray of int64, shape (n_columns,), optional
        The column of ``rows`` that stands at each place of the key; their own order if not given.

    Returns
    -------
    ndarray of uint64, shape (n_words, n_rows)
    """
    words = np.empty((fields.n_words, len(rows)), dtype=np.uint64)
    columns = list(rows.T) if order is None else [rows[:, j] for j in order]

    def fill(piece: slice) -> None:
        words[:, piece] = _packed_bytes([column[piece] for column in columns], fields, piece.stop - piece.start)

    in_threads(fill, blocks(len(rows), BLOCK_ROWS))
    return words


def _packed_bytes(columns: list[NDArray[Any]], fields: Fields, n_rows: int) -> NDArray[np.uint64]:
    """Fill keys byte by byte: on bytes, a processor computes 64 rows at once."""
    lanes = np.zeros((n_rows, 8 * fields.n_words), dtype=np.uint8)
    for byte, slots in groupby((slot for slot in fields.slots if slot.bits), key=lambda slot: slot.byte):
        first, *others = slots
        digit = _digits(columns[first.column], fields, first)
        if first.bits >= 8:
            n_bytes = first.bits // 8
            lanes[:, byte : byte + n_bytes] = digit.astype(">u8").view(np.uint8).reshape(-1, 8)[:, -n_bytes:]
            continue
        digit <<= np.uint8(first.shift)
        for slot in others:
            digit |= _digits(columns[slot.column], fields, slot) << np.uint8(slot.shift)
        lanes[:, byte] = digit
    return lanes.view(">u8").T


def _digits(column: NDArray[Any], fields: Fields, slot: Slot) -> NDArray[Any]:
    low, high = fields.low[slot.column], fields.high[slot.column]
    if fields.two[slot.column]:
        return np.asarray(column == high).view(np.uint8)
    if slot.bits < 8:
        return np.asarray(column - column.dtype.type(low)).astype(np.uint8)
    return np.asarray(column.astype(np.int64).view(np.uint64) - low.astype(np.uint64))


def unpack(words: NDArray[np.uint64], fields: Fields, dtype: Any) -> NDArray[Any]:
    """The rows of keys; ndarray of shape (n_rows, n_columns), whose columns lie together in memory.

    >>> rows = np.array([[-1, 3], [0, -1], [5, 3]])
    >>> fields = Fields.of(rows)
    >>> unpack(pack(rows, fields), fields, np.int8).tolist()
    [[-1, 3], [0, -1], [5, 3]]
    """
    n_rows = words.shape[1]
    rows = np.empty((n_rows, len(fields.low)), dtype=dtype, order="F")
    in_threads(lambda piece: _unpack_block(words[:, piece], fields, rows[piece]), blocks(n_rows, BLOCK_ROWS))
    return rows


def _unpack_block(words: NDArray[np.uint64], fields: Fields, rows: NDArray[Any]) -> None:
    lanes = np.ascontiguousarray(words.T.astype(">u8", order="C").view(np.uint8).T)
    for slot in fields.slots:
        low, high = fields.low[slot.column], fields.high[slot.column]
        column = rows[:, slot.column]
        if slot.bits >= 8:
            digit = np.zeros(words.shape[1], dtype=np.uint64)
            for lane in lanes[slot.byte : slot.byte + slot.bits // 8]:
                digit <<= np.uint64(8)
                digit |= lane
            column[:] = digit.view(np.int64) + low
            continue
        column[:] = (lanes[slot.byte] >> np.uint8(slot.shift)) & np.uint8(2**slot.bits - 1) if slot.bits else 0
        if fields.two[slot.column]:
            column *= (high - low).astype(rows.dtype)
        column += low.astype(rows.dtype)


# Tables of keys -------------------------------------------------------------------------------------------------------


def pack_distinct(rows: NDArray[Any], fields: Fields) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """The keys of the distinct rows, ascending, and for each row the position of its key.

    Parameters
    ----------
    rows : ndarray of int, shape (n_rows, n_columns)
    fields : Fields

    Returns
    -------
    keys : ndarray of uint64, shape (n_words, n_distinct)
    index : ndarray of int32, shape (n_rows,)
    """
    return _distinct_keys(pack(rows, fields))


def merge_packed(
    parts: Sequence[NDArray[np.uint64]], fields: Fields
) -> tuple[NDArray[np.uint64], list[NDArray[np.int32]]]:
    """Merge sorted keys of several parts.

    Keys are merged a range at a time, in threads: a range of all parts fits in a processor's cache.

    Parameters
    ----------
    parts : sequence of ndarray of uint64, shape (n_words, n_keys)
        Each ascending; the keys of all are packed alike.
    fields : Fields
        How they are packed.

    Returns
    -------
    keys : ndarray of uint64, shape (n_words, n_distinct)
        All keys, ascending.
    places : list of ndarray of int32
        For each part, where its keys are among them.
    """
    cuts = _cuts(parts)
    pieces = list(pairwise(cuts)) if parts else []

    def merge(piece: tuple[NDArray[np.int64], NDArray[np.int64]]) -> Any:
        key_ranges = [part[:, start:stop] for part, start, stop in zip(parts, *piece, strict=True)]
        return _distinct_keys(np.concatenate(key_ranges, axis=1), kind="stable")

    merged = in_threads(merge, pieces)
    places = [np.empty(part.shape[1], dtype=np.int32) for part in parts]
    first = 0
    for (starts, stops), (keys, index) in zip(pieces, merged, strict=True):
        ends = np.cumsum(stops - starts)
        for place, start, stop, end in zip(places, starts, stops, ends, strict=True):
            np.add(index[end - (stop - start) : end], first, out=place[start:stop])
        first += keys.shape[1]
    nothing = np.zeros((fields.n_words, 0), dtype=np.uint64)
    return np.concatenate([nothing, *(keys for keys, _ in merged)], axis=1), places


def _cuts(parts: Sequence[NDArray[np.uint64]]) -> list[NDArray[np.int64]]:
    """Cut each part, from 0 to its end, so that the pieces between two cuts hold the same range of keys."""
    sizes = np.array([part.shape[1] for part in parts], dtype=np.int64)
    n_ranges = int(sizes.sum() // RANGE_ROWS)
    inner: list[NDArray[np.int64]] = []
    if n_ranges > 1:
        step = max(1, RANGE_ROWS // 1_000)
        sample = np.sort(np.concatenate([part[0, ::step] for part in parts]))
        bounds = np.unique(sample[np.arange(1, n_ranges) * len(sample) // n_ranges])
        inner = list(np.stack([np.searchsorted(part[0], bounds) for part in parts], axis=1).astype(np.int64))
    return [np.zeros_like(sizes), *inner, sizes]


def key_order(words: NDArray[np.uint64], kind: Literal["quicksort", "stable"] = "quicksort") -> NDArray[np.int64]:
    """The order of keys; ``stable`` makes use of sorted runs."""
    order: NDArray[np.int64] = np.argsort(words[0], kind=kind) if len(words) == 1 else np.lexsort(words[::-1])
    return order


def _distinct_keys(
    words: NDArray[np.uint64], kind: Literal["quicksort", "stable"] = "quicksort"
) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """Distinct keys, ascending, and the position of each key's like."""
    order = key_order(words, kind)
    ordered = words[:, order]
    new = np.ones(len(order), dtype=np.bool_)
    np.any(ordered[:, 1:] != ordered[:, :-1], axis=0, out=new[1:])
    index = np.empty(len(order), dtype=np.int32)
    index[order] = np.cumsum(new, dtype=np.int32) - np.int32(1)
    return ordered[:, new], index
