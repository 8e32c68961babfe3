"""A run whose votes and labels are made and written by the workers of Spark; the driver fits the label model.

The driver receives a row for each part, and merges tables of patterns: its memory is bounded by the distinct patterns,
and not by the rows. All else of the run is as on one machine (:mod:`labelkit.runs.pipeline`).
"""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelkit._shared.files import replaced
from labelkit._shared.threads import n_cores
from labelkit.apply.engines.spark import check_for_spark, collected, fault_error, sent, too_many_faults
from labelkit.apply.shipped_rules import ShippedRules
from labelkit.apply.voting_options import OnFault, check_on_fault
from labelkit.corpus import BATCH_ROWS
from labelkit.corpus.distinct_ids import repeated_ids
from labelkit.corpus.sources.spark_frame import SparkCorpus
from labelkit.exceptions import CorpusError, GoldError, LabelkitError, ModelError, RunFolderError
from labelkit.runs.content_labels import reads_examples
from labelkit.runs.label_stage import LabelStage
from labelkit.runs.parts import PartMaker
from labelkit.runs.provenance import run_fingerprint
from labelkit.runs.run_state import Run
from labelkit.runs.spark_tasks import (
    TOGETHER,
    SparkLabeling,
    SparkLayout,
    SparkVoting,
    ids_of_parts,
    label,
    merge,
    merged_table,
    task_patterns,
    vote,
    write_table,
)
from labelkit.votes.vote_patterns import VotePatterns

_TOLD = (
    "task long, attempt long, part long, n_rows long, n_faults long, n_bytes long, seconds array<double>, error binary"
)
"""The columns of PARTS, as Spark has them."""

MOST_TASKS = 512
"""Tasks that label parts, or read ids: each has a start of its own."""

PARTS_EACH = 4
"""Parts of such a task, until there are so many."""

LABELED_HERE = 2**19
"""Rows, if parts were full, up to which the driver labels, in less time than a job of Spark takes to begin."""

CHECKED_HERE = 2**24
"""Rows up to which the driver reads the ids again, and compares them: Spark takes ten times the processor time."""


