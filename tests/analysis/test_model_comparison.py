"""Several label models side by side: what the table says, and which model is named."""

import numpy as np
import pytest

from labelkit.analysis.model_comparison import compare
from labelkit.exceptions import GoldError, ModelError
from labelkit.label_models import ContentLabelModel, DawidSkene, LabelModel, MajorityVote
from labelkit.votes.label_matrix import LabelMatrix


def observers(accuracies, n=600, seed=0):
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, 2, n)
    return np.stack([np.where(rng.random(n) < p, gold, 1 - gold) for p in accuracies], axis=1), gold


def test_with_gold_the_table_has_accuracy_intervals_and_calibration():
    votes, gold = observers([0.8, 0.7, 0.75])
    found = compare(votes, gold=np.where(np.arange(len(gold)) < 200, gold, -1))
    assert found.frame.index.tolist() == ["MajorityVote", "WeightedVote", "OneCoin", "DawidSkene", "LabelModel"]
    assert found.frame.columns.tolist() == ["accuracy", "low", "high", "log_loss", "brier", "ece", "agreement"]
    assert (found.frame["low"] < found.frame["accuracy"]).all()
    assert found.frame.loc["MajorityVote", "agreement"] == 1.0
    assert "200 covered examples with gold" in found.reason
    assert found.best in repr(found)


def test_the_simplest_model_that_is_not_worse_is_named():
    votes, gold = observers([0.8, 0.8, 0.8])
    assert compare(votes, gold=gold).best == "MajorityVote"


def test_a_model_that_is_better_is_named():
    votes, gold = observers([0.95, 0.55, 0.55, 0.55, 0.55], n=2_000)
    found = compare(votes, [MajorityVote(), LabelModel()], gold=gold)
    assert found.best == "LabelModel"
    assert found.frame.loc["LabelModel", "accuracy"] > found.frame.loc["MajorityVote", "accuracy"]


def near_copies():
    good, gold = observers([0.8, 0.8, 0.8], n=2_000)
    poor, _ = observers([0.45], n=2_000)
    copies = np.where(np.random.default_rng(1).random((2_000, 4)) < 0.05, -1, poor)
    return np.concatenate([good, copies], axis=1), gold


def test_without_gold_the_default_is_named_and_not_the_one_that_foretells_votes():
    votes, gold = near_copies()
    found = compare(votes)
    assert found.frame.columns.tolist() == ["agreement"]
    assert found.best == "LabelModel"
    assert "votes alone cannot tell" in found.reason
    right = {model: model().fit(votes).score(votes, gold) for model in (LabelModel, MajorityVote, DawidSkene)}
    assert right[LabelModel] > max(right[MajorityVote], right[DawidSkene]) + 0.1


def test_without_gold_and_without_the_default_none_is_named():
    votes, _ = near_copies()
    found = compare(votes, [MajorityVote(), DawidSkene()])
    assert found.best is None
    assert "none is named" in repr(found)


def test_where_all_label_alike_the_simplest_is_named():
    votes, _ = observers([0.8, 0.8, 0.8])
    assert compare(votes, [MajorityVote(), LabelModel()]).best == "MajorityVote"


def test_gold_that_a_model_is_judged_on_was_not_given_to_it():
    rng = np.random.default_rng(0)
    votes, gold = rng.integers(0, 2, size=(60, 8)), rng.integers(0, 2, 60)
    found = compare(votes, [LabelModel()], gold=gold)
    assert found.frame.loc["LabelModel", "accuracy"] < 0.75


def test_models_are_given_by_name_by_value_or_by_mapping():
    votes, gold = observers([0.8, 0.7, 0.75])
    assert compare(votes, ["MajorityVote"], gold=gold).frame.index.tolist() == ["MajorityVote"]
    twice = compare(votes, [DawidSkene(), DawidSkene(diagonal=1)], gold=gold).frame.index.tolist()
    assert twice == ["DawidSkene 1", "DawidSkene 2"]
    named = compare(votes, {"plain": MajorityVote()}, gold=gold)
    assert named.best == "plain"
    with pytest.raises(ModelError, match="'Majority' is not a label model"):
        compare(votes, ["Majority"])
    with pytest.raises(ModelError, match="no model"):
        compare(votes, [])


def test_models_that_were_given_are_left_as_they_were():
    votes, gold = observers([0.8, 0.7, 0.75])
    model = MajorityVote()
    compare(votes, [model], gold=gold)
    assert not hasattr(model, "class_prior_")


