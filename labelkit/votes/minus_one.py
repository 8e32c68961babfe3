"""Warn of gold of two classes that is written as -1 and 1: here, -1 says that nothing is known."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from labelkit._shared.numbers import plural
from labelkit._shared.user_errors import warn
from labelkit.votes.alignment import has_index

LEAST: Final = 10
"""Labels of each kind, at the least, by which the habit is told from gold of a few examples of one class."""

MIN_SHARE: Final = 0.1
"""The share of 1 among both, at the least: fewer are taken for gold of a part of the examples, with -1 for the rest."""


def warn_of_minus_one(
    gold: Any,
    values_of: Callable[[Any], NDArray[Any]],
    classes: NDArray[np.int64],
    names: Sequence[str],
    *,
    can_map: bool = False,
) -> None:
    """Warn if gold holds -1 and the last of two classes, and never the first.

    Parameters
    ----------
    gold : object
        As it was given, for the hint.
    values_of : callable
        Returns its values as an array.
    classes : ndarray of int64, shape (n_gold,)
        What they are read as.
    names : sequence of str
    can_map : bool
        Whether ``map_label`` can be given where gold is.
    """
    if len(names) != 2 or (classes == 0).any() or int((classes == 1).sum()) < LEAST:
        return
    values = values_of(gold)
    unknown = values[classes < 0]
    is_minus = unknown == -1 if unknown.dtype.kind in "if" else np.array([_is_minus(value) for value in unknown], bool)
    n_minus = int(is_minus.sum())
    n_ones = len(values) - len(unknown)
    if n_minus < LEAST or n_ones < MIN_SHARE * (n_ones + n_minus):
        return
    if not all(_is_one(value) for value in set(values[classes == 1].tolist())):
        return
    remedy = _remedy(gold, unknown[is_minus][0], names, can_map=can_map)
    warn(
        f"gold holds -1 ({plural(n_minus, 'time')}) and 1, and never 0: -1 says that nothing is known, so all gold "
        f"is of class {names[1]!r}. Hint: if -1 means {names[0]}, {remedy}",
        code="LK347",
    )


def _remedy(gold: Any, minus: Any, names: Sequence[str], *, can_map: bool) -> str:
    shown = minus if isinstance(minus, str) else -1
    one = minus.replace("-", "") if isinstance(minus, str) else 1
    if can_map:
        pairs = (f"{shown}={names[0]}", f"{one}={names[1]}")
        options = " ".join(f"--map-label {shlex.quote(pair)}" for pair in pairs)
        return f"map_label={{{shown!r}: {names[0]!r}, {one!r}: {names[1]!r}}} ({options})"
    if isinstance(gold, Mapping):
        return "give {name: 1 if float(value) > 0 else 0 for name, value in gold.items()}"
    if has_index(gold):
        return f"give gold.replace({{{shown!r}: {names[0]!r}, {one!r}: {names[1]!r}}})"
    return "give [1 if float(value) > 0 else 0 for value in gold]"


def _is_minus(value: Any) -> bool:
    return str(value).strip() in {"-1", "-1.0"}


def _is_one(value: Any) -> bool:
    return str(value).strip() in {"1", "1.0"}
