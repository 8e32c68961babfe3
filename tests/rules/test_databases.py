"""Look-ups in real databases: SQLite, DuckDB and a PostgreSQL that is started here."""

from __future__ import annotations

import contextlib
import datetime as dt
import pickle
import sqlite3
import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings, strategies as st

import labelkit as lk
from labelkit._shared.secrets import anonymous, from_environment, masked, secrets_of, without_secrets
from labelkit.apply.plan import Plan
from labelkit.apply.vote_cache import why_not
from labelkit.checks.check_rules import check_rules
from labelkit.exceptions import CorpusError, DatabaseError, FaultError, MissingExtraError, RuleError
from labelkit.rules.databases._keys import fits_column
from labelkit.rules.databases.table import UnreachableError
from labelkit.rules.inspection.source_text import text_of
from tests.postgresql import PASSWORD, binaries, postgresql
from tests.waiting import wait_until

sa = pytest.importorskip("sqlalchemy")
duckdb = pytest.importorskip("duckdb")

LABELS = {"spam": 1, "ham": 0}
DROP = "Robert'); DROP TABLE accounts;--"
ROWS = [
    ("bob", 1, dt.date(2024, 1, 2), "spam"),
    ("ann", 2, dt.date(2024, 1, 3), "ham"),
    (DROP, 2**62 + 1, None, "spam"),
    ("Ünïcødé 🦆", -(2**63), None, "ham"),
    ("twice", 5, None, "spam"),
    ("twice", 5, None, "spam"),
    ("both", 6, None, "ham"),
    ("both", 6, None, "spam"),
    ('q"uo`te%(x)s:y{}', 7, None, "ham"),
    ("unsaid", 8, None, None),
    ("", 9, None, "spam"),
    (None, None, None, "spam"),
]
ASKED = [*dict.fromkeys(row[0] for row in ROWS if row[0]), "BOB", "bob ", "nobody", "' OR '1'='1", "nul\x00l", "", None]
EXPECTED = {"bob": 1, "ann": 0, DROP: 1, "Ünïcødé 🦆": 0, "twice": 1, "both": 1, 'q"uo`te%(x)s:y{}': 0, "": 1}
CREATE = "CREATE TABLE accounts (account {text}, number BIGINT, since DATE, verdict {text})"


@pytest.fixture(scope="session")
def server():
    if binaries() is None:
        pytest.skip("there is no PostgreSQL on this machine")
    pytest.importorskip("psycopg")
    with postgresql() as running:
        with connected(running) as connection:
            connection.execute(CREATE.format(text="text"))
            connection.cursor().executemany("INSERT INTO accounts VALUES (%s, %s, %s, %s)", ROWS)
            connection.execute("CREATE TABLE empty (account text)")
        yield running


@contextlib.contextmanager
def connected(server):
    import psycopg

    with psycopg.connect(server.url().replace("+psycopg", "")) as connection:
        yield connection


