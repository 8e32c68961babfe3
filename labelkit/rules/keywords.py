"""Declare rules of words and regular expressions: ``keywords`` and ``regex``."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Unpack, cast

from labelkit.exceptions import RuleError
from labelkit.rules._labels import Label, runs_of
from labelkit.rules._parentheses import called_first
from labelkit.rules.condition import Condition
from labelkit.rules.expressions import Expression, Leaf
from labelkit.rules.options import Options, RuleOptions, takes_options
from labelkit.rules.parameters import column_names
from labelkit.rules.predicates import Pattern, Words
from labelkit.rules.value_predicates import Values


@called_first('("free", label=Label.SPAM)')
@takes_options(RuleOptions)
def keywords(
    *words: str | Iterable[str] | Mapping[str, Label],
    label: Label | Mapping[str, Label] | None = None,
    column: str | tuple[str, ...] | None = None,
    ignore_case: bool = True,
    whole_word: bool = True,
    **options: Unpack[RuleOptions],
) -> Condition:
    """Match texts that contain one of several words or phrases.

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
        Python says. Composed and decomposed accents are different characters: :func:`normalized_text` makes them
        the same, and ``labelkit check`` with a corpus says where that changes votes.
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
    trusted : bool, optional
        Whether you vouch for the rule; False if not given.
    cache : bool, optional
        Whether its votes may be cached: your word that they depend on its columns and its source alone (or that they do
        not). If not given, that is found out; ``labelkit cache info`` says what was found.

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
    given = Options.of(keywords, options, *words)
    cases, enum = runs_of("keywords", words, label)

    def test(entries: list[str]) -> Words:
        return Words(tuple(checked_word(word, "keywords") for word in entries), ignore_case, whole_word)

    return Condition(_as_cases(cases, test, column), "keywords", given, enum)


@called_first('(r"https?://", label=Label.SPAM)')
@takes_options(RuleOptions)
def regex(
    pattern: str | re.Pattern[str] | Mapping[str, Label],
    flags: int | re.RegexFlag = 0,
    *,
    label: Label | Mapping[str, Label] | None = None,
    column: str | tuple[str, ...] | None = None,
    **options: Unpack[RuleOptions],
) -> Condition:
    r"""Match texts in which Python's ``re.search`` finds a regular expression.

    Parameters
    ----------
    pattern : str, compiled pattern, or mapping from str to label
        Of a mapping, the first declared entry that matches gives the label.
    flags : int
        Such as ``re.IGNORECASE``.
    label, column, name, examples, group, precision, trusted, cache
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
    given = Options.of(regex, options, pattern)
    if isinstance(cast("Any", flags), str):
        raise RuleError(
            f"regex takes one pattern, and flags={flags!r} is text", hint=f"one with |: regex(r'{pattern}|{flags}')"
        )
    entry: Any = pattern
    if isinstance(pattern, re.Pattern):
        if flags:
            raise RuleError("a compiled pattern has its flags already", hint="regex(re.compile(pattern, flags))")
        entry, flags = pattern.pattern, pattern.flags & ~re.UNICODE
    cases, enum = runs_of("regex", (entry,), label)
    leaves = tuple(
        (Leaf(Pattern(_checked_pattern(entry), int(flags)), column_names(column)), number)
        for entries, number in cases
        for entry in entries
    )
    return Condition(leaves, "regex", given, enum)


def _as_cases(
    cases: list[tuple[list[Any], Label | None]],
    test: Callable[[list[Any]], Words | Values],
    column: str | tuple[str, ...] | None,
) -> tuple[tuple[Expression, Label | None], ...]:
    return tuple((Leaf(test(entries), column_names(column)), label) for entries, label in cases)


def checked_word(word: Any, kind: str) -> str:
    """Raise RuleError unless an entry is a word or phrase."""
    if not isinstance(word, str):
        raise RuleError(
            f"{kind} takes strings, not {word!r:.80} ({type(word).__name__})", hint=_word_hint(word, kind), code="LK106"
        )
    if not word.strip():
        raise RuleError(
            f"{kind} has an empty entry {word!r}, which would match everywhere", hint="leave it out", code="LK106"
        )
    check_surrogates(word, kind)
    check_escapes(word, kind)
    return str(word)


def _word_hint(word: Any, kind: str) -> str:
    """Return what to give in place of an entry that is not a string."""
    if kind == "lookup":
        return 'match="value" compares whole values of any type'
    if isinstance(word, os.PathLike):
        return f"a file of words is read by lookup({str(word)!r})"
    if isinstance(word, list | tuple | set | frozenset):
        return f"give one flat list: {kind}([*first, *second])"
    return f"write it as text: {str(word)!r:.40}" if isinstance(word, int | float) else "give words and phrases"


def check_surrogates(text: str, kind: str) -> None:
    r"""Raise RuleError for half of a surrogate pair, as JSON and JavaScript write emoji: no text of a corpus has one.

    >>> check_surrogates("\ud83d\ude00", "keywords")
    Traceback (most recent call last):
        ...
    labelkit.exceptions.RuleError: keywords has '\ud83d\ude00', with half of a surrogate pair, which no text has [LK106]
    Hint: write the character itself: '\U0001f600'
    """
    if not any("\ud800" <= sign <= "\udfff" for sign in text):
        return
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    raise RuleError(
        f"{kind} has {text!r:.80}, with half of a surrogate pair, which no text has",
        hint=f"write the character itself: {whole!a:.80}" if not whole.isascii() else "leave it out",
        code="LK106",
    )


_ESCAPED: Final = {"\a": "a", "\b": "b", "\v": "v", "\f": "f", **{chr(number): str(number) for number in range(1, 7)}}
"""Characters that a backslash makes of the next character where a string has no ``r`` before it."""

_CLASS: Final = re.compile(r"\[(?:\\.|[^\]\\])*\]", re.DOTALL)


def check_escapes(text: str, kind: str) -> None:
    r"""Raise RuleError for a control character that stands where ``r`` before the string was forgotten, as in ``"\b"``.

    >>> check_escapes("\bfree", "keywords")
    Traceback (most recent call last):
        ...
    labelkit.exceptions.RuleError: keywords has '\x08free': "\b" in a string without r is a control character [LK109]
    Hint: r"\bfree", with r before the quotes; a regular expression goes into regex(...)
    """
    outside = _CLASS.sub("", text) if kind == "regex" else text
    meant = "\b\1\2\3\4\5\6" if kind == "regex" else "\a\b\v\f"  # re reads \a, \v and \f alike with r and without
    escaped = next((sign for sign in outside if sign in meant), None)
    if escaped is None:
        return
    raw = "".join("\\" + _ESCAPED[sign] if sign in _ESCAPED else sign for sign in text)
    raise RuleError(
        f'{kind} has {text!r:.80}: "\\{_ESCAPED[escaped]}" in a string without r is a control character',
        hint=f'r"{raw:.80}", with r before the quotes'
        + ("; a regular expression goes into regex(...)" if kind != "regex" else ""),
        code="LK109",
    )


def _checked_pattern(pattern: Any) -> str:
    if not isinstance(pattern, str):
        hint = "decode it: text is matched, not bytes" if isinstance(pattern, bytes) else 'regex(r"free|win")'
        raise RuleError(
            f"regex takes a string, not {pattern!r:.80} ({type(pattern).__name__})", hint=hint, code="LK106"
        )
    check_surrogates(pattern, "regex")
    check_escapes(pattern, "regex")
    return pattern
