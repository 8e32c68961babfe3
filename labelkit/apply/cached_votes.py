"""Voting with a memory: rules whose votes are kept are not called; the votes of the others are kept as they come.

What was remembered is put beside what was voted where the votes are made, batch by batch, so that it makes no
difference to anything that follows. New columns are written to drafts, which take their names when the whole corpus was
voted on. A rule that failed on any example is not kept: the next time, it may not.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa

from labelkit.apply.plan import BatchVotes, Plan
from labelkit.apply.vote_cache import Entry, VoteCache
from labelkit.corpus import Batch, Corpus
from labelkit.rules.labeling_functions import LabelingFunctions


class Remembered:
    """What a cache knows of rules on a corpus, and what it is to learn; a context, at whose end drafts are removed.

    Parameters
    ----------
    lfs : LabelingFunctions
    corpus : Corpus
    cache : VoteCache or None
        With None, nothing is known and nothing kept.
    from_start : bool
        Whether all batches will be voted on; otherwise nothing new can be kept.
    """

    def __init__(self, lfs: LabelingFunctions, corpus: Corpus, cache: VoteCache | None, *, from_start: bool) -> None:
        self._lfs = lfs
        self._corpus = corpus
        self._cache = cache
        self._n_rows = 0
        self._faulty: set[int] = set()
        entries = {} if cache is None else _entries(lfs, corpus, cache)
        self._known = {j: entry.path for j, entry in entries.items() if entry.found}
        self._new = {j: entry.path for j, entry in entries.items() if from_start and not entry.found}
        self._drafts = {j: draft for j, path in self._new.items() if (draft := _draft(path)) is not None}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for draft in self._drafts.values():
            with suppress(OSError):
                draft.unlink(missing_ok=True)

    def plan(self, whole: Plan) -> Plan | None:
        """The plan for the rules that must vote; None if none must."""
        rest = [name for j, name in enumerate(self._lfs.names) if j not in self._known]
        if len(rest) == len(self._lfs):
            return whole
        return Plan(self._lfs[rest]) if rest else None

    @property
    def names(self) -> tuple[str, ...]:
        """The rules whose votes are remembered."""
        return tuple(self._lfs.names[j] for j in self._known)

    @property
    def completion(self) -> Completion | None:
        """What puts the parts together; None if there is nothing to do."""
        if not self._known and not self._drafts:
            return None
        voted = tuple(j for j in range(len(self._lfs)) if j not in self._known)
        return Completion(len(self._lfs), self._lfs.space.dtype, voted, self._known, self._drafts)

    def batches(self, columns: tuple[str, ...], batch_rows: int, first: int) -> Iterator[tuple[Batch, BatchVotes]]:
        """The batches where no rule must vote; nothing is read if nothing is asked for."""
        n_rows, start = self._corpus.n_rows, first * batch_rows
        if columns or self._corpus.id is not None or n_rows is None:
            batches: Iterable[Batch] = self._corpus.batches(columns, batch_rows, start=start)
        else:
            starts = range(start, n_rows, batch_rows)
            batches = (Batch(at, None, blank(min(batch_rows, n_rows - at))) for at in starts)
        for batch in batches:
            yield batch, BatchVotes(np.empty((len(batch), 0), dtype=self._lfs.space.dtype), [], np.empty(0))

    def note(self, n_rows: int, faulty: Iterable[int]) -> None:
        """A batch is done; these rules failed in it."""
        self._n_rows += n_rows
        self._faulty |= set(faulty)

    def keep(self) -> None:
        """All batches are done: give the drafts their names."""
        size = self._n_rows * np.dtype(self._lfs.space.dtype).itemsize
        for j, draft in self._drafts.items():
            with suppress(OSError):  # a cache that fails is no reason for a run to fail
                if j not in self._faulty and draft.stat().st_size == size:
                    draft.replace(self._new[j])
        if self._cache is not None and self._drafts:
            self._cache.prune()


@dataclass(frozen=True)
class Completion:
    """Puts remembered votes beside those that were made, and writes the latter to the drafts; it can be pickled.

    Parameters
    ----------
    n_lfs : int
    dtype : dtype
    voted : tuple of int
        The rules that vote, in the order of their votes.
    known, drafts : dict from int to Path
        The files of those that do not, and of those that are to be kept.
    """

    n_lfs: int
    dtype: Any
    voted: tuple[int, ...]
    known: dict[int, Path]
    drafts: dict[int, Path]

    def __call__(self, batch: Batch, made: BatchVotes) -> BatchVotes:
        """The votes of all rules on a batch."""
        n_rows, size = len(batch), np.dtype(self.dtype).itemsize
        votes = np.empty((n_rows, self.n_lfs), dtype=self.dtype, order="F")
        for j, path in self.known.items():
            votes[:, j] = np.fromfile(path, self.dtype, n_rows, offset=batch.start * size)
        for i, j in enumerate(self.voted):
            votes[:, j] = made.votes[:, i]
            if j in self.drafts:
                _write(self.drafts[j], votes[:, j].tobytes(), batch.start * size)
        seconds = np.zeros(self.n_lfs)
        seconds[list(self.voted)] = made.seconds
        faults = [(row, self.voted[i], kind, message) for row, i, kind, message in made.faults]
        sure = None
        if made.confidence is not None:
            sure = np.zeros(votes.shape, dtype=np.uint8, order="F")
            sure[:, list(self.voted)] = made.confidence
        return BatchVotes(votes, faults, seconds, sure)


def _write(path: Path, content: bytes, at: int) -> None:
    """Write into a draft; one that cannot be written is given up."""
    try:
        with path.open("r+b") as file:
            file.seek(at)
            file.write(content)
    except OSError:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _entries(lfs: LabelingFunctions, corpus: Corpus, cache: VoteCache) -> dict[int, Entry]:
    """The entries of the rules that have one; a file of another length than the corpus is none."""
    size = np.dtype(lfs.space.dtype).itemsize
    n_rows, found = corpus.n_rows, {}
    for j, lf in enumerate(lfs):
        entry = cache.entry(lf, corpus, lfs.space)
        if entry is None:
            continue
        if entry.found:
            length = cache.touch(entry) // size
            n_rows = length if n_rows is None else n_rows
            entry = Entry(entry.path, length == n_rows)
        found[j] = entry
    return found


def _draft(path: Path) -> Path | None:
    """An empty file beside the final one; None if it cannot be made."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".draft", dir=path.parent)
        os.close(handle)
    except OSError:
        return None
    return Path(draft)


def blank(n_rows: int) -> pa.RecordBatch:
    """Return a batch of so many rows and no value."""
    return pa.record_batch({"": pa.nulls(n_rows)})
