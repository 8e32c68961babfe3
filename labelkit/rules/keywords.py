"""Declare rules of words and regular expressions: ``keywords`` and ``regex``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum
from typing import Any

from labelkit.exceptions import RuleError
from labelkit.rules.condition import Condition, Label, Options, as_columns, class_of
from labelkit.rules.expressions import Expression, Leaf
from labelkit.rules.predicates import Pattern, Words
from labelkit.rules.value_predicates import Values


def keywords(
    *words: str | Iterable[str] | Mapping[str, Label],
    label: Label | Mapping[str, Label] | None = None,
    column: str | tuple[str, ...] | None = None,
    ignore_case: bool = True,
    whole_word: bool = True,
    name: str | None = None,
    examples: Mapping[Any, Any] | None = None,
    group: str | None = None,
    precision: float | None = None,
    trusted: bool = False,
) -> Condition:
    """Match texts in which one of several words or phrases stands.

    Parameters
    ----------
    *words : str, iterable of str, or one mapping from str to label
        Words and phrases. White space inside a phrase matches any run of white space. Of a mapping, the first declared
        entry that matches gives the label.
    label : int, optional
        The class to vote for; a mapping here stands for one in ``words``.
    column : str or tuple of str, optional
        The column that this condition reads, where it is not all the columns of the rule.
    ignore_case : bool
        As ``re.IGNORECASE`` has it: ``ß`` does not match ``ss``, and Turkish ``İ`` matches both ``i`` and ``ı`` as
        Python says. Composed and decomposed accents are different characters; normalise the text in a ``@column``
        where that matters.
    whole_word : bool
        A word character may not stand next to a word that begins or ends with one. Scripts without spaces (Chinese,
        Japanese, Thai) want ``False``.
    name : str, optional
        The rule's name; the function's if not given.
    examples : mapping, optional
        An input, or a tuple of inputs, to the expected vote; run by ``labelkit check``.
    group : str, optional
        The person or source that the rule comes from.
    precision : float, optional
        The share of its votes that you think right, in (0, 1).
    trusted : bool
        Whether you vouch for the rule.

    Returns
    -------
    Condition
        Decorates a function, or combines with other conditions.

    Raises
    ------
    RuleError
        If there are no words, or one is empty or no string.

    Examples
    --------
    >>> @keywords({"great song": 0, "free": 1})
    ... def tone(text: str) -> None:
    ...     "The first entry that matches wins."
    >>> tone("a great song, and free"), tone("Free!")
    (0, 1)
    """
    cases, enum = in_runs("keywords", words, label)

    def test(entries: list[str]) -> Words:
        return Words(tuple(checked_word(word, "keywords") for word in entries), ignore_case, whole_word)

    options = Options(name, examples, group, precision, trusted)
    return Condition(_as_cases(cases, test, column), "keywords", options, enum)


def regex(
    pattern: str | re.Pattern[str] | Mapping[str, Label],
    flags: int | re.RegexFlag = 0,
    *,
    label: Label | Mapping[str, Label] | None = None,
    column: str | tuple[str, ...] | None = None,
    name: str | None = None,
    examples: Mapping[Any, Any] | None = None,
    group: str | None = None,
    precision: float | None = None,
    trusted: bool = False,
) -> Condition:
    r"""Match texts in which Python's ``re.search`` finds a regular expression.

    Parameters
    ----------
    pattern : str, compiled pattern, or mapping from str to label
        Of a mapping, the first declared entry that matches gives the label.
    flags : int
        Such as ``re.IGNORECASE``.
    label, column, name, examples, group, precision, trusted
        As in :func:`keywords`.

    Returns
    -------
    Condition

    Raises
    ------
    RuleError
        When it becomes a rule, if the pattern does not compile.

    Examples
    --------
    >>> @regex(r"https?://(?!www\.example\.org)", label=1)
    ... def outside_link(text: str) -> None:
    ...     "A link that leaves the site."
    >>> outside_link("http://spam.example")
    1
    """
    if isinstance(pattern, re.Pattern):
        if flags:
            raise RuleError("a compiled pattern has its flags already", hint="regex(re.compile(pattern, flags))")
        given: Any = pattern.pattern
        flags = pattern.flags & ~re.UNICODE
    else:
        given = pattern
    cases, enum = in_runs("regex", (given,), label)
    made = tuple(
        (Leaf(Pattern(_checked_pattern(entry), int(flags)), as_columns(column)), number)
        for entries, number in cases
        for entry in entries
    )
    return Condition(made, "regex", Options(name, examples, group, precision, trusted), enum)


def in_runs(
    kind: str, given: tuple[Any, ...], label: Any
) -> tuple[list[tuple[list[Any], Label | None]], type[IntEnum] | None]:
    """Sort what a decorator was given into runs of entries with the same label, in the order declared."""
    if isinstance(label, Mapping):
        given, label = (*given, label), None
    mappings = [part for part in given if isinstance(part, Mapping)]
    if mappings and (len(given) > 1 or label is not None):
        raise RuleError(f"{kind} takes either entries and one label, or one mapping from entries to labels")
    if mappings:
        pairs: list[tuple[Any, tuple[Label | None, type[IntEnum] | None]]] = [
            (entry, class_of(number)) for entry, number in mappings[0].items()
        ]
    else:
        one: tuple[Label | None, type[IntEnum] | None] = (None, None) if label is None else class_of(label)
        pairs = [(entry, one) for part in given for entry in _flat(part)]
    if not pairs:
        raise RuleError(f"{kind} needs at least one entry", hint=f"@{kind}('first', 'second', label=Label.SPAM)")
    enums = {enum for _, (_, enum) in pairs if enum is not None}
    if len(enums) > 1:
        raise RuleError(f"{kind} has labels of {len(enums)} enums: {sorted(e.__name__ for e in enums)}")
    cases: list[tuple[list[Any], Label | None]] = []
    for entry, (number, _) in pairs:
        if cases and cases[-1][1] == number:
            cases[-1][0].append(entry)
        else:
            cases.append(([entry], number))
    return cases, next(iter(enums), None)


def _flat(part: Any) -> list[Any]:
    if isinstance(part, set | frozenset):
        return sorted(part, key=lambda entry: (type(entry).__name__, entry))
    if isinstance(part, str | bytes) or not isinstance(part, Iterable):
        return [part]
    return list(part)


def _as_cases(
    cases: list[tuple[list[Any], Label | None]],
    test: Callable[[list[Any]], Words | Values],
    column: str | tuple[str, ...] | None,
) -> tuple[tuple[Expression, Label | None], ...]:
    return tuple((Leaf(test(entries), as_columns(column)), label) for entries, label in cases)


def checked_word(word: Any, kind: str) -> str:
    """Refuse what is no word or phrase."""
    if not isinstance(word, str):
        hint = 'match="value" compares whole values of any type' if kind == "lookup" else None
        raise RuleError(f"{kind} takes strings, not {word!r} ({type(word).__name__})", hint=hint)
    if not word.strip():
        raise RuleError(f"{kind} has an empty entry {word!r}, which would match everywhere", hint="leave it out")
    return str(word)


def _checked_pattern(pattern: Any) -> str:
    if not isinstance(pattern, str):
        raise RuleError(f"regex takes a string, not {pattern!r} ({type(pattern).__name__})")
    return pattern
