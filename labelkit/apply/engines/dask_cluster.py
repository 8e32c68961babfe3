"""Batches on the workers of Dask: its scheduler hands them out and tries again, the results come back in order.

Workers that see the files of a Parquet corpus read them by row groups; of any other source, each batch travels to the
worker that votes on it. Only the results of tasks that ended count, so that a worker that dies loses no row and doubles
none. What a worker makes travels back as bytes: workers and this process need share no disk.
"""

from __future__ import annotations

import logging
import pickle
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

import pyarrow as pa

from labelkit._shared.optional import optional
from labelkit.apply.engines._retries import Source, spans_of
from labelkit.apply.engines.job import Job, R
from labelkit.apply.plan import BatchVotes
from labelkit.apply.shipped_rules import ShippedRules, vote_in_any_thread
from labelkit.corpus import Batch, Corpus
from labelkit.exceptions import LabelkitError

AHEAD: Final = 2
"""Tasks under way for each thread of the workers."""

ALLOWED_BYTES: Final = 2**30
"""Of one task, before Dask warns: a batch of texts travels with it."""


@dataclass(frozen=True)
class OnDask:
    """Run jobs on a cluster of Dask.

    Parameters
    ----------
    cluster : distributed.Client or str, optional
        A client, or the address of a scheduler; by default the client of this process, or else workers of this machine
        that are started for the job.
    """

    cluster: Any = None

    def __call__(self, job: Job[R]) -> Iterator[R]:
        """Yield the result of ``deliver`` for each batch, in the order of the corpus."""
        shipped = ShippedRules.of(job.plan.lfs)
        with ExitStack() as stack:
            client = stack.enter_context(_client(self.cluster, job.workers))
            dask = optional("dask", extra="dask")
            stack.enter_context(dask.config.set({"distributed.admin.large-graph-warning-threshold": ALLOWED_BYTES}))
            yield from _results(client, job, shipped)


@contextmanager
def _client(cluster: Any, workers: int) -> Iterator[Any]:
    """Find the client of a cluster, or start one that ends with the block."""
    distributed = optional("distributed", extra="dask")
    if cluster is not None and not isinstance(cluster, str):
        yield cluster
        return
    if cluster is not None:
        try:
            client = distributed.Client(cluster, set_as_default=False)
        except (OSError, ValueError, ImportError) as error:
            raise LabelkitError(
                f"no scheduler of Dask answers at {cluster!r}: {error}",
                hint="dask scheduler says its address",
                code="LK605",
            ) from error
        with client:
            yield client
        return
    try:
        running = distributed.get_client()
    except ValueError:
        running = None
    if running is not None:
        yield running
        return
    with (
        distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as local,
        distributed.Client(local, set_as_default=False) as client,
    ):
        yield client
        client.run(_silence, on_error="ignore")


def _silence() -> None:
    """Leave out what a worker would say when its scheduler ends before it, as a heartbeat that finds no one."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class _ClusterSetup:
    """Input of a task that is the same for all."""

    shipped: ShippedRules
    corpus: Corpus | None
    columns: tuple[str, ...]
    batch_rows: int
    time_limit: float
    deliver: Callable[[Batch, BatchVotes], Any]


@dataclass(frozen=True)
class BatchSource:
    """A batch that travels with its task."""

    batch: Batch
    n_batches: ClassVar[int] = 1

    def batches(self, _reading: Any) -> Iterator[Batch]:
        """Return it."""
        yield self.batch


def _results(client: Any, job: Job[R], shipped: ShippedRules) -> Iterator[R]:
    reads_alone = job.source is None and _can_read(client, job.corpus)
    corpus = job.corpus if reads_alone else None
    setup = _ClusterSetup(shipped, corpus, job.columns, job.batch_rows, job.plan.time_limit, job.deliver)
    packed = client.submit(_kept, pickle.dumps(setup), pure=True)
    n_threads = max(1, sum(client.nthreads().values()))
    sources: Iterator[Any] = (
        spans_of(job, n_threads) if reads_alone else (BatchSource(_whole(b)) for b in job.batches())
    )
    most = AHEAD * n_threads
    under_way: deque[tuple[Any, int]] = deque()
    results: deque[Any] = deque()
    try:
        while True:
            while len(under_way) < most and (source := next(sources, None)) is not None:
                under_way.append((client.submit(_vote, packed, source, pure=False), source.n_batches))
            if not under_way:
                return
            task, n_batches = under_way.popleft()
            results.extend(client.submit(_one_of, task, number, pure=False, priority=1) for number in range(n_batches))
            while results:
                yield from _answer(results.popleft(), job)  # one at a time: the others stay with the worker
    finally:
        client.cancel([*(task for task, _ in under_way), *results, packed])


def _answer(future: Any, job: Job[R]) -> list[R]:
    distributed = optional("distributed", extra="dask")
    try:
        return list(future.result())
    except distributed.KilledWorker as error:
        names = ", ".join(job.plan.lfs.names[:5])
        raise LabelkitError(
            f"workers of Dask die again and again of one task ({error})",
            hint=f"perhaps a rule ends its process ({names}, ...): isolate=True (--isolate) on one machine finds the "
            "call; or memory runs out: try a smaller batch_size (--batch-size)",
            code="LK604",
        ) from error


def _whole(batch: Batch) -> Batch:
    """Return a batch without the rows around it in memory, which pickling would send along."""
    ids = None if batch.ids is None else pa.concat_arrays([batch.ids])
    table = pa.Table.from_batches([batch.table])
    return replace(batch, ids=ids, table=table.combine_chunks().to_batches()[0] if len(batch) else batch.table)


def _can_read(client: Any, corpus: Corpus) -> bool:
    """Tell if every worker sees the files of a corpus as they are here."""
    if not (corpus.splittable and corpus.files):
        return False
    packed, sizes = pickle.dumps(corpus), _sizes(corpus)
    return all(seen == sizes for seen in client.run(_seen, packed).values())


# On a worker ----------------------------------------------------------------------------------------------------------


def _kept(packed: bytes) -> bytes:
    return packed


def _sizes(corpus: Corpus) -> tuple[Any, ...]:
    return corpus.n_rows, *(file.stat().st_size for file in corpus.files)


def _seen(packed: bytes) -> tuple[Any, ...] | None:
    try:
        return _sizes(pickle.loads(packed))  # noqa: S301 - from the client
    except Exception:  # noqa: BLE001 - whatever is the reason, the rows are sent
        return None


_setups: dict[bytes, _ClusterSetup] = {}
"""The latest setup that this process has unpacked."""


def _one_of(results: list[Any], number: int) -> list[Any]:
    return results[number : number + 1]


def _vote(packed: bytes, source: Source | BatchSource) -> list[Any]:
    setup = _setups.get(packed)
    if setup is None:
        setup = pickle.loads(packed)  # noqa: S301 - from the client
        _setups.clear()
        _setups[packed] = setup
    plan = setup.shipped.plan(setup.time_limit)
    return [
        setup.deliver(batch, vote_in_any_thread(plan, batch.table, batch.name_of, rules=setup.shipped))
        for batch in source.batches(setup)
    ]
