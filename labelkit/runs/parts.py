"""Write the votes of each batch of a run, and count its patterns, in the worker that voted on it.

A part on disk is its votes (Parquet), and, until the run is finished, its distinct patterns (as sorted keys) with the
pattern of each row, its gold counts and its faults. So a run that was stopped goes on after the last part. A hash over
the files of a part, its number and the inputs of its run (a *seal*, in the comment that ends a zip file) stands in the
file of its patterns: a part that is damaged, incomplete, or of another run is none.

A worker that shares the disk of the run folder writes the files (:class:`PartWriter`) and sends nothing back; any other
returns their content (:class:`PartMaker`), and the main process writes it.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from labelkit._shared.arrow_arrays import arrow_array
from labelkit._shared.files import link_or_copy, replaced
from labelkit._shared.locks import in_turn
from labelkit._shared.stored_files import read_parquet
from labelkit._shared.threads import in_threads
from labelkit.apply.plan import BatchVotes
from labelkit.corpus import Batch
from labelkit.corpus.gold import GoldSource
from labelkit.runs.run_folder import RunLayout
from labelkit.votes.distinct_rows import Fields, pack_distinct, unpack
from labelkit.votes.gold import count_gold
from labelkit.votes.label_space import ABSTAIN, LabelSpace
from labelkit.votes.lf_info import LFInfo
from labelkit.votes.outcomes import CODE, FAULT, Fault, coded, decoded
from labelkit.votes.packed_patterns import PackedPatterns, merge_tables
from labelkit.votes.storage import confidence_columns, matrix_metadata, vote_columns
from labelkit.votes.vote_patterns import VotePatterns

TOGETHER: Final = 256
"""Parts whose tables of patterns are in memory at a time."""

SEAL_BYTES: Final = 16
"""Length of the seal at the end of the file of a part's patterns."""


@dataclass(frozen=True)
class Part:
    """The content of the files of one part; it can be pickled.

    Parameters
    ----------
    number : int
    votes : bytes
        Parquet.
    patterns : bytes
        Arrays (npz), and the seal.
    faults : str
        JSON; empty if there are no faults.
    """

    number: int
    votes: bytes
    patterns: bytes
    faults: str

    def write(self, layout: RunLayout, before: RunLayout | None = None) -> None:
        """Write the files; the patterns last, since their file marks the part as finished.

        Parameters
        ----------
        layout : RunLayout
        before : RunLayout, optional
            Of a run whose file of votes is shared where it is the same.
        """
        shared = None if before is None else before.part("votes", self.number)
        if shared is not None and shared.is_file() and shared.read_bytes() == self.votes:
            link_or_copy(shared, layout.part("votes", self.number))
        else:
            with replaced(layout.part("votes", self.number), one_of_many=True) as draft:
                draft.write_bytes(self.votes)
        if self.faults:
            with replaced(layout.part_faults(self.number), one_of_many=True) as draft:
                draft.write_text(self.faults, "utf-8")
        with replaced(layout.part_patterns(self.number), one_of_many=True) as draft:
            draft.write_bytes(self.patterns)


@dataclass(frozen=True)
class PartMaker:
    """Make the part of each batch, in the worker that voted on it; no file is read or written."""

    run: str  # the digest of its inputs
    batch_rows: int
    lfs: tuple[LFInfo, ...]
    class_names: tuple[str, ...]
    gold: GoldSource | None

    def __call__(self, batch: Batch, votes: BatchVotes) -> Part:
        """Make one part."""
        ids = batch.ids if batch.ids is not None else arrow_array(np.arange(batch.start, batch.start + len(batch)))
        faults = [
            asdict(Fault(batch.start + row, self.lfs[j].name, ids[row].as_py(), kind, message))
            for row, j, kind, message in votes.faults
        ]
        number, table = batch.start // self.batch_rows, self._votes(votes, ids)
        text = json.dumps(faults) if faults else ""
        return Part(number, table, sealed(self.patterns(batch, votes), self.run, number, table, text), text)

    def _votes(self, votes: BatchVotes, ids: pa.Array) -> bytes:
        columns = [ids, *(arrow_array(column) for column in votes.votes.T)]
        names = vote_columns([lf.name for lf in self.lfs])
        for name, confidence in confidence_columns(self.lfs, votes.confidence).items():
            names.append(name)
            columns.append(arrow_array(confidence))
        schema = [pa.field(name, column.type, nullable=False) for name, column in zip(names, columns, strict=True)]
        table = pa.table(columns, schema=pa.schema(schema, matrix_metadata(self.lfs, self.class_names)))
        sink = pa.BufferOutputStream()
        write_part(table, sink, repeating=table.schema.names[1:])
        content: bytes = sink.getvalue().to_pybytes()
        return content

    def patterns(self, batch: Batch, votes: BatchVotes) -> bytes:
        """Count the distinct rows of votes of a batch; returns arrays (npz)."""
        outcomes = votes.votes
        if votes.faults:
            outcomes = outcomes.copy(order="F")
            for row, j, _, _ in votes.faults:
                outcomes[row, j] = FAULT
        outcomes = coded(outcomes, votes.confidence, len(self.class_names))
        fields = Fields.of(outcomes) | _declared(self.lfs, len(self.class_names))
        keys, index = pack_distinct(outcomes, fields)
        counts = np.bincount(index, minlength=keys.shape[1])
        gold, with_gold = None, np.zeros(0, dtype=np.int64)
        if self.gold is not None:
            truth = self.gold.of(batch, self.class_names)
            gold = count_gold(index.astype(np.int64), truth, len(counts), len(self.class_names))
            with_gold = np.flatnonzero(truth >= 0)
        return PackedPatterns(keys, fields, counts, gold).to_bytes(index=index, with_gold=with_gold)


