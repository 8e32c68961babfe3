"""What is lost without a rule: the same as taking the rule out and counting again."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from labelkit._shared.numbers import paired_difference_interval
from labelkit.analysis.marginal_values import marginal_values
from labelkit.exceptions import AnalysisError, ModelError
from labelkit.label_models import DawidSkene, LabelModel, MajorityVote
from labelkit.votes.gold import count_gold
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.vote_patterns import VotePatterns


@st.composite
def cases(draw):
    n, m, k = draw(st.integers(1, 14)), draw(st.integers(1, 5)), draw(st.integers(2, 4))
    rng = np.random.default_rng(draw(st.integers(0, 100_000)))
    votes = np.maximum(rng.integers(-3, k, size=(n, m)), -1)
    return votes, rng.integers(-1, k, size=n), k


def entropy(proba):
    return -(proba * np.log2(np.where(proba > 0, proba, 1))).sum(axis=1)


def agreement(votes):
    pairs = [(a, b) for row in votes for i, a in enumerate(row) for b in row[i + 1 :] if a >= 0 and b >= 0]
    return np.mean([a == b for a, b in pairs]) if pairs else np.nan


@given(cases())
@settings(max_examples=80, deadline=None)
def test_majority_vote_without_a_rule_is_majority_vote_of_the_others(case):
    votes, gold, k = case
    n, m = votes.shape
    frame = marginal_values(votes, gold=gold, n_classes=k)
    model = MajorityVote(n_classes=k).fit(votes)
    hard, proba = model.predict(votes), model.predict_proba(votes)
    known = (gold >= 0) & (votes >= 0).any(axis=1)
    for j in range(m):
        without = votes.copy()
        without[:, j] = -1
        then, then_proba = model.predict(without), model.predict_proba(without)
        row = frame.iloc[j]
        only = ((votes >= 0).any(axis=1) & ~(without >= 0).any(axis=1)).sum()
        assert row["only_vote"] == only
        assert row["coverage_lost"] == pytest.approx(only / n)
        assert row["relabeled"] == (hard != then).sum()
        assert row["entropy_gained"] == pytest.approx(entropy(then_proba).mean() - entropy(proba).mean(), abs=1e-9)
        assert row["agreement_lost"] == pytest.approx(
            agreement(votes) - agreement(np.delete(votes, j, axis=1)), nan_ok=True, abs=1e-9
        )
        lost = (hard == gold)[known].mean() - (then == gold)[known].mean() if known.any() else np.nan
        assert row["score_lost"] == pytest.approx(lost, nan_ok=True, abs=1e-9)
        assert row["gold"] == known.sum()
        if known.any():
            assert row["score_low"] - 1e-9 <= lost <= row["score_high"] + 1e-9


@given(cases())
@settings(max_examples=20, deadline=None)
def test_a_model_is_asked_what_it_says_when_the_rule_abstains(case):
    votes, gold, k = case
    model = LabelModel(n_classes=k).fit(votes)
    frame = marginal_values(votes, gold=gold, model=model, n_classes=k)
    for j in range(votes.shape[1]):
        without = votes.copy()
        without[:, j] = -1
        assert frame["relabeled"].iloc[j] == (model.predict(votes) != model.predict(without)).sum()
        gained = entropy(model.predict_proba(without)).mean() - entropy(model.predict_proba(votes)).mean()
        assert frame["entropy_gained"].iloc[j] == pytest.approx(gained, abs=1e-9)


def test_majority_vote_as_a_model_says_the_same_as_none():
    rng = np.random.default_rng(0)
    votes, gold = np.maximum(rng.integers(-3, 3, size=(300, 6)), -1), rng.integers(-1, 3, size=300)
    model = MajorityVote(n_classes=3).fit(votes)
    pd.testing.assert_frame_equal(
        marginal_values(votes, gold=gold, model=model, n_classes=3), marginal_values(votes, gold=gold, n_classes=3)
    )


def test_a_refit_is_the_model_of_a_user_who_took_the_rule_out():
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, size=400)
    votes = np.where(
        rng.random((400, 5)) < 0.7, np.where(rng.random((400, 5)) < 0.8, truth[:, None], 1 - truth[:, None]), -1
    )
    matrix = LabelMatrix.of(votes)
    model = DawidSkene().fit(matrix)
    frame = marginal_values(matrix, gold=truth, model=model, refit=True, lfs=["lf3"])
    others = matrix[["lf0", "lf1", "lf2", "lf4"]]
    then = DawidSkene().fit(others).predict(others)
    assert frame.index.tolist() == ["lf3"]
    assert frame["relabeled"].iloc[0] == (then != model.predict(matrix)).sum()


def test_patterns_with_gold_give_the_same():
    rng = np.random.default_rng(2)
    votes, gold = np.maximum(rng.integers(-3, 2, size=(200, 4)), -1), rng.integers(-1, 2, size=200)
    matrix = LabelMatrix.of(votes)
    p = matrix.patterns
    known = VotePatterns(p.outcomes, p.counts, p.lfs, p.class_names, count_gold(matrix.pattern_index, gold, len(p), 2))
    pd.testing.assert_frame_equal(marginal_values(known), marginal_values(matrix, gold=gold))


def test_one_rule_alone_is_worth_all_that_it_covers():
    row = marginal_values([[0], [1], [-1]], gold=[0, 0, 0]).iloc[0]
    assert (row["only_vote"], row["relabeled"], row["gold"]) == (2, 2, 2)
    assert row["score_lost"] == 0.5
    assert np.isnan(row["agreement_lost"])


def test_gold_that_covers_three_rows_gives_a_wide_interval():
    votes = [[0, 0]] * 50 + [[1, -1]] * 50
    row = marginal_values(votes, gold={0: 0, 1: 0, 50: 1}).iloc[0]
    assert row["gold"] == 3
    assert row["score_high"] - row["score_low"] > 0.5


@pytest.mark.parametrize("n", [20, 200])
@pytest.mark.parametrize(("rescued", "spoiled"), [(0.01, 0.0), (0.01, 0.01), (0.05, 0.0), (0.1, 0.05), (0.4, 0.0)])
def test_intervals_of_the_score_hold_the_truth(n, rescued, spoiled):
    rest = (1 - rescued - spoiled) / 2  # half of the examples are right with and without the rule
    _, with_, without, _ = np.random.default_rng(0).multinomial(n, [rest, rescued, spoiled, rest], 4_000).T
    low, high = paired_difference_interval(with_, without, np.full(4_000, n))
    truth = rescued - spoiled
    assert ((low <= truth + 1e-12) & (high >= truth - 1e-12)).mean() >= 0.935  # 87% by Newcombe's of 1% in 200
    assert ((low <= (with_ - without) / n) & ((with_ - without) / n <= high)).all()


def test_gold_of_which_no_label_changes_is_no_proof_that_none_will():
    low, high = (float(end[0]) for end in paired_difference_interval(np.zeros(1), np.zeros(1), np.full(1, 100.0)))
    assert (low, high) == pytest.approx((-0.0272, 0.0272), abs=1e-4)


def test_a_rule_that_never_votes_changes_nothing():
    row = marginal_values([[0, -1], [1, -1]], gold=[0, 1]).loc["lf1"]
    assert row[["only_vote", "coverage_lost", "relabeled", "entropy_gained", "score_lost"]].tolist() == [0] * 5


def test_no_examples_give_undefined_shares():
    frame = marginal_values(np.zeros((0, 2), dtype=int), gold=[])
    assert frame[["coverage_lost", "entropy_gained", "score_lost"]].isna().all(axis=None)


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(AnalysisError, match="no model to fit anew"):
        marginal_values([[0]], refit=True)
    with pytest.raises(AnalysisError, match="no labeling function is named 'x'"):
        marginal_values([[0]], lfs=["x"])
    with pytest.raises(ModelError, match="no label model"):
        marginal_values([[0]], model="majority")
