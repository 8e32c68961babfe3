"""What is split: the ids of all rows, and the values that decide where they go, as columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from labelkit._shared.arrow_arrays import coded, without_dictionary
from labelkit._shared.exact_values import column_series
from labelkit._shared.names_beside import name_beside
from labelkit.corpus import BATCH_ROWS, Corpus, open_corpus
from labelkit.corpus.distinct_ids import DistinctIds
from labelkit.curation.sampling.population import NO_LABEL, RowGroups
from labelkit.exceptions import AnalysisError
from labelkit.votes.alignment import aligned_values, is_default_order
from labelkit.votes.example_names import ExampleNames, of_two_orders
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.listed_values import listed_values
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

if TYPE_CHECKING:
    from numpy.typing import NDArray

LABEL: Final = "label"


def open_population(
    data: Any, id_column: str | None, reading: Mapping[str, Any]
) -> Corpus | LabelMatrix | ProbabilisticLabels:
    """Open whatever has rows; votes and labels are taken as they are."""
    if isinstance(data, LabelMatrix | ProbabilisticLabels):
        return data
    return open_corpus(data, id=id_column, **reading)


@dataclass(frozen=True, eq=False)
class SplitColumns:
    """The rows of a corpus, of a label matrix or of labels.

    Attributes
    ----------
    data : Corpus, LabelMatrix or ProbabilisticLabels
    n_rows : int
    ids : pyarrow.ChunkedArray, ndarray or None
        None where the position is the id.
    of_corpus : mapping of str to pyarrow.ChunkedArray
        The columns that were read.
    """

    data: Corpus | LabelMatrix | ProbabilisticLabels
    n_rows: int
    ids: pa.ChunkedArray | NDArray[Any] | None
    of_corpus: Mapping[str, pa.ChunkedArray]

    @classmethod
    def read(
        cls, data: Corpus | LabelMatrix | ProbabilisticLabels, names: list[Any], *, distinct: bool = True
    ) -> SplitColumns:
        """Read ids and columns in one pass.

        Parameters
        ----------
        data : Corpus, LabelMatrix or ProbabilisticLabels
        names : list
            Those that are text name columns to read; others are values.
        distinct : bool
            Refuse an id that stands twice.

        Raises
        ------
        AnalysisError
            If there are no rows, or an id stands twice.
        """
        if isinstance(data, Corpus):
            columns = cls._of_corpus(data, list(dict.fromkeys(n for n in names if isinstance(n, str))), distinct)
        else:
            columns = cls(data, len(data), data.ids, {})
            if not columns.examples.by_id.is_unique:
                raise AnalysisError(
                    f"the id {columns.examples.by_id.repeated()!r} names several examples",
                    hint="an id names one example: id= another column, or none for positions",
                    code="LK205",
                )
        if not columns.n_rows:
            raise AnalysisError(
                f"{getattr(data, 'name', 'the matrix')} has no rows", hint="check the export that made it", code="LK204"
            )
        return columns

    @classmethod
    def _of_corpus(cls, corpus: Corpus, names: list[str], distinct: bool) -> SplitColumns:  # noqa: FBT001
        seen, n_rows = DistinctIds(corpus), 0
        ids: list[pa.Array] = []
        parts: list[pa.RecordBatch] = []
        with corpus.watched():
            for batch in corpus.batches(names, BATCH_ROWS):
                if distinct:
                    seen.add(batch.ids, batch.start)
                ids += [] if batch.ids is None else [batch.ids]
                parts.append(batch.table)
                n_rows += len(batch)
        table = pa.Table.from_batches(parts) if parts and names else None
        columns = {} if table is None else {name: table.column(name) for name in names}
        return cls(corpus, n_rows, pa.chunked_array(ids) if ids else None, columns)

    @cached_property
    def examples(self) -> ExampleNames:
        """What names the rows."""
        if not isinstance(self.data, Corpus):
            return self.data.examples
        return ExampleNames(self.ids_at(slice(None)), self.data.frame_index)

    def ids_at(self, rows: Any) -> NDArray[Any]:
        """Return the ids of some rows, by slice, mask or positions."""
        return ids_at(self.ids, self.n_rows, rows)

    def values(self, given: Any, what: str) -> pa.ChunkedArray | NDArray[Any]:
        """Return a value for each row, in their order.

        Parameters
        ----------
        given : str, ProbabilisticLabels, array-like, Series or dict by id
            The name of a column, ``"label"`` of labels, or values.
        what : str
            The word for it in errors.
        """
        if isinstance(given, str) and isinstance(self.data, Corpus):
            return self.of_corpus[given]
        if isinstance(given, str):
            given = self._named(given, what)
        if isinstance(given, ProbabilisticLabels):
            return self._labels(given)
        if isinstance(given, pa.Array | pa.ChunkedArray) and len(given) == self.n_rows:
            return given if isinstance(given, pa.ChunkedArray) else pa.chunked_array([given])
        whole = isinstance(given, np.ndarray) and given.ndim == 1
        values = given if whole else listed_values(given, what=what, error=AnalysisError)
        aligned: NDArray[Any] = aligned_values(given, values, self.examples, None, what=what, error=AnalysisError)
        return aligned

    def _named(self, name: str, what: str) -> Any:
        if name == LABEL and isinstance(self.data, ProbabilisticLabels):
            return self.data
        raise AnalysisError(
            f"{what}={name!r} is the name of a column, and votes or labels have no columns",
            hint=f"split the corpus, with stratify=labels; or give {what}= as values by id",
        )

    def _labels(self, labels: ProbabilisticLabels) -> NDArray[Any]:
        if self._could_be_either(labels):
            raise of_two_orders("the labels", self.ids_at(slice(2)), AnalysisError)
        order = labels.examples.order(self.examples, what="the labels", error=AnalysisError)
        hard = labels.hard() if order is None else labels.hard()[order]
        none = name_beside(NO_LABEL, labels.class_names)
        return np.array([*labels.class_names, none], dtype=object)[np.where(hard < 0, -1, hard)]

    def _could_be_either(self, labels: ProbabilisticLabels) -> bool:
        """Return True for labels without names beside a corpus whose ids are their positions in another order."""
        if self.ids is None or not isinstance(self.data, Corpus):
            return False
        if self.data.id is None and labels.examples.index is not None:
            return False
        ids = self.examples.ids
        are_numbers = len(ids) == len(labels) and ids.dtype.kind in "iu" and is_default_order(labels.ids)
        return are_numbers and not is_default_order(ids) and is_default_order(np.sort(ids))

    def strata(self, given: Any) -> RowGroups:
        """Return the classes of the rows; many numbers are cut at their tenths."""
        values = self.values(given, "stratify")
        values = column_series(values) if isinstance(values, pa.ChunkedArray) else values
        return RowGroups.of(values).filled()

    def codes(self, given: Any, what: str) -> tuple[NDArray[np.int64], Any]:
        """Number the values of a column; shape (n_rows,), -1 where there is none, and the value of each number."""
        values = self.values(given, what)
        if not isinstance(values, pa.ChunkedArray):
            import pandas as pd  # noqa: PLC0415 - only for values beside the corpus

            codes, distinct = pd.factorize(values, use_na_sentinel=True)
            return codes.astype(np.int64), distinct
        try:
            return coded(values)
        except pa.ArrowNotImplementedError:
            raise AnalysisError(
                f"the values of {what}={given!r} cannot be told apart: they are {values.type}",
                hint="a column of texts, numbers or dates; of a struct, name a field: 'user.name'",
            ) from None


def under_one_another(columns: list[pa.ChunkedArray], name: str) -> pa.ChunkedArray:
    """Return columns of several corpora as one; of different types, such as numbers and texts, as one that holds all.

    Raises
    ------
    AnalysisError
        If there is no such type.

    Examples
    --------
    >>> under_one_another([pa.chunked_array([[1, 2]]), pa.chunked_array([["2"]])], "user").to_pylist()
    ['1', '2', '2']
    """
    plain = [without_dictionary(column) for column in columns]
    try:
        tables = [pa.table({name: column}) for column in plain]
        return pa.concat_tables(tables, promote_options="permissive").column(0)
    except pa.ArrowTypeError:
        kinds = list(dict.fromkeys(str(column.type) for column in plain))
    try:
        return pa.chunked_array([chunk for column in plain for chunk in column.cast(pa.string()).chunks], pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        raise AnalysisError(
            f"the column {name!r} is of different types in the parts: {' and '.join(kinds)}",
            hint="give it one type in all parts",
        ) from None


def named(value: Any, what: str) -> Any:
    """Return the name of a column, or a word for values that were given beside the corpus."""
    if value is None or isinstance(value, str | bool):
        return value
    return what if what == "time" else f"({type(value).__name__})"


def ids_at(ids: pa.ChunkedArray | NDArray[Any] | None, n_rows: int, rows: Any) -> NDArray[Any]:
    """Return the ids of some rows; where none are given, their positions."""
    if ids is None:
        return np.asarray(np.arange(n_rows)[rows])
    if isinstance(ids, np.ndarray):
        return np.asarray(ids[rows])
    if isinstance(rows, slice):
        return np.asarray(ids.to_numpy()[rows])
    positions: NDArray[np.int64] = np.arange(n_rows)[rows]
    return np.asarray(ids.take(pa.array(positions)).to_numpy())
