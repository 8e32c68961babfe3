"""Which row goes to which part: at random, by class, in whole groups, by a hash of names, or by time.

All functions are of arrays. With classes and groups together, groups are given out from the largest to the smallest,
those of the same make-up in proportion to what the parts still need, and rows without a group last: these make the
sizes and the classes come out right, as far as they can.

>>> sizes = np.array([8, 2])
>>> np.bincount(by_class(np.repeat([0, 1], 5), sizes, np.random.default_rng(0))).tolist()
[8, 2]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit.curation.near_duplicates.shingles import mixed
from labelkit.curation.splits.sizes import whole_numbers
from labelkit.exceptions import AnalysisError

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

OUT: Final = -1
"""The part of a row that is in none."""

ROUNDS: Final = 100
"""Of fitting a table to its margins."""


def by_class(strata: NDArray[np.int64], sizes: NDArray[np.int64], rng: Generator) -> NDArray[np.int8]:
    """Divide the rows of each class in proportion: a part has at most one row of a class more or less than its share.

    Parameters
    ----------
    strata : ndarray of int64, shape (n_rows,)
    sizes : ndarray of int64, shape (n_parts,)
        They sum to the number of rows, and are met exactly.
    rng : Generator

    Returns
    -------
    ndarray of int8, shape (n_rows,)
    """
    n_of = np.bincount(strata)
    return _dealt(strata, _table(n_of, np.outer(n_of, sizes / sizes.sum()), sizes, rng), rng)


def by_group(
    units: NDArray[np.int64], strata: NDArray[np.int64], sizes: NDArray[np.int64], rng: Generator
) -> NDArray[np.int8]:
    """Divide whole groups so that parts have their sizes, and each class its share in them, as nearly as can be.

    Parameters
    ----------
    units : ndarray of int64, shape (n_rows,)
        The group of each row, from 0.
    strata, sizes, rng
        As in :func:`by_class`; all 0 without classes.
    """
    size_of = np.bincount(units)
    n_of = np.bincount(strata)
    needed = np.outer(sizes / sizes.sum(), n_of)  # rows of each part and class
    part_of = np.full(len(size_of), OUT, dtype=np.int8)
    is_single = size_of[units] == 1
    if not is_single.all():
        _give_out(_MakeUps.of(units[~is_single], strata[~is_single], rng), part_of, needed, sizes)
    parts = part_of[units]
    if is_single.any():
        singles = np.bincount(strata[is_single], minlength=len(n_of))
        room = whole_numbers(_scaled(needed.sum(axis=1), singles.sum()), int(singles.sum()))
        parts[is_single] = _dealt(
            strata[is_single], _table(singles, _fitted(np.maximum(needed.T, 0), singles, room), room, rng), rng
        )
    return parts


def by_hash(keys: NDArray[np.uint64], shares: NDArray[np.float64], random_state: int) -> NDArray[np.int8]:
    """Let a hash of each name decide, so that it depends on nothing else; shares hold on average.

    Parameters
    ----------
    keys : ndarray of uint64, shape (n_rows,)
        Equal for rows that have to be in one part.
    shares : ndarray of float64, shape (n_parts,)
    random_state : int
    """
    seed = mixed(np.array([random_state], dtype=np.uint64) + np.uint64(0x73706C6974))
    place = (mixed(mixed(keys ^ seed) + seed) >> np.uint64(11)).astype(np.float64) / 2**53
    return np.minimum(np.searchsorted(np.cumsum(shares), place, side="right"), len(shares) - 1).astype(np.int8)


def by_time(times: NDArray[np.generic], sizes: NDArray[np.int64]) -> NDArray[np.int8]:
    """Give the oldest rows to the first part; rows of one time are in one part.

    Parameters
    ----------
    times : ndarray, shape (n_rows,)
    sizes : ndarray of int64, shape (n_parts,)

    Raises
    ------
    AnalysisError
        If there are fewer different times than parts.
    """
    order = np.argsort(times, kind="stable")
    cuts = cuts_near(times[order], np.cumsum(sizes)[:-1])
    parts = np.empty(len(times), dtype=np.int8)
    parts[order] = np.searchsorted(cuts, np.arange(len(times)), side="right")
    return parts


def cuts_near(ordered: NDArray[np.generic], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find the places nearest to the wanted ones at which the time changes."""
    changes = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    if not len(changes):
        raise AnalysisError("all rows have the same time, so that none is before another", hint="name another column")
    after = np.minimum(np.searchsorted(changes, wanted), len(changes) - 1)
    before = np.maximum(after - 1, 0)
    is_before = np.abs(changes[before] - wanted) <= np.abs(changes[after] - wanted)
    cuts = changes[np.where(is_before, before, after)]
    if (np.diff(cuts) <= 0).any():
        raise AnalysisError(
            "so many rows have the same time that a part becomes empty",
            hint="a finer time, fewer parts, or larger shares",
        )
    return np.asarray(cuts)


def whole_by_first(parts: NDArray[np.int8], units: NDArray[np.int64]) -> NDArray[np.int8]:
    """Leave out the rows of a group that are in a later part than its first rows."""
    earliest = np.full(int(units.max()) + 1, np.iinfo(np.int8).max, dtype=np.int8)
    there = parts >= 0
    np.minimum.at(earliest, units[there], parts[there])
    return np.where(parts == earliest[units], parts, np.int8(OUT))


# Tables of classes and parts ------------------------------------------------------------------------------------------


