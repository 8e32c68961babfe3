"""How sure labels are: mean confidence less accuracy on other examples, beside an oracle that knows the accuracies.

python -m tests.benchmarks.honesty.calibration --repeats 4

``right`` is the accuracy on covered examples, ``bias`` the mean of the most probable class's probability less it, and
``width`` the log loss less that of the oracle: naive Bayes with the true frequencies and accuracies.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit.label_models import LabelModel, MajorityVote
from tests.benchmarks.honesty.table import main, row

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS = 4_000
OTHERS = 20_000
SHAPES = ((3, 2), (10, 2), (30, 2), (60, 2), (10, 5), (40, 8))
"""Rules for all classes, and classes, which are equally frequent."""

COVERAGES = (0.005, 0.05, 0.2, 0.6)
ACCURACIES = ((0.6, 0.95), (0.55, 0.65))
GOLD = (0, 100, 500)


def rows(repeats: int, random_state: int) -> list[dict[str, Any]]:
    """Simulate all shapes: a row for each model and amount of gold."""
    table = []
    for (m, k), coverage, accuracies in itertools.product(SHAPES, COVERAGES, ACCURACIES):
        runs = np.array([_run(m, k, coverage, accuracies, (random_state, m, k, r)) for r in range(repeats)]).mean(
            axis=0
        )
        name = f"{m} rules right in {accuracies[0]:.0%} to {accuracies[1]:.0%}, {k} classes, {coverage:.1%} each"
        for gold, (right, surplus, loss) in zip((*GOLD, -1), runs, strict=True):
            which = f"{name}: majority vote" if gold < 0 else name
            table.append(row(which, ROWS, max(gold, 0), right=right, bias=surplus, width=loss))
    return table


def _run(
    m: int, k: int, coverage: float, accuracies: tuple[float, float], seed: tuple[int, ...]
) -> NDArray[np.float64]:
    """Return accuracy, surplus of confidence and of log loss of each model; shape (n_models, 3)."""
    rng = np.random.default_rng(seed)
    accuracy = rng.uniform(*accuracies, m)
    covers = np.clip(coverage * rng.uniform(0.5, 1.5, m), 0, 0.95)
    (votes, truth), (others, others_truth) = (_votes(n, k, accuracy, covers, rng) for n in (ROWS, OTHERS))
    others, others_truth = (values[(others >= 0).any(axis=1)] for values in (others, others_truth))
    least = _scores(_oracle(others, k, accuracy), others_truth)[2]
    order, figures = rng.permutation(ROWS), []
    for n_gold in (*GOLD, -1):
        gold = np.full(ROWS, -1)
        gold[order[: max(n_gold, 0)]] = truth[order[: max(n_gold, 0)]]
        model = MajorityVote(n_classes=k).fit(votes) if n_gold < 0 else LabelModel(n_classes=k).fit(votes, gold=gold)
        right, surplus, loss = _scores(model.predict_proba(others), others_truth)
        figures.append((right, surplus, loss - least))
    return np.array(figures)


def _votes(
    n: int, k: int, accuracy: NDArray[np.float64], covers: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    truth, shape = rng.integers(0, k, n), (n, len(accuracy))
    wrong = (truth[:, None] + rng.integers(1, k, shape)) % k
    votes = np.where(rng.random(shape) < accuracy, truth[:, None], wrong)
    return np.where(rng.random(shape) < covers, votes, -1), truth


def _oracle(votes: NDArray[np.int64], k: int, accuracy: NDArray[np.float64]) -> NDArray[np.float64]:
    odds = np.log(accuracy) - np.log((1 - accuracy) / (k - 1))
    scores = np.stack([(votes == label) @ odds for label in range(k)], axis=1)
    proba = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(proba / proba.sum(axis=1, keepdims=True))


def _scores(proba: NDArray[np.float64], truth: NDArray[np.int64]) -> tuple[float, float, float]:
    right = float((proba.argmax(axis=1) == truth).mean())
    loss = -np.log(np.clip(proba[np.arange(len(truth)), truth], 1e-7, 1))
    return right, float(proba.max(axis=1).mean()) - right, float(loss.mean())


if __name__ == "__main__":
    main(rows)
