"""Read the votes that a finished run stored, by the rows of its corpus, for the rules that would vote as they did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from labelkit._shared.stored_files import read_parquet, reading
from labelkit.apply.plan import BatchVotes
from labelkit.exceptions import RunFolderError
from labelkit.votes.label_matrix import LabelMatrix

if TYPE_CHECKING:
    from labelkit.runs.run_folder import RunFolder


@dataclass
class StoredVotes:
    """The votes of a finished run.

    Parameters
    ----------
    files : tuple of Path
        Its parts, in the order of the corpus.
    batch_rows : int
        Rows of a part; the last may have fewer.
    """

    files: tuple[Path, ...]
    batch_rows: int
    _latest: dict[Path, tuple[pa.Array, LabelMatrix]] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: RunFolder) -> StoredVotes:
        """Find the votes of a run."""
        return cls(tuple(folder.layout.parts("votes")), int(folder.manifest["batch_rows"]))

    @property
    def are_in_order(self) -> bool:
        """False if a part before the last has fewer rows than it can have: those of Spark are in no order."""
        return all(len(_read(file)[0]) == self.batch_rows for file in self.files[:-1])

    def rows(self, start: int, stop: int, names: Sequence[str]) -> tuple[pa.Array, BatchVotes]:
        """Return the ids and the votes of some rules on a range of rows.

        Raises
        ------
        RunFolderError
            If the votes are damaged.
        """
        numbers = range(start // self.batch_rows, -(-stop // self.batch_rows))
        self._latest = {file: self._latest.get(file) or _read(file) for file in (self.files[n] for n in numbers)}
        ids, votes, sure = [], [], []
        for number, (of_part, matrix) in zip(numbers, self._latest.values(), strict=True):
            first = number * self.batch_rows
            rows = slice(max(start - first, 0), min(stop - first, len(matrix)))
            columns = [matrix.names.index(name) for name in names]
            ids.append(of_part[rows.start : rows.stop])
            votes.append(matrix.votes[rows][:, columns])
            if matrix.confidence is not None:
                sure.append(matrix.confidence[rows][:, columns])
        if sum(map(len, ids)) != stop - start:
            raise RunFolderError(
                f"{self.files[0].parent} has fewer rows than its run", hint="labelkit run ... --force", code="LK506"
            )
        whole = np.asfortranarray(np.concatenate(votes))
        confidence = np.concatenate(sure) if sure else None
        return pa.concat_arrays(ids), BatchVotes(whole, [], np.zeros(len(names)), confidence)


def _read(file: Path) -> tuple[pa.Array, LabelMatrix]:
    with reading(file, "is damaged", RunFolderError, hint="labelkit verify lists what is; labelkit run ... --force"):
        table = read_parquet(file)
        return table.column(0).combine_chunks(), LabelMatrix.from_arrow(table, source=str(file))


def joined(pieces: Sequence[BatchVotes]) -> BatchVotes:
    """Put the votes on consecutive rows under one another."""
    if len(pieces) == 1:
        return pieces[0]
    starts = np.cumsum([0, *(len(piece.votes) for piece in pieces)]).tolist()
    faults = [
        (start + row, j, kind, message)
        for start, piece in zip(starts, pieces, strict=False)
        for row, j, kind, message in piece.faults
    ]
    soft = any(piece.confidence is not None for piece in pieces)
    votes = np.asfortranarray(np.concatenate([piece.votes for piece in pieces]))
    sure = np.concatenate([_confidence(piece) for piece in pieces]) if soft else None
    return BatchVotes(votes, faults, sum((piece.seconds for piece in pieces), np.zeros(votes.shape[1])), sure)


def beside(places: Sequence[Sequence[int]], pieces: Sequence[BatchVotes], n_lfs: int) -> BatchVotes:
    """Put the votes of some rules and of others on the same rows beside one another.

    Parameters
    ----------
    places : list of list of int
        The columns of the rules of each piece in the whole.
    pieces : list of BatchVotes
    n_lfs : int
    """
    n_rows, dtype = pieces[0].votes.shape[0], np.result_type(*(piece.votes.dtype for piece in pieces))
    votes = np.empty((n_rows, n_lfs), dtype=dtype, order="F")
    soft = any(piece.confidence is not None for piece in pieces)
    sure = np.zeros(votes.shape, dtype=np.uint8, order="F") if soft else None
    seconds, faults = np.zeros(n_lfs), []
    for columns, piece in zip(places, pieces, strict=True):
        votes[:, list(columns)] = piece.votes
        seconds[list(columns)] = piece.seconds
        faults += [(row, columns[j], kind, message) for row, j, kind, message in piece.faults]
        if sure is not None:
            sure[:, list(columns)] = _confidence(piece)
    return BatchVotes(votes, sorted(faults), seconds, sure)


def _confidence(piece: BatchVotes) -> Any:
    return np.zeros(piece.votes.shape, dtype=np.uint8) if piece.confidence is None else piece.confidence
