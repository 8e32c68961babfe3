"""Cut the chunks that a source delivers to batches of a given number of rows."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from labelkit.corpus._arrow_types import deliver


def rebatched(chunks: Iterator[pa.RecordBatch], batch_rows: int, first_rows: int | None = None) -> Iterator[pa.Table]:
    """Cut chunks of any size to tables of exactly ``batch_rows`` rows, the first of ``first_rows``; without a copy."""
    pending: list[pa.RecordBatch] = []
    n_pending, n_wanted = 0, batch_rows if first_rows is None else first_rows
    for chunk in chunks:
        offset = 0
        while n_pending + chunk.num_rows - offset >= n_wanted:
            n_taken = n_wanted - n_pending
            yield pa.Table.from_batches([*pending, chunk.slice(offset, n_taken)])
            pending, n_pending, offset, n_wanted = [], 0, offset + n_taken, batch_rows
        if offset < chunk.num_rows:
            pending.append(chunk.slice(offset))
            n_pending += chunk.num_rows - offset
    if pending:
        yield pa.Table.from_batches(pending)


def one_batch(table: pa.Table) -> pa.RecordBatch:
    """Combine a table's chunks, which copies only where a batch lies across the border of two."""
    arrays = [
        deliver(column, field.type, field.name) for field, column in zip(table.schema, table.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=table.schema)
