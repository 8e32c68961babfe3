"""Tables of the classes that two annotators give the same examples, for bootstrap samples of the examples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit.annotate import _coefficients as coefficients
from labelkit.annotate.answers import Answers
from labelkit.curation.near_duplicates.shingles import mixed

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEPS: Final = 200_000_000
"""Pairs of answers times bootstrap samples, of which at most so many are counted."""

LEAST_SAMPLES: Final = 200
"""Bootstrap samples that are drawn at least, if any."""


@dataclass(frozen=True, eq=False)
class AnswerPairs:
    """Pairs of answers to the same example, by two annotators.

    Attributes
    ----------
    n_items, n_classes, n_pairs : int
    item, pair : ndarray of int64, shape (n,)
        ``pair`` numbers the pairs of annotators.
    cell : ndarray of int64, shape (n,)
        Class of the first annotator times the number of classes, plus that of the second.
    """

    n_items: int
    n_classes: int
    n_pairs: int
    item: NDArray[np.int64]
    pair: NDArray[np.int64]
    cell: NDArray[np.int64]

    @classmethod
    def among(cls, answers: Answers) -> AnswerPairs:
        """Take all pairs of answers, each once."""
        order = np.lexsort((answers.annotator, answers.item))
        item = answers.item[order]
        first, second, gap = [], [], 1
        while True:
            same = np.flatnonzero(item[gap:] == item[:-gap])
            if not len(same):
                break
            first.append(order[same])
            second.append(order[same + gap])
            gap += 1
        nothing = np.zeros(0, dtype=np.int64)
        return cls._of(answers, np.concatenate([nothing, *first]), np.concatenate([nothing, *second]))

    @classmethod
    def between(cls, answers: Answers, judge: int) -> AnswerPairs:
        """Take the pairs of an answer of one annotator with one of another, who is the second."""
        place = np.full(len(answers.items), -1)
        ours = np.flatnonzero(answers.annotator == judge)
        place[answers.item[ours]] = ours
        others = np.flatnonzero((answers.annotator != judge) & (place[answers.item] >= 0))
        return cls._of(answers, place[answers.item[others]], others)

    @classmethod
    def _of(cls, answers: Answers, first: NDArray[np.int64], second: NDArray[np.int64]) -> AnswerPairs:
        n_classes = len(answers.class_names)
        both = answers.annotator[first] * len(answers.annotators) + answers.annotator[second]
        pairs, pair = np.unique(both, return_inverse=True)
        cell = answers.label[first] * n_classes + answers.label[second]
        return cls(len(answers.items), n_classes, len(pairs), answers.item[first], pair, cell)

    def tables(self, weight: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Count the cells of each pair of annotators; shape (n_pairs, n_classes, n_classes)."""
        shape = self.n_pairs, self.n_classes, self.n_classes
        weights = None if weight is None else weight[self.item]
        flat = self.pair * self.n_classes**2 + self.cell
        return np.bincount(flat, weights=weights, minlength=int(np.prod(shape))).reshape(shape).astype(np.float64)

    def sampled(
        self, value: Callable[[NDArray[np.float64]], NDArray[np.float64]], n_samples: int, rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Compute a value of the tables for bootstrap samples of the examples that have pairs."""
        there = self._items_by_pairs()
        n_samples = min(n_samples, max(LEAST_SAMPLES, STEPS // max(len(self.item), 1)))
        weight, results = np.zeros(self.n_items), []
        for _ in range(n_samples):
            weight[there] = np.bincount(rng.integers(0, len(there), len(there)), minlength=len(there))
            results.append(value(self.tables(weight)))
        return np.array(results)

    def _items_by_pairs(self) -> NDArray[np.int64]:
        """Order the examples by what their pairs are, so that a sample does not depend on the order of the answers."""
        there, place = np.unique(self.item, return_inverse=True)
        kinds = np.zeros(len(there), dtype=np.uint64)
        np.add.at(
            kinds, place, mixed(mixed((self.pair * self.n_classes**2 + self.cell).astype(np.uint64) + np.uint64(1)))
        )
        return there[np.argsort(kinds, kind="stable")]


def mean_cohen(tables: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average Cohen's kappas of pairs of annotators, weighted by the examples that they share; shape (1,)."""
    kappas, sizes = coefficients.cohen(tables), tables.sum(axis=(1, 2))
    defined = np.isfinite(kappas) & (sizes > 0)
    if not defined.any():
        return np.array([np.nan])
    return np.array([np.average(kappas[defined], weights=sizes[defined])])


def said_too(tables: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how often the second says a class where the first does, and the first where the second does."""
    whole = tables.sum(axis=0)
    both = np.diag(whole)
    totals = np.stack([whole.sum(axis=1), whole.sum(axis=0)])
    shares = np.divide(both, totals, out=np.full(totals.shape, np.nan), where=totals > 0)
    return np.asarray(shares.ravel())
