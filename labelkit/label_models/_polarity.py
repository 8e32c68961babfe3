"""Polarity of labeling functions: one class or several, and the ones whose confusions EM can estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit.label_models._agreement import co_votes
from labelkit.label_models._columns import sums_by

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._vote_table import VoteTable

MOST: Final = 0.75
"""The share that is meant by "most": of the votes that multipolar LFs cast where all LFs count as multipolar; of the
covered examples on which a crowd, or a broad LF, votes; and of the classes that workers vote for, of those expected
among as many votes."""

MOST_SINGLE: Final = 0.6
"""Upper bound, for a crowd, of the share of covered examples with a single vote."""

MOST_MULTIPOLAR: Final = 0.35
"""Upper bound of the multipolar LFs' share of the votes for their confusions to be learned beside unipolar LFs."""

LEAST_MET: Final = 25
"""Examples beside unipolar votes, for each class that an LF votes for, from which its confusion can be learned."""

LEAST_Z: Final = 3.0
"""Lower bound of the agreement of a crowd's members, in standard errors above chance."""

BY_CHANCE: Final = 0.001
"""An LF with votes for one class may be multipolar if this is at least as probable for votes of multipolar LFs."""


def multipolar(table: VoteTable) -> NDArray[np.bool_]:
    """Find the LFs that vote for several classes; all of them, if nearly all do.

    In a crowd, a worker with few votes may have voted for one class by chance, and some workers are constant voters:
    there all count as multipolar but LFs that are declared for one class. Exact copies count once in the share of
    multipolar LFs.

    Returns
    -------
    ndarray of bool, shape (n_lfs,)
    """
    several = np.bincount(table.lf, minlength=table.n_lfs) > 1
    n_votes = sums_by(table.lf, table.column_counts, table.n_lfs)
    declared = np.array([lf.labels is not None and len(lf.labels) == 1 for lf in table.lfs], dtype=bool) & (n_votes > 0)
    may_be = several | (~declared & (_chance_of_one_class(table, several, n_votes) > BY_CHANCE))
    weight = copy_weights(table) * (n_votes > 0)
    mostly = _share(may_be, weight * n_votes) >= MOST and _share(may_be, weight) >= 0.5
    return np.asarray(several | (~declared & mostly & bool(several.any())))


def copy_weights(table: VoteTable) -> NDArray[np.float64]:
    """Return 1 over the number of LFs with exactly the same votes, itself included; shape (n_lfs,).

    >>> from labelkit.label_models._canonical_order import arrange
    >>> from labelkit.label_models._vote_table import read_votes
    >>> copy_weights(arrange(read_votes(np.array([[0, 1, 0], [1, -1, 1]])), np.arange(3)).table).tolist()
    [0.5, 1.0, 0.5]
    """
    numbers = np.random.default_rng(0).random(table.n_patterns)  # their sums are keys of sets of patterns
    column_keys = (1 + table.label) * np.asarray(table.hits.T @ numbers)
    _, number, size = np.unique(sums_by(table.lf, column_keys, table.n_lfs), return_inverse=True, return_counts=True)
    return np.asarray(1 / size[number])


def _share(chosen: NDArray[np.bool_], weight: NDArray[np.float64]) -> float:
    return float(weight[chosen].sum() / max(weight.sum(), 1e-12)) + 1e-9


