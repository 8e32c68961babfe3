"""Intervals of estimates from samples: how often they hold the truth of the population, by the design of the sample.

python -m tests.benchmarks.honesty.samples --repeats 500

A row is of all pools together; its name ends with the lowest and the highest coverage of a pool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

import labelkit as lk
from tests.benchmarks.honesty.table import interval_row, main

N_ROWS = 5_000
SIZES = (50, 100, 200, 500)


@dataclass(frozen=True, eq=False)
class Pool:
    """A population, in which a row is of the class with the chance ``risk``.

    ``group`` are strata that tell risks apart, ``size`` is a weight that has nothing to do with them, ``batch`` are small
    clusters, ``voted`` is a part of the rows that a rule votes on.
    """

    risk: np.ndarray
    group: np.ndarray
    size: np.ndarray
    batch: np.ndarray
    voted: np.ndarray

    @classmethod
    def of(cls, share: float, n_rows: int = N_ROWS, random_state: int = 0) -> Pool:
        """Make a population whose quarters by risk are the strata."""
        rng = np.random.default_rng(random_state)
        risk = rng.beta(4 * share, 4 * (1 - share), n_rows)
        return cls._of(risk, np.digitize(risk, np.quantile(risk, [0.25, 0.5, 0.75])), rng)

    @classmethod
    def of_strata(cls, sizes: Sequence[float], risks: Sequence[float], random_state: int = 0) -> Pool:
        """Make a population of strata in each of which all rows have the same risk."""
        rng = np.random.default_rng(random_state)
        group = np.repeat(np.arange(len(sizes)), np.round(N_ROWS * np.array(sizes) / np.sum(sizes)).astype(int))
        return cls._of(np.array(risks)[group], group, rng)

    @classmethod
    def _of(cls, risk: np.ndarray, group: np.ndarray, rng: np.random.Generator) -> Pool:
        n_rows = len(risk)
        size, batch = rng.lognormal(0, 0.7, n_rows), rng.integers(0, n_rows // 8, n_rows)
        return cls(risk, group, size, batch, rng.random(n_rows) < 0.5)


def pools(random_state: int = 0) -> dict[str, Pool]:
    """Make populations of rare and even shares, with strata that are almost pure, and with many strata."""
    rng = np.random.default_rng([random_state, 1])
    by_share = {
        f"{share:.0%}": Pool.of(share, random_state=random_state) for share in (0.02, 0.05, 0.1, 0.3, 0.5, 0.95)
    }
    return by_share | {
        "4 strata of 0.1 to 60%": Pool.of_strata([50, 30, 15, 5], [0.001, 0.01, 0.1, 0.6], random_state),
        "rules right in 97, 85 and 60%": Pool.of_strata([70, 20, 10], [0.97, 0.85, 0.6], random_state),
        "20 strata": Pool.of_strata(rng.dirichlet([3.0] * 20), rng.beta(0.3, 0.7, 20), random_state),
        "25 strata, one like another": Pool.of_strata([1] * 25, [0.3] * 25, random_state),
    }


def _spread(pool: Pool) -> dict[str, float]:
    means = {group: pool.risk[pool.group == group].mean() for group in np.unique(pool.group)}
    return {str(group): float(np.sqrt(mean * (1 - mean))) for group, mean in means.items()}


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


QUANTITIES: dict[str, Callable[[Pool, np.ndarray, np.random.Generator], dict[str, Any]]] = {
    "share": lambda _pool, truth, _rng: {"values": truth},
    "precision": lambda pool, truth, _rng: {"values": truth, "where": pool.voted},
    "mean": lambda pool, truth, rng: {"values": rng.normal(pool.risk + truth, 1.0)},
}
"""What is estimated of a population."""


def estimates(pool: Pool, design: str, n: int, repeats: int, quantity: str = "share") -> np.ndarray:
    """Draw populations of a pool, and a sample of each: truth, estimate, low and high; shape (4, repeats)."""
    rows_of_pool = lk.LabelMatrix.of(np.zeros((len(pool.risk), 1), dtype=int), classes=["no", "yes"])
    options, rows = DESIGNS[design](pool, n), []
    for seed in range(repeats):
        rng = np.random.default_rng([seed, n])
        asked = QUANTITIES[quantity](pool, rng.random(len(pool.risk)) < pool.risk, rng)
        found = lk.sample(rows_of_pool, **options, random_state=seed).estimate(**asked)
        rows.append((asked["values"][asked.get("where", slice(None))].mean(), found.value, *found.interval))
    return np.array(rows).T


def covered(pool: Pool, design: str, n: int, repeats: int, quantity: str = "share") -> np.ndarray:
    """Tell for each repeat whether the interval holds the truth."""
    truth, _, low, high = estimates(pool, design, n, repeats, quantity)
    return (low <= truth + 1e-12) & (truth - 1e-12 <= high)


def rows(repeats: int, random_state: int) -> list[dict[str, Any]]:
    """Simulate all designs over quantities, populations and sizes."""
    return list(_rows(repeats, random_state))


def _rows(repeats: int, random_state: int) -> Iterator[dict[str, Any]]:
    there = pools(random_state)
    few = {name: there[name] for name in ("10%", "50%", "rules right in 97, 85 and 60%")}
    for quantity in QUANTITIES:
        of_shares = quantity == "share"
        for design, n in product(DESIGNS, SIZES if of_shares else SIZES[1:2]):
            of_pools = [
                estimates(pool, design, n, repeats, quantity) for pool in (there if of_shares else few).values()
            ]
            truth, estimate, low, high = np.concatenate(of_pools, axis=1)
            line = interval_row(f"{quantity}: {design}", n, n, truth, estimate, low, high)
            each = [interval_row("", n, n, *of_pool)["coverage"] for of_pool in of_pools]
            yield line | {"scenario": f"{line['scenario']} ({min(each):.3f} - {max(each):.3f})"}


if __name__ == "__main__":
    main(rows)
