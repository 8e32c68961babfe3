"""Open what is named to Spark: a frame, or the files, addresses and tables that Spark itself reads.

Spark reads leniently by default: it takes columns of CSV by their positions, fills short rows up, cuts long ones off,
and reads the first object of a JSON file alone. Here, it is told to refuse all of this, as other readers do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Unpack

from labelkit._shared.foreign import named_type
from labelkit.corpus._arrow_types import arrow_types
from labelkit.corpus.open_files import by_suffix
from labelkit.corpus.reading import ReadOptions, checked_reading, takes_reading
from labelkit.corpus.remote import is_address
from labelkit.corpus.sources.spark_errors import is_of_spark, misread
from labelkit.corpus.sources.spark_frame import SparkCorpus, SparkSource, is_spark_frame, spark_session
from labelkit.exceptions import CorpusError

_LINE_FORMATS: Final = ("csv", "jsonl", "json", "text", "parquet")
"""Formats that both read."""

_STRICT_CSV: Final = {
    "header": True,
    "multiLine": True,
    "quote": '"',
    "escape": '"',
    "mode": "FAILFAST",
    "columnPruning": False,  # which would not see that a row has too few fields, or too many
    "enforceSchema": False,  # which would take the columns of further files by their positions
    "unescapedQuoteHandling": "RAISE_ERROR",
    "nullValue": "\0null of labelkit\0",  # so that an empty text in quotes is none
    "emptyValue": "",
}
"""CSV as RFC 4180 has it, or an error."""

_FIRST_BYTES: Final = 4096
"""Of a file of JSON, in which its first sign is."""


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
        source = _read(data, types, options)
    elif set(options) - {"rename"}:
        raise CorpusError(
            f"{', '.join(sorted(options))} are options of files, and the corpus is a Spark frame", code="LK217"
        )
    else:
        source = SparkSource(data, "a Spark frame")
    return SparkCorpus(source, id=id, reading=options)


def _read(data: Any, types: Mapping[str, type], reading: ReadOptions) -> SparkSource:
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
        frame, is_text = _opened(session, names, reading)
    except Exception as error:
        if not is_of_spark(error):
            raise
        first = str(error).strip().splitlines()[0]
        of_file = misread(str(error), ", ".join(names))
        raise of_file or CorpusError(f"Spark cannot read {', '.join(names)}: {first}") from None
    old = dict(reading.get("rename") or {})
    kinds = {old.get(name, name): kind for name, kind in arrow_types(types).items()} if is_text else {}
    return SparkSource(frame, ", ".join(names), {name: kind for name, kind in kinds.items() if name in frame.columns})


def _opened(session: Any, names: list[str], reading: ReadOptions) -> tuple[Any, bool]:
    """Return the frame, and whether all of its columns are text that annotations give a type."""
    if len(names) == 1 and _is_table(names[0]) and "format" not in reading:
        return session.table(names[0]), False
    kind = reading.get("format") or _format_of(names[0])
    if kind is not None and kind not in _LINE_FORMATS:
        raise CorpusError(
            f"Spark does not read the format {kind!r}",
            hint=f"it reads {', '.join(_LINE_FORMATS)}, and tables",
            code="LK203",
        )
    if kind is None:
        return session.read.load(names), False
    if kind == "csv":
        return session.read.options(**_csv_options(reading, names[0])).csv(names), True
    if kind == "text":
        return session.read.text(names).withColumnRenamed("value", "text"), False
    if kind == "parquet":
        return session.read.parquet(*names), False
    arrays = kind == "json" and _are_arrays(session, names)
    return session.read.options(multiLine=arrays, mode="FAILFAST").json(names), False


def _csv_options(reading: ReadOptions, name: str) -> dict[str, Any]:
    """Return the options by which Spark reads CSV."""
    tabs = name.removesuffix(".gz").endswith((".tsv", ".tab"))
    sep = reading.get("delimiter") or ("\t" if tabs else ",")
    return {**_STRICT_CSV, "sep": sep, "encoding": reading.get("encoding") or "UTF-8"}


def _are_arrays(session: Any, names: list[str]) -> bool:
    """Tell if files of JSON hold one array each; lines of objects are read by lines, and others are refused then.

    Raises
    ------
    CorpusError
        If some are arrays, and some are not: of a file of lines that is read as one value, Spark takes the first.
    """
    files = [file for name in names for file in _files_at(name)]
    if files:
        signs = {_first_sign(file) for file in files} - {b""}
        if b"[" in signs and len(signs) > 1:
            raise CorpusError(
                f"some files of {', '.join(names)} are JSON arrays, and some are lines of objects",
                hint="jq -c '.[]' array.json > lines.jsonl makes lines of an array",
                code="LK203",
            )
        return b"[" in signs
    start = session.read.text(names).selectExpr("left(ltrim(value), 1) AS sign").where("sign != ''").limit(1).collect()
    return bool(start) and start[0]["sign"] == "["


def _first_sign(file: Path) -> bytes:
    with file.open("rb") as content:
        return content.read(_FIRST_BYTES).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]


def _files_at(name: str) -> Iterator[Path]:
    """Find the files of this machine below a path; none of an address, a pattern, and of what is compressed."""
    path = Path(name.removeprefix("file://"))
    inside = path.rglob("*.json") if path.is_dir() else [path]
    return (file for file in inside if file.is_file() and file.suffix != ".gz")


def _is_table(name: str) -> bool:
    """Return True for a name that is no path: without a slash, a suffix of a format, and no file here."""
    return not (is_address(name) or "/" in name or by_suffix(name) is not None or Path(name).exists())


def _format_of(name: str) -> str | None:
    """Return the format of a file, a pattern or a local folder by suffixes; None for what Spark is to find out."""
    inside = sorted(path.name for path in Path(name).rglob("*.*")) if Path(name).is_dir() else [name]
    formats = [kind.name for one in inside if (kind := by_suffix(one)) is not None]
    return formats[0] if formats else None
