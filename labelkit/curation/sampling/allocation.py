"""How many rows of each stratum to draw: in proportion, alike, or where the spread is (Neyman)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from labelkit._shared.numbers import count
from labelkit.exceptions import AnalysisError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Allocation = Literal["proportional", "equal", "neyman"]

LEAST: Final = 2
"""Rows of a stratum, if it has them, without which its variance has no estimate."""


def allocated(sizes: NDArray[np.int64], n: int, spread: NDArray[np.float64] | None = None) -> NDArray[np.int64]:
    """Allocate n rows to strata: at least two of each, at most all of it, else in proportion to size times spread.

    Parameters
    ----------
    sizes : ndarray of int64, shape (n_strata,)
        Rows of each; positive.
    n : int
        At most the sum of the sizes.
    spread : ndarray of shape (n_strata,), optional
        Standard deviation within each stratum (Neyman allocation); 1 / size allocates alike.

    Raises
    ------
    AnalysisError
        If there are more strata than rows to draw.

    References
    ----------
    Neyman (1934), On the two different aspects of the representative method. https://doi.org/10.2307/2342192

    Examples
    --------
    >>> allocated(np.array([900, 90, 10]), 50).tolist()
    [44, 4, 2]
    >>> allocated(np.array([900, 90, 10]), 50, spread=np.array([0.1, 0.5, 0.5])).tolist()
    [32, 16, 2]
    """
    if len(sizes) > n:
        raise AnalysisError(
            f"n={count(n)} rows cannot be of all {count(len(sizes))} strata, and of one without rows nothing is known",
            hint=f"n={2 * len(sizes)} draws two of each; or put strata together",
        )
    least = np.minimum(sizes, LEAST if LEAST * len(sizes) <= n else 1)
    wanted = sizes * (np.ones(len(sizes)) if spread is None else spread)
    wanted = np.where(wanted > 0, wanted, 1e-9 * max(float(wanted.max(initial=0.0)), 1e-9))
    fixed, rows = np.zeros(len(sizes), dtype=bool), np.zeros(len(sizes))
    while not fixed.all():  # those beyond a bound are fixed at it, the others share the rest
        rows[~fixed] = (n - rows[fixed].sum()) * wanted[~fixed] / wanted[~fixed].sum()
        low, high = ~fixed & (rows < least), ~fixed & (rows > sizes)
        surplus = (least - rows)[low].sum() - (rows - sizes)[high].sum()
        moved = low if surplus > 0 else high if surplus < 0 else low | high
        if not moved.any():
            break
        rows[moved] = np.where(low, least, sizes)[moved]
        fixed |= moved
    return _whole(rows, n, least, sizes)


def _whole(rows: NDArray[np.float64], n: int, least: NDArray[np.int64], most: NDArray[np.int64]) -> NDArray[np.int64]:
    """Round to whole numbers with the sum n, by the largest remainders."""
    whole = np.clip(np.floor(rows + 1e-9).astype(np.int64), least, most)
    while (missing := n - int(whole.sum())) != 0:
        room = whole < most if missing > 0 else whole > least
        order = np.flatnonzero(room)[np.argsort(-np.sign(missing) * (rows - whole)[room], kind="stable")]
        whole[order[: abs(missing)]] += np.sign(missing)
    return whole
