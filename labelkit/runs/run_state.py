"""A run under way: its draft folder, the parts that are done, and the time that each stage took."""

from __future__ import annotations

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelkit._version import __version__
from labelkit.apply.applier import Applier, OnFault
from labelkit.corpus import Corpus
from labelkit.corpus.gold import GoldSource
from labelkit.exceptions import CorpusError
from labelkit.rules.inspection.fingerprint import fingerprint
from labelkit.runs.parts import Parts, PartWriter, covered_patterns, write_part
from labelkit.runs.run_folder import part_path
from labelkit.votes.label_space import ABSTAIN, LabelSpace
from labelkit.votes.probabilistic_labels import hard_labels, labels_table
from labelkit.votes.vote_patterns import VotePatterns


@dataclass(frozen=True)
class Run:
    """A run under way, in the folder beside its final place."""

    applier: Applier
    corpus: Corpus
    gold: GoldSource | None
    folder: Path
    batch_rows: int
    texts: dict[str, dict[str, Any]]  # of the rules, as they were when the run began

    @property
    def parts(self) -> Parts:
        """The parts that are done so far."""
        return Parts(self.folder, self.applier.lfs.infos, self.applier.lfs.space.names)

    def resume_or_start(self, key: str) -> None:
        """Keep what an interrupted run of the same kind has made; clear away anything else."""
        note = self.folder / "key"
        if key and note.is_file() and note.read_text("utf-8") == key:
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in ("votes", "labels", "work"):
            (self.folder / name).mkdir(parents=True)
        note.write_text(key, "utf-8")

    def vote(
        self, *, workers: int, on_fault: OnFault, max_faults: int | None, progress: bool | None, cache: Any = None
    ) -> int:
        """Vote on every batch that is not done yet; returns the number of rows of the corpus."""
        lfs = self.applier.lfs
        writer = PartWriter(self.folder, self.batch_rows, lfs.infos, lfs.space.names, self.gold)
        first = self.parts.count(until_fault=on_fault == "raise")
        n_rows = min(first * self.batch_rows, self.corpus.n_rows or first * self.batch_rows)
        if first:
            n_rows = sum(len(self.parts.index(number)) for number in range(first))
        known = sum(len(self.parts.faults(number)) for number in range(first))
        columns = [self.gold.column] if self.gold is not None and self.gold.column is not None else []
        if n_rows == first * self.batch_rows:
            for done in self.applier.stream(
                self.corpus,
                writer,
                also=columns,
                first=first,
                workers=workers,
                batch_size=self.batch_rows,
                on_fault=on_fault,
                max_faults=max_faults,
                known_faults=known,
                progress=progress,
                cache=cache,
            ):
                n_rows += done.n_rows
        if not n_rows:
            shutil.rmtree(self.folder)
            raise CorpusError("the corpus has no rows, so there is nothing to label")
        return n_rows

    def label(
        self, proba: NDArray[np.float64], patterns: VotePatterns, places: list[NDArray[np.int32]], workers: int
    ) -> None:
        """Write the labels of each part: those of its patterns, spread over its examples."""
        labels = _PatternLabels.of(proba, covered_patterns(patterns), patterns.class_names)

        def write(number: int) -> None:
            pattern = places[number][self.parts.index(number)]
            start = number * self.batch_rows
            positional = self.corpus.id is None
            ids = np.arange(start, start + len(pattern)) if positional else self.parts.ids(number).combine_chunks()
            write_part(labels.table(ids, pattern), part_path(self.folder, "labels", number))

        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(write, range(len(places))))


@dataclass(frozen=True)
class _PatternLabels:
    """The labels of all patterns, each kind in an array of its own, from which those of a part are picked."""

    hard: NDArray[Any]
    covered: NDArray[np.bool_]
    proba: list[NDArray[np.float64]]
    class_names: tuple[str, ...]

    @classmethod
    def of(cls, proba: NDArray[np.float64], covered: NDArray[np.bool_], class_names: tuple[str, ...]) -> _PatternLabels:
        hard = np.where(covered, hard_labels(proba), ABSTAIN).astype(LabelSpace(class_names).dtype)
        return cls(hard, covered, [np.ascontiguousarray(column) for column in proba.T], class_names)

    def table(self, ids: Any, pattern: NDArray[np.int32]) -> pa.Table:
        """The labels of examples, by the pattern of each."""
        proba = (column[pattern] for column in self.proba)
        return labels_table(ids, self.hard[pattern], self.covered[pattern], proba, self.class_names)


def resume_key(run_: Run, gold: Any, on_bad_row: str) -> str:
    """What makes two runs the same, so that one can go on with the other's parts; empty if that cannot be known."""
    content = run_.corpus.fingerprint()
    if not content:
        return ""
    rules = [info.to_dict() for info in run_.applier.lfs.infos]
    asked = [run_.corpus.id, run_.batch_rows, on_bad_row, run_.applier.lfs.space.names, run_.applier.plan.types]
    return fingerprint(__version__, content, rules, asked, gold)


class Clock:
    """How long each stage of a run took, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def note(self, stage: str) -> None:
        """A stage is over."""
        now = time.perf_counter()
        self.seconds[stage], self._last = now - self._last, now
