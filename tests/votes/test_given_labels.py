"""What is no labels of a label model is told with the call that gives them, whatever function takes them."""

import numpy as np
import pytest

import labelkit as lk
from labelkit.exceptions import ModelError

TEXTS = ["free", "hi"] * 10
MATRIX = lk.LabelMatrix.of([[1, -1], [-1, 0]] * 10, names=["free", "hi"], classes=["HAM", "SPAM"])
MODEL = lk.MajorityVote().fit(MATRIX)
GOLD = np.array([1, 0] * 10)

FUNCTIONS = {
    "certify": lambda labels: lk.certify(labels, GOLD),
    "prevalence": lambda labels: lk.prevalence(labels, GOLD),
    "augmentation_effect": lambda labels: lk.augmentation_effect(TEXTS, labels, lk.typos(), gold=GOLD),
    "train_end_model": lambda labels: lk.train_end_model(TEXTS, labels),
    "spread_labels": lambda labels: lk.spread_labels(TEXTS, labels),
}
GIVEN = {
    "a path": ("runs/first", r"given as 'runs/first'.*labelkit\.RunFolder\('runs/first'\)\.labels\(\)"),
    "a model": (MODEL, r"an object of type MajorityVote.*model\.label\(matrix\)"),
    "classes": (GOLD, r"an object of type ndarray.*run\.labels\(\)"),
}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("given", GIVEN)
def test_what_is_no_labels_is_told_with_the_call_that_gives_them(function, given):
    labels, message = GIVEN[given]
    with pytest.raises(ModelError, match=f"(?s){message}"):
        FUNCTIONS[function](labels)
