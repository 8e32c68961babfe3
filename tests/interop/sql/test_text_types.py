"""Votes do not depend on the type, the collation or the settings by which an engine holds a text."""

import duckdb
import pyarrow as pa
import pytest

import labelkit as lk
from labelkit.exceptions import RuleError

TEXTS = ["free", "FREE", "free  ", "a\\nb", "a\nb", "c++", "it's", "é", "e\u0301", "B", None, "", "'\\\r\n%\"$"]


def rules():
    one = {"match": "value", "label": 1}
    return lk.LabelingFunctions(
        [
            lk.keywords("free", "c++", ignore_case=False, label=1).rule(name="found"),
            lk.lookup(["free", "a\\nb", "it's", "a\nb", TEXTS[-1]], **one).rule(name="equal"),
            lk.lookup(["Free", "a\\nb"], ignore_case=True, **one).rule(name="folded"),
            lk.between("a", "free", label=1).rule(name="range"),
            (~lk.lookup(["zz"], match="value")).labeled(0).rule(name="other"),
        ],
        labels=2,
    )


def votes_of(texts):
    table = pa.table({"key": range(len(texts)), "text": pa.array(texts, pa.string())})
    return lk.Applier(rules()).apply(table, id="key").votes.tolist()


@pytest.mark.parametrize("default", ["", "nocase", "noaccent"])
@pytest.mark.parametrize("text_type", ["VARCHAR", "VARCHAR COLLATE NOCASE", "VARCHAR COLLATE NFC"])
def test_collations_of_duckdb_change_nothing(text_type, default):
    with duckdb.connect() as connection:
        connection.execute(f"SET default_collation = '{default}'")
        connection.execute(f"CREATE TABLE corpus (key BIGINT, text {text_type})")
        connection.executemany("INSERT INTO corpus VALUES (?, ?)", list(enumerate(TEXTS)))
        rows = sorted(connection.execute(lk.to_sql(rules(), dialect="duckdb", id="key").sql).fetchall())
    assert [list(row[1:]) for row in rows] == votes_of(TEXTS)


def test_json_is_text_on_duckdb():
    lfs = lk.LabelingFunctions([lk.lookup(["[1]"], match="value", label=1).rule(name="one")], labels=2)
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE corpus AS SELECT CAST('[1]' AS JSON) AS text")
        assert connection.execute(lk.to_sql(lfs, dialect="duckdb").sql).fetchall() == [(1,)]


TYPES = {
    "text": (),
    "varchar(20)": (),
    "char(8)": (),
    "name": (),
    'text COLLATE "de-x-icu"': (),
    "text COLLATE fold": ("CREATE COLLATION fold (provider=icu, locale='und-u-ks-level1', deterministic=false)",),
    "labels": ('CREATE DOMAIN label AS text COLLATE "de-x-icu"', "CREATE DOMAIN labels AS label"),
}


@pytest.mark.parametrize("standard", ["on", "off"])
@pytest.mark.parametrize("text_type", TYPES)
def test_types_and_collations_of_postgresql_change_nothing(postgres, text_type, standard):
    with postgres.transaction(force_rollback=True):
        for setup in TYPES[text_type]:
            postgres.execute(setup)
        postgres.execute(f"CREATE TABLE texts (key bigint, text {text_type})")
        with postgres.cursor() as cursor:
            cursor.executemany("INSERT INTO texts VALUES (%s, %s)", list(enumerate(TEXTS)))
        stored = [text for (text,) in postgres.execute("SELECT text FROM texts ORDER BY key").fetchall()]
        postgres.execute(f"SET standard_conforming_strings = {standard}")
        postgres.execute("SET escape_string_warning = off")
        query = lk.to_sql(rules(), dialect="postgres", id="key", table="texts").sql
        rows = sorted(postgres.execute(query).fetchall())
    assert [list(row[1:]) for row in rows] == votes_of(stored)


def test_arrays_of_postgresql_are_no_texts(postgres):
    import psycopg

    with postgres.transaction(force_rollback=True):
        postgres.execute("CREATE TABLE lists AS SELECT ARRAY['free'] AS text")
        for name in rules().names:
            query = lk.to_sql(rules().select(name), dialect="postgres", table="lists").sql
            with pytest.raises(psycopg.errors.UndefinedFunction, match=r"text\[\]"), postgres.transaction():
                postgres.execute(query)


def test_domains_of_postgresql_have_the_type_below_them(postgres):
    lfs = lk.LabelingFunctions([lk.lookup([3], match="value", label=1).rule(name="three", column="number")], labels=2)
    with postgres.transaction(force_rollback=True):
        postgres.execute("CREATE DOMAIN count AS int CHECK (value > 0)")
        postgres.execute("CREATE TABLE numbers AS SELECT n::count AS number FROM (VALUES (3), (4), (NULL)) AS t(n)")
        rows = postgres.execute(lk.to_sql(lfs, dialect="postgres", table="numbers").sql).fetchall()
    assert rows == [(1,), (-1,), (-1,)]


NAMES = {"postgres": ["é" * 32, "x" * 64], "bigquery": ["a\\", "a`b", "a.b", "x" * 301], "snowflake": ["x" * 256]}


@pytest.mark.parametrize(("dialect", "name"), [(dialect, name) for dialect, some in NAMES.items() for name in some])
def test_a_name_that_an_engine_cannot_have_or_would_cut_is_refused(dialect, name):
    def one(condition):
        return lk.LabelingFunctions([condition, lk.keywords("b", label=1).rule(name="b")], labels=2)

    with pytest.raises(RuleError, match=f"cannot be a column of the result: (no )?names? of {dialect}"):
        lk.to_sql(one(lk.keywords("a", label=1).rule(name=name)), dialect=dialect)
    reads = lk.to_sql(one(lk.keywords("a", label=1).rule(name="a", column=name)), dialect=dialect)
    assert reads.rules == ("b",)
    assert "cannot be" in reads.left_out["a"]
    assert lk.to_sql(one(lk.keywords("a", label=1).rule(name=name)), dialect="duckdb").rules == (name, "b")
