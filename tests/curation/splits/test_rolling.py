"""Windows of time: each tests on what comes after what it trains on."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import labelkit as lk
from labelkit.exceptions import AnalysisError


def frame(n=600):
    rng = np.random.default_rng(4)
    start = pd.Timestamp("2026-01-01", tz="UTC")
    return pd.DataFrame(
        {"at": start + pd.to_timedelta(rng.integers(0, 100 * 24, n), "h"), "author": rng.integers(0, 80, n)}
    )


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 4),
    st.sampled_from([None, 0.1, 50, "10D"]),
    st.sampled_from([None, 0.2, 100, "20D"]),
    st.sampled_from([None, "2D"]),
)
def test_windows_follow_each_other_and_train_is_before_test(n, test, train, gap):
    data = frame()
    splits = lk.rolling_splits(data, "at", n=n, test=test, train=train, gap=gap)
    assert len(splits) == n
    last = None
    for split in splits:
        older, newer = data["at"][split.positions("train")], data["at"][split.positions("test")]
        assert older.max() + pd.Timedelta(gap or 0) <= newer.min()
        assert older.max() < newer.min()
        assert last is None or last < newer.min()
        last = newer.max()
        if train == "20D":
            assert older.max() - older.min() <= pd.Timedelta("20D")
        if test == "10D":
            assert newer.max() - newer.min() <= pd.Timedelta("10D")
    assert last == data["at"].max()


def test_without_lengths_all_windows_are_of_one_size():
    splits = lk.rolling_splits({"at": list(range(100))}, "at", n=4)
    assert [split.counts for split in splits] == [{"train": 20 * i, "test": 20} for i in range(1, 5)]
    assert splits[1].step.operation == "rolling_splits"
    assert splits[1].step.to_dict()["parameters"]["window"] == 2


def test_groups_of_the_train_are_left_out_of_the_test():
    data = frame()
    data["author"] += (data["at"].dt.day_of_year // 20) * 40
    with pytest.warns(UserWarning, match="left out"):
        splits = lk.rolling_splits(data, "at", n=2, test=0.2, group="author")
    for split in splits:
        authors = [set(data["author"][split.positions(part)]) for part in ("train", "test")]
        assert not authors[0] & authors[1]
        assert authors[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 0}, "n=0"),
        ({"test": "soon"}, "test='soon' is no length of time"),
        ({"test": -1}, "test=-1"),
        ({"test": 1.5}, "test=1.5"),
        ({"test": 300, "n": 2}, "leave nothing of 600 rows"),
        ({"test": "60D", "n": 2}, "window 1 of 2.* has no rows to train on"),
        ({"gap": "99D"}, "no rows to train on"),
        ({"gap": -3}, "gap=-3 is no length"),
        ({"train": "-3D"}, "train='-3D' is no length"),
    ],
)
def test_lengths_that_are_none_are_refused(options, message):
    with pytest.raises(AnalysisError, match=message):
        lk.rolling_splits(frame(), "at", **options)


def test_numbers_have_no_durations():
    with pytest.raises(AnalysisError, match="the times are numbers"):
        lk.rolling_splits({"at": [1, 2, 3]}, "at", n=1, test="1D")
