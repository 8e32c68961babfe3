"""Intervals of estimates from samples: how often they hold the truth of the population, by the design of the sample.

python -m tests.benchmarks.honesty.samples --repeats 500
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import labelkit as lk
from tests.benchmarks.honesty.table import interval_row, main

N_ROWS = 5_000


@dataclass(frozen=True, eq=False)
class Pool:
    """A population, in which a row is of the class with the chance ``risk``.

    ``group`` tells risks apart, ``size`` is a weight that has nothing to do with them, ``batch`` are small clusters.
    """

    risk: np.ndarray
    group: np.ndarray
    size: np.ndarray
    batch: np.ndarray

    @classmethod
    def of(cls, share: float, n_rows: int = N_ROWS, random_state: int = 0) -> Pool:
        rng = np.random.default_rng(random_state)
        risk = rng.beta(4 * share, 4 * (1 - share), n_rows)
        group = np.digitize(risk, np.quantile(risk, [0.25, 0.5, 0.75]))
        return cls(risk, group, rng.lognormal(0, 0.7, n_rows), rng.integers(0, n_rows // 8, n_rows))


def _spread(pool: Pool) -> dict[str, float]:
    means = [pool.risk[pool.group == group].mean() for group in range(4)]
    return {str(group): float(np.sqrt(mean * (1 - mean))) for group, mean in enumerate(means)}


DESIGNS: dict[str, Callable[[Pool, int], dict[str, Any]]] = {
    "random": lambda _pool, n: {"n": n},
    "stratified": lambda pool, n: {"n": n, "method": "stratified", "by": pool.group},
    "stratified, equal": lambda pool, n: {"n": n, "method": "stratified", "by": pool.group, "allocation": "equal"},
    "stratified, Neyman": lambda pool, n: {
        "n": n,
        "method": "stratified",
        "by": pool.group,
        "allocation": "neyman",
        "spread": _spread(pool),
    },
    "weighted": lambda pool, n: {"n": n, "method": "weighted", "weights": pool.size},
    "importance": lambda pool, n: {
        "n": n,
        "method": "importance",
        "weights": np.sqrt(pool.risk * (1 - pool.risk)),
    },
    "systematic": lambda _pool, n: {"n": n, "method": "systematic"},
    "cluster": lambda pool, n: {"n": max(n // 8, 8), "method": "cluster", "by": pool.batch},
    "weighted reservoir": lambda pool, n: {"n": n, "method": "reservoir", "weights": pool.size},
}
"""Options of a design that draws about n rows of a pool."""


def estimates(pool: Pool, design: str, n: int, repeats: int) -> np.ndarray:
    """Draw populations of a pool, and a sample of each: truth, estimate, low and high; shape (4, repeats)."""
    texts = ["a"] * len(pool.risk)
    options, rows = DESIGNS[design](pool, n), []
    for seed in range(repeats):
        truth = np.random.default_rng([seed, n]).random(len(pool.risk)) < pool.risk
        found = lk.sample(texts, **options, random_state=seed).estimate(truth)
        rows.append((truth.mean(), found.value, *found.interval))
    return np.array(rows).T


def covered(pool: Pool, design: str, n: int, repeats: int) -> np.ndarray:
    """Tell for each repeat whether the interval holds the truth."""
    truth, _, low, high = estimates(pool, design, n, repeats)
    return (low <= truth) & (truth <= high)


def rows(repeats: int, random_state: int) -> list[dict[str, Any]]:
    """Simulate all designs over shares and sizes."""
    return list(_rows(repeats, random_state))


def _rows(repeats: int, random_state: int) -> Iterator[dict[str, Any]]:
    for design in DESIGNS:
        for n in (50, 100, 200, 500):
            of_shares = [
                estimates(Pool.of(share, random_state=random_state), design, n, repeats)
                for share in (0.05, 0.1, 0.3, 0.5, 0.95)
            ]
            truth, estimate, low, high = np.concatenate(of_shares, axis=1)
            yield interval_row(f"share from a sample: {design}", n, n, truth, estimate, low, high)


if __name__ == "__main__":
    main(rows)
