"""Write rules in another language: what a writer of conditions must be able to say, and how a predicate declines.

Predicates and expressions describe themselves to a :class:`ConditionWriter` in a few terms, by their method ``write``.
A kind that has no such terms raises :class:`NotWritableError` with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class NotWritableError(Exception):
    """A rule, or a part of one, has no equivalent in another language; the message says why."""


class ConditionWriter(Protocol):
    """What can be said in the language of another system; each method returns a condition with three truth values."""

    def words(self, words: Sequence[str], *, ignore_case: bool, whole_word: bool) -> Any:
        """One of the words stands in the text."""

    def search(self, pattern: str, flags: int) -> Any:
        """The regular expression is found in the text."""

    def among(self, values: Sequence[Any], *, ignore_case: bool) -> Any:
        """The value equals one of several, strict in type."""

    def among_tuples(self, rows: Sequence[tuple[Any, ...]], *, ignore_case: bool, symmetric: bool) -> Any:
        """The values of the columns together are one of several tuples."""

    def in_range(self, low: Any, high: Any) -> Any:
        """The value is above the lower end and at most the upper one; an end that is None is open."""

    def leaf(self, test: Any, columns: tuple[str, ...], optional: tuple[str, ...]) -> Any:
        """The predicate matches one of the columns, or all together if it is joint."""

    def all_of(self, parts: Sequence[Any]) -> Any:
        """Every part holds."""

    def any_of(self, parts: Sequence[Any]) -> Any:
        """At least one part holds."""

    def at_least(self, number: int, parts: Sequence[Any]) -> Any:
        """So many parts hold, or more."""

    def negated(self, part: Any) -> Any:
        """The part does not hold."""
