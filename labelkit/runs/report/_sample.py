"""Choose the examples of a report: bounded, random and repeatable, for each rule and each pair that disagrees.

The examples stand in one random order, and every list takes the first of its own in that order. So each list is a
simple random sample of what it stands for, and lists share many examples, of which a report then holds one copy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit.analysis.pairwise import count_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.votes.vote_patterns import VotePatterns

PER_LF: Final = 6
"""Examples of what a rule labels."""

PER_KIND: Final = 4
"""Examples of its votes that the label model overruled, and of those that gold calls wrong."""

PER_PAIR: Final = 3
"""Examples on which two rules disagree."""

PER_WHOLE: Final = 12
"""Examples without a vote, and of those whose label is least sure."""

MOST_PAIRS: Final = 2_000
"""Pairs of rules that a report lists, those that disagree most."""

FIRST_ROWS: Final = 20_000
"""Rows of the random order that are gone through first; pairs that are frequent find their examples there."""


@dataclass(frozen=True)
class PairCounts:
    """Counts of the examples on which two rules vote, and vote for different classes.

    Attributes
    ----------
    both, against : ndarray of int64, shape (n_lfs, n_lfs)
        Examples; symmetric, zero on the diagonal.
    """

    both: NDArray[np.int64]
    against: NDArray[np.int64]

    @classmethod
    def of(cls, patterns: VotePatterns) -> PairCounts:
        """Take the counts of the statistics, as whole numbers and without a rule's pair with itself."""
        pairs = count_pairs(patterns)
        both, against = (np.rint(counts).astype(np.int64) for counts in (pairs.both, pairs.both - pairs.alike))
        np.fill_diagonal(both, 0)
        return cls(both, against)

    def conflicting(self) -> list[tuple[int, int]]:
        """The pairs that disagree on some example, those that do most first."""
        i, j = np.nonzero(np.triu(self.against))
        order = np.argsort(-self.against[i, j], kind="stable")[:MOST_PAIRS]
        return list(zip(i[order].tolist(), j[order].tolist(), strict=True))


@dataclass(frozen=True)
class Chosen:
    """Positions among the rows that were looked through, for each list.

    Attributes
    ----------
    by_lf, overruled, wrong : list of ndarray, one a rule
        What it labels; where the label is another class; where gold is another class.
    by_pair : dict from (int, int) to list of int
        Where two rules disagree.
    uncovered, unsure : ndarray
        Without a vote; with a vote, but the least probable label.
    """

    by_lf: list[NDArray[np.int64]]
    overruled: list[NDArray[np.int64]]
    wrong: list[NDArray[np.int64]]
    by_pair: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    uncovered: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    unsure: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    @classmethod
    def among(
        cls,
        votes: NDArray[np.integer],
        labels: NDArray[np.int64],
        top: NDArray[np.float64],
        gold: NDArray[np.int64],
        pairs: list[tuple[int, int]],
    ) -> Chosen:
        """Choose the examples of every list.

        Parameters
        ----------
        votes : ndarray of int, shape (n_rows, n_lfs)
        labels, gold : ndarray of int64, shape (n_rows,)
            -1 where there is none.
        top : ndarray of float64, shape (n_rows,)
            The probability of the most probable class.
        pairs : list of (int, int)
            The rules that disagree.

        Returns
        -------
        Chosen
        """
        order = np.random.default_rng(0).permutation(len(votes))
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        covered = np.zeros(len(votes), dtype=bool)
        by_lf, overruled, wrong = [], [], []
        for column in votes.T:
            voted = np.flatnonzero(column >= 0)
            lf_votes = column[voted]
            covered[voted] = True
            by_lf.append(_first(voted, rank, PER_LF))
            overruled.append(_first(voted[(labels[voted] >= 0) & (labels[voted] != lf_votes)], rank, PER_KIND))
            wrong.append(_first(voted[(gold[voted] >= 0) & (gold[voted] != lf_votes)], rank, PER_KIND))
        uncovered = _first(np.flatnonzero(~covered), rank, PER_WHOLE)
        unsure = _least_sure(np.flatnonzero(covered), rank, top)
        return cls(by_lf, overruled, wrong, _disagreements(votes, order, pairs), uncovered, unsure)

    def in_turn(self) -> list[int]:
        """All positions, each once, so that whatever is cut off at the end leaves every list its share."""
        lists = [self.uncovered, self.unsure, *self.by_lf, *self.overruled, *self.wrong]
        lists += [np.asarray(rows, dtype=np.int64) for rows in self.by_pair.values()]
        longest = max(map(len, lists), default=0)
        return list(dict.fromkeys(int(rows[place]) for place in range(longest) for rows in lists if place < len(rows)))


def _first(rows: NDArray[np.int64], rank: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Those rows that come first in the random order."""
    ranks = rank[rows]
    if len(rows) > most:
        rows = rows[np.argpartition(ranks, most)[:most]]
        ranks = rank[rows]
    return rows[np.argsort(ranks)]


def _least_sure(rows: NDArray[np.int64], rank: NDArray[np.int64], top: NDArray[np.float64]) -> NDArray[np.int64]:
    """The least probable labels, one of each probability: examples with the same votes have the same."""
    rounded = np.round(top[rows], 9)
    least = np.unique(rounded)[:PER_WHOLE]
    return np.array([_first(rows[rounded == value], rank, 1)[0] for value in least], dtype=np.int64)


def _disagreements(
    votes: NDArray[np.integer], order: NDArray[np.int64], pairs: list[tuple[int, int]]
) -> dict[tuple[int, int], list[int]]:
    """The first examples, in the random order, on which each pair disagrees."""
    rows_by_pair: dict[tuple[int, int], list[int]] = {pair: [] for pair in pairs}
    ends = [0]
    while ends[-1] < len(order):
        ends.append(min(len(order), max(FIRST_ROWS, 4 * ends[-1])))
    for start, stop in pairwise(ends):
        unfilled: dict[int, list[int]] = {}
        for i, j in pairs:
            if len(rows_by_pair[i, j]) < PER_PAIR:
                unfilled.setdefault(i, []).append(j)
        block = order[start:stop]
        for i, others in unfilled.items():
            voted = block[votes[block, i] >= 0]
            mine = votes[voted, i]
            for j in others:
                theirs = votes[voted, j]
                hits = voted[np.flatnonzero((theirs >= 0) & (theirs != mine))[: PER_PAIR - len(rows_by_pair[i, j])]]
                rows_by_pair[i, j] += hits.tolist()
    return rows_by_pair
