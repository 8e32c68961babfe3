"""Votes by a real Spark SQL are those of labelkit."""

import pytest

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
