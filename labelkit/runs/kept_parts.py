"""Keep the parts of a finished run whose rows and rules an update leaves as they are, without writing votes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelkit._shared.threads import in_threads
from labelkit.apply.cached_votes import blank
from labelkit.corpus import Batch
from labelkit.runs.parts import Part, PartMaker, sealed
from labelkit.runs.stored_votes import StoredVotes
from labelkit.runs.update import Update, gold_columns

if TYPE_CHECKING:
    from labelkit.apply.plan import BatchVotes
    from labelkit.runs.run_state import Run


def keep_parts(run_: Run, update: Update) -> None:
    """Make the full parts of old rows, from the first that is not finished, if all that is stored of them stays.

    The first is made as any other one. If it has the bytes that were stored, the files of the others are shared, and
    their patterns alone are made: in threads, since nobody's code is called.
    """
    old = update.old
    numbers = range(run_.parts.count(), update.from_row // run_.batch_rows)
    every = len(update.kept) == len(run_.applier.lfs) and old.manifest["batch_rows"] == run_.batch_rows
    if not numbers or not every or gold_columns(run_):
        return
    lfs = run_.applier.lfs
    maker = PartMaker(run_.inputs.digest, run_.batch_rows, lfs.infos, lfs.space.names, run_.gold)
    stored = StoredVotes.of(old)

    def rows_of(number: int) -> tuple[Batch, BatchVotes]:
        start, size = number * run_.batch_rows, run_.batch_rows
        ids, votes = StoredVotes(stored.files, size).rows(start, start + size, update.kept)
        return Batch(start, ids if run_.corpus.has_ids else None, blank(size)), votes

    def keep(number: int) -> None:
        content = old.layout.part("votes", number).read_bytes()
        patterns = maker.patterns(*rows_of(number))
        Part(number, content, sealed(patterns, maker.run, number, content, ""), "").write(run_.layout, old.layout)

    first = maker(*rows_of(numbers[0]))
    first.write(run_.layout, old.layout)
    if first.votes == old.layout.part("votes", numbers[0]).read_bytes():
        in_threads(keep, numbers[1:])
