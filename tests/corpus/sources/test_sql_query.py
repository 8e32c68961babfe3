"""The rows of queries to PostgreSQL, SQLite and DuckDB."""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import pickle
import sqlite3
import tempfile
import threading
import tracemalloc
from decimal import Decimal

import pytest

import labelkit as lk
from labelkit.corpus import open_corpus
from labelkit.corpus.sources import sql_query
from labelkit.exceptions import CorpusError, DatabaseError, LabelkitError, MissingExtraError
from tests.postgresql import PASSWORD, binaries, postgresql
from tests.waiting import wait_until

sa = pytest.importorskip("sqlalchemy")
duckdb = pytest.importorskip("duckdb")

N = 40_000
CREATE = """CREATE TABLE mails (id BIGINT, "select" TEXT, n DOUBLE PRECISION, late TEXT)"""


@pytest.fixture(scope="module")
def server():
    if binaries() is None:
        pytest.skip("there is no PostgreSQL on this machine")
    psycopg = pytest.importorskip("psycopg")
    with pytest.MonkeyPatch.context() as elsewhere:
        elsewhere.setattr(tempfile, "tempdir", None)
        running_server = postgresql()
        running = running_server.__enter__()
    with contextlib.ExitStack() as stack:
        stack.push(running_server.__exit__)
        with psycopg.connect(running.url().replace("+psycopg", "")) as connection:
            connection.execute(CREATE)
            connection.execute(
                f"""INSERT INTO mails SELECT i, CASE WHEN i % 3 = 0 THEN 'win 100% at 12:30' ELSE 'hi' END,
                CASE WHEN i > 20000 THEN i + 0.5 END, CASE WHEN i = {N - 1} THEN 'late' END
                FROM generate_series(0, {N - 1}) i"""
            )
        yield running


def rows():
    for i in range(N):
        yield (
            i,
            "win 100% at 12:30" if i % 3 == 0 else "hi",
            i + 0.5 if i > 20_000 else None,
            "late" if i == N - 1 else None,
        )


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("databases")
    with contextlib.closing(sqlite3.connect(folder / "a.db")) as connection:
        connection.execute(CREATE)
        connection.executemany("INSERT INTO mails VALUES (?, ?, ?, ?)", rows())
        connection.commit()
    with duckdb.connect(str(folder / "a.duckdb")) as connection:
        connection.execute(CREATE)
        connection.execute(
            f"""INSERT INTO mails SELECT i, CASE WHEN i % 3 = 0 THEN 'win 100% at 12:30' ELSE 'hi' END,
            CASE WHEN i > 20000 THEN i + 0.5 END, CASE WHEN i = {N - 1} THEN 'late' END FROM range({N}) t(i)"""
        )
    return folder


KINDS = ["sqlite", "duckdb", "postgresql"]


@pytest.fixture(params=KINDS)
def database(request, files):
    if request.param == "postgresql":
        return request.getfixturevalue("server").url().replace("+psycopg", "")
    return f"{request.param}:///{files / 'a'}.{'db' if request.param == 'sqlite' else 'duckdb'}"


@pytest.fixture(autouse=True)
def spool(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    gc.collect()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("labelkit-")]


ORDERED = 'SELECT id, "select" AS text, n, late FROM mails ORDER BY id'


def test_rows_of_a_query_are_a_corpus(database):
    corpus = open_corpus(lk.SqlQuery(ORDERED, database), id="id")
    assert (corpus.n_rows, corpus.column_names) == (N, ("id", "text", "n", "late"))
    assert corpus.read(0, 2, ["text", "n", "late"]).to_pylist() == [
        {"text": "win 100% at 12:30", "n": None, "late": None},
        {"text": "hi", "n": None, "late": None},
    ]
    assert corpus.read(N - 1, N, ["n", "late"]).to_pylist() == [{"n": N - 0.5, "late": "late"}]
    assert PASSWORD not in repr(corpus)


def test_a_run_over_a_query_keeps_no_password(server, tmp_path):
    rule = lk.keywords("win", label=1).rule(name="wins", column="text")
    lfs = lk.LabelingFunctions([rule], labels=["ham", "spam"])
    run = lk.run(lfs, lk.SqlQuery(f"{ORDERED} LIMIT 999", server.url()), tmp_path / "run", id="id")
    assert len(run.labels()) == 999
    assert PASSWORD not in (tmp_path / "run" / "manifest.json").read_text()


def test_rows_stay_whatever_becomes_of_the_table(files):
    path = files / "changing.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (a TEXT)")
        connection.execute("INSERT INTO t VALUES ('x')")
        connection.commit()
        corpus = open_corpus(lk.SqlQuery("SELECT a FROM t", path))
        assert corpus.n_rows == 1
        connection.execute("INSERT INTO t VALUES ('y')")
        connection.commit()
    assert [len(batch) for _ in range(2) for batch in corpus.batches(["a"], 5)] == [1, 1]


