r"""Find regular expressions that are probably not meant as they are written.

>>> for oddity in odd_patterns("[free|win]"):
...     print(oddity.reason, oddity.remedy, sep="; ")
'[free|win]' is any one of these characters, not one of the words; write (free|win)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

LONGEST: Final = 60
"""Characters of a pattern that a message repeats."""


class OddWord(NamedTuple):
    """A word or pattern that is probably not meant as it is written.

    Parameters
    ----------
    reason : str
    remedy : str
    """

    reason: str
    remedy: str


_SET: Final = re.compile(r"\[\^?(?:\\.|\])?(?:\\.|[^\]\\])*\]", re.DOTALL)
_PAIR: Final = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
"""An emoji as JSON and JavaScript write it."""

_EDGE_IN_SET: Final = re.compile(r"\[(?:[^\\]|\\[dDsSwW.\-])*?\\b(?:[^\\]|\\[bdDsSwW.\-])*\]", re.DOTALL)
"""A class with the character that ``\\b`` is there, and with no other of its kind, as ``[\\b\\f\\n]`` has."""

_ESCAPE: Final = re.compile(r"\\.", re.DOTALL)
_WORDS_IN_SET: Final = re.compile(r"\[(\w{2,}(?:\|\w{2,})+)\]")
_SLASHED: Final = re.compile(r"/(.+)/([gimsuxy]{1,6})", re.DOTALL)
_VERBOSE: Final = re.compile(r"\(\?[a-z]*x")
_SPACED: Final = re.compile(r"(?:^|(?<=[(|]))(?![ ?])[^()|]*[^()| ] \| [^()| ](?:[^()|]*[^()| ])?(?= \||[|()]|$)")
"""Alternatives with a space on the side of ``|`` alone; ``( is | was )`` has them on both, as it is meant."""

_PLUSES: Final = re.compile(r"(\w+\+\+)(?![\w(\[\\])")
_END_BEFORE: Final = re.compile(r"\$(\w+)")
_START_BEHIND: Final = re.compile(r"(\w+)\^(?:\w|$)")
_SQL: Final = re.compile(r"%.*\w.*%", re.DOTALL)
_ALL_LETTERS: Final = re.compile(r"\[[^\]]*A-z")
_EDGED: Final = re.compile(r"(?:\(\?[a-zA-Z]+\))?(\\b)?(.+?)(\\b)?", re.DOTALL)
_GROUPED: Final = re.compile(r"\((?:\?:)?((?:[^()?\\]|\\.)(?:[^()\\]|\\.)*)\)(?![?*{])", re.DOTALL)
_GROUPED_LAST: Final = re.compile(r"(?<!\\)\((?:\?:)?((?:[^()?\\]|\\.)(?:[^()\\]|\\.)*)\)$", re.DOTALL)
_BAR: Final = re.compile(r"(?<!\\)\|")
_EMOJI: Final = r"[\u2600-\u27bf\U0001f300-\U0001faff]"
_SIGN: Final = re.compile(rf"\\?[#%€£¥]|\\[$+]|{_EMOJI}")
_SIGN_BEHIND: Final = re.compile(rf"(?<!\\)(?:\\?[#%€£¥!]|\\[$?]|(?<=\\\+)\\\+|(?<=(?<!\\)\w)\\\+|{_EMOJI})$")
"""Signs that are no separators between words, as - and . are."""

_TWICE: Final = re.compile(r"^\\\\b|\\\\b$|\\\\[dDsSwW](?=[+*{])")
"""A backslash that was written twice, of which one was for the string: r"\\\\bfree\\\\b"."""


def odd_patterns(pattern: str, flags: int = 0) -> Iterator[OddWord]:
    r"""Find what in a regular expression has probably another meaning than its author thinks.

    Parameters
    ----------
    pattern : str
    flags : int
        As ``re.compile`` takes them.

    Yields
    ------
    OddWord

    Examples
    --------
    >>> list(odd_patterns("$5"))[0].reason
    "'$5' never matches: $ is the end of the text"
    >>> list(odd_patterns(r"\$5")), list(odd_patterns("c++"))[0].remedy
    ([], 'write c\\+\\+ for the signs themselves')
    """
    slashed = _SLASHED.fullmatch(pattern)
    if slashed is not None:
        without_case = "(?i)" if "i" in slashed[2] else ""
        yield OddWord(
            f"{_cut(pattern)!r} has the slashes of other languages, which are looked for in the text",
            f'leave them out: regex(r"{without_case}{_cut(slashed[1])}")',
        )
    yield from _odd_characters(pattern)
    words = _WORDS_IN_SET.search(_ESCAPE.sub("\0", pattern))
    if words is not None:
        reason = f"{_cut(words[0])!r} is any one of these characters, not one of the words"
        yield OddWord(reason, f"write ({_cut(words[1])})")
    if flags & re.VERBOSE or _VERBOSE.search(pattern):  # whose comments may hold anything
        return
    bare = _SET.sub("\0", _ESCAPE.sub("\0", pattern))  # without what has no meaning of its own
    if _SPACED.search(bare) is not None:
        yield OddWord(f"{_cut(pattern)!r} looks for the spaces beside | too", "leave the spaces out: a|b")
    pluses = _PLUSES.search(bare)
    if pluses is not None:
        sign = pluses[1][-3]
        reason = f"{pluses[1]!r} is {pluses[1][:-2]!r} with {sign!r} once or more often, without a plus"
        yield OddWord(reason, f"write {pluses[1][:-2]}\\+\\+ for the signs themselves")
    end = _END_BEFORE.search(bare)
    if end is not None:
        yield OddWord(f"{end[0]!r} never matches: $ is the end of the text", f"write \\${end[1]} for the sign itself")
    start = None if flags & re.MULTILINE or "(?m" in pattern else _START_BEHIND.search(bare)
    if start is not None:
        reason = f"{start[0]!r} never matches: ^ is the start of the text"
        yield OddWord(reason, f"write {start[1]}\\^ for the sign itself")
    yield from _odd_signs(pattern)


def _odd_characters(pattern: str) -> Iterator[OddWord]:
    r"""Find characters that are in no text, or hardly: U+0008 for ``\b``, and the halves of an emoji."""
    if "\b" in pattern:  # keywords and regex refuse it, re.search does not
        yield OddWord(
            f"{_cut(pattern)!r} has a control character, U+0008", 'write r"\\b...": "\\b" without r is that character'
        )
    pair = _PAIR.search(pattern)
    if pair is not None:
        whole = pair[0].encode("ascii").decode("unicode_escape").encode("utf-16", "surrogatepass").decode("utf-16")
        yield OddWord(f"{pair[0]} is two halves of a character, which no text has", f"write {ascii(whole)[1:-1]}")
    edge = next((one[0] for one in _SET.finditer(pattern) if _EDGE_IN_SET.fullmatch(one[0])), None)
    if edge is not None:
        yield OddWord(
            rf"\b within {_cut(edge)} is the character U+0008, and no edge of a word", "write it outside of []"
        )


def _odd_signs(pattern: str) -> Iterator[OddWord]:
    """Find signs of other languages and other strings."""
    if _SQL.fullmatch(pattern):
        reason = f"{_cut(pattern)!r} is looked for with its percent signs, which stand for no letters"
        yield OddWord(reason, "leave them out")
    if _ALL_LETTERS.search(_ESCAPE.sub("\0", pattern)):
        yield OddWord("A-z has also the characters between Z and a: [ \\ ] ^ _ `", "write A-Za-z")
    yield from _edges_of_signs(pattern)
    twice = _TWICE.search(pattern)
    if twice is not None:
        reason = f"{twice[0]} looks for a backslash and {twice[0][-1]!r}"
        yield OddWord(reason, f"in a string with r, one backslash is enough: {twice[0][1:]}")


def _edges_of_signs(pattern: str) -> Iterator[OddWord]:
    r"""Find ``\b`` before or behind a sign, where it needs a letter on the other side: ``\bc\+\+\b``, ``\b\$5``."""
    whole = _EDGED.fullmatch(pattern)
    for is_before in (True, False) if whole is not None else ():
        if whole is None or not whole[1 if is_before else 3]:
            continue
        instead = r"(?<!\w)" if is_before else r"(?!\w)"
        for part in _at_edge(whole[2], is_before=is_before):
            sign = (_SIGN.match if is_before else _SIGN_BEHIND.search)(part)
            if sign is not None and (len(sign[0]) < len(part) or not sign[0].isascii()):
                yield OddWord(
                    f"\\b {'before' if is_before else 'behind'} {sign[0][-1]!r} in {_cut(pattern)!r} asks for a letter "
                    "or digit beside the sign",
                    f"write {instead} in place of this \\b",
                )
                return


def _at_edge(inside: str, *, is_before: bool) -> list[str]:
    """List the alternatives that stand at an edge of a pattern; none if they are not plain to see."""
    group = (_GROUPED.match if is_before else _GROUPED_LAST.search)(inside)
    if group is not None:
        rest = "" if len(group[0]) == len(inside) else "\0"
        return [f"{one}{rest}" if is_before else f"{rest}{one}" for one in _BAR.split(group[1])]
    return [] if "|" in _ESCAPE.sub("", inside) else [inside]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
