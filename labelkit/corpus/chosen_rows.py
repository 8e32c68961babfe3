"""Some rows of a corpus: its first ones, or a random sample; they keep the names that they have in the whole.

A sample is drawn by a hash of the position of each row, so that it is the same for each format, any number of workers
and any version, holds every smaller sample of the same seed, and takes no more memory than its positions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from labelkit._shared.seed_streams import checked_seed
from labelkit.corpus.source import BadRows, CorpusSource
from labelkit.exceptions import CorpusError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from labelkit.votes.example_names import FrameIndex

POSITION: Final = "(position)"
"""The column of the positions in the whole corpus that a sample has; not among the names of the columns."""

BLOCK_ROWS: Final = 2**20
"""Positions that are drawn from together."""

PIECE_ROWS: Final = 65_536
"""Rows of the whole corpus that are read together for those of a sample."""

_GAMMA: Final = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class RowChoice:
    """The rows of a corpus that are used; of both, the sample is drawn of the first rows.

    Parameters
    ----------
    limit : int, optional
        So many of the first rows.
    sample : int, optional
        So many rows at random, each set of so many rows with the same probability.
    random_state : int
        The seed of the sample.
    """

    limit: int | None = None
    sample: int | None = None
    random_state: int = 0

    def __post_init__(self) -> None:
        for name, value in (("limit", self.limit), ("sample", self.sample)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise CorpusError(f"{name}={value!r} is not a number of rows", hint="give 1 or more, or leave it out")
        checked_seed(self.random_state, CorpusError)

    def __bool__(self) -> bool:
        """True if not all rows are used."""
        return self.limit is not None or self.sample is not None

    def __str__(self) -> str:
        first = "" if self.limit is None else f"the first {self.limit:,} rows"
        if self.sample is None:
            return first
        return f"a random sample of {self.sample:,} of {first or 'the rows'} (seed {self.random_state})"

    def to_dict(self) -> dict[str, int | None]:
        """Return plain values, for a manifest."""
        return asdict(self)


class SomeRows:
    """A source of some rows of another one.

    Parameters
    ----------
    whole : CorpusSource
    choice : RowChoice
    n_whole : int or None
        The number of rows of the whole; None where only reading could tell, and no sample is drawn.
    """

    def __init__(self, whole: CorpusSource, choice: RowChoice, n_whole: int | None) -> None:
        self._whole = self.whole = whole
        self.choice = choice
        self.n_whole = n_whole
        self.positions: NDArray[np.int64] | None = None
        if choice.sample is not None:
            assert n_whole is not None
            n_first = n_whole if choice.limit is None else min(choice.limit, n_whole)
            self.positions = drawn_positions(n_first, choice.sample, choice.random_state)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the whole, and draw again."""
        return SomeRows, (self._whole, self.choice, self.n_whole)

    def __copy__(self) -> SomeRows:
        """Open the files of the whole anew."""
        return SomeRows(copy(self._whole), self.choice, self.n_whole)

    @property
    def name(self) -> str:
        """The name of the whole."""
        return self._whole.name

    @property
    def path(self) -> Path | None:
        """The file or folder of the whole."""
        return self._whole.path

    @property
    def files(self) -> tuple[Path, ...] | None:
        """The files of the whole, if they are several."""
        return getattr(self._whole, "files", None)

    @property
    def once(self) -> bool:
        """Whether the whole can be read only once."""
        return getattr(self._whole, "once", False)

    @property
    def frame_index(self) -> FrameIndex | None:
        """The labels of the chosen rows of a pandas frame; None for a sample of a frame whose index is 0, 1, 2, ..."""
        index = self._whole.frame_index
        if index is None or self.positions is None:
            return None if index is None else index[: self.choice.limit]
        return None if index.is_default else index[self.positions]

    @property
    def n_rows(self) -> int | None:
        """The number of chosen rows; None where only reading could tell."""
        if self.positions is not None:
            return len(self.positions)
        return None if self.n_whole is None else min(self.n_whole, self.choice.limit or self.n_whole)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns of the whole."""
        return self._whole.column_names

    @property
    def splittable(self) -> bool:
        """True if the whole is, and its rows are counted."""
        return self._whole.splittable and self.n_rows is not None

    def find(self, column: str) -> bool:
        """Look for a column in later rows."""
        return self._whole.find(column)

    @property
    def columns_are_sure(self) -> bool:
        """False if later rows may have columns that are not found."""
        return self._whole.columns_are_sure

    @property
    def may_reject(self) -> bool:
        """True if the whole may hold rows that cannot be read."""
        return self._whole.may_reject

    def column_type(self, column: str) -> pa.DataType:
        """Return the type that the column is delivered in."""
        return pa.int64() if column == POSITION else self._whole.column_type(column)

    def chunks(self, columns: Sequence[str], start: int, rows: int, bad: BadRows) -> Iterator[pa.RecordBatch]:
        """Deliver the chosen rows from ``start`` on; what is behind the last one is not read."""
        if self.positions is None:
            limit = self.choice.limit or 0
            return _first_rows(self._whole.chunks(columns, start, rows, bad), limit - start)
        if start >= len(self.positions):
            return iter(())
        first = int(self.positions[start])
        wanted = self._read_of_whole(columns)
        return self._drawn(self._whole.chunks(wanted, first, rows, bad), columns, first, self.positions[start:])

    def _drawn(
        self, chunks: Iterator[pa.RecordBatch], columns: Sequence[str], first: int, positions: NDArray[np.int64]
    ) -> Iterator[pa.RecordBatch]:
        for chunk in chunks:
            n_here = int(np.searchsorted(positions, first + chunk.num_rows))
            if n_here:
                yield self._taken(chunk, columns, first, positions[:n_here])
            positions, first = positions[n_here:], first + chunk.num_rows
            if not len(positions):
                return

    def read(self, columns: Sequence[str], start: int, stop: int) -> pa.Table:
        """Deliver a range of the chosen rows; only if ``splittable``."""
        if self.positions is None:
            return self._whole.read(columns, start, stop)
        rest, wanted, parts = self.positions[start:stop], self._read_of_whole(columns), []
        while len(rest):
            first = int(rest[0])
            n_here = int(np.searchsorted(rest, first + PIECE_ROWS))
            table = self._whole.read(wanted, first, int(rest[n_here - 1]) + 1).combine_chunks()
            parts += [self._taken(batch, columns, first, rest[:n_here]) for batch in table.to_batches()]
            rest = rest[n_here:]
        schema = pa.schema([(column, self.column_type(column)) for column in columns])
        return pa.Table.from_batches(parts, schema=schema)

    def row_of_whole(self, row: int) -> int:
        """Return the position in the whole of a chosen row."""
        return row if self.positions is None else int(self.positions[row])

    def _read_of_whole(self, columns: Sequence[str]) -> list[str]:
        """List what is to be read of the whole: a column at least, to count rows by."""
        return [column for column in columns if column != POSITION] or list(self.column_names[:1])

    def _taken(
        self, chunk: pa.RecordBatch, columns: Sequence[str], first: int, positions: NDArray[np.int64]
    ) -> pa.RecordBatch:
        taken, places = chunk.take(pa.array(positions - first)), pa.array(positions)
        arrays = [places if column == POSITION else taken.column(column) for column in columns]
        return pa.RecordBatch.from_arrays(arrays, names=list(columns))

    def fingerprint(self) -> str:
        """Digest the content of the whole, and the choice; empty if it cannot be known."""
        whole = self._whole.fingerprint()
        return whole and f"{whole}, {self.choice}"

    def content(self, column: str) -> str:
        """Digest all rows of a column, of which :attr:`choice` says which are used."""
        return self._whole.content(column)


def _first_rows(chunks: Iterator[pa.RecordBatch], n_rows: int) -> Iterator[pa.RecordBatch]:
    for chunk in chunks if n_rows > 0 else ():
        yield chunk.slice(0, n_rows)
        n_rows -= chunk.num_rows
        if n_rows <= 0:
            return


def choose_rows(whole: CorpusSource, choice: RowChoice, *, columns: Sequence[str], on_bad_row: str) -> SomeRows:
    """Choose rows of a source; for a sample, those of a file whose rows are not known are counted first.

    Parameters
    ----------
    whole : CorpusSource
    choice : RowChoice
    columns : sequence of str
        Those that will be read: where bad rows are left out, they decide which rows there are.
    on_bad_row : {"raise", "reject"}

    Raises
    ------
    CorpusError
        If a sample is to be drawn of what can be read only once.
    """
    rejects = on_bad_row == "reject" and whole.may_reject
    n_whole = None if rejects else whole.n_rows
    if choice.sample is None or n_whole is not None:
        return SomeRows(whole, choice, n_whole)
    if whole.path is None and not whole.splittable and not whole.fingerprint():
        raise CorpusError(
            f"{whole.name} can be read only once, and a sample is drawn of rows that are counted before",
            hint="write it to a file first; or limit=... takes the first rows",
            code="LK211",
        )
    counted, n_rows = BadRows(whole.name, "reject" if rejects else "raise"), 0
    for chunk in whole.chunks(list(columns) or list(whole.column_names[:1]), 0, PIECE_ROWS, counted):
        n_rows += chunk.num_rows
        if choice.limit is not None and n_rows >= choice.limit:
            n_rows = choice.limit
            break
    return SomeRows(whole, choice, n_rows)


def drawn_positions(n_rows: int, n: int, random_state: int) -> NDArray[np.int64]:
    """Draw positions at random, without repetition.

    Each position has a key, the next number of the generator SplitMix64 (Steele et al. 2014,
    https://doi.org/10.1145/2660193.2660195); those with the smallest keys are drawn.

    Parameters
    ----------
    n_rows : int
        Positions to draw from.
    n : int
        Positions to draw; all, if there are not more.
    random_state : int

    Returns
    -------
    ndarray of int64, shape (min(n, n_rows),)
        Ascending.

    Examples
    --------
    >>> drawn_positions(100, 5, 0).tolist() == drawn_positions(100, 5, 0).tolist()
    True
    >>> drawn_positions(3, 5, 0).tolist()
    [0, 1, 2]
    """
    seed = _mixed(np.array([random_state % 2**64], dtype=np.uint64) + _GAMMA)
    keys, positions = np.zeros(0, np.uint64), np.zeros(0, np.uint64)
    for start in range(0, n_rows, BLOCK_ROWS):
        block = np.arange(start, min(start + BLOCK_ROWS, n_rows), dtype=np.uint64)
        of_block = _mixed(seed + (block + np.uint64(1)) * _GAMMA)
        if len(keys) == n:
            small = of_block < keys.max()
            block, of_block = block[small], of_block[small]
        keys, positions = np.concatenate([keys, of_block]), np.concatenate([positions, block])
        if len(keys) > n:
            smallest = np.argpartition(keys, n - 1)[:n]
            keys, positions = keys[smallest], positions[smallest]
    return np.sort(positions).astype(np.int64)


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble numbers by the finaliser of SplitMix64."""
    mixed = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))
