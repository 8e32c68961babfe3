"""Coverage by class, by slice, over time: against counting by hand, and with values that are missing."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from labelkit._shared.numbers import wilson_interval
from labelkit.analysis.counts import TOTAL
from labelkit.analysis.coverage import coverage_by, coverage_by_class, coverage_over_time
from labelkit.exceptions import AnalysisError, CorpusError, GoldError
from labelkit.votes.gold import count_gold
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.outcomes import FAULT, Fault
from labelkit.votes.vote_patterns import VotePatterns


@st.composite
def sliced_votes(draw):
    n, m = draw(st.integers(0, 15)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 100_000)))
    cells = rng.choice([FAULT, -1, 0, 1], size=(n, m), p=[0.1, 0.4, 0.25, 0.25])
    slices = [None if value == 3 else "abc"[value] for value in rng.integers(0, 4, size=n)]
    return cells, slices, rng.integers(-1, 2, size=n)


def matrix_of(cells):
    names = [f"rule{j}" for j in range(cells.shape[1])]
    faults = tuple(
        Fault(row=int(i), lf=names[j], id=int(i), error="ValueError", message="")
        for i, j in np.argwhere(cells == FAULT)
    )
    whole = LabelMatrix.of(np.maximum(cells, -1), names=names, classes=2)
    return LabelMatrix(whole.votes, whole.lfs, whole.class_names, whole.ids, faults)


def by_hand(cells, rows, lf):
    own = cells[rows]
    if lf == TOTAL:
        return len(own), int((own >= 0).any(axis=1).sum())
    column = own[:, int(lf.removeprefix("rule"))]
    return int((column != FAULT).sum()), int((column >= 0).sum())


@given(sliced_votes())
@settings(max_examples=60, deadline=None)
def test_slices_are_counted_as_by_hand(case):
    cells, slices, _ = case
    frame = coverage_by(matrix_of(cells), slices)
    assert len(frame) == len(set(slices)) * (cells.shape[1] + 1)
    for row in frame.to_dict("records"):
        rows = [i for i, value in enumerate(slices) if value == row["slice"]]
        n, votes = by_hand(cells, rows, row["lf"])
        assert (row["n"], row["votes"]) == (n, votes)
        assert row["coverage"] == pytest.approx(votes / n if n else np.nan, nan_ok=True)
        low, high = wilson_interval(votes, n)
        assert (row["low"], row["high"]) == pytest.approx((float(low), float(high)), nan_ok=True)


@given(sliced_votes())
@settings(max_examples=60, deadline=None)
def test_classes_are_counted_as_by_hand_and_patterns_give_the_same(case):
    cells, _, gold = case
    matrix = matrix_of(cells)
    frame = coverage_by_class(matrix, gold)
    for row in frame.to_dict("records"):
        label = int(row["class"])
        rows = np.flatnonzero(gold == label)
        assert (row["n"], row["votes"]) == by_hand(cells, rows, row["lf"])
        hit = cells[rows] == label
        j = None if row["lf"] == TOTAL else int(row["lf"].removeprefix("rule"))
        assert row["right"] == (hit.any(axis=1) if j is None else hit[:, j]).sum()
    patterns = matrix.patterns
    counts = count_gold(matrix.pattern_index, gold, len(patterns), 2)
    known = VotePatterns(patterns.outcomes, patterns.counts, patterns.lfs, patterns.class_names, counts)
    pd.testing.assert_frame_equal(coverage_by_class(known), frame)


def test_coverage_by_class_takes_gold():
    with pytest.raises(GoldError, match="takes gold"):
        coverage_by_class([[0]])


VOTES = LabelMatrix.of([[0], [-1], [0], [-1]], ids=["a", "b", "c", "d"])


def totals(frame):
    own = frame[frame["lf"] == TOTAL]
    return list(zip(own.iloc[:, 0], own["n"], own["votes"], strict=True))


@pytest.mark.parametrize(
    "make",
    [
        list,
        lambda v: np.array(v, dtype=object),
        pd.Series,
        pl.Series,
        pa.array,
        pa.chunked_array,
        lambda v: pa.array(v).dictionary_encode(),
        lambda v: pd.Series(v, index=["a", "b", "c", "d"]).sample(frac=1, random_state=3),
        lambda v: dict(zip("abcd", v, strict=True)),
        pd.Categorical,
    ],
)
def test_slices_come_in_any_form_and_null_is_the_last_one(make):
    values = ["x", "y", "x", None]
    given_ = make([values] if make is pa.chunked_array else values)
    assert totals(coverage_by(VOTES, given_)) == [("x", 2, 2), ("y", 1, 0), (None, 1, 0)]


def test_ids_that_are_left_out_have_no_slice():
    assert totals(coverage_by(VOTES, {"a": 1, "b": 1})) == [(1, 2, 1), (None, 2, 1)]


def test_a_column_and_a_function_of_the_corpus_make_slices():
    corpus = pd.DataFrame({"text": ["HI", "hi", "HO", None], "lang": ["en", "de", "en", None]})
    assert totals(coverage_by(VOTES, "lang", corpus=corpus)) == [("de", 1, 0), ("en", 2, 2), (None, 1, 0)]
    assert totals(coverage_by(VOTES, str.isupper, corpus=corpus)) == [(False, 1, 0), (True, 2, 2), (None, 1, 0)]
    with pytest.raises(CorpusError, match="lang"):
        coverage_by(VOTES, "langs", corpus=corpus)
    with pytest.raises(AnalysisError, match="takes the corpus"):
        coverage_by(VOTES, "lang")


def test_many_numbers_are_cut_into_slices_of_about_equal_size():
    votes = np.zeros((1_000, 1), dtype=int)
    frame = coverage_by(votes, np.arange(1_000) / 7)
    own = frame[frame["lf"] == TOTAL]
    assert own["n"].tolist() == [100] * 10
    assert own["slice"].iloc[0].left < own["slice"].iloc[1].left


@pytest.mark.parametrize(
    "make",
    [
        list,
        pa.array,
        pl.Series,
        lambda v: np.array(v, dtype=object),
        lambda v: pd.array(v, dtype="Int64"),
        lambda v: pd.Series(v, dtype=pd.ArrowDtype(pa.int64())),
        lambda v: [None if one is None else Decimal(one) for one in v],
    ],
)
def test_numbers_beside_gaps_are_cut_however_they_are_given(make):
    """Whole numbers beside gaps are objects, which were taken for names."""
    numbers = [None if i % 100 == 7 else i for i in range(1_000)]
    frame = coverage_by(np.zeros((1_000, 1), dtype=int), make(numbers))
    assert frame[frame["lf"] == TOTAL]["n"].tolist() == [99] * 10 + [10]


@pytest.mark.parametrize("end", [np.inf, -np.inf])
def test_infinite_numbers_are_in_an_outer_slice(end):
    own = coverage_by(np.zeros((1_000, 1), dtype=int), [*range(999), end])
    assert own[own["lf"] == TOTAL]["n"].tolist() == [100] * 10


def test_of_many_names_the_most_frequent_are_kept():
    values = ["often"] * 6 + ["also"] * 4 + [f"rare{i}" for i in range(20)]
    frame = coverage_by(np.zeros((30, 1), dtype=int), values, max_slices=3)
    assert totals(frame) == [("also", 4, 4), ("often", 6, 6), ("(other)", 20, 20)]


def test_slices_of_several_types_are_kept_apart():
    assert len(totals(coverage_by(VOTES, [1, "1", 2, "b"]))) == 4


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ([1, 2], "2 values for 4"),
        ({"z": 1}, "names 1 id.* that are not examples, such as 'z'"),
        (np.zeros((4, 2)), "more than one dimension"),
        ([[1], [2], [3], [4]], "lists and dicts"),
        (pd.Series([1, 2], index=["a", "a"]), "several values"),
    ],
)
def test_values_that_do_not_fit_the_examples_are_refused(by, said):
    with pytest.raises(AnalysisError, match=said):
        coverage_by(VOTES, by)


def test_patterns_know_no_slices():
    with pytest.raises(AnalysisError, match="know no examples"):
        coverage_by(VOTES.patterns, [1])


def test_no_examples_make_no_slices():
    assert coverage_by(np.zeros((0, 2), dtype=int), []).empty
    assert coverage_over_time(np.zeros((0, 2), dtype=int), []).empty


# Time -----------------------------------------------------------------------------------------------------------------

DAYS = [dt.datetime(2024, 1, 5), dt.datetime(2024, 1, 20), dt.datetime(2024, 3, 1), None]  # noqa: DTZ001 - no zone


@pytest.mark.parametrize(
    "make",
    [
        list,
        pd.Series,
        pl.Series,
        pa.array,
        lambda v: [d and d.date() for d in v],
        lambda v: [d and d.isoformat() for d in v],
        lambda v: pa.array([d and d.date() for d in v]),
        lambda v: pa.array(v, pa.timestamp("us", tz="UTC")),
        lambda v: pd.Series(v).dt.tz_localize("Africa/Abidjan"),
    ],
)
def test_dates_come_in_any_form_and_those_missing_are_the_last_period(make):
    frame = coverage_over_time(VOTES, make(DAYS), freq="month")
    own = frame[frame["lf"] == TOTAL]
    assert own["n"].tolist() == [2, 0, 1, 1]
    assert own["period"].iloc[:3].dt.month.tolist() == [1, 2, 3]
    assert pd.isna(own["period"].iloc[-1])
    assert np.isnan(own["coverage"]).sum() == 1


def test_zones_are_brought_to_utc():
    late = ["2024-01-01T00:30+02:00", "2024-01-02T00:00+00:00"]
    frame = coverage_over_time([[0], [0]], late, freq="day")
    assert frame["period"].iloc[0] == pd.Timestamp("2023-12-31")


@pytest.mark.parametrize(
    ("last", "freq"),
    [
        ("2024-01-01T00:20", "minute"),
        ("2024-01-01T20:00", "hour"),
        ("2024-02-01", "day"),
        ("2024-08-01", "week"),
        ("2026-08-01", "month"),
        ("2031-08-01", "quarter"),
        ("2100-01-01", "year"),
    ],
)
def test_the_shortest_period_that_needs_few_is_chosen(last, freq):
    frame = coverage_over_time([[0], [0]], ["2024-01-01", last])
    assert frame.attrs["freq"] == freq


def test_without_any_date_there_is_one_period():
    assert coverage_over_time(VOTES, [None] * 4)["period"].isna().all()


@pytest.mark.parametrize(
    ("dates", "freq", "said"),
    [
        (["yesterday", "2024-01-01", None, None], None, "no dates"),
        ([1, 2, 3, 4], None, "are numbers"),
        (pa.array([1, 2, None, 4]), None, "are numbers"),
        (["1900-01-01", "2024-01-01", None, None], "hour", "periods of a hour"),
        (DAYS, "fortnight", "freq='fortnight'"),
    ],
)
def test_what_are_no_dates_or_too_many_periods_is_refused(dates, freq, said):
    with pytest.raises(AnalysisError, match=said):
        coverage_over_time(VOTES, dates, freq=freq)


def test_dates_may_be_a_column_of_the_corpus():
    frame = coverage_over_time(VOTES, "day", corpus={"day": DAYS, "text": list("abcd")}, freq="year")
    assert totals(frame)[0][1:] == (3, 2)
