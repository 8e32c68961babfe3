"""Tell when gold numbers the classes otherwise than the votes do: counted from 1, shifted, swapped, in another order.

Each number is then a class, only of another name, so that nothing but the votes can show it. An example with gold
counts once, with the class that most of its votes name; where these are tied, not at all.

>>> from labelkit.votes.gold import GoldCounts
>>> votes, truth = np.array([[0], [1], [2]]), np.array([0, 1, 2] * 20)
>>> from_one = GoldCounts.of_examples(truth[truth < 2], truth[truth < 2] + 1, 3)  # of class 2, none was drawn
>>> coding = other_coding(votes, from_one, 3)
>>> coding.meant, coding.as_read, coding.as_meant, coding.n_examples
({1: 0, 2: 1}, 0, 40, 40)
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit.votes.gold import GoldCounts

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_Z: Final = 4.0
"""Standard errors by which another reading must be better than the present one, and than chance.

Of 20,000 simulated sets of 1 to 14 rules, good and bad, and 10 to 3,000 labels that are read rightly, three were
suspected: rules that are off by one more often than right, where gold had no label of the class at that end.
"""

MIN_SHARE: Final = 0.5
"""The share of examples on which votes and gold must agree in the other reading."""

MOST_PATTERNS: Final = 20_000
"""Patterns of votes that are looked at, evenly among all with gold."""

MOST_SHOWN: Final = 8
"""Classes that a message lists."""


@dataclass(frozen=True)
class OtherCoding:
    """Another reading of gold, by which it agrees with the votes far better.

    Attributes
    ----------
    meant : dict from int to int
        For each class that gold holds, the class that the votes say it means.
    as_read, as_meant, n_examples : int
        Examples whose votes agree with gold, by either reading, of those whose votes name one of these classes.
    shift : int
        1 where gold counts from one more than the votes, -1 from one less, 0 for another order.
    """

    meant: Mapping[int, int]
    as_read: int
    as_meant: int
    n_examples: int
    shift: int


def other_coding(votes: NDArray[Any], gold: GoldCounts, n_classes: int) -> OtherCoding | None:
    """Find another reading of gold that the votes support, and not the present one; None if there is none.

    Parameters
    ----------
    votes : ndarray of int, shape (n_patterns, n_lfs)
        Below 0 where a rule does not vote.
    gold : GoldCounts
        By pattern of the votes.
    n_classes : int

    Returns
    -------
    OtherCoding or None
        A shift by one, if gold holds no label of the class at its end, or the same classes in another order.
    """
    table = _agreement(votes, gold, n_classes)
    held, voted = gold.per_class(n_classes) > 0, table.sum(axis=1)
    places = np.arange(n_classes)
    for shift, end in ((1, 0), (-1, n_classes - 1)):
        if voted[end] and not held[end]:
            meant = np.where((places + shift >= 0) & (places + shift < n_classes), places + shift, -1)
            if (coding := _judged(table, meant, held, shift)) is not None:
                return coding
    return _judged(table, _order(table), held, 0)


def described(
    coding: OtherCoding, class_names: Sequence[str], *, can_map: bool, whose: str = "votes"
) -> tuple[str, str]:
    """Return a message about another reading of gold, and a hint.

    Parameters
    ----------
    coding : OtherCoding
    class_names : sequence of str
    can_map : bool
        Whether ``map_label`` can be given where gold is.
    whose : str
        The word for what gold is beside.
    """
    meant = {held: class_names[number] for held, number in coding.meant.items()}
    counts = f"{coding.as_read:,} of {coding.n_examples:,} examples, and on {coding.as_meant:,}"
    if coding.shift:
        first, end = ("1", class_names[0]) if coding.shift > 0 else ("-1, which is read as unknown,", class_names[-1])
        meant = meant if coding.shift > 0 else {-1: class_names[0], **meant}
        other = f"it counts classes from {first} and not from 0; no gold label is of class {end!r}"
        hint = "if it does, write the names of the classes"
    else:
        moved = [f"{class_names[held]} is {name}" for held, name in meant.items() if name != class_names[held]]
        listed = ", ".join(moved[:MOST_SHOWN])
        other = f"its classes are in another order: {listed}"
        hint = "look at some examples; if gold is wrong, write the names of the classes, else the rules name wrong ones"
    message = f"{whose} and gold agree on {counts} if {other}"
    if not can_map:
        return message, f"{hint}, or give gold.map({meant})"
    flags = ",".join(f"{held}={name}" for held, name in meant.items())
    return message, f"{hint}; map_label={meant} (--map-label {shlex.quote(flags)})"


def classes_of_most(votes: NDArray[Any], n_classes: int) -> NDArray[np.int64]:
    """Return the class that most votes of each row name, -1 where there is no vote or several classes are tied.

    >>> classes_of_most(np.array([[0, 1, 1], [0, 1, -1], [-1, -1, -1]]), 2)
    array([ 1, -1, -1])
    """
    counts = np.stack([(votes == number).sum(axis=1) for number in range(n_classes)], axis=1)
    most = counts.max(axis=1, initial=0)
    is_decided = (most > 0) & ((counts == most[:, None]).sum(axis=1) == 1)
    return np.where(is_decided, counts.argmax(axis=1), -1).astype(np.int64)


def _agreement(votes: NDArray[Any], gold: GoldCounts, n_classes: int) -> NDArray[np.float64]:
    """Count examples by the class that most votes name and that of gold; shape (n_classes, n_classes)."""
    step = -(-len(gold) // MOST_PATTERNS) or 1
    pattern, label, count = (values[::step] for values in (gold.pattern, gold.label, gold.count))
    patterns, place = np.unique(pattern, return_inverse=True)
    voted = classes_of_most(votes[patterns], n_classes)[place]
    chosen = voted >= 0
    cells = voted[chosen] * n_classes + label[chosen]
    counts = np.bincount(cells, weights=count[chosen], minlength=n_classes**2).astype(np.float64)
    return counts.reshape(n_classes, n_classes)


def _order(table: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the class of gold that goes with each voted class beyond chance, if the order is another; else -1."""
    order = np.full(len(table), -1)
    voted = np.flatnonzero(table.sum(axis=1))
    if len(voted) < 2:
        return order
    beyond_chance = table - np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    best = beyond_chance[voted].argmax(axis=1)
    moved = voted[best != voted]
    if set(best.tolist()) != set(voted.tolist()):
        return order
    order[moved] = best[best != voted]
    return order


