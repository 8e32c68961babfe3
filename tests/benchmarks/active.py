"""What answers bring by strategy: ``python -m tests.benchmarks.active --data DIR``.

On each set with texts, people answer 20, 50, 100 and 200 rows that a strategy chose, in batches that follow on one another,
or as many random ones. LabelModel learns from all votes and these answers, and its labels are compared with the gold of
the rows that nobody was asked about: accuracy on the covered ones, means over seeds, in points above no answer at all.
"""

from __future__ import annotations

import argparse
import json
import warnings
from pathlib import Path

import numpy as np

import labelkit as lk
from labelkit.votes.label_matrix import LabelMatrix
from tests.benchmarks.quality_content import load_text_tasks

BUDGETS = (20, 50, 100, 200)
STRATEGIES = ("random", "entropy", "margin", "disagreement", "committee", "expected_change")
MOST_ROWS = 4_000


def main() -> None:
    """Measure, and print a table for each budget."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="*")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--random-share", type=float, default=0.25)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    gains: dict[str, dict[str, list[float]]] = {}
    for task in load_text_tasks(given.data, given.sets):
        rows = np.flatnonzero(task.gold >= 0)
        rows = np.random.default_rng(0).permutation(rows)[:MOST_ROWS]
        matrix = LabelMatrix.of(task.votes[rows], classes=[f"c{c}" for c in range(task.task.n_classes)])
        name = task.task.name
        gains[name] = {
            strategy: np.mean(
                [gained(matrix, task.gold[rows], strategy, seed, given.random_share) for seed in range(given.seeds)],
                axis=0,
            ).tolist()
            for strategy in STRATEGIES
        }
        print(json.dumps({name: gains[name]}), flush=True)
    for place, budget in enumerate(BUDGETS):
        print(f"\n{budget} answers: points of accuracy on covered rows above none")
        print("| set | " + " | ".join(STRATEGIES) + " |")
        for name, by_strategy in gains.items():
            print(f"| {name} | " + " | ".join(f"{by_strategy[one][place]:+.1f}" for one in STRATEGIES) + " |")
        means = [np.mean([one[strategy][place] for one in gains.values()]) for strategy in STRATEGIES]
        print("| mean | " + " | ".join(f"{mean:+.2f}" for mean in means) + " |")
    if given.json:
        given.json.write_text(json.dumps(gains, indent=2) + "\n")


def gained(matrix: LabelMatrix, gold: np.ndarray, strategy: str, seed: int, random_share: float) -> list[float]:
    """Return the gain in accuracy after each budget."""
    answers, gains = np.full(len(gold), -1), []
    labels = lk.LabelModel().fit(matrix).label(matrix)
    before = labels.proba.argmax(axis=1) == gold
    for budget in BUDGETS:
        n = budget - int((answers >= 0).sum())
        chosen = lk.next_to_label(
            matrix, labels, n=n, strategy=strategy, gold=answers, random_share=random_share, random_state=seed
        )
        answers[chosen.positions] = gold[chosen.positions]
        labels = lk.LabelModel().fit(matrix, gold=answers).label(matrix)
        rest = matrix.covered & (answers < 0)
        right = labels.proba.argmax(axis=1) == gold
        gains.append(100 * float(right[rest].mean() - before[rest].mean()))
    return gains


if __name__ == "__main__":
    main()
