"""Read several files of one format as one corpus, in the order in which they are given."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from labelkit.corpus._files import skip_rows
from labelkit.corpus.source import BadRows, FixedColumns
from labelkit.exceptions import CorpusError

if TYPE_CHECKING:
    from labelkit.corpus.source import CorpusSource

SourceReader = Callable[[Path, Mapping[str, pa.DataType]], "CorpusSource"]


class FilesSource(FixedColumns):
    """Files under one another.

    Parameters
    ----------
    paths : list of Path
        At least one.
    read : callable
        Opens a file, given the types of columns that have none in it.
    types : mapping of str to DataType

    Raises
    ------
    CorpusError
        If the files have other columns, or columns of other types.
    """

    path: Path | None = None
    frame_index = None

    def __init__(self, paths: Sequence[Path], read: SourceReader, types: Mapping[str, pa.DataType]) -> None:
        first = [read(path, types) for path in paths]
        self.name = f"{len(paths)} files, {paths[0].name} first"
        self.column_names = first[0].column_names
        self.columns_are_sure = all(isinstance(source, FixedColumns) for source in first)
        for source in first:
            if set(source.column_names) != set(self.column_names):
                odd = sorted(set(source.column_names) ^ set(self.column_names))
                raise CorpusError(
                    f"{source.name} has other columns than {first[0].name}: {', '.join(map(repr, odd))}",
                    hint="files of one corpus have the same columns",
                )
        decided = {column: _type_of(column, first) for column in self.column_names}
        self._types = {**decided, **types}
        self._sources = [read(path, self._types) for path in paths]
        self.splittable = all(source.splittable for source in self._sources)
        self.may_reject = any(source.may_reject for source in self._sources)
        sizes = [source.n_rows for source in self._sources]
        self._starts = [0, *accumulate(size or 0 for size in sizes)]
        self.n_rows = None if None in sizes else self._starts[-1]

    def column_type(self, column: str) -> pa.DataType:
        """Return the type of a column in all files.

        Raises
        ------
        CorpusError
            If it differs.
        """
        kinds = {str(source.column_type(column)): source for source in self._sources}
        if len(kinds) > 1:
            where = " and ".join(f"{kind} in {source.name}" for kind, source in kinds.items())
            raise CorpusError(f"column {column!r} is {where}", hint="write the files with the same types")
        return self._sources[0].column_type(column)

    def chunks(self, columns: Sequence[str], start: int, rows: int, bad: BadRows) -> Iterator[pa.RecordBatch]:
        """Deliver the rows of one file after the other."""
        for column in columns:
            self.column_type(column)
        if self.n_rows is None or (self.may_reject and bad.on_bad_row == "reject"):
            return skip_rows(self._chunks(columns, 0, rows, bad), start)
        return self._chunks(columns, start, rows, bad)

    def _chunks(self, columns: Sequence[str], start: int, rows: int, bad: BadRows) -> Iterator[pa.RecordBatch]:
        for source, first, end in zip(self._sources, self._starts, self._starts[1:], strict=False):
            if source.n_rows is not None and end <= start:
                continue
            rejected = BadRows(source.name, bad.on_bad_row)
            yield from source.chunks(columns, max(start - first, 0), rows, rejected)
            bad.rejects.extend(replace(row, reason=f"{source.name}: {row.reason}") for row in rejected.rejects)

    def read(self, columns: Sequence[str], start: int, stop: int) -> pa.Table:
        """Deliver a range of rows of the files that overlap with it."""
        parts, at = [], start
        while at < stop:
            number = bisect_right(self._starts, at) - 1
            first, end = self._starts[number], min(stop, self._starts[number + 1])
            parts.append(self._sources[number].read(columns, at - first, end - first))
            at = end
        return pa.concat_tables(parts) if parts else self._sources[0].read(columns, 0, 0)

    def fingerprint(self) -> str:
        """Hash the fingerprints of the files."""
        return _hash_of([source.fingerprint() for source in self._sources])

    def content(self, column: str) -> str:
        """Hash what the files hold of a column."""
        return _hash_of([source.content(column) for source in self._sources])


def _type_of(column: str, sources: Sequence[CorpusSource]) -> pa.DataType:
    """Return the type of a column in the first file that has a value in it."""
    kinds = [source.column_type(column) for source in sources]
    return next((kind for kind in kinds if not pa.types.is_null(kind)), kinds[0])


def _hash_of(parts: Sequence[str]) -> str:
    """Hash the hashes of parts; empty if one is not known."""
    return blake2b("\0".join(parts).encode(), digest_size=16).hexdigest() if all(parts) else ""
