"""What correcting the prior buys after down-sampling, and how long balancing ten million rows takes.

python -m tests.benchmarks.balance --rows 10000000
"""

import argparse
import resource
import time

import numpy as np
from sklearn.linear_model import LogisticRegression

import labelkit as lk


def calibration(seeds: int = 5, n: int = 200_000) -> list[str]:
    """Down-sample 1:19 to 1:1, and measure probabilities on as many rows that come as they are."""
    lines = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        (X, y), (X_test, y_test) = (_rows(n, rng) for _ in range(2))
        balanced = lk.balance(y, random_state=seed)
        proba = LogisticRegression().fit(balanced.take(X), balanced.take(y)).predict_proba(X_test)
        both = [lk.reliability(y_test, p) for p in (proba, balanced.correct(proba))]
        figures = [f"ECE {curve.ece:.4f}, log-loss {curve.log_loss:.4f}" for curve in both]
        lines.append(
            f"seed {seed}: as trained {figures[0]}; corrected {figures[1]}; by chance {both[1].ece_by_chance:.4f}"
        )
    return lines


def _rows(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    y = (rng.random(n) < 0.05).astype(int)
    return rng.normal(size=(n, 2)) + 1.5 * np.eye(2)[y], y


def times(n: int) -> list[str]:
    """Balance n rows, 5% of them positive, and measure n probabilities."""
    rng = np.random.default_rng(0)
    y = (rng.random(n) < 0.05).astype(np.int64)
    proba = np.clip(0.1 + 0.3 * y + 0.1 * rng.normal(size=n), 0.001, 0.999)
    ids = np.arange(n) + 7
    to = {0: n // 20, 1: n // 20}
    jobs = {
        "balance, half a million of each": lambda: lk.balance(y, to, method="both", ids=ids).ids,
        "balance, method='over'": lambda: lk.balance(y, method="over", ids=ids).weights,
        "class_weights": lambda: lk.class_weights(y).rows,
        "correct_prior": lambda: lk.correct_prior(proba, [1, 1], [0.95, 0.05]),
        "reliability": lambda: lk.reliability(y, proba),
        "classification_curves": lambda: lk.classification_curves(y, proba),
    }
    lines = []
    for name, job in jobs.items():
        start = time.perf_counter()
        job()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        lines.append(f"{name}: {time.perf_counter() - start:.1f} s, peak so far {peak:.1f} GB")
    return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    given = parser.parse_args()
    print(*calibration(), *times(given.rows), sep="\n")
