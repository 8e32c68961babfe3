"""Explanations and reports of label models, and their robustness to copies, adversaries, noise and many classes."""

import json
import pickle
import re
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import sparse

from labelkit.exceptions import GoldError, ModelError
from labelkit.label_models import (
    IBCC,
    MODELS,
    DawidSkene,
    LabelModel,
    MajorityVote,
    MetalModel,
    OneCoin,
    TripletModel,
    WeightedVote,
    load_model,
)
from labelkit.label_models._agreement import LEAST_KAPPA
from labelkit.label_models._posterior import softmax
from labelkit.label_models.default._gold_correction import gold_prior
from labelkit.votes.hard_labels import RUNNER_UP
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.lf_info import LFInfo
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

EXPLAINED = ["DawidSkene", "IBCC", "LabelModel", "MetalModel", "OneCoin", "SnorkelLabelModel", "TripletModel"]


def observers(accuracies, n=3_000, k=2, seed=0, density=1.0):
    """Votes of functions that are right with a probability each, whatever the class."""
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, k, n)
    votes = np.full((n, len(accuracies)), -1)
    for j, accuracy in enumerate(accuracies):
        wrong = (gold + rng.integers(1, k, n)) % k
        said = np.where(rng.random(n) < accuracy, gold, wrong)
        fires = rng.random(n) < density
        votes[fires, j] = said[fires]
    return votes, gold


def rules(precisions, n=4_000, seed=0, coverage=0.15):
    """Votes of functions for one class each, alternately, right with a probability each."""
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, 2, n)
    votes = np.full((n, len(precisions)), -1)
    for j, precision in enumerate(precisions):
        share = np.where(gold == j % 2, precision, 1 - precision) * 2 * coverage
        votes[rng.random(n) < share, j] = j % 2
    return votes, gold


@st.composite
def any_votes(draw):
    n, m, k = draw(st.integers(1, 12)), draw(st.integers(1, 6)), draw(st.integers(2, 4))
    rng = np.random.default_rng(draw(st.integers(0, 100_000)))
    kinds = rng.random(m) < draw(st.sampled_from([0.0, 0.5, 1.0]))
    votes = np.where(kinds, rng.integers(0, k, size=(n, m)), rng.integers(0, k, size=m))
    gold = np.where(rng.random(n) < 0.5, rng.integers(0, k, n), -1) if draw(st.booleans()) else None
    return np.where(rng.random((n, m)) < 0.4, -1, votes), gold, k


# Explanations ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXPLAINED)
@given(any_votes(), st.booleans())
@settings(max_examples=25, deadline=None)
def test_prior_and_contributions_add_up_to_the_log_odds(name, case, prior):
    votes, gold, k = case
    given_prior = np.arange(1, k + 1) / np.arange(1, k + 1).sum() if prior else None
    model = MODELS[name](n_classes=k, class_prior=given_prior).fit(votes, gold=gold)
    found = model.explain(votes, np.arange(len(votes)))
    np.testing.assert_allclose(found.prior + found.contributions.sum(axis=1), found.log_odds, rtol=0, atol=1e-9)
    proba = model.predict_proba(votes)
    np.testing.assert_allclose(found.proba, proba, rtol=0, atol=1e-9)
    sums = ~found.held
    for c in range(k):
        others = np.delete(np.arange(k), c)
        odds = np.log(proba[:, [c]] / proba[:, others]).mean(axis=1)
        # of the logarithm of the least probability, which may be put below that of a class with a vote
        rounding = (16 * np.finfo(float).eps + 2 * RUNNER_UP) / proba[sums].min(axis=1)
        error = np.abs(found.log_odds[sums, c] - odds[sums])
        assert (error <= 1e-9 * (1 + np.abs(odds[sums])) + rounding).all()
    np.testing.assert_allclose(softmax(found.log_odds * (k - 1) / k)[sums], proba[sums], rtol=0, atol=1e-9)
    assert found.scale == ("log-odds" if k == 2 else "mean log-odds")
    assert (found.contributions[found.votes < 0] == 0).all()


@pytest.mark.parametrize("name", sorted(set(MODELS) - set(EXPLAINED)))
def test_models_whose_scores_are_no_sum_do_not_pretend_to_explain(name):
    votes = np.array([[0, 0, 1], [1, -1, 1], [0, 1, -1], [1, 1, 1]] * 5)
    with pytest.raises(ModelError, match="no log-scores that are sums"):
        MODELS[name]().fit(votes).explain(votes, [0])


def test_three_classes_are_explained_by_mean_log_odds_which_are_defined():
    votes = np.array([[0, 0, 1], [1, -1, 1], [2, 2, -1], [2, 0, 2]] * 5)
    shown = repr(LabelModel().fit(votes).explain(votes, [2]))
    assert shown.startswith("2: 2 0.")
    assert " = mean log-odds +" in shown
    meaning = "mean log-odds of a class: the mean of ln(p(a class) / p(another class)) over the 2 other classes"
    assert shown.endswith(f"\n{meaning}")


@pytest.mark.parametrize(("accuracy", "most"), [(0.6, 0.84), (0.75, 0.91)])
def test_a_vote_counts_once_on_average_where_few_examples_have_two(accuracy, most):
    confidence = []
    for seed in range(5):
        votes, _ = observers([accuracy] * 3, n=1_000, seed=seed, density=0.1)
        model = LabelModel(n_classes=2).fit(votes)
        assert np.average(model.vote_weights_, weights=(votes >= 0).sum(axis=0)) < 1.02  # up to 1.5
        confidence.append(model.predict_proba(votes)[(votes >= 0).any(axis=1)].max(axis=1).mean())
    assert np.mean(confidence) < most  # 0.88 and 0.93


