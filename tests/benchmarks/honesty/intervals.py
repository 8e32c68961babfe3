"""Intervals of shares and of F1: how often they hold the truth, over a grid of sizes and of true values.

python -m tests.benchmarks.honesty.intervals --repeats 200
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from labelkit._shared.numbers import wilson_interval
from labelkit.analysis.summary import summarize
from labelkit.votes.metrics import f1_intervals, f1_scores, macro_f1, macro_f1_interval
from tests.benchmarks.honesty.table import interval_row, main

SIZES = (10, 20, 50, 100, 500, 1_000, 5_000)
SHARES = (0.02, 0.05, 0.1, 0.3, 0.5, 0.78, 0.9, 0.95, 0.98)
PRIORS = {"2 even": (0.5, 0.5), "2 at 90:10": (0.9, 0.1), "4 uneven": (0.4, 0.3, 0.2, 0.1), "10 even": (0.1,) * 10}
ACCURACIES = (0.6, 0.9, 0.98)
MANY = 400_000
"""Examples from which the true F1 is counted."""


def rows(repeats: int, random_state: int) -> list[dict[str, Any]]:
    """Simulate Wilson's intervals, the precision of all votes, F1 and macro F1."""
    rng = np.random.default_rng(random_state)
    return [*_wilson(repeats, rng), *_all_votes(repeats, rng), *_f1(repeats, rng)]


def _wilson(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Coverage, overlaps, conflicts, precision and recall of one rule are shares of independent examples.

    A single share swings about the mean over the grid, as counts are whole numbers: of 10 examples from 0.91 to 0.98.
    """
    truth = np.array(SHARES)[:, None]
    for n in SIZES:
        part = rng.binomial(n, truth, size=(len(SHARES), repeats))
        yield interval_row(f"share of {SHARES[0]} to {SHARES[-1]}", n, n, truth, part / n, *wilson_interval(part, n))


def _all_votes(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """The precision of all votes: rules err together on hard examples, or one rule votes on what another leaves."""
    for together in (0.0, 0.5, 1.0):
        for n in (50, 400):
            frames = [summarize(*_votes(n, together, rng), n_classes=2).frame.iloc[-1] for _ in range(repeats)]
            estimate, low, high = np.array([[f.precision, f.precision_low, f.precision_high] for f in frames]).T
            yield interval_row(f"all votes, {together:.0%} of the errors in common", n, n, 0.85, estimate, low, high)


def _votes(n: int, together: float, rng: np.random.Generator) -> tuple[np.ndarray, None, np.ndarray]:
    """Votes of six rules that are right in 85% each, and vote on 60% each."""
    errs = np.where(rng.random((n, 6)) < together, rng.random((n, 1)), rng.random((n, 6))) < 0.15
    return np.where(rng.random((n, 6)) < 0.6, errs.astype(int), -1), None, np.zeros(n, dtype=int)


def _f1(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """F1 of each class, and its mean where all classes occur; a twentieth of the examples has no label."""
    for name, prior in PRIORS.items():
        k = len(prior)
        truths = {accuracy: f1_scores(*_labels(MANY, prior, accuracy, rng), k) for accuracy in ACCURACIES}
        for n in (50, 200, 1_000):
            ends = [
                (*_f1_ends(*_labels(n, prior, accuracy, rng), k), truth)
                for accuracy, truth in truths.items()
                for _ in range(repeats)
            ]
            of_class, of_mean, truth = (np.array(part) for part in zip(*ends, strict=True))
            yield interval_row(f"F1 of a class, {name}", n, n, truth, *np.moveaxis(of_class, 1, 0))
            yield interval_row(f"macro F1, {name}", n, n, truth.mean(axis=1), *of_mean.T)


def _labels(
    n: int, prior: tuple[float, ...], accuracy: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    gold = rng.choice(len(prior), n, p=prior)
    wrong = (gold + rng.integers(1, len(prior), n)) % len(prior)
    labels = np.where(rng.random(n) < accuracy, gold, wrong)
    return np.where(rng.random(n) < 0.05, -1, labels), gold


def _f1_ends(labels: np.ndarray, gold: np.ndarray, k: int) -> tuple[np.ndarray, tuple[float, float, float]]:
    """Return estimate, low and high of each class, shape (3, k), and of the mean of all classes."""
    scores = f1_scores(labels, gold, k)
    mean = (np.nan, np.nan, np.nan)
    if not np.isnan(scores).any():
        mean = (macro_f1(labels, gold, k), *macro_f1_interval(labels, gold, k))
    return np.array([scores, *f1_intervals(labels, gold, k)]), mean


if __name__ == "__main__":
    main(rows)
