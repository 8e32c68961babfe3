"""Spread labels: how often labels are changed where an end model gains by it, and where it loses, and the stated gain.

python -m tests.benchmarks.honesty.few_labels --repeats 100
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

import labelkit as lk
from labelkit.curation.few_labels._rounds import scaled_loss
from labelkit.label_models.content.soft_regression import log_softmax, soft_regression
from labelkit.votes.training_set import certainty
from tests.benchmarks.honesty.table import main, row

ROWS, COVERED, GOLD, FRESH = 1_500, 60, 300, 5_000
WIDTH = 30
METHODS = ("self_training", "spreading")
LOSS = 0.005
"""A change of the log-loss that counts."""

SCENARIOS = {"like the covered ones": (0.45, False), "of the other class": (0.45, True), "without a sign": (0.0, False)}
"""What rows without a vote are: how far the classes are apart in each feature, and whether their class is another."""


def rows(repeats: int, random_state: int) -> list[dict[str, Any]]:
    """Simulate all scenarios, judged by gold and by hidden labels."""
    return list(spread_rows(repeats, np.random.default_rng(random_state)))


def spread_rows(
    repeats: int, rng: np.random.Generator, methods: tuple[str, ...] = METHODS, gold: tuple[int, ...] = (GOLD, 0)
) -> Iterator[dict[str, Any]]:
    """Spread labels over made-up rows, and compare end models on fresh ones."""
    for name in SCENARIOS:
        for method in methods:
            for n_gold in gold:
                runs = [_run(name, method, n_gold, rng) for _ in range(repeats)]
                figures = dict(zip(("coverage", "width", "right", "wrong", "bias"), np.mean(runs, axis=0), strict=True))
                yield row(f"{name}, {method}", ROWS, n_gold, **figures)


def _run(name: str, method: Any, n_gold: int, rng: np.random.Generator) -> list[float]:
    """Return whether the interval holds, its width, whether a change gains and whether it harms, and the bias."""
    far, is_other = SCENARIOS[name]
    truth, look = rows_of(ROWS, far, is_other, rng)
    truth[:COVERED], look[:COVERED] = rows_of(COVERED, far, False, rng)
    labels = labels_of(np.where(np.arange(ROWS) < COVERED, truth, -1), rng)
    gold = np.where(np.arange(ROWS) >= ROWS - n_gold, truth, -1) if n_gold else None
    spread = lk.spread_labels(look, labels, method=method, gold=gold, random_state=int(rng.integers(2**31)))
    fresh, fresh_look = rows_of(FRESH, far, is_other, rng)
    taught = slice(0, ROWS - n_gold)  # rows with gold were left out of what the gain is stated of
    before, after = (loss_of(one[taught], look[taught], fresh, fresh_look) for one in (labels, spread.labels))
    gain = before - after
    evidence = spread.evidence
    assert evidence is not None
    stated = evidence.gain if spread.is_changed else 0.0
    holds = evidence.low - LOSS <= gain <= evidence.high + LOSS if spread.is_changed else True
    changed = spread.is_changed
    return [holds, evidence.high - evidence.low, changed and gain > LOSS, changed and gain < -LOSS, stated - gain]


def rows_of(n: int, far: float, is_other: bool, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return classes and features, of which each is a little higher for the second class, or for the first."""
    truth = rng.integers(0, 2, n)
    look = 1 - truth if is_other else truth
    return truth, rng.normal(size=(n, WIDTH)) + far * look[:, None]


def labels_of(hard: np.ndarray, rng: np.random.Generator) -> lk.ProbabilisticLabels:
    """Label rows with 0.9 for a class, which is right in nine of ten; -1 is uncovered."""
    wrong = rng.random(len(hard)) < 0.1
    pattern = np.where(hard < 0, 2, np.where(wrong, 1 - hard, hard))
    proba = np.array([[0.9, 0.1], [0.1, 0.9], [0.5, 0.5]])
    return lk.ProbabilisticLabels(proba, np.array([True, True, False]), pattern, np.arange(len(hard)), ("A", "B"))


def loss_of(labels: lk.ProbabilisticLabels, look: np.ndarray, fresh: np.ndarray, fresh_look: np.ndarray) -> float:
    """Return the log-loss on fresh rows of an end model of the labels."""
    covered, mean, spread = labels.is_covered, look.mean(axis=0), look.std(axis=0)
    soft = labels.proba[covered]
    weights = soft_regression(((look - mean) / spread)[covered], soft, certainty(soft), 10.0, 60)
    proba = np.exp(log_softmax((fresh_look - mean) / spread @ weights[:-1] + weights[-1]))
    return float(scaled_loss(proba, np.eye(2)[fresh], np.ones(len(fresh))).mean())


if __name__ == "__main__":
    main(rows)
