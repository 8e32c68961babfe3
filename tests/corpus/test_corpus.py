"""Whatever a corpus comes from: the same rows, the same ids, the same batches; and bad input says what is wrong."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import pickle
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import datasets
import duckdb
import fsspec
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import labelkit as lk
from labelkit.corpus import Corpus, Reject, open_corpus
from labelkit.corpus.sources import csv_text, json_lines, parquet
from labelkit.exceptions import CorpusError

# ---------------------------------------------------------------------------------------------- one contract

ROWS = [
    {
        "key": f"k{i:02d}",
        "text": None if i % 5 == 3 else f'{i}: "quoted", naïve 😀\nsecond line' * (i % 3),
        "n": None if i % 7 == 2 else i * 10**9,
        "score": None if i % 4 == 1 else i / 8,
        "flag": None if i % 6 == 5 else i % 2 == 0,
    }
    for i in range(23)
]
COLUMNS = {name: [row[name] for row in ROWS] for name in ROWS[0]}
TYPES = {"n": int, "score": float, "flag": bool}


def table():
    return pa.table({name: pa.array(values) for name, values in COLUMNS.items()})


def written(path, content):
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def as_csv(rows, delimiter=","):
    """Null is an empty field, and an empty text is quoted."""
    quoted = [
        ["" if value is None else '"' + str(value).replace('"', '""') + '"' for value in row.values()] for row in rows
    ]
    return "\n".join([delimiter.join(rows[0]), *map(delimiter.join, quoted)]) + "\n"


def as_jsonl(rows):
    return "".join(json.dumps({k: v for k, v in row.items() if v is not None}) + "\n" for row in rows)


def parquet_file(path, row_group_size):
    pq.write_table(table(), path, row_group_size=row_group_size)
    return path


def parquet_folder(path):
    path.mkdir()
    for number, start in enumerate((0, 3, 3, 20)):
        pq.write_table(table().slice(start, (3, 0, 17, 3)[number]), path / f"part-{number}.parquet", row_group_size=4)
    return path


def odd_pandas():
    """A shuffled, repeated MultiIndex; nullable, categorical and object columns."""
    frame = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in COLUMNS.items()})
    frame["key"] = frame["key"].astype("category")
    frame["n"] = pd.array(COLUMNS["n"], dtype="Int64")
    frame["flag"] = pd.array(COLUMNS["flag"], dtype="boolean")
    frame.index = pd.MultiIndex.from_arrays([[3, 3] * 11 + [1], list("ba" * 11 + "c")])
    return frame


class Capsule:
    """Nothing but the Arrow stream interface."""

    def __init__(self, data):
        self._data = data

    def __arrow_c_stream__(self, requested_schema=None):
        return self._data.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    "corpus",
    [
        pa.array(["free", None]),
        pa.array(["free", "x"]).dictionary_encode(),
        pa.array(["free", "x"], pa.string_view()),
        pa.chunked_array([["free"], ["x"]]),
        pa.array([{"text": "free"}, {"text": "x"}]),
        pa.chunked_array([[{"text": "free"}], [{"text": "x"}]]),
        Capsule(pa.chunked_array([["free"], ["x"]])),
        pl.Series(["free", "x"]),
    ],
    ids=lambda corpus: f"{type(corpus).__name__} {getattr(corpus, 'type', '')}",
)
def test_an_array_of_arrow_is_a_corpus_of_texts_or_rows(corpus):
    rule = lk.keywords("free", label=1).rule(name="free")
    assert lk.Applier(lk.LabelingFunctions([rule], labels=2)).apply(corpus).votes.tolist() == [[1], [-1]]


class OwnSource(lk.Source):
    """What a third party writes."""

    schema = pa.schema([(name, table().schema.field(name).type) for name in ROWS[0]])

    def batches(self, columns):
        yield from table().select(columns).to_batches(max_chunksize=4)


def at_address(path):
    address = f"memory:/{path}"
    fsspec.filesystem("memory").pipe_file(address, path.read_bytes())
    return address


SOURCES = {
    "pandas": lambda _: pd.DataFrame(COLUMNS).astype({"n": "Int64", "flag": "boolean"}),
    "pandas, odd": lambda _: odd_pandas(),
    "polars": lambda _: pl.DataFrame(COLUMNS),
    "polars, categorical": lambda _: pl.DataFrame(COLUMNS).with_columns(pl.col("key").cast(pl.Categorical)),
    "arrow": lambda _: table(),
    "arrow, in pieces": lambda _: pa.concat_tables([table().slice(0, 2), table().slice(2, 11), table().slice(13)]),
    "arrow, dictionary": lambda _: pa.table({**COLUMNS, "key": pa.array(COLUMNS["key"]).dictionary_encode()}),
    "arrow, large and view": lambda _: pa.table(
        {
            **COLUMNS,
            "key": pa.array(COLUMNS["key"], pa.large_string()),
            "text": pa.array(COLUMNS["text"], pa.string_view()),
        }
    ),
    "record batch": lambda _: table().combine_chunks().to_batches()[0],
    "reader": lambda _: pa.RecordBatchReader.from_batches(table().schema, table().to_batches(max_chunksize=4)),
    "dataset": lambda path: pa.dataset.dataset(parquet_file(path / "c.parquet", 5)),
    "capsule": lambda _: Capsule(table()),
    "dict": lambda _: COLUMNS,
    "dict, mixed": lambda _: {**COLUMNS, "key": pd.Series(COLUMNS["key"], index=range(23, 0, -1)), "n": table()["n"]},
    "list": lambda _: ROWS,
    "list, keys left out": lambda _: [{k: v for k, v in row.items() if v is not None} for row in ROWS],
    "iterator": lambda _: iter(ROWS),
    "generator": lambda _: (row for row in ROWS),
    "parquet, groups of 1": lambda path: parquet_file(path / "c.parquet", 1),
    "parquet, groups of 7": lambda path: parquet_file(path / "c.pq", 7),
    "parquet, one group": lambda path: str(parquet_file(path / "c.parquet", 100)),
    "parquet, folder": lambda path: parquet_folder(path / "folder"),
    "csv": lambda path: written(path / "c.csv", as_csv(ROWS)),
    "csv, bom and crlf": lambda path: written(
        path / "c.csv", "\ufeff" + as_csv(ROWS).replace("\n", "\r\n").replace("😀\r\n", "😀\n")
    ),
    "csv, gzip": lambda path: written(path / "c.csv.gz", as_csv(ROWS)),
    "tsv": lambda path: written(path / "c.tsv", as_csv(ROWS, "\t")),
    "jsonl": lambda path: written(path / "c.jsonl", as_jsonl(ROWS)),
    "jsonl, blank lines": lambda path: written(
        path / "c.ndjson", "\ufeff" + as_jsonl(ROWS).replace("\n", "\n\n  \r\n")
    ),
    "jsonl, gzip": lambda path: written(path / "c.jsonl.gz", as_jsonl(ROWS)),
    "polars, lazy": lambda _: pl.LazyFrame(COLUMNS),
    "duckdb": lambda _: duckdb.from_arrow(table()),
    "duckdb, query": lambda path: lk.SqlQuery(f"FROM '{parquet_file(path / 'c.parquet', 5)}'", "duckdb://"),
    "hugging face": lambda _: datasets.Dataset.from_dict(COLUMNS),
    "hugging face, stream": lambda _: datasets.Dataset.from_dict(COLUMNS).to_iterable_dataset(),
    "source of one's own": lambda _: OwnSource(),
    "address, csv": lambda path: at_address(written(path / "c.csv", as_csv(ROWS))),
    "address, jsonl": lambda path: at_address(written(path / "c.jsonl.gz", as_jsonl(ROWS))),
    "address, parquet": lambda path: at_address(parquet_file(path / "c.parquet", 7)),
}


@pytest.fixture(params=SOURCES)
def source(request, tmp_path):
    return SOURCES[request.param](tmp_path)


@pytest.fixture(params=[1, 5, 23, 1000])
def batch_rows(request):
    return request.param


def rows_of(batches):
    return [row for batch in batches for row in batch.table.to_pylist()]


def test_every_source_gives_the_same_rows_ids_and_batches(source, batch_rows):
    corpus = open_corpus(source, id="key", types=TYPES)
    batches = list(corpus.batches(["flag", "text", "n", "score"], batch_rows))
    assert [batch.start for batch in batches] == list(range(0, 23, batch_rows))
    assert [len(batch) for batch in batches[:-1]] == [batch_rows] * (len(batches) - 1)
    assert [key for batch in batches for key in batch.ids.to_pylist()] == COLUMNS["key"]
    assert rows_of(batches) == [{name: row[name] for name in ("flag", "text", "n", "score")} for row in ROWS]
    assert {str(batch.table.schema) for batch in batches} == {
        str(corpus.schema.remove(0).empty_table().select(["flag", "text", "n", "score"]).schema)
    }


def test_every_source_delivers_the_same_types(source):
    schema = open_corpus(source, types=TYPES).schema
    assert schema.types == [pa.string(), pa.string(), pa.int64(), pa.float64(), pa.bool_()]
    assert schema.names == list(COLUMNS)


def test_reading_can_start_at_any_row(source):
    corpus = open_corpus(source, types=TYPES)
    batches = list(corpus.batches(["n"], 4, start=9))
    assert [batch.start for batch in batches] == [9, 13, 17, 21]
    assert batches[0].ids is None
    assert rows_of(batches) == [{"n": value} for value in COLUMNS["n"][9:]]


def test_a_start_beyond_the_end_gives_nothing(source):
    assert list(open_corpus(source, types=TYPES).batches(["n"], 4, start=50)) == []


def test_what_is_splittable_reads_any_range_and_knows_its_length(source):
    corpus = open_corpus(source, types=TYPES)
    if not corpus.splittable:
        with pytest.raises(CorpusError, match="only be read from its start"):
            corpus.read(0, 1, ["n"])
        return
    assert corpus.n_rows == 23
    for start, stop in [(0, 23), (0, 0), (23, 23), (4, 5), (6, 15), (2, 21)]:
        assert corpus.read(start, stop, ["text", "key"]).to_pydict() == {
            "text": COLUMNS["text"][start:stop],
            "key": COLUMNS["key"][start:stop],
        }
    with pytest.raises(CorpusError, match="rows 3 to 24 are not within the 23 rows"):
        corpus.read(3, 24, ["n"])


def test_no_columns_still_count_rows(source):
    batches = list(open_corpus(source, types=TYPES).batches([], 10))
    assert [(batch.start, len(batch)) for batch in batches] == [(0, 10), (10, 10), (20, 3)]


def test_a_missing_column_names_those_there_are(source):
    corpus = open_corpus(source, types=TYPES)
    with pytest.raises(
        CorpusError, match=r"(?s)column 'txet' is not in the corpus \(columns: .key., .text., .n..*did you mean 'text'"
    ):
        corpus.batches(["n", "txet"], 4)


def test_a_missing_id_column_is_an_error_at_the_door(source):
    with pytest.raises(CorpusError, match="column 'uid' is not in the corpus"):
        open_corpus(source, id="uid")


def test_a_null_id_names_its_row(source):
    with pytest.raises(
        CorpusError,
        match=r"(, row 3|line \d+|row \d+ of the sheet|\.parquet, row \d): the id \(column 'text'\) is null",
    ):
        list(open_corpus(source, id="text", types=TYPES).batches(["n"], 2))


def test_ids_are_text_or_integers(source):
    with pytest.raises(CorpusError, match=r"the ids \(column 'score'\) are double"):
        list(open_corpus(source, id="score", types=TYPES).batches(["n"], 1))


def test_the_fingerprint_is_of_the_content(source):
    corpus = open_corpus(source, types=TYPES)
    assert corpus.fingerprint() == corpus.fingerprint()
    known = corpus.splittable or corpus.path is not None
    assert bool(corpus.fingerprint()) == known


def test_a_corpus_is_returned_as_it_is(source):
    corpus = open_corpus(source, id="key")
    assert open_corpus(corpus) is corpus
    assert open_corpus(corpus, id="key") is corpus
    with pytest.raises(CorpusError, match="was opened with id='key', not 'n'"):
        open_corpus(corpus, id="n")


def test_a_corpus_on_disk_pickles_as_its_path(source):
    corpus = open_corpus(source, id="key", types=TYPES, on_bad_row="reject")
    if corpus.path is None:
        with pytest.raises(CorpusError, match="cannot be sent to another process"):
            pickle.dumps(corpus)
        return
    again = pickle.loads(pickle.dumps(corpus))
    assert (again.path, again.id, again.schema) == (corpus.path, "key", corpus.schema)
    assert rows_of(again.batches(["n"], 5)) == rows_of(corpus.batches(["n"], 5))


def test_the_repr_names_source_rows_id_and_columns(source):
    shown = repr(open_corpus(source, id="key"))
    assert shown.startswith("Corpus(")
    assert "id='key', columns=('key', 'text', 'n', 'score', 'flag')" in shown


def test_frames_with_the_same_rows_have_the_same_fingerprint():
    frames = [table(), pl.DataFrame(COLUMNS), COLUMNS, ROWS, odd_pandas()]
    assert len({open_corpus(frame).fingerprint() for frame in frames}) == 1
    changed = [*ROWS[:-1], {**ROWS[-1], "n": 5}]
    assert open_corpus(changed).fingerprint() != open_corpus(ROWS).fingerprint()


@pytest.mark.parametrize("make", [pa.table, pl.DataFrame, pd.DataFrame])
@pytest.mark.parametrize("n_rows", [1, 3, 8, 13])
def test_rows_that_stand_behind_others_change_no_fingerprint(make, n_rows):
    columns = {
        "text": [f"text {number % 7}" for number in range(30)],
        "flag": [number % 3 == 0 for number in range(30)],
        "small": np.arange(30, dtype=np.int8),
        "rate": np.linspace(0, 1, 30, dtype=np.float32),
    }
    first, whole = make({name: values[:n_rows] for name, values in columns.items()}), make(columns)
    assert open_corpus(whole).fingerprint_of_first(n_rows) == open_corpus(first).fingerprint()
    assert open_corpus(whole[:n_rows]).fingerprint() == open_corpus(first).fingerprint()


# ---------------------------------------------------------------------------------------------- texts

TEXTS = st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=12)
AWKWARD = st.lists(st.none() | st.text(list('a",\n\r\t\\ \0\ufeff\u2028é😀\U0010ffff[]{}:')), min_size=1, max_size=12)
QUICK = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@QUICK
@given(texts=TEXTS | AWKWARD, batch_rows=st.integers(1, 5))
def test_any_text_survives_csv(texts, batch_rows, tmp_path):
    rows = [{"n": str(i), "text": text} for i, text in enumerate(texts)]
    for path, delimiter in ((tmp_path / "c.csv", ","), (tmp_path / "c.tsv", "\t")):
        corpus = open_corpus(written(path, as_csv(rows, delimiter)))
        assert rows_of(corpus.batches(["n", "text"], batch_rows)) == rows


@QUICK
@given(texts=TEXTS | AWKWARD)
def test_what_the_csv_module_writes_is_read(texts, tmp_path):
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(["text", "n"])
    writer.writerows([text, str(i)] for i, text in enumerate(texts))
    corpus = open_corpus(written(tmp_path / "c.csv", file.getvalue()))
    assert [row["text"] for row in rows_of(corpus.batches(["text"], 3))] == [text or None for text in texts]


@QUICK
@given(texts=TEXTS | AWKWARD, batch_rows=st.integers(1, 5), ascii_only=st.booleans())
def test_any_text_survives_jsonl(texts, batch_rows, ascii_only, tmp_path):
    lines = [json.dumps({"n": i, "text": text}, ensure_ascii=ascii_only) for i, text in enumerate(texts)]
    corpus = open_corpus(written(tmp_path / "c.jsonl", "\n".join(lines)), types={"text": str})
    assert [row["text"] for row in rows_of(corpus.batches(["text", "n"], batch_rows))] == texts


@QUICK
@given(texts=TEXTS | AWKWARD, batch_rows=st.integers(1, 5), group=st.integers(1, 5))
def test_any_text_survives_parquet(texts, batch_rows, group, tmp_path):
    pq.write_table(pa.table({"text": pa.array(texts, pa.large_string())}), tmp_path / "c.parquet", row_group_size=group)
    corpus = open_corpus(tmp_path / "c.parquet")
    assert [row["text"] for row in rows_of(corpus.batches(["text"], batch_rows))] == texts


@QUICK
@given(texts=TEXTS | AWKWARD, batch_rows=st.integers(1, 5))
def test_any_text_survives_frames_and_lists(texts, batch_rows):
    for data in (
        texts,
        iter([*texts, ""]),
        pd.DataFrame({"text": pd.Series(texts, dtype=object)}),
        pl.DataFrame({"text": texts}),
    ):
        if isinstance(data, list) and set(data) == {None}:
            continue
        expected = [*texts, ""] if not isinstance(data, list | pd.DataFrame | pl.DataFrame) else texts
        assert [row["text"] for row in rows_of(open_corpus(data).batches(["text"], batch_rows))] == expected


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(st.characters(), max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.sampled_from("abc"), children, max_size=2),
    max_leaves=5,
)


@QUICK
@given(
    rows=st.lists(st.dictionaries(st.sampled_from(["a", "b", "c"]), JSON_VALUES, max_size=3) | JSON_VALUES, max_size=8),
    kind=st.sampled_from([str, int, float, bool]),
)
def test_fast_and_slow_jsonl_agree_on_anything(rows, kind, tmp_path):
    lines = ['{"a": null}', *map(json.dumps, rows)]
    path = written(tmp_path / "c.jsonl", "\n".join(lines) + "\n")

    def outcome(fast):
        with pytest.MonkeyPatch.context() as patch:
            if not fast:
                patch.setattr(json_lines, "_read_fast", lambda block, wire: None)
            corpus = open_corpus(path, types={"a": kind}, on_bad_row="reject")
            return repr(rows_of(corpus.batches(["a"], 100))), corpus.rejects

    assert outcome(fast=True) == outcome(fast=False)


# ---------------------------------------------------------------------------------------------- lists and iterators


def test_strings_are_a_column_called_text():
    for data in (
        ["hi", None],
        ("hi", None),
        iter(["hi", None]),
        np.array(["hi", None], dtype=object),
        pd.Series(["hi", None]),
    ):
        assert rows_of(open_corpus(data).batches(["text"], 10)) == [{"text": "hi"}, {"text": None}]


def test_a_series_keeps_its_name():
    assert open_corpus(pd.Series(["hi"], name="body")).column_names == ("body",)
    assert open_corpus(pl.Series("body", ["hi"])).column_names == ("body",)
    assert open_corpus(pl.Series(["hi"])).column_names == ("text",)


def test_an_iterator_is_read_once():
    corpus = open_corpus(iter(["a", "b"]))
    assert len(list(corpus.batches(["text"], 5))) == 1
    with pytest.raises(CorpusError, match="a list_iterator was read before"):
        corpus.batches(["text"], 5)


def test_an_arrow_stream_is_read_once():
    corpus = open_corpus(Capsule(table()))
    list(corpus.batches(["n"], 5))
    with pytest.raises(CorpusError, match="a Capsule was read before"):
        corpus.batches(["n"], 5)


def test_an_iterator_is_streamed():
    given_out = 0

    def endless():
        nonlocal given_out
        while True:
            given_out += 1
            yield {"n": given_out}

    batches = open_corpus(endless()).batches(["n"], 10)
    assert [next(batches).table["n"][0].as_py() for _ in range(300)] == list(range(1, 3000, 10))
    assert given_out < 6000


def test_an_iterators_error_comes_through():
    def failing():
        yield {"n": 1}
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(open_corpus(failing()).batches(["n"], 10))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], r"the list is empty"),
        (iter([]), r"a list_iterator gives no rows"),
        ([1, 2], r"row 0: neither a dict nor a string, but int: 1"),
        ([{"a": 1}, "x"], r"row 1: str among rows that are not: 'x'"),
        (["x", {"a": 1}], r"row 1: dict among rows that are not: \{'a': 1\}"),
        ([{"a": "x"}, {"a": None}, {"a": 5}], r"row 2: column 'a': str expected, got int: 5"),
        ([{"a": 1}, {"a": True}], r"row 1: column 'a': int expected, got bool: True"),
        ([{"a": b"x"}, {"a": "x"}], r"row 1: column 'a': bytes expected, got str: 'x'"),
        ([{"a": 1}, {"a": 2**70}], r"row 1: column 'a': 1180591620717411303424 does not fit int64"),
        ([{"a": 2**64}], r"row 0: column 'a': 18446744073709551616 does not fit int64"),
        ([{"a": 2**63}, {"a": -1}], r"row 0: column 'a': 9223372036854775808 does not fit int64"),
        (iter([{"a": 2**63}, {"a": True}]), r"row 1: column 'a': int expected, got bool: True"),
        ([{"a": "x\ud83d"}], r"row 0: column 'a': not valid Unicode \(half of a surrogate pair\)"),
        ([{"a": object()}], r"(?s)column 'a' holds object objects, which cannot be carried.*@column"),
        ([{"a": [1]}, {"a": ["x"]}], r"row 1: column 'a': \['x'\] does not fit list<item: int64>"),
        ({"a": [1], "b": [1, 2]}, r"different lengths: \{'a': 1, 'b': 2\}"),
        ({"a": "text"}, r"column 'a' of the dict is a str, not a list"),
        ({"a": np.zeros((2, 2))}, r"column 'a' has 2 dimensions"),
        (5, r"an object of type int is not a corpus"),
        (None, r"an object of type NoneType is not a corpus"),
        (b"bytes", r"an object of type bytes is not a corpus"),
    ],
)
def test_what_is_wrong_with_values_is_said(data, message):
    with pytest.raises(CorpusError, match=message):
        list(open_corpus(data).batches(["a"], 10))


def test_bad_rows_of_an_iterator_can_be_left_out():
    corpus = open_corpus(iter([{"a": 1}, {"a": "x"}, "x", {"a": 2}]), on_bad_row="reject")
    batches = list(corpus.batches(["a"], 1))
    assert [(batch.start, batch.table["a"][0].as_py()) for batch in batches] == [(0, 1), (1, 2)]
    assert corpus.rejects == [
        Reject(1, None, "column 'a': int expected, got str: 'x'", "{'a': 'x'}"),
        Reject(2, None, "str among rows that are not: 'x'", "'x'"),
    ]


@pytest.mark.parametrize("as_columns", [False, True])
def test_bad_rows_of_a_list_can_be_left_out(as_columns):
    values, other = [1, "x", "y", 2, 3, b"z"], [1.5, 2.5, "w", 4.5, [1], None]
    rows = [{"a": one, "b": two} for one, two in zip(values, other, strict=True)]
    given = {"a": values, "b": other} if as_columns else rows
    for size in (1, 2, 10):
        corpus = open_corpus(given, on_bad_row="reject")
        assert rows_of(corpus.batches(["a", "b"], size)) == [{"a": 1, "b": 1.5}, {"a": 2, "b": 4.5}]
        assert [reject.row for reject in corpus.rejects] == [1, 2, 4, 5]
    assert corpus.rejects[0] == Reject(1, None, "column 'a': int expected, got str: 'x'", "'x', 2.5")
    assert rows_of(open_corpus(given, on_bad_row="reject").batches(["a"], 9)) == [{"a": 1}, {"a": 2}, {"a": 3}]
    with pytest.raises(CorpusError, match=r"row 1: column 'a': int expected, got str: 'x'"):
        list(open_corpus(given).batches(["a"], 9))


@pytest.mark.parametrize("odd", ["x", None, 5, float("nan"), ["a"]])
def test_an_entry_of_a_list_that_is_no_row_is_rejected_as_one_of_an_iterator_is(odd):
    given = [{"a": 1, "b": "x"}, odd, {"a": 2, "b": "y"}, {"a": "z", "b": "y"}, {"a": 3}]
    read = []
    for rows in (given, iter(given), np.array(given, dtype=object)):
        corpus = open_corpus(rows, on_bad_row="reject", types={"a": int})
        kept = rows_of(corpus.batches(["a", "b"], 2))
        read.append((kept, [(reject.row, reject.reason) for reject in corpus.rejects]))
        assert corpus.rejects[0].text == repr(odd)
    assert read[0] == read[1] == read[2]
    assert [row["a"] for row in read[0][0]] == [1, 2, 3]
    with pytest.raises(CorpusError, match=r'a list, row 1: [\s\S]*on_bad_row="reject" leaves others out'):
        open_corpus(given)


def test_strings_among_which_is_something_else_are_rows_without_it():
    for rows in (["a", 5, None, {"text": "b"}, "c"], [5, "a", None, "c"]):
        corpus = open_corpus(rows, on_bad_row="reject")
        assert [row["text"] for row in rows_of(corpus.batches(["text"], 2))] == ["a", None, "c"]


def test_a_list_of_which_nothing_is_a_row_is_refused():
    with pytest.raises(CorpusError, match="a list, row 0: neither a dict nor a string, but int: 5"):
        open_corpus([5, 6], on_bad_row="reject")
    assert open_corpus([None, None]).n_rows == 2


def test_what_is_no_row_is_a_part_of_the_fingerprint():
    digests = {
        open_corpus([{"a": 1}, odd, {"a": 2}], on_bad_row="reject").fingerprint()
        for odd in ("x", "y", None, {}, {"a": 3})
    }
    assert len(digests) == 5


def test_what_is_left_out_of_a_list_is_part_of_its_content():
    one, other, third = (
        open_corpus([{"a": 1}, {"a": value}, {"a": 2}], on_bad_row="reject") for value in ("x", "y", None)
    )
    assert len({corpus.fingerprint() for corpus in (one, other, third)}) == 3
    assert len({corpus.content("a") for corpus in (one, other, third)}) == 3
    again = open_corpus([{"a": 1}, {"a": "x"}, {"a": 2}])
    assert (again.fingerprint(), again.content("a")) == (one.fingerprint(), one.content("a"))


def test_ints_and_floats_together_are_floats():
    assert open_corpus([{"a": 1}, {"a": 2.5}]).schema.field("a").type == pa.float64()
    assert rows_of(open_corpus(iter([{"a": 1.5}, {"a": 2**60 + 1}])).batches(["a"], 5))[1] == {"a": float(2**60)}


def test_types_come_before_what_is_seen():
    corpus = open_corpus([{"a": None, "b": 1}], types={"a": str, "b": float | None, "c": int, "d": object})
    assert corpus.schema == pa.schema({"a": pa.string(), "b": pa.float64()})
    with pytest.raises(CorpusError, match=r"<class 'complex'> is not a type of a column"):
        open_corpus(["x"], types={"text": complex})


def test_nan_is_null_where_there_is_no_other_word_for_missing(tmp_path):
    nan = float("nan")
    sources = [
        [{"a": 1.5}, {"a": nan}],
        iter([{"a": 1.5}, {"a": nan}]),
        {"a": np.array([1.5, nan])},
        pd.DataFrame({"a": [1.5, nan]}),
        written(tmp_path / "c.jsonl", '{"a": 1.5}\n{"a": NaN}'),
        written(tmp_path / "c.csv", "a\n1.5\nnan\n"),
    ]
    for data in sources:
        assert rows_of(open_corpus(data, types={"a": float}).batches(["a"], 5)) == [{"a": 1.5}, {"a": None}]
    assert rows_of(open_corpus([{"a": "x"}, {"a": nan}]).batches(["a"], 5)) == [{"a": "x"}, {"a": None}]
    assert np.isnan(rows_of(open_corpus(pl.DataFrame({"a": [nan]})).batches(["a"], 5))[0]["a"])


def test_dates_decimals_lists_and_structs_are_carried():
    row = {"d": dt.date(2020, 1, 2), "t": dt.datetime(2020, 1, 2, 3), "x": Decimal("1.5"), "l": [1, 2], "s": {"k": "v"}}  # noqa: DTZ001
    for data in ([row], iter([row]), pd.DataFrame([row]), pl.DataFrame([row]), pa.Table.from_pylist([row])):
        (out,) = rows_of(open_corpus(data).batches(list(row), 5))
        assert out["l"] == [1, 2]
        assert {k: v for k, v in out.items() if k != "l"} == {k: v for k, v in row.items() if k != "l"}


# ---------------------------------------------------------------------------------------------- frames


def test_a_column_that_is_not_needed_may_be_anything():
    frame = pd.DataFrame({"text": ["x"], "mixed": pd.Series([object()], dtype=object), "c": [1j]})
    frame.insert(0, "twice", 1)
    frame.insert(0, "twice", 2, allow_duplicates=True)
    corpus = open_corpus(frame)
    assert rows_of(corpus.batches(["text"], 5)) == [{"text": "x"}]
    assert corpus.schema.names == ["text"]
    assert corpus.fingerprint()
    for column, message in [
        ("mixed", "holds object objects"),
        ("c", "column 'c' cannot be converted"),
        ("twice", "more than once in the frame"),
    ]:
        with pytest.raises(CorpusError, match=message):
            list(corpus.batches([column], 5))


def test_an_object_column_has_one_type_from_the_first_slice_on():
    frame = pd.DataFrame(
        {"a": pd.Series([None, None, "x", 5], dtype=object), "b": pd.Series([None, None, 1, 2.5], dtype=object)}
    )
    corpus = open_corpus(frame)
    first = next(corpus.batches(["a", "b"], 2)).table
    assert first.schema.types == [pa.string(), pa.float64()]
    with pytest.raises(CorpusError, match=r"a pandas frame, row 3: column 'a': str expected, got int: 5"):
        list(corpus.batches(["a"], 2))


@pytest.mark.parametrize("values", [pd.period_range("2020-01", periods=2, freq="M"), pd.interval_range(0, 2)])
def test_periods_and_intervals_are_not_read_as_the_numbers_behind_them(values):
    corpus = open_corpus(pd.DataFrame({"text": ["x", "y"], "a": values}))
    assert len(rows_of(corpus.batches(["text"], 5))) == 2
    with pytest.raises(CorpusError, match=r"column 'a' holds (period|interval).*rules would read numbers(.|\n)*astype"):
        list(corpus.batches(["a"], 5))


def test_numbered_columns_are_asked_for_as_text():
    assert rows_of(open_corpus(pd.DataFrame([[1, "x"]])).batches(["1"], 5)) == [{"1": "x"}]


def test_a_frame_without_rows_is_a_corpus_of_none():
    for data in (pd.DataFrame({"text": []}), pl.DataFrame({"text": []}), pa.table({"text": []}), {"text": []}):
        corpus = open_corpus(data)
        assert corpus.n_rows == 0
        assert list(corpus.batches(["text"], 5)) == []


def test_arrow_slices_are_not_copied():
    column = table().combine_chunks()["n"].chunk(0)
    batch = next(open_corpus(pa.table({"n": column})).batches(["n"], 7, start=7)).table
    assert batch["n"].buffers()[1].address == column.buffers()[1].address


def test_neither_pandas_nor_polars_is_loaded_for_others():
    code = (
        "import sys; from labelkit.corpus import open_corpus; list(open_corpus(['a']).batches(['text'], 1));"
        "sys.exit('polars' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (0, "")


# ---------------------------------------------------------------------------------------------- paths


def test_paths_that_do_not_work_say_so(tmp_path):
    (tmp_path / "empty").mkdir()
    pq.write_table(table(), tmp_path / "cut.parquet")
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "cut.parquet").read_bytes()[:-20])
    for name, content, message in [
        ("no.csv", None, r"(?s)there is no file '.*no\.csv'"),
        ("zero.csv", b"", r"the file '.*zero\.csv' is empty"),
        ("zero.parquet", b"", r"the file '.*zero\.parquet' is empty"),
        (
            "a.dat",
            b"x",
            r"(?s)a\.dat' has none of the known suffixes: \.parquet, .*\.csv, .*\.ndjson.*\.csv\.gz.*\.csv\.zst",
        ),
        ("empty", None, r"the folder '.*empty' holds no files of examples"),
        ("cut.parquet", None, r"cut\.parquet' cannot be read as Parquet"),
        ("blank.csv", b"\n\r\n\n", r"blank\.csv' has no header"),
        ("wide.csv", "a,b\n1,2".encode("utf-16-le"), r"(?s)the header of '.*wide\.csv' is not valid UTF-8.*UTF-16-LE"),
        ("twice.csv", b"a,b,a\n1,2,3\n", r"column 'a' stands more than once in the header of '.*twice\.csv'"),
        ("blank.jsonl", b"\n  \n", r"blank\.jsonl' has no columns"),
        ("array.jsonl", b'[{"a": 1},\n{"a": 2}]', r"(?s)array\.jsonl' has no columns.*one JSON array"),
        ("null.jsonl", b"null\n", r"null\.jsonl' has no columns"),
        ("cut.csv.gz", gzip.compress(b"a,b\n" * 5)[:-12], r"cut\.csv\.gz' is cut off"),
        ("plain.jsonl.gz", b'{"a": 1}\n', r"plain\.jsonl\.gz' is not valid gzip"),
    ]:
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(CorpusError, match=message):
            list(open_corpus(tmp_path / name).batches(["a"], 5))


def test_a_text_in_place_of_a_path_is_told_apart():
    for text in ("this is what somebody wrote", "a" * 5000, "two\nlines", "nul \0 and more words"):
        with pytest.raises(CorpusError, match=r"(?s)there is no file .*give a list: \[text\]"):
            open_corpus(text)


def test_an_unknown_way_with_bad_rows_is_an_error():
    with pytest.raises(CorpusError, match="on_bad_row='skip' is not known"):
        open_corpus(["x"], on_bad_row="skip")


# ---------------------------------------------------------------------------------------------- CSV


def csv_rows(path, content, columns=("a", "b"), **options):
    corpus = open_corpus(written(path / "c.csv", content), **options)
    return [tuple(row.values()) for row in rows_of(corpus.batches(list(columns), 2))], corpus.rejects


def test_csv_tells_null_from_an_empty_text(tmp_path):
    assert csv_rows(tmp_path, b'a,b\n,""\n"",\n') == ([(None, ""), ("", None)], [])


def test_csv_columns_are_text_unless_types_say_otherwise(tmp_path):
    content = b'i,f,b,d,t,x\n 1,2.5,true,2020-01-02,2020-01-02 03:04:05,007\n,,,,,\n"","",0,"","",""\n'
    types = {"i": int, "f": float, "b": bool | None, "d": dt.date, "t": dt.datetime}
    rows, _ = csv_rows(tmp_path, content, "ifbdtx", types=types)
    assert rows[0] == (1, 2.5, True, dt.date(2020, 1, 2), dt.datetime(2020, 1, 2, 3, 4, 5), "007")  # noqa: DTZ001
    assert rows[1] == (None,) * 6
    assert rows[2] == (None, None, False, None, None, "")


def test_a_csv_of_only_a_header_has_no_rows(tmp_path):
    for content in (b"a,b\n", b"a,b", b"\xef\xbb\xbfa,b\r\n\r\n"):
        assert csv_rows(tmp_path, content) == ([], [])


def test_columns_without_a_name_are_passed_over(tmp_path):
    assert csv_rows(tmp_path, b",a,b,,\n0,1,2,,\n") == ([("1", "2")], [])


def test_csv_fields_may_hold_quotes_inside(tmp_path):
    assert csv_rows(tmp_path, b'a,b\n5" disk,x\n1,"say ""hi"""\n') == ([('5" disk', "x"), ("1", 'say "hi"')], [])


