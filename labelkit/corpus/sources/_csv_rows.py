r"""Split CSV into rows by definition, field by field, and find the end of the last whole row quickly.

A quote opens a quoted field only where a field begins; inside, two quotes stand for one; what follows the closing quote
up to the delimiter belongs to the field. A row ends with ``\n``, ``\r`` or ``\r\n`` outside quotes. Blank lines are
no rows.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from itertools import chain
from typing import Final, NamedTuple, TypeAlias

import numpy as np

Buffer: TypeAlias = bytes | memoryview

_PIECE: Final = 2**17
"""Bytes that are compared at a time, so that the results stay in the processor's cache."""

_QUOTE: Final = b'"'
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")


class CsvRow(NamedTuple):
    """One row, as bytes.

    Attributes
    ----------
    line : int
        The line on which it begins.
    raw : bytes
        All of it, with its line end.
    fields : list of bytes or None
        None where a field is empty without quotes.
    closed : bool
        False if a quote is open at the end of the data.
    """

    line: int
    raw: bytes
    fields: list[bytes | None]
    closed: bool


def csv_rows(data: bytes, delimiter: str, line: int = 1) -> Iterator[CsvRow]:
    r"""Split data into rows: the definition that a faster reader is held against.

    Parameters
    ----------
    data : bytes
        From the beginning of a row; any encoding in which the bytes of ASCII stand for themselves.
    delimiter : str
    line : int
        The number of the first line.

    >>> [(row.line, row.fields) for row in csv_rows(b'a,"b\nc"\n\n,""', ",")]
    [(1, [b'a', b'b\nc']), (4, [None, b''])]
    """
    sign = delimiter.encode()
    ends = re.compile(rb"\r|\n|" + re.escape(sign))
    start = 0
    while start < len(data):
        at, closed, fields = start, True, []
        if (blank := _LINE_END.match(data, start)) is not None:
            start, line = blank.end(), line + 1
            continue
        while True:
            field, at, closed = _field(data, at, ends)
            fields.append(field)
            if not data.startswith(sign, at):
                break
            at += len(sign)
        line_end = _LINE_END.match(data, at)
        end = at if line_end is None else line_end.end()
        raw = data[start:end]
        yield CsvRow(line, raw, fields, closed)
        start, line = end, line + count_lines(raw)


def rows_behind_line_end(data: bytes, delimiter: str) -> tuple[int, int] | None:
    r"""Find where a row begins in data that stand behind ``\n`` and end where a row does; count the rows from there.

    Either a row begins with the data, or they begin within quotes. They are split in both ways: a row begins where both
    say so. None if there is no such place.

    >>> rows_behind_line_end(b'and "more",1\n2,\n"b\nc",3\n', ","), rows_behind_line_end(b"a,b\nc,d\n", ",")
    ((13, 2), (0, 2))
    """
    if not delimiter.isascii():
        return None
    if_row, if_quoted = _starts(data, delimiter, 0), _starts(_QUOTE + data, delimiter, 1)
    row, (other, closed) = next(if_row, None), next(if_quoted)
    while row is not None and row[0] != other:
        if row[0] < other:
            row = next(if_row, None)
        elif (following := next(if_quoted, None)) is not None:
            other, closed = following
        else:  # a quote that is open at the end rules the second way out
            return None if closed else (0, sum(1 for _ in csv_rows(data, delimiter)))
    return None if row is None else (other, 1 + sum(1 for _ in if_row))


def _starts(data: bytes, delimiter: str, before: int) -> Iterator[tuple[int, bool]]:
    """Iterate over the positions at which rows begin, less the bytes before, and whether their quotes are closed."""
    at = 0
    for row in csv_rows(data, delimiter):
        at = data.index(row.raw, at)  # behind blank lines
        yield at - before, row.closed
        at += len(row.raw)


def _field(data: bytes, start: int, ends: re.Pattern[bytes]) -> tuple[bytes | None, int, bool]:
    """Read the field that begins at ``start``; returns it, where it ends, and whether its quote is closed."""
    parts: list[bytes] = []
    at = start
    if data.startswith(_QUOTE, at):
        while True:
            quote = data.find(_QUOTE, at + 1)
            if quote < 0:
                return b"".join([*parts, data[at + 1 :]]), len(data), False
            parts.append(data[at + 1 : quote])
            at = quote + 1
            if not data.startswith(_QUOTE, at):
                break
            parts.append(_QUOTE)
    stop = ends.search(data, at)
    end = len(data) if stop is None else stop.start()
    return (None, end, True) if end == start else (b"".join([*parts, data[at:end]]), end, True)


