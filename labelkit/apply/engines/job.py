"""``Job``: a plan to apply to a corpus. ``Engine``: a function that runs a job, and what its workers have access to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from labelkit.apply.plan import BatchVotes, Plan
from labelkit.corpus import Batch, Corpus

MOST_DEADLY: Final = 50
"""Calls in one batch that may end a process: each costs the start of two, and a rule that ends all is to be mended."""

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True)
class Job(Generic[R]):
    """Apply a plan to a corpus.

    Parameters
    ----------
    plan : Plan
    corpus : Corpus
    columns : tuple of str
        The columns to load: the plan's, and what else ``deliver`` needs.
    batch_rows : int
        Rows in a batch, a multiple of 1,024.
    deliver : callable
        Given a batch and its votes, returns the value that the engine yields for it. It can be pickled, and so can its
        result.
    first : int
        The batch to start from.
    workers : int
        Most threads or processes to use.
    source : iterator of Batch, optional
        The batches from ``first`` on, if reading has begun already.
    most_deadly : int
        Calls in one batch that may end a worker process, each of which is a fault, before the run stops.
    """

    plan: Plan
    corpus: Corpus
    columns: tuple[str, ...]
    batch_rows: int
    deliver: Callable[[Batch, BatchVotes], R]
    first: int = 0
    workers: int = 1
    source: Iterator[Batch] | None = None
    most_deadly: int = MOST_DEADLY

    def batches(self) -> Iterator[Batch]:
        """The batches to vote on."""
        if self.source is not None:
            return self.source
        return self.corpus.batches(self.columns, self.batch_rows, start=self.first * self.batch_rows)


@dataclass(frozen=True)
class Engine:
    """Run jobs: compute votes in this process or elsewhere.

    Parameters
    ----------
    run : callable
        Given a job, yields the result of ``deliver`` for each batch, in the order of the corpus.
    shares_disk : bool
        Whether workers can read and write the run folder and the vote cache. If not, ``deliver`` touches no file: the
        content of each part travels back as bytes, and the main process writes it.
    """

    run: Callable[[Job[Any]], Iterator[Any]]
    shares_disk: bool = True
