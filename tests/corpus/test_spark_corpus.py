"""What Spark reads is what other readers deliver, or an error: names, times, and files that Spark reads leniently."""

import os
import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import labelkit as lk
from labelkit.exceptions import CorpusError

pytest.importorskip("pyspark")

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:distutils Version classes are deprecated:DeprecationWarning"),
]

RULES = '''
"""Each rule fails with what it got, so that this is seen."""

from enum import IntEnum

import labelkit as lk

Label = IntEnum("Label", {"HAM": 0, "SPAM": 1})


@lk.labeling_function
def text_(text):
    raise ValueError(repr(text))


@lk.labeling_function
def int_(n: int):
    raise ValueError(repr(n))


@lk.labeling_function
def bool_(b: bool):
    raise ValueError(repr(b))


@lk.labeling_function
def float_(x: float):
    raise ValueError(repr(x))


@lk.labeling_function
def hour(when):
    raise ValueError(f"{when.isoformat()}, hour {when.hour}")


@lk.labeling_function
def hours(whens):
    raise ValueError(", ".join(when.isoformat() for when in [*whens["list"], whens["one"], *dict(whens["map"]).values()]))
'''


@pytest.fixture(scope="module")
def spark():
    """A Spark whose session is in another time zone than UTC, and makes null of what it cannot cast."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "800m")
        .config("spark.sql.session.timeZone", "America/New_York")
        .config("spark.sql.ansi.enabled", "false")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    module = tmp_path_factory.mktemp("rules") / "spark_corpus_rules.py"
    module.write_text(RULES)
    return lk.collect(module)


def seen(lfs, names, corpus, engine, **options):
    """What rules got of each example."""
    some = lk.LabelingFunctions([lf for lf in lfs if lf.name in names.split()])
    matrix = lk.Applier(some).apply(corpus, id="id", on_fault="record", engine=engine, cache=False, **options)
    values = {(str(one), name): None for one in matrix.ids.tolist() for name in some.names}
    return values | {(str(fault.id), fault.lf): fault.message.partition(" (spark_corpus")[0] for fault in matrix.faults}


def files_of(folder, contents, suffix):
    for number, content in enumerate(contents):
        file = folder / f"{number}{suffix}"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(folder) if len(contents) > 1 else str(folder / f"0{suffix}")


@pytest.mark.parametrize(
    ("names", "suffix", "contents", "options"),
    [
        ("text_", ".csv", ['id,text\na,hello\nb,\nc,""\nd," x "\ne,"p\nq"\nf,say "hi"\ng,"a ""q"""\nh,null\n'], {}),
        ("int_", ".csv", ["id,n\na,1\nb, 2\nc,3.0\nd,\n"], {}),
        ("int_", ".csv", ["key,Count\na,1\nb, 2\n"], {"rename": {"id": "key", "n": "Count"}}),
        ("float_ bool_", ".csv", ["id,x,b\na,1,true\nb,2.5,False\nc,nan,\nd,1e5,1\ne,inf,0\n"], {}),
        ("text_", ".json", ['{"id":"a","text":"x"}\n{"id":"b","text":null}\n{"id":"c"}\n'], {}),
        ("text_", ".json", ['[{"id":"a","text":"x"},\n {"id":"b","text":"y"}]', ' [{"id":"c","text":"z"}]'], {}),
    ],
)
def test_files_give_what_they_give_on_one_machine(spark, rules, tmp_path, names, suffix, contents, options):
    place = files_of(tmp_path, contents, suffix)
    assert seen(rules, names, place, "spark", **options) == seen(rules, names, place, None, **options)


@pytest.mark.parametrize(
    ("names", "suffix", "contents", "message"),
    [
        ("text_", ".csv", ["id,text\na,hello\nb\n"], "Malformed CSV record: b"),
        ("text_", ".csv", ["id,text\na,hello\nb,x,y\n"], "Malformed CSV record: b,x,y"),
        ("text_", ".csv", ['id,text\na,"bad" tail\n'], "Unexpected character"),
        ("text_", ".csv", ["id,text\na,hello\n", "text,id\nfree,c\n"], r"CSV header(.|\n)*Hint: .*unionByName"),
        ("text_", ".csv", ["id,text\na,hello\n", "id,other,text\nc,o,win\n"], "CSV header"),
        ("int_", ".csv", ["id,n\na,1\nb,two\n"], r"column 'n': int expected, got 'two'(.|\n)*Hint: annotate str"),
        ("int_", ".csv", ["id,n\na,1\nb,2.7\n"], r"column 'n': int expected, got '2.7'"),
        ("bool_", ".csv", ["id,b\na,true\nb,yes\n"], r"column 'b': bool expected, got 'yes'"),
        ("text_", ".jsonl", ['{"id":"a","text":"x"}\n{"id":"b","text":\n'], r"0.jsonl: .*(.|\n)*Hint: mend the file"),
        ("text_", ".json", ['{\n"id":"a","text":"x"}\n{"id":"b",\n"text":"y"}\n'], r"Spark cannot read .*0.json"),
        (
            "text_",
            ".json",
            ['[{"id":"a","text":"x"}]', '{"id":"b","text":"y"}\n'],
            "are JSON arrays, and some are lines",
        ),
    ],
)
def test_files_that_spark_would_bend_are_refused(spark, rules, tmp_path, names, suffix, contents, message):
    with pytest.raises(CorpusError, match=message):
        seen(rules, names, files_of(tmp_path, contents, suffix), "spark")


