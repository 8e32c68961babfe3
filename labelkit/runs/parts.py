"""What a bulk run does with each batch, where it was voted on: write its votes, and count its patterns.

A part on disk is its votes (Parquet), and, until the run is finished, its distinct patterns (as sorted keys) with the
pattern of each row, its gold counts and its faults. So a run that was stopped goes on after the last part, and a worker
need send nothing back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from labelkit._shared.files import replaced
from labelkit._shared.threads import in_threads
from labelkit.apply.plan import BatchVotes
from labelkit.corpus import Batch
from labelkit.corpus.gold import GoldSource
from labelkit.runs.run_folder import part_path
from labelkit.votes.distinct_rows import Fields, merge_packed, pack, pack_distinct, unpack
from labelkit.votes.gold import count_gold
from labelkit.votes.label_space import ABSTAIN, LabelSpace
from labelkit.votes.lf_info import LFInfo
from labelkit.votes.outcomes import CODE, FAULT, Fault, coded, decoded
from labelkit.votes.storage import confidence_columns, matrix_metadata, vote_columns
from labelkit.votes.vote_patterns import VotePatterns


@dataclass(frozen=True)
class PartWriter:
    """Writes the part of each batch; it travels to where the votes are made."""

    folder: Path
    batch_rows: int
    lfs: tuple[LFInfo, ...]
    class_names: tuple[str, ...]
    gold: GoldSource | None

    def __call__(self, batch: Batch, votes: BatchVotes) -> int:
        """Write one part; returns its number."""
        number = batch.start // self.batch_rows
        ids = batch.ids if batch.ids is not None else pa.array(np.arange(batch.start, batch.start + len(batch)))
        columns = [ids, *(pa.array(column) for column in votes.votes.T)]
        names = vote_columns([lf.name for lf in self.lfs])
        for name, sure in confidence_columns(self.lfs, votes.confidence).items():
            names.append(name)
            columns.append(pa.array(sure))
        schema = [pa.field(name, column.type, nullable=False) for name, column in zip(names, columns, strict=True)]
        table = pa.table(columns, schema=pa.schema(schema, matrix_metadata(self.lfs, self.class_names)))
        write_part(table, part_path(self.folder, "votes", number), repeating=table.schema.names[1:])
        self._note(number, batch, votes, ids)
        return number

    def _note(self, number: int, batch: Batch, votes: BatchVotes, ids: pa.Array) -> None:
        """Keep the patterns and the faults; the part is done when this file is there."""
        outcomes = votes.votes
        if votes.faults:
            outcomes = outcomes.copy(order="F")
            for row, j, _, _ in votes.faults:
                outcomes[row, j] = FAULT
        outcomes = coded(outcomes, votes.confidence, len(self.class_names))
        fields = Fields.of(outcomes) | _declared(self.lfs, len(self.class_names))
        keys, index = pack_distinct(outcomes, fields)
        counts = np.bincount(index, minlength=keys.shape[1])
        kept: dict[str, NDArray[Any]] = {"keys": keys, "fields": fields.table, "counts": counts, "index": index}
        if self.gold is not None:
            gold = self.gold.of(batch, self.class_names)
            kept["gold"] = count_gold(index.astype(np.int64), gold, len(counts), len(self.class_names))
        faults = [
            asdict(Fault(batch.start + row, self.lfs[j].name, ids[row].as_py(), kind, message))
            for row, j, kind, message in votes.faults
        ]
        if faults:
            with replaced(self.folder / "work" / f"{number:05d}.json") as draft:
                draft.write_text(json.dumps(faults), "utf-8")
        with replaced(self.folder / "work" / f"{number:05d}.npz") as draft, draft.open("wb") as file:
            np.savez(file, allow_pickle=False, **kept)


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
        noted = self.folder / "work" / f"{number:05d}.json"
        return [Fault(**fault) for fault in json.loads(noted.read_text("utf-8"))] if noted.is_file() else []

    def index(self, number: int) -> NDArray[np.int32]:
        """For each row of one part, the position of its pattern among those of the part."""
        with np.load(self.folder / "work" / f"{number:05d}.npz") as kept:
            index: NDArray[np.int32] = kept["index"]
            return index

    def ids(self, number: int) -> pa.ChunkedArray:
        """The ids of one part."""
        name = vote_columns([lf.name for lf in self.lfs])[0]
        return pq.read_table(part_path(self.folder, "votes", number), columns=[name]).column(0)

    def merged(self, n_parts: int) -> tuple[VotePatterns, list[NDArray[np.int32]]]:
        """The patterns of all parts together, and for each part where its own are among them."""
        parts = in_threads(self._patterns, range(n_parts))
        fields = reduce(or_, (part.fields for part in parts))
        keys, places = merge_packed([part.packed(fields) for part in parts], fields)
        counts = np.zeros(keys.shape[1], dtype=np.int64)
        known = all(part.gold is not None for part in parts)
        gold = np.zeros((len(counts), len(self.class_names)), dtype=np.int64) if known else None
        for part, place in zip(parts, places, strict=True):  # the keys of one part are distinct, and so are its places
            counts[place] += part.counts
            if gold is not None and part.gold is not None:
                gold[place] += part.gold
        soft, dtype = any(lf.levels for lf in self.lfs), LabelSpace.of(self.class_names).dtype
        codes = unpack(keys, fields, CODE if soft else dtype)
        outcomes, sure = decoded(codes, len(self.class_names), dtype, soft=soft)
        return VotePatterns(outcomes, counts, self.lfs, self.class_names, gold, sure), places

    def _patterns(self, number: int) -> _PartPatterns:
        with np.load(self.folder / "work" / f"{number:05d}.npz") as kept:
            return _PartPatterns(kept["keys"], Fields.read(kept["fields"]), kept["counts"], kept.get("gold"))


@dataclass(frozen=True)
class _PartPatterns:
    """The distinct patterns of one part."""

    keys: NDArray[np.uint64]
    fields: Fields
    counts: NDArray[np.int64]
    gold: NDArray[np.int64] | None

    def packed(self, fields: Fields) -> NDArray[np.uint64]:
        """The keys as they are packed in all parts: a rule may have failed, or voted, in some of them alone."""
        if fields == self.fields:
            return self.keys
        kind = CODE if self.fields.high.max(initial=0) > np.iinfo(np.int16).max else np.int16
        return pack(unpack(self.keys, self.fields, kind), fields)


def write_part(table: pa.Table, path: Path, *, repeating: Sequence[str] = ()) -> None:
    """Write a part whose first column is the ids: these are told by their differences, not looked up in a dictionary.

    Parameters
    ----------
    table : pyarrow.Table
    path : Path
    repeating : sequence of str
        The columns that hold a few values again and again; they are written by a dictionary.
    """
    ids = table.schema.field(0)
    encoding = {ids.name: "DELTA_BINARY_PACKED"} if pa.types.is_integer(ids.type) else None
    dictionaries = list(repeating) or False
    with replaced(path) as draft:
        pq.write_table(table, draft, compression="zstd", use_dictionary=dictionaries, column_encoding=encoding)


def _declared(lfs: Sequence[LFInfo], n_classes: int) -> Fields:
    """What rules may vote, so that the keys of most parts are packed alike."""
    labels = [lf.labels or range(n_classes) for lf in lfs]
    high = np.array([max(own) for own in labels], dtype=np.int64)
    two = np.array([len(set(own)) == 1 for own in labels], dtype=np.bool_)
    soft = np.array([lf.levels > 0 for lf in lfs], dtype=np.bool_)
    high[soft], two[soft] = 256 * n_classes - 1, False  # see coded()
    return Fields(np.full(len(lfs), ABSTAIN, dtype=np.int64), high, two)


def covered_patterns(patterns: VotePatterns) -> NDArray[np.bool_]:
    """Whether each pattern has a vote."""
    covered = np.zeros(len(patterns), dtype=np.bool_)
    for outcomes in patterns.outcomes.T:  # column by column, as they lie in memory
        covered |= outcomes > ABSTAIN
    return covered
