"""Find words of rules that are probably not meant as they are written, and can seldom or never match.

>>> from labelkit.rules.keywords import keywords
>>> rule = keywords("免费", "don’t", label=1).rule(name="offers")
>>> for oddity in odd_words(rule):
...     print(oddity.reason)
'免费' is of a script without spaces between words, and a whole word has no letter beside it
'don’t' has a curly apostrophe, which most people do not type
"""

from __future__ import annotations

import linecache
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import CodeType
from typing import Any, Final

from labelkit.rules.labeling_function import Calls, LabelingFunction
from labelkit.rules.oddities._joined_strings import joined_strings
from labelkit.rules.oddities.patterns import OddWord, odd_patterns
from labelkit.rules.predicates import LONGEST_ENTRY, Pattern, Predicate, cut, parts_of

_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
)
"""Letters of Thai, Lao, Burmese, Khmer, Japanese and Chinese."""

_CURLY: Final = re.compile("[\u2018\u2019\u201c\u201d]")
_INVISIBLE: Final = re.compile(
    "[\u200b\u2060\ufeff\u00ad]|[\u200c\u200d](?![^\\x00-\\x7f])|(?<![^\\x00-\\x7f])[\u200c\u200d]"
)
"""Joiners (U+200C, U+200D) are spelling between letters that are not ASCII, and part of emoji."""
_LATEX: Final = (
    "begin|beta|bar|bf|big|bin|bold|bullet|section|sub|sup|sum|sqrt|sin|sigma|sim|delta|def|display|dots|div|doc|wedge"
    "|wide|width"
)
"""Beginnings of commands of LaTeX that look like a class of characters and a word."""
_OF_REGEX: Final = re.compile(
    rf"^(?!\\\\|[A-Za-z]:\\)(?:.|\n)*?\\(?!{_LATEX})[bBdDsSwW]"  # not of C:\downloads, \\server\share, \beta
    r"|[^\W_]\\\.[^\W_]|\.\*|\.\+"
    r"|\(\?(?:[:=!]|<[=!]|P?<\w+>|[aiLmsux]+[):])[^)]"
    r"|\[[^\]]+\][+*?]|\w\|\w"
    r"|[^\W\d_]\((?:\w|\|)+\)\?|\((?:\w|\|)+\)\?[^\W\d_]"  # file(s)? and (un)?subscribe
    r"|[^\W\d_]\[(?!at\]|dot\]|sic\])[^\W_]{2,4}\][^\W\d_]"  # gr[ae]y
    r"|\[([^\W\d_])(?!\1)(?i:\1)\][^\W\d_]"  # [Ff]ree
    r"|(?:[^\W_]|[)\]])\{(?:\d+,\d*|,\d+)\}|\]\{\d+\}"
    r"|^\^[^\W_].*[^\W_]\$$"
)
"""What stands in regular expressions, and hardly ever in texts."""
_UNKNOWN_LETTER: Final = re.compile(r"[^\W\d_]{2,}\?[^\W\d_]+")
"""A question mark between letters: of a pattern, or of a letter that an encoding lost."""
_LISTED: Final = re.compile(r"\w ?[,;] ?\w+ ?[,;] ?\w|\w ?; ?\w|[^\W\d],[^\W\d]")
_COMMA: Final = re.compile(r"\s*[,;]\s*")
_WILDCARD: Final = re.compile(r"\w\*$|^\*\w")
_SQL: Final = re.compile(r"%.*\w.*%", re.DOTALL)
_LINES: Final = re.compile(r"\S[^\S\n]*\n\s*\S")
_FILE: Final = re.compile(
    r"[^\s|*?]{1,200}\.(txt|csv|tsv|list|words|lst|dic|json|jsonl|ndjson|parquet|arrow|feather|xlsx)(\.\w{2,3})?"
)
_SIGNS: Final = re.compile(r"[*,;%?\n]")

_APART: Final = "has letters and accents apart (NFD), as most texts have not"
_COMPOSE: Final = (
    'save the source composed (NFC; unicodedata.normalize("NFC", ...) does it); '
    'of the texts too, if some are so: text = normalized_text("text")'
)

_STRAIGHT: Final = str.maketrans("\u2018\u2019\u201c\u201d", "''\"\"")


def _lacks(test: Predicate, word: str, usual: str) -> bool:
    """Return True if a word is not written as usual, and its usual spelling is not among the entries of a test."""
    return word != usual and usual not in test.entries


