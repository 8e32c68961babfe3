"""Read pairs that are written as text, ``text=Comment,likes=Votes``, in options and in the file of a project."""

from __future__ import annotations

from collections.abc import Iterable

from labelkit._shared.written_lists import parts_written


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
    """Split at commas; a part without ``=`` belongs to the column before it, unless one of them is in quotes."""
    pairs: list[str] = []
    was_quoted = True
    for part, quoted in parts_written(text):
        if quoted or was_quoted or "=" in part or not part.strip():
            pairs.append(part.strip())
        else:
            pairs[-1] += f",{part.rstrip()}"
        was_quoted = quoted
    return pairs


def values_first(texts: Iterable[str]) -> list[str]:
    """Return pairs whose second half holds no comma, ``GROUP=N``: a part without ``=`` belongs to what follows it.

    Examples
    --------
    >>> values_first(["so, so=1, b=2", '"c=,d=3"'])
    ['so, so=1', 'b=2', 'c=,d=3']
    """
    pairs: list[str] = []
    for text in texts:
        value = ""
        for part, quoted in parts_written(text):
            value = f"{value},{part}" if value else part
            if quoted or "=" in part:
                pairs.append(value.strip())
                value = ""
        if value.strip():
            pairs.append(value.strip())
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
    for pair in values_first(texts):
        value, sign, label = (part.strip() for part in pair.rpartition("="))
        if not sign:
            raise ValueError(f"{pair}: write VALUE=CLASS, such as junk=SPAM")
        if meanings.setdefault(value, label) != label:
            raise ValueError(f"names {value!r} twice")
    return meanings
