"""Probabilities learned at other class frequencies are calibrated again, by simulation with known truth."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import labelkit as lk
from labelkit.exceptions import AnalysisError, ModelError


def drawn(n, shares, rng, gap=1.5):
    """Rows of classes that lie apart."""
    y = rng.choice(len(shares), n, p=shares)
    centres = gap * np.eye(len(shares))
    return rng.normal(size=(n, len(shares))) + centres[y], y


@pytest.mark.parametrize("seed", range(3))
def test_after_down_sampling_the_correction_leaves_a_tenth_of_the_calibration_error(seed):
    rng = np.random.default_rng(seed)
    X, y = drawn(200_000, [0.95, 0.05], rng)
    X_test, y_test = drawn(200_000, [0.95, 0.05], rng)
    balanced = lk.balance(y, random_state=seed)
    assert balanced.counts_after[0] == balanced.counts_after[1]
    model = LogisticRegression().fit(balanced.take(X), balanced.take(y))
    proba = model.predict_proba(X_test)
    before, after = (lk.reliability(y_test, p) for p in (proba, balanced.correct(proba)))
    assert after.ece < before.ece / 10
    assert after.log_loss < before.log_loss
    wrapped = lk.PriorCorrectedClassifier(LogisticRegression(), sampling_rates=balanced.sampling_rates)
    wrapped.fit(balanced.take(X), balanced.take(y))
    assert wrapped.predict_proba(X_test) == pytest.approx(balanced.correct(proba), abs=1e-3)


def test_it_holds_for_three_classes_and_for_a_prior_that_is_estimated():
    rng = np.random.default_rng(5)
    shares = np.array([0.9, 0.08, 0.02])
    X, y = drawn(200_000, shares, rng, gap=2.5)
    X_test, y_test = drawn(100_000, shares, rng, gap=2.5)
    balanced = lk.balance(y)
    proba = GaussianNB().fit(balanced.take(X), balanced.take(y)).predict_proba(X_test)
    before = lk.reliability(y_test, proba, positive=2)
    for corrected in (balanced.correct(proba), lk.correct_prior(proba, [1, 1, 1])):
        assert corrected.sum(axis=1) == pytest.approx(1)
        assert lk.reliability(y_test, corrected, positive=2).ece < before.ece / 10
        assert corrected.mean(axis=0) == pytest.approx(shares, abs=0.01)


def test_the_correction_is_bayes_rule_in_any_shape():
    proba = pd.DataFrame({"HAM": [0.5, 0.1, 1.0], "SPAM": [0.5, 0.9, 0.0]}, index=["a", "b", "c"])
    ham = np.array([0.5, 0.1]) * 0.95 / 0.5
    spam = np.array([0.5, 0.9]) * 0.05 / 0.5
    corrected = lk.correct_prior(proba, {"SPAM": 0.5, "HAM": 0.5}, {"SPAM": 5, "HAM": 95})
    assert corrected["SPAM"].tolist() == pytest.approx([*(spam / (ham + spam)), 0.0])
    assert list(corrected.index) == ["a", "b", "c"]
    one = lk.correct_prior(proba["SPAM"], [1, 1], [0.95, 0.05])
    assert one.tolist() == pytest.approx(corrected["SPAM"].tolist())
    back = lk.correct_prior(corrected, [0.95, 0.05], [0.5, 0.5])
    assert back.to_numpy() == pytest.approx(proba.to_numpy())


@pytest.mark.parametrize(
    ("trained", "true", "message"),
    [
        ([0.5, 0.5], [1.0, 0.0], "true_prior of the class '1' is 0"),
        ([1.0, 0.0], [0.5, 0.5], "trained_prior of the class '1' is 0"),
        ([0.5, 0.5], [0.5, 0.6], "true_prior sums to 1.1"),
        ([0.5, 0.5], [np.nan, 0.5], "is nan"),
        ([0.5, 0.5], [-1, 2], "is -1"),
        ([0.5, 0.5], [0.2, 0.3, 0.5], "shape"),
        ({"0": 0.5}, [0.5, 0.5], "does not name the class '1'"),
        ({"0": 0.5, "2": 0.5}, [0.5, 0.5], "the class '2', which there is not"),
        ("even", [0.5, 0.5], "no list of numbers"),
    ],
)
def test_a_prior_that_is_none_is_refused(trained, true, message):
    with pytest.raises(AnalysisError, match=message):
        lk.correct_prior([[0.5, 0.5]], trained, true)


def test_other_bad_input_is_refused_and_a_class_is_guessed():
    with pytest.raises(AnalysisError, match="did you mean 'SPAM'"):
        lk.correct_prior([0.5], {"HAM": 1, "SPAN": 1}, [1, 1], class_names=["HAM", "SPAM"])
    with pytest.raises(AnalysisError, match="row 1 of proba"):
        lk.correct_prior([0.5, 1.5], [1, 1], [1, 1])
    with pytest.raises(AnalysisError, match="no rows"):
        lk.correct_prior(np.zeros((0, 2)), [1, 1])
    with pytest.raises(AnalysisError, match="2 columns for 3 classes"):
        lk.correct_prior([0.5], [1, 1], class_names=["a", "b", "c"])


def test_the_wrapper_takes_weights_fitted_models_priors_and_costs():
    rng = np.random.default_rng(1)
    X, y = drawn(20_000, [0.9, 0.1], rng)
    names = np.array(["HAM", "SPAM"])[y]
    balanced = lk.balance(names)
    few, their = balanced.take(X), balanced.take(names)
    fitted = LogisticRegression().fit(few, their)
    rates = lk.PriorCorrectedClassifier(FrozenEstimator(fitted), sampling_rates=balanced.sampling_rates).fit(few, their)
    prior = lk.PriorCorrectedClassifier(FrozenEstimator(fitted), true_prior={"SPAM": 0.1, "HAM": 0.9}).fit(few, their)
    assert rates.predict_proba(X) == pytest.approx(prior.predict_proba(X), abs=0.02)
    weighted = lk.PriorCorrectedClassifier(LogisticRegression(), true_prior=balanced.counts_before)
    weighted.fit(few, their, sample_weight=balanced.weights)
    assert weighted.trained_prior_ == pytest.approx(weighted.true_prior_)
    costly = lk.PriorCorrectedClassifier(
        FrozenEstimator(fitted), true_prior={"SPAM": 0.1, "HAM": 0.9}, costs={"SPAM": {"HAM": 10}}
    ).fit(few, their)
    spam = costly.predict_proba(X)[:, 1]
    assert (costly.predict(X) == np.where(spam > 1 / 11, "SPAM", "HAM")).all()
    assert costly.score(X, names) < prior.score(X, names)
    with pytest.raises(AnalysisError, match="and not both"):
        lk.PriorCorrectedClassifier(LogisticRegression()).fit(few, their)
    with pytest.raises(AnalysisError, match="does not name the class 'HAM'"):
        lk.PriorCorrectedClassifier(LogisticRegression(), sampling_rates={"SPAM": 1}).fit(few, their)
    with pytest.raises(ModelError, match="costs names the class 'EGGS'"):
        lk.PriorCorrectedClassifier(LogisticRegression(), true_prior=[1, 1], costs={"EGGS": {"HAM": 1}}).fit(few, their)


@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 1, 1: 5}, {1: 20.0}])
@pytest.mark.parametrize("learner", [LogisticRegression, DecisionTreeClassifier, "pipeline", "frozen"])
def test_class_weights_of_the_classifier_count_as_frequencies(class_weight, learner):
    """At the frequencies at which the rows were drawn, the mean probability is the share of the class."""
    rng = np.random.default_rng(3)
    X, y = drawn(40_000, [0.8, 0.2], rng)
    estimator = LogisticRegression(class_weight=class_weight)
    if learner is DecisionTreeClassifier:
        estimator = DecisionTreeClassifier(class_weight=class_weight, min_samples_leaf=2_000, random_state=0)
    estimator = make_pipeline(StandardScaler(), estimator) if learner == "pipeline" else estimator
    estimator = FrozenEstimator(estimator.fit(X, y)) if learner == "frozen" else estimator
    corrected = lk.PriorCorrectedClassifier(estimator, true_prior=[0.8, 0.2]).fit(X, y)
    assert corrected.predict_proba(X)[:, 1].mean() == pytest.approx(y.mean(), abs=0.01)


@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 1, 1: 5}])
def test_sampling_rates_say_the_frequencies_in_use_whatever_rows_weigh(class_weight):
    rng = np.random.default_rng(3)
    X, y = drawn(40_000, [0.95, 0.05], rng)
    balanced = lk.balance(y, to={"0": 8_000})
    few, their, rates = balanced.take(X), balanced.take(y), balanced.sampling_rates
    weighing = LogisticRegression(class_weight=class_weight)
    by_class = lk.PriorCorrectedClassifier(weighing, sampling_rates=rates).fit(few, their)
    by_row = lk.PriorCorrectedClassifier(LogisticRegression(), sampling_rates=rates)
    by_row.fit(few, their, sample_weight=balanced.weights)
    for model in (by_class, by_row):
        assert model.true_prior_ == pytest.approx(np.bincount(y) / len(y))
        assert model.predict_proba(X)[:, 1].mean() == pytest.approx(y.mean(), abs=0.003)


def test_balanced_class_weights_beside_weights_of_rows_are_refused():
    model = lk.PriorCorrectedClassifier(LogisticRegression(class_weight="balanced"), true_prior=[0.5, 0.5])
    with pytest.raises(AnalysisError, match="class_weight='balanced' of LogisticRegression beside sample_weight"):
        model.fit([[0.0], [1.0]], [0, 1], sample_weight=[1, 2])


@pytest.mark.parametrize("kind", [np.asarray, list, pd.DataFrame, sparse.coo_matrix, sparse.bsr_array])
def test_two_phases_take_features_of_any_kind(kind):
    X, y = drawn(2_000, [0.9, 0.1], np.random.default_rng(2))
    learner = SGDClassifier(loss="log_loss", random_state=0)
    given, plain = kind(X.tolist()), X
    if sparse.issparse(given):  # of which SGDClassifier learns otherwise than of an array
        plain = sparse.csr_array(X)
    model = lk.TwoPhaseClassifier(learner).fit(given, y)
    assert np.allclose(model.predict_proba(X), lk.TwoPhaseClassifier(learner).fit(plain, y).predict_proba(X))


def test_two_phases_end_at_the_true_frequencies():
    rng = np.random.default_rng(2)
    X, y = drawn(20_000, [0.95, 0.05], rng)
    learner = SGDClassifier(loss="log_loss", random_state=0)
    both = lk.TwoPhaseClassifier(learner).fit(X, y)
    first = lk.TwoPhaseClassifier(learner, passes=(5, 0)).fit(X, y)
    assert first.predict_proba(X)[:, 1].mean() > 0.2
    assert both.predict_proba(X)[:, 1].mean() == pytest.approx(0.05, abs=0.02)
    assert len(both.balanced_) == 2 * (y == 1).sum()
    with pytest.raises(AnalysisError, match="no partial_fit"):
        lk.TwoPhaseClassifier(DecisionTreeClassifier()).fit(X, y)
    with pytest.raises(AnalysisError, match="passes="):
        lk.TwoPhaseClassifier(learner, passes=(0, 0)).fit(X, y)
