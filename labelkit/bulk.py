"""What a bulk run does with each batch, where it was voted on: write its votes, and count its patterns.

A part on disk is its votes (Parquet), and, until the run is finished, its distinct patterns with the pattern of each
row, its gold counts and its faults. So a run that was stopped goes on after the last part, and a worker need send
nothing back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from labelkit._files import replaced
from labelkit._validation import aligned_gold
from labelkit.corpus import Batch
from labelkit.labels import ABSTAIN, LabelSpace
from labelkit.lf import LFInfo
from labelkit.matrix import FAULT, Fault, VotePatterns, count_gold, matrix_metadata, vote_columns
from labelkit.patterns import distinct
from labelkit.plan import BatchVotes
from labelkit.run_folder import part_path


@dataclass(frozen=True)
class Gold:
    """Where the gold labels of a corpus are: in a column of it, by id, or in its order.

    Parameters
    ----------
    column : str, optional
    by_id : mapping, optional
    in_order : ndarray, optional
    """

    column: str | None = None
    by_id: Mapping[Any, Any] | None = None
    in_order: NDArray[Any] | None = None

    def of(self, batch: Batch, ids: NDArray[Any], class_names: Sequence[str]) -> NDArray[np.int64]:
        """The gold labels of a batch, -1 where unknown."""
        if self.column is not None:
            values = batch.table.column(self.column)
            numeric = pa.types.is_integer(values.type) and values.null_count == 0
            given: Any = values.to_numpy() if numeric else np.array([*values.to_pylist(), None], dtype=object)[:-1]
            return aligned_gold(given, ids, class_names)
        if self.in_order is not None:
            return aligned_gold(self.in_order[batch.start : batch.start + len(batch)], ids, class_names)
        known = self.by_id or {}
        return aligned_gold(
            np.array([*(known.get(i) for i in ids.tolist()), None], dtype=object)[:-1], ids, class_names
        )


@dataclass(frozen=True)
class PartWriter:
    """Writes the part of each batch; it travels to where the votes are made."""

    folder: Path
    batch_rows: int
    lfs: tuple[LFInfo, ...]
    class_names: tuple[str, ...]
    gold: Gold | None

    def __call__(self, batch: Batch, votes: BatchVotes) -> int:
        """Write one part; returns its number."""
        number = batch.start // self.batch_rows
        ids = batch.ids if batch.ids is not None else pa.array(np.arange(batch.start, batch.start + len(batch)))
        columns = [ids, *(pa.array(column) for column in votes.votes.T)]
        table = pa.table(columns, names=vote_columns([lf.name for lf in self.lfs]))
        table = table.replace_schema_metadata(matrix_metadata(self.lfs, self.class_names))
        with replaced(part_path(self.folder, "votes", number)) as draft:
            pq.write_table(table, draft, compression="zstd")
        self._note(number, batch, votes, ids)
        return number

    def _note(self, number: int, batch: Batch, votes: BatchVotes, ids: pa.Array) -> None:
        """Keep the patterns and the faults; the part is done when this file is there."""
        outcomes = votes.votes
        if votes.faults:
            outcomes = outcomes.copy(order="F")
            for row, j, _, _ in votes.faults:
                outcomes[row, j] = FAULT
        rows = distinct(outcomes)
        kept = {"outcomes": rows.values, "counts": rows.counts, "index": rows.index.astype(np.int32)}
        if self.gold is not None:
            gold = self.gold.of(batch, ids.to_numpy(zero_copy_only=False), self.class_names)
            kept["gold"] = count_gold(rows.index, gold, len(rows.counts), len(self.class_names))
        faults = [
            asdict(Fault(batch.start + row, self.lfs[j].name, ids[row].as_py(), kind, message))
            for row, j, kind, message in votes.faults
        ]
        with replaced(self.folder / "work" / f"{number:05d}.npz") as draft, draft.open("wb") as file:
            np.savez(file, allow_pickle=False, faults=np.array(json.dumps(faults)), **kept)


@dataclass(frozen=True)
class Parts:
    """The parts that a run has made so far."""

    folder: Path
    lfs: tuple[LFInfo, ...]
    class_names: tuple[str, ...]

    def count(self, *, until_fault: bool) -> int:
        """How many parts are done, from the first; with ``until_fault``, up to the first that has a fault."""
        number = 0
        while (self.folder / "work" / f"{number:05d}.npz").is_file():
            if until_fault and self.faults(number):
                break
            number += 1
        return number

    def faults(self, number: int) -> list[Fault]:
        """The faults of one part."""
        with np.load(self.folder / "work" / f"{number:05d}.npz") as kept:
            return [Fault(**fault) for fault in json.loads(str(kept["faults"]))]

    def index(self, number: int) -> NDArray[np.int32]:
        """For each row of one part, the position of its pattern among those of the part."""
        with np.load(self.folder / "work" / f"{number:05d}.npz") as kept:
            index: NDArray[np.int32] = kept["index"]
            return index

    def ids(self, number: int) -> pa.ChunkedArray:
        """The ids of one part."""
        name = vote_columns([lf.name for lf in self.lfs])[0]
        return pq.read_table(part_path(self.folder, "votes", number), columns=[name]).column(0)

    def _kept(self, n_parts: int) -> Iterator[Any]:
        """What each part keeps, read when it is asked for."""
        for number in range(n_parts):
            with np.load(self.folder / "work" / f"{number:05d}.npz") as kept:
                yield kept

    def merged(self, n_parts: int) -> tuple[VotePatterns, list[NDArray[np.int64]]]:
        """The patterns of all parts together, and for each part where its own are among them."""
        counts, golds = [], []
        for kept in self._kept(n_parts):
            counts.append(kept["counts"])
            golds.append(kept.get("gold"))
        ends = np.cumsum([len(part) for part in counts])
        outcomes = np.empty((ends[-1], len(self.lfs)), dtype=LabelSpace.of(self.class_names).dtype, order="F")
        for end, kept in zip(ends, self._kept(n_parts), strict=True):  # one part at a time: together they are large
            own = kept["outcomes"]
            outcomes[end - len(own) : end] = own
        rows = distinct(outcomes, np.concatenate(counts))
        del outcomes
        gold = None
        if all(part is not None for part in golds):
            gold = np.zeros((len(rows.counts), len(self.class_names)), dtype=np.int64)
            np.add.at(gold, rows.index, np.concatenate([part for part in golds if part is not None]))
        places = np.split(rows.index, ends[:-1])
        return VotePatterns(rows.values, rows.counts, self.lfs, self.class_names, gold), places


def covered_patterns(patterns: VotePatterns) -> NDArray[np.bool_]:
    """Whether each pattern has a vote."""
    return np.asarray((patterns.votes != ABSTAIN).any(axis=1))
