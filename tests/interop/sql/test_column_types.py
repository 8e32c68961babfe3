"""A query reads the columns that its rules name, of the types that labelkit takes, or ends with an error."""

import duckdb
import pyarrow as pa
import pytest

import labelkit as lk
from labelkit.exceptions import CorpusError, RuleError

OF_TYPES = {
    "BIGINT": "3",
    "DOUBLE": "3.0",
    "NUMERIC(5, 1)": "3.0",
    "BOOLEAN": "true",
    "VARCHAR": "3",
    "DATE": "2024-01-03",
}

CONDITIONS = {
    "whole": lk.lookup([3, 4], match="value", column="x"),
    "float": lk.lookup([3.0, 0.1], match="value", column="x"),
    "flag": lk.lookup([True], match="value", column="x"),
    "value": lk.lookup(["3", "it's {0}"], match="value", column="x"),
    "folded": lk.lookup(["3", "A"], match="value", ignore_case=True, column="x"),
    "whole or text": lk.lookup([3, "a"], match="value", column="x"),
    "number": lk.between(2, 5, column="x"),
    "decimal": lk.between(0.3, 5, column="x"),
    "text": lk.between("2", "5", column="x"),
    "word": lk.keywords("3", column="x"),
    "anything": lk.regex("", column="x"),
    "nothing": lk.regex(r"[^\d\D]", column="x"),
}


def local_votes(table, lfs):
    """Return the votes; None if the column is refused, or values of it make the rules fail."""
    try:
        matrix = lk.Applier(lfs).apply(table, id="key", on_fault="record")
    except CorpusError:
        return None
    return None if matrix.faults else [(row, *votes) for row, votes in enumerate(matrix.votes.tolist())]


def one_rule(condition):
    made = [condition.labeled(1).rule(name="is"), (~condition).labeled(0).rule(name="is not")]
    return lk.LabelingFunctions(made, labels=2)


@pytest.mark.parametrize("name", CONDITIONS)
@pytest.mark.parametrize("kind", OF_TYPES)
def test_a_column_of_another_type_ends_a_query_on_duckdb(kind, name):
    lfs = one_rule(CONDITIONS[name])
    query = lk.to_sql(lfs, dialect="duckdb", id="key").sql
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE corpus AS SELECT 0 AS key, CAST('{OF_TYPES[kind]}' AS {kind}) AS x")
        connection.execute("INSERT INTO corpus VALUES (1, NULL)")
        expected = local_votes(connection.sql("FROM corpus").to_arrow_table(), lfs)
        if expected is not None:
            assert sorted(connection.execute(query).fetchall()) == expected
            return
        with pytest.raises(duckdb.Error, match=r"labelkit: a rule looks for .* the column 'x', which holds|Binder"):
            connection.execute(query)
        connection.execute("UPDATE corpus SET x = NULL")
        if name not in ("word", "folded"):  # which DuckDB looks for in texts alone
            assert sorted(connection.execute(query).fetchall()) == [(0, -1, -1), (1, -1, -1)]


@pytest.mark.parametrize("name", CONDITIONS)
@pytest.mark.parametrize("kind", OF_TYPES)
def test_a_column_of_another_type_ends_a_query_on_postgresql(kind, name, postgres):
    import psycopg

    lfs = one_rule(CONDITIONS[name])
    if name == "whole or text":
        with pytest.raises(RuleError, match="PostgreSQL compares a column with values of one type alone"):
            lk.to_sql(lfs, dialect="postgres")
        return
    with duckdb.connect() as connection:
        table = connection.sql(f"SELECT 0 AS key, CAST('{OF_TYPES[kind]}' AS {kind}) AS x").to_arrow_table()
    expected = local_votes(table, lfs)
    declared = "DOUBLE PRECISION" if kind == "DOUBLE" else kind
    with postgres.transaction(force_rollback=True):
        postgres.execute(f"CREATE TABLE corpus AS SELECT 0 AS key, CAST('{OF_TYPES[kind]}' AS {declared}) AS x")
        query = lk.to_sql(lfs, dialect="postgres", id="key").sql
        if expected is not None and not (kind == "BOOLEAN" and name in ("number", "decimal")):
            assert postgres.execute(query).fetchall() == expected
            return
        with pytest.raises(psycopg.Error, match=r"labelkit: |collations are not supported|cannot cast|does not exist"):
            postgres.execute(query)


