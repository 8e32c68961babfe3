"""Votes with known truth: the ways in which labeling functions are right and wrong together.

Each scenario is a function from a number of rows and a generator to votes (-1: abstain) and the true classes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Votes: TypeAlias = "tuple[NDArray[np.int64], NDArray[np.int64]]"
Scenario: TypeAlias = "Callable[[int, np.random.Generator], Votes]"


def _observed(
    truth: NDArray[np.int64], accuracy: NDArray[np.float64], coverage: float, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Votes of functions for both classes; ``accuracy`` has shape (n_lfs,) or (n_rows, n_lfs)."""
    shape = np.broadcast_shapes((len(truth), 1), accuracy.shape)
    right = generator.random(shape) < accuracy
    votes = np.where(right, truth[:, None], 1 - truth[:, None])
    return np.where(generator.random(shape) < coverage, votes, -1)


def equal(n: int, generator: np.random.Generator) -> Votes:
    """Seven functions of accuracy 0.7, independent given the class."""
    truth = generator.integers(0, 2, n)
    return _observed(truth, np.full(7, 0.7), 0.5, generator), truth


def two_strong(n: int, generator: np.random.Generator) -> Votes:
    """Two functions of accuracy 0.9 among seven, the others at chance."""
    truth = generator.integers(0, 2, n)
    return _observed(truth, np.array([0.9, 0.9, *[0.5] * 5]), 0.5, generator), truth


def near_copies(n: int, generator: np.random.Generator) -> Votes:
    """Three functions of accuracy 0.8, and four copies of one at 0.45, each without 5% of its votes."""
    truth = generator.integers(0, 2, n)
    good, bad = _observed(truth, np.full(3, 0.8), 0.7, generator), _observed(truth, np.array([0.45]), 0.7, generator)
    copies = np.where(generator.random((n, 4)) < 0.95, bad, -1)
    return np.concatenate([good, copies], axis=1), truth


def confounder(n: int, generator: np.random.Generator) -> Votes:
    """Seven functions of accuracy 0.8; on a hidden third of the rows, four of them are right in 25%."""
    truth = generator.integers(0, 2, n)
    hidden = generator.random(n) < 1 / 3
    accuracy = np.full((n, 7), 0.8)
    accuracy[hidden, :4] = 0.25
    return _observed(truth, accuracy, 0.6, generator), truth


def one_class(n: int, generator: np.random.Generator) -> Votes:
    """Eight functions for one class each, of precisions 0.9 to 0.3, where a fifth of the rows is of class 1."""
    truth = (generator.random(n) < 0.2).astype(np.int64)
    columns = []
    for label, on_own, on_other in [(0, 0.4, 0.1), (0, 0.3, 0.05), (0, 0.2, 0.2), (0, 0.3, 0.15)]:
        columns.append(np.where(generator.random(n) < np.where(truth == label, on_own, on_other), label, -1))
    for label, on_own, on_other in [(1, 0.5, 0.03), (1, 0.4, 0.05), (1, 0.3, 0.15), (1, 0.4, 0.02)]:
        columns.append(np.where(generator.random(n) < np.where(truth == label, on_own, on_other), label, -1))
    return np.stack(columns, axis=1), truth


def one_class_equal(n: int, generator: np.random.Generator) -> Votes:
    """Six functions for one class each, equally good, where the classes are even: majority vote can hardly be beaten."""
    truth = generator.integers(0, 2, n)
    fires = [generator.random(n) < np.where(truth == j % 2, 0.35, 0.1) for j in range(6)]
    return np.stack([np.where(fire, j % 2, -1) for j, fire in enumerate(fires)], axis=1), truth


def adversary(n: int, generator: np.random.Generator) -> Votes:
    """Six functions of accuracy 0.8 and one of 0.2."""
    truth = generator.integers(0, 2, n)
    return _observed(truth, np.array([0.2, *[0.8] * 6]), 0.6, generator), truth


SCENARIOS: Final[dict[str, Scenario]] = {
    "equal": equal,
    "two strong": two_strong,
    "near copies": near_copies,
    "confounder": confounder,
    "one class": one_class,
    "one class, equal": one_class_equal,
    "adversary": adversary,
}
