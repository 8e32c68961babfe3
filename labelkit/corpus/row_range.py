"""A range of the rows of a corpus, in the batches of the whole: an update of a run votes on the new rows alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from labelkit.corpus._files import skip_rows
from labelkit.corpus.corpus import Batch, Corpus
from labelkit.corpus.rebatched import rebatched
from labelkit.exceptions import CorpusError

if TYPE_CHECKING:
    import pyarrow as pa

    from labelkit.corpus.source import RowPlace


def place_before(corpus: Corpus, place: RowPlace, n_rows: int) -> RowPlace | None:
    """Return the place of a row that is at least so many rows before another one; None if it is not found."""
    find = getattr(corpus._source, "place_before", None)  # noqa: SLF001 - as RowRange
    earlier: RowPlace | None = None if find is None else find(place, n_rows)
    return earlier


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
    place : RowPlace, optional
        Where a row begins, at ``start`` or before it: the files are read from there on, if they can be.

    Examples
    --------
    >>> from labelkit.corpus import open_corpus
    >>> rows = RowRange(open_corpus(["a", "b", "c", "d"]), 1, None, 2)
    >>> [(batch.start, len(batch)) for batch in rows.batches(["text"], 2)]
    [(1, 1), (2, 2)]
    """

    def __init__(
        self, corpus: Corpus, start: int, stop: int | None, batch_rows: int, place: RowPlace | None = None
    ) -> None:
        super().__init__(
            corpus._source,  # noqa: SLF001 - of the same class
            id=corpus.id,
            on_bad_row=corpus.on_bad_row,
            stamp=corpus.stamp,
            look=corpus._look,  # noqa: SLF001 - as above
            reading=corpus.reading,
        )
        self._first, self._stop, self._batch_rows, self._row_place = start, stop, batch_rows, place
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
        chunks = self._up_to_stop(self._chunks(self._read_columns(columns), at, batch_rows), at)
        return self._batches(columns, rebatched(chunks, batch_rows, batch_rows - (at - self._base) % batch_rows), at)

    def _chunks(self, columns: Sequence[str], at: int, batch_rows: int) -> Iterator[pa.RecordBatch]:
        """Deliver the rows from the place that is known, if they can be read from there; else from the beginning."""
        place = self._row_place
        begin = getattr(self._source, "chunks_from", None)
        if begin is None or place is None or at < place.row or self.on_bad_row == "reject":
            return self._source.chunks(columns, at, batch_rows, self._bad)
        begun: Iterator[pa.RecordBatch] | None = begin(columns, place, batch_rows, self._bad)
        if begun is None:
            return self._source.chunks(columns, at, batch_rows, self._bad)
        return self._sure(skip_rows(begun, at - place.row), columns, at, batch_rows)

    def _sure(
        self, chunks: Iterator[pa.RecordBatch], columns: Sequence[str], at: int, batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """Read on from the beginning where a row cannot be read, so that the error says which row and line it is."""
        while True:
            try:
                chunk = next(chunks, None)
            except CorpusError:
                break
            if chunk is None:
                return
            yield chunk
            at += chunk.num_rows
        yield from self._source.chunks(columns, at, batch_rows, self._bad)

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
        return RowRange, (make(source), self._first, self._stop, self._batch_rows, self._row_place)
