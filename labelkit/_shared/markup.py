r"""Make texts of a corpus harmless for HTML and for a terminal, and keep them readable.

A text may hold anything: a script, escape sequences that repaint a terminal, marks that turn the direction of what
follows, a line of a megabyte. Control characters are replaced by their pictures (``␛``), and marks that embed, override
or hide by ``<U+202E>``; a line that is written from right to left is isolated from its neighbours. HTML is escaped by
the templates (:mod:`labelkit._shared.templates`). A class is shown by its name on a colour that the colour-blind can
tell from the others.

>>> visible("<b>\x1b[31m")
'<b>␛[31m'
>>> plain("all of you, please subscribe to my channel", 24, (19, 28))
'…lease »subscribe« to m…'
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

Span: TypeAlias = tuple[int, int]
"""Start and end of a match, in characters."""

CLASS_COLOURS: Final = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#F0E442",
    "#999999",
)
"""The colours of classes 0, 1, ...; from the ninth on they come again. The colour-blind can tell them apart.

References
----------
Okabe, Ito (2008), Color universal design: how to make figures and presentations that are friendly to colorblind people.
https://jfly.uni-koeln.de/color/
"""

MARKS: Final = ("»", "«")
"""Stand before and after a match."""

COLOURED_MARKS: Final = ("\x01»", "«\x02")
"""The same, for who colours what stands between them: no text that was made harmless holds these two characters."""

ELLIPSIS: Final = "…"
"""Marks the place of a cut."""

FAILED: Final = "(failed)"
"""Shown instead of the vote of a rule that failed on an example."""

_REACH: Final = 4
"""Characters read on each side of a match for each cell of the width; more than one, since accents take no cell."""

_HIDDEN: Final = (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200B, 0x2028, 0x2029, 0x2060, 0xFEFF)
"""Marks that embed, override or isolate a direction, and spaces and line ends that cannot be seen."""

_VISIBLE: Final = {
    **{code: chr(0x2400 + code) for code in range(0x20)},
    0x7F: "␡",
    **{code: f"<U+{code:04X}>" for code in (*range(0x80, 0xA0), *_HIDDEN)},
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
}
"""Replacements of the characters that would act instead of being seen."""

_IN_HTML: Final = {code: shown for code, shown in _VISIBLE.items() if chr(code) not in "\n\t"}
_ESCAPED: Final = {code: f"\\u{code:04x}" for code in _IN_HTML}
_IN_LINE: Final = {**_VISIBLE, ord("\n"): "↵"}


@dataclass(frozen=True)
class Chip:
    """A class, shown in HTML as a coloured chip that bears its name, and in a terminal as its name.

    Attributes
    ----------
    name : str
    index : int
        The class, which chooses the colour; negative for an abstain or a fault, which have none.
    """

    name: str
    index: int

    def __str__(self) -> str:
        return self.name


class Code(str):
    """Source text, shown in HTML with its line ends."""

    __slots__ = ()


def visible(text: str) -> str:
    r"""Replace the characters that would act instead of being seen; line ends and tabs stay.

    The result is still to be escaped where it becomes part of HTML.

    >>> visible("<b>\x1b[31m")
    '<b>␛[31m'
    """
    return text if text.isascii() and text.isprintable() else text.translate(_IN_HTML)


def escaped(text: str) -> str:
    r"""Replace the characters that would act by escapes that JSON reads as these characters; line ends and tabs stay.

    >>> print(escaped("\x1b[31m \u202e"))
    \u001b[31m \u202e
    """
    return text if text.isascii() and text.isprintable() else text.translate(_ESCAPED)


def pieces(text: str, spans: Iterable[Span] = ()) -> Iterator[tuple[str, bool]]:
    """Cut a text at its matches; spans may overlap, and are cut to the text.

    Yields
    ------
    str, bool
        A piece of the text, and whether it is a match.

    Examples
    --------
    >>> list(pieces("a<b and c", [(0, 3), (2, 3), (8, 9)]))
    [('a<b', True), (' and ', False), ('c', True)]
    """
    done = 0
    for start, stop in _merged(spans, len(text)):
        if start > done:
            yield text[done:start], False
        yield text[start:stop], True
        done = stop
    if done < len(text):
        yield text[done:], False


def _merged(spans: Iterable[Span], length: int) -> list[Span]:
    """Sort spans, join those that overlap, and cut them to a text; empty ones are left out."""
    merged: list[Span] = []
    for start, stop in sorted((max(start, 0), min(stop, length)) for start, stop in spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], stop))
        elif start < stop:
            merged.append((start, stop))
    return merged


def excerpt(text: str, spans: Sequence[Span], length: int) -> tuple[str, list[Span]]:
    """Cut a long text to the part around its first match, and shift the matches accordingly.

    Parameters
    ----------
    text : str
    spans : sequence of (start, stop)
        The part around the first one is kept.
    length : int
        Characters to keep.

    Returns
    -------
    str
        With an ellipsis where something was cut off; the text itself if it is short enough.
    list of (start, stop)

    Examples
    --------
    >>> excerpt("a long way to the word and on", [(18, 22)], 10)
    ('…he word an…', [(4, 8)])
    """
    if len(text) <= length:
        return text, list(spans)
    first, stop = spans[0] if spans else (0, 0)
    low = max(0, min(first - max(length - (stop - first), 0) // 2, len(text) - length))
    high = low + length
    before = ELLIPSIS if low else ""
    shift = len(before) - low
    kept = [(max(a, low) + shift, min(b, high) + shift) for a, b in spans if a < high and b > low]
    return before + text[low:high] + (ELLIPSIS if high < len(text) else ""), kept


def plain(text: str, width: int, span: Span | None = None, marks: tuple[str, str] = MARKS) -> str:
    """Show a text as one harmless line of a terminal, cut to the part around a match, put between ``»`` and ``«``.

    Parameters
    ----------
    text : str
        Only the characters near the match are read, however long it is.
    width : int
        Cells of the terminal; wide characters take two.
    span : (start, stop), optional
        The match; the beginning of the text is shown without one.
    marks : (str, str)
        What stands before and after the match.

    Returns
    -------
    str
        At most ``width`` cells.
    """
    start, stop = (0, 0) if span is None else span
    low, high = max(0, start - _REACH * width), min(len(text), start + _REACH * width)
    pieces = [char.translate(_IN_LINE) for char in text[low:high]]
    if start < stop and start < high:
        pieces[start - low] = marks[0] + pieces[start - low]
        pieces[min(stop, high) - 1 - low] += marks[1]
    cells = [cells_of(piece) for piece in pieces]
    if high - low == len(text) and sum(cells) <= width:
        return _isolated("".join(pieces))
    first, last = _grown(cells, start - low, min(stop, high) - low, width - 2)
    before = ELLIPSIS if low + first else ""
    after = ELLIPSIS if low + last < len(text) else ""
    return _isolated(before + "".join(pieces[first:last]) + after)


def _grown(cells: Sequence[int], start: int, stop: int, room: int) -> tuple[int, int]:
    """Find the widest run of characters around a match that fits: the match first, then to both sides in turn."""
    first = last = min(start, len(cells))
    while last < min(stop, len(cells)) and cells[last] <= room:
        room -= cells[last]
        last += 1
    left = right = last >= min(stop, len(cells))
    while left or right:
        left = left and first > 0 and cells[first - 1] <= room
        if left:
            first -= 1
            room -= cells[first]
        right = right and last < len(cells) and cells[last] <= room
        if right:
            room -= cells[last]
            last += 1
    return first, last


def _isolated(line: str) -> str:
    """Isolate a line that is written from right to left, so that it does not turn its neighbours."""
    if line.isascii() or not any(unicodedata.bidirectional(char) in {"R", "AL", "AN"} for char in line):
        return line
    return f"\u2068{line}\u2069"


def cells_of(text: str) -> int:
    """Count the cells that a text takes in a terminal: two for a wide character, none for an accent or a mark.

    >>> cells_of("abc"), cells_of("日本"), cells_of("e\u0301")
    (3, 4, 1)
    """
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(char) or unicodedata.category(char) in {"Cf", "Me", "Mn"}
        else 1 + (unicodedata.east_asian_width(char) in {"F", "W"})
        for char in text
    )


def _ink(colour: str) -> str:
    """Choose black or white text for a background, by the higher contrast (WCAG 2)."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    light = sum(
        share * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
        for share, c in zip((0.2126, 0.7152, 0.0722), (red, green, blue), strict=True)
    )
    return "#fff" if 1.05 / (light + 0.05) > (light + 0.05) / 0.05 else "#000"


STYLE: Final = """
.lk-chip{display:inline-block;padding:0 .5em;border:1px solid transparent;border-radius:.7em;
font-size:.85em;line-height:1.5;white-space:nowrap}
.lk-none{border-color:rgba(128,128,128,.6);color:inherit}
.lk mark{background:rgba(240,228,66,.4);color:inherit;border-bottom:2px solid #D55E00;padding:0}
""" + "".join(f".lk-c{i}{{background:{colour};color:{_ink(colour)}}}\n" for i, colour in enumerate(CLASS_COLOURS))
"""Style sheet of chips and marks inside an element of class ``lk``; the same in light and dark."""
