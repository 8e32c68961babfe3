"""Predicates: frozen tests of one value, each with the slow, obvious definition that every engine is held to.

A :class:`Predicate` looks at one value of a column, or at the values of several columns together. Its :meth:`matches`
**is** its meaning; whatever runs faster must give the same answer for every value. Predicates read columns and combine
into expressions (:mod:`labelkit.rules.expressions`). :class:`Words` and :class:`Pattern` are the kinds that the
compiled scans of :mod:`labelkit.matching` decide for a whole column at once; predicates of values stand in
:mod:`labelkit.rules.value_predicates`, those of where words stand in :mod:`labelkit.rules.context_predicates`.

>>> words = Words(("c++", "check out"))
>>> words.matches("I like C++!"), words.matches("check   OUT"), words.matches("checkout")
(True, True, False)
>>> words.describe(), list(words.spans("I like C++!"))
('one of “c++”, “check out”', [(7, 10)])
"""

from __future__ import annotations

import re
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, TypeAlias, TypeVar, cast

from labelkit._shared.quiet_regex import quietly_compiled
from labelkit._shared.time_limit import answers_of
from labelkit._shared.user_errors import warn
from labelkit.rules._letter_case import means_case
from labelkit.rules.compared_kinds import kind_of
from labelkit.rules.writing import NotWritableError

if TYPE_CHECKING:
    from labelkit.rules.value_predicates import Stored
    from labelkit.rules.writing import ConditionWriter

P = TypeVar("P", bound="Predicate")

Reads: TypeAlias = Literal["text", "value", "tuple", "document"]
"""The kind of value that a predicate reads: a string, any value, a tuple of values, a parsed document."""

MOST_ENTRIES: Final = 12
"""Entries of a list that a description names; of more, it gives their number."""

LONGEST_ENTRY: Final = 60
LONGEST_PATTERN: Final = 300
"""Characters of an entry, and of a regular expression, that a description shows."""

FEW_WORDS: Final = 32
"""A list of at most so many words is searched as it is; a part of it would have to be compiled."""

_IOTA: Final = "\u0345"
"""The one mark that equals a letter when case is ignored: where it ends a word, the letter would not."""

_TOKEN: Final = re.compile(r"\w+")
_LIKE_ASCII: Final = str.maketrans({"ſ": "s", "ı": "i", "İ": "i", "\u212a": "k"})


