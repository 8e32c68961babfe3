"""Texts are shown, never run: in HTML and in a terminal, whatever they hold."""

import re
import unicodedata
from html.parser import HTMLParser

from hypothesis import example, given, strategies as st

from labelkit._shared.markup import CLASS_COLOURS, STYLE, Chip, cells_of, excerpt, plain
from labelkit._shared.templates import environment

TEXTS = st.text(st.characters(codec=None), max_size=60)


class Reader(HTMLParser):
    """What a browser makes of markup: the text, and the elements in it."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.text, self.tags = "", []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def template(source):
    """A template with the macros that all templates share."""
    return environment().from_string(f'{{% from "_shared/elements.html.jinja" import chip, marked %}}{source}')


ESCAPED, MARKED, CHIP = template("{{ text }}"), template("{{ marked(text, spans) }}"), template("{{ chip(label) }}")
ESCAPED.render(text="")  # the shared macros are compiled now, not within the first example that Hypothesis times


def escape(text):
    return ESCAPED.render(text=text)


def marked(text, spans=()):
    return MARKED.render(text=text, spans=spans)


def chip(name, index):
    return CHIP.render(label=Chip(name, index))


def read(markup):
    reader = Reader()
    reader.feed(markup)
    reader.close()
    return reader


@given(TEXTS)
@example("<script>alert(1)</script>")
@example("\x1b[2J\x07\u202e\u2066\ud800&amp;'\"")
def test_an_escaped_text_holds_no_element_and_no_character_that_acts(text):
    shown = read(f'<p title="{escape(text)}">{escape(text)}</p>')
    assert [tag for tag, _ in shown.tags] == ["p"]
    assert not [char for char in shown.text if unicodedata.category(char) in {"Cc", "Cs"} and char not in "\n\t"]
    assert not set(shown.text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b")


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_what_is_plain_is_shown_as_it_is(text):
    assert read(f"<p>{escape(text)}</p>").text == text
    assert plain(text, max(len(text), 1)) == text


@given(TEXTS, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=5))
def test_marks_change_nothing_but_add_marks_over_the_spans(text, spans):
    shown = marked(text, spans)
    assert shown.replace("<mark>", "").replace("</mark>", "") == escape(text)
    marks = "".join(re.findall("<mark>(.*?)</mark>", shown, re.DOTALL))
    covered = {i for start, stop in spans for i in range(start, min(stop, len(text)))}
    assert marks == escape("".join(text[i] for i in sorted(covered)))


@given(TEXTS, st.integers(12, 80), st.data())
def test_a_line_fits_its_width_and_shows_its_match(text, width, data):
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, len(text)))
    line = plain(text, width, (start, stop))
    assert cells_of(line) <= width
    assert line.isprintable() or all(
        unicodedata.category(c) in {"Cf", "Zs", "Co", "Cn"} or c.isprintable() for c in line
    )
    if start < stop and not {unicodedata.bidirectional(c) for c in text} & {"R", "AL", "AN"}:
        assert "»" in line


def test_a_text_from_right_to_left_is_kept_apart():
    assert plain("שלום", 20) == "\u2068שלום\u2069"
    assert plain("a\u202eb", 20) == "a<U+202E>b"


def test_wide_characters_take_two_cells():
    assert plain("日本語日本語", 7) == "日本…"
    assert cells_of("日本…") == 5


def test_a_line_of_a_megabyte_is_cheap():
    text = "<b>" * 350_000 + "match" + "é" * 10
    span = (1_050_000, 1_050_005)
    assert plain(text, 40, span).count("»match«") == 1
    part, spans = excerpt(text, [span], 100)
    assert len(part) <= 102
    assert [part[start:stop] for start, stop in spans] == ["match"]


@given(st.text(max_size=80), st.integers(1, 100), st.data())
def test_an_excerpt_keeps_the_first_match(text, length, data):
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, len(text)))
    part, spans = excerpt(text, [(start, stop)], length)
    assert len(part) <= length + 2
    for a, b in spans:
        assert text[start:stop].startswith(part[a:b]) or part[a:b] in text
    if stop - start <= length and len(text) > length and start < stop:
        assert [part[a:b] for a, b in spans] == [text[start:stop]]


def test_a_chip_bears_the_name_and_a_colour_that_is_read():
    assert chip("<i>", 0) == '<span class="lk-chip lk-c0">&lt;i&gt;</span>'
    assert "lk-c1" in chip("many", 1 + len(CLASS_COLOURS))
    assert "lk-none" in chip("no vote", -1)
    for i, colour in enumerate(CLASS_COLOURS):
        ink = re.search(rf"\.lk-c{i}{{background:{colour};color:(#\w+)}}", STYLE).group(1)
        assert contrast(colour, ink) >= 4.5


def contrast(one, other):
    """The contrast of two colours as the accessibility guidelines define it."""

    def light(colour):
        digits = colour[1:] if len(colour) == 7 else "".join(d * 2 for d in colour[1:])
        shares = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)
