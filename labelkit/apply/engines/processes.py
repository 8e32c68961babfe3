"""Batches in several processes, started afresh (spawn), so that no thread or lock of the user's is copied.

A worker opens a Parquet corpus by itself; of any other source the main process writes the columns that are needed to a
file that the worker maps. Votes come back through files too: nothing of the size of the corpus is pickled. A worker
that dies is replaced, and the call that ended it becomes a fault (:mod:`labelkit.apply.engines._retries`).
"""

from __future__ import annotations

import mmap
import multiprocessing
import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count, tee
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa

from labelkit._shared.process_settings import ProcessSettings
from labelkit._shared.scratch import scratch_folder
from labelkit._shared.user_errors import warn
from labelkit.apply.engines._retries import (
    Care,
    FileSource,
    Source,
    VotingTask,
    deadly_faults,
    fault_error,
    spans_of,
    tried_again,
)
from labelkit.apply.engines._workers import Workers
from labelkit.apply.engines.job import Job, R
from labelkit.apply.engines.serial import run_serially
from labelkit.apply.plan import BatchVotes, CallLedger, Plan, calls_noted
from labelkit.apply.shipped_rules import Shipped, ship, unship
from labelkit.corpus import Batch, Corpus
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.votes.label_space import LabelSpace


def run_in_processes(job: Job[R]) -> Iterator[R]:
    """Vote in ``job.workers`` processes; rules that a worker cannot import run here, with one warning that says why."""
    shipped, stay = _packed(job.plan.lfs)
    if not shipped:
        _warn(stay, len(job.plan.lfs))
        yield from run_serially(job)
        return
    with scratch_folder() as folder, _Pool(job, shipped, folder) as pool:
        stay |= pool.unusable()
        if stay:
            _warn(stay, len(job.plan.lfs))
        if len(stay) == len(job.plan.lfs):
            yield from run_serially(job)
        elif stay:
            yield from _share(job, pool, stay)
        else:
            yield from pool.run(job.deliver)


def _packed(lfs: LabelingFunctions) -> tuple[list[Shipped], dict[str, str]]:
    shipped: list[Shipped] = []
    stay: dict[str, str] = {}
    for lf in lfs:
        packed = ship(lf)
        if isinstance(packed, str):
            stay[lf.name] = packed
        else:
            shipped.append(packed)
    return shipped, stay


def _warn(stay: dict[str, str], n_lfs: int) -> None:
    reasons: dict[str, list[str]] = {}
    for name, reason in stay.items():
        reasons.setdefault(reason, []).append(name)
    listed = "; ".join(f"{', '.join(names)}: {reason}" for reason, names in reasons.items())
    warn(
        f"{len(stay)} of {n_lfs} rules run in the main process, since a worker cannot import them ({listed}). "
        "Hint: keep rules in a module of their own and collect them from there",
        code="LK117",
    )


def _share(job: Job[R], pool: _Pool, stay: dict[str, str]) -> Iterator[R]:
    """Let workers run what they can, and run the rest here, on the same batches."""
    names = job.plan.lfs.names
    here = [j for j, name in enumerate(names) if name in stay]
    there = [j for j, name in enumerate(names) if name not in stay]
    local_plan = Plan(job.plan.lfs[[names[j] for j in here]], job.plan.time_limit)
    # A corpus that workers cannot read by themselves is read once: it may be an iterator.
    sent, kept = (None, job.batches()) if pool.reads_alone else tee(job.batches())
    for theirs, batch in zip(pool.run(_votes_alone, sent), kept, strict=True):
        mine = local_plan.vote(batch.table, batch.name_of)
        yield job.deliver(batch, _merged(mine, here, theirs, there))


def _votes_alone(_batch: Batch, votes: BatchVotes) -> BatchVotes:
    return votes


def _merged(mine: BatchVotes, here: list[int], theirs: BatchVotes, there: list[int]) -> BatchVotes:
    n_lfs = len(here) + len(there)
    votes = np.empty((len(mine.votes), n_lfs), dtype=mine.votes.dtype, order="F")
    seconds = np.zeros(n_lfs)
    faults = []
    soft = mine.confidence is not None or theirs.confidence is not None
    sure = np.zeros(votes.shape, dtype=np.uint8, order="F") if soft else None
    for part, places in ((mine, here), (theirs, there)):
        votes[:, places] = part.votes
        if sure is not None and part.confidence is not None:
            sure[:, places] = part.confidence
        seconds[places] = part.seconds
        faults += [(row, places[j], kind, message) for row, j, kind, message in part.faults]
    return BatchVotes(votes, sorted(faults), seconds, sure)


