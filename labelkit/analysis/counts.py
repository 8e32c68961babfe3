"""Read votes and gold for all statistics, and count examples over vote patterns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared import threads  # its blocks are cut otherwise
from labelkit.exceptions import AnalysisError, GoldError
from labelkit.votes.gold import GoldCounts, aligned_gold
from labelkit.votes.gold_beside import warn_of_gold_beside_votes, way_of
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.outcomes import FAULT
from labelkit.votes.row_weights import RowWeights, drawn_alike
from labelkit.votes.vote_patterns import VotePatterns

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

BLOCK_CELLS: Final = 2_000_000
"""Patterns are gone through in blocks of so many cells."""

BLOCK_ROWS: Final = 65_536
"""Patterns are counted in blocks of so many, which a processor's cache holds."""

HALF: Final = 16
"""Bits of half a unit's precision."""

UNIT: Final = 2.0 ** (-2 * HALF)
"""Probabilities are added up in whole numbers of this, so that no sum depends on the order of the examples."""

TOTAL: Final = "total"
"""The name of the row that is about all labeling functions."""


def read(matrix: Any, gold: Any = None, n_classes: int | None = None) -> tuple[VotePatterns, GoldCounts | None]:
    """Vote patterns of whatever holds votes, and the gold that is known of them.

    Raises
    ------
    MatrixError
        If these are not votes.
    GoldError
        If gold does not fit, or is given beside vote patterns, which carry their own.
    """
    if isinstance(matrix, VotePatterns):
        if gold is not None:
            raise GoldError(
                "vote patterns know no examples, so gold cannot be given beside them",
                hint="VotePatterns(gold=counts of shape (n_patterns, n_classes)), or summarize the matrix",
                code="LK328",
            )
        return matrix, None if matrix.gold is None else GoldCounts.of_table(matrix.gold)
    rows = rows_of(matrix, n_classes)
    if gold is None:
        return rows.patterns, None
    return rows.patterns, GoldCounts.of_examples(rows.pattern_index, gold_of(rows, gold), rows.n_classes)


def gold_of(rows: LabelMatrix, gold: Any, weights: RowWeights | None = None) -> NDArray[np.int64]:
    """Align gold with the examples of votes, -1 where unknown; warn if it does not go with them.

    Raises
    ------
    GoldError
        If gold does not fit.
    """
    labels = aligned_gold(gold, rows.examples, rows.class_names)
    judged = labels
    if weights is not None:  # most gold of a sample with different chances may be of examples that rules do not know
        with_gold = np.flatnonzero(labels >= 0)
        alike = with_gold[drawn_alike(weights.at(with_gold, rows.examples))]
        judged = np.full(len(labels), -1)
        judged[alike] = labels[alike]
    counts = GoldCounts.of_examples(rows.pattern_index, judged, rows.n_classes)
    warn_of_gold_beside_votes(rows.patterns.votes, counts, rows.class_names, way_of(gold, rows.examples))
    return labels


@dataclass(frozen=True, eq=False)
class WeightedGold:
    """Gold of a sample with different chances, with sums of weights, and of their squares, in place of counts.

    Attributes
    ----------
    sums, squares : GoldCounts
    """

    sums: GoldCounts
    squares: GoldCounts


def weighted_gold(matrix: Any, gold: Any, weights: Any, n_classes: int | None = None) -> WeightedGold:
    """Add up the weights of the examples with gold by pattern and class, in the order of :func:`read`.

    Raises
    ------
    AnalysisError
        If these are vote patterns, or a weight is not a positive number.
    """
    rows = rows_of(matrix, n_classes)
    given = RowWeights(weights, AnalysisError)
    labels = gold_of(rows, gold, given)
    with_gold = np.flatnonzero(labels >= 0)
    weight = given.at(with_gold, rows.examples)
    counts = GoldCounts.of_examples(rows.pattern_index, labels, rows.n_classes)
    pair = np.searchsorted(
        counts.pattern * rows.n_classes + counts.label,
        rows.pattern_index[with_gold] * rows.n_classes + labels[with_gold],
    )
    sums, squares = (
        replace(counts, count=np.bincount(pair, weights=values, minlength=len(counts)).astype(np.float64))
        for values in (weight, weight**2)
    )
    return WeightedGold(sums, squares)


def rows_of(matrix: Any, n_classes: int | None = None) -> LabelMatrix:
    """The label matrix of whatever holds votes, for statistics that look at single examples.

    Raises
    ------
    AnalysisError
        If these are vote patterns, which know no examples.
    """
    if isinstance(matrix, VotePatterns):
        raise AnalysisError(
            "vote patterns know no examples", hint="give the label matrix: RunFolder(path).matrix()", code="LK328"
        )
    return matrix if isinstance(matrix, LabelMatrix) else LabelMatrix.of(matrix, classes=n_classes)


