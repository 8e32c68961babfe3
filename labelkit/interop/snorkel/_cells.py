"""Read votes and labels as users give them, and warn where a number stands for no class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np

from labelkit._shared.user_errors import warn

Cells: TypeAlias = np.ndarray[Any, Any]

NUMBERS: Final = "biuf"
"""Kinds of types that hold votes."""

SHOWN: Final = 5
"""Rules that a warning names, at the most."""


def votes_of(L: Any) -> Cells:
    """Return votes as integers; what is no class is no vote, -1: a number below 0, NaN, None, a fraction.

    So is the highest number of an unsigned type, which -1 becomes there.

    Raises
    ------
    TypeError
        If the cells are neither numbers nor None.
    ValueError
        If there are not two dimensions.

    Examples
    --------
    >>> votes_of([[0, -1], [1, None]]).tolist(), votes_of(np.array([[-1, 2]]).astype(np.uint8)).tolist()
    ([[0, -1], [1, -1]], [[-1, 2]])
    """
    cells = np.asarray(L)
    if cells.ndim != 2:
        raise ValueError(f"votes have shape {cells.shape}, not (n_examples, n_lfs)")
    if cells.dtype.kind == "O":
        import pandas as pd  # noqa: PLC0415 - importing the drop-in stays light

        cells = np.where(pd.isna(cells), -1, cells).astype(float)
    if cells.dtype.kind not in NUMBERS:
        raise TypeError(f"votes are of type {cells.dtype}, not integers")
    if cells.dtype.kind == "u":
        cells = np.where(cells == np.iinfo(cells.dtype).max, -1, cells.astype(np.int64))
    if cells.dtype.kind == "f":
        cells = _whole(cells)
    if cells.size and cells.min() < -1:
        cells = np.maximum(cells, -1)
    return cells.astype(int, copy=False)


def _whole(cells: Cells) -> Cells:
    is_whole = np.isfinite(cells) & (cells == np.floor(cells))
    fractions = cells[~is_whole & np.isfinite(cells)]
    if fractions.size:
        warn(
            f"L holds {fractions[0]:g}, which is no class: {fractions.size:,} cells do not count. Hint: L has a class "
            "number, or -1, in each cell; of probabilities P: probs_to_preds(P)",
            code="LK417",
        )
    return np.where(is_whole, cells, -1)


def within(votes: Cells, n_classes: int) -> Cells:
    """Return votes for one of the first classes; others are none, and warned of."""
    if not votes.size or votes.max() < n_classes:
        return votes
    is_above = votes >= n_classes
    warn(
        f"L holds class {votes.max()}, but the model has classes 0 to {n_classes - 1}: {is_above.sum():,} of "
        f"{(votes >= 0).sum():,} votes do not count. Hint: classes are counted from 0, and an abstain is -1",
        code="LK417",
    )
    return np.where(is_above, -1, votes)


def check_rows(Y: Cells, n_rows: int) -> None:
    """Raise ValueError unless there is a label for each row of votes."""
    if len(Y) != n_rows:
        raise ValueError(f"Y has {len(Y):,} labels, but L has {n_rows:,} rows")


def warn_of_gold(Y: Cells, voted: Cells, n_classes: int | None = None) -> None:
    """Warn of gold whose numbers are not those of the votes: above all classes, counted from 1, or -1 and 1.

    Parameters
    ----------
    Y : ndarray of int, shape (n_examples,)
    voted : ndarray of int
        Votes, or predictions.
    n_classes : int, optional
        Where it is known.
    """
    from labelkit.votes.minus_one import warn_of_minus_one  # noqa: PLC0415 - importing the drop-in stays light

    classes, used = np.unique(Y[Y != -1]), np.unique(voted[voted >= 0])
    if not classes.size or not used.size:
        return
    is_above = n_classes is not None and classes[-1] >= n_classes
    is_shifted = len(used) > 1 < len(classes) and classes[0] - used[0] == classes[-1] - used[-1] in (-1, 1)
    if is_above or is_shifted:
        others = f"votes hold {used[0]} to {used[-1]}" if n_classes is None else f"there are 0 to {n_classes - 1}"
        warn(
            f"gold holds classes {classes[0]} to {classes[-1]}, but {others}. Hint: classes are counted from 0, in "
            "votes and in gold; unknown gold is -1",
            code="LK417",
        )
    elif max(classes[-1], used[-1]) == 1:
        warn_of_minus_one(Y, np.asarray, Y, ["0", "1"])


def warn_of_fraction(name: str, value: float) -> None:
    """Warn of a rule whose vote is no whole number."""
    warn(
        f"rule {name!r} returned {value:g}, which is cut to class {int(value)}. Hint: return the number of a class; "
        "of a probability p: 1 if p > 0.5 else 0",
        code="LK417",
    )


def warn_of_balance(shares: Cells, classes: Sequence[Any]) -> None:
    """Warn of a class balance that is none: it does not sum to 1, or is counted of labels that are no class numbers.

    Raises
    ------
    ValueError
        If a share is negative.
    """
    if np.any(shares < 0):
        raise ValueError(f"class_balance holds negative shares: {shares.tolist()}")
    if abs(shares.sum() - 1) > 0.001:
        warn(
            f"class_balance sums to {shares.sum():g}, not to 1, and the model is fitted to it. Hint: give the shares "
            "of the classes; of counts: np.array(counts) / sum(counts)",
            code="LK418",
        )
    if [*classes] != list(range(len(classes))):
        warn(
            f"Y_dev holds {', '.join(map(repr, classes))}, which are taken for classes 0 to {len(classes) - 1} in this "
            "order. Hint: give the numbers of the classes, without rows of which nothing is known",
            code="LK418",
        )


def warn_of_faults(faults: Mapping[str, int], n_rows: int) -> None:
    """Warn of rules that failed, where the caller gets no counts of it."""
    counts = [f"{name} on {n:,}" for name, n in faults.items() if n]
    if counts:
        more = f", and {len(counts) - SHOWN} more" if len(counts) > SHOWN else ""
        warn(
            f"rules failed, which counts as no vote: {', '.join(counts[:SHOWN])} of {n_rows:,} data points{more}. "
            "Hint: without fault_tolerant=True, the first failure is raised",
            code="LK419",
        )
