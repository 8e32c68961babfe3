"""Say which class each value of a gold column means, where people wrote other words than the names of the classes."""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.missing import is_missing
from labelkit._shared.near_names import as_seen, did_you_mean, near_name
from labelkit._shared.user_errors import warn
from labelkit.exceptions import GoldError
from labelkit.votes.alignment import object_array
from labelkit.votes.gold import gold_classes, with_counts
from labelkit.votes.label_space import class_written

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNKNOWN: Final = -1

_WHOLE: Final = re.compile(r"(-?\d+)\.0+")
"""A whole number with a fraction of 0, as a column of floats shows it."""

_NUMBER: Final = re.compile(r"-?\d{1,9}")

MOST_NAMES: Final = 12
"""Values and classes that an error lists."""


@dataclass(frozen=True)
class GoldMapping:
    """Classes by the values that mean them.

    Parameters
    ----------
    classes : dict from str to int
        By the value as it is written; -1 for a value that says nothing.

    Examples
    --------
    >>> mapping = GoldMapping.of({"junk": "SPAM", 0: 0, "?": None}, ["HAM", "SPAM"])
    >>> mapping.apply(np.array(["junk", "0", "?", "SPAM", None], dtype=object), ["HAM", "SPAM"])
    array([ 1,  0, -1,  1, -1])
    """

    classes: Mapping[str, int]

    @classmethod
    def of(cls, given: Mapping[Any, Any], class_names: Sequence[str]) -> GoldMapping:
        """Make it of classes, named or numbered as in gold; None, or an empty name, for a value that says nothing.

        Raises
        ------
        GoldError
            If there is no such class, or two values that are written alike mean two classes.
        """
        classes: dict[str, int] = {}
        for value, name in given.items():
            number = UNKNOWN if is_missing(name) or name == "" else _number_of(name, class_names)
            if classes.setdefault(written(value), number) != number:
                raise GoldError(
                    f"the mapping of gold values names the value {written(value)!r} twice",
                    hint="give one class for each",
                )
        return cls(classes)

    def apply(self, values: NDArray[Any], class_names: Sequence[str]) -> NDArray[np.int64]:
        """Turn values into class numbers, -1 where unknown; one that is not mapped may be the name of a class.

        Raises
        ------
        GoldError
            If a value is neither mapped, nor the name of a class, nor empty. A number that is not mapped is refused:
            beside others that are, it is not known if it counts classes.
        """
        plain = values.tolist()
        distinct = {(type(value), value): value for value in plain}  # True is not 1 here
        numbers = {key: self.classes.get(written(value)) for key, value in distinct.items()}
        left = [value for value in plain if numbers[type(value), value] is None]
        unclear = [value for value in left if _is_number(value)]
        if unclear:
            shown, _ = with_counts([_Plain(written(value)) for value in unclear])
            mapped = ", ".join(map(repr, list(self.classes)[:MOST_NAMES]))
            raise GoldError(
                f"gold holds {shown}, and the mapping of gold values names {mapped}",
                hint="say what each number means",
                code="LK324",
            )
        if left:
            try:
                named = gold_classes(object_array(left), class_names).tolist()
            except GoldError as error:
                hint = self._alike(left, class_names)
                raise error if hint is None else GoldError(error.message, hint=hint, code=error.code) from None
            numbers |= {(type(value), value): number for value, number in zip(left, named, strict=True)}
        return np.array([numbers[type(value), value] for value in plain], dtype=np.int64)

    def one_of(self, value: Any, class_names: Sequence[str]) -> Any:
        """Return one value in place of all that mean the same class; None for one that says nothing.

        >>> mapping = GoldMapping.of({"ad": "SPAM", "scam": "SPAM", "?": None}, ["HAM", "SPAM"])
        >>> [mapping.one_of(value, ["HAM", "SPAM"]) for value in ("ad", "scam", "spam", "HAM", "?", "other")]
        ['ad', 'ad', 'ad', 'HAM', None, 'other']
        """
        number = None if is_missing(value) else self.classes.get(written(value))
        if number is None and isinstance(value, str):
            number = class_written(value, class_names)
        if number is None or is_missing(value):
            return value
        if number == UNKNOWN or number >= len(class_names):
            return None if number == UNKNOWN else value
        return next((one for one, to in self.classes.items() if to == number), class_names[number])

    def _alike(self, values: Sequence[Any], class_names: Sequence[str]) -> str | None:
        """Return a hint at values that differ from mapped ones in case or blanks alone; None if none does."""
        mapped = {as_seen(value): value for value in self.classes}
        texts = dict.fromkeys(written(value) for value in values if not is_missing(value))
        unknown = [text for text in texts if class_written(text, class_names) is None]
        alike = {text: mapped[as_seen(text)] for text in unknown if as_seen(text) in mapped}
        if not alike:
            return None
        names = {text: _class_name(self.classes[value], class_names) for text, value in alike.items()}
        shown = [*alike][:MOST_NAMES]
        more = "" if len(alike) == len(shown) else f" and of {len(alike) - len(shown)} more"
        differ = ", ".join(f"{text!r} differs from {alike[text]!r}" for text in shown)
        pairs = ", ".join(f"{text!r}: {names[text] or None!r}" for text in shown)
        flags = " ".join(f"--map-label {shlex.quote(f'{text}={names[text]}')}" for text in shown)
        rest = "; map_label={value: class} (--map-label VALUE=CLASS) says the rest"
        others = "" if len(alike) == len(unknown) else rest
        why = f"{differ}{more} in case or blanks alone, and each is mapped by itself"
        return f"{why}: map_label={{{pairs}}} ({flags}){others}"

    def check_used(self, values: NDArray[Any]) -> None:
        """Warn of what is mapped and stands nowhere in all the values, as a misspelt word does.

        Gold of which no value is mapped names the classes itself, and needs no mapping: one that is a default of the
        project is not of this gold.
        """
        distinct = dict.fromkeys(values.tolist())
        there = {written(value) for value in distinct if not is_missing(value)}
        unused = [value for value in self.classes if value not in there]
        if unused and len(unused) < len(self.classes):
            shown, held = (", ".join(map(repr, list(one)[:MOST_NAMES])) for one in (unused, sorted(there)))
            warn(f"the mapping of gold values names {shown}, which gold never holds: it holds {held}", code="LK324")


