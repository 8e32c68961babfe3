"""Label shift: how often data without one is called shifted, and how near the re-estimated prior is to the truth.

python -m tests.benchmarks.honesty.shifts --repeats 200
"""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

import labelkit as lk
from tests.benchmarks.honesty.table import main, row

ROWS = 1_500
MODELS = (lk.LabelModel, lk.DawidSkene, lk.MajorityVote)


def rows(repeats: int, random_state: int) -> list[dict[str, Any]]:
    """Simulate data with and without a shift."""
    return list(shift_rows(repeats, np.random.default_rng(random_state)))


def shift_rows(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Fit each model on data with 30% of the second class, and estimate the prior of other data."""
    for model in MODELS:
        for share in (0.3, 0.4, 0.6, 0.1):
            shifts = [_shift(model(), share, rng) for _ in range(repeats)]
            alarm = float(np.mean([shift.is_significant for shift in shifts]))
            moved = [float(np.log(shift.ratio[1] / shift.ratio[0])) for shift in shifts]
            true = np.log(share / (1 - share)) - np.log(0.3 / 0.7)
            after = 1 / (1 + np.exp(-np.log(0.3 / 0.7) - np.array(moved)))
            figures = {"bias": float(after.mean() - share), "wrong" if abs(true) < 1e-9 else "right": alarm}
            yield row(f"{model.__name__}, 30% -> {share:.0%}", ROWS, **figures)


def _shift(model: Any, share: float, rng: np.random.Generator) -> lk.LabelShift:
    old, new = (votes_of(part, ROWS, rng)[0] for part in (0.3, share))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return lk.label_shift(model.fit(old), new, old)


def votes_of(share: float, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Votes of five rules that are right in 80% and vote on 40% each, and the true classes."""
    truth = (rng.random(n) < share).astype(int)
    right = rng.random((n, 5)) < 0.8
    return np.where(rng.random((n, 5)) < 0.4, np.where(right, truth[:, None], 1 - truth[:, None]), -1), truth


if __name__ == "__main__":
    main(rows)
