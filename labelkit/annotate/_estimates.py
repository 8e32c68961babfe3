"""Estimate what the answers say so far: the shares of the classes in the corpus, and how often the rules are right.

Answers to a sample with inclusion probabilities are weighted by their reciprocals (Hajek's estimator of a share), and
the intervals are Wilson's of the effective number of answers (Kish).

References
----------
Hajek (1971), comment in Foundations of Statistical Inference. Kish (1965), Survey Sampling, of the effective number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit._shared.numbers import wilson_interval

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


def estimated_share(name: str, hits: NDArray[np.bool_], weights: NDArray[np.float64]) -> EstimatedShare:
    """Estimate a share from weighted answers.

    Parameters
    ----------
    name : str
    hits : ndarray of bool, shape (n,)
    weights : ndarray of shape (n,)
        Reciprocals of inclusion probabilities, up to a factor.

    Examples
    --------
    >>> found = estimated_share("SPAM", np.array([True, False, False, True]), np.array([1.0, 1.0, 1.0, 3.0]))
    >>> round(found.share, 3), round(found.low, 2), round(found.high, 2)
    (0.667, 0.21, 0.94)
    """
    if not len(hits):
        return EstimatedShare(name, math.nan, math.nan, math.nan, 0)
    share = min(float(weights @ hits / weights.sum()), 1.0)
    n_effective = float(weights.sum() ** 2 / (weights**2).sum())
    low, high = wilson_interval(share * n_effective, n_effective)
    return EstimatedShare(name, share, float(low), float(high), len(hits))


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
    items, drawn = _drawn(labels, probabilities)
    if not items:
        return ()
    given = np.array([labels[item] for item in items], dtype=object)
    return tuple(estimated_share(name, given == name, 1 / drawn) for name in class_names)


def share_right(
    labels: Mapping[Any, str], probabilities: Mapping[Any, float], rule_labels: Mapping[Any, str]
) -> EstimatedShare | None:
    """Estimate how often the label that most rules vote for is right, where they have one."""
    both, drawn = _drawn([item for item in labels if item in rule_labels], probabilities)
    if not both:
        return None
    right = np.array([labels[item] == rule_labels[item] for item in both])
    return estimated_share("most rules", right, 1 / drawn)


def _drawn(items: Iterable[Any], probabilities: Mapping[Any, float]) -> tuple[list[Any], NDArray[np.float64]]:
    """Return the examples that were drawn at random, and how probable that was."""
    drawn = [item for item in items if math.isfinite(probabilities[item])]
    return drawn, np.array([probabilities[item] for item in drawn], dtype=np.float64)
