r"""Formulas of fitted label models: the log-scores of one example, as sums over its votes.

.. math:: s_y = e^t d^u (p_y + \sum_k S_{ky}) + o_y + A_y, \qquad S_y = a_y n_y + b \log(1 + n_y)

where each n_y (and A_y) sums the weights of the votes of the example, perhaps divided by ``1 + c (m - 1)``
with m another such sum, at least 1. They are what ``predict_proba`` computes, spelled for systems that know no arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class VoteSum:
    """The sum of the weights of an example's votes, for each class.

    Attributes
    ----------
    weights : ndarray of shape (n_columns, n_classes)
    slopes : ndarray of shape (n_classes,), optional
        Factor of the sum; 1 if not given.
    log_weight : float
        Factor of the log of 1 plus the sum.
    divided_by : tuple of float and ndarray of shape (n_columns,), optional
        c, and the weights of the votes that make m.
    """

    weights: NDArray[np.float64]
    slopes: NDArray[np.float64] | None = None
    log_weight: float = 0.0
    divided_by: tuple[float, NDArray[np.float64]] | None = None


@dataclass(frozen=True, eq=False)
class ScoreFormula:
    """The log-scores of the classes.

    Attributes
    ----------
    lf, label : ndarray of int64, shape (n_columns,)
        The labeling function and the vote of each column.
    prior : ndarray of shape (n_classes,)
    sums : tuple of VoteSum
    scale : tuple of (t, u, ndarray of shape (n_columns,)), optional
        The factor of all before, ``exp(t) d ** u``, with the weights of the votes that make d, at least 1.
    offsets : ndarray of shape (n_classes,), optional
    after : VoteSum, optional
    """

    lf: NDArray[np.int64]
    label: NDArray[np.int64]
    prior: NDArray[np.float64]
    sums: tuple[VoteSum, ...]
    scale: tuple[float, float, NDArray[np.float64]] | None = None
    offsets: NDArray[np.float64] | None = None
    after: VoteSum | None = None
