r"""Rewrite a regular expression that is slow: it begins where a word begins, or its repetitions are bounded.

A rewriting is only proposed after it was timed. One that the expression has already is none.

>>> from labelkit.rules.predicates import Pattern
>>> [print(one.how, one.pattern.pattern) for one in rewritings(Pattern(r"\w+@\w+"))]
begin it with \b (where a word begins) \b\w+@\w+
write {1,64} for + and {0,64} for * \w{1,64}@\w{1,64}
[None, None]
>>> [one.pattern.pattern for one in rewritings(Pattern(r"\bbuy.*now[+*]"))]
['\\bbuy.{0,64}now[+*]']
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from labelkit._shared.quiet_regex import quietly_compiled
from labelkit.matching.charsets import character_set, contains
from labelkit.matching.regex_syntax import NotReadError, items_of
from labelkit.rules.predicates import Pattern

MOST: Final = 64
"""The bound of a repetition that had none."""


class Rewriting(NamedTuple):
    """A pattern in place of a slow one.

    Parameters
    ----------
    how : str
        What was changed.
    pattern : Pattern
    """

    how: str
    pattern: Pattern


_FROM_WORD: Final = r"begin it with \b (where a word begins)"
_BOUNDED: Final = f"write {{1,{MOST}}} for + and {{0,{MOST}}} for *"

_TOKEN: Final = re.compile(
    r"""(?P<escape>\\.)
      | (?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])
      | (?P<comment>\(\?\#[^)]*\))
      | (?P<group>\(\?)
      | (?P<loop>[+*]|\{(?P<least>\d*),\})
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
"""Parts of a pattern; repetitions without a bound are ``loop``."""


def rewritings(pattern: Pattern) -> Iterator[Rewriting]:
    """Yield what could be written in place of a pattern, the one that changes least of its meaning first.

    Parameters
    ----------
    pattern : Pattern

    Yields
    ------
    Rewriting
    """
    if pattern.flags & re.VERBOSE or re.match(r"\(\?[a-zA-Z]*x", pattern.pattern):
        return
    flags, body = _leading_flags(pattern.pattern)
    if _begins_with_a_word(pattern):
        yield from _compiled(_FROM_WORD, pattern, rf"{flags}\b{body}")
    bounded = _bounded(body)
    if bounded != body:
        yield from _compiled(_BOUNDED, pattern, flags + bounded)


def _leading_flags(pattern: str) -> tuple[str, str]:
    """Return flags of the whole pattern, which have to stand first, and the rest of it."""
    leading = re.match(r"(?:\(\?[a-zA-Z]+\))?", pattern)
    end = 0 if leading is None else leading.end()
    return pattern[:end], pattern[end:]


def _begins_with_a_word(pattern: Pattern) -> bool:
    """Return True if the pattern begins with a repetition of letters or digits, where a word may begin."""
    try:
        items, flags = items_of(pattern)
    except NotReadError:
        return False
    if not items or str(items[0][0]) not in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        return False
    least, _, body = items[0][1]
    if not int(least) or len(body) != 1 or str(body[0][0]) not in {"LITERAL", "IN"}:
        return False
    kind, argument = str(body[0][0]), body[0][1]
    ranges = character_set(kind, tuple(argument) if kind == "IN" else argument, flags & _MATTERS)
    is_word = any(contains(ranges, code) for code in (ord("a"), ord("0"), ranges[0]) if chr(code).isalnum())
    return is_word and not contains(ranges, ord(" "))


_MATTERS: Final = int(re.ASCII | re.IGNORECASE | re.DOTALL | re.UNICODE)


def _bounded(pattern: str) -> str:
    """Bound every repetition that has no bound."""
    parts: list[str] = []
    before = ""
    for token in _TOKEN.finditer(pattern):
        kind, text = token.lastgroup if token.lastgroup != "least" else "loop", token.group()
        is_loop = kind == "loop" and before not in {"loop", "group"}  # a + behind a loop makes it possessive
        if is_loop:
            least = int(token["least"] or 0) if text.startswith("{") else int(text == "+")
            text = f"{{{least},{max(MOST, least)}}}"
        parts.append(text)
        before = "loop" if is_loop else str(kind)
    return "".join(parts)


def _compiled(how: str, pattern: Pattern, text: str) -> Iterator[Rewriting]:
    try:
        quietly_compiled(text, pattern.flags)
    except (re.error, OverflowError):
        return
    yield Rewriting(how, Pattern(text, pattern.flags))
