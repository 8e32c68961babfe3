"""The example rows of a report: their texts, shortened around the matches of rules, and ready for JSON.

A text is cut into pieces here, plain ones and those that a rule matched, in characters that are seen and do not act; a
page puts each piece in place as text, so that nothing of a corpus is ever read as HTML.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, TypeAlias

from labelkit._shared.markup import ELLIPSIS, visible
from labelkit.runs.match_patterns import Match, MatchFinder

Piece: TypeAlias = str | list[Any]
"""A text, or a text that rules matched with their positions: ``["subscribe", 3]``."""

ROW_LENGTH: Final = 600
"""Characters of an example that are shown, over all its texts."""

LEAST_LENGTH: Final = 120
"""Characters that a text is given however many columns there are."""

AROUND: Final = 60
"""Characters on either side of a match in a long text."""

MOST_BYTES: Final = 1_500_000
"""Bytes of all examples together; those that come last in turn are left out."""


def pieces(text: str, matches: Iterable[Match], length: int) -> list[Piece]:
    """Cut a text at its matches, and leave out what is far from them if it is long.

    Parameters
    ----------
    text : str
    matches : iterable of (start, stop, lf)
        They may overlap.
    length : int
        Characters to keep, more or less.

    Returns
    -------
    list
        Texts, and those that rules matched with their positions.

    Examples
    --------
    >>> pieces("please subscribe", [(7, 16, 3)], 100)
    ['please ', ['subscribe', 3]]
    >>> pieces("a" * 1000 + " win", [(1001, 1004, 0)], 10)
    ['…aaaaaa ', ['win', 0]]
    """
    spans = sorted(matches)
    parts: list[Piece] = []
    done = 0
    for start, stop in _windows(text, spans, length):
        if start > done:
            parts.append(ELLIPSIS)
        parts += _cut(text, start, stop, spans)
        done = stop
    if done < len(text):
        parts.append(ELLIPSIS)
    return _joined(parts)


def _windows(text: str, spans: Sequence[Match], length: int) -> list[tuple[int, int]]:
    """Choose the parts of a text that are shown: all of a short one, else the characters around the first matches."""
    if len(text) <= length:
        return [(0, len(text))]
    if not spans:
        return [(0, length)]
    around = min(AROUND, length)
    kept: list[tuple[int, int]] = []
    for start, stop, _ in spans:
        stop = min(stop, start + length)  # noqa: PLW2901 - a match may be as long as its text
        room = length - sum(b - a for a, b in kept)
        if kept and start <= kept[-1][1] and room > 0:
            kept[-1] = kept[-1][0], max(kept[-1][1], min(stop + around // 2, kept[-1][1] + room, len(text)))
        elif room > stop - start:
            side = min(around, (room - (stop - start)))
            kept.append((max(start - side, kept[-1][1] if kept else 0), min(stop + side, len(text))))
    return kept


def _cut(text: str, start: int, stop: int, spans: Sequence[Match]) -> Iterator[Piece]:
    """Cut one part of a text wherever a match begins or ends."""
    inside = [(max(a, start), min(b, stop), lf) for a, b, lf in spans if a < stop and b > start]
    edges = sorted({start, stop, *(edge for a, b, _ in inside for edge in (a, b))})
    for a, b in pairwise(edges):
        lfs = sorted({lf for low, high, lf in inside if low <= a and b <= high})
        yield [visible(text[a:b]), *lfs] if lfs else visible(text[a:b])


def _joined(parts: list[Piece]) -> list[Piece]:
    """Put plain texts that stand side by side together."""
    joined: list[Piece] = []
    for piece in parts:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


@dataclass(frozen=True)
class LabeledRow:
    """One example as it was labeled.

    Attributes
    ----------
    id : object
    values : tuple
        The value of each column that is shown; empty where the corpus is not at hand.
    votes : list of (int, int)
        The rules that voted with their votes; -2 for a fault.
    label : int
        -1 where there is none.
    top : float
        The probability of the most probable class.
    gold : int
        -1 where unknown.
    """

    id: Any
    values: tuple[Any, ...]
    votes: list[tuple[int, int]]
    label: int
    top: float
    gold: int = -1


@dataclass
class ExampleTable:
    """Examples for the JSON of a page, each once, up to a number of bytes.

    Parameters
    ----------
    columns : sequence of str
    finders : dict from int to MatchFinder
    """

    columns: Sequence[str]
    finders: Mapping[int, MatchFinder]
    rows: list[list[Any]] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)
    n_bytes: int = 0

    def fill(self, positions: Iterable[int], row_of: Callable[[int], LabeledRow]) -> None:
        """Add examples up to the limit of bytes."""
        for position in positions:
            row = self._plain(row_of(position))
            size = len(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace"))
            if self.n_bytes + size > MOST_BYTES:
                return
            self.n_bytes += size
            self.places[position] = len(self.rows)
            self.rows.append(row)

    def listed(self, positions: Iterable[int]) -> list[int]:
        """Look up the places of those examples of a list that were added."""
        return [self.places[int(position)] for position in positions if int(position) in self.places]

    def _plain(self, row: LabeledRow) -> list[Any]:
        texts = [value for value in row.values if isinstance(value, str)]
        length = max(ROW_LENGTH // max(len(texts), 1), LEAST_LENGTH)
        values = dict(zip(self.columns, row.values, strict=False))
        marks: dict[str, list[Match]] = {name: [] for name in values}
        for j, vote in row.votes:
            for column, start, stop in self.finders[j].matches(values, vote) if j in self.finders else ():
                marks[column].append((start, stop, j))
        cells = [_cell(value, marks[name], length) for name, value in values.items()]
        votes = [number for pair in row.votes for number in pair]
        identity = row.id if isinstance(row.id, int) else visible(str(row.id)[:80])
        return [identity, cells, votes, row.label, round(row.top, 3), row.gold]


def _cell(value: Any, matches: Iterable[Match], length: int) -> Any:
    """Return what is shown of one value."""
    if value is None:
        return None
    if not isinstance(value, str):
        return visible(str(value)[:LEAST_LENGTH])
    cut = pieces(value, matches, length)
    return cut[0] if len(cut) == 1 and isinstance(cut[0], str) else cut
