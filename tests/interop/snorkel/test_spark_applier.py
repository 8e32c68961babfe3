"""Rules over a collection of Spark, beside Snorkel's applier."""

from __future__ import annotations

import os
import sys

import pytest

from tests.interop.snorkel.packages import OURS, THEIRS

pytestmark = [pytest.mark.heavy, pytest.mark.filterwarnings("ignore::ResourceWarning")]  # of Spark's sockets


@pytest.fixture(scope="module")
def spark():
    sql = pytest.importorskip("pyspark.sql")
    pytest.importorskip("snorkel")
    patch = pytest.MonkeyPatch()
    patch.setenv("PYSPARK_PYTHON", sys.executable)
    patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    builder = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    session = builder.config("spark.driver.memory", "512m").getOrCreate()
    yield session
    session.stop()
    patch.undo()


@pytest.mark.filterwarnings("ignore:rules failed, which counts as no vote. faulty on 1 of 9")
@pytest.mark.parametrize("package", [OURS, THEIRS], ids=["ours", "snorkel"])
def test_votes_are_in_the_order_of_the_rows(package, spark):
    from pyspark.sql import Row

    rows = spark.sparkContext.parallelize([Row(n=n) for n in range(9)], 2)
    lfs = [
        package.labeling.LabelingFunction("small", lambda x: 1 if x.n < 3 else -1),
        package.labeling.LabelingFunction("faulty", lambda x: 6 // (x.n - 1)),
    ]
    applier = package.labeling__apply__spark.SparkLFApplier
    assert applier(lfs[:1]).apply(rows).ravel().tolist() == [1, 1, 1, -1, -1, -1, -1, -1, -1]
    votes = applier(lfs).apply(rows, fault_tolerant=True)[:, 1].tolist()
    assert votes == [-1, -1, 6, 3, 2, 1, 1, 1, 0]


def test_preprocessors_make_rows_anew(spark):
    from pyspark.sql import Row

    class Words(OURS.preprocess.Preprocessor):
        def run(self, text):
            return {"words": text.split()}

    words = OURS.preprocess__spark.make_spark_preprocessor(Words("words"))
    lf = OURS.labeling.LabelingFunction("f", lambda x: len(x.words) + len(x.text), pre=[words])
    rows = spark.sparkContext.parallelize([Row(text="a b"), Row(text="c")], 2)
    assert OURS.labeling__apply__spark.SparkLFApplier([lf]).apply(rows).ravel().tolist() == [5, 2]
