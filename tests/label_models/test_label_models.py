"""One contract over every label model, and the promises of single models beyond it."""

import json
import os
import pickle
import warnings
from dataclasses import replace
from enum import IntEnum
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import estimator_checks_generator

from labelkit.exceptions import GoldError, MatrixError, ModelError
from labelkit.label_models import (
    MODELS,
    DawidSkene,
    LabelModel,
    MajorityVote,
    QuorumVote,
    SnorkelLabelModel,
    load_model,
)
from labelkit.votes.gold import count_gold
from labelkit.votes.hard_labels import hard_labels
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.lf_info import LFInfo
from labelkit.votes.outcomes import Fault
from labelkit.votes.vote_patterns import VotePatterns

BUILT_IN = dict(MODELS)


@pytest.fixture(params=sorted(BUILT_IN))
def Model(request):  # noqa: N802 - a class
    """Every label model."""
    return MODELS[request.param]


every_model = pytest.mark.parametrize("name", sorted(BUILT_IN))


@st.composite
def votes_of(draw, max_rows=15, max_lfs=6, max_classes=4):
    """An array of votes, abstains among them, and its number of classes."""
    n, m, k = draw(st.integers(1, max_rows)), draw(st.integers(1, max_lfs)), draw(st.integers(2, max_classes))
    rng = np.random.default_rng(draw(st.integers(0, 100_000)))
    abstains = draw(st.sampled_from([0.0, 0.4, 0.9]))
    return np.where(rng.random((n, m)) < abstains, -1, rng.integers(0, k, size=(n, m))), k


def noisy(n=400, m=8, k=2, seed=0, density=0.6, accuracy=0.75):
    """Votes on examples of known class: half the labeling functions vote for one class only."""
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, k, n)
    votes = np.full((n, m), -1)
    for j in range(m):
        right = rng.random(n) < accuracy
        said = np.where(right, gold, rng.integers(0, k, n))
        fires = rng.random(n) < density
        if j % 2:
            fires &= said == j // 2 % k
        votes[fires, j] = said[fires]
    return votes, gold


def same(one, two):
    np.testing.assert_allclose(one, two, rtol=0, atol=1e-9)


# The contract ---------------------------------------------------------------------------------------------------------


@every_model
@given(votes_of())
@settings(max_examples=15, deadline=None)
def test_probabilities_are_probabilities(name, case):
    votes, k = case
    model = MODELS[name](n_classes=k)
    assert model.fit(votes) is model
    proba = model.predict_proba(votes)
    assert proba.shape == (len(votes), k)
    assert np.isfinite(proba).all()
    assert (proba >= 0).all()
    same(proba.sum(axis=1), 1)


@every_model
@given(votes_of())
@settings(max_examples=15, deadline=None)
def test_uncovered_examples_have_the_class_prior_and_no_label(name, case):
    votes, k = case
    model = MODELS[name](n_classes=k).fit(votes)
    nothing = np.full((2, votes.shape[1]), -1)
    same(model.predict_proba(nothing), np.tile(model.class_prior_, (2, 1)))
    assert model.predict(nothing).tolist() == [-1, -1]
    assert model.label(nothing).hard().tolist() == [-1, -1]


