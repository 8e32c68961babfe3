"""Gold in any form becomes one array in the order of the examples, and what is unknown is never wrong."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import labelkit as lk
from labelkit._shared.command_line import as_on_command_line
from labelkit.corpus import open_corpus
from labelkit.corpus.gold import open_gold
from labelkit.exceptions import GoldError, MatrixError
from labelkit.votes.gold import aligned_gold, gold_classes

NAMES = ("ham", "spam")
IDS = np.array(["a", "b", "c"])
MATRIX = lk.LabelMatrix.of([[0], [1]])


class Label(IntEnum):
    HAM = 0
    SPAM = 1


def aligned(gold, ids=IDS):
    return aligned_gold(gold, ids, NAMES).tolist()


@pytest.mark.parametrize(
    "gold",
    [
        [1, -1, 0],
        np.array([1, -1, 0], np.int8),
        np.array([1, np.nan, 0]),
        [1, None, 0],
        ["spam", None, "ham"],
        ["spam", float("nan"), "ham"],
        [Label.SPAM, None, Label.HAM],
        ["spam", None, 0],
        np.array(["spam", None, "ham"], dtype=object),
        np.ma.masked_array([1, 0, 0], mask=[False, True, False], dtype=np.uint8),
        np.ma.masked_array(["spam", "ham", "ham"], mask=[False, True, False]),
        pd.Series([1, None, 0], dtype="Int64"),
        pd.Series(["spam", None, "ham"]),
        pd.Series(["spam", pd.NA, "ham"], dtype="string"),
        pd.Series(["spam", None, "ham"], dtype="category"),
        pd.Series([0, 1, None], index=["c", "a", "b"]),
        pd.Series([0, 1], index=["c", "a"]),
        {"a": 1, "c": "ham"},
        {"c": Label.HAM, "a": 1.0, "b": pd.NaT},
        pa.array([1, None, 0]),
        pa.chunked_array([["spam", None], ["ham"]]),
        pl.Series([1, None, 0]),
        pl.Series(["spam", None, "ham"]),
    ],
    ids=lambda gold: type(gold).__name__,
)
def test_gold_in_any_form_is_aligned(gold):
    assert aligned(gold) == [1, -1, 0]


def test_a_series_is_matched_by_its_index_where_ids_are_numbers():
    assert aligned(pd.Series([0, 1, 0], index=[0, 1, 2]), np.array([2, 0, 1])) == [0, 0, 1]
    with pytest.raises(GoldError, match="the same numbers in another order"):  # an index that pandas made
        aligned(pd.Series([0, 1, 0]), np.array([2, 0, 1]))


def test_a_series_without_an_index_of_its_own_is_in_the_order_of_the_examples():
    assert aligned(pd.Series([0, 1, 0]), np.array([20, 30, 40])) == [0, 1, 0]


@pytest.mark.parametrize(
    ("gold", "message"),
    [
        ([0, 1], r"gold has 2 labels for 3 examples \[LK\d{3}\]\nHint: give a Series or dict by id"),
        ([0, 1, 2], r"gold holds class 2 at position 2, but there are 2 classes: ham=0, spam=1"),
        ([0, -5, 1], "gold holds class -5 at position 1"),
        ([0, 0.5, 1], "gold holds 0.5, which is not a class"),
        ([0, np.inf, 1], "gold holds inf, which is not a class"),
        ([None, np.inf, 1], "gold holds inf, which is neither"),
        ([True, False, True], r"gold is True and False, not classes \[LK\d{3}\]\nHint: .*gold.astype\(int\)"),
        (
            ["spam", "eggs", None],
            r"gold holds 'eggs', which is neither a class number nor one of the names \['ham', 'spam'\]",
        ),
        ([[0, 1]] * 3, r"gold has shape \(3, 2\), not \(n_examples,\)"),
        (
            {"a": 1, "q": 0},
            r"gold names 1 id\(s\) that are not examples, such as 'q' \[LK\d{3}\]\nHint: ids look like 'a'",
        ),
        (pd.Series([0, 1], index=["a", "a"]), "gold names the id 'a' twice"),
    ],
    ids=repr,
)
def test_gold_that_does_not_fit_is_refused_with_its_value(gold, message):
    with pytest.raises(GoldError, match=message):
        aligned(gold)


def test_gold_by_id_needs_ids_that_name_one_example():
    with pytest.raises(GoldError, match="the id 'a' names several examples, so gold by id has no meaning"):
        aligned({"a": 1}, np.array(["a", "a"]))


def test_no_examples_need_no_gold():
    assert aligned([], np.array([])) == []
    assert aligned({}, IDS) == [-1, -1, -1]


def test_an_error_shows_an_id_as_its_author_wrote_it():
    with pytest.raises(GoldError, match=r"such as 9 \[LK\d{3}\]\nHint: ids look like 4$"):
        aligned_gold({9: 1}, np.array([4, 5]), ("a", "b"))
    with pytest.raises(GoldError, match="the id 4 names several"):
        aligned_gold({4: 1}, np.array([4, 4]), ("a", "b"))


@pytest.mark.parametrize(
    ("gold", "named"),
    [
        ({0, 1}, "a builtins.set"),
        ((label for label in [0, 1]), "a builtins.generator"),
        ({"a": 0, "b": 1}.values(), "a builtins.dict_values"),
        ("gold", "'gold'"),
        (lk.MajorityVote().fit(MATRIX).label(MATRIX), "ProbabilisticLabels"),
    ],
)
def test_what_holds_no_labels_in_an_order_is_refused_by_name(gold, named):
    with pytest.raises(GoldError, match=named):
        aligned_gold(gold, np.arange(2), ["ham", "spam"])


def test_all_values_that_mean_no_class_are_listed_with_their_counts():
    gold = ["junk", "ham", "ok", "junk", None, float("nan"), "spam", "1", "ok", "ok"]
    with pytest.raises(GoldError) as error:
        gold_classes(gold, ["ham", "spam"])
    assert error.value.message == (
        "gold holds 'junk' (2 times), 'ok' (3 times), which are neither class numbers nor any of the names ['ham', 'spam']"
    )
    many = [f"word {n}" for n in range(30)] + ["often"] * 3
    with pytest.raises(GoldError, match=r"gold holds 'often' \(3 times\), .* and 11 other values, which are neither"):
        gold_classes(many, ["ham", "spam"])


@pytest.mark.parametrize("names", [["HAM", "SPAM"], ["1", "2"]])
@pytest.mark.parametrize("value", [["HAM"], {"choices": ["HAM"]}])
def test_values_that_cannot_be_hashed_are_told(value, names):
    gold = pd.Series([value, value, "SPAM"])
    with pytest.raises(
        GoldError, match=r"\(2 times\).*neither class numbers nor any|\(2 times\), which is neither"
    ) as error:
        gold_classes(gold, names)
    if value == ["HAM"]:
        assert error.value.hint.startswith("an example has one label; of lists that hold one each")
        assert gold.iloc[:2].str[0].tolist() == ["HAM", "HAM"]


def test_words_that_mean_no_class_are_told_with_the_call_that_translates_them():
    gold = pd.Series(["junk", "fine", "SPAM", "junk"])
    with pytest.raises(GoldError) as error:
        gold_classes(gold, ["HAM", "SPAM"])
    remedy = "gold.replace({'junk': 'CLASS', 'fine': 'CLASS'})"
    assert error.value.hint.endswith(f"; or give {remedy}, None for a value that means no class")
    assert "gold.replace" not in as_on_command_line(error.value.hint)
    given = eval(remedy.replace("'CLASS'", "'SPAM'", 1).replace("'CLASS'", "'HAM'"), {"gold": gold})
    assert gold_classes(given, ["HAM", "SPAM"]).tolist() == [1, 0, 1, 1]


def test_values_that_are_near_a_class_are_told_with_it_each():
    gold = pd.Series(["Heizng", "unklar", "ELEKTRK", "unknown", "HEIZUNG"])
    with pytest.raises(GoldError) as error:
        gold_classes(gold, ["ELEKTRIK", "HEIZUNG"])
    assert error.value.hint == (
        "'Heizng' may mean 'HEIZUNG', 'ELEKTRK' may mean 'ELEKTRIK'; or give gold.replace({'Heizng': 'HEIZUNG', "
        "'unklar': 'CLASS', 'ELEKTRK': 'ELEKTRIK', 'unknown': None}), None for a value that means no class"
    )
    with pytest.raises(GoldError, match="holds 'unklar'") as error:
        gold_classes(["unklar", "Heizng"], ["ELEKTRIK", "HEIZUNG"])
    assert error.value.hint.startswith("'Heizng' may mean 'HEIZUNG'; or give")
    with pytest.raises(GoldError, match="holds 'Heizng'") as error:
        gold_classes(["Heizng", "HEIZUNG"], ["ELEKTRIK", "HEIZUNG"])
    assert error.value.hint == "did you mean 'HEIZUNG'?"
    with pytest.raises(GoldError) as error:
        gold_classes(["Heizng", "unknown"], ["ELEKTRIK", "HEIZUNG"])
    assert error.value.hint == (
        "'Heizng' may mean 'HEIZUNG'; or give gold.replace({'Heizng': 'HEIZUNG', 'unknown': None})"
    )


def test_a_column_of_answers_is_told_by_its_own_name():
    with pytest.raises(MatrixError, match="the column of answers holds 'junk'") as error:
        lk.LabelMatrix.from_long(["a", "b"], ["x", "x"], ["junk", "SPAM"], classes=["HAM", "SPAM"])
    assert error.value.hint.endswith("label.replace({'junk': 'CLASS'}), None for a value that means no class")


def test_a_run_whose_gold_is_a_column_is_told_of_map_label_alone():
    corpus = open_corpus([{"id": "a", "answer": "junk"}], id="id")
    with pytest.raises(GoldError) as error:
        open_gold("answer", corpus, ["HAM", "SPAM"]).classes(np.array(["junk"], dtype=object), ["HAM", "SPAM"])
    assert "map_label={value: class}" in error.value.hint
    assert "gold.replace" not in error.value.hint
