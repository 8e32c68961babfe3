"""What the workers of Spark do in a run: make parts, merge tables of patterns, label parts.

Workers share the disk of the run folder. Each attempt at a task writes to a folder of its own, and yields a small row
for each part; the driver takes the parts of those attempts whose rows Spark delivers. So a task that is tried again, or
twice at once, doubles no row.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from labelkit._shared.files import replaced
from labelkit._shared.stored_files import read_parquet
from labelkit.apply.plan import Plan
from labelkit.apply.shipped_rules import ShippedRules
from labelkit.corpus import open_corpus
from labelkit.corpus.rebatched import rebatched
from labelkit.corpus.sources.spark_frame import SparkColumns
from labelkit.exceptions import LabelkitError
from labelkit.runs.parts import PartMaker, write_part
from labelkit.runs.provenance import REPEATING
from labelkit.runs.run_folder import RunLayout
from labelkit.runs.run_state import PatternLabels
from labelkit.votes.packed_patterns import PackedPatterns, merge_tables
from labelkit.votes.vote_patterns import VotePatterns

if TYPE_CHECKING:
    from labelkit.apply.engines.spark import Sent

PARTS: Final = pa.schema(
    [
        *((name, pa.int64()) for name in ("task", "attempt", "part", "n_rows", "n_faults", "n_bytes")),
        ("seconds", pa.list_(pa.float64())),
        ("error", pa.binary()),
    ]
)
"""What is told of each part; or, with a number of rows of 0, of an error."""

TOGETHER: Final = 16
"""Tables of patterns that are merged at a time."""


@dataclass(frozen=True)
class SparkLayout:
    """Places in the folder of a run while Spark votes.

    Parameters
    ----------
    folder : Path
        Below the folder of the run.
    """

    folder: Path

    def attempt(self, task: int, attempt: int) -> RunLayout:
        """Return the folder of one attempt at a task."""
        return RunLayout(self.folder / f"task-{task}-{attempt}")

    @property
    def stop(self) -> Path:
        """A note that no further part is needed: the run has failed."""
        return self.folder / "stop"

    @property
    def faults(self) -> Path:
        """A folder with the number of faults of each part that has some."""
        return self.folder / "faults"

    def table(self, level: int, number: int) -> Path:
        """Return the file of a table of patterns; level 0 is of tasks, each of the next of several before."""
        return self.folder / f"patterns-{level}-{number}.npz"

    @property
    def whole(self) -> Path:
        """The table of the patterns of all parts."""
        return self.folder / "patterns.npz"

    def labels(self, number: int) -> Path:
        """Return the file of the labels of a part, until all are written."""
        return self.folder / "labels" / f"{number:05d}.parquet"

    @property
    def proba(self) -> Path:
        """The probabilities of all patterns."""
        return self.folder / "proba.npy"

    def begin(self) -> None:
        """Make the folders."""
        self.faults.mkdir(parents=True)
        (self.folder / "labels").mkdir()


def task_patterns(layout: RunLayout) -> Path:
    """Return the file of the patterns of all parts of a task."""
    return layout.work / "patterns.npz"


def write_table(path: Path, table: PackedPatterns) -> None:
    """Write a table of patterns."""
    with replaced(path, one_of_many=True) as draft:
        draft.write_bytes(table.to_bytes())


@dataclass(frozen=True)
class SparkVoting:
    """Vote on the rows of a task of Spark, and write them in parts.

    Parameters
    ----------
    rules : ShippedRules
    time_limit : float
    maker : PartMaker
    id : str
        The column of the ids.
    columns : tuple of str
        The columns that rules and gold read.
    read : SparkColumns
        How they come of the rows of the frame.
    place : SparkLayout
    most_faults : int or None
        More faults than that, of all workers together, end the run.
    """

    rules: ShippedRules
    time_limit: float
    maker: PartMaker
    id: str
    columns: tuple[str, ...]
    read: SparkColumns
    place: SparkLayout
    most_faults: int | None

    @property
    def plan(self) -> Plan:
        """The rules, found and compiled; once in a worker, for all runs of a session."""
        return self.rules.plan(self.time_limit)

    def run(self, task: int, attempt: int, batches: Iterable[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
        """Yield what is to be told of each part."""
        layout, table = self.place.attempt(task, attempt), None
        pieces = rebatched(self.read.each(batches), self.maker.batch_rows)
        for number in count():
            facts: dict[str, Any] = {"task": task, "attempt": attempt, "part": number}
            try:
                rows = next(pieces, None)
                if rows is None:
                    break
                if self.place.stop.exists():
                    return
                some, of_part = self._part(layout, number, rows)
            except LabelkitError as error:
                self.place.stop.touch()
                yield {**facts, "n_rows": 0, "error": pickle.dumps(error)}
                return
            table = of_part if table is None else merge_tables([table, of_part])[0]
            if some["n_faults"]:
                self._count_faults(f"{task}-{number}", some["n_faults"])
            yield {**facts, **some}
        if table is not None:
            write_table(task_patterns(layout), table)

    def _part(self, layout: RunLayout, number: int, rows: pa.Table) -> tuple[dict[str, Any], PackedPatterns]:
        if not number:
            layout.begin()
        corpus = open_corpus(rows, id=self.id)
        self.plan.check(corpus)
        batch = next(corpus.batches(self.columns, self.maker.batch_rows))
        ids = batch.ids
        assert ids is not None
        with self.rules.in_place():
            votes = self.plan.vote(batch.table, lambda row: f"id {ids[row].as_py()!r}")
        part = self.maker(batch, votes)
        replace(part, number=number).write(layout)
        facts = {
            "n_rows": len(batch),
            "n_faults": len(votes.faults),
            "n_bytes": len(part.votes),
            "seconds": votes.seconds.tolist(),
        }
        return facts, PackedPatterns.read(BytesIO(part.patterns))

    def _count_faults(self, part: str, n_faults: int) -> None:
        """Add the faults of a part to those of all workers, and leave the note to stop where they are too many."""
        with replaced(self.place.faults / part, one_of_many=True) as draft:
            draft.write_text(str(n_faults), "utf-8")
        if self.most_faults is not None:
            notes = [path for path in self.place.faults.iterdir() if not path.name.startswith(".")]
            if sum(int(path.read_text("utf-8")) for path in notes) > self.most_faults:
                self.place.stop.touch()


def vote(sent: Sent, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Vote on the rows of a task, as ``mapInArrow`` calls it."""
    from pyspark import TaskContext  # noqa: PLC0415 - a worker has it

    task: SparkVoting = sent.load()
    context = TaskContext.get()
    for facts in task.run(context.partitionId(), context.taskAttemptId(), batches):
        yield pa.RecordBatch.from_pylist([facts], schema=PARTS)