def test_too_little_gold_is_refused_with_a_way_out():
    votes, _ = observers([0.8, 0.7, 0.75])
    with pytest.raises(GoldError, match="3 covered examples") as error:
        compare(votes, gold=[0, 1, 0] + [-1] * (len(votes) - 3))
    assert "compare(matrix)" in str(error.value)


def test_one_labeling_function_and_no_votes_at_all_are_compared_without_an_error():
    for votes in ([[0], [1], [0]], [[-1, -1], [-1, -1]]):
        assert compare(votes).best == "MajorityVote"


def test_a_matrix_with_names_gives_the_same_in_any_order_of_its_functions():
    votes, _ = observers([0.9, 0.6, 0.7, 0.8])
    matrix = LabelMatrix.of(votes, names=["a", "b", "c", "d"])
    there, here = compare(matrix).frame, compare(matrix[["d", "b", "a", "c"]]).frame
    np.testing.assert_allclose(there.to_numpy(), here.to_numpy())


def test_vote_patterns_are_refused_with_a_way_out():
    with pytest.raises(ModelError, match="no examples to leave out"):
        compare(LabelMatrix.of([[0, 1], [1, 1]]).patterns)


def with_content(n=3_000):
    """Votes that are often wrong where they are one alone, and features that tell the class."""
    rng = np.random.default_rng(3)
    gold = rng.integers(0, 2, n)
    votes = np.where(
        rng.random((n, 5)) < 0.25, np.where(rng.random((n, 5)) < 0.75, gold[:, None], 1 - gold[:, None]), -1
    )
    return votes, gold, gold[:, None] * 2.0 + rng.normal(size=(n, 3))


def test_a_model_of_content_is_compared_with_features():
    votes, gold, features = with_content()
    some = np.where(np.arange(len(gold)) < 300, gold, -1)
    found = compare(votes, gold=some, features=features)
    assert found.frame.index[-1] == found.best == "ContentLabelModel"
    assert found.frame.loc["ContentLabelModel", "accuracy"] > found.frame.loc["LabelModel", "accuracy"] + 0.05
    named = compare(votes, ["MajorityVote", "ContentLabelModel"], gold=some, features=features)
    assert named.frame.loc["ContentLabelModel"].equals(found.frame.loc["ContentLabelModel"])
    assert compare(votes, [MajorityVote(), ContentLabelModel()], features=features).best is None


def test_gold_that_is_left_out_is_not_seen_by_a_model_of_content():
    votes, gold, _ = with_content(600)
    rng = np.random.default_rng(0)
    shuffled = rng.permutation(gold)  # gold that says nothing
    with pytest.warns(UserWarning, match="LK34[46]"):
        found = compare(votes, ["ContentLabelModel"], gold=shuffled, features=rng.normal(size=(600, 3)))
    assert 0.4 < found.frame.loc["ContentLabelModel", "accuracy"] < 0.6


def test_features_that_are_missing_or_do_not_fit_are_errors():
    votes, _, features = with_content(100)
    with pytest.raises(ModelError, match=r"(?s)ContentLabelModel reads features .* features=labelkit\.read_features"):
        compare(votes, ["ContentLabelModel"])
    with pytest.raises(ModelError, match="the features have 99 rows, and there are 100 examples"):
        compare(votes, ["ContentLabelModel"], features=features[:99])


def test_ties_are_counted_and_how_they_count_is_said():
    votes = np.array([[0, 1, -1], [0, 0, 0], [1, 1, 1], [1, 1, 0]] * 10)
    gold = np.array([0, 0, 1, 1] * 10)
    found = compare(votes, ["MajorityVote", "LabelModel"], gold=gold)
    evaluation = MajorityVote().fit(votes).evaluate(votes, gold)
    assert found.ties["MajorityVote"] == 10 == evaluation.n_covered - evaluation.n_labeled
    assert found.frame["accuracy"]["MajorityVote"] == pytest.approx(evaluation.accuracy + 0.5 * 10 / 40)
    assert "a tie counts here as its chance of being right, in evaluate as wrong" in repr(found)
    assert "examples with one: MajorityVote 10" in repr(found)
    assert repr(evaluation).endswith("; 10 of them have no hard label and count as wrong)")
    untied = votes[np.tile([False, True, True, True], 10)]
    assert "a tie counts" not in repr(
        compare(untied, ["MajorityVote"], gold=gold[np.tile([False, True, True, True], 10)])
    )