class Predicate(ABC):
    """A test of one value; subclasses are frozen dataclasses, so that equal predicates share their answers.

    A new kind defines :meth:`matches` and :meth:`describe`. The rest has a default: it makes a kind faster, shows its
    matches, or reads something other than text.

    Attributes
    ----------
    reads : {"text", "value", "tuple", "document"}
        What it is given. Text is checked to be text; distinct values and tuples are tested once a batch.
    scanned : bool
        Whether one compiled scan of a column decides it together with others (:class:`Words` and :class:`Pattern`).
    needs_whole_text : bool
        Whether it may match a piece of a text where it does not match the text, as ``^`` does.
    """

    reads: ClassVar[Reads] = "text"
    scanned: ClassVar[bool] = False
    needs_whole_text: ClassVar[bool] = True

    @abstractmethod
    def matches(self, value: Any) -> bool:
        """Decide one value; the definition."""

    @abstractmethod
    def describe(self) -> str:
        """Return the predicate in words, for reports and messages."""

    def matches_column(self, values: Sequence[Any]) -> Sequence[bool]:
        """Decide many values at once, with the answers of :meth:`matches`; nulls are left out beforehand.

        It may raise: then each value is decided by itself, and those that raise are faults of their rows.
        """
        return answers_of(self.matches, values)

    def spans(self, value: Any) -> Iterator[tuple[int, int]]:
        """List the matches in a text, start and stop in characters; by default the whole text, where it matches."""
        if isinstance(value, str) and self.matches(value):
            yield 0, len(value)

    @property
    def needs(self) -> tuple[Words | Pattern, ...]:
        """Words and patterns that all match wherever this does: a scan rules the other rows out. It may be empty."""
        return ()

    @property
    def parts(self) -> tuple[Predicate, ...]:
        """The predicates that this one is made of."""
        return ()

    @property
    def entries(self) -> tuple[Any, ...]:
        """The words or values of which one is enough, where it is a list of such."""
        return ()

    @property
    def ends(self) -> tuple[Any, ...]:
        """The ends of a range that it compares the value with."""
        return ()

    @property
    def width(self) -> int:
        """The number of columns that are read together as a tuple; 0 for single values."""
        return 0

    @property
    def stored(self) -> Stored | None:
        """Itself, where a table that is kept elsewhere decides it (see :class:`Stored`)."""
        return None

    def entry_types(self, place: int) -> list[tuple[str, type]]:
        """Return each type that the value is compared with, and one entry of it as text (may be empty).

        Parameters
        ----------
        place : int
            The position of the value in a tuple; 0 for single values.
        """
        return [(repr(entry), kind) for kind, entry in _first_by_type(self.entries).items()] if not place else []

    def spelled(self, others: Callable[[str], Iterable[str]]) -> Predicate:  # noqa: ARG002 - of whole words
        """Return the test with other spellings of its keywords beside them, where these are whole words."""
        return self

    def ignoring_case(self) -> Predicate:
        """Return the predicate that ignores case; by default itself, as where case is meant or ignored already."""
        return self

    def merged(self, others: Sequence[Predicate]) -> Predicate | None:  # noqa: ARG002 - the default merges nothing
        """Return one predicate that matches where this or any of the others does; None if there is none."""
        return None

    def excludes(self, other: Predicate) -> bool:  # noqa: ARG002 - nothing is known of the default
        """Return True if surely no value meets this and the other predicate."""
        return False

    def completes(self, other: Predicate) -> bool:  # noqa: ARG002 - nothing is known of the default
        """Return True if surely each value meets this or the other predicate."""
        return False

    def narrowed(self, tokens: frozenset[str]) -> Predicate:  # noqa: ARG002 - the default is as fast as it is
        """Return a predicate with the same matches in texts of these tokens (see :func:`tokens_of`), but less to do."""
        return self

    def write(self, writer: ConditionWriter) -> Any:  # noqa: ARG002 - the default has no other terms
        """Write it in another language; by default, raise NotWritableError."""
        raise NotWritableError(f"there is no equivalent of: {cut(self.describe(), LONGEST_PATTERN)}")

    def problem(self, what: str) -> str:  # noqa: ARG002 - the default has none
        """Return why it cannot be used, naming the rule that it is for; empty if it can."""
        return ""


def joined(predicate: P, others: Sequence[Predicate], entries: str) -> P | None:
    """Return one predicate of the entries of all, if all are of one kind and differ in the field ``entries`` alone.

    >>> joined(Words(("a",)), [Words(("b",))], "words"), joined(Words(("a",)), [Words(("b",), False)], "words")
    (Words(words=('a', 'b'), ignore_case=True, whole_word=True), None)
    """
    first, rest = cast("Any", predicate), cast("Sequence[Any]", others)  # frozen dataclasses, as all predicates are
    same = {entries: getattr(predicate, entries)}
    if any(type(other) is not type(first) or replace(other, **same) != first for other in rest):
        return None
    merged: P = replace(first, **{entries: tuple(e for one in (first, *rest) for e in getattr(one, entries))})
    return merged


def parts_of(predicate: Predicate) -> Iterator[Predicate]:
    """List the predicates that a predicate is made of, at any depth."""
    for part in predicate.parts:
        yield part
        yield from parts_of(part)


def foreign(predicates: Iterable[Predicate]) -> Predicate | None:
    """Return the first predicate, or part of one, whose class labelkit does not define; None if there is none."""
    everyone = (one for predicate in predicates for one in (predicate, *parts_of(predicate)))
    return next((one for one in everyone if not _is_of_labelkit(type(one))), None)


