"""Class priors by gold and by rules that are right in 90 to 100% of their votes: do intervals hold, what are votes worth.

Gold of 20 rows seldom shows a mistake of such rules; an interval that takes them as faultless does not hold the truth.

python -m tests.benchmarks.honesty.prior_worth --repeats 400
"""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

import labelkit as lk
from tests.benchmarks.honesty.table import interval_row, main

ROWS = 1_000
PRIORS = (0.5, 0.13, 0.03)
RIGHT = (0.9, 0.95, 0.98, 1.0)
SIZES = (20, 50, 200)


def rows(repeats: int, random_state: int) -> list[dict[str, Any]]:
    """Simulate corpora of 1,000 rows with random samples of gold, for each kind of votes."""
    rng = np.random.default_rng(random_state)
    return [worth_row(*case, repeats, rng) for case in product(KINDS, PRIORS, RIGHT, SIZES)]


def worth_row(
    kind: str, prior: float, right: float, n_gold: int, repeats: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Estimate the share of the second class; the worth of the votes, in rows, stands in the row, too."""
    shares, estimates = [], []
    for _ in range(repeats):
        truth = (rng.random(ROWS) < prior).astype(int)
        gold = {i: truth[i] for i in rng.choice(ROWS, n_gold, replace=False)}
        shares.append(truth.mean())
        estimates.append(lk.estimate_prior(gold, KINDS[kind](truth, right, rng), labels=2))
    values = [[getattr(one, part)[1] for one in estimates] for part in ("shares", "low", "high")]
    row = interval_row(f"{kind} right in {right:.0%}, prior {prior:.0%}", ROWS, n_gold, shares, *values)
    worth = [float(one.effective_n.max()) for one in estimates]
    return row | {"worth": float(np.mean(worth)), "most_worth": max(worth)}


def _rule_of_both(truth: np.ndarray, right: float, rng: np.random.Generator) -> np.ndarray:
    """One rule votes on all rows, for either class."""
    return np.where(rng.random(len(truth)) < right, truth, 1 - truth)[:, None]


def _rule_of_one(truth: np.ndarray, right: float, rng: np.random.Generator) -> np.ndarray:
    """A rule finds all of the second class, with that precision; another one votes on all that is left."""
    n_wrong = round((truth == 1).sum() * (1 - right) / right)
    others = np.flatnonzero(truth == 0)
    wrong = rng.choice(others, min(n_wrong, len(others)), replace=False)
    votes = truth.copy()
    votes[wrong] = 1
    return np.stack([np.where(votes == 1, 1, -1), np.where(votes == 0, 0, -1)], axis=1)


def _half_covered(truth: np.ndarray, right: float, rng: np.random.Generator) -> np.ndarray:
    """A rule for each class; half of the rows are without a vote."""
    votes = np.where(rng.random(len(truth)) < right, truth, 1 - truth)
    there = rng.random(len(truth)) < 0.5
    return np.stack([np.where(there & (votes == 1), 1, -1), np.where(there & (votes == 0), 0, -1)], axis=1)


KINDS: dict[str, Callable[[np.ndarray, float, np.random.Generator], np.ndarray]] = {
    "a rule of both": _rule_of_both,
    "rules of one": _rule_of_one,
    "half covered": _half_covered,
}


if __name__ == "__main__":
    main(rows)
