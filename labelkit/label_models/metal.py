"""Conditional vote probabilities that explain how often votes occur together (matrix completion, as in MeTaL)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from scipy.optimize import minimize

from labelkit._shared.memory import FOR_MANY_CLASSES, check_room
from labelkit.exceptions import ModelError
from labelkit.label_models._additive import AdditiveModel
from labelkit.label_models._overlaps import together
from labelkit.label_models.base import checked_prior, uniform

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from labelkit.label_models._vote_table import GoldCounts, VoteTable

LEAST: Final = 1e-3
"""No vote is believed to be rarer among the examples of a class, in shares of how often it occurs at all."""


STAY: Final = 3.0
"""How much it costs to move away from the start, where moments of few examples would pull anywhere."""


class MetalModel(AdditiveModel):
    r"""Second moments of votes, factored.

    With mu[c, y] = P(column c votes | y), LFs that are independent given the class have
    ``O = mu diag(pi) mu'`` outside the blocks of each LF with itself, O the shares of examples that two columns share.

    .. math:: \min_\mu \sum_{lf(a) \ne lf(b)} (O - \mu \, diag(\pi) \, \mu')_{ab}^2 + \sum_a (p_a - (\mu \pi)_a)^2
        + ridge

    started from a precision of 0.7 for every vote, which also says which of the equivalent solutions is meant.

    Parameters
    ----------
    class_prior : array-like of shape (n_classes,), optional
        Uniform if not given.
    precision : float in (0, 1)
        Where the search starts.
    max_iter : int
        Steps of L-BFGS at the most.
    n_classes : int, optional
        How many classes there are, where the votes cannot tell.

    Attributes
    ----------
    weights_ : ndarray of shape (n_columns, n_classes)
        log mu.

    References
    ----------
    Ratner, Hancock, Dunnmon, Sala, Pandey, Re (2019), Training complex models with multi-task weak supervision.
    https://doi.org/10.1609/aaai.v33i01.33014763

    Examples
    --------
    >>> votes = np.array([[0, 0, 1], [1, 1, 1], [0, 0, 0], [1, 1, 0]] * 5)
    >>> MetalModel().fit(votes).predict(votes)[:4].tolist()
    [0, 1, 0, 1]
    """

    uses_confidence: ClassVar[bool] = True

    def __init__(
        self,
        *,
        class_prior: ArrayLike | None = None,
        precision: float = 0.7,
        max_iter: int = 100,
        n_classes: int | None = None,
    ) -> None:
        self.class_prior = class_prior
        self.precision = precision
        self.max_iter = max_iter
        self.n_classes = n_classes

    def _learn(self, table: VoteTable, gold: GoldCounts) -> None:  # noqa: ARG002 - the method has no place for gold
        if not 0 < self.precision < 1:
            raise ModelError(f"precision={self.precision!r} is not in (0, 1)")
        n_bytes = 32.0 * table.n_columns * (table.n_columns + table.n_classes)
        check_room(n_bytes, "the moments of all pairs of votes", hint=FOR_MANY_CLASSES)
        given = checked_prior(self.class_prior, table.n_classes)
        prior = uniform(table.n_classes) if given is None else given
        share = table.column_counts / table.counts.sum()
        moments = together(table).toarray() / table.counts.sum()
        moments[table.lf[:, None] == table.lf] = np.nan
        right = table.label[:, None] == np.arange(table.n_classes)
        wrong = (1 - self.precision) / max(table.n_classes - 1, 1)
        start = share[:, None] * np.where(right, self.precision, wrong) / prior
        start = np.clip(start, LEAST * share[:, None], 1.0)
        mu, self.n_iter_ = factor(moments, share, prior, start, self.max_iter)
        self._keep(table, np.log(mu), prior)


def factor(
    moments: NDArray[np.float64],
    share: NDArray[np.float64],
    prior: NDArray[np.float64],
    start: NDArray[np.float64],
    max_iter: int,
) -> tuple[NDArray[np.float64], int]:
    """Find mu from the second and first moments of votes.

    Parameters
    ----------
    moments : ndarray of shape (n_columns, n_columns)
        Shares of examples that two columns share; NaN where they are not to be explained.
    share : ndarray of shape (n_columns,)
    prior : ndarray of shape (n_classes,)
    start : ndarray of shape (n_columns, n_classes)
    max_iter : int

    Returns
    -------
    mu : ndarray of shape (n_columns, n_classes), in (0, 1]
    n_iter : int
    """
    if not len(share):
        return start, 1
    known = ~np.isnan(moments)
    # In units of how often a column votes, rare votes matter as much as frequent ones and the search is well scaled.
    unit = np.maximum(share, 1e-12)
    scaled = np.where(known, np.nan_to_num(moments) / np.sqrt(np.outer(unit, unit)), 0.0)
    low, high = np.full(start.shape, LEAST).ravel(), np.repeat(1 / unit, start.shape[1])
    begin = (start / unit[:, None]).ravel()
    loss = partial(_loss, moments=scaled, known=known, root=np.sqrt(unit), prior=prior, begin=begin)
    bounds = list(zip(low, np.maximum(high, 2 * LEAST), strict=True))
    found = minimize(loss, begin, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": max_iter})
    mu = np.clip(found.x.reshape(start.shape) * unit[:, None], 1e-12, 1.0)
    return np.asarray(mu), max(int(found.nit), 1)


def _loss(
    parameters: NDArray[np.float64],
    *,
    moments: NDArray[np.float64],
    known: NDArray[np.bool_],
    root: NDArray[np.float64],
    prior: NDArray[np.float64],
    begin: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64]]:
    """Squared distance of the moments, and its gradient."""
    ratio = parameters.reshape(len(root), len(prior))  # mu in units of the column's share
    scaled = ratio * root[:, None]
    residual = np.where(known, (scaled * prior) @ scaled.T - moments, 0.0)
    balance = ratio @ prior - 1
    loss = (residual**2).sum() + (root**2 * balance**2).sum()
    gradient = 4 * (residual @ scaled) * prior * root[:, None] + 2 * (root**2 * balance)[:, None] * prior
    moved = parameters - begin
    weight = STAY * np.repeat(root**2, len(prior))
    return float(loss + (weight * moved**2).sum()), gradient.ravel() + 2 * weight * moved
