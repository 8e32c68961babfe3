"""Intervals of shares from samples of whole clusters whose rows are alike: how often they hold the truth.

python -m tests.benchmarks.honesty.clusters --repeats 300

The part of remedies that was chosen by simulation was chosen on CHOSEN_ON; JUDGED_ON are other populations.
"""

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import numpy as np

import labelkit as lk
from tests.benchmarks.honesty.table import interval_row, main

N_CLUSTERS = 600


class Clustered(NamedTuple):
    """A population of clusters, and how many of them are drawn.

    ``alike`` is the correlation of rows of a cluster, ``size`` the mean number of its rows; those of ``uneven`` sizes
    are lognormal, others Poisson's.
    """

    share: float
    alike: float
    n_drawn: int
    size: int
    uneven: bool = False

    def rows(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw the cluster of each row, and whether it is in the class."""
        if self.uneven:
            sizes = np.maximum(1, rng.lognormal(np.log(self.size) - 0.5, 1, N_CLUSTERS)).astype(int)
        else:
            sizes = rng.poisson(self.size - 1, N_CLUSTERS) + 1
        risk = np.full(N_CLUSTERS, self.share)
        if self.alike:
            spread = (1 - self.alike) / self.alike
            risk = rng.beta(self.share * spread, (1 - self.share) * spread, N_CLUSTERS)
        cluster = np.repeat(np.arange(N_CLUSTERS), sizes)
        return cluster, rng.random(len(cluster)) < risk[cluster]


CHOSEN_ON = [
    Clustered(share, alike, *drawn)
    for share, alike, drawn in product((0.02, 0.05, 0.2, 0.5), (0.0, 0.3), ((25, 10), (12, 40), (50, 10)))
]
JUDGED_ON = [
    Clustered(share, alike, *drawn)
    for share, alike, drawn in product(
        (0.01, 0.03, 0.1, 0.4, 0.96), (0.0, 0.1, 0.5), ((15, 20), (60, 8), (30, 15, True), (10, 30))
    )
]


def estimates(population: Clustered, repeats: int, *, total: bool = False, random_state: int = 0) -> np.ndarray:
    """Draw populations, and a sample of each: truth, estimate, low and high; shape (4, repeats)."""
    rows = []
    for seed in range(repeats):
        rng = np.random.default_rng([random_state, seed, population.n_drawn])
        cluster, truth = population.rows(rng)
        matrix = lk.LabelMatrix.of(np.zeros((len(cluster), 1), dtype=int), classes=["no", "yes"])
        sample = lk.sample(matrix, population.n_drawn, method="cluster", by=cluster, random_state=seed)
        found = sample.estimate(truth, total=total)
        rows.append((truth.sum() if total else truth.mean(), found.value, *found.interval))
    return np.array(rows).T


def rows(repeats: int, random_state: int) -> list[dict[str, Any]]:
    """Simulate all populations, shares and counts."""
    return list(_rows(repeats, random_state))


def _rows(repeats: int, random_state: int) -> Iterator[dict[str, Any]]:
    for name, populations in {"chosen on": CHOSEN_ON, "judged on": JUDGED_ON}.items():
        for one, total in product(populations, (False, True)):
            found = estimates(one, repeats, total=total, random_state=random_state)
            what = f"{'count' if total else 'share'} of {one.share:.0%}, alike {one.alike}"
            sizes = f"{one.n_drawn} of about {one.size}{' uneven' if one.uneven else ''}"
            yield interval_row(f"{name}: {what}, {sizes}", one.n_drawn * one.size, one.n_drawn, *found)


if __name__ == "__main__":
    main(rows)
