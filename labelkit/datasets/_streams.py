"""Generate rows in fixed chunks, each with its own seed, and deliver them in batches of any size.

The random numbers of a chunk depend on the random state and on the chunk's number alone. So the rows are the same
whatever the size of the batches, and a longer stream begins with the rows of a shorter one.

>>> import pyarrow as pa
>>> def squares(rng, first, size):
...     return pa.record_batch({"square": [i * i for i in range(first, first + size)]})
>>> [batch.num_rows for batch in stream(squares, 5, random_state=0, batch_rows=2)]
[2, 2, 1]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from labelkit._shared.given_kinds import check_whole
from labelkit._shared.seed_streams import checked_seed
from labelkit.exceptions import CorpusError

CHUNK_ROWS = 8_192
"""Rows of a chunk. Part of the definition of the data: another value gives other rows."""

MAX_BATCH_ROWS = 1_048_576
"""The texts of a batch stay well below the 2 GiB that Arrow's strings can address."""

MakeChunk: TypeAlias = Callable[[np.random.Generator, int, int], Any]
"""From a generator, the number of the first row and the number of rows to a record batch."""


def stream(make: MakeChunk, n: int, *, random_state: int, batch_rows: int) -> Iterator[Any]:
    """Check the arguments, then yield ``n`` rows in batches of ``batch_rows`` (one batch without rows if n is 0)."""
    check_whole(n, "n", CorpusError, "n=1000")
    if n < 0:
        raise CorpusError(f"n={n} rows cannot be made", hint="n=1000")
    if not 1 <= batch_rows <= MAX_BATCH_ROWS:
        raise CorpusError(f"batch_rows={batch_rows} is not from 1 to {MAX_BATCH_ROWS:,}", hint="batch_rows=65_536")
    return _batches(_chunks(make, n, checked_seed(random_state, CorpusError)), batch_rows)


def _chunks(make: MakeChunk, n: int, random_state: int) -> Iterator[Any]:
    for number, first in enumerate(range(0, max(n, 1), CHUNK_ROWS)):
        rng = np.random.default_rng([random_state, number])
        yield make(rng, first, CHUNK_ROWS).slice(0, n - first)


def _batches(chunks: Iterator[Any], batch_rows: int) -> Iterator[Any]:
    waiting: list[Any] = []
    n_waiting = 0
    for chunk in chunks:
        waiting.append(chunk)
        n_waiting += chunk.num_rows
        if n_waiting >= batch_rows:
            *whole, rest = _cut(waiting, batch_rows)
            yield from whole
            waiting, n_waiting = [rest], rest.num_rows
    if n_waiting or chunk.num_rows == 0:
        yield _cut(waiting, batch_rows)[0]


def _cut(chunks: list[Any], batch_rows: int) -> list[Any]:
    """Cut the chunks into batches of ``batch_rows`` and a rest, which may be empty."""
    rows = pa.Table.from_batches(chunks).combine_chunks().to_batches()
    whole = rows[0] if rows else chunks[0]
    return [whole.slice(start, batch_rows) for start in range(0, whole.num_rows + 1, batch_rows)]
