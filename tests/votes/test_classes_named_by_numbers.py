"""Where classes are named by numbers, 1 to 5 or -1 and 1, no number of gold is taken for another class in silence."""

import itertools

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.exceptions import GoldError, ModelError

STARS = ("1", "2", "3", "4", "5")
RNG = np.random.default_rng(0)
TRUTH = RNG.integers(1, 5, 200)  # of stars; none has 5, so that all numbers could be places, too
VOTES = np.where(RNG.random((200, 4)) < 0.7, np.where(RNG.random((200, 4)) < 0.8, TRUTH[:, None] - 1, 0), -1)
MATRIX = lk.LabelMatrix.of(VOTES, classes=STARS)
TEXT = TRUTH.astype(str)

FORMS = {
    "array": TRUTH,
    "floats with gaps": np.where(np.arange(200) < 5, np.nan, TRUTH),
    "unsigned": TRUTH.astype(np.uint8),
    "list": TRUTH.tolist(),
    "with None": [None, *TRUTH[1:].tolist()],
    "Series": pd.Series(TRUTH),
    "nullable": pd.Series(TRUTH, dtype="Int64"),
    "mapping": dict(enumerate(TRUTH.tolist())),
}


@pytest.mark.parametrize("form", FORMS)
def test_numbers_that_are_names_and_places_are_refused(form):
    with pytest.raises(GoldError, match=r"such as 1, which are the names of classes, and their places from 0 too: 1=0"):
        lk.summarize(MATRIX, gold=FORMS[form])


def test_names_as_text_and_places_are_taken():
    by_name = lk.summarize(MATRIX, gold=TEXT).frame
    by_place = lk.summarize(MATRIX, gold=TRUTH - 1).frame  # holds 0, the name of no class
    assert by_name.equals(by_place)
    right = [(VOTES[:, j] == TRUTH - 1).sum() for j in range(4)]
    assert by_name["correct"].tolist() == [*right, sum(right)]
    assert lk.summarize(MATRIX, gold=np.full(200, -1)).frame["gold"].tolist() == [0] * 5


@pytest.mark.filterwarnings("ignore:votes and gold agree")  # of places, it is shifted
def test_classes_that_are_named_by_their_places_or_by_words_take_numbers():
    for names in (["0", "1", "2", "3", "4"], list("abcde"), ["1", "2", "3", "4", "five"]):
        matrix = lk.LabelMatrix.of(VOTES, classes=names)
        assert lk.summarize(matrix, gold=TRUTH).frame["correct"].iloc[0] == (VOTES[:, 0] == TRUTH).sum()


def test_everything_that_reads_gold_once_takes_names_as_text():
    model = lk.LabelModel().fit(MATRIX, gold=TEXT)
    assert model.evaluate(MATRIX, TEXT).n == 200
    comparison = lk.compare(MATRIX, ["MajorityVote", "LabelModel"], gold=TEXT)
    assert comparison.frame["accuracy"].min() > 0.7
    features = np.column_stack([TRUTH, RNG.normal(size=200)])
    assert lk.compare(MATRIX, ["ContentLabelModel"], gold=TEXT, features=features).frame["accuracy"].iloc[0] > 0.7
    labels = model.label(MATRIX, gold=TEXT)
    assert (labels.hard() == TRUTH - 1).all()
    assert lk.prevalence(labels, TEXT)["2"] == pytest.approx((TRUTH == 2).mean(), abs=0.02)
    frame = pd.DataFrame(labels.proba, columns=STARS)
    found = lk.find_slices(pd.DataFrame({"site": ["a"] * 200}), labels, end_model_proba=frame, text=None)
    assert found.note == "Not searched: no label is wrong."


def test_a_run_takes_gold_of_a_file_by_name_and_refuses_numbers(tmp_path):
    frame = pd.DataFrame({"id": range(60), "text": ["bad film", "fine film", "good film"] * 20})
    frame["stars"] = [2, 3, 4] * 20
    names = dict(zip(["bad", "fine", "good"], itertools.count(1), strict=False))
    rules = [lk.keywords(word, label=place).rule(name=word) for word, place in names.items()]
    lfs = lk.LabelingFunctions(rules, labels=list(STARS))
    with pytest.raises(GoldError, match=r"which are the names of classes, and their places(.|\n)*map_label"):
        lk.run(lfs, frame, tmp_path / "numbers", id="id", gold=frame.set_index("id")["stars"])
    lk.run(lfs, frame, tmp_path / "names", id="id", gold="stars")  # numbers in data are names
    assert lk.RunFolder(tmp_path / "names").summary["precision"].tolist() == [1.0, 1.0, 1.0, 1.0]
    gold = tmp_path / "gold.csv"
    frame.head(50).assign(stars=lambda part: part["stars"].astype(str))[["id", "stars"]].to_csv(gold, index=False)
    for number, given in enumerate(["stars", gold]):
        place = tmp_path / f"run {number}"
        lk.run(lfs, frame, place, id="id", gold=given, map_label={str(star): str(star) for star in (2, 3, 4)})
        assert lk.RunFolder(place).summary["precision"].tolist() == [1.0, 1.0, 1.0, 1.0]


@pytest.mark.parametrize("classes", [[-1, 1], [1, 2, 3]])
def test_class_weights_take_names_of_classes_that_are_numbers(classes):
    y = np.array(classes)[np.arange(90) % len(classes)]
    found = lk.class_weights(y, class_names=classes)
    assert found.counts.tolist() == [90 // len(classes)] * len(classes)
    assert lk.class_weights(y.astype(str), class_names=classes).counts.tolist() == found.counts.tolist()


@pytest.mark.parametrize("model", [lk.LabelModel, lk.MajorityVote])
def test_a_class_prior_by_numbers_is_by_name_where_they_are_no_places(model):
    shares = [0.1, 0.2, 0.3, 0.25, 0.15]
    by_place = model(class_prior=shares).fit(MATRIX).class_prior_.tolist()
    for prior in (
        dict(zip(STARS, shares, strict=True)),
        dict(zip(map(int, STARS), shares, strict=True)),
        dict(enumerate(shares)),
        pd.Series(shares, index=[1.0, 2.0, 3.0, 4.0, 5.0]),
    ):
        assert model(class_prior=prior).fit(MATRIX).class_prior_.tolist() == by_place
    with pytest.raises(ModelError, match="class_prior names 1, 2, which are the names of classes, and their places"):
        model(class_prior={1: 0.3, 2: 0.3}).fit(MATRIX)
