"""A frame of Spark as a corpus: its columns and their types are known here, and its rows to the workers of Spark alone.

Also how Spark reads the files and tables that are named to it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final, Unpack

import pyarrow as pa

from labelkit._shared.foreign import named_type
from labelkit._shared.optional import optional
from labelkit.corpus._arrow_types import delivered_type
from labelkit.corpus.chosen_rows import RowChoice
from labelkit.corpus.corpus import Corpus
from labelkit.corpus.missing_columns import columns_listed
from labelkit.corpus.open_files import by_suffix
from labelkit.corpus.reading import ReadOptions, checked_reading, takes_reading
from labelkit.corpus.remote import is_address
from labelkit.corpus.source import BadRows, FixedColumns
from labelkit.exceptions import CorpusError

_SPARK_TYPES: Final = {int: "bigint", float: "double", bool: "boolean"}
"""The types in which columns of text are read whose rules say so."""

_LINE_FORMATS: Final = ("csv", "jsonl", "json", "text", "parquet")
"""Formats that both read."""


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
    """

    path: Path | None = None
    frame_index = None
    n_rows: int | None = None
    splittable = False
    may_reject = False

    def __init__(self, frame: Any, name: str) -> None:
        self.frame = frame
        self.name = name
        self.column_names: tuple[str, ...] = tuple(frame.columns)
        self._type: Callable[[str], pa.DataType] = cache(self._delivered_type)

    def column_type(self, column: str) -> pa.DataType:
        """Return the type in which a column is delivered.

        Raises
        ------
        CorpusError
            If Spark gives no such column to Python.
        """
        return self._type(column)

    def _delivered_type(self, column: str) -> pa.DataType:
        try:
            kind = self._types[column] if column in self._types else self._types_of([column])[column]
        except optional("pyspark.errors", extra="spark").PySparkException as error:
            raise CorpusError(f"the column {column!r} of {self.name} cannot be read: {error}") from None
        return delivered_type(kind)

    @cached_property
    def _types(self) -> dict[str, pa.DataType]:
        """The types of all columns, asked for at once; empty if Spark does not give all of them to Python."""
        try:
            return self._types_of(self.column_names)
        except optional("pyspark.errors", extra="spark").PySparkException:
            return {}

    def _types_of(self, columns: Sequence[str]) -> dict[str, pa.DataType]:
        schema = self.selected(columns).limit(0).toArrow().schema
        return dict(zip(columns, schema.types, strict=True))

    def selected(self, columns: Sequence[str]) -> Any:
        """Return the frame with some columns alone; of a field of a struct, with the column that it is in."""
        whole = (name if name in self.column_names else name.partition(".")[0] for name in columns)
        return self.frame.select(*map(_quoted, dict.fromkeys(whole)))

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


class SparkCorpus(Corpus):
    """A corpus whose rows the workers of Spark read.

    Attributes
    ----------
    source : SparkSource
    """

    def __init__(self, source: SparkSource, *, id: str, reading: ReadOptions) -> None:  # noqa: A002 - as users write it
        super().__init__(source, id=id, reading=reading)
        self.source = source

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


@takes_reading
def spark_corpus(
    data: Any,
    *,
    id: str | None,  # noqa: A002 - the word that users write
    types: Mapping[str, type],
    on_bad_row: str,
    **reading: Unpack[ReadOptions],
) -> SparkCorpus:
    """Open a frame of Spark, or what Spark reads from paths or a table.

    Parameters
    ----------
    data : pyspark.sql.DataFrame, path, or list of paths
    id : str
        The column of the ids.
    types : mapping of str to type
        The types of columns of files that have none, CSV.
    on_bad_row : {"raise"}
    format, delimiter, encoding, rename : optional
        As for :func:`labelkit.open_corpus`.

    Raises
    ------
    CorpusError
        If it is something else, is not there, or there is no column of ids.
    """
    if isinstance(data, SparkCorpus):
        return data
    if id is None:
        raise CorpusError(
            "rows of Spark have no order, so that positions cannot name the examples",
            hint="name a column: id= (--id)",
            code="LK603",
        )
    if on_bad_row != "raise":
        raise CorpusError(
            'on_bad_row="reject" does not hold on Spark, which reads the rows before a rule sees them',
            hint='let it leave out what it cannot read: spark.read.option("mode", "DROPMALFORMED")',
            code="LK217",
        )
    options = checked_reading(reading)
    if not is_spark_frame(data):
        frame, name = _read(data, types, options)
    elif set(options) - {"rename"}:
        raise CorpusError(
            f"{', '.join(sorted(options))} are options of files, and the corpus is a Spark frame", code="LK217"
        )
    else:
        frame, name = data, "a Spark frame"
    return SparkCorpus(SparkSource(_renamed(frame, options.get("rename") or {}), name), id=id, reading=options)


