"""One reading of all arguments that name a class."""

from enum import IntEnum

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.exceptions import LabelkitError, LabelSpaceError
from labelkit.votes.given_class import given_class


class Label(IntEnum):
    ABSTAIN = -1
    HAM = 0
    SPAM = 1


MEANT = [1, np.int8(1), 1.0, "SPAM", "spam", " Spam ", "1", Label.SPAM, "Label.SPAM"]

TEXTS = ["win a prize", "win it", "hello", "good day"] * 5

VOTES = lk.LabelMatrix.of([[1, 1], [1, -1], [0, 0], [-1, -1]] * 5, names=["a", "b"], classes=["HAM", "SPAM"])

LABELS = lk.MajorityVote(class_prior=[0.5, 0.5]).fit(VOTES).label(VOTES)


@pytest.mark.parametrize("value", MEANT)
def test_every_argument_that_names_a_class_takes_what_the_others_take(value, tmp_path):
    assert LABELS.hard(uncovered=value).tolist() == [1, 1, 0, 1] * 5
    expected = LABELS.hard(objective="f1", positive="SPAM")
    assert LABELS.hard(objective="f1", positive=value).tolist() == expected.tolist()
    assert len(lk.view(VOTES, TEXTS, vote=value)) == len(lk.view(VOTES, TEXTS, pattern={"a": value})) == 10
    assert len(lk.view(VOTES, TEXTS, label=value, labels=LABELS)) == 10
    lk.export(LABELS, tmp_path / "labels.csv", corpus=TEXTS, default_label=value)
    assert pd.read_csv(tmp_path / "labels.csv")["label"].tolist() == ["SPAM", "SPAM", "HAM", "SPAM"] * 5
    by_name, by_value = (lk.suggest(VOTES, TEXTS, LABELS, between=("HAM", one)) for one in ("SPAM", value))
    assert repr(by_value) == repr(by_name)
    curve = lk.reliability(["SPAM", "SPAM", "HAM", "HAM"] * 5, LABELS, positive=value)
    assert repr(curve) == repr(lk.reliability(["SPAM", "SPAM", "HAM", "HAM"] * 5, LABELS, positive="SPAM"))
    with lk.AnnotationSession(TEXTS, tmp_path / "gold.parquet", labels=["HAM", "SPAM"]) as session:
        session.answer("ann", session.next("ann")["example"]["key"], label=value)
        assert list(session.labels().values()) == ["SPAM"]


@pytest.mark.parametrize("value", [None, -1, "ABSTAIN", "", Label.ABSTAIN])
def test_no_class_is_one_where_an_abstain_makes_sense_alone(value):
    assert LABELS.hard(uncovered=value).tolist() == [1, 1, 0, -1] * 5
    with pytest.raises(LabelSpaceError, match="is no class"):
        given_class(value, ("HAM", "SPAM"), "positive")


@pytest.mark.parametrize("value", [2, -2, 0.5, True, float("nan"), "EGGS", [1], {"a": 1}])
def test_what_is_no_class_is_refused_with_the_classes(value):
    with pytest.raises(LabelkitError, match=r"(?s)is no class.*the classes are HAM=0, SPAM=1"):
        LABELS.hard(uncovered=value)


def test_a_number_that_is_the_name_of_another_class_is_refused():
    """Of ratings from 1 to 3, class 1 is 2; that the number is meant as a name nobody knows."""
    names = ("1", "2", "3")
    with pytest.raises(
        LabelSpaceError, match=r"(?s)the name of one class and the number of another, '2'.*positive='1'"
    ):
        given_class(1, names, "positive")
    assert [given_class(one, names, "positive") for one in ("1", "2", "3", 3, 0)] == [0, 1, 2, 2, 0]
    assert [given_class(one, ("0", "1"), "positive") for one in (0, 1, "1", Label.SPAM)] == [0, 1, 1, 1]