BAD_CSV = (
    b'a,b\n\n1,"two\nlines"\nshort\n3,\xff\n\n4,"x, y"\n\xff,6,7\nseven,8\n' + "9,é".encode() + b'\n10,"never\nclosed\n'
)


def test_each_bad_row_of_a_csv_is_known_by_row_line_reason_and_text(tmp_path):
    rows, rejects = csv_rows(tmp_path, BAD_CSV, types={"a": int}, on_bad_row="reject")
    assert rows == [(1, "two\nlines"), (4, "x, y"), (9, "é")]
    assert rejects == [
        Reject(1, 5, "1 fields, not 2", "short"),
        Reject(2, 6, "column 'b' is not valid UTF-8", "3,\ufffd"),
        Reject(4, 9, "3 fields, not 2", "\ufffd,6,7"),
        Reject(5, 10, "column 'a': int expected, got 'seven'", "seven,8"),
        Reject(7, 12, csv_text.UNCLOSED, '10,"never\nclosed'),
    ]


@pytest.mark.parametrize("block", [16, 24, 64, 200])
def test_the_size_of_a_block_does_not_show_in_csv(tmp_path, monkeypatch, block):
    content = BAD_CSV[:-17] + b'long,"' + b"x" * 300 + b'"\n' + BAD_CSV[5:]
    expected = csv_rows(tmp_path, content, on_bad_row="reject")
    monkeypatch.setattr(csv_text, "BLOCK_BYTES", block)
    assert csv_rows(tmp_path, content, on_bad_row="reject") == expected
    assert len(expected[1]) > 5


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n3\n", r"c\.csv, line 3: 1 fields, not 2"),
        (b"a,b\n1,2\n\n3,4,5\n", r"c\.csv, line 4: 3 fields, not 2"),
        (b"a,b\nx,4\n", r"c\.csv, line 2: column 'a': int expected, got 'x'"),
        (b"a,b\n1.5,4\n", r"c\.csv, line 2: column 'a': int expected, got '1\.5'"),
        (b"a,b\n1,\xe9t\xe9\n", r"c\.csv, line 2: column 'b' is not valid UTF-8"),
        (b'a,b\n1,2\n3,"4\n5,6\n', r"c\.csv, line 3: a quote that opens in this row is never closed"),
        (b'a,b\n1,2\n"3,4\n5,6', r"c\.csv, line 3: a quote that opens in this row is never closed"),
    ],
)
def test_a_bad_row_of_a_csv_stops_the_reading(tmp_path, content, message):
    with pytest.raises(CorpusError, match=message):
        csv_rows(tmp_path, content, types={"a": int})


