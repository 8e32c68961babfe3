"""Update a finished run: rules that changed vote anew, rows that are new are voted on, and the rest stays as stored.

An update gives what a new run over all rows gives, bit for bit. The draft of one goes on where the draft of the other
was stopped. Rows count as old if the bytes of their files, or the values of their frame, are as they were; if they are
not, nothing is updated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from labelkit.apply.applier import Applier, WithColumns
from labelkit.apply.cached_votes import blank
from labelkit.apply.plan import CHUNK, BatchVotes
from labelkit.corpus import Batch
from labelkit.corpus.distinct_ids import MOST_HELD, DistinctIds
from labelkit.corpus.growth import ANEW
from labelkit.corpus.row_range import RowRange
from labelkit.exceptions import RunFolderError
from labelkit.rules.labeling_function import Calls, LabelingFunction
from labelkit.runs.local_copies import origin
from labelkit.runs.parts import PartMaker
from labelkit.runs.run_corpus import are_chosen, has_grown, new_rows_begin
from labelkit.runs.stored_votes import StoredVotes, beside, joined
from labelkit.runs.versions import problems_of

if TYPE_CHECKING:
    from labelkit.corpus.source import RowPlace
    from labelkit.runs.run_folder import RunFolder, RunLayout
    from labelkit.runs.run_state import Run

REGROUPS: Final = "batch_size"
"""The option that changes no vote."""

BATCHES_EACH: Final = 3
"""Batches for each worker, so that one is scanned while another is called."""

Piece = tuple[Batch, BatchVotes]


@dataclass(frozen=True)
class Update:
    """What of a finished run stays.

    Parameters
    ----------
    old : RunFolder
    kept : tuple of str
        The rules whose stored votes are used.
    n_old : int
        Rows of the corpus that the finished run had.
    from_row : int
        The row from which on all rules vote.
    grown : bool
        Whether there are rows behind the old ones.
    damaged : tuple of str
        Files of the finished run that are not as they were written; none of them are votes.
    place : RowPlace, optional
        Where the row begins from which on all rules vote, or one before it; None if that is not known.
    """

    old: RunFolder
    kept: tuple[str, ...]
    n_old: int
    from_row: int
    grown: bool
    damaged: tuple[str, ...] = ()
    place: RowPlace | None = None

    @classmethod
    def of(cls, run_: Run, old: RunFolder, damaged: Callable[[], list[str]]) -> Update | None:
        """Find out what of a finished run stays; None if all rules vote on all rows.

        Parameters
        ----------
        run_ : Run
        old : RunFolder
        damaged : callable
            Returns what :func:`damaged_files` lists of it.

        Raises
        ------
        CorpusError
            If rows that were voted on have changed, or it cannot be known whether they have.
        """
        lfs = run_.applier.lfs
        kept = kept_rules(run_, old.manifest, {fault.lf for fault in old.faults})
        if not kept or old.layout.missing(old.manifest["parts"], labeled=False):
            return None
        if are_chosen(run_.corpus) and run_.corpus.fingerprint() != old.manifest["corpus"]["fingerprint"]:
            return None
        wrong = _damaged(old, damaged())
        n_old = int(old.manifest["examples"])
        grown = has_grown(run_.corpus, old.manifest)
        in_chunks = grown and any(_calls_chunks(lf) for lf in lfs)
        from_row = n_old // CHUNK * CHUNK if in_chunks else n_old
        place = new_rows_begin(run_.corpus, old.manifest, from_row) if grown else None
        return cls(old, kept, n_old, from_row, grown, wrong, place)


def kept_rules(run_: Run, manifest: Mapping[str, Any], failed: set[str]) -> tuple[str, ...]:
    """Return the rules whose stored votes are those that they would give now.

    Those of a rule that failed on an example are not: the next time, it may not fail.
    """
    before, inputs = manifest["inputs"], run_.inputs
    options = {name: value for name, value in inputs.options.items() if name != REGROUPS}
    same = all(before["options"].get(name) == value for name, value in options.items())
    same = same and before["versions"] == inputs.versions and run_.corpus.on_bad_row == "raise"
    if not same or manifest["corpus"].get("column_types") != column_types(run_):
        return ()
    digests = dict(before["rules"])
    kept = [name for name, digest in inputs.rules if digests.get(name) == digest and name not in inputs.unclear]
    return tuple(name for name in kept if name not in failed)


def damaged_files(old: RunLayout, *, fetch: bool) -> list[str]:
    """List the files of a finished run that are not as they were written; one at an address may have to be fetched."""
    is_here = fetch or origin(old.folder) == old.folder
    return problems_of(old, strange=False) if is_here and old.version.is_file() else []


def _damaged(old: RunFolder, damaged: list[str]) -> tuple[str, ...]:
    """Return the files that are not as they were written, and refuse votes that are not: they would be mixed."""
    wrong = [line for line in damaged if line.startswith("votes/")]
    if wrong:
        raise RunFolderError(
            f"the stored votes of {old.place!r} are damaged: {'; '.join(wrong[:3])}",
            hint=f"`labelkit verify` lists what is damaged, `labelkit restore` goes back to an older version; {ANEW}",
            code="LK506",
        )
    return tuple(damaged)


def column_types(run_: Run) -> dict[str, str]:
    """Return the types of the columns that the rules read, which more rows may change."""
    return {name: str(run_.corpus.column_type(name)) for name in sorted(run_.applier.plan.columns)}


def _calls_chunks(lf: LabelingFunction[...]) -> bool:
    """Return True for a rule whose votes may depend on the rows that it is called with."""
    return (isinstance(lf.body, Calls) and lf.body.batch) or any(column.batch for column in lf.derived)


# The votes ------------------------------------------------------------------------------------------------------------


def vote_again(run_: Run, update: Update, options: Mapping[str, Any]) -> int:
    """Make every part that is not finished yet; returns the number of rows of the corpus.

    Parameters
    ----------
    run_ : Run
    update : Update
    options : mapping
        Of :meth:`labelkit.Applier.stream`: workers, engine, isolate, on_fault, max_faults, time_limit, progress.
    """
    first = run_.parts.count(most_faults=0 if options["on_fault"] == "raise" else options["max_faults"])
    n_done = sum(len(run_.parts.index(number)) for number in range(first))
    seen = DistinctIds(run_.corpus, most_held=MOST_HELD).add_all(map(run_.parts.ids, range(first)))
    n_rows = n_done
    if not first or n_done == first * run_.batch_rows:  # else the last part, which alone has fewer rows, is there
        n_faults = sum(len(run_.parts.faults(number)) for number in range(first))
        voting = UpdateVoting(run_, update, options, seen, n_faults)
        n_rows += write_parts(run_, voting.pieces(n_done), update.old)
    seen.finish()
    return n_rows


@dataclass
class UpdateVoting:
    """The voting of an update.

    Parameters
    ----------
    run_ : Run
    update : Update
    options : mapping
        As in :func:`vote_again`.
    seen : DistinctIds
        The ids of the rows that are done.
    n_faults : int
        Faults so far.
    """

    run_: Run
    update: Update
    options: Mapping[str, Any]
    seen: DistinctIds
    n_faults: int = 0

    def pieces(self, start: int) -> Iterator[Piece]:
        """Yield the votes of all rules from a row on, in batches of which none lies in two parts."""
        # The seconds of a rule are those of both.
        yield from self._old(start)
        seconds = self.run_.applier.seconds
        if self.update.grown:
            yield from self.new(start)
        applied = self.run_.applier
        applied.seconds = {name: seconds.get(name, 0.0) + applied.seconds.get(name, 0.0) for name in applied.lfs.names}
        applied.remembered = self.update.kept

    def new(self, start: int) -> Iterator[Piece]:
        """Yield the votes of all rules on the new rows."""
        run_, update = self.run_, self.update
        rows = RowRange(run_.corpus, max(start, update.from_row), None, run_.batch_rows, update.place)
        return self._stream(run_.applier, rows, shared_out(rows.n_rows, run_.batch_rows, self.options["workers"]))

    def _old(self, start: int) -> Iterator[Piece]:
        """Yield the votes on the old rows: stored ones, beside those of rules that changed."""
        run_, update, n_lfs = self.run_, self.update, len(self.run_.applier.lfs)
        names = run_.applier.lfs.names
        changed = [name for name in names if name not in update.kept]
        places = [[names.index(name) for name in some] for some in (update.kept, changed)]
        soft = any(lf.levels for lf in run_.applier.lfs)
        stored = StoredVotes.of(update.old)
        for batch, votes in self._changed(start, changed):
            ids, before = stored.rows(batch.start, batch.start + len(batch), update.kept)
            if not changed:
                self.seen.add(ids, batch.start)
            whole = beside(places, [before, votes], n_lfs)
            whole.confidence = whole.confidence if soft else None
            yield Batch(batch.start, ids if run_.corpus.has_ids else None, batch.table), whole

    def _changed(self, start: int, names: Sequence[str]) -> Iterator[Piece]:
        """Yield the votes of the rules that changed on the old rows; the corpus is read only if somebody reads it."""
        run_, stop = self.run_, self.update.from_row
        if start >= stop:
            return
        rows = RowRange(run_.corpus, start, stop, run_.batch_rows)
        if names:
            applier = Applier(run_.applier.lfs[list(names)])
            yield from self._stream(applier, rows, run_.batch_rows)
            run_.applier.seconds = applier.seconds
            return
        batches: Iterator[Batch]
        if gold_columns(run_):
            batches = rows.batches(gold_columns(run_), run_.batch_rows)
        else:
            starts = range(start, stop, run_.batch_rows)  # a part begins at each
            batches = (Batch(at, None, blank(min(run_.batch_rows, stop - at))) for at in starts)
        dtype = run_.applier.lfs.space.dtype
        for batch in batches:
            yield batch, BatchVotes(np.empty((len(batch), 0), dtype=dtype), [], np.empty(0))

    def _stream(self, applier: Applier, rows: RowRange, batch_size: int) -> Iterator[Piece]:
        also = gold_columns(self.run_)
        for delivered in applier.stream(
            rows,
            WithColumns(tuple(also)),
            also=also,
            batch_size=batch_size,
            known_faults=self.n_faults,
            seen=self.seen,
            cache=False,  # which holds whole columns
            **self.options,
        ):
            self.n_faults += len(delivered.faults)
            yield delivered.result


def shared_out(n_rows: int | None, batch_rows: int, workers: int) -> int:
    """Return the rows of a batch: those of a part, or, of few rows, a fraction of it that gives all workers some.

    >>> shared_out(50_000, 65_536, 2), shared_out(5_000_000, 65_536, 2), shared_out(50_000, 65_536, 1)
    (8192, 65536, 65536)
    """
    fair = batch_rows if n_rows is None or workers == 1 else n_rows // (BATCHES_EACH * workers)
    n_chunks = batch_rows // CHUNK
    shares = [share * CHUNK for share in range(1, n_chunks + 1) if n_chunks % share == 0]
    return max((share for share in shares if share <= fair), default=shares[0])


def write_parts(run_: Run, pieces: Iterable[Piece], old: RunFolder) -> int:
    """Write parts from the pieces of which each consists; returns the number of their rows.

    The votes of a part that are those of the finished run are not written again, but linked.
    """
    lfs, n_rows = run_.applier.lfs, 0
    maker = PartMaker(run_.inputs.digest, run_.batch_rows, lfs.infos, lfs.space.names, run_.gold)
    for _, group in groupby(pieces, key=lambda piece: piece[0].start // run_.batch_rows):
        batches, votes = zip(*group, strict=True)
        batch = under_one_another(batches)
        maker(batch, joined(votes)).write(run_.layout, old.layout)
        n_rows += len(batch)
    return n_rows


def under_one_another(batches: Sequence[Batch]) -> Batch:
    """Put consecutive batches under one another."""
    if len(batches) == 1:
        return batches[0]
    table = pa.Table.from_batches([batch.table for batch in batches]).combine_chunks()
    ids = None if batches[0].ids is None else pa.concat_arrays([batch.ids for batch in batches])
    return Batch(batches[0].start, ids, table.to_batches()[0])


def gold_columns(run_: Run) -> list[str]:
    """Return the column of gold, if it is one."""
    return [run_.gold.column] if run_.gold is not None and run_.gold.column is not None else []
