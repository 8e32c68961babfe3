"""The table of formats: each way in x each kind of bad input, each way out x what reads it back. No cell is empty.

To add a reader: a line in ``WAYS_IN`` and one in each table of cells; a test fails until they are there.
"""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import io
import json
import lzma
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

import labelkit as lk
from labelkit.corpus import open_corpus
from labelkit.corpus.open_files import FORMATS
from labelkit.exceptions import CorpusChangedError, CorpusError
from labelkit.interop.export import FORMATS as WRITERS

ROWS = [{"id": i, "text": f"row {i}: “naïve”, {'x' * (i % 7)}"} for i in range(40)]


class WayIn(NamedTuple):
    """A reader, by its suffix: its name in the table of readers, and how rows become the bytes of a file."""

    format: str
    write: Callable[[list[dict[str, Any]]], bytes]


def as_csv(rows, delimiter=",", encoding="utf-8"):
    quoted = [["" if v is None else f'"{v}"' for v in row.values()] for row in rows]
    return ("\n".join([delimiter.join(rows[0]), *map(delimiter.join, quoted)]) + "\n").encode(encoding)


def as_jsonl(rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def as_parquet(rows):
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink, compression="zstd")
    return sink.getvalue()


def as_arrow(rows, make=pa.ipc.new_file, **options):
    table, sink = pa.Table.from_pylist(rows), io.BytesIO()
    with make(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=7)
    return sink.getvalue()


def as_excel(rows):
    book, sink = openpyxl.Workbook(), io.BytesIO()
    for row in [list(rows[0]), *(list(row.values()) for row in rows)]:
        book.active.append(row)
    book.save(sink)
    return sink.getvalue()


def packed(data):
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as out:
        out.write(data)
    return sink.getvalue().to_pybytes()


WAYS_IN = {
    ".parquet": WayIn("parquet", as_parquet),
    ".csv": WayIn("csv", as_csv),
    ".tsv": WayIn("csv", lambda rows: as_csv(rows, "\t")),
    ".csv.gz": WayIn("csv", lambda rows: gzip.compress(as_csv(rows))),
    ".csv.zst": WayIn("csv", lambda rows: packed(as_csv(rows))),
    ".jsonl": WayIn("jsonl", as_jsonl),
    ".jsonl.bz2": WayIn("jsonl", lambda rows: bz2.compress(as_jsonl(rows))),
    ".json": WayIn("json", lambda rows: json.dumps(rows, indent=1, ensure_ascii=False).encode()),
    ".json.xz": WayIn("json", lambda rows: lzma.compress(json.dumps(rows).encode())),
    ".txt": WayIn("text", lambda rows: "".join(f"{row['text']}\n" for row in rows).encode()),
    ".arrow": WayIn("arrow", as_arrow),
    ".feather": WayIn("arrow", lambda rows: as_arrow(rows, compression="lz4")),
    ".arrows": WayIn("arrow", lambda rows: as_arrow(rows, pa.ipc.new_stream)),
    ".xlsx": WayIn("excel", as_excel),
}


def read(path, columns=("text",), **options):
    """The rows, and the rejects."""
    corpus = open_corpus(path, **options)
    rows = [row for batch in corpus.batches(list(columns), 16) for row in batch.table.to_pylist()]
    return rows, corpus.rejects


def saved(folder, suffix, rows=ROWS, name="a"):
    path = folder / f"{name}{suffix}"
    path.write_bytes(WAYS_IN[suffix].write(rows))
    return path


TEXTS = [{"text": row["text"]} for row in ROWS]


@pytest.fixture(params=WAYS_IN)
def suffix(request):
    return request.param


def test_every_reader_has_a_row_in_this_table():
    assert {way.format for way in WAYS_IN.values()} == {one.name for one in FORMATS}
    assert {one.name: set(one.suffixes) for one in FORMATS} == {
        "parquet": {".parquet", ".pq"},
        "csv": {".csv", ".tsv", ".tab"},
        "jsonl": {".jsonl", ".ndjson"},
        "json": {".json"},
        "text": {".txt", ".text"},
        "arrow": {".arrow", ".feather", ".arrows", ".ipc"},
        "excel": {".xlsx", ".xlsm"},
    }


