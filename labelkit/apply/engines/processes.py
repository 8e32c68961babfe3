"""Batches in several processes, started afresh (spawn), so that no thread or lock of the user's is copied.

A worker opens a Parquet corpus by itself; of any other source the main process writes the columns that are needed to a
file that the worker maps. Votes come back through files too: nothing of the size of the corpus is pickled.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import tempfile
import threading
import types
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, islice, tee
from pathlib import Path
from typing import Any, Final, Self, TypeAlias

import numpy as np
import pyarrow as pa

from labelkit._shared.user_errors import stack_level
from labelkit.apply.engines._rule_pickling import Reference, Shipped, ship, unship
from labelkit.apply.engines.job import Job, R
from labelkit.apply.engines.serial import run_serially
from labelkit.apply.plan import BatchVotes, Plan
from labelkit.corpus import Batch, Corpus
from labelkit.exceptions import LabelkitError
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.votes.label_space import LabelSpace

MAX_SPAN: Final = 16
"""Batches in one task at the most. Neighbours go to the same worker, which then reads each row group once."""

Span: TypeAlias = tuple[int, int]
"""The first batch of a task and how many there are."""


def run_in_processes(job: Job[R]) -> Iterator[R]:
    """Vote in ``job.workers`` processes; rules that a worker cannot import run here, with one warning that says why."""
    shipped, stay = _packed(job.plan.lfs)
    if not shipped:
        _warn(stay, len(job.plan.lfs))
        yield from run_serially(job)
        return
    with tempfile.TemporaryDirectory(prefix="labelkit-") as folder, _Pool(job, shipped, Path(folder)) as pool:
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
    warnings.warn(
        f"{len(stay)} of {n_lfs} rules run in the main process, since a worker cannot import them ({listed}). "
        "Hint: keep rules in a module of their own and collect them from there",
        stacklevel=stack_level(),
    )


def _share(job: Job[R], pool: _Pool, stay: dict[str, str]) -> Iterator[R]:
    """Let workers run what they can, and run the rest here, on the same batches."""
    names = job.plan.lfs.names
    here = [j for j, name in enumerate(names) if name in stay]
    there = [j for j, name in enumerate(names) if name not in stay]
    local_plan = Plan(job.plan.lfs[[names[j] for j in here]])
    # A corpus that workers cannot read by themselves is read once: it may be an iterator.
    sent, kept = (None, job.batches()) if pool.reads_alone else tee(job.batches())
    for theirs, batch in zip(pool.run(_votes_alone, sent), kept, strict=True):
        mine = local_plan.vote(batch.table)
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
        self.reads_alone = job.corpus.splittable and job.corpus.path is not None
        self._shipped = shipped
        corpus = job.corpus if self.reads_alone else None
        setup = pickle.dumps(_Setup(shipped, job.plan.lfs.space, corpus, job.columns, job.batch_rows, folder))
        self._executor = ProcessPoolExecutor(
            job.workers, multiprocessing.get_context("spawn"), initializer=_set_up, initargs=(setup,)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        processes = list((self._executor._processes or {}).values())  # noqa: SLF001 - no public way before 3.14
        self._executor.shutdown(wait=kind is None, cancel_futures=True)
        if kind is not None:
            for process in processes:
                process.terminate()
            for process in processes:
                process.join()

    def unusable(self) -> dict[str, str]:
        """The rules that a worker could not import, and why; those that could be used are used from here on."""
        if not any(isinstance(one, Reference) for one in self._shipped):
            return {}
        # One question for each worker, so that all of them start now and not when the first is busy.
        answers = [self._submit(_failed_rules) for _ in range(self._job.workers)]
        failed: dict[str, str] = {}
        for answer in answers:
            failed |= self._result(answer)
        return failed

    def run(self, deliver: Callable[[Batch, BatchVotes], R], batches: Iterable[Batch] | None = None) -> Iterator[R]:
        """Yield the results of all batches in order; a few tasks are under way at any time."""
        packed = pickle.dumps(deliver)
        tasks = self._spans() if self.reads_alone else self._written(batches or self._job.batches())
        pending: deque[Future[list[Path]]] = deque()
        for task in tasks:
            pending.append(self._submit(_vote_span if self.reads_alone else _vote_file, task, packed))
            if len(pending) >= 2 * self._job.workers:
                yield from map(_fetched, self._result(pending.popleft()))
        while pending:
            yield from map(_fetched, self._result(pending.popleft()))

    def _submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        with _no_main_module(), _deaths_reported():
            return self._executor.submit(function, *arguments)

    def _result(self, future: Future[Any]) -> Any:
        with _deaths_reported():
            return future.result()

    def _spans(self) -> Iterator[Span]:
        job = self._job
        n_batches = -(-(job.corpus.n_rows or 0) // job.batch_rows)
        span = max(1, min(MAX_SPAN, (n_batches - job.first) // (4 * job.workers)))
        return ((first, min(span, n_batches - first)) for first in range(job.first, n_batches, span))

    def _written(self, batches: Iterable[Batch]) -> Iterator[tuple[int, Path]]:
        """Write each batch where a worker can map it."""
        for number, batch in enumerate(batches):
            path = self._folder / f"batch-{number}.arrow"
            columns = dict(zip(batch.table.schema.names, batch.table.columns, strict=True))
            table = pa.record_batch({f"c:{name}": column for name, column in columns.items()} or {"rows": _rows(batch)})
            if batch.ids is not None:
                table = table.append_column("ids", batch.ids)
            with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
                writer.write_batch(table)
            yield batch.start, path


def _rows(batch: Batch) -> pa.Array:
    return pa.nulls(len(batch))


@contextmanager
def _deaths_reported() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool:
        raise LabelkitError(
            "a worker process died; perhaps a rule crashed it, or memory ran out",
            hint="try workers=1 to see where, or a smaller batch_size",
        ) from None


@contextmanager
def _no_main_module() -> Iterator[None]:
    """Keep a new process from running the user's script again: workers import rules, never ``__main__``."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


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