def made_sqlite(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(CREATE.format(text="TEXT"))
        rows = [(a, n, None if d is None else d.isoformat(), v) for a, n, d, v in ROWS]
        connection.executemany("INSERT INTO accounts VALUES (?, ?, ?, ?)", rows)
        connection.execute("CREATE TABLE empty (account TEXT)")
        connection.commit()
    return path


def made_duckdb(path):
    with duckdb.connect(str(path)) as connection:
        connection.execute(CREATE.format(text="VARCHAR"))
        connection.executemany("INSERT INTO accounts VALUES (?, ?, ?, ?)", ROWS)
        connection.execute("CREATE TABLE empty (account VARCHAR)")
    return path


def made_parquet(path):
    columns = dict(zip(("account", "number", "since", "verdict"), map(list, zip(*ROWS, strict=True)), strict=True))
    pq.write_table(pa.table(columns), path)
    return path


def table_in(kind, folder, request, load="per batch"):
    if kind == "postgresql":
        return lk.sql_table(request.getfixturevalue("server").url(), "accounts", load=load)
    if kind == "sqlite":
        return lk.sql_table(made_sqlite(folder / "a.db"), "accounts", load=load)
    if kind == "duckdb":
        return lk.duckdb_table(made_duckdb(folder / "a.duckdb"), "accounts", load=load)
    return lk.duckdb_table(made_parquet(folder / "a.parquet"), load=load)


KINDS = ["sqlite", "duckdb", "parquet", "postgresql"]


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(params=["once", "per batch"])
def table(kind, request, tmp_path):
    return table_in(kind, tmp_path, request, request.param)


@pytest.fixture
def asked(kind, request, tmp_path):
    return table_in(kind, tmp_path, request)


def votes_of(rule, columns, **options):
    return (
        lk.Applier([rule], labels=["HAM", "SPAM"])
        .apply(pa.table(columns), progress=False, **options)
        .votes[:, 0]
        .tolist()
    )


def by_account(table, **options):
    return lk.lookup(table, key="account", value="verdict", label=LABELS, **options).rule(
        name="verdict", column="account"
    )


# ------------------------------------------------------------------------------- the same votes, whatever holds the table


def test_a_key_gets_the_label_that_the_table_says(table):
    rule = by_account(table)
    expected = [EXPECTED.get(key, -1) for key in ASKED]
    assert votes_of(rule, {"account": ASKED}) == expected
    assert [rule(key) for key in ASKED] == expected


def test_without_a_column_of_labels_it_is_enough_to_be_there(table):
    rule = lk.lookup(table, key="account", label=1).rule(name="known", column="account")
    known = {row[0] for row in ROWS if row[0] is not None}
    assert votes_of(rule, {"account": ASKED}) == [1 if key in known else -1 for key in ASKED]


def test_whole_numbers_are_exact_to_the_last_bit(table):
    rule = lk.lookup(table, key="number", label=1).rule(name="known", column="number")
    keys = [1, 2**62 + 1, 2**62, 2**62 + 2, -(2**63), 2**63 - 1, 3, None]
    assert votes_of(rule, {"number": pa.array(keys, pa.int64())}) == [1, 1, -1, -1, 1, -1, -1, -1]


def test_days_are_equal_to_days(table):
    rule = lk.lookup(table, key="since", label=1).rule(name="since", column="since")
    days = [dt.date(2024, 1, 2), dt.date(2024, 1, 4), None]
    assert votes_of(rule, {"since": days}) == [1, -1, -1]


def test_look_ups_are_strict_in_type(asked):
    rule = lk.lookup(asked, key="number", label=1).rule(name="known", column="number")
    assert [rule(key) for key in (1, True, 1.0, "1", Decimal(1), [1], 2**70, float("nan"))] == [1, *[-1] * 7]


def test_several_columns_are_looked_up_together(table):
    found = lk.lookup(table, key=("account", "number"), value="verdict", label=LABELS)
    rule = found.rule(name="both", column=("name", "n"))
    columns = {"name": ["bob", "bob", DROP, "ann", None, "ann"], "n": [1, 2, 2**62 + 1, 2, 2, None]}
    assert votes_of(rule, columns) == [1, -1, 1, 0, -1, -1]


def test_conditions_of_tables_combine_with_others(table):
    known = lk.lookup(table, key="account", column="account")
    rule = (known & ~lk.keywords("sorry", column="text")).rule(name="both", label=1)
    columns = {"account": ["bob", "bob", "nobody", None, "ann"], "text": ["hi", "so sorry", "hi", "hi", None]}
    assert votes_of(rule, columns) == [1, -1, -1, -1, -1]
    guarded = lk.labeling_function(when=known)(lambda account: 1 if account == "ann" else None)
    assert votes_of(guarded, columns) == [-1, -1, -1, -1, 1]


def test_derived_columns_are_looked_up_too(asked):
    from dataclasses import replace

    from labelkit.rules.labeling_function import Origin

    lowered = lk.column(lambda author: author.strip().lower())
    rule = lk.lookup(asked, key="account", label=1).rule(name="known", column="account")
    rule = replace(rule, origin=Origin("rules", {"account": replace(lowered, name="account")}))
    assert votes_of(rule, {"author": [" BOB", "Ann ", "x", None]}) == [1, 1, -1, -1]


@pytest.mark.parametrize("kind", ["sqlite"])
@given(data=st.lists(st.tuples(st.sampled_from([row[0] for row in ROWS]) | st.text(max_size=3), st.integers(-2, 9))))
@settings(max_examples=30, deadline=None)
def test_asking_for_a_batch_gives_the_votes_of_asking_for_each(tmp_path_factory, kind, data, request):
    path = tmp_path_factory.getbasetemp() / "law.db"
    if not path.exists():
        made_sqlite(path)
    table = lk.sql_table(path, "accounts", load="per batch")
    one, two = (
        by_account(table),
        lk.lookup(table, key=("account", "number"), label=1).rule(name="two", column=("account", "n")),
    )
    rows = pa.table(
        {"account": pa.array([a for a, _ in data], pa.string()), "n": pa.array([n for _, n in data], pa.int64())}
    )
    if data:
        votes = lk.Applier([one, two], labels=["HAM", "SPAM"]).apply(rows).votes
        assert votes.tolist() == [[one(a), two(a, n)] for a, n in data]


@pytest.mark.parametrize("kind", KINDS[:3])
def test_any_engine_and_batch_size_gives_the_same_votes(asked):
    rules = [by_account(asked), lk.keywords("b", label=0).rule(name="b", column="account")]
    corpus = pa.table({"account": ASKED * 300})
    applier = lk.Applier(rules, labels=["HAM", "SPAM"])
    expected = applier.apply(corpus).votes
    for options in ({"batch_size": 1024}, {"engine": "thread", "workers": 2, "batch_size": 1024}):
        assert (applier.apply(corpus, **options).votes == expected).all()


def test_worker_processes_connect_by_themselves(tmp_path):
    rule = by_account(lk.sql_table(made_sqlite(tmp_path / "a.db"), "accounts", load="per batch"))
    assert votes_of(rule, {"account": ["bob", "x"]}) == [1, -1]  # there is a connection now, which stays here
    assert votes_of(rule, {"account": ASKED}, engine="process", workers=2) == [EXPECTED.get(key, -1) for key in ASKED]


def test_rules_with_the_same_question_share_one_query(tmp_path):
    table = lk.sql_table(made_sqlite(tmp_path / "a.db"), "accounts", load="per batch")
    rules = [
        by_account(table),
        lk.lookup(table, key="account", value="verdict", label={"ham": 1, "spam": 0}).rule(name="r", column="account"),
    ]
    applier = lk.Applier(rules, labels=["HAM", "SPAM"])
    queries = []
    table.columns  # noqa: B018 - what describes the table is asked once, before
    sa.event.listen(table._engine, "before_cursor_execute", lambda *call: queries.append(call[2:4]))
    applier.apply(pa.table({"account": ["bob", "ann", "bob"] * 2_000}))
    assert len(queries) == 1
    assert queries[0][1] == ("bob", "ann"), "distinct keys, as bound parameters"
    assert "bob" not in queries[0][0]


def test_many_keys_take_many_queries_where_they_cannot_travel_as_an_array(tmp_path):
    table = lk.sql_table(made_sqlite(tmp_path / "a.db"), "accounts", load="per batch")
    keys = [f"key {i}" for i in range(4_000)] + ["bob"]
    assert sum(map(bool, table.keyed("account", None).find(keys))) == 1
    pairs = [(f"key {i}", i) for i in range(4_000)] + [("bob", 1)]
    assert sum(map(bool, table.keyed(("account", "number"), None).find(pairs))) == 1


def test_databases_without_tuples_are_asked_in_plain_words(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["labelkit.rules.databases.sql_table"], "_TAKES_TUPLES", frozenset())
    table = lk.sql_table(made_sqlite(tmp_path / "a.db"), "accounts", load="per batch")
    found = table.keyed(("account", "number"), None).find([("bob", 1), ("bob", 2), ("ann", 2)])
    assert list(map(bool, found)) == [True, False, True]


# ---------------------------------------------------------------------------------------------- what is particular to some


def test_postgresql_keeps_types_of_all_kinds(server):
    with connected(server) as connection:
        connection.execute("DROP TABLE IF EXISTS kinds; CREATE TYPE mood AS ENUM ('good', 'bad')")
        connection.execute(
            "CREATE TABLE kinds (id uuid, short varchar(3), price numeric(10, 2), at timestamptz, yes boolean, m mood, s smallint, f float8, j jsonb)"
        )
        connection.execute(
            "INSERT INTO kinds VALUES ('0b0e2d0c-7d27-4f9b-9d0b-0a6c4a8a5c11', 'abc', 1.50, '2024-01-02T03:04:05Z', true, 'good', 7, 0.1, '{}')"
        )
    table = lk.sql_table(server.url(), "kinds", load="per batch")

    def known(column, *keys):
        return [bool(found) for found in table.keyed(column, None).find(keys)]

    there = "0b0e2d0c-7d27-4f9b-9d0b-0a6c4a8a5c11"
    assert known("id", there, there.upper(), "no uuid", "") == [True, False, False, False]
    assert known("short", "abc", "abcd", "ab") == [True, False, False], "a longer key is not cut to the column"
    assert known("price", Decimal("1.5"), Decimal("1.51"), 1.5) == [True, False, False]
    at = dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    assert known("at", at, at + dt.timedelta(microseconds=1), at.date()) == [True, False, False]
    assert known("yes", True, False, 1) == [True, False, False]
    assert known("m", "good", "bad", "nothing of it") == [True, False, False]
    assert known("s", 7, 7 + 2**16, 2**40) == [True, False, False]
    assert known("f", 0.1, 0.2, float("nan")) == [True, False, False]
    assert known("j", "{}", 1) == [False, False]
    assert lk.lookup(lk.sql_table(server.url(), "kinds"), key="id", label=1).rule(name="r", column="id")(there) == 1


def test_tables_may_be_views_and_have_awkward_names(server, tmp_path):
    with connected(server) as connection:
        connection.execute(
            'CREATE SCHEMA "odd schema"; CREATE VIEW "odd schema"."Tab""le; --" AS SELECT account AS "a ""col""" FROM accounts'
        )
    table = lk.sql_table(server.url(), 'Tab"le; --', schema="odd schema", load="per batch")
    assert [bool(one) for one in table.keyed('a "col"', None).find(["bob", "x"])] == [True, False]
    with duckdb.connect(str(tmp_path / "odd.duckdb")) as connection:
        connection.execute('CREATE TABLE "Tab""le; {table}" AS SELECT \'bob\' AS "a ""col"" {0}"')
    other = lk.duckdb_table(tmp_path / "odd.duckdb", 'Tab"le; {table}', load="per batch")
    assert [bool(one) for one in other.keyed('a "col" {0}', None).find(["bob", "x"])] == [True, False]


def test_duckdb_reads_csv_as_text_and_patterns_of_files(tmp_path):
    (tmp_path / "one.csv").write_text("code,verdict\n007,spam\n8,ham\n")
    (tmp_path / "two.jsonl").write_text('{"code": 7}\n{"code": 9}\n')
    for part in range(2):
        pq.write_table(pa.table({"code": [f"k{part}"]}), tmp_path / f"part-{part}.parquet")
    text = lk.duckdb_table(tmp_path / "one.csv", load="per batch").keyed("code", "verdict")
    assert text.find(["007", "7", "8", 8]) == [{"spam"}, frozenset(), {"ham"}, frozenset()]
    assert list(
        map(bool, lk.duckdb_table(tmp_path / "two.jsonl", load="per batch").keyed("code", None).find([7, 8]))
    ) == [True, False]
    parts = lk.duckdb_table(tmp_path / "part-*.parquet", load="per batch").keyed("code", None)
    assert list(map(bool, parts.find(["k0", "k1", "k2"]))) == [True, True, False]


def test_unsigned_numbers_of_64_bits_are_looked_up(tmp_path):
    pq.write_table(pa.table({"hash": pa.array([2**64 - 1, 3], pa.uint64())}), tmp_path / "hashes.parquet")
    found = (
        lk.duckdb_table(tmp_path / "hashes.parquet", load="per batch")
        .keyed("hash", None)
        .find([2**64 - 1, -1, 3, 2**64])
    )
    assert list(map(bool, found)) == [True, False, True, False]


def test_the_phrases_of_a_table_are_looked_for_in_texts(tmp_path):
    table = lk.sql_table(made_sqlite(tmp_path / "a.db"), "accounts")
    rule = lk.lookup(table, key="account", match="phrase", label=1).rule(name="names", column="text")
    assert votes_of(rule, {"text": ["I know Bob.", "nobody"]}) == [1, -1]


def test_paths_are_relative_to_the_module(tmp_path):
    made_sqlite(tmp_path / "a.db")
    made_parquet(tmp_path / "a.parquet")
    (tmp_path / "rules.py").write_text(
        "import labelkit as lk\n"
        "one = lk.lookup(lk.sql_table('a.db', 'accounts'), key='account', label=1).rule(name='one', column='account')\n"
        "two = lk.lookup(lk.sql_table('sqlite:///a.db', 'accounts', load='per batch'), key='account', label=1).rule(name='two', column='account')\n"
        "three = lk.lookup(lk.duckdb_table('a.parquet', load='per batch'), key='account', label=1).rule(name='three', column='account')\n"
    )
    lfs = lk.collect(tmp_path / "rules.py", labels=["HAM", "SPAM"])
    assert [lf("bob") for lf in lfs] == [1, 1, 1]


# ---------------------------------------------------------------------------------- once or per batch, fingerprint, cache


def test_the_content_of_a_table_that_is_read_once_is_part_of_the_rule(tmp_path):
    path = made_sqlite(tmp_path / "a.db")
    first, asking = (
        by_account(lk.sql_table(path, "accounts")),
        by_account(lk.sql_table(path, "accounts", load="per batch")),
    )
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO accounts VALUES ('new', 1, NULL, 'spam')")
        connection.commit()
    assert (first("new"), asking("new")) == (-1, 1)
    assert by_account(lk.sql_table(path, "accounts")).fingerprint != first.fingerprint
    assert by_account(lk.sql_table(path, "accounts", load="per batch")).fingerprint == asking.fingerprint


def test_the_order_of_rows_makes_no_other_rule(tmp_path):
    tables = []
    for name, rows in (("a.parquet", ROWS), ("b.parquet", ROWS[::-1])):
        columns = dict(zip(("account", "number", "since", "verdict"), map(list, zip(*rows, strict=True)), strict=True))
        pq.write_table(pa.table(columns), tmp_path / name)
        tables.append(by_account(lk.duckdb_table(tmp_path / name)))
    assert tables[0].fingerprint == tables[1].fingerprint


def test_votes_by_a_table_that_is_asked_are_kept_only_if_the_author_says_so(tmp_path):
    table = lk.sql_table(made_sqlite(tmp_path / "a.db"), "accounts", load="per batch")
    told = ("asks a database, which may answer differently each time",)
    known = lk.lookup(table, key="account", label=1, column="account")
    assert why_not(by_account(table)) == told
    assert why_not((lk.keywords("x", column="account") & known).rule(name="r", label=1)) == told
    assert why_not(lk.labeling_function(when=known)(lambda account: 1)) == told
    assert why_not(by_account(table, cache=True)) == ()
    assert why_not(by_account(lk.sql_table(tmp_path / "a.db", "accounts"))) == ()
    assert why_not(by_account(lk.sql_table(tmp_path / "a.db", "accounts"), cache=False)) == (
        "its decorator says cache=False",
    )


def test_a_cache_does_not_hide_a_change_of_the_table(tmp_path):
    path = made_sqlite(tmp_path / "a.db")
    rule = by_account(lk.sql_table(path, "accounts", load="per batch"))
    assert votes_of(rule, {"account": ["new"]}, cache=tmp_path / "cache") == [-1]
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO accounts VALUES ('new', 1, NULL, 'spam')")
        connection.commit()
    assert votes_of(rule, {"account": ["new"]}, cache=tmp_path / "cache") == [1]


# --------------------------------------------------------------------------------------------------------------- passwords

SECRET = "s3cr3t/p@ss word"


def test_passwords_are_masked_wherever_they_stand():
    assert (
        masked("x://u:pw@h/d and y://v:p/w@2@i/e?password=q&a=1") == "x://u:***@h/d and y://v:***@i/e?password=***&a=1"
    )
    assert masked("a://u@h:5432/d?sslmode=require") == "a://u@h:5432/d?sslmode=require"
    assert masked("a://u:${PW}@h/d?token=${T}") == "a://u:${PW}@h/d?token=${T}"
    assert set(secrets_of("a://u:p%40s@h/d?api_key=k")) == {"p%40s", "p@s", "k"}
    assert without_secrets("no such user p@s (a://u:p%40s@h)", ("p%40s", "p@s")) == "no such user *** (a://u:***@h)"
    assert anonymous("a://u:p/q@h/d") == anonymous("a://v@h/d") == anonymous("a://h/d")


def test_references_to_the_environment_are_replaced_when_a_connection_is_opened(monkeypatch):
    monkeypatch.setenv("DB_PASSWORD", SECRET)
    monkeypatch.setenv("DB_HOST", "db.example")
    monkeypatch.setenv("DB_URL", "postgresql://u:p@h/d")
    expected = "postgresql://u:s3cr3t%2Fp%40ss%20word@db.example/d?password=s3cr3t%2Fp%40ss%20word"
    assert from_environment("postgresql://u:${DB_PASSWORD}@${DB_HOST}/d?password=${DB_PASSWORD}") == expected
    assert from_environment("env:DB_URL") == "postgresql://u:p@h/d"
    monkeypatch.delenv("DB_URL")
    table = lk.sql_table("env:DB_URL", "accounts", load="per batch")
    with pytest.raises(DatabaseError, match="'accounts' of env:DB_URL: the environment variable 'DB_URL' is not set"):
        table.columns  # noqa: B018 - it is asked for


def test_a_password_from_the_environment_opens_the_database(server, monkeypatch):
    address = server.url().replace(server.url().split(":")[2].split("@")[0], "${LABELKIT_TEST_PASSWORD}")
    assert PASSWORD not in address
    monkeypatch.setenv("LABELKIT_TEST_PASSWORD", PASSWORD)
    assert by_account(lk.sql_table(address, "accounts", load="per batch"))("bob") == 1
    monkeypatch.setenv("LABELKIT_TEST_PASSWORD", "wrong " + SECRET)
    with pytest.raises(DatabaseError, match="password authentication failed") as caught:
        by_account(lk.sql_table(address, "accounts", load="per batch"))("bob")
    assert SECRET not in str(caught.value)


def test_no_password_is_written_shown_or_hashed(server, tmp_path, caplog):
    (tmp_path / "rules.py").write_text(
        "import labelkit as lk\n"
        f"TABLE = lk.sql_table({server.url()!r}, 'accounts', load='per batch')\n"
        f"@lk.lookup(lk.sql_table({server.url()!r}, 'accounts', load='per batch'), key='account', value='verdict', label={LABELS}, cache=True)\n"
        "def verdict(account: str) -> None:\n"
        "    'What is said of it.'\n"
        f"@lk.lookup(lk.sql_table({server.url(port=1)!r}, 'accounts', load='per batch'), key='account', label=1)\n"
        "def down(account: str) -> None:\n"
        "    'Is never there.'\n"
    )
    corpus = tmp_path / "corpus.parquet"
    pq.write_table(pa.table({"account": ASKED}), corpus)
    lfs = lk.collect(tmp_path / "rules.py", labels=["HAM", "SPAM"])
    lk.run(lfs, corpus, out=tmp_path / "run", on_fault="record", cache=tmp_path / "cache", progress=False)
    written = [file for folder in ("run", "cache") for file in (tmp_path / folder).rglob("*") if file.is_file()]
    assert len(written) > 4
    secrets = [PASSWORD, server.url().split(":")[2].split("@")[0]]
    for secret in secrets:
        assert [file.name for file in written if secret.encode() in file.read_bytes()] == []
        shown = [
            repr(lfs),
            repr(lfs["verdict"].body),
            str(text_of(lfs["verdict"], ("HAM", "SPAM"))),
            Plan(lfs).explain(),
        ]
        assert [text for text in shown if secret in text] == []
        assert secret not in caplog.text
    assert "reader:***@127.0.0.1" in text_of(lfs["verdict"], ("HAM", "SPAM"))["source"]


def test_the_fingerprint_is_the_same_for_every_user_and_password():
    def fingerprint(address, table="accounts"):
        return by_account(lk.sql_table(address, table, load="per batch")).fingerprint

    base = fingerprint("postgresql://reader:one@h/d")
    assert (
        base
        == fingerprint("postgresql://other:two@h/d")
        == fingerprint("postgresql://h/d")
        == fingerprint("postgresql://r:${PW}@h/d")
    )
    assert base != fingerprint("postgresql://reader:one@h/other")
    assert base != fingerprint("postgresql://reader:one@h/d", "others")


# ------------------------------------------------------------------------------------------------------------ what goes wrong


def test_a_database_that_is_down_is_a_fault_of_the_rows_that_ask_for_it(server):
    down = by_account(lk.sql_table(server.url(port=1), "accounts", load="per batch"))
    fine = lk.keywords("bob", label=1).rule(name="bob", column="account")
    applier = lk.Applier([down, fine], labels=["HAM", "SPAM"])
    matrix = applier.apply(pa.table({"account": ["bob", None, "ann", "bob"]}), on_fault="record")
    assert matrix.votes.tolist() == [[-1, 1], [-1, -1], [-1, -1], [-1, 1]]
    assert [(fault.lf, fault.row) for fault in matrix.faults] == [("verdict", 0), ("verdict", 2), ("verdict", 3)]
    assert matrix.faults[0].error == "UnreachableError"
    assert "does not answer" in matrix.faults[0].message
    assert "port 1 failed: Connection refused" in matrix.faults[0].message
    with pytest.raises(FaultError, match=r"'verdict'.*does not answer"):
        applier.apply(pa.table({"account": ["bob"]}))


def test_a_guard_that_cannot_be_asked_is_a_fault_too(server):
    known = lk.lookup(lk.sql_table(server.url(port=1), "accounts", load="per batch"), key="account")
    called = []
    rule = lk.labeling_function(when=known, name="guarded")(lambda account: called.append(account) or 1)
    matrix = lk.Applier([rule], labels=2).apply(pa.table({"account": ["bob", None]}), on_fault="record")
    assert [fault.row for fault in matrix.faults] == [0]
    assert called == []


def answers(rule):
    try:
        return rule("bob") == 1
    except DatabaseError:
        return False


def test_a_database_that_comes_back_is_asked_again():
    if binaries() is None:
        pytest.skip("there is no PostgreSQL on this machine")
    with postgresql() as running:
        with connected(running) as connection:
            connection.execute("CREATE TABLE accounts (account text, verdict text)")
            connection.execute("INSERT INTO accounts VALUES ('bob', 'spam')")
        table = lk.sql_table(running.url(), "accounts", load="per batch")
        rule = by_account(table)
        assert rule("bob") == 1
        running.stop()
        with pytest.raises(UnreachableError, match="does not answer"):
            rule("bob")
        running.start()
        wait_until(lambda: answers(rule))  # it is left alone for as long as it made us wait
        with connected(running) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reader' AND pid <> pg_backend_pid()"
            )
        assert rule("bob") == 1, "a connection that was cut is opened again"


