"""The two sides of a difference: matrices or run folders, read in chunks, and brought into one order by their ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from labelkit._shared.arrow_arrays import integers
from labelkit._shared.stored_files import read_parquet
from labelkit.exceptions import MatrixError
from labelkit.runs.diff._corpora import corpus_differences
from labelkit.runs.run_folder import RunFolder
from labelkit.votes.alignment import RowNames, shown_names
from labelkit.votes.example_names import ExampleNames
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.label_space import ABSTAIN
from labelkit.votes.lf_info import LFInfo
from labelkit.votes.named_by import NamedBy, check_same_kind, named_by

CHUNK_ROWS: Final = 65_536
"""Rows of a matrix that are looked at together."""


@dataclass(frozen=True)
class Chunk:
    """Some examples of one side.

    Parameters
    ----------
    rows : ndarray of int64, shape (n,)
        Their positions on their side.
    ids : ndarray, shape (n,)
    outcomes : ndarray of int, shape (n, n_lfs)
        Classes, -1 for an abstain, -2 for a fault.
    labels : ndarray of int64, shape (n,), or None
        Hard labels, -1 for none.
    """

    rows: NDArray[np.int64]
    ids: NDArray[Any]
    outcomes: NDArray[Any]
    labels: NDArray[np.int64] | None

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, which: Any) -> Chunk:
        """Some of the examples, by slice, mask or positions."""
        labels = None if self.labels is None else self.labels[which]
        return Chunk(self.rows[which], self.ids[which], self.outcomes[which], labels)


class Side(Protocol):
    """One side of a comparison."""

    @property
    def lfs(self) -> tuple[LFInfo, ...]:
        """The labeling functions."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes."""

    @property
    def corpus(self) -> dict[str, Any]:
        """The description of the corpus: ``path``, ``fingerprint``, ``id``."""

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest of the run; empty for what is no run."""

    @property
    def examples(self) -> ExampleNames:
        """The names of all examples, in memory."""

    @property
    def named_by(self) -> NamedBy | None:
        """What gave the examples their ids; None if that is not known."""

    @property
    def labeled(self) -> bool:
        """True if there are labels."""

    @property
    def taught(self) -> bool:
        """True if gold taught the model of these labels."""

    def ids(self) -> Iterator[NDArray[Any]]:
        """The ids, in pieces."""

    def chunks(self) -> Iterator[Chunk]:
        """The examples, in pieces."""


@dataclass(frozen=True, eq=False)
class HeldSide:
    """Examples in memory: those of a label matrix, or of a side that had to be brought into another order."""

    whole: Chunk
    lfs: tuple[LFInfo, ...]
    class_names: tuple[str, ...]
    corpus: dict[str, Any]
    examples: ExampleNames
    named_by: NamedBy | None = None
    manifest: dict[str, Any] = field(default_factory=dict)

    @property
    def labeled(self) -> bool:
        """True if there are labels."""
        return self.whole.labels is not None

    @property
    def taught(self) -> bool:
        """False: nothing is known of the model."""
        return False

    def ids(self) -> Iterator[NDArray[Any]]:
        """The ids, in one piece."""
        yield self.whole.ids

    def chunks(self) -> Iterator[Chunk]:
        """The examples, in pieces."""
        for start in range(0, len(self.whole), CHUNK_ROWS):
            yield self.whole[start : start + CHUNK_ROWS]


@dataclass(frozen=True, eq=False)
class FolderSide:
    """A run folder, of which no more than a part is in memory."""

    folder: RunFolder

    @property
    def labeled(self) -> bool:
        """True if there are labels."""
        return self.folder.is_labeled

    @property
    def taught(self) -> bool:
        """True if gold taught the label model of the run."""
        return bool(self.folder.manifest.get("taught"))

    @cached_property
    def _parts(self) -> list[Path]:
        return self.folder.layout.parts("votes")

    @cached_property
    def _first(self) -> LabelMatrix:
        """The description that each part carries, without examples."""
        table = pq.read_schema(self._parts[0]).empty_table()
        return LabelMatrix.from_arrow(table, source=str(self._parts[0]))

    @property
    def lfs(self) -> tuple[LFInfo, ...]:
        """The labeling functions."""
        return self._first.lfs

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes."""
        return self._first.class_names

    @property
    def corpus(self) -> dict[str, Any]:
        """The description of the corpus in the manifest."""
        description: dict[str, Any] = self.folder.manifest.get("corpus") or {}
        return description

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest of the run."""
        return self.folder.manifest

    @cached_property
    def examples(self) -> ExampleNames:
        """The names of all examples, in memory."""
        ids = joined_ids(self.ids())
        return ExampleNames(ids, self.folder.frame_index(len(ids)))

    @cached_property
    def named_by(self) -> NamedBy:
        """What gave the examples their ids, as the manifest and the index of the frame tell."""
        column = self.corpus.get("id")
        if column is not None:
            return NamedBy("column", column)
        index = self.folder.frame_index(self.folder.manifest["examples"]) if self.has_index else None
        return NamedBy("positions") if index is None or index.ids is None else NamedBy.of_index(index)

    @property
    def has_index(self) -> bool:
        """True if the corpus was a frame, whose index the run kept."""
        return self.folder.layout.index.is_file()

    @property
    def are_numbers(self) -> bool:
        """True if the ids are integers."""
        return bool(pa.types.is_integer(pq.read_schema(self._parts[0]).types[0]))

    def ids(self) -> Iterator[NDArray[Any]]:
        """The ids, a part at a time."""
        for part in self._parts:
            name = pq.read_schema(part).names[0]
            yield read_parquet(part, columns=[name]).column(0).to_numpy()

    def chunks(self) -> Iterator[Chunk]:
        """The examples, a part at a time."""
        start, faults = 0, self.folder.faults
        for number, part in enumerate(self._parts):
            votes = LabelMatrix.from_arrow(read_parquet(part), source=str(part))
            chunk_faults = (fault for fault in faults if start <= fault.row < start + len(votes))
            failed = tuple(replace(fault, row=fault.row - start) for fault in chunk_faults)
            rows = np.arange(start, start + len(votes))
            yield Chunk(rows, votes.ids, replace(votes, faults=failed).outcomes, self._hard(number))
            start += len(votes)

    def _hard(self, number: int) -> NDArray[np.int64] | None:
        if not self.labeled:
            return None
        labels = read_parquet(self.folder.layout.part("labels", number), columns=["label"]).column(0)
        return integers(labels, null=ABSTAIN)


def side_of(given: Any) -> Side:
    """A matrix, a run folder or its path as a side.

    Raises
    ------
    MatrixError
        If these are no votes.
    RunFolderError
        If there is no run folder.
    """
    if isinstance(given, RunFolder):
        return FolderSide(given)
    if isinstance(given, str | Path):
        return FolderSide(RunFolder(Path(given)))
    matrix = given if isinstance(given, LabelMatrix) else LabelMatrix.of(given)
    whole = Chunk(np.arange(len(matrix)), matrix.ids, matrix.outcomes, None)
    return HeldSide(whole, matrix.lfs, matrix.class_names, {}, matrix.examples, named_by(matrix.examples))


# One order ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Pairing:
    """The match of the examples of two sides.

    Parameters
    ----------
    before, after : Side
    keep_before, keep_after : ndarray of bool, optional
        The examples that both sides have; all if not given.
    only_before, only_after : int
        How many examples only one side has.
    """

    before: Side
    after: Side
    keep_before: NDArray[np.bool_] | None = None
    keep_after: NDArray[np.bool_] | None = None
    only_before: int = 0
    only_after: int = 0

    @property
    def same(self) -> bool:
        """True if both sides have the same examples in the same order."""
        return self.keep_before is None and self.keep_after is None

    def chunks(self) -> Iterator[tuple[Chunk, Chunk]]:
        """The examples of both sides, one by one the same."""
        first, second = _kept(self.before, self.keep_before), _kept(self.after, self.keep_after)
        left, right = next(first, None), next(second, None)
        while left is not None and right is not None:
            n = min(len(left), len(right))
            if n:
                yield left[:n], right[:n]
            left = left[n:] if n < len(left) else next(first, None)
            right = right[n:] if n < len(right) else next(second, None)


def _kept(side: Side, keep: NDArray[np.bool_] | None) -> Iterator[Chunk]:
    for chunk in side.chunks():
        yield chunk if keep is None else chunk[keep[chunk.rows]]


def pair(before: Side, after: Side) -> Pairing:
    """Match the examples of two sides by their ids.

    Where both have the same ids in the same order, nothing is held in memory; where one has more, the ids are; where
    the order differs, the votes of the second side are, too (a byte each).

    Raises
    ------
    MatrixError
        If they have no example in common, an id names several, or one side has ids and the other numbers its rows.
    """
    if _same_ids(before, after):
        return Pairing(before, after)
    sides = (before, after)
    ids = [next(side.ids(), np.zeros(0)) for side in sides]
    check_same_kind([side.named_by for side in sides], ids, "the examples before and after", MatrixError)
    first, second = _row_names(before), _row_names(after)
    places = second.positions(first.names)
    keep_before = places >= 0
    places = places[keep_before]
    keep_after = np.zeros(len(second), dtype=np.bool_)
    keep_after[places] = True
    if not len(places):
        differences = corpus_differences(before.corpus, after.corpus, named=(before.named_by, after.named_by))
        differing = f" ({'; '.join(differences)})" if differences else ""
        shown = f"{shown_names(first.names)} before and {shown_names(second.names)} after"
        raise MatrixError(
            f"the two have no example in common: ids such as {shown}{differing}",
            hint="compare runs over the same corpus, with the same id column",
            code="LK313",
        )
    lost = int((~keep_before).sum()), int((~keep_after).sum())
    if (np.diff(places) > 0).all():
        return Pairing(before, after, keep_before, keep_after, *lost)
    return Pairing(before, _rearranged(after, places), keep_before, np.ones(len(second), dtype=np.bool_), *lost)


def _same_ids(before: Side, after: Side) -> bool:
    """Return True if both have the same ids in the same order."""
    left, right = before.ids(), after.ids()
    a: NDArray[Any] | None = next(left, None)
    b: NDArray[Any] | None = next(right, None)
    while a is not None and b is not None:
        n = min(len(a), len(b))
        if not np.array_equal(a[:n], b[:n]):
            return False
        a = a[n:] if n < len(a) else next(left, None)
        b = b[n:] if n < len(b) else next(right, None)
    return a is None and b is None


def _row_names(side: Side) -> RowNames:
    """Index all ids of a side."""
    rows = RowNames(joined_ids(side.ids()))
    if not rows.is_unique:
        raise MatrixError(
            f"the id {rows.repeated()!r} names several examples, so that they cannot be matched by id",
            hint="name a column of ids that differ",
            code="LK205",
        )
    return rows


def joined_ids(parts: Iterable[NDArray[Any]]) -> NDArray[Any]:
    """Put ids under one another; those of two types are objects."""
    parts = list(parts)
    kinds = {part.dtype.kind for part in parts}
    return np.concatenate([part if len(kinds) < 2 else part.astype(object) for part in parts])


def _rearranged(side: Side, places: NDArray[np.int64]) -> HeldSide:
    """Some examples of a side, in another order, in memory."""
    chunks = list(side.chunks())
    whole = Chunk(
        rows=places,
        ids=np.concatenate([chunk.ids for chunk in chunks])[places],
        outcomes=np.concatenate([chunk.outcomes for chunk in chunks])[places],
        labels=np.concatenate([_labels(chunk) for chunk in chunks])[places] if side.labeled else None,
    )
    return HeldSide(
        whole, side.lfs, side.class_names, side.corpus, ExampleNames(whole.ids), side.named_by, side.manifest
    )


def _labels(chunk: Chunk) -> NDArray[np.int64]:
    assert chunk.labels is not None
    return chunk.labels
