"""Cross-fitting: probabilities of gold examples by models that did not learn from them.

A model looks better on gold that it learned from than it is. The gold is divided into five parts, and the examples of
each get the probabilities of a model that learned from the other four and from all votes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from labelkit.votes.gold import GoldCounts

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS: Final = 5
"""Parts that gold is divided into; fewer where there are fewer examples."""

Predict: TypeAlias = "Callable[[NDArray[np.int64]], NDArray[np.float64]]"
"""Function from positions of patterns to their probabilities."""


@dataclass(frozen=True, eq=False)
class HeldOutGold:
    """Gold with the probabilities of a model that did not see it; a pattern may occur with several of them.

    Attributes
    ----------
    gold : GoldCounts
    proba : ndarray of shape (n_pairs, n_classes)
    """

    gold: GoldCounts
    proba: NDArray[np.float64]


def cross_fit(gold: GoldCounts, fit: Callable[[GoldCounts], Predict]) -> HeldOutGold:
    """Predict the examples of each part of the gold by a model that is fitted with the gold of the others.

    Parameters
    ----------
    gold : GoldCounts
        At least one example.
    fit : function
        From gold to a function from positions of patterns to probabilities.

    Returns
    -------
    HeldOutGold
    """
    parts = [(part, fit(rest)(part.pattern)) for part, rest in _folds(gold)]
    return HeldOutGold(
        GoldCounts(
            pattern=np.concatenate([part.pattern for part, _ in parts]),
            label=np.concatenate([part.label for part, _ in parts]),
            count=np.concatenate([part.count for part, _ in parts]),
        ),
        np.concatenate([proba for _, proba in parts]),
    )


def _folds(gold: GoldCounts) -> list[tuple[GoldCounts, GoldCounts]]:
    """Divide gold at random, with a fixed seed, into parts of equal size, each with the rest of it."""
    pair = np.repeat(np.arange(len(gold)), gold.count.astype(np.int64))
    fold = np.random.default_rng(0).permutation(len(pair)) % FOLDS
    folds = []
    for number in range(min(FOLDS, len(pair))):
        count = np.bincount(pair[fold == number], minlength=len(gold)).astype(np.float64)
        folds.append((_with_counts(gold, count), _with_counts(gold, gold.count - count)))
    return folds


def _with_counts(gold: GoldCounts, count: NDArray[np.float64]) -> GoldCounts:
    kept = count > 0
    return GoldCounts(gold.pattern[kept], gold.label[kept], count[kept])
