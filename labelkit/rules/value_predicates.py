"""Predicates of whole values: equal to one of several, alone or as a tuple, or kept in a table elsewhere.

They are strict in type: ``1`` is neither ``True`` nor ``1.0`` nor ``"1"``. A plan tests each distinct value of a batch
once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

from labelkit.exceptions import RuleError
from labelkit.rules._normalise import normalised
from labelkit.rules.compared_kinds import kind_of
from labelkit.rules.predicates import Predicate, Reads, foreign, joined, listed
from labelkit.rules.writing import NotWritableError

if TYPE_CHECKING:
    from labelkit.rules.writing import ConditionWriter

MOST_TRIED: Final = 1_000
"""Values of a list that are held against another predicate."""


@dataclass(frozen=True)
class Values(Predicate):
    """The value equals one of several: strict in type (``1`` is neither ``True`` nor ``1.0`` nor ``"1"``)."""

    values: tuple[Any, ...]
    ignore_case: bool = False

    reads: ClassVar[Reads] = "value"

    @cached_property
    def keys(self) -> frozenset[tuple[type, Any]]:
        """The values with their types, folded if case does not matter."""
        return frozenset(self._key(value) for value in self.values)

    def _key(self, value: Any) -> tuple[type, Any]:
        if self.ignore_case and isinstance(value, str):
            value = value.casefold()
        return kind_of(value), value

    def matches(self, value: Any) -> bool:
        """Look the value up with its type; a list or a dict equals none."""
        try:
            return self._key(value) in self.keys
        except TypeError:  # not hashable
            return False

    def describe(self) -> str:
        """Name the first values, and the number of the others."""
        return f"equal to {listed(self.values)}"

    @property
    def entries(self) -> tuple[Any, ...]:
        """The values."""
        return self.values

    def excludes(self, other: Predicate) -> bool:
        """Try each value, where that is cheap; where the other predicate cannot read one, nothing is known."""
        is_plain = other.reads == "value" and other.stored is None and foreign([other]) is None
        if self.ignore_case or not is_plain or len(self.values) > MOST_TRIED:
            return False
        try:
            return not any(other.matches(value) for value in self.values)
        except TypeError:
            return False

    def write(self, writer: ConditionWriter) -> Any:
        """Write the values."""
        return writer.among(self.values, ignore_case=self.ignore_case)

    def merged(self, others: Sequence[Predicate]) -> Values | None:
        """Return all values as one list, if case matters to all of them or to none."""
        return joined(self, others, "values")


@dataclass(frozen=True)
class Tuples(Predicate):
    """The values of several columns, taken together, are one of several tuples: strict in type, as :class:`Values`.

    Parameters
    ----------
    values : tuple of tuple
        All of one length.
    steps : tuple of str
        The steps that normalise strings before they are compared (see :mod:`labelkit.rules._normalise`).
    symmetric : bool
        Whether the order within a tuple does not matter.

    >>> married = Tuples((("Ann", "Bo"),), steps=("case",), symmetric=True)
    >>> married.matches(("bo", "ANN")), married.matches(("Ann", "Ann"))
    (True, False)
    """

    values: tuple[tuple[Any, ...], ...]
    steps: tuple[str, ...] = ()
    symmetric: bool = False

    reads: ClassVar[Reads] = "tuple"

    @property
    def width(self) -> int:
        """The number of columns that are read together."""
        return len(self.values[0])

    @cached_property
    def keys(self) -> frozenset[Hashable]:
        """The keys of all tuples."""
        return frozenset(map(self.key, self.values))

    def key(self, value: tuple[Any, ...]) -> Hashable:
        """Return the key by which a tuple is compared: its parts with their types."""
        parts = [(kind_of(p), normalised(p, self.steps) if isinstance(p, str) and self.steps else p) for p in value]
        return frozenset(Counter(parts).items()) if self.symmetric else tuple(parts)

    def matches(self, value: tuple[Any, ...]) -> bool:
        """Look the tuple up; one that holds a list or a dict equals none."""
        try:
            return self.key(value) in self.keys
        except TypeError:  # not hashable
            return False

    def describe(self) -> str:
        """Name the first tuples, and the number of the others."""
        return f"equal to {listed(self.values)}"

    def write(self, writer: ConditionWriter) -> Any:
        """Write the tuples, unless they are normalised by more than their case."""
        others = [step for step in self.steps if step != "case"]
        if others:
            raise NotWritableError(f"names are compared without {', '.join(others)}, which has no exact equivalent")
        return writer.among_tuples(self.values, ignore_case=bool(self.steps), symmetric=self.symmetric)

    def spans(self, value: Any) -> Iterator[tuple[int, int]]:
        """Mark each column of a tuple that matched as a whole."""
        yield 0, len(value)

    def entry_types(self, place: int) -> list[tuple[str, type]]:
        """Return the types of the entries at one position of the tuples."""
        return Values(tuple(dict.fromkeys(value[place] for value in self.values))).entry_types(0)


class TableQuery(Protocol):
    """A query to a table that is kept elsewhere; frozen, and two that query the same are equal."""

    @property
    def width(self) -> int:
        """The number of columns that are looked up together; 0 for single values."""

    def find(self, keys: Sequence[Any]) -> list[Any]:
        """Return for each key the frozen set of what the table holds for it, or the exception that prevented it."""

    def check(self) -> None:
        """Raise if the table lacks a column; a table that cannot be reached may be there later."""

    def describe(self) -> str:
        """Return the query in words, for people."""

    def types(self) -> tuple[type | None, ...]:
        """Return the type of each part of a key, where it is known without another query."""


@dataclass(frozen=True, repr=False)
class Stored(Predicate):
    """The value stands in a table that is kept elsewhere, strict in type as :class:`Values`.

    A plan queries all distinct values of a batch at once; predicates with the same query share the answer.

    Parameters
    ----------
    query : TableQuery
    wanted : frozenset, optional
        What the table must hold for the value; if not given, any row is enough.
    known : frozenset, optional
        All that the table may hold.
    """

    query: TableQuery
    wanted: frozenset[Any] | None = None
    known: frozenset[Any] | None = None

    reads: ClassVar[Reads] = "value"

    def __repr__(self) -> str:
        return self.describe()

    @property
    def stored(self) -> Stored:
        """Itself."""
        return self

    @property
    def width(self) -> int:
        """The number of columns that are looked up together; 0 for single values."""
        return self.query.width

    def describe(self) -> str:
        """Name the table, and what it must hold."""
        wanted = "" if self.wanted is None else f", which says {' or '.join(sorted(map(repr, self.wanted)))}"
        return f"among {self.query.describe()}{wanted}"

    def matches(self, value: Any) -> bool:
        """Query the table for one value."""
        return self.judge(self.query.find([value])[0])

    def spans(self, value: Any) -> Iterator[tuple[int, int]]:
        """Mark the whole value; the table is not queried again."""
        yield 0, len(value)

    def judge(self, found: Any) -> bool:
        """Decide whether what the table holds for a value is what is wanted.

        Raises
        ------
        Exception
            If the table could not be queried, or holds a label that is not known.
        """
        if isinstance(found, Exception):
            raise found
        if self.wanted is None:
            return bool(found)
        unknown = [label for label in found if label not in (self.known or self.wanted)]
        if unknown:
            labels = ", ".join(map(repr, sorted(self.known or self.wanted, key=str)))
            raise RuleError(f"{self.query.describe()}: {unknown[0]!r} is not among the labels {labels}")
        return not self.wanted.isdisjoint(found)

    def entry_types(self, place: int) -> list[tuple[str, type]]:
        """Return the type of one column of the table's key, where it is known."""
        types = self.query.types()
        kind = types[min(place, len(types) - 1)] if types else None
        return [] if kind is None else [("", kind)]
