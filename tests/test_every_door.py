"""The same examples get the same votes, ids and labels by every door, and come back from every way out."""

import csv
import datetime as dt
import json
import re
import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings, strategies as st
from pyarrow import feather

import labelkit as lk
from labelkit._shared.spreadsheets import harmless

SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "text": pa.string(),
        "kind": pa.string(),
        "score": pa.float64(),
        "count": pa.int64(),
        "flag": pa.bool_(),
        "day": pa.date32(),
        "when": pa.timestamp("us"),
    }
)
NAMES = SCHEMA.names
CLASSES = ["HAM", "SPAM"]

WORDS = re.compile(r"(?<!\w)free(?!\w)", re.IGNORECASE)
SPACED = re.compile(r"\S\s\S|\d")


def parity(value):
    return lk.ABSTAIN if value is None else value % 2


def of_text(text):
    return parity(None if text is None else sum(map(ord, text)))


@lk.labeling_function
def letters(text: str) -> int:
    return of_text(text)


@lk.labeling_function
def kinds(kind: str) -> int:
    return of_text(kind)


@lk.labeling_function
def high(score: float) -> int:
    return lk.ABSTAIN if score is None else int(score > 0.5)


@lk.labeling_function
def odd(count: int) -> int:
    return parity(None if count is None else int(count))  # a frame of pandas has floats beside gaps


@lk.labeling_function
def true(flag: bool) -> int:
    return parity(None if flag is None else int(flag))


@lk.labeling_function
def days(day: dt.date) -> int:
    return parity(None if day is None else day.toordinal())


