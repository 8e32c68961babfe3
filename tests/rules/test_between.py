"""A range over a column of text, as one of a CSV file is, is told how the column gets a type."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.exceptions import CorpusError, RuleError

SETTINGS = {"labels": ["DEAR", "CHEAP"], "report": False, "progress": False, "cache": False}
MADE = 'import labelkit as lk\ncheap = lk.between(0, 100, label=1).rule(name="cheap", column="Preis")\n'
OF_A_COLUMN = """import labelkit as lk

@lk.column
def Preis_number(Preis: float):
    return Preis

cheap = lk.between(0, 100, label=1).rule(name="cheap", column="Preis_number")
"""
DECORATED = """import labelkit as lk

@lk.between(0, 100, label=1)
def cheap(Preis: float):
    pass
"""


@pytest.fixture
def prices(tmp_path):
    (tmp_path / "c.csv").write_text("Preis,Datum\n50,2019-01-02\n150,2021-02-03\n,2021-02-03\n99.5,2021-02-03\n")
    return tmp_path / "c.csv"


def test_the_hint_names_what_works_for_rules_of_both_kinds(prices, tmp_path):
    (tmp_path / "made.py").write_text(MADE)
    with pytest.raises(CorpusError, match="they cannot be compared") as error:
        lk.run(tmp_path / "made.py", prices, tmp_path / "out", **SETTINGS)
    assert error.value.code == "LK209"
    assert "@lk.column def Preis_number(Preis: float): return Preis" in error.value.hint
    assert "column='Preis_number'" in error.value.hint
    assert "(def cheap(Preis: float))" in error.value.hint
    for place, rules in enumerate((OF_A_COLUMN, DECORATED)):
        (tmp_path / f"rules{place}.py").write_text(rules)
        run = lk.run(tmp_path / f"rules{place}.py", prices, tmp_path / f"out{place}", **SETTINGS)
        assert run.matrix().votes.tolist() == [[1], [-1], [-1], [1]]


def test_a_range_of_dates_is_not_told_to_read_numbers(prices, tmp_path):
    old = lk.between(None, dt.date(2020, 1, 1), label=1).rule(name="before 2020", column="Datum")
    with pytest.raises(CorpusError, match="is at most 2020-01-01, and it holds string") as error:
        lk.run([old], prices, tmp_path / "out", **SETTINGS)
    assert "make a date of it in a @lk.column" in error.value.hint
    assert "float" not in error.value.hint


@pytest.mark.parametrize(
    ("ends", "reason"),
    [
        (([1],), "one value, not a list"),
        ((np.array([1]), None), "one value, not a ndarray"),
        ((None, pd.Series([1])), "one value, not a Series"),
        ((float("nan"),), "no value is above nan"),
        ((0, np.float64("nan")), "no value is above nan"),
        ((pd.NaT,), "no value is above NaT"),
        ((None, pd.NA), "no value is above <NA>"),
        ((0, "a"), "the ends 0 and 'a' of between cannot be compared"),
    ],
)
def test_an_end_that_nothing_is_compared_with_is_refused(ends, reason):
    with pytest.raises(RuleError, match=reason):
        lk.between(*ends, label=1)
