"""Votes as an array lack the confidences that a model learned from: the message counts rules, and says what to give."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.exceptions import ModelError

N = 2_000
DRAW = np.random.default_rng(0)
TEXTS = pd.DataFrame({"text": DRAW.choice(["free", "hi", "x", "free hi"], N), "score": DRAW.random(N)})


@lk.labeling_function(levels=8)
def sure(text: str, score: float):
    return (1, 0.5 + score / 2) if "free" in text else -1


RULES = [sure, *(lk.keywords([word], label=0, column="text").rule(name=word) for word in ("hi", "x"))]


@pytest.mark.parametrize("model", [lk.LabelModel, lk.DawidSkene, lk.WeightedVote])
def test_an_array_of_votes_is_refused_with_a_true_count(model):
    matrix = lk.Applier(RULES, labels=["HAM", "SPAM"]).apply(TEXTS)
    fitted = model().fit(matrix)
    with pytest.raises(
        ModelError, match=rf"without confidences, which {model.__name__} learned from: 'sure' re"
    ) as error:
        fitted.predict(matrix.votes)
    assert error.value.hint.startswith("predict(matrix)")
    assert len(fitted.predict(matrix)) == N
    with pytest.raises(ModelError, match=rf"X has 2 features, but {model.__name__} is expecting 3 features as input"):
        fitted.predict(matrix.votes[:, :2])
