r"""Cut JSON files into blocks of whole rows: JSON Lines by their line ends, arrays by the commas between elements.

Of an array, the elements of a block become lines: a line end between two tokens is white space, and within a text it
becomes the control character 01, which JSON allows there no more.

>>> data = np.frombuffer(b' {"a": [1,\n2]}, {"b": ",]\\""}]', np.uint8)
>>> Structure(data).separators.tolist(), Structure(data).close
([14], 29)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from labelkit.corpus._byte_streams import open_bytes
from labelkit.corpus._files import BOM, LARGEST_ROW, DataFile
from labelkit.exceptions import CorpusError

PIECE: Final = 2**20
"""Bytes that are searched at a time, so that little memory is taken beside them."""

_SPACE: Final = b" \t\r\n"

_DEPTH: Final = np.zeros(256, np.int8)
_DEPTH[[ord("{"), ord("[")]], _DEPTH[[ord("}"), ord("]")]] = 1, -1
_IS_STRUCTURE: Final = _DEPTH != 0
_IS_STRUCTURE[ord(",")] = True


@dataclass(frozen=True)
class JsonBlock:
    """Whole rows, a line each.

    Parameters
    ----------
    data : bytes
    first_line : int
        The number of the line in the file at which it begins.
    breaks : ndarray of int, optional
        Where line ends of the file stood, if they are not those of the block.
    """

    data: bytes
    first_line: int
    breaks: NDArray[np.int64] | None = None

    def lines(self) -> Iterator[bytes]:
        """Return the lines that are not blank."""
        return (line for line in self.data.split(b"\n") if line.strip())

    def numbered(self) -> list[tuple[int, bytes]]:
        """Return the lines that are not blank, with the numbers of the lines of the file at which they begin."""
        if self.breaks is None:
            lines = enumerate(self.data.split(b"\n"), start=self.first_line)
            return [(number, line) for number, line in lines if line.strip()]
        numbered, start = [], 0
        for line in self.data.split(b"\n"):
            if line.strip():
                begins = start + len(line) - len(line.lstrip())
                numbered.append((self.first_line + int(np.searchsorted(self.breaks, begins)), line))
            start += len(line) + 1
        return numbered


def is_array(file: DataFile) -> bool:
    """Return whether a file begins as a JSON array does."""
    with open_bytes(file) as source:
        first = source.read(len(BOM)).removeprefix(BOM)
        while not first.strip(_SPACE) and (read := source.read(4_096)):
            first = read
    return first.lstrip(_SPACE).startswith(b"[")


def line_blocks(file: DataFile, size: int, begin: int = 0) -> Iterator[JsonBlock]:
    """Cut JSON Lines into blocks of whole lines, from a byte of the file at which a line begins."""
    rest, line = b"", 1
    with open_bytes(file, begin) as source:
        while read := source.read(size):
            if line == 1 and not rest and not begin:
                read = read.removeprefix(BOM)
            head, newline, tail = read.rpartition(b"\n")
            if newline:
                yield JsonBlock(rest + head + newline, line)
                line += rest.count(b"\n") + head.count(b"\n") + 1
                rest = tail
            else:
                rest += tail
            _check_size(file, rest, line)
    if rest:
        yield JsonBlock(rest, line)


def _check_size(file: DataFile, rest: bytes, line: int) -> None:
    if len(rest) > LARGEST_ROW:
        raise CorpusError(
            f"{file.name!r}: line {line} is longer than {LARGEST_ROW >> 20} MB",
            hint="JSON Lines has one object a line",
        )


# Arrays ---------------------------------------------------------------------------------------------------------------


class Structure:
    """Where the elements of an array end, of which some bytes from between two elements on are given.

    Attributes
    ----------
    quotes : ndarray of int
        The positions of the quotes around texts, without those that are part of one.
    separators : ndarray of int
        The positions of the commas between elements.
    close : int or None
        The position of the bracket that closes the array.
    """

    def __init__(self, data: NDArray[np.uint8]) -> None:
        self.quotes = _quotes(data)
        self.close: int | None = None
        separators, level = [np.empty(0, np.int64)], 0
        for start in range(0, len(data), PIECE):
            places = start + np.flatnonzero(_IS_STRUCTURE[data[start : start + PIECE]])
            places = places[~self.within_text(places)]
            depth = level + np.cumsum(_DEPTH[data[places]], dtype=np.int64)
            closing = np.flatnonzero(depth < 0)
            if len(closing):
                self.close = int(places[closing[0]])
                places, depth = places[: closing[0]], depth[: closing[0]]
            separators.append(places[(data[places] == ord(",")) & (depth == 0)])
            if self.close is not None:
                break
            level = int(depth[-1]) if len(depth) else level
        self.separators = np.concatenate(separators)

    def within_text(self, places: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which positions are within a text."""
        return np.asarray(np.searchsorted(self.quotes, places) % 2 == 1)