@given(any_votes())
@settings(max_examples=50, deadline=None)
def test_no_vote_is_worth_more_than_perfect_agreement_would_be(case):
    votes, gold, k = case
    model = LabelModel(n_classes=k).fit(votes, gold=gold)
    assert (model.vote_weights_ <= 1 / LEAST_KAPPA).all()


def test_five_rows_on_which_rules_agree_by_chance_alone_make_nothing_certain():
    votes = np.array([[0, -1], [-1, -1], [0, 0], [0, -1], [1, -1]])
    proba = LabelModel(n_classes=2).fit(votes).predict_proba(votes)
    assert 1e-5 < proba.min() < 0.05


def test_an_explanation_reads_well_and_names_rules_and_classes():
    matrix = LabelMatrix.of(
        [[0, -1], [0, 1], [1, 1]], names=["short", "link"], classes=["HAM", "SPAM"], ids=list("abc")
    )
    found = LabelModel().fit(matrix).explain(matrix, "b")
    assert repr(found).startswith("b: ")
    assert "short (HAM)" in repr(found)
    frame = found.to_pandas()
    assert frame.columns.tolist() == ["id", "class", "source", "vote", "log_odds"]
    assert set(frame["source"]) == {"prior", "short", "link"}
    sums = frame.groupby("class")["log_odds"].sum()
    assert sums["SPAM"] == pytest.approx(found.log_odds[0, 1])


def test_an_example_without_votes_is_explained_by_the_prior():
    model = LabelModel(class_prior=[0.2, 0.8]).fit([[0, 1], [1, 1]])
    found = model.explain(np.array([[-1, -1]]), [0])
    assert found.log_odds[0, 1] == pytest.approx(np.log(4))
    assert (found.contributions == 0).all()
    assert repr(found).startswith("0: no label: no rule votes; 1 0.800 = log-odds +1.39 = prior +1.39")


def test_a_tie_is_explained_as_no_label():
    votes = np.array([[0, 1], [0, 0], [1, 1]])
    shown = repr(LabelModel().fit(votes).explain(votes, [0]))
    assert re.match(r"0: no label: the most probable classes are tied; [01] 0\.500 = log-odds [+-]0\.00", shown)


def test_patterns_are_explained_by_position():
    matrix = LabelMatrix.of([[0, 0], [1, 1], [0, 0]])
    found = DawidSkene().fit(matrix).explain(matrix.patterns, [1])
    assert found.votes.tolist() == [[1, 1]]


def test_an_unknown_id_and_a_model_of_shares_explain_nothing():
    matrix = LabelMatrix.of([[0, 0], [1, 1]], ids=["a", "b"])
    with pytest.raises(ModelError, match="no example has the id 'z'"):
        LabelModel().fit(matrix).explain(matrix, ["z"])
    with pytest.raises(ModelError, match="MajorityVote has no log-scores"):
        MajorityVote().fit(matrix).explain(matrix, ["a"])


# Copies, adversaries, noise -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "votes_of", [lambda: observers([0.7, 0.75, 0.8, 0.7, 0.65]), lambda: rules([0.8, 0.7, 0.9] * 2)]
)
def test_copies_of_any_function_change_next_to_nothing(votes_of):
    votes, _ = votes_of()
    there = LabelModel().fit(votes).predict_proba(votes)
    for j in range(votes.shape[1]):
        more = np.concatenate([votes, *[votes[:, [j]]] * 5], axis=1)
        here = LabelModel().fit(more).predict_proba(more)
        covered = (votes >= 0).any(axis=1)
        assert (here.argmax(axis=1) == there.argmax(axis=1))[covered].mean() > 0.97


def test_copies_of_a_rule_for_one_class_do_not_change_how_the_others_are_read():
    votes, _ = observers([0.8, 0.75, 0.7, 0.8], density=0.6)
    rule = np.where(votes[:, [0]] == 1, 1, -1)
    rule[::3] = -1
    once, often = (np.concatenate([votes, *[rule] * n], axis=1) for n in (1, 9))
    there, here = LabelModel().fit(once), LabelModel().fit(often)
    assert there.multipolar_.all()
    assert here.multipolar_.all()
    covered = (votes >= 0).any(axis=1)
    assert (here.predict(often) == there.predict(once))[covered].mean() > 0.99


@pytest.mark.parametrize(("missing", "least"), [(0.0, 0.95), (0.05, 0.95), (0.1, 0.95), (0.3, 0.9)])
def test_near_copies_of_a_poor_rule_do_not_outvote_good_ones(missing, least):
    good, gold = observers([0.9, 0.9, 0.9], n=4_000)
    poor, _ = observers([0.6], n=4_000)
    rng = np.random.default_rng(1)
    copies = np.where(rng.random((4_000, 4)) < missing, -1, poor)
    votes = np.concatenate([good, copies], axis=1)
    assert LabelModel().fit(votes).score(votes, gold) > least


def test_a_rule_that_many_agreeing_rules_contradict_is_not_heeded():
    rng = np.random.default_rng(0)
    number, gold = rng.integers(0, 1_000, 1_500), rng.integers(0, 2, 1_500)
    adversary = np.where((number % 3 == 1) & (gold == 1), 0, -1)
    honest = [np.where((number % d == 0) & (gold == label), label, -1) for label in (0, 1) for d in range(2, 9)]
    votes = np.stack([adversary, *honest], axis=1)
    labels = LabelModel().fit(votes).predict(votes)
    assert ((labels == gold) | (labels < 0)).all()
    assert (labels >= 0).mean() > (votes[:, 1:] >= 0).any(axis=1).mean() - 0.01


