"""Align gold labels of any form with the examples (a class, or -1 where unknown), and count them by vote pattern."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from labelkit._shared.missing import is_missing
from labelkit._shared.near_names import did_you_mean, near_name
from labelkit.exceptions import GoldError
from labelkit.votes.alignment import aligned_values, has_index
from labelkit.votes.example_names import ExampleNames
from labelkit.votes.gold_values import gold_values
from labelkit.votes.label_space import ABSTAIN, are_other_numbers, class_written
from labelkit.votes.minus_one import warn_of_minus_one
from labelkit.votes.written_labels import MOST_SHOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class GoldCounts:
    """Counts of the examples of a vote pattern that gold says are of a class, for the pairs that occur.

    Attributes
    ----------
    pattern, label : ndarray of int64, shape (n_pairs,)
    count : ndarray of float64, shape (n_pairs,)

    Examples
    --------
    >>> counts = GoldCounts.of_examples(np.array([0, 0, 1]), np.array([1, 1, -1]), 2)
    >>> counts.pattern.tolist(), counts.label.tolist(), counts.count.tolist()
    ([0], [1], [2.0])
    """

    pattern: NDArray[np.int64]
    label: NDArray[np.int64]
    count: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.pattern)

    @classmethod
    def of_examples(cls, index: NDArray[np.int64], gold: NDArray[np.int64], n_classes: int) -> Self:
        """Count examples by the pattern of each (``index``) and its gold label, -1 where unknown."""
        has_gold = gold >= 0
        pairs, count = np.unique(index[has_gold] * n_classes + gold[has_gold], return_counts=True)
        return cls(pairs // n_classes, pairs % n_classes, count.astype(np.float64))

    @classmethod
    def of_table(cls, table: NDArray[np.int64]) -> Self:
        """Take the nonzero cells of a table of counts, of shape (n_patterns, n_classes)."""
        pattern, label = np.nonzero(table)
        return cls(pattern, label.astype(np.int64), table[pattern, label].astype(np.float64))

    def per_class(self, n_classes: int) -> NDArray[np.float64]:
        """Count the examples of each class; shape (n_classes,)."""
        return np.bincount(self.label, weights=self.count, minlength=n_classes).astype(np.float64)


@dataclass(frozen=True, eq=False)
class AlignedGold:
    """Gold that has been brought into the order of the examples.

    Attributes
    ----------
    classes : ndarray of int64, shape (n_examples,)
        -1 where unknown.
    way : str
        How it was matched with them, in words.
    """

    classes: NDArray[np.int64]
    way: str


MOST_VALUES: Final = 20
"""Values that mean no class which an error lists."""

LONGEST_WORD: Final = 40
"""Signs of a value that a remedy repeats."""

REPLACED: Final = "; or give gold.replace("
"""Begins the remedy of functions that do not take the meanings of values."""

MAX_NUMBER: Final = 2**31
"""No class has a number as high as this."""

_NOTHING: Final = frozenset({"nan", "none", "null", "na", "n/a", "<na>", "nat", "?", "-", "unknown", "unlabeled"})
"""Words that are written where a label is not known."""

_FRACTIONS: Final = "classes are whole numbers; of probabilities, (gold >= 0.5).astype(int)"

_YES_OR_NO: Final = frozenset({"true", "false", "yes", "no", "t", "f", "y", "n"})

NO_GOLD: Final = GoldCounts(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
"""The counts where no example has a gold label."""


def count_gold(index: NDArray[np.int64], gold: NDArray[np.int64], n_patterns: int, n_classes: int) -> NDArray[np.int64]:
    """Count the examples of each pattern that gold says are of each class.

    Parameters
    ----------
    index : ndarray of int64, shape (n_examples,)
        The pattern of each example.
    gold : ndarray of int64, shape (n_examples,)
        -1 where unknown.
    n_patterns, n_classes : int

    Returns
    -------
    ndarray of int64, shape (n_patterns, n_classes)
        The dense form of :class:`GoldCounts`, which vote patterns carry.
    """
    has_gold = gold >= 0
    cells = index[has_gold] * n_classes + gold[has_gold]
    return np.bincount(cells, minlength=n_patterns * n_classes).reshape(n_patterns, n_classes)


def aligned_gold(gold: Any, examples: ExampleNames | NDArray[Any], class_names: Sequence[str]) -> NDArray[np.int64]:
    """Bring gold labels into the order of the examples.

    Parameters
    ----------
    gold : array-like of shape (n_examples,), pandas Series or mapping by id, or AlignedGold
        Class numbers, enum members or class names; -1, ``None``, NaN or blank where unknown. A Series is matched by its
        index, a mapping by its keys, and both may leave examples out; any other array is in the order of the examples.
    examples : ExampleNames or ndarray of ids, shape (n_examples,)
    class_names : list of str

    Returns
    -------
    ndarray of int64, shape (n_examples,)

    Raises
    ------
    GoldError
        If the length does not fit, a name is not an example's (or of several), or a value is not a class.

    Examples
    --------
    >>> aligned_gold({"b": 1, "c": "ham"}, np.array(["a", "b", "c"]), ["ham", "spam"])
    array([-1,  1,  0])
    """
    if isinstance(gold, AlignedGold):
        return gold.classes
    classes, names = gold_classes(gold, class_names), ExampleNames.of(examples)
    warn_of_minus_one(gold, gold_values, classes, class_names)
    return aligned_values(gold, classes, names, -1, what="gold", unit="labels", error=GoldError)


def gold_classes(gold: Any, class_names: Sequence[str]) -> NDArray[np.int64]:
    """Turn gold of any form into class numbers in its own order, -1 where unknown; shape (n_gold,).

    Raises
    ------
    GoldError
        If it has several dimensions, or a value is not a class.
    """
    values = gold_values(gold)
    if values.ndim != 1:
        raise GoldError(
            f"gold has shape {values.shape}, not (n_examples,)",
            hint="of a column for each class: gold.argmax(axis=1)" if values.ndim == 2 else None,
        )
    return _as_classes(values, class_names)


def classes_by_name(gold: Any, class_names: Sequence[str]) -> Any:
    """Turn gold into class numbers where a number in it is the name of a class, not its place.

    Parameters
    ----------
    gold : array-like, Series or mapping by id
    class_names : sequence of str
        For which :func:`are_other_numbers` is true.

    Returns
    -------
    dict, Series or ndarray of int64
        Under the names that gold gives its rows; -1 where nothing is known.

    Raises
    ------
    GoldError
        If a value is not the name of a class.

    Examples
    --------
    >>> classes_by_name({"a": 5, "b": -1, "c": 1.0}, ("1", "5"))
    {'a': 1, 'b': -1, 'c': 0}
    """
    places = {name: place for place, name in enumerate(class_names)}
    numbers = _each_class(gold_values(gold).tolist(), lambda value: _place_of(value, places), class_names)
    if isinstance(gold, Mapping):
        return dict(zip(gold, numbers.tolist(), strict=True))
    if has_index(gold):
        import pandas as pd  # noqa: PLC0415 - gold is of pandas

        return pd.Series(numbers, index=gold.index)
    return numbers


def _place_of(value: Any, places: Mapping[str, int]) -> int | None:
    """Return the place of the class that a number names; -1 where nothing is known, None for what means no class."""
    is_kind = isinstance(value, int | float | Decimal | np.integer | np.floating) and not isinstance(value, bool)
    is_number = is_kind and value == value  # noqa: PLR0124 - NaN
    text = str(int(value)) if is_number and value % 1 == 0 else str(value).strip()
    if text in places:
        return places[text]
    if is_number and value != ABSTAIN:
        raise GoldError(
            f"gold holds {text}, and the classes are named {', '.join(list(places)[:12])}",
            hint="gold holds the names of the classes, and -1, None or NaN where it is not known",
            code="LK324",
        )
    return ABSTAIN if is_number else _as_class(value, list(places), {})


def named_classes(classes: NDArray[np.int64], class_names: Sequence[str]) -> NDArray[Any]:
    """Return the names of class numbers, None for -1: gold that cannot be misread.

    >>> named_classes(np.array([1, -1]), ["1", "5"]).tolist()
    ['5', None]
    """
    return np.array([*class_names, None], dtype=object)[classes]


def _as_classes(values: NDArray[Any], class_names: Sequence[str]) -> NDArray[np.int64]:
    """Class numbers of gold values, -1 where unknown."""
    if are_other_numbers(class_names):
        _check_unambiguous(values, class_names)
    if values.dtype.kind in "iu":
        classes = values.astype(np.int64)
        classes[values > MAX_NUMBER] = MAX_NUMBER  # of unsigned numbers, which would turn negative
    elif values.dtype.kind == "f":
        filled = np.where(np.isnan(values), -1, values)
        whole = (np.abs(filled) <= MAX_NUMBER) & (filled == np.rint(filled))
        if not whole.all():
            raise GoldError(f"gold holds {filled[~whole][0]}, which is not a class", hint=_FRACTIONS, code="LK324")
        classes = filled.astype(np.int64)
    elif values.dtype.kind == "b":
        raise GoldError("gold is True and False, not classes", hint=_bool_hint(class_names), code="LK324")
    else:
        meanings: dict[str, int | None] = {}
        classes = _each_class(values.tolist(), lambda value: _as_class(value, class_names, meanings), class_names)
    wrong = (classes < -1) | (classes >= len(class_names))
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise GoldError(
            f"gold holds class {classes[first]} at position {first}, but there are {len(class_names)} classes: "
            f"{_listed(class_names)}",
            hint=_count_hint(classes, len(class_names)),
            code="LK324",
        )
    return classes


def _check_unambiguous(values: NDArray[Any], class_names: Sequence[str]) -> None:
    """Refuse numbers that are the names of classes, and may be the places of others.

    Raises
    ------
    GoldError
    """
    names = {int(name) for name in class_names}
    given_values = np.unique(values) if values.dtype.kind in "iuf" else values
    numbers = (value for value in given_values.tolist() if isinstance(value, int | float | np.integer | np.floating))
    given = {value for value in numbers if value == value} - {ABSTAIN}  # noqa: PLR0124 - NaN
    if not given or not given <= names:
        return
    number = int(min(given))
    raise GoldError(
        f"gold holds numbers, such as {number}, which are the names of classes, and their places from 0 too: "
        f"{_listed(class_names)}",
        hint="give the names as text, gold.astype(str)",
        code="LK324",
    )


def _listed(class_names: Sequence[str]) -> str:
    return ", ".join(f"{name}={i}" for i, name in enumerate(class_names[:12]))


def _count_hint(classes: NDArray[np.int64], n_classes: int) -> str | None:
    """Return the reason why classes are too high, if they are counted from 1."""
    given = classes[classes >= 0]
    if given.min(initial=n_classes) >= 1 and given.max(initial=0) == n_classes:
        return "classes are counted from 0, and gold counts them from 1: subtract 1, or write their names"
    return "write the names of the classes, or their numbers from 0"


def _bool_hint(class_names: Sequence[str]) -> str:
    no, yes = (class_names[0], class_names[1]) if len(class_names) == 2 else ("class 0", "class 1")
    return f"write the class of each, {yes} or {no}; or give gold.astype(int), if True means {yes} and False means {no}"


def _each_class(
    values: list[Any], class_of: Callable[[Any], int | None], class_names: Sequence[str]
) -> NDArray[np.int64]:
    """Return the class number of each value.

    Raises
    ------
    GoldError
        If values mean no class; it lists all of them, with their counts.
    """
    classes = [class_of(value) for value in values]
    unknown = [value for value, number in zip(values, classes, strict=True) if number is None]
    if unknown:
        raise _no_class(unknown, class_names)
    return np.array(classes, dtype=np.int64)


def _as_class(value: Any, class_names: Sequence[str], meanings: dict[str, int | None]) -> int | None:
    """Return the class number of one value, None for what means no class; ``meanings`` keeps those of texts."""
    if is_missing(value):
        return -1
    if isinstance(value, str):
        if value not in meanings:
            meanings[value] = class_written(value, class_names)
        return meanings[value]
    is_number = isinstance(value, int | np.integer | float | Decimal) and not isinstance(value, bool)
    if is_number and value % 1 == 0 and abs(value) <= MAX_NUMBER:
        return int(value)
    return None


def _no_class(unknown: list[Any], class_names: Sequence[str]) -> GoldError:
    """Return the error for values that mean no class, with the habit that the first may come from."""
    value = unknown[0]
    text = str(value).strip().casefold()
    name = near_name(text, class_names)
    shown, n_distinct = with_counts(unknown)
    texts = list(dict.fromkeys(word for word in unknown if isinstance(word, str) and len(word) <= LONGEST_WORD))
    meant = {word: near for word in texts if (near := near_name(word.strip(), class_names)) is not None}
    hint = f"write the names of the classes or their numbers, {_listed(class_names)}, and nothing where it is not known"
    if isinstance(value, list | tuple):
        hint = "an example has one label; of lists that hold one each, a Series gives it by gold.str[0]"
    elif text in _YES_OR_NO and isinstance(value, str):
        hint = _bool_hint(class_names).partition(";")[0]
    elif text in _YES_OR_NO:
        hint = _bool_hint(class_names)
    elif text in _NOTHING:
        hint = "leave it empty where it is not known (None in Python)"
    elif len(meant) > 1 or (meant and n_distinct > 1):
        hint = ", ".join(f"{word!r} may mean {one!r}" for word, one in list(meant.items())[:MOST_SHOWN])
    elif name is not None:
        hint = did_you_mean(value, name)
    elif isinstance(value, float | Decimal):
        hint = _FRACTIONS
    if texts and not (len(texts) == 1 and (text in _NOTHING or name is not None)):
        classes = {word: repr(meant.get(word, "CLASS")) for word in texts}
        classes |= {word: "None" for word in texts if word.strip().casefold() in _NOTHING}
        listed = ", ".join(f"{word!r}: {classes[word]}" for word in texts[:MOST_SHOWN])
        dropped = ", None for a value that means no class" if "'CLASS'" in listed else ""
        hint += f"{REPLACED}{{{listed}{', ...' if len(texts) > MOST_SHOWN else ''}}}){dropped}"
    which = "which is neither a class number nor one" if n_distinct == 1 else "which are neither class numbers nor any"
    return GoldError(f"gold holds {shown}, {which} of the names {list(class_names)[:12]}", hint=hint, code="LK324")


def with_counts(values: Sequence[Any]) -> tuple[str, int]:
    """List the distinct values, the most frequent ones if there are many, and count them.

    >>> with_counts(["junk", "ok", "ok"])
    ("'junk', 'ok' (2 times)", 2)
    """
    counts = Counter(map(repr, values))
    listed = list(counts) if len(counts) <= MOST_VALUES else [text for text, _ in counts.most_common(MOST_VALUES)]
    shown = ", ".join(text if counts[text] == 1 else f"{text} ({counts[text]:,} times)" for text in listed)
    more = len(counts) - len(listed)
    return (f"{shown} and {more:,} other values" if more else shown), len(counts)
