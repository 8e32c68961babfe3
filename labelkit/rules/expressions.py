"""Combine predicates with and, or, not and "at least": expressions with three truth values, as in SQL.

Nothing is known of a null, so neither a predicate nor its negation holds there. Each kind defines its logic twice, for
one example (:meth:`holds`) and for arrays of a batch (:meth:`truth`); a test holds the second to the first.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from labelkit.rules.predicates import Predicate

if TYPE_CHECKING:
    from labelkit.rules.writing import ConditionWriter

Truth: TypeAlias = tuple[NDArray[np.bool_], NDArray[np.bool_]]
"""Two masks over the rows of a batch: the expression is true, and it is unknown."""


class Expression(ABC):
    """Predicates of columns, combined; subclasses are frozen dataclasses."""

    if TYPE_CHECKING:

        @property
        def parts(self) -> tuple[Expression, ...]:
            """The expressions that are combined; a leaf has none."""

    @property
    @abstractmethod
    def operator(self) -> str:
        """The combination in words, such as ``"all of"``; empty for a leaf."""

    @abstractmethod
    def holds(self, values: dict[str, Any]) -> bool | None:
        """Decide one example, given the values of its columns; ``None`` where the answer is unknown."""

    @abstractmethod
    def truth(self, answer: Callable[[Leaf], Truth]) -> Truth:
        """Decide a batch, given where each leaf is true and where it is unknown."""

    @abstractmethod
    def describe(self) -> str:
        """Return the expression in words."""

    @abstractmethod
    def write(self, writer: ConditionWriter) -> Any:
        """Write it in another language; raises NotWritableError where a part of it has no equivalent there."""

    @abstractmethod
    def map_leaves(self, change: Callable[[Leaf, bool], Expression], *, negated: bool = False) -> Expression:
        """Replace each leaf; ``change`` is also given whether an odd number of negations stands above the leaf."""

    @abstractmethod
    def certain(self) -> Iterator[Leaf]:
        """List leaves that hold wherever the expression does."""

    @abstractmethod
    def positive(self) -> Iterator[Leaf]:
        """List the leaves whose match speaks for the expression: those under no negation."""

    @abstractmethod
    def witnesses(self, values: dict[str, Any]) -> Iterator[Leaf]:
        """List the leaves that make the expression hold for an example for which it holds."""

    def bind(
        self, columns: tuple[str, ...], optional: tuple[str, ...] = (), parsed: tuple[str, ...] = ()
    ) -> Expression:
        """Give the leaves that name no column these columns, and every leaf those that may be null.

        Of several columns, predicates of documents get those that are ``parsed``, and other predicates the rest.
        """

        def bound(leaf: Leaf, _: bool) -> Leaf:  # noqa: FBT001 - as map_leaves calls it
            of_document = leaf.test.reads == "document"
            suiting = tuple(column for column in columns if (column in parsed) == of_document) or columns
            return Leaf(leaf.test, leaf.columns or suiting, optional)

        return self.map_leaves(bound)


@dataclass(frozen=True)
class Leaf(Expression):
    """A predicate of some columns: it holds when it matches any of them, or, if it is joint, all of them together.

    Where it matches none and one of them is null, the answer is unknown, unless that column is among ``optional``:
    there a null is known not to match.
    """

    test: Predicate
    columns: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[Expression, ...]:
        """None."""
        return ()

    @property
    def operator(self) -> str:
        """None."""
        return ""

    @property
    def width(self) -> int:
        """The number of columns that are read together; 0 if each is read by itself."""
        return self.test.width

    @property
    def joint(self) -> bool:
        """True if the predicate reads all columns together, as one tuple."""
        return self.width > 0

    def holds(self, values: dict[str, Any]) -> bool | None:
        """Decide the columns that are not null."""
        given = {column: values[column] for column in self.columns}
        tested: list[Any] = [value for value in given.values() if value is not None]
        if self.joint:
            tested = [tuple(tested)] if len(tested) == len(self.columns) else []
        if any(self.test.matches(value) for value in tested):
            return True
        return None if any(v is None and c not in self.optional for c, v in given.items()) else False

    def truth(self, answer: Callable[[Leaf], Truth]) -> Truth:
        """Return the answer for this leaf."""
        return answer(self)

    def describe(self) -> str:
        """Describe the predicate, with the columns where there are several."""
        columns = f" in {', '.join(self.columns)}" if len(self.columns) > 1 else ""
        return f"{self.test.describe()}{columns}"

    def write(self, writer: ConditionWriter) -> Any:
        """Write the predicate of its columns."""
        return writer.leaf(self.test, self.columns, self.optional)

    def map_leaves(self, change: Callable[[Leaf, bool], Expression], *, negated: bool = False) -> Expression:
        """Replace the leaf itself."""
        return change(self, negated)

    def certain(self) -> Iterator[Leaf]:
        """Itself."""
        yield self

    def positive(self) -> Iterator[Leaf]:
        """Itself."""
        yield self

    def witnesses(self, values: dict[str, Any]) -> Iterator[Leaf]:  # noqa: ARG002 - it holds, so it is the reason
        """Itself."""
        yield self


class _Combination(Expression):
    """Several parts; subclasses are frozen dataclasses with a field ``parts``."""

    def map_leaves(self, change: Callable[[Leaf, bool], Expression], *, negated: bool = False) -> Expression:
        """Replace the leaves of each part."""
        parts = tuple(part.map_leaves(change, negated=negated) for part in self.parts)
        return replace(cast("AllOf", self), parts=parts)

    def certain(self) -> Iterator[Leaf]:
        """None, since some of the parts may be enough."""
        return iter(())

    def positive(self) -> Iterator[Leaf]:
        """Those of all parts."""
        for part in self.parts:
            yield from part.positive()

    def witnesses(self, values: dict[str, Any]) -> Iterator[Leaf]:
        """Those of the parts that hold."""
        for part in self.parts:
            if part.holds(values) is True:
                yield from part.witnesses(values)

    def _described(self, joint: str) -> str:
        return joint.join(f"({part.describe()})" for part in self.parts)


@dataclass(frozen=True)
class AllOf(_Combination):
    """Every part holds."""

    parts: tuple[Expression, ...]

    @property
    def operator(self) -> str:
        """In words."""
        return "all of"

    def holds(self, values: dict[str, Any]) -> bool | None:
        """Return False if a part is false, else None if a part is unknown, else True."""
        answers = [part.holds(values) for part in self.parts]
        return False if False in answers else (None if None in answers else True)

    def truth(self, answer: Callable[[Leaf], Truth]) -> Truth:
        """As :meth:`holds`, for arrays."""
        parts = [part.truth(answer) for part in self.parts]
        false = np.logical_or.reduce([~(true | unknown) for true, unknown in parts])
        true = np.logical_and.reduce([true for true, _ in parts])
        return true, ~(true | false)

    def write(self, writer: ConditionWriter) -> Any:
        """Write the parts, combined."""
        return writer.all_of([part.write(writer) for part in self.parts])

    def describe(self) -> str:
        """Join the parts by "and"."""
        return self._described(" and ")

    def certain(self) -> Iterator[Leaf]:
        """Those of all parts."""
        for part in self.parts:
            yield from part.certain()


@dataclass(frozen=True)
class AnyOf(_Combination):
    """At least one part holds."""

    parts: tuple[Expression, ...]

    @property
    def operator(self) -> str:
        """In words."""
        return "any of"

    def holds(self, values: dict[str, Any]) -> bool | None:
        """Return True if a part is true, else None if a part is unknown, else False."""
        answers = [part.holds(values) for part in self.parts]
        return True if True in answers else (None if None in answers else False)

    def truth(self, answer: Callable[[Leaf], Truth]) -> Truth:
        """As :meth:`holds`, for arrays."""
        parts = [part.truth(answer) for part in self.parts]
        true = np.logical_or.reduce([true for true, _ in parts])
        return true, np.logical_or.reduce([unknown for _, unknown in parts]) & ~true

    def write(self, writer: ConditionWriter) -> Any:
        """Write the parts, combined."""
        return writer.any_of([part.write(writer) for part in self.parts])

    def describe(self) -> str:
        """Join the parts by "or"."""
        return self._described(" or ")


@dataclass(frozen=True)
class AtLeast(_Combination):
    """So many of the parts hold, or more."""

    number: int
    parts: tuple[Expression, ...]

    @property
    def operator(self) -> str:
        """In words."""
        return f"at least {self.number} of"

    def holds(self, values: dict[str, Any]) -> bool | None:
        """Return True if enough parts are true, False if enough cannot be, else None."""
        answers = [part.holds(values) for part in self.parts]
        n_true = answers.count(True)
        if n_true >= self.number:
            return True
        return False if n_true + answers.count(None) < self.number else None

    def truth(self, answer: Callable[[Leaf], Truth]) -> Truth:
        """As :meth:`holds`, for arrays."""
        parts = [part.truth(answer) for part in self.parts]
        n_true = np.sum([true for true, _ in parts], axis=0)
        n_unknown = np.sum([unknown for _, unknown in parts], axis=0)
        true = n_true >= self.number
        return true, ~true & (n_true + n_unknown >= self.number)

    def write(self, writer: ConditionWriter) -> Any:
        """Write the parts, combined."""
        return writer.at_least(self.number, [part.write(writer) for part in self.parts])

    def describe(self) -> str:
        """Give the number, and list the parts."""
        return f"at least {self.number} of {self._described(', ')}"

    def certain(self) -> Iterator[Leaf]:
        """Those of all parts, if all must hold."""
        return AllOf(self.parts).certain() if self.number == len(self.parts) else iter(())


@dataclass(frozen=True)
class Not(Expression):
    """The part does not hold."""

    part: Expression

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The part."""
        return (self.part,)

    @property
    def operator(self) -> str:
        """In words."""
        return "not"

    def holds(self, values: dict[str, Any]) -> bool | None:
        """Return the opposite; of the unknown, unknown."""
        answer = self.part.holds(values)
        return None if answer is None else not answer

    def truth(self, answer: Callable[[Leaf], Truth]) -> Truth:
        """As :meth:`holds`, for arrays."""
        true, unknown = self.part.truth(answer)
        return ~(true | unknown), unknown

    def write(self, writer: ConditionWriter) -> Any:
        """Write the parts, combined."""
        return writer.negated(self.part.write(writer))

    def describe(self) -> str:
        """Negate the part."""
        return f"not ({self.part.describe()})"

    def map_leaves(self, change: Callable[[Leaf, bool], Expression], *, negated: bool = False) -> Expression:
        """Replace the leaves of the part."""
        return Not(self.part.map_leaves(change, negated=not negated))

    def certain(self) -> Iterator[Leaf]:
        """None."""
        return iter(())

    def positive(self) -> Iterator[Leaf]:
        """None."""
        return iter(())

    def witnesses(self, values: dict[str, Any]) -> Iterator[Leaf]:
        """Those of a part that is negated twice."""
        return self.part.part.witnesses(values) if isinstance(self.part, Not) else iter(())


def leaves(expression: Expression) -> Iterator[Leaf]:
    """List every leaf of an expression, from left to right."""
    if isinstance(expression, Leaf):
        yield expression
    for part in expression.parts:
        yield from leaves(part)


def columns_of(*expressions: Expression) -> tuple[str, ...]:
    """List the columns that expressions read, each once, in order."""
    return tuple(dict.fromkeys(c for e in expressions for leaf in leaves(e) for c in leaf.columns))


def merged_leaf(parts: Sequence[Expression]) -> Leaf | None:
    """Return one leaf that holds where any of the parts does, if they are leaves that differ in their entries alone."""
    first, *others = parts
    alike = [p for p in others if isinstance(p, Leaf) and isinstance(first, Leaf) and _reading(p) == _reading(first)]
    if not isinstance(first, Leaf) or len(alike) < len(others):
        return None
    test = first.test.merged([leaf.test for leaf in alike])
    return None if test is None else replace(first, test=test)


def _reading(leaf: Leaf) -> tuple[Any, ...]:
    return leaf.columns, leaf.optional
