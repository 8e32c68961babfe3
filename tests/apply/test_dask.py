"""The engine on a real cluster of Dask: the votes of the other engines, whatever happens to its workers."""

import gc
import math
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import labelkit as lk
from labelkit.apply.engines._retries import MAX_SPAN
from labelkit.exceptions import CollectError, CorpusError, FaultError, LabelkitError, TooManyFaultsError
from labelkit.runs.parts import Part, PartMaker

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")
dd = pytest.importorskip("dask.dataframe")

pytestmark = pytest.mark.filterwarnings(
    "ignore:Port 8787 is already in use", "ignore:unclosed:ResourceWarning", "ignore:Consider scattering"
)

RULES = """
import os
import signal
from enum import IntEnum
from pathlib import Path
import labelkit as lk
from dask_helpers import shout


class Label(IntEnum):
    HAM = 0
    SPAM = 1


free = lk.keywords("free", "win money", label=Label.SPAM).rule(name="free")
link = lk.regex(r"https?://", label=Label.SPAM).rule(name="link")


@lk.labeling_function
def loud(text):
    return Label.SPAM if shout(text) else None


@lk.labeling_function(levels=4)
def sure(text):
    return (Label.HAM, 0.75) if "nice" in text else None


@lk.labeling_function
def breaks(text):
    if text == "boom":
        raise ValueError("boom")
    return None


@lk.labeling_function
def kills(text):
    marker = Path(__file__).with_name("killed")
    if text == "kill" and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return Label.HAM if text == "kill" else None
"""

WORDS = ["free", "win money", "HELLO", "nice one", "https://a.b", "hm", ""]


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    (folder / "dask_helpers.py").write_text("def shout(text):\n    return text.isupper()\n")
    (folder / "dask_rules.py").write_text(RULES)
    return lk.collect(folder / "dask_rules.py")


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def rows(n_rows, seed=0):
    texts = np.random.default_rng(seed).choice(WORDS, n_rows).tolist()
    return pa.table({"key": [f"k{n}" for n in range(n_rows)], "text": texts, "spam": [n % 2 for n in range(n_rows)]})


def assert_equal(matrix, other):
    assert np.array_equal(matrix.votes, other.votes)
    assert np.array_equal(matrix.confidence, other.confidence)
    assert matrix.ids.tolist() == other.ids.tolist()
    assert matrix.faults == other.faults
    assert matrix.lfs == other.lfs


@pytest.mark.parametrize("kind", ["parquet", "frame", "csv", "iterator"])
def test_votes_are_those_of_one_process(rules, client, tmp_path, kind):
    table = rows(20_000)
    path = tmp_path / f"rows.{kind}"

    def corpus():
        return {
            "parquet": lambda: pq.write_table(table, path, row_group_size=3_000) or path,
            "frame": table.to_pandas,
            "csv": lambda: table.to_pandas().to_csv(path, index=False) or path,
            "iterator": lambda: iter(table.to_pylist()),
        }[kind]()

    applier = lk.Applier(rules)
    expected = applier.apply(corpus(), id="key")
    assert_equal(applier.apply(corpus(), id="key", engine="dask", batch_size=2_048), expected)


@pytest.mark.parametrize("name", ["client", "address"])
def test_a_cluster_is_named_by_its_client_or_its_address(rules, client, name):
    table = rows(3_000)
    engine = client if name == "client" else client.scheduler.address
    applier = lk.Applier(rules)
    assert_equal(applier.apply(table, id="key", engine=engine), applier.apply(table, id="key"))


def test_a_killed_worker_loses_no_row_and_doubles_none(rules, client, tmp_path):
    table = rows(20_000)
    texts = table["text"].to_pylist()
    texts[7_777] = "kill"
    table = table.set_column(1, "text", pa.array(texts))
    path = tmp_path / "rows.parquet"
    pq.write_table(table, path)
    marker = Path(rules["loud"].origin.namespace["__file__"]).with_name("killed")
    workers = set(client.scheduler_info()["workers"])
    voted = lk.Applier(rules).apply(path, id="key", engine="dask", batch_size=1_024)
    assert marker.exists(), "no worker was killed"
    assert workers != set(client.scheduler_info()["workers"])
    assert_equal(voted, lk.Applier(rules).apply(path, id="key"))


@pytest.mark.filterwarnings("ignore:.*LK34[46]")  # gold of every other row, whatever the text
def test_a_run_has_the_bytes_of_a_run_on_one_machine(rules, client, tmp_path):
    path = tmp_path / "rows.parquet"
    pq.write_table(rows(9_000), path)
    module = rules["loud"].origin.namespace["__file__"]
    here = lk.run(module, path, tmp_path / "here", id="key", gold="spam", batch_size=2_048, workers=2)
    there = lk.run(module, path, tmp_path / "there", id="key", gold="spam", batch_size=2_048, engine="dask")
    for kind in ("votes", "labels"):
        parts = sorted((here.path / kind).iterdir())
        assert len(parts) == 5
        for part in parts:
            assert part.read_bytes() == (there.path / kind / part.name).read_bytes()
    assert np.array_equal(here.patterns().votes, there.patterns().votes)
    assert np.array_equal(here.patterns().counts, there.patterns().counts)
    assert str(here.summary) == str(there.summary)


