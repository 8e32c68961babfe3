"""What is done with the batches of which a worker died: they are voted on again, and the call that ends it is found.

1. The batches are voted on again by fresh workers, one at a time, with every call of a user's function numbered and
   noted in a file that outlives the worker.
2. If a worker dies of the same call twice, that call is deadly: it is left out, and a fault. A worker that was killed
   from outside, or died for want of memory, does so at some other call, if it does again: nothing becomes a fault.
3. Too many deadly calls in one batch stop the run, with the name of the rule and the example.

A batch function has one call for a chunk of 1,024 rows: the whole chunk is the fault of its rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

import pyarrow as pa

from labelkit.apply.engines._workers import Death, WorkerTask
from labelkit.apply.engines.job import Job
from labelkit.apply.fault_hints import GOES_ON
from labelkit.apply.plan import BatchVotes
from labelkit.apply.plan.call_ledger import NUMBER
from labelkit.corpus import Batch, Corpus
from labelkit.exceptions import FaultError, LabelkitError, TooManyFaultsError, WorkerDiedError
from labelkit.votes.outcomes import Fault

MAX_SPAN: Final = 16
"""Batches in one task at the most. Neighbours go to the same worker, which then reads each row group once."""

MOST_TRIES: Final = 6
"""Deaths of one batch in a row of which no call is known to be the cause."""


class BatchReading(Protocol):
    """What a worker reads batches with."""

    @property
    def corpus(self) -> Corpus | None:
        """The corpus, if the worker reads it itself."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns to load."""

    @property
    def batch_rows(self) -> int:
        """Rows in a batch."""


@dataclass(frozen=True)
class SpanSource:
    """Consecutive batches of a corpus that the worker reads itself."""

    first: int
    n_batches: int

    def batches(self, reading: BatchReading) -> Iterable[Batch]:
        """Read them."""
        assert reading.corpus is not None
        start = self.first * reading.batch_rows
        return islice(reading.corpus.batches(reading.columns, reading.batch_rows, start=start), self.n_batches)

    def each(self) -> list[Source]:
        """Cut it into single batches."""
        return [SpanSource(number, 1) for number in range(self.first, self.first + self.n_batches)]


def spans_of(job: Job[Any], workers: int) -> Iterator[SpanSource]:
    """Cut a corpus whose rows are counted into spans, several for each worker."""
    n_batches = -(-(job.corpus.n_rows or 0) // job.batch_rows)
    span = max(1, min(MAX_SPAN, (n_batches - job.first) // (4 * workers)))
    return (SpanSource(first, min(span, n_batches - first)) for first in range(job.first, n_batches, span))


@dataclass(frozen=True)
class FileSource:
    """A batch that the main process wrote, starting at row ``start`` of the corpus."""

    start: int
    path: Path

    def batches(self, _reading: BatchReading) -> Iterator[Batch]:
        """Map it."""
        with pa.memory_map(str(self.path)) as file:
            table = pa.ipc.open_file(file).get_batch(0)
            names = [name for name in table.schema.names if name.startswith("c:")]
            columns = table.select(names).rename_columns([name.removeprefix("c:") for name in names])
            ids = table.column("ids") if "ids" in table.schema.names else None
            yield Batch(self.start, ids, columns)

    def each(self) -> list[Source]:
        """Return itself: it is one batch."""
        return [self]


Source: TypeAlias = SpanSource | FileSource
"""Batches to vote on."""


@dataclass(frozen=True)
class Care:
    """How to vote on a batch of which a worker died.

    Attributes
    ----------
    deadly : mapping of int to str
        Calls that are left out, and how they ended a worker.
    gives_up : bool
        Whether to call nothing after the last of them, since the run stops for them.
    """

    deadly: Mapping[int, str] = field(default_factory=dict)
    gives_up: bool = False


class VotingTask(WorkerTask):
    """A task to vote on some batches."""

    def __init__(self, function: Any, source: Source, packed: bytes, care: Care | None = None) -> None:
        super().__init__(function, source, packed, care)
        self.source = source
        self.care = care
        self.suspect = 0
        self.n_tries = 0

    @property
    def gives_up(self) -> bool:
        """Whether the answer is the faults for which the run stops."""
        return self.care is not None and self.care.gives_up

    def careful(self, care: Care, source: Source | None = None) -> VotingTask:
        """Return the same task, or a part of it, to be done with care."""
        function, _, packed, _ = self.call
        return VotingTask(function, source or self.source, packed, care)


def tried_again(death: Death[VotingTask], most_deadly: int) -> list[VotingTask]:
    """Return what to do in place of a task of which a worker died, last things first.

    Raises
    ------
    LabelkitError
        If workers die again and again, and no call is the cause.
    """
    task = death.task
    if task.care is None:
        return [task.careful(Care(), batch) for batch in task.source.each()[::-1]]
    number = NUMBER.unpack_from(death.note)[0]
    if number and number == task.suspect:
        deadly = {**task.care.deadly, number: death.how}
        return [task.careful(Care(deadly, gives_up=len(deadly) >= most_deadly))]
    if task.n_tries >= MOST_TRIES:
        raise LabelkitError(
            f"worker processes die again and again ({death.how}), and no call of a rule is the cause",
            hint="perhaps memory runs out: try a smaller batch_size (--batch-size), or fewer workers (--workers)",
            code="LK604",
        )
    again = task.careful(task.care)
    again.suspect, again.n_tries = number, task.n_tries + 1
    return [again]


def deadly_faults(batch: Batch, votes: BatchVotes, names: Sequence[str]) -> list[Fault]:
    """List the faults of calls that ended a worker."""
    return [
        Fault(batch.start + row, names[j], None if batch.ids is None else batch.ids[row].as_py(), kind, message)
        for row, j, kind, message in votes.faults
        if kind == WorkerDiedError.__name__
    ]


def fault_error(faults: Sequence[Fault], *, on_fault_raise: bool) -> FaultError:
    """Return the error that stops the run for calls that ended workers."""
    if not faults:
        return FaultError("a rule ends the process that calls it, now here, now there", hint="mend the rule")
    if on_fault_raise:
        return FaultError.of(faults[0].describe(), hint=GOES_ON)
    return TooManyFaultsError.of(
        f"too many calls of rules end the process that makes them; at last {faults[-1].describe()}",
        hint="mend the rule, or keep it from such examples",
    )
