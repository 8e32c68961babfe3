"""The delimiter of CSV is found where headers and texts hold the other ones, too."""

import csv
import io
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

import labelkit as lk
from labelkit.corpus.sources.delimiter import OTHER_DELIMITERS, found_delimiter
from labelkit.exceptions import CorpusError

HEADERS = (
    ["Ticket No.", "Name, Meldung", "Typ"],
    ["No", "Preis (€, netto)", "Meldung", "Typ"],
    ["Name, Vorname", "Meldung"],
    ["", "Name, Vorname", "Meldung"],
    ["id", "text"],
    ["id", "a | b", "c; d"],
)


def written(rows, delimiter, quoting=csv.QUOTE_MINIMAL):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=quoting).writerows(rows)
    return text.getvalue().encode()


@pytest.mark.parametrize(("header", "sign", "usual"), [*product(HEADERS, OTHER_DELIMITERS, ",\t")])
def test_a_table_is_read_with_its_delimiter(header, sign, usual):
    cells = ("plain", "so, so", "see; this | that", "3,50")
    for cell, n_rows, quoting in product(cells, (0, 1, 2, 30), (csv.QUOTE_MINIMAL, csv.QUOTE_ALL)):
        rows = [header, *([*(f"x{row}" for _ in header[1:]), cell] for row in range(n_rows))]
        found = found_delimiter(written(rows, sign, quoting), usual)
        assert found.sign == sign or (not n_rows and sign in found.others), (cell, n_rows, quoting)


@given(
    st.sampled_from(OTHER_DELIMITERS),
    st.lists(st.lists(st.text("ab ,;|'\"", min_size=1), min_size=3, max_size=3), min_size=0, max_size=8),
)
@settings(deadline=None)
def test_a_plain_header_decides(sign, rows):
    assert found_delimiter(written([["id", "text", "label"], *rows], sign), sign).sign == sign


def test_one_column_stays_one_column():
    assert found_delimiter(b"text\nso, so\nwell; yes\n", ",").sign == ","
    assert found_delimiter(b'"text, all of it"\n"so, so"\n', ",").sign == ","


def test_rows_that_cannot_be_read_do_not_hide_the_delimiter():
    rows = [b"No;Name, Meldung;Typ", *[b"1;a;x"] * 30, b"2;b;c;d", b""]
    assert found_delimiter(b"\n".join(rows), ",").sign == ";"


def test_of_two_that_fit_the_usual_one_is_taken_and_said(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    path = Path("a.csv")
    path.write_text("Preis,netto;Meldung\n3,50;gut\n")
    with caplog.at_level("INFO", logger="labelkit"):
        corpus = lk.open_corpus(path)
    assert corpus.column_names == ("Preis", "netto;Meldung")
    message = "a.csv is read with the delimiter ','; ';' would split it as well"
    assert [record.getMessage() for record in caplog.records] == [message]
    with pytest.raises(CorpusError, match=r"\(columns: 'Preis', 'netto;Meldung'\).*\n.*delimiter=\";\" reads a column"):
        corpus.column_type("Meldung")
    assert lk.open_corpus(path, delimiter=";").column_names == ("Preis,netto", "Meldung")


@pytest.mark.parametrize("n_empty", [1, 3])
@pytest.mark.parametrize("sign", [";", "\t", "|"])
def test_empty_columns_at_the_end_do_not_hide_the_delimiter(tmp_path, sign, n_empty):
    end = sign * n_empty + "\r\n"
    lines = [f"id{sign}text{sign}price{end}", f'1{sign}"so, so{sign} well"{sign}12,90{end}', f"2{sign}fine{sign}{end}"]
    (tmp_path / "sheet.csv").write_text("".join(lines), newline="")
    well = lk.keywords("well", label=0).rule(name="well")
    matrix = lk.Applier([well], labels=["A", "B"]).apply(tmp_path / "sheet.csv", id="id")
    assert matrix.votes.tolist() == [[0], [-1]]
    assert matrix.ids.tolist() == ["1", "2"]


def test_delimiters_behind_the_names_make_no_table():
    assert found_delimiter(b"text;\nso, so;\nwell, yes;\n", ",").sign == ","
    assert found_delimiter(b"a,b,,\n1;2,3,,\n4;5,6,,\n", ",").sign == ","
