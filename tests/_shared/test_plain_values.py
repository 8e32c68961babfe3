"""Results become values that JSON has, and the JSON can be shown in a terminal."""

import json
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from labelkit._shared.markup import visible
from labelkit._shared.plain_values import json_text, plain_value, records, with_intervals


class Colour(IntEnum):
    RED = 0


class Row:
    def to_dict(self):
        return {"n": np.int64(3), "share": np.nan}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64("nan"), None),
        (float("inf"), None),
        (np.float32(0.5), 0.5),
        (np.int8(3), 3),
        (np.bool_(True), True),
        (np.array([[1, 2]]), [[1, 2]]),
        (np.array(["a", None], dtype=object), ["a", None]),
        (Colour.RED, "RED"),
        (Path("a"), "a"),
        ({1: (2, {3})}, {"1": [2, [3]]}),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
        (b"a\xff", "a\\xff"),
        (Row(), {"n": 3, "share": None}),
        (pd.Timestamp("2026-01-02"), "2026-01-02T00:00:00"),
        (pd.NaT, None),
        (pd.NA, None),
    ],
)
def test_a_value_is_one_that_json_has(value, expected):
    assert plain_value(value) == expected
    assert json.loads(json_text(value)) == expected


def test_ends_of_intervals_are_pairs_wherever_they_stand():
    row = {"low": 1, "x_low": 0.1, "n": 2, "x_high": 0.2, "y_low": 3, "x": 0.15}
    assert with_intervals(row) == {"low": 1, "x_interval": [0.1, 0.2], "n": 2, "y_low": 3, "x": 0.15}
    frame = pd.DataFrame({"x_low": [np.nan, 0.0], "x_high": [np.nan, 1.0]}, index=["a", "b"])
    assert records(frame, index="name") == [
        {"name": "a", "x_interval": None},
        {"name": "b", "x_interval": [0.0, 1.0]},
    ]


@given(st.recursive(st.text() | st.integers() | st.booleans() | st.none(), lambda inner: st.lists(inner, max_size=4)))
def test_no_character_of_json_acts_and_none_is_changed(value):
    for indent in (None, 2):
        text = json_text(value, indent=indent)
        assert visible(text) == text
        assert json.loads(text) == value