def test_a_query_that_takes_too_long_is_given_up(server):
    table = lk.sql_table(server.url(), "accounts", load="per batch", timeout=0.3)
    rule = by_account(table)
    wait_until(lambda: answers(rule))  # so that it has a connection
    with connected(server) as connection:
        connection.execute("LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(DatabaseError, match=r"table 'accounts' of .* did not answer within 0.3 s"):
            rule("bob")  # which would wait until the lock is given back, below
    wait_until(lambda: answers(rule))


def test_a_query_of_sqlite_and_duckdb_is_interrupted(tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / "slow.db")) as connection:
        connection.execute(
            "CREATE VIEW slow AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT i FROM n"
        )
        connection.commit()
    with duckdb.connect(str(tmp_path / "slow.duckdb")) as connection:
        connection.execute(
            "CREATE VIEW slow AS SELECT count(*) AS i FROM range(3000000) a, range(3000000) b WHERE a.range <> b.range"
        )
    for table in (
        lk.sql_table(tmp_path / "slow.db", "slow", load="per batch", timeout=0.3),
        lk.duckdb_table(tmp_path / "slow.duckdb", "slow", load="per batch", timeout=0.3),
    ):
        (answer,) = table.keyed("i", None).find([2**60])
        assert isinstance(answer, DatabaseError)
        assert "did not answer within 0.3 s" in str(answer)