def test_a_line_of_spaces_is_told_as_such(tmp_path):
    with pytest.raises(CorpusError, match=r"line 3: 1 fields, not 2.*\nHint: the line holds spaces alone: delete it"):
        csv_rows(tmp_path, b"a,b\n1,2\n  \t \n")
    with pytest.raises(CorpusError, match=r"line 3: 1 fields, not 2.*\nHint: put a text that holds the delimiter"):
        csv_rows(tmp_path, b"a,b\n1,2\n3\n")


def test_bytes_that_are_not_utf8_matter_only_where_they_are_read(tmp_path):
    assert csv_rows(tmp_path, b"a,b\n1,\xff\n", ["a"]) == ([("1",)], [])


def test_a_csv_row_without_end_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_text, "BLOCK_BYTES", 64)
    monkeypatch.setattr(csv_text, "LARGEST_ROW", 512)
    with pytest.raises(CorpusError, match=r"(?s)c\.csv': the row on line 3 is longer .*a quote that is opened"):
        csv_rows(tmp_path, b'a,b\n1,2\n3,"' + b"x\n" * 5000)


def test_rejected_rows_are_those_of_the_latest_reading(tmp_path):
    corpus = open_corpus(written(tmp_path / "c.csv", BAD_CSV), on_bad_row="reject")
    for _ in range(2):
        assert rows_of(corpus.batches(["a"], 2, start=3)) == [{"a": "seven"}, {"a": "9"}]
        assert [reject.row for reject in corpus.rejects] == [1, 4, 7]


