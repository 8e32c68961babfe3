"""Gold that looks wrong: whom the votes and the model both contradict."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from labelkit.analysis.suspicious_gold import suspicious_gold
from labelkit.exceptions import AnalysisError, GoldError
from labelkit.label_models import MajorityVote
from labelkit.votes.label_matrix import LabelMatrix


@given(st.integers(0, 100_000), st.integers(0, 12), st.integers(1, 5), st.integers(2, 4))
@settings(max_examples=60, deadline=None)
def test_the_list_is_the_definition_written_out(seed, n, m, k):
    rng = np.random.default_rng(seed)
    votes, gold = np.maximum(rng.integers(-2, k, size=(n, m)), -1), rng.integers(-1, k, size=n)
    proba = rng.dirichlet(np.ones(k), size=n) if n else np.zeros((0, k))
    frame = suspicious_gold(LabelMatrix.of(votes, classes=k), gold, proba)
    expected = {
        i
        for i in range(n)
        if gold[i] >= 0
        and proba[i].argmax() != gold[i]
        and (votes[i] == proba[i].argmax()).sum() > (votes[i] == gold[i]).sum()
    }
    assert set(frame["row"]) == expected
    apart = (frame["probability"] - frame["gold_probability"]).tolist()
    assert apart == sorted(apart, reverse=True)
    for row in frame.to_dict("records"):
        i, label = row["row"], int(row["label"])
        assert row["lfs"].split(", ") == [f"lf{j}" for j in np.flatnonzero(votes[i] == label)]
        assert (row["votes"], row["gold_votes"]) == ((votes[i] == label).sum(), (votes[i] == gold[i]).sum())
        assert row["probability"] == proba[i, label]


MATRIX = LabelMatrix.of([[1, 1, 1], [0, 0, -1], [1, 0, -1]], classes=["HAM", "SPAM"], ids=["a", "b", "c"])


def test_a_model_labels_and_an_array_say_the_same():
    model = MajorityVote().fit(MATRIX)
    gold = {"a": "HAM", "b": "HAM"}
    frames = [suspicious_gold(MATRIX, gold, p) for p in (model, model.label(MATRIX), model.predict_proba(MATRIX))]
    assert frames[0]["id"].tolist() == ["a"]
    assert all(frame.equals(frames[0]) for frame in frames)


def test_a_tie_contradicts_nobody():
    assert suspicious_gold(MATRIX, {"c": 0}, MajorityVote().fit(MATRIX)).empty


def test_probabilities_of_another_shape_are_refused():
    with pytest.raises(AnalysisError, match=r"shape \(2, 2\)"):
        suspicious_gold(MATRIX, [0, 0, 0], np.full((2, 2), 0.5))


def test_gold_of_others_is_refused():
    with pytest.raises(GoldError, match="not examples"):
        suspicious_gold(MATRIX, {"z": 0}, np.full((3, 2), 0.5))