@pytest.mark.parametrize(
    "cells", ["TRUNCATED", "RAGGED", "WRONG_ENCODING", "WRONG_TYPES", "SCHEMAS_DIFFER", "GIVEN_ENCODING"]
)
def test_no_cell_is_empty(cells):
    assert set(globals()[cells]) == set(WAYS_IN)


def test_good_files_give_the_rows_in_every_format(tmp_path, suffix):
    path = saved(tmp_path, suffix)
    assert read(path) == (TEXTS, [])
    corpus = open_corpus(path)
    assert corpus.n_rows in {None, len(ROWS)}
    for start in (0, 1, 7, 39, 40, 50):
        batches = corpus.batches(["text"], 9, start=start)
        assert [row for batch in batches for row in batch.table.to_pylist()] == TEXTS[start:]
    if corpus.splittable:
        assert corpus.read(5, 23, ["text"]).to_pylist() == TEXTS[5:23]
    assert corpus.fingerprint() == open_corpus(path).fingerprint() != ""


# Truncated, empty -----------------------------------------------------------------------------------------------------

TRUNCATED = {
    ".parquet": r"cannot be read as Parquet",
    ".csv": r"a quote that opens in this row is never closed",
    ".tsv": r"a quote that opens in this row is never closed",
    ".csv.gz": r"is cut off: its gzip data ends too early",
    ".csv.zst": r"is cut off: its Zstandard data ends too early",
    ".jsonl": r"line 40: not valid JSON",
    ".jsonl.bz2": r"is cut off: its bzip2 data ends too early",
    ".json": r"is cut off: the element on line \d+ and the array have no end",
    ".json.xz": r"is cut off: its xz data ends too early",
    ".txt": None,  # a line that is cut is a line
    ".arrow": r"cannot be read as Arrow IPC",
    ".feather": r"cannot be read as Arrow IPC",
    ".arrows": r"cannot be read as Arrow IPC",
    ".xlsx": r"cannot be read as an Excel workbook",
}
"""Errors of files of which the last bytes are missing."""


def test_truncated_files(tmp_path, suffix):
    path = saved(tmp_path, suffix)
    if TRUNCATED[suffix] is None:
        path.write_bytes(path.read_bytes()[:-3])
        assert read(path)[0] == [*TEXTS[:39], {"text": TEXTS[39]["text"][:-2]}]
        return
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(CorpusError, match=TRUNCATED[suffix]) as caught:
        read(path)
    assert path.name in str(caught.value)
    assert "\nHint: " in str(caught.value)


def test_empty_files(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.touch()
    with pytest.raises(CorpusError, match=r"the file '.*' is empty \[LK\d{3}\]\nHint: check the export"):
        read(path)


# Ragged rows, wrong encodings, wrong types ------------------------------------------------------------------------------

NAMES_EACH = "rows cannot have other columns than the file"

RAGGED: dict[str, tuple[bytes, str] | str] = {
    ".parquet": NAMES_EACH,
    ".csv": (b"id,text\n1,a\n2\n3,c\n", r"line 3: 1 fields, not 2"),
    ".tsv": (b"id\ttext\n1\ta\n2\n3\tc\n", r"line 3: 1 fields, not 2"),
    ".csv.gz": (gzip.compress(b"id,text\n1,a\n2,b,c\n3,c\n"), r"line 3: 3 fields, not 2"),
    ".csv.zst": (packed(b"id,text\n1,a\n2,b,c\n3,c\n"), r"line 3: 3 fields, not 2"),
    ".jsonl": (b'{"text": "a"}\n["b"]\n{"text": "c"}\n', r"line 2: not a JSON object"),
    ".jsonl.bz2": (bz2.compress(b'{"text": "a"}\n7\n{"text": "c"}\n'), r"line 2: not a JSON object"),
    ".json": (b'[\n{"text": "a"},\n"b",\n{"text": "c"}]', r"line 3: not a JSON object"),
    ".json.xz": (lzma.compress(b'[{"text": "a"}, {"text"}, {"text": "c"}]'), r"line 1: not valid JSON"),
    ".txt": "each line is one text",
    ".arrow": NAMES_EACH,
    ".feather": NAMES_EACH,
    ".arrows": NAMES_EACH,
    ".xlsx": "cells that are not there are null, and what stands beside the columns of the header is not read",
}
"""Rows of another shape: errors, and rejects where these are kept; or why there are none."""


def test_ragged_rows(tmp_path, suffix):
    if isinstance(RAGGED[suffix], str):
        return
    content, message = RAGGED[suffix]
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=rf"a{suffix}, {message}"):
        read(path)
    rows, (reject,) = read(path, on_bad_row="reject")
    assert (rows, reject.row) == ([{"text": "a"}, {"text": "c"}], 1)


