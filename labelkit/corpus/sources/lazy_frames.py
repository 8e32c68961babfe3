"""Read what is computed by another engine when it is asked for: relations of DuckDB, LazyFrames of polars.

Both are computed once, in a stream, into a temporary file (see :mod:`labelkit.corpus.sources.spooled`): neither is ever
in memory as a whole, and the order of the rows is that of the one computation.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from labelkit.corpus.sources.spooled import BATCH, SpooledSource, write_batches
from labelkit.exceptions import CorpusError


def from_relation(relation: Any) -> SpooledSource:
    """Read a relation of DuckDB."""

    def write(path: Path) -> None:
        reader = relation_reader(relation)
        write_batches(path, reader.schema, reader)

    return SpooledSource("a DuckDB relation", lambda path: _computed(lambda: write(path), "the DuckDB relation"))


def relation_reader(relation: Any) -> pa.RecordBatchReader:
    """Compute a relation, a batch at a time."""
    read = getattr(relation, "to_arrow_reader", None) or relation.fetch_record_batch
    return read(BATCH)


def from_lazy_frame(frame: Any) -> SpooledSource:
    """Read a LazyFrame of polars."""

    def write(path: Path) -> None:
        frame.sink_parquet(path, maintain_order=True, compression="zstd", compression_level=1, row_group_size=65_536)

    return SpooledSource("a polars LazyFrame", lambda path: _computed(lambda: write(path), "the polars LazyFrame"))


def _computed(compute: Any, name: str) -> None:
    """Compute something, whose engine raises errors of its own."""
    try:
        compute()
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