def _chance_of_one_class(
    table: VoteTable, several: NDArray[np.bool_], n_votes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the probability that as many votes of multipolar LFs are all for the LF's class; shape (n_lfs,)."""
    chosen = several[table.lf]
    share = sums_by(table.label[chosen], table.column_counts[chosen], table.n_classes)
    share = share / max(share.sum(), 1.0)
    only = np.zeros(table.n_lfs, dtype=np.int64)
    only[table.lf] = table.label
    return np.asarray(share[only] ** n_votes)


def broad_shares(table: VoteTable, several: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """Estimate the class prior from the votes of broad LFs for every class, beside LFs for one class each.

    The number of votes of the latter depends on their coverage, not on the frequency of their class. A classifier that
    votes on most examples reveals the frequencies, a little flattened by its errors.

    Returns
    -------
    ndarray of shape (n_classes,) or None
        None where there are no such LFs, or no others.
    """
    n_votes = sums_by(table.lf, table.column_counts, table.n_lfs)
    every = np.bincount(table.lf, minlength=table.n_lfs) == table.n_classes
    broad = every & (n_votes >= MOST * table.counts[table.covered].sum())
    if several.all() or not (broad & several).any():
        return None
    weight = (copy_weights(table) * broad)[table.lf]
    votes = sums_by(table.label, weight * table.column_counts, table.n_classes)
    votes += 0.01 * votes.sum()
    return np.asarray(votes / votes.sum())


def _class_shares(table: VoteTable, several: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the number of classes of each LF's votes over that expected of as many votes of multipolar LFs."""
    n_votes = sums_by(table.lf, table.column_counts, table.n_lfs)
    chosen = several[table.lf]
    share = sums_by(table.label[chosen], table.column_counts[chosen], table.n_classes)
    missed = np.exp(np.outer(n_votes, np.log1p(-np.minimum(share / max(share.sum(), 1.0), 1 - 1e-12))))
    expected = (1 - missed).sum(axis=1)
    return np.asarray(np.minimum(np.bincount(table.lf, minlength=table.n_lfs) / np.maximum(expected, 1e-12), 1.0))


def _agree_above_chance(table: VoteTable, weight: NDArray[np.float64]) -> bool:
    """Test if weighted columns agree with one another more than by chance, which random voters do not."""
    others = co_votes(table, weight)
    by_chance = float((weight * others.met * others.chance).sum())
    variance = float((weight * others.met * others.chance * (1 - others.chance)).sum())
    excess = float((weight * others.agreeing).sum()) - by_chance
    return bool(excess > LEAST_Z * (2 * variance) ** 0.5)  # every pair is counted twice


def learns_confusions(table: VoteTable, several: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], bool]:
    """Find the LFs whose confusions EM can estimate: multipolar ones that are a crowd, or beside many unipolar votes.

    In a crowd most examples have several votes, and most workers vote for most classes. Where most examples have one
    vote, or multipolar rules vote for a few classes each, EM reinforces its initial posterior and degenerates, unless
    the votes of unipolar LFs are a fixed offset of the scores. These say nothing about an LF that stands alone: its
    examples would stay where EM begins, without a class. So one beside them is chosen if it meets them often enough.

    Returns
    -------
    chosen : ndarray of bool, shape (n_lfs,)
    crowd : bool
        True if they are a crowd that votes on most covered examples, and its members agree: then the class prior and
        their accuracies can be estimated from their votes alone.
    """
    weight = copy_weights(table)
    crowd_weight = (several * weight)[table.lf]
    n_votes = table.hits @ crowd_weight
    voted = float(table.counts @ n_votes)
    if not voted:
        return several, False
    met = float(table.counts[n_votes > 0].sum())
    single = float(table.counts[(n_votes > 0) & (n_votes < 1 + 1e-9)].sum()) / met
    per_lf = sums_by(table.lf, table.column_counts * crowd_weight, table.n_lfs)
    classes = float((per_lf * _class_shares(table, several)).sum()) / voted
    crowd = single <= MOST_SINGLE and classes >= MOST
    offset = not several.all() and voted <= MOST_MULTIPOLAR * float(table.column_counts @ weight[table.lf])
    covers = met >= MOST * float(table.counts[table.covered].sum())
    crowd = crowd and (bool(several.all()) or (covers and _agree_above_chance(table, crowd_weight)))
    if not crowd:
        several = several & (_met(table, ~several) >= LEAST_MET * np.bincount(table.lf, minlength=table.n_lfs))
    return np.asarray(several & (crowd or offset)), crowd


def _met(table: VoteTable, others: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Count, for each LF, its votes on examples with a vote of one of the others; shape (n_lfs,)."""
    beside = np.where(table.hits @ others[table.lf].astype(np.float64) > 0, table.counts, 0.0)
    return sums_by(table.lf, table.hits.T @ beside, table.n_lfs)
