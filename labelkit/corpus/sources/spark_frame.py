"""A frame of Spark as a corpus: its columns and their types are known here, and its rows to the workers of Spark alone.

Spark is given numbers in the place of names, since dots, backticks and capitals in a name have another meaning there.
What its workers get is brought to the names and types that other readers of the same values deliver
(:class:`SparkColumns`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from labelkit._shared.optional import optional
from labelkit.corpus._arrow_types import delivered_type, in_utc, parse_text, type_hint
from labelkit.corpus.chosen_rows import RowChoice
from labelkit.corpus.corpus import Corpus
from labelkit.corpus.reading import ReadOptions
from labelkit.corpus.source import BadRows, FixedColumns
from labelkit.corpus.sources.renamed import RenamedSource
from labelkit.corpus.sources.taken_out import Place, taken_out
from labelkit.exceptions import CorpusError


def is_spark_frame(data: Any) -> bool:
    """Return whether an object is a frame of Spark, classic or Connect; pyspark is not imported for it."""
    module = sys.modules.get("pyspark.sql")
    return module is not None and isinstance(data, module.DataFrame)


def spark_session(master: str | None = None) -> Any:
    """Return the session of Spark that is there, or start one.

    Parameters
    ----------
    master : str, optional
        ``local[2]``, ``spark://host:7077``, ``yarn``, ...; or the address of a Spark Connect server, ``sc://host``. By
        default as Spark is configured.
    """
    builder = optional("pyspark.sql", extra="spark").SparkSession.builder
    if master is None:
        return builder.getOrCreate()
    if master.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # whose workers would have another Python otherwise
    return (builder.remote(master) if master.startswith("sc://") else builder.master(master)).getOrCreate()


class SparkSource(FixedColumns):
    """A frame of Spark, of which no row is read here.

    Parameters
    ----------
    frame : pyspark.sql.DataFrame
    name : str
        Name in messages.
    parsed : mapping of str to DataType, optional
        The types of columns that Spark reads as text.
    """

    path: Path | None = None
    frame_index = None
    n_rows: int | None = None
    splittable = False
    may_reject = False

    def __init__(self, frame: Any, name: str, parsed: Mapping[str, pa.DataType] | None = None) -> None:
        self.frame = frame
        self.name = name
        self.column_names: tuple[str, ...] = tuple(frame.columns)
        self.parsed = dict(parsed or {})
        self._type: Callable[[str], pa.DataType] = cache(self._delivered_type)

    def column_type(self, column: str) -> pa.DataType:
        """Return the type in which a column is delivered.

        Raises
        ------
        CorpusError
            If Spark gives no such column to Python, or has two of that name.
        """
        return self._type(column)

    def _delivered_type(self, column: str) -> pa.DataType:
        if column in self.parsed:
            return self.parsed[column]
        if self.column_names.count(column) > 1:
            raise CorpusError(
                f"column {column!r} stands more than once in {self.name}",
                hint="rename or drop one of them; of a join, df.join(other, 'id') has the column of ids once",
                code="LK208",
            )
        try:
            kind = self._types[column] if column in self._types else self._types_of([column])[column]
        except optional("pyspark.errors", extra="spark").PySparkException as error:
            raise CorpusError(f"the column {column!r} of {self.name} cannot be read: {error}") from None
        return delivered_type(in_utc(kind))

    @cached_property
    def _types(self) -> dict[str, pa.DataType]:
        """The types of all columns, asked for at once; empty if Spark does not give all of them to Python."""
        try:
            return self._types_of(self.column_names)
        except optional("pyspark.errors", extra="spark").PySparkException:
            return {}

    def _types_of(self, columns: Sequence[str]) -> dict[str, pa.DataType]:
        schema = self.numbered(columns).limit(0).toArrow().schema
        return dict(zip(columns, schema.types, strict=True))

    def numbered(self, columns: Sequence[str]) -> Any:
        """Return the frame with some columns alone, called by numbers."""
        names = numbers(len(self.column_names))
        return self.frame.toDF(*names).select(*(names[self.column_names.index(column)] for column in columns))

    def chunks(self, columns: Sequence[str], start: int, rows: int, bad: BadRows) -> Iterator[pa.RecordBatch]:  # noqa: ARG002
        """Raise CorpusError: its rows are where Spark has them."""
        raise CorpusError(
            f"the rows of {self.name} are read by the workers of Spark alone", hint="frame.toPandas()", code="LK603"
        )

    def read(self, columns: Sequence[str], start: int, stop: int) -> pa.Table:
        """Raise NotImplementedError: it is not splittable."""
        raise NotImplementedError

    def fingerprint(self) -> str:
        """Return an empty text: the content is not known here."""
        return ""

    def content(self, column: str) -> str:  # noqa: ARG002 - no column is known
        """Return an empty text, as :meth:`fingerprint`."""
        return ""


def numbers(n_columns: int) -> list[str]:
    """Return names that mean nothing to Spark.

    >>> numbers(3)
    ['c0', 'c1', 'c2']
    """
    return [f"c{number}" for number in range(n_columns)]


@dataclass(frozen=True)
class SparkColumns:
    """What becomes of the rows of a frame on a worker: columns, and fields of structs, by their names.

    Parameters
    ----------
    read : tuple of str
        The columns that the frame has, by their names in the source.
    places : dict of str to Place
        Where the columns that are wanted are.
    schema : pyarrow.Schema
        Of the columns that are wanted.
    parsed : dict of str to DataType
        The types of columns that Spark read as text.
    """

    read: tuple[str, ...]
    places: dict[str, Place]
    schema: pa.Schema
    parsed: dict[str, pa.DataType]

    def each(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Bring batch after batch to its columns.

        Raises
        ------
        CorpusError
            If a text is not of the type that a rule's annotation says.
        """
        for batch in batches:
            arrays = [self._typed(name, array) for name, array in zip(self.read, batch.columns, strict=True)]
            yield taken_out(pa.RecordBatch.from_arrays(arrays, names=list(self.read)), self.places, self.schema)

    def _typed(self, name: str, array: pa.Array) -> pa.Array:
        if name not in self.parsed:
            return array
        values, misfits = parse_text(array.cast(pa.string()), self.parsed[name])
        for reason in misfits.values():
            message = f"column {name!r}: {reason}"
            raise CorpusError(message, hint=type_hint(message), code="LK207")
        return values


