"""Gold labels of examples beside their votes, in the order of the examples and by pattern of votes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit.exceptions import GoldError
from labelkit.label_models._columns import sums_by
from labelkit.votes.gold import NO_GOLD, GoldCounts, aligned_gold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._vote_table import GivenVotes


@dataclass(frozen=True, eq=False)
class GoldRows:
    """Gold of examples, or of groups of examples with the same votes.

    Attributes
    ----------
    pattern, label : ndarray of int64, shape (n_rows,)
        Position in the vote table, and class.
    weight : ndarray of shape (n_rows,)
        Number of examples, or the weight of one.
    example : ndarray of int64, shape (n_rows,), or None
        Position of the example; None for vote patterns.
    """

    pattern: NDArray[np.int64]
    label: NDArray[np.int64]
    weight: NDArray[np.float64]
    example: NDArray[np.int64] | None

    def counts(self, n_classes: int, chosen: NDArray[np.bool_] | None = None) -> GoldCounts:
        """Add up the weights of the rows, or of some of them, by pattern and class."""
        rows = slice(None) if chosen is None else chosen
        cells = self.pattern[rows] * n_classes + self.label[rows]
        pairs, pair = np.unique(cells, return_inverse=True)
        return GoldCounts(pairs // n_classes, pairs % n_classes, sums_by(pair, self.weight[rows], len(pairs)))


def read_gold(
    gold: Any, given: GivenVotes, place: NDArray[np.int64], weight: NDArray[np.float64] | None = None
) -> GoldRows:
    """Read the gold labels, with the pattern of each example.

    Parameters
    ----------
    gold : array-like, Series, mapping by id or None
        See :func:`labelkit.votes.gold.aligned_gold`.
    given : GivenVotes
    place : ndarray
        Where the given patterns are in the table.
    weight : ndarray of shape (n_examples,), optional
        Weight of each example, where the votes are of examples.

    Raises
    ------
    GoldError
        If gold does not fit the examples, or is given twice.
    """
    n_classes = len(given.class_names)
    if given.gold is not None or given.index is None or given.ids is None:
        if gold is not None:
            raise GoldError(
                "vote patterns know no examples, so gold cannot be given beside them",
                hint="make them from a matrix, or give VotePatterns(gold=counts of shape (n_patterns, n_classes))",
            )
        counts = NO_GOLD
        if given.gold is not None:
            counts = GoldCounts.of_table(_checked_counts(given.gold, (len(given.counts), n_classes)))
        return GoldRows(place[counts.pattern], counts.label, counts.count, None)
    if gold is None:
        return GoldRows(NO_GOLD.pattern, NO_GOLD.label, NO_GOLD.count, NO_GOLD.pattern)
    labels = aligned_gold(gold, given.ids, given.class_names)
    with_gold = np.flatnonzero(labels >= 0)
    weights = np.ones(len(with_gold)) if weight is None else weight[with_gold]
    return GoldRows(place[given.index[with_gold]], labels[with_gold], weights, with_gold)


def gold_ids(given: GivenVotes, rows: GoldRows) -> NDArray[Any] | None:
    """Return the id of each row; None for vote patterns."""
    return None if rows.example is None or given.ids is None else given.ids[rows.example]


def _checked_counts(gold: NDArray[np.int64], shape: tuple[int, int]) -> NDArray[np.int64]:
    if gold.shape != shape:
        raise GoldError(f"the gold of the vote patterns has shape {gold.shape}, not (n_patterns, n_classes) = {shape}")
    if gold.min(initial=0) < 0:
        raise GoldError(f"the gold of the vote patterns holds {gold.min()}, but these are counts")
    return gold
