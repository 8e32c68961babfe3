"""Gold labels of examples beside their votes, in the order of the examples and by pattern of votes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from labelkit._shared.user_errors import warn
from labelkit.exceptions import GoldError, ModelError
from labelkit.label_models._columns import sums_by
from labelkit.votes.alignment import aligned_values
from labelkit.votes.gold import NO_GOLD, GoldCounts, aligned_gold
from labelkit.votes.gold_beside import warn_of_gold_beside_votes, way_of
from labelkit.votes.gold_values import gold_values
from labelkit.votes.row_weights import RowWeights, drawn_alike

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._vote_table import GivenVotes, VoteTable
    from labelkit.votes.example_names import ExampleNames


FEW_GOLD: Final = 10
"""Gold examples below which nothing is said of their classes."""


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


def read_gold(gold: Any, given: GivenVotes, place: NDArray[np.int64], sample_weight: Any = None) -> GoldRows:
    """Read the gold labels, with the pattern of each example.

    Parameters
    ----------
    gold : array-like, Series, mapping by id or None
        See :func:`labelkit.votes.gold.aligned_gold`.
    given : GivenVotes
    place : ndarray
        Where the given patterns are in the table.
    sample_weight : array-like, Series or mapping by id, or RowWeights, optional
        Weight of each example, where the votes are of examples.

    Raises
    ------
    GoldError
        If gold does not fit the examples, or is given twice.
    """
    n_classes = len(given.class_names)
    if given.gold is not None or given.index is None or given.examples is None:
        if gold is not None:
            raise GoldError(
                "vote patterns know no examples, so gold cannot be given beside them",
                hint="make them from a matrix, or give VotePatterns(gold=counts of shape (n_patterns, n_classes))",
                code="LK328",
            )
        if isinstance(sample_weight, RowWeights):
            raise ModelError(
                "vote patterns know no examples that weights could be of", hint="give the label matrix", code="LK328"
            )
        counts = NO_GOLD
        if given.gold is not None:
            counts = GoldCounts.of_table(_checked_counts(given.gold, (len(given.counts), n_classes)))
        return GoldRows(place[counts.pattern], counts.label, counts.count, None)
    if gold is None:
        return GoldRows(NO_GOLD.pattern, NO_GOLD.label, NO_GOLD.count, NO_GOLD.pattern)
    labels = aligned_gold(gold, given.examples, given.class_names)
    with_gold = np.flatnonzero(labels >= 0)
    weight = np.ones(len(labels))
    if isinstance(sample_weight, RowWeights):
        weight[with_gold] = sample_weight.at(with_gold, given.examples)
    elif sample_weight is not None:
        weight = _sample_weights(sample_weight, given.examples, with_gold)
    judged = np.full(len(labels), -1)
    alike = with_gold[drawn_alike(weight[with_gold])]
    judged[alike] = labels[alike]
    warn_of_gold_beside_votes(*given.votes_with_gold(judged), given.class_names, way_of(gold, given.examples))
    return GoldRows(place[given.index[with_gold]], labels[with_gold], weight[with_gold], with_gold)


def _sample_weights(given: Any, examples: ExampleNames, with_gold: NDArray[np.int64]) -> NDArray[np.float64]:
    """Align weights with all examples, 0 where there is none; those of examples with gold are numbers from 0."""
    try:
        values = np.asarray(gold_values(given), dtype=np.float64)
    except (TypeError, ValueError, GoldError):
        raise ModelError(
            "sample_weight holds no numbers", hint="give a weight for each example", code="LK332"
        ) from None
    weight = aligned_values(given, values, examples, 0.0, what="sample_weight", error=ModelError)
    used = weight[with_gold]
    wrong = ~np.isfinite(used) | (used < 0)
    if wrong.any():
        raise ModelError(
            f"the sample_weight of {examples.ids[with_gold[wrong]][:1].tolist()[0]!r} is {used[wrong][0]:g}, which is "
            "no number from 0",
            hint="0 leaves an example out",
            code="LK332",
        )
    return weight


class GoldIds(NamedTuple):
    """The ids of examples with gold.

    Attributes
    ----------
    ids : ndarray, shape (n,)
    are_names : bool
        False if they are positions, which say nothing about examples elsewhere.
    """

    ids: NDArray[Any]
    are_names: bool


def gold_ids(given: GivenVotes, rows: GoldRows) -> GoldIds | None:
    """Return the id of each row; None for vote patterns."""
    if rows.example is None or given.examples is None:
        return None
    return GoldIds(given.examples.ids[rows.example], not given.examples.are_positions)


def warn_of_one_class(table: VoteTable, gold: GoldCounts) -> None:
    """Warn if gold to learn from is of one class alone, while rules vote for others: it is hardly a fair sample."""
    classes, n = np.unique(gold.label), float(gold.count.sum())
    if len(classes) == 1 and n >= FEW_GOLD and (table.label != classes[0]).any():
        warn(
            f"all {n:,.0f} gold labels are of class {table.class_names[classes[0]]!r}, and a model that learns from "
            "them takes the other classes for rare. Hint: draw gold at random from all examples; gold that was chosen "
            "by class can judge rules, summarize(matrix, gold=gold), but not teach a model",
            code="LK336",
        )


def _checked_counts(gold: NDArray[np.int64], shape: tuple[int, int]) -> NDArray[np.int64]:
    if gold.shape != shape:
        raise GoldError(f"the gold of the vote patterns has shape {gold.shape}, not (n_patterns, n_classes) = {shape}")
    if gold.min(initial=0) < 0:
        raise GoldError(f"the gold of the vote patterns holds {gold.min()}, but these are counts")
    return gold
