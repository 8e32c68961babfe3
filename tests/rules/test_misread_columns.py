"""A rule whose annotation is of another type than its column is named, since its comparisons fail without an error."""

from __future__ import annotations

import datetime as dt
import warnings
from decimal import Decimal
from itertools import product
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import labelkit as lk
from labelkit.checks.check_rules import check_rules
from labelkit.corpus import open_corpus
from labelkit.rules.misread_columns import misread_columns
from labelkit.rules.python_rule import column

VALUES: dict[type, Any] = {
    str: "7",
    bytes: b"7",
    bool: True,
    int: 1,
    float: 1.0,
    Decimal: Decimal(1),
    dt.datetime: dt.datetime(2024, 1, 2, tzinfo=dt.UTC),
    dt.date: dt.date(2024, 1, 2),
    dt.time: dt.time(7),
    dt.timedelta: dt.timedelta(7),
    list: ["7"],
    dict: {"a": 7},
}
"""A value of each type; those that mean the same are equal in Python where their types compare."""

NUMBERS = {int, float, bool, Decimal}


def rule_of(annotation: Any) -> Any:
    def same(value):
        return 1 if value == VALUES[annotation] else None

    same.__annotations__ = {"value": annotation}
    return lk.labeling_function(same)


@pytest.mark.parametrize(("annotated", "held"), list(product(VALUES, VALUES)), ids=lambda kind: kind.__name__)
def test_a_type_that_never_equals_the_annotated_one_is_named(annotated, held):
    corpus = pa.table({"value": [VALUES[held], None]})
    are_compared = annotated is held or {annotated, held} <= NUMBERS
    misread = list(misread_columns(rule_of(annotated), open_corpus(corpus)))
    assert [one.column for one in misread] == ([] if are_compared else ["value"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        votes = lk.Applier([rule_of(annotated)], labels=2).apply(corpus).votes.ravel().tolist()
    assert votes == [1 if are_compared else -1, -1]


def test_a_run_warns_once_with_what_to_do(tmp_path):
    agent = rule_of(str)
    pq.write_table(pa.table({"value": [7, 8]}), tmp_path / "corpus.parquet")
    applier = lk.Applier([agent], labels=2)
    told = r"rule 'same': its parameter 'value' is annotated str, and the column holds int64.*annotate value: int"
    with pytest.warns(UserWarning, match=told) as caught:
        applier.apply(tmp_path / "corpus.parquet")
    assert "LK928" in str(caught[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        applier.apply(tmp_path / "corpus.parquet")


def test_text_that_is_read_as_annotated_is_not_misread(tmp_path):
    path = tmp_path / "corpus.csv"
    path.write_text("value\n1\n8\n", encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for annotation in (int, float, str):
            votes = lk.Applier([rule_of(annotation)], labels=2).apply(path).votes.ravel().tolist()
            assert votes == [1 if annotation is not str else -1, -1]
    with pytest.warns(UserWarning, match="annotated Decimal, and the column holds string"):
        votes = lk.Applier([rule_of(Decimal)], labels=2).apply(path).votes.ravel().tolist()
    assert votes == [-1, -1]


@column
def year(day: dt.date) -> int:
    return 0 if day in DAYS else day.year


@lk.labeling_function
def of_year(year: int) -> int | None:
    return 1 if year == 2024 else None


def test_a_derived_column_is_named_with_its_reader():
    with pytest.warns(
        UserWarning, match=r"the parameter 'day' of its column 'year' is annotated date.*timestamp.*datetime"
    ):
        lk.Applier([of_year], labels=2).apply(pd.DataFrame({"day": pd.to_datetime(["2024-01-02"])}))


def of_any(value: Any) -> int | None:
    return None


def of_nothing(value) -> int | None:
    return None


def of_a_choice(value: int | str | None) -> int | None:
    return None


def of_text_or_none(value: str | None) -> int | None:
    return None


def of_a_batch(value: list[str]) -> list[int]:
    return [-1] * len(value)


@pytest.mark.parametrize(
    ("function", "values", "batch"),
    [
        (of_any, [7], False),
        (of_nothing, [7], False),
        (of_a_choice, [7], False),
        (of_a_batch, ["a"], True),
        (of_text_or_none, pa.array([None, None], pa.float64()), False),  # a text column of pandas without a text
        (of_text_or_none, pa.array(["a"]).dictionary_encode(), False),
        (of_text_or_none, pa.array(["a"], pa.large_string()), False),
    ],
)
def test_what_can_be_meant_needs_no_word(function, values, batch):
    rule = lk.labeling_function(function, batch=batch) if batch else lk.labeling_function(function)
    assert list(misread_columns(rule, open_corpus(pa.table({"value": values})))) == []


def test_check_reports_it_as_a_problem():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = check_rules(lk.collect([rule_of(str)], labels=2), pa.table({"value": [7, 8]}))
    assert [(one.severity, one.rule) for one in report.problems if one.code == "LK928"] == [("warning", "same")]


def test_a_time_of_which_the_parts_of_a_date_are_asked_may_be_annotated_date():
    def in_january(value: dt.date):
        return 1 if value.year == 2024 and value.month == 1 else None

    def on_a_day(value: dt.date):
        return 1 if value in DAYS else None

    corpus = open_corpus(pa.table({"value": [dt.datetime(2024, 1, 2, 7)]}))  # noqa: DTZ001 - as files have them
    assert [*misread_columns(lk.labeling_function(in_january), corpus)] == []
    assert [one.column for one in misread_columns(lk.labeling_function(on_a_day), corpus)] == ["value"]


DAYS = [dt.date(2024, 1, 2)]
