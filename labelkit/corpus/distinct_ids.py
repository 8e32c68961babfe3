"""Refuse ids that cannot name examples: missing ones, fractions, and those that stand twice (in eight bytes an id)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelkit.exceptions import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from labelkit.corpus.corpus import Corpus

_GROWTH: Final = 4
"""A sorted run of keys is merged into the one before it when that is not so many times as long."""


def check_ids(ids: pa.Array, start: int, *, column: str | None, name: str) -> None:
    """Refuse ids of a batch that are missing, or neither text nor whole numbers.

    Raises
    ------
    CorpusError
    """
    if ids.null_count:
        row = start + ids.is_null().to_pylist().index(True)
        raise CorpusError(
            f"{name}, row {row}: the id (column {column!r}) is null",
            hint=f"give each row an id, leave such rows out (df.dropna(subset=[{column!r}])), or name no column of ids",
            code="LK206",
        )
    if len(ids) and not (pa.types.is_string(ids.type) or pa.types.is_integer(ids.type)):
        raise CorpusError(
            f"the ids (column {column!r}) are {ids.type}, neither text nor integers",
            hint=f"make text of them: df[{column!r}].astype(str)",
            code="LK206",
        )


class DistinctIds:
    """The ids of a corpus that were seen so far, as sorted runs of 64-bit keys.

    A number is its own key. The key of a text is a hash: that two of ten million different texts have the same has a
    probability below 3e-6.

    Parameters
    ----------
    corpus : Corpus
        Without a column of ids, there is nothing to check: positions differ, and so do the labels of an index.

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

    def __init__(self, corpus: Corpus) -> None:
        self._column = corpus.id
        self._runs: list[NDArray[np.uint64]] = []

    def add(self, ids: pa.Array | pa.ChunkedArray | None, start: int) -> None:
        """Add the ids of the rows from ``start`` on.

        Raises
        ------
        CorpusError
            If one of them was seen before.
        """
        if self._column is None or ids is None or not len(ids):
            return
        self.check(ids, start)
        self._keep(np.sort(_keys(ids)))

    def check(self, ids: pa.Array | pa.ChunkedArray, start: int) -> None:
        """Compare the ids of the rows from ``start`` on with one another and with those seen, and keep nothing.

        Raises
        ------
        CorpusError
            If one of them was seen before.
        """
        keys = _keys(ids)
        run = np.sort(keys)
        repeats = run[:-1][run[1:] == run[:-1]]
        seen = np.zeros(len(keys), dtype=np.bool_)
        if len(repeats):
            first = np.unique(keys, return_index=True)[1]
            seen = np.isin(keys, repeats)
            seen[first] = False
        for earlier in self._runs:
            places = np.minimum(np.searchsorted(earlier, keys), len(earlier) - 1)
            seen |= earlier[places] == keys
        if seen.any():
            row = int(np.flatnonzero(seen)[0])
            raise CorpusError(
                f"the id {ids[row].as_py()!r} (column {self._column!r}) stands twice, the second time on row "
                f"{start + row:,}",
                hint="name a column of ids that differ, or none: then the positions name the examples",
                code="LK205",
            )

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


def _keys(ids: pa.Array | pa.ChunkedArray) -> NDArray[np.uint64]:
    if pa.types.is_integer(ids.type):
        return np.asarray(pc.cast(ids, pa.int64(), safe=False).to_numpy()).view(np.uint64)
    from pandas.util import hash_array  # noqa: PLC0415 - only for ids of text

    return np.asarray(hash_array(ids.to_numpy(zero_copy_only=False), categorize=False))
