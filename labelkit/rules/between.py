"""Conditions on numbers, dates and other values that have an order: ``between``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from labelkit._shared.missing import is_missing
from labelkit._shared.numpy_scalars import plain_scalar
from labelkit.exceptions import RuleError
from labelkit.rules._labels import Label, label_and_enum
from labelkit.rules.condition import Condition
from labelkit.rules.expressions import Leaf
from labelkit.rules.options import Options, RuleOptions, takes_options
from labelkit.rules.parameters import column_names
from labelkit.rules.predicates import Predicate, Reads

if TYPE_CHECKING:
    from labelkit.rules.writing import ConditionWriter


@dataclass(frozen=True)
class InRange(Predicate):
    """The value is above the lower end, and at most the upper one; an end that is None is open."""

    low: Any
    high: Any

    reads: ClassVar[Reads] = "value"

    def matches(self, value: Any) -> bool:
        """Compare the value with both ends; what cannot be compared raises, and is a fault."""
        return (self.low is None or value > self.low) and (self.high is None or value <= self.high)

    def excludes(self, other: Predicate) -> bool:
        """Compare the ends of two ranges."""
        if type(other) is not InRange:
            return False
        pairs = ((self.low, other.high), (other.low, self.high))
        return any(low is not None and high is not None and _is_at_least(low, high) for low, high in pairs)

    def completes(self, other: Predicate) -> bool:
        """Compare the ends of two ranges, of which the one is open below and the other above."""
        if type(other) is not InRange:
            return False
        pairs = ((self, other), (other, self))
        return any(a.low is None and b.high is None and _is_at_least(a.high, b.low) for a, b in pairs)

    @property
    def ends(self) -> tuple[Any, ...]:
        """The ends that are not open."""
        return tuple(end for end in (self.low, self.high) if end is not None)

    @property
    def end(self) -> Any:
        """An end, of the type of both."""
        return self.high if self.low is None else self.low

    def write(self, writer: ConditionWriter) -> Any:
        """Write both ends."""
        return writer.in_range(self.low, self.high)

    def describe(self) -> str:
        """Name the ends."""
        if self.low is None or self.high is None:
            return f"at most {self.high}" if self.low is None else f"above {self.low}"
        return f"above {self.low} and at most {self.high}"


@takes_options(RuleOptions)
def between(
    low: Any = None,
    high: Any = None,
    *,
    label: Label | None = None,
    column: str | tuple[str, ...] | None = None,
    **options: Unpack[RuleOptions],
) -> Condition:
    """Match values above ``low`` and at most ``high``: numbers, dates, anything with an order.

    Parameters
    ----------
    low, high : number, date or other value, optional
        One end may be open. NaN is above nothing, and no end.
    label, column, name, examples, group, precision, trusted, cache
        As in :func:`keywords`.

    Returns
    -------
    Condition

    Raises
    ------
    RuleError
        If both ends are open, one is no single value, or no value could be between them.

    Examples
    --------
    >>> @between(0, 17, label=1)
    ... def minor(age: int) -> None:
    ...     "Under age."
    >>> minor(17), minor(18), minor(0)
    (1, -1, -1)
    """
    given = Options.of(between, options)
    if low is None and high is None:
        raise RuleError("between has no ends, so that it would match everything", hint="between(18, 65), between(18)")
    low, high = _end(low), _end(high)
    if low is not None and high is not None and not _is_below(low, high):
        raise RuleError(f"no value is above {low!r} and at most {high!r}", hint="the lower end first, and below")
    number, enum = (None, None) if label is None else label_and_enum(label)
    return Condition(((Leaf(InRange(low, high), column_names(column)), number),), "between", given, enum)


def _end(end: Any) -> Any:
    """Return an end as a value of Python; raise RuleError if no value can be compared with it."""
    end = plain_scalar(end)
    try:
        hash(end)
    except TypeError:
        raise RuleError(f"an end of between is one value, not a {type(end).__name__}", hint="between(18, 65)") from None
    if end is not None and is_missing(end):
        raise RuleError(f"no value is above {end!r}, nor at most that", hint="leave an open end out: between(18)")
    return end


def _is_at_least(value: Any, other: Any) -> bool:
    try:
        return bool(value >= other)
    except TypeError:  # ends of two types, which cannot be compared
        return False


def _is_below(low: Any, high: Any) -> bool:
    try:
        return bool(low < high)
    except TypeError as error:
        raise RuleError(f"the ends {low!r} and {high!r} of between cannot be compared: {error}") from None
