"""A run in progress: its draft folder, the finished parts, and the time that each stage took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelkit._shared.arrow_arrays import arrow_array, numpy_array
from labelkit._shared.events import log_event
from labelkit._shared.files import remove, replaced
from labelkit._shared.locks import in_turn
from labelkit._shared.numbers import count, plural
from labelkit._shared.user_errors import warn
from labelkit.apply.applier import Applier
from labelkit.apply.engines import engine_named
from labelkit.apply.plan import BatchVotes
from labelkit.apply.voting_options import OnFault
from labelkit.corpus import Batch, Corpus
from labelkit.corpus.distinct_ids import MOST_HELD, DistinctIds
from labelkit.corpus.gold import GoldSource
from labelkit.exceptions import CorpusError
from labelkit.runs.parts import FinishedParts, Part, PartMaker, PartWriter, covered_patterns, write_part
from labelkit.runs.provenance import COLUMN, MODEL_KEY, REPEATING, RUN_KEY, run_fingerprint, votes_by_pattern
from labelkit.runs.run_folder import RunLayout, write_json
from labelkit.runs.run_inputs import MIXED, RunInputs
from labelkit.votes.gold import GoldCounts
from labelkit.votes.gold_beside import warn_of_gold_beside_votes
from labelkit.votes.hard_labels import hard_labels
from labelkit.votes.label_space import ABSTAIN, LabelSpace
from labelkit.votes.storage import labels_table
from labelkit.votes.vote_patterns import VotePatterns


@dataclass(frozen=True)
class Run:
    """A run in progress, in the draft folder beside its final place."""

    applier: Applier
    corpus: Corpus
    gold: GoldSource | None
    layout: RunLayout
    batch_rows: int
    inputs: RunInputs  # as they were when the run began
    texts: dict[str, dict[str, Any]]  # of the rules, the same
    first_part: int = 0  # those before it are shared with the run that this one updates
    text_columns: tuple[str, ...] = ()  # that the label model reads

    @property
    def parts(self) -> FinishedParts:
        """The parts that are finished so far."""
        return FinishedParts(self.layout, self.applier.lfs.infos, self.applier.lfs.space.names, self.first_part)

    def resume_or_start(self, *, anew: bool) -> None:
        """Keep the parts of an interrupted run of the same inputs; remove all else, and say why if not asked to."""
        self.layout.begin()
        with in_turn(self.layout.writers, alone=True):
            pass  # a worker of a run that was killed may still have been writing its last part
        inputs, note = self.inputs, self.layout.inputs
        before = RunInputs.read(note)
        if anew:
            self._start()
            return
        # A run is killed after its note was removed, too: the seals of its parts say whose they are.
        reasons = inputs.differences(before) if note.exists() else inputs.uncertain
        if not reasons:
            moved = before.get("lines") != inputs.lines  # the lines in the messages of faults
            n_parts = self.parts.count_whole(inputs.digest, until_fault=moved)
            self.layout.keep_parts(n_parts)
            described = MIXED if n_parts and before.get("described") != inputs.described else inputs.described
            write_json(self.layout.inputs, {**inputs.to_dict(), "described": described})
            return
        if self.parts.count():
            warn(
                f"the run that did not end ({self.layout.folder}) does not go on, but begins anew: "
                f"{'; '.join(reasons)}. Hint: votes of before and after would be mixed",
                code="LK517",
            )
        self._start()

    def _start(self) -> None:
        remove(self.layout.folder)
        self.layout.begin()
        write_json(self.layout.inputs, self.inputs.to_dict())

    def check_gold(self, patterns: VotePatterns, n_rows: int) -> None:
        """Check that gold is of these rows; warn if it does not go with the votes, or counts rows that were left out.

        Parameters
        ----------
        patterns : VotePatterns
            Those with gold, at least.
        n_rows : int

        Raises
        ------
        GoldError
            If it is not.
        """
        gold, n_rejects = self.gold, len(self.corpus.rejects)
        assert patterns.gold is not None
        assert gold is not None
        n_gold_rows, ids = None if self.corpus.choice else n_rows, numpy_array(self.parts.ids(0))
        gold.check_matched(int(patterns.gold.sum()), n_gold_rows, ids, n_rejects=n_rejects)
        counts = GoldCounts.of_table(patterns.gold)
        warn_of_gold_beside_votes(patterns.votes, counts, patterns.class_names, lambda: gold.way, can_map=True)
        if gold.column is not None or not n_rejects or self.corpus.has_ids:
            return
        warn(
            f"gold names examples by their position, and {plural(n_rejects, 'row')} could not be read: positions count "
            "the rows that were kept, so gold that counts all rows is of others. Hint: id= (--id) names a column",
            code="LK335",
        )

    def vote(
        self,
        *,
        workers: int,
        engine: Any,
        isolate: bool,
        on_fault: OnFault,
        max_faults: int | None,
        time_limit: float,
        progress: bool | None,
        cache: Any = None,
    ) -> int:
        """Vote on every batch that is not finished yet; returns the number of rows of the corpus."""
        lfs = self.applier.lfs
        maker = PartMaker(self.inputs.digest, self.batch_rows, lfs.infos, lfs.space.names, self.gold)
        shares_disk = engine_named(engine, workers, isolate=isolate).shares_disk
        deliver: Callable[[Batch, BatchVotes], Part | None] = PartWriter(maker, self.layout) if shares_disk else maker
        first = self.parts.count(most_faults=0 if on_fault == "raise" else max_faults)
        n_rows = min(first * self.batch_rows, self.corpus.n_rows or first * self.batch_rows)
        if first:
            n_rows = sum(len(self.parts.index(number)) for number in range(first))
            self._log_resumption(n_rows)
        known_faults = sum(len(self.parts.faults(number)) for number in range(first))
        columns = [self.gold.column] if self.gold is not None and self.gold.column is not None else []
        columns += self.text_columns  # rows that are bad in them are left out from the beginning
        seen = DistinctIds(self.corpus, most_held=MOST_HELD).add_all(map(self.parts.ids, range(first)))
        # The corpus is read on also after the last part where bad rows are left out: they are listed as they are met.
        if n_rows == first * self.batch_rows or self.corpus.on_bad_row == "reject":
            for delivered in self.applier.stream(
                self.corpus,
                deliver,
                also=columns,
                first=first,
                workers=workers,
                engine=engine,
                isolate=isolate,
                batch_size=self.batch_rows,
                on_fault=on_fault,
                max_faults=max_faults,
                time_limit=time_limit,
                known_faults=known_faults,
                seen=seen,
                progress=progress,
                cache=cache,
            ):
                if delivered.result is not None:
                    delivered.result.write(self.layout)
                n_rows += delivered.n_rows
        seen.finish()
        if not n_rows:
            remove(self.layout.folder)
            raise CorpusError("the corpus has no rows, so there is nothing to label", code="LK204")
        return n_rows

    def merged(self) -> tuple[VotePatterns, list[NDArray[np.int32]]]:
        """Merge the patterns of the finished parts; also the places of each part's patterns among them."""
        return self.parts.merged(self.parts.count())

    def _log_resumption(self, n_rows: int) -> None:
        total = self.corpus.n_rows
        of_all = "" if total is None else f" of {count(total)}"
        log_event("resumed", f"resumed at row {count(n_rows)}{of_all}", rows=n_rows, of=total)

    def label(
        self,
        proba: NDArray[np.float64],
        patterns: VotePatterns,
        places: list[NDArray[np.int32]],
        workers: int,
        model: str,
    ) -> None:
        """Write the labels of each part: each example has the label of its pattern."""
        labels = PatternLabels.of(proba, patterns, model=model, run=run_fingerprint(self.inputs.lasting))

        def write(number: int) -> None:
            pattern = places[number - self.first_part][self.parts.index(number)]
            start = number * self.batch_rows
            ids = (
                np.arange(start, start + len(pattern))
                if not self.corpus.has_ids
                else self.parts.ids(number).combine_chunks()
            )
            with replaced(self.layout.part("labels", number), one_of_many=True) as draft:
                write_part(labels.table(ids, pattern), draft, repeating=REPEATING)

        with ThreadPoolExecutor(workers, thread_name_prefix="labelkit") as pool:
            list(pool.map(write, range(self.first_part, self.first_part + len(places))))


