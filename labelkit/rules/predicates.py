"""What a declarative rule looks for: frozen specs, each with the slow, obvious definition that every engine is held to.

A *test* looks at one value: :class:`Words`, :class:`Pattern`, :class:`Values`, :class:`InContext`. Its :meth:`matches`
**is** its meaning; whatever runs faster must say the same of every value. Tests read columns and combine into
expressions (:class:`Leaf`, :class:`AllOf`, :class:`AnyOf`, :class:`AtLeast`, :class:`Not`) with three truth values, as
in SQL: nothing is known of a null, so neither a test nor its negation holds there.

>>> words = Words(("c++", "check out"))
>>> words.matches("I like C++!"), words.matches("check   OUT"), words.matches("checkout")
(True, True, False)
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeAlias

from labelkit.exceptions import RuleError
from labelkit.rules._normalise import normalised


@dataclass(frozen=True)
class Words:
    r"""One of several words or phrases stands in the text.

    The definition is ``re.search`` over the alternatives: ``re.IGNORECASE`` if ``ignore_case``; white space inside a
    phrase matches any run of white space; for whole words, ``(?<!\w)`` before an alternative that begins with a word
    character and ``(?!\w)`` after one that ends with one.
    """

    words: tuple[str, ...]
    ignore_case: bool = True
    whole_word: bool = True

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The definition, compiled."""
        alternatives = "|".join(word_pattern(word, whole_word=self.whole_word) for word in self.words)
        return re.compile(alternatives, re.IGNORECASE if self.ignore_case else 0)

    def matches(self, value: str) -> bool:
        """Whether one of the words stands in the text."""
        return self.regex.search(as_text(value)) is not None


def word_pattern(word: str, *, whole_word: bool = True) -> str:
    r"""The regular expression that defines one keyword.

    >>> word_pattern("check  out"), word_pattern("#ad"), word_pattern("ad", whole_word=False)
    ('(?<!\\w)check\\s+out(?!\\w)', '\\#ad(?!\\w)', 'ad')
    """
    parts = word.split()
    body = r"\s+".join(map(re.escape, parts))
    if not whole_word:
        return body
    before = r"(?<!\w)" if re.match(r"\w", parts[0]) else ""
    after = r"(?!\w)" if re.search(r"\w\Z", parts[-1]) else ""
    return f"{before}{body}{after}"