def one_class_rules(shares, n=6_000, seed=0):
    """Votes of rules for one class of two: each a class, and the shares of the two classes on which it votes."""
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, 2, n)
    columns = [np.where(rng.random(n) < np.where(gold == label, own, other), label, -1) for label, own, other in shares]
    return np.stack(columns, axis=1), gold


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n_against", [2, 3, 4])
def test_the_only_rule_for_a_class_is_heeded_whatever_the_others_agree_on(n_against, seed):
    against = [(1, 0.3, 0.1)] * n_against
    votes, gold = one_class_rules([(0, 0.6, 0.2), *against], seed=seed)
    model = LabelModel().fit(votes)
    alone = (votes[:, 0] == 0) & (votes[:, 1:] < 0).all(axis=1)
    proba = model.predict_proba(votes)
    assert (proba[alone, 0] > 0.6).all()  # such rows are of its class in more than six cases of seven
    covered = np.where((votes >= 0).any(axis=1), gold, -1)
    assert model.score(votes, covered) > MajorityVote().fit(votes).score(votes, covered)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("narrow", [0.002, 0.01])
@pytest.mark.parametrize("against", [(0.4, 0.2), (0.6, 0.2)])
def test_a_broad_rule_is_heeded_where_the_others_for_its_class_are_narrow(narrow, against, seed):
    mates, others = [(0, narrow, narrow / 5)] * 2, [(1, *against)] * 2
    votes, gold = one_class_rules([(0, 0.6, 0.2), *mates, *others], n=20_000, seed=seed)
    model = LabelModel().fit(votes)
    assert (model.vote_weights_ > 0).all()
    covered = np.where((votes >= 0).any(axis=1), gold, -1)
    assert model.score(votes, covered) > MajorityVote().fit(votes).score(votes, covered)


def test_six_copies_of_a_poor_rule_do_not_outvote_four_good_ones():
    good, gold = observers([0.75, 0.77, 0.79, 0.8])
    poor = np.where(np.random.default_rng(1).random(len(gold)) < 0.6, gold, 1 - gold)
    votes = np.concatenate([good, *[poor[:, None]] * 6], axis=1)
    assert (MajorityVote().fit(votes).predict(votes) == gold).mean() < 0.7
    assert (LabelModel().fit(votes).predict(votes) == gold).mean() > 0.83


def test_adversaries_that_vote_for_several_classes_are_read_upside_down():
    votes, gold = observers([0.8, 0.75, 0.8, 0.75, 0.8, 0.15, 0.2])
    honest = LabelModel().fit(votes[:, :5]).score(votes[:, :5], gold)
    model = LabelModel().fit(votes)
    assert model.score(votes, gold) >= honest
    assert model.score(votes, gold) > MajorityVote().fit(votes).score(votes, gold) + 0.02
    assert set(model.suspects()["lf"]) == {"lf5", "lf6"}
    assert max(model.lf_precision_["lf5"], model.lf_precision_["lf6"]) < 0.4


@pytest.mark.parametrize(("density", "part"), [(0.1, 0.5), (1.0, 0.75)])
def test_random_functions_cost_less_than_majority_vote_loses(density, part):
    votes, gold = rules([0.8, 0.7, 0.9, 0.8] * 2)
    rng = np.random.default_rng(1)
    shape = (len(votes), 5)
    noise = np.where(rng.random(shape) < density, rng.integers(0, 2, size=shape), -1)
    more = np.concatenate([votes, noise], axis=1)
    known = np.where((votes >= 0).any(axis=1), gold, -1)
    lost = {
        model: model().fit(votes).score(votes, known) - model().fit(more).score(more, known)
        for model in (MajorityVote, LabelModel)
    }
    assert lost[LabelModel] < part * lost[MajorityVote]


@pytest.mark.parametrize("n_classes", [2, 6])
def test_rules_for_two_classes_each_that_seldom_overlap_do_not_mislead(n_classes):
    rng = np.random.default_rng(0)
    gold = rng.choice(n_classes, 3_000, p=np.arange(1, n_classes + 1) / np.arange(1, n_classes + 1).sum())
    votes = np.full((3_000, 3 * n_classes), -1)
    for j in range(votes.shape[1]):
        for label in (j % n_classes, (j + 1) % n_classes):
            fires = rng.random(3_000) < np.where(gold == label, 0.15, 0.15 * 0.2 / (n_classes - 1))
            votes[fires, j] = label
    known = np.where((votes >= 0).any(axis=1), gold, -1)
    model, majority = LabelModel().fit(votes), MajorityVote().fit(votes)
    assert model.multipolar_.all()
    assert model.score(votes, known) >= majority.score(votes, known)


def test_a_classifier_beside_rules_for_one_class_shows_how_frequent_the_classes_are():
    rng = np.random.default_rng(0)
    gold = (rng.random(4_000) < 0.1).astype(int)
    rare, usual = gold == 1, gold == 0
    chances = [np.where(rare, 0.5, 0.08), np.where(rare, 0.4, 0.05), np.where(usual, 0.15, 0.1)]
    rules_ = [np.where(rng.random(4_000) < p, label, -1) for p, label in zip(chances, (1, 1, 0), strict=True)]
    classifier = np.where(rng.random(4_000) < 0.8, gold, 1 - gold)
    votes = np.column_stack([*rules_, classifier])
    model = LabelModel().fit(votes)
    assert model.class_prior_[1] == pytest.approx((classifier == 1).mean(), abs=0.01)
    assert model.score(votes, gold) > MajorityVote().fit(votes).score(votes, gold)


def beside_rules(seed, *, accuracies, n_rules, k=4, n=3_000, share=0.85):
    """Votes of classifiers that see every example, and of narrow rules for the rarer classes; one class is usual."""
    rng = np.random.default_rng(seed)
    gold = np.where(rng.random(n) < share, 0, rng.integers(1, k, n))
    votes = np.full((n, len(accuracies) + n_rules), -1)
    for j, accuracy in enumerate(accuracies):
        votes[:, j] = np.where(
            rng.random(n) < accuracy, gold, rng.choice(k, n, p=[share, *[(1 - share) / (k - 1)] * (k - 1)])
        )
    for j in range(n_rules):
        label, precision = 1 + j % (k - 1), rng.uniform(0.5, 0.9)
        mine, wrong = gold == label, 0.2 * (gold == label).mean() * (1 - precision) / precision
        votes[rng.random(n) < np.where(mine, 0.2, wrong), len(accuracies) + j] = label
    return votes, gold


