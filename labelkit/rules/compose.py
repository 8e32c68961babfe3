"""More ways to combine conditions: near each other, not negated, in one sentence, at least so many, several times.

Each returns a condition, as ``&``, ``|`` and ``~`` do, with the label and the options of its parts.

>>> from labelkit.rules.keywords import keywords
>>> @unnegated(keywords("good", "great", label=1))
... def praise(text: str) -> None:
...     "Says that it is good, and not that it is not."
>>> praise("a great song"), praise("not a good song"), praise("not bad. Good!")
(1, -1, 1)
"""

from __future__ import annotations

import functools
import re
from typing import Final

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import RuleError
from labelkit.rules._parentheses import called_first
from labelkit.rules.condition import Condition
from labelkit.rules.context_predicates import SCOPES, Near, Repeated, Unnegated, Within, is_of_text
from labelkit.rules.expressions import AtLeast, Expression, Leaf
from labelkit.rules.keywords import keywords
from labelkit.rules.options import merged
from labelkit.rules.predicates import Predicate, Words

NEGATIONS: Final = (
    *("not", "no", "never", "none", "nobody", "nothing", "neither", "nor", "without", "hardly", "barely", "cannot"),
    *(f"{verb}n{mark}t" for mark in "'’" for verb in ("is", "are", "was", "were", "do", "does", "did", "has", "have")),
    *(f"{verb}n{mark}t" for mark in "'’" for verb in ("had", "ca", "could", "wo", "would", "should", "ai")),
)
"""English words that negate."""


@called_first('("free", "money").labeled(Label.SPAM)')
@checks_keywords
def near(first: Condition | str, second: Condition | str, *, words: int = 5, ordered: bool = False) -> Condition:
    """Match where two conditions match within some words of each other.

    Parameters
    ----------
    first, second : Condition or str
        Made by ``keywords``, ``regex`` or ``lookup(match="phrase")``; a string is one keyword.
    words : int
        How many words may stand between, 0 or more.
    ordered : bool
        Whether the first must stand before the second.

    Returns
    -------
    Condition

    Raises
    ------
    RuleError
        If a condition is itself a combination, or reads a column of its own that the other does not.

    Examples
    --------
    >>> @near("refund", keywords("never", "not"), words=3).labeled(1)
    ... def no_refund(text: str) -> None:
    ...     "Money that did not come back."
    >>> no_refund("Never got my refund"), no_refund("Never again. I want to know where to ask for a refund")
    (1, -1)
    """
    one, other = _condition(first), _condition(second)
    a, b = _leaf(one, "near"), _leaf(other, "near")
    _check_number(words, "words", 0)
    if a.columns != b.columns and a.columns and b.columns:
        raise RuleError(
            f"near() looks at one text, but its conditions read {a.columns} and {b.columns}",
            hint="combine conditions of several columns with &",
        )
    return _composed(Leaf(Near(_text_test(a), _text_test(b), words, ordered), a.columns or b.columns), one, other)


@called_first('("refund").labeled(Label.SPAM)')
@checks_keywords
def unnegated(
    condition: Condition | str, *, words: int = 3, negations: Condition | tuple[str, ...] = NEGATIONS
) -> Condition:
    """Match where a condition matches at a place that no negation stands shortly before.

    Parameters
    ----------
    condition : Condition or str
        As in :func:`near`.
    words : int
        How far a negation reaches, in words, 1 or more: 1 is the next word alone. It never reaches beyond punctuation
        (``.,;:!?``).
    negations : Condition of keywords, or tuple of str
        The words that negate; English ones if not given.

    Returns
    -------
    Condition

    Examples
    --------
    >>> rule = unnegated("good").rule(name="good", label=1)
    >>> rule("it is good"), rule("it is not very good")
    (1, -1)
    """
    given = _condition(condition)
    leaf = _leaf(given, "unnegated")
    _check_number(words, "words", 1)
    negating = keywords(*negations) if isinstance(negations, tuple) else negations
    negation = _leaf(negating, "negations=")
    words_that_negate = negation.test
    if not isinstance(words_that_negate, Words):
        raise RuleError("negations are words", hint='negations=("not", "never")')
    if negation.columns and negation.columns != leaf.columns:
        raise RuleError(
            f"unnegated() looks at one text, and its negations read {negation.columns}",
            hint="name the column in the condition: unnegated(keywords(..., column=...))",
        )
    return _composed(Leaf(Unnegated(_text_test(leaf), words_that_negate, words), leaf.columns), given, negating)


@called_first('("free", times=3).labeled(Label.SPAM)')
@checks_keywords
def repeated(condition: Condition | str, *, times: int = 2) -> Condition:
    """Match where a condition matches several times.

    Parameters
    ----------
    condition : Condition or str
        As in :func:`near`.
    times : int
        How many matches at the least, which do not overlap.

    Returns
    -------
    Condition

    Examples
    --------
    >>> rule = repeated("free", times=2).rule(name="free_free", label=1)
    >>> rule("free, free!"), rule("free")
    (1, -1)
    """
    given = _condition(condition)
    leaf = _leaf(given, "repeated")
    _check_number(times, "times", 1)
    return _composed(Leaf(Repeated(_text_test(leaf), times), leaf.columns), given)


