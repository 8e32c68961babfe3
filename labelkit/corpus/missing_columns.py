"""Say why a column that was asked for is not there, or stands twice."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from labelkit._shared.near_names import as_seen, did_you_mean
from labelkit._shared.written_lists import names_and_more
from labelkit.exceptions import CorpusError

if TYPE_CHECKING:
    from labelkit.corpus.source import CorpusSource
    from labelkit.votes.example_names import FrameIndex

LONGEST_NAME: Final = 4
"""Words of the name of a column, at the most; more are a text."""


_NAMED: Final = {"\t": "tab"}
"""Delimiters that have a name."""

MOST_NAMES: Final = 30
"""Columns that an error lists."""


def missing_column(column: str, names: Sequence[str], source: CorpusSource, below: str | None = None) -> CorpusError:
    """Return the error for a column that is not there, with those that are; ``below`` hints at a later header."""
    there = columns_listed(names)
    looked_at = "" if source.columns_are_sure else ", by its first rows alone"
    hint = index_hint(column, source.frame_index) or missing_hint(column, [*names, *getattr(source, "old_names", ())])
    meant = meant_column(column, names)
    if meant is not None and column.isidentifier() and not meant.isidentifier():  # no parameter of a rule is called so
        hint = renaming_hint(column, meant)
    return CorpusError(
        f"column {column!r} is not in the corpus (columns: {there or 'none'}{looked_at})",
        hint=below or hint or (None if source.columns_are_sure else LATE),
        code="LK202",
    )


def columns_listed(names: Sequence[str]) -> str:
    """List columns in quotes, so that one sees where each ends.

    >>> columns_listed(["No;Price (EUR", "net);Text"])
    "'No;Price (EUR', 'net);Text'"
    """
    return names_and_more(map(repr, names), MOST_NAMES)


def index_hint(column: str, index: FrameIndex | None) -> str | None:
    """Say that a name is that of the index of a frame, and not of a column; None if it is not."""
    levels = [] if index is None else ["index" if name is None else str(name) for name in index.labels.names]
    level = next((name for name in levels if _plain(name) == _plain(column)), None)
    if index is None or level is None:
        return None
    as_column = "df.reset_index() makes it a column"
    if index.labels.nlevels > 1:
        return f"{level!r} is a level of the index of the frame, and no column: {as_column}"
    if index.ids is not None:
        return f"{level!r} is the index of the frame, which names the examples without id=; {as_column}"
    why = "counts the rows" if index.is_default else "repeats" if not index.labels.is_unique else "has empty labels"
    return f"{level!r} is the index of the frame, and no column; it {why}: {as_column}"


def renaming(name: str, column: str, kind: type | None = None, *, reads: str | None = None) -> str:
    """Say how a column is read under another name, which every function and command that reads a corpus can.

    Parameters
    ----------
    name, column : str
    kind : type, optional
        By which a rule annotates the name; a corpus that the user opens is not read by the types of rules.
    reads : str, optional
        What is read, if not this column.

    Examples
    --------
    >>> renaming("part", "Part of town")
    "lk.open_corpus(corpus, rename={'part': 'Part of town'}) reads 'Part of town' under this name"
    """
    types = "" if kind is None or kind is str else f", types={{{name!r}: {kind.__name__}}}"
    call = f"lk.open_corpus(corpus, rename={{{name!r}: {column!r}}}{types})"
    return f"{call} reads {reads or repr(column)} under this name"


def renaming_hint(name: str, column: str, kind: type | None = None) -> str:
    """Hint at the column that was meant, and how it is read under the name that was asked for."""
    spaces = f"{column!r} has spaces around it:" if column.strip() == name else did_you_mean(name, column)
    return f"{spaces} {renaming(name, column, kind)}"


def meant_column(column: str, names: Sequence[str]) -> str | None:
    """Return the column that a name may mean; None if none is like it.

    >>> meant_column("part_of_town", ["id", "Part of town"])
    'Part of town'
    """
    if _unsplit(names) is not None or _splitting(column, names) is not None:
        return None
    plain = {_plain(name): name for name in reversed(names)}
    if _plain(column) in plain:
        return plain[_plain(column)]
    close = difflib.get_close_matches(column, names, n=1)
    return close[0] if close else next((name for name in names if as_seen(name) == as_seen(column)), None)


def _unsplit(names: Sequence[str]) -> str | None:
    """Return the sign that should have split the header, where that is one column."""
    return next((sign for sign in ";\t|," if len(names) == 1 and sign in names[0]), None)


def _splitting(column: str, names: Sequence[str]) -> str | None:
    """Return the sign that would split a column off one of those that there are."""
    return next(
        (sign for sign in ";\t|," for name in names if column in (piece.strip(' "') for piece in _split(name, sign))),
        None,
    )


def _split(name: str, sign: str) -> list[str]:
    return name.split(sign) if sign in name else []


def _plain(name: str) -> str:
    """Return a name in small letters, with ``_`` for all that is no letter or digit."""
    return re.sub(r"[\W_]+", "_", name.strip().casefold())


def repeated_column(column: str, where: str) -> CorpusError:
    """Return the error for a name that several columns have."""
    return CorpusError(
        f"column {column!r} stands more than once in {where}", hint="rename or drop one of them", code="LK208"
    )


LATE: Final = "give the first row each key, with None where it has no value; or write the rows to JSONL or Parquet"
"""What to do about a column that a stream has in later rows alone."""


def missing_hint(column: str, names: Sequence[str]) -> str | None:
    """Return why a column may be missing, by the names of those that there are.

    >>> missing_hint("text", ["id", " text"])
    "' text' has spaces around it: rename it, or give df.rename(columns=str.strip)"
    >>> missing_hint("text", ["id", "Text"])
    "did you mean 'Text'?"
    """
    spaced = next((name for name in names if name.strip() == column), None)
    if spaced is not None:
        return f"{spaced!r} has spaces around it: rename it, or give df.rename(columns=str.strip)"
    sign = _unsplit(names)
    if sign is not None:
        named = _NAMED.get(sign, sign)
        return (
            f'the header is one column, since {sign!r} does not split all lines alike: delimiter="{named}" names those'
        )
    sign = _splitting(column, names)
    if sign is not None:
        return f'delimiter="{_NAMED.get(sign, sign)}" reads a column {column!r}'
    meant = meant_column(column, names)
    if meant is not None:
        return did_you_mean(column, meant)
    if any(len(name.split()) > LONGEST_NAME or name.replace(".", "", 1).isdecimal() for name in names):
        return "if the first line is data, put a line with the names of the columns above it"
    return None
