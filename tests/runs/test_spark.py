"""Runs on a real Spark: the same votes, patterns and labels by id as on one machine, also where its workers die."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.exceptions import (
    CorpusError,
    FaultError,
    GoldError,
    LabelkitError,
    ModelError,
    RunFolderError,
    TimeLimitError,
    TooManyFaultsError,
)
from labelkit.runs.spark_run import LABELED_HERE

pytest.importorskip("pyspark")

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:distutils Version classes are deprecated:DeprecationWarning"),
]

RULES = '''
"""Rules of the tests."""

import os
import signal
import time
from enum import IntEnum
from pathlib import Path

import labelkit as lk


class Label(IntEnum):
    HAM = 0
    SPAM = 1


free = lk.keywords("free", "win", label=Label.SPAM).rule(name="free")
polite = lk.regex("please|thank", label=Label.HAM).rule(name="polite")
person = lk.lookup([f"name{i}" for i in range(500)], label=Label.HAM).rule(name="person")

FOLDER = Path("THE_FOLDER")


@lk.labeling_function
def long_(text: str):
    return Label.SPAM if len(text) > 40 else None


@lk.labeling_function
def odd(text: str, key: str):
    if (FOLDER / "kill").exists() and key == "k7777":
        (FOLDER / "kill").unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    if (FOLDER / "die").exists() and key == "k7777":
        os.kill(os.getpid(), signal.SIGKILL)
    if (FOLDER / "fail").exists() and int(key[1:]) % 1000 == 5:
        raise ValueError(f"odd {key}")
    if (FOLDER / "hang").exists() and key == "k7777":
        time.sleep(600)
    return Label.SPAM if key.endswith("77") else None
'''

N_ROWS = 20_000


def table_of(n_rows):
    """A made-up corpus."""
    random = np.random.default_rng(3)
    words = np.array(["free", "hello", "please", "win", "thank you", "name7", "name77", "a long way to go", "ok"])
    texts = [" ".join(words[i]) for i in random.integers(0, len(words), (n_rows, 5))]
    gold = np.where(random.random(n_rows) < 0.05, np.where(["free" in text for text in texts], "SPAM", "HAM"), None)
    return pd.DataFrame({"key": [f"k{i}" for i in range(n_rows)], "text": texts, "gold": gold})


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with rules, a corpus, and the notes by which rules misbehave."""
    folder = tmp_path_factory.mktemp("spark")
    (folder / "spark_test_rules.py").write_text(RULES.replace("THE_FOLDER", str(folder)))
    table_of(N_ROWS).to_parquet(folder / "corpus.parquet")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    return folder


@pytest.fixture(scope="module")
def spark(place):
    """A Spark on this machine that tries a task again."""
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2,3]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "800m")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.fixture(scope="module")
def frame(spark, place):
    return spark.read.parquet(str(place / "corpus.parquet")).repartition(6, "key")


@pytest.fixture(scope="module")
def local(place):
    """The run on one machine."""
    return lk.run(
        place / "spark_test_rules.py", place / "corpus.parquet", place / "local", id="key", gold="gold", progress=False
    )


def test_another_engine_brings_the_rows_here_with_a_warning(frame, place, local):
    rules = lk.collect(place / "spark_test_rules.py")
    with pytest.warns(UserWarning, match=r"engine='thread' brings all rows .* \[LK607\].*engine='spark'"):
        matrix = lk.Applier(rules).apply(frame, id="key", engine="thread", workers=2)
    assert sorted(matrix.ids) == sorted(local.matrix().ids)


@pytest.fixture
def note(place):
    """Let a rule misbehave while a test lasts."""
    names = []

    def make(name):
        names.append(name)
        (place / name).touch()

    yield make
    for name in names:
        (place / name).unlink(missing_ok=True)


def by_id(table):
    """A table in the order of its ids."""
    return table.sort_values("id").reset_index(drop=True)