def merge(place: SparkLayout, level: int, n_tables: int, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Merge tables of patterns of a level, several to one of the next; the rows are the numbers of these."""
    for batch in batches:
        for number in batch.column(0).to_pylist():
            write_table(place.table(level + 1, number), merged_table(place, level, n_tables, number))
        yield batch


def merged_table(place: SparkLayout, level: int, n_tables: int, number: int) -> PackedPatterns:
    """Merge the tables that become one of the next level: two at a time, so that two are in memory."""
    first, *others = range(number * TOGETHER, min((number + 1) * TOGETHER, n_tables))
    table = PackedPatterns.read(place.table(level, first))
    for other in others:
        table = merge_tables([table, PackedPatterns.read(place.table(level, other))])[0]
    return table


def ids_of_parts(layout: RunLayout, kind: pa.DataType, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Read the ids of parts, whose numbers are the rows."""
    for batch in batches:
        for number in batch.column(0).to_pylist():
            yield pa.RecordBatch.from_arrays([_ids(layout, number).combine_chunks().cast(kind)], ["id"])


@dataclass(frozen=True)
class SparkLabeling:
    """Label parts: each example has the label of its pattern.

    Parameters
    ----------
    layout : RunLayout
    place : SparkLayout
    model, run : str
        Fingerprints, for the metadata of the files.
    """

    layout: RunLayout
    place: SparkLayout
    model: str
    run: str

    @cached_property
    def labels(self) -> PatternLabels:
        """The labels of all patterns; once in a worker."""
        patterns = VotePatterns.load(self.layout.patterns)
        return PatternLabels.of(np.load(self.place.proba), patterns, model=self.model, run=self.run)

    @cached_property
    def table(self) -> PackedPatterns:
        """All patterns as keys, packed as those of most parts are."""
        return PackedPatterns.read(self.place.whole)

    def write(self, number: int) -> None:
        """Write the labels of one part."""
        file = self.layout.part_patterns(number)
        part = PackedPatterns.read(file)
        with np.load(file) as arrays:
            pattern = merge_tables([self.table, part])[1][1][arrays["index"]]
        ids = _ids(self.layout, number).combine_chunks()
        with replaced(self.place.labels(number), one_of_many=True) as draft:
            write_part(self.labels.table(ids, pattern), draft, repeating=REPEATING)


def label(sent: Sent, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Label parts, whose numbers are the rows."""
    task: SparkLabeling = sent.load()
    for batch in batches:
        for number in batch.column(0).to_pylist():
            task.write(number)
        yield batch


def _ids(layout: RunLayout, number: int) -> pa.ChunkedArray:
    """Return the ids of a part, its first column."""
    file = layout.part("votes", number)
    return read_parquet(file, columns=[pq.read_schema(file).names[0]]).column(0)