IS_UNICODE = "the format says that its text is UTF-8"

LATIN = [{"id": 0, "text": "plain"}, {"id": 1, "text": "café"}]

WRONG_ENCODING: dict[str, str] = {
    ".parquet": r"not valid UTF-8",
    ".csv": r"line 3: column 'text' is not valid UTF-8 \[LK\d{3}\]\nHint: it reads well as Windows-1252 .*encoding=\"cp1252\"",
    ".tsv": r"line 3: column 'text' is not valid UTF-8 \[LK\d{3}\]\nHint: .*encoding=\"cp1252\"",
    ".csv.gz": r"line 3: column 'text' is not valid UTF-8 \[LK\d{3}\]\nHint: .*encoding=\"cp1252\"",
    ".csv.zst": r"line 3: column 'text' is not valid UTF-8 \[LK\d{3}\]\nHint: .*encoding=\"cp1252\"",
    ".jsonl": r"line 2: not valid UTF-8 at byte .*\nHint: .*encoding=\"cp1252\"",
    ".jsonl.bz2": r"line 2: not valid UTF-8 at byte .*\nHint: .*encoding=\"cp1252\"",
    ".json": r"line 6: not valid UTF-8 at byte .*\nHint: .*encoding=\"cp1252\"",
    ".json.xz": r"line 6: not valid UTF-8 at byte .*\nHint: .*encoding=\"cp1252\"",
    ".txt": r"line 2: not valid UTF-8 \[LK\d{3}\]\nHint: .*encoding=\"cp1252\"",
    ".arrow": r"not valid UTF-8",
    ".feather": r"not valid UTF-8",
    ".arrows": r"not valid UTF-8",
    ".xlsx": IS_UNICODE,
}
"""Errors of text in Windows-1252; of the last, why there is none."""

COMPRESS = {".gz": gzip.compress, ".zst": packed, ".bz2": bz2.compress, ".xz": lzma.compress}

TEXT_OF = {
    "csv": lambda rows, suffix: as_csv(rows, "\t" if ".tsv" in suffix else ",").decode(),
    "jsonl": lambda rows, _: as_jsonl(rows).decode(),
    "json": lambda rows, _: json.dumps(rows, indent=1, ensure_ascii=False),
    "text": lambda rows, _: "".join(f"{row['text']}\n" for row in rows),
}


def encoded(suffix, rows, encoding):
    """The bytes of a file in an encoding."""
    way = WAYS_IN[suffix]
    if way.format in TEXT_OF:
        data = TEXT_OF[way.format](rows, suffix).encode(encoding)
        return COMPRESS.get(suffix[suffix.rindex(".") :], bytes)(data)
    texts = pa.array([row["text"].encode(encoding) for row in rows])
    table = pa.table({"text": pa.Array.from_buffers(pa.string(), len(texts), texts.buffers())})
    sink = io.BytesIO()
    if way.format == "parquet":
        pq.write_table(table, sink)
    else:
        make = pa.ipc.new_stream if suffix == ".arrows" else pa.ipc.new_file
        with make(sink, table.schema) as writer:
            writer.write_table(table)
    return sink.getvalue()


def test_text_in_another_encoding_is_an_error_that_names_it(tmp_path, suffix):
    if WRONG_ENCODING[suffix] == IS_UNICODE:
        return
    path = tmp_path / f"a{suffix}"
    path.write_bytes(encoded(suffix, LATIN, "cp1252"))
    with pytest.raises(CorpusError, match=WRONG_ENCODING[suffix]):
        read(path)
    rows, rejects = read(path, on_bad_row="reject")
    assert (rows, len(rejects)) == ([{"text": "plain"}], 1)


TAKES_NONE = "does not fit"

GIVEN_ENCODING = {suffix: ("reads" if way.format in TEXT_OF else TAKES_NONE) for suffix, way in WAYS_IN.items()}
"""Whether a format takes ``encoding=``."""