def test_a_rejects_text_is_cut(tmp_path):
    _, (reject,) = csv_rows(tmp_path, b"a,b\n" + b"x" * 2000, on_bad_row="reject")
    assert len(reject.text) == 500


# ---------------------------------------------------------------------------------------------- JSONL


def json_rows(path, content, columns=("a",), **options):
    corpus = open_corpus(written(path / "c.jsonl", content), **options)
    return [tuple(row.values()) for row in rows_of(corpus.batches(list(columns), 2))], corpus.rejects


def test_dates_in_json_stay_text_unless_asked_for(tmp_path):
    content = b'{"a": "2020-01-02"}\n{"a": " "}\n'
    assert json_rows(tmp_path, content)[0] == [("2020-01-02",), (" ",)]
    assert json_rows(tmp_path, content, types={"a": dt.date})[0] == [(dt.date(2020, 1, 2),), (None,)]


def test_lists_and_objects_in_json_are_delivered_as_they_are(tmp_path):
    content = b'{"a": [null, 1], "s": {"k": "v"}}\n{"a": null, "s": {"k": null}}\n'
    assert json_rows(tmp_path, content, ["a", "s"])[0] == [([None, 1], {"k": "v"}), (None, {"k": None})]


def test_each_bad_line_of_jsonl_is_known_by_row_line_reason_and_text(tmp_path):
    content = (
        b'{"a": 1}\n\n{"a": "x"}\nnull\n{"a": 2\n{"b": "\\ud83d"}\n{"a": \xff}\n{"a": 2.5}\n{"a": 3} {"a": 4}\n{"a": 5}'
    )
    rows, rejects = json_rows(tmp_path, content, on_bad_row="reject", types={"a": int})
    assert rows == [(1,), (None,), (5,)]
    assert rejects == [
        Reject(1, 3, "column 'a': int expected, got str: 'x'", '{"a": "x"}'),
        Reject(2, 4, "not a JSON object", "null"),
        Reject(3, 5, "not valid JSON: Expecting ',' delimiter (character 7)", '{"a": 2'),
        Reject(5, 7, "not valid UTF-8 at byte 6", '{"a": \ufffd}'),
        Reject(6, 8, "column 'a': int expected, got float: 2.5", '{"a": 2.5}'),
        Reject(7, 9, "not valid JSON: Extra data (character 9)", '{"a": 3} {"a": 4}'),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b'{"a": 1}\n{"a": "x"}',
            r'(?s)line 2: column .a.: int expected, got str: .x..*types=\{"a": str\}',
        ),
        (
            b'{"a": "x"}\n{"a": "\\ud83d"}',
            r"line 2: column 'a': not valid Unicode \(half of a surrogate pair\)",
        ),
        (
            b'{"a": 1}\n{"a": 99999999999999999999}',
            r"line 2: column 'a': 99999999999999999999 does not fit int64",
        ),
        (b'{"a": null}\n{"a": 1}\n{"a": true}', r"line 3: column 'a': int expected, got bool: True"),
        (b'[\n{"a": 1}\n]', r"(?s)line 1: not valid JSON.*it looks like one JSON array"),
        (b'null\n{"a": 1}\n', r"line 1: not a JSON object"),
    ],
)
def test_a_bad_line_of_jsonl_stops_the_reading(tmp_path, content, message):
    with pytest.raises(CorpusError, match=message):
        json_rows(tmp_path, content)