def _shown(word: str) -> str:
    """Write a word as Python does, in double quotes where it holds none."""
    return repr(word) if '"' in word or "\\" in word else f'"{word}"'


def _with_any_letters(word: str) -> str:
    r"""Write the pattern that is meant by a word with an asterisk at an end.

    >>> print(_with_any_letters("prize*"), _with_any_letters("*ize"))
    regex(r"(?i)\bprize\w*") regex(r"(?i)\w*ize\b")
    """
    before, after = r"\w*" if word.startswith("*") else r"\b", r"\w*" if word.endswith("*") else r"\b"
    middle = re.sub(r"([\\.^$*+?{}\[\]|()])", r"\\\1", word.strip("*")).replace('"', "\\x22")
    return f'regex(r"(?i){before}{middle}{after}")'


_TESTS: Final[tuple[tuple[Callable[[str, Predicate], Any], str, str | Callable[[str], str]], ...]] = (
    (
        lambda word, test: getattr(test, "whole_word", False) and _UNSPACED.search(word),
        "is of a script without spaces between words, and a whole word has no letter beside it",
        "whole_word=False",
    ),
    (
        lambda word, test: _lacks(test, word, unicodedata.normalize("NFC", word)),
        _APART,
        _COMPOSE,
    ),
    (lambda word, _: _INVISIBLE.search(word), "has an invisible character", "type it anew, without"),
    (
        lambda word, test: ("\u2019" in word or "\u2018" in word) and _lacks(test, word, word.translate(_STRAIGHT)),
        "has a curly apostrophe, which most people do not type",
        lambda word: f"give both: {_shown(word.translate(_STRAIGHT))} and {_shown(word)}",
    ),
    (
        lambda word, test: _CURLY.search(word) and _lacks(test, word, word.translate(_STRAIGHT)),
        "has curly quotes, which most people do not type",
        "give both kinds",
    ),
    (
        lambda word, test: test.scanned and _OF_REGEX.search(word),
        "is looked for as it is, not as a regular expression",
        'regex(r"...") takes one',
    ),
    (
        lambda word, test: test.scanned and _LISTED.search(word),
        "is one phrase with its commas, not several words",
        lambda word: f"give them apart: keywords({', '.join(map(_shown, _COMMA.split(word.strip(' ,;'))))})",
    ),
    (
        lambda word, test: test.scanned and _SQL.fullmatch(word),
        "is looked for with its percent signs, which stand for no letters",
        "leave them out",
    ),
    (
        lambda word, test: test.scanned and _LINES.search(word),
        "is one phrase of several lines, not several words",
        "give them apart: keywords(*words.splitlines())",
    ),
    (
        lambda word, test: test.scanned and _WILDCARD.search(word),
        "is looked for with its asterisk, which stands for no letters",
        lambda word: f"{_with_any_letters(word)} does; or keywords({_shown(word.strip('*'))}, whole_word=False)",
    ),
    (
        lambda word, test: test.scanned and _UNKNOWN_LETTER.fullmatch(word),
        "is looked for with its question mark, which stands for no letter",
        lambda word: f'regex(r"(?i)\\b{word}\\b") takes a pattern; a letter that an encoding lost, type anew',
    ),
)


def texts_of(lf: LabelingFunction[...]) -> list[str]:
    """List the texts that a rule compares with: its words and patterns, and the strings in the code of its function."""
    tests = [part for predicate in lf.predicates for part in (predicate, *parts_of(predicate))]
    return [entry for test in tests for entry in test.entries if isinstance(entry, str)] + _other_texts(lf)


def _other_texts(lf: LabelingFunction[...]) -> list[str]:
    """List the patterns of a rule, and the strings in the code of its function but for its docstring."""
    patterns = [test.pattern for test in _patterns(lf)]
    code = getattr(lf.body.function, "__code__", None) if isinstance(lf.body, Calls) else None
    if code is None or "normalize" in code.co_names:  # which knows how letters are stored
        return patterns
    doc = getattr(lf.body.function, "__doc__", None) if isinstance(lf.body, Calls) else None
    return patterns + [text for text in _constants(code.co_consts) if text != doc]


def _patterns(lf: LabelingFunction[...]) -> list[Pattern]:
    """List the declared patterns of a rule."""
    tests = [part for predicate in lf.predicates for part in (predicate, *parts_of(predicate))]
    return [test for test in tests if isinstance(test, Pattern)]


