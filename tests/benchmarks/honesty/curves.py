"""Intervals of precision, recall, F1, average precision and ROC-AUC: how often they hold the truth.

python -m tests.benchmarks.honesty.curves --repeats 500
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from labelkit import classification_curves
from tests.benchmarks.honesty.table import interval_row, main

FIGURES = ("precision", "recall", "f1", "average_precision", "roc_auc")
SHARES = (0.5, 0.1, 0.02)
GAPS = (0.5, 1.5, 2.5)
SIZES = (200, 1_000, 5_000)
LEAST = 20
"""Expected examples of the class; with fewer, intervals are wider than they need be."""
MANY = 1_000_000
"""Examples from which the truth is counted."""


def rows(repeats: int, random_state: int) -> list[dict[str, Any]]:
    """Simulate classifiers that tell a class of a share apart by a gap between normal scores."""
    return list(_rows(repeats, np.random.default_rng(random_state)))


def _rows(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for share in SHARES:
        for n in (size for size in SIZES if size * share >= LEAST):
            truth, found = [], []
            for gap in GAPS:
                whole = _figures(MANY, share, gap, rng)[:, 0]
                truth += [whole] * repeats
                found += [_figures(n, share, gap, rng) for _ in range(repeats)]
            held = np.moveaxis(np.array(found), 2, 0)
            for i, name in enumerate(FIGURES):
                estimate, low, high = held[:, :, i]
                yield interval_row(f"{name}, class of {share:.0%}", n, n, np.array(truth)[:, i], estimate, low, high)


def _figures(n: int, share: float, gap: float, rng: np.random.Generator) -> np.ndarray:
    """Return estimate, low and high of each figure; shape (n_figures, 3)."""
    gold = (rng.random(n) < share).astype(int)
    score = rng.normal(size=n) + gap * gold - gap / 2
    row = classification_curves(gold, 1 / (1 + np.exp(-score))).frame.loc["1"]
    return np.array([[row[name], row[f"{name}_low"], row[f"{name}_high"]] for name in FIGURES])


if __name__ == "__main__":
    main(rows)
