"""Which slices may be poor: the one measure of it, for summaries and for what to label next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit._shared.numbers import wilson_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray


def at_stake(wrong: NDArray[Any], n: NDArray[Any], rows: NDArray[Any]) -> NDArray[np.float64]:
    """Compute how many labels of each slice may be wrong: the upper bound of its error times its size.

    Parameters
    ----------
    wrong, n : ndarray
        Judged examples that are labeled wrongly, and all of them; without any, all labels may be wrong.
    rows : ndarray of int64
        Examples of each slice.

    Examples
    --------
    >>> at_stake(np.array([0.0, 0.0, 5.0]), np.array([0.0, 100.0, 10.0]), np.array([50, 1000, 100])).round(1).tolist()
    [50.0, 37.0, 76.3]
    """
    _, high = wilson_interval(wrong, n)
    return np.asarray(np.where(n > 0, high, 1.0) * rows)
