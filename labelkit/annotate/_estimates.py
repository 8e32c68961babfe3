"""Estimate what the answers say so far: the shares of the classes in the corpus, and how often the rules are right."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit.curation.sampling.estimates import estimated_share

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class EstimatedShare:
    """A share with its 95% interval.

    Attributes
    ----------
    name : str
    share, low, high : float
        In [0, 1]; NaN where nothing is known.
    n : int
        Answers behind it.
    """

    name: str
    share: float
    low: float
    high: float
    n: int


def share_of(name: str, hits: NDArray[np.bool_], chances: NDArray[np.float64] | None = None) -> EstimatedShare:
    """Estimate a share from answers.

    Parameters
    ----------
    name : str
    hits : ndarray of bool, shape (n,)
    chances : ndarray of shape (n,), optional
        With which each example came to be answered; without, all are alike and few of many.

    Examples
    --------
    >>> half = share_of("SPAM", np.array([True, False] * 50))
    >>> round(half.share, 3), round(half.low, 2), round(half.high, 2)
    (0.5, 0.4, 0.6)
    """
    few = np.full(len(hits), 2.0**-30) if chances is None else chances
    return EstimatedShare(name, *estimated_share(hits, few), len(hits))


def class_shares(
    labels: Mapping[Any, str], probabilities: Mapping[Any, float], class_names: Sequence[str]
) -> tuple[EstimatedShare, ...]:
    """Estimate the share of each class, from the labels of examples and how probable it was to ask about each.

    Examples whose probability is NaN were not drawn at random, and say nothing of the corpus.

    Returns
    -------
    tuple of EstimatedShare
        Empty where no example was drawn at random.
    """
    items, chances = _answered(labels, probabilities)
    if not items:
        return ()
    given = np.array([labels[item] for item in items], dtype=object)
    return tuple(share_of(name, given == name, chances) for name in class_names)


def share_right(
    labels: Mapping[Any, str], probabilities: Mapping[Any, float], rule_labels: Mapping[Any, str]
) -> EstimatedShare | None:
    """Estimate how often the label that most rules vote for is right, where they have one."""
    items, chances = _answered(labels, probabilities)
    both = np.array([item in rule_labels for item in items], dtype=bool)
    if not both.any():
        return None
    right = np.array([labels[item] == rule_labels[item] for item in items if item in rule_labels])
    return share_of("most rules", right, chances[both])


def _answered(labels: Mapping[Any, str], probabilities: Mapping[Any, float]) -> tuple[list[Any], NDArray[np.float64]]:
    """Return the answered examples of those that were drawn at random, and with what chance each came to be one.

    Those that are answered are taken to be a random part of those that were drawn.
    """
    n_drawn = sum(map(math.isfinite, probabilities.values()))
    items = [item for item in labels if math.isfinite(probabilities[item])]
    share = len(items) / max(n_drawn, 1)
    return items, share * np.array([probabilities[item] for item in items], dtype=np.float64)