def count_lines(data: Buffer) -> int:
    r"""Count line ends, of whichever kind.

    >>> count_lines(b"a\r\nb\nc\rd")
    3
    """
    n_lines, after_return = 0, False
    for _, piece in _pieces(data):
        feeds, returns = piece == ord("\n"), piece == ord("\r")
        n_lines += int(np.count_nonzero(feeds)) - int(after_return and feeds[0])
        if returns.any():
            n_lines += int(np.count_nonzero(returns)) - int(np.count_nonzero(returns[:-1] & feeds[1:]))
        after_return = bool(returns[-1])
    return n_lines


def _pieces(data: Buffer) -> Iterator[tuple[int, np.ndarray]]:
    array = np.frombuffer(data, np.uint8)
    return ((start, array[start : start + _PIECE]) for start in range(0, len(array), _PIECE))


def end_of_rows(data: Buffer, delimiter: str) -> int:
    r"""Find the end of the last row that ends within the data; 0 if none does.

    A ``\r`` at the very end is not counted as a line end, since ``\n`` may follow.

    >>> end_of_rows(b'a,b\n"c\n', ","), end_of_rows(b'a,b\n"c\n"\nd', ",")
    (4, 9)
    """
    array, marks = np.frombuffer(data, np.uint8), quote_marks(data, delimiter)
    stop = len(array) - int(array[-1:].tobytes() == b"\r")
    while (end := _after_last_line_end(array[:stop])) > 0:
        n_before = int(np.searchsorted(marks, end))
        if n_before % 2 == 0:
            return end
        stop = int(marks[n_before - 1])
    return 0


def _after_last_line_end(array: np.ndarray) -> int:
    """Search backwards, in ever larger pieces; 0 if there is no line end."""
    stop, size = len(array), 256
    while stop > 0:
        start = max(0, stop - size)
        positions = np.flatnonzero((array[start:stop] == ord("\n")) | (array[start:stop] == ord("\r")))
        if len(positions):
            return start + int(positions[-1]) + 1
        stop, size = start, min(4 * size, _PIECE)
    return 0


def quote_marks(data: Buffer, delimiter: str) -> np.ndarray:
    r"""Find the quotes that open and close quoted fields, in turn; an odd number if one is open at the end.

    A quote inside a quoted field, which is written twice, may be left out, or counted as closing and opening.

    >>> quote_marks(b'5" disk,"two\nlines","', ",").tolist()
    [8, 18, 20]
    """
    bytes_ = np.frombuffer(data, np.uint8)
    quotes = np.concatenate(
        [np.empty(0, np.int64), *(start + np.flatnonzero(piece == ord('"')) for start, piece in _pieces(data))]
    )
    if _all_at_field_ends(bytes_, quotes, delimiter):
        return quotes
    return np.frombuffer(_walked(bytes_.tobytes(), quotes, delimiter), np.int64)


def _all_at_field_ends(array: np.ndarray, quotes: np.ndarray, delimiter: str) -> bool:
    """Check that each quote has a delimiter, a line end or another quote on the side away from the field's text."""
    if not delimiter.isascii():
        return False
    beside = np.zeros(256, np.bool_)
    beside[[ord(delimiter), ord("\n"), ord("\r"), ord('"')]] = True
    opening, closing = quotes[::2], quotes[1::2]
    before, after = opening[opening > 0] - 1, closing[closing < len(array) - 1] + 1
    return bool(beside[array[before]].all() and beside[array[after]].all())


def _walked(data: bytes, quotes: np.ndarray, delimiter: str) -> array[int]:
    """Walk from quote to quote, for data in which some are part of unquoted text."""
    marks = array("q")
    starts = (delimiter.encode(), b"\r", b"\n")
    inside, second = False, -1
    for at in chain.from_iterable(quotes[start : start + _PIECE].tolist() for start in range(0, len(quotes), _PIECE)):
        if at == second:
            continue
        if inside and data.startswith(_QUOTE, at + 1):
            second = at + 1
        elif inside or at == 0 or data.endswith(starts, 0, at):
            marks.append(at)
            inside = not inside
    return marks