@dataclass
class _Worker:
    """State of a worker between tasks."""

    setup: _Setup
    plan: Plan | None
    failed: dict[str, str]
    tickets: Iterator[int]


_worker: list[_Worker] = []


def _set_up(packed: bytes) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the main process, which ends its workers
    threading.Thread(target=_die_with_parent, daemon=True).start()
    pa.set_cpu_count(1)
    setup: _Setup = pickle.loads(packed)  # noqa: S301 - made by the main process a moment ago
    lfs, failed = unship(setup.shipped)
    plan = Plan(LabelingFunctions(lfs, labels=setup.space)) if lfs else None
    _worker[:] = [_Worker(setup, plan, failed, count())]


def _die_with_parent() -> None:
    """End this worker when the main process is gone, however it went: nobody waits for the votes any more."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _failed_rules() -> dict[str, str]:
    return _worker[0].failed


def _vote_span(span: Span, packed: bytes) -> list[Path]:
    """Vote on consecutive batches of a corpus that the worker reads itself."""
    setup = _worker[0].setup
    assert setup.corpus is not None
    first, n_batches = span
    batches = setup.corpus.batches(setup.columns, setup.batch_rows, start=first * setup.batch_rows)
    return _vote(islice(batches, n_batches), packed)


def _vote_file(task: tuple[int, Path], packed: bytes) -> list[Path]:
    """Vote on a batch that the main process wrote."""
    start, path = task
    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_file(source).get_batch(0)
        names = [name for name in table.schema.names if name.startswith("c:")]
        columns = table.select(names).rename_columns([name.removeprefix("c:") for name in names])
        ids = table.column("ids") if "ids" in table.schema.names else None
        results = _vote([Batch(start, ids, columns)], packed)
    path.unlink()
    return results


def _vote(batches: Iterable[Batch], packed: bytes) -> list[Path]:
    worker = _worker[0]
    deliver = pickle.loads(packed)  # noqa: S301 - made by the main process
    assert worker.plan is not None
    return [_stowed(deliver(batch, worker.plan.vote(batch.table)), worker) for batch in batches]


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
