"""Read pairs that are written as text, ``text=Comment,likes=Votes``, in options and in the file of a project."""

from __future__ import annotations

from collections.abc import Iterable


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
    >>> columns_written(["place=Town, country,likes=Votes"])
    {'place': 'Town, country', 'likes': 'Votes'}
    """
    columns: dict[str, str] = {}
    for pair in (pair for text in texts for pair in _pairs(text)):
        name, equals, column = (part.strip() for part in pair.partition("="))
        if not (name and equals and column):
            raise ValueError(f"{pair}: give NAME=COLUMN, such as text=Comment, the new name first")
        if columns.setdefault(name, column) != column:
            raise ValueError(f"gives two columns the name {name!r}: {columns[name]!r} and {column!r}")
    return columns


def _pairs(text: str) -> list[str]:
    """Split at commas; a part without ``=`` belongs to the column before it."""
    pairs: list[str] = []
    for part in text.split(","):
        if "=" in part or not pairs or not part.strip():
            pairs.append(part.strip())
        else:
            pairs[-1] += f",{part.rstrip()}"
    return pairs


def meanings_written(texts: Iterable[str]) -> dict[str, str]:
    """Return the class by value; a value may hold commas, and ``=`` too.

    Raises
    ------
    ValueError
        If a pair is not of that form, or a value is given twice; says which.

    Examples
    --------
    >>> meanings_written(["junk=SPAM,so, so=", "a=b=HAM"])
    {'junk': 'SPAM', 'so, so': '', 'a=b': 'HAM'}
    """
    meanings: dict[str, str] = {}
    for text in texts:
        value = ""
        for part in text.split(","):
            value = f"{value},{part}" if value else part
            name, sign, label = value.rpartition("=")
            if sign:
                if meanings.setdefault(name.strip(), label.strip()) != label.strip():
                    raise ValueError(f"names {name.strip()!r} twice")
                value = ""
        if value:
            raise ValueError(f"{text}: write VALUE=CLASS, such as junk=SPAM")
    return meanings