def foreign_code(predicates: Iterable[Predicate]) -> list[tuple[str, Any]]:
    """List the methods and constants of the classes of predicates, and of their parts, that labelkit does not define.

    They are part of a rule's fingerprint: for a class of labelkit, its version stands for them.
    """
    everyone = (one for predicate in predicates for one in (predicate, *parts_of(predicate)))
    classes = dict.fromkeys(base for one in everyone for base in type(one).__mro__)
    members = ((name, member) for base in classes if not _is_of_labelkit(base) for name, member in vars(base).items())
    return [(name, _function_of(member)) for name, member in members if not name.startswith(("__", "_abc_"))]


def _is_of_labelkit(kind: type) -> bool:
    """Return whether a class is labelkit's, or one that its predicates are derived from."""
    return kind.__module__.startswith("labelkit.") or kind in (ABC, object)


def _function_of(member: Any) -> Any:
    """Return the function of a property, a class method or a static method; anything else as it is."""
    wrapped = (getattr(member, name, None) for name in ("__func__", "fget", "func"))
    return next((function for function in wrapped if function is not None), member)


def tokens_of(text: str) -> frozenset[str]:
    """Return the words of a text, with each character that ``re`` may take for an ASCII one as that one in lower case.

    >>> sorted(tokens_of("I like C++, ſo?"))
    ['c', 'i', 'like', 'so']
    """
    return frozenset(_TOKEN.findall(text.translate(_LIKE_ASCII).lower()))


