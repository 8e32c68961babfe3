"""Read pairs that are written as text, ``text=Comment,likes=Votes``, in options and in the file of a project."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from labelkit._shared.written_lists import as_entry, part_at, unquoted

_HALF: Final = r'\s*(?:"((?:[^"]|"")*)"|([^",=]*?))\s*'
_HALVES: Final = re.compile(rf"{_HALF}={_HALF}(,|\Z)")


class QuotedHalves(NamedTuple):
    """The halves of a pair of which at least one is written in quotes: ``"Name, first"=Comment``."""

    left: str
    right: str


def columns_written(texts: Iterable[str]) -> dict[str, str]:
    """Return the column by its new name; a column may hold commas.

    Raises
    ------
    ValueError
        If a pair is not of that form, or a name is given twice; says which.

    Examples
    --------
    >>> columns_written(["text=Comment, likes=Votes"])
    {'text': 'Comment', 'likes': 'Votes'}
    >>> columns_written(["place=Town, country,likes=Votes", 'of="a=1, b"'])
    {'place': 'Town, country', 'likes': 'Votes', 'of': 'a=1, b'}
    """
    columns: dict[str, str] = {}
    for pair in (pair for text in texts for pair in _pairs(text)):
        name, column = pair if isinstance(pair, QuotedHalves) else _stripped(pair.partition("="))
        if not (name and column):
            shown = pair if isinstance(pair, str) else as_pair(*pair)
            raise ValueError(f"{shown}: give NAME=COLUMN, such as text=Comment, the new name first")
        if columns.setdefault(name, column) != column:
            raise ValueError(f"gives two columns the name {name!r}: {columns[name]!r} and {column!r}")
    return columns


def _stripped(partition: tuple[str, str, str]) -> tuple[str, str]:
    return partition[0].strip(), partition[2].strip()


def _parts(text: str) -> Iterator[tuple[str | QuotedHalves, bool]]:
    """Split at commas; yields each part, a pair with a half in quotes as its halves, and whether quotes close it."""
    at: int | None = 0
    while at is not None:
        halves = quoted_halves(text, at)
        if halves is None:
            part, is_quoted, at = part_at(text, at)
            yield part, is_quoted
        else:
            pair, at = halves
            yield pair, True


def quoted_halves(text: str, at: int = 0) -> tuple[QuotedHalves, int | None] | None:
    """Read a pair of which a half is in quotes; returns its halves, and where the next one begins.

    Examples
    --------
    >>> quoted_halves('free="x=y"'), quoted_halves("free=x")
    ((QuotedHalves(left='free', right='x=y'), None), None)
    """
    match = _HALVES.match(text, at)
    if match is None or (match[1] is None and match[3] is None):
        return None
    left, right = (
        plain if quoted is None else unquoted(quoted) for quoted, plain in ((match[1], match[2]), (match[3], match[4]))
    )
    return QuotedHalves(left, right), match.end() if match[5] else None


def as_pair(left: str, right: str) -> str:
    """Write a pair so that it is read as one.

    Examples
    --------
    >>> as_pair("junk", "SPAM"), as_pair("so, so", ""), as_pair("junk", "x=y")
    ('junk=SPAM', '"so, so"=', 'junk="x=y"')
    """
    return f"{_as_half(left)}={_as_half(right)}"


def _as_half(half: str) -> str:
    return f'"{half}"' if "=" in half and as_entry(half) == half else as_entry(half)


def _pairs(text: str) -> list[str | QuotedHalves]:
    """Split at commas; a part without ``=`` belongs to the column before it, unless one of them is in quotes."""
    pairs: list[str | QuotedHalves] = []
    was_quoted = True
    for part, quoted in _parts(text):
        before = pairs[-1] if pairs else None
        if isinstance(part, QuotedHalves):
            pairs.append(part)
        elif quoted or was_quoted or not isinstance(before, str) or "=" in part or not part.strip():
            pairs.append(part.strip())
        else:
            pairs[-1] = f"{before},{part.rstrip()}"
        was_quoted = quoted
    return pairs


def values_first(texts: Iterable[str]) -> list[str]:
    """Return pairs whose second half holds no comma, ``GROUP=N``: a part without ``=`` belongs to what follows it.

    Examples
    --------
    >>> values_first(["so, so=1, b=2", '"c=,d=3"', '"e, f"=4'])
    ['so, so=1', 'b=2', 'c=,d=3', 'e, f=4']
    """
    return [pair if isinstance(pair, str) else f"{pair.left}={pair.right}" for pair in _values_first(texts)]


def _values_first(texts: Iterable[str]) -> Iterator[str | QuotedHalves]:
    for text in texts:
        value = ""
        for part, quoted in _parts(text):
            if isinstance(part, QuotedHalves):
                yield from filter(None, [value.strip()])
                yield part
                value = ""
                continue
            value = f"{value},{part}" if value else part
            if quoted or "=" in part:
                yield value.strip()
                value = ""
        if value.strip():
            yield value.strip()


def meanings_written(texts: Iterable[str]) -> dict[str, str]:
    """Return the class by value; a value may hold commas, and ``=`` too, a class if it is in quotes.

    Raises
    ------
    ValueError
        If a pair is not of that form, or a value is given twice; says which.

    Examples
    --------
    >>> meanings_written(["junk=SPAM,so, so=", "a=b=HAM", 'c="x=y"'])
    {'junk': 'SPAM', 'so, so': '', 'a=b': 'HAM', 'c': 'x=y'}
    """
    meanings: dict[str, str] = {}
    for pair in _values_first(texts):
        if isinstance(pair, str) and "=" not in pair:
            raise ValueError(
                f"{pair}: write VALUE=CLASS, such as junk=SPAM; a half that holds a comma is written in quotes"
            )
        value, label = pair if isinstance(pair, QuotedHalves) else _stripped(pair.rpartition("="))
        if meanings.setdefault(value, label) != label:
            raise ValueError(f"names {value!r} twice")
    return meanings


def votes_written(texts: Iterable[str]) -> dict[str, str | None]:
    """Return the class by rule, None for an abstain (``RULE=``); a name of a single pair may hold commas.

    Raises
    ------
    ValueError
        If a pair is not of that form, or a rule is given two votes; says which.

    Examples
    --------
    >>> votes_written(["asks=SPAM,praise="]), votes_written(["so, so=HAM, or so"])
    ({'asks': 'SPAM', 'praise': None}, {'so, so': 'HAM, or so'})
    >>> votes_written(['"so, so"=HAM,link="x=y"', "a=b=HAM"])
    {'so, so': 'HAM', 'link': 'x=y', 'a=b': 'HAM'}
    """
    votes: dict[str, str | None] = {}
    for pair in (pair for text in texts for pair in _votes(text)):
        if isinstance(pair, str) and "=" not in pair:
            raise ValueError(f"{pair}: write RULE=CLASS, or RULE= for an abstain")
        name, label = pair if isinstance(pair, QuotedHalves) else _stripped(pair.rpartition("="))
        if votes.setdefault(name, label or None) != (label or None):
            raise ValueError(f"names {name!r} twice, with two votes")
    return votes


def _votes(text: str) -> list[str | QuotedHalves]:
    """Split at commas, unless there is one pair alone, without quotes."""
    return [text] if text.count("=") == 1 and '"' not in text else _pairs(text)