def blocks(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Slices of rows that hold a bounded number of cells."""
    step = max(1, BLOCK_CELLS // max(n_columns, 1))
    for start in range(0, n_rows, step):
        yield slice(start, min(start + step, n_rows))


@dataclass(frozen=True, eq=False)
class VoteTally:
    """Counts of examples: whole numbers, so that those of two sets of examples add up to those of both, in any order.

    Attributes
    ----------
    n_examples : int
    votes, overlaps, conflicts, faults : ndarray of float64, shape (n_lfs,)
        Where an LF votes, votes beside another, votes against another, fails.
    by_class : ndarray of float64, shape (n_lfs, n_classes)
        Votes of an LF for a class.
    any_vote, any_overlap, any_conflict, any_fault : float
    right : ndarray of int, shape (n_lfs,), optional
        Sum of the probabilities that a label model gives the votes of an LF, in units of :data:`UNIT`.
    """

    n_examples: int
    votes: NDArray[np.float64]
    overlaps: NDArray[np.float64]
    conflicts: NDArray[np.float64]
    faults: NDArray[np.float64]
    by_class: NDArray[np.float64]
    any_vote: float
    any_overlap: float
    any_conflict: float
    any_fault: float
    right: NDArray[np.object_] | None = None

    def __add__(self, other: VoteTally) -> VoteTally:
        """The counts of two sets of examples together; the sums of probabilities stay if both have them."""
        names = [field.name for field in fields(self) if field.name != "right"]
        right = None if self.right is None or other.right is None else self.right + other.right
        return VoteTally(**{name: getattr(self, name) + getattr(other, name) for name in names}, right=right)

    def to_dict(self) -> dict[str, Any]:
        """Return whole numbers alone, for JSON; votes by the classes that an LF voted for."""
        by_class = [{str(c): int(row[c]) for c in np.flatnonzero(row).tolist()} for row in self.by_class]
        of_lfs = {name: getattr(self, name).astype(np.int64).tolist() for name in ("overlaps", "conflicts", "faults")}
        of_any = {name: int(getattr(self, name)) for name in ("any_vote", "any_overlap", "any_conflict", "any_fault")}
        right = {} if self.right is None else {"right": self.right.tolist()}
        return {"n_examples": self.n_examples, "by_class": by_class, **of_lfs, **of_any, **right}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any], n_classes: int) -> VoteTally:
        """Return the counts that :meth:`to_dict` wrote."""
        by_class = np.zeros((len(stored["by_class"]), n_classes))
        for j, votes in enumerate(stored["by_class"]):
            for c, n in votes.items():
                by_class[j, int(c)] = n
        return cls(
            n_examples=stored["n_examples"],
            votes=by_class.sum(axis=1),
            overlaps=np.array(stored["overlaps"], dtype=np.float64),
            conflicts=np.array(stored["conflicts"], dtype=np.float64),
            faults=np.array(stored["faults"], dtype=np.float64),
            by_class=by_class,
            any_vote=float(stored["any_vote"]),
            any_overlap=float(stored["any_overlap"]),
            any_conflict=float(stored["any_conflict"]),
            any_fault=float(stored["any_fault"]),
            right=np.array(stored["right"], dtype=object) if "right" in stored else None,
        )


def tallied(patterns: VotePatterns, proba: NDArray[np.float64] | None = None) -> VoteTally:
    """Count examples, a block of patterns at a time, in threads.

    Parameters
    ----------
    patterns : VotePatterns
    proba : ndarray of shape (n_patterns, n_classes), optional
        The probabilities of the patterns, of which those of the votes are added up.
    """
    pieces = threads.blocks(len(patterns), BLOCK_ROWS) or [slice(0, 0)]

    def counted(rows: slice) -> VoteTally:
        sure = None if proba is None else proba[rows]
        return _tallied(patterns.outcomes[rows], patterns.counts[rows], patterns.n_classes, sure)

    return reduce(add, threads.in_threads(counted, pieces))


def _tallied(
    outcomes: NDArray[Any], n_examples: NDArray[np.int64], n_classes: int, proba: NDArray[np.float64] | None
) -> VoteTally:
    """Count, a labeling function at a time, from the cells that hold a vote alone: they are few."""
    m, counts = outcomes.shape[1], n_examples.astype(np.float64)
    rows = [np.flatnonzero(column >= 0) for column in outcomes.T]
    labels = [column[voted] for column, voted in zip(outcomes.T, rows, strict=True)]
    kinds = _kinds(rows, labels, len(counts), outcomes.dtype)
    sums, by_class = np.zeros((4, m)), np.zeros((m, n_classes))
    failed = np.zeros(len(counts), dtype=bool)
    some_failed = outcomes.min(initial=0) == FAULT
    for j, (voted, label) in enumerate(zip(rows, labels, strict=True)):
        weight = counts[voted]
        sums[:3, j] = weight.sum(), *(weight[kind[voted]].sum() for kind in kinds[1:])
        by_class[j] = np.bincount(label, weights=weight, minlength=n_classes)
        if some_failed:
            faults = outcomes[:, j] == FAULT
            sums[3, j] = counts[faults].sum()
            failed |= faults
    votes, overlaps, conflicts, faults_ = sums
    any_vote, any_overlap, any_conflict, any_fault = (float(counts[kind].sum()) for kind in (*kinds, failed))
    return VoteTally(
        n_examples=int(n_examples.sum()),
        votes=votes,
        overlaps=overlaps,
        conflicts=conflicts,
        faults=faults_,
        by_class=by_class,
        any_vote=any_vote,
        any_overlap=any_overlap,
        any_conflict=any_conflict,
        any_fault=any_fault,
        right=None if proba is None else _sums_of_votes(rows, labels, n_examples, proba),
    )


def _sums_of_votes(
    rows: list[NDArray[np.int64]],
    labels: list[NDArray[Any]],
    n_examples: NDArray[np.int64],
    proba: NDArray[np.float64],
) -> NDArray[np.object_]:
    """Add up the probabilities of the votes of each LF, in units of which each probability is a whole number.

    They are added in two halves, neither of which overflows, however many examples there are.
    """
    units = np.rint(proba / UNIT).astype(np.int64).ravel()
    sums = np.empty(len(rows), dtype=object)
    for j, (voted, label) in enumerate(zip(rows, labels, strict=True)):
        counts, of_votes = n_examples[voted], units[voted * proba.shape[1] + label]
        sums[j] = (int(counts @ (of_votes >> HALF)) << HALF) + int(counts @ (of_votes & (1 << HALF) - 1))
    return sums


def _kinds(
    rows: list[NDArray[np.int64]], labels: list[NDArray[Any]], n: int, dtype: np.dtype[Any]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return masks of the patterns with a vote, with two, and with two that differ."""
    overlap, conflict = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    first = np.full(n, -1, dtype=dtype)
    for of_lf, label in zip(rows, labels, strict=True):
        before = first[of_lf]
        again = before >= 0
        overlap[of_lf] |= again
        conflict[of_lf] |= again & (label != before)
        first[of_lf] = label
    return first >= 0, overlap, conflict


def share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """A part of a whole, NaN where the whole is nothing."""
    shares: NDArray[np.float64] = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return shares


def declared(patterns: VotePatterns) -> NDArray[np.bool_]:
    """Return a mask of the classes that each LF is declared to vote for; shape (n_lfs, n_classes)."""
    classes = np.zeros((patterns.n_lfs, patterns.n_classes), dtype=bool)
    for j, lf in enumerate(patterns.lfs):
        classes[j, list(lf.labels or ())] = True
    return classes


def vote_cells(patterns: VotePatterns) -> sparse.csr_array:
    """The class of every vote; a cell that is not stored holds none. Shape (n_patterns, n_lfs)."""
    return _stored(patterns, [np.flatnonzero(column >= 0) for column in patterns.outcomes.T])


def fault_cells(patterns: VotePatterns) -> sparse.csr_array:
    """Return a 1 in each cell in which an LF failed; shape (n_patterns, n_lfs)."""
    return ones_like(_stored(patterns, [np.flatnonzero(column == FAULT) for column in patterns.outcomes.T]))


def _stored(patterns: VotePatterns, rows: list[NDArray[np.int64]]) -> sparse.csr_array:
    """The outcomes of some rows of each column."""
    from scipy import sparse  # noqa: PLC0415 - slow to import

    bounds = np.cumsum([0, *map(len, rows)])
    none = np.empty(0, dtype=np.int64)
    values = [column[stored_rows] for column, stored_rows in zip(patterns.outcomes.T, rows, strict=True)]
    shape = (len(patterns), patterns.n_lfs)
    stored = (np.concatenate([*values, none]), np.concatenate([*rows, none]), bounds)
    return sparse.csc_array(stored, shape=shape).tocsr()


def ones_like(stored: sparse.csr_array) -> sparse.csr_array:
    """The same cells, each 1."""
    from scipy import sparse  # noqa: PLC0415 - slow to import

    return sparse.csr_array((np.ones(stored.nnz), stored.indices, stored.indptr), shape=stored.shape)


def class_counts(patterns: VotePatterns) -> NDArray[np.int32]:
    """Votes of each pattern for each class; shape (n_patterns, n_classes)."""
    counts = np.zeros((len(patterns), patterns.n_classes), dtype=np.int32)
    for column in patterns.outcomes.T:
        rows = np.flatnonzero(column >= 0)
        counts[rows, column[rows]] += 1
    return counts
