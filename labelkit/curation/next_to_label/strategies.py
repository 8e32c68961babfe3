"""Strategies: each gives every example a score, the higher the more an answer is expected to tell.

References
----------
Settles (2009), Active learning literature survey. https://minds.wisconsin.edu/handle/1793/60660
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from labelkit._shared.near_names import names_hint
from labelkit._shared.numbers import wilson_interval
from labelkit.curation.slices.at_stake import at_stake
from labelkit.exceptions import AnalysisError
from labelkit.label_models import MODELS
from labelkit.votes.hard_labels import hard_labels
from labelkit.votes.matched_labels import matched_proba

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.votes.label_matrix import LabelMatrix

COMMITTEE: Final = ("MajorityVote", "OneCoin", "LabelModel")
"""The label models that are asked, if no others are given."""


@dataclass(frozen=True, eq=False)
class QuestionPool:
    """What strategies know of the examples.

    Attributes
    ----------
    matrix : LabelMatrix
    proba : ndarray of shape (n_examples, n_classes)
    gold : ndarray of int64, shape (n_examples,)
        -1 where unknown.
    committee : tuple of ndarray of shape (n_examples, n_classes)
    rule : str or None
    slices : ndarray of int64, shape (n_examples,), or None
    hard : ndarray of int64, shape (n_examples,), or None
        The labels, -1 where there is none.
    """

    matrix: LabelMatrix
    proba: NDArray[np.float64]
    gold: NDArray[np.int64]
    committee: tuple[NDArray[np.float64], ...] = ()
    rule: str | None = None
    slices: NDArray[np.int64] | None = None
    hard: NDArray[np.int64] | None = None


Score = Callable[[QuestionPool], "NDArray[np.float64]"]


class Strategy(NamedTuple):
    """A strategy with what it is good for."""

    score: Score
    good_for: str


def least_confident(pool: QuestionPool) -> NDArray[np.float64]:
    """One less the probability of the most probable class."""
    return np.asarray(1 - pool.proba.max(axis=1))


def margin(pool: QuestionPool) -> NDArray[np.float64]:
    """One less the difference of the two most probable classes."""
    top = np.sort(pool.proba, axis=1)[:, -2:]
    return np.asarray(1 - (top[:, 1] - top[:, 0]))


def entropy(pool: QuestionPool) -> NDArray[np.float64]:
    """Entropy of the probabilities, in nats."""
    return _entropy(pool.proba)


def disagreement(pool: QuestionPool) -> NDArray[np.float64]:
    """Entropy of the votes on the example; 0 for fewer than two."""
    counts = np.stack([(pool.matrix.votes == label).sum(axis=1) for label in range(pool.proba.shape[1])], axis=1)
    total = counts.sum(axis=1, keepdims=True)
    return np.asarray(_entropy(counts / np.maximum(total, 1)) * (total[:, 0] > 1))


def committee(pool: QuestionPool) -> NDArray[np.float64]:
    """Jensen-Shannon divergence of the members: the entropy of their mean, less the mean of their entropies."""
    members = pool.committee or tuple(
        np.asarray(MODELS[name]().fit(pool.matrix).predict_proba(pool.matrix)) for name in COMMITTEE
    )
    if len(members) < 2:
        raise AnalysisError("a committee has at least two members", hint="committee=[model, other]")
    mean = np.mean(members, axis=0)
    apart = _entropy(mean) - np.mean([_entropy(one) for one in members], axis=0)
    return np.asarray(np.maximum(apart, 0))


def expected_change(pool: QuestionPool) -> NDArray[np.float64]:
    """Expected length of the gradient of a model over the votes, under the probabilities of the answer."""
    proba = pool.proba
    squares = (proba**2).sum(axis=1, keepdims=True)
    length = np.sqrt(np.maximum(squares - proba**2 + (1 - proba) ** 2, 0))  # of p less one-hot of each answer
    n_votes = (pool.matrix.votes >= 0).sum(axis=1)
    return np.asarray((proba * length).sum(axis=1) * np.sqrt(n_votes + 1.0))


def rule_validation(pool: QuestionPool) -> NDArray[np.float64]:
    """Examples on which a rule votes, all alike: the given one, or that whose precision is known worst."""
    return np.asarray((pool.matrix.votes[:, validated_rule(pool)] >= 0).astype(np.float64))


def validated_rule(pool: QuestionPool) -> int:
    """Return the position of the given rule, or of that whose precision is known worst, for the number of its votes."""
    votes = pool.matrix.votes
    if pool.rule is not None:
        if pool.rule not in pool.matrix.names:
            raise AnalysisError(
                f"there is no rule {pool.rule!r}", hint=names_hint(pool.rule, pool.matrix.names), code="LK116"
            )
        return pool.matrix.names.index(pool.rule)
    judged = pool.gold[:, None] >= 0
    n = ((votes >= 0) & judged).sum(axis=0)
    right = ((votes == pool.gold[:, None]) & judged).sum(axis=0)
    low, high = wilson_interval(right, np.maximum(n, 1e-9))
    width = np.where(n > 0, np.nan_to_num(high - low, nan=1.0), 1.0)
    return int((width * (votes >= 0).sum(axis=0)).argmax())


def poor_slices(pool: QuestionPool) -> NDArray[np.float64]:
    """Examples of the slice whose labels may be worst: the upper bound of its error times its size, all alike."""
    if pool.slices is None:
        raise AnalysisError("no slices are given", hint="slices=frame['source'], a value for each example")
    hard = hard_labels(pool.proba) if pool.hard is None else pool.hard
    inside = pool.slices >= 0
    size = np.bincount(pool.slices[inside])
    judged = inside & (pool.gold >= 0) & (hard >= 0)
    n = np.bincount(pool.slices[judged], minlength=len(size))
    wrong = np.bincount(pool.slices[judged & (hard != pool.gold)], minlength=len(size))
    worst = int(at_stake(wrong, n, size).argmax())
    return np.asarray((pool.slices == worst).astype(np.float64))


def _entropy(proba: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(-(proba * np.log(np.maximum(proba, 1e-300))).sum(axis=1))


STRATEGIES: Final[Mapping[str, Strategy]] = {
    "random": Strategy(lambda pool: np.ones(len(pool.proba)), "estimates without bias, and a class prior"),
    "least_confident": Strategy(least_confident, "labels near the border of two or more classes"),
    "margin": Strategy(margin, "the same, where many classes have a small probability each"),
    "entropy": Strategy(entropy, "the same, where the label model knows least"),
    "committee": Strategy(committee, "what label models would decide differently"),
    "disagreement": Strategy(disagreement, "rules that contradict each other: one of them is to be mended"),
    "expected_change": Strategy(expected_change, "a label model that is to learn from the answers"),
    "rule": Strategy(rule_validation, "the precision of a rule: a random sample of its votes"),
    "slices": Strategy(poor_slices, "a slice whose labels may be poor: a random sample of it"),
}
"""Strategies by name."""

ALIKE: Final = ("random", "rule", "slices")
"""Strategies that draw at random among some examples, and take no best ones."""


def scores(name: str, pool: QuestionPool) -> NDArray[np.float64]:
    """Score all examples by a strategy.

    Raises
    ------
    AnalysisError
        If there is none of that name, or it lacks what it needs.
    """
    if name not in STRATEGIES:
        raise AnalysisError(f"there is no strategy {name!r}", hint=names_hint(name, [*STRATEGIES, "bandit"]))
    return np.asarray(STRATEGIES[name].score(pool), dtype=np.float64)


def members_of(models: Any, matrix: LabelMatrix) -> tuple[NDArray[np.float64], ...]:
    """Return the probabilities of the members of a committee: of models, of which copies are fitted, or of arrays."""
    answers = []
    for model in models or ():
        if hasattr(model, "predict_proba"):
            fitted = (
                model if hasattr(model, "class_prior_") or hasattr(model, "class_names_") else copy(model).fit(matrix)
            )
            answers.append(np.asarray(fitted.predict_proba(matrix)))
        else:
            answers.append(_answer_of(model, matrix))
    return tuple(answers)


def _answer_of(given: Any, matrix: LabelMatrix) -> NDArray[np.float64]:
    """Return probabilities in the order of the examples and the classes of a matrix."""
    what = "the probabilities of the committee"
    return matched_proba(given, matrix.examples, matrix.class_names, what=what, error=AnalysisError)
