"""Rules as one function from Arrow record batches to votes: all that an engine of somebody else's needs.

Spark, Dask, Ray, Daft, Polars and DuckDB give a function batches of rows and take batches of rows back. They schedule,
shuffle and retry; the function votes. It promises nothing of the order of rows: results are joined by id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypedDict, TypeVar, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelkit._shared.numbers import plural
from labelkit._shared.time_limit import TIME_LIMIT
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.apply.plan import BatchVotes, Plan
from labelkit.apply.shipped_rules import ShippedRules, vote_in_any_thread
from labelkit.apply.voting_options import OnFault, check_on_fault, checked_time_limit
from labelkit.corpus import BATCH_ROWS, Batch, open_corpus
from labelkit.corpus.distinct_ids import DistinctIds
from labelkit.exceptions import CorpusError, FaultError, LabelkitError
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.rules.row_rules import check_columns_known
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.label_space import LabelSpace
from labelkit.votes.lf_info import LFInfo
from labelkit.votes.outcomes import Fault
from labelkit.votes.storage import confidence_columns, read_confidence

T = TypeVar("T", pa.RecordBatch, pa.Table)

FAULT_TYPE: Final = pa.list_(pa.struct([("lf", pa.string()), ("error", pa.string()), ("message", pa.string())]))
"""The faults of an example; null if there are none."""


class ArrowOptions(TypedDict, total=False):
    """Options of :class:`ArrowVotes`."""

    on_fault: OnFault
    time_limit: float
    include: Iterable[str | Path]


@checks_keywords
class ArrowVotes:
    """Vote on batches of rows, in any process: a function that can be pickled.

    Made by :meth:`labelkit.Applier.arrow`. Given a :class:`pyarrow.RecordBatch` or a :class:`pyarrow.Table` with the
    columns that the rules read, it returns one of as many rows in the same order: the columns that come along, a column
    of votes for each rule (-1 where it abstains or fails), its confidence where it states one (1 to 255; column
    ``"NAME (confidence)"``), and the faults. Rules are pickled as references to their modules, with the source of these
    for processes that cannot import them; a process compiles equal rules once, when it first votes.

    Parameters
    ----------
    lfs : LabelingFunctions
    columns : str or sequence of str
        The columns that come along; the first is the id.
    on_fault : {"raise", "record"}
        Whether a rule that fails stops the call, or is noted.
    time_limit : float
        Seconds that a rule may take for 65,536 rows; 0 for no limit. Kept in the main thread of a process alone.
    include : iterable of path
        Files and folders that the modules of the rules read, for processes that have not got them.

    Attributes
    ----------
    columns : tuple of str
        The columns that come along.
    reads : tuple of str
        All columns that the batches must have.
    names : tuple of str
        The columns of votes: the names of the rules.
    faults : str
        The column of faults.
    lf_infos : tuple of LFInfo
        The descriptions of the rules.
    class_names : tuple of str

    Raises
    ------
    CollectError
        If a rule cannot be sent to another process.
    LabelkitError
        If a column that comes along bears the name of a rule.

    Examples
    --------
    >>> import labelkit as lk
    >>> free = lk.keywords("free", label=1).rule(name="free")
    >>> votes = lk.Applier([free], labels=["HAM", "SPAM"]).arrow("id")
    >>> votes(pa.table({"id": [7, 8], "text": ["free money", "nice"]})).to_pydict()
    {'id': [7, 8], 'free': [1, -1], 'faults': [None, None]}
    """

    def __init__(
        self,
        lfs: LabelingFunctions,
        columns: str | Sequence[str],
        *,
        on_fault: OnFault = "raise",
        time_limit: float = TIME_LIMIT,
        include: Iterable[str | Path] = (),
    ) -> None:
        check_on_fault(on_fault)
        check_columns_known(lfs)
        self.columns: tuple[str, ...] = (columns,) if isinstance(columns, str) else tuple(columns)
        self.on_fault = on_fault
        self.time_limit = checked_time_limit(time_limit)
        self.shipped = ShippedRules.of(lfs, include)
        self.reads: tuple[str, ...] = tuple(dict.fromkeys((*self.columns, *Plan(lfs).columns)))
        self.lf_infos: tuple[LFInfo, ...] = lfs.infos
        self.class_names: tuple[str, ...] = lfs.space.names
        self.names: tuple[str, ...] = lfs.names
        self._check_names()

    def __repr__(self) -> str:
        rules = plural(len(self.names), "rule")
        return f"ArrowVotes({rules}, reads {', '.join(self.reads)}, columns={list(self.columns)})"

    def _check_names(self) -> None:
        if not self.columns or not all(isinstance(name, str) for name in self.columns):
            raise LabelkitError(
                f"columns={self.columns!r} names no column that comes along",
                hint='name that of the ids, by which votes and rows are joined: columns="id"',
            )
        taken = [*self.names, *confidence_columns(self.lf_infos, self._no_confidence(0))]
        both = [name for name in self.columns if name in taken]
        if both or len(set(self.columns)) < len(self.columns):
            raise LabelkitError(
                f"the column {both[0]!r} bears the name of a rule"
                if both
                else f"columns={self.columns!r} repeat a name",
                hint="rename the column before, or give the rule another name" if both else None,
            )

    @property
    def faults(self) -> str:
        """The column of faults: ``faults``, unless a rule or a column is called so."""
        name = "faults"
        while name in (*self.columns, *self.names):
            name = f"rule_{name}"
        return name

    def schema_of(self, schema: pa.Schema) -> pa.Schema:
        """Return the columns, with their types, that are made of batches with these.

        Raises
        ------
        CorpusError
            If a column that is read is missing, or a rule looks for text in one that holds something else.
        """
        return self(schema.empty_table()).schema

    def each(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Vote on batch after batch, as ``DataFrame.mapInArrow`` of Spark calls it."""
        return map(self, batches)

    def __call__(self, rows: T) -> T:
        """Vote on some rows.

        Raises
        ------
        CorpusError
            If a column is missing, or is of a type that a rule cannot read.
        FaultError
            If a rule failed and ``on_fault`` is ``"raise"``; the message names the id.
        CollectError
            If this process cannot find a rule.
        """
        if not isinstance(rows, pa.RecordBatch | pa.Table):
            raise CorpusError(
                f"votes are made of a RecordBatch or a Table of Arrow, not of {type(rows).__name__}",
                hint="pyarrow.Table.from_pandas(frame), or frame.to_arrow()",
            )
        plan: Plan = self.shipped.plan(self.time_limit)
        table = rows if isinstance(rows, pa.Table) else pa.Table.from_batches([rows])
        corpus = open_corpus(table.select([name for name in table.column_names if self._is_read(name)]))
        columns = tuple(dict.fromkeys((*plan.columns, *self.columns)))
        try:
            plan.check(corpus)
        except CorpusError as error:
            if error.code != "LK202":
                raise
            hint = "rename the column of the frame, or the parameter (column= of a condition) of the rule"
            raise CorpusError(error.message, hint=hint, code=error.code) from None
        for name in self.columns:
            corpus.column_type(name)
        voted = [self._voted(batch, plan) for batch in corpus.batches(columns, BATCH_ROWS)]
        if not voted:
            empty = pa.RecordBatch.from_pylist([], schema=pa.schema([(c, corpus.column_type(c)) for c in columns]))
            voted = [self._voted(Batch(0, None, empty), plan)]
        if isinstance(rows, pa.Table):
            return cast("T", pa.Table.from_batches(voted))
        return cast("T", voted[0] if len(voted) == 1 else pa.Table.from_batches(voted).combine_chunks().to_batches()[0])

    def _is_read(self, name: str) -> bool:
        """Tell if a column, or a field of it, is read."""
        return any(read == name or read.startswith(f"{name}.") for read in self.reads)

    def _voted(self, batch: Batch, plan: Plan) -> pa.RecordBatch:
        ids = batch.table.column(self.columns[0])
        name = self.columns[0]
        votes = vote_in_any_thread(plan, batch.table, lambda row: f"{name} {ids[row].as_py()!r}", rules=self.shipped)
        if votes.faults and self.on_fault == "raise":
            row, j, error, message = votes.faults[0]
            raise FaultError.of(
                f"rule {self.names[j]!r} failed on the example with {self.columns[0]} {ids[row].as_py()!r}: "
                f"{error}: {message}",
                hint='on_fault="record" goes on, and keeps the faults in a column',
            )
        return self._row_batch(batch, votes)

    def _row_batch(self, batch: Batch, votes: BatchVotes) -> pa.RecordBatch:
        columns = {name: batch.table.column(name) for name in self.columns}
        columns |= {name: pa.array(column) for name, column in zip(self.names, votes.votes.T, strict=True)}
        sure = self._no_confidence(len(batch)) if votes.confidence is None else votes.confidence
        # Spark has no unsigned integers.
        columns |= {k: pa.array(v.astype(np.int16)) for k, v in confidence_columns(self.lf_infos, sure).items()}
        columns[self.faults] = self._fault_column(votes, len(batch))
        return pa.RecordBatch.from_pydict(columns)

    def _fault_column(self, votes: BatchVotes, n_rows: int) -> pa.Array:
        if not votes.faults:
            return pa.nulls(n_rows, FAULT_TYPE)
        faults: list[list[dict[str, str]] | None] = [None] * n_rows
        for row, j, error, message in votes.faults:
            of_row = faults[row] = faults[row] or []
            of_row.append({"lf": self.names[j], "error": error, "message": message})
        return pa.array(faults, FAULT_TYPE)

    def _no_confidence(self, n_rows: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
        return np.zeros((n_rows, len(self.lf_infos)), dtype=np.uint8)

    def matrix(self, rows: pa.Table | pa.RecordBatch | Iterable[pa.RecordBatch]) -> LabelMatrix:
        """Make a label matrix of voted rows, in their order.

        Parameters
        ----------
        rows : pyarrow.Table, RecordBatch, or several of these
            What this function returned, for all rows, in any order.

        Raises
        ------
        CorpusError
            If an id is null, stands twice, or is neither text nor an integer.
        """
        several = [rows] if isinstance(rows, pa.RecordBatch) else rows
        table = several if isinstance(several, pa.Table) else pa.Table.from_batches(list(several))
        ids = table.column(self.columns[0])
        named = open_corpus(table.select(self.columns[:1]), id=self.columns[0])
        for _ in named.batches((), BATCH_ROWS):
            pass  # which refuses a null, and what names no row
        DistinctIds(named).add(ids, 0)
        votes = np.empty((table.num_rows, len(self.names)), dtype=LabelSpace.of(self.class_names).dtype, order="F")
        for j, name in enumerate(self.names):
            votes[:, j] = table.column(name).to_numpy()
        return LabelMatrix(
            votes,
            self.lf_infos,
            self.class_names,
            np.asarray(ids.to_numpy()),
            tuple(self._faults_in(table)),
            read_confidence(table, self.lf_infos),
        )

    def _faults_in(self, table: pa.Table) -> Iterator[Fault]:
        faults = table.column(self.faults)
        rows = np.flatnonzero(pc.is_valid(faults).to_numpy())
        ids = table.column(self.columns[0])
        for row, several in zip(rows.tolist(), faults.take(pa.array(rows)).to_pylist(), strict=True):
            for fault in several:
                yield Fault(row, fault["lf"], ids[row].as_py(), fault["error"], fault["message"])
