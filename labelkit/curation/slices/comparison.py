"""Shares of a slice beside those of the rest of the corpus: intervals, tests and their correction.

The test is exact: given how many judged examples are right in all, the number in the slice is hypergeometric if being
in the slice has nothing to do with it (Fisher). Of a weighted sample, the counts are those of as many independent rows
as tell as much. The p-values of all slices are corrected by Holm's procedure, not by Benjamini and Hochberg's: slices
overlap, and a slice and its rest go against each other, so that the tests depend on each other in ways under which only
Holm's promise holds; and what follows from a flag (labels bought, rules rewritten) is not worth one false flag in
twenty. Where no slice differs from its rest, any is flagged in at most 5% of summaries.

References
----------
Fisher (1935), The logic of inductive inference. https://doi.org/10.2307/2342435
Holm (1979), A simple sequentially rejective multiple test procedure. https://www.jstor.org/stable/4615733
Newcombe (1998), Interval estimation for the difference between independent proportions: comparison of eleven methods.
https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from labelkit._shared.numbers import weighted_size, wilson_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

FALSE_ALARMS: Final = 0.05
"""Least upper bound of the share of analyses with any untrue finding."""


@dataclass(frozen=True, eq=False)
class GroupShares:
    """Shares of some groups of rows, with the number of independent rows that each is worth.

    Attributes
    ----------
    share : ndarray of float64
        NaN where there are no rows.
    size : ndarray of float64
        Rows of equal weight that would tell as much.
    """

    share: NDArray[np.float64]
    size: NDArray[np.float64]

    @classmethod
    def of_moments(cls, moments: NDArray[np.float64]) -> GroupShares:
        """Take sums of weights and of their squares, of all rows and of those that count; shape (4, n_groups)."""
        weight, square, counted, counted_square = moments
        share = np.divide(counted, weight, out=np.full(len(weight), np.nan), where=weight > 0)
        return cls(share, weighted_size(weight, square, counted, counted_square))

    @property
    def bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Wilson's 95% interval."""
        return wilson_interval(np.nan_to_num(self.share) * self.size, self.size)


def moments_of(weight: NDArray[np.float64], counted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Add up weights and their squares, of all rows and of those that count; shape (4,)."""
    of_counted = weight[counted]
    return np.array([weight.sum(), weight @ weight, of_counted.sum(), of_counted @ of_counted])


def difference_bounds(one: GroupShares, other: GroupShares) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Newcombe's 95% interval of the difference of two independent shares (his method 10)."""
    (low, high), (other_low, other_high) = one.bounds, other.bounds
    difference = one.share - other.share
    down = np.sqrt((one.share - low) ** 2 + (other_high - other.share) ** 2)
    up = np.sqrt((high - one.share) ** 2 + (other.share - other_low) ** 2)
    return difference - down, difference + up


def p_values(one: GroupShares, other: GroupShares, *, side: Literal["both", "below"] = "both") -> NDArray[np.float64]:
    """Test each share against another one, exactly; NaN where either has no rows.

    Parameters
    ----------
    one, other : GroupShares
    side : {"both", "below"}
        ``"below"`` tests whether the first is lower; both sides double the smaller tail.

    Examples
    --------
    >>> one, other = GroupShares(np.array([0.5]), np.array([10.0])), GroupShares(np.array([0.9]), np.array([100.0]))
    >>> p_values(one, other).round(4).tolist(), p_values(one, other, side="below").round(4).tolist()
    ([0.0081], [0.0041])
    """
    from scipy.stats import hypergeom  # noqa: PLC0415 - slow to import

    there = (one.size >= 0.5) & (other.size >= 0.5)
    n, n_other = (np.rint(np.where(there, shares.size, 1)).astype(np.int64) for shares in (one, other))
    counted = np.rint(np.nan_to_num(one.share) * n).astype(np.int64)
    in_all = counted + np.rint(np.nan_to_num(other.share) * n_other).astype(np.int64)
    p = hypergeom.cdf(counted, n + n_other, in_all, n)
    if side == "both":
        p = np.minimum(1.0, 2 * np.minimum(p, hypergeom.sf(counted - 1, n + n_other, in_all, n)))
    return np.where(there, p, np.nan)
