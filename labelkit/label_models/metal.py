"""Conditional vote probabilities fitted to the co-occurrence of votes (matrix completion, as in MeTaL)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from labelkit._shared.memory import FOR_MANY_CLASSES, check_room
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import ModelError
from labelkit.label_models._additive import AdditiveModel
from labelkit.label_models._class_prior import SourcedPrior
from labelkit.label_models._overlaps import shared_examples

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._class_prior import ClassPrior
    from labelkit.label_models._vote_table import VoteTable
    from labelkit.votes.gold import GoldCounts

LEAST: Final = 1e-3
"""Lower bound of mu, relative to the share of all examples that have the vote."""

RIDGE: Final = 3.0
"""L2 penalty on the distance from the start, since moments of few examples are noisy."""


@checks_keywords
class MetalModel(AdditiveModel):
    r"""Factorise the second moments of votes.

    With mu[c, y] = P(column c votes | y), LFs that are independent given the class have
    ``O = mu diag(pi) mu'`` outside the blocks of each LF with itself, O the shares of examples that two columns share.

    .. math:: \min_\mu \sum_{lf(a) \ne lf(b)} (O - \mu \, diag(\pi) \, \mu')_{ab}^2 + \sum_a (p_a - (\mu \pi)_a)^2
        + ridge

    started from a precision of 0.7 for every vote, which also selects one of the equivalent solutions.

    Parameters
    ----------
    class_prior : array-like of shape (n_classes,), or dict or Series by class, optional
        Uniform if not given.
    precision : float in (0, 1)
        Precision of every vote at the start of the search.
    max_iter : int
        Steps of L-BFGS at most.
    n_classes : int, optional
        Number of classes, if the votes do not determine it.

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

    learns_from_gold: ClassVar[bool] = False

    def __init__(
        self,
        *,
        class_prior: ClassPrior | None = None,
        precision: float = 0.7,
        max_iter: int = 100,
        n_classes: int | None = None,
    ) -> None:
        self.class_prior = class_prior
        self.precision = precision
        self.max_iter = max_iter
        self.n_classes = n_classes

    def _learn(self, table: VoteTable, gold: GoldCounts) -> None:  # noqa: ARG002 - the method does not use gold
        if not 0 < self.precision < 1:
            raise ModelError(f"precision={self.precision!r} is not in (0, 1)")
        n_bytes = 32.0 * table.n_columns * (table.n_columns + table.n_classes)
        check_room(n_bytes, "the moments of all pairs of votes", hint=FOR_MANY_CLASSES)
        prior = SourcedPrior.given_or_even(self.class_prior, table.class_names)
        share = table.column_counts / table.counts.sum()
        moments = shared_examples(table).toarray() / table.counts.sum()
        moments[table.lf[:, None] == table.lf] = np.nan
        right = table.label[:, None] == np.arange(table.n_classes)
        wrong = (1 - self.precision) / max(table.n_classes - 1, 1)
        start = share[:, None] * np.where(right, self.precision, wrong) / prior.values
        start = np.clip(start, LEAST * share[:, None], 1.0)
        mu, self.n_iter_ = factor(moments, share, prior.values, start, self.max_iter)
        self._set_weights(table, np.log(mu), prior)


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
        Shares of examples that two columns share; NaN where they are left out of the loss.
    share : ndarray of shape (n_columns,)
    prior : ndarray of shape (n_classes,)
    start : ndarray of shape (n_columns, n_classes)
    max_iter : int

    Returns
    -------
    mu : ndarray of shape (n_columns, n_classes), in (0, 1]
    n_iter : int
    """
    from scipy.optimize import minimize  # noqa: PLC0415 - slow to import

    if not len(share):
        return start, 1
    fitted = ~np.isnan(moments)
    # Relative to the share of a column, rare votes weigh as much as frequent ones and the search is well scaled.
    unit = np.maximum(share, 1e-12)
    scaled = np.where(fitted, np.nan_to_num(moments) / np.sqrt(np.outer(unit, unit)), 0.0)
    low, high = np.full(start.shape, LEAST).ravel(), np.repeat(1 / unit, start.shape[1])
    begin = (start / unit[:, None]).ravel()
    loss = partial(_loss, moments=scaled, fitted=fitted, root=np.sqrt(unit), prior=prior, begin=begin)
    bounds = list(zip(low, np.maximum(high, 2 * LEAST), strict=True))
    optimum = minimize(loss, begin, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": max_iter})
    mu = np.clip(optimum.x.reshape(start.shape) * unit[:, None], 1e-12, 1.0)
    return np.asarray(mu), max(int(optimum.nit), 1)


def _loss(
    parameters: NDArray[np.float64],
    *,
    moments: NDArray[np.float64],
    fitted: NDArray[np.bool_],
    root: NDArray[np.float64],
    prior: NDArray[np.float64],
    begin: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64]]:
    """Compute the squared distance of the moments plus the ridge penalty, and the gradient."""
    ratio = parameters.reshape(len(root), len(prior))  # mu in units of the column's share
    scaled = ratio * root[:, None]
    residual = np.where(fitted, (scaled * prior) @ scaled.T - moments, 0.0)
    balance = ratio @ prior - 1
    loss = (residual**2).sum() + (root**2 * balance**2).sum()
    gradient = 4 * (residual @ scaled) * prior * root[:, None] + 2 * (root**2 * balance)[:, None] * prior
    change = parameters - begin
    weight = RIDGE * np.repeat(root**2, len(prior))
    return float(loss + (weight * change**2).sum()), gradient.ravel() + 2 * weight * change
