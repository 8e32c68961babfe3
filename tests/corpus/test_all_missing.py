"""A column without a value has no type: whatever it is stored as, it is all missing."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

import labelkit as lk
from labelkit.corpus.all_missing import is_all_missing
from labelkit.end_models.features import read_features
from labelkit.exceptions import CorpusError

KINDS = [
    pa.float64(), pa.int64(), pa.bool_(), pa.string(), pa.date32(), pa.timestamp("us"), pa.duration("us"),
    pa.list_(pa.string()), pa.dictionary(pa.int8(), pa.int64()), pa.null(),
]  # fmt: skip
FRAMES = {
    **{str(kind): pa.table({"value": pa.nulls(3, kind)}) for kind in KINDS},
    "all NaN": pd.DataFrame({"value": [np.nan] * 3}),
    "Int64": pd.DataFrame({"value": pd.array([None] * 3, dtype="Int64")}),
    "NaT": pd.DataFrame({"value": [pd.NaT] * 3}),
    "category": pd.DataFrame({"value": pd.Series([np.nan] * 3).astype("category")}),
    "polars": pl.DataFrame({"value": pl.Series([None] * 3, dtype=pl.Float64)}),
    "array": {"value": np.array([np.nan] * 3)},
}


def rules():
    def between(low, high, name):
        return lk.labeling_function(when=lk.between(low, high, column="value"), name=name)(lambda value: 1)

    @lk.labeling_function
    def python(value: str) -> int | None:
        return 1

    return [
        lk.keywords("free", label=1, column="value").rule(name="words"),
        lk.regex("^a*$", label=1, column="value").rule(name="pattern"),
        lk.lookup({"x": 1}, match="value", column="value").rule(name="texts"),
        lk.lookup({3: 1}, match="value", column="value").rule(name="numbers"),
        between(1.0, 2.0, "in_numbers"),
        between("a", "b", "in_texts"),
        between(dt.date(2020, 1, 1), dt.date(2021, 1, 1), "in_dates"),
        python,
    ]


@pytest.mark.parametrize("name", [*FRAMES, *(f"{kind}, on disk" for kind in KINDS)])
def test_rules_of_any_type_abstain_on_it(name, tmp_path):
    corpus = FRAMES[name.removesuffix(", on disk")]
    if name.endswith("on disk"):
        pq.write_table(corpus, tmp_path / "a.parquet")
        corpus = tmp_path / "a.parquet"
    assert is_all_missing(lk.open_corpus(corpus), "value")
    matrix = lk.Applier(rules(), labels=["A", "B"]).apply(corpus, progress=False)
    assert matrix.votes.tolist() == [[-1] * 8] * 3
    assert not matrix.faults


def test_one_value_is_enough_for_its_type_to_count():
    for values in ([None, None, 1.5], [1.5, None, None]):
        corpus = {"value": pa.array(values)}
        assert not is_all_missing(lk.open_corpus(corpus), "value")
        for rule in rules()[:3]:
            with pytest.raises(CorpusError, match="LK209"):
                lk.Applier([rule], labels=["A", "B"]).apply(corpus, progress=False)
    assert not is_all_missing(lk.open_corpus(pa.table({"value": pa.array([], pa.float64())})), "value")


def test_batches_without_a_value_between_others_change_no_vote():
    texts = [None] * 2000 + ["free"] + [None] * 2000
    free = rules()[0]
    matrix = lk.Applier([free], labels=["A", "B"]).apply({"value": texts}, batch_size=1024, progress=False)
    assert np.flatnonzero(matrix.votes[:, 0] == 1).tolist() == [2000]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_file_without_a_value_has_the_type_of_the_others(kind, tmp_path):
    for name, values in [("a", pa.nulls(2, kind)), ("b", pa.array(["free", None])), ("c", pa.nulls(1, kind))]:
        pq.write_table(pa.table({"value": values, "n": pa.array(range(len(values)))}), tmp_path / f"{name}.parquet")
    corpus = lk.open_corpus(tmp_path)
    assert corpus.column_type("value") == pa.string()
    assert corpus.read(0, 5, ["value"]).column("value").to_pylist() == [None, None, "free", None, None]
    matrix = lk.Applier(rules()[:1], labels=["A", "B"]).apply(tmp_path, progress=False)
    assert matrix.votes[:, 0].tolist() == [-1, -1, 1, -1, -1]
    pq.write_table(pa.table({"value": [1.5], "n": [0]}), tmp_path / "d.parquet")
    with pytest.raises(CorpusError, match="LK215"):
        lk.open_corpus(tmp_path).column_type("value")


def test_features_and_duplicates_take_it_as_no_text():
    frame = pd.DataFrame({"text": [np.nan] * 3})
    assert lk.near_duplicate_texts(frame).cluster.tolist() == [-1, -1, -1]
    features = read_features(frame, by=TfidfVectorizer().fit(["free money"]))
    assert features.values.sum() == 0


@pytest.mark.parametrize("make", [lambda values: [{"a": one} for one in values], lambda values: {"a": values}])
@pytest.mark.parametrize("values", [[np.datetime64("NaT", "us")], [None, np.datetime64("NaT", "us")]])
def test_a_time_without_a_unit_ends_in_an_error_that_names_the_column(make, values):
    """It was a StopIteration: of the missing values, none could be shown."""
    with pytest.raises(CorpusError, match="column 'a'"):
        list(lk.open_corpus(make(values)).batches(["a"], 10))
