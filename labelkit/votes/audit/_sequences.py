"""Share the chance of a wrong proof among sequences of tests, so that a looser level never proves less.

The first sequence tests all labels and ends; each further one starts at half as many labels as the one before, and goes
on to larger sets. Neither the level nor an answer moves a start.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATIO: Final = 2
"""Each sequence starts at a set so many times as small as that of the one before."""

MOST_DELTA: Final = 0.2
"""A higher chance of a wrong proof is not used: its parts would fall faster than proofs get easier (see the notes)."""


def delta_shares(n_audit: int, max_error: float, delta: float) -> NDArray[np.float64]:
    """Share the chance of a wrong proof among the sequences that may prove a level, that of all labels first.

    An audit that has just the rows without which nothing can be proved keeps the chance for all labels; one of four
    times as many halves it between all labels and half of them, and so on. The last sequence comes in by degrees.

    Parameters
    ----------
    n_audit : int
    max_error : float in (0, 1)
    delta : float in (0, 1)

    Returns
    -------
    ndarray of shape (n_sequences,)
        Parts, which add up to ``delta``, or to 0.2 if that is less.

    Notes
    -----
    With x = -log(1 - max_error), there are J = max(1, log2(n x / -log(delta))) sequences, each with delta / J but the
    last, which has what is left. Whatever a part admits at a level, it admits at each higher one: for each unit of
    log(x), log(delta / J) falls by at most 1 / log(2) = 1.44, and the log of the binomial probability p of at most k
    wrong among n falls by at least -log(p), which is at least log(5) = 1.61 where p is at most delta. For p is the
    survival function, at x, of the order statistic k + 1 of n exponential lifetimes, whose hazard rises (Barlow and
    Proschan 1965, Mathematical Theory of Reliability, https://doi.org/10.1137/1.9781611971194). The parts rise with
    delta.

    Examples
    --------
    >>> delta_shares(99, 0.03, 0.05).tolist()
    [0.05]
    >>> delta_shares(600, 0.04, 0.05).round(4).tolist()
    [0.0165, 0.0165, 0.0165, 0.0005]
    """
    delta = min(delta, MOST_DELTA)
    times = n_audit * math.log1p(-max_error) / math.log(delta)
    number = math.log(max(times, RATIO), RATIO)
    return np.asarray(delta * np.minimum(number - np.arange(math.ceil(number)), 1.0) / number)