def test_a_missing_table_or_column_is_found_before_the_run(asked, kind, request, tmp_path):
    corpus = pa.table({"account": ["bob"]})
    rule = lk.lookup(asked, key="acount", label=1).rule(name="typo", column="account")
    with pytest.raises(
        DatabaseError, match=r"rule 'typo': .* has no column 'acount'; it has 'account', 'number', 'since', 'verdict'"
    ):
        lk.Applier([rule], labels=2).apply(corpus, on_fault="record")
    if kind == "parquet":
        missing = lk.duckdb_table(tmp_path / "none.parquet", load="per batch")
    elif kind == "duckdb":
        missing = lk.duckdb_table(tmp_path / "a.duckdb", "acounts", load="per batch")
    else:
        address = request.getfixturevalue("server").url() if kind == "postgresql" else tmp_path / "a.db"
        missing = lk.sql_table(address, "acounts", load="per batch")
    rule = lk.lookup(missing, key="account", label=1).rule(name="typo", column="account")
    with pytest.raises(
        DatabaseError, match=r"^rule 'typo': (table 'acounts'|.*none.parquet: IO Error: No files found)"
    ) as caught:
        lk.Applier([rule], labels=2).apply(corpus, on_fault="record")
    if kind in ("sqlite", "postgresql"):
        assert "does not exist; the database has 'accounts', 'empty'" in str(caught.value)