@lk.labeling_function
def moments(when: dt.datetime) -> int:
    return parity(None if when is None else when.second + when.microsecond // 1000)


TIMES = [days, moments]
RULES = [
    lk.keywords("free", label=1).rule(name="free", column="text"),
    lk.regex(SPACED.pattern, label=0).rule(name="spaced", column="text"),
    lk.lookup(["NA", "01", "true"], label=1, match="value").rule(name="known", column="kind"),
    letters,
    kinds,
    high,
    odd,
    true,
    *TIMES,
]


def definition(row):
    """The votes on a row, by the plain meaning of each rule."""
    text, when = row["text"], row["when"]
    return [
        1 if text is not None and WORDS.search(text) else -1,
        0 if text is not None and SPACED.search(text) else -1,
        1 if row["kind"] in {"NA", "01", "true"} else -1,
        of_text(text),
        of_text(row["kind"]),
        -1 if row["score"] is None else int(row["score"] > 0.5),
        parity(row["count"]),
        parity(row["flag"]),
        parity(None if row["day"] is None else row["day"].toordinal()),
        parity(None if when is None else when.second + when.microsecond // 1000),
    ]


# Doors ----------------------------------------------------------------------------------------------------------------


def of_json(value):
    return value.isoformat() if isinstance(value, dt.date) else value


def of_csv(value):
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else value.isoformat(sep=" ") if isinstance(value, dt.datetime) else str(value)


def delimited(delimiter, suffix):
    def write(rows, folder):
        path = folder / f"rows.{suffix}"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=delimiter)
            writer.writerows([NAMES, *([of_csv(row[name]) for name in NAMES] for row in rows)])
        return path

    return write


def json_lines(rows, folder):
    path = folder / "rows.jsonl"
    lines = [json.dumps({name: of_json(value) for name, value in row.items() if value is not None}) for row in rows]
    path.write_text("\n".join(lines))
    return path


def json_array(rows, folder):
    path = folder / "rows.json"
    values = [{name: of_json(value) for name, value in row.items()} for row in rows]
    path.write_text(json.dumps(values, ensure_ascii=False, indent=1), "utf-8")
    return path


def table_of(rows):
    return pa.Table.from_pylist(rows, SCHEMA)


def with_categories(rows):
    return table_of(rows).set_column(2, "kind", table_of(rows).column("kind").dictionary_encode())


def parquet(rows, folder):
    pq.write_table(with_categories(rows), folder / "rows.parquet")
    return folder / "rows.parquet"


def arrow_file(rows, folder):
    feather.write_feather(with_categories(rows), str(folder / "rows.arrow"), compression="uncompressed")
    return folder / "rows.arrow"


def excel(rows, folder):
    workbook = openpyxl.Workbook()
    for cells in [NAMES, *([row[name] for name in NAMES] for row in rows)]:
        workbook.active.append(cells)
    for row in workbook.active.iter_rows():
        for cell in row:
            cell.data_type = "s" if cell.data_type == "f" else cell.data_type  # a text that begins with =
    workbook.save(folder / "rows.xlsx")
    return folder / "rows.xlsx"


def query(rows, folder):
    path = folder / "rows.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("create table rows (id text, text text, kind text, score real, count integer, flag boolean)")
        values = [[row[name] for name in NAMES[:6]] for row in rows]
        connection.executemany("insert into rows values (?, ?, ?, ?, ?, ?)", values)
    connection.close()
    return lk.SqlQuery("select * from rows", f"sqlite:///{path}")


def hugging_face(rows, folder):
    datasets = pytest.importorskip("datasets")
    return datasets.Dataset(table_of(rows))


FRAMES = {
    "pandas": lambda rows, _: table_of(rows).to_pandas(),
    "pandas by records": lambda rows, _: pd.DataFrame(rows),
    "pandas with an index": lambda rows, _: table_of(rows).to_pandas().set_index("id"),
    "pandas with categories": lambda rows, _: table_of(rows).to_pandas().astype({"kind": "category"}),
    "pandas of objects": lambda rows, _: pd.DataFrame(
        {n: pd.Series([r[n] for r in rows], dtype=object) for n in NAMES}
    ),
}
"""Frames in which whole numbers beside gaps are floats."""

WHOLE = {
    "JSON lines": json_lines,
    "JSON array": json_array,
    "Parquet": parquet,
    "Arrow file": arrow_file,
    "Arrow table": lambda rows, _: table_of(rows),
    "pandas of Arrow": lambda rows, _: table_of(rows).to_pandas(types_mapper=pd.ArrowDtype),
    "polars": lambda rows, _: pl.from_arrow(table_of(rows)),
    "polars lazy": lambda rows, _: pl.from_arrow(table_of(rows)).lazy(),
    "polars with categories": lambda rows, _: pl.from_arrow(table_of(rows)).cast({"kind": pl.Categorical}),
    "dicts": lambda rows, _: rows,
    "iterator": lambda rows, _: iter(rows),
    "columns": lambda rows, _: {name: [row[name] for row in rows] for name in NAMES},
    "Hugging Face": hugging_face,
    "SQLite": query,
}
"""Doors that keep every text and number as it is."""

PLAIN = {"CSV": delimited(",", "csv"), "semicolons": delimited(";", "csv"), "TSV": delimited("\t", "tsv"), **FRAMES}
PLAIN |= {"Excel": excel}
"""Doors of formats in which an empty text is none; Excel has no control characters and fewer digits."""


def options_of(name):
    """SQLite has no times, and says so of rules that ask for one; an index is the id without being named."""
    return [rule for rule in RULES if name != "SQLite" or rule not in TIMES], None if "index" in name else "id"


def labels_of(matrix):
    return lk.MajorityVote().fit(matrix).label(matrix)


def check_door(name, rows, make, folder):
    rules, id_column = options_of(name)
    columns = [RULES.index(rule) for rule in rules]
    matrix = lk.Applier(rules, labels=CLASSES).apply(make(rows, folder), id=id_column, cache=False)
    votes = np.array([definition(row) for row in rows])[:, columns]
    assert matrix.ids.tolist() == [row["id"] for row in rows], name
    wrong = [
        (row, RULES[columns[j]].name) for i, row in enumerate(rows) for j in np.flatnonzero(matrix.votes[i] != votes[i])
    ]
    assert wrong == [], name
    expected = lk.LabelMatrix.of(votes, names=[rule.name for rule in rules], classes=CLASSES, ids=matrix.ids)
    assert labels_of(matrix).proba.tolist() == labels_of(expected).proba.tolist(), name


# Rows -----------------------------------------------------------------------------------------------------------------

ODD = [*"aB1 \"',;\t\n\\=@+-{}[]<>&#%", "é", "e\u0301", "ß", "İ", "日本", " free ", "🙂", "\u200b", "\u2028", "\x85"]
ODD += ["\xa0", "\ufeff", "\u202e", "\u0660", "free"]
ODDER = [*ODD, "\r\n", "\r", "\0", "\x1f", "_x000D_", "\U0010ffff"]
KINDS = ["a", "NA", "null", "true", "1", "01", "1.0", "nan", "None", "-", "é", "N/A", "2024-01-01"]
FULL = {
    "id": "full",
    "text": "x free",
    "kind": "a",
    "score": 0.25,
    "count": 3,
    "flag": True,
    "day": dt.date(2024, 2, 3),
    "when": dt.datetime.fromisoformat("2024-02-03 04:05:06"),
}
"""A row without gaps, by which types are known everywhere."""


@st.composite
def rows_of(draw, *, whole):
    """Draw rows with gaps; those that are not whole are as Excel and CSV can hold them."""
    texts = st.lists(st.sampled_from(ODDER if whole else ODD), min_size=0 if whole else 1, max_size=6).map("".join)
    values = {
        "text": texts,
        "kind": st.sampled_from(["", *KINDS] if whole else KINDS),
        "score": st.sampled_from([0.1, 0.5, 0.5000001, 1e300, -0.0, 3.0, 1 / 3]),
        "count": st.sampled_from([0, 1, -7, 2**53 - 1, 12, *([2**53 + 1, 2**62 + 1] if whole else [])]),
        "flag": st.booleans(),
        "day": st.dates(dt.date(1901, 1, 1), dt.date(2100, 1, 1)),
        "when": st.datetimes(*map(dt.datetime.fromisoformat, ("1901-01-01", "2100-01-01"))).map(
            lambda when: when if whole else when.replace(microsecond=when.microsecond // 1000 * 1000)
        ),
    }
    row = st.fixed_dictionaries({name: st.none() | value for name, value in values.items()})
    return [FULL, *({"id": f"e{i}", **one} for i, one in enumerate(draw(st.lists(row, max_size=4))))]


few = settings(max_examples=12, deadline=None)


@few
@given(rows_of(whole=True))
def test_what_keeps_every_value_gives_the_votes_of_the_definition(rows):
    for name, make in WHOLE.items():
        with TemporaryDirectory() as folder:
            check_door(name, rows, make, Path(folder))


@few
@given(rows_of(whole=False))
def test_tables_of_text_frames_and_workbooks_give_them_too(rows):
    for name, make in PLAIN.items():
        with TemporaryDirectory() as folder:
            check_door(name, rows, make, Path(folder))


# Ways out -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl", "arrow", "xlsx"])
@few
@given(rows_of(whole=False))
def test_what_is_written_is_read_back_with_the_same_labels_and_votes(form, rows):
    matrix = lk.Applier(RULES, labels=CLASSES).apply(rows, id="id", cache=False)
    labels = labels_of(matrix)
    with TemporaryDirectory() as folder:
        to = Path(folder) / f"labels.{form}"
        lk.export(labels, to, corpus=rows, id="id", columns=NAMES[1:], unlabeled=True)
        again = lk.Applier(RULES, labels=CLASSES).apply(to, id="id", cache=False)
        assert again.ids.tolist() == matrix.ids.tolist()
        written = rows
        if form in {"csv", "xlsx"}:  # what a spreadsheet might run as a formula got an apostrophe before it
            escaped = {name: [row[name] and harmless(row[name]) for row in rows] for name in ("text", "kind")}
            written = [
                {**row, "text": text, "kind": kind} for row, text, kind in zip(rows, *escaped.values(), strict=True)
            ]
        assert again.votes.tolist() == [definition(row) for row in written]
        types = dict.fromkeys(("p_HAM", "p_SPAM"), float)
        (batch,) = lk.open_corpus(to, id="id", types=types).batches(["label", *types], len(rows))
        read = batch.table
        names = [None if one < 0 else CLASSES[one] for one in labels.hard().tolist()]
        assert read.column("label").to_pylist() == names
        assert np.array_equal(np.column_stack([read.column(name) for name in types]), labels.proba)
