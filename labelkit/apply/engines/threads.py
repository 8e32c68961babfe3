"""Batches in threads of this process: the engine for declarative rules, which are scanned by compiled code.

The tables of phrases and patterns are built once and shared, nothing travels between processes, and no time is spent
on starting them. The functions of the user (Python rules, derived columns, the reading of a corpus that is an iterator)
run in the main thread alone, as their authors expect. Where they take most of the time, the main thread is the
bottleneck: then the rest of the corpus is left to processes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from labelkit.apply.engines.job import Job, R
from labelkit.apply.engines.processes import run_in_processes
from labelkit.apply.plan import Voting
from labelkit.corpus import Batch

SECONDS_TO_START: Final = 4.0
"""About what it takes until processes have started, imported the rules and built their tables."""

WARM: Final = 2
"""Batches after which the time that is taken is typical."""


def run_in_threads(job: Job[R]) -> Iterator[R]:
    """Vote in ``job.workers`` threads, with the user's functions in the main thread."""
    with _Threads(job) as threads:
        yield from threads.results()


def run_where_it_pays(job: Job[R]) -> Iterator[R]:
    """Vote in threads, and in processes from the moment on when Python rules turn out to need them."""
    with _Threads(job, may_stop=True) as threads:
        yield from threads.results()
        rest = threads.rest
    if rest is not None:
        yield from run_in_processes(rest)


@dataclass
class _Task:
    """A batch under way."""

    batch: Batch
    voting: Voting
    future: Future[Any]


class _Threads:
    """Threads for one job.

    Attributes
    ----------
    rest : Job or None
        What is left to processes, once :meth:`results` is exhausted.
    """

    def __init__(self, job: Job[Any], *, may_stop: bool = False) -> None:
        self._job = job
        self._may_stop = may_stop
        self._pool = ThreadPoolExecutor(job.workers, thread_name_prefix="labelkit")
        self._n_begun = 0
        self._n_settled = 0
        self.rest: Job[Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def results(self) -> Iterator[Any]:
        """Yield the result of ``deliver`` for each batch, in order; few batches are in memory at any time."""
        batches = self._job.batches()
        scanning: deque[_Task] = deque()
        settling: deque[_Task] = deque()
        while True:
            while self.rest is None and len(scanning) <= self._job.workers and (task := self._begun(batches)):
                scanning.append(task)
            if not scanning:
                break
            settling.append(self._called(scanning.popleft()))
            if len(settling) > self._job.workers:
                yield self._settled(settling.popleft(), batches)
        while settling:
            yield settling.popleft().future.result()

    def _begun(self, batches: Iterator[Batch]) -> _Task | None:
        """Read a batch, here: what it is read from may be an iterator of the user's."""
        batch = next(batches, None)
        if batch is None:
            return None
        self._n_begun += 1
        voting = self._job.plan.begin(batch.table)
        voting.name_of = batch.name_of
        return _Task(batch, voting, self._pool.submit(voting.scan))

    def _called(self, task: _Task) -> _Task:
        """Let a batch whose columns are scanned go through the user's functions."""
        task.future.result()
        task.voting.call()
        return replace(task, future=self._pool.submit(self._deliver, task))

    def _deliver(self, task: _Task) -> Any:
        return self._job.deliver(task.batch, task.voting.settle())

    def _settled(self, task: _Task, batches: Iterator[Batch]) -> Any:
        """Return the result of a batch; decide by its times if the next batches go to processes."""
        result = task.future.result()
        self._n_settled += 1
        if self._may_stop and self.rest is None and self._n_settled > WARM and self._processes_pay(task):
            self.rest = replace(self._job, first=self._job.first + self._n_begun, source=batches)
        return result

    def _processes_pay(self, task: _Task) -> bool:
        job, called, other = self._job, task.voting.seconds_called, task.voting.seconds_other
        in_threads = max(called, (called + other) / job.workers)
        in_processes = (called + other) / job.workers
        n_rows = job.corpus.n_rows
        n_left = 1_000 if n_rows is None else (n_rows - task.batch.start) // job.batch_rows
        return n_left * (in_threads - in_processes) > SECONDS_TO_START