@pytest.mark.parametrize(
    "accuracies", [(0.1, 0.1, 0.1), (0.3, 0.5), (0.6, 0.7, 0.5, 0.8)], ids=["poor", "fair", "good"]
)
@pytest.mark.parametrize("n_rules", [3, 12, 40])
def test_rules_beside_classifiers_lose_no_usual_class(accuracies, n_rules):
    gained, better = [], []
    for seed in range(3):
        votes, gold = beside_rules(seed, accuracies=accuracies, n_rules=n_rules)
        model, majority = LabelModel().fit(votes), MajorityVote().fit(votes)
        assert model.crowd_ or max(accuracies) < 0.2
        gained.append(model.score(votes, gold) - majority.score(votes, gold))
        better.append(majority.evaluate(votes, gold).log_loss - model.evaluate(votes, gold).log_loss)
    assert min(gained) > -0.05  # where chance classifiers look like a crowd
    assert np.mean(gained) > (-0.03 if max(accuracies) < 0.2 else -0.01)
    assert min(better) > 0


@pytest.mark.parametrize("n_gold", [0, 60])
def test_explanations_beside_a_crowd_add_up_and_order_changes_nothing(n_gold, tmp_path):
    votes, truth = beside_rules(1, accuracies=(0.6, 0.7, 0.5), n_rules=12)
    gold = np.where(np.arange(len(truth)) < n_gold, truth, -1)
    model = LabelModel().fit(votes, gold=gold)
    assert model.crowd_
    proba = model.predict_proba(votes)
    found = model.explain(votes, np.arange(200))
    np.testing.assert_allclose(found.prior + found.contributions.sum(axis=1), found.log_odds, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.proba, proba[:200], rtol=0, atol=1e-9)
    rows, columns = np.random.default_rng(0).permutation(len(votes)), np.random.default_rng(1).permutation(15)
    moved = LabelModel().fit(votes[rows][:, columns], gold=gold[rows])
    np.testing.assert_allclose(moved.predict_proba(votes[rows][:, columns]), proba[rows], rtol=0, atol=1e-6)
    np.testing.assert_array_equal(load_model(model.save(tmp_path / "model")).predict_proba(votes), proba)


def test_constant_voters_of_a_crowd_are_not_taken_for_rules():
    rng = np.random.default_rng(0)
    votes, gold = observers([0.7, 0.65, 0.6, 0.75, 0.7, 0.6], n=3_000, k=5, density=0.4)
    constant = np.where(rng.random((3_000, 2)) < 0.4, [2, 4], -1)
    votes = np.column_stack([votes, constant])
    model = LabelModel().fit(votes)
    assert model.crowd_
    known = np.where((votes >= 0).any(axis=1), gold, -1)
    assert model.score(votes, known) > MajorityVote().fit(votes).score(votes, known) + 0.02
    predicted = model.predict(votes)[known >= 0]  # without a label where a constant vote alone ties
    assert np.bincount(predicted[predicted >= 0])[[2, 4]].max() < 0.3 * (predicted >= 0).sum()
    assert (predicted >= 0).mean() > 0.95


@pytest.mark.parametrize("coverage", [1.0, 0.5])
def test_functions_that_vote_at_random_are_no_crowd(coverage):
    votes, gold = rules([0.9, 0.85, 0.8, 0.75, 0.8, 0.7], coverage=0.3)
    rng = np.random.default_rng(0)
    noise = np.where(rng.random((len(votes), 5)) < coverage, rng.integers(0, 2, (len(votes), 5)), -1)
    both = np.column_stack([votes, noise])
    covered = (votes >= 0).any(axis=1)
    known = np.where(covered, gold, -1)
    model = LabelModel().fit(both)
    assert not model.crowd_
    lost = LabelModel().fit(votes).score(votes, known) - model.score(both, known)
    majority = MajorityVote().fit(votes).score(votes, known) - MajorityVote().fit(both).score(both, known)
    assert lost < 0.5 * majority


def test_rules_find_a_class_that_the_crowd_does_not_vote_for():
    rng = np.random.default_rng(0)
    gold = rng.choice(3, 2_000, p=[0.4, 0.4, 0.2])
    guess = np.where(gold < 2, gold, rng.integers(0, 2, 2_000))
    crowd = [np.where(rng.random(2_000) < 0.7, guess, rng.integers(0, 2, 2_000)) for _ in range(5)]
    found = [np.where(rng.random(2_000) < np.where(gold == 2, 0.4, 0.02), 2, -1) for _ in range(10)]
    votes = LabelMatrix.of(np.column_stack([*crowd, *found]), classes=["a", "b", "c"])
    lfs = tuple(lf if j < 5 else replace(lf, labels=(2,)) for j, lf in enumerate(votes.lfs))
    matrix = replace(votes, lfs=lfs)
    model = LabelModel().fit(matrix)
    assert model.crowd_
    assert model.score(matrix, gold) > MajorityVote().fit(matrix).score(matrix, gold) + 0.05
    assert (model.predict(matrix)[gold == 2] == 2).mean() > 0.8


@pytest.mark.parametrize("accuracy", [0.5, 0.7])
def test_a_silent_rule_changes_nothing(accuracy):
    votes, _ = observers([accuracy, 0.6, 0.55, accuracy], n=300)
    matrix = LabelMatrix.of(np.column_stack([votes, np.full(300, -1)]), classes=["a", "b"])
    silent = replace(matrix, lfs=(*matrix.lfs[:-1], LFInfo("silent", labels=(1,))))
    without = LabelModel(n_classes=2).fit(votes).predict_proba(votes)
    np.testing.assert_allclose(LabelModel().fit(silent).predict_proba(silent), without, rtol=0, atol=1e-12)