@dataclass(frozen=True)
class PartWriter:
    """Make the part of each batch and write it, in a worker that shares the disk of the run folder."""

    maker: PartMaker
    layout: RunLayout
    process: int = field(default_factory=os.getpid)

    def __call__(self, batch: Batch, votes: BatchVotes) -> None:
        """Make and write one part; in a worker whose run was killed, nothing: another may go on with its parts."""
        part = self.maker(batch, votes)
        if os.getpid() == self.process:
            part.write(self.layout)
            return
        with in_turn(self.layout.writers, alone=False):
            run = multiprocessing.parent_process()
            if run is not None and run.is_alive():
                part.write(self.layout)


@dataclass(frozen=True)
class FinishedParts:
    """The parts that a run has written so far.

    Parameters
    ----------
    layout : RunLayout
    lfs : tuple of LFInfo
    class_names : tuple of str
    first : int
        The first part that the run makes; those before it are shared with the run that it updates.
    """

    layout: RunLayout
    lfs: tuple[LFInfo, ...]
    class_names: tuple[str, ...]
    first: int = 0

    def count(self, *, most_faults: int | None = None) -> int:
        """Count the finished parts, from the first; up to the one with which there are more faults than so many."""
        number, n_faults = self.first, 0
        while self.layout.part_patterns(number).is_file():
            n_faults += 0 if most_faults is None else len(self.faults(number))
            if most_faults is not None and n_faults > most_faults:
                break
            number += 1
        return number

    def count_whole(self, run: str, *, until_fault: bool) -> int:
        """Count the parts that are as the run of that digest wrote them, from the first, as :meth:`count` does."""
        number = 0
        while self._is_whole(number, run) and not (until_fault and self.faults(number)):
            number += 1
        return number

    def _is_whole(self, number: int, run: str) -> bool:
        try:
            content = self.layout.part_patterns(number).read_bytes()
            return content == sealed(_unsealed(content), run, number, *self._sealed_files(number))
        except OSError:
            return False

    def _sealed_files(self, number: int) -> tuple[bytes, str]:
        """Read the votes and the faults of a part."""
        faults = self.layout.part_faults(number)
        text = faults.read_bytes().decode("utf-8", "replace") if faults.exists() else ""
        return self.layout.part("votes", number).read_bytes(), text

    def faults(self, number: int) -> list[Fault]:
        """The faults of one part."""
        file = self.layout.part_faults(number)
        return [Fault(**fault) for fault in json.loads(file.read_text("utf-8"))] if file.is_file() else []

    def index(self, number: int) -> NDArray[np.int32]:
        """Position of each row's pattern among those of the part, shape (n_rows,)."""
        with np.load(self.layout.part_patterns(number)) as arrays:
            index: NDArray[np.int32] = arrays["index"]
            return index

    def rows_with_gold(self) -> Iterator[NDArray[np.int64]]:
        """Positions of the examples whose gold was counted, part by part."""
        start = 0
        for number in range(self.count()):
            with np.load(self.layout.part_patterns(number)) as arrays:
                yield start + arrays["with_gold"]
                start += len(arrays["index"])

    def ids(self, number: int) -> pa.ChunkedArray:
        """The ids of one part."""
        name = vote_columns([lf.name for lf in self.lfs])[0]
        return read_parquet(self.layout.part("votes", number), columns=[name]).column(0)

    def describe(self, n_parts: int) -> None:
        """Write the descriptions of the rules into the first parts, whose votes stay; this breaks the seals."""
        for number in range(n_parts):
            file = self.layout.part("votes", number)
            votes = read_parquet(file).combine_chunks()
            votes = votes.replace_schema_metadata(matrix_metadata(self.lfs, self.class_names))
            with replaced(file, one_of_many=True) as draft:
                write_part(votes, draft, repeating=votes.schema.names[1:])

    def merged(self, n_parts: int) -> tuple[VotePatterns, list[NDArray[np.int32]]]:
        """Merge the patterns of the parts before ``n_parts``; also the places of each part's patterns among them."""
        numbers = range(self.first, n_parts)
        table, places = merge_tables(in_threads(self._patterns, numbers[:TOGETHER]))
        for start in range(TOGETHER, len(numbers), TOGETHER):
            some = in_threads(self._patterns, numbers[start : start + TOGETHER])
            table, (before, *more) = merge_tables([table, *some])
            places = [*(before[place] for place in places), *more]
        return self.decoded(table), places

    def packed_with(self, content: bytes | None) -> PackedPatterns | None:
        """Merge the patterns of all parts, and of :meth:`PartMaker.patterns` if there are; None if there is nothing."""
        beginning = [] if content is None else [PackedPatterns.read(BytesIO(content))]
        tables = [*beginning, *in_threads(self._patterns, range(self.first, self.count()))]
        return merge_tables(tables)[0] if tables else None

    def decoded(self, table: PackedPatterns) -> VotePatterns:
        """Return the patterns of a table of keys."""
        soft, dtype = any(lf.levels for lf in self.lfs), LabelSpace.of(self.class_names).dtype
        codes = unpack(table.keys, table.fields, CODE if soft else dtype)
        outcomes, sure = decoded(codes, len(self.class_names), dtype, soft=soft)
        return VotePatterns(outcomes, table.counts, self.lfs, self.class_names, table.gold, sure)

    def _patterns(self, number: int) -> PackedPatterns:
        return PackedPatterns.read(self.layout.part_patterns(number))


