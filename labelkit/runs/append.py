"""Append rows to a run whose rules and label model stay: parts without new rows are shared with the old version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow.parquet as pq

from labelkit._shared.files import link_or_copy
from labelkit._shared.threads import blocks, in_threads
from labelkit.analysis.counts import VoteTally, tallied
from labelkit.corpus import Batch
from labelkit.corpus.distinct_ids import MOST_HELD, DistinctIds
from labelkit.runs.parts import PartMaker
from labelkit.runs.run_folder import KINDS
from labelkit.runs.stored_votes import joined
from labelkit.runs.update import Piece, Update, UpdateVoting, under_one_another, write_parts
from labelkit.votes.packed_patterns import with_few
from labelkit.votes.storage import matrix_metadata
from labelkit.votes.vote_patterns import load_packed

if TYPE_CHECKING:
    from labelkit.runs.run_folder import RunFolder
    from labelkit.runs.run_state import Run
    from labelkit.votes.packed_patterns import PackedPatterns
    from labelkit.votes.vote_patterns import VotePatterns

BLOCK_ROWS: Final = 131_072
"""Patterns that are predicted at a time: their arrays take room that was taken before."""


def can_append(run_: Run, update: Update) -> bool:
    """Return whether new rows are all that is new, so that the files of old parts stay as they are.

    Where rules are called with chunks, old rows of the last chunk are voted on again, and their patterns may be others.
    """
    old = update.old
    before, lfs = old.manifest["inputs"], run_.applier.lfs
    same = before["gold"] == run_.inputs.gold and old.manifest["batch_rows"] == run_.batch_rows
    if (
        update.damaged
        or not same
        or not update.grown
        or update.from_row < update.n_old
        or len(update.kept) < len(lfs)
        or old.layout.missing(old.manifest["parts"])
    ):
        return False
    described = pq.read_schema(old.layout.part("votes", 0)).metadata or {}
    return all(described.get(key) == value for key, value in matrix_metadata(lfs.infos, lfs.space.names).items())


@dataclass(frozen=True, eq=False)
class AppendedVotes:
    """What is of all rows, old and new: the old ones are counted already, and are not gone through again.

    Parameters
    ----------
    keys : PackedPatterns
        Of all patterns.
    judged : VotePatterns
        Those with gold; none where no gold was given.
    tally : VoteTally
        With sums of the probabilities by the label model that is kept.
    """

    keys: PackedPatterns
    judged: VotePatterns
    tally: VoteTally


def append_rows(run_: Run, update: Update, model: Any, options: Mapping[str, Any]) -> tuple[Run, int, AppendedVotes]:
    """Vote on the new rows, and share the parts of the old run before them.

    Parameters
    ----------
    run_ : Run
        Whose draft has been begun anew.
    update : Update
    model : label model
        That of the old run.
    options : mapping
        As in :func:`labelkit.runs.update.vote_again`.

    Returns
    -------
    (Run, int, AppendedVotes)
        The run, of which the parts with new rows alone are to be labeled; the number of its rows; what is of all rows.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="labelkit") as beside:
        old = beside.submit(_counted_before, run_, update.old, model)
        first = (update.n_old - 1) // run_.batch_rows  # a part is left also if no row is new: blank lines were appended
        run_ = replace(run_, first_part=first)
        for kind in KINDS:
            for number in range(first):
                link_or_copy(update.old.layout.part(kind, number), run_.layout.part(kind, number))
        n_rows, beginning = _vote_on_new_rows(run_, update, options)
        keys, tally = old.result()
    parts = replace(run_.parts, first=first + 1)
    if (new := parts.packed_with(beginning)) is not None:
        patterns = parts.decoded(new)
        tally += tallied(patterns, model.predict_pattern_proba(replace(patterns, gold=None)))
        keys = with_few(keys, new.tightly())
    judged = keys[:0] if keys.gold is None else keys[np.asarray(keys.gold.any(axis=1))]
    return run_, n_rows, AppendedVotes(keys, parts.decoded(judged), tally)


def _counted_before(run_: Run, old: RunFolder, model: Any) -> tuple[PackedPatterns, VoteTally]:
    """Return the keys of the patterns of the old run, and the counts of its rows.

    A manifest that an earlier labelkit wrote has none: they are made here, a block of patterns at a time.
    """
    keys = load_packed(old.layout.patterns)
    stored = old.manifest.get("counts", {})
    if "right" in stored:
        return keys, VoteTally.from_dict(stored, len(run_.applier.lfs.space))
    tallies = []
    for rows in blocks(len(keys), BLOCK_ROWS) or [slice(0, 0)]:
        patterns = replace(run_.parts.decoded(keys[rows]), gold=None)
        tallies.append(tallied(patterns, model.predict_pattern_proba(patterns)))
    return keys, reduce(add, tallies)


def _vote_on_new_rows(run_: Run, update: Update, options: Mapping[str, Any]) -> tuple[int, bytes | None]:
    """Write the parts with new rows; returns the number of all rows, and the patterns of the new ones in the first."""
    seen, start = DistinctIds(run_.corpus, most_held=MOST_HELD), run_.first_part * run_.batch_rows
    new: list[Piece] = []  # of the first part, where old rows stand before them
    pieces = UpdateVoting(run_, update, options, seen).pieces(start)
    n_rows = start + write_parts(run_, _noting(pieces, update.n_old, start + run_.batch_rows, new), update.old)
    if seen.is_on_disk:
        seen.add_all(map(run_.parts.ids, range(run_.first_part))).finish()
    elif run_.corpus.id is not None:
        in_threads(lambda number: seen.check(run_.parts.ids(number), number * run_.batch_rows), range(run_.first_part))
    if not new:
        return n_rows, None
    lfs = run_.applier.lfs
    maker = PartMaker(run_.inputs.digest, run_.batch_rows, lfs.infos, lfs.space.names, run_.gold)
    batches, votes = zip(*new, strict=True)
    return n_rows, maker.patterns(under_one_another(batches), joined(votes))


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
