"""Draw the columns that posts and comments share: ids, authors, times, and the nulls among them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from labelkit.datasets._fragments import Bools, Ints, handles
from labelkit.datasets._lexicon import TROLLS

if TYPE_CHECKING:
    from numpy.typing import NDArray

ID_BITS = 40
ID_MASK = (1 << ID_BITS) - 1
"""Ids are distinct up to 2 ** 40 rows."""

START = np.datetime64("2024-01-01T00:00:00", "us")
SECONDS = 366 * 86_400
"""Everything was written in 2024."""


def ids(prefix: str, rows: Ints, *, random_state: int) -> Any:
    """Make distinct ids in no visible order: a permutation of the row number within 40 bits.

    >>> ids("p", np.arange(3), random_state=0).to_pylist()
    ['p0e984c049c', 'p3473701ec6', 'pde3500d1ff']
    """
    salt = (random_state + 1) * 0x5851F42D4C & ID_MASK
    scrambled = rows.astype(np.uint64) ^ np.uint64(salt)
    for odd in (0x9E3779B97F, 0xC2B2AE3D27):
        scrambled = (scrambled * np.uint64(odd)) & np.uint64(ID_MASK)
        scrambled ^= scrambled >> np.uint64(ID_BITS // 2)
    shifts = np.arange(ID_BITS - 4, -4, -4).astype(np.uint64)
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)[(scrambled[:, None] >> shifts) & np.uint64(15)]
    return pa.array(_prefixed(prefix, digits))


def _prefixed(prefix: str, digits: NDArray[np.uint8]) -> list[str]:
    joined = digits.tobytes().decode("ascii")
    width = digits.shape[1]
    return [prefix + joined[start : start + width] for start in range(0, len(joined), width)]


@cache
def _authors() -> Any:
    return pa.array(handles(np.random.default_rng(7), size=30_000))


def authors(rng: np.random.Generator, offensive: Bools) -> Any:
    """Draw authors: some write much, a few mostly offensive texts, and 5% are null."""
    names = _authors()
    others = len(TROLLS) + (rng.random(len(offensive)) ** 3 * (len(names) - len(TROLLS))).astype(np.int64)
    trolls = rng.integers(len(TROLLS), size=len(offensive))
    is_troll = rng.random(len(offensive)) < np.where(offensive, 0.08, 0.006)
    is_missing = rng.random(len(offensive)) < 0.05
    return names.take(pa.array(np.where(is_troll, trolls, others), mask=is_missing))


def moments(rng: np.random.Generator, size: int) -> Any:
    """Draw moments of one year, to the second."""
    seconds = rng.integers(SECONDS, size=size).astype("timedelta64[s]")
    return pa.array(START + seconds, pa.timestamp("us", tz="UTC"))


def with_nulls(rng: np.random.Generator, values: Any, share: float) -> Any:
    """Make an Arrow array of the values, a share of them null."""
    return pa.array(values, mask=rng.random(len(values)) < share)
