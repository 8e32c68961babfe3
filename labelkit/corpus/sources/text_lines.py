r"""Read plain text: each line is an example, the column ``text``.

A blank line is an example too, an empty text, so that the row of a line is its number less one. Line ends are ``\n``,
``\r\n`` and ``\r``; one at the end of the file begins no further line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from labelkit.corpus._byte_streams import bytes_around, encoding_name, not_in_encoding, open_bytes
from labelkit.corpus._files import BLOCK_BYTES, BOM, LARGEST_ROW, DataFile, closed_after, is_utf8, skip_rows
from labelkit.corpus.source import FixedColumns
from labelkit.corpus.sources._csv_rows import count_lines
from labelkit.corpus.sources._rows_before import place_before
from labelkit.corpus.sources.frames import TEXT
from labelkit.exceptions import CorpusError

if TYPE_CHECKING:
    from labelkit.corpus.source import BadRows, RowPlace


class TextLinesSource(FixedColumns):
    """A text file, perhaps compressed.

    Parameters
    ----------
    file : DataFile
    """

    column_names = (TEXT,)
    splittable = False
    may_reject = True
    frame_index = None
    n_rows = None

    def __init__(self, file: DataFile) -> None:
        self.path: Path | None = file.place
        self.name = file.name
        self._file = file
        open_bytes(file).close()  # which refuses what is no text

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the path: the file is opened again where it is unpickled."""
        return TextLinesSource, (self._file.absolute(),)

    def column_type(self, column: str) -> pa.DataType:  # noqa: ARG002 - there is one
        """Return the type of text."""
        return pa.string()

    def chunks(self, columns: Sequence[str], start: int, rows: int, bad: BadRows) -> Iterator[pa.RecordBatch]:  # noqa: ARG002
        """Deliver the lines a block at a time; ``start`` counts the rows that are kept."""
        schema = pa.schema([(column, pa.string()) for column in columns])
        return skip_rows(_chunks(self._file, schema, bad), start)

    def chunks_from(
        self,
        columns: Sequence[str],
        place: RowPlace,
        rows: int,  # noqa: ARG002 - as of chunks
        bad: BadRows,
    ) -> Iterator[pa.RecordBatch] | None:
        """Deliver the lines from a byte on; None if no line ends there, or the file has to be read from its start."""
        rest = _rest_of_line_end(*(bytes_around(self._file, place.offset) or (b"", b"")))
        if rest is None:
            return None
        schema = pa.schema([(column, pa.string()) for column in columns])
        return _chunks(self._file, schema, bad, place.offset + rest)

    def place_before(self, place: RowPlace, n_rows: int) -> RowPlace | None:
        """Return the place of a row that is at least so many rows before another one; None if it is not found."""
        return place_before(self._file, place, n_rows, lambda data: (0, count_lines(data) + (data[-1:] not in b"\r\n")))

    def line_of(self, row: int) -> int:
        """Return the line of the file, from 1, at which a row stands."""
        return row + 1

    def read(self, columns: Sequence[str], start: int, stop: int) -> pa.Table:
        """Raise NotImplementedError: a line is found only by reading those before it."""
        raise NotImplementedError

    @cached_property
    def _digest(self) -> str:
        return self._file.digest("text")

    def fingerprint(self) -> str:
        """Hash the bytes of the file."""
        return self._digest

    def content(self, column: str) -> str:
        """Hash the file."""
        return f"{self._digest}/{column}"


def _rest_of_line_end(before: bytes, after: bytes) -> int | None:
    r"""Return how many bytes of a line end stand behind an offset; None if the line goes on there.

    >>> _rest_of_line_end(b"\n", b"a"), _rest_of_line_end(b"\r", b"\na"), _rest_of_line_end(b"a", b"\r\n")
    (0, 1, 2)
    """
    if before in (b"\n", b"\r"):
        return int(before == b"\r" and after[:1] == b"\n")
    if after == b"\r\n":
        return 2
    return 1 if after[:1] in (b"\n", b"\r") else None


def _chunks(file: DataFile, schema: pa.Schema, bad: BadRows, begin: int = 0) -> Iterator[pa.RecordBatch]:
    n_rows = 0
    with closed_after(_blocks(file, begin)) as blocks:
        for block in blocks:
            texts = pc.split_pattern(pa.array([block], pa.large_string()), "\n")[0].values if is_utf8(block) else None
            n_lines = block.count(b"\n") + 1
            if texts is None:
                texts = _read_slowly(block.split(b"\n"), n_rows, bad, file)
            n_rows += n_lines
            yield pa.RecordBatch.from_arrays([texts.cast(pa.string())] * len(schema), schema=schema)


def _blocks(file: DataFile, begin: int) -> Iterator[bytes]:
    r"""Cut a file, from a byte at which a line begins, into blocks of whole lines with ``\n`` between them."""
    rest, n_lines = b"", 1
    with open_bytes(file, begin) as source:
        data = source.read(BLOCK_BYTES)
        data = data if begin else data.removeprefix(BOM)
        while data:
            while data.endswith(b"\r") and (more := source.read(1)):  # a line feed may follow
                data += more
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            head, line_end, tail = data.rpartition(b"\n")
            if line_end:
                n_lines += head.count(b"\n") + 1
                yield rest + head
                rest = tail
            else:
                rest += tail
            if len(rest) > LARGEST_ROW:
                raise CorpusError(
                    f"{file.name!r}: line {n_lines} is longer than {LARGEST_ROW >> 20} MB",
                    hint="in plain text, each line is an example",
                )
            data = source.read(BLOCK_BYTES)
    if rest:
        yield rest


def _read_slowly(lines: Sequence[bytes], first_row: int, bad: BadRows, file: DataFile) -> pa.Array:
    texts = []
    for row, line in enumerate(lines, start=first_row):
        try:
            texts.append(line.decode())
        except UnicodeDecodeError:
            reason = f"not valid {encoding_name(file)}"
            hint = f'{not_in_encoding(line, file)}; on_bad_row="reject" leaves such rows out'
            bad.add(row, reason, text=line.decode(errors="replace"), line=row + 1, hint=hint)
    return pa.array(texts, pa.string())
