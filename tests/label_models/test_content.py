"""ContentLabelModel: votes and features together, and what becomes of features that carry nothing or are wrong."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import labelkit as lk
from labelkit.exceptions import BundleError, GoldError, ModelError
from labelkit.label_models import ContentLabelModel, LabelModel, LabelModelLike, load_model
from labelkit.label_models.content._classifier import FOLDS, ContentClassifier, log_softmax
from labelkit.label_models.content._feature_rows import feature_hashes
from labelkit.label_models.content._strength import fit_exponents, judge_content
from labelkit.votes.label_matrix import LabelMatrix

N_WORDS = 60


def corpus(n=2_000, k=2, n_lfs=8, seed=0, coverage=0.15, accuracy=0.8, share=None):
    """Votes, counts of words and gold: each class has its words, and each rule a class."""
    rng = np.random.default_rng(seed)
    gold = rng.choice(k, n, p=share)
    votes = np.full((n, n_lfs), -1)
    for j in range(n_lfs):
        right = gold == j % k
        fires = rng.random(n) < np.where(right, coverage * 2 * accuracy, coverage * 2 * (1 - accuracy))
        votes[fires, j] = j % k
    rate = np.full((k, N_WORDS), 0.05)
    for c in range(k):
        rate[c, c::k] = 0.15
    words = sparse.csr_array((rng.random((n, N_WORDS)) < rate[gold]).astype(np.float64))
    return votes, words, gold


VOTES, WORDS, GOLD = corpus()
COVERED = (VOTES >= 0).any(axis=1)
MODEL = ContentLabelModel().fit(VOTES, WORDS)


def shuffled(features, seed=0):
    return features[np.random.default_rng(seed).permutation(features.shape[0])]


# Labels ---------------------------------------------------------------------------------------------------------------


def test_content_labels_uncovered_rows_and_corrects_covered_ones():
    by_votes, by_both = LabelModel().fit(VOTES).predict(VOTES), MODEL.predict(VOTES, WORDS)
    assert MODEL.gate_.is_open
    assert MODEL.gate_.touches_covered
    assert "without gold, mistakes that content shares with the rules are not seen" in repr(MODEL.gate_)
    assert (by_both == GOLD)[~COVERED].mean() > 0.85
    assert (by_both == GOLD)[COVERED].mean() > (by_votes == GOLD)[COVERED].mean() + 0.03


def test_probabilities_are_probabilities_for_several_classes():
    votes, words, gold = corpus(k=4, n_lfs=12)
    model = ContentLabelModel(n_classes=4).fit(votes, words)
    proba = model.predict_proba(votes, words)
    assert np.allclose(proba.sum(axis=1), 1)
    assert (proba >= 0).all()
    assert (proba.argmax(axis=1) == gold).mean() > 0.6


def test_labels_count_rows_that_content_labels_as_covered_and_gold_is_certain():
    labels = MODEL.label(VOTES, WORDS, gold={3: 1 - int(GOLD[3])})
    assert labels.is_covered.all()
    assert labels.hard()[3] == 1 - GOLD[3]
    assert labels.proba[4].tolist() == MODEL.predict_proba(VOTES, WORDS)[4].tolist()


@pytest.mark.parametrize("seed", range(5))
def test_shuffled_features_give_exactly_the_labels_of_votes(seed):
    noise = shuffled(WORDS, seed)
    model, alone = ContentLabelModel().fit(VOTES, noise), LabelModel().fit(VOTES)
    assert not model.gate_.is_open
    assert (model.predict_proba(VOTES, noise) == alone.predict_proba(VOTES)).all()
    assert (model.predict(VOTES, noise) == alone.predict(VOTES)).all()
    mine, theirs = model.label(VOTES, noise), alone.label(VOTES)
    assert (mine.proba == theirs.proba).all()
    assert (mine.is_covered == theirs.is_covered).all()
    assert "is not used" in repr(model.gate_)


@given(st.integers(0, 10_000), st.sampled_from([60, 150, 400]), st.sampled_from([2, 3]))
@settings(max_examples=15, deadline=None)
def test_shuffled_features_of_small_corpora_give_the_labels_of_votes(seed, n, k):
    votes, words, _ = corpus(n=n, k=k, seed=seed)
    noise = shuffled(words, seed)
    model = ContentLabelModel(n_classes=k).fit(votes, noise)
    assert (model.predict_proba(votes, noise) == LabelModel(n_classes=k).fit(votes).predict_proba(votes)).all()


def test_crowds_with_features_that_carry_nothing_are_as_with_votes_alone():
    rng = np.random.default_rng(1)
    gold = rng.integers(0, 3, 600)
    right = rng.random((600, 6)) < 0.7
    votes = np.where(rng.random((600, 6)) < 0.8, np.where(right, gold[:, None], rng.integers(0, 3, (600, 6))), -1)
    noise = rng.normal(size=(600, 10))
    model = ContentLabelModel().fit(votes, noise)
    assert model.base_.crowd_
    assert (model.predict_proba(votes, noise) == LabelModel().fit(votes).predict_proba(votes)).all()


def test_content_does_not_touch_covered_rows_of_a_small_corpus():
    votes, words, gold = corpus(n=900)
    covered = (votes >= 0).any(axis=1)
    model = ContentLabelModel().fit(votes, words)
    assert model.gate_.is_open
    assert not model.gate_.touches_covered
    proba, alone = model.predict_proba(votes, words), LabelModel().fit(votes).predict_proba(votes)
    assert (proba[covered] == alone[covered]).all()
    assert (proba.argmax(axis=1) == gold)[~covered].mean() > 0.75
    assert "too few to overrule votes" in repr(model.gate_)


def test_a_class_prior_moves_uncovered_rows():
    votes, words, _ = corpus(share=[0.9, 0.1], accuracy=0.7)
    uncovered = (votes < 0).all(axis=1)
    shares = [
        ContentLabelModel(class_prior=prior).fit(votes, words).predict_proba(votes, words)[uncovered, 1].mean()
        for prior in ([0.9, 0.1], None, [0.1, 0.9])
    ]
    assert shares[0] < shares[1] < shares[2]
    assert shares[0] < 0.2


@pytest.mark.parametrize("prior", [[1.0, 0.0], [0.5, 0.6], {"other": 0.5}])
def test_a_prior_that_is_none_is_refused(prior):
    with pytest.raises(ModelError, match="class_prior"):
        ContentLabelModel(class_prior=prior).fit(VOTES, WORDS)


def test_no_examples_and_no_gold_are_errors():
    with pytest.raises(ModelError, match="votes"):
        ContentLabelModel().fit(VOTES[:0], WORDS[:0])
    with pytest.raises(GoldError, match="no gold"):
        MODEL.evaluate(VOTES, WORDS)
    empty = MODEL.label(VOTES[:0], WORDS[:0])
    assert len(empty) == 0


def test_uses_with_votes_alone_say_what_to_do():
    matrix = LabelMatrix.of(VOTES)
    for use in (
        lambda: lk.summarize(matrix, model=MODEL),
        lambda: lk.marginal_values(matrix, model=MODEL),
        lambda: lk.what_to_fix(matrix, model=MODEL),
        lambda: lk.suspicious_gold(matrix, GOLD, MODEL),
        lambda: MODEL.predict(matrix),
        lambda: ContentLabelModel().fit(matrix.patterns, WORDS),
    ):
        with pytest.raises(ModelError, match=r"model\.base_"):
            use()
    lk.summarize(matrix, model=MODEL.base_)


def test_a_bundle_says_that_it_has_no_features(tmp_path):
    from labelkit.bundles.build import _check_model

    with pytest.raises(BundleError, match=r"model=model\.base_"):
        _check_model(MODEL, {"rules": [], "classes": []})


# Parts ----------------------------------------------------------------------------------------------------------------


def test_the_classifier_is_at_the_optimum_of_its_objective():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    features = rng.normal(size=(400, 3)) + y[:, None]
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    fold = np.arange(400) % FOLDS
    mine = ContentClassifier.fit(features, np.eye(2)[y], np.ones(400), fold).log_proba(features, fold)
    for number in range(FOLDS):
        # two weights w and -w have half the penalty of their difference, 2 w: C = 10 is 20 for it
        other = LogisticRegression(C=20.0, tol=1e-8).fit(features[fold != number] / 3**0.5, y[fold != number])
        theirs = other.predict_log_proba(features[fold == number] / 3**0.5)
        np.testing.assert_allclose(np.exp(mine[fold == number]), np.exp(theirs), atol=0.01)


def test_the_gate_is_open_for_content_that_foretells_labels():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 500)
    q = np.eye(2)[label] * 0.8 + 0.1
    content = np.log(np.eye(2)[label] * 0.6 + 0.2)
    assert judge_content(q, content).is_open
    assert not judge_content(q, shuffled(content)).is_open
    assert not judge_content(q, np.zeros_like(content)).is_open
    assert not judge_content(q[:20], content[:20]).is_open


def test_exponents_follow_gold_and_stay_at_one_without():
    terms = np.log([[[0.8, 0.2]], [[0.3, 0.7]]])
    assert fit_exponents(terms[:, :0], np.zeros(0, dtype=int)).tolist() == [1.0, 1.0]
    votes, content = fit_exponents(np.repeat(terms, 300, axis=1), np.zeros(300, dtype=int))
    assert votes > 1
    assert content < 0.1  # gold contradicts it
