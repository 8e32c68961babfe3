"""Process pieces of large arrays in threads: NumPy, SciPy and Arrow release the GIL while they compute.

The pieces do not depend on the number of threads, and results are returned in the order of the pieces, so results do
not depend on the number of threads either.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Final, TypeVar

T = TypeVar("T")
R = TypeVar("R")

MOST_THREADS: Final = 8
"""Limit on threads: more would only wait for memory bandwidth."""


def n_cores() -> int:
    """Return the number of processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not available on every system
        return os.cpu_count() or 1


def in_threads(function: Callable[[T], R], pieces: Sequence[T]) -> list[R]:
    """Call a function on each piece, in threads if there are several pieces and several processors.

    >>> in_threads(len, ["a", "bc"])
    [1, 2]
    """
    n_threads = min(n_cores(), len(pieces), MOST_THREADS)
    if n_threads < 2:
        return [function(piece) for piece in pieces]
    with ThreadPoolExecutor(n_threads, thread_name_prefix="labelkit") as pool:
        return list(pool.map(function, pieces))


def one_ahead(items: Generator[T]) -> Generator[T]:
    """Compute each item in a thread while the caller works on the one before; closes the generator at the end.

    >>> list(one_ahead(letter for letter in "abc"))
    ['a', 'b', 'c']
    """
    with closing(items), ThreadPoolExecutor(1, thread_name_prefix="labelkit") as pool:
        following = pool.submit(next, items, None)
        while (item := following.result()) is not None:
            following = pool.submit(next, items, None)
            yield item


def blocks(n_rows: int, step: int) -> list[slice]:
    """Cut rows into blocks of ``step`` rows; the last may be shorter.

    >>> blocks(5, 2)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    return list(_blocks(n_rows, max(step, 1)))


def _blocks(n_rows: int, step: int) -> Iterator[slice]:
    for start in range(0, n_rows, step):
        yield slice(start, min(start + step, n_rows))