def test_this_process_holds_the_results_of_one_task_and_not_of_all(rules, client, tmp_path):
    path, alive = tmp_path / "rows.parquet", []
    pq.write_table(rows(150_000), path)
    applier = lk.Applier(rules)
    corpus = applier.open(path, id="key")
    maker = PartMaker("", 1_024, rules.infos, rules.space.names, None)
    for delivered in applier.stream(corpus, maker, engine="dask", batch_size=1_024, on_fault="record", cache=False):
        assert isinstance(delivered.result, Part)
        del delivered
        alive.append(sum(type(one) is Part for one in gc.get_objects()))  # a dead proxy has no class
    assert len(alive) == 147
    assert max(alive) <= MAX_SPAN


def test_faults_stop_it_are_recorded_and_counted_over_all_workers(rules, client):
    table = rows(6_000)
    texts = table["text"].to_pylist()
    for row in range(100, 5_100, 100):
        texts[row] = "boom"
    table = table.set_column(1, "text", pa.array(texts))
    applier = lk.Applier(rules)
    options = {"id": "key", "engine": "dask", "batch_size": 1_024}
    recorded = applier.apply(table, on_fault="record", **options)
    assert_equal(recorded, applier.apply(table, id="key", on_fault="record"))
    assert len(recorded.faults) == 50
    with pytest.raises(FaultError, match=r"'breaks' failed on .*'k100'"):
        applier.apply(table, **options)
    with pytest.raises(TooManyFaultsError, match="more than 20 faults"):
        applier.apply(table, on_fault="record", max_faults=20, **options)


def test_a_rule_that_always_ends_its_process_is_an_error_that_says_so(client, tmp_path):
    (tmp_path / "deadly.py").write_text(
        "import os, signal\nimport labelkit as lk\n"
        "@lk.labeling_function\ndef deadly(text):\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    lfs = lk.collect(tmp_path / "deadly.py", labels=2)
    with pytest.raises(LabelkitError, match="workers of Dask die again and again"):
        lk.Applier(lfs).apply(["a"], engine="dask")


def test_a_rule_that_cannot_travel_is_refused(client):
    space = {"__name__": "__main__", "lk": lk}
    exec("@lk.labeling_function\ndef here(text):\n    return 1\n", space)
    with pytest.raises(CollectError, match="made in the main script or notebook"):
        lk.Applier([space["here"]], labels=2).apply(["a"], engine="dask")


def test_an_address_at_which_nobody_is_and_unknown_engines_are_errors(rules):
    import dask

    with (
        dask.config.set({"distributed.comm.timeouts.connect": "200ms"}),
        pytest.raises(LabelkitError, match="no scheduler"),
    ):
        lk.Applier(rules).apply(["a"], engine="tcp://127.0.0.1:9")
    with pytest.raises(LabelkitError, match="no engine 'dusk'"):
        lk.Applier(rules).apply(["a"], engine="dusk")
    with pytest.raises(LabelkitError, match="no engine 7"):
        lk.Applier(rules).apply(["a"], engine=7)


@pytest.mark.parametrize("index", ["default", "own", "permuted", "text", "repeating"])
@pytest.mark.parametrize("computed_by", ["threads", "client"])
def test_a_frame_of_dask_is_what_its_computed_frame_is(rules, request, index, computed_by):
    if computed_by == "client":
        request.getfixturevalue("client")
    frame = rows(300).to_pandas()
    order = np.random.default_rng(1).permutation(300)
    frame.index = {
        "default": frame.index,
        "own": frame.index + 100,
        "permuted": order,
        "text": [f"row {n}" for n in order],
        "repeating": np.arange(300) % 150,
    }[index]
    parts = [frame.iloc[:100], frame.iloc[100:100], frame.iloc[100:]]
    lazy = dd.from_map(lambda part: part, parts, meta=frame.iloc[:0])
    gold = pd.Series((frame["text"] == "free").astype(int).to_numpy(), index=frame.index)
    here, there = lk.Applier(rules).apply(lazy), lk.Applier(rules).apply(frame)
    assert_equal(here, there)
    assert lk.open_corpus(lazy).column_names == ("key", "text", "spam")
    assert str(lk.summarize(here, gold=gold)) == str(lk.summarize(there, gold=gold))


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (["free", "b"], [5, 6]),
        ([5, 6], ["5", "7"]),
        (["free", "b"], [True, False]),
        ([True, False], [5, 0]),
        (["free", "b"], [date(2026, 1, 1)] * 2),
        ([b"5", b"a"], ["5", "a"]),
        ([[1], [2]], [["1"], ["2"]]),
        ([{"a": 1}] * 2, [{"a": "1"}] * 2),
        ([None, None], [5, 6]),
    ],
)
def test_values_of_another_kind_in_a_later_partition_are_refused_not_cast(first, then):
    parts = [pd.DataFrame({"text": "free", "kind": pd.Series(kind, dtype=object)}) for kind in (first, then)]
    with (
        dask.config.set({"dataframe.convert-string": False}),
        pytest.raises(CorpusError, match=r"'kind' is .* in one partition of the Dask frame, and .* in another"),
    ):
        lk.open_corpus(dd.from_map(lambda part: part, parts, meta=parts[0].iloc[:0]))


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ([1.5, 2.0], [1, 2]),
        (["a", None], [None, None]),
        ([None, None], ["a", "b"]),
        ([["a"], []], [[], []]),
        ([date(2026, 1, 1)] * 2, [None, None]),
    ],
)
def test_values_of_one_kind_are_brought_to_one_type(first, then):
    parts = [pd.DataFrame({"text": "free", "kind": pd.Series(kind, dtype=object)}) for kind in (first, then)]
    with dask.config.set({"dataframe.convert-string": False}):
        corpus = lk.open_corpus(dd.from_map(lambda part: part, parts, meta=parts[0].iloc[:0]))
    [batch] = corpus.batches(("kind",), 10)
    assert batch.table.column("kind").to_pylist() == [*first, *then]


