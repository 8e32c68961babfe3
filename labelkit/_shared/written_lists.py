"""Read lists that are written as text, ``A,"B, C"``, in options and files of a project; list names in messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from itertools import islice
from typing import Final

MOST_NAMES: Final = 12
"""Names that an error lists."""

_QUOTED: Final = re.compile(r'\s*"((?:[^"]|"")*)"\s*(,|\Z)')


def parts_written(text: str) -> list[tuple[str, bool]]:
    """Split at commas that are not in quotes; returns each part, and whether it was in quotes.

    A part is in quotes if it begins and ends with them, as in CSV; two quotes stand for one.

    Examples
    --------
    >>> parts_written('"Name, first",Place, 5" pipe')
    [('Name, first', True), ('Place', False), (' 5" pipe', False)]
    """
    parts: list[tuple[str, bool]] = []
    at: int | None = 0
    while at is not None:
        part, is_quoted, at = part_at(text, at)
        parts.append((part, is_quoted))
    return parts


def part_at(text: str, at: int) -> tuple[str, bool, int | None]:
    """Read the part that begins at a position: returns it, whether it was in quotes, and where the next one begins."""
    quoted = _QUOTED.match(text, at)
    if quoted is not None:
        return unquoted(quoted[1]), True, quoted.end() if quoted[2] else None
    part, comma, _ = text[at:].partition(",")
    return part, False, at + len(part) + 1 if comma else None


def unquoted(text: str) -> str:
    """Return what stands between quotes, where two stand for one."""
    return text.replace('""', '"')


def entries_written(texts: Iterable[str]) -> list[str]:
    """Return the entries of an option that is given several times, or as a list with commas.

    Examples
    --------
    >>> entries_written(["a, b", '"c, d"'])
    ['a', 'b', 'c, d']
    """
    parts = [part for text in texts for part in parts_written(text)]
    return [entry for entry in (part if quoted else part.strip() for part, quoted in parts) if entry]


def names_written(texts: Iterable[str], names_there: Callable[[], Collection[str]]) -> list[str]:
    """Return the entries of an option that names some of what there is: a name may hold commas without quotes, too.

    Parameters
    ----------
    texts : iterable of str
    names_there : callable
        Called if a text holds a comma.

    Raises
    ------
    ValueError
        If an entry is no name, and a name with a comma may be meant; lists the names, and says how to write them.

    Examples
    --------
    >>> names_written(["Name, first,Place"], lambda: ["Place", "Name, first"])
    ['Name, first', 'Place']
    """
    texts = list(texts)
    there = dict.fromkeys(names_there() if any("," in text for text in texts) else ())
    if not any("," in name for name in there):
        return entries_written(texts)
    names = [name for text in texts for name in ([text] if text in there else _longest(parts_written(text), there))]
    unknown = [name for name in names if name not in there]
    if unknown:
        listed = ", ".join(map(repr, islice(there, MOST_NAMES))) + (", ..." if len(there) > MOST_NAMES else "")
        example = as_entry(next(name for name in there if "," in name))
        raise ValueError(
            f"there is no {unknown[0]!r}; there are {listed}. A name with a comma is written in quotes: '{example}'"
        )
    return names


def _longest(parts: list[tuple[str, bool]], there: Collection[str]) -> list[str]:
    """Join parts to names that there are, the longest first."""
    names: list[str] = []
    at = 0
    while at < len(parts):
        part, quoted = parts[at]
        end = at + 1
        if not quoted:
            for stop in range(len(parts), at + 1, -1):
                joined = ",".join(part for part, _ in parts[at:stop]).strip()
                if joined in there and not any(quoted for _, quoted in parts[at:stop]):
                    part, end = joined, stop
                    break
            part = part.strip()
        if part:
            names.append(part)
        at = end
    return names


def as_entry(name: str) -> str:
    """Write an entry so that it is read as one.

    Examples
    --------
    >>> as_entry("Name, first"), as_entry("Place")
    ('"Name, first"', 'Place')
    """
    is_plain = "," not in name and '"' not in name and name.strip() == name
    return name if is_plain else '"' + name.replace('"', '""') + '"'


def names_and_more(names: Iterable[object], most: int) -> str:
    """List the first names, and count the others.

    >>> names_and_more(["HAM", "SPAM", "EGGS"], 2), names_and_more(map(repr, ["HAM"]), 2)
    ('HAM, SPAM and 1 more', "'HAM'")
    """
    every = list(map(str, names))
    return ", ".join(every[:most]) + (f" and {len(every) - most:,} more" if len(every) > most else "")
