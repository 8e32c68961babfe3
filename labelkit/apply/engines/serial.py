"""One batch after the other, in this process."""

from __future__ import annotations

from collections.abc import Iterator

from labelkit.apply.engines.job import Job, R


def run_serially(job: Job[R]) -> Iterator[R]:
    """Vote on each batch in turn."""
    for batch in job.batches():
        yield job.deliver(batch, job.plan.vote(batch.table, batch.name_of))