def test_a_column_of_another_type_is_found_before_the_run(asked):
    rule = lk.lookup(asked, key="number", label=1).rule(name="known", column="account")
    with pytest.raises(
        CorpusError, match="rule 'known' looks for values such as ints in column 'account', which holds string"
    ):
        lk.Applier([rule], labels=2).apply(pa.table({"account": ["1"]}))


def test_an_empty_table_is_refused_where_it_is_read_once_and_matches_nothing_where_it_is_asked(kind, request, tmp_path):
    if kind == "parquet":
        pq.write_table(pa.table({"account": pa.array([], pa.string())}), tmp_path / "e.parquet")
        made = lambda load: lk.duckdb_table(tmp_path / "e.parquet", load=load)  # noqa: E731
    elif kind == "duckdb":
        made_duckdb(tmp_path / "a.duckdb")
        made = lambda load: lk.duckdb_table(tmp_path / "a.duckdb", "empty", load=load)  # noqa: E731
    else:
        address = request.getfixturevalue("server").url() if kind == "postgresql" else made_sqlite(tmp_path / "a.db")
        made = lambda load: lk.sql_table(address, "empty", load=load)  # noqa: E731
    with pytest.raises(DatabaseError, match="has no entries in 'account'"):
        lk.lookup(made("once"), key="account", label=1)
    assert votes_of(
        lk.lookup(made("per batch"), key="account", label=1).rule(name="r", column="account"), {"account": ["bob"]}
    ) == [-1]