def _quotes(data: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Find the quotes before which there is no odd number of backslashes."""
    parts, n_before = [np.empty(0, np.int64)], 0
    for start in range(0, len(data), PIECE):
        piece = data[start : start + PIECE]
        quotes = np.flatnonzero(piece == ord('"'))
        others = np.flatnonzero(piece != ord("\\"))
        if n_before or len(others) < len(piece):  # the number of backslashes before each quote
            last = np.searchsorted(others, quotes) - 1
            is_first = last < 0
            run = np.where(is_first, quotes + n_before, quotes - others[np.maximum(last, 0)] - 1)
            quotes = quotes[run % 2 == 0]
        n_before = len(piece) - int(others[-1]) - 1 if len(others) else n_before + len(piece)
        parts.append(start + quotes)
    return np.concatenate(parts)


class _ArrayReader:
    """Reads an array from between two elements to between two others."""

    def __init__(self, file: DataFile) -> None:
        self.file = file
        self.line = 1
        self.rest = b""
        self.begun = self.closed = False

    def feed(self, read: bytes) -> Iterator[JsonBlock]:
        """Take further bytes; yields the elements that end within them."""
        self.rest += read
        if not self.begun:
            self._begin()
        if self.begun and not self.closed:
            yield from self._elements()
        if self.closed and self.rest.strip(_SPACE):
            raise CorpusError(
                f"{self.file.name!r}, line {self.line}: text stands after the end of the array",
                hint="a file holds one array; or one object a line, without brackets around them",
                code="LK219",
            )

    def _begin(self) -> None:
        inner = self.rest.lstrip(_SPACE)
        if inner.startswith(b"["):
            self._drop(len(self.rest) - len(inner) + 1)
            self.begun = True

    def _drop(self, size: int) -> None:
        self.line += self.rest.count(b"\n", 0, size)
        self.rest = self.rest[size:]

    def _elements(self) -> Iterator[JsonBlock]:
        data = np.frombuffer(self.rest, np.uint8)
        structure = Structure(data)
        last = structure.separators[-1:].tolist()
        end = structure.close if structure.close is not None else last[0] if last else None
        if end is None:
            return
        rows = data[:end].copy()
        breaks = np.flatnonzero(rows == ord("\n"))
        rows[breaks] = np.where(structure.within_text(breaks), 1, ord(" "))
        rows[structure.separators[structure.separators < end]] = ord("\n")
        if rows.tobytes().strip(_SPACE):
            yield JsonBlock(rows.tobytes(), self.line, breaks)
        self.closed = structure.close is not None
        self._drop(end + 1)


def array_blocks(file: DataFile, size: int) -> Iterator[JsonBlock]:
    """Cut an array of JSON into blocks of whole elements, in bounded memory.

    Raises
    ------
    CorpusError
        If the array has no end, or something stands behind it.
    """
    reader = _ArrayReader(file)
    with open_bytes(file) as source:
        if (mark := source.read(len(BOM))) != BOM:
            yield from reader.feed(mark)
        while read := source.read(max(size, min(len(reader.rest), LARGEST_ROW - len(reader.rest) + 1))):
            yield from reader.feed(read)
            if len(reader.rest) > LARGEST_ROW:
                raise CorpusError(
                    f"{file.name!r}: the element on line {reader.line} is longer than {LARGEST_ROW >> 20} MB",
                    hint="look for a bracket or a quote that is opened and not closed",
                )
    if not reader.closed:
        raise CorpusError(
            f"{file.name!r} is cut off: the element on line {reader.line} and the array have no end",
            hint="copy it again, or look for a bracket or a quote that is opened and not closed",
            code="LK219",
        )
