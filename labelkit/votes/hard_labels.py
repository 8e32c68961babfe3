"""Hard labels by the most probable class, with an explicit policy for ties."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

import numpy as np

from labelkit._shared.computed_rows import Rows, pieces_of
from labelkit._shared.row_operations import row_maxima
from labelkit._shared.seed_streams import seeded
from labelkit._shared.threads import blocks, in_threads
from labelkit.votes.label_space import ABSTAIN

if TYPE_CHECKING:
    from numpy.typing import NDArray

Ties: TypeAlias = Literal["abstain", "first", "random"]

BLOCK_CELLS: Final = 131_072
"""Rows are looked at, in threads, in blocks of so many cells."""

FEW_CLASSES: Final = 16
"""Up to so many classes, rows are looked at a class at a time."""

TIE_TOLERANCE: Final = 1e-9
"""Probabilities that differ by no more than this are tied: sums in another order differ by as little."""

RUNNER_UP: Final = 0.5 * TIE_TOLERANCE
"""A tied class that must not become the label, since no rule voted for it, is less probable than the best by this."""


def hard_labels(proba: Rows, *, ties: Ties = "abstain", random_state: int = 0) -> NDArray[np.int64]:
    """The most probable class of each row.

    Parameters
    ----------
    proba : ndarray or ComputedRows of shape (n_rows, n_classes)
    ties : {"abstain", "first", "random"}
        What becomes of a row whose highest probabilities are equal (to within 1e-9): no label, the lowest class, or
        one of the tied classes by a generator seeded with ``random_state`` for the row's position; not a class that is
        less probable by :data:`RUNNER_UP`.
    random_state : int

    Returns
    -------
    ndarray of int64, shape (n_rows,)
        Classes, or -1.
    """
    if ties not in get_args(Ties):
        raise ValueError(f"ties={ties!r} is not one of 'abstain', 'first', 'random'")
    generator = seeded(random_state)
    best = np.empty(len(proba), dtype=np.int64)
    for piece, rows in pieces_of(proba):
        best[piece] = _hard_labels(rows, ties, generator)
    return best


def are_probabilities(proba: Rows) -> bool:
    """Return True for rows that sum to 1, without a number below 0; rows that are computed on access are not checked.

    >>> are_probabilities(np.array([[0.4, 0.6]])), are_probabilities(np.array([[1.5, -0.5]]))
    (True, False)
    """
    if not isinstance(proba, np.ndarray):
        return True
    return bool(np.allclose(proba.sum(axis=1), 1, atol=1e-6) and proba.min(initial=0) > -1e-9)


def tie_credit(proba: NDArray[np.float64], label: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the chance that a label drawn among each row's most probable classes is right; shape (n_rows,).

    >>> tie_credit(np.array([[0.9, 0.1], [0.5, 0.5], [0.1, 0.9]]), np.array([0, 0, 0])).tolist()
    [1.0, 0.5, 0.0]
    """
    tied = _best(proba)
    return np.asarray(tied[np.arange(len(label)), label] / tied.sum(axis=1))


def _hard_labels(proba: NDArray[np.float64], ties: Ties, generator: np.random.Generator) -> NDArray[np.int64]:
    best = np.empty(len(proba), dtype=np.int64)
    pieces = blocks(len(proba), BLOCK_CELLS // max(proba.shape[1], 1))
    ambiguous = np.concatenate([np.zeros(0, np.int64), *in_threads(partial(_hard, proba, best), pieces)])
    if ties == "abstain":
        best[ambiguous] = ABSTAIN
    elif ties == "first":
        best[ambiguous] = _best(proba[ambiguous]).argmax(axis=1)
    else:
        draws = generator.random(proba.shape)[ambiguous]
        best[ambiguous] = np.where(_best(proba[ambiguous]), draws, -1.0).argmax(axis=1)
    return best


def _hard(proba: NDArray[np.float64], best: NDArray[np.int64], rows: slice) -> NDArray[np.int64]:
    """Set the most probable class of some rows; returns the positions of those where several are."""
    some, highest = proba[rows], row_maxima(proba[rows]) - TIE_TOLERANCE
    some.argmax(axis=1, out=best[rows])
    if some.shape[1] > FEW_CLASSES:
        n_tied = np.count_nonzero(some >= highest[:, None], axis=1)
    else:
        n_tied = np.zeros(len(some), dtype=np.int64)
        for column in some.T:
            n_tied += column >= highest
    return np.asarray(np.flatnonzero(n_tied > 1) + rows.start)


def _best(proba: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return the classes that a tie is decided between: the most probable ones, without runners-up."""
    return np.asarray(proba >= row_maxima(proba)[:, None] - 0.5 * RUNNER_UP)
