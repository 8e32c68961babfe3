"""Classes are ``0 .. k-1``, a vote is a class or ``ABSTAIN``; this is where both are checked.

>>> from enum import IntEnum
>>> class Label(IntEnum):
...     ABSTAIN = -1
...     HAM = 0
...     SPAM = 1
>>> space = LabelSpace.of(Label)
>>> space
LabelSpace(HAM=0, SPAM=1)
>>> space.vote(Label.SPAM), space.vote(None), space.name(0)
(1, -1, 'HAM')
>>> space.vote(True)
Traceback (most recent call last):
    ...
labelkit.exceptions.VoteError: True (bool) is not a vote [LK300]
Hint: return a class (HAM=0, SPAM=1) where the test holds, and ABSTAIN or None where it does not
"""

from __future__ import annotations

import inspect
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any, Final

import numpy as np

from labelkit._shared.given_kinds import shown_kind
from labelkit._shared.markup import visible
from labelkit._shared.numbers import plural
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import LabelkitError, LabelSpaceError, VoteError

ABSTAIN: Final = -1
"""The vote of a labeling function that declines to label an example."""

MAX_CLASSES: Final = 32_767
"""Votes are int16 at the most."""


_NUMBER: Final = re.compile(r"-?\d{1,9}(\.0*)?")
"""A class number as text; a column of numbers with gaps is written with a fraction of zero."""


@checks_keywords
@dataclass(frozen=True)
class LabelSpace:
    """The classes that examples can have, numbered from 0.

    Parameters
    ----------
    names : tuple of str
        The name of each class; the position is the class's number.
    """

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.names, tuple | list) or not all(isinstance(name, str) for name in self.names):
            hint = 'labelkit.LabelSpace.of(labels) takes an IntEnum, a list such as ["HAM", "SPAM"], or a number'
            raise LabelSpaceError(f"{shown_kind(self.names)} is no tuple of class names", hint=hint)
        object.__setattr__(self, "names", tuple(self.names))
        if not self.names:
            raise LabelSpaceError("a label space needs at least one class", hint="labels=2, or an IntEnum of classes")
        if len(set(self.names)) != len(self.names):
            raise LabelSpaceError(f"class names repeat: {list(self.names)}", code="LK124")
        if len(self.names) > MAX_CLASSES:
            raise LabelSpaceError(
                f"{len(self.names)} classes are more than the {MAX_CLASSES} that fit a vote", code="LK124"
            )

    @classmethod
    def of(cls, labels: LabelSpace | type[IntEnum] | Sequence[str] | int) -> LabelSpace:
        """Make a label space from an ``IntEnum``, a list of class names or a number of classes.

        Raises
        ------
        LabelSpaceError
            If the classes of an enum are not ``0 .. k-1`` (a member ``ABSTAIN = -1`` is left out).
        """
        if isinstance(labels, LabelSpace):
            return labels
        if isinstance(labels, type) and issubclass(labels, Enum):
            return cls(_names_of(labels))
        if isinstance(labels, bool) or not isinstance(labels, int | np.integer | Sequence) or isinstance(labels, str):
            raise LabelSpaceError(
                f"{labels!r} is not a label space", hint="give an IntEnum, a list of class names or a number of classes"
            )
        if isinstance(labels, Sequence):
            return cls(tuple(str(name) for name in labels))
        return cls(tuple(str(number) for number in range(int(labels))))

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        if len(self) > 12:
            return f"LabelSpace({plural(len(self), 'class', 'classes')})"
        return visible(f"LabelSpace({', '.join(f'{name}={i}' for i, name in enumerate(self.names))})")

    @property
    def dtype(self) -> np.dtype[Any]:
        """The integer type of votes: int8, and int16 from 128 classes."""
        return np.dtype(np.int8 if len(self) < 128 else np.int16)

    def name(self, label: int) -> str:
        """Name a class, or ``"ABSTAIN"``."""
        number = self.vote(label)
        return "ABSTAIN" if number == ABSTAIN else self.names[number]

    def vote(self, value: object) -> int:
        """Turn what a rule returned into a vote.

        Parameters
        ----------
        value : object
            An enum member, an int, ``None`` or ``ABSTAIN``.

        Returns
        -------
        int
            A class, or -1.

        Raises
        ------
        VoteError
            If the value is a bool, a float, a string, anything else, or a class that does not exist.
        """
        if value is None:
            return ABSTAIN
        if isinstance(value, int | np.integer) and not isinstance(value, bool):
            number = int(value)
            if ABSTAIN <= number < len(self):
                return number
            raise VoteError(f"{value!r} is not one of the {len(self)} classes", hint=self._hint())
        raise VoteError(f"{value!r} ({type(value).__name__}) is not a vote", hint=self._hint(value))

    def soft_vote(self, value: Any) -> tuple[int, float | None]:
        """Turn what a rule returned that says how sure it is into a vote and a confidence.

        Parameters
        ----------
        value : object
            A vote; a pair of a vote and a confidence from 0 to 1; or a probability for each class: a vote for the most
            probable one, or an abstain where several are.

        Returns
        -------
        vote : int
        confidence : float or None
            None where the rule abstained, or did not say.

        Raises
        ------
        VoteError
            If the value is none of these.

        Examples
        --------
        >>> space = LabelSpace(("HAM", "SPAM"))
        >>> space.soft_vote((1, 0.9)), space.soft_vote([0.8, 0.2]), space.soft_vote([0.5, 0.5]), space.soft_vote(0)
        ((1, 0.9), (0, 0.8), (-1, None), (0, None))
        """
        if isinstance(value, tuple) and len(value) == 2 and not isinstance(value[0], float | np.floating):
            vote, share = self.vote(value[0]), _share(value[1])
            return (vote, share) if vote != ABSTAIN and share > 0 else (ABSTAIN, None)
        if not isinstance(value, Sequence | np.ndarray) or isinstance(value, str | bytes):
            return self.vote(value), None
        try:
            row = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            row = np.empty(0)
        if row.shape != (len(self),) or not np.isfinite(row).all() or (row < 0).any() or row.sum() > 1 + 1e-6:
            raise VoteError(
                f"{value!r} is neither a vote, nor a vote and a confidence, nor a probability for each of the "
                f"{plural(len(self), 'class', 'classes')}",
                hint="return label, 0.9",
            )
        best = float(row.max())
        return (int(row.argmax()), best) if best > 0 and (row == best).sum() == 1 else (ABSTAIN, None)

    def _hint(self, value: object = None) -> str:
        classes = repr(self).removeprefix("LabelSpace")
        if isinstance(value, bool | np.bool_):
            return f"return a class {classes} where the test holds, and ABSTAIN or None where it does not"
        if isinstance(value, Enum):
            return f"make {type(value).__name__} an IntEnum, with the numbers of the classes {classes}"
        number = class_written(value, self.names) if isinstance(value, str) and value else None
        if number is not None and number < len(self):
            return _of_name(number)
        return _of_kind(value) or f"return a class {classes}, or ABSTAIN or None"


