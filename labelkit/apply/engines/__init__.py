"""Compute votes in this process, in threads or in processes; every engine gives the same results in the same order.

An engine runs a plan over a corpus, batch by batch, calls ``deliver`` with each batch and its votes, and yields the
results in the order of the corpus. ``deliver`` runs in the worker that voted, so that bulk output need not travel;
where workers share no disk with the main process (:class:`Engine`), the main process writes the output.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from labelkit._shared.near_names import names_hint
from labelkit.apply.engines.dask_cluster import OnDask
from labelkit.apply.engines.job import MOST_DEADLY, Engine, Job
from labelkit.apply.engines.processes import run_in_processes
from labelkit.apply.engines.serial import run_serially
from labelkit.apply.engines.threads import run_in_threads, run_where_it_pays
from labelkit.exceptions import LabelkitError

__all__ = ["ELSEWHERE", "ENGINES", "MOST_DEADLY", "Engine", "Job", "engine_named"]


def _run_elsewhere(job: Job[Any]) -> Iterator[Any]:
    """Refuse a job of batches that are read here."""
    raise LabelkitError(
        f"the engine 'spark' reads the rows itself, and {job.corpus.name} is read here",
        hint="lk.run and Applier.apply take a frame of Spark, or a path or a table that Spark reads",
        code="LK603",
    )


ENGINES: Final[dict[str, Engine]] = {
    "serial": Engine(run_serially),
    "thread": Engine(run_in_threads),
    "process": Engine(run_in_processes),
    "dask": Engine(OnDask(), shares_disk=False),
}

ELSEWHERE: Final[dict[str, Engine]] = {"spark": Engine(_run_elsewhere)}
"""Engines that run no jobs: they read the corpus themselves (``engines/spark.py``)."""

CHOOSING: Final = Engine(run_where_it_pays)
"""Used for several workers if no engine is named."""


def engine_named(name: Any, workers: int, *, isolate: bool = False) -> Engine:
    """Return the engine of a name; if none is given, choose by the number of workers and the rules.

    Parameters
    ----------
    name : str or distributed.Client, optional
        ``dask`` is the client of this process, or workers that are started for the job; another cluster is named by the
        address of its scheduler, ``tcp://HOST:PORT``, or by a client.
    workers : int
    isolate : bool
        Whether rules are to be called in worker processes, which may die.

    Raises
    ------
    LabelkitError
        If there is no such engine, it does not isolate rules, or there are fewer than one worker.
    """
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise LabelkitError(f"workers={workers!r} is not a number of workers", hint="give 1 or more")
    if isolate and name not in {None, "process"}:
        raise LabelkitError(
            f"isolate=True (--isolate) calls the rules in worker processes, which the engine {name!r} does not",
            hint="leave the engine out",
            code="LK603",
        )
    if isolate:
        return ENGINES["process"]
    if name is None:
        return ENGINES["serial"] if workers == 1 else CHOOSING
    if _is_cluster(name):
        return Engine(OnDask(name), shares_disk=False)
    every = {**ENGINES, **ELSEWHERE}
    if not isinstance(name, str) or name not in every:
        raise LabelkitError(f"there is no engine {name!r}", hint=names_hint(name, every), code="LK602")
    return every[name]


def _is_cluster(name: Any) -> bool:
    """Tell if an engine is a client of Dask, or the address of a scheduler."""
    if isinstance(name, str):
        return name.startswith(("tcp://", "tls://", "ws://", "wss://", "inproc://", "ucx://"))
    return type(name).__module__.partition(".")[0] == "distributed"
