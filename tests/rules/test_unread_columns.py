"""A parameter with a default is no column, and a rule that has one of the name of a column says so."""

from __future__ import annotations

import warnings

import pytest

import labelkit as lk
from labelkit.rules.python_rule import column

ROWS = {"text": ["a", "b"], "likes": [9, 1]}


@lk.labeling_function
def loved(text: str, likes: int = 0) -> int | None:
    return 1 if likes > 5 else None


@lk.labeling_function
def loved_by_keyword(text: str, *, likes: int = 0) -> int | None:
    return 1 if likes > 5 else None


@column
def shown(text: str, likes: int = 0) -> str:
    return f"{text} {likes}"


@lk.labeling_function
def of_column(shown: str) -> int | None:
    return 1 if "9" in shown else None


@lk.labeling_function
def bounded(text: str, limit: int = 5) -> int | None:
    return 1 if len(text) > limit else None


@pytest.mark.parametrize("rule", [loved, loved_by_keyword, of_column])
def test_a_column_that_a_default_hides_is_named(rule):
    with pytest.warns(UserWarning, match=rf"rule '{rule.name}' does not read the column 'likes'.*LK135"):
        matrix = lk.Applier([rule], labels=2).apply(ROWS)
    assert matrix.votes.ravel().tolist() == [-1, -1]


@pytest.mark.parametrize("rule", [bounded, loved])
def test_a_default_that_is_no_column_needs_no_word(rule):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lk.Applier([rule], labels=2).apply({"text": ["a", "b"], "likes of all": [9, 1]})
