"""Votes by a real Spark SQL are those of labelkit."""

import numpy as np
import pyarrow as pa
import pytest

import labelkit as lk
from tests.interop.sql.test_column_types import CONDITIONS, local_votes, one_rule
from tests.interop.sql.test_model_query import corpus as model_corpus, rules as model_rules
from tests.interop.sql.test_text_types import TEXTS as COLLATED, rules as text_rules, votes_of as text_votes
from tests.interop.sql.test_to_sql import LFS, TEXTS, corpus, differing, query, votes_of

pyspark = pytest.importorskip("pyspark")
pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def spark():
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    session = builder.config("spark.sql.shuffle.partitions", "1").getOrCreate()
    yield session
    session.stop()


def test_votes_are_equal_on_spark(spark, tmp_path):
    import pyarrow.parquet as pq

    lfs = LFS[::2]  # half of them, since Spark compiles each by itself
    table, answer = corpus([*TEXTS, None]), query("spark", lfs)
    pq.write_table(table, tmp_path / "corpus.parquet")
    spark.read.parquet(str(tmp_path / "corpus.parquet")).createOrReplaceTempView("corpus")
    rows = sorted(tuple(row) for row in spark.sql(answer.sql).collect())
    expected = votes_of(table, lfs)
    assert answer.rules == lfs.names
    assert differing(answer, expected, rows, table) == []


def test_labels_are_those_of_the_default_model_on_spark(spark, tmp_path):
    import pyarrow.parquet as pq

    lfs = model_rules(several=True)
    table, _ = model_corpus(200, several=True)
    matrix = lk.Applier(lfs).apply(table, id="key")
    model = lk.LabelModel().fit(matrix)
    pq.write_table(table, tmp_path / "corpus.parquet")
    spark.read.parquet(str(tmp_path / "corpus.parquet")).createOrReplaceTempView("votes")
    answer = lk.to_sql(lfs, dialect="spark", id="key", model=model, table="votes")
    rows = sorted((tuple(row) for row in spark.sql(answer.sql).collect()), key=lambda row: row[0])
    assert [list(row[1 : 1 + len(lfs)]) for row in rows] == matrix.votes.tolist()
    np.testing.assert_allclose([row[1 + len(lfs) : -1] for row in rows], model.predict_proba(matrix), atol=1e-12)


@pytest.mark.parametrize("collation", ["", "COLLATE UTF8_LCASE", "COLLATE UNICODE_CI"])
def test_collations_of_spark_change_nothing(spark, collation):
    if collation and int(pyspark.__version__.split(".")[0]) < 4:
        pytest.skip("this Spark has no collations")
    frame = spark.createDataFrame(list(enumerate(COLLATED)), "key LONG, plain STRING")
    frame.createOrReplaceTempView("plain")
    spark.sql(f"SELECT key, plain {collation} AS text FROM plain").createOrReplaceTempView("corpus")
    rows = sorted(tuple(row) for row in spark.sql(lk.to_sql(text_rules(), dialect="spark", id="key").sql).collect())
    assert [list(row[1:]) for row in rows] == text_votes(COLLATED)


@pytest.mark.parametrize("kind", ["BIGINT", "DOUBLE", "STRING", "DECIMAL(5, 1)", "BOOLEAN", "DATE", "BINARY"])
def test_a_column_of_another_type_ends_a_query_on_spark(spark, kind):
    value = {"DATE": "2024-01-03", "BOOLEAN": "true"}.get(kind, "3")
    for name, condition in CONDITIONS.items():
        lfs = one_rule(condition)
        spark.sql(f"SELECT 0 AS key, CAST('{value}' AS {kind}) AS x").createOrReplaceTempView("corpus")
        query = lk.to_sql(lfs, dialect="spark", id="key").sql
        expected = local_votes(pa.Table.from_pylist([spark.table("corpus").first().asDict()]), lfs)
        if expected is not None:
            assert [tuple(row) for row in spark.sql(query).collect()] == expected, name
            continue
        with pytest.raises(Exception, match=r"labelkit: a rule looks for .* the column 'x', which|DATATYPE_MISMATCH"):
            spark.sql(query).collect()