def _read(data: Any, types: Mapping[str, type], reading: ReadOptions) -> tuple[Any, str]:
    """Let Spark read what is named to it."""
    places = [data] if isinstance(data, str | Path) else data
    if not isinstance(places, list) or not places or not all(isinstance(place, str | Path) for place in places):
        raise CorpusError(
            f"an object of type {named_type(data)} is no corpus for Spark",
            hint="give a frame of Spark (spark.createDataFrame), or a path or a table that Spark reads",
            code="LK213",
        )
    names = [str(place) for place in places]
    session = spark_session()
    try:
        return _opened(session, names, types, reading), ", ".join(names)
    except optional("pyspark.errors", extra="spark").PySparkException as error:
        first = str(error).strip().splitlines()[0]
        raise CorpusError(f"Spark cannot read {', '.join(names)}: {first}") from None


def _opened(session: Any, names: list[str], types: Mapping[str, type], reading: ReadOptions) -> Any:
    if len(names) == 1 and _is_table(names[0]) and "format" not in reading:
        return session.table(names[0])
    kind = reading.get("format") or _format_of(names[0])
    if kind is not None and kind not in _LINE_FORMATS:
        raise CorpusError(
            f"Spark does not read the format {kind!r}",
            hint=f"it reads {', '.join(_LINE_FORMATS)}, and tables",
            code="LK203",
        )
    if kind is None:
        return session.read.load(names)
    if kind == "csv":
        return _typed(session.read.options(**_csv_options(reading, names[0])).csv(names), types)
    if kind == "text":
        return session.read.text(names).withColumnRenamed("value", "text")
    if kind == "parquet":
        return session.read.parquet(*names)
    return session.read.option("multiLine", kind == "json").json(names)


def _csv_options(reading: ReadOptions, name: str) -> dict[str, Any]:
    """Return the options by which Spark reads CSV as RFC 4180 has it."""
    tabs = name.removesuffix(".gz").endswith((".tsv", ".tab"))
    options = {"header": True, "multiLine": True, "quote": '"', "escape": '"'}
    options["sep"] = reading.get("delimiter") or ("\t" if tabs else ",")
    return {**options, "encoding": reading.get("encoding") or "UTF-8"}


def _typed(frame: Any, types: Mapping[str, type]) -> Any:
    kinds = {name: _SPARK_TYPES[kind] for name, kind in types.items() if name in frame.columns and kind in _SPARK_TYPES}
    return (
        frame.withColumns({name: frame[_quoted(name)].cast(kind) for name, kind in kinds.items()}) if kinds else frame
    )


def _is_table(name: str) -> bool:
    """Return True for a name that is no path: without a slash, a suffix of a format, and no file here."""
    return not (is_address(name) or "/" in name or by_suffix(name) is not None or Path(name).exists())


def _format_of(name: str) -> str | None:
    """Return the format of a file, a pattern or a local folder by suffixes; None for what Spark is to find out."""
    inside = sorted(path.name for path in Path(name).rglob("*.*")) if Path(name).is_dir() else [name]
    formats = [kind.name for one in inside if (kind := by_suffix(one)) is not None]
    return formats[0] if formats else None


def _renamed(frame: Any, rename: Mapping[str, str]) -> Any:
    """Return a frame whose columns have the names that were given."""
    if not rename:
        return frame
    missing = [column for column in rename.values() if column.partition(".")[0] not in frame.columns]
    if missing:
        raise CorpusError(
            f"there is no column {missing[0]!r}", hint=f"the columns are {columns_listed(frame.columns)}", code="LK202"
        )
    given = set(rename) | set(rename.values())
    kept = [frame[_quoted(name)] for name in frame.columns if name not in given]
    new = [frame[_quoted(old) if old in frame.columns else old].alias(name) for name, old in rename.items()]
    return frame.select(*kept, *new)


def _quoted(column: str) -> str:
    return "`" + column.replace("`", "``") + "`"
