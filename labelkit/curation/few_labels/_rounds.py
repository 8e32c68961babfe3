"""Rounds of labelling rows without a label, and what an end model loses or gains by the labels of each.

In each round, the rows that are predicted to be of a class are labeled from the most confident on, up to the same share
of each class, which grows from round to round; all labels are decided anew, so that a mistake of the first round is not
for ever.

References
----------
Zou et al. (2018), Unsupervised domain adaptation for semantic segmentation via class-balanced self-training.
https://doi.org/10.1007/978-3-030-01219-9_18
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from scipy.special import stdtrit

from labelkit._shared.numbers import wilson_interval
from labelkit.curation.few_labels._spread_task import Prediction, SpreadTask, Taught, seeded
from labelkit.label_models.content.soft_regression import log_softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

Teacher: TypeAlias = Callable[[Taught], Prediction]
"""From labeled rows to predictions of others."""

FOLDS: Final = 3
"""Parts of the labeled rows, each of which is hidden once."""

MISSED: Final = 0.05
"""Chance that an interval misses the gain."""

FACTORS: Final = np.append(0.0, np.geomspace(1 / 32, 32, 41))
"""Factors of log-probabilities that are tried."""

LEAST: Final = 1e-6
"""Least probability that a loss is computed of."""


@dataclass(frozen=True, eq=False)
class LabeledRound:
    """The labels of a round; those of round 0 are none.

    Attributes
    ----------
    number : int
    nodes : ndarray of int64
        Rows of the pool that have a label.
    proba : ndarray of shape (n_labeled, n_classes)
    end_model : Prediction
        What an end model predicts that learned from all labels.
    prediction : Prediction or None
        What the labels are of.
    checked_by : Prediction or None
        The end model before the round, which judges variants of texts.
    thresholds : ndarray of shape (n_classes,)
        The least probability of a label.
    """

    number: int
    nodes: NDArray[np.int64]
    proba: NDArray[np.float64]
    end_model: Prediction
    prediction: Prediction | None = None
    checked_by: Prediction | None = None
    thresholds: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    def accepted(self, proba: NDArray[np.float64], variants: list[Any]) -> NDArray[np.bool_]:
        """Return whether rows become labels: confident for their class, and predicted alike without some words."""
        label = proba.argmax(axis=1)
        sure = proba.max(axis=1, initial=0.0) >= self.thresholds[label]
        if self.checked_by is not None:
            for features in variants:
                sure &= self.checked_by.of(features).argmax(axis=1) == label
        return np.asarray(sure)


def thresholds_of(proba: NDArray[np.float64], share: float, confidence: float) -> NDArray[np.float64]:
    """Return the least probability of each class at which the most confident share of its rows is labeled.

    >>> thresholds_of(np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.4, 0.6]]), 0.5, 0.6).tolist()
    [0.8, 0.6]
    """
    label, top = proba.argmax(axis=1), proba.max(axis=1, initial=0.0)
    least = np.full(proba.shape[1], confidence)
    for one in np.unique(label):
        sure = np.sort(top[label == one])[::-1]
        least[one] = max(confidence, sure[int(np.ceil(share * len(sure))) - 1])
    return least


def rounds_of(task: SpreadTask, seeds: Taught, teacher: Teacher, judge: Teacher) -> Iterator[LabeledRound]:
    """Label the pool, a round at a time, from some of the labeled rows; round 0 comes first."""
    none = np.zeros(0, dtype=np.int64)
    untouched = judge(seeds)
    state = LabeledRound(0, none, np.zeros((0, seeds.soft.shape[1])), untouched)
    yield state
    for number in range(1, task.rounds + 1):
        is_end_model = teacher is judge and number == 1  # which has learned the same
        prediction = state.end_model if is_end_model else teacher(seeds.with_hard(state.nodes, state.proba))
        proba = prediction.at(task.pool)
        least = thresholds_of(proba, task.share * number / task.rounds, task.confidence)
        checked_by = state.end_model
        state = LabeledRound(number, none, proba, checked_by, prediction, checked_by, least)
        kept = state.accepted(proba, [features[task.pool] for features in task.variants])
        nodes, proba = task.pool[kept], proba[kept]
        end_model = judge(seeds.with_soft(nodes, proba)) if len(nodes) else untouched
        state = LabeledRound(number, nodes, proba, end_model, prediction, checked_by, least)
        yield state


@dataclass(frozen=True, eq=False)
class JudgedRows:
    """Rows whose labels no round learned from, and what each round makes of them.

    Attributes
    ----------
    loss : ndarray of shape (n_rows, 1 + n_rounds)
        Log-loss of the end model, scaled: see :func:`scaled_loss`.
    labeled, right : ndarray of shape (n_rows, 1 + n_rounds)
        Whether the row would have got a label as one without votes, and the chance that this is right.
    better : ndarray of shape (n_rows, 1 + n_rounds)
        By how much the log-loss of that label is below the log-loss of the class prior; 0 without a label.
    weight : ndarray of shape (n_rows,)
    """

    loss: NDArray[np.float64]
    labeled: NDArray[np.float64]
    right: NDArray[np.float64]
    better: NDArray[np.float64]
    weight: NDArray[np.float64]

    @property
    def losses(self) -> NDArray[np.float64]:
        """Mean log-loss of the end model by round."""
        return np.asarray(np.average(self.loss, axis=0, weights=self.weight))

    def gain(self, number: int) -> tuple[float, float, float]:
        """Return by how much a round lowers the log-loss, with its 95% interval.

        The interval is that of t, wide enough for all rounds together (Bonferroni), since the best is chosen by the
        same rows; NaN where a single row decides.
        """
        gains = self.loss[:, 0] - self.loss[:, number]
        mean = float(np.average(gains, weights=self.weight))
        freedom = self.weight.sum() ** 2 / (self.weight**2).sum() - 1
        if freedom < 1e-9:
            return mean, float("nan"), float("nan")
        squares = (self.weight**2 * (gains - mean) ** 2).sum() / self.weight.sum() ** 2 * (1 + 1 / freedom)
        reach = float(stdtrit(freedom, 1 - MISSED / 2 / max(self.loss.shape[1] - 1, 1)) * np.sqrt(squares))
        return mean, mean - reach, mean + reach

    @property
    def rounds_with_news(self) -> NDArray[np.int64]:
        """Rounds whose labels tell more of the judged rows than the class prior does."""
        return np.flatnonzero(self.weight @ self.better > 0)

    def accuracy(self, number: int) -> tuple[int, float, float, float]:
        """Return how many of the rows a round would label, the share of right labels, and its 95% interval."""
        n, right = float(self.labeled[:, number].sum()), float(self.right[:, number].sum())
        low, high = wilson_interval(right, n)
        return round(n), right / n if n else float("nan"), float(low), float(high)


def judged_by_gold(task: SpreadTask, truth: NDArray[np.int64], teacher: Teacher, judge: Teacher) -> JudgedRows:
    """Judge each round on rows with gold, none of which taught.

    Parameters
    ----------
    truth : ndarray of int64, shape (n_nodes,)
        -1 where unknown.
    """
    judged, seeds = np.flatnonzero(truth >= 0), task.seeds[truth[task.seeds.nodes] < 0]
    target = np.eye(seeds.soft.shape[1])[truth[judged]]
    others = SpreadTask(**{**vars(task), "pool": task.pool[truth[task.pool] < 0]})
    return _judged(others, seeds, Taught(judged, target, np.ones(len(judged))), teacher, judge)


def judged_by_hidden_labels(task: SpreadTask, teacher: Teacher, judge: Teacher, random_state: int) -> JudgedRows:
    """Judge each round on labels that were hidden from it, a third of them at a time."""
    fold, seeds = folds_of(task.seeds, random_state), task.seeds
    parts = [_judged(task, seeds[fold != part], seeds[fold == part], teacher, judge) for part in range(FOLDS)]
    return JudgedRows(*(np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0])))


def folds_of(seeds: Taught, random_state: int) -> NDArray[np.int64]:
    """Deal the rows of each class out over the folds, at random."""
    label = seeds.soft.argmax(axis=1)
    order = np.lexsort((seeded(random_state, 1).random(len(label)), label))
    fold = np.empty(len(label), dtype=np.int64)
    fold[order] = np.arange(len(label)) % FOLDS
    return fold


def scaled_loss(
    proba: NDArray[np.float64], soft: NDArray[np.float64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the log-loss of each row after the logs of all are multiplied by the number that is best for them.

    So being surer, or less sure, of the same order of rows is neither a gain nor a harm: labels of which a graph is not
    sure would else look harmful, and doubts on top of wrong predictions helpful.

    >>> soft, ones = np.eye(2)[[0, 0, 0, 1]], np.ones(4)  # a quarter is predicted wrong
    >>> sure, unsure = (np.array([[p, 1 - p]] * 4) for p in (0.99, 0.6))
    >>> [float(scaled_loss(one, soft, ones).mean().round(2)) for one in (sure, unsure)]
    [0.56, 0.56]
    """
    logs = np.log(proba.clip(LEAST))
    losses = [-(soft * log_softmax(factor * logs)).sum(axis=1) for factor in FACTORS]
    return np.asarray(losses[int(np.argmin([weight @ loss for loss in losses]))])


def _judged(task: SpreadTask, seeds: Taught, judged: Taught, teacher: Teacher, judge: Teacher) -> JudgedRows:
    shape = len(judged.nodes), task.rounds + 1
    loss, labeled, right, better = (np.zeros(shape) for _ in range(4))
    variants = [features[judged.nodes] for features in task.variants]
    prior = np.average(seeds.soft, axis=0, weights=seeds.weight)
    by_prior = -judged.soft @ np.log(prior.clip(LEAST))
    for state in rounds_of(task, seeds, teacher, judge):
        loss[:, state.number] = scaled_loss(state.end_model.at(judged.nodes), judged.soft, judged.weight)
        if state.prediction is not None:
            proba = state.prediction.at(judged.nodes)
            kept = state.accepted(proba, variants)
            labeled[:, state.number] = kept
            right[:, state.number] = kept * judged.soft[np.arange(shape[0]), proba.argmax(axis=1)]
            better[:, state.number] = kept * (by_prior + (judged.soft * np.log(proba.clip(LEAST))).sum(axis=1))
    return JudgedRows(loss, labeled, right, better, judged.weight)