@pytest.mark.parametrize("block", [1, 10, 64])
def test_the_size_of_a_block_does_not_show_in_jsonl(tmp_path, monkeypatch, block):
    content = b'{"a": 1}\n' * 3 + b'\n\n{"a": "x"}\n' + b'{"a": 2, "b": "' + b"y" * 200 + b'"}\n{"a": NaN}\n{"a": 3}'
    expected = json_rows(tmp_path, content, types={"a": float}, on_bad_row="reject")
    monkeypatch.setattr(json_lines, "BLOCK_BYTES", block)
    assert json_rows(tmp_path, content, types={"a": float}, on_bad_row="reject") == expected
    assert expected == (
        [(1.0,), (1.0,), (1.0,), (2.0,), (None,), (3.0,)],
        [Reject(3, 6, "column 'a': float expected, got str: 'x'", '{"a": "x"}')],
    )


# ---------------------------------------------------------------------------------------------- Parquet


def test_only_needed_columns_and_row_groups_are_read(tmp_path, monkeypatch):
    asked = []
    honest = parquet._group_batches

    def watched(file, group, schema, rows):
        asked.append((group, schema.names))
        return honest(file, group, schema, rows)

    monkeypatch.setattr(parquet, "_group_batches", watched)
    corpus = open_corpus(parquet_file(tmp_path / "c.parquet", 5))
    corpus.read(7, 13, ["n"])
    assert asked == [(1, ["n"]), (2, ["n"])]
    asked.clear()
    next(corpus.batches(["text"], 2, start=11))
    assert asked == [(2, ["text"])]


