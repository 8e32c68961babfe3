"""Data sets of Hugging Face: in memory, mapped from files, streamed, saved."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pyarrow as pa
import pytest

import labelkit as lk
from labelkit.corpus import open_corpus
from labelkit.corpus.gold import open_gold
from labelkit.exceptions import CorpusError

datasets = pytest.importorskip("datasets")

N = 3_000
LABELS = [("ham", "spam")[i % 2] if i % 5 else None for i in range(N)]


def dataset():
    features = datasets.Features(
        {
            "key": datasets.Value("string"),
            "text": datasets.Value("large_string"),
            "label": datasets.ClassLabel(names=["ham", "spam"]),
            "user": {"n": datasets.Value("int64")},
        }
    )
    columns = {
        "key": [f"k{i}" for i in range(N)],
        "text": [f"win {i}" if i % 3 == 0 else None for i in range(N)],
        "label": [-1 if label is None else ["ham", "spam"].index(label) for label in LABELS],
        "user": [{"n": i} for i in range(N)],
    }
    return datasets.Dataset.from_dict(columns, features=features)


def column(corpus, name):
    return [value for batch in corpus.batches([name], 700) for value in batch.table.column(0).to_pylist()]


@pytest.fixture(params=["memory", "chosen", "saved", "streamed"])
def opened(request, tmp_path):
    data = dataset()
    if request.param == "chosen":
        data = data.select(range(N - 1, -1, -1)).select(range(N - 1, -1, -1))  # by indices
    if request.param == "saved":
        data.save_to_disk(tmp_path / "mails")
        data = tmp_path / "mails"
    if request.param == "streamed":
        data = data.to_iterable_dataset()
    return open_corpus(data, id="key")


def test_rows_are_those_of_the_data_set(opened):
    assert opened.column_names == ("key", "text", "label", "user")
    assert column(opened, "text") == [f"win {i}" if i % 3 == 0 else None for i in range(N)]
    assert column(opened, "user.n") == list(range(N))
    assert column(opened, "text") == column(opened, "text")


def test_class_labels_are_names_and_gold(opened):
    assert opened.column_type("label") == pa.string()
    assert column(opened, "label") == LABELS
    rule = lk.keywords("win", label=1).rule(name="wins", column="text")
    lfs = lk.LabelingFunctions([rule], labels=["ham", "spam"])
    assert open_gold("label", opened).column == "label"
    summary = lk.summarize(
        lk.Applier(lfs).apply(opened), gold=np.array([-1 if x is None else int(x == "spam") for x in LABELS])
    )
    assert summary is not None


def test_a_range_is_read_without_the_rest():
    corpus = open_corpus(dataset(), id="key")
    assert (corpus.n_rows, corpus.splittable) == (N, True)
    assert corpus.read(2_000, 2_002, ["user.n", "label"]).to_pylist() == [
        {"user.n": 2_000, "label": LABELS[2_000]},
        {"user.n": 2_001, "label": LABELS[2_001]},
    ]


def test_a_saved_folder_is_a_path(tmp_path):
    dataset().save_to_disk(tmp_path / "mails", num_shards=2)
    corpus = open_corpus(str(tmp_path / "mails"))
    assert corpus.path == tmp_path / "mails"
    assert column(pickle.loads(pickle.dumps(corpus)), "text") == column(corpus, "text")
    corpus.check_unchanged()
    assert corpus.fingerprint() == open_corpus(tmp_path / "mails").fingerprint() != ""


def test_a_run_over_a_saved_folder_is_kept_and_read_again(tmp_path):
    dataset().save_to_disk(tmp_path / "mails", num_shards=2)
    wins = lk.keywords("win", label=1).rule(name="wins")
    settings = {"labels": ["HAM", "SPAM"], "id": "key", "progress": False, "cache": False}
    run = lk.run([wins], str(tmp_path / "mails"), tmp_path / "run", **settings)
    names = [name for name, *_ in run.manifest["corpus"]["records"]]
    assert names == [*(f"data-0000{n}-of-00002.arrow" for n in (0, 1)), "dataset_info.json", "state.json"]
    datasets.load_from_disk(str(tmp_path / "mails")).map(lambda row: {"n": row["key"]})  # whose result is kept there
    lk.export(run, tmp_path / "labels.jsonl", columns=["text"], unlabeled=True)
    exported = [json.loads(line) for line in (tmp_path / "labels.jsonl").read_text().splitlines()]
    assert [row["text"] for row in exported] == dataset()["text"][:]
    assert lk.run([wins], str(tmp_path / "mails"), tmp_path / "run", update=True, **settings).was_finished
    dataset().select(range(N - 1)).save_to_disk(tmp_path / "fewer")
    with pytest.raises(CorpusError, match="the rows that were voted on have changed"):
        lk.run([wins], str(tmp_path / "fewer"), tmp_path / "run", update=True, **settings)


def test_splits_are_named(tmp_path):
    splits = dataset().train_test_split(test_size=0.2, seed=0)
    with pytest.raises(CorpusError, match=r"(?s)'train', 'test'.*data\['train'\]"):
        open_corpus(splits)
    splits.save_to_disk(tmp_path / "mails")
    with pytest.raises(CorpusError, match=r"(?s)its splits: 'test', 'train'.*mails/test"):
        open_corpus(tmp_path / "mails")
    assert open_corpus(tmp_path / "mails" / "test").n_rows == N // 5


def test_a_stream_without_features_is_one_of_rows():
    stream = datasets.IterableDataset.from_generator(lambda: ({"text": f"t{i}"} for i in range(5)))
    assert column(open_corpus(stream), "text") == [f"t{i}" for i in range(5)]


def test_no_rows_are_rows():
    corpus = open_corpus(dataset().select([]))
    assert corpus.n_rows == 0
    assert column(corpus, "text") == []


def test_a_damaged_folder_is_an_error(tmp_path):
    dataset().save_to_disk(tmp_path / "mails")
    for path in (tmp_path / "mails").glob("*.arrow"):
        path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(CorpusError, match="not a data set that can be read"):
        open_corpus(tmp_path / "mails")
    (tmp_path / "mails" / "state.json").write_text("{")
    with pytest.raises(CorpusError, match="not a data set that can be read"):
        open_corpus(tmp_path / "mails")
