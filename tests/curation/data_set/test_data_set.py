"""Data sets: made in one pass, versions of every step, evaluation left as it is, nothing lost."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import sparse

import labelkit as lk
from labelkit.curation.step import Curated, CurationStep
from labelkit.exceptions import CorpusError, DataSetError, RunFolderError
from tests.waiting import GUARD

N = 200
CLASSES = ["HAM", "SPAM"]


def frame(n=N):
    return pd.DataFrame(
        {"id": [f"e{i}" for i in range(n)], "text": [f"text {i}" for i in range(n)], "readers": np.arange(n) % 7}
    )


def labels_of(n=N, ids=None):
    votes = np.column_stack([np.where(np.arange(n) % 4 == 0, 1, 0), np.where(np.arange(n) % 10 == 9, -1, -1)])
    votes[np.arange(n) % 10 == 9] = -1
    ids = [f"e{i}" for i in range(n)] if ids is None else ids
    matrix = lk.LabelMatrix.of(votes, names=["a", "b"], classes=CLASSES, ids=ids)
    return lk.MajorityVote().fit(matrix).label(matrix)


@dataclass(frozen=True)
class Result:
    """A result of curation, as the functions of labelkit.curation return it."""

    step: CurationStep
    table: pa.Table

    def rows(self):
        return self.table


def result(operation="split", notes=(), before=(), after=(), **columns):
    step = CurationStep(operation, {"by": "author"}, seed=3, before=dict(before), after=dict(after), notes=tuple(notes))
    return Result(step, pa.table(columns))


def split_of(n=N, evaluation=5):
    return result(id=[f"e{i}" for i in range(n)], split=["test" if i % evaluation == 0 else "train" for i in range(n)])


def augmentation(parents, ids=None):
    parents = list(parents)
    ids = [f"{one}+" for one in parents] if ids is None else ids
    made = {"id": ids, "text": [f"made of {one}" for one in parents], "made_from": parents}
    return result("augment", **made, made_by=["typos"] * len(parents))


@pytest.fixture
def made(tmp_path):
    return lk.create_dataset(tmp_path / "spam", frame(), labels_of(), id="id")


@pytest.fixture
def split(made):
    return made.take(split_of())


def ids_of(data_set, **options):
    return data_set.table(**options).column("id").to_pylist()


def test_results_are_what_curation_returns():
    assert isinstance(split_of(), Curated)


# What it holds --------------------------------------------------------------------------------------------------------


def test_a_data_set_holds_examples_and_labels_in_the_order_of_the_corpus(made):
    table, labels = made.table(), labels_of()
    assert table.column("id").to_pylist() == frame()["id"].tolist()
    assert table.column("text").to_pylist() == frame()["text"].tolist()
    assert table.column("readers").to_pylist() == frame()["readers"].tolist()
    assert [CLASSES.index(one) if one else -1 for one in table.column("label").to_pylist()] == labels.hard().tolist()
    assert np.array_equal(np.array(table.column("proba").to_pylist()), labels.proba)
    assert table.column("covered").to_pylist() == labels.is_covered.tolist()
    assert set(table.column("weight").to_pylist()) == {1.0}
    assert table.column("split").null_count == N
    assert made.verify() == []
    assert lk.open_dataset(made.path).manifest == made.manifest


def test_labels_are_matched_by_id_and_rows_without_labels_are_left_out(tmp_path):
    order = np.random.default_rng(0).permutation(N)[:50]
    labels = labels_of()[np.sort(order)[::-1]]
    data_set = lk.create_dataset(tmp_path / "some", frame(), labels, id="id", columns=["text"])
    assert ids_of(data_set) == [f"e{i}" for i in np.sort(order)]
    assert data_set.table().column("label").to_pylist() == [
        None if i % 10 == 9 else CLASSES[int(i % 4 == 0)] for i in np.sort(order)
    ]
    assert data_set.manifest["steps"][0]["notes"] == ["150 rows of the corpus without labels left out"]


def test_a_corpus_without_ids_is_matched_by_position(tmp_path):
    labels = labels_of(ids=np.arange(N))
    data_set = lk.create_dataset(tmp_path / "unnamed", {"text": frame()["text"].tolist()}, labels)
    assert ids_of(data_set)[:3] == [0, 1, 2]
    with pytest.raises(DataSetError, match="200 labels without ids for 3 rows"):
        lk.create_dataset(tmp_path / "short", {"text": ["a", "b", "c"]}, labels)


def test_a_stream_is_read_once_and_batches_change_nothing(tmp_path, monkeypatch):
    from labelkit.curation.data_set import create

    monkeypatch.setattr(create, "BATCH_ROWS", 7)
    monkeypatch.setattr(create, "EXAMPLES_ROWS", 30)
    rows = ({"id": one.id, "text": one.text, "readers": one.readers} for one in frame().itertuples())
    data_set = lk.create_dataset(tmp_path / "streamed", rows, labels_of(), id="id")
    assert len(data_set.layout.examples_files) > 5
    whole = lk.create_dataset(tmp_path / "whole", frame(), labels_of(), id="id")
    assert data_set.table().to_pylist() == whole.table().to_pylist()
    chosen = data_set.take(split_of()).table(split="test", columns=["readers"])
    assert chosen.column("readers").to_pylist() == frame()["readers"][::5].tolist()


def test_duckdb_reads_the_files(split):
    rows = duckdb.sql(f"select split, count(*) from '{split.path}/rows/*.parquet' group by 1 order by 1").fetchall()
    assert rows == [("test", 40), ("train", 160)]


def test_a_run_gives_corpus_labels_rules_and_evaluation(tmp_path):
    rules = [lk.keywords("text 1", label=1).rule(name="one"), lk.keywords("text 2", label=0).rule(name="two")]
    corpus = frame().assign(gold=[1] * 100 + [0] * 100)
    corpus.to_csv(tmp_path / "c.csv", index=False)
    run = lk.run(
        rules, tmp_path / "c.csv", tmp_path / "run", id="id", gold="gold", labels=CLASSES, progress=False, report=False
    )
    data_set = lk.create_dataset(tmp_path / "ds", run=run, columns=["text"])
    assert [rule["name"] for rule in data_set.manifest["run"]["rules"]] == ["one", "two"]
    assert data_set.manifest["run"]["evaluation"]["accuracy"] is not None
    assert data_set.manifest["run"]["run_fingerprint"] == run.manifest["run_fingerprint"]
    assert len(data_set) == N
    with pytest.raises(RunFolderError, match="is a run, and no data set"):
        lk.open_dataset(run.path)
    for read in (lk.RunFolder, lk.history, lk.verify):
        with pytest.raises(RunFolderError, match="is a data set, and not a run") as caught:
            read(data_set.path)
        assert "open_dataset" in caught.value.hint


def test_a_frame_is_matched_by_its_index(tmp_path):
    indexed = frame().set_index("id")
    shuffled = indexed.sample(frac=1, random_state=0)
    data_set = lk.create_dataset(tmp_path / "shuffled", shuffled, labels_of())
    expected = dict(zip(labels_of().ids, labels_of().hard(), strict=True))
    table = data_set.table()
    assert table.column("id").to_pylist() == shuffled.index.tolist()
    found = [CLASSES.index(one) if one else -1 for one in table.column("label").to_pylist()]
    assert found == [expected[one] for one in shuffled.index]
    rules = [lk.keywords("text", label=1).rule(name="one")]
    run = lk.run(rules, indexed, tmp_path / "run", labels=CLASSES, progress=False, report=False)
    with pytest.raises(CorpusError, match="is not at hand: The run read its corpus from memory"):
        lk.create_dataset(tmp_path / "again", run=run)
    assert len(lk.create_dataset(tmp_path / "again", shuffled, run=run)) == N


def test_training_sets_have_weights_and_positions_of_examples(split):
    X, y_soft, weight = split.training_set()
    rows = split.table(split="train").filter(split.table(split="train").column("covered"))
    assert [f"e{i}" for i in X] == rows.column("id").to_pylist()
    assert np.array_equal(y_soft, np.array(rows.column("proba").to_pylist()))
    assert len(weight) == len(X)
    features = pd.DataFrame({"n": np.arange(N)}, index=[f"e{i}" for i in range(N)])[::-1]
    assert split.training_set(features, weight="equal").X["n"].tolist() == X.tolist()
    assert split.training_set(sparse.dok_matrix(features[::-1])).X.toarray()[:, 0].tolist() == X.tolist()
    weighed = split.take(result("balance", id=rows.column("id"), weight=[2.5] * len(X)))
    assert np.allclose(weighed.training_set(weight="equal").weight, 2.5)
    with pytest.raises(DataSetError, match="X has 3 rows for 200 examples"):
        weighed.training_set(np.zeros((3, 2)))


# Taking over ----------------------------------------------------------------------------------------------------------


def test_a_split_sets_the_part_of_each_example_by_its_id(made):
    order = np.random.default_rng(1).permutation(150)
    some = result(id=[f"e{i}" for i in order], split=["test" if i < 40 else "train" for i in order])
    data_set = made.take(some)
    expected = ["test" if i < 40 else "train" if i < 150 else None for i in range(N)]
    assert data_set.table().column("split").to_pylist() == expected
    assert data_set.parts == {"test": 40, "train": 110}
    step = data_set.manifest["steps"][-1]
    assert (step["operation"], step["seed"], step["parameters"]) == ("split", 3, {"by": "author"})
    assert step["rows"] == [N, N]


def test_a_balance_of_the_training_part_leaves_evaluation_as_it_is(split):
    train = [one for one in ids_of(split, split="train") if int(one[1:]) % 4 == 0]
    tested = ids_of(split, split="test")
    balanced = split.take(result("balance", id=train * 2 + ["e1", "e2"]))
    assert sorted(ids_of(balanced, split="train")) == sorted(train * 2 + ["e1", "e2"])
    assert ids_of(balanced, split="test") == tested
    weighed = split.take(result("balance", id=train, weight=np.arange(len(train)) + 1.0))
    assert weighed.table(split="train").column("weight").to_pylist() == list(np.arange(len(train)) + 1.0)


def test_a_resampled_test_set_is_refused(made, split):
    everything = frame()["id"].tolist()
    for ids, doing in (([*everything, "e0"], "repeats 1 "), (everything[1:], "drops 1 ")):
        with pytest.raises(DataSetError, match=f"balance {doing}example for evaluation, such as ..e0") as caught:
            split.take(result("balance", id=ids))
        assert "split='train'" in caught.value.hint
    weights = [2.0] * N
    with pytest.raises(DataSetError, match="weighs 40 examples for evaluation anew"):
        split.take(result("balance", id=everything, weight=weights))
    assert len(split.history()) == 2
    taken = split.take(result("balance", id=everything, weight=weights), split="train")
    assert set(taken.table(split="test").column("weight").to_pylist()) == {1.0}
    assert set(taken.table(split="train").column("weight").to_pylist()) == {2.0}
    taken = split.take(result("balance", id=[*everything[1:], "e1"]), split="train")
    assert len(taken.table(split="test")) == 40
    assert len(taken.table(split="train")) == 161


@pytest.mark.parametrize(
    "columns",
    [
        {"id": [f"e{i}" for i in range(N)] + ["e3"]},
        {"id": [f"e{i}" for i in range(N) if i % 4 == 0 or i % 12 == 1]},
        {"id": [f"e{i}" for i in range(N)], "weight": [3.0 if i % 4 == 0 else 1.0 for i in range(N)]},
    ],
    ids=["repeated", "chosen by class", "weighed by class"],
)
def test_a_split_after_a_balance_is_refused(made, columns):
    labeled = [one for one in columns["id"] if int(one[1:]) % 10 != 9]
    kept = [i for i, one in enumerate(columns["id"]) if one in set(labeled)]
    balanced = made.take(result("balance", **{name: [values[i] for i in kept] for name, values in columns.items()}))
    ids = sorted(set(ids_of(balanced)))
    with pytest.raises(DataSetError, match=r"resampled before|weights by class") as caught:
        balanced.take(result(id=ids, split=["test" if i % 5 == 0 else "train" for i in range(len(ids))]))
    assert "restore" in caught.value.hint


def test_rows_that_are_left_out_by_chance_may_be_split(made):
    some = sorted(np.random.default_rng(0).choice(frame()["id"].to_numpy(), 150, replace=False).tolist())
    data_set = made.take(result("drop_duplicates", id=some))
    assert data_set.take(split_of()).parts == {
        "test": sum(int(one[1:]) % 5 == 0 for one in some),
        "train": 150 - sum(int(one[1:]) % 5 == 0 for one in some),
    }


def test_a_new_split_may_not_move_resampled_rows_into_evaluation(split):
    train = ids_of(split, split="train")
    balanced = split.take(result("balance", id=[one for one in train if int(one[1:]) % 4 == 0]))
    with pytest.raises(DataSetError, match="resampled before they are split"):
        balanced.take(split_of(evaluation=4))
    assert balanced.take(split_of()).parts["test"] == 40


def test_made_rows_join_the_training_part_of_their_originals(split):
    augmented = split.take(augmentation(["e1", "e2", "e2"], ["a", "b", "c"]))
    table = augmented.table(split="train")
    made = table.filter(table.column("made_from").is_valid())
    assert made.column("id").to_pylist() == ["a", "b", "c"]
    assert made.column("text").to_pylist() == ["made of e1", "made of e2", "made of e2"]
    assert made.column("readers").to_pylist() == [None] * 3
    assert made.column("made_by").to_pylist() == ["typos"] * 3
    assert made.column("label").to_pylist() == ["HAM", "HAM", "HAM"]
    assert augmented.manifest["counts"]["made"] == 3
    assert len(augmented.examples()) == N + 3
    assert ids_of(augmented, split="test") == ids_of(split, split="test")
    again = augmented.take(augmentation(["a"], ["aa"]))
    assert again.table().column("made_from").to_pylist()[-1] == "a"
    with pytest.raises(DataSetError, match="with the id 'a', which another one bears"):
        augmented.take(augmentation(["e3"], ["a"]))


def test_rows_made_of_evaluation_are_refused_or_left_out_by_name(split):
    augmented = augmentation(["e0", "e1"])
    with pytest.raises(DataSetError, match=r"made 1 row of examples for evaluation, such as ..e0") as caught:
        split.take(augmented)
    assert "take(..., split='train')" in caught.value.hint
    taken = split.take(augmented, split="train")
    assert taken.manifest["counts"]["made"] == 1
    assert "1 made row left out: the originals are in no training part" in taken.manifest["steps"][-1]["notes"]


def test_made_rows_stay_out_of_a_later_split(made):
    augmented = made.take(augmentation(["e1"]))
    ids = [*frame()["id"], "e1+"]
    with pytest.raises(DataSetError, match="puts 1 made examples into evaluation"):
        augmented.take(result(id=ids, split=["test"] * len(ids)))
    parts = ["train" if one.startswith("e1") else "test" for one in ids]
    assert augmented.take(result(id=ids, split=parts)).table(split="train").num_rows == parts.count("train")


def test_made_rows_with_names_join_examples_with_numbers(tmp_path):
    data_set = lk.create_dataset(tmp_path / "n", {"text": frame()["text"].tolist()}, labels_of(ids=np.arange(N)))
    numbered = result(id=list(range(N)), split=["train"] * N)
    augmented = data_set.take(numbered).take(augmentation(["3"], ["3~1"]))
    assert ids_of(augmented)[-1] == "3~1"
    assert augmented.table().column("made_from").to_pylist()[-1] == "3"
    assert ids_of(lk.open_dataset(data_set.path, 2))[:2] == [0, 1]
    assert augmented.take(result("slices", id=[3], slices=[["x"]])).manifest["counts"]["slices"] == {"x": 1}
    assert (augmented.diff(2).both, augmented.diff(2).only_after) == (N, 1)


def test_weights_of_some_rows_drop_no_other(split):
    some = ids_of(split, split="train")[:20]
    counts = {"before": {"rows": 20}, "after": {"rows": 20}}
    weighed = split.take(result("class_weights", **counts, id=some, weight=[3.0] * 20))
    assert len(weighed) == N
    assert weighed.manifest["counts"]["weight"] == N + 40


def test_a_balance_that_names_labels_chooses_rows(split):
    """As labelkit.balance: id and label of the rows that are left, fewer than there were."""
    labeled = split.table(split="train").filter(split.table(split="train").column("label").is_valid())
    ids = labeled.column("id").to_pylist()
    left = [one for one in ids if int(one[1:]) % 4 == 0] + ["e1", "e2"]
    names = ["SPAM" if int(one[1:]) % 4 == 0 else "HAM" for one in left]
    counts = {"before": {"rows": len(ids)}, "after": {"rows": len(left)}}
    tested, everywhere = split.table(split="test"), [one for one in ids_of(split) if int(one[1:]) % 4 == 0]
    balanced = split.take(result("balance", **counts, id=left, label=names))
    assert sorted(ids_of(balanced, split="train")) == sorted(left)
    assert balanced.manifest["steps"][-1]["effects"] == ["resampled", "rows"]
    assert balanced.table(split="test").equals(tested)
    counts = {"before": {"rows": N}, "after": {"rows": len(everywhere)}}
    balanced = split.restore(2).take(
        result("balance", **counts, id=everywhere, label=["SPAM"] * len(everywhere)), split="train"
    )
    assert ids_of(balanced, split="train") == [one for one in everywhere if int(one[1:]) % 5]


@pytest.mark.parametrize("with_labels", [True, False])
def test_an_augmentation_of_some_rows_with_their_originals_drops_no_other(with_labels, split):
    """As labelkit.augment: the originals, each followed by what was made of it; here of three rows alone."""
    columns = {
        "id": ["e1", "e1~1", "e2", "e3", "e3~1"],
        "text": list("abcde"),
        "made_from": [None, "e1", None, None, "e3"],
        "made_by": [None, "typos", None, None, "typos"],
        "votes_changed": pa.array([[]] * 5, pa.list_(pa.string())),
    }
    if with_labels:
        columns |= {"label": ["HAM"] * 5, "proba": pa.array([[1.0, 0.0]] * 5, pa.large_list(pa.float64()))}
    counts = {"before": {"rows": 3}, "after": {"rows": 5, "made": 2}}
    augmented = split.take(result("augment", **counts, **columns))
    assert len(augmented) == N + 2
    assert augmented.manifest["counts"]["made"] == 2
    assert augmented.table().column("text").to_pylist()[1] == "text 1"
    assert len(split.restore(2).take(result("augment", **counts, **columns), split="train")) == N + 2


def test_a_result_may_hold_ids_of_other_arrow_types(split):
    train = ids_of(split, split="train")
    encoded = pa.array(train).dictionary_encode()
    assert len(split.take(result("balance", id=encoded))) == N
    large = pa.array(train, pa.large_string())
    assert len(split.take(result("balance", id=large, weight=pa.array([1] * len(train), pa.int8())))) == N


def test_slices_labels_and_probabilities_are_set_where_they_are_named(split):
    sliced = split.take(result("slices", id=["e1", "e5"], slices=[["short", "new"], ["short"]]))
    assert sliced.table().column("slices").to_pylist()[:6] == [None, ["short", "new"], None, None, None, ["short"]]
    assert sliced.manifest["counts"]["slices"] == {"short": 2, "new": 1}
    learned = sliced.take(result("self_training", id=["e9", "e19"], label=["SPAM", "HAM"]))
    table = learned.table().to_pylist()
    assert (table[9]["label"], table[9]["proba"], table[9]["covered"]) == ("SPAM", [0, 1], True)
    assert table[1]["label"] == "HAM"
    soft = learned.take(result("self_training", id=["e9"], proba=[[0.9, 0.1]]))
    assert (soft.table().to_pylist()[9]["label"], soft.table().to_pylist()[9]["proba"]) == ("HAM", [0.9, 0.1])
    both = learned.take(result("self_training", id=["e9"], label=[1], proba=[[0.9, 0.1]]))
    assert both.table().to_pylist()[9]["label"] == "SPAM"


INDEX_TYPES = [kind() for kind in (pa.int8, pa.uint8, pa.int16, pa.uint16, pa.int32, pa.uint32, pa.int64, pa.uint64)]


def coded(places, values, index):
    return pa.DictionaryArray.from_arrays(pa.array(places, index), pa.array(values))


@pytest.mark.parametrize("index", INDEX_TYPES, ids=str)
def test_a_result_may_hold_parts_and_labels_in_dictionaries(index, made):
    ids = ["e1", "e2", "e3", "e4", "e5"]
    names = ["EGGS", "train", None, "test", "train"]  # one of no row, null, and one twice
    parted = made.take(result(id=ids, split=coded([1, None, 2, 3, 4], names, index)))
    assert parted.table().column("split").to_pylist()[1:6] == ["train", None, None, "test", "train"]
    assert parted.manifest["counts"]["parts"] == {"train": 2, "test": 1, "(none)": N - 3}
    classes = coded([1, None, 2, 3, 4], ["EGGS", "SPAM", None, "HAM", "SPAM"], index)
    numbers = coded([1, None, 2, 3, 4], [7, 1, None, 0, 1], index)
    for labels in (classes, pa.chunked_array([classes[:2], classes[2:]]), numbers):
        parted = parted.take(result("relabel", id=ids, label=labels))
        assert parted.table().column("label").to_pylist()[1:6] == ["SPAM", None, None, "HAM", "SPAM"]


@pytest.mark.parametrize("kind", [pa.int8(), pa.uint8(), pa.uint64()], ids=str)
def test_labels_may_be_numbers_of_any_type_beside_gaps(kind, made):
    relabeled = made.take(result("relabel", id=["e1", "e2", "e4"], label=pa.array([1, None, 1], kind)))
    assert relabeled.table().column("label").to_pylist()[1:5] == ["SPAM", None, "HAM", "SPAM"]
    with pytest.raises(DataSetError, match=r"label"):
        made.take(result("relabel", id=["e1"], label=pa.array([2**64 - 1], pa.uint64())))


def test_numbers_are_the_names_of_classes_that_are_named_by_other_numbers(tmp_path):
    """As places, 1 would be the class "5"."""
    matrix = lk.LabelMatrix.of([[0], [1], [0], [1]], classes=["1", "5"])
    labels = lk.MajorityVote().fit(matrix).label(matrix)
    data_set = lk.create_dataset(tmp_path / "stars", {"text": list("abcd")}, labels)
    changed = data_set.take(result("relabel", id=[0, 1, 2, 3], label=[1, 1, 5, -1]))
    assert changed.table().column("label").to_pylist() == ["1", "1", "5", None]
    with pytest.raises(DataSetError, match="the label '0', which is no class"):
        data_set.take(result("relabel", id=[0], label=[0]))


BAD = {
    "strangers": (result(id=["x1", "x2"], split=["train"] * 2), "names 2 id"),
    "no ids": (result(split=["train"]), "no column 'id'"),
    "in two parts": (result(id=["e1", "e1"], split=["train", "test"]), "names the id 'e1' twice"),
    "a weight": (result("balance", id=["e1"], weight=[float("nan")]), "a weight that is no weight"),
    "negative": (result("balance", id=["e1"], weight=[-1.0]), "a weight that is no weight"),
    "a class": (result("relabel", id=["e1"], label=["EGGS"]), "the label 'EGGS', which is no class"),
    "a number of no class": (result("relabel", id=["e1"], label=[7]), "the label 7, which is no class"),
    "three classes": (result("relabel", id=["e1"], proba=[[0.1, 0.2, 0.7]]), "none of 2 classes"),
    "no sum": (result("relabel", id=["e1"], proba=[[0.1, 0.2]]), "none of 2 classes"),
    "dates as weights": (result("balance", id=["e1"], weight=[[1.0]]), "gives weight as list"),
    "numbers as slices": (result("slices", id=["e1"], slices=[3]), "gives slices as int64"),
    "an id that is missing": (result("balance", id=["e1", None]), "a row of the result has no id"),
    "ids that are fractions": (result("balance", id=[1.5]), "holds double, which names no example"),
    "another type": (
        result("augment", id=["y"], made_from=["e1"], made_by=["t"], text=["x"], readers=["many"]),
        "other values of 'readers'",
    ),
    "an orphan": (augmentation(["x9"], ["y"]), "names 1 id"),
    "a twin": (augmentation(["e1", "e2"], ["y", "y"]), "with the id 'y', which another one bears"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_does_not_fit_is_refused_and_changes_nothing(name, made):
    given, message = BAD[name]
    with pytest.raises(DataSetError, match=message) as caught:
        made.take(given)
    assert caught.value.hint
    assert len(made.history()) == 1
    assert [path.name for path in made.path.parent.iterdir()] == ["spam"]
    assert made.verify() == []


def test_what_is_no_result_of_curation_is_refused(made):
    with pytest.raises(DataSetError, match="a list is no result of curation"):
        made.take(["e1"])


# Versions -------------------------------------------------------------------------------------------------------------


def test_history_diff_and_restore(split):
    augmented = split.take(augmentation(["e1", "e2"]))
    past = augmented.history()
    assert [(one.number, one.operation, one.n_rows) for one in past.versions] == [
        (1, "create_dataset", N),
        (2, "split", N),
        (3, "augment", N + 2),
    ]
    assert past[1].parts == {"test": 40, "train": 160}
    assert all(one.made for one in past.versions)
    difference = augmented.diff(1)
    assert (difference.only_before, difference.only_after, difference.both) == (0, 2, N)
    assert difference.changed["split"] == N
    assert difference.changed["label"] == difference.changed["weight"] == difference.changed["proba"] == 0
    assert difference.steps == ("split", "augment")
    assert not augmented.diff(3).differs
    back = augmented.restore(2)
    assert back.number == 4
    assert back.table().to_pylist() == split.table().to_pylist()
    assert back.history()[3].restored == 2
    assert back.verify() == []
    assert len(lk.open_dataset(f"{back.path}@3")) == N + 2
    with pytest.raises(RunFolderError, match="is the current one"):
        back.restore(4)
    with pytest.raises(RunFolderError, match="has no version 9"):
        back.restore(9)
    with pytest.raises(RunFolderError, match="is never written"):
        lk.open_dataset(back.path, 1).take(split_of())


def test_examples_are_shared_by_versions(split):
    files = [lk.open_dataset(split.path, version).layout.examples_file(0) for version in (1, 2)]
    assert files[0].samefile(files[1])
    rows = [lk.open_dataset(split.path, version).layout.rows_file(0) for version in (1, 2)]
    assert not rows[0].samefile(rows[1])


def test_a_difference_names_each_kind_of_change(split):
    changed = split.take(result("slices", id=["e1"], slices=[["a"]]))
    changed = changed.take(result("self_training", id=["e2"], label=["SPAM"]))
    train = ids_of(changed, split="train")
    changed = changed.take(result("balance", id=[*train, "e3"], weight=[5.0, *[1.0] * len(train)]))
    difference = changed.diff(2)
    assert difference.changed == {"split": 0, "label": 1, "proba": 1, "weight": 1, "slices": 1, "copies": 1}
    assert difference.examples["slices"] == ("e1",)
    assert difference.examples["copies"] == ("e3",)
    assert difference.to_dict()["differs"] is True


def test_data_sets_of_other_classes_or_examples_are_not_compared(made, tmp_path):
    from labelkit.curation.data_set.difference import difference_of

    votes = lk.LabelMatrix.of([[0], [1]], classes=["A", "B"], ids=["x", "y"])
    other = lk.create_dataset(
        tmp_path / "o", {"id": ["x", "y"], "text": ["", ""]}, lk.MajorityVote().fit(votes).label(votes), id="id"
    )
    with pytest.raises(DataSetError, match="the classes are HAM, SPAM before and A, B after"):
        difference_of(made, other)


# Bad folders ----------------------------------------------------------------------------------------------------------


def test_a_folder_that_is_there_is_not_replaced(made, tmp_path):
    with pytest.raises(RunFolderError, match="exists already"):
        lk.create_dataset(made.path, frame(), labels_of(), id="id")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(RunFolderError, match="is not a data set folder"):
        lk.create_dataset(tmp_path / "mine", frame(), labels_of(), id="id")
    with pytest.raises(RunFolderError, match="no data set"):
        lk.open_dataset(tmp_path / "mine")
    with pytest.raises(RunFolderError, match="there is no folder"):
        lk.open_dataset(tmp_path / "nix")


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.write_text("{"),
        lambda path: path.write_text("[]"),
        lambda path: path.write_text(json.dumps({**json.loads(path.read_text()), "steps": [3]})),
        lambda path: path.write_text(json.dumps({**json.loads(path.read_text()), "classes": None})),
        lambda path: path.write_text(json.dumps({**json.loads(path.read_text()), "steps": []})),
        lambda path: path.write_text(json.dumps({**json.loads(path.read_text()), "counts": {"rows": 3}})),
    ],
)
def test_a_damaged_manifest_is_one_error_and_an_old_version_comes_back(harm, split):
    harm(split.layout.manifest)
    with pytest.raises(RunFolderError, match=r"manifest.json is damaged") as caught:
        lk.open_dataset(split.path)
    assert "labelkit restore" in caught.value.hint
    assert lk.DataSet(split.path).verify() == ["manifest.json was changed"]
    damaged = lk.DataSet(split.path)
    with pytest.raises(RunFolderError, match="is damaged"):
        damaged.take(split_of())
    assert lk.DataSet(split.path).restore(1).table().num_rows == N


def test_lost_files_and_versions_are_named(split):
    shutil.rmtree(split.path / "versions" / "00001")
    assert split.verify() == ["versions/00001 is missing"]
    with pytest.raises(RunFolderError, match="has no version 1"):
        split.restore(1)
    split.layout.rows_file(0).unlink()
    with pytest.raises(RunFolderError, match="rows is damaged"):
        lk.open_dataset(split.path).table()


def test_bad_corpora_and_labels_are_refused_and_leave_nothing(tmp_path):
    twice = pd.concat([frame(), frame()[:1]])
    cases = [
        (twice, labels_of(), {"id": "id"}, CorpusError, "e0"),
        (frame()[:50], labels_of(), {"id": "id"}, DataSetError, "has 50 of the 200 examples"),
        (frame(), labels_of(), {}, DataSetError, "column 'id' of the corpus has a name that a data set needs"),
        (frame().assign(label=1), labels_of(), {"id": "id"}, DataSetError, "column 'label'"),
        (frame(), None, {"id": "id"}, DataSetError, "needs labels"),
        (None, labels_of(), {}, DataSetError, "needs the corpus"),
        (frame(), [1] * N, {"id": "id"}, DataSetError, "labels are a list"),
        (frame().drop(columns="id"), labels_of(), {}, DataSetError, "labels have ids"),
        (frame()[:0], labels_of()[:0], {"id": "id"}, DataSetError, "has no examples with labels"),
    ]
    for corpus, labels, options, error, message in cases:
        with pytest.raises(error, match=message):
            lk.create_dataset(tmp_path / "x", corpus, labels, **options)
    assert list(tmp_path.iterdir()) == []


KILLED = """
    import os, sys
    import labelkit as lk
    import labelkit._shared.files as files
    import labelkit.runs.run_place as place
    from tests.curation.data_set.test_data_set import augmentation
    left = int(sys.argv[2])
    def killing(function):
        def called(*args, **options):
            global left
            left -= 1
            if left < 0:
                os._exit(9)
            return function(*args, **options)
        return called
    place.publish = killing(place.publish)
    place.remove = killing(place.remove)
    import labelkit.curation.data_set.layout as layout
    layout.pq.write_table = killing(layout.pq.write_table)
    lk.open_dataset(sys.argv[1]).take(augmentation(["e1"]))
    os._exit(0)
