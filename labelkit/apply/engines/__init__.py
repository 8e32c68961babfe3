"""Engines: where votes are computed. Every engine gives the same results, in the order of the corpus.

An engine runs a plan over a corpus, batch by batch, and hands each batch with its votes to ``deliver``, whose results
it yields in order. ``deliver`` runs where the votes were made, so that bulk output need not travel.
"""

from __future__ import annotations

from typing import Final

from labelkit.apply.engines.job import Engine, Job
from labelkit.apply.engines.processes import run_in_processes
from labelkit.apply.engines.serial import run_serially
from labelkit.apply.engines.threads import run_in_threads, run_where_it_pays
from labelkit.exceptions import LabelkitError

__all__ = ["ENGINES", "Engine", "Job", "engine_named"]

ENGINES: Final[dict[str, Engine]] = {
    "serial": run_serially,
    "thread": run_in_threads,
    "process": run_in_processes,
}


def engine_named(name: str | None, workers: int) -> Engine:
    """The engine of a name; if none is given, what pays for the number of workers and the rules.

    Raises
    ------
    LabelkitError
        If there is no such engine, or fewer than one worker.
    """
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise LabelkitError(f"workers={workers!r} is not a number of workers", hint="give 1 or more")
    if name is None:
        return run_serially if workers == 1 else run_where_it_pays
    if name not in ENGINES:
        raise LabelkitError(f"there is no engine {name!r}", hint=f"there are {', '.join(ENGINES)}")
    return ENGINES[name]
