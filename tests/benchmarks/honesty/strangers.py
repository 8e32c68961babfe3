"""Gold of other examples: how often LK344 or LK346 says so where it is true, and where it is not.

python -m tests.benchmarks.honesty.strangers --repeats 60

Six rules vote on half of the rows each, and are of no use on a tenth of them, which a weighted sample favours. ``right``
is the share of samples whose labels were shuffled of which it is said, ``wrong`` that of samples as they were drawn.
"""

import itertools
import warnings
from typing import Any

import numpy as np

import labelkit as lk
from tests.benchmarks.honesty.table import main, row

ROWS = 5_000
CLASSES = ((0.5, 0.5), (0.9, 0.1), (0.2,) * 5)
SIZES = (50, 100, 300, 1_000)
FAVOURED = (None, 0.3, 0.8)
"""Share of the sample from the slice; None draws at random, without weights."""

ACCURACIES = (0.9, 0.75, 0.65)


def rows(repeats: int, random_state: int) -> list[dict[str, Any]]:
    """Simulate all samples."""
    table = []
    for shares, accuracy, favoured, n_gold in itertools.product(CLASSES, ACCURACIES, FAVOURED, SIZES):
        warned = [_warned(shares, accuracy, favoured, n_gold, (random_state, r)) for r in range(repeats)]
        wrong, right = np.mean(warned, axis=0)
        drawn = "at random" if favoured is None else f"{favoured:.0%} of a poor tenth"
        name = f"{len(shares)} classes, the last {shares[-1]:.0%}, rules right in {accuracy:.0%}, {drawn}"
        table.append(row(name, ROWS, n_gold, right=right, wrong=wrong))
    return table


def _warned(
    shares: tuple[float, ...], accuracy: float, favoured: float | None, n_gold: int, seed: tuple[int, ...]
) -> tuple[bool, bool]:
    """Return whether gold as it was drawn is warned of, and whether that in another order is."""
    rng, k = np.random.default_rng(seed), len(shares)
    truth, is_poor = rng.choice(k, ROWS, p=shares), rng.random(ROWS) < 0.1
    right = rng.random((ROWS, 6)) < np.where(is_poor, 1 / k, accuracy)[:, None]
    votes = np.where(right, truth[:, None], (truth[:, None] + rng.integers(1, k, (ROWS, 6))) % k)
    votes = np.where(rng.random((ROWS, 6)) < 0.5, votes, -1)
    weights = np.ones(ROWS)
    if favoured is None:
        chosen = rng.choice(ROWS, n_gold, replace=False)
    else:
        poor, others = np.flatnonzero(is_poor), np.flatnonzero(~is_poor)
        n_poor = min(round(favoured * n_gold), len(poor))
        chosen = np.concatenate(
            [rng.choice(poor, n_poor, replace=False), rng.choice(others, n_gold - n_poor, replace=False)]
        )
        weights[chosen] = np.repeat([len(poor) / n_poor, len(others) / (n_gold - n_poor)], [n_poor, n_gold - n_poor])
    matrix = lk.LabelMatrix.of(votes, classes=[f"class {label}" for label in range(k)])
    answers = []
    for labels in (truth[chosen], rng.permutation(truth[chosen])):
        gold = np.full(ROWS, -1)
        gold[chosen] = labels
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            lk.summarize(matrix, gold=gold, weights=None if favoured is None else weights)
        answers.append(any(code in str(one.message) for one in caught for code in ("LK344", "LK346")))
    return answers[0], answers[1]


if __name__ == "__main__":
    main(rows)
