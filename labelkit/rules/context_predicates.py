"""Tests of where words stand: near each other, not negated, in one sentence, several times.

Each is made of other tests, and names those without which it cannot hold: a plan scans for these together with
everything else, and asks the definition only where they are all found.

>>> near = Near(Words(("refund",)), Words(("never", "not")), n_words=2)
>>> near.matches("I did not get a refund"), near.matches("I did not like it. A refund would be nice")
(True, False)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from labelkit.rules.expressions import AllOf, AtLeast, Expression, Leaf, bind, leaves
from labelkit.rules.predicates import InContext, Membership, Pattern, Words, as_text

_WORD = re.compile(r"\w+")
_ENDS = re.compile(r"[.,;:!?…。，、；：！？]")

SCOPES = {
    "sentence": r"(?<=[.!?…。！？])[\"'”’)\]]*\s+|\n\s*|(?<=[。！？])",
    "line": r"\r\n|[\n\r]",
    "paragraph": r"\n[^\S\n]*(?:\n[^\S\n]*)+",
}
"""What stands between the pieces of a text, as regular expressions. An abbreviation ends a sentence here."""


def found(test: Words | Pattern, text: str) -> Iterator[tuple[int, int]]:
    """Where a test matches, from left to right; matches of nothing are none."""
    return (match.span() for match in test.regex.finditer(text) if match.end() > match.start())


@dataclass(frozen=True)
class Near(InContext):
    """Two tests match different places with at most ``n_words`` words between them.

    Parameters
    ----------
    first, second : Words or Pattern
    n_words : int
        Words that may stand between, runs of word characters.
    ordered : bool
        Whether the first must stand before the second.
    """

    first: Words | Pattern
    second: Words | Pattern
    n_words: int = 5
    ordered: bool = False

    @property
    def needs(self) -> tuple[Words | Pattern, ...]:
        """Both tests."""
        return self.first, self.second

    def matches(self, value: str) -> bool:
        """Whether a match of the one is near one of the other."""
        return next(self.spans(value), None) is not None

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """From the beginning of the one match to the end of the other."""
        others = list(found(self.second, as_text(text)))
        for one in found(self.first, text):
            for other in others:
                left, right = min(one, other), max(one, other)
                apart = left[1] <= right[0] and not (self.ordered and other < one)
                if apart and self._few_between(text[left[1] : right[0]]):
                    yield left[0], right[1]

    def _few_between(self, between: str) -> bool:
        words = _WORD.finditer(between)
        return sum(1 for _, _ in zip(range(self.n_words + 1), words, strict=False)) <= self.n_words


@dataclass(frozen=True)
class Unnegated(InContext):
    """A test matches somewhere with no negation shortly before.

    Parameters
    ----------
    test : Words or Pattern
    negations : Words
        The words that negate.
    n_words : int
        A negation counts if fewer than so many words stand between it and the match, and no punctuation (``.,;:!?``).
    """

    test: Words | Pattern
    negations: Words
    n_words: int = 3

    @property
    def needs(self) -> tuple[Words | Pattern, ...]:
        """The test."""
        return (self.test,)

    def matches(self, value: str) -> bool:
        """Whether a match is not negated."""
        return next(self.spans(value), None) is not None

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """The matches that are not negated."""
        negations = [stop for _, stop in found(self.negations, as_text(text))]
        for start, stop in found(self.test, text):
            before = [n for n in negations if n <= start]
            between = text[before[-1] : start] if before else "."
            if _ENDS.search(between) or len(_WORD.findall(between)) >= self.n_words:
                yield start, stop


@dataclass(frozen=True)
class Repeated(InContext):
    """A test matches several places that do not overlap.

    Parameters
    ----------
    test : Words or Pattern
    times : int
        How many at the least.
    """

    test: Words | Pattern
    times: int = 2

    @property
    def needs(self) -> tuple[Words | Pattern, ...]:
        """The test."""
        return (self.test,)

    def matches(self, value: str) -> bool:
        """Whether there are enough matches."""
        return sum(1 for _ in zip(range(self.times), found(self.test, as_text(value)), strict=False)) == self.times

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """All matches, if there are enough."""
        return found(self.test, text) if self.matches(text) else iter(())


@dataclass(frozen=True)
class Within(InContext):
    """An expression holds in one piece of the text, as if there were no other.

    Parameters
    ----------
    scope : str
        A name in :data:`SCOPES`, or a regular expression for what stands between pieces.
    expression : Expression
        Its leaves name no column.
    """

    scope: str
    expression: Expression

    @cached_property
    def _between(self) -> re.Pattern[str]:
        return re.compile(SCOPES.get(self.scope, self.scope))

    @cached_property
    def _blind(self) -> Expression:
        """The expression, reading a column without a name."""
        return bind(self.expression, ("",))

    @property
    def needs(self) -> tuple[Words | Pattern, ...]:
        """The lists of words that every piece must meet: what cuts a text by a name is never in a word.

        A pattern may match a piece and not the whole text, as ``^`` does.
        """
        if self.scope not in SCOPES:
            return ()
        return tuple(leaf.test for leaf in _certain(self.expression) if isinstance(leaf.test, Words))

    def matches(self, value: str) -> bool:
        """Whether it holds in a piece."""
        return next(self._pieces(value), None) is not None

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where words and patterns match in the pieces where it holds."""
        for start, stop in self._pieces(text):
            tests = [leaf.test for leaf in leaves(self.expression)]
            for test in tests:
                if isinstance(test, Words | Pattern):
                    yield from ((start + a, start + b) for a, b in found(test, text[start:stop]))
                elif isinstance(test, InContext):
                    yield from ((start + a, start + b) for a, b in test.spans(text[start:stop]))

    def _pieces(self, text: str) -> Iterator[tuple[int, int]]:
        """The pieces in which it holds."""
        start = 0
        for cut in [*self._between.finditer(as_text(text)), None]:
            stop = len(text) if cut is None else cut.start()
            if self._blind.holds({"": text[start:stop]}):
                yield start, stop
            start = stop if cut is None else cut.end()


def _certain(expression: Expression) -> Iterator[Leaf]:
    """Leaves that hold wherever the expression does."""
    if isinstance(expression, Leaf):
        yield expression
    elif isinstance(expression, AllOf) or (
        isinstance(expression, AtLeast) and expression.number == len(expression.parts)
    ):
        for part in expression.parts:
            yield from _certain(part)


def is_of_text(expression: Expression) -> bool:
    """Whether an expression asks about a text alone: no values, and no columns named."""
    return not any(isinstance(leaf.test, Membership) or leaf.columns for leaf in leaves(expression))