def test_examples_without_a_vote_of_the_crowd_do_not_change_its_prior():
    rng = np.random.default_rng(0)
    gold = (rng.random(6_000) < 0.03).astype(int)
    crowd = [np.where(rng.random(6_000) < 0.95, gold, 1 - gold) for _ in range(5)]
    votes = np.column_stack([*crowd, np.where(rng.random(6_000) < 0.95, 0, -1)])
    alone = LabelModel().fit(votes[:, :5]).class_prior_[1]
    votes[rng.random(6_000) < 0.2, :5] = -1
    names = ["a", "b", "c", "d", "e", "rule"]
    matrix = LabelMatrix.of(votes, names=names, classes=["x", "y"])
    matrix = replace(matrix, lfs=(*matrix.lfs[:-1], LFInfo("rule", labels=(0,))))
    model = LabelModel().fit(matrix)
    assert model.crowd_
    assert model.class_prior_[1] == pytest.approx(alone, abs=0.01)


def test_a_class_prior_of_nearly_one_is_no_trouble():
    votes, _ = beside_rules(0, accuracies=(0.6, 0.7, 0.5), n_rules=4)
    model = LabelModel(class_prior=[1, 1e-20, 1e-20, 1e-20]).fit(votes)
    assert np.isfinite(model.predict_proba(votes)).all()


def test_beside_a_crowd_a_rule_moves_an_example_to_its_precision():
    votes, _ = beside_rules(0, accuracies=(0.6, 0.5), n_rules=1)
    plain, shown = LabelMatrix.of(votes), votes[:, -1] == 1
    rule = LFInfo(plain.lfs[-1].name, labels=(1,))  # declared for one class, so that it is no constant voter
    proba = []
    for last in (rule, replace(rule, precision=0.99)):
        matrix = replace(plain, lfs=(*plain.lfs[:-1], last))
        model = LabelModel().fit(matrix)
        assert model.multipolar_.sum() == 2
        proba.append(model.predict_proba(matrix)[shown, 1].mean())
    without = LabelModel().fit(votes[:, :-1]).predict_proba(votes[:, :-1])[shown, 1].mean()
    assert without + 0.1 < proba[0] < proba[1] - 0.02


def test_rules_of_one_group_that_vote_together_count_less():
    votes = np.repeat([[0, 0, 0, 1, -1], [1, -1, -1, 1, -1], [0, -1, 0, -1, 1], [-1, 0, 0, -1, 0]], 30, axis=0)
    whole = LabelMatrix.of(votes)
    grouped = tuple(LFInfo(lf.name, group="ann" if j < 3 else None) for j, lf in enumerate(whole.lfs))
    alone, together = LabelModel().fit(whole), LabelModel().fit(replace(whole, lfs=grouped))
    assert together.independence_.sum() < alone.independence_.sum()


# Gold -----------------------------------------------------------------------------------------------------------------


def test_gold_rows_have_their_class_in_labels_where_they_are_named_again():
    matrix = LabelMatrix.of([[0, 0], [1, 1], [-1, -1], [1, 1]], ids=list("abcd"), classes=["HAM", "SPAM"])
    gold = {"b": "HAM", "c": "SPAM"}
    model = LabelModel().fit(matrix, gold=gold)
    labels = model.label(matrix, gold=gold)
    assert labels.hard().tolist()[1:3] == [0, 1]
    assert labels.proba[1:3].tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert labels.is_covered.tolist() == [True] * 4
    rest = model.label(matrix)
    assert labels.proba[[0, 3]].tolist() == rest.proba[[0, 3]].tolist()
    assert rest.proba[1].tolist() == rest.proba[3].tolist()  # without gold, labels go by votes alone
    with pytest.raises(GoldError, match="know no examples"):
        model.label(matrix.patterns, gold=[0, 1, 1])


@given(st.lists(st.integers(0, 200), min_size=1, max_size=6).filter(any))
def test_a_prior_from_gold_lies_between_an_even_one_and_the_counts(counts):
    n, k = np.array(counts, dtype=float), len(counts)
    prior, share = gold_prior(n)
    assert prior.sum() == pytest.approx(1)
    assert 0 <= share < 1
    assert (prior > 0).all()
    smooth = (n + 0.5) / (n + 0.5).sum()
    assert (np.abs(prior - 1 / k) <= np.abs(smooth - 1 / k) + 1e-12).all()
    assert gold_prior(100 * n)[1] >= share


def test_a_few_gold_rows_set_no_prior_by_accident():
    rng = np.random.default_rng(0)
    shares = [gold_prior(rng.multinomial(20, [0.5, 0.5]).astype(float))[1] for _ in range(200)]
    assert np.mean(np.array(shares) > 0) < 0.2


@pytest.mark.parametrize("n_gold", [20, 100])
@pytest.mark.parametrize("kind", ["rules", "observers"])
def test_on_average_over_draws_gold_does_not_make_labels_worse(kind, n_gold):
    """A draw of 20 rows can mislead by several points; the mean over draws may not by one."""
    gained = []
    for seed in range(4):
        made = rules([0.9, 0.8, 0.7, 0.75, 0.6, 0.85], n=1_500, seed=seed)
        votes, gold = made if kind == "rules" else observers([0.9, 0.6, 0.7, 0.65], n=1_500, seed=seed, density=0.5)
        known = np.where((votes >= 0).any(axis=1), gold, -1)
        without = LabelModel().fit(votes)
        for draw in range(6):
            chosen = np.isin(np.arange(len(gold)), np.random.default_rng(draw).permutation(len(gold))[:n_gold])
            model = LabelModel().fit(votes, gold=np.where(chosen, gold, -1))
            rest = np.where(chosen, -1, known)
            gained.append(model.score(votes, rest) - without.score(votes, rest))
    assert np.mean(gained) > (-0.01 if n_gold == 20 else 0)


