"""Rules that are alike tell the class prior by their abstentions; others are counted as before."""

import numpy as np
import pytest

from labelkit.label_models import LabelModel, MajorityVote, load_model
from tests.benchmarks.alike_rules import PRIORS, accuracy, alike_votes, doubtful_votes


def _accuracies(prior, n_rules, seed, **given):
    votes, truth, best = alike_votes(prior, n_rules, np.random.default_rng(seed))
    covered = (votes >= 0).any(axis=1)
    proba = LabelModel(n_classes=len(prior), **given).fit(votes).predict_proba(votes)
    majority = MajorityVote(n_classes=len(prior)).fit(votes).predict_proba(votes)
    return [accuracy(one[covered], truth[covered]) for one in (majority, proba, best)]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("classes", ["4, 70%", "8, 30%"])
def test_alike_rules_of_skewed_classes_are_labeled_nearly_as_well_as_by_their_true_rates(classes, seed):
    majority, model, best = _accuracies(PRIORS[classes], 5, seed)
    assert model > majority
    assert model > best - 1.5


def test_a_given_prior_is_kept():
    prior = PRIORS["4, 70%"]
    votes, _, _ = alike_votes(prior, 5, np.random.default_rng(0))
    model = LabelModel(class_prior=prior).fit(votes)
    assert len(model.class_offsets_) == 4
    assert model.class_prior_ == pytest.approx(prior)


def test_the_learned_prior_is_near_the_true_one():
    prior = PRIORS["8, 30%"]
    votes, truth, _ = alike_votes(prior, 5, np.random.default_rng(1))
    model = LabelModel(n_classes=8).fit(votes)
    assert np.abs(model.class_prior_ - np.bincount(truth) / len(truth)).max() < 0.03


def test_rules_that_are_copied_or_of_other_coverage_are_not_alike():
    votes, _, _ = alike_votes(PRIORS["4, 70%"], 5, np.random.default_rng(0))
    copied = np.column_stack([votes, votes[:, :1], votes[:, :1], votes[:, :1]])
    thinned = np.where(np.random.default_rng(1).random(votes.shape) < np.tile([1, 0.8, 0.5, 0.3, 0.1], 4), votes, -1)
    for one in (copied, thinned, votes[:900], votes[:, [0, 1, 5, 6, 10, 11, 15, 16]]):
        assert not len(LabelModel(n_classes=4).fit(one).class_offsets_)


@pytest.mark.parametrize("n_rules", [3, 6])
@pytest.mark.parametrize("seed", range(5))
def test_rules_that_vote_elsewhere_nearly_as_often_are_not_alike(n_rules, seed):
    """Where 80% of the rate on the class were allowed elsewhere, some were taken for it, and lost up to 17 points."""
    votes, _ = doubtful_votes(0.65, 0.95, None, (2, n_rules, 0.6), 4_000, np.random.default_rng(seed))
    assert not len(LabelModel(n_classes=2).fit(votes).class_offsets_)


def test_a_saved_model_has_the_same_probabilities(tmp_path):
    votes, _, _ = alike_votes(PRIORS["4, 70%"], 5, np.random.default_rng(0))
    model = LabelModel(n_classes=4).fit(votes)
    assert len(model.class_offsets_) == 4
    again = load_model(model.save(tmp_path / "model"))
    assert again.predict_proba(votes) == pytest.approx(model.predict_proba(votes), abs=1e-12)


def test_gold_corrects_alike_rules():
    votes, truth, best = alike_votes(PRIORS["8, 30%"], 5, np.random.default_rng(2))
    gold = np.where(np.arange(len(truth)) < 100, truth, -1)
    judged = (votes >= 0).any(axis=1) & (gold < 0)
    proba = LabelModel(n_classes=8).fit(votes, gold=gold).predict_proba(votes)
    assert accuracy(proba[judged], truth[judged]) > accuracy(best[judged], truth[judged]) - 2


def test_fitted_again_on_other_votes_a_model_forgets_that_rules_were_alike():
    votes, _, _ = alike_votes(PRIORS["4, 70%"], 5, np.random.default_rng(0))
    few = votes[:900]
    model = LabelModel(n_classes=4).fit(votes).fit(few)
    assert np.array_equal(model.predict_proba(few), LabelModel(n_classes=4).fit(few).predict_proba(few))