def test_files_of_a_folder_must_agree_on_the_columns_that_are_read(tmp_path):
    pq.write_table(pa.table({"a": [1], "b": ["x"], "c": ["x"]}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"a": ["1.5"], "c": pa.array([None], pa.null())}), tmp_path / "2.parquet")
    (tmp_path / "_SUCCESS").touch()
    corpus = open_corpus(tmp_path)
    assert rows_of(corpus.batches(["c"], 5)) == [{"c": "x"}, {"c": None}]
    with pytest.raises(CorpusError, match=r"column 'a' is int64 in .*1\.parquet and string in .*2\.parquet"):
        list(corpus.batches(["a"], 5))
    with pytest.raises(CorpusError, match=r"column 'b' is in .*1\.parquet but not in .*2\.parquet"):
        list(corpus.batches(["b"], 5))


def test_a_parquet_file_that_is_broken_inside_is_named(tmp_path):
    path = tmp_path / "c.parquet"
    pq.write_table(
        pa.table({"text": [str(i) * 20 for i in range(2000)]}), path, compression="snappy", use_dictionary=False
    )
    data = bytearray(path.read_bytes())
    data[60:6000] = bytes(5940)
    path.write_bytes(bytes(data))
    with pytest.raises(CorpusError, match=r"c\.parquet' cannot be read as Parquet"):
        list(open_corpus(path).batches(["text"], 500))


