"""An id that stands twice is refused with its row, whichever way the corpus is read, in memory that does not grow."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

import labelkit as lk
from labelkit.corpus.distinct_ids import DistinctIds
from labelkit.exceptions import CorpusError

RULE = lk.regex("1", label=1).rule(name="one")


@given(
    batches=st.lists(st.lists(st.integers(-50, 50) | st.integers(2**60, 2**60 + 9), max_size=8), max_size=8),
    as_text=st.booleans(),
)
def test_the_first_repeat_is_named_with_its_row(batches, as_text):
    seen = DistinctIds(lk.open_corpus({"id": []}, id="id"))
    before: set[int] = set()
    start = 0
    for batch in batches:
        ids = pa.array(list(map(str, batch)), pa.string()) if as_text else pa.array(batch, pa.int64())
        repeats = [i for i, name in enumerate(batch) if name in before or name in batch[:i]]
        if repeats:
            name = ids[repeats[0]].as_py()
            with pytest.raises(
                CorpusError, match=rf"the id {name!r} .* second time on row {start + repeats[0]} \[LK205\]\n"
            ):
                seen.add(ids, start)
            return
        seen.add(ids, start)
        before |= set(batch)
        start += len(batch)


@given(
    ids=st.lists(st.integers(-30, 30) | st.integers(2**62, 2**62 + 3), max_size=40)
    | st.permutations(range(40))
    | st.lists(st.integers(-20, 20), max_size=9).map(lambda firsts: [n + i for n in firsts for i in range(4)]),
    sizes=st.lists(st.integers(1, 9), min_size=40, max_size=40),
    most_held=st.integers(0, 12),
    as_text=st.booleans(),
)
def test_ids_on_disk_count_as_those_in_memory_do(ids, sizes, most_held, as_text):
    column = pa.array(list(map(str, ids)), pa.string()) if as_text else pa.array(ids, pa.int64())
    corpus = lk.open_corpus(pa.table({"id": column}), id="id")
    seen, start, message = DistinctIds(corpus, most_held=most_held), 0, ""
    try:
        for size in sizes:
            seen.add(column.slice(start, size), start)
            assert seen.n_held <= most_held
            start += size
        seen.finish()
        seen.finish()  # again, as a run of two passes does
    except CorpusError as error:
        message = str(error)
    repeats = [i for i, name in enumerate(ids) if name in ids[:i]]
    if not repeats:
        assert message == ""
        return
    rows = {f"{column[i].as_py()!r} (column 'id') stands twice, the second time on row {i} " for i in repeats}
    assert any(row in message for row in rows)


def test_ids_in_no_order_go_to_disk_and_consecutive_ones_take_no_memory():
    corpus = lk.open_corpus({"id": [1]}, id="id")
    seen = DistinctIds(corpus, most_held=100)
    for start in range(0, 5_000, 50):
        seen.add(pa.array(np.arange(start, start + 50)), start)
    assert (seen.n_held, seen.is_on_disk) == (0, False)
    numbers = 10_000 + np.random.default_rng(0).permutation(5_000)
    for start in range(0, 5_000, 50):
        seen.add(pa.array(numbers[start : start + 50]), 5_000 + start)
        assert seen.n_held <= 100
    assert seen.is_on_disk
    seen.finish()
    seen.add(pa.array([77]), 10_000)  # compared with what went to disk, when all is there
    with pytest.raises(CorpusError, match="the id 77 "):
        seen.finish()


def test_the_first_row_of_ids_on_disk_is_named():
    corpus = lk.open_corpus({"id": ["a", "b", "c", "b", "a"]}, id="id")
    seen = DistinctIds(corpus, most_held=0)
    for row, name in enumerate(["a", "b", "c", "b", "a"]):
        seen.add(pa.array([name]), row)
    with pytest.raises(
        CorpusError, match=r"the id 'b' \(column 'id'\) stands twice, the second time on row 3 \[LK205\]"
    ):
        seen.finish()


@pytest.mark.parametrize(("ids", "which"), [([5, -7, 5], "the id 5"), (["a", "b", "a"], "an id")])
def test_ids_on_disk_of_what_is_read_once_are_named_as_far_as_they_are_known(ids, which):
    corpus = lk.open_corpus(iter([{"id": name} for name in ids]), id="id")
    seen = DistinctIds(corpus, most_held=0)
    for batch in corpus.batches((), 1):
        seen.add(batch.ids, batch.start)
    with pytest.raises(CorpusError, match=rf"^{which} \(column 'id'\) stands twice \[LK205\]"):
        seen.finish()


@pytest.fixture
def few_in_memory(monkeypatch):
    """Let the ids of a run go to disk after a few."""
    for module in ("apply.applier", "runs.run_state", "runs.update", "runs.append"):
        monkeypatch.setattr(f"labelkit.{module}.MOST_HELD", 100)


@pytest.mark.parametrize("kind", ["frame", "csv"])
@pytest.mark.usefixtures("few_in_memory")
def test_a_run_compares_ids_on_disk_and_again_when_it_goes_on(tmp_path, kind):
    frame = pd.DataFrame({"id": [f"i{i}" for i in range(3_000)], "text": "1"})
    frame.loc[2_999, "id"] = "i7"  # in the last part: nothing is left to vote on when the run goes on
    frame.to_csv(tmp_path / "corpus.csv", index=False)
    corpus = {"frame": frame, "csv": tmp_path / "corpus.csv"}[kind]
    for _ in range(2):
        with pytest.raises(
            CorpusError, match=r"the id 'i7' \(column 'id'\) stands twice, the second time on (row 2,999|line 3001) "
        ):
            lk.run([RULE], corpus, tmp_path / "out", id="id", labels=2, batch_size=1_024, cache=False)
    assert not (tmp_path / "out").exists()


@pytest.mark.filterwarnings("ignore:the run that did not end")
@pytest.mark.parametrize("keep_model", [False, True])
@pytest.mark.usefixtures("few_in_memory")
def test_an_update_compares_ids_on_disk_with_old_and_new_ones(tmp_path, keep_model):
    frame = pd.DataFrame({"id": [f"i{i}" for i in range(4_000)], "text": ["1", "2"] * 2_000})
    path, options = tmp_path / "corpus.csv", {"id": "id", "labels": 2, "batch_size": 1_024, "cache": False}
    frame[:2_500].to_csv(path, index=False)
    lk.run([RULE], path, tmp_path / "out", **options)
    odd = frame.copy()
    odd.loc[3_999, "id"] = "i7"
    odd.to_csv(path, index=False)
    for _ in range(2):
        with pytest.raises(
            CorpusError, match=r"the id 'i7' \(column 'id'\) stands twice, the second time on line 4001 "
        ):
            lk.run([RULE], path, tmp_path / "out", update=True, keep_model=keep_model, **options)
    frame.to_csv(path, index=False)
    updated = lk.run([RULE], path, tmp_path / "out", update=True, keep_model=keep_model, **options)
    assert updated.manifest["examples"] == 4_000


@pytest.mark.parametrize("options", [{}, {"workers": 2, "engine": "thread"}, {"workers": 2, "engine": "process"}])
@pytest.mark.parametrize("kind", ["frame", "csv", "iterator"])
def test_a_corpus_with_an_id_twice_is_refused(tmp_path, kind, options):
    frame = pd.DataFrame({"id": [f"i{i}" for i in range(3_000)], "text": "1"})
    frame.loc[2_500, "id"] = "i7"
    frame.to_csv(tmp_path / "corpus.csv", index=False)
    corpus = {"frame": frame, "csv": tmp_path / "corpus.csv", "iterator": iter(frame.to_dict("records"))}[kind]
    with pytest.raises(CorpusError, match=r"the id 'i7' .* stands twice, the second time on (row 2,500|line 2502) "):
        lk.Applier([RULE], labels=2).apply(corpus, id="id", batch_size=1_024, **options)


def test_a_run_that_goes_on_knows_the_ids_of_its_first_parts(tmp_path):
    frame = pd.DataFrame({"id": np.arange(3_000), "text": "1", "n": 0})
    frame.loc[2_500, ["id", "n"]] = [7, 1]
    frame.to_parquet(tmp_path / "corpus.parquet")
    run = lambda: lk.run(  # noqa: E731
        [RULE], tmp_path / "corpus.parquet", tmp_path / "out", id="id", labels=2, batch_size=1_024, cache=False
    )
    for _ in range(2):  # the second time, the parts before are there already
        with pytest.raises(CorpusError, match=r"the id 7 .* stands twice, the second time on row 2,500"):
            run()
