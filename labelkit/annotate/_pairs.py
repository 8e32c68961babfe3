"""Tables of the classes that two annotators give the same examples, whole and without each example."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from labelkit.annotate import _coefficients as coefficients
from labelkit.annotate._jackknife import Jackknifed, jackknifed
from labelkit.annotate.answers import Answers

if TYPE_CHECKING:
    from numpy.typing import NDArray


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

    def mean_cohen(self) -> Jackknifed:
        """Average Cohen's kappas of pairs of annotators, weighted by the examples that they share.

        Without an example, the tables of its pairs have one less in one cell each, and all others are as they were.
        """
        k, shape = self.n_classes, (self.n_pairs, self.n_classes, self.n_classes)
        flat = np.bincount(self.pair * k * k + self.cell, minlength=int(np.prod(shape)))
        tables = flat.reshape(shape).astype(np.float64)
        rows, columns, right = tables.sum(axis=2), tables.sum(axis=1), np.trace(tables, axis1=1, axis2=2)
        size, products = rows.sum(axis=1), (rows * columns).sum(axis=1)
        first, second = divmod(self.cell, k)
        alike = first == second
        fewer = products[self.pair] - columns[self.pair, first] - rows[self.pair, second] + alike
        whole = _weighted_kappas(right, products, size)
        without = _weighted_kappas(right[self.pair] - alike, fewer, size[self.pair] - 1)
        there, place = np.unique(self.item, return_inverse=True)
        change = [
            np.bincount(place, weights=now - before[self.pair], minlength=len(there))
            for now, before in zip(without, whole, strict=True)
        ]
        sums, weights = (before.sum() for before in whole)
        value = np.array([sums / weights if weights else np.nan])
        left = weights + change[1]
        each = np.divide(sums + change[0], left, out=np.full(len(there), np.nan), where=left > 0.5)
        return Jackknifed(value, each.round(12)[:, None], np.ones(len(there)))  # in any order of the answers

    def said_too(self) -> Jackknifed:
        """Compute how often the second says a class where the first does, and the first where the second does."""
        k = self.n_classes
        there, place = np.unique(self.item, return_inverse=True)
        first, second = divmod(self.cell, k)
        sums = np.zeros((len(there), 3 * k))
        np.add.at(sums, (place, first), 1)
        np.add.at(sums, (place, k + second), 1)
        np.add.at(sums, (place[first == second], 2 * k + first[first == second]), 1)
        return jackknifed(_shares_of_both, sums, np.ones(len(there), dtype=np.int64))

    def examples_by_class(self) -> NDArray[np.int64]:
        """Count the examples for which the first says each class, and then those for which the second does."""
        k = self.n_classes
        examples = [np.unique(label * self.n_items + self.item) // self.n_items for label in divmod(self.cell, k)]
        return np.concatenate([np.bincount(labels, minlength=k) for labels in examples])


def _weighted_kappas(
    right: NDArray[np.float64], products: NDArray[np.float64], size: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return kappas times the sizes of their tables, and these sizes; both 0 where a kappa is undefined."""
    n = np.maximum(size, 1)
    kappas = coefficients.cohen(right / n, products / n**2)
    is_defined = np.isfinite(kappas) & (size > 0)
    return np.where(is_defined, kappas * size, 0.0), np.where(is_defined, size, 0.0)


def _shares_of_both(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide how often both say a class by how often the first does, and the second."""
    n_classes = sums.shape[1] // 3
    totals, both = sums[:, : 2 * n_classes], np.tile(sums[:, 2 * n_classes :], 2)
    return np.asarray(np.divide(both, totals, out=np.full(totals.shape, np.nan), where=totals > 0))
