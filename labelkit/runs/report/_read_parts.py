"""Read the votes and labels of a run: all parts, or evenly spread ones of a large run, which bounds memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from labelkit._shared.arrow_arrays import integers, numpy_array
from labelkit._shared.stored_files import read_parquet
from labelkit.exceptions import RunFolderError
from labelkit.votes.label_space import ABSTAIN, LabelSpace
from labelkit.votes.outcomes import FAULT, Fault

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.runs.run_folder import RunFolder

MOST_ROWS: Final = 1_000_000
"""Rows in which examples are looked for; of a larger run, evenly spread parts."""

MOST_CELLS: Final = 200_000_000
"""Votes in which examples are looked for."""

SURENESS_BINS: Final = 10
"""Bins of the probability of the most probable class."""


@dataclass(frozen=True)
class LabelShares:
    """Distribution of the labels of a run.

    Attributes
    ----------
    hard : ndarray of int64, shape (n_classes,)
        Examples with each hard label.
    uncovered, tied : int
        Examples without a label: no rule voted; the most probable classes are equally so.
    expected : ndarray of float64, shape (n_classes,)
        Sums of the probabilities of covered examples.
    sureness : ndarray of int64, shape (10,)
        Covered examples by the probability of their most probable class, in bins of a tenth.
    """

    hard: NDArray[np.int64]
    uncovered: int
    tied: int
    expected: NDArray[np.float64]
    sureness: NDArray[np.int64]


@dataclass(frozen=True)
class LookedRows:
    """The rows that were looked through.

    Attributes
    ----------
    rows : ndarray of int64, shape (n_rows,)
        Their positions in the corpus, ascending.
    votes : ndarray of int, shape (n_rows, n_lfs)
        Faults read -1.
    ids : pyarrow.ChunkedArray
    labels : ndarray of int64, shape (n_rows,)
        -1 where there is none.
    top : ndarray of float64, shape (n_rows,)
        The probability of the most probable class.
    """

    rows: NDArray[np.int64]
    votes: NDArray[np.integer]
    ids: pa.ChunkedArray
    labels: NDArray[np.int64]
    top: NDArray[np.float64]

    def votes_of(self, place: int, faults: dict[int, list[int]]) -> list[tuple[int, int]]:
        """List the votes on one row, as pairs of a rule and a class; failures are included."""
        row = self.votes[place]
        votes = [(int(j), int(row[j])) for j in np.flatnonzero(row != ABSTAIN)]
        return sorted(votes + [(j, FAULT) for j in faults.get(int(self.rows[place]), ())])


def faults_by_row(faults: tuple[Fault, ...], names: list[str]) -> dict[int, list[int]]:
    """The rules that failed on each row."""
    failed: dict[int, list[int]] = {}
    positions = {name: j for j, name in enumerate(names)}
    for fault in faults:
        failed.setdefault(fault.row, []).append(positions[fault.lf])
    return failed


@dataclass(frozen=True)
class Parts:
    """The parts of a run.

    Parameters
    ----------
    folder : RunFolder
    """

    folder: RunFolder

    @cached_property
    def votes(self) -> list[Path]:
        """The files of votes, in the order of the corpus."""
        return self.folder.layout.parts("votes")

    @cached_property
    def labels(self) -> list[Path]:
        """The files of labels."""
        return self.folder.layout.parts("labels")

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """The first row of each part, and where the last one ends."""
        return np.cumsum([0, *(pq.read_metadata(file).num_rows for file in self.votes)])

    @cached_property
    def looked(self) -> list[int]:
        """The parts that are looked through."""
        n_lfs = max(len(self.folder.manifest["rules"]), 1)
        rows = min(MOST_ROWS, MOST_CELLS // n_lfs)
        longest = max(int(np.diff(self.starts).max()), 1)
        n_looked = min(len(self.votes), max(1, -(-rows // longest)))
        return [int(part) for part in np.unique(np.linspace(0, len(self.votes) - 1, n_looked).round())]

    def read(self) -> tuple[LookedRows, LabelShares]:
        """Read the votes and labels of the rows that are looked through, and count the labels of all."""
        if len(self.labels) != len(self.votes):
            raise RunFolderError(
                f"{self.folder.place!r} has {len(self.votes)} parts of votes, but {len(self.labels)} of labels",
                hint="labelkit run ... --force",
                code="LK506",
            )
        class_names = self.folder.manifest["classes"]
        counts = _Counts(len(class_names))
        labels, tops = [], []
        wanted = set(self.looked)
        for number, file in enumerate(self.labels):
            label, top = counts.add(read_parquet(file), class_names)
            if number in wanted:
                labels.append(label)
                tops.append(top)
        rows = np.concatenate([np.arange(self.starts[part], self.starts[part + 1]) for part in self.looked])
        votes, ids = self._votes(len(rows))
        return LookedRows(rows, votes, ids, np.concatenate(labels), np.concatenate(tops)), counts.shares()

    def _votes(self, n_rows: int) -> tuple[NDArray[np.integer], pa.ChunkedArray]:
        manifest = self.folder.manifest
        dtype = LabelSpace.of(manifest["classes"]).dtype
        votes = np.empty((n_rows, len(manifest["rules"])), dtype=dtype, order="F")
        ids: list[pa.Array] = []
        start = 0
        for part in self.looked:
            table = read_parquet(self.votes[part])
            for j in range(votes.shape[1]):
                votes[start : start + table.num_rows, j] = numpy_array(table.column(j + 1))
            ids += table.column(0).chunks
            start += table.num_rows
        return votes, pa.chunked_array(ids)


class _Counts:
    """Count labels, a part at a time."""

    def __init__(self, n_classes: int) -> None:
        self.hard = np.zeros(n_classes, dtype=np.int64)
        self.expected = np.zeros(n_classes)
        self.sureness = np.zeros(SURENESS_BINS, dtype=np.int64)
        self.uncovered = self.tied = 0

    def add(self, table: pa.Table, class_names: list[str]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Count one part; returns its labels and the probabilities of the most probable classes."""
        label = integers(table.column("label"), null=ABSTAIN)
        covered = numpy_array(table.column("covered"))
        proba = [numpy_array(table.column(f"p_{name}")) for name in class_names]
        top: NDArray[np.float64] = np.maximum.reduce(proba)
        self.hard += np.bincount(label[label >= 0], minlength=len(class_names))
        self.expected += [float(column[covered].sum()) for column in proba]
        bins = np.minimum((top[covered] * SURENESS_BINS + 1e-9).astype(np.int64), SURENESS_BINS - 1)
        self.sureness += np.bincount(bins, minlength=SURENESS_BINS)
        self.uncovered += int((~covered).sum())
        self.tied += int((covered & (label < 0)).sum())
        return label, top

    def shares(self) -> LabelShares:
        """Return the counts."""
        return LabelShares(self.hard, self.uncovered, self.tied, self.expected, self.sureness)
