"""Gold in a column, a file, a mapping or an array is read in one place, and bad files are refused in one line."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import labelkit as lk
from labelkit.corpus.gold import open_gold, read_gold_file
from labelkit.exceptions import GoldError

NAMES = ("ham", "spam")
FRAME = pd.DataFrame({"id": ["a", "b", "c"], "n": [7, 8, 9], "text": ["x", "y", "z"], "gold": ["spam", None, "ham"]})


def labels(gold, id="id", batch_rows=2):  # noqa: A002 - as in the library
    corpus = lk.open_corpus(FRAME, id=id)
    source = pickle.loads(pickle.dumps(open_gold(gold, corpus)))  # it travels to workers
    columns = [source.column] if source.column else []
    return [label for batch in corpus.batches(columns, batch_rows) for label in source.of(batch, NAMES).tolist()]


@pytest.mark.parametrize(
    "gold",
    [
        "gold",
        [1, None, 0],
        np.array([1, -1, 0]),
        {"a": 1, "c": "ham"},
        {"c": 0, "a": "spam", "unknown": 1},
        pd.Series(["ham", 1], index=["c", "a"]),
    ],
    ids=repr,
)
def test_gold_in_any_place_gives_the_same_labels(gold):
    assert labels(gold) == [1, -1, 0]


def test_gold_of_a_corpus_without_ids_is_by_position():
    assert labels({0: 1, 2: 0}, id=None) == [1, -1, 0]
    assert labels([1, None, 0], id=None) == [1, -1, 0]


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("id_", ["id", "n"])
def test_a_file_of_ids_and_labels_is_read_by_the_type_of_the_ids(tmp_path, suffix, id_):
    path = tmp_path / f"gold.{suffix}"
    table = FRAME[[id_, "gold"]].dropna()
    if suffix == "csv":
        table.to_csv(path, index=False)
    elif suffix == "jsonl":
        table.to_json(path, orient="records", lines=True)
    else:
        table.to_parquet(path)
    assert labels(path, id=id_) == labels(str(path), id=id_) == [1, -1, 0]


def test_numbers_with_a_fraction_of_zero_name_rows(tmp_path):
    path = tmp_path / "gold.parquet"
    pq.write_table(pa.table({"n": [7.0, 9.0], "gold": [1, 0]}), path)
    assert labels(path, id="n") == [1, -1, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("n,gold\n7,1\n7,0\n", "gold names the id 7 twice\nHint: keep one label an example"),
        ("n,gold\n7,1\nseven,0\n", "names examples such as 'seven', and those of the corpus are numbers"),
        ("n,gold\n7,1\n,0\n", "row 1: the id is null"),
        ("n,gold\n7,1\n1.5,0\n", "names examples such as '1.5', and those"),
        (f"n,gold\n{'9' * 23},0\n", f"names examples such as '{'9' * 23}', and those"),
        ("n,a,b\n7,1,0\n", r"has the columns \['n', 'a', 'b'\]: which holds the labels is not clear"),
        ("n\n7\n", r"has the columns \['n'\]: which holds the labels is not clear"),
        ("", "gold cannot be read: the file .* is empty"),
    ],
    ids=repr,
)
def test_a_file_that_cannot_be_meant_is_refused(tmp_path, text, message):
    path = tmp_path / "gold.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(GoldError, match=message):
        labels(path, id="n")


def test_a_null_id_is_refused_by_its_row(tmp_path):
    path = tmp_path / "gold.jsonl"
    path.write_text('{"id": "a", "gold": 1}\n{"id": null, "gold": 0}\n', "utf-8")
    with pytest.raises(GoldError, match="row 1: the id is null"):
        read_gold_file(path, ["id"], are_text=True)


def test_an_id_with_two_labels_is_refused_wherever_gold_is_given():
    twice = pd.Series([1, 0], index=["a", "a"])
    matrix = lk.LabelMatrix.of([[0], [1], [1]], ids=["a", "b", "c"])
    calls = [
        lambda: labels(twice),
        lambda: lk.summarize(matrix, gold=twice),
        lambda: lk.diff(matrix, matrix, gold=twice),
    ]
    for call in calls:
        with pytest.raises(GoldError, match="gold names the id 'a' twice"):
            call()


def test_a_name_that_is_no_column_and_no_file_is_refused_with_the_columns():
    with pytest.raises(
        GoldError, match=r"'nope' is neither a column of the corpus nor a file\nHint: the columns are id, n"
    ):
        labels("nope")
