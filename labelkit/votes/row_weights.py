"""Weights of the rows of a sample, ``weights=``: the inverse of the chance with which each was drawn, but for a factor.

>>> from labelkit.exceptions import AnalysisError
>>> names = ExampleNames(np.array(["a", "b", "c"]))
>>> RowWeights({"b": 20.0, "c": 5.0}, AnalysisError).at(np.array([1, 2]), names).tolist()
[20.0, 5.0]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit._shared.seed_streams import seed_stream
from labelkit.exceptions import GoldError
from labelkit.votes.alignment import aligned_values
from labelkit.votes.example_names import ExampleNames
from labelkit.votes.gold_values import gold_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.exceptions import LabelkitError


@dataclass(frozen=True, eq=False)
class RowWeights:
    """Weights as they were given.

    Parameters
    ----------
    given : array-like, Series or mapping by id
    error : type of LabelkitError
    zero : bool
        Whether a weight may be 0: such a row does not count.
    power : int
        2 for the squares of the weights, which variances add up.
    """

    given: Any
    error: type[LabelkitError]
    zero: bool = False
    power: int = 1

    def at(self, rows: NDArray[np.int64], examples: ExampleNames) -> NDArray[np.float64]:
        """Align the weights by name or position, as gold is, and return those of some rows.

        Parameters
        ----------
        rows : ndarray of int64
            The examples that have gold.
        examples : ExampleNames

        Raises
        ------
        LabelkitError
            If they do not fit, or one of these rows has none, or one that is not a positive number.
        """
        given = self.given
        try:
            values = np.asarray(gold_values(given), dtype=np.float64)
        except (TypeError, ValueError, GoldError):
            raise self.error(
                "weights are not numbers", hint="give 1 / chance of each row to be drawn", code="LK332"
            ) from None
        aligned = aligned_values(given, values, examples, np.nan, what="weights", error=self.error)[rows]
        wrong = ~np.isfinite(aligned) | (aligned < 0) | ((aligned == 0) & (not self.zero))
        if wrong.any():
            name = examples.ids[rows[wrong]][:1].tolist()[0]
            raise self.error(
                f"the weight of the gold row {name!r} is {aligned[wrong][0]:g}, which is not a positive number",
                hint="the weight of a row is 1 / the probability with which it was drawn",
                code="LK332",
            )
        return np.asarray(aligned**self.power)


def drawn_alike(weight: NDArray[np.float64], random_state: int = 0) -> NDArray[np.bool_]:
    """Leave rows out at random, so that those that are left were drawn alike: exact, at the price of fewer rows.

    The random numbers are independent of the rows, in whatever order these come.

    Parameters
    ----------
    weight : ndarray of shape (n,)
        The inverse of the probability with which each was drawn.
    random_state : int

    Returns
    -------
    ndarray of bool, shape (n,)
        True for rows that are left; all of them, if the weights are equal.

    Examples
    --------
    >>> drawn_alike(np.array([5.0, 5.0, 0.0])).tolist()
    [True, True, False]
    """
    random = seed_stream("audit", random_state).random(len(weight))
    return np.asarray(random * weight.max(initial=0.0) < weight)
