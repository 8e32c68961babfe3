"""Relations of DuckDB and LazyFrames of polars: computed once, in a stream, with an order that stays."""

from __future__ import annotations

import datetime as dt
import gc
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest

import labelkit as lk
from labelkit.corpus import open_corpus
from labelkit.exceptions import CorpusError

duckdb = pytest.importorskip("duckdb")
pl = pytest.importorskip("polars")

N = 70_000


@pytest.fixture(autouse=True)
def spool(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def relation():
    return duckdb.sql(
        f"SELECT i AS id, CASE WHEN i % 3 = 0 THEN 'win ' || i END AS text, {{'n': i}} AS user FROM range({N}) t(i)"
    )


def lazy_frame():
    ids = pl.LazyFrame({"id": range(N)})
    text = pl.when(pl.col("id") % 3 == 0).then(pl.format("win {}", "id"))
    return ids.with_columns(text=text, user=pl.struct(n="id"))


@pytest.fixture(params=[relation, lazy_frame])
def lazy(request):
    return request.param()


def test_rows_are_those_of_the_computation(lazy):
    corpus = open_corpus(lazy, id="id")
    assert (corpus.n_rows, corpus.splittable) == (N, True)
    assert corpus.read(3, 5, ["text", "user.n"]).to_pylist() == [
        {"text": "win 3", "user.n": 3},
        {"text": None, "user.n": 4},
    ]
    assert [batch.start for batch in corpus.batches(["text"], 30_000)] == [0, 30_000, 60_000]


def test_processes_vote_as_one_does(lazy):
    lfs = lk.LabelingFunctions([lk.keywords("win", label=1).rule(name="wins", column="text")], labels=["ham", "spam"])
    matrix = lk.Applier(lfs).apply(open_corpus(lazy, id="id"), workers=2, engine="process")
    assert (matrix.votes[:, 0] == 1).nonzero()[0].tolist() == list(range(0, N, 3))


def test_order_stays_where_each_computation_has_its_own():
    shuffled = open_corpus(duckdb.sql(f"SELECT i FROM range({N}) t(i) ORDER BY random()"))
    first, second = (pa.concat_arrays([b.table["i"] for b in shuffled.batches(["i"], 9_999)]) for _ in range(2))
    assert first.equals(second)
    grouped = pl.LazyFrame({"key": [i % 999 for i in range(N)]}).group_by("key").len()
    corpus = open_corpus(grouped)
    assert corpus.read(0, 999, ["key"]).equals(corpus.read(0, 999, ["key"]))
    assert corpus.n_rows == 999


def test_the_temporary_file_goes_with_the_corpus(lazy, spool):
    corpus = open_corpus(lazy)
    assert corpus.column_names == ("id", "text", "user")
    assert Path("/proc/self/fd").exists() != bool(list(spool.iterdir()))  # its name is gone at once, where it can be
    rows = corpus.batches(["text"], 1_000)
    del corpus
    gc.collect()
    assert len(next(rows)) == 1_000
    del rows
    gc.collect()
    assert not list(spool.iterdir())


def test_the_same_rows_have_the_same_fingerprint():
    one, same, other = (open_corpus(duckdb.sql(f"SELECT {i} AS a")).fingerprint() for i in (1, 1, 2))
    assert one == same != other


def test_types_arrive():
    query = """SELECT 1.5::DECIMAL(9, 2) d, TIMESTAMP '2024-01-02 03:04:05' t, DATE '2024-01-02' AS day, [1, NULL] l,
        '{"a": 1}'::JSON j, 'a'::ENUM('a', 'b') e, NULL::INTEGER n, 'x'::BLOB b, TIMESTAMPTZ '2024-01-02 03:04:05+00' z"""
    corpus = open_corpus(duckdb.sql(query))
    row = corpus.read(0, 1, list(corpus.column_names)).to_pylist()[0]
    assert (str(row["d"]), row["t"].year, row["day"].day, row["l"], row["j"]) == (
        "1.50",
        2024,
        2,
        [1, None],
        '{"a": 1}',
    )
    assert (row["e"], row["n"], row["b"], row["z"].hour) == ("a", None, b"x", 3)


def test_no_rows_are_rows():
    assert open_corpus(duckdb.sql("SELECT 1 AS a WHERE false")).n_rows == 0
    assert open_corpus(pl.LazyFrame({"a": [1]}).filter(pl.col("a") > 1)).n_rows == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: duckdb.sql("SELECT 'x'::VARCHAR::INTEGER AS a FROM range(3)"), "Could not convert"),
        (lambda: pl.LazyFrame({"a": ["x"]}).select(pl.col("a").cast(int)), "conversion"),
        (lambda: pl.LazyFrame({"a": ["x"]}).select("b"), "b"),
        (lambda: pl.scan_csv("/nowhere/*.csv"), "nowhere"),
    ],
    ids=["duckdb, cast", "polars, cast", "polars, column", "polars, file"],
)
def test_what_cannot_be_computed_is_an_error_in_one_line(make, message, spool):
    with pytest.raises(CorpusError, match=message) as raised:
        _ = open_corpus(make()).column_names
    assert "\n" not in raised.value.message
    gc.collect()