"""


def test_nothing_is_lost_wherever_it_is_killed(split):
    ended = []
    for calls in range(12):
        command = [sys.executable, "-c", textwrap.dedent(KILLED), str(split.path), str(calls)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=GUARD)
        ended.append(done.returncode)
        opened = lk.open_dataset(split.path)
        assert opened.verify() == []
        assert len(opened) in (N, N + 1)
        if len(opened) > N:
            break
    assert set(ended) <= {0, 9}
    assert 9 in ended
    assert lk.open_dataset(split.path).take(augmentation(["e2"])).verify() == []


FULL_DISK = """
    import resource, sys
    import labelkit as lk
    from tests.curation.data_set.test_data_set import frame, labels_of, split_of, N
    data_set = lk.open_dataset(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_FSIZE, (700, 700))
    for call in (
        lambda: data_set.take(split_of(evaluation=3)),
        lambda: lk.create_dataset(sys.argv[1] + "2", frame(), labels_of(), id="id"),
        lambda: data_set.restore(1),
    ):
        try:
            call()
        except lk.LabelkitError as error:
            print(type(error).__name__, "cannot be written" in str(error))
"""


def test_a_full_disk_is_an_error_and_changes_nothing(split):
    """A limit on the size of a file stands for a full disk: writing beyond it is an OSError, too."""
    command = [sys.executable, "-c", textwrap.dedent(FULL_DISK), str(split.path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=GUARD)
    assert done.stdout.splitlines() == ["RunFolderError True"] * 3, done.stderr
    assert [path.name for path in split.path.parent.iterdir()] == ["spam"]
    assert split.verify() == []
    assert len(lk.open_dataset(split.path).history()) == 2


def test_one_process_at_a_time_writes(split):
    from labelkit.curation.data_set.layout import DataSetLayout
    from labelkit.runs.run_place import held_layout

    with held_layout(DataSetLayout, split.path, force=False), pytest.raises(RunFolderError, match="writes to"):
        split.take(split_of())
