"""Hints about frames are code that works: it is run as it stands, with the library that the frame is of."""

from __future__ import annotations

import re

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import labelkit as lk
from labelkit.exceptions import AnalysisError, CorpusError, GoldError, LabelkitError

LABELS = ["HAM", "SPAM"]
FREE = lk.keywords(["free", "7"], label=1, column="text").rule(name="free")
HIGH = lk.between(2, 9, label=1, column="n").rule(name="high")
TEXTS = {"id": ["a", "b", "c", "d"], "text": ["free", "hi", "free hi", "x"]}


def hint_of(error, call):
    with pytest.raises(error) as caught:
        call()
    return caught.value.hint


def votes(frame, rule, **options):
    return lk.Applier([rule], labels=LABELS).apply(frame, **options)


def changed(hint, df):
    """Run the statement at the end of a hint on a frame."""
    names = {"df": df, "pd": pd, "pl": pl}
    exec(hint.partition(": ")[2], names)
    return names["df"]


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"text": [7, 8, 9]}),
        pd.DataFrame({"text": [7.5, None, 9]}),
        pd.DataFrame({"text": ["free", 2, None]}),
        pd.DataFrame({"text": ["hi"] * 5_000 + [7.5]}),
        pl.DataFrame({"text": [7, 8, None]}),
        pl.DataFrame({"text": pl.Series(["free", 7, None], dtype=pl.Object)}),
    ],
    ids=["ints", "floats", "mixed", "late", "polars ints", "polars mixed"],
)
def test_a_text_column_of_other_values_becomes_text(frame):
    text = changed(hint_of(CorpusError, lambda: votes(frame, FREE)), frame)
    assert votes(text, FREE).votes.sum() > -len(text)  # it votes, and a missing value is none
    assert list(pd.Series(text["text"]).isna()) == list(pd.Series(frame["text"].to_list()).isna())


@pytest.mark.parametrize("frame", [pd.DataFrame({"n": ["1", "3"]}), pl.DataFrame({"n": ["1", "3"]})])
def test_a_column_of_numbers_as_text_becomes_numbers(frame):
    numbers = changed(hint_of(CorpusError, lambda: votes(frame, HIGH)), frame)
    assert votes(numbers, HIGH).votes.ravel().tolist() == [-1, 1]


@pytest.mark.parametrize("gold", [pd.DataFrame, pl.DataFrame, pa.table])
def test_a_frame_of_gold_is_given_by_id(gold):
    matrix = votes(TEXTS, FREE, id="id")
    gold = gold({"id": ["c", "a"], "gold": ["SPAM", "SPAM"]})
    code = re.search(r": (\S.*)$", hint_of(GoldError, lambda: lk.summarize(matrix, gold=gold)))[1]
    summary = lk.summarize(matrix, gold=eval(code, {"gold": gold}))
    assert float(summary.frame.loc["free", "precision"]) == 1.0
    assert ("set_index" in code) is isinstance(gold, pd.DataFrame)


@pytest.mark.parametrize("form", ["series", "dict", "frame"])
@pytest.mark.parametrize("by", ["index", "id"])
@pytest.mark.parametrize("index", [None, [4, 5, 6, 7]])
def test_what_is_of_all_examples_is_cut_to_some_of_them(form, by, index):
    frame = pd.DataFrame({**TEXTS, "gold": ["SPAM", "HAM", "SPAM", "HAM"]}, index=index)
    matrix = votes(frame, FREE, id="id")[1:3]
    labels = lk.MajorityVote().fit(matrix).label(matrix)
    frame = frame if by == "index" else frame.set_index("id")
    given = {"series": frame["gold"], "dict": frame["gold"].to_dict(), "frame": frame[["gold"]]}[form]
    hint = hint_of(GoldError, lambda: lk.summarize(matrix, gold=given)).partition(": ")[2]
    some = eval(hint, {"gold": given, "pandas": pd, "matrix": matrix})
    assert lk.summarize(matrix, gold=some).frame.loc["free", "correct"] == 1
    if form == "frame":
        hint = hint_of(LabelkitError, lambda: labels.training_set(given)).partition(": ")[2]
        some = eval(hint, {"X": given, "pandas": pd, "matrix": matrix})
        assert labels.training_set(some).X["gold"].tolist() == ["SPAM"]


@pytest.mark.parametrize("kind", [int, bool, float])
@pytest.mark.parametrize("of", [pd.DataFrame, pl.DataFrame, pa.table])
def test_a_frame_of_gold_with_a_column_for_each_class_becomes_classes(of, kind):
    """One of its columns alone, 0 and 1, would be read as the first two classes."""
    applier = lk.Applier([lk.keywords("free", label=2).rule(name="free")], labels=["HAM", "ODD", "SPAM"])
    matrix = applier.apply(pd.DataFrame(TEXTS, index=[4, 5, 6, 7]))
    one_hot = pd.get_dummies(pd.Series(["SPAM", "HAM", None, "ODD"], index=[4, 5, 6, 7]), dtype=kind)
    gold = one_hot if of is pd.DataFrame else of(one_hot.to_dict("list"))
    code = hint_of(GoldError, lambda: lk.summarize(matrix, gold=gold)).partition(": ")[2]
    labels = lk.MajorityVote().fit(matrix).label(matrix, gold=eval(code, {"gold": gold}))
    assert labels.hard().tolist() == [2, 0, 2, 1]


def test_a_column_for_each_annotator_becomes_a_row_for_each_answer(tmp_path):
    table = pd.DataFrame({"id": ["a", "b"], "ann": ["SPAM", "HAM"], "bob": ["SPAM", "SPAM"]})
    table.to_csv(path := tmp_path / "wide.csv", index=False)
    for given in (table, path):
        hint = hint_of(GoldError, lambda given=given: lk.agreement(given))
        long = eval(hint.partition("or give ")[2], {"pandas": pd, "table": table})
        assert "2 annotators" in str(lk.agreement(long))
    assert "a row for each answer" in hint_of(GoldError, lambda: lk.read_gold(path))
    long.iloc[:3].to_csv(path, index=False)
    assert lk.read_gold(path).to_dict()["a"] == "SPAM"


def test_groups_of_an_estimate_are_given_by_what_the_hint_says():
    df = pd.DataFrame({"id": [f"k{i}" for i in range(40)], "city": list("ab") * 20})
    sample = lk.sample(df, 20, id="id")
    answers = dict.fromkeys(df["id"], "SPAM")
    hint = hint_of(AnalysisError, lambda: sample.estimate(answers, by="city"))
    ways = re.findall(r"by=(\S+\])", hint)
    assert len(ways) == 2
    opened = {"df": df, "sample": sample, "corpus": lk.open_corpus(df, id="id")}
    tables = [sample.estimate(answers, by=eval(way, opened)).frame for way in ways]
    pd.testing.assert_frame_equal(*tables)
    assert list(tables[0].index) == ["a: SPAM", "b: SPAM"]
    drawn = lk.sample(df, 20, id="id", method="stratified", by="city")
    assert list(drawn.estimate(answers, by="stratum").frame.index) == ["a: SPAM", "b: SPAM"]
    with pytest.raises(LabelkitError, match="by='cluster' is a name"):
        drawn.estimate(answers, by="cluster")