@pytest.mark.parametrize(
    "encoding", ["cp1252", "utf-16", "utf-16-le", "utf-32", "shift_jis", "gb18030", "koi8-r", "utf-7"]
)
def test_an_encoding_that_is_given_is_read(tmp_path, suffix, encoding):
    path = saved(tmp_path, suffix)
    if GIVEN_ENCODING[suffix] == TAKES_NONE:
        with pytest.raises(
            CorpusError, match=rf"encoding='.*' does not fit '.*a{suffix}', which is .*\nHint: encoding is"
        ):
            read(path, encoding=encoding)
        return
    words = {"shift_jis": "日本、テスト", "gb18030": "中文", "koi8-r": "привет"}
    rows = [{"id": i, "text": words.get(encoding, "café") + f" {i}"} for i in range(300)]
    path.write_bytes(encoded(suffix, rows, encoding))
    assert read(path, encoding=encoding) == ([{"text": row["text"]} for row in rows], [])


def test_a_wrong_encoding_is_an_error_with_the_line(tmp_path, suffix):
    if GIVEN_ENCODING[suffix] == TAKES_NONE:
        return
    path = tmp_path / f"a{suffix}"
    path.write_bytes(encoded(suffix, LATIN, "cp1252"))
    with pytest.raises(CorpusError, match=r"line \d: .*not valid ascii.*\nHint: name the encoding that it was"):
        read(path, encoding="ascii")
    rows, (reject,) = read(path, encoding="ascii", on_bad_row="reject")
    assert (rows, reject.row) == ([{"text": "plain"}], 1)


HAS_TYPES = "the file says the types"

WRONG_TYPES = {
    ".parquet": HAS_TYPES,
    ".csv": r"line 4: column 'id': int expected, got 'x'",
    ".tsv": r"line 4: column 'id': int expected, got 'x'",
    ".csv.gz": r"line 4: column 'id': int expected, got 'x'",
    ".csv.zst": r"line 4: column 'id': int expected, got 'x'",
    ".jsonl": r"line 3: column 'id': int expected, got str: 'x'",
    ".jsonl.bz2": r"line 3: column 'id': int expected, got str: 'x'",
    ".json": r"line 10: column 'id': int expected, got str: 'x'",
    ".json.xz": r"line 1: column 'id': int expected, got str: 'x'",
    ".txt": "there is one column, of text",
    ".arrow": HAS_TYPES,
    ".feather": HAS_TYPES,
    ".arrows": HAS_TYPES,
    ".xlsx": r"row 4 of the sheet: column 'id': int expected, got 'x'",
}
"""Errors of a value that is not of the type that its column is to have."""


def test_wrong_types(tmp_path, suffix):
    if " expected" not in WRONG_TYPES[suffix]:
        return
    path = saved(tmp_path, suffix, [{"id": value, "text": "t"} for value in (1, 2, "x", 4)])
    with pytest.raises(CorpusError, match=WRONG_TYPES[suffix]):
        read(path, ["id"], types={"id": int})
    rows, (reject,) = read(path, ["id"], types={"id": int}, on_bad_row="reject")
    assert (rows, reject.row) == ([{"id": 1}, {"id": 2}, {"id": 4}], 2)


# Several files --------------------------------------------------------------------------------------------------------

ALL_TEXT = "text in both"

SCHEMAS_DIFFER = {
    ".parquet": r"column 'id' is int64 in .*0\.parquet and string in .*1\.parquet \[LK\d{3}\]\nHint: write the files with",
    ".csv": ALL_TEXT,
    ".tsv": ALL_TEXT,
    ".csv.gz": ALL_TEXT,
    ".csv.zst": ALL_TEXT,
    ".jsonl": r"column 'id' is int64 in .*0\.jsonl and string in .*1\.jsonl \[LK\d{3}\]\nHint: write the files with",
    ".jsonl.bz2": r"column 'id' is int64 in .* and string in .*",
    ".json": r"column 'id' is int64 in .* and string in .*",
    ".json.xz": r"column 'id' is int64 in .* and string in .*",
    ".txt": "one column",
    ".arrow": r"column 'id' is int64 in .* and string in .*",
    ".feather": r"column 'id' is int64 in .* and string in .*",
    ".arrows": r"column 'id' is int64 in .* and string in .*",
    ".xlsx": ALL_TEXT,
}
"""A column of ints in one file and of text in another."""