def _judged(
    table: NDArray[np.float64], meant: NDArray[np.int64], held: NDArray[np.bool_], shift: int
) -> OtherCoding | None:
    """Return a reading, the class of gold for each voted class, if it beats the present one, and chance."""
    moved = np.flatnonzero(meant >= 0)
    compared = np.arange(len(table)) if shift else moved
    gain = np.zeros_like(table)
    gain[moved, meant[moved]] = 1
    gain[compared, compared] = -1
    rows = table[compared]
    n_examples, as_meant, as_read = (
        float(count) for count in (rows.sum(), table[gain > 0].sum(), table[gain < 0].sum())
    )
    if not as_meant or as_meant < MIN_SHARE * n_examples or as_meant - as_read < MIN_Z * np.sqrt(as_meant + as_read):
        return None
    if _beyond_chance(rows, gain[compared]) < MIN_Z:
        return None
    voted_for = {int(meant[number]): int(number) for number in moved}
    pairs = {int(number): voted_for.get(int(number), int(number)) for number in np.flatnonzero(held)}
    return OtherCoding(pairs, round(as_read), round(as_meant), round(n_examples), shift)


def _beyond_chance(table: NDArray[np.float64], gain: NDArray[np.float64]) -> float:
    """Return by how many standard errors the sum of gains is above that of gold in any other order of the examples.

    The mean and the variance are those of a permutation (Wald and Wolfowitz 1944, doi:10.1214/aoms/1177731207).
    """
    n_examples, rows, columns = table.sum(), table.sum(axis=1), table.sum(axis=0)
    of_row, of_column = gain @ columns / n_examples, rows @ gain / n_examples
    mean = rows @ gain @ columns / n_examples
    centred = gain - of_row[:, None] - of_column[None, :] + mean / n_examples
    variance = rows @ centred**2 @ columns / max(n_examples - 1, 1)
    return float(((table * gain).sum() - mean) / np.sqrt(variance)) if variance > 0 else 0.0
