"""The place that a message names leads to the row: the line in an editor, or the row in Excel."""

from __future__ import annotations

import csv
import gzip
import json
import re

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import labelkit as lk
from labelkit.corpus.sources import csv_text, json_lines
from labelkit.exceptions import CorpusError, LabelkitError

RULE = lk.regex("never", label=1, column="text").rule(name="rule")
TEXTS = st.sampled_from(["plain", "two\nlines", "a\n\nb", "a, b", 'says "no"', "über\n"])


def write_csv(path, rows, blank, **options):
    """Write rows, with blank lines before some."""
    with path.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n", **options)
        writer.writerow(["id", "text"])
        for i, row in enumerate(rows):
            opened.write("\n" * (i in blank))
            writer.writerow(row)


def write_tsv(path, rows, blank):
    write_csv(path, rows, blank, delimiter="\t")


def write_jsonl(path, rows, blank):
    lines = [
        "\n" * (i in blank) + json.dumps(dict(zip(("id", "text"), row, strict=True))) for i, row in enumerate(rows)
    ]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def write_json(path, rows, blank):
    values = [dict(zip(("id", "text"), row, strict=True)) for row in rows]
    path.write_text(json.dumps(values, indent=1 + len(blank)), "utf-8")


def write_excel(path, rows, blank):
    sheet = (book := openpyxl.Workbook()).active
    sheet.append(["id", "text"])
    for i, row in enumerate(rows):
        if i in blank:
            sheet._current_row += 1
        sheet.append(row)
    book.save(path)


WRITERS = {".csv": write_csv, ".tsv": write_tsv, ".jsonl": write_jsonl, ".json": write_json, ".xlsx": write_excel}


def row_at(path, place):
    """Return what a person finds at a place."""
    if path.suffix == ".xlsx":
        number = re.fullmatch(r"row (\d+) of the sheet", place)[1]
        return str(openpyxl.load_workbook(path).active.cell(int(number), 1).value)
    lines = path.read_text("utf-8").split("\n")[int(re.fullmatch(r"line (\d+)", place)[1]) - 1 :]
    return (
        "\n".join(lines[:2]) if path.suffix == ".json" else lines[0]
    )  # of an object, a line with a brace stands first


@pytest.mark.parametrize("suffix", WRITERS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    texts=st.lists(TEXTS, min_size=2, max_size=9),
    blank=st.sets(st.integers(0, 8)),
    data=st.data(),
    block=st.sampled_from([64, 2**20]),
)
def test_the_place_of_an_id_leads_to_its_row(tmp_path, suffix, texts, blank, data, block):
    path = tmp_path / f"c{suffix}"
    second = data.draw(st.integers(1, len(texts) - 1))
    first = data.draw(st.integers(0, second - 1))
    ids = [f"k{i}" for i in range(len(texts))]
    ids[first] = ids[second] = "twice"
    WRITERS[suffix](path, list(zip(ids, texts, strict=True)), blank)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(csv_text, "BLOCK_BYTES", block)
        patched.setattr(json_lines, "BLOCK_BYTES", block)
        with pytest.raises(CorpusError, match="stands twice") as caught:
            lk.Applier([RULE], labels=["NO", "YES"]).apply(lk.open_corpus(path, id="id"))
        place = re.search(r"second time on (.*)$", caught.value.message)[1]
        assert "twice" in row_at(path, place)
        before = row_at(path, lk.open_corpus(path).place_of(first).row)
        assert "twice" in before
        ids[second] = "" if suffix in {".csv", ".tsv"} else None
        WRITERS[suffix](path, list(zip(ids, texts, strict=True)), blank)
        with pytest.raises(CorpusError, match="is null") as caught:
            lk.Applier([RULE], labels=["NO", "YES"]).apply(lk.open_corpus(path, id="id"))
        assert caught.value.message.startswith(f"{path}, {place}: the id")


def test_bad_rows_and_blank_ones_of_one_file_are_named_alike(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text('id,text\n\n1,"a\nb"\n2,b,c\n', "utf-8")
    with pytest.raises(CorpusError, match=r"c\.csv, line 5: 3 fields, not 2"):
        lk.Applier([RULE], labels=["NO", "YES"]).apply(lk.open_corpus(path, id="id"))
    path.write_text('id,text\n\n1,"a\nb"\n,b\n', "utf-8")
    with pytest.raises(CorpusError, match=r"c\.csv, line 5: the id \(column 'id'\) is null \[LK206\]"):
        lk.Applier([RULE], labels=["NO", "YES"]).apply(lk.open_corpus(path, id="id"))


def test_rows_that_are_left_out_do_not_move_the_place(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("id,text\n1,a\n2\n2,b\n3\n\n2,c\n", "utf-8")
    with pytest.raises(CorpusError, match=r"the second time on line 7 \[LK205\]"):
        lk.Applier([RULE], labels=["NO", "YES"]).apply(lk.open_corpus(path, id="id", on_bad_row="reject"))
    (tmp_path / "b.csv").write_text("id,text\n7,a\n8\n", "utf-8")
    corpus = lk.open_corpus([tmp_path / "b.csv", path], id="id", on_bad_row="reject")
    with pytest.raises(CorpusError, match=rf"the second time on line 7 of {re.escape(str(path))} \[LK205\]"):
        lk.Applier([RULE], labels=["NO", "YES"]).apply(corpus)


def test_of_several_files_the_one_is_named(tmp_path):
    (tmp_path / "a.csv").write_text('id,text\n1,"a\nb"\n2,b\n', "utf-8")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"id,text\n3,a\n1,b\n"))
    with pytest.raises(CorpusError, match=r"the second time on line 3 of .*b\.csv\.gz \[LK205\]"):
        lk.Applier([RULE], labels=["NO", "YES"]).apply(
            lk.open_corpus([tmp_path / "a.csv", tmp_path / "b.csv.gz"], id="id")
        )
    renamed = lk.open_corpus([tmp_path / "a.csv", tmp_path / "b.csv.gz"], id="key", rename={"key": "id"})
    with pytest.raises(CorpusError, match=r"the second time on line 3 of .*b\.csv\.gz \[LK205\]"):
        lk.Applier([RULE], labels=["NO", "YES"]).apply(renamed)
    assert lk.open_corpus(tmp_path / "a.csv").place_of(1).row == "line 4"


def test_a_frame_has_positions(tmp_path):
    assert str(lk.open_corpus({"a": [1, 2]}).place_of(1)).endswith(", row 1")
    gold = tmp_path / "gold.csv"
    gold.write_text('id,label\n"1\n",1\n,1\n', "utf-8")
    with pytest.raises(LabelkitError, match=r"gold\.csv, line 4: the id is null"):
        lk.read_gold(gold)
