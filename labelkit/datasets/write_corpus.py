"""Write a stream of record batches to a file, batch by batch."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from labelkit._shared.files import replaced
from labelkit.exceptions import CorpusError


def write_corpus(batches: Iterable[Any], path: str | os.PathLike[str]) -> Path:
    """Write record batches to a Parquet, CSV or JSONL file.

    The file is written beside its place and moved there when it is whole.

    Parameters
    ----------
    batches : iterable of pyarrow.RecordBatch
        The rows, all with one schema; at least one batch, which may have no rows.
    path : path
        Where to write; the suffix (``.parquet``, ``.csv``, ``.jsonl``, and ``.csv.gz`` or ``.jsonl.gz``) says what.

    Returns
    -------
    Path
        Where the file is.

    Raises
    ------
    CorpusError
        If the suffix is none of these, or there is no batch.

    Examples
    --------
    >>> import tempfile
    >>> from labelkit.datasets import generate_posts, write_corpus
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_corpus(generate_posts(10), f"{folder}/posts.csv").name
    'posts.csv'
    """
    place = Path(path)
    write, compression = _writer(place)
    stream = iter(batches)
    first = next(stream, None)
    if first is None:
        raise CorpusError(f"there is no batch to write to {place}", hint="give at least one batch, even without rows")
    with replaced(place) as beside, pa.output_stream(str(beside), compression=compression) as sink:
        write(chain([first], stream), first.schema, sink)
    return place


def _writer(place: Path) -> tuple[Callable[[Iterator[Any], Any, Any], None], str | None]:
    suffixes = place.suffixes
    compression = "gzip" if suffixes[-1:] == [".gz"] else None
    suffix = "".join(suffixes[-2:-1] if compression else suffixes[-1:])
    if suffix not in _WRITERS or (suffix == ".parquet" and compression):
        all_suffixes = ", ".join([*_WRITERS, ".csv.gz", ".jsonl.gz"])
        raise CorpusError(
            f"the suffix of '{place.name}' is none of {all_suffixes}", hint=f"'{place.stem}.parquet'", code="LK532"
        )
    return _WRITERS[suffix], compression


def _write_parquet(batches: Iterator[Any], schema: Any, sink: Any) -> None:
    from pyarrow import parquet  # noqa: PLC0415  - not all who import this write Parquet

    with parquet.ParquetWriter(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


def _write_csv(batches: Iterator[Any], schema: Any, sink: Any) -> None:
    from pyarrow import csv  # noqa: PLC0415  - as above

    with csv.CSVWriter(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


def _write_jsonl(batches: Iterator[Any], schema: Any, sink: Any) -> None:
    texts = pa.schema([field.with_type(_as_json(field.type)) for field in schema])
    for batch in batches:
        rows = pa.Table.from_batches([batch]).cast(texts).to_pylist()
        sink.write("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode())


def _as_json(kind: Any) -> Any:
    """Return the type that JSON has for an Arrow type: times become text."""
    return pa.string() if pa.types.is_temporal(kind) else kind


_WRITERS: dict[str, Callable[[Iterator[Any], Any, Any], None]] = {
    ".parquet": _write_parquet,
    ".csv": _write_csv,
    ".jsonl": _write_jsonl,
}
