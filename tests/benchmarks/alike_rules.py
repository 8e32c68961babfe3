"""Rules that are alike, of skewed classes: LabelModel beside majority vote and the best possible, and where it tells.

    python -m tests.benchmarks.alike_rules --data DIR

First, simulated sets: each of the 3, 5 or 8 rules for a class votes on 10 to 50% of the examples of its class, and on the
others with a rate that is the same for all rules (``same rate``), or makes the rules of all classes equally precise (``same
precision``); its votes are thinned by a tenth or so. ``alike`` is the share of sets that LabelModel takes for alike rules.
Second, sets that are not what the model assumes (weak rules, rules of subjects, of hard examples, of unequal precision, rows
without votes left out): accuracy where LabelModel takes them for alike, beside that without, and the largest loss.
Third, 40 draws of three to six rules for two to four classes from each real set: how often it takes them for alike.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

import numpy as np

import labelkit as lk
from labelkit.label_models.default import label_model
from labelkit.votes import metrics
from tests.benchmarks.quality import load_tasks

PRIORS = {
    "2, even": [0.5, 0.5],
    "2, 85%": [0.85, 0.15],
    "4, even": [0.25] * 4,
    "4, 70%": [0.7, 0.15, 0.1, 0.05],
    "8, even": [0.125] * 8,
    "8, 30%": [0.30, 0.22, 0.15, 0.11, 0.08, 0.06, 0.05, 0.03],
}
N_DRAWS = 40


def alike_votes(
    prior: list[float], n_rules: int, rng: np.random.Generator, *, same_precision: bool = False, n: int = 5_000
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw the votes of alike rules, the classes, and their probabilities by the true rates."""
    share, k = np.array(prior) / sum(prior), len(prior)
    truth = rng.choice(k, n, p=share)
    precision, own = rng.uniform(0.55, 0.95), rng.uniform(0.1, 0.5)
    base = share if same_precision else np.full(k, 1 / k)
    stray = np.minimum(own * base * (1 - precision) / precision / (1 - base), 0.9)
    label = np.repeat(np.arange(k), n_rules)
    thinned = np.exp(-0.1 * np.abs(rng.normal(size=len(label))))
    rate = np.where(np.arange(k)[:, None] == label, own, stray[label]) * thinned
    fires = rng.random((n, len(label))) < rate[truth]
    scores = np.log(share) + fires @ np.log(rate).T + ~fires @ np.log(1 - rate).T
    proba = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.where(fires, label, -1), truth, proba / proba.sum(axis=1, keepdims=True)


def accuracy(proba: np.ndarray, truth: np.ndarray) -> float:
    """Return the accuracy in percent; ties are split."""
    tied = proba >= proba.max(axis=1, keepdims=True) - 1e-9
    return float(100 * (tied[np.arange(len(truth)), truth] / tied.sum(axis=1)).mean())


def simulated(n_repeats: int) -> None:
    """Print accuracy and calibration by classes, rules and kind of error."""
    print("| classes | errors | majority vote | LabelModel | best possible | log-loss, best | ECE | alike |")
    for name, prior in PRIORS.items():
        for same_precision in (False, True):
            rng, found = np.random.default_rng(0), []
            for n_rules in (3, 5, 8) * n_repeats:
                votes, truth, best = alike_votes(prior, n_rules, rng, same_precision=same_precision)
                covered = (votes >= 0).any(axis=1)
                model = lk.LabelModel(n_classes=len(prior)).fit(votes)
                majority = lk.MajorityVote(n_classes=len(prior)).fit(votes).predict_proba(votes)
                kept = [one[covered] for one in (majority, model.predict_proba(votes), best)]
                figures = [accuracy(one, truth[covered]) for one in kept]
                losses = [metrics.log_loss(one, truth[covered]) for one in kept[1:]]
                ece = 100 * metrics.calibration_error(kept[1], truth[covered])
                found.append([*figures, *losses, ece, 100 * bool(len(model.class_offsets_))])
            majority_vote, own, most, loss, least, error, alike = np.mean(found, axis=0)
            errors = "same precision" if same_precision else "same rate"
            print(
                f"| {name} | {errors} | {majority_vote:.1f} | {own:.1f} | {most:.1f} | {loss:.2f}, {least:.2f} | {error:.1f} | {alike:.0f}% |"
            )


DOUBTFUL = {
    "strays 5 to 30%": (0.05, 0.3, None),
    "strays 30 to 60%": (0.3, 0.6, None),
    "strays 60 to 95%": (0.6, 0.95, None),
    "covered rows alone, 5 to 60%": (0.05, 0.6, "covered"),
    "rules of three subjects": (0.05, 0.4, "subjects"),
    "errors on hard rows": (0.05, 0.4, "hard"),
    "unequal precision": (0.05, 0.4, "precision"),
}
"""How often rules vote elsewhere, of how often on their class, and what else is not as the model has it."""