def assert_same(one, other):
    """Two runs have the same votes, patterns, labels, statistics and report of gold."""
    votes = [run.matrix().to_arrow().to_pandas() for run in (one, other)]
    pd.testing.assert_frame_equal(*map(by_id, votes))
    patterns = [run.patterns() for run in (one, other)]
    np.testing.assert_array_equal(patterns[0].outcomes, patterns[1].outcomes)
    np.testing.assert_array_equal(patterns[0].counts, patterns[1].counts)
    if patterns[0].gold is not None:
        np.testing.assert_array_equal(patterns[0].gold, patterns[1].gold)
    pd.testing.assert_frame_equal(one.summary, other.summary)
    same = ("examples", "covered", "patterns", "evaluation", "gold_labels", "classes", "model", "faults", "class_prior")
    assert {name: one.manifest.get(name) for name in same} == {name: other.manifest.get(name) for name in same}
    if one.is_labeled:
        labels = [run.labels().to_arrow().to_pandas() for run in (one, other)]
        pd.testing.assert_frame_equal(*map(by_id, labels))


def run_on(frame, place, name, **options):
    return lk.run(place / "spark_test_rules.py", frame, place / name, id="key", progress=False, **options)


@pytest.mark.parametrize("batch_size", [1_024, 65_536])  # labeled by the workers, and by the driver
def test_a_run_on_spark_is_that_of_one_machine(frame, place, local, batch_size):
    spark_run = run_on(frame, place, f"whole_{batch_size}", gold="gold", batch_size=batch_size)
    assert_same(spark_run, local)
    n_parts = spark_run.manifest["parts"]
    assert (n_parts * 65_536 <= LABELED_HERE) == (batch_size == 65_536)
    assert spark_run.layout.report.is_file()
    assert not spark_run.layout.work.exists()
    assert all(origin.model for origin in spark_run.origins())


def test_a_worker_that_is_killed_changes_nothing(frame, place, local, note):
    note("kill")
    assert_same(run_on(frame, place, "killed", gold="gold", batch_size=1024), local)
    assert not (place / "kill").exists()


def test_votes_of_a_frame_are_a_matrix(frame, place, local):
    rules = lk.collect(place / "spark_test_rules.py")
    matrix = lk.Applier(rules).apply(frame, id="key")
    pd.testing.assert_frame_equal(by_id(matrix.to_arrow().to_pandas()), by_id(local.matrix().to_arrow().to_pandas()))


def test_votes_alone_are_fitted_and_labeled_later(frame, place, local):
    votes = lk.apply_to_folder(
        place / "spark_test_rules.py", frame, place / "votes", id="key", gold="gold", progress=False
    )
    assert not votes.is_labeled
    labeled = lk.label_to_folder(votes, lk.fit_votes(votes), place / "labeled", report=False)
    assert_same(labeled, local)


def test_gold_by_id_counts_as_a_column_does(frame, place, local):
    table = table_of(N_ROWS).dropna()
    spark_run = run_on(
        frame, place, "by_id", gold=dict(zip(table.key, table.gold, strict=True)), report=False, teach=True
    )
    np.testing.assert_array_equal(spark_run.patterns().gold, local.patterns().gold)
    assert spark_run.manifest["gold_labels"]["matched"] == len(table)


def test_faults_are_recorded_by_id(frame, place, note):
    note("fail")
    spark_run = run_on(frame, place, "faults", on_fault="record", report=False, batch_size=1024)
    one = lk.run(
        place / "spark_test_rules.py",
        place / "corpus.parquet",
        place / "faults_local",
        id="key",
        on_fault="record",
        report=False,
        progress=False,
    )
    assert_same(spark_run, one)
    kept = [sorted((f.id, f.lf, f.error, f.message) for f in run.faults) for run in (spark_run, one)]
    assert kept[0] == kept[1]
    assert len(kept[0]) == 20
    ids = spark_run.matrix().ids
    assert all(ids[fault.row] == fault.id for fault in spark_run.faults)
    matrix = lk.Applier(lk.collect(place / "spark_test_rules.py")).apply(frame, id="key", on_fault="record")
    assert sorted(fault.id for fault in matrix.faults) == [one[0] for one in kept[0]]


def test_faults_stop_a_run_over_all_workers(frame, place, note):
    note("fail")
    with pytest.raises(
        FaultError, match=r"rule 'odd' failed on the example of id 'k\d+5': ValueError: odd k(.|\n)*record"
    ):
        run_on(frame, place, "stopped")
    with pytest.raises(TooManyFaultsError, match="more than 7 faults, of all workers together"):
        run_on(frame, place, "stopped", on_fault="record", max_faults=7, batch_size=1024)
    assert run_on(frame, place, "stopped", on_fault="record", max_faults=20, report=False).manifest["faults"] == 20
    rules = lk.collect(place / "spark_test_rules.py")
    with pytest.raises(FaultError, match="rule 'odd' failed on the example of id"):
        lk.Applier(rules).apply(frame, id="key")