def test_gold_shows_which_rule_is_wrong():
    votes, gold = rules([0.9, 0.2, 0.85, 0.8])  # the second votes for class 1 and is mostly wrong
    known = np.where(np.arange(len(gold)) < 100, gold, -1)
    rest = np.where((votes >= 0).any(axis=1) & (known < 0), gold, -1)
    assert LabelModel().fit(votes, gold=known).score(votes, rest) > LabelModel().fit(votes).score(votes, rest) + 0.05


# Reports --------------------------------------------------------------------------------------------------------------


def test_precisions_have_intervals_where_there_is_gold_and_say_so_where_there_is_none():
    votes, gold = rules([0.9, 0.85, 0.8, 0.75, 0.9, 0.7])
    partial = np.where(np.arange(len(gold)) < 400, gold, -1)
    without, with_gold = LabelModel().fit(votes).precisions(), LabelModel().fit(votes, gold=partial).precisions()
    columns = ["lf", "vote", "votes", "precision", "low", "high", "gold", "basis"]
    assert without.columns.tolist() == with_gold.columns.tolist() == columns
    assert (without["basis"] == "none").all()
    assert ((without["low"] == 0) & (without["high"] == 1)).all()
    assert (with_gold["basis"] == "gold").all()
    assert ((with_gold["low"] <= with_gold["precision"]) & (with_gold["precision"] <= with_gold["high"])).all()
    truth = np.array([(gold[votes[:, j] >= 0] == j % 2).mean() for j in range(6)])
    assert ((with_gold["low"] <= truth) & (truth <= with_gold["high"])).mean() >= 0.8


def test_precision_is_nearly_zero_where_all_gold_is_against_a_rule():
    votes, gold = rules([0.9, 0.85, 0.8, 0.75])
    against = np.where(votes[:, 0] == 0, 1, gold)
    found = LabelModel().fit(votes, gold=against).precisions().iloc[0]
    assert found["low"] == 0 <= found["precision"] <= found["high"] < 0.02


def test_a_given_class_prior_bounds_precisions_without_gold():
    gold = (np.arange(2_000) < 200).astype(int)
    votes = np.stack([np.where(np.arange(2_000) < 1_000, 1, -1), np.where(np.arange(2_000) < 1_990, 0, -1)], axis=1)
    found = LabelModel(class_prior=[0.9, 0.1]).fit(votes).precisions()
    assert (found["basis"] == "class prior").all()
    truth = [(gold[:1_000] == 1).mean(), (gold[:1_990] == 0).mean()]
    assert ((found["low"] <= truth) & (truth <= found["high"])).all()
    assert found["high"][0] < 0.24  # 200 examples of the class, 1,000 votes for it
    assert found["low"][1] > 0.88


def test_redundant_pairs_are_listed():
    votes, _ = observers([0.7, 0.7, 0.7], k=4)
    votes = np.concatenate([votes, votes[:, [1]]], axis=1)
    found = LabelModel().fit(LabelMatrix.of(votes, names=["a", "b", "c", "b again"])).redundancies()
    assert {found["lf"][0], found["other"][0]} == {"b", "b again"}
    assert found["overlap"][0] == 1.0


def test_the_verdict_tests_where_there_is_gold_and_says_nothing_without():
    same = np.repeat([[0, 0, 0], [1, 1, 1]], 50, axis=0)
    verdict = LabelModel().fit(same).verdict()
    assert verdict.use is None
    assert "differ from majority vote's on 0.0%" in str(verdict)
    votes, gold = observers([0.95, 0.6, 0.6, 0.6, 0.6])
    without = LabelModel().fit(votes).verdict()
    assert (without.use, without.gain) == (None, None)
    assert "give some gold" in without.reason
    verdict = LabelModel().fit(votes, gold=np.where(np.arange(len(gold)) < 400, gold, -1)).verdict()
    assert verdict.use is True
    assert 0 < verdict.low < verdict.gain < verdict.high
    assert f"{100 * verdict.gain:+.1f} points" in verdict.reason


def test_the_verdict_says_where_majority_vote_is_better():
    votes, gold = observers([0.7] * 5, n=2_000)
    seen = np.arange(len(gold)) < 200
    votes[~seen, 0] = gold[~seen]
    model = LabelModel().fit(votes, gold=np.where(seen, gold, -1))
    assert model.verdict().use is not True


def test_gold_without_votes_does_not_count_in_the_verdict():
    votes, gold = rules([0.9, 0.85, 0.8, 0.75])
    uncovered = (votes < 0).all(axis=1)
    assert uncovered.any()
    labeled = np.where(np.arange(len(gold)) < 1_000, gold, -1)
    verdict = LabelModel().fit(votes, gold=labeled).verdict()
    n_covered = int((~uncovered[:1_000]).sum())
    assert f"on {n_covered:,} covered gold examples" in verdict.reason


def test_reports_survive_saving(tmp_path):
    votes, gold = rules([0.9, 0.85, 0.8, 0.75])
    model = LabelModel().fit(votes, gold=np.where(np.arange(len(gold)) < 50, gold, -1))
    loaded = load_model(model.save(tmp_path))
    assert loaded.precisions().equals(model.precisions())
    assert loaded.suspects().equals(model.suspects())
    assert loaded.redundancies().equals(model.redundancies())
    assert loaded.verdict() == model.verdict()
    assert repr(loaded.explain(votes, [0])) == repr(model.explain(votes, [0]))