class _Pool:
    """Worker processes for one job."""

    def __init__(self, job: Job[Any], shipped: list[Shipped], folder: Path) -> None:
        self._job = job
        self._folder = folder
        self.reads_alone = job.corpus.splittable and bool(job.corpus.files)
        corpus = job.corpus if self.reads_alone else None
        plan = job.plan
        setup = pickle.dumps(
            _Setup(
                shipped,
                plan.lfs.space,
                corpus,
                job.columns,
                job.batch_rows,
                folder,
                plan.time_limit,
                ProcessSettings.now(),
            )
        )
        self._workers: Workers[VotingTask] = Workers(job.workers, _set_up, setup, folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if kind is None:
            self._workers.close()
        else:
            self._workers.kill()

    def unusable(self) -> dict[str, str]:
        """Start the workers; returns the rules that they could not import, and why."""
        return self._workers.start()

    def run(self, deliver: Callable[[Batch, BatchVotes], R], batches: Iterable[Batch] | None = None) -> Iterator[R]:
        """Yield the results of all batches in order; a few tasks are under way at any time."""
        packed = pickle.dumps(deliver)
        sources: Iterator[Source] = (
            spans_of(self._job, self._job.workers)
            if self.reads_alone
            else self._written(batches or self._job.batches())
        )
        under_way: deque[VotingTask] = deque()
        while True:
            while len(under_way) < 2 * self._job.workers and (source := next(sources, None)) is not None:
                under_way.append(VotingTask(_vote, source, packed))
                self._workers.submit(under_way[-1])
            if not under_way:
                return
            while not under_way[0].done:
                for death in self._workers.step():
                    again = tried_again(death, self._job.most_deadly)
                    place = under_way.index(death.task)
                    under_way.remove(death.task)
                    for task in again:
                        under_way.insert(place, task)
                        self._workers.submit(task, first=True)
            yield from self._results(under_way.popleft())

    def _results(self, task: VotingTask) -> Iterator[Any]:
        if task.gives_up:
            raise fault_error(task.answer, on_fault_raise=self._job.most_deadly == 1)
        for path in task.answer:
            yield _fetched(path)
        if isinstance(task.source, FileSource):
            task.source.path.unlink()

    def _written(self, batches: Iterable[Batch]) -> Iterator[FileSource]:
        """Write each batch where a worker can map it."""
        for number, batch in enumerate(batches):
            path = self._folder / f"batch-{number}.arrow"
            columns = dict(zip(batch.table.schema.names, batch.table.columns, strict=True))
            table = pa.record_batch({f"c:{name}": column for name, column in columns.items()} or {"rows": _rows(batch)})
            if batch.ids is not None:
                table = table.append_column("ids", batch.ids)
            with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
                writer.write_batch(table)
            yield FileSource(batch.start, path)


def _rows(batch: Batch) -> pa.Array:
    return pa.nulls(len(batch))


# In a worker ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Setup:
    """Input of a worker that is the same for all tasks."""

    shipped: list[Shipped]
    space: LabelSpace
    corpus: Corpus | None
    columns: tuple[str, ...]
    batch_rows: int
    folder: Path
    time_limit: float
    settings: ProcessSettings


@dataclass
class _Worker:
    """State of a worker between tasks."""

    setup: _Setup
    plan: Plan | None
    note: Path
    tickets: Iterator[int]


_worker: list[_Worker] = []


def _set_up(packed: bytes, note: Path) -> dict[str, str]:
    """Import the rules; returns those that could not be, and why."""
    pa.set_cpu_count(1)
    setup: _Setup = pickle.loads(packed)  # noqa: S301 - made by the main process a moment ago
    lfs, failed = unship(setup.shipped)
    setup.settings.put_in_place()
    plan = Plan(LabelingFunctions(lfs, labels=setup.space), setup.time_limit) if lfs else None
    _worker[:] = [_Worker(setup, plan, note, count())]
    return failed


def _vote(source: Source, packed: bytes, care: Care | None) -> list[Any]:
    """Vote on consecutive batches; returns the paths of the results, or, given up, the faults of deadly calls."""
    worker = _worker[0]
    deliver = pickle.loads(packed)  # noqa: S301 - made by the main process
    assert worker.plan is not None
    if care is None:
        batches = source.batches(worker.setup)
        return [_stowed(deliver(batch, worker.plan.vote(batch.table, batch.name_of)), worker) for batch in batches]
    with worker.note.open("r+b") as file, mmap.mmap(file.fileno(), 0) as note:
        batch = next(iter(source.batches(worker.setup)))
        with calls_noted(CallLedger(note, care.deadly, max(care.deadly) if care.gives_up else None)):
            votes = worker.plan.vote(batch.table, batch.name_of)
        if care.gives_up:
            return deadly_faults(batch, votes, worker.plan.lfs.names)
        return [_stowed(deliver(batch, votes), worker)]


def _stowed(result: Any, worker: _Worker) -> Path:
    """Write a result where the main process can map it, its arrays as they lie in memory."""
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(result, protocol=5, buffer_callback=buffers.append)
    raws = [buffer.raw() for buffer in buffers]
    path = worker.setup.folder / f"result-{multiprocessing.current_process().pid}-{next(worker.tickets)}"
    with path.open("wb") as file:
        pickle.dump([len(head), *(raw.nbytes for raw in raws)], file)
        file.write(head)
        for raw in raws:
            file.write(raw)
    return path


def _fetched(path: Path) -> Any:
    """Read a result that a worker wrote."""
    with path.open("rb") as file:
        parts = [bytearray(size) for size in pickle.load(file)]  # noqa: S301 - written by a worker of ours, in our folder
        for part in parts:
            file.readinto(part)
    path.unlink()
    return pickle.loads(parts[0], buffers=parts[1:])  # noqa: S301 - as above
