"""What stands for no value, and what only looks so."""

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit._shared.missing import is_missing

MISSING = [
    None,
    float("nan"),
    np.float64("nan"),
    np.float32("nan"),
    np.float16("nan"),
    pd.NA,
    pd.NaT,
    np.datetime64("NaT", "us"),
    np.timedelta64("NaT", "us"),
]
THERE = [
    "",
    "nan",
    "None",
    "NA",
    0,
    0.0,
    False,
    np.float32(0),
    np.str_("nan"),
    np.bool_(False),
    b"",
    [],
    np.array([np.nan]),
]


@pytest.mark.parametrize("value", MISSING, ids=repr)
def test_a_missing_value_is_known_by_its_type_or_as_nan(value):
    assert is_missing(value) is True


@pytest.mark.parametrize("value", THERE, ids=repr)
def test_what_is_there_is_not_missing(value):
    assert is_missing(value) is False


@pytest.mark.parametrize("value", MISSING[:-2], ids=repr)
def test_each_is_none_in_a_corpus_of_records(value):
    rows = [{"text": "a", "n": 1}, {"text": value, "n": value}]
    (batch,) = lk.open_corpus(rows).batches(["text", "n"], 10)
    assert batch.table.column("text").to_pylist() == ["a", None]
    assert batch.table.column("n").to_pylist() == [1, None]


@pytest.mark.parametrize("value", MISSING, ids=repr)
def test_each_is_no_gold(value):
    matrix = lk.LabelMatrix.of(np.array([[0], [1]]), classes=["HAM", "SPAM"])
    evaluation = lk.MajorityVote().fit(matrix).evaluate(matrix, ["HAM", value])
    assert evaluation.n == 1
