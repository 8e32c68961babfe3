"""Labels and probabilities stand beside the votes of the same examples and classes, or are refused."""

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.exceptions import AnalysisError, LabelkitError
from labelkit.votes.example_names import ExampleNames
from labelkit.votes.label_space import are_same_classes
from labelkit.votes.matched_labels import matched_proba

NAMES = ("HAM", "SPAM")
TEXTS = ["free money now", "see you at lunch", "free win", "lunch at noon"] * 10
IDS = [f"c{i}" for i in range(40)]
VOTES = lk.LabelMatrix.of([[1, 1, -1], [0, 0, 0], [1, -1, 1], [0, 1, 0]] * 10, classes=NAMES, ids=IDS)
CORPUS = pd.DataFrame({"text": TEXTS}, index=pd.Index(IDS, name="id"))
PROBA = np.array([[0.1, 0.9], [0.9, 0.1], [0.2, 0.8], [0.7, 0.3]] * 10)
GOLD = [0, 0, 1, 0] * 10


def labels(names: tuple[str, ...] = NAMES) -> lk.ProbabilisticLabels:
    proba = PROBA[:, [NAMES.index(name) if name in NAMES else i for i, name in enumerate(names)]]
    return lk.ProbabilisticLabels(proba, VOTES.covered, np.arange(40), VOTES.ids, names)


USES = {
    "suspicious_gold": lambda given: lk.suspicious_gold(VOTES, GOLD, given)["id"].tolist(),
    "view": lambda given: np.sort(lk.view(VOTES, CORPUS, label="HAM", labels=given, n=40).frame.index).tolist(),
    "next_to_label": lambda given: np.sort(
        lk.next_to_label(VOTES, given, n=4, strategy="least_confident", random_share=0).ids
    ).tolist(),
    "committee": lambda given: np.sort(
        lk.next_to_label(VOTES, n=4, strategy="committee", committee=[PROBA, given, PROBA], random_share=0).ids
    ).tolist(),
}


@pytest.mark.parametrize("use", USES)
def test_labels_in_another_order_of_the_examples_say_the_same(use: str) -> None:
    order = np.random.default_rng(0).permutation(40)
    assert USES[use](labels()[order]) == USES[use](labels())


@pytest.mark.parametrize("use", ["suspicious_gold", "view"])
def test_labels_of_classes_in_another_order_are_refused(use: str) -> None:
    with pytest.raises(LabelkitError, match="of the classes SPAM, HAM, and not of HAM, SPAM in this order"):
        USES[use](labels(("SPAM", "HAM")))


@pytest.mark.parametrize("use", ["next_to_label", "committee"])
def test_probabilities_of_classes_in_another_order_are_matched(use: str) -> None:
    proba = lk.ProbabilisticLabels(PROBA[:, ::-1], VOTES.covered, np.arange(40), VOTES.ids, ("SPAM", "HAM"))
    assert USES[use](proba) == USES[use](labels())


@pytest.mark.parametrize("use", ["suspicious_gold", "view", "committee"])
@pytest.mark.parametrize("prefix", ["", "p_"])
def test_the_columns_of_a_frame_are_matched_by_the_names_of_classes(use: str, prefix: str) -> None:
    frame = pd.DataFrame(PROBA, index=pd.Index(IDS, name="id"), columns=[prefix + name for name in NAMES])
    assert USES[use](frame.iloc[::-1, ::-1]) == USES[use](labels())


def test_probabilities_of_an_end_model_are_judged_by_the_names_of_their_classes() -> None:
    rng = np.random.default_rng(1)
    n = 4_000
    corpus = pd.DataFrame({"site": rng.choice(["a", "b"], n), "text": "x"})
    hard = rng.integers(0, 2, n)
    proba = np.where(np.arange(2) == hard[:, None], 0.9, 0.1)
    given = lk.ProbabilisticLabels(proba, np.ones(n, bool), np.arange(n), np.arange(n), NAMES)
    frame = pd.DataFrame(proba[:, ::-1], columns=["SPAM", "HAM"])
    found = lk.find_slices(corpus, given, end_model_proba=frame, columns=["site"])
    assert found.note == "Not searched: no label is wrong."


def test_classes_are_the_same_by_name_or_if_one_side_counts_them() -> None:
    assert are_same_classes(("a", "b"), ("a", "b"))
    assert are_same_classes(("0", "1"), ("a", "b"))
    assert not are_same_classes(("1", "0"), ("0", "1"))
    assert not are_same_classes(("a", "b", "c"), ("a", "b"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (PROBA[:, :1], r"proba have shape \(40, 1\), and there are 40 examples and 2 classes"),
        (PROBA[:7], r"proba have shape \(7, 2\), and there are 40 examples"),
        ([["a", "b"]] * 40, r"proba have shape \(40, 2\)"),
        (pd.DataFrame(PROBA, columns=["HAM", "OTHER"]), "of the classes HAM, OTHER, and not of HAM, SPAM"),
    ],
)
def test_probabilities_of_another_form_are_refused(given: object, message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        matched_proba(given, ExampleNames(np.arange(40)), NAMES, what="proba", error=AnalysisError)


def test_focal_weights_take_the_probability_of_each_row_by_its_name() -> None:
    """Expected: (1 - p) ** 2 of the row's own class, in the order of the labels."""
    y = pd.Series([3, 1, 2, 1], index=["a", "b", "c", "d"])
    proba = np.array([[0.1, 0.2, 0.7], [0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.9, 0.1, 0.0]])
    expected = (1 - np.array([0.7, 0.6, 0.5, 0.9])) ** 2
    frame = pd.DataFrame(proba, index=y.index, columns=[1, 2, 3])
    for given in (proba, frame, frame.iloc[::-1], frame[[3, 1, 2]]):
        rows = lk.class_weights(y, "focal", proba=given).rows
        assert rows == pytest.approx(expected * rows[0] / expected[0])
    second = pd.Series([0.8, 0.3, 0.6, 0.1], index=list("dcba"))
    rows = lk.class_weights(pd.Series([0, 1, 0, 1], index=list("abcd")), "focal", proba=second).rows
    assert rows == pytest.approx(np.array([0.01, 0.16, 0.09, 0.04]) * rows[0] / 0.01)
    with pytest.raises(AnalysisError, match="the probability of the class of 'c' is nan"):
        lk.class_weights(y, "focal", proba=frame.drop(index="c"))