def test_a_label_that_is_not_known_is_a_fault_of_its_rows(tmp_path):
    table = lk.sql_table(made_sqlite(tmp_path / "a.db"), "accounts", load="per batch")
    rule = lk.lookup(table, key="account", value="verdict", label={"spam": 1}).rule(name="r", column="account")
    matrix = lk.Applier([rule], labels=2).apply(pa.table({"account": ["bob", "ann", "both", "x"]}), on_fault="record")
    assert [(fault.row, fault.error) for fault in matrix.faults] == [(1, "RuleError"), (2, "RuleError")]
    assert "'ham' is not among the labels 'spam'" in matrix.faults[0].message
    with pytest.raises(RuleError, match="holds the label 'ham', which is not among"):
        lk.lookup(lk.sql_table(tmp_path / "a.db", "accounts"), key="account", value="verdict", label={"spam": 1})


def test_a_table_that_is_too_big_to_be_read_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("labelkit.rules.databases.table.MOST_ROWS", 3)
    with pytest.raises(DatabaseError, match='has more than 3 rows \\[LK620\\]\nHint: query it: load="per batch"'):
        lk.lookup(lk.sql_table(made_sqlite(tmp_path / "a.db"), "accounts"), key="account", label=1)


def test_what_cannot_be_meant_is_refused(tmp_path):
    with pytest.raises(RuleError, match="'sometimes' is neither 'once' nor 'per batch'"):
        lk.sql_table("sqlite:///a.db", "t", load="sometimes")
    with pytest.raises(RuleError, match="timeout=0 is not a number of seconds"):
        lk.duckdb_table("a.parquet", timeout=0)
    with pytest.raises(RuleError, match=r"'a.txt' is not the address of a database"):
        lk.sql_table("a.txt", "t")
    with pytest.raises(DatabaseError, match=r"this is no address.*\n.*DB_PASSWORD") as raised:
        lk.lookup(lk.sql_table("postgresql://reader:pass@word:hunter2/3@127.0.0.1:1/mails", "t"), label=1)
    assert "hunter2" not in str(raised.value)
    with pytest.raises(RuleError, match=r"'a.xyz' is neither Parquet, CSV nor JSON, and no table is named"):
        lk.duckdb_table("a.xyz")
    with pytest.raises(RuleError, match=r"'a.parquet' is a file of rows, which has no table 't'"):
        lk.duckdb_table("a.parquet", "t")
    asked = lk.sql_table("sqlite:///a.db", "t", load="per batch")
    with pytest.raises(RuleError, match=r"the column of keys of table 't' of sqlite:///a.db is not named"):
        lk.lookup(asked, label=1)
    with pytest.raises(RuleError, match=r"asked for whole values as they are"):
        lk.lookup(asked, key="k", match="phrase", label=1)
    with pytest.raises(RuleError, match=r"asks a table what it says of a key, and not what that means"):
        lk.lookup(asked, key="k", value="v", label=1)
    with pytest.raises(RuleError, match=r"does not name columns of table 't' of sqlite:///a.db, each once"):
        lk.lookup(asked, key=("k", "k"), label=1)
    with pytest.raises(RuleError, match=r"rule 'r' looks up 2 columns together, and reads \('a',\)"):
        lk.lookup(asked, key=("k", "v"), label=1).rule(name="r", column="a")


