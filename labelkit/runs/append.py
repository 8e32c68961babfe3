"""Append rows to a run whose rules and label model stay: parts without new rows are shared with the old version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from labelkit._shared.files import link_or_copy
from labelkit._shared.threads import in_threads
from labelkit.corpus import Batch
from labelkit.corpus.distinct_ids import DistinctIds
from labelkit.runs.parts import PartMaker
from labelkit.runs.run_folder import KINDS
from labelkit.runs.stored_votes import joined
from labelkit.runs.update import Piece, Update, UpdateVoting, under_one_another, write_parts
from labelkit.votes.storage import matrix_metadata
from labelkit.votes.vote_patterns import VotePatterns, load_packed

if TYPE_CHECKING:
    from labelkit.runs.run_state import Run


def can_append(run_: Run, update: Update) -> bool:
    """Return whether new rows are all that is new, so that the files of old parts stay as they are."""
    old = update.old
    before, lfs = old.manifest["inputs"], run_.applier.lfs
    same = before["gold"] == run_.inputs.gold and old.manifest["batch_rows"] == run_.batch_rows
    if (
        update.damaged
        or not same
        or not update.grown
        or len(update.kept) < len(lfs)
        or old.layout.missing(old.manifest["parts"])
    ):
        return False
    described = pq.read_schema(old.layout.part("votes", 0)).metadata or {}
    return all(described.get(key) == value for key, value in matrix_metadata(lfs.infos, lfs.space.names).items())


def append_rows(run_: Run, update: Update, options: Mapping[str, Any]) -> tuple[Run, int, VotePatterns]:
    """Vote on the new rows, and share the parts of the old run that have none of them.

    Parameters
    ----------
    run_ : Run
        Whose draft has been begun anew.
    update : Update
    options : mapping
        As in :func:`labelkit.runs.update.vote_again`.

    Returns
    -------
    (Run, int, VotePatterns)
        The run, of which the parts with new rows alone are to be labeled; the number of its rows; the patterns of all.
    """
    first = update.n_old // run_.batch_rows
    run_ = replace(run_, first_part=first)
    for kind in KINDS:
        for number in range(first):
            link_or_copy(update.old.layout.part(kind, number), run_.layout.part(kind, number))
    seen, start = DistinctIds(run_.corpus), first * run_.batch_rows
    new: list[Piece] = []  # of the first part, where old rows stand before them
    pieces = UpdateVoting(run_, update, options, seen).pieces(start)
    n_rows = start + write_parts(run_, _noting(pieces, update.n_old, start + run_.batch_rows, new), update.old)
    if run_.corpus.id is not None:
        in_threads(lambda number: seen.check(run_.parts.ids(number), number * run_.batch_rows), range(first))
    lfs = run_.applier.lfs
    maker = PartMaker(run_.inputs.digest, run_.batch_rows, lfs.infos, lfs.space.names, run_.gold)
    batches, votes = zip(*new, strict=True)
    beginning = maker.patterns(under_one_another(batches), joined(votes))
    behind = replace(run_.parts, first=first + 1)
    return run_, n_rows, behind.merged_with(load_packed(update.old.layout.patterns), beginning)


def _noting(pieces: Iterator[Piece], start: int, stop: int, new: list[Piece]) -> Iterator[Piece]:
    """Pass pieces on, and keep what of them is of a range of rows."""
    for batch, votes in pieces:
        if batch.start < stop and batch.start + len(batch) > start:
            skipped = max(start - batch.start, 0)
            ids = None if batch.ids is None else batch.ids[skipped:]
            of_range = replace(
                votes,
                votes=votes.votes[skipped:],
                faults=[(row - skipped, j, kind, text) for row, j, kind, text in votes.faults if row >= skipped],
                confidence=None if votes.confidence is None else votes.confidence[skipped:],
            )
            new.append((Batch(batch.start + skipped, ids, batch.table.slice(skipped)), of_range))
        yield batch, votes
