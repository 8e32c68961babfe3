"""Arrangement of votes as a vote table, in an order that does not depend on that of the input.

Labeling functions are sorted by name (or by their votes, if they have no names), and patterns lexicographically in that
order, so that neither order can change a label.

>>> from labelkit.label_models._vote_table import read_votes
>>> table = arrange(read_votes(np.array([[0, -1], [1, 1], [0, -1]])), np.arange(2)).table
>>> table.hits.toarray().tolist(), table.lf.tolist(), table.label.tolist(), table.counts.tolist()
([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]], [0, 0, 1], [0, 1, 1], [2.0, 1.0])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import sparse

from labelkit._shared.threads import blocks, in_threads
from labelkit._shared.written_lists import names_and_more
from labelkit.exceptions import ModelError
from labelkit.label_models._vote_table import GivenVotes, VoteTable
from labelkit.votes.distinct_rows import distinct

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_CODES: Final = 10_000_000
"""Up to this many pairs of a labeling function and a class, those that occur are marked in an array of all."""

NO_RANGES: Final[Mapping[str, int]] = {}
"""Of labeling functions without confidences."""

BLOCK_VOTES: Final = 250_000
"""Votes are numbered, in threads, in blocks of at most this many."""


@dataclass(frozen=True, eq=False)
class Arranged:
    """A vote table, and the positions of the input's patterns in it.

    Attributes
    ----------
    table : VoteTable
    place : ndarray of int64, shape (n_given_patterns,)
        Position in the table of each pattern of the input.
    """

    table: VoteTable
    place: NDArray[np.int64]


def canonical_order(given: GivenVotes) -> NDArray[np.int64]:
    """Return an order of the labeling functions that does not depend on that of the input.

    By name if they have names. Otherwise by the number of votes for each class, then by the numbers of examples shared
    with the others; labeling functions that are still equal are practically exchangeable.
    """
    if given.named:
        return np.array(sorted(range(len(given.lfs)), key=lambda j: given.names[j]), dtype=np.int64)
    cells, shape = given.cells(np.arange(len(given.lfs))), (len(given.lfs), len(given.class_names))
    weight = np.repeat(given.counts, np.diff(cells.indptr)).astype(np.float64)
    profile = np.bincount(cells.codes, weights=weight, minlength=shape[0] * shape[1]).reshape(shape)
    if len(np.unique(profile, axis=0)) < len(profile):
        lf = (cells.codes // shape[1]).astype(np.int32)
        fires = sparse.csr_array((np.sqrt(weight), lf, cells.indptr), shape=given.shape)
        together = np.sort(np.rint((fires.T @ fires).toarray()), axis=1)
        profile = np.concatenate([profile, together], axis=1)
    return np.lexsort(profile.T[::-1]).astype(np.int64)


def arrange(given: GivenVotes, order: NDArray[np.int64], *, by_pattern: bool = True) -> Arranged:
    """Make the vote table with the labeling functions in ``order``.

    Patterns are sorted in that order too, so that sums over them do not depend on the order of the input; without
    ``by_pattern`` they may stay unsorted, which is enough for predictions, made for each pattern alone.
    """
    n_classes, n_lfs = len(given.class_names), len(order)
    # patterns of the input are mostly sorted already
    ordered = given.in_order and np.array_equal(order, np.arange(n_lfs))
    cells = given.cells(order, by_pattern=by_pattern and not ordered)
    codes, columns = _numbered(cells.codes, n_lfs * n_classes)
    shape = (len(given.counts), len(codes))
    hits = sparse.csr_array((np.ones(len(columns)), columns, cells.indptr), shape=shape)
    hits, counts, place = _places(hits, given, cells.rows)
    table = VoteTable(
        hits=hits,
        lf=codes // n_classes,
        label=codes % n_classes,
        counts=counts.astype(np.float64),
        lfs=tuple(given.lfs[j] for j in order),
        class_names=given.class_names,
    )
    return Arranged(table, place)


def _numbered(codes: NDArray[Any], n_codes: int) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return the codes that occur, ascending, and each code's index among them, in place of the codes."""
    if n_codes > MOST_CODES:
        distinct_codes, numbers = np.unique(codes, return_inverse=True)
        return distinct_codes.astype(np.int64), numbers.astype(np.int64)
    present, pieces = np.zeros(n_codes, dtype=bool), blocks(len(codes), BLOCK_VOTES)

    def mark(piece: slice) -> None:
        present[codes[piece]] = True

    def fill(piece: slice) -> None:
        codes[piece] = number[codes[piece]]

    in_threads(mark, pieces)
    number = np.cumsum(present, dtype=codes.dtype) - 1
    in_threads(fill, pieces)
    return np.flatnonzero(present), codes