@dataclass(frozen=True)
class Words(Predicate):
    r"""One of several words or phrases stands in the text.

    The definition is ``re.search`` over the alternatives: ``re.IGNORECASE`` if ``ignore_case``; white space inside a
    phrase matches any run of white space; for whole words, ``(?<!\w)`` before an alternative that begins with a word
    character and ``(?!\w)`` after one that ends with one.
    """

    words: tuple[str, ...]
    ignore_case: bool = True
    whole_word: bool = True

    scanned: ClassVar[bool] = True
    needs_whole_text: ClassVar[bool] = False

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The definition, compiled."""
        alternatives = "|".join(word_pattern(word, whole_word=self.whole_word) for word in self.words)
        return re.compile(alternatives, re.IGNORECASE if self.ignore_case else 0)

    def matches(self, value: str) -> bool:
        """Search the text for one of the words."""
        return self.regex.search(as_text(value)) is not None

    def describe(self) -> str:
        """Name the first words, and the number of the others."""
        return f"one of {listed(self.words)}"

    def spans(self, value: str) -> Iterator[tuple[int, int]]:
        """List the matches of the definition."""
        return (match.span() for match in self.regex.finditer(value))

    @property
    def needs(self) -> tuple[Words | Pattern, ...]:
        """Itself."""
        return (self,)

    @property
    def entries(self) -> tuple[str, ...]:
        """The words."""
        return self.words

    def write(self, writer: ConditionWriter) -> Any:
        """Write the words with their options."""
        return writer.words(self.words, ignore_case=self.ignore_case, whole_word=self.whole_word)

    def merged(self, others: Sequence[Predicate]) -> Words | None:
        """Return all words as one list, if they are searched with the same options."""
        return joined(self, others, "words")

    def spelled(self, others: Callable[[str], Iterable[str]]) -> Words:
        """Add other spellings of the words."""
        more = [other for word in self.words for other in others(word)] if self.whole_word else []
        return replace(self, words=tuple(dict.fromkeys((*self.words, *more)))) if more else self

    def narrowed(self, tokens: frozenset[str]) -> Words | Pattern:
        """Keep the words of which a token stands in the text.

        ``re`` takes half a second to compile fifty thousand alternatives, and finds the same with the few that can
        match.
        """
        words = tuple(w for w, needle in zip(self.words, self._needles, strict=True) if not needle or needle in tokens)
        if not words:
            return NEVER
        return self if len(self.words) <= FEW_WORDS else replace(self, words=words)

    @cached_property
    def _needles(self) -> list[str]:
        return [_needle(word, whole_word=self.whole_word) for word in self.words]


def _needle(word: str, *, whole_word: bool) -> str:
    """Return a token that stands in every text in which the keyword matches; empty if there is none."""
    if not whole_word or _IOTA in word:
        return ""
    return max((token for token in _TOKEN.findall(word) if token.isascii()), key=len, default="").lower()


def word_pattern(word: str, *, whole_word: bool = True) -> str:
    r"""Return the regular expression that defines one keyword.

    >>> word_pattern("check  out"), word_pattern("#ad"), word_pattern("ad", whole_word=False)
    ('(?<!\\w)check\\s+out(?!\\w)', '\\#ad(?!\\w)', 'ad')
    """
    return "".join(word_parts(word, whole_word=whole_word))


def word_parts(word: str, *, whole_word: bool = True) -> tuple[str, str, str]:
    """Return the condition before a keyword, its characters, and the condition behind it, as regular expressions."""
    parts = word.split()
    body = r"\s+".join(map(re.escape, parts))
    if not whole_word:
        return "", body, ""
    before = r"(?<!\w)" if re.match(r"\w", parts[0]) else ""
    after = r"(?!\w)" if re.search(r"\w\Z", parts[-1]) else ""
    return before, body, after


@dataclass(frozen=True)
class Pattern(Predicate):
    """A regular expression is found in the text: Python's ``re.search`` with the given flags."""

    pattern: str
    flags: int = 0

    scanned: ClassVar[bool] = True

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The definition, compiled."""
        return quietly_compiled(self.pattern, self.flags)

    def matches(self, value: str) -> bool:
        """Search the text for the expression."""
        return self.regex.search(as_text(value)) is not None

    def describe(self) -> str:
        """Quote the expression, cut if it is long."""
        return f"the pattern {cut(self.pattern, LONGEST_PATTERN)}"

    def spans(self, value: str) -> Iterator[tuple[int, int]]:
        """List the matches of the definition."""
        return (match.span() for match in self.regex.finditer(value))

    @property
    def needs(self) -> tuple[Words | Pattern, ...]:
        """Itself."""
        return (self,)

    def ignoring_case(self) -> Pattern:
        """Set the flag, unless the expression has it, or means case."""
        if self.regex.flags & re.IGNORECASE or means_case(self.pattern):
            return self
        return replace(self, flags=self.flags | re.IGNORECASE)

    def write(self, writer: ConditionWriter) -> Any:
        """Write the expression with its flags."""
        return writer.search(self.pattern, self.flags)

    def problem(self, what: str) -> str:
        """Compile the expression, so that an error or a warning names the rule."""
        try:
            with warnings.catch_warnings(record=True) as noted:
                warnings.simplefilter("always")
                re.compile(self.pattern, self.flags)
        except (re.error, OverflowError, ValueError) as error:
            return f"the pattern {self.pattern!r} of {what} does not compile: {error}"
        for one in noted:
            message = f"the pattern {cut(self.pattern, LONGEST_PATTERN)!r} of {what}: {one.message}"
            warn(f"{message}. Hint: put a backslash before what is meant as itself: \\[, \\-, \\&, \\|", code="LK136")
        return ""


NEVER: Final = Pattern("(?!)")
"""Matches nothing."""


def as_text(value: Any) -> str:
    """Raise TypeError unless the value is a string."""
    if isinstance(value, str):
        return value
    raise TypeError(f"keywords and patterns are looked for in text, not in {value!r} ({type(value).__name__})")


def cut(text: str, length: int) -> str:
    """Cut a text to some characters, the last of them an ellipsis."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def listed(entries: Sequence[Any]) -> str:
    """Quote the first entries of a list, and give the number of the others.

    >>> listed(["a", 1]), listed(range(14))[-13:]
    ('“a”, 1', '11 and 2 more')
    """
    shown = ", ".join(
        f"“{cut(entry, LONGEST_ENTRY)}”" if isinstance(entry, str) else cut(repr(entry), LONGEST_ENTRY)
        for entry in entries[:MOST_ENTRIES]
    )
    more = f" and {len(entries) - MOST_ENTRIES:,} more" if len(entries) > MOST_ENTRIES else ""
    return f"{shown}{more}"


def _first_by_type(entries: Sequence[Any]) -> dict[type, Any]:
    first: dict[type, Any] = {}
    for entry in entries:
        first.setdefault(kind_of(entry), entry)
    return first
