"""Correct what labels say of the shares of classes by gold on a few rows, and say how many rows that is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit._shared.computed_rows import pieces_of
from labelkit._shared.numbers import effective_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.votes.probabilistic_labels import ProbabilisticLabels

PSEUDO_ROWS: Final = 2
"""Gold rows that are imagined beside the real ones, one of them a mistake of the labels: where gold finds no mistake,
the share of mistakes is not known to be 0."""

FEWEST_ROWS: Final = 3
"""Gold rows below which labels do not help."""


@dataclass(frozen=True, eq=False)
class LabelMoments:
    """Mean and variance of the probabilities of each class over ``n`` examples.

    Parameters
    ----------
    n : int
    mean, variance : ndarray of shape (n_classes,)
    """

    n: int
    mean: NDArray[np.float64]
    variance: NDArray[np.float64]

    @classmethod
    def of_sums(cls, n: float, total: NDArray[np.float64], squares: NDArray[np.float64]) -> LabelMoments:
        """Make them of the sums of probabilities, and of their squares."""
        if not n:
            return cls(0, np.full(len(total), np.nan), np.zeros(len(total)))
        mean = total / n
        return cls(int(n), mean, np.maximum(squares / n - mean**2, 0))

    @classmethod
    def of(cls, labels: ProbabilisticLabels) -> LabelMoments:
        """Compute them from the patterns of labels."""
        counts = np.bincount(labels.index, minlength=len(labels.pattern_proba)).astype(np.float64)
        total, squares = np.zeros(labels.n_classes), np.zeros(labels.n_classes)
        for piece, rows in pieces_of(labels.pattern_proba):
            total += counts[piece] @ rows
            squares += counts[piece] @ rows**2
        return cls.of_sums(len(labels), total, squares)


def corrected_shares(
    truth: NDArray[np.float64], says: NDArray[np.float64], weight: NDArray[np.float64], labels: LabelMoments
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    r"""Estimate the shares of classes: that of gold, plus how far the labels of all examples differ from those of gold.

    With labels f, gold y and power b, the share is :math:`\bar y_{gold} + b (\bar f_{all} - \bar f_{gold})`. Its
    variance is that of the residuals y - b f; a mistake of the labels that gold does not show is taken to be there
    (:data:`PSEUDO_ROWS`), since 20 right votes of 20 do not tell 100% from 90%.

    Parameters
    ----------
    truth : ndarray of shape (n_gold, n_classes)
        1 in the column of each row's class.
    says : ndarray of shape (n_gold, n_classes)
        The probabilities of the labels for the same rows.
    weight : ndarray of shape (n_gold,)
    labels : LabelMoments
        Of all examples.

    Returns
    -------
    share : ndarray of shape (n_classes,)
    effective_n : ndarray of shape (n_classes,)
        Rows of a simple random sample that would tell as much; at most the number of examples.

    References
    ----------
    Angelopoulos, Duchi, Zrnic (2023), PPI++: efficient prediction-powered inference.
    https://doi.org/10.48550/arXiv.2311.01453
    """
    part = (weight / weight.sum())[:, None]
    worth = 1 / float((part**2).sum())
    share, mean = (part * truth).sum(axis=0), (part * says).sum(axis=0)
    spread = (part * (says - mean) ** 2).sum(axis=0)
    together = (part * (truth - share) * (says - mean)).sum(axis=0)
    power = np.divide(together, (1 + worth / labels.n) * spread, out=np.zeros_like(spread), where=spread > 1e-12)
    power = np.clip(power, 0, 1)
    corrected = np.clip(share + power * (labels.mean - mean), 0, 1)
    residual = truth - share - power * (says - mean)
    squares = (part**2 * residual**2).sum(axis=0) * worth**2
    variance = (squares + PSEUDO_ROWS / 2) / (worth + PSEUDO_ROWS) / worth + power**2 * labels.variance / labels.n
    inner = (corrected * worth + 1) / (worth + 2)  # no share is known to be 0
    return corrected, effective_size(inner, variance, labels.n)
