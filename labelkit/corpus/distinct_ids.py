"""Refuse ids that cannot name examples: missing ones, fractions, and those that stand twice (in eight bytes an id).

Those bytes are in memory, or, of a run whose memory does not grow with its rows, on disk from a number of ids on.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelkit._shared.arrow_arrays import numpy_array
from labelkit.corpus._keys_on_disk import KeysOnDisk
from labelkit.corpus.frame_remedies import id_hint, rows_left_out
from labelkit.exceptions import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from labelkit.corpus.corpus import Corpus

_GROWTH: Final = 4
"""A sorted run of keys is merged into the one before it when that is not so many times as long."""

MOST_HELD: Final = 2**20
"""Ids in memory, 8 MB, of a run: further ones are compared with these at once, and with all others at its end."""

MOST_SPANS: Final = 64
"""Spans of consecutive numbers, each of which takes no memory; further ones are keys as others."""

MOST_NAMED: Final = 1_000
"""Repeated ids that are looked for by their names."""

_BATCH_ROWS: Final = 65_536
"""Rows that are read at a time to find the second of two ids."""


def check_ids(
    ids: pa.Array, start: int, *, column: str | None, corpus_name: str, place_of: Callable[[int], object]
) -> None:
    """Refuse ids of a batch that are missing, or neither text nor whole numbers; ``place_of`` names a row.

    Raises
    ------
    CorpusError
    """
    if ids.null_count:
        row = start + ids.is_null().to_pylist().index(True)
        raise CorpusError(
            f"{place_of(row)}: the id (column {column!r}) is null",
            hint=f"give each row an id, {rows_left_out(corpus_name, column)}, or name no column of ids",
            code="LK206",
        )
    if len(ids) and not (pa.types.is_string(ids.type) or pa.types.is_integer(ids.type)):
        raise CorpusError(
            f"the ids (column {column!r}) are {ids.type}, neither text nor integers",
            hint=id_hint(corpus_name, column, ids.type),
            code="LK206",
        )


class DistinctIds:
    """The ids of a corpus that were seen so far, as sorted runs of 64-bit keys; consecutive numbers by their ends.

    A number is its own key. The key of a text is a hash: that two of ten million different texts have the same has a
    probability below 3e-6.

    Parameters
    ----------
    corpus : Corpus
        Without a column of ids, there is nothing to check: positions differ, and so do the labels of an index.
    most_held : int, optional
        Most keys in memory; more go to disk, and :meth:`finish` compares them. All are in memory if not given.

    Examples
    --------
    >>> from labelkit.corpus import open_corpus
    >>> seen = DistinctIds(open_corpus({"id": ["a", "b"]}, id="id"))
    >>> seen.add(pa.array(["a", "b"]), 0)
    >>> seen.add(pa.array(["c", "a"]), 2)
    Traceback (most recent call last):
    labelkit.exceptions.CorpusError: the id 'a' (column 'id') stands twice, the second time on row 3 [LK205]
    Hint: ...
    """

    def __init__(self, corpus: Corpus, *, most_held: int | None = None) -> None:
        self._corpus, self._column = corpus, corpus.id
        self._runs: list[NDArray[np.uint64]] = []
        self._spans: list[tuple[np.uint64, np.uint64]] = []  # the first and the last of consecutive keys
        self._most_held = most_held
        self._on_disk: KeysOnDisk | None = None

    @property
    def is_on_disk(self) -> bool:
        """True if ids were seen that :meth:`add` and :meth:`check` no longer compare with: :meth:`finish` does."""
        return self._on_disk is not None

    @property
    def n_held(self) -> int:
        """The number of keys in memory."""
        return sum(map(len, self._runs))

    def add(self, ids: pa.Array | pa.ChunkedArray | None, start: int) -> None:
        """Add the ids of the rows from ``start`` on.

        Raises
        ------
        CorpusError
            If one of them was seen before, and is in memory.
        """
        if self._column is None or ids is None or not len(ids):
            return
        run = self._check(id_keys(ids), ids, start)
        if len(run) > 1 and run[-1] - run[0] == len(run) - 1 and self._note_span(run[0], run[-1]):
            return
        self._keep(run)
        if self._most_held is not None and self.n_held > self._most_held:
            self._spill()

    def _spill(self) -> None:
        """Move all keys to disk."""
        self._on_disk = self._on_disk or KeysOnDisk()
        while self._runs:
            self._on_disk.write(self._runs.pop())

    def check(self, ids: pa.Array | pa.ChunkedArray, start: int) -> None:
        """Compare the ids of the rows from ``start`` on with one another and with those in memory, and keep nothing.

        Raises
        ------
        CorpusError
            If one of them was seen before.
        """
        self._check(id_keys(ids), ids, start)

    def _check(self, keys: NDArray[np.uint64], ids: pa.Array | pa.ChunkedArray, start: int) -> NDArray[np.uint64]:
        """Do so, and return the keys in order: they are found in another order of theirs, in less time."""
        run = np.sort(keys)
        repeats = run[:-1][run[1:] == run[:-1]]
        if not len(repeats) and not self._has_seen(run).any():
            return run
        seen = np.zeros(len(keys), dtype=np.bool_)
        if len(repeats):
            first = np.unique(keys, return_index=True)[1]
            seen = np.isin(keys, repeats)
            seen[first] = False
        seen |= self._has_seen(keys)
        row = int(np.flatnonzero(seen)[0])
        raise self._twice(f"the id {ids[row].as_py()!r}", start + row)

    def _has_seen(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Tell which keys are in memory."""
        seen, low, high = np.zeros(len(keys), dtype=np.bool_), keys.min(), keys.max()
        for earlier in self._runs:
            if low <= earlier[-1] and high >= earlier[0]:
                seen |= are_in(earlier, keys)
        for first, last in self._spans:
            if low <= last and high >= first:
                seen |= (keys >= first) & (keys <= last)
        return seen

    def _note_span(self, first: np.uint64, last: np.uint64) -> bool:
        """Keep consecutive keys by their ends, if they follow the last such ones, or there are few."""
        if self._spans and int(self._spans[-1][1]) + 1 == int(first):
            self._spans[-1] = (self._spans[-1][0], last)
            return True
        if len(self._spans) < MOST_SPANS:
            self._spans.append((first, last))
            return True
        return False

    def _twice(self, which: str, row: int | None) -> CorpusError:
        place = None if row is None else self._corpus.place_of(row)
        second = "" if place is None else f", the second time on {place.row}{place.of}"
        return CorpusError(
            f"{which} (column {self._column!r}) stands twice{second}",
            hint="name a column of ids that differ, or none: then the positions name the examples",
            code="LK205",
        )

    def finish(self) -> None:
        """Compare the ids that went to disk, if any, with all others; to be called after the last.

        Raises
        ------
        CorpusError
            If one of them was seen before.
        """
        if self._on_disk is None:
            return
        self._spill()
        for first, last in self._spans:
            for start in range(int(first), int(last) + 1, MOST_HELD):
                n_keys = min(MOST_HELD, int(last) + 1 - start)
                self._on_disk.write(np.uint64(start) + np.arange(n_keys, dtype=np.uint64))
        self._spans.clear()
        repeated = self._on_disk.repeated()
        if len(repeated):
            raise self._found(repeated)

    def _found(self, repeated: NDArray[np.uint64]) -> CorpusError:
        """Read the ids again to tell the first that stands twice, and its second row."""
        first: set[int] = set()
        for batch in self._corpus.batches((), _BATCH_ROWS) if self._corpus.is_repeatable else ():
            assert batch.ids is not None
            keys = id_keys(batch.ids)
            for row in np.flatnonzero(are_in(repeated, keys)).tolist():
                if int(keys[row]) in first:
                    return self._twice(f"the id {batch.ids[row].as_py()!r}", batch.start + row)
                first.add(int(keys[row]))
        is_number = pa.types.is_integer(self._corpus.id_type)
        return self._twice(f"the id {repeated.view(np.int64)[0]}" if is_number else "an id", None)

    def add_all(self, parts: Iterable[pa.ChunkedArray]) -> DistinctIds:
        """Add the ids of the first rows, in parts."""
        start = 0
        for part in parts:
            self.add(part, start)
            start += len(part)
        return self

    def _keep(self, run: NDArray[np.uint64]) -> None:
        while self._runs and len(self._runs[-1]) < _GROWTH * len(run):
            run = np.concatenate([self._runs.pop(), run])
            run.sort(kind="stable")  # which merges two sorted halves
        self._runs.append(run)