def _constants(values: Iterable[Any]) -> Iterator[str]:
    """Iterate over the strings among the constants of a function, of those inside it, and in their tuples and sets."""
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, tuple | frozenset):
            yield from _constants(value)
        elif isinstance(value, CodeType):
            yield from _constants(value.co_consts)


def odd_words(lf: LabelingFunction[...]) -> Iterator[OddWord]:
    """Find the odd words and patterns of a rule: the first word of each kind, and each that lacks a comma.

    Parameters
    ----------
    lf : LabelingFunction

    Yields
    ------
    OddWord
    """
    tests = [part for predicate in lf.predicates for part in (predicate, *parts_of(predicate))]
    joined = joined_strings("".join(linecache.getlines(lf.origin.namespace.get("__file__") or "")))
    for test in tests:
        words = [entry for entry in test.entries if isinstance(entry, str)]
        for word in words:
            if word in joined:
                parts, line = joined[word]
                listed = " ".join(map(repr, parts))
                yield OddWord(
                    f"{word!r} is {listed} (line {line}) without a comma between", "put a comma, or one string"
                )
        odd = [word for word in words if not word.isascii() or _OF_REGEX.search(word) or _SIGNS.search(word)]
        for is_odd, reason, remedy in _TESTS:
            first = next((word for word in odd if is_odd(word, test)), None)
            if first is not None:
                yield OddWord(f"{first!r} {reason}", remedy if isinstance(remedy, str) else remedy(first))
                odd.remove(first)
        if test.scanned:
            yield from _files(words, lf)
    for pattern in _patterns(lf):
        yield from _files([pattern.pattern], lf)
        yield from odd_patterns(pattern.pattern, pattern.flags)
    apart = next((text for text in _other_texts(lf) if unicodedata.normalize("NFC", text) != text), None)
    if apart is not None:
        yield OddWord(f"{cut(apart, LONGEST_ENTRY)!r} {_APART}", _COMPOSE)


def _files(words: Iterable[str], lf: LabelingFunction[...]) -> Iterator[OddWord]:
    """Find the name of a file that is there, from the folder of the rules or the current one."""
    folder = Path(str(lf.origin.namespace.get("__file__") or "")).parent  # from which look-ups read
    for word in words:
        if "." not in word or _FILE.fullmatch(word) is None:
            continue
        place = next((place for place in (folder, Path()) if (place / word).is_file()), None)
        if place is not None:
            path = word if place is folder else str(Path(word).absolute())
            reason = f"{word!r} is looked for in the texts, and is the name of a file"
            yield OddWord(reason, f"lookup({path!r}, label=...) reads its lines")


_AT_MOST: Final = re.compile(r"\{\d*(,\d+)?\}|[^\\][.\])]\?")
_END: Final = re.compile(r"\$|\\Z")
"""Where both stand in a pattern, longer texts may not have it: ``^.{0,8}$``."""

_PLAIN: Final = "A text of\n2 lines."

UNUSED: Final = "\U000f0000"
"""A character of the private use areas, which no pattern means."""


def is_in_every_text(pattern: re.Pattern[str]) -> bool:
    """Return whether a pattern is found in the empty text, and in others that mean nothing.

    Parameters
    ----------
    pattern : re.Pattern

    Returns
    -------
    bool
    """
    letters = re.sub(r"\\.|[^\w\s]", "", pattern.pattern)
    is_long = _AT_MOST.search(pattern.pattern) is not None and _END.search(pattern.pattern) is not None
    return not is_long and all(pattern.search(text) is not None for text in ("", UNUSED, _PLAIN, letters))


def idle_patterns(lf: LabelingFunction[...]) -> Iterator[OddWord]:
    """Find the patterns of a rule that stand in every text: in the empty one, and in others that mean nothing.

    Parameters
    ----------
    lf : LabelingFunction

    Yields
    ------
    OddWord
    """
    for pattern in dict.fromkeys(one for one in _patterns(lf) if one in lf.predicates):
        if is_in_every_text(pattern.regex):
            has_options = re.search(r"[|*?]|\{0?,", pattern.pattern.replace("(?", "(")) is not None
            yield OddWord(
                f"its pattern {pattern.pattern[:100]!r} is found in every text, the empty one too",
                "look for an empty alternative (a|), or a ? or * behind all of it"
                if has_options
                else "it tests a place and reads no character: write what the text has to have",
            )
