"""Conversion of dense patterns of votes to the arrays of a sparse matrix.

Blocks of patterns are listed in threads, with the labeling functions in the order that is asked for. Where patterns are
sorted, too, they are packed into keys, which are small and sort fast, and unpacked block by block.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.threads import blocks, in_threads
from labelkit.votes.distinct_rows import Fields, key_order, pack, unpack

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK_CELLS: Final = 1_000_000
"""Patterns are unpacked in blocks of at most this many cells, which fit in a processor's cache."""


@dataclass(frozen=True, eq=False)
class VoteCells:
    """Votes by pattern, and within a pattern by labeling function.

    Attributes
    ----------
    codes : ndarray of int32 or int64, shape (n_votes,)
        The labeling function and the class of each vote, ``lf * n_classes + label``.
    indptr : ndarray of int32 or int64, shape (n_patterns + 1,)
        Start of each pattern's votes in ``codes``, and the end of the last ones.
    rows : ndarray of int64 or None, shape (n_patterns,)
        Input position of each pattern; None if the order is that of the input.
    """

    codes: NDArray[Any]
    indptr: NDArray[Any]
    rows: NDArray[np.int64] | None


def cells_of(outcomes: NDArray[Any], order: NDArray[np.int64], n_classes: int, *, by_pattern: bool) -> VoteCells:
    """List the votes of patterns.

    Parameters
    ----------
    outcomes : ndarray of int, shape (n_patterns, n_lfs)
        Negative where there is no vote.
    order : ndarray of int64, shape (n_lfs,)
        Labeling functions in output order.
    n_classes : int
    by_pattern : bool
        True to sort the patterns lexicographically, too.

    Examples
    --------
    >>> cells = cells_of(np.array([[1, -1], [0, 1]]), np.array([1, 0]), 2, by_pattern=True)
    >>> cells.codes.tolist(), cells.indptr.tolist(), cells.rows.tolist()
    ([3, 1, 2], [0, 1, 3], [0, 1])
    """
    n, m = outcomes.shape
    rows, ordered = _sorted(outcomes, order) if by_pattern else (None, lambda piece: outcomes[piece].T[order].T)
    n_votes = _votes_each(outcomes)
    most = max(int(n_votes.sum(dtype=np.int64)), m * n_classes)
    number = np.int32 if most < np.iinfo(np.int32).max else np.int64  # SciPy requires one type for both
    indptr, codes = np.zeros(n + 1, dtype=number), np.empty(n_votes.sum(dtype=np.int64), dtype=number)
    np.cumsum(n_votes if rows is None else n_votes[rows], out=indptr[1:])

    def fill(piece: slice) -> None:
        votes = np.ascontiguousarray(ordered(piece)).ravel()
        cells = np.flatnonzero(votes >= 0)
        target = codes[indptr[piece.start] : indptr[piece.stop]]
        np.remainder(cells, m, out=target, casting="unsafe")
        target *= n_classes
        target += votes[cells]

    in_threads(fill, blocks(n, BLOCK_CELLS // max(m, 1)))
    return VoteCells(codes, indptr, rows)


def _sorted(
    outcomes: NDArray[Any], order: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Callable[[slice], NDArray[Any]]]:
    """Return the order of patterns by their ordered columns, and a function that returns a block of them in it."""
    fields = Fields.of(outcomes)[order]
    keys = pack(outcomes, fields, order)
    rows = key_order(keys)
    keys = keys[:, rows]
    return rows, lambda piece: unpack(keys[:, piece], fields, outcomes.dtype)


def _votes_each(outcomes: NDArray[Any]) -> NDArray[Any]:
    """Count the votes of each pattern."""
    n_votes = np.zeros(len(outcomes), dtype=np.uint8 if outcomes.shape[1] < 256 else np.int32)

    def count(piece: slice) -> None:
        target = n_votes[piece]
        for column in outcomes[piece].T:
            np.add(target, column >= 0, out=target)

    in_threads(count, blocks(len(outcomes), BLOCK_CELLS))
    return n_votes