def test_a_file_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(DatabaseError, match=r"there is no file .*none.db"):
        lk.lookup(lk.sql_table(tmp_path / "none.db", "t"), label=1)
    with pytest.raises(DatabaseError, match=r"there is no file .*none.duckdb"):
        lk.lookup(lk.duckdb_table(tmp_path / "none.duckdb", "t"), label=1)
    assert list(tmp_path.iterdir()) == []


def test_addresses_that_cannot_be_read_and_packages_that_are_missing_are_named(monkeypatch):
    with pytest.raises(DatabaseError, match=r"sqlalchemy.dialects:nodb"):
        lk.lookup(lk.sql_table("nodb://h/d", "t"), label=1)
    with pytest.raises(
        MissingExtraError,
        match="needs the package 'oracledb', which is not installed \\[LK630\\]\nHint: pip install 'oracledb'",
    ):
        lk.lookup(lk.sql_table("oracle+oracledb://u:p@h/d", "t"), label=1)
    for package, extra, table in (
        ("sqlalchemy", "sql", lk.sql_table("sqlite:///a.db", "t")),
        ("duckdb", "duckdb", lk.duckdb_table("a.parquet")),
    ):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(MissingExtraError, match=rf"pip install 'labelkit\[{extra}\]'"):
            lk.lookup(table, label=1)