@dataclass(frozen=True)
class Pattern:
    """A regular expression is found in the text: Python's ``re.search`` with the given flags."""

    pattern: str
    flags: int = 0

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The definition, compiled."""
        return re.compile(self.pattern, self.flags)

    def matches(self, value: str) -> bool:
        """Whether the expression is found in the text."""
        return self.regex.search(as_text(value)) is not None


def as_text(value: Any) -> str:
    """Refuse what is no text."""
    if isinstance(value, str):
        return value
    raise TypeError(f"keywords and patterns are looked for in text, not in {value!r} ({type(value).__name__})")


@dataclass(frozen=True)
class Values:
    """The value equals one of several: strict in type (``1`` is neither ``True`` nor ``1.0`` nor ``"1"``)."""

    values: tuple[Any, ...]
    ignore_case: bool = False

    @cached_property
    def keys(self) -> frozenset[tuple[type, Any]]:
        """The values with their types, folded if case does not matter."""
        return frozenset(self._key(value) for value in self.values)

    def _key(self, value: Any) -> tuple[type, Any]:
        if self.ignore_case and isinstance(value, str):
            value = value.casefold()
        return type(value), value

    def matches(self, value: Any) -> bool:
        """Whether the value is one of those looked for; a list or a dict equals none."""
        try:
            return self._key(value) in self.keys
        except TypeError:  # not hashable
            return False


@dataclass(frozen=True)
class Tuples:
    """The values of several columns, taken together, are one of several tuples: strict in type, as :class:`Values`.

    Parameters
    ----------
    values : tuple of tuple
        All of one length.
    steps : tuple of str
        What strings are normalised by before they are compared (see :mod:`labelkit.rules._normalise`).
    symmetric : bool
        Whether the order within a tuple does not matter.

    >>> married = Tuples((("Ann", "Bo"),), steps=("case",), symmetric=True)
    >>> married.matches(("bo", "ANN")), married.matches(("Ann", "Ann"))
    (True, False)
    """

    values: tuple[tuple[Any, ...], ...]
    steps: tuple[str, ...] = ()
    symmetric: bool = False

    @property
    def width(self) -> int:
        """How many columns are looked up together."""
        return len(self.values[0])

    @cached_property
    def keys(self) -> frozenset[Hashable]:
        """What the tuples are compared by."""
        return frozenset(map(self.key, self.values))

    def key(self, value: tuple[Any, ...]) -> Hashable:
        """What a tuple is compared by: its parts with their types."""
        parts = [(type(p), normalised(p, self.steps) if isinstance(p, str) and self.steps else p) for p in value]
        return frozenset(Counter(parts).items()) if self.symmetric else tuple(parts)

    def matches(self, value: tuple[Any, ...]) -> bool:
        """Whether the tuple is one of those looked for; one that holds a list or a dict is none."""
        try:
            return self.key(value) in self.keys
        except TypeError:  # not hashable
            return False


class Question(Protocol):
    """What is asked of a table that is kept elsewhere; frozen, and two that ask the same are equal."""

    @property
    def width(self) -> int:
        """How many columns are looked up together; 0 for single values."""

    def find(self, keys: Sequence[Any]) -> list[Any]:
        """For each key the frozen set of what the table says of it, or the exception that kept it from saying."""

    def check(self) -> None:
        """Raise if the table lacks what is asked for; one that cannot be reached may be there later."""

    def told(self) -> str:
        """What is asked, for people."""

    def types(self) -> tuple[type | None, ...]:
        """The type of each part of a key, where it is known without asking anew."""


@dataclass(frozen=True, repr=False)
class Stored:
    """The value stands in a table that is kept elsewhere, strict in type as :class:`Values`.

    A plan asks for all distinct values of a batch at once; tests with the same question share the answer.

    Parameters
    ----------
    question : Question
    wanted : frozenset, optional
        What the table must say of the value; if not given, it is enough that the value is there.
    known : frozenset, optional
        All that the table may say.
    """

    question: Question
    wanted: frozenset[Any] | None = None
    known: frozenset[Any] | None = None

    def __repr__(self) -> str:
        said = "" if self.wanted is None else f", which says {' or '.join(sorted(map(repr, self.wanted)))}"
        return f"among {self.question.told()}{said}"

    @property
    def width(self) -> int:
        """How many columns are looked up together; 0 for single values."""
        return self.question.width

    def matches(self, value: Any) -> bool:
        """Whether the table holds the value, and says of it what is wanted."""
        return self.judge(self.question.find([value])[0])

    def judge(self, found: Any) -> bool:
        """Whether what was found is what is wanted.

        Raises
        ------
        Exception
            If the table could not be asked, or says what is not known.
        """
        if isinstance(found, Exception):
            raise found
        if self.wanted is None:
            return bool(found)
        unknown = [said for said in found if said not in (self.known or self.wanted)]
        if unknown:
            listed = ", ".join(map(repr, sorted(self.known or self.wanted, key=str)))
            raise RuleError(f"{self.question.told()}: {unknown[0]!r} is not among the labels {listed}")
        return not self.wanted.isdisjoint(found)


class InContext(ABC):
    """A test of text that asks where other tests match; frozen. See :mod:`labelkit.rules.context_predicates`."""

    @property
    @abstractmethod
    def needs(self) -> tuple[Words | Pattern, ...]:
        """Tests that all hold wherever this one does: the others need not be asked. It may be empty."""

    @abstractmethod
    def matches(self, value: str) -> bool:
        """The definition."""

    @abstractmethod
    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where it matches, start and stop in characters, for people to see."""


class OfDocument(ABC):
    """A test of a parsed document (see :mod:`labelkit.rules.nlp`); frozen, as they all are."""

    @property
    @abstractmethod
    def annotations(self) -> frozenset[str]:
        """What it reads of a document beside its words, such as ``"tag"``; a document may lack the rest."""

    @property
    @abstractmethod
    def said(self) -> str:
        """What it looks for, in words."""

    @abstractmethod
    def matches(self, value: Any) -> bool:
        """The definition."""

    @abstractmethod
    def spans(self, value: Any) -> Iterator[tuple[int, int]]:
        """Where it matches, start and stop in characters of the document's text, for people to see."""

    @abstractmethod
    def prepare(self, value: Any) -> None:
        """Make what matching needs, for documents like this one; raise if it cannot be made."""

    @abstractmethod
    def joined(self, others: Sequence[OfDocument]) -> OfDocument | None:
        """One test that holds where this one or any of the others does; None if there is none."""


Membership: TypeAlias = Values | Tuples | Stored
"""Tests of whole values, by equality."""

Test: TypeAlias = Words | Pattern | Membership | InContext | OfDocument