def _of_name(number: int) -> str:
    if number == ABSTAIN:
        return "return ABSTAIN, which is -1, or None, and no text"
    return f"return the class's number {number} or its enum member, not its name"


def _of_kind(value: object) -> str | None:  # noqa: PLR0911 - a table of kinds
    """Say how a value becomes a vote, where its kind tells what is meant."""
    is_nan = isinstance(value, float | np.floating) and value != value  # noqa: PLR0124 - NaN differs from itself
    if is_nan or type(value).__name__ in ("NAType", "NaTType"):
        return "return None to abstain"
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return f"return a whole number: int({value!r})"
    if isinstance(value, np.ndarray) and value.size == 1:
        return "return one number: value.item()"
    if isinstance(value, tuple) and len(value) == 2:
        return "a rule that returns (label, confidence) says so: @labeling_function(levels=8)"
    if inspect.isgenerator(value):
        return "write return in place of yield"
    if inspect.iscoroutine(value):
        value.close()  # it is never awaited
        return "write def in place of async def"
    return None


def _names_of(labels: type[Enum]) -> tuple[str, ...]:
    members = {member.value: name for name, member in labels.__members__.items() if member.name == name}
    if any(isinstance(value, bool) or not isinstance(value, int) for value in members):
        raise LabelSpaceError(
            f"the classes of {labels.__name__} are not integers", hint="make it an IntEnum", code="LK124"
        )
    other = next((name for value, name in members.items() if name.casefold() == "abstain" and value != ABSTAIN), None)
    if other is not None:
        raise LabelSpaceError(
            f"{other} is {labels[other].value} in {labels.__name__}, which is a class: an abstain is {ABSTAIN}",
            hint=f"write {other} = {ABSTAIN}, and number the classes from 0",
            code="LK124",
        )
    classes = sorted(value for value in members if value != ABSTAIN)
    if classes != list(range(len(classes))):
        raise LabelSpaceError(
            f"the classes of {labels.__name__} are {classes}, not 0 .. {len(classes) - 1}",
            hint="number the members 0, 1, 2, ...; ABSTAIN = -1 may stand beside them",
            code="LK124",
        )
    return tuple(members[value] for value in classes)