def test_a_type_that_cannot_be_kept_is_named():
    with pytest.raises(CorpusError, match=r"interval(.|\n)*CAST"):
        _ = open_corpus(duckdb.sql("SELECT INTERVAL 1 MONTH AS i")).column_names


def test_a_full_disk_is_an_error(spool):
    """A limit on the size of files stands in for a disk that is full, in a process of its own."""
    code = """
import resource, signal, duckdb, labelkit as lk
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    lk.open_corpus(duckdb.sql("SELECT md5(i::VARCHAR) AS text FROM range(200000) t(i)")).n_rows
except lk.exceptions.CorpusError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=False,
        text=True,
        env={**os.environ, "TMPDIR": str(spool)},
    )
    assert "cannot be kept in" in done.stdout, done.stderr
    assert "TMPDIR" in done.stdout
    assert not list(spool.iterdir())


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_the_zone_of_a_connection_is_not_in_the_times_that_rules_read(zone):
    moment = "TIMESTAMPTZ '2024-01-01 23:30:00+00'"

    @lk.labeling_function
    def late(moment, several):
        return int(moment.hour == several[0]["at"].hour == 23 and moment.utcoffset() == dt.timedelta(0))

    with duckdb.connect() as connection:
        connection.execute(f"SET TimeZone = '{zone}'")
        query = f"SELECT {moment} AS moment, [{{'at': {moment}}}] AS several"
        for corpus in (connection.sql(query), lk.SqlQuery(query, connection)):
            opened = open_corpus(corpus)
            assert str(opened.column_type("moment")) == "timestamp[us, tz=UTC]"
            assert lk.Applier([late], labels=2).apply(opened, progress=False).votes.tolist() == [[1]]


ODD_FRAMES = {
    "an interval": lambda: duckdb.sql("SELECT 'win' AS text, INTERVAL 3 MONTH AS odd, 1 AS id"),
    "a union": lambda: duckdb.sql("SELECT 'win' AS text, [union_value(a := 1)] AS odd, 1 AS id"),
    "a query": lambda: lk.SqlQuery("SELECT 'win' AS text, INTERVAL 3 MONTH AS odd, 1 AS id", duckdb.connect()),
    "an object": lambda: pl.LazyFrame([["win"], pl.Series(["x"], dtype=pl.Object), [1]], schema=["text", "odd", "id"]),
    "a large integer": lambda: pl.LazyFrame({"text": ["win"], "odd": pl.Series([1], dtype=pl.Int128), "id": [1]}),
    "no field": lambda: pl.LazyFrame(
        {"text": ["win"], "odd": pl.Series([], dtype=pl.Struct([])).extend_constant({}, 1), "id": [1]}
    ),
}
"""Frames with a column of which no file of Parquet can be made."""


@pytest.mark.parametrize("make", ODD_FRAMES.values(), ids=list(ODD_FRAMES))
def test_a_column_that_cannot_be_kept_does_not_matter_where_nobody_reads_it(make):
    corpus = open_corpus(make(), id="id")
    assert corpus.column_names == ("text", "odd", "id")
    assert corpus.read(0, 1, ["text"]).to_pylist() == [{"text": "win"}]
    wins = lk.keywords("win", label=1).rule(name="wins", column="text")
    assert lk.Applier([wins], labels=2).apply(make(), id="id").votes.tolist() == [[1]]
    for read in (
        lambda: corpus.read(0, 1, ["odd"]),
        lambda: list(corpus.batches(["text", "odd"], 5)),
        lambda: corpus.column_type("odd"),
        lambda: lk.Applier([lk.keywords("win", label=1).rule(name="odd", column="odd")], labels=2).apply(make()),
    ):
        with pytest.raises(CorpusError, match=r"column 'odd' of .* holds .*, which a file of Parquet does not"):
            read()


def test_all_columns_that_cannot_be_kept_are_an_error():
    with pytest.raises(CorpusError, match="the rows cannot be kept"):
        _ = open_corpus(duckdb.sql("SELECT INTERVAL 3 MONTH AS odd")).n_rows
