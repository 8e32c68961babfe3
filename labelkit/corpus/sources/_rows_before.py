"""Find a row some rows before a place in a file of lines: read backwards, so that the rows before it are not parsed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from labelkit.corpus._byte_streams import bytes_around
from labelkit.corpus._files import DataFile
from labelkit.corpus.source import RowPlace

FIRST_WINDOW: Final = 2**18
"""Bytes before the place that are read; more if they have too few rows."""

LARGEST_WINDOW: Final = 2**26
"""Where so many bytes do not have the rows, the file is read from its beginning."""

CSV_WINDOW: Final = 2**22
"""The same of CSV, whose rows are counted by their definition."""

TRIES: Final = 8
"""Line ends in the first half of a window that are tried as the beginning of a row."""


def place_before(
    file: DataFile,
    place: RowPlace,
    n_rows: int,
    count: Callable[[bytes], tuple[int, int] | None],
    *,
    first: int = 1,
    largest: int = LARGEST_WINDOW,
) -> RowPlace | None:
    r"""Return the place of a row that is at least so many rows before another one.

    Parameters
    ----------
    file : DataFile
    place : RowPlace
    n_rows : int
    count : callable
        Finds where a row begins in bytes that stand behind ``\n`` and end where a row does, and counts the rows from
        there; None if that is not sure.
    first : int
        The byte behind the header.
    largest : int
        Bytes that are read at the most.

    Returns
    -------
    RowPlace or None
        None if it is not to be found so: near the beginning of the file, or in a file that is not read from within.
    """
    if bytes_around(file, place.offset) is None:
        return None
    size = FIRST_WINDOW
    while size <= largest and place.offset - size >= first:
        start = place.offset - size
        with file.path.open("rb") as opened:
            opened.seek(start)
            data = opened.read(size)
        for number in range(TRIES):
            begin = data.find(b"\n", number * size // (2 * TRIES)) + 1
            counted = count(data[begin:]) if begin else None
            if counted is not None and counted[1] >= n_rows:
                first_row, n_counted = counted
                return RowPlace(place.row - n_counted, place.file, start + begin + first_row)
        size *= 4
    return None
