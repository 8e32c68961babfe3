r"""How texts of a corpus and votes are shown: in HTML, where nothing of a text is run, and in a terminal.

A text may hold anything: a script, escape sequences that repaint a terminal, marks that turn the direction of what
follows, a line of a megabyte. Here it becomes harmless and stays readable. Control characters are shown as their
pictures (``␛``), marks that embed, override or hide as ``<U+202E>``; what is written from right to left is kept apart
from what stands beside it. A class is told by its name and by a colour that the colour-blind can tell, too.

>>> escape("<b>\x1b[31m")
'&lt;b&gt;␛[31m'
>>> marked("please subscribe", [(7, 16)])
'please <mark>subscribe</mark>'
>>> plain("all of you, please subscribe to my channel", 24, (19, 28))
'…lease »subscribe« to m…'
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

Span: TypeAlias = tuple[int, int]
"""Where a match starts, and where it has ended, in characters."""

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

ELLIPSIS: Final = "…"
"""Stands where a text was cut."""

DASH: Final = "–"
"""What an abstain looks like."""

FAILED: Final = "(failed)"
"""What is shown for a rule that failed on an example."""

_REACH: Final = 4
"""Characters that are looked at on each side of a match, for each cell of the width: accents take no cell."""

_HIDDEN: Final = (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200B, 0x2028, 0x2029, 0x2060, 0xFEFF)
"""Marks that embed, override or isolate a direction, and spaces and line ends that cannot be seen."""

_VISIBLE: Final = {
    **{code: chr(0x2400 + code) for code in range(0x20)},
    0x7F: "␡",
    **{code: f"<U+{code:04X}>" for code in (*range(0x80, 0xA0), *_HIDDEN)},
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
}
"""What is shown in the place of a character that would act instead of being seen."""

_IN_HTML: Final = {code: shown for code, shown in _VISIBLE.items() if chr(code) not in "\n\t"}
_IN_LINE: Final = {**_VISIBLE, ord("\n"): "↵"}


def escape(text: str) -> str:
    """Make a text harmless inside HTML, in an element and in a quoted attribute; line ends and tabs stay.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> escape('"Tom" & <script>')
    '&quot;Tom&quot; &amp; &lt;script&gt;'
    """
    return html.escape(visible(text))


def visible(text: str) -> str:
    r"""A text in which what would act is seen instead, for where it is put in place as text, not as HTML.

    >>> visible("<b>\x1b[31m")
    '<b>␛[31m'
    """
    return text if text.isascii() and text.isprintable() else text.translate(_IN_HTML)


def chip(label_name: str, class_index: int) -> str:
    """A class as a coloured chip that bears its name; an abstain (-1) and a fault (-2) have no colour.

    Parameters
    ----------
    label_name : str
    class_index : int
        The class, which chooses the colour.

    Returns
    -------
    str
        HTML that :data:`STYLE` dresses.

    Examples
    --------
    >>> chip("SPAM", 1)
    '<span class="lk-chip lk-c1">SPAM</span>'
    """
    kind = f"c{class_index % len(CLASS_COLOURS)}" if class_index >= 0 else "none"
    return f'<span class="lk-chip lk-{kind}">{escape(label_name)}</span>'


def marked(text: str, spans: Iterable[Span] = ()) -> str:
    """A text for HTML with its matches in ``<mark>``; spans may overlap, and are cut to the text.

    >>> marked("a<b and c", [(0, 3), (2, 3), (8, 9)])
    '<mark>a&lt;b</mark> and <mark>c</mark>'
    """
    parts, done = [], 0
    for start, stop in _merged(spans, len(text)):
        parts += [escape(text[done:start]), "<mark>", escape(text[start:stop]), "</mark>"]
        done = stop
    return "".join([*parts, escape(text[done:])])


def _merged(spans: Iterable[Span], length: int) -> list[Span]:
    """Spans without overlaps, in order, within a text; those of nothing are left out."""
    found: list[Span] = []
    for start, stop in sorted((max(start, 0), min(stop, length)) for start, stop in spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], stop))
        elif start < stop:
            found.append((start, stop))
    return found


def excerpt(text: str, spans: Sequence[Span], length: int) -> tuple[str, list[Span]]:
    """The part of a long text around its first match, and where the matches are in it.

    Parameters
    ----------
    text : str
    spans : sequence of (start, stop)
        The first one says which part is kept.
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


def plain(text: str, width: int, span: Span | None = None) -> str:
    """A text as one harmless line of a terminal, cut to the part around a match, which stands between ``»`` and ``«``.

    Parameters
    ----------
    text : str
        Only the characters near the match are looked at, however long it is.
    width : int
        Cells of the terminal; wide characters take two.
    span : (start, stop), optional
        The match; the beginning of the text is shown without one.

    Returns
    -------
    str
        At most ``width`` cells.
    """
    start, stop = (0, 0) if span is None else span
    low, high = max(0, start - _REACH * width), min(len(text), start + _REACH * width)
    pieces = [char.translate(_IN_LINE) for char in text[low:high]]
    if start < stop and start < high:
        pieces[start - low] = f"»{pieces[start - low]}"
        pieces[min(stop, high) - 1 - low] += "«"
    cells = [cells_of(piece) for piece in pieces]
    if high - low == len(text) and sum(cells) <= width:
        return _isolated("".join(pieces))
    first, last = _grown(cells, start - low, min(stop, high) - low, width - 2)
    before = ELLIPSIS if low + first else ""
    after = ELLIPSIS if low + last < len(text) else ""
    return _isolated(before + "".join(pieces[first:last]) + after)


def _grown(cells: Sequence[int], start: int, stop: int, room: int) -> tuple[int, int]:
    """The widest run of characters around a match that has room: the match first, then to both sides in turn."""
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
    """A line that does not turn the direction of what stands beside it."""
    if line.isascii() or not any(unicodedata.bidirectional(char) in {"R", "AL", "AN"} for char in line):
        return line
    return f"\u2068{line}\u2069"


def cells_of(text: str) -> int:
    """The cells that a text takes in a terminal: two for a wide character, none for an accent or a mark.

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
    """Black or white: what is read best on a colour."""
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
"""What chips and marks look like inside an element of class ``lk``; the same in light and dark."""