def _class_name(number: int, class_names: Sequence[str]) -> str:
    return "" if number == UNKNOWN else class_names[number]


class _Plain(str):
    """A text that is shown without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _is_number(value: Any) -> bool:
    """Tell if a value is a number that may be a class, or the name of one."""
    return isinstance(value, int | float) and value == value and value != UNKNOWN  # noqa: PLR0124 - NaN


def written(value: Any) -> str:
    r"""Return a value as people write it: a whole number without a fraction, True and False in small letters.

    Letters with accents are composed: a file may hold them decomposed, which nobody sees.

    >>> written(1.0), written(True), written(" Junk "), written("1.0"), written("e\u0301te\u0301")
    ('1', 'true', 'Junk', '1', 'été')
    """
    text = unicodedata.normalize("NFC", str(value).strip())
    whole = _WHOLE.fullmatch(text)
    if whole:
        return whole[1]
    return text.lower() if text in {"True", "False", "TRUE", "FALSE"} else text


def _number_of(name: Any, class_names: Sequence[str]) -> int:
    """Return the number of a class; as in gold, a number is one unless the classes are named by other numbers."""
    if name in class_names:
        return list(class_names).index(name)
    bare = written(name)
    if _NUMBER.fullmatch(bare) and not isinstance(name, bool):
        number = class_written(bare, list(class_names))
        if number is not None and UNKNOWN <= number < len(class_names):
            return number
    close = near_name(name, class_names)
    raise GoldError(
        f"the mapping of gold values names the class {name!r}, which there is not",
        hint=did_you_mean(name, close) if close else f"the classes are {', '.join(class_names[:MOST_NAMES])}",
        code="LK324",
    )