def test_the_class_prior_is_learned_from_votes_from_gold_or_given():
    votes, gold = observers([0.9] * 5)
    skewed = np.concatenate([votes[gold == 0], votes[gold == 1][:300]])
    truth = np.r_[np.zeros((gold == 0).sum()), np.ones(300)].astype(int)
    learned = LabelModel().fit(skewed).class_prior_
    assert learned[1] == pytest.approx(truth.mean(), abs=0.05)
    known = np.where(np.random.default_rng(0).random(len(truth)) < 0.3, truth, -1)
    assert LabelModel().fit(skewed, gold=known).class_prior_[1] == pytest.approx(truth.mean(), abs=0.05)
    assert LabelModel(class_prior=[0.3, 0.7]).fit(skewed).class_prior_.tolist() == [0.3, 0.7]


# The peers ------------------------------------------------------------------------------------------------------------


def test_one_coin_finds_accuracies():
    votes, _ = observers([0.9, 0.8, 0.7, 0.6, 0.8], n=20_000, k=3)
    model = OneCoin().fit(votes)
    found = model.lf_accuracy_[np.argsort(model.lf_order_)]
    np.testing.assert_allclose(found, [0.9, 0.8, 0.7, 0.6, 0.8], atol=0.02)


def test_triplets_find_correlations_with_the_class():
    votes, _ = observers([0.9, 0.8, 0.7, 0.75], n=50_000, density=0.8)
    model = TripletModel().fit(votes)
    found = model.correlation_[np.argsort(model.lf_order_), 1]
    np.testing.assert_allclose(found, [0.8, 0.6, 0.4, 0.5], atol=0.03)


def test_moments_find_better_rules():
    votes, _ = observers([0.9, 0.6, 0.75, 0.75, 0.75], n=20_000)
    model = MetalModel().fit(votes)
    worth = (model.weights_[:, 1] - model.weights_[:, 0])[model.column_codes_ % 2 == 1]
    best, worst = np.flatnonzero(model.lf_order_ == 0)[0], np.flatnonzero(model.lf_order_ == 1)[0]
    assert worth[best] == worth.max()
    assert worth[worst] == worth.min()


def test_weighted_vote_weighs_agreement_with_the_majority():
    votes = np.array([[0, 0, 1], [1, 1, 0], [0, 0, 0]])
    model = WeightedVote().fit(votes)
    weights = model.lf_weights_[np.argsort(model.lf_order_)]
    np.testing.assert_allclose(weights, [(1 + 2 / 3 * 2 + 1) / 5] * 2 + [(1 + 1 / 3 * 2 + 1) / 5])


@pytest.mark.parametrize("model", [OneCoin, DawidSkene, IBCC])
def test_gold_rows_are_clamped_where_a_model_runs_em(model):
    votes, gold = observers([0.6, 0.6, 0.6], n=400, seed=3)
    assert model().fit(votes, gold=gold).score(votes, gold) >= model().fit(votes).score(votes, gold)


@pytest.mark.parametrize("params", [(MetalModel, {"precision": 1.0}), (IBCC, {"diagonal": -1.0})])
def test_parameters_out_of_range_are_refused(params):
    model, wrong = params
    with pytest.raises(ModelError, match=next(iter(wrong))):
        model(**wrong).fit([[0, 1]])


# Size -----------------------------------------------------------------------------------------------------------------


def test_a_thousand_functions_and_1400_classes_stay_in_bounded_memory():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 1_400, 1_000)
    kinds = [np.sort(rng.choice(1_000, 3, replace=False)) for _ in range(2_000)]
    columns = np.array(kinds)[rng.integers(0, 2_000, 100_000)]
    rows = np.repeat(np.arange(100_000), 3)
    votes = sparse.csr_array((label[columns.ravel()] + 1, (rows, columns.ravel())), shape=(100_000, 1_000))
    tracemalloc.start()
    labels = LabelModel(n_classes=1_400).fit(votes).label(votes)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert labels.pattern_proba.shape == (len(np.unique(np.array(kinds), axis=0)), 1_400)
    assert peak < 300e6


@pytest.mark.parametrize("name", ["LabelModel", "MajorityVote"])
def test_rows_that_all_differ_take_no_array_of_their_probabilities(name):
    rng, n, k = np.random.default_rng(0), 60_000, 1_400
    steps = rng.integers(1, 250, (n, 4))  # four of them are less than 1,000: the columns of a row differ
    columns = (rng.integers(0, 1_000, (n, 1)) + np.cumsum(steps, axis=1)) % 1_000
    said = rng.integers(0, k, 1_000)[columns] if name == "LabelModel" else rng.integers(0, k, (n, 4))
    votes = sparse.csr_array((said.ravel() + 1, (np.repeat(np.arange(n), 4), columns.ravel())), shape=(n, 1_000))
    del columns, steps
    tracemalloc.start()
    model = MODELS[name](n_classes=k).fit(votes)
    labels = model.label(votes)
    hard, part = labels.hard(), labels[[5, 40_000, 7]].proba
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.6 * 8 * n * k
    assert np.allclose(part, model.predict_proba(votes[[5, 40_000, 7]]), atol=1e-12)
    assert np.array_equal(hard[:100], model.predict(votes[:100]))


def _columns_of_pairs(votes, monkeypatch, n):
    """Fit a model that computes pairs of columns in blocks of at most ``n``."""
    monkeypatch.setattr("labelkit.label_models._overlaps.DENSE_COLUMNS", 0)
    monkeypatch.setattr("labelkit.label_models._overlaps.MOST_PAIRS", n)
    return LabelModel().fit(votes)


@pytest.mark.parametrize("n", [1, 7, 1_000])
def test_redundancy_is_the_same_however_many_pairs_are_looked_at_together(n, monkeypatch):
    votes = rules([0.8, 0.8, 0.7, 0.6, 0.6])[0]
    votes = np.column_stack([votes, votes[:, 1], votes[:, 2]])
    model = LabelModel().fit(votes)
    other = _columns_of_pairs(votes, monkeypatch, n)
    assert np.allclose(other.independence_, model.independence_, rtol=1e-12)
    assert other.redundancies().equals(model.redundancies())
    assert len(model.redundancies()) == 2


