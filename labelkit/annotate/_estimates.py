"""Estimate what the answers say so far: the shares of the classes in the corpus, and how often the rules are right.

Answers to a sample with inclusion probabilities are weighted by their reciprocals (Hajek's estimator of a share), and
the intervals are Wilson's of the effective number of answers (Kish).

References
----------
Hajek (1971), comment in Foundations of Statistical Inference. Kish (1965), Survey Sampling, of the effective number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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

    Returns
    -------
    tuple of EstimatedShare
        Empty where an example was not drawn at random: then nothing is estimated.
    """
    drawn = np.array([probabilities[item] for item in labels], dtype=np.float64)
    if np.isnan(drawn).any() or not len(drawn):
        return ()
    given = np.array(list(labels.values()), dtype=object)
    return tuple(estimated_share(name, given == name, 1 / drawn) for name in class_names)


def share_right(
    labels: Mapping[Any, str], probabilities: Mapping[Any, float], rule_labels: Mapping[Any, str]
) -> EstimatedShare | None:
    """Estimate how often the label that most rules vote for is right, where they have one."""
    both = [item for item in labels if item in rule_labels]
    drawn = np.array([probabilities[item] for item in both], dtype=np.float64)
    if np.isnan(drawn).any() or not both:
        return None
    right = np.array([labels[item] == rule_labels[item] for item in both])
    return estimated_share("most rules", right, 1 / drawn)
