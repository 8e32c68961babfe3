"""Read what is computed by another engine when it is asked for: relations of DuckDB, LazyFrames of polars.

Both are computed once, in a stream, into a temporary file (see :mod:`labelkit.corpus.sources.spooled`): neither is ever
in memory as a whole, and the order of the rows is that of the one computation.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from labelkit.corpus.sources.spooled import BATCH, LeftOut, SpooledSource, write_kept
from labelkit.exceptions import CorpusError


def from_relation(relation: Any) -> SpooledSource:
    """Read a relation of DuckDB."""

    def write(path: Path) -> LeftOut:
        reader = relation_reader(relation)
        return write_kept(path, reader.schema, reader)

    return SpooledSource("a DuckDB relation", lambda path: _computed(lambda: write(path), "the DuckDB relation"))


def relation_reader(relation: Any) -> pa.RecordBatchReader:
    """Compute a relation, a batch at a time."""
    read = getattr(relation, "to_arrow_reader", None) or relation.fetch_record_batch
    return read(BATCH)


def from_lazy_frame(frame: Any) -> SpooledSource:
    """Read a LazyFrame of polars."""

    def write(path: Path) -> LeftOut:
        types = frame.collect_schema()
        left_out = {name: str(kind) for name, kind in types.items() if not _is_kept(kind)}
        kept = frame.drop(*left_out) if len(left_out) < len(types) else frame
        kept.sink_parquet(path, maintain_order=True, compression="zstd", compression_level=1, row_group_size=65_536)
        return LeftOut(tuple(types), left_out, "give frame.collect(), or cast it to another type in the frame")

    return SpooledSource("a polars LazyFrame", lambda path: _computed(lambda: write(path), "the polars LazyFrame"))


def _is_kept(kind: Any) -> bool:
    """Return whether a file of Parquet that polars writes holds columns of a type, and Arrow reads them."""
    import polars as pl  # noqa: PLC0415 - is there: the frame is its own

    if "Object" in str(kind):  # of which polars stops with a panic, within a list
        return False
    content = BytesIO()
    try:
        pl.DataFrame(schema={"": kind}).write_parquet(content)
        pq.read_schema(content)
    except (pl.exceptions.PolarsError, pa.ArrowException):
        return False
    return True


def _computed(compute: Callable[[], LeftOut], name: str) -> LeftOut:
    """Compute something, whose engine raises errors of its own."""
    try:
        return compute()
    except (OSError, CorpusError, MemoryError):
        raise
    except Exception as error:
        library = type(error).__module__.partition(".")[0].strip("_")
        if library not in {"duckdb", "polars"}:
            raise
        raise CorpusError(f"{name} cannot be computed: {_in_one_line(error)}") from error


def _in_one_line(error: Exception) -> str:
    """Return the message of an engine without its picture of the query."""
    return " ".join(str(error).split("\n\n")[0].split())[:400]
