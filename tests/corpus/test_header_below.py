"""Titles and blank rows above the header of a table: skipped where that is plain, told with a hint that works."""

from __future__ import annotations

import json
import pickle
import re
import shlex
from pathlib import Path

import openpyxl
import pytest

import labelkit as lk
from labelkit.cli import main
from labelkit.exceptions import CorpusError

ROWS = [["id", "text", "gold"], ["1", "free money", "SPAM"], ["2", "hi\nthere", "HAM"]]
RULES = """
from enum import IntEnum
import labelkit as lk
class Label(IntEnum):
    HAM = 0
    SPAM = 1
free = lk.keywords(["free"], label=Label.SPAM, column="text").rule(name="free")
hi = lk.keywords(["hi"], label=Label.HAM, column="text").rule(name="hi")
"""
BODY = 'id,text,gold\n1,free money,SPAM\n2,"hi\nthere",HAM\n'
TITLES = {
    "title": ("Report of October\n", 1),
    "fields": ("Report of October,,\r\n,,\r\n", 2),
    "blank": ("Report, of October\n\n\n", 3),
    "semicolons": ("Report; of; October;\n", 1),
}


def texts(path, **options):
    corpus = lk.open_corpus(path, id="id", **options)
    return [row for batch in corpus.batches(["text", "gold"], 10) for row in batch.table.to_pylist()]


def workbook(path, *above):
    book = openpyxl.Workbook()
    for row in (*above, *ROWS):
        book.active.append(row)
    book.save(path)
    return book


def status_of(command):
    with pytest.raises(SystemExit) as ended:
        main(command)
    return ended.value.code or 0


EXPECTED = [{"text": "free money", "gold": "SPAM"}, {"text": "hi\nthere", "gold": "HAM"}]


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_the_hint_of_a_title_reads_the_table(tmp_path, title, bom):
    above, n_lines = TITLES[title]
    path = tmp_path / "c.csv"
    path.write_bytes((bom + above + BODY).encode())
    with pytest.raises(CorpusError) as caught:
        lk.open_corpus(path, id="id")
    skip = int(re.search(r"skip_rows=(\d+) leaves those out$", caught.value.hint)[1])
    assert skip == n_lines
    assert texts(path, skip_rows=skip) == EXPECTED
    corpus = pickle.loads(pickle.dumps(lk.open_corpus(path, id="id", skip_rows=skip)))
    assert corpus.column_names == ("id", "text", "gold")
    assert corpus.fingerprint() != lk.open_corpus(path).fingerprint()
    assert corpus.place_of(1).row == f"line {n_lines + 3}"


@pytest.mark.parametrize("above", ["\n\n", ",,\n", '"",,\n\n,\n'])
def test_blank_rows_above_the_header_are_none(tmp_path, above):
    path = tmp_path / "c.csv"
    path.write_text(above + BODY, "utf-8")
    assert texts(path) == EXPECTED


def test_so_are_those_of_a_sheet_and_a_title_over_several_columns(tmp_path):
    path = tmp_path / "c.xlsx"
    workbook(path, [], [])
    assert texts(path) == [{**row, "gold": row["gold"]} for row in EXPECTED]
    book = workbook(path, ["Report of October"], [])
    with pytest.raises(CorpusError, match=r"\('id', 'text', 'gold'\) stand below other rows: skip_rows=2 leaves"):
        lk.open_corpus(path, id="id")
    assert texts(path, skip_rows=2) == EXPECTED
    book.active.merge_cells("A1:C1")
    book.save(path)
    assert texts(path) == EXPECTED
    book.active["D1"] = "2026"
    book.save(path)
    with pytest.raises(CorpusError, match=r"merged over several columns.*\n.*skip_rows=1 leaves out a title"):
        texts(path)
    assert texts(path, skip_rows=1) == EXPECTED


@pytest.mark.parametrize("given", ["c.csv", "c.xlsx"])
def test_commands_and_gold_take_such_files(tmp_path, monkeypatch, capsys, given):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.py").write_text(RULES, "utf-8")
    (tmp_path / "c.csv").write_text("Report of October\n\n" + BODY, "utf-8")
    workbook(tmp_path / "c.xlsx", ["Report of October"], [])
    call = ["run", "rules.py", given, "--out", "r"]
    assert status_of(call) == 1
    hint = re.search(r"--skip-rows \d+", capsys.readouterr().err)[0]
    assert status_of([*call, *shlex.split(hint), "--id", "id", "--gold", "c.csv"]) == 0  # whose header is found
    assert status_of([*call, *shlex.split(hint), "--id", "id", "--gold", "c.xlsx", "--force"]) == 0
    assert status_of([*call, *shlex.split(hint), "--id", "id", "--gold", "c.xlsx", "--update"]) == 0
    assert json.loads(Path("r/manifest.json").read_text("utf-8"))["corpus"]["reading"] == {"skip_rows": 2}
    assert len(lk.read_gold("c.csv")) == len(lk.read_gold("c.xlsx")) == 2
    (tmp_path / "labelkit.toml").write_text(
        f'rules = "rules.py"\ncorpus = "{given}"\nskip-rows = 2\nid = "id"\n', "utf-8"
    )
    assert status_of(["check"]) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"skip_rows": -1}, "skip_rows=-1 is not a number of rows"),
        ({"skip_rows": "2"}, "skip_rows='2' is not a number of rows"),
        ({"skip_rows": 99}, "skip_rows=99 leaves no header"),
        ({"skip_rows": 4}, "skip_rows=4 leaves no header"),
    ],
)
def test_other_numbers_are_refused(tmp_path, options, message):
    path = tmp_path / "c.csv"
    path.write_text(BODY, "utf-8")
    with pytest.raises(CorpusError, match=message):
        lk.open_corpus(path, **options)
    (tmp_path / "c.jsonl").write_text('{"text": "a"}\n', "utf-8")
    with pytest.raises(
        CorpusError, match=r"(?s)skip_rows=1 does not fit .*Hint: skip_rows is an option of csv and excel"
    ):
        lk.open_corpus(tmp_path / "c.jsonl", skip_rows=1)


def test_a_row_of_data_that_holds_the_name_is_no_header(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("id,comment,kind\n1,hi,text\n2,free,gold\n", "utf-8")
    with pytest.raises(CorpusError, match="column 'text' is not in the corpus") as caught:
        lk.open_corpus(path, id="text")
    assert "skip_rows" not in (caught.value.hint or "")


def test_of_several_files_the_first_is_looked_at(tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("Report\n" + BODY, "utf-8")
    with pytest.raises(CorpusError, match=r"stand below other rows: skip_rows=1 leaves"):
        lk.open_corpus(tmp_path, id="id")
    assert len(texts(tmp_path, skip_rows=1)) == 4