def sealed(patterns: bytes, run: str, number: int, votes: bytes, faults: str) -> bytes:
    """Put the hash of all that makes up a part into the comment of its patterns, a zip file without one."""
    digest = blake2b(f"{run} {number}".encode(), digest_size=SEAL_BYTES)
    for content in (votes, faults.encode(), patterns):
        digest.update(len(content).to_bytes(8, "little"))
        digest.update(content)
    return patterns[:-2] + SEAL_BYTES.to_bytes(2, "little") + digest.digest()


def _unsealed(patterns: bytes) -> bytes:
    return patterns[: -SEAL_BYTES - 2] + bytes(2)


def write_part(table: pa.Table, sink: Path | pa.NativeFile, *, repeating: Sequence[str] = ()) -> None:
    """Write a part whose first column is the ids; integers among these are delta-encoded, without a dictionary.

    Only of the ids are the lowest and the highest written: in all parts, those of votes and labels are the same.

    Parameters
    ----------
    table : pyarrow.Table
    sink : Path or pyarrow.NativeFile
    repeating : sequence of str
        The columns that hold a few values again and again; they are written by a dictionary.
    """
    ids = table.schema.field(0)
    encoding = {ids.name: "DELTA_BINARY_PACKED"} if pa.types.is_integer(ids.type) else None
    dictionaries = list(repeating) or False
    pq.write_table(
        table,
        sink,
        compression="zstd",
        use_dictionary=dictionaries,
        column_encoding=encoding,
        write_statistics=[ids.name],
    )


def _declared(lfs: Sequence[LFInfo], n_classes: int) -> Fields:
    """Return the fields of all votes that the rules declare, so that the keys of most parts are packed alike."""
    labels = [lf.labels or range(n_classes) for lf in lfs]
    high = np.array([max(classes) for classes in labels], dtype=np.int64)
    two = np.array([len(set(classes)) == 1 for classes in labels], dtype=np.bool_)
    soft = np.array([lf.levels > 0 for lf in lfs], dtype=np.bool_)
    high[soft], two[soft] = 256 * n_classes - 1, False  # see coded()
    return Fields(np.full(len(lfs), ABSTAIN, dtype=np.int64), high, two)


def covered_patterns(patterns: VotePatterns) -> NDArray[np.bool_]:
    """Mask of the patterns that have a vote, shape (n_patterns,)."""
    covered = np.zeros(len(patterns), dtype=np.bool_)
    for outcomes in patterns.outcomes.T:  # column by column, as they lie in memory
        covered |= outcomes > ABSTAIN
    return covered
