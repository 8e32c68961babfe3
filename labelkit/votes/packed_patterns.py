"""Distinct rows of votes as they lie in files: sorted keys, with the number of examples that show each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from io import BytesIO
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit.votes.distinct_rows import Fields, merge_packed, pack, unpack
from labelkit.votes.outcomes import CODE

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class PackedPatterns:
    """Distinct rows of votes, packed.

    Parameters
    ----------
    keys : ndarray of uint64, shape (n_words, n_patterns)
        Ascending, as :func:`labelkit.votes.distinct_rows.pack` makes them.
    fields : Fields
        How they are packed.
    counts : ndarray of int64, shape (n_patterns,)
    gold : ndarray of int64, shape (n_patterns, n_classes), optional
    """

    keys: NDArray[np.uint64]
    fields: Fields
    counts: NDArray[np.int64]
    gold: NDArray[np.int64] | None

    @classmethod
    def read(cls, source: Path | BytesIO) -> PackedPatterns:
        """Read the arrays that :meth:`to_bytes` makes."""
        with np.load(source) as arrays:
            return cls(arrays["keys"], Fields.read(arrays["fields"]), arrays["counts"], arrays.get("gold"))

    def to_bytes(self, **more: NDArray[Any]) -> bytes:
        """Return the arrays, and others, as they stand in a file (npz)."""
        arrays = {"keys": self.keys, "fields": self.fields.table, "counts": self.counts, **more}
        if self.gold is not None:
            arrays["gold"] = self.gold
        sink = BytesIO()
        np.savez(sink, allow_pickle=False, **arrays)
        return sink.getvalue()

    def packed(self, fields: Fields) -> NDArray[np.uint64]:
        """Return the keys as other fields pack them: a rule may have failed, or voted, in some parts alone."""
        return self.keys if fields == self.fields else pack(self._rows(), fields)

    def __getitem__(self, rows: slice | NDArray[np.bool_]) -> PackedPatterns:
        """Return some of the patterns, in their order."""
        gold = None if self.gold is None else self.gold[rows]
        return PackedPatterns(self.keys[:, rows], self.fields, self.counts[rows], gold)

    def __len__(self) -> int:
        return len(self.counts)

    def tightly(self) -> PackedPatterns:
        """Return the same, packed as the values that occur need it, whatever the rules might vote."""
        rows = self._rows()
        fields = Fields.of(rows)
        return PackedPatterns(pack(rows, fields), fields, self.counts, self.gold)

    def _rows(self) -> NDArray[Any]:
        kind = CODE if self.fields.high.max(initial=0) > np.iinfo(np.int16).max else np.int16
        return unpack(self.keys, self.fields, kind)


def merge_tables(parts: Sequence[PackedPatterns]) -> tuple[PackedPatterns, list[NDArray[np.int32]]]:
    """Merge the patterns of several parts; also the places of those of each among all.

    Gold is counted where all parts have it.
    """
    fields = reduce(or_, (part.fields for part in parts))
    keys, places = merge_packed([part.packed(fields) for part in parts], fields)
    counts = np.zeros(keys.shape[1], dtype=np.int64)
    for part, place in zip(parts, places, strict=True):  # the keys of one part are distinct, and so are its places
        counts[place] += part.counts
    of_gold = [part.gold for part in parts if part.gold is not None]
    if len(of_gold) < len(parts):
        return PackedPatterns(keys, fields, counts, None), places
    gold = np.zeros((len(counts), of_gold[0].shape[1]), dtype=np.int64)
    for one, place in zip(of_gold, places, strict=True):
        gold[place] += one
    return PackedPatterns(keys, fields, counts, gold), places


def with_few(many: PackedPatterns, few: PackedPatterns) -> PackedPatterns:
    """Merge a few patterns into many, as :func:`merge_tables` does, without sorting these again.

    Most of the many stay as they are if both are packed alike: as tightly as their values allow.
    """
    fields = many.fields | few.fields
    old, new = many.packed(fields), few.packed(fields)
    place = _places(old, new)
    there = np.zeros(len(few), dtype=np.bool_)
    inside = place < len(many)
    there[inside] = (old[:, place[inside]] == new[:, inside]).all(axis=0)

    def merged(values: NDArray[np.int64], more: NDArray[np.int64]) -> NDArray[np.int64]:
        values = values.copy()
        values[place[there]] += more[there]
        return np.insert(values, place[~there], more[~there], axis=0)

    keys = np.insert(old, place[~there], new[:, ~there], axis=1)
    gold = None if many.gold is None or few.gold is None else merged(many.gold, few.gold)
    return PackedPatterns(keys, fields, merged(many.counts, few.counts), gold)


def _places(keys: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return how many keys come before each wanted one, by bisection of all at a time."""
    low, high = (np.full(wanted.shape[1], end, dtype=np.int64) for end in (0, keys.shape[1]))
    while (is_open := low < high).any():
        middle = (low + high) // 2
        is_less = np.zeros(len(low), dtype=np.bool_)
        for word, of_wanted in zip(keys[::-1], wanted[::-1], strict=True):  # the first word counts most
            there = word.take(middle, mode="clip")
            is_less = (there < of_wanted) | ((there == of_wanted) & is_less)
        low, high = np.where(is_open & is_less, middle + 1, low), np.where(is_open & ~is_less, middle, high)
    return low