def test_declaring_a_rule_that_asks_opens_no_connection_and_imports_no_driver(tmp_path):
    code = (
        "import sys, labelkit as lk\n"
        "rule = lk.lookup(lk.sql_table('postgresql://u:p@nowhere.invalid/d', 't', load='per batch'), key='k', label=1).rule(name='r', column='k')\n"
        "rule.fingerprint\n"
        "assert not {'sqlalchemy', 'duckdb', 'psycopg'} & set(sys.modules), sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)


def test_a_table_travels_to_other_processes_without_its_connection(tmp_path):
    table = lk.sql_table(made_sqlite(tmp_path / "a.db"), "accounts", load="per batch")
    assert len(table.columns) == 4
    copy = pickle.loads(pickle.dumps(table))
    assert copy == table
    assert hash(copy) == hash(table)
    assert copy.cached_columns is None
    assert by_account(copy)("bob") == 1


def test_connections_are_closed_with_the_table(tmp_path):
    code = (
        "import gc, warnings, labelkit as lk\n"
        "warnings.simplefilter('error')\n"
        f"table = lk.sql_table({str(made_sqlite(tmp_path / 'a.db'))!r}, 'accounts', load='per batch')\n"
        "table.columns\n"
        "del table; gc.collect()\n"
        f"kept = lk.sql_table({str(tmp_path / 'a.db')!r}, 'accounts', load='per batch')\n"
        "kept.columns\n"
    )
    ended = subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, capture_output=True, text=True)
    assert ended.stderr == ""


def test_threads_share_a_table(asked):
    question = asked.keyed("account", "verdict")
    answers, expected = [], question.find(ASKED[:-1])

    def ask():
        answers.extend(question.find(ASKED[:-1]) for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 20
    assert [answer for answer in answers if answer != expected] == []


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.dates(), st.decimals()))
def test_a_key_stands_in_columns_of_its_own_type_alone(part):
    kinds = [str, int, float, bool, dt.date, Decimal]
    assert [kind for kind in kinds if fits_column(part, kind)] in ([type(part)], [])


def test_the_plan_says_what_is_asked(tmp_path):
    table = lk.sql_table(made_sqlite(tmp_path / "a.db"), "accounts", load="per batch")
    told = lk.Applier([by_account(table)], labels=2).plan.explain()
    assert (
        f"asks 'account' of table 'accounts' of sqlite:///{tmp_path}/a.db, once a batch for all distinct values" in told
    )
    said = text_of(by_account(table), ("HAM", "SPAM"))["looks_for"]
    assert said[0] == f"SPAM: among 'account' of table 'accounts' of sqlite:///{tmp_path}/a.db, which says 'spam'"


# ------------------------------------------------------------------------------------------------------ the example module


def test_the_examples_of_the_example_module_hold_and_its_rules_vote():
    lfs = lk.collect(Path(__file__).parents[2] / "labeling_functions" / "databases.py")
    wrong = [(lf.name, inputs) for lf in lfs for inputs, expected in lf.examples if lf(*inputs) != expected]
    assert wrong == []
    comments = lk.load_comments(4_000, random_state=11)
    votes = np.asarray(lk.Applier(lfs).apply(comments))
    assert ((votes >= 0).sum(axis=0) > 3).all()


def test_the_example_module_can_be_checked_without_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    report = check_rules(Path(__file__).parents[2] / "labeling_functions" / "databases.py")
    assert [(problem.severity, problem.rule) for problem in report.problems] == [("note", "known_account")]