@dataclass(frozen=True)
class PatternLabels:
    """The labels of all patterns, one array for each column of the output; those of a part are picked from them."""

    hard: NDArray[Any]
    covered: NDArray[np.bool_]
    proba: list[NDArray[np.float64]]
    votes: pa.ListArray
    class_names: tuple[str, ...]
    metadata: dict[bytes, bytes]
    origin: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, proba: NDArray[np.float64], patterns: VotePatterns, *, model: str, run: str) -> PatternLabels:
        """Take the labels of patterns from their probabilities, with the fingerprints of what they came from."""
        covered, names = covered_patterns(patterns), patterns.class_names
        hard = np.where(covered, hard_labels(proba), ABSTAIN).astype(LabelSpace(names).dtype)
        columns = [np.ascontiguousarray(column) for column in proba.T]
        metadata = {MODEL_KEY: model.encode(), RUN_KEY: run.encode()}
        return cls(hard, covered, columns, votes_by_pattern(patterns), names, metadata)

    def table(self, ids: Any, pattern: NDArray[np.int32]) -> pa.Table:
        """Make the table of labels of examples from the pattern of each."""
        proba = (column[pattern] for column in self.proba)
        return self._with_votes(ids, pattern, self.hard[pattern], self.covered[pattern], proba)

    def table_of_rows(
        self, ids: Any, pattern: NDArray[np.int32], proba: NDArray[np.float64], covered: NDArray[np.bool_]
    ) -> pa.Table:
        """Make the table of labels of examples that have probabilities of their own."""
        hard = np.where(covered, hard_labels(proba), ABSTAIN).astype(self.hard.dtype)
        return self._with_votes(ids, pattern, hard, covered, map(np.ascontiguousarray, proba.T))

    def _with_votes(
        self,
        ids: Any,
        pattern: NDArray[np.int32],
        hard: NDArray[Any],
        covered: NDArray[np.bool_],
        proba: Iterable[NDArray[np.float64]],
    ) -> pa.Table:
        table = labels_table(ids, hard, covered, proba, self.class_names, origin=self.origin)
        table = table.append_column(COLUMN, self.votes.take(arrow_array(pattern)))
        return table.replace_schema_metadata({**table.schema.metadata, **self.metadata})


class StageTimes:
    """Measure the seconds that each stage of a run takes."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def note(self, stage: str) -> None:
        """Note the end of a stage."""
        now = time.perf_counter()
        self.seconds[stage], self._last = now - self._last, now
