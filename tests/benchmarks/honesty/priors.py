"""Class priors from samples with gold: how often their intervals hold the truth, and how much the votes shorten them.

python -m tests.benchmarks.honesty.priors --repeats 200
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

import labelkit as lk
from tests.benchmarks.honesty.table import interval_row, main

ROWS = 4_000
PRIORS = {
    "2 even": (0.5, 0.5),
    "2 at 87:13": (0.87, 0.13),
    "2 at 97:3": (0.97, 0.03),
    "4 uneven": (0.5, 0.3, 0.15, 0.05),
}
SIZES = (25, 50, 200)


def rows(repeats: int, random_state: int) -> list[dict[str, Any]]:
    """Simulate random samples, samples with unequal chances, and both with votes that are good, poor and misleading."""
    rng = np.random.default_rng(random_state)
    return [line for name, prior in PRIORS.items() for n in SIZES for line in prior_rows(name, prior, n, repeats, rng)]


def prior_rows(
    name: str, prior: tuple[float, ...], n_gold: int, repeats: int, rng: np.random.Generator
) -> Iterator[dict[str, Any]]:
    """Estimate the prior of one set of classes from samples of one size."""
    truth = rng.choice(len(prior), size=ROWS, p=prior)
    shares = np.bincount(truth, minlength=len(prior)) / ROWS
    kinds = {"good votes": votes(truth, 0.85, len(prior), rng), "poor votes": votes(truth, 0.4, len(prior), rng)}
    kinds["votes for one class"] = np.where(kinds["good votes"] == 1, 1, -1)
    random = [rng.choice(ROWS, n_gold, replace=False) for _ in range(repeats)]
    yield _row(
        f"prior {name}", shares, [lk.estimate_prior({i: truth[i] for i in s}, labels=len(prior)) for s in random]
    )
    for kind, matrix in kinds.items():
        estimates = [lk.estimate_prior({i: truth[i] for i in s}, matrix, labels=len(prior)) for s in random]
        yield _row(f"prior {name}, {kind}", shares, estimates)
    chance = np.where(rng.random(ROWS) < 0.8, 1.0, 4.0) * np.where(truth == len(prior) - 1, 2.0, 1.0)
    drawn = [rng.choice(ROWS, n_gold, replace=False, p=chance / chance.sum()) for _ in range(repeats)]
    for kind, matrix in {"weights": None, "weights, good votes": kinds["good votes"]}.items():
        estimates = [
            lk.estimate_prior(
                {i: truth[i] for i in s}, matrix, weights={i: 1 / chance[i] for i in s}, labels=len(prior)
            )
            for s in drawn
        ]
        yield _row(f"prior {name}, {kind}", shares, estimates)


def votes(truth: np.ndarray, accuracy: float, n_classes: int, rng: np.random.Generator) -> np.ndarray:
    """Votes of six rules that vote on half of the rows each, but on none of a fifth of them."""
    right = rng.random((len(truth), 6)) < accuracy
    wrong = (truth[:, None] + rng.integers(1, n_classes, right.shape)) % n_classes
    voted = (rng.random(right.shape) < 0.5) & (rng.random((len(truth), 1)) < 0.8)
    return np.where(voted, np.where(right, truth[:, None], wrong), -1)


def _row(scenario: str, truth: np.ndarray, estimates: list[lk.PriorEstimate]) -> dict[str, Any]:
    shares, low, high = (np.array([getattr(one, part) for one in estimates]) for part in ("shares", "low", "high"))
    return interval_row(scenario, ROWS, estimates[0].n_gold, truth, shares, low, high)


if __name__ == "__main__":
    main(rows)