def are_in(run: NDArray[np.uint64], keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Tell which keys are in a sorted run."""
    if not len(run):
        return np.zeros(len(keys), dtype=np.bool_)
    return np.asarray(run[np.minimum(np.searchsorted(run, keys), len(run) - 1)] == keys)


def id_keys(ids: pa.Array | pa.ChunkedArray) -> NDArray[np.uint64]:
    """Return a key of each id: a number itself, of a text a hash."""
    if pa.types.is_integer(ids.type):
        return numpy_array(pc.cast(ids, pa.int64(), safe=False)).view(np.uint64)
    from pandas.util import hash_array  # noqa: PLC0415 - only for ids of text

    return np.asarray(hash_array(ids.to_numpy(zero_copy_only=False), categorize=False))


def repeated_ids(parts: Callable[[], Iterable[pa.ChunkedArray]]) -> list[Any]:
    """Find ids that stand more than once, a thousand at the most, in memory that does not grow with their number.

    Parameters
    ----------
    parts : callable
        Returns all ids, in parts; called again to read those whose keys stand twice.

    Returns
    -------
    list of str or int
        Ascending.
    """
    on_disk = KeysOnDisk()
    for ids in parts():
        on_disk.write(id_keys(ids))
    repeated = on_disk.repeated()[:MOST_NAMED]
    if not len(repeated):
        return []
    suspects = (ids.filter(pa.array(are_in(repeated, id_keys(ids)))).to_pylist() for ids in parts())
    counts = Counter(name for some in suspects for name in some)
    return sorted(name for name, n in counts.items() if n > 1)
