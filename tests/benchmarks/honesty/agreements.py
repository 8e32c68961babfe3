"""Agreement of annotators: how often the intervals of kappas, alpha and the agreement on a rare class hold.

python -m tests.benchmarks.honesty.agreements --repeats 300
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

import labelkit as lk
from tests.benchmarks.honesty.table import interval_row, main

MANY = 300_000
"""Examples of which the true coefficients are counted."""

CROWDS = [
    (20, 3, 0.1, 0.8, 0.95),
    (50, 2, 0.1, 0.8, 0.97),
    (50, 3, 0.05, 0.8, 0.98),
    (100, 3, 0.03, 0.9, 0.99),
    (200, 2, 0.03, 0.8, 0.99),
    (30, 2, 0.3, 0.9, 0.9),
    (100, 2, 0.5, 0.9, 0.9),
]
"""Examples, annotators, share of the second class, how often it is named on its examples, and the other on others."""


def answers(n: int, n_annotators: int, share: float, named: float, other: float, rng: Any) -> lk.LabelMatrix:
    """Draw answers of annotators, one a column."""
    truth = rng.random((n, 1)) < share
    said = rng.random((n, n_annotators)) < np.where(truth, named, 1 - other)
    return lk.LabelMatrix.of(said.astype(int), names=[f"w{a}" for a in range(n_annotators)], classes=["HAM", "SPAM"])


def figures(agreement: lk.Agreement) -> dict[str, Any]:
    """Return the coefficients that are compared."""
    names = ("observed", "cohen", "fleiss", "alpha")
    return {name: getattr(agreement, name) for name in names} | {"a rare class": agreement.by_class["SPAM"]}


def rows(repeats: int, random_state: int) -> list[dict[str, Any]]:
    """Simulate all crowds."""
    return [line for crowd in CROWDS for line in crowd_rows(crowd, repeats, random_state)]


def crowd_rows(crowd: tuple[Any, ...], repeats: int, random_state: int) -> Iterator[dict[str, Any]]:
    """Simulate one crowd: a row for each coefficient."""
    n, *what = crowd
    whole = figures(lk.agreement(answers(MANY, *what, np.random.default_rng(random_state))))
    samples = [
        figures(lk.agreement(answers(n, *what, np.random.default_rng([random_state, seed])))) for seed in range(repeats)
    ]
    for name, true in whole.items():
        stated = np.array([(one[name].value, one[name].low, one[name].high) for one in samples]).T
        yield interval_row(f"{what[0]} annotators, {what[1]:.0%}: {name}", n, np.nan, true.value, *stated)


if __name__ == "__main__":
    main(rows)