def pair(folder, suffix, *contents):
    return [saved(folder, suffix, rows, f"{number}") for number, rows in enumerate(contents)]


def test_ints_in_one_file_and_text_in_another(tmp_path, suffix):
    paths = pair(tmp_path, suffix, [{"id": 1, "text": "a"}], [{"id": "x", "text": "b"}])
    if suffix == ".txt":
        assert read(paths)[0] == [{"text": "a"}, {"text": "b"}]
    elif SCHEMAS_DIFFER[suffix] == ALL_TEXT:
        assert read(paths, ["id"])[0] == [{"id": "1"}, {"id": "x"}]
    else:
        with pytest.raises(CorpusError, match=SCHEMAS_DIFFER[suffix]):
            read(paths, ["id"])
        assert read(paths)[0] == [{"text": "a"}, {"text": "b"}]  # of the column that agrees


def test_nulls_in_the_first_file_and_text_in_the_second(tmp_path, suffix):
    paths = pair(tmp_path, suffix, [{"id": 1, "text": "a", "n": None}], [{"id": 2, "text": "b", "n": "x"}])
    if suffix != ".txt":
        assert read(paths, ["n"])[0] == [{"n": None}, {"n": "x"}]
        assert read(paths[::-1], ["n"])[0] == [{"n": "x"}, {"n": None}]


def test_a_column_that_a_file_lacks(tmp_path, suffix):
    paths = pair(tmp_path, suffix, [{"id": 1, "text": "a", "n": "x"}], [{"id": 2, "text": "b"}])
    if suffix == ".txt":
        return
    if WAYS_IN[suffix].format in {"json", "jsonl"}:  # where a key that is left out is a null
        with pytest.warns(
            UserWarning, match=r"column 'n' is in .*0\.json.*, but in no row at the beginning of .*1\.json"
        ):
            assert read(paths, ["n"])[0] == [{"n": "x"}, {"n": None}]
        return
    for order in (paths, paths[::-1]):
        with pytest.raises(
            CorpusError, match=rf"column 'n' is in .*0{suffix} but not in .*1{suffix} \[LK\d{{3}}\]\nHint: files of one"
        ):
            read(order, ["n"])
    assert read(paths)[0] == [{"text": "a"}, {"text": "b"}]


def test_one_bad_file_among_many(tmp_path, suffix):
    paths = [saved(tmp_path, suffix, ROWS[2 * i : 2 * i + 2], f"{i:02d}") for i in range(12)]
    for damage in (b"", paths[5].read_bytes()[:-9] if TRUNCATED[suffix] else b""):
        paths[5].write_bytes(damage)
        with pytest.raises(CorpusError, match=rf"05{suffix}(.|\n)* \[LK\d{{3}}\]\nHint: ") as caught:
            read(paths)
        assert damage or 'on_bad_row="reject" leaves such files out' in str(caught.value)
        rows, rejects = read(paths, on_bad_row="reject")
        texts = [row["text"] for row in rows]
        good = [row["text"] for i in range(12) if i != 5 for row in ROWS[2 * i : 2 * i + 2]]
        assert [text for text in texts if text != ROWS[10]["text"]] == good  # the first row of it may be whole
        assert [path.name for path in paths if any(str(path) in reject.reason for reject in rejects)] == [f"05{suffix}"]


@pytest.mark.parametrize("form", ["file", "list", "folder", "pattern"])
def test_a_file_that_grows_while_it_is_read(tmp_path, suffix, form):
    paths = [saved(tmp_path, suffix), saved(tmp_path, suffix, name="b")]
    given = {"file": paths[0], "list": paths, "folder": tmp_path, "pattern": str(tmp_path / f"*{suffix}")}
    corpus = open_corpus(given[form])
    corpus.check_unchanged()
    next(corpus.batches(["text"], 8))
    paths[0].write_bytes(paths[0].read_bytes() + paths[0].read_bytes()[-30:])
    with pytest.raises(CorpusChangedError, match="was written again while it was read"):
        corpus.check_unchanged()


