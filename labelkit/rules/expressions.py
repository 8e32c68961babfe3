"""Combine predicates with and, or, not and "at least": expressions with three truth values, as in SQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from labelkit.rules.predicates import OfDocument, Stored, Test, Tuples


@dataclass(frozen=True)
class Leaf:
    """A test of some columns: it holds when it holds for any of them, or, if it is joint, for all of them together.

    Where it holds for none and one of them is null, the answer is unknown, unless that column is among ``optional``:
    there a null is known not to match.
    """

    test: Test
    columns: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """How many columns the test is of together; 0 if it is of each by itself."""
        return self.test.width if isinstance(self.test, Tuples | Stored) else 0

    @property
    def joint(self) -> bool:
        """Whether the test is of all columns together, as one tuple."""
        return self.width > 0

    def holds(self, values: dict[str, Any]) -> bool | None:
        """Whether the test holds for an example, given the values of its columns; ``None`` where that is unknown."""
        given = {column: values[column] for column in self.columns}
        asked: list[Any] = [value for value in given.values() if value is not None]
        if self.joint:
            asked = [tuple(asked)] if len(asked) == len(self.columns) else []
        if any(self.test.matches(value) for value in asked):
            return True
        return None if any(v is None and c not in self.optional for c, v in given.items()) else False


@dataclass(frozen=True)
class AllOf:
    """Every part holds."""

    parts: tuple[Expression, ...]

    def holds(self, values: dict[str, Any]) -> bool | None:
        """False if a part is false, else unknown if a part is unknown, else true."""
        answers = [part.holds(values) for part in self.parts]
        return False if False in answers else (None if None in answers else True)


@dataclass(frozen=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Expression, ...]

    def holds(self, values: dict[str, Any]) -> bool | None:
        """True if a part is true, else unknown if a part is unknown, else false."""
        answers = [part.holds(values) for part in self.parts]
        return True if True in answers else (None if None in answers else False)


@dataclass(frozen=True)
class AtLeast:
    """So many of the parts hold, or more."""

    number: int
    parts: tuple[Expression, ...]

    def holds(self, values: dict[str, Any]) -> bool | None:
        """True if enough parts are true, false if enough cannot be, else unknown."""
        answers = [part.holds(values) for part in self.parts]
        n_true = answers.count(True)
        if n_true >= self.number:
            return True
        return False if n_true + answers.count(None) < self.number else None


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: Expression

    def holds(self, values: dict[str, Any]) -> bool | None:
        """The opposite; of the unknown, unknown."""
        answer = self.part.holds(values)
        return None if answer is None else not answer


Expression: TypeAlias = Leaf | AllOf | AnyOf | AtLeast | Not


def leaves(expression: Expression) -> Iterator[Leaf]:
    """Every leaf of an expression, from left to right."""
    if isinstance(expression, Leaf):
        yield expression
    elif isinstance(expression, Not):
        yield from leaves(expression.part)
    else:
        for part in expression.parts:
            yield from leaves(part)


def bind(
    expression: Expression, columns: tuple[str, ...], optional: tuple[str, ...] = (), parsed: tuple[str, ...] = ()
) -> Expression:
    """Give the leaves that name no column these columns, and every leaf those that may be null.

    Of several columns, tests of documents get those that are ``parsed``, and other tests the rest.
    """
    if isinstance(expression, Leaf):
        of_document = isinstance(expression.test, OfDocument)
        suiting = tuple(column for column in columns if (column in parsed) == of_document) or columns
        return Leaf(expression.test, expression.columns or suiting, optional)
    if isinstance(expression, Not):
        return Not(bind(expression.part, columns, optional, parsed))
    return replace(expression, parts=tuple(bind(part, columns, optional, parsed) for part in expression.parts))


def columns_of(*expressions: Expression) -> tuple[str, ...]:
    """The columns that expressions read, each once, in order."""
    return tuple(dict.fromkeys(c for e in expressions for leaf in leaves(e) for c in leaf.columns))