def test_the_error_names_the_values_the_column_and_its_type(postgres):
    import psycopg

    lfs = one_rule(CONDITIONS["whole"])
    reason = r"labelkit: a rule looks for values such as 3 \(int\) in the column 'x', which holds "
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE corpus AS SELECT SUM(3) AS x")
        with pytest.raises(duckdb.Error, match=reason + "HUGEINT"):
            connection.execute(lk.to_sql(lfs, dialect="duckdb").sql)
    with postgres.transaction(force_rollback=True):
        postgres.execute("CREATE TABLE corpus AS SELECT SUM(3::bigint) AS x")
        with pytest.raises(psycopg.Error, match=reason + "numeric"):
            postgres.execute(lk.to_sql(lfs, dialect="postgres").sql)


@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
def test_tuples_are_compared_in_columns_of_their_types(dialect, postgres):
    condition = lk.lookup([("a", 3), ("b", 4), (5, 6)] if dialect == "duckdb" else [("a", 3), ("b", 4)])
    lfs = lk.LabelingFunctions([condition.labeled(1).rule(name="pair", column=("x", "y"))], labels=2)
    query = lk.to_sql(lfs, dialect=dialect).sql

    def votes(x, y):
        rows = f"CREATE TABLE corpus AS SELECT * FROM (VALUES ({x}, {y}), (NULL, {y})) AS t(x, y)"
        if dialect == "postgres":
            with postgres.transaction(force_rollback=True):
                postgres.execute(rows)
                return postgres.execute(query).fetchall()
        with duckdb.connect() as connection:
            connection.execute(rows)
            return connection.execute(query).fetchall()

    assert votes("'a'::varchar", "3") == [(1,), (-1,)]
    assert votes("'a'::varchar", "4") == [(-1,), (-1,)]
    with pytest.raises(Exception, match=r"values such as 3 .* in the column 'y', which holds"):
        votes("'a'::varchar", "3.0::double precision")


@pytest.mark.parametrize("with_model", [False, True])
def test_a_column_that_is_missing_is_not_one_of_the_result(with_model):
    made = [lk.lookup([1], match="value", column="key", label=1), lk.between(0, column="v0" if with_model else "first")]
    lfs = lk.LabelingFunctions([made[0].rule(name="first"), made[1].labeled(1).rule(name="second")], labels=2)
    column = "v0" if with_model else "first"
    table = pa.table({"key": [1, 2, 3], column: [1, 0, 1]})
    model = lk.LabelModel().fit(lk.Applier(lfs).apply(table)) if with_model else None
    query = lk.to_sql(lfs, dialect="duckdb", model=model).sql
    with duckdb.connect() as connection:
        connection.register("corpus", table)
        assert [row[:2] for row in connection.execute(query).fetchall()] == [(1, 1), (-1, -1), (-1, 1)]
        connection.register("corpus", table.drop([column]))
        with pytest.raises(duckdb.BinderException, match=f'does not have a column named "{column}"'):
            connection.execute(query)


@pytest.mark.parametrize("dialect", ["duckdb", "spark", "bigquery", "snowflake", "postgres"])
def test_columns_that_differ_in_case_alone_are_refused_where_they_would_be_one(dialect):
    made = [lk.keywords("free", column=name, label=1).rule(name=f"in {n}") for n, name in enumerate(["TEXT", "text"])]
    lfs = lk.LabelingFunctions(made, labels=2)
    if dialect == "postgres":
        assert lk.to_sql(lfs, dialect=dialect).columns == ("TEXT", "text")
        return
    with pytest.raises(RuleError, match=f"the columns 'TEXT' and 'text', .* would be one: {dialect} ignores case"):
        lk.to_sql(lfs, dialect=dialect)
    with pytest.raises(RuleError, match="the columns 'Text' and 'TEXT'"):
        lk.to_sql(lfs[:1], dialect="duckdb", id="Text")