@dataclass(frozen=True)
class SparkRun(Run):
    """A run in progress, on the workers of Spark."""

    corpus: SparkCorpus
    token: str = field(default_factory=lambda: uuid4().hex)
    """Of this driver: tasks of one that was killed may go on to write, in a folder of theirs."""

    @classmethod
    def of(
        cls, run_: Run, labeling: LabelStage | None, out: Path, *, update: bool, force: bool, **voting: Any
    ) -> SparkRun:
        """Take a run to Spark.

        Raises
        ------
        LabelkitError
            If an option does not hold there.
        RunFolderError
            If the folder exists, and is not to be replaced.
        GoldError
            If gold is in the order of the corpus.
        ModelError
            If the label model reads the examples.
        """
        check_for_spark(**{name: voting[name] for name in ("workers", "isolate", "cache")})
        if update:
            raise LabelkitError(
                "update=True (--update) does not hold with the engine 'spark': new rows are known by their positions",
                hint="force=True (--force) makes the run anew; or run over the new rows into a folder of their own",
                code="LK603",
            )
        if out.exists() and not force:
            raise RunFolderError(f"{str(out)!r} exists already", hint="force=True (--force) replaces it", code="LK501")
        if run_.gold is not None and run_.gold.column is None and run_.gold.names is None:
            raise GoldError(
                "rows of Spark have no order, so that gold cannot be in the order of the corpus",
                hint="name a column, or give a file with ids; or give dict(zip(ids, labels))",
                code="LK603",
            )
        if labeling is not None and reads_examples(labeling.model):
            raise ModelError(
                f"{type(labeling.model).__name__} reads the texts of the examples, which stay where Spark has them",
                hint="use LabelModel, or make this run on one machine",
                code="LK412",
            )
        return cls(**{one.name: getattr(run_, one.name) for one in fields(run_)})

    @property
    def _place(self) -> SparkLayout:
        return SparkLayout(self.layout.work / f"spark-{self.token}")

    @property
    def _session(self) -> Any:
        return self.corpus.spark.frame.sparkSession

    def resume_or_start(self, *, anew: bool) -> None:  # noqa: ARG002 - what of a run that failed is there is not known
        """Begin anew: Spark tries tasks again, and a run that it gave up leaves nothing."""
        super().resume_or_start(anew=True)

    def vote(  # the other options are of engines of one machine
        self, *, on_fault: OnFault, max_faults: int | None, time_limit: float, **_: Any
    ) -> int:
        """Vote on all rows, and number the parts that were made; returns the number of rows."""
        check_on_fault(on_fault)
        assert self.corpus.id is not None
        lfs, gold = self.applier.lfs, self.gold
        columns = dict.fromkeys([*self.applier.plan.columns, *([gold.column] if gold and gold.column else [])])
        most = 0 if on_fault == "raise" else max_faults
        maker = PartMaker(self.inputs.digest, self.batch_rows, lfs.infos, lfs.space.names, gold)
        frame, read = self.corpus.selected(list(dict.fromkeys([self.corpus.id, *columns])))
        rules = ShippedRules.of(lfs)
        task = SparkVoting(rules, time_limit, maker, self.corpus.id, tuple(columns), read, self._place, most)
        self._place.begin()
        rows = collected(frame.mapInArrow(partial(vote, sent(self._session, task)), _TOLD)).to_pylist()
        for row in rows:
            if row["error"] is not None:
                raise pickle.loads(row["error"])  # noqa: S301 - a worker of this job wrote it
        rows = sorted(rows, key=lambda row: (row["task"], row["attempt"], row["part"]))
        n_rows = sum(int(row["n_rows"]) for row in rows)
        if not n_rows:
            raise CorpusError("the corpus has no rows, so there is nothing to label", code="LK204")
        self._take_parts(rows)
        self._judge(sum(row["n_faults"] for row in rows), on_fault, max_faults)
        if self._place.stop.exists():  # by an attempt that does not count: others left rows out for it
            raise LabelkitError(
                "a worker of Spark stopped the run for a fault, and was lost before it could say which",
                hint="run it again; on_fault='record' without max_faults stops for none",
            )
        self._check_ids(len(rows), n_rows)
        seconds = np.sum([row["seconds"] for row in rows], axis=0)
        self.applier.seconds = dict(zip(lfs.names, seconds.tolist(), strict=True))
        return n_rows

    def _take_parts(self, rows: list[dict[str, Any]]) -> None:
        """Move the parts of the attempts that count to their places, and the tables of patterns of these tasks."""
        start = 0
        for number, row in enumerate(rows):
            before = self._place.attempt(row["task"], row["attempt"])
            votes = before.part("votes", row["part"])
            if not votes.is_file() or votes.stat().st_size != row["n_bytes"]:
                raise RunFolderError(
                    f"a worker of Spark wrote {votes.name!r} of this run, and it is not on the disk of the driver",
                    hint="the folder of a run is to be on a disk that the driver and all workers share: /dbfs, NFS",
                )
            votes.replace(self.layout.part("votes", number))
            self._take_faults(before.part_faults(row["part"]), number, start)
            before.part_patterns(row["part"]).replace(self.layout.part_patterns(number))
            start += row["n_rows"]
        tasks = dict.fromkeys((row["task"], row["attempt"]) for row in rows)
        for number, (task, attempt) in enumerate(tasks):
            file = task_patterns(self._place.attempt(task, attempt))
            if file.is_file():  # a run that was stopped for its faults has none
                file.replace(self._place.table(0, number))

    def _take_faults(self, file: Path, number: int, start: int) -> None:
        if not file.is_file():
            return
        faults = [{**fault, "row": start + fault["row"]} for fault in json.loads(file.read_text("utf-8"))]
        with replaced(self.layout.part_faults(number), one_of_many=True) as draft:
            draft.write_text(json.dumps(faults), "utf-8")

    def _judge(self, n_faults: int, on_fault: OnFault, max_faults: int | None) -> None:
        """Stop for a fault, or for too many."""
        stops = n_faults > 0 if on_fault == "raise" else max_faults is not None and n_faults > max_faults
        if not stops:
            return
        n_parts = self.parts.count()
        faults = [fault for number in range(n_parts) for fault in self.parts.faults(number)]
        raise fault_error(faults[0]) if on_fault == "raise" else too_many_faults(faults[-1], max_faults or 0)

    def _check_ids(self, n_parts: int, n_rows: int) -> None:
        """Find ids that stand twice among what was written; of many rows, on the workers."""
        here = n_rows <= CHECKED_HERE
        repeated = repeated_ids(lambda: map(self.parts.ids, range(n_parts))) if here else self._repeated(n_parts)
        if repeated:
            shown = ", ".join(map(repr, repeated[:3]))
            raise CorpusError(
                f"ids stand more than once in the column {self.corpus.id!r}: {shown}",
                hint="name a column of ids that differ; dropDuplicates of Spark leaves one row of each",
                code="LK205",
            )

    def _repeated(self, n_parts: int) -> list[Any]:
        """Let Spark find such ids."""
        kind = self.corpus.id_type if pa.types.is_string(self.corpus.id_type) else pa.int64()
        schema = f"id {'string' if pa.types.is_string(kind) else 'long'}"
        ids = self._parts(n_parts).mapInArrow(partial(ids_of_parts, self.layout, kind), schema)
        repeated = collected(ids.groupBy("id").count().where("count > 1").orderBy("id").limit(3))
        return list(repeated.column(0).to_pylist())

    @property
    def _is_labeled_here(self) -> bool:
        return self.parts.count() * max(self.batch_rows, BATCH_ROWS) <= LABELED_HERE

    def _parts(self, n_parts: int, *, each: int = PARTS_EACH) -> Any:
        """Return a frame of the numbers of parts, or of tables, so many of them in a task."""
        return self._session.range(0, n_parts, 1, numPartitions=min(-(-n_parts // each), MOST_TASKS))

    def merged(self) -> tuple[VotePatterns, list[NDArray[np.int32]]]:
        """Merge the tables of tasks: on the workers, until few are left; of many rows, there are no places of parts."""
        if self._is_labeled_here:
            return super().merged()
        level, n_tables = 0, sum(1 for _ in self._place.folder.glob("patterns-0-*.npz"))
        while n_tables > TOGETHER:
            n_merged = -(-n_tables // TOGETHER)
            some = self._parts(n_merged, each=1)
            collected(some.mapInArrow(partial(merge, self._place, level, n_tables), "id long").groupBy().count())
            level, n_tables = level + 1, n_merged
        table = merged_table(self._place, level, n_tables, 0)
        write_table(self._place.whole, table)
        return self.parts.decoded(table), []

    def label(
        self,
        proba: NDArray[np.float64],
        patterns: VotePatterns,
        places: list[NDArray[np.int32]],  # none if the workers find them
        workers: int,  # noqa: ARG002 - of Spark
        model: str,
    ) -> None:
        """Let the workers write the labels of each part; the driver those of few."""
        if self._is_labeled_here:
            super().label(proba, patterns, places, n_cores(), model)
            return
        patterns.save(self.layout.patterns)
        with replaced(self._place.proba) as draft, draft.open("wb") as file:
            np.save(file, proba)
        task = SparkLabeling(self.layout, self._place, model, run_fingerprint(self.inputs.lasting))
        n_parts = self.parts.count()
        labeled = self._parts(n_parts).mapInArrow(partial(label, sent(self._session, task)), "id long")
        collected(labeled.groupBy().count())
        for number in range(n_parts):
            self._place.labels(number).replace(self.layout.part("labels", number))