def test_a_folder_to_which_a_file_is_added_while_it_is_read(tmp_path, suffix):
    path = saved(tmp_path, suffix)
    corpus = open_corpus(tmp_path)
    next(corpus.batches(["text"], 8))
    (tmp_path / f"c{suffix}").write_bytes(path.read_bytes())
    with pytest.raises(CorpusChangedError):
        corpus.check_unchanged()


def test_many_small_files(tmp_path, suffix):
    n_files = 60
    for number in range(n_files):
        saved(tmp_path, suffix, [{"id": number, "text": f"text {number}"}], f"{number:04d}")
    expected = [{"text": f"text {number}"} for number in range(n_files)]
    assert read(tmp_path)[0] == expected
    assert read(str(tmp_path / f"*{suffix}"))[0] == expected


# Excel ----------------------------------------------------------------------------------------------------------------


def book(path, fill):
    made = openpyxl.Workbook()
    fill(made)
    made.save(path)
    return path


def test_values_of_excel_are_right(tmp_path):
    def fill(made):
        sheet = made.active
        sheet.append(["id", "zip", "n", "share", "day", "at", "flag", "mixed", None, "none"])
        for i in range(3):
            day = dt.datetime(2024, 1, 2 + i)  # noqa: DTZ001 - as Excel has them
            at = day.replace(hour=3, minute=4)
            sheet.append([i * 1.0, 7 + i, i, i / 4, day, at, i == 1, 12 if i else "x1", "beside", "#N/A"])
            sheet.cell(i + 2, 2).number_format = "00000"

    path = book(tmp_path / "a.xlsx", fill)
    columns = ["id", "zip", "n", "share", "day", "at", "flag", "mixed", "none"]
    rows, _ = read(path, columns)
    assert rows[0] == {
        "id": 0,
        "zip": "00007",
        "n": 0,
        "share": 0.0,
        "day": dt.date(2024, 1, 2),
        "at": dt.datetime(2024, 1, 2, 3, 4),  # noqa: DTZ001 - as above
        "flag": False,
        "mixed": "x1",
        "none": None,
    }
    assert [row["mixed"] for row in rows] == ["x1", "12", "12"]
    assert open_corpus(path).column_names == tuple(columns)
    assert read(path, ["id"], types={"id": str})[0][1] == {"id": "1"}


@pytest.mark.parametrize("shared", [True, False], ids=["shared", "inline"])
def test_texts_of_excel_are_those_that_it_shows(tmp_path, shared):
    """A carriage return is _x000D_ in the file, and an underscore before such a number is one, too."""
    texts = ["free\r\ngifts", "a\rb", "_x000D_", "_x005F_", "x005F_", "a_x0041_b_", "_x_", "\x0b", "_x0000_", "😀\x85"]
    with xlsxwriter.Workbook(tmp_path / "a.xlsx", {"constant_memory": not shared}) as book:
        sheet = book.add_worksheet()
        for row, text in enumerate(["te\rxt", *texts]):
            sheet.write_string(row, 0, text)
    rows, _ = read(tmp_path / "a.xlsx", ["te\rxt"])
    assert [row["te\rxt"] for row in rows] == texts


def test_what_openpyxl_does_not_escape_is_read_as_it_was_meant(tmp_path):
    texts = ["tile_x1024_y0010", "tile_x0010_y0010_", "_xABCD_"]
    path = book(tmp_path / "a.xlsx", lambda made: [made.active.append([text]) for text in ["text", *texts]])
    assert [row["text"] for row in read(path)[0]] == texts


def test_a_workbook_of_several_sheets_asks_which(tmp_path):
    def fill(made):
        made.active.append(["text"])
        made.active.append(["one"])
        for name in ("Second", "Hidden"):
            sheet = made.create_sheet(name)
            sheet.append(["text"])
            sheet.append([name])
        made["Hidden"].sheet_state = "hidden"
        made.create_sheet("Empty")

    path = book(tmp_path / "a.xlsx", fill)
    with pytest.raises(
        CorpusError, match=r"has several sheets: 'Sheet', 'Second' \[LK\d{3}\]\nHint: choose one: sheet='Sheet'"
    ):
        open_corpus(path)
    assert read(path, sheet="Second")[0] == [{"text": "Second"}]
    assert read(path, sheet=1)[0] == read(path, sheet="1")[0] == [{"text": "one"}]
    assert read(path, sheet="Hidden")[0] == [{"text": "Hidden"}]
    with pytest.raises(
        CorpusError,
        match=r"has no sheet 'Third' \[LK\d{3}\]\nHint: the sheets are 'Sheet', 'Second', 'Hidden', 'Empty'",
    ):
        open_corpus(path, sheet="Third")
    assert open_corpus(path, sheet=1).fingerprint() != open_corpus(path, sheet=2).fingerprint()


