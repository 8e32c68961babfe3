"""``Applier`` runs labeling functions over a corpus, in one thread, several or processes, at once or batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Generic, Literal, TypeAlias, TypeVar, Unpack

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelkit._shared.progress import shown_progress
from labelkit._shared.time_limit import TIME_LIMIT
from labelkit._shared.unknown_keywords import checks_keywords, checks_keywords_with
from labelkit.apply.arrow_votes import ArrowOptions, ArrowVotes
from labelkit.apply.cached_votes import CachedRules, Completion, blank
from labelkit.apply.engines import MOST_DEADLY, Job, engine_named
from labelkit.apply.engines.spark import check_for_spark, is_for_spark, votes_by_spark
from labelkit.apply.fault_hints import fault_hint
from labelkit.apply.plan import CHUNK, BatchVotes, Plan
from labelkit.apply.vote_cache import VoteCache, cache_of
from labelkit.apply.voting_options import OnFault, check_batches, check_on_fault, checked_time_limit
from labelkit.corpus import BATCH_ROWS, Batch, Corpus, open_corpus
from labelkit.corpus.distinct_ids import MOST_HELD, DistinctIds
from labelkit.corpus.reading import ReadOptions, takes_reading
from labelkit.corpus.sources.spark_files import spark_corpus
from labelkit.corpus.sources.spark_frame import SparkCorpus
from labelkit.exceptions import FaultError, TooManyFaultsError
from labelkit.rules.labeling_function import LabelingFunction
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.rules.misread_columns import warn_of_columns
from labelkit.rules.oddities import warn_of_oddities
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.label_space import LabelSpace
from labelkit.votes.outcomes import Fault

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True)
class Delivered(Generic[R_co]):
    """One batch after it was voted on.

    Attributes
    ----------
    start : int
        The position of its first example.
    n_rows : int
    ids : pyarrow.Array or None
        None where the position is the id.
    faults : list of (row in the batch, column, error, message)
    seconds : ndarray of shape (n_lfs,)
    result : object
        What ``deliver`` returned.
    """

    start: int
    n_rows: int
    ids: pa.Array | None
    faults: list[tuple[int, int, str, str]]
    seconds: NDArray[np.float64]
    result: R_co

    def id_of(self, row: int) -> Any:
        """The id of a row of the batch."""
        return self.start + row if self.ids is None else self.ids[row].as_py()


@checks_keywords
class Applier:
    r"""Applies labeling functions to a corpus.

    Parameters
    ----------
    lfs : LabelingFunctions or iterable of LabelingFunction
        As :func:`labelkit.collect` returns them, or a list.
    labels : IntEnum, list of class names or int, optional
        The label space; inferred from the rules if not given.

    Attributes
    ----------
    lfs : LabelingFunctions
    plan : Plan
        The rules compiled; ``plan.explain()`` says which path each takes.
    seconds : dict from str to float
        The time that each rule took in the latest application, summed over threads and processes.
    remembered : tuple of str
        The rules whose votes were kept from before in the latest application, and were not made anew.

    Examples
    --------
    >>> import labelkit as lk
    >>> free = lk.keywords("free", label=1).rule(name="free")
    >>> short = lk.regex(r"^\S+$", label=0).rule(name="short")
    >>> matrix = lk.Applier([free, short], labels=["HAM", "SPAM"]).apply(["free money", "nice", "so free"])
    >>> matrix
    LabelMatrix(3 examples x 2 labeling functions, 2 classes, 100.0% covered)
    >>> matrix.votes.tolist()
    [[1, -1], [-1, 0], [1, -1]]
    """

    def __init__(
        self,
        lfs: LabelingFunctions | Iterable[LabelingFunction[...]],
        *,
        labels: LabelSpace | type[IntEnum] | Sequence[str] | int | None = None,
    ) -> None:
        self.lfs = LabelingFunctions(lfs, labels=labels)
        self.seconds: dict[str, float] = {}
        self.remembered: tuple[str, ...] = ()

    @cached_property
    def plan(self) -> Plan:
        """The rules compiled."""
        return Plan(self.lfs)

    def __repr__(self) -> str:
        return f"Applier({len(self.lfs)} labeling functions over {self.lfs.space!r})"

    @takes_reading
    def apply(
        self,
        corpus: Any,
        *,
        id: str | None = None,  # noqa: A002 - the word that users write
        workers: int = 1,
        engine: Any = None,
        isolate: bool = False,
        batch_size: int = BATCH_ROWS,
        on_fault: OnFault = "raise",
        max_faults: int | None = None,
        time_limit: float = TIME_LIMIT,
        on_bad_row: Literal["raise", "reject"] = "raise",
        progress: bool | None = None,
        cache: VoteCache | str | Path | bool | None = None,
        **reading: Unpack[ReadOptions],
    ) -> LabelMatrix:
        """Vote on every example of a corpus.

        The result is the same for any number of workers, any engine and any batch size.

        Parameters
        ----------
        corpus : object
            A pandas, polars or Arrow frame, a list or iterator of dicts or strings, a path to Parquet, CSV or JSONL, or
            a :class:`labelkit.Corpus`.
        id : str, optional
            The column that names the examples; if not given, the index of a pandas frame does, where it has one of its
            own that does not repeat, and else their positions.
        workers : int
            Threads or processes to use.
        engine : {"serial", "thread", "process", "dask", "spark"} or distributed.Client, optional
            Where votes are computed. ``"dask"`` is the client of this process, or workers that are started; a cluster
            elsewhere is named by its client, or the address of its scheduler (``"tcp://HOST:PORT"``). If not given and
            there are several workers: in threads, which share the compiled rules while the main thread calls Python
            rules, and in processes from the moment on when Python rules turn out to take most of the time. A frame of
            Spark is voted on by its workers, in any order.
        isolate : bool
            Whether to call the rules in worker processes, also if there is one worker: where a rule ends its process (a
            segmentation fault, want of memory), this is a fault of that example. Elsewhere it ends
            everything. Of a rule with ``batch=True``, it is a fault of the whole chunk of 1,024 rows.
        batch_size : int
            Rows in memory at a time (for each worker); rounded up to a multiple of 1,024.
        on_fault : {"raise", "record"}
            Whether a rule that raises, or returns no vote, stops the run or is noted in ``matrix.faults``.
        max_faults : int, optional
            With ``"record"``: stop when there are more than so many.
        time_limit : float
            Seconds that a rule may take for a batch (10 minutes if not given); 0 for no limit. It is kept in the main
            thread of a process alone, and not on Windows.
        on_bad_row : {"raise", "reject"}
            Whether a row that cannot be read stops the run or is left out (see :attr:`labelkit.Corpus.rejects`).
        progress : bool, optional
            Whether to show a progress bar; only in a terminal if not given. Elsewhere, the logger ``labelkit`` says
            from time to time how far it is.
        cache : VoteCache, path or bool, optional
            Where votes are kept, so that after an edit only the rules that it changed vote again (see
            :mod:`labelkit.apply.vote_cache`). If not given: in the user's cache folder, for corpora of 10,000 rows and
            more.
        format, delimiter, encoding, sheet : optional
            How the files of the corpus are read; see :func:`labelkit.open_corpus`.

        Returns
        -------
        LabelMatrix

        Raises
        ------
        CorpusError
            If the corpus cannot be read, lacks a column that a rule reads, or has an id twice, or if its file was
            written again meanwhile.
        FaultError
            If a rule failed and ``on_fault`` is ``"raise"``.
        TooManyFaultsError
            If there were more faults than ``max_faults``.
        TimeLimitError
            If a rule took longer for a batch than ``time_limit``.
        """
        warn_of_oddities(self.lfs)
        opened = self.open(corpus, id=id, on_bad_row=on_bad_row, engine=engine, **reading)
        if isinstance(opened, SparkCorpus):
            check_for_spark(workers=workers, isolate=isolate, cache=cache)
            return votes_by_spark(self, opened, on_fault=on_fault, max_faults=max_faults, time_limit=time_limit)
        parts = list(
            self.stream(
                opened,
                _kept,
                workers=workers,
                engine=engine,
                isolate=isolate,
                batch_size=batch_size,
                on_fault=on_fault,
                max_faults=max_faults,
                time_limit=time_limit,
                progress=progress,
                cache=cache,
            )
        )
        return self._matrix(parts, opened)

    @checks_keywords_with(ArrowVotes)
    def arrow(self, columns: str | Sequence[str], **options: Unpack[ArrowOptions]) -> ArrowVotes:
        """Return the rules as one function from Arrow batches to votes, which engines of all kinds can run.

        Parameters
        ----------
        columns : str or list of str
            The columns that come along with the votes, the id first.
        on_fault, time_limit, include : optional
            See :class:`labelkit.ArrowVotes`.

        Returns
        -------
        ArrowVotes

        Raises
        ------
        CollectError
            If a rule cannot be sent to another process.
        """
        return ArrowVotes(self.lfs, columns, **options)

    @takes_reading
    def open(
        self,
        corpus: Any,
        *,
        id: str | None = None,  # noqa: A002 - the word that users write
        on_bad_row: Literal["raise", "reject"] = "raise",
        engine: str | None = None,
        **reading: Unpack[ReadOptions],
    ) -> Corpus:
        """Open a corpus as the rules' annotations say, and hold the rules against its columns."""
        self.lfs = LabelingFunctions(self.lfs)  # which describes them as they are now: a global may have changed
        opens = spark_corpus if is_for_spark(corpus, engine) else open_corpus
        opened = opens(corpus, id=id, types=self.plan.types, on_bad_row=on_bad_row, **reading)
        bound = self.lfs.bound(opened.column_names)
        if bound is not self.lfs:
            self.lfs = bound
            vars(self).pop("plan", None)
        self.plan.check(opened)
        warn_of_columns(self.lfs, opened)
        return opened

    def stream(
        self,
        corpus: Corpus,
        deliver: Callable[[Batch, BatchVotes], R],
        *,
        also: Sequence[str] = (),
        first: int = 0,
        workers: int = 1,
        engine: Any = None,
        isolate: bool = False,
        batch_size: int = BATCH_ROWS,
        on_fault: OnFault = "raise",
        max_faults: int | None = None,
        time_limit: float = TIME_LIMIT,
        known_faults: int = 0,
        seen: DistinctIds | None = None,
        progress: bool | None = None,
        cache: VoteCache | str | Path | bool | None = None,
    ) -> Iterator[Delivered[R]]:
        """Vote batch by batch, and give each batch with its votes to ``deliver``, in the process that voted on it.

        Parameters
        ----------
        corpus : Corpus
            As :meth:`open` returns it.
        deliver : callable
            A function that can be pickled; what it returns is yielded, in the order of the corpus.
        also : list of str
            Columns to load beside those that the rules read.
        first : int
            The batch to start from.
        known_faults : int
            Faults in the batches before it, which count towards ``max_faults``.
        seen : DistinctIds, optional
            The ids of those batches, which must not come again.
        workers, engine, isolate, batch_size, on_fault, max_faults, time_limit, progress, cache
            As in :meth:`apply`.

        Yields
        ------
        Delivered
        """
        check_on_fault(on_fault)
        check_batches(batch_size, max_faults)
        seconds_allowed = checked_time_limit(time_limit)
        runner = engine_named(engine, workers, isolate=isolate)
        batch_rows = -(-batch_size // CHUNK) * CHUNK
        whole = tuple(dict.fromkeys((*self.plan.columns, *also)))
        read = (*whole, corpus.id) if corpus.id is not None else whole
        remembered = CachedRules(self.lfs, corpus, cache_of(cache, corpus.n_rows), read=read, from_start=first == 0)
        self.remembered = remembered.names
        plan = remembered.plan(self.plan)
        if plan is not None:
            plan.time_limit = seconds_allowed
        # Where bad rows are left out, the columns that are read decide which rows there are.
        rejects = corpus.on_bad_row == "reject"
        columns = whole if rejects else tuple(dict.fromkeys((*(plan.columns if plan else ()), *also)))
        completion = remembered.completion
        delivery = _Delivery(deliver, completion)
        deadly = 1 if on_fault == "raise" else min(MOST_DEADLY, 1 + (MOST_DEADLY if max_faults is None else max_faults))
        job = partial(
            Job,
            corpus=corpus,
            columns=columns,
            batch_rows=batch_rows,
            first=first,
            workers=workers,
            most_deadly=deadly,
        )
        seconds, n_faults = np.zeros(len(self.lfs)), known_faults
        # The results are closed at once when something stops the run: workers end, their files go.
        results: Any
        if plan is None:
            results = (delivery(batch, votes) for batch, votes in remembered.batches(columns, batch_rows, first))
        elif completion is not None and not runner.shares_disk:
            # The files of the vote cache are here alone: votes travel back, and are completed and delivered here.
            results = _delivered(runner.run(job(plan, deliver=WithColumns(tuple(also)))), delivery)
        else:
            results = runner.run(job(plan, deliver=delivery))
        seen = DistinctIds(corpus, most_held=MOST_HELD) if seen is None else seen
        with shown_progress(corpus.n_rows, first * batch_rows, shown=progress) as bar, remembered, closing(results):
            with corpus.watched():
                for delivered in results:
                    corpus.check_unchanged()
                    bar.update(delivered.n_rows)
                    seen.add(delivered.ids, delivered.start)
                    seconds += delivered.seconds
                    self.seconds = dict(zip(self.lfs.names, seconds.tolist(), strict=True))
                    n_faults += len(delivered.faults)
                    remembered.note(delivered.n_rows, [j for _, j, _, _ in delivered.faults])
                    self._judge(delivered, corpus, on_fault, max_faults, n_faults)
                    yield delivered
                seen.finish()
            remembered.keep()

    def _judge(
        self, delivered: Delivered[Any], corpus: Corpus, on_fault: OnFault, max_faults: int | None, n_faults: int
    ) -> None:
        """Stop for a fault, or for too many."""
        if not delivered.faults:
            return
        if on_fault == "raise":
            hint = fault_hint(self.lfs, delivered.faults[0], corpus.column_names)
            raise FaultError.of(self._described(delivered, 0), hint=hint)
        if max_faults is not None and n_faults > max_faults:
            last = max_faults - (n_faults - len(delivered.faults))
            raise TooManyFaultsError.of(
                f"there are more than {max_faults:,} faults; at last {self._described(delivered, max(last, 0))}",
                hint="mend the rule, or raise max_faults",
            )

    def _described(self, delivered: Delivered[Any], which: int) -> str:
        row, j, kind, message = delivered.faults[which]
        id_ = None if delivered.ids is None else delivered.id_of(row)
        return Fault(delivered.start + row, self.lfs.names[j], id_, kind, message).describe()

    def faults_of(self, delivered: Delivered[Any]) -> list[Fault]:
        """The faults of a batch, with the names of the rules and the ids of the examples."""
        names = self.lfs.names
        return [
            Fault(delivered.start + row, names[j], delivered.id_of(row), kind, message)
            for row, j, kind, message in delivered.faults
        ]

    def _matrix(self, parts: list[Delivered[_Kept]], corpus: Corpus) -> LabelMatrix:
        n_rows = sum(part.n_rows for part in parts)
        votes = np.empty((n_rows, len(self.lfs)), dtype=self.lfs.space.dtype, order="F")
        sure = np.zeros(votes.shape, dtype=np.uint8, order="F") if any(lf.levels for lf in self.lfs) else None
        for part in parts:
            rows = slice(part.start, part.start + part.n_rows)
            votes[rows], confidence = part.result
            if sure is not None and confidence is not None:
                sure[rows] = confidence
        named = [np.asarray(part.ids.to_numpy(zero_copy_only=False)) for part in parts if part.ids is not None]
        ids = np.concatenate(named) if named else np.arange(n_rows)
        faults = tuple(fault for part in parts for fault in self.faults_of(part))
        return LabelMatrix(votes, self.lfs.infos, self.lfs.space.names, ids, faults, sure, corpus.frame_index)


class _Delivery(Generic[R]):
    """Call ``deliver`` in the worker that voted, and keep beside its result the facts that the applier itself needs."""

    def __init__(self, deliver: Callable[[Batch, BatchVotes], R], completion: Completion | None) -> None:
        self._deliver = deliver
        self._completion = completion

    def __call__(self, batch: Batch, votes: BatchVotes) -> Delivered[R]:
        if self._completion is not None:
            votes = self._completion(batch, votes)
        result = self._deliver(batch, votes)
        return Delivered(batch.start, len(batch), batch.ids, votes.faults, votes.seconds, result)


@dataclass(frozen=True)
class WithColumns:
    """Return a batch and its votes to the main process, without the columns that only the rules read."""

    also: tuple[str, ...]

    def __call__(self, batch: Batch, votes: BatchVotes) -> tuple[Batch, BatchVotes]:
        """Return both, the batch with the columns ``also`` alone."""
        table = batch.table.select(list(self.also)) if self.also else blank(len(batch))
        return Batch(batch.start, batch.ids, table), votes


def _delivered(voted: Iterator[tuple[Batch, BatchVotes]], delivery: _Delivery[R]) -> Iterator[Delivered[R]]:
    """Deliver batches that were voted on elsewhere; closing this iterator stops the engine."""
    batches: Any = voted
    with closing(batches):
        for batch, votes in batches:
            yield delivery(batch, votes)


_Kept: TypeAlias = tuple[NDArray[Any], NDArray[np.uint8] | None]
"""The votes of a batch, and the confidence of each in steps of 1/255."""


def _kept(_batch: Batch, votes: BatchVotes) -> _Kept:
    """Deliver the votes themselves."""
    return votes.votes, votes.confidence
