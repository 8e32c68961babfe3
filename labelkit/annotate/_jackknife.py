"""Values without each example in turn, of which the variance and the bias of a value are estimated.

A coefficient of agreement is too low where a class has few examples. The jackknife tells by how much: without one more
example it is lower again. The bootstrap tells it, too, but less of both bias and variance, and needs many samples.

References
----------
Quenouille (1956), Notes on bias in estimation. https://doi.org/10.1093/biomet/43.3-4.353
Efron, Stein (1981), The jackknife estimate of variance. https://doi.org/10.1214/aos/1176345462
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CELLS: Final = 4_000_000
"""Numbers that a step holds at most, about."""


@dataclass(frozen=True, eq=False)
class Jackknifed:
    """Values of all examples, and without each.

    Attributes
    ----------
    value : ndarray of float64, shape (n_values,)
    without : ndarray of float64, shape (n_rows, n_values)
        NaN where a value is undefined without the example.
    n_each : ndarray, shape (n_rows,)
        Examples that each row is of.
    """

    value: NDArray[np.float64]
    without: NDArray[np.float64]
    n_each: NDArray[np.float64]

    def moments(self, place: int) -> tuple[float, float, float]:
        """Return a value less its bias, its variance, and the share of examples without which it is defined.

        Examples
        --------
        >>> mean = jackknifed(lambda sums: sums[:, 1:] / sums[:, :1], np.array([[1.0, 0], [1, 1]]), np.array([8, 2]))
        >>> [round(one, 6) for one in mean.moments(0)]
        [0.2, 0.017778, 1.0]
        """
        value, without = float(self.value[place]), self.without[:, place]
        order = np.argsort(without, kind="stable")  # so that sums do not depend on the order of the examples
        without, weight = without[order], np.where(np.isfinite(without), self.n_each, 0.0)[order]
        n = float(self.n_each.sum())
        if not weight.any():
            return value, 0.0, 0.0
        values = np.where(weight > 0, without, 0.0)
        mean = float(weight @ values / weight.sum())
        variance = float(weight @ (values - mean) ** 2) * (n - 1) / n
        return n * value - (n - 1) * mean, variance, float(weight.sum() / n)


def jackknifed(
    compute: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    sums: NDArray[np.float64],
    n_each: NDArray[np.int64],
) -> Jackknifed:
    """Compute values of the sum of all rows, and of that without each row.

    Parameters
    ----------
    compute : callable
        From sums, shape (n_sums, n_terms), to values, shape (n_sums, n_values) or (n_sums,).
    sums : ndarray of float64, shape (n_rows, n_terms)
    n_each : ndarray of int64, shape (n_rows,)
        Examples with the numbers of each row.
    """
    whole = n_each @ sums
    value, step = compute(whole[None, :]).reshape(1, -1), max(1, CELLS // len(whole))
    parts = [compute(whole - sums[start : start + step]) for start in range(0, len(sums), step)]
    without = np.concatenate([part.reshape(-1, value.shape[1]) for part in parts])
    return Jackknifed(value[0], without, n_each.astype(np.float64))
