"""Predicates of where words stand: near each other, not negated, in one sentence, several times.

Each is made of other predicates of text, and lists those without which it cannot match: a plan scans for these together
with everything else, and evaluates the definition only where all of them match.

>>> near = Near(Words(("refund",)), Words(("never", "not")), n_words=2)
>>> near.matches("I did not get a refund"), near.matches("I did not like it. A refund would be nice")
(True, False)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from labelkit._shared.numbers import plural
from labelkit.rules.expressions import Expression, columns_of, leaves
from labelkit.rules.predicates import Pattern, Predicate, Words, as_text

_WORD = re.compile(r"\w+")
_ENDS = re.compile(r"[.,;:!?…。，、；：！？]")

SCOPES = {
    "sentence": r"(?<=[.!?…。！？])[\"'”’)\]]*\s+|\n\s*|(?<=[。！？])",
    "line": r"\r\n|[\n\r]",
    "paragraph": r"\n[^\S\n]*(?:\n[^\S\n]*)+",
}
"""The separators of the pieces of a text, as regular expressions. An abbreviation ends a sentence here."""


def places(predicate: Predicate, text: str) -> Iterator[tuple[int, int]]:
    """List the matches of a predicate from left to right, empty ones left out."""
    return ((start, stop) for start, stop in predicate.spans(text) if stop > start)


class _InContext(Predicate):
    """A predicate that matches where it has a span."""

    def matches(self, value: str) -> bool:
        """Look for a first span."""
        return next(iter(self.spans(as_text(value))), None) is not None


@dataclass(frozen=True)
class Near(_InContext):
    """Two predicates match different places with at most ``n_words`` words between them.

    Parameters
    ----------
    first, second : Predicate
        Of text.
    n_words : int
        The most words (runs of word characters) that may stand between.
    ordered : bool
        Whether the first must stand before the second.
    """

    first: Predicate
    second: Predicate
    n_words: int = 5
    ordered: bool = False

    @property
    def parts(self) -> tuple[Predicate, ...]:
        """Both predicates."""
        return self.first, self.second

    @property
    def needs(self) -> tuple[Words | Pattern, ...]:
        """The needs of both."""
        return *self.first.needs, *self.second.needs

    def describe(self) -> str:
        """Name both predicates and the distance."""
        order = ", in this order" if self.ordered else ""
        return f"{self.first.describe()} within {plural(self.n_words, 'word')} of {self.second.describe()}{order}"

    def spans(self, value: str) -> Iterator[tuple[int, int]]:
        """List the places from the beginning of the one match to the end of the other."""
        others = list(places(self.second, value))
        for one in places(self.first, value):
            for other in others:
                left, right = min(one, other), max(one, other)
                apart = left[1] <= right[0] and not (self.ordered and other < one)
                if apart and self._few_between(value[left[1] : right[0]]):
                    yield left[0], right[1]

    def _few_between(self, between: str) -> bool:
        words = _WORD.finditer(between)
        return sum(1 for _, _ in zip(range(self.n_words + 1), words, strict=False)) <= self.n_words


@dataclass(frozen=True)
class Unnegated(_InContext):
    """A predicate matches somewhere with no negation shortly before.

    Parameters
    ----------
    test : Predicate
        Of text.
    negations : Predicate
        Of text: the words that negate.
    n_words : int
        A negation counts if fewer than so many words stand between it and the match, and no punctuation (``.,;:!?``).
    """

    test: Predicate
    negations: Predicate
    n_words: int = 3

    @property
    def parts(self) -> tuple[Predicate, ...]:
        """The predicate, and the negations."""
        return self.test, self.negations

    @property
    def needs(self) -> tuple[Words | Pattern, ...]:
        """The needs of the predicate."""
        return self.test.needs

    def describe(self) -> str:
        """Name the predicate and the reach of a negation."""
        return (
            f"{self.test.describe()}, not negated within {plural(self.n_words, 'word')} by {self.negations.describe()}"
        )

    def spans(self, value: str) -> Iterator[tuple[int, int]]:
        """List the matches that are not negated."""
        negations = [stop for _, stop in places(self.negations, value)]
        for start, stop in places(self.test, value):
            before = [n for n in negations if n <= start]
            between = value[before[-1] : start] if before else "."
            if _ENDS.search(between) or len(_WORD.findall(between)) >= self.n_words:
                yield start, stop


@dataclass(frozen=True)
class Repeated(_InContext):
    """A predicate matches several places that do not overlap.

    Parameters
    ----------
    test : Predicate
        Of text.
    times : int
        The least number of matches.
    """

    test: Predicate
    times: int = 2

    @property
    def parts(self) -> tuple[Predicate, ...]:
        """The predicate."""
        return (self.test,)

    @property
    def needs(self) -> tuple[Words | Pattern, ...]:
        """The needs of the predicate."""
        return self.test.needs

    def describe(self) -> str:
        """Name the predicate and the number."""
        return f"{self.test.describe()}, at least {self.times} times"

    def matches(self, value: str) -> bool:
        """Count matches until there are enough."""
        matches = places(self.test, as_text(value))
        return sum(1 for _ in zip(range(self.times), matches, strict=False)) == self.times

    def spans(self, value: str) -> Iterator[tuple[int, int]]:
        """List all matches, if there are enough."""
        return places(self.test, value) if self.matches(value) else iter(())


@dataclass(frozen=True)
class Within(_InContext):
    """An expression holds in one piece of the text, as if there were no other.

    Parameters
    ----------
    scope : str
        A name in :data:`SCOPES`, or a regular expression for the separators of the pieces.
    expression : Expression
        Its leaves name no column.
    """

    scope: str
    expression: Expression

    @cached_property
    def _separator(self) -> re.Pattern[str]:
        return re.compile(SCOPES.get(self.scope, self.scope))

    @cached_property
    def _unnamed(self) -> Expression:
        """The expression, reading a column without a name."""
        return self.expression.bind(("",))

    @property
    def parts(self) -> tuple[Predicate, ...]:
        """The predicates of the expression."""
        return tuple(leaf.test for leaf in leaves(self.expression))

    @property
    def needs(self) -> tuple[Words | Pattern, ...]:
        """The lists of words that every piece must meet: a separator with a name in SCOPES is never part of a word.

        A pattern may match a piece and not the whole text, as ``^`` does.
        """
        if self.scope not in SCOPES:
            return ()
        certain = (leaf.test for leaf in self.expression.certain())
        return tuple(need for test in certain if not test.needs_whole_text for need in test.needs)

    def describe(self) -> str:
        """Name the scope and the expression."""
        scope = self.scope if self.scope in SCOPES else f"piece cut at {self.scope}"
        return f"in one {scope}: {self.expression.describe()}"

    def matches(self, value: str) -> bool:
        """Look for a piece in which the expression holds."""
        return next(self._pieces(value), None) is not None

    def spans(self, value: str) -> Iterator[tuple[int, int]]:
        """List the matches of words and patterns in the pieces where the expression holds."""
        for start, stop in self._pieces(value):
            for test in self.parts:
                yield from ((start + first, start + last) for first, last in places(test, value[start:stop]))

    def _pieces(self, text: str) -> Iterator[tuple[int, int]]:
        """List the pieces in which the expression holds."""
        start = 0
        for separator in [*self._separator.finditer(as_text(text)), None]:
            stop = len(text) if separator is None else separator.start()
            if self._unnamed.holds({"": text[start:stop]}):
                yield start, stop
            start = stop if separator is None else separator.end()


def is_of_text(expression: Expression) -> bool:
    """Return whether an expression reads one text alone: no values, no documents, and no columns named."""
    return not columns_of(expression) and all(leaf.test.reads == "text" for leaf in leaves(expression))
