"""Two limits of LabelModel on few rules for one class each, on real votes and on made-up ones.

    python -m tests.benchmarks.few_rules --data DIR

First, accuracy and mean confidence where each class has one rule, so that no two votes agree: simulated with 5, 10 and 20 classes
(each rule votes on 60% of its class and is right nine times in ten), and on the set hausa. Second, the effect of one more rule
that is right on at least 95% of its votes beside each four others of the set youtube, in points of accuracy on the examples that
the four cover. Third, LabelModel beside majority vote on rules drawn at random from each set, on 4,000 rows at most.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import numpy as np

import labelkit as lk
from labelkit.votes import metrics
from tests.benchmarks.quality import task_of, tossed

PRECISE = 0.95
N_BEFORE = 4
N_DRAWS = 24


def one_rule_a_class(n_classes: int, n: int = 5_000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw votes of one rule for each class, and the classes."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(n_classes, size=n)
    votes = np.full((n, n_classes), -1)
    for c in range(n_classes):
        fires = rng.random(n) < np.where(truth == c, 0.6, 0.06 / (n_classes - 1))
        votes[fires, c] = c
    return votes, truth


def confidence(
    votes: np.ndarray, gold: np.ndarray, n_classes: int, seen: np.ndarray | None = None
) -> tuple[float, float]:
    """Return the accuracy and the mean confidence on covered examples with gold that the model did not see."""
    taught = None if seen is None else np.where(seen, gold, -1)
    proba = lk.LabelModel(n_classes=n_classes).fit(votes, gold=taught).predict_proba(votes)
    judged = (votes >= 0).any(axis=1) & (gold >= 0) & (True if seen is None else ~seen)
    return float((proba.argmax(axis=1) == gold)[judged].mean()), float(proba.max(axis=1)[judged].mean())


def effects(votes: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """Return the effect of each precise rule beside each four others, in points."""

    def labels(lfs: list[int]) -> np.ndarray:
        return lk.LabelModel(n_classes=2).fit(votes[:, lfs]).predict_proba(votes[:, lfs]).argmax(axis=1)

    right = [(votes[:, j] == gold)[votes[:, j] >= 0].mean() for j in range(votes.shape[1])]
    found = []
    for four in map(list, itertools.combinations(range(votes.shape[1]), N_BEFORE)):
        covered = (votes[:, four] >= 0).any(axis=1) & (gold >= 0)
        if len(np.unique(votes[:, four])) < 3:  # all for one class
            continue
        before = (labels(four) == gold)[covered].mean()
        more = [j for j in range(votes.shape[1]) if j not in four and right[j] >= PRECISE]
        found += [100 * ((labels([*four, j]) == gold)[covered].mean() - before) for j in more]
    return np.array(found)


def of_some_rules(votes: np.ndarray, gold: np.ndarray, n_classes: int, size: int) -> np.ndarray | None:
    """Return accuracy of majority vote and of LabelModel, and its calibration error, means over draws of rules."""
    rng, found = np.random.default_rng(0), []
    for _ in range(N_DRAWS):
        some = votes[:, rng.choice(votes.shape[1], size, replace=False)]
        covered = (some >= 0).any(axis=1) & (gold >= 0)
        if len(np.unique(some[some >= 0])) < 2 or covered.sum() < 50:
            continue
        probas = [
            model(n_classes=n_classes).fit(some).predict_proba(some) for model in (lk.MajorityVote, lk.LabelModel)
        ]
        labels = [tossed(proba >= proba.max(axis=1, keepdims=True) - 1e-9) for proba in probas]
        right = [(label == gold)[covered].mean() for label in labels]
        found.append([*right, metrics.calibration_error(probas[1][covered], gold[covered])])
    return 100 * np.mean(found, axis=0) if found else None


def print_some_rules(data: Path) -> None:
    """Print a line for each number of rules: means over the sets that have as many."""
    sets = []
    for path in sorted(data.glob("*")):
        file = np.load(path / "votes.npz")
        rows = np.random.default_rng(1).permutation(len(file["L"]))[:4_000]
        sets.append((file["L"][rows], file["y"][rows].astype(np.int64), task_of(path).n_classes))
    for size in (3, 4, 5, 6, 8, 12):
        figures = [of_some_rules(*one, size) for one in sets if one[0].shape[1] >= size]
        by_vote, by_model, error = np.mean([some for some in figures if some is not None], axis=0)
        print(
            f"{size} rules of {len(figures)} sets: majority vote {by_vote:.1f}, LabelModel {by_model:.1f} (ECE {error:.1f})"
        )


def main() -> None:
    """Print all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data / "lf"
    sets = {f"{k} classes": (*one_rule_a_class(k), k) for k in (5, 10, 20)}
    hausa = task_of(data / "hausa")
    sets["hausa, 5 classes"] = (hausa.train, hausa.train_gold, hausa.n_classes)
    for name, (votes, gold, k) in sets.items():
        seen = np.zeros(len(gold), dtype=bool)
        seen[np.random.default_rng(0).permutation(np.flatnonzero(gold >= 0))[:100]] = True
        plain, taught = confidence(votes, gold, k), confidence(votes, gold, k, seen)
        print(f"{name}: accuracy {plain[0]:.2f}, mean confidence {plain[1]:.2f}", end="; ")
        print(f"with 100 gold rows {taught[0]:.2f} and {taught[1]:.2f}")
    youtube = task_of(data / "youtube")
    votes = np.concatenate([youtube.train, youtube.test])
    effect = effects(votes, np.concatenate([youtube.train_gold, youtube.test_gold]))
    print(
        f"one more rule, {len(effect)} ways: {effect.min():+.1f} to {effect.max():+.1f} points, median {np.median(effect):+.1f}"
    )
    print(f"loses more than 2 points: {np.mean(effect < -2):.0%}; gains more than 2: {np.mean(effect > 2):.0%}")
    print_some_rules(data)


if __name__ == "__main__":
    main()
