"""Give examples with gold their class in probabilistic labels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from labelkit._shared.computed_rows import stacked
from labelkit.exceptions import ModelError
from labelkit.votes.gold_beside import gold_of_labels
from labelkit.votes.probabilistic_labels import ProbabilisticLabels


def with_gold(labels: ProbabilisticLabels, gold: Any) -> ProbabilisticLabels:
    """Labels in which the examples with gold have their class for certain, and count as covered.

    Parameters
    ----------
    labels : ProbabilisticLabels
    gold : array-like, Series or mapping by id
        See :func:`labelkit.votes.gold.aligned_gold`.

    Examples
    --------
    >>> proba, names = np.array([[0.5, 0.5], [0.1, 0.9]]), ("HAM", "SPAM")
    >>> given = ProbabilisticLabels(proba, np.array([False, True]), np.array([0, 1, 1]), np.arange(3), names)
    >>> found = with_gold(given, {0: "SPAM", 2: "HAM"})
    >>> found.proba.tolist(), found.hard().tolist()
    ([[0.0, 1.0], [0.1, 0.9], [1.0, 0.0]], [1, 1, 0])
    """
    truth = gold_of_labels(gold, labels)
    chosen = np.flatnonzero(truth >= 0)
    classes, number = np.unique(truth[chosen], return_inverse=True)
    certain = (classes[:, None] == np.arange(labels.n_classes)).astype(np.float64)
    index = np.array(labels.index, dtype=np.int64)
    index[chosen] = len(labels.pattern_proba) + number
    return replace(
        labels,
        pattern_proba=stacked([labels.pattern_proba, certain]),
        pattern_covered=np.concatenate([labels.pattern_covered, np.ones(len(classes), dtype=bool)]),
        index=index,
    )


def none_without_gold() -> ModelError:
    """Return the error where every example with a label has gold, which judges and does not teach."""
    return ModelError(
        "all examples with a label have gold, so that none is left to learn from",
        hint="give gold of some examples: what has gold judges, and does not teach",
        code="LK407",
    )
