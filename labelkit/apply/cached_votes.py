"""Apply rules with a vote cache: rules whose votes are cached are not called; the votes of the others are stored.

Cached and new votes are merged batch by batch, where votes are computed, so that whatever follows sees no difference.
New votes are written to drafts, which get their names when the whole corpus is done. The votes of a rule that failed
on any example are not stored: the next time, it may not fail. Nor are those of a rule of which the inputs are others at
the end than they were at the start: something changed them while it voted.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa

from labelkit._shared.files import DRAFT, draft_of
from labelkit.apply.plan import BatchVotes, Plan
from labelkit.apply.vote_cache import HELD, VoteCache, VoteFile
from labelkit.corpus import Batch, Corpus
from labelkit.rules.inspection.rule_inputs import inputs_of_all
from labelkit.rules.labeling_functions import LabelingFunctions


class CachedRules:
    """The cached votes of rules on a corpus, and drafts for the others; a context, at whose end drafts are removed.

    Parameters
    ----------
    lfs : LabelingFunctions
    corpus : Corpus
    cache : VoteCache or None
        With None, nothing is read and nothing stored.
    read : sequence of str
        The columns that are read where no rule is cached.
    from_start : bool
        Whether all batches will be computed; otherwise nothing new can be stored.
    """

    def __init__(
        self,
        lfs: LabelingFunctions,
        corpus: Corpus,
        cache: VoteCache | None,
        *,
        read: Sequence[str] = (),
        from_start: bool,
    ) -> None:
        self._lfs = lfs
        self._rules = list(lfs)
        self._corpus = corpus
        self._cache = cache
        self._n_rows = 0
        self._faulty: set[int] = set()
        if cache is not None:
            cache.tidy()
        entries = {} if cache is None else _entries(lfs, corpus, cache, read)
        kept = {j: entry.path for j, entry in entries.items() if entry.exists}
        self._cached = {j: held for j, path in kept.items() if (held := _draft(path, path)) is not None}
        self._new = {j: entry for j, entry in entries.items() if from_start and j not in self._cached}
        self._drafts = {j: draft for j, entry in self._new.items() if (draft := _draft(entry.path)) is not None}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for draft in (*self._drafts.values(), *self._cached.values()):
            with suppress(OSError):
                draft.unlink(missing_ok=True)

    def plan(self, whole: Plan) -> Plan | None:
        """Return the plan for the rules that are not cached; None if all are."""
        rest = [name for j, name in enumerate(self._lfs.names) if j not in self._cached]
        if len(rest) == len(self._lfs):
            return whole
        return Plan(self._lfs[rest]) if rest else None

    @property
    def names(self) -> tuple[str, ...]:
        """The rules whose votes are cached."""
        return tuple(self._lfs.names[j] for j in self._cached)

    @property
    def completion(self) -> Completion | None:
        """The function that merges cached and new votes; None if there is nothing to do."""
        if not self._cached and not self._drafts:
            return None
        voted = tuple(j for j in range(len(self._lfs)) if j not in self._cached)
        return Completion(len(self._lfs), self._lfs.space.dtype, voted, self._cached, self._drafts)

    def batches(self, columns: tuple[str, ...], batch_rows: int, first: int) -> Iterator[tuple[Batch, BatchVotes]]:
        """Iterate over the batches if all rules are cached; the corpus is read only for columns or ids."""
        n_rows, start = self._corpus.n_rows, first * batch_rows
        if columns or self._corpus.has_ids or n_rows is None:
            batches: Iterable[Batch] = self._corpus.batches(columns, batch_rows, start=start)
        else:
            starts = range(start, n_rows, batch_rows)
            batches = (Batch(at, None, blank(min(batch_rows, n_rows - at))) for at in starts)
        for batch in batches:
            yield batch, BatchVotes(np.empty((len(batch), 0), dtype=self._lfs.space.dtype), [], np.empty(0))

    def note(self, n_rows: int, faulty: Iterable[int]) -> None:
        """Note that a batch is done, and which rules failed in it."""
        self._n_rows += n_rows
        self._faulty |= set(faulty)

    def keep(self) -> None:
        """Give the drafts their names, after the last batch."""
        size = self._n_rows * np.dtype(self._lfs.space.dtype).itemsize
        unchanged = self._as_before([j for j in self._drafts if j not in self._faulty])
        for j in unchanged:
            with suppress(OSError):  # a cache that fails is no reason for a run to fail
                if (draft := self._drafts[j]).stat().st_size == size:
                    self._new[j].seal(draft)
        if self._cache is not None and self._drafts:
            self._cache.prune()

    def _as_before(self, rules: list[int]) -> list[int]:
        """Return those rules that read now what they read before they voted."""
        inputs = inputs_of_all(self._rules[j] for j in rules)
        return [j for j, now in zip(rules, inputs, strict=True) if now.digest == self._new[j].digest]


@dataclass(frozen=True)
class Completion:
    """Merge cached votes with new ones, and write the new ones to the drafts; can be pickled.

    Parameters
    ----------
    n_lfs : int
    dtype : dtype
    voted : tuple of int
        The rules that are applied, in the order of their votes.
    cached, drafts : dict from int to Path
        The files of cached votes, which are whole, and of those to be stored.
    """

    n_lfs: int
    dtype: Any
    voted: tuple[int, ...]
    cached: dict[int, Path]
    drafts: dict[int, Path]

    def __call__(self, batch: Batch, computed: BatchVotes) -> BatchVotes:
        """Return the votes of all rules on a batch."""
        n_rows, size = len(batch), np.dtype(self.dtype).itemsize
        votes = np.empty((n_rows, self.n_lfs), dtype=self.dtype, order="F")
        for j, path in self.cached.items():
            votes[:, j] = np.fromfile(path, self.dtype, n_rows, offset=batch.start * size)
        for i, j in enumerate(self.voted):
            votes[:, j] = computed.votes[:, i]
            if j in self.drafts:
                _write(self.drafts[j], votes[:, j].tobytes(), batch.start * size)
        seconds = np.zeros(self.n_lfs)
        seconds[list(self.voted)] = computed.seconds
        faults = [(row, self.voted[i], kind, message) for row, i, kind, message in computed.faults]
        sure = None
        if computed.confidence is not None:
            sure = np.zeros(votes.shape, dtype=np.uint8, order="F")
            sure[:, list(self.voted)] = computed.confidence
        return BatchVotes(votes, faults, seconds, sure)


def _write(path: Path, content: bytes, at: int) -> None:
    """Write into a draft, and remove one that cannot be written."""
    try:
        with path.open("r+b") as file:
            file.seek(at)
            file.write(content)
    except OSError:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _entries(lfs: LabelingFunctions, corpus: Corpus, cache: VoteCache, read: Sequence[str]) -> dict[int, VoteFile]:
    """List the entries of the rules that can be cached; a file that is damaged, or of other rows, does not count."""
    n_rows, entries = corpus.n_rows, {}
    for j, (lf, inputs) in enumerate(zip(lfs, inputs_of_all(lfs), strict=True)):
        entry = cache.entry(lf, corpus, lfs.space, read, inputs=inputs)
        if entry is None:
            continue
        if entry.exists:
            n_votes = entry.n_votes(lfs.space)
            n_rows = n_votes if n_rows is None else n_rows
            entry = replace(entry, exists=n_votes is not None and n_votes == n_rows)
            if entry.exists:
                cache.touch(entry)
        entries[j] = entry
    return entries


def _draft(path: Path, content: Path | None = None) -> Path | None:
    """Create a file of this run's own beside the final one, empty or with the content of another; None if that fails.

    Another process may remove a file at any time: a second name holds its content until this run is done.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = draft_of(path, DRAFT if content is None else HELD)
        if content is None:
            draft.touch(mode=0o600, exist_ok=False)
        else:
            _link(content, draft)
    except OSError:
        return None
    return draft


def _link(content: Path, draft: Path) -> None:
    try:
        draft.hardlink_to(content)
    except OSError:  # a file system without links
        shutil.copyfile(content, draft)


def blank(n_rows: int) -> pa.RecordBatch:
    """Return a batch of so many rows and no value."""
    return pa.record_batch({"": pa.nulls(n_rows)})
