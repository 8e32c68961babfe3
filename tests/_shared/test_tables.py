"""Results are laid out once, and rendered for a terminal and for a notebook."""

import re

import pytest
from hypothesis import given, strategies as st

from labelkit._shared.markup import Chip, Code, cells_of
from labelkit._shared.tables import ResultPage, ResultTable, padded
from tests._shared.test_markup import TEXTS

ROWS = st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(TEXTS, min_size=n, max_size=n), min_size=1, max_size=5))


@given(ROWS, st.text("<>", min_size=1, max_size=4))
def test_columns_begin_in_the_same_cell_of_every_line_whatever_the_script(rows, align):
    table = ResultTable(rows, align=align, cell_width=20)
    n = len(rows[0])
    marked = ResultTable([[cell for value in row for cell in (value, "|")] for row in rows], cell_width=20)
    places = {tuple(cells_of(line[: m.start()]) for m in re.finditer(r"(?<= )\|", line)) for line in marked.lines()}
    assert len(table.lines()) == len(rows)
    assert all(len(place) >= n for place in places)
    if not any("|" in value for row in rows for value in row):
        assert len(places) == 1


@pytest.mark.parametrize(("align", "line"), [("<", "日本  x"), (">", "日本  x"), ("<>", "日本  x")])
def test_a_wide_character_takes_two_cells(align, line):
    assert ResultTable([["日本", "x"], ["abcd", "y"]], align=align).lines() == [line, "abcd  y"]


def test_a_cell_is_as_wide_as_its_column_allows():
    (line,) = ResultTable([["x" * 100, "y"]], cell_width=10).lines()
    assert line == f"{'x' * 8}…  y"
    assert padded("e\u0301", 3, ">") == "  e\u0301"


def test_tables_without_rows_are_left_out():
    page = ResultPage(["none"], [ResultTable([], ["a", "b"])], ["note"])
    assert page.to_text() == "none\nnote"
    assert "<table" not in page.to_html()


def test_classes_are_chips_and_source_text_keeps_its_lines_in_a_notebook():
    page = ResultPage(tables=[ResultTable([["a", Chip("<b>", 9), Chip("none", -1), Code("x\n  y")]], align="<<>")])
    assert page.to_text() == "a  <b>  none  x↵  y"
    source = page.to_html()
    assert '<span class="lk-chip lk-c1">&lt;b&gt;</span>' in source
    assert '<td class="lk-r"><span class="lk-chip lk-none">none</span>' in source
    assert "<pre>x\n  y</pre>" in source


def test_what_is_below_a_table_stands_in_both():
    page = ResultPage(["lead"], [ResultTable([["1"]], title="title", more="... and 2 more")], ["note"])
    assert page.to_text().splitlines() == ["lead", "", "title", "1", "... and 2 more", "note"]
    for text in ("lead", "title", "... and 2 more", "note"):
        assert f"<p>{text}</p>" in page.to_html()


def test_a_megabyte_in_a_cell_is_cut():
    page = ResultPage(tables=[ResultTable([["x" * 10**6]])])
    assert len(page.to_text()) < 1_000
    assert len(page.to_html()) < 3_000