SHAPES = ((2, 3, 0.5), (2, 3, 0.85), (2, 5, 0.7), (3, 3, 0.5), (5, 4, 0.5))
"""Classes, rules of each, and the share of the first class."""


def doubtful_votes(
    lowest: float, highest: float, twist: str | None, shape: tuple[int, int, float], n: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw votes of rules that are alike in part, and the classes."""
    k, n_rules, first = shape
    truth = rng.choice(k, n, p=[first] + [(1 - first) / (k - 1)] * (k - 1))
    subject, votes = rng.integers(0, 3, n), np.full((n, k * n_rules), -1)
    for label in range(k):
        own = rng.uniform(0.03, 0.3)
        stray = own * rng.uniform(lowest, highest)
        for j in range(n_rules):
            here, there = np.full(n, own), np.full(n, stray)
            if twist == "subjects":
                here = np.where(subject == j % 3, np.minimum(2.2 * own, 0.9), 0.4 * own)
            elif twist == "hard":
                there = stray * np.where(subject == 0, 2.8, 0.1)
            elif twist == "precision":
                there = there * rng.choice([0.2, 2.0])
            votes[rng.random(n) < np.where(truth == label, here, there), label * n_rules + j] = label
    kept = (votes >= 0).any(axis=1) | (twist != "covered")
    return votes[kept], truth[kept]


def doubtful(n_repeats: int) -> None:
    """Print accuracy and log-loss where sets are taken for alike rules, with that and without."""
    print(
        "| sets | taken for alike | majority vote | without | LabelModel | log-loss, without | largest loss of accuracy |"
    )
    learn = label_model.alike_rules
    for name, (lowest, highest, twist) in DOUBTFUL.items():
        rng, found, n_sets = np.random.default_rng(0), [], 0
        for shape, n in product(SHAPES * n_repeats, (1_500, 6_000)):
            votes, truth = doubtful_votes(lowest, highest, twist, shape, n, rng)
            n_sets += 1
            model = lk.LabelModel(n_classes=shape[0]).fit(votes)
            if not len(model.class_offsets_):
                continue
            label_model.alike_rules = lambda *_: None
            without = lk.LabelModel(n_classes=shape[0]).fit(votes)
            label_model.alike_rules = learn
            majority, covered = lk.MajorityVote(n_classes=shape[0]).fit(votes), (votes >= 0).any(axis=1)
            proba = [one.predict_proba(votes)[covered] for one in (majority, without, model)]
            losses = [metrics.log_loss(one, truth[covered]) for one in proba[1:]]
            found.append([*(accuracy(one, truth[covered]) for one in proba), *losses])
        mean = np.mean(found, axis=0) if found else np.full(5, np.nan)
        largest = max((one[1] - one[2] for one in found), default=np.nan)
        print(
            f"| {name} | {len(found)} of {n_sets} | {mean[0]:.1f} | {mean[1]:.1f} | {mean[2]:.1f} | "
            f"{mean[4]:.2f}, {mean[3]:.2f} | {largest:.1f} |"
        )


def real(folder: Path) -> None:
    """Print how often draws of rules of each set are taken for alike."""
    rng = np.random.default_rng(2)
    for task in load_tasks(folder):
        votes = task.train[rng.permutation(len(task.train))[:5_000]]
        label = votes.max(axis=0)
        single = np.array([len(np.unique(one[one >= 0])) == 1 for one in votes.T])
        several = np.flatnonzero(np.bincount(label[single], minlength=task.n_classes) >= 3)
        if task.group != "lf" or len(several) < 2:
            continue
        alike = 0
        for _ in range(N_DRAWS):
            classes = rng.permutation(several)[: int(rng.integers(2, 5))]
            pools = [np.flatnonzero(single & (label == one)) for one in classes]
            chosen = np.concatenate([rng.permutation(pool)[: rng.integers(3, 7)] for pool in pools])
            places = np.full(task.n_classes + 1, -1)
            places[classes] = np.arange(len(classes))
            model = lk.LabelModel(n_classes=len(classes)).fit(places[votes[:, chosen]])
            alike += bool(len(model.class_offsets_))
        print(f"{task.name}: {alike} of {N_DRAWS}")


def main() -> None:
    """Parse the command line, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with lf/<name>; simulated sets alone, if not given")
    parser.add_argument("--repeats", type=int, default=2)
    given = parser.parse_args()
    simulated(given.repeats)
    doubtful(given.repeats)
    if given.data:
        real(given.data)


if __name__ == "__main__":
    main()
