"""Draw label matrices of rules whose accuracies are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def generate_simple_label_matrix(
    n: int, m: int, cardinality: int, abstain_multiplier: float = 1.0
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Draw rules, classes and votes, by the generator that ``np.random.seed`` sets.

    Parameters
    ----------
    n, m : int
        Numbers of examples and rules.
    cardinality : int
        Number of classes.
    abstain_multiplier : float
        A factor of the weight of abstaining.

    Returns
    -------
    P : array of shape (m, cardinality + 1, cardinality)
        The probability of each vote, abstaining first, given the class.
    Y : array of shape (n,)
        The classes.
    L : array of shape (n, m)
        The votes, -1 for an abstain.
    """
    draw: Any = np.random  # the generator that users seed
    P = np.stack([_rule(draw, cardinality, abstain_multiplier) for _ in range(m)])
    Y = draw.choice(cardinality, n)
    cumulated = P.cumsum(axis=1)
    cumulated /= cumulated[:, -1:, :]
    uniform, L = draw.random_sample((n, m)), np.empty((n, m), dtype=int)
    for j in range(m):
        L[:, j] = (uniform[:, j, None] >= cumulated[j].T[Y]).sum(axis=1) - 1
    return P, Y, L


def _rule(draw: Any, cardinality: int, abstain_multiplier: float) -> NDArray[np.float64]:
    """Draw the probabilities of a rule's votes, which is right more often than not; shape (1 + classes, classes)."""
    p = draw.rand(cardinality + 1, cardinality)
    p[1:] += (cardinality - 1) * np.eye(cardinality)
    p[0] *= abstain_multiplier
    return np.asarray(p / p.sum(axis=0))