def test_types_arrive_from_postgresql(server):
    query = """SELECT 1.50::numeric(9, 2) AS d, '2024-01-02 03:04:05+02'::timestamptz AS z, '2024-01-02'::date AS day,
        ARRAY['a', NULL] AS l, '{"user": {"id": 7}}'::jsonb AS j, true AS flag, NULL::int AS nothing,
        '7d444840-9dc0-11d1-b245-5ffdce74fad2'::uuid AS u, '\\x00ff'::bytea AS b, '10.0.0.1'::inet AS ip, '12:30'::time AS t"""
    corpus = open_corpus(lk.SqlQuery(query, f"{server.url()}?options=-ctimezone%3DAsia/Tokyo"))
    assert str(corpus.column_type("z")) == "timestamp[us, tz=UTC]"
    row = corpus.read(0, 1, [*corpus.column_names, "j.user.id"]).to_pylist()[0]
    assert (row["d"], row["day"], row["l"]) == (Decimal("1.50"), dt.date(2024, 1, 2), ["a", None])
    assert row["z"] == dt.datetime(2024, 1, 2, 1, 4, 5, tzinfo=dt.UTC)
    assert (row["j"], row["j.user.id"], row["flag"], row["nothing"]) == ({"user": {"id": 7}}, 7, True, None)
    assert (row["u"], row["b"], row["ip"]) == ("7d444840-9dc0-11d1-b245-5ffdce74fad2", b"\x00\xff", "10.0.0.1")
    assert row["t"] == dt.time(12, 30)


def test_types_widen_from_batch_to_batch(monkeypatch, server):
    monkeypatch.setattr(sql_query, "BATCH", 2)
    query = """SELECT i, CASE WHEN i > 2 THEN 'x' END AS late, CASE WHEN i < 4 THEN 1 ELSE 1.25 END::numeric AS d,
        CASE WHEN i < 3 THEN '{"a": 1}' ELSE '{"a": 1.5, "b": "x"}' END::jsonb AS j FROM generate_series(0, 5) i ORDER BY i"""
    corpus = open_corpus(lk.SqlQuery(query, server.url()))
    table = corpus.read(0, 6, ["late", "d", "j.a", "j.b"]).to_pydict()
    assert table["late"] == [None, None, None, "x", "x", "x"]
    assert table["d"] == [1, 1, 1, 1, Decimal("1.25"), Decimal("1.25")]
    assert (table["j.a"], table["j.b"]) == ([1, 1, 1, 1.5, 1.5, 1.5], [None, None, None, "x", "x", "x"])


def test_connections_and_engines_are_databases(files):
    query = "SELECT count(*) AS n FROM mails"
    engine = sa.create_engine(f"sqlite:///{files / 'a.db'}")
    with (
        contextlib.closing(sqlite3.connect(files / "a.db")) as plain,
        engine.connect() as connection,
        duckdb.connect(str(files / "a.duckdb")) as duck,
    ):
        for database in (engine, connection, plain, duck):
            assert open_corpus(lk.SqlQuery(query, database)).read(0, 1, ["n"]).to_pylist() == [{"n": N}]
    engine.dispose()
    for path in (files / "a.db", str(files / "a.duckdb")):
        assert open_corpus(lk.SqlQuery(query, path)).read(0, 1, ["n"]).to_pylist() == [{"n": N}]


def test_memory_is_bounded(server):
    query = lk.SqlQuery("SELECT repeat('x', 1000) || i AS text FROM generate_series(1, 100000) i", server.url())
    tracemalloc.start()
    assert open_corpus(query).n_rows == 100_000  # 100 MB
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6


def test_no_rows_are_rows(database):
    corpus = open_corpus(lk.SqlQuery("SELECT id FROM mails WHERE id < 0", database))
    assert (corpus.n_rows, corpus.column_names) == (0, ("id",))


def test_an_address_comes_from_the_environment(server, monkeypatch):
    monkeypatch.setenv("MAILS_URL", server.url())
    assert open_corpus(lk.SqlQuery("SELECT 1 AS a", "env:MAILS_URL")).n_rows == 1
    monkeypatch.setenv("DB_PASSWORD", PASSWORD)
    url = server.url(password="PW").replace(":PW@", ":${DB_PASSWORD}@")
    assert open_corpus(lk.SqlQuery("SELECT 1 AS a", url)).n_rows == 1
    monkeypatch.delenv("DB_PASSWORD")
    with pytest.raises(DatabaseError, match="DB_PASSWORD"):
        open_corpus(lk.SqlQuery("SELECT 1 AS a", url))


def test_semicolons_in_texts_end_nothing(database):
    query = """-- first; a comment
        SELECT 'a;b' AS "x;y" /* ; */;"""
    assert open_corpus(lk.SqlQuery(query, database)).read(0, 1, ["x;y"]).to_pylist() == [{"x;y": "a;b"}]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("DELETE FROM mails", "does not begin as one that reads"),
        ("DROP TABLE mails", "does not begin as one that reads"),
        ("", "does not begin as one that reads"),
        ("SELECT 1; DROP TABLE mails", "several statements"),
        ("SELECT 1; SELECT 2;", "several statements"),
        (7, "is no text"),
    ],
)
def test_what_does_not_read_is_refused_before_it_is_sent(query, message):
    with pytest.raises(CorpusError, match=message):
        lk.SqlQuery(query, "sqlite:///a.db")


