"""A range of the rows of a corpus, in the batches of the whole: an update of a run votes on the new rows alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from labelkit.corpus.corpus import Batch, Corpus, rebatched

if TYPE_CHECKING:
    import pyarrow as pa


class RowRange(Corpus):
    """The rows from ``start`` to before ``stop``; they keep the positions that they have in the whole.

    Its first batch ends where a batch of the whole ends, so that no batch lies in two of them. Its rows are counted
    from the beginning of that batch.

    Parameters
    ----------
    corpus : Corpus
        Without rows that are left out (``on_bad_row="raise"``).
    start : int
    stop : int or None
        None for the end of the corpus.
    batch_rows : int
        Rows in a batch of the whole.

    Examples
    --------
    >>> from labelkit.corpus import open_corpus
    >>> rows = RowRange(open_corpus(["a", "b", "c", "d"]), 1, None, 2)
    >>> [(batch.start, len(batch)) for batch in rows.batches(["text"], 2)]
    [(1, 1), (2, 2)]
    """

    def __init__(self, corpus: Corpus, start: int, stop: int | None, batch_rows: int) -> None:
        super().__init__(
            corpus._source,  # noqa: SLF001 - of the same class
            id=corpus.id,
            on_bad_row=corpus.on_bad_row,
            stamp=corpus.stamp,
            look=corpus._look,  # noqa: SLF001 - as above
            reading=corpus.reading,
        )
        self._first, self._stop, self._batch_rows = start, stop, batch_rows
        self._base = start // batch_rows * batch_rows

    @property
    def n_rows(self) -> int | None:
        """The number of rows from the beginning of the first batch of the whole."""
        n_rows = self._source.n_rows
        end = n_rows if self._stop is None else self._stop if n_rows is None else min(self._stop, n_rows)
        return None if end is None else max(end - self._base, 0)

    def batches(self, columns: Sequence[str], batch_rows: int, *, start: int = 0) -> Iterator[Batch]:
        """Read the rows in batches that end where those of the whole do."""
        at = max(self._base + start, self._first)
        chunks = self._up_to_stop(self._source.chunks(self._read_columns(columns), at, batch_rows, self._bad), at)
        return self._batches(columns, rebatched(chunks, batch_rows, batch_rows - (at - self._base) % batch_rows), at)

    def _up_to_stop(self, chunks: Iterator[pa.RecordBatch], at: int) -> Iterator[pa.RecordBatch]:
        for chunk in chunks:
            if self._stop is not None and at + chunk.num_rows >= self._stop:
                if at < self._stop:
                    yield chunk.slice(0, self._stop - at)
                return
            yield chunk
            at += chunk.num_rows

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the whole, and the range of its rows."""
        make, (source,) = super().__reduce__()
        return RowRange, (make(source), self._first, self._stop, self._batch_rows)
