"""Columns that have names are matched by them, in frames of any library; columns in another order change nothing."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.feature_extraction.text import CountVectorizer

import labelkit as lk
from labelkit.exceptions import ModelError

N = 600
RNG = np.random.default_rng(0)
GOLD = RNG.integers(0, 2, N)
ACCURACY = {"good": 0.95, "fair": 0.75, "poor": 0.55}
VOTES = {
    name: np.where(RNG.random(N) < 0.4, np.where(RNG.random(N) < share, GOLD, 1 - GOLD), -1)
    for name, share in ACCURACY.items()
}
OTHER_ORDER = ["poor", "good", "fair"]
FEATURES = {"signal": RNG.normal(size=N) + 3 * GOLD, "noise": RNG.normal(size=N)}
FRAMES = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.table}


def moved(frame, order):
    return frame.select(order) if hasattr(frame, "select") else frame[order]


@pytest.mark.parametrize("library", FRAMES)
def test_votes_of_frames_are_matched_by_the_names_of_rules(library):
    frame = FRAMES[library](VOTES)
    model = lk.LabelModel().fit(frame)
    assert model.lf_names_ == ("good", "fair", "poor")
    expected = lk.LabelModel().fit(pd.DataFrame(VOTES)).predict_proba(pd.DataFrame(VOTES))
    np.testing.assert_array_equal(model.predict_proba(frame), expected)
    np.testing.assert_array_equal(model.predict_proba(moved(frame, OTHER_ORDER)), expected)
    with pytest.raises(ModelError, match="the matrix lacks 'good'"):
        model.predict_proba(moved(frame, ["poor", "fair"]))


@pytest.mark.parametrize("library", FRAMES)
def test_features_of_frames_are_matched_by_the_names_of_columns(library, tmp_path):
    frame = FRAMES[library](FEATURES)
    votes = np.column_stack(list(VOTES.values()))
    model = lk.ContentLabelModel().fit(votes, frame)
    assert model.gate_.is_open
    expected = (
        lk.ContentLabelModel()
        .fit(votes, np.column_stack(list(FEATURES.values())))
        .predict_proba(votes, np.column_stack(list(FEATURES.values())))
    )
    np.testing.assert_array_equal(model.predict_proba(votes, frame), expected)
    model.save(tmp_path / "model")
    for one in (model, lk.load_model(tmp_path / "model")):
        np.testing.assert_array_equal(one.predict_proba(votes, moved(frame, ["noise", "signal"])), expected)
        np.testing.assert_array_equal(one.predict_proba(votes, np.column_stack(list(FEATURES.values()))), expected)
    renamed = FRAMES[library]({"signal": FEATURES["signal"], "length": FEATURES["noise"]})
    with pytest.raises(ModelError, match="these lack 'noise' and have 'length', unknown to it"):
        model.predict_proba(votes, renamed)


def test_features_by_another_vectorizer_with_as_many_words_are_refused():
    words = ["win", "prize", "lunch", "noon"]
    texts = [f"{words[gold]} {words[2 + gold]} {'abcd'[i % 4] * 3}" for i, gold in enumerate(GOLD)]
    votes = np.column_stack(list(VOTES.values()))
    fitted = lk.read_features(texts, by=CountVectorizer(max_features=4))
    model = lk.ContentLabelModel().fit(votes, fitted)
    np.testing.assert_array_equal(model.predict_proba(votes, fitted.of(texts)), model.predict_proba(votes, fitted))
    anew = lk.read_features([f"other {text[:9]} of" for text in texts], by=CountVectorizer(max_features=4))
    assert anew.values.shape[1] == fitted.values.shape[1]
    with pytest.raises(ModelError, match="of other words or columns than those that the model was fitted on"):
        model.predict_proba(votes, anew)
    hashed = lk.read_features(texts)
    of_hashed = lk.ContentLabelModel().fit(votes, hashed)
    assert of_hashed.predict_proba(votes, lk.read_features(texts[::-1])).shape == (N, 2)