@pytest.fixture
def computed(monkeypatch):
    """Probabilities are made when they are asked for, however few, and a few rows at a time."""
    monkeypatch.setattr("labelkit.label_models.pattern_label_model.KEPT_CELLS", 0)
    monkeypatch.setattr("labelkit._shared.computed_rows.PIECE_CELLS", 50)
    monkeypatch.setattr("labelkit.votes.probabilistic_labels.SAVED_CELLS", 50)


@pytest.mark.parametrize("name", sorted(set(MODELS) - {"SnorkelLabelModel"}))
def test_labels_that_are_made_when_asked_for_are_the_same(name, request, tmp_path):
    votes, gold = observers([0.9, 0.7, 0.6, 0.6], n=300, k=3, density=0.6)
    known = {row: int(gold[row]) for row in range(0, 300, 9)}
    model = MODELS[name]().fit(votes, gold=np.where(np.arange(300) < 50, gold, -1))
    other = MODELS[name]().fit(votes[:100])
    kept, clamped, score, evaluation = (
        model.label(votes),
        model.label(votes, gold=known),
        model.score(votes, gold),
        model.evaluate(votes, gold),
    )
    proba, predicted, joined = model.predict_proba(votes), model.predict(votes), [kept, other.label(votes)]
    request.getfixturevalue("computed")
    made, made_clamped = model.label(votes), model.label(votes, gold=known)
    made_joined = ProbabilisticLabels.concat([made, other.label(votes)])
    assert not isinstance(made.pattern_proba, np.ndarray)
    for one, same in [
        (made, kept),
        (made_clamped, clamped),
        (made_joined, ProbabilisticLabels.concat(joined)),
        (made[::-7], kept[::-7]),
        (made.covered, kept.covered),
        (pickle.loads(pickle.dumps(made)), kept),
    ]:
        for ties in ("abstain", "first", "random"):
            assert np.array_equal(one.hard(ties=ties), same.hard(ties=ties))
        assert np.array_equal(one.proba, same.proba)
        assert one.to_arrow().equals(same.to_arrow())
        assert repr(one) == repr(same)
    assert ProbabilisticLabels.load(made.save(tmp_path / "labels.parquet")).to_arrow().equals(kept.to_arrow())
    assert np.array_equal(model.predict_proba(votes), proba)
    assert np.array_equal(model.predict(votes), predicted)
    assert model.score(votes, gold) == score
    assert model.evaluate(votes, gold).to_dict() == evaluation.to_dict()


def test_labels_that_are_made_when_asked_for_are_those_of_the_model_as_it_was(computed):
    votes, gold = observers([0.9, 0.7, 0.6], n=300)
    model = LabelModel().fit(votes)
    labels, before = model.label(votes), model.predict_proba(votes)
    model.fit(votes, gold=gold)
    assert np.array_equal(labels.proba, before)
    assert not np.allclose(model.predict_proba(votes), before)


def test_a_crowd_over_very_many_classes_is_counted_since_its_confusions_would_be_too_large():
    rng = np.random.default_rng(0)
    gold = rng.integers(0, 1_400, 3_000)
    votes = np.where(rng.random((3_000, 15)) < 0.7, gold[:, None], rng.integers(0, 1_400, (3_000, 15)))
    model = LabelModel(n_classes=1_400).fit(votes)
    assert not model.confused_.any()
    assert model.score(votes, gold) > 0.99


@pytest.mark.parametrize("name", ["DawidSkene", "LabelModel", "MajorityVote", "MetalModel"])
def test_a_model_that_finds_too_little_memory_says_how_much_it_takes(name, monkeypatch):
    votes = np.random.default_rng(0).integers(0, 20, size=(50, 5))
    model = MODELS[name]().fit(votes)
    monkeypatch.setattr("labelkit._shared.memory.LITTLE", 0)
    monkeypatch.setattr("labelkit._shared.memory.free_memory", lambda: 100.0)
    with pytest.raises(ModelError, match=r"takes [\d.,]+ GB, and 0.0 GB are free"):
        model.predict_proba(votes)
    if name != "MajorityVote":
        with pytest.raises(ModelError, match=r"takes [\d.,]+ GB"):
            MODELS[name]().fit(votes)


def test_a_model_of_another_version_is_refused(tmp_path):
    LabelModel().fit(np.array([[0, 1], [1, 1]])).save(tmp_path)
    known = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps({**known, "format": 1}))
    with pytest.raises(ModelError, match="another version of labelkit"):
        load_model(tmp_path)


def test_random_votes_beside_many_good_rules_are_seldom_suspects():
    """Votes on one example go together: counted one by one, the random rule was named in half of such fits."""
    named = {"random": 0, "wrong": 0}
    for seed in range(25):
        rng = np.random.default_rng(seed)
        truth = rng.integers(0, 2, 1_000)

        def votes(right, coverage, truth=truth, rng=rng):
            said = np.where(rng.random(1_000) < right, truth, 1 - truth)
            return np.where(rng.random(1_000) < coverage, said, -1)

        columns = [votes(0.5, 0.3), votes(0.3, 0.3), *(votes(0.95, 0.6) for _ in range(60))]
        names = ["random", "wrong", *(f"good{number}" for number in range(60))]
        matrix = LabelMatrix.of(np.column_stack(columns), names=names)
        suspects = set(LabelModel().fit(matrix).suspects()["lf"])
        for name in named:
            named[name] += name in suspects
        assert not suspects - {"random", "wrong"}
    assert named["random"] <= 1
    assert named["wrong"] == 25