def test_parquet_files_with_columns_of_other_types_are_refused_by_their_name(spark, rules, tmp_path):
    for number, kind in enumerate((pa.int32(), pa.int64())):
        pq.write_table(pa.table({"id": [f"k{number}"], "n": pa.array([number], kind)}), tmp_path / f"{number}.parquet")
    with pytest.raises(
        CorpusError, match=r"cannot read file:.*parquet: (.|\n)*Hint: write the files with the same types"
    ):
        seen(rules, "int_", str(tmp_path), "spark")


def test_a_run_refuses_such_files_as_votes_do(spark, rules, tmp_path):
    module = rules["int_"].origin.namespace["__file__"]
    options = {"engine": "spark", "id": "id", "on_fault": "record", "progress": False, "report": False}
    for content, message in [
        ("id,n\na,1\nb\n", "Malformed CSV"),
        ("id,n\na,1\nb,two\n", "'n': int expected, got 'two'"),
    ]:
        place = files_of(tmp_path, [content.replace("n\n", "n,x,text,b,when,whens\n", 1)], ".csv")
        if "two" in content:
            (tmp_path / "0.csv").write_text("id,n,x,text,b,when,whens\nb,two,,,,,\n")
        with pytest.raises(CorpusError, match=message):
            lk.run(module, place, tmp_path / "run", **options)


def test_times_are_in_utc_whatever_the_zone_of_the_session_is(spark, rules):
    times = [datetime(2026, 3, 28, 22, tzinfo=UTC) + timedelta(hours=5 * n) for n in range(6)]
    kind = pa.timestamp("us", "UTC")
    nested = pa.struct([("list", pa.list_(kind)), ("one", kind), ("map", pa.map_(pa.string(), kind))])
    table = pa.table(
        {
            "id": [f"k{n}" for n in range(6)],
            "when": pa.array(times, kind),
            "whens": pa.array([{"list": [t, t], "one": t, "map": [("a", t)]} for t in times], nested),
        }
    )
    sql = """SELECT concat('k', id) AS id, w AS when, named_struct('list', array(w, w), 'one', w, 'map', map('a', w)) AS whens
             FROM (SELECT id, timestamp_seconds(1774735200 + id * 5 * 3600) AS w FROM range(6))"""
    there = seen(rules, "hour hours", spark.sql(sql), None)
    assert there == seen(rules, "hour hours", table, None)
    assert there["k0", "hour"] == "2026-03-28T22:00:00+00:00, hour 22"


def test_names_with_dots_quotes_capitals_and_fields_of_structs_are_read(spark, tmp_path):
    frame = spark.range(40).selectExpr(
        "concat('k', id) AS `the.id`",
        "string(id) AS `a.b`",
        "named_struct('b', 'none', 'n', int(id)) AS a",
        "concat(id, '`') AS `back``tick`",
        "concat(id, ' big') AS Text",
        "concat(id, ' small') AS text",
    )
    rules = [
        lk.regex("1", column="a.b", label=1).rule(name="x.y"),
        lk.between(3, 20, column="a.n", label=1).rule(name="Free"),
        lk.regex("2`$", column="back`tick", label=0).rule(name="free"),
        lk.regex("3 big", column="Text", label=0).rule(name="the ID"),
        lk.regex("4 small", label=1).rule(name="text"),
    ]
    local = lk.Applier(rules, labels=2).apply(frame.toArrow(), id="the.id")
    there = lk.Applier(rules, labels=2).apply(frame, id="the.id")
    order = np.argsort(there.ids)
    np.testing.assert_array_equal(there.votes[order], local.votes[np.argsort(local.ids)])
    assert (local.votes != -1).any(axis=0).all()
    by_field = lk.Applier(rules, labels=2).apply(frame, id="a.n")
    np.testing.assert_array_equal(by_field.votes[np.argsort(by_field.ids)], local.votes)
    renamed = lk.Applier(rules[-1:], labels=2).apply(
        frame, id="n", rename={"n": "a.n", "text": "Text", "small": "text"}
    )
    assert (renamed.votes == -1).all()


def test_a_column_that_stands_twice_is_refused_and_one_of_two_capitals_is_not(spark):
    free = lk.keywords("free", label=1).rule(name="free")
    frame = spark.range(3).selectExpr("id", "'free' AS text", "'x' AS text")
    with pytest.raises(CorpusError, match=r"column 'text' stands more than once in a Spark frame \[LK208\]"):
        lk.Applier([free], labels=2).apply(frame, id="id")