def test_a_corpus_repr_is_short_for_many_columns():
    corpus = open_corpus(pa.table({f"c{i}": [1] for i in range(100)}))
    assert isinstance(corpus, Corpus)
    assert repr(corpus) == "Corpus(an Arrow Table, 1 row, 100 columns)"
    with pytest.raises(CorpusError, match=r"'c0', 'c1', .*'c29' and 70 more\)"):
        corpus.batches(["x"], 1)


def test_batch_sizes_below_one_are_refused():
    with pytest.raises(CorpusError, match="batch_rows=0"):
        open_corpus(["x"]).batches(["text"], 0)


# Lists of files, and containers that are none -------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Six rows in three files of each format; the working folder holds them."""
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame({"id": range(6), "text": list("abcdef")})
    for number in range(3):
        part = frame[2 * number : 2 * number + 2]
        part.to_csv(f"{number}.csv", index=False)
        part.to_parquet(f"{number}.parquet", index=False)
        part.to_json(f"{number}.jsonl", orient="records", lines=True)
    return tmp_path


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
@pytest.mark.parametrize(
    "form",
    [
        list,
        tuple,
        np.array,
        lambda names: [Path(name) for name in names],
        lambda names: [str(Path(name).absolute()) for name in names],
    ],
    ids=["list", "tuple", "array", "paths", "absolute"],
)
def test_a_list_of_files_is_a_corpus_of_their_rows(files, suffix, form):
    assert files.is_dir()
    corpus = lk.open_corpus(form([f"{number}.{suffix}" for number in range(3)]), id="id")
    for start in range(7):
        batches = list(corpus.batches(["text"], 4, start=start))
        assert [text for batch in batches for text in batch.table.column(0).to_pylist()] == list("abcdef")[start:]
        assert [str(name) for batch in batches for name in batch.ids.to_pylist()] == list("012345")[start:]
    if corpus.splittable:
        assert corpus.read(1, 5, ["text"]).column(0).to_pylist() == list("bcde")
    assert corpus.fingerprint() != lk.open_corpus(form([f"{number}.{suffix}" for number in (1, 0, 2)])).fingerprint()


def copied(path):
    other = path.with_name(f"z-{path.name}")
    other.write_bytes(path.read_bytes())
    return other


@pytest.mark.parametrize("engine", ["serial", "thread", "process"])
def test_several_files_are_voted_on_by_every_engine(files, engine):
    rule = lk.regex("[ace]", label=1).rule(name="ace")
    for suffix in ("csv", "parquet"):
        paths = sorted(files.glob(f"*.{suffix}"))
        matrix = lk.Applier([rule], labels=2).apply(
            paths, id="id", workers=2 if engine != "serial" else 1, engine=engine
        )
        assert matrix.votes.ravel().tolist() == [1, -1] * 3
        with pytest.raises(CorpusError, match=r"the id .* stands twice"):
            lk.Applier([rule], labels=2).apply([*paths, copied(paths[0])], id="id")


def test_a_column_without_values_in_one_file_has_the_type_of_the_others(files):
    (files / "a.jsonl").write_text('{"n": null}\n', "utf-8")
    (files / "b.jsonl").write_text('{"n": 1}\n', "utf-8")
    corpus = lk.open_corpus(["a.jsonl", "b.jsonl"])
    assert [batch.table.column(0).to_pylist() for batch in corpus.batches(["n"], 9)] == [[None, 1]]


def test_bad_rows_of_several_files_are_listed_with_their_file(files):
    (files / "bad.jsonl").write_text('{"id": 9, "text": "x"}\nnot json\n', "utf-8")
    corpus = lk.open_corpus(["0.jsonl", "bad.jsonl"], on_bad_row="reject")
    assert sum(len(batch) for batch in corpus.batches(["text"], 9)) == 3
    assert [reject.reason.partition(":")[0] for reject in corpus.rejects] == ["bad.jsonl"]


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (["0.csv", "nope.csv"], "'nope.csv' in a list of paths is no file"),
        (["nope.csv", "0.csv"], "'nope.csv' in a list of paths is no file"),
        ([Path("nope.csv")], "'nope.csv' in a list of paths is no file"),
        (["0.csv", "a text"], "'a text' in a list of paths is no file"),
        (["0.csv", 3], "'3' in a list of paths is no file"),
        (["0.csv", "1.parquet"], r"several formats: 0\.csv \(csv\), 1\.parquet \(parquet\)"),
        (["notes.dat"], "'notes.dat' has none of the known suffixes"),
        (["0.csv", "notes.dat"], "'notes.dat' has none of the known suffixes"),
    ],
    ids=repr,
)
def test_a_list_of_paths_that_is_no_corpus_is_refused(files, paths, message):
    (files / "notes.dat").write_text("a", "utf-8")
    with pytest.raises(CorpusError, match=message):
        lk.open_corpus(paths)


def test_texts_that_look_like_names_of_files_are_texts(files):
    (files / "plain").write_text("a", "utf-8")
    for texts in (["gone.csv", "lost.csv"], ["plain", "words"], ["see 0.csv", "words"]):
        assert lk.open_corpus(texts).column_names == ("text",)