def in_partitions(*parts):
    return dd.from_map(lambda part: part, list(parts), meta=parts[0].iloc[:0])


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (np.array([1.0, 2.0], dtype="float32"), np.array([0.1, math.nan])),
        (np.array([1, 2]), np.array([3.0, math.nan])),
        (np.array([1, 2]), np.array([3.0, 4.0])),
        (np.array([0.5, 1.5]), np.array([1, 2**53 + 1])),
        (np.array([1, 2], dtype="int8"), np.array([1, 300])),
        ([{"a": 1}] * 2, [{"a": 1, "b": "lost"}] * 2),
    ],
)
def test_a_partition_whose_values_the_type_of_the_first_would_change_is_refused(first, then):
    parts = [pd.DataFrame({"text": "free", "kind": kind}) for kind in (first, then)]
    with (
        dask.config.set({"dataframe.convert-string": False}),
        pytest.raises(CorpusError, match=r"'kind' is .* in one partition of the Dask frame, and .* in another"),
    ):
        lk.open_corpus(in_partitions(*parts))


def test_numbers_that_fit_the_type_of_the_first_partition_are_those_of_the_computed_frame():
    wide = [pd.DataFrame({"kind": np.array(one, kind)}) for one, kind in (([0.1, math.nan], "f8"), ([0.5, 2], "f4"))]
    for parts in (wide, [wide[0], pd.DataFrame({"kind": np.array([1, 2**53])})]):
        [batch] = lk.open_corpus(in_partitions(*parts)).batches(("kind",), 10)
        [expected] = lk.open_corpus(pd.concat(parts, ignore_index=True)).batches(("kind",), 10)
        assert str(batch.table.column("kind")) == str(expected.table.column("kind"))


def test_a_partition_of_nan_alone_has_no_text():
    parts = [pd.DataFrame({"text": ["free", "b"]}), pd.DataFrame({"text": [math.nan, math.nan]})]
    [batch] = lk.open_corpus(in_partitions(*parts)).batches(("text",), 10)
    assert batch.table.column("text").to_pylist() == ["free", "b", None, None]


@pytest.mark.parametrize("lacking", [0, 1])
def test_a_column_that_a_partition_lacks_is_named(lacking):
    parts = [pd.DataFrame({"text": ["free"], "kind": [1]}), pd.DataFrame({"text": ["b"], "kind": [2]})]
    parts[lacking] = parts[lacking].drop(columns="kind")
    with pytest.raises(CorpusError, match="column 'kind' is in one partition of the Dask frame, and not in another"):
        lk.open_corpus(in_partitions(*parts))


def test_partitions_of_other_types_and_failing_ones_are_errors(rules):
    frame = rows(20).to_pandas()
    other = frame.assign(spam="yes")
    lazy = dd.from_map(lambda part: part, [frame, other], meta=frame.iloc[:0])
    with pytest.raises(CorpusError, match="is int64 in one partition of the Dask frame, and string in another"):
        lk.Applier(rules).apply(lazy)

    def broken(part):
        raise RuntimeError("the disk is gone")

    with pytest.raises(CorpusError, match="the disk is gone"):
        lk.Applier(rules).apply(dd.from_map(broken, [1], meta=frame.iloc[:0]))
