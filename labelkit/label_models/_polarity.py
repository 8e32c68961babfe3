"""Which labeling functions vote for one class only, which for several, and of which EM can learn anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit.label_models._agreement import beside
from labelkit.label_models._em import sums_by

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._vote_table import VoteTable

MOSTLY: Final = 0.8
"""All LFs count as multipolar where those that are, or may be, cast so many of the votes and are half of the LFs."""

MOST_ALONE: Final = 0.6
"""In a crowd, no more of the covered examples have a single vote."""

CLASSES_KNOWN: Final = 0.75
"""In a crowd, workers vote for at least this share of the classes that so many votes would show, on the mean over
votes."""

MOST_UNHELD: Final = 0.35
"""Beside unipolar LFs, multipolar ones may cast no more of the votes than this for their confusions to be learned."""

BROAD: Final = 0.75
"""LFs for every class that vote on so many of the covered examples show how frequent the classes are."""

BEYOND: Final = 3.0
"""Members of a crowd agree with one another by so many standard errors more than by chance."""

BY_CHANCE: Final = 0.001
"""An LF of one class may be multipolar if that is at least this probable, had it voted like the multipolar ones."""


def multipolar(table: VoteTable) -> NDArray[np.bool_]:
    """Which LFs vote for several classes; all of them, where nearly all do.

    In a crowd, a worker with few votes had no occasion to vote for a second class, and a lazy one votes for one class
    whatever he sees: there all are taken as multipolar, but for LFs that are declared for one class. In what nearly all
    are, exact copies count once.

    Returns
    -------
    ndarray of bool, shape (n_lfs,)
    """
    several = np.bincount(table.lf, minlength=table.n_lfs) > 1
    n_votes = sums_by(table.lf, table.column_counts, table.n_lfs)
    declared = np.array([lf.labels is not None and len(lf.labels) == 1 for lf in table.lfs], dtype=bool) & (n_votes > 0)
    may_be = several | (~declared & (_accident(table, several, n_votes) > BY_CHANCE))
    own = own_share(table) * (n_votes > 0)
    mostly = _share(may_be, own * n_votes) >= MOSTLY and _share(may_be, own) >= 0.5
    return np.asarray(several | (~declared & mostly & bool(several.any())))


def own_share(table: VoteTable) -> NDArray[np.float64]:
    """One over how many LFs cast exactly the same votes, itself included; shape (n_lfs,).

    >>> from labelkit.label_models._canonical_order import arrange
    >>> from labelkit.label_models._vote_table import read_votes
    >>> own_share(arrange(read_votes(np.array([[0, 1, 0], [1, -1, 1]])), np.arange(3)).table).tolist()
    [0.5, 1.0, 0.5]
    """
    numbers = np.random.default_rng(0).random(table.n_patterns)  # sums of these tell sets of patterns apart
    said = (1 + table.label) * np.asarray(table.hits.T @ numbers)
    _, number, size = np.unique(sums_by(table.lf, said, table.n_lfs), return_inverse=True, return_counts=True)
    return np.asarray(1 / size[number])


def _share(chosen: NDArray[np.bool_], weight: NDArray[np.float64]) -> float:
    return float(weight[chosen].sum() / max(weight.sum(), 1e-12)) + 1e-9


def _accident(table: VoteTable, several: NDArray[np.bool_], n_votes: NDArray[np.float64]) -> NDArray[np.float64]:
    """How probable it is that so many votes are all for one class, if cast like those of the multipolar LFs."""
    theirs = several[table.lf]
    share = sums_by(table.label[theirs], table.column_counts[theirs], table.n_classes)
    share = share / max(share.sum(), 1.0)
    only = np.zeros(table.n_lfs, dtype=np.int64)
    only[table.lf] = table.label
    return np.asarray(share[only] ** n_votes)


def broad_shares(table: VoteTable, several: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """How frequent the classes are by the votes of broad LFs for every class, beside LFs for one class each.

    Of the latter, the number of votes says how often they fire, and nothing of their class. A classifier that votes on
    most examples shows the frequencies, if a little evened out by its errors.

    Returns
    -------
    ndarray of shape (n_classes,) or None
        None where there are no such LFs, or no others.
    """
    n_votes = sums_by(table.lf, table.column_counts, table.n_lfs)
    every = np.bincount(table.lf, minlength=table.n_lfs) == table.n_classes
    broad = every & (n_votes >= BROAD * table.counts[table.covered].sum())
    if several.all() or not (broad & several).any():
        return None
    own = (own_share(table) * broad)[table.lf]
    votes = sums_by(table.label, own * table.column_counts, table.n_classes)
    votes += 0.01 * votes.sum()
    return np.asarray(votes / votes.sum())


def _classes_known(table: VoteTable, several: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The share of classes that each LF votes for, of those that so many votes of multipolar LFs would show."""
    n_votes = sums_by(table.lf, table.column_counts, table.n_lfs)
    theirs = several[table.lf]
    share = sums_by(table.label[theirs], table.column_counts[theirs], table.n_classes)
    missed = np.exp(np.outer(n_votes, np.log1p(-np.minimum(share / max(share.sum(), 1.0), 1 - 1e-12))))
    shown = (1 - missed).sum(axis=1)
    return np.asarray(np.minimum(np.bincount(table.lf, minlength=table.n_lfs) / np.maximum(shown, 1e-12), 1.0))


def _agree(table: VoteTable, weight: NDArray[np.float64]) -> bool:
    """Whether weighted columns agree with one another more than by chance, as those who vote at random do not."""
    found = beside(table, weight)
    by_chance = float((weight * found.met * found.chance).sum())
    spread = float((weight * found.met * found.chance * (1 - found.chance)).sum())
    beyond = float((weight * found.agreeing).sum()) - by_chance
    return bool(beyond > BEYOND * (2 * spread) ** 0.5)  # a pair is met twice


def learns_confusions(table: VoteTable, several: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], bool]:
    """Of which LFs EM can learn the confusions: of multipolar ones that are a crowd, or beside enough unipolar votes.

    In a crowd most examples have several votes, and most workers vote for most classes. Where most examples have one
    vote, or multipolar rules know a few classes each, EM learns what it believed at the start and runs away with it;
    there it needs the votes of unipolar LFs to hold on to.

    Returns
    -------
    chosen : ndarray of bool, shape (n_lfs,)
    whole : bool
        Whether these are a crowd that votes on most covered examples, and its members agree: then it shows the class
        prior and how good they are by itself.
    """
    own = own_share(table)
    theirs = (several * own)[table.lf]
    n_votes = table.hits @ theirs
    voted = float(table.counts @ n_votes)
    if not voted:
        return several, False
    met = float(table.counts[n_votes > 0].sum())
    alone = float(table.counts[(n_votes > 0) & (n_votes < 1 + 1e-9)].sum()) / met
    per_lf = sums_by(table.lf, table.column_counts * theirs, table.n_lfs)
    known = float((per_lf * _classes_known(table, several)).sum()) / voted
    crowd = alone <= MOST_ALONE and known >= CLASSES_KNOWN
    held = not several.all() and voted <= MOST_UNHELD * float(table.column_counts @ own[table.lf])
    covers = met >= BROAD * float(table.counts[table.covered].sum())
    whole = crowd and (bool(several.all()) or (covers and _agree(table, theirs)))
    return np.asarray(several & (whole or held)), whole