def test_a_query_that_writes_is_refused(server):
    query = "WITH gone AS (DELETE FROM mails RETURNING id) SELECT id FROM gone"
    with pytest.raises(DatabaseError) as raised:
        _ = open_corpus(lk.SqlQuery(query, server.url())).n_rows
    assert "\n" not in raised.value.message
    assert (
        open_corpus(lk.SqlQuery("SELECT count(*) AS n FROM mails", server.url())).read(0, 1, ["n"])["n"][0].as_py() == N
    )


@pytest.mark.parametrize("query", ["SELECT nothing FROM mails", "SELECT FROM FROM mails", "SELECT id FROM nothing"])
def test_wrong_sql_is_an_error_with_the_message_of_the_database(database, query):
    with pytest.raises(DatabaseError) as raised:
        _ = open_corpus(lk.SqlQuery(query, database)).n_rows
    assert "\n" not in raised.value.message
    assert "nothing" in raised.value.message or "FROM" in raised.value.message
    assert PASSWORD not in str(raised.value)


def test_a_column_that_stands_twice_is_an_error_when_it_is_read(database):
    corpus = open_corpus(lk.SqlQuery("SELECT a.id, b.id, b.late FROM mails a JOIN mails b ON a.id = b.id", database))
    assert corpus.read(0, 1, ["late"]).num_rows == 1
    if not database.startswith("duckdb"):  # which gives the second another name
        with pytest.raises(CorpusError, match="'id' stands more than once"):
            corpus.read(0, 1, ["id"])


def test_values_of_two_types_are_an_error_with_their_row(files):
    path = files / "mixed.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (a)")
        connection.executemany("INSERT INTO t VALUES (?)", [(1,), ("x",)])
        connection.commit()
    with pytest.raises(CorpusError, match=r"row 1: column 'a': int expected, got str(.|\n)*CAST\(a AS TEXT\)"):
        _ = open_corpus(lk.SqlQuery("SELECT a FROM t", path)).n_rows


@pytest.mark.parametrize(
    ("database", "message"),
    [
        ("postgresql://reader:hunter2@127.0.0.1:1/mails", "127.0.0.1"),
        ("sqlite:///nowhere.db", "no file 'nowhere.db'"),
        ("duckdb:///nowhere.duckdb", "no file 'nowhere.duckdb'"),
        ("nowhere.csv", "not the address of a database"),
        ("nodialect://a:hunter2@b/c", "nodialect"),
        ("postgresql://reader:pass@word:hunter2/3@127.0.0.1:1/mails", r"this is no address.*(.|\n)*DB_PASSWORD"),
        (object(), "no database that can be asked"),
    ],
)
def test_a_database_that_cannot_be_reached_is_an_error(database, message):
    with pytest.raises((DatabaseError, CorpusError), match=message) as raised:
        _ = open_corpus(lk.SqlQuery("SELECT 1 AS a", database)).n_rows
    assert "hunter2" not in str(raised.value)
    assert "\n" not in raised.value.message


def test_a_wrong_password_is_an_error_without_it(server):
    with pytest.raises(DatabaseError, match=r"(?s)authentication failed.*check the user") as raised:
        _ = open_corpus(lk.SqlQuery("SELECT 1 AS a", server.url("wr0ng-secret"))).n_rows
    assert "wr0ng-secret" not in str(raised.value)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # psycopg: of the cursor that was cut
def test_a_connection_that_is_lost_is_an_error(server):
    psycopg = pytest.importorskip("psycopg")
    query = "SELECT i, pg_sleep(0.0005) IS NULL AS slept FROM generate_series(1, 60000) i"
    errors = []

    def read():
        try:
            _ = open_corpus(lk.SqlQuery(query, server.url())).n_rows
        except LabelkitError as error:
            errors.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    with psycopg.connect(server.url().replace("+psycopg", ""), autocommit=True) as other:
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%FETCH%' AND pid <> pg_backend_pid()"
        wait_until(lambda: other.execute(ended).fetchall())
    reader.join()
    assert isinstance(errors[0], DatabaseError)
    assert "run it again" in errors[0].hint
    assert "\n" not in errors[0].message


def test_a_missing_driver_is_named():
    with pytest.raises((MissingExtraError, DatabaseError), match="MySQLdb"):
        _ = open_corpus(lk.SqlQuery("SELECT 1", "mysql://a:b@c/d")).n_rows


def test_a_query_is_pickled_without_what_it_gave(files):
    query = lk.SqlQuery("SELECT count(*) AS n FROM mails", str(files / "a.db"))
    assert open_corpus(pickle.loads(pickle.dumps(query))).n_rows == 1
