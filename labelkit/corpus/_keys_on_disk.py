"""Keep 64-bit keys in a temporary file, and find those that stand twice, a share of all keys in memory at a time."""

from __future__ import annotations

import tempfile
import weakref
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

SHARES: Final = 256
"""Ranges of scattered keys that are in memory one after the other: of a billion keys, one has 31 MB."""

_SCATTER: Final = np.uint64(0x9E3779B97F4A7C15)
"""Odd, so that multiplying by it, modulo 2^64, scatters keys and can be undone."""

_GATHER: Final = np.uint64(pow(int(_SCATTER), -1, 2**64))

_BOUNDS: Final = np.arange(1, SHARES, dtype=np.uint64) << np.uint64(56)


class KeysOnDisk:
    """Keys in a temporary file that nothing is left of, whatever ends the process.

    >>> keys = KeysOnDisk()
    >>> keys.write(np.array([7, 9, 2], np.uint64))
    >>> keys.write(np.array([5, 9], np.uint64))
    >>> keys.repeated().tolist()
    [9]
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="labelkit-")  # noqa: SIM115 - lasts as long as this object
        weakref.finalize(self, self._file.close)
        self._cuts: list[NDArray[np.int64]] = []  # where each share of each writing begins, and the end

    def write(self, keys: NDArray[np.uint64]) -> None:
        """Append keys."""
        scattered = np.sort(keys * _SCATTER)
        start = self._cuts[-1][-1] if self._cuts else 0
        self._cuts.append(start + np.array([0, *np.searchsorted(scattered, _BOUNDS), len(scattered)], dtype=np.int64))
        self._file.seek(0, 2)
        self._file.write(scattered.data)

    def repeated(self) -> NDArray[np.uint64]:
        """Return the keys that were written more than once, ascending."""
        return np.sort(np.concatenate([np.zeros(0, np.uint64), *self._repeated_by_share()]))

    def _repeated_by_share(self) -> Iterator[NDArray[np.uint64]]:
        for share in range(SHARES):
            keys = np.sort(np.concatenate([self._read(cuts[share], cuts[share + 1]) for cuts in self._cuts]))
            again = keys[1:][keys[1:] == keys[:-1]]
            if len(again):
                yield np.unique(again) * _GATHER

    def _read(self, start: np.int64, stop: np.int64) -> NDArray[np.uint64]:
        self._file.seek(int(start) * 8)
        return np.frombuffer(self._file.read(int(stop - start) * 8), dtype=np.uint64)