def _places(
    hits: sparse.csr_array, given: GivenVotes, rows: NDArray[np.int64] | None
) -> tuple[sparse.csr_array, NDArray[np.int64], NDArray[np.int64]]:
    """Return the hits and counts of the table's patterns, and the position of each input pattern among them."""
    if given.outcomes is None:
        hits.sort_indices()
        return _distinct_rows(hits, given.counts)
    if rows is None:
        return hits, given.counts, np.arange(len(given.counts))
    place = np.empty(len(rows), dtype=np.int64)
    place[rows] = np.arange(len(rows))
    return hits, given.counts[rows], place


def _distinct_rows(
    hits: sparse.csr_array, counts: NDArray[np.int64]
) -> tuple[sparse.csr_array, NDArray[np.int64], NDArray[np.int64]]:
    """Find distinct rows of a sparse 0/1 matrix, comparing rows with equal numbers of votes; nothing dense is made."""
    lengths = np.diff(hits.indptr)
    place = np.empty(len(lengths), dtype=np.int64)
    firsts, totals, n_found = [], [], 0
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        lists = hits.indices[hits.indptr[rows][:, None] + np.arange(length)].reshape(len(rows), length)
        groups = distinct(lists, counts[rows])
        first = np.empty(len(groups.counts), dtype=np.int64)
        first[groups.index[::-1]] = rows[::-1]
        place[rows] = groups.index + n_found
        firsts.append(first)
        totals.append(groups.counts)
        n_found += len(first)
    if not firsts:
        return hits, counts, place
    return hits[np.concatenate(firsts)], np.concatenate(totals), place


def matched_order(
    given: GivenVotes, names: Sequence[str], *, named: bool, model: str, n_ranges: Mapping[str, int] = NO_RANGES
) -> NDArray[np.int64]:
    """Match the labeling functions that a model was fitted on with those of other votes.

    Parameters
    ----------
    given : GivenVotes
    names : sequence of str
        The names at fit, in the order of the input there.
    named : bool
        True if these are names from the input, not numbers.
    model : str
        Name of the model, for the error.
    n_ranges : mapping of str to int
        The labeling functions that report confidences, and of how many of the names each has become.

    Returns
    -------
    ndarray of int64, shape (n_lfs,)
        Position in ``given`` of each name.

    Raises
    ------
    ModelError
        If a labeling function is missing or unknown to the model.
    """
    if not (given.named and named):
        n_lfs = len(names) - sum(n_ranges.values()) + len(n_ranges)
        if len(given.lfs) == n_lfs != len(names):
            raise ModelError(
                f"these votes come without confidences, which {model} learned from: {listed_rules(list(n_ranges))} "
                "reports them",
                hint="predict(matrix), with the matrix that the rules gave, in the place of matrix.votes",
                code="LK402",
            )
        if len(given.lfs) != len(names):
            raise ModelError(
                f"X has {len(given.lfs)} features, but {model} is expecting {n_lfs} features as input: a column "
                "for each labeling function that it was fitted on",
                code="LK402",
            )
        return np.arange(len(names))
    places = {name: j for j, name in enumerate(given.names)}
    missing = [name for name in names if name not in places]
    extra = sorted(set(given.names) - set(names))
    if missing or extra:
        lacks, has = listed_rules(missing), listed_rules(extra)
        parts = [f"lacks {lacks}"] * bool(missing) + [f"has {has}, unknown to it"] * bool(extra)
        hint = "fit the model on a matrix of these labeling functions" if missing else "matrix[list(model.lf_names_)]"
        raise ModelError(
            f"the model was fitted on other labeling functions: the matrix {' and '.join(parts)}",
            hint=hint,
            code="LK402",
        )
    return np.array([places[name] for name in names], dtype=np.int64)


def listed_rules(names: list[str]) -> str:
    """Name the first labeling functions, and the number of the others."""
    return names_and_more(map(repr, names), 8)