def _table(
    n_of: NDArray[np.int64], exact: NDArray[np.float64], room: NDArray[np.int64], rng: Generator
) -> NDArray[np.int64]:
    """Round a table of classes and parts so that both its margins hold; shape (n_classes, n_parts).

    Each cell is rounded down; what a class has left goes, a row each, to the parts that have most room left, the class
    with most rows left first, which leaves none over (Gale 1957, https://doi.org/10.2140/pjm.1957.7.1073).
    """
    table = np.floor(exact + 1e-9).astype(np.int64)
    room = room - table.sum(axis=0)
    left = n_of - table.sum(axis=1)
    remainder = exact - table + 1e-3 * rng.random(exact.shape)
    for row in np.lexsort((rng.random(len(left)), -left)):
        taken = np.zeros(len(room), dtype=np.int64)
        for _ in range(left[row]):
            part = (
                np.lexsort((-remainder[row], -room, taken))[0] if (room > 0).any() else int(np.argmax(remainder[row]))
            )
            taken[part] += 1
            room[part] -= 1
        table[row] += taken
    return table


def _dealt(strata: NDArray[np.int64], table: NDArray[np.int64], rng: Generator) -> NDArray[np.int8]:
    """Give the rows of each class to the parts at random, as many as the table says."""
    shuffled = rng.permutation(len(strata))
    order = shuffled[np.argsort(strata[shuffled].astype(np.min_scalar_type(len(table))), kind="stable")]
    parts = np.empty(len(strata), dtype=np.int8)
    parts[order] = np.repeat(np.tile(np.arange(table.shape[1], dtype=np.int8), len(table)), table.ravel())
    return parts


def _scaled(needed: NDArray[np.float64], total: float) -> NDArray[np.float64]:
    """Scale what is needed to what there is; a part that has more than it needs gets nothing."""
    needed = np.maximum(needed, 0)
    return needed * (total / needed.sum()) if needed.sum() > 0 else np.full(len(needed), total / len(needed))


def _fitted(table: NDArray[np.float64], rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
    """Scale rows and columns in turn until both margins hold (Deming, Stephan 1940, doi 10.1214/aoms/1177731829)."""
    table = table + 1e-9
    for _ in range(ROUNDS):
        table *= (columns / np.maximum(table.sum(axis=0), 1e-300))[None, :]
        table *= (rows / np.maximum(table.sum(axis=1), 1e-300))[:, None]
        if np.abs(table.sum(axis=0) - columns).max() < 1e-6:
            break
    return table


# Groups ---------------------------------------------------------------------------------------------------------------


class _MakeUps:
    """Groups sorted by what they are made of, the largest first.

    Attributes
    ----------
    groups : list of ndarray of int64
        Those of each make-up, in random order.
    classes, counts : list of ndarray of int64
        The classes of a group of each make-up, and its rows of them.
    """

    def __init__(
        self, groups: list[NDArray[np.int64]], classes: list[NDArray[np.int64]], counts: list[NDArray[np.int64]]
    ) -> None:
        self.groups, self.classes, self.counts = groups, classes, counts

    @classmethod
    def of(cls, units: NDArray[np.int64], strata: NDArray[np.int64], rng: Generator) -> _MakeUps:
        n_classes = int(strata.max()) + 1
        cells, counts = np.unique(units * n_classes + strata, return_counts=True)
        unit, stratum = cells // n_classes, cells % n_classes
        starts = np.flatnonzero(np.diff(unit, prepend=-1))
        hashed = mixed(mixed(stratum.astype(np.uint64) + np.uint64(1)) + counts.astype(np.uint64))
        _, first, make_up = np.unique(np.add.reduceat(hashed, starts), return_index=True, return_inverse=True)
        size = np.add.reduceat(counts, starts)[first]
        shuffled = rng.permutation(len(starts))
        together = shuffled[np.argsort(make_up[shuffled], kind="stable")]
        members = np.split(unit[starts[together]], np.cumsum(np.bincount(make_up))[:-1])
        stops = np.append(starts[1:], len(cells))
        order = np.lexsort((rng.random(len(size)), -size)).tolist()
        spans = [slice(starts[first[one]], stops[first[one]]) for one in order]
        return cls([members[one] for one in order], [stratum[s] for s in spans], [counts[s] for s in spans])


def _give_out(
    make_ups: _MakeUps, part_of: NDArray[np.int8], needed: NDArray[np.float64], sizes: NDArray[np.int64]
) -> None:
    """Give each group a part, and take its rows from what the parts need; changes ``part_of`` and ``needed``."""
    least = 1 / np.maximum(needed, 1)
    total, least_total = needed.sum(axis=1), 1 / sizes
    for groups, classes, counts in zip(make_ups.groups, make_ups.classes, make_ups.counts, strict=True):
        numbers = np.zeros(len(sizes), dtype=np.int64)
        size = counts.sum()
        if len(groups) > 1:
            open_needs = np.maximum(needed[:, classes], 0)
            share = (open_needs / np.maximum(open_needs.sum(axis=0), 1e-300)) @ counts / size
            numbers = np.floor(len(groups) * share / max(share.sum(), 1) + 1e-9).astype(np.int64)
            needed[:, classes] -= np.outer(numbers, counts)
            total -= numbers * size
        for _ in range(len(groups) - numbers.sum()):
            harm = ((counts - 2 * needed[:, classes]) * least[:, classes]) @ counts
            part = int(np.argmin(harm + size * (size - 2 * total) * least_total))
            numbers[part] += 1
            needed[part, classes] -= counts
            total[part] -= size
        part_of[groups] = np.repeat(np.arange(len(sizes), dtype=np.int8), numbers)
