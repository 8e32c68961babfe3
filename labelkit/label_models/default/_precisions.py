"""Precision of each rule's votes for a class: the model's estimate, and an interval of what is known without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import sparse

from labelkit._shared.numbers import wilson_interval
from labelkit.label_models._columns import sums_by

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._vote_table import VoteTable
    from labelkit.votes.gold import GoldCounts

MODEL_ROWS: Final = 3.0
"""Weight of the model's estimate of a precision, in gold rows."""

BASES: Final = ("none", "class prior", "gold")
"""What an interval rests on, by number."""

PRIOR_ERRORS: Final = 2.0
"""Standard errors by which the share of a class in the corpus may differ from the class prior."""


def describe_precisions(
    model: Any,
    table: VoteTable,
    right: NDArray[np.float64],
    gold: GoldCounts,
    class_prior: NDArray[np.float64] | None,
) -> None:
    """Set the precision of each column with its interval, and the precision of each LF.

    Parameters
    ----------
    model : LabelModel
    table : VoteTable
    right : ndarray of shape (n_columns,)
        Expected number of right votes, by the model.
    gold : GoldCounts
    class_prior : ndarray of shape (n_classes,) or None
        If the user gave one.
    """
    votes = table.column_counts
    belief = np.clip(right / np.maximum(votes, 1e-12), 0.0, 1.0)
    hits, n_gold = _gold_votes(table, gold)
    low, high = _bounds(table, class_prior)
    basis = np.where((low > 0) | (high < 1), BASES.index("class prior"), BASES.index("none"))
    has_gold = n_gold > 0
    by_gold = wilson_interval(hits[has_gold], n_gold[has_gold])
    low[has_gold], high[has_gold], basis[has_gold] = *by_gold, BASES.index("gold")
    precision = np.clip((hits + MODEL_ROWS * belief) / (n_gold + MODEL_ROWS), low, high)
    model.column_votes_, model.column_gold_, model.column_basis_ = votes, n_gold, basis
    model.column_precision_, model.column_low_, model.column_high_ = precision, low, high
    total = sums_by(table.lf, votes, table.n_lfs)
    weighted = sums_by(table.lf, votes * precision, table.n_lfs)
    of_lf = np.divide(weighted, total, out=np.full(table.n_lfs, np.nan), where=total > 0)
    model.lf_precision_ = {lf.name: float(p) for lf, p in zip(table.lfs, of_lf, strict=True)}


def _gold_votes(table: VoteTable, gold: GoldCounts) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Count each column's votes on gold examples: the right ones, and all; both of shape (n_columns,)."""
    if not len(gold):
        return np.zeros(table.n_columns), np.zeros(table.n_columns)
    rows = sparse.csr_array(table.hits[gold.pattern])
    place = np.repeat(np.arange(len(gold)), np.diff(rows.indptr))
    agrees = table.label[rows.indices] == gold.label[place]
    hits = sums_by(rows.indices.astype(np.int64), gold.count[place] * agrees, table.n_columns)
    return hits, np.asarray(rows.T @ gold.count)


def _bounds(
    table: VoteTable, class_prior: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bound each column's precision by the number of examples of its class: no more of its votes can be right."""
    if class_prior is None:
        return np.zeros(table.n_columns), np.ones(table.n_columns)
    n, votes, share = table.counts.sum(), table.column_counts, class_prior[table.label]
    error = PRIOR_ERRORS * np.sqrt(share * (1 - share) / n)
    low = 1 - np.minimum(1 - share + error, 1.0) * n / votes
    return low.clip(0.0, 1.0), ((share + error) * n / votes).clip(0.0, 1.0)