@called_first('("sentence", keywords("free")).labeled(Label.SPAM)')
@checks_keywords
def within(scope: str, condition: Condition | str) -> Condition:
    """Match where a condition holds in one sentence (line, paragraph, section) of the text, the others left aside.

    Parameters
    ----------
    scope : {"sentence", "line", "paragraph"} or str
        What the text is cut into; or a regular expression for what stands between the pieces, such as that of the
        headings of sections.
    condition : Condition or str
        Any combination of ``keywords``, ``regex`` and ``lookup(match="phrase")`` that names no columns.

    Returns
    -------
    Condition

    Raises
    ------
    RuleError
        If the scope is no regular expression, or the condition compares values or names columns.

    Examples
    --------
    >>> angry = within("sentence", keywords("refund") & ~keywords("thanks"))
    >>> rule = angry.rule(name="angry", label=1)
    >>> rule("Thanks. Where is my refund?"), rule("Thanks for the refund.")
    (1, -1)
    """
    given = _condition(condition)
    expression = _only(given, "within")
    if not is_of_text(expression):
        raise RuleError(
            "within() looks at one text, so its condition can neither compare values nor name columns",
            hint="name the column outside: within(...).rule(column=...), or as the function's parameter",
        )
    try:
        re.compile(SCOPES.get(scope, scope))
    except re.error as error:
        raise RuleError(
            f"within({scope!r}, ...): neither a scope nor a regular expression: {error}",
            hint=f"scopes are {', '.join(SCOPES)}",
            code="LK118",
        ) from None
    return _composed(Leaf(Within(scope, expression)), given)


@called_first('(2, "free", "win", "now").labeled(Label.SPAM)')
@checks_keywords
def at_least(number: int, *conditions: Condition | str) -> Condition:
    """Match where so many of some conditions match, or more.

    Parameters
    ----------
    number : int
        From 1 to the number of conditions.
    *conditions : Condition or str
        Any conditions, of any columns; a string is one keyword.

    Returns
    -------
    Condition

    Examples
    --------
    >>> rule = at_least(2, "free", "win", keywords("cash", "prize")).rule(name="greedy", label=1)
    >>> rule("win free cash"), rule("free, free, free")
    (1, -1)
    """
    given = [_condition(condition) for condition in conditions]
    _check_number(number, "number", 1)
    if number > len(given):
        raise RuleError(f"at_least({number}, ...) has {len(given)} condition(s)", hint="give more, or ask for fewer")
    return _composed(AtLeast(number, tuple(_only(one, "at_least") for one in given)), *given)


def _condition(given: Condition | str) -> Condition:
    if isinstance(given, str):
        return keywords(given)
    if not isinstance(given, Condition):
        raise RuleError(f"{given!r} is not a condition", hint='keywords("refund")', code="LK119")
    return given


def _only(condition: Condition, what: str) -> Expression:
    """Return the expression of a condition without a mapping."""
    cases = condition.used_cases()
    if len({label for _, label in cases}) != 1:
        raise RuleError(
            f"{what} takes no condition that maps entries to labels", hint="make one for each label", code="LK119"
        )
    expressions = [expression for expression, _ in cases]
    return expressions[0] if len(expressions) == 1 else AtLeast(1, tuple(expressions))


def _leaf(condition: Condition, what: str) -> Leaf:
    """Return the one test of a condition."""
    expression = _only(condition, what)
    if not isinstance(expression, Leaf):
        raise RuleError(
            f"{what} takes keywords, a regex or a list of phrases, not a combination of conditions",
            hint="combine the results: near(a, b) | near(a, c)",
        )
    return expression


def _text_test(leaf: Leaf) -> Predicate:
    """Return the test of a leaf, if it matches places in a text."""
    has_places = type(leaf.test).spans is not Predicate.spans
    if leaf.test.reads == "text" and has_places and not leaf.test.parts:
        return leaf.test
    what = {"text": "conditions of a whole text", "document": "documents"}.get(leaf.test.reads, "values")
    what = "conditions that look around already" if leaf.test.parts else what
    raise RuleError(f"this looks for places in a text, and {what} have none", hint='lookup(..., match="phrase")')


def _check_number(number: int, name: str, least: int) -> None:
    if isinstance(number, bool) or not isinstance(number, int) or number < least:
        raise RuleError(f"{name}={number!r} is not a number from {least} on")


def _composed(expression: Expression, *parts: Condition) -> Condition:
    """Make a condition of an expression, with the label and the merged options of its parts."""
    labels = {label for part in parts for _, label in part.used_cases() if label is not None}
    if len(labels) > 1:
        raise RuleError(
            f"the combined conditions have several labels: {sorted(labels)}", hint=".labeled(label)", code="LK119"
        )
    options = functools.reduce(merged, (part.options for part in parts))
    enum = next((part.enum for part in parts if part.enum is not None), None)
    return Condition(((expression, next(iter(labels), None)),), "condition", options, enum)