def test_merged_cells_of_excel(tmp_path):
    def fill(made):
        for row in (["group", "text"], ["a", "1"], [None, "2"], [None, "3"], ["b", "4"], ["title", None], ["c", "6"]):
            made.active.append(row)
        made.active.merge_cells("A2:A4")
        made.active.merge_cells("A6:B6")

    path = book(tmp_path / "a.xlsx", fill)
    with pytest.raises(
        CorpusError, match=r"row 6 of the sheet: column 'group': the cells A6:B6 are merged over several"
    ):
        read(path, ["group"])
    rows, (reject,) = read(path, ["group", "text"], on_bad_row="reject")
    assert [tuple(row.values()) for row in rows] == [("a", "1"), ("a", "2"), ("a", "3"), ("b", "4"), ("c", "6")]
    assert reject.line == 6

    def title(made):
        made.active.append(["A table", None, "of October"])
        made.active.append(["id", "text"])
        made.active.merge_cells("A1:B1")

    with pytest.raises(
        CorpusError, match=r"the header .*row 1 .*A1:B1 are merged(.|\n)*skip_rows=1 leaves out a title"
    ):
        read(book(tmp_path / "b.xlsx", title))


def test_formulas_and_errors_of_excel(tmp_path):
    def fill(made):
        for row in (["id", "text", "n"], ["a", "fine", 1], ["b", "=A1&1", 2], ["c", "fine", "#DIV/0!"]):
            made.active.append(row)

    path = book(tmp_path / "a.xlsx", fill)
    with pytest.raises(
        CorpusError, match=r"row 3 of the sheet: column 'text': the cell holds a formula without a value"
    ):
        read(path)
    with pytest.raises(CorpusError, match=r"row 4 of the sheet: column 'n': the cell holds the error #DIV/0!"):
        read(path, ["n"])
    rows, rejects = read(path, ["id", "text", "n"], on_bad_row="reject")
    assert rows == [{"id": "a", "text": "fine", "n": 1}]
    assert [reject.row for reject in rejects] == [1, 2]
    assert len(read(path, ["id"])[0]) == 3  # the cells of other columns do not matter


# Ways out -------------------------------------------------------------------------------------------------------------

WAYS_OUT = {
    "parquet": ".parquet",
    "csv": ".csv",
    "jsonl": ".jsonl",
    "xlsx": ".xlsx",
    "arrow": ".arrow",
    "label-studio": ".json",
    "prodigy": ".jsonl",
    "argilla": ".json",
    "spacy": "a DocBin, which spaCy reads: tests/interop/read_back.py",
    "hf": "a folder, which datasets reads: tests/interop/read_back.py",
}
"""What each writer writes, that a corpus can be made of again; else what reads it. A full disk: tests/interop."""


def test_every_writer_has_a_row_in_this_table():
    assert set(WAYS_OUT) == set(WRITERS)


@pytest.mark.parametrize("name", [name for name, suffix in WAYS_OUT.items() if suffix.startswith(".")])
def test_what_is_written_is_read(tmp_path, name):
    votes = lk.LabelMatrix.of(np.array([[0], [1], [-1], [1]]), classes=["HAM", "SPAM"])
    labels = lk.MajorityVote().fit(votes).label(votes)
    to = tmp_path / f"labels{WAYS_OUT[name]}"
    texts = ["a", "ü, “b”", "c", "d\ne"]
    lk.export(labels, to, format=name, corpus={"text": texts}, columns=["text"], unlabeled=True)
    corpus = open_corpus(to)
    rows = [row for batch in corpus.batches(corpus.column_names, 9) for row in batch.table.to_pylist()]
    assert len(rows) == 4
    assert all(text in str(rows) or repr(text)[1:-1] in str(rows) for text in texts)
