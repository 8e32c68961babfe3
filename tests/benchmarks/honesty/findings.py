"""Findings of ``what_to_fix`` by gold: how often a run has an untrue one, and how often it has the one that is due.

    python -m tests.benchmarks.honesty.findings --repeats 200

A finding is held against a population of 200,000 examples: a rule is worse than chance, or less precise than the others,
by its precision there, and labels are better without it by majority vote there. ``right`` is the share of runs that
report the rule that was made bad, ``wrong`` the share with any untrue finding of these kinds.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from labelkit.analysis.marginal_values import marginal_values
from labelkit.analysis.summary import summarize
from labelkit.analysis.what_to_fix import what_to_fix
from labelkit.votes.label_matrix import LabelMatrix
from tests.benchmarks.honesty.table import main, row

POPULATION = 200_000
IMPRECISE = ("worse than chance", "less precise than the others", "labels are better without it")


@dataclass(frozen=True)
class World:
    """Rules that vote on examples of two classes.

    Attributes
    ----------
    precision, coverage : tuple of float
        Of each rule, where both classes are equally frequent.
    prior : float
        Share of the second class.
    together : float
        Share of the examples on which all rules err, or not, by the same draw.
    of_one_class : bool
        Each rule votes for one class alone, in turn.
    bad : int or None
        The rule that is to be reported.
    """

    precision: tuple[float, ...]
    coverage: tuple[float, ...]
    prior: float = 0.5
    together: float = 0.0
    of_one_class: bool = False
    bad: int | None = None

    def draw(self, n: int, rng: np.random.Generator) -> tuple[LabelMatrix, np.ndarray]:
        """Draw examples: their votes and their true classes."""
        m = len(self.precision)
        truth = (rng.random(n) < self.prior).astype(int)
        luck = np.where(rng.random((n, 1)) < self.together, rng.random((n, 1)), rng.random((n, m)))
        votes = np.where(luck < self.precision, truth[:, None], 1 - truth[:, None])
        spoken = rng.random((n, m)) < self.coverage
        if self.of_one_class:
            spoken &= votes == np.arange(m) % 2
        return LabelMatrix.of(np.where(spoken, votes, -1), classes=["HAM", "SPAM"]), truth

    @cached_property
    def truth(self) -> dict[str, set[str]]:
        """The rules of which each problem is true."""
        matrix, truth = self.draw(POPULATION, np.random.default_rng(1))
        table = summarize(matrix, gold=truth).frame.iloc[:-1]
        base = np.bincount(truth) / len(truth)
        votes = np.array([np.bincount(column[column >= 0], minlength=2) for column in matrix.votes.T])
        chance = votes @ base / votes.sum(axis=1)
        right, n = table["correct"].to_numpy(), table["gold"].to_numpy()
        others = (right.sum() - right) / (n.sum() - n)
        lost = marginal_values(matrix, gold=truth)["score_lost"].to_numpy()
        names = np.array(matrix.names)
        worse = (right / n < chance, right / n < others, lost < 0)
        return {problem: set(names[mask].tolist()) for problem, mask in zip(IMPRECISE, worse, strict=True)}


FINE = World((0.9,) * 10, (0.4,) * 10)
WEAK = World((0.95,) * 9 + (0.78,), (0.4,) * 9 + (0.258,), bad=9)
WORLDS: dict[str, tuple[World, tuple[tuple[int, int], ...]]] = {
    "10 rules at 90%": (FINE, ((400, 400), (4_000, 200), (4_000, 4_000))),
    "10 rules at 90%, errors in common": (replace(FINE, together=0.3), ((4_000, 4_000),)),
    "10 rules for one class each, 90:10": (replace(FINE, prior=0.1, of_one_class=True), ((4_000, 200), (4_000, 4_000))),
    "10 rules at 85 to 94%": (replace(FINE, precision=tuple(np.linspace(0.85, 0.94, 10))), ((4_000, 4_000),)),
    "74 rules at 80%": (World((0.8,) * 74, (0.1,) * 74), ((2_000, 400), (2_000, 2_000))),
    "one at 78% beside 9 at 95%": (WEAK, ((2_000, 500), (2_000, 1_000), (2_000, 2_000))),
    "one at 30% beside 9 at 90%": (replace(FINE, precision=(0.9,) * 9 + (0.3,), bad=9), ((2_000, 200), (2_000, 1_000))),
}
"""Worlds by name, with the numbers of examples and of those with gold."""


def rows(repeats: int, random_state: int) -> list[dict[str, Any]]:
    """Simulate rules that are all fine, and rules of which one is not."""
    rng = np.random.default_rng(random_state)
    return [findings_row(name, *sizes, repeats, rng) for name, (_, pairs) in WORLDS.items() for sizes in pairs]


def findings_row(name: str, n: int, n_gold: int, repeats: int, rng: np.random.Generator) -> dict[str, Any]:
    """Simulate one world with one number of examples."""
    world = WORLDS[name][0]
    right, wrong = np.mean([_reported(world, n, n_gold, rng) for _ in range(repeats)], axis=0)
    return row(name, n, n_gold, right=np.nan if world.bad is None else right, wrong=wrong)


def _reported(world: World, n: int, n_gold: int, rng: np.random.Generator) -> tuple[bool, bool]:
    """Tell whether a run reports the bad rule, and anything that is untrue."""
    matrix, truth = world.draw(n, rng)
    findings = what_to_fix(matrix, gold=np.where(np.arange(n) < n_gold, truth, -1))
    claims = [(item.problem, item.subject) for item in findings if item.problem in IMPRECISE]
    untrue = any(subject not in world.truth[problem] for problem, subject in claims)
    return any(subject == f"lf{world.bad}" for _, subject in claims), untrue


if __name__ == "__main__":
    main(rows)