def _share(value: Any) -> float:
    """A confidence, checked."""
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not 0 <= float(value) <= 1:
        raise VoteError(f"{value!r} is no confidence, which is a share from 0 to 1", hint="return label, 0.9")
    return float(value)


def class_written(text: str, names: Sequence[str]) -> int | None:
    """Return the class that a text means: by its name or number, as people and programs write them.

    Spaces around it, capitals and the name of an enum before it do not count, where that leaves one class. Blank text
    and ``ABSTAIN`` mean that there is none. Where classes are named by other numbers than they have, numbers are names.

    Parameters
    ----------
    text : str
    names : sequence of str
        Those of the classes.

    Returns
    -------
    int or None
        A number, which may be higher than those of the classes; -1 if no class is meant; None if it is not known.

    Examples
    --------
    >>> names = ["HAM", "SPAM"]
    >>> [class_written(text, names) for text in ("SPAM", " spam", "Label.HAM", "1.0", "", "abstain", "eggs")]
    [1, 1, 0, 1, -1, -1, None]
    """
    if text in names:
        return names.index(text)
    alike = [number for number, name in enumerate(names) if is_written(name, text)]
    if alike:
        return alike[0] if len(alike) == 1 else None
    bare = text.strip()
    if _NUMBER.fullmatch(bare):
        number = int(bare.partition(".")[0])
        return None if number != ABSTAIN and are_other_numbers(names) else number
    return ABSTAIN if bare.casefold() in {"", "abstain"} else None


def listed_class_names(given: Iterable[Any], what: str, error: type[LabelkitError]) -> tuple[str, ...]:
    """Return the names of classes, in their order, of texts, numbers or enum members.

    Parameters
    ----------
    given : iterable
    what : str
        The word for them in errors.
    error : type of LabelkitError

    Raises
    ------
    LabelkitError
        If they are one text, of which each letter would be a class, or a name stands twice.

    Examples
    --------
    >>> from labelkit.exceptions import AnalysisError
    >>> listed_class_names(["HAM", 2], "class_names", AnalysisError)
    ('HAM', '2')
    """
    if isinstance(given, str):
        raise error(f"{what}={given!r} is one text, not names of classes", hint=f"{what}=[{given!r}, ...]")
    names = tuple(str(getattr(name, "name", name)) for name in given)
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise error(f"{what} names the class {twice!r} twice", hint="name each class once")
    return names


def are_other_numbers(names: Sequence[str]) -> bool:
    """Return True if all classes are named by numbers, and these are not the numbers that the classes have.

    >>> are_other_numbers(["1", "2", "3"]), are_other_numbers(["0", "1"]), are_other_numbers(["HAM", "SPAM"])
    (True, False, False)
    """
    numbered = [str(number) for number in range(len(names))]
    return all(re.fullmatch(r"-?\d{1,9}", name) for name in names) and list(names) != numbered


def is_written(name: object, text: object) -> bool:
    r"""Return whether a text is the name of a class as people and programs write it, or its number, as 1.0.

    >>> is_written("SPAM", "Label.spam "), is_written("1", "1.0"), is_written("A.B", "b"), is_written("\xe9", "e\u0301")
    (True, True, False, True)
    """
    if not isinstance(name, str) or not isinstance(text, str):
        return False
    wanted, bare = (unicodedata.normalize("NFC", one.strip()).casefold() for one in (name, text))
    number = bare.partition(".")[0] if _NUMBER.fullmatch(bare) else None
    return wanted in {bare, number} or ("." in bare and number is None and wanted == bare.rpartition(".")[2])


def are_same_classes(one: Sequence[str], other: Sequence[str]) -> bool:
    """Return True if classes have the same names in the same order, or either side only counts them.

    >>> are_same_classes(("HAM", "SPAM"), ("0", "1")), are_same_classes(("HAM", "SPAM"), ("SPAM", "HAM"))
    (True, False)
    """
    if set(one) == set(other):
        return tuple(one) == tuple(other)
    numbers = tuple(map(str, range(len(one))))
    return len(one) == len(other) and numbers in (tuple(one), tuple(other))