class SparkCorpus(Corpus):
    """A corpus whose rows the workers of Spark read.

    Attributes
    ----------
    spark : SparkSource

    Raises
    ------
    CorpusError
        If there is no such column of ids, or it is neither text nor integers.
    """

    def __init__(self, spark: SparkSource, *, id: str, reading: ReadOptions) -> None:  # noqa: A002 - as users write it
        self.spark = spark
        self._renamed = RenamedSource(spark, reading.get("rename") or {})
        super().__init__(self._renamed, id=id, reading=reading)
        if not (pa.types.is_string(self.id_type) or pa.types.is_integer(self.id_type)):
            raise CorpusError(
                f"the ids (column {id!r}) are {self.id_type}, neither text nor integers",
                hint=f"make text of them: frame.withColumn({id!r}, frame[{id!r}].cast('string'))",
                code="LK206",
            )

    def selected(self, columns: Sequence[str]) -> tuple[Any, SparkColumns]:
        """Return a frame of what some columns need, and what becomes of its rows on a worker."""
        places = {column: self._renamed.place(column) for column in columns}
        read = tuple(dict.fromkeys(place.column for place in places.values()))
        schema = pa.schema([(column, self._renamed.column_type(column)) for column in columns])
        parsed = {name: kind for name, kind in self.spark.parsed.items() if name in read}
        return self.spark.numbered(read), SparkColumns(read, places, schema, parsed)

    def chosen(self, choice: RowChoice, columns: Sequence[str]) -> Corpus:  # noqa: ARG002 - there are no others
        """Refuse to choose rows: those of Spark have no positions.

        Raises
        ------
        CorpusError
        """
        if choice:
            raise CorpusError(
                "limit= and sample= (--limit, --sample) choose rows by their positions, and rows of Spark have none",
                hint="let Spark choose them, and write them: frame.limit(n), frame.sample(fraction, seed)",
                code="LK603",
            )
        return self