def test_a_rule_that_never_ends_is_stopped_by_its_name(frame, place, note):
    note("hang")
    with pytest.raises(TimeLimitError, match=r"odd(.|\n)*k7777"):
        run_on(frame, place, "late", time_limit=1.5)


def test_a_rule_that_ends_its_process_ends_the_job(frame, place, note):
    note("die")
    with pytest.raises(LabelkitError, match=r"Spark gave the job up(.|\n)*isolate=True"):
        run_on(frame, place, "dead")


@pytest.mark.parametrize("by", ["driver", "workers"])
def test_ids_that_repeat_are_refused(spark, place, monkeypatch, by):
    if by == "workers":
        monkeypatch.setattr("labelkit.runs.spark_run.CHECKED_HERE", 0)
    table = table_of(50).drop(columns="gold").assign(number=range(50))
    twice = spark.createDataFrame(pd.concat([table, table.iloc[[3, 9, 7, 5, 3]]]))
    with pytest.raises(CorpusError, match=r"ids stand more than once in the column 'key': 'k3', 'k5', 'k7'\s"):
        run_on(twice, place, "twice")
    with pytest.raises(CorpusError, match=r"ids stand more than once in the column 'number': 3, 5, 7\s"):
        lk.run(
            place / "spark_test_rules.py",
            twice.withColumn("key", twice.number.cast("string")),
            place / "twice",
            id="number",
            progress=False,
        )


def test_null_ids_and_no_rows_are_refused_and_so_are_repeated_ids_of_a_matrix(spark, place):
    table = table_of(50).drop(columns="gold")
    twice = spark.createDataFrame(pd.concat([table, table.iloc[[3]]]))
    with pytest.raises(CorpusError, match="'k3'"):
        lk.Applier(lk.collect(place / "spark_test_rules.py")).apply(twice, id="key")
    null = spark.createDataFrame([(None, "free")], "key string, text string")
    with pytest.raises(CorpusError, match=r"the id \(column 'key'\) is null"):
        run_on(null, place, "null")
    with pytest.raises(CorpusError, match="the corpus has no rows"):
        run_on(null.where("text = 'x'"), place, "none")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"workers": 2}, LabelkitError, r"workers=2 does not hold with the engine 'spark'"),
        ({"isolate": True}, LabelkitError, r"isolate=True does not hold with the engine 'spark'"),
        ({"cache": True}, LabelkitError, "the cache of votes is of one machine"),
        ({"update": True}, LabelkitError, "update=True"),
        ({"limit": 5}, CorpusError, r"frame\.limit\(n\)"),
        ({"sample": 5}, CorpusError, r"frame\.sample"),
        ({"on_bad_row": "reject"}, CorpusError, "DROPMALFORMED"),
        ({"gold": np.zeros(N_ROWS, dtype=int)}, GoldError, "rows of Spark have no order"),
        ({"model": "ContentLabelModel"}, ModelError, "stay where Spark has them"),
        ({"format": "csv"}, CorpusError, "options of files"),
        ({"id": None}, CorpusError, r"rows of Spark have no order(.|\n)*id="),
        ({"id": "kye"}, CorpusError, "key"),
    ],
    ids=str,
)
def test_what_does_not_hold_on_spark_is_refused_with_its_reason(frame, place, options, error, message):
    given = {"id": "key", "progress": False, **options}
    with pytest.raises(error, match=message):
        lk.run(place / "spark_test_rules.py", frame, place / "refused", **given)


def test_a_finished_run_is_replaced_by_force_alone(spark, place):
    small = spark.createDataFrame(table_of(50).drop(columns="gold"))
    run_on(small, place, "again", report=False)
    with pytest.raises(RunFolderError, match="exists already"):
        run_on(small, place, "again", report=False)
    with pytest.raises(CorpusError, match="it cannot be known whether the rows that were voted on have changed"):
        lk.run(place / "spark_test_rules.py", place / "corpus.parquet", place / "again", id="key", update=True)
    assert run_on(small.limit(20), place, "again", report=False, force=True).manifest["examples"] == 20


