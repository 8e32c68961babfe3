"""Find columns without a value: their type says how they are stored, and nothing of what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelkit.exceptions import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

    from labelkit.corpus.corpus import Corpus

ROWS = 65_536


def is_without_values(array: pa.Array | pa.ChunkedArray) -> bool:
    """Return whether all of an array is null, and there is something of it.

    >>> import pyarrow as pa
    >>> is_without_values(pa.nulls(2, pa.float64())), is_without_values(pa.array([None, 1.0]))
    (True, False)
    """
    return bool(len(array)) and array.null_count == len(array)


def are_all_missing(chunks: Iterable[pa.RecordBatch]) -> bool:
    """Return whether the first column of all chunks is null; it reads up to the first value."""
    n_rows = 0
    for chunk in chunks:
        if chunk.num_rows and not is_without_values(chunk.column(0)):
            return False
        n_rows += chunk.num_rows
    return n_rows > 0


def is_all_missing(corpus: Corpus, column: str) -> bool:
    """Return whether a corpus has rows, and none of them a value in a column; it reads up to the first value.

    False for what can be read only once, and what cannot be read.
    """
    if not corpus.is_repeatable:
        return False
    try:
        return are_all_missing(batch.table for batch in corpus.batches([column], ROWS))
    except CorpusError:
        return False
