"""Verdicts, evaluations on gold that a model has seen, and precisions of rules, where the truth is known.

python -m tests.benchmarks.honesty.models --repeats 200
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit.label_models import LabelModel, MajorityVote
from labelkit.votes.hard_labels import tie_credit
from tests.benchmarks.honesty.scenarios import SCENARIOS, Scenario
from tests.benchmarks.honesty.table import interval_row, main, row

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZES = (400, 4_000)
GOLD_SHARES = (0.0, 0.1, 0.25)
OTHERS = 20_000
"""Examples from which a model's accuracy is counted."""

RIGHT_BY = 0.0
"""A verdict for a model is wrong if its accuracy is lower than majority vote's, by however little."""


@dataclass(frozen=True)
class Run:
    """What one run says, and what is true."""

    use: bool | None
    gain: float
    stated_gain: tuple[float, float, float] | None
    accuracy: float
    stated_accuracy: tuple[float, float, float] | None
    precision: NDArray[np.float64]
    """Truth, estimate, low and high of each column, shape (4, n_columns)."""


def rows(repeats: int, random_state: int) -> list[dict[str, Any]]:
    """Simulate all scenarios, sizes and shares of gold."""
    return [line for name in SCENARIOS for line in scenario_rows(name, SCENARIOS[name], repeats, random_state)]


def scenario_rows(
    name: str,
    scenario: Scenario,
    repeats: int,
    random_state: int,
    sizes: tuple[int, ...] = SIZES,
    shares: tuple[float, ...] = GOLD_SHARES,
) -> Iterator[dict[str, Any]]:
    """Simulate one scenario: a row for the verdicts, one for the evaluations, one for the precisions."""
    for n in sizes:
        for share in shares:
            n_gold = round(share * n)
            runs = [one_run(scenario, n, n_gold, (random_state, n, n_gold, r)) for r in range(repeats)]
            commits = [run for run in runs if run.use is not None]
            wrong = [run for run in commits if run.use is not (run.gain > RIGHT_BY)]
            right = (len(commits) - len(wrong)) / repeats
            yield row(f"{name}: verdict", n, n_gold, right=right, wrong=len(wrong) / repeats)
            truth, *stated = np.concatenate([run.precision for run in runs], axis=1)
            yield interval_row(f"{name}: precision", n, n_gold, truth, *stated)
            if n_gold:
                gains = np.array([run.stated_gain for run in runs]).T
                yield interval_row(f"{name}: gain", n, n_gold, np.array([run.gain for run in runs]), *gains)
                accuracies = np.array([run.stated_accuracy for run in runs]).T
                truth = np.array([run.accuracy for run in runs])
                yield interval_row(f"{name}: accuracy on seen gold", n, n_gold, truth, *accuracies)


def one_run(scenario: Scenario, n: int, n_gold: int, seed: tuple[int, ...]) -> Run:
    """Fit a model, and compare what it states with the truth: of its accuracy, on other examples."""
    votes, truth = scenario(n, np.random.default_rng(seed))
    gold = np.where(np.arange(n) < n_gold, truth, -1)
    covered = (votes >= 0).any(axis=1)
    model, majority = LabelModel(n_classes=2).fit(votes, gold=gold), MajorityVote(n_classes=2).fit(votes)
    by_model, by_majority = (tie_credit(m.predict_proba(votes)[covered], truth[covered]) for m in (model, majority))
    verdict, found = model.verdict(), model.evaluate(votes, gold) if n_gold else None
    others, others_truth = scenario(OTHERS, np.random.default_rng((*seed, 1)))
    others, others_truth = (values[(others >= 0).any(axis=1)] for values in (others, others_truth))
    return Run(
        use=verdict.use,
        gain=float((by_model - by_majority).mean()),
        stated_gain=None if verdict.gain is None else (verdict.gain, verdict.low, verdict.high),
        accuracy=float((model.predict(others) == others_truth).mean()),
        stated_accuracy=None if found is None else (found.accuracy, *found.accuracy_interval),
        precision=_precisions(model, votes, truth),
    )


def _precisions(model: LabelModel, votes: NDArray[np.int64], truth: NDArray[np.int64]) -> NDArray[np.float64]:
    table = model.precisions()
    column = [votes[:, model.lf_names_.index(lf)] for lf in table["lf"]]
    true = [(truth[v == int(label)] == int(label)).mean() for v, label in zip(column, table["vote"], strict=True)]
    return np.array([true, *table[["precision", "low", "high"]].to_numpy().T])


if __name__ == "__main__":
    main(rows)