def test_an_update_elsewhere_of_a_run_on_spark_is_refused_for_its_reason(frame, place):
    out, options = place / "updated", {"id": "key", "gold": "gold", "report": False, "progress": False}
    lk.run(place / "spark_test_rules.py", frame, out, **options)
    with pytest.raises(CorpusError, match=r"it cannot be known whether the rows .* have changed \[LK216\]"):
        lk.run(place / "spark_test_rules.py", place / "corpus.parquet", out, update=True, **options)


def test_ids_of_other_kinds_are_refused_with_a_call_of_spark(spark, place):
    frame = spark.range(3).selectExpr("cast(id AS decimal(20, 0)) AS key", "'free' AS text")
    with pytest.raises(CorpusError, match=r"decimal128\(20, 0\)(.|\n)*frame\.withColumn\('key', frame\['key'\]\.cast"):
        lk.Applier(lk.collect(place / "spark_test_rules.py")).apply(frame, id="key")


def test_many_tasks_merge_their_patterns_on_the_workers(spark, place):
    table = table_of(600).drop(columns="gold")
    many = spark.createDataFrame(table).repartition(18)
    table.to_parquet(place / "few.parquet")
    one = lk.run(
        place / "spark_test_rules.py", place / "few.parquet", place / "few", id="key", report=False, progress=False
    )
    assert_same(run_on(many, place, "many", report=False), one)


def test_tasks_write_to_a_folder_of_their_driver_which_no_task_of_a_killed_one_knows(spark, place, monkeypatch):
    from labelkit.runs.spark_tasks import SparkLayout

    begin, begun = SparkLayout.begin, []
    monkeypatch.setattr(SparkLayout, "begin", lambda self: (begun.append(self), begin(self)))
    few = spark.createDataFrame(table_of(60).drop(columns="gold"))
    for _ in range(2):
        run_on(few, place, "again", report=False, force=True)
    old, new = begun
    assert old.folder.parent == new.folder.parent
    assert {old.attempt(0, 0).folder, old.labels(0), old.stop}.isdisjoint(
        {new.attempt(0, 0).folder, new.labels(0), new.stop}
    )
    assert all(
        path.is_relative_to(old.folder) for path in (old.attempt(0, 0).folder, old.labels(0), old.stop, old.faults)
    )


def test_the_command_line_lets_spark_read_paths_and_tables(spark, place, local):
    from click.testing import CliRunner

    from labelkit.cli import cli

    table = table_of(200)
    table.to_csv(place / "few.csv", index=False)
    spark.createDataFrame(table).createOrReplaceTempView("few_texts")
    rules = str(place / "spark_test_rules.py")
    for corpus in (str(place / "few.csv"), "few_texts"):
        out = place / f"cli_{Path(corpus).stem}"
        arguments = ["run", rules, corpus, "--out", str(out), "--engine", "spark", "--id", "key", "--no-report"]
        result = CliRunner().invoke(cli, [*arguments, "--master", "local[2]"])
        assert result.exit_code == 0, result.output
        assert lk.RunFolder(out).manifest["examples"] == 200


CONNECTED = """
import sys
import warnings
from pathlib import Path

import labelkit as lk
from pyspark.sql import SparkSession

warnings.simplefilter("ignore")
place = Path(sys.argv[1])
session = SparkSession.builder.remote("local[2]").getOrCreate()
frame = session.read.parquet(str(place / "corpus.parquet")).repartition(3)
assert "connect" in type(frame).__module__
options = {"id": "key", "gold": "gold", "batch_size": 1024, "progress": False}
done = lk.run(place / "spark_test_rules.py", frame, place / "connected", **options)
(place / "fail").touch()
try:
    lk.Applier(lk.collect(place / "spark_test_rules.py")).apply(frame, id="key")
except lk.exceptions.FaultError as error:
    print("fault:", error)
(place / "hang").touch()
try:
    lk.Applier(lk.collect(place / "spark_test_rules.py")).apply(frame, id="key", time_limit=1.0)
except lk.exceptions.TimeLimitError as error:
    print("late:", error.message)
session.stop()
"""


def test_spark_connect_makes_the_same_run(place, local, note):
    note("fail")
    (place / "fail").unlink()
    (place / "connect.py").write_text(CONNECTED)
    done = subprocess.run(
        [sys.executable, place / "connect.py", place], capture_output=True, text=True, timeout=500, check=False
    )
    (place / "hang").unlink(missing_ok=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "fault: rule 'odd' failed on the example of id" in done.stdout
    assert "late: " in done.stdout
    assert_same(lk.RunFolder(place / "connected"), local)