def of_library(name, **members):
    """An object of a class that another library defines, which iterates over the names of its columns."""
    return type("DataFrame", (), {"__module__": name, "__iter__": lambda _: iter(["text"]), **members})()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            of_library("dask.dataframe.core", columns=["text"]),
            r"a?n? object of type dask DataFrame(.|\n)*\.compute\(\)",
        ),
        (of_library("modin.pandas.dataframe", columns=["text"]), r"modin DataFrame(.|\n)*_to_pandas"),
        (of_library("pyspark.sql.dataframe"), r"pyspark DataFrame(.|\n)*toPandas"),
        (of_library("pyspark.core.rdd"), r"give a frame of Spark \(.toDF\(\) makes one of an RDD"),
        (of_library("torch"), r"torch DataFrame(.|\n)*tolist"),
        (of_library("frames_of_my_own", columns=["text"]), "frames_of_my_own DataFrame"),
        ({"a", "b"}, "of type set is not a corpus"),
        (frozenset("ab"), "frozenset is not a corpus"),
        (b"text", "bytes is not a corpus"),
        (bytearray(b"text"), "bytearray is not a corpus"),
        (np.zeros((2, 2)), "numpy ndarray is not a corpus"),
        ({"text": "abc"}, "'text' of the dict is a str"),
        ({"a": 1}, "'a' of the dict is a int"),
        ((n for n in [1, 2]), "neither dicts nor strings, but 1"),
        (iter([Path("a.csv")]), r"but PosixPath(.|\n)*sorted\(paths\)"),
        (42, "of type int is not a corpus"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_containers_that_are_no_corpus_are_refused_by_name(data, message):
    with pytest.raises(CorpusError, match=message):
        lk.open_corpus(data)


def test_votes_in_a_frame_of_a_library_that_is_not_read_are_refused():
    with pytest.raises(lk.exceptions.MatrixError, match=r"dask DataFrame is not a frame of votes(.|\n)*compute"):
        lk.LabelMatrix.of(of_library("dask.dataframe.core", columns=["a"]))


@pytest.mark.parametrize("other", ['{"text": "z"}', '{"text": 3}', "broken"])  # the last two are read line by line
@pytest.mark.parametrize(
    ("line", "columns", "twice"),
    [
        ('{"text": "a", "text": "b"}', ["text"], "text"),
        ('{"text": "a", "n": 1, "n": 2}', ["text"], None),
        ('{"n": 1, "n": 2, "text": "a", "text": "b"}', ["text"], "text"),
        ('{"text": "a", "n": 1, "n": 2}', ["text", "n"], "n"),
        ('{"text": "a:b", "user": {"id": 1, "id": 2}}', ["text", "user.id"], "id"),
        ('{"text": "a:b", "user": {"id": 1, "id": 2}}', ["text"], None),
        ('{"text": "\\"text\\": \\"b\\": {}"}', ["text"], None),
    ],
)
def test_a_key_that_stands_twice_is_no_value(tmp_path, line, columns, twice, other):
    (tmp_path / "a.jsonl").write_text(f'{{"text": "first", "n": 7, "user": {{"id": 5}}}}\n{line}\n{other}\n', "utf-8")
    corpus = lk.open_corpus(tmp_path / "a.jsonl", on_bad_row="reject")
    rows = [text for batch in corpus.batches(columns, 10) for text in batch.table.column(0).to_pylist()]
    reasons = [reject.reason for reject in corpus.rejects if reject.row == 1]
    assert reasons == ([] if twice is None else [f"the key {twice!r} stands twice in one object"])
    assert rows[0] == "first"
    assert len(rows) == 3 - len(corpus.rejects)


@pytest.mark.parametrize("first_has_zone", [True, False])
def test_times_with_and_without_a_zone_are_no_column(first_has_zone):
    times = [dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 1, 2)]  # noqa: DTZ001 - on purpose
    times = times if first_has_zone else times[::-1]
    for data in ({"at": times}, [{"at": time} for time in times], pd.DataFrame({"at": pd.Series(times, dtype=object)})):
        with pytest.raises(CorpusError, match=r"a time with(out)? a zone, unlike others of the column"):
            list(open_corpus(data).batches(["at"], 10))


TICKETS = pd.Index(["T1", "T2"], name="Ticket Nr")
INDEXES = {
    "Ticket Nr": (TICKETS, "'Ticket Nr' is the index of the frame, which names the examples without id="),
    "ticket_nr": (TICKETS, "'Ticket Nr' is the index of the frame, which names the examples without id="),
    "index": (TICKETS.rename(None), "'index' is the index of the frame, which names the examples"),
    "day": (pd.MultiIndex.from_tuples([(1, 2), (1, 3)], names=["day", "hour"]), "'day' is a level of the index"),
    "number": (pd.RangeIndex(2, name="number"), "and no column; it counts the rows: df.reset_index()"),
    "again": (pd.Index([1, 1], name="again"), "and no column; it repeats: df.reset_index()"),
    "none": (pd.Index(["a", None], name="none"), "and no column; it has empty labels: df.reset_index()"),
}


@pytest.mark.parametrize(("name", "index", "said"), [(name, *case) for name, case in INDEXES.items()], ids=INDEXES)
def test_an_id_that_is_the_index_of_the_frame_is_told(name, index, said):
    frame = pd.DataFrame({"text": ["a", "b"]}, index=index)
    for reading in ({}, {"rename": {"t": "text"}}):
        with pytest.raises(CorpusError, match=f"column '{name}' is not in the corpus.*LK202") as error:
            lk.open_corpus(frame, id=name, **reading)
        assert said in error.value.hint
        assert "df.reset_index() makes it a column" in error.value.hint


def test_a_rule_that_reads_the_index_of_the_frame_is_told():
    rule = lk.keywords("T1", label=0).rule(name="of_ticket", column="Ticket Nr")
    with pytest.raises(CorpusError, match="LK202") as error:
        lk.Applier([rule], labels=["A", "B"]).apply(pd.DataFrame({"text": ["a", "b"]}, index=TICKETS), progress=False)
    assert error.value.hint.startswith("'Ticket Nr' is the index of the frame")


WHOLE = {
    "missing": [5.0, None, 7.0],
    "whole": [5.0, 6.0, -7.0],
    "Float64": pd.array([5.0, None, 7.0], dtype="Float64"),
    "Int64": pd.array([5, None, 7], dtype="Int64"),
    "float64[pyarrow]": pd.array([5.0, None, 7.0], dtype="float64[pyarrow]"),
    "float32": np.array([5.0, np.nan, 7.0], dtype=np.float32),
    "Sparse": pd.arrays.SparseArray([5.0, np.nan, 7.0]),
    "exact": [2.0**53, None, -(2.0**53)],
    "none": [None, None, None],
    "object": np.array([5, None, 7], dtype=object),
}


@pytest.mark.parametrize("annotation", [int, int | None])
@pytest.mark.parametrize("kind", WHOLE)
def test_whole_numbers_that_pandas_holds_as_floats_are_whole_numbers_of_a_rule_that_says_so(kind, annotation):
    def seen(corpus):
        values = []

        def rule(count):
            values.append(count)
            return 1

        rule.__annotations__ = {"count": annotation}
        lk.Applier([lk.labeling_function(rule)], labels=2).apply(corpus)
        return [(type(value), value) for value in values]

    frame = pd.DataFrame({"count": WHOLE[kind]})
    expected = [None if pd.isna(value) else int(value) for value in frame["count"]]
    expected = [(type(value), value) for value in expected if annotation is not int or value is not None]
    assert seen(frame) == expected
    assert seen({"count": frame["count"]}) == expected
    assert seen(frame.set_axis(["a", "b", "c"])["count"].to_frame()) == expected


@pytest.mark.parametrize("numbers", [[5.5, None], [5.0, 5.5], [2.0**60, 1.0], [np.inf, 1.0]])
def test_floats_of_which_one_is_not_whole_stay_floats(numbers):
    @lk.labeling_function
    def rule(count: int) -> int:
        return int(isinstance(count, float))

    votes = lk.Applier([rule], labels=2).apply(pd.DataFrame({"count": numbers})).votes[:, 0]
    assert votes.tolist() == [1 if number is not None else -1 for number in numbers]