@every_model
@given(votes_of(), st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_rows_and_labeling_functions_in_another_order_give_the_same_labels(name, case, random):
    votes, k = case
    if name == "SnorkelLabelModel":
        pytest.skip("its 32-bit numbers, as Snorkel's, depend on the order in the seventh digit")
    rows = random.sample(range(len(votes)), len(votes))
    columns = random.sample(range(votes.shape[1]), votes.shape[1])
    there = MODELS[name](n_classes=k).fit(votes)
    moved = votes[rows][:, columns]
    here = MODELS[name](n_classes=k).fit(moved)
    same(here.predict_proba(moved), there.predict_proba(votes)[rows])
    assert here.predict(moved).tolist() == there.predict(votes)[rows].tolist()


@every_model
@given(votes_of(), st.randoms(use_true_random=False))
@settings(max_examples=12, deadline=None)
def test_named_labeling_functions_in_another_order_give_the_same_bits(name, case, random):
    votes, k = case
    matrix = LabelMatrix.of(votes, classes=k, names=[f"rule{j}" for j in range(votes.shape[1])])
    order = random.sample(matrix.names, matrix.n_lfs)
    there = MODELS[name]().fit(matrix).predict_proba(matrix)
    shuffled = MODELS[name]().fit(matrix[order])
    assert (shuffled.predict_proba(matrix[order]) == there).all()
    assert (shuffled.predict_proba(matrix) == there).all()


@every_model
@given(votes_of())
@settings(max_examples=12, deadline=None)
def test_every_kind_of_input_gives_the_same_labels(name, case):
    votes, k = case
    if name == "SnorkelLabelModel":
        pytest.skip("its 32-bit numbers, as Snorkel's, depend on the order in the seventh digit")
    expected = MODELS[name](n_classes=k).fit(votes).predict_proba(votes)
    matrix = LabelMatrix.of(votes, classes=k)
    inputs = [matrix, sparse.csr_array(votes + 1), sparse.coo_matrix(votes + 1), pd.DataFrame(votes), votes.tolist()]
    for given_votes in [*inputs, votes.astype(float), np.asfortranarray(votes)]:
        model = MODELS[name](n_classes=k).fit(given_votes)
        same(model.predict_proba(given_votes), expected)
    patterns = matrix.patterns
    of_patterns = MODELS[name]().fit(patterns).predict_pattern_proba(patterns)
    same(of_patterns[matrix.pattern_index], expected)


@every_model
@given(votes_of(), st.integers(1, 3))
@settings(max_examples=12, deadline=None)
def test_merged_patterns_of_parts_are_as_good_as_the_whole(name, case, at):
    votes, k = case
    whole = LabelMatrix.of(votes, classes=k)
    parts = [whole[:at].patterns, whole[at:].patterns]
    merged = MODELS[name]().fit(VotePatterns.merge(parts)).predict_proba(whole)
    assert (merged == MODELS[name]().fit(whole).predict_proba(whole)).all()


@every_model
@given(votes_of(), st.integers(0, 1000))
@settings(max_examples=12, deadline=None)
def test_gold_counted_by_pattern_is_as_good_as_gold_by_row(name, case, seed):
    votes, k = case
    gold = np.random.default_rng(seed).integers(-1, k, len(votes))
    assume(k == 1 or len(np.unique(gold[gold >= 0])) != 1)  # of gold of one class a model warns
    matrix = LabelMatrix.of(votes, classes=k)
    patterns = matrix.patterns
    known = replace(patterns, gold=count_gold(matrix.pattern_index, gold, len(patterns), k))
    by_pattern, by_row = MODELS[name]().fit(known), MODELS[name]().fit(matrix, gold=gold)
    same(by_pattern.predict_proba(matrix), by_row.predict_proba(matrix))
    assert by_pattern.score(known) == pytest.approx(by_row.score(matrix, gold), nan_ok=True)


def test_hard_labels_are_the_most_probable_class_and_ties_have_none(Model):
    votes, _ = noisy()
    model = Model().fit(votes)
    covered = (votes >= 0).any(axis=1)
    expected = np.where(covered, hard_labels(model.predict_proba(votes)), -1)
    assert model.predict(votes).tolist() == expected.tolist()
    assert model.label(votes).hard().tolist() == expected.tolist()


def test_labels_carry_ids_and_class_names(Model):
    matrix = LabelMatrix.of([[0, 0], [1, -1]], classes=["HAM", "SPAM"], ids=["a", "b"])
    labels = Model().fit(matrix).label(matrix)
    assert labels.ids.tolist() == ["a", "b"]
    assert labels.class_names == ("HAM", "SPAM")
    assert len(Model().fit(matrix).label(matrix.patterns)) == 2


def test_clear_votes_are_followed(Model):
    votes = np.repeat([[0, 0, 0], [1, 1, 1]], 20, axis=0)
    assert Model().fit(votes).predict(votes).tolist() == [0] * 20 + [1] * 20


def test_a_model_is_cloned_and_pickled_like_any_estimator(Model):
    votes, _ = noisy()
    model = Model(n_classes=2)
    assert clone(model).get_params() == model.get_params()
    fitted = pickle.loads(pickle.dumps(model.fit(votes)))
    assert (fitted.predict_proba(votes) == model.predict_proba(votes)).all()
    assert not hasattr(clone(fitted), "class_prior_")


def test_a_saved_model_predicts_the_same_bits(Model, tmp_path):
    votes, gold = noisy(k=3)
    model = Model().fit(votes, gold=np.where(np.arange(len(gold)) < 40, gold, -1))
    loaded = load_model(model.save(tmp_path / "model"))
    assert type(loaded) is Model
    assert loaded.get_params() == model.get_params()
    assert (loaded.predict_proba(votes) == model.predict_proba(votes)).all()
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == ["arrays.npz", "model.json"]


def test_saving_twice_writes_the_same_bytes(Model, tmp_path):
    votes, _ = noisy()
    one, two = (Model().fit(votes).save(tmp_path / name) for name in "ab")
    for name in ("arrays.npz", "model.json"):
        assert (one / name).read_bytes() == (two / name).read_bytes()


def test_a_model_keeps_to_what_it_learned_when_it_sees_other_examples(Model):
    votes, _ = noisy()
    model = Model().fit(votes)
    whole = model.predict_proba(votes)
    assert (model.predict_proba(votes[:7]) == whole[:7]).all()
    assert model.predict_proba(votes[:0]).shape == (0, 2)
    assert model.predict(votes[:0]).shape == (0,)


def test_a_vote_that_was_never_seen_at_fit_is_weighed(Model):
    model = Model(n_classes=3).fit(np.array([[0, 1], [0, 1], [1, 1], [0, 0]]))
    proba = model.predict_proba(np.array([[2, 2], [2, -1]]))
    assert np.isfinite(proba).all()
    assert hard_labels(proba)[0] == 2


def test_faults_count_as_no_vote(Model):
    whole = LabelMatrix.of([[0, -1], [1, 1], [0, -1]])
    fault = Fault(row=0, lf="lf1", id=0, error="ValueError", message="")
    proba = Model().fit(whole).predict_proba(whole)
    broken = replace(whole, faults=(fault,))
    same(Model().fit(broken).predict_proba(broken), proba)


def test_score_is_accuracy_on_covered_examples_with_gold(Model):
    votes = np.array([[0, 0], [1, 1], [1, 1], [-1, -1]])
    model = Model().fit(votes)
    assert isinstance(model.score(votes, [0, 1, 0, 1]), float)
    assert model.score(votes, [0, 1, 0, 1]) == pytest.approx(2 / 3)
    assert np.isnan(model.score(votes, [-1, -1, -1, 1]))


def test_evaluation_says_everything_with_intervals(Model):
    votes = np.array([[0, 0], [1, 1], [1, 1], [-1, -1]])
    found = Model().fit(votes).evaluate(LabelMatrix.of(votes, classes=["a", "b"]), [0, 1, 0, 1])
    assert (found.n, found.n_covered, found.coverage) == (4, 3, 0.75)
    assert found.accuracy == pytest.approx(2 / 3)
    assert found.accuracy_interval[0] < 2 / 3 < found.accuracy_interval[1]
    assert found.f1["0"] == pytest.approx(2 / 3)
    assert found.log_loss > 0
    assert found.reliability.count.sum() == 3
    assert json.loads(json.dumps(found.to_dict()))["n"] == 4
    assert "66.7%" in repr(found)
    assert "nan" not in repr(found).split("log-loss")[0]


def test_evaluation_without_gold_is_undefined(Model):
    found = Model().fit([[0], [1]]).evaluate(np.array([[0], [1]]), [-1, -1])
    assert found.n == 0
    assert np.isnan([found.coverage, found.accuracy, found.log_loss, found.ece]).all()


def test_a_thousand_labeling_functions_overflow_nothing(Model):
    if Model is SnorkelLabelModel:
        pytest.skip("its steps are too long for so many, as Snorkel's are: an error says so (test_snorkel.py)")
    votes, gold = noisy(n=300, m=1_000, seed=3)
    model = Model().fit(votes)
    proba = model.predict_proba(votes)
    assert np.isfinite(proba).all()
    if Model is not QuorumVote:  # which asks for half of all labeling functions
        assert (model.predict(votes) == gold).mean() > 0.95


def test_labeling_functions_that_always_agree(Model):
    votes = np.repeat(np.arange(2).repeat(10)[:, None], 5, axis=1)
    assert Model().fit(votes).predict(votes).tolist() == votes[:, 0].tolist()


@pytest.mark.parametrize("votes", [[[-1, -1], [-1, -1]], [[0]], [[1]], [[1], [1]], [[0, 1]], [[-1]]])
def test_the_smallest_matrices_have_an_answer(Model, votes):
    proba = Model().fit(votes).predict_proba(votes)
    assert np.isfinite(proba).all()
    assert hard_labels(proba).shape == (len(votes),)


def test_a_class_that_nobody_votes_for_stays_possible_in_the_space(Model):
    votes = np.array([[0, 1], [1, 1], [0, 0]])
    proba = Model(n_classes=5).fit(votes).predict_proba(votes)
    assert proba.shape == (3, 5)
    assert set(Model(n_classes=5).fit(votes).predict(votes)) <= {-1, 0, 1}


def test_more_classes_than_votes(Model):
    model = Model(n_classes=100).fit([[3, -1], [-1, 4]])
    assert model.predict([[3, -1], [-1, 4]])[0] in (3, -1)


def test_gold_may_show_a_class_that_has_no_votes(Model):
    model = Model().fit([[0], [1]], gold=[0, 2])
    assert model.n_classes_ == 3


@pytest.mark.filterwarnings("ignore:all .* gold labels are of class:UserWarning")
def test_constant_gold_leaves_votes_their_say(Model):
    votes, _ = noisy()
    gold = np.full(len(votes), -1)
    gold[:20] = 1
    model = Model().fit(votes, gold=gold)
    proba = model.predict_proba(np.array([[0, -1] * 4, [1, -1] * 4]))
    assert np.isfinite(proba).all()
    assert proba[0, 0] > proba[1, 0]


def test_gold_by_id_name_and_position_is_the_same(Model):
    votes, gold = noisy(n=40)
    matrix = LabelMatrix.of(votes, ids=[f"x{i}" for i in range(40)], classes=["HAM", "SPAM"])
    aligned = np.where(np.arange(40) < 10, gold, -1)
    names = {f"x{i}": ["HAM", "SPAM"][gold[i]] for i in range(10)}
    expected = Model().fit(matrix, gold=aligned).predict_proba(matrix)
    assert (Model().fit(matrix, gold=names).predict_proba(matrix) == expected).all()
    assert (Model().fit(matrix, gold=pd.Series(names)).predict_proba(matrix) == expected).all()


# Bad input ------------------------------------------------------------------------------------------------------------


def test_no_rows_is_an_error(Model):
    with pytest.raises(ModelError, match=r"0 sample\(s\)"):
        Model().fit(np.zeros((0, 3), dtype=int))


def test_no_labeling_functions_is_an_error(Model):
    with pytest.raises(MatrixError, match="no labeling function"):
        Model().fit(np.zeros((3, 0), dtype=int))


@pytest.mark.parametrize(
    ("votes", "message"),
    [
        ([[0.0, np.nan]], "NaN"),
        ([[0.5, 1.0]], "whole numbers"),
        ([[-2, 1]], "-2"),
        ([["a", "b"]], "not integers"),
        ([[True, False]], "bool"),
        ([[1j]], "Complex"),
        ([0, 1], r"\(2,\)"),
        (sparse.csr_array([[0.5, 1.0]]), "whole numbers"),
        (pd.DataFrame({"a": [0.0, np.nan]}), "NaN"),
    ],
)
def test_what_is_not_votes_is_refused(Model, votes, message):
    with pytest.raises(MatrixError, match=message):
        Model().fit(votes)


def test_more_classes_in_the_votes_than_were_said_is_an_error(Model):
    for votes in ([[0, 3]], sparse.csr_array([[1, 4]])):
        with pytest.raises(MatrixError, match="class 3, but there are 2"):
            Model(n_classes=2).fit(votes)
    with pytest.raises(ModelError, match="n_classes=3, but the matrix has 2"):
        Model(n_classes=3).fit(LabelMatrix.of([[0, 1]]))


@pytest.mark.parametrize("n_classes", [0, -1, 2.5, "two", True])
def test_a_number_of_classes_that_is_none_is_refused(Model, n_classes):
    with pytest.raises(ModelError, match="n_classes"):
        Model(n_classes=n_classes).fit([[0, 1]])


def test_gold_of_another_class_length_or_id_is_refused(Model):
    matrix = LabelMatrix.of([[0, 1], [1, 1]], ids=["a", "b"])
    with pytest.raises(GoldError, match="class 2"):
        Model().fit(matrix, gold=[0, 2])
    with pytest.raises(GoldError, match="1 label for 2 examples"):
        Model().fit(matrix, gold=[0])
    with pytest.raises(GoldError, match="'c'"):
        Model().fit(matrix, gold={"c": 1})
    with pytest.raises(GoldError, match="know no examples"):
        Model().fit(matrix.patterns, gold=[0, 1])


def test_predicting_before_fit_says_so(Model):
    for call in (Model().predict, Model().predict_proba, Model().label, Model().save):
        with pytest.raises(NotFittedError):
            call([[0, 1]])


def test_other_labeling_functions_than_at_fit_are_named(Model):
    model = Model().fit(LabelMatrix.of([[0, 1], [1, 1]], names=["short", "link"]))
    with pytest.raises(ModelError, match=r"lacks 'link'.*'long', unknown"):
        model.predict(LabelMatrix.of([[0, 1]], names=["short", "long"]))
    with pytest.raises(ModelError, match="X has 3 features"):
        model.predict([[0, 1, 1]])


def test_other_classes_than_at_fit_are_refused(Model):
    model = Model().fit(LabelMatrix.of([[0, 1], [1, 1]], classes=["HAM", "SPAM"]))
    with pytest.raises(ModelError, match="EGGS"):
        model.predict(LabelMatrix.of([[0, 1]], classes=["HAM", "EGGS"]))


def test_an_unknown_keyword_is_refused(Model):
    with pytest.raises(TypeError, match="n_clases"):
        Model(n_clases=2)


@pytest.mark.parametrize(
    ("prior", "message"),
    [([1.0, 0.0], "not above 0"), ([0.5, 0.2], "sums to 0.7"), ([0.2, 0.3, 0.5], "shape"), ([0.5, np.nan], "above 0")],
)
def test_a_class_prior_that_is_none_is_refused(Model, prior, message):
    if "class_prior" not in Model().get_params():
        pytest.skip("takes no class prior")
    with pytest.raises(ModelError, match=message):
        Model(class_prior=prior).fit([[0, 1]])


def test_a_given_class_prior_is_that_of_uncovered_examples(Model):
    if "class_prior" not in Model().get_params():
        pytest.skip("takes no class prior")
    votes, _ = noisy()
    model = Model(class_prior=[0.2, 0.8]).fit(votes)
    same(model.predict_proba(np.full((1, 8), -1)), [[0.2, 0.8]])


def test_a_saved_model_of_an_unknown_class_is_refused(tmp_path):
    MajorityVote().fit([[0, 1]]).save(tmp_path)
    text = (tmp_path / "model.json").read_text().replace("MajorityVote", "os.system")
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(ModelError, match=r"'os.system'[\s\S]*DawidSkene, .*LabelModel"):
        load_model(tmp_path)
    with pytest.raises(ModelError, match="holds no label model"):
        load_model(tmp_path / "nowhere")


# scikit-learn's own checks ----------------------------------------------------------------------------------------------

NOT_APPLICABLE = {
    "check_fit_score_takes_y": "the labels are called gold, since they are trusted labels of some rows, not a target",
    "check_n_features_in_after_fitting": "calls score(X, y=...), and the labels are called gold",
    "check_positive_only_tag_during_fit": "votes of -2 and below are refused",
    "check_dtype_object": "votes of type object are refused: an abstain is -1, not None",
    "check_estimator_sparse_array": "a sparse matrix stores label + 1, so that its numbers are whole and above 0",
    "check_estimator_sparse_matrix": "a sparse matrix stores label + 1, so that its numbers are whole and above 0",
    "check_array_api_input": "asks for an environment variable to be set",
    "check_classifiers_one_label": "labels come from the votes: gold of one class does not make a constant classifier",
    "check_classifiers_classes": "gold may not be strings where the classes have no names",
    "check_classifiers_train": "expects a score on features that are no votes",
    "check_classifiers_regression_target": "gold that is not classes is refused in labelkit's words",
    "check_supervised_y_2d": "gold of shape (n, 1) is refused, not squeezed with a warning",
}


def checks_of(model):
    with warnings.catch_warnings():  # models follow the protocol of BaseEstimator without loading it
        warnings.filterwarnings("ignore", message=".* does not inherit from `sklearn.base.BaseEstimator`")
        return list(estimator_checks_generator(model))


APPLICABLE = [
    pytest.param(estimator, check, id=f"{name}-{getattr(check, 'func', check).__name__}-{number}")
    for name, model in BUILT_IN.items()
    for number, (estimator, check) in enumerate(checks_of(model()))
    if getattr(check, "func", check).__name__ not in NOT_APPLICABLE
]


@pytest.mark.parametrize(("estimator", "check"), APPLICABLE)
def test_scikit_learns_checks_hold(estimator, check):
    check(estimator)


# Majority and quorum --------------------------------------------------------------------------------------------------


@given(votes_of())
@settings(max_examples=50, deadline=None)
def test_majority_vote_is_the_share_of_votes(case):
    votes, k = case
    proba = MajorityVote(n_classes=k).fit(votes).predict_proba(votes)
    for row, p in zip(votes, proba, strict=True):
        counts = np.bincount(row[row >= 0], minlength=k)
        same(p, counts / counts.sum() if counts.any() else np.full(k, 1 / k))


@st.composite
def grouped_votes(draw):
    votes, k = draw(votes_of())
    groups = draw(st.lists(st.sampled_from(["ann", "bob", None]), min_size=votes.shape[1], max_size=votes.shape[1]))
    return votes, k, groups


@given(grouped_votes(), st.sampled_from([0.25, 0.5, 1.0]), st.sampled_from(["all", "voting"]))
@settings(max_examples=50, deadline=None)
def test_a_quorum_is_counted_in_groups(case, share, of):
    votes, k, groups = case
    model = QuorumVote(share=share, of=of, groups=groups, n_classes=k).fit(votes)
    for row, label in zip(votes, model.predict(votes), strict=True):
        ballots = {}
        for j, vote in enumerate(row):
            name = groups[j] or f"alone {j}"
            ballots.setdefault(name, []).extend([vote] if vote >= 0 else [])
        counts = np.zeros(k)
        for ballot in ballots.values():
            own = np.bincount(ballot, minlength=k) if ballot else np.zeros(k)
            if own.any() and (own == own.max()).sum() == 1:
                counts[own.argmax()] += 1
        needed = share * (len(ballots) if of == "all" else counts.sum())
        leads = counts == counts.max()
        expected = counts.argmax() if counts.any() and counts.max() >= needed - 1e-9 and leads.sum() == 1 else -1
        assert label == expected


def test_one_persons_rules_count_once():
    lfs = [LFInfo(f"ann{i}", group="ann") for i in range(5)] + [LFInfo("bob", group="bob"), LFInfo("cem", group="cem")]
    votes = np.array([[1, 1, 1, 1, 1, 0, 0]])
    whole = LabelMatrix.of(votes)
    matrix = LabelMatrix(whole.votes, tuple(lfs), whole.class_names, whole.ids)
    assert MajorityVote().fit(matrix).predict(matrix).tolist() == [1]
    assert QuorumVote().fit(matrix).predict(matrix).tolist() == [0]


def test_groups_are_given_by_name_or_position():
    matrix = LabelMatrix.of([[1, 1, 0]], names=["b", "a", "c"])
    by_name = QuorumVote(groups={"a": "x", "b": "x"}).fit(matrix)
    by_place = QuorumVote(groups=["x", "x", None]).fit(matrix)
    assert by_name.groups_ == by_place.groups_ == ("LF c", "group x")
    with pytest.raises(ModelError, match="'d'"):
        QuorumVote(groups={"d": "x"}).fit(matrix)
    with pytest.raises(ModelError, match="2 entries for 3"):
        QuorumVote(groups=["x", "y"]).fit(matrix)


@pytest.mark.parametrize("params", [{"share": 0}, {"share": 1.5}, {"of": "some"}])
def test_a_quorum_that_is_none_is_refused(params):
    with pytest.raises(ModelError, match=next(iter(params))):
        QuorumVote(**params).fit([[0, 1]])


# Dawid and Skene ------------------------------------------------------------------------------------------------------


def test_dawid_skene_finds_the_good_and_the_bad_observer():
    rng = np.random.default_rng(0)
    gold = rng.integers(0, 2, 2_000)
    votes = np.stack([np.where(rng.random(2_000) < p, gold, 1 - gold) for p in (0.9, 0.9, 0.9, 0.2)], axis=1)
    model = DawidSkene().fit(votes)
    assert (model.predict(votes) == gold).mean() > (MajorityVote().fit(votes).predict(votes) == gold).mean()


def test_dawid_skene_does_not_collapse_on_votes_for_one_class_each():
    rng = np.random.default_rng(0)
    gold = rng.integers(0, 2, 1_000)
    votes = np.full((1_000, 6), -1)
    for j in range(6):
        votes[(rng.random(1_000) < np.where(gold == j % 2, 0.4, 0.1)), j] = j % 2
    covered = (votes >= 0).any(axis=1)
    labels = DawidSkene().fit(votes).predict(votes)
    assert min((labels[covered] == c).mean() for c in (0, 1)) > 0.3


@pytest.mark.parametrize("params", [{"smoothing": 0}, {"diagonal": -1}])
def test_pseudo_votes_below_zero_are_refused(params):
    with pytest.raises(ModelError, match=next(iter(params))):
        DawidSkene(**params).fit([[0, 1]])


# The default ----------------------------------------------------------------------------------------------------------


def test_copies_of_a_rule_do_not_outvote_better_ones():
    rng = np.random.default_rng(0)
    gold = rng.integers(0, 2, 3_000)
    good = [np.where(rng.random(3_000) < p, gold, 1 - gold) for p in (0.75, 0.77, 0.79, 0.8)]
    poor = np.where(rng.random(3_000) < 0.6, gold, 1 - gold)
    votes = np.stack([*good, *[poor] * 6], axis=1)
    labels = LabelModel().fit(votes).predict(votes)
    assert (labels == gold).mean() > 0.8
    assert (MajorityVote().fit(votes).predict(votes) == gold).mean() < 0.7


def test_gold_rows_teach_the_default_model_which_rules_to_doubt():
    rng = np.random.default_rng(5)
    gold = rng.integers(0, 2, 2_000)
    votes = np.full((2_000, 8), -1)
    for j, precision in enumerate([0.85, 0.85, 0.8, 0.8, 0.9, 0.3, 0.8, 0.3]):
        fires = rng.random(2_000) < 0.5 * np.where(gold == j % 2, precision, 1 - precision)
        votes[fires, j] = j % 2
    known = np.where(np.arange(2_000) < 100, gold, -1)
    test = np.where((np.arange(2_000) >= 100) & (votes >= 0).any(axis=1), gold, -1)
    without, with_gold = LabelModel().fit(votes), LabelModel().fit(votes, gold=known)
    assert with_gold.score(votes, test) > without.score(votes, test) + 0.02
    assert with_gold.evaluate(votes, test).log_loss < without.evaluate(votes, test).log_loss


def with_infos(votes, infos):
    whole = LabelMatrix.of(votes)
    return LabelMatrix(whole.votes, tuple(infos), whole.class_names, whole.ids)


@pytest.mark.parametrize("votes", [[[0, 1], [0, 1], [0, -1], [-1, 1]], [[0, 1], [1, 0], [0, 0], [1, 1]]])
def test_a_stated_precision_tips_the_balance(votes):
    def proba(*infos):
        matrix = with_infos(votes, infos)
        return LabelModel().fit(matrix).predict_proba(matrix)[0]

    assert proba(LFInfo("a", precision=0.95), LFInfo("b"))[0] > 0.5
    assert proba(LFInfo("a"), LFInfo("b", precision=0.95))[1] > 0.5
    assert proba(LFInfo("a", trusted=True), LFInfo("b"))[0] > 0.5
    assert proba(LFInfo("a", precision=0.55), LFInfo("b"))[1] > 0.5


def test_a_stated_precision_that_is_none_is_refused():
    with pytest.raises(ModelError, match=r"precision=1.5 of 'a'"):
        LabelModel().fit(with_infos([[0]], [LFInfo("a", precision=1.5)]))


def test_1400_classes_take_bounded_memory():
    rng = np.random.default_rng(0)
    rows, columns = np.repeat(np.arange(3_000), 3), rng.integers(0, 1_000, 9_000)
    votes = sparse.coo_array((columns % 1_400 + 1, (rows, columns)), shape=(3_000, 1_000)).tocsr()
    votes.data = votes.indices % 1_400 + 1  # duplicates were summed
    labels = LabelModel(n_classes=1_400).fit(votes).label(votes[:100])
    assert labels.proba.shape == (100, 1_400)


# On real votes --------------------------------------------------------------------------------------------------------

DATA = Path(os.environ.get("LABELKIT_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))


@pytest.mark.skipif(not (DATA / "lf" / "youtube").exists(), reason="the shared vote matrices are not here")
def test_on_youtube_majority_vote_has_the_published_accuracy_and_the_default_model_is_not_below():
    import hashlib

    file = np.load(DATA / "lf" / "youtube" / "votes.npz")
    votes, gold, split = file["L"], file["y"], file["split"]
    test = split == 2

    def accuracy(model):
        proba = model.fit(votes[split == 0]).predict_proba(votes[test])
        proba[~(votes[test] >= 0).any(axis=1)] = 0.5
        labels = hard_labels(proba)
        for i in np.flatnonzero(labels < 0):  # the protocol's coin
            labels[i] = int(hashlib.sha1(str(i).encode()).hexdigest(), 16) % 2
        return 100 * (labels == gold[test]).mean()

    assert accuracy(MajorityVote()) == pytest.approx(84.0)
    assert accuracy(LabelModel()) >= 84.0


# Gold by position -----------------------------------------------------------------------------------------------------


def test_gold_by_position_warns_says_the_word_for_it_and_what_snorkel_meant(Model):
    votes, gold = noisy()
    with pytest.warns(UserWarning, match=r"fit\(votes, gold=y\)\. .*Y_dev.* labels of another set"):
        by_position = Model().fit(votes, gold)
    assert np.array_equal(by_position.predict_proba(votes), Model().fit(votes, gold=gold).predict_proba(votes))
    with pytest.raises(GoldError, match="both by position and as gold"):
        Model().fit(votes, gold, gold=gold)


def test_scikit_learn_may_give_labels_by_position(Model):
    """Warnings are errors here."""
    votes, gold = noisy()
    fitted = make_pipeline(FunctionTransformer(), Model()).fit(votes, gold)
    assert np.array_equal(fitted.predict_proba(votes), Model().fit(votes, gold=gold).predict_proba(votes))
    assert len(cross_val_score(Model(), votes, gold, cv=2)) == 2
    assert Model().fit(votes, None).predict(votes).shape == (len(votes),)


def test_weights_in_a_series_are_matched_by_id():
    votes, gold = noisy()
    matrix = LabelMatrix.of(votes, ids=[f"e{i}" for i in range(len(votes))])
    model, weight = MajorityVote().fit(matrix), np.random.default_rng(0).random(len(votes))
    named = pd.Series(weight, index=matrix.ids).sample(frac=1, random_state=0)
    assert model.score(matrix, gold, sample_weight=named) == model.score(matrix, gold, sample_weight=weight)
    with pytest.raises(ModelError, match="sample_weight has 3 values for 400 examples"):
        model.score(matrix, gold, sample_weight=weight[:3])
    with pytest.raises(ModelError, match=r"sample_weight names 1 .* such as 'nobody'"):
        model.score(matrix, gold, sample_weight={"nobody": 1.0})


# Class priors by class ------------------------------------------------------------------------------------------------

PRIOR_VOTES = np.array([[0, -1, 0], [1, 1, -1], [-1, 2, 2], [0, 1, -1]] * 20)
NAMED = LabelMatrix.of(PRIOR_VOTES, classes=["HAM", "SPAM", "SCAM"])


class Kind(IntEnum):
    HAM = 0
    SPAM = 1
    SCAM = 2


@pytest.mark.parametrize("model", [model for model in BUILT_IN.values() if "class_prior" in model().get_params()])
@pytest.mark.parametrize(
    "prior",
    [
        {"SPAM": 0.2, "HAM": 0.5, "SCAM": 0.3},
        {"SCAM": 0.3, "SPAM": 0.2},
        {1: 0.2, 0: 0.5, 2: 0.3},
        {Kind.SPAM: 0.2, Kind.HAM: 0.5, Kind.SCAM: 0.3},
        pd.Series(["HAM"] * 5 + ["SCAM"] * 3 + ["SPAM"] * 2).value_counts(normalize=True),
        pd.Series([0] * 5 + [2] * 3 + [1] * 2).value_counts(normalize=True),
        pd.Series([0.5, 0.2, 0.3]),
    ],
    ids=["names", "rest", "numbers", "enum", "counts of names", "counts of numbers", "in order"],
)
def test_a_class_prior_that_names_its_classes_is_matched_by_name(model, prior, tmp_path):
    by_position = model(class_prior=[0.5, 0.2, 0.3]).fit(NAMED)
    fitted = model(class_prior=prior).fit(NAMED)
    assert np.array_equal(fitted.predict_proba(NAMED), by_position.predict_proba(NAMED))
    assert np.array_equal(load_model(fitted.save(tmp_path)).fit(NAMED).class_prior_, by_position.class_prior_)


@pytest.mark.parametrize(
    ("prior", "what"),
    [
        ({"EGGS": 1.0}, "names the class 'EGGS'"),
        ({"HAM": 0.5, "SPAM": 0.5, "SCAM": 0.5}, "sums to 1.5"),
        ({"HAM": 0.8, "SPAM": 0.4}, "not above 0"),
        ({"SPAM": 25}, r"holds 25, which is no share.*\n?.*divide percent by 100: 0\.25"),
        ({"HAM": "much"}, "is not a probability for each class"),
        ({7: 0.5}, "names the class 7"),
        ({"HAM": None}, "is not a probability for each class"),
        ("HAM=0.5", "is not a probability for each class"),
        (0.5, "has shape"),
        ([0.5, 0.5], "has shape"),
        ({"HAM": 0.1, 0: 0.2, "SPAM": 0.3, "SCAM": 0.5}, "names the class 'HAM' twice"),
        (pd.Series([0.1, 0.2, 0.8], index=["HAM", "HAM", "SPAM"]), "names the class 'HAM' twice"),
        ({"HAM": 0.795545549, "SPAM": 0.204454451}, "not above 0"),  # what is left for SCAM is rounding alone
        ({"HAM": 0.8379, "SPAM": 0.1621 - 1e-16}, "not above 0"),
        (pd.DataFrame({"prior": [0.5, 0.2, 0.3]}), "has shape"),
    ],
)
def test_a_class_prior_that_is_none_is_refused_by_name(prior, what):
    with pytest.raises(ModelError, match=what):
        LabelModel(class_prior=prior).fit(NAMED)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1.0])
def test_a_sample_weight_that_is_no_weight_is_refused(bad):
    votes, gold = noisy()
    model = MajorityVote().fit(votes)
    weight = np.ones(len(gold))
    weight[3] = bad
    with pytest.raises(ModelError, match="the sample_weight of 3 is"):
        model.score(votes, gold, sample_weight=weight)
    unknown = gold.copy()
    unknown[3] = -1  # a row without gold has no weight either
    assert model.score(votes, unknown, sample_weight=weight) == model.score(votes, unknown)
    with pytest.raises(ModelError, match="sample_weight holds no numbers"):
        model.score(votes, gold, sample_weight=["much"] * len(gold))
    column = pd.DataFrame({"weight": np.arange(1, len(gold) + 1)})
    by_frame, by_array = (model.evaluate(votes, gold, weights=given) for given in (column, column["weight"].to_numpy()))
    assert by_frame.accuracy == by_array.accuracy
