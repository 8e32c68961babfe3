"""Where rules matched: their definitions are asked on the examples that are shown, and on no others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, Final, NamedTuple

from labelkit.rules.expressions import AllOf, AnyOf, Expression, Leaf, Not
from labelkit.rules.labeling_function import Calls, Column, LabelingFunction, derived_columns
from labelkit.rules.predicates import InContext, OfDocument, Pattern, Stored, Tuples, Values, Words

MOST: Final = 20
"""Matches of one test in one text that are shown."""

FEW: Final = 32
"""A list of so many words is asked as it is; a shorter one would have to be compiled."""

NEVER: Final = Pattern("(?!)")
"""Matches nothing."""

_IOTA: Final = "\u0345"
"""The one mark that equals a letter when case is ignored: where it ends a word, the letter would not."""

_TOKEN: Final = re.compile(r"\w+")
_LIKE_ASCII: Final = str.maketrans({"ſ": "s", "ı": "i", "İ": "i", "\u212a": "k"})


class Span(NamedTuple):
    """Where a rule matched.

    Parameters
    ----------
    lf : str
    column : str
    start, stop : int
        In characters of the value.
    text : str
        ``value[start:stop]``.
    """

    lf: str
    column: str
    start: int
    stop: int
    text: str


class Finder:
    """Finds where rules matched, each text and each list of words looked through once.

    A list of words becomes the shorter list of those that can stand in a text at all, which are told by a word that
    they share with it: ``re`` takes half a second for fifty thousand alternatives, and finds the same with a few.

    Examples
    --------
    >>> from labelkit.rules.keywords import keywords
    >>> rule = keywords("win", "free", label=1).rule(name="gift")
    >>> [tuple(span)[2:] for span in Finder().spans(rule, {"text": "Free! You win."})]
    [(0, 4, 'Free'), (10, 13, 'win')]
    """

    def __init__(self) -> None:
        self._needles: dict[int, tuple[Words, list[str]]] = {}
        self._tokens: dict[str, frozenset[str]] = {}

    def spans(self, lf: LabelingFunction[...], values: Mapping[str, Any]) -> list[Span]:
        """Where the condition of a rule matched an example on which the rule voted.

        Parameters
        ----------
        lf : LabelingFunction
            A Python rule without ``when=`` has no spans.
        values : mapping
            The columns that the rule reads.

        Returns
        -------
        list of Span
            Of what speaks for the vote: a negated test has none.
        """
        given = dict(values)
        texts = _texts(lf, given)
        spans = [
            Span(lf.name, texts[column][0], start, stop, texts[column][1][start:stop])
            for leaf in _witnesses(self._told(lf, given), given)
            for column in leaf.columns
            if column in texts
            for start, stop in islice(_matches(leaf, given[column]), MOST)
        ]
        return sorted(dict.fromkeys(spans), key=lambda span: (span.column, span.start, span.stop))

    def _told(self, lf: LabelingFunction[...], values: dict[str, Any]) -> Expression | None:
        """The expression that made a rule vote."""
        if isinstance(lf.body, Calls):
            return None if lf.body.when is None else self._narrowed(lf.body.when, values)
        cases = (self._narrowed(expression, values) for expression, _ in lf.body.cases)
        return next((expression for expression in cases if expression.holds(values) is True), None)

    def _narrowed(self, expression: Expression, values: dict[str, Any], *, negated: bool = False) -> Expression:
        """An expression with the same answer and the same matches on these values.

        A table that is kept elsewhere is not asked again: the rule voted, so it said what speaks for the vote.
        """
        if isinstance(expression, Not):
            return Not(self._narrowed(expression.part, values, negated=not negated))
        if not isinstance(expression, Leaf):
            parts = tuple(self._narrowed(part, values, negated=negated) for part in expression.parts)
            return replace(expression, parts=parts)
        if isinstance(expression.test, Stored):
            return AnyOf(()) if negated else AllOf(())
        if not isinstance(expression.test, Words):
            return expression
        texts = [values[column] for column in expression.columns if isinstance(values.get(column), str)]
        return replace(expression, test=self._possible(expression.test, texts))

    def _possible(self, test: Words, texts: list[str]) -> Words | Pattern:
        """The words of a list that can stand in one of some texts."""
        if id(test) not in self._needles:
            self._needles[id(test)] = test, [_needle(word, whole_word=test.whole_word) for word in test.words]
        there: set[str] = {""}.union(*map(self._tokens_of, texts))
        words = [word for word, needle in zip(test.words, self._needles[id(test)][1], strict=True) if needle in there]
        if not words:
            return NEVER
        return test if len(test.words) <= FEW else replace(test, words=tuple(words))

    def _tokens_of(self, text: str) -> frozenset[str]:
        if text not in self._tokens:
            self._tokens[text] = frozenset(_TOKEN.findall(_folded(text)))
        return self._tokens[text]


def _folded(text: str) -> str:
    """Every character that ``re`` may take for an ASCII one, ignoring case, as that one in lower case."""
    return text.translate(_LIKE_ASCII).lower()


def _needle(word: str, *, whole_word: bool) -> str:
    """A word that any text in which a keyword stands has among its words; empty if there is none to tell it by."""
    if not whole_word or _IOTA in word:
        return ""
    tokens = [token for token in _TOKEN.findall(word) if token.isascii()]
    return max(tokens, key=len, default="").lower()


def _witnesses(expression: Expression | None, values: dict[str, Any]) -> Iterator[Leaf]:
    """The tests that hold, and that make an expression hold which does."""
    if isinstance(expression, Leaf):
        yield expression
    elif isinstance(expression, Not):
        if isinstance(expression.part, Not):
            yield from _witnesses(expression.part.part, values)
    elif expression is not None:
        for part in expression.parts:
            if part.holds(values) is True:
                yield from _witnesses(part, values)


def _texts(lf: LabelingFunction[...], values: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """The texts that a rule reads, by its columns: in which column each is seen; of a document, that of its text."""
    found = {column: (column, value) for column, value in values.items() if isinstance(value, str)}
    for name, column in derived_columns(lf).items():
        text = getattr(values.get(name), "text", None)
        if column.raw is str and isinstance(text, str):
            found[name] = (column.parameters[0].name, text)
    return found


def _matches(leaf: Leaf, value: Any) -> Iterator[tuple[int, int]]:
    test = leaf.test
    if isinstance(test, OfDocument):
        return test.spans(value)
    if isinstance(test, Words | Pattern):
        return (match.span() for match in test.regex.finditer(value))
    if isinstance(test, InContext):
        return test.spans(value)
    is_equal = isinstance(test, Tuples) or (isinstance(test, Values) and test.matches(value))
    return iter([(0, len(value))] if is_equal else [])


def base_columns(lf: LabelingFunction[...] | Column) -> list[str]:
    """The columns of the corpus that a rule reads, itself or through derived columns."""
    derived = derived_columns(lf)
    return list(
        dict.fromkeys(
            name
            for parameter in lf.parameters
            for name in (base_columns(derived[parameter.name]) if parameter.name in derived else [parameter.name])
        )
    )


def values_for(
    asker: LabelingFunction[...] | Column, row: Mapping[str, Any], made: dict[Column, Any]
) -> dict[str, Any]:
    """The values that a rule or a derived column reads of an example, derived ones made by their definition.

    Parameters
    ----------
    asker : LabelingFunction or Column
    row : mapping
        The columns of the corpus.
    made : dict
        The derived values of this example so far; more are added.

    Returns
    -------
    dict
    """
    derived = derived_columns(asker)
    values = {}
    for parameter in asker.parameters:
        column = derived.get(parameter.name)
        if column is not None and column not in made:
            made[column] = column(**values_for(column, row, made))
        values[parameter.name] = row[parameter.name] if column is None else made[column]
    return values
