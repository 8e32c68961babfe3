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
from labelkit.label_models._posterior import softmax
from labelkit.label_models.content._classifier import FOLDS, INVERSE_PENALTY, ContentClassifier
from labelkit.label_models.content._strength import _likeliest_strength, fit_exponents, judge_content
from labelkit.label_models.content.feature_rows import feature_hashes
from labelkit.label_models.content.soft_regression import log_softmax
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


def test_two_rows_of_features_for_an_example_are_refused():
    """The first of them was taken, which may be the other one."""
    ids = [f"a{i}" for i in range(len(VOTES))]
    matrix = LabelMatrix.of(VOTES, ids=ids)
    features = pd.DataFrame(WORDS.toarray(), index=ids)
    other = features[:50] * 0
    for twice in (pd.concat([features, other]), pd.concat([other, features])):
        with pytest.raises(ModelError, match=r"the features name the id 'a0' twice.*\[LK325\]"):
            ContentLabelModel().fit(matrix, twice)
    more = pd.concat([features, other.add_prefix("b", axis=0)])
    once, among_more = ContentLabelModel().fit(matrix, features), ContentLabelModel().fit(matrix, more)
    assert np.array_equal(among_more.predict(matrix, more), once.predict(matrix, features))


# Labels ---------------------------------------------------------------------------------------------------------------


def test_content_labels_uncovered_rows_and_corrects_covered_ones():
    by_votes, by_both = LabelModel().fit(VOTES).predict(VOTES), MODEL.predict(VOTES, WORDS)
    assert MODEL.gate_.is_open
    assert MODEL.gate_.touches_covered
    assert "mistakes that content shares with the rules are seen by gold alone" in repr(MODEL.gate_)
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


def test_the_prior_of_rows_without_votes_is_named_and_kept_beside_labels(tmp_path):
    """Without gold, it is the mean label by votes and content; decisions by it are warned of, from a file too."""
    labels = MODEL.label(VOTES, WORDS)
    assert labels.prior_source == MODEL.prior_source_ == "the votes and the content of examples"
    mean = MODEL.predict_proba(VOTES, WORDS)[COVERED].mean(axis=0)
    assert MODEL.class_prior_ == pytest.approx(mean, abs=0.05)
    loaded = lk.ProbabilisticLabels.load(labels.save(tmp_path / "labels.parquet"))
    assert loaded.prior_source == labels.prior_source
    with pytest.warns(UserWarning, match="from the votes and the content of examples"):
        loaded.hard(objective="f1")
    given = ContentLabelModel(class_prior=[0.5, 0.5]).fit(VOTES, WORDS)
    assert given.prior_source_ == given.base_.prior_source_
    alone = ContentLabelModel().fit(VOTES, shuffled(WORDS))
    assert alone.prior_source_ == alone.base_.prior_source_
    assert (alone.class_prior_ == alone.base_.class_prior_).all()


def test_features_of_a_vectorizer_that_gives_nan_are_refused_by_their_example():
    texts = [f"text {i}" for i in range(len(VOTES))]
    features = lk.read_features(texts, by=lambda some: [[np.nan if text == "text 7" else 1.0] for text in some])
    with pytest.raises(ModelError, match="the features of example 7 hold NaN"):
        ContentLabelModel().fit(VOTES, features)


def test_a_prior_that_contradicts_the_votes_is_followed_where_there_are_none():
    model = ContentLabelModel(class_prior={1: 0.999}).fit(VOTES, WORDS)
    proba = model.predict_proba(VOTES, WORDS)
    assert (proba[~COVERED, 1] > 0.5).mean() > 0.9
    assert np.isfinite(proba).all()


def test_gold_teaches_the_share_of_content_and_is_judged_by_parts_that_did_not_see_it():
    rng = np.random.default_rng(0)
    votes, words, gold = corpus(accuracy=0.6, coverage=0.2)
    some = np.where(rng.random(len(gold)) < 0.1, gold, -1)
    model = ContentLabelModel().fit(votes, words, gold=some)
    assert model.gate_.n_gold > 10
    assert f"by {model.gate_.n_gold} gold rows" in repr(model.gate_)
    seen, rest = model.evaluate(votes, words, some), model.evaluate(votes, words, np.where(some < 0, gold, -1))
    assert seen.n_seen == (some >= 0).sum()
    assert rest.n_seen == 0
    assert abs(seen.accuracy - rest.accuracy) < 0.1
    assert seen.coverage == 1.0
    assert model.score(votes, words, np.where(some < 0, gold, -1)) == pytest.approx(rest.accuracy)


def test_gold_is_recognised_by_id_where_features_were_computed_anew():
    some = np.where(np.arange(len(GOLD)) % 10 == 0, GOLD, -1)
    model = ContentLabelModel().fit(VOTES, WORDS, gold=some)
    assert model.evaluate(VOTES, WORDS * 1.00001, some).n_seen == 200
    assert model.evaluate(VOTES[::10], WORDS[::10], GOLD[::10]).n_seen == 200


# A prediction is a function of the row --------------------------------------------------------------------------------


def test_neither_the_order_of_rows_nor_that_of_rules_nor_the_container_matters():
    rows = np.random.default_rng(0).permutation(len(VOTES))
    there = MODEL.predict_proba(VOTES, WORDS)
    moved = ContentLabelModel().fit(VOTES[rows], WORDS[rows])
    np.testing.assert_allclose(moved.predict_proba(VOTES[rows], WORDS[rows]), there[rows], atol=1e-9)
    turned = ContentLabelModel().fit(VOTES[:, ::-1], WORDS)
    np.testing.assert_allclose(turned.predict_proba(VOTES[:, ::-1], WORDS), there, atol=1e-9)
    for features in (WORDS.tocsc(), sparse.coo_matrix(WORDS), WORDS.astype(np.float32)):
        assert (MODEL.predict_proba(VOTES, features) == there).all()


def test_a_row_has_the_same_probabilities_alone_and_in_any_batch():
    there = MODEL.predict_proba(VOTES, WORDS)
    for rows in (slice(0, 1), slice(5, 600), [7, 3, 3]):
        assert (MODEL.predict_proba(VOTES[rows], WORDS[rows]) == there[rows]).all()


def test_a_dense_array_has_the_folds_of_a_sparse_one():
    assert (feature_hashes(WORDS) == feature_hashes(WORDS.toarray())).all()
    assert len(np.unique(feature_hashes(WORDS) % FOLDS)) == FOLDS


def test_a_frame_is_matched_by_its_index():
    matrix = LabelMatrix.of(pd.DataFrame(VOTES, index=[f"a{i}" for i in range(len(VOTES))]))
    frame = pd.DataFrame(WORDS.toarray(), index=matrix.ids, columns=[f"w{j}" for j in range(N_WORDS)])
    rows = np.random.default_rng(0).permutation(len(VOTES))
    model = ContentLabelModel().fit(matrix, frame)
    assert (model.predict_proba(matrix, frame.iloc[rows]) == model.predict_proba(matrix, frame)).all()
    assert set(model.feature_weights(3)["feature"]) <= set(frame.columns)
    with pytest.raises(ModelError, match="have no features"):
        model.predict_proba(matrix, frame.iloc[:-1])


def test_a_saved_model_predicts_the_same_bits(tmp_path):
    path = ContentLabelModel(class_prior=[0.4, 0.6]).fit(VOTES, WORDS, gold=np.where(np.arange(2_000) < 99, GOLD, -1))
    read = load_model(path.save(tmp_path / "model"))
    assert isinstance(read, ContentLabelModel)
    assert read.get_params() == path.get_params()
    assert (read.predict_proba(VOTES, WORDS) == path.predict_proba(VOTES, WORDS)).all()
    assert read.gate_ == path.gate_
    assert repr(read.explain(VOTES, WORDS, [1, 2])) == repr(path.explain(VOTES, WORDS, [1, 2]))
    inner = tmp_path / "model" / "base_" / "model.json"
    inner.write_text(json.dumps({**json.loads(inner.read_text()), "model": "Other"}))
    with pytest.raises(ModelError, match="Other"):
        load_model(tmp_path / "model")


def test_it_is_an_estimator_and_a_label_model():
    assert isinstance(ContentLabelModel(), LabelModelLike)
    model = clone(ContentLabelModel(class_prior=[0.3, 0.7]))
    assert model.class_prior == [0.3, 0.7]
    with pytest.raises(NotFittedError):
        model.predict(VOTES, WORDS)
    assert lk.ContentLabelModel is ContentLabelModel


# Explanations ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [2, 3])
def test_prior_votes_and_content_add_up_to_the_log_odds(k):
    votes, words, _ = corpus(k=k, n_lfs=9)
    model = ContentLabelModel(n_classes=k).fit(votes, words, feature_names=[f"word{j}" for j in range(N_WORDS)])
    ids = np.arange(40)
    why = model.explain(votes, words, ids)
    np.testing.assert_allclose(why.log_odds, why.prior + why.contributions.sum(axis=1) + why.content.log_odds)
    np.testing.assert_allclose(why.proba, model.predict_proba(votes, words)[:40], atol=1e-9)
    scores = why.log_odds * (k - 1) / k
    np.testing.assert_allclose(np.exp(log_softmax(scores)), why.proba, atol=1e-9)
    assert "content (word" in repr(why)
    assert {"prior", "content"} <= set(why.to_pandas()["source"])


def test_the_words_of_a_class_have_the_largest_weights():
    table = MODEL.feature_weights(5)
    of_class = {name: [int(word.split()[1]) for word in rows["feature"]] for name, rows in table.groupby("class")}
    assert all(word % 2 == int(name) for name, words in of_class.items() for word in words)
    assert table["folds"].between(0, 1).all()


def test_an_explanation_without_content_is_that_of_votes():
    noise = shuffled(WORDS)
    model = ContentLabelModel().fit(VOTES, noise)
    assert repr(model.explain(VOTES, noise, [0, 1])) == repr(LabelModel().fit(VOTES).explain(VOTES, [0, 1]))


# Bad input ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (WORDS[:90], "the features have 90 rows, and there are 2,000 examples"),
        (np.where(np.arange(N_WORDS) == 3, np.nan, WORDS.toarray()), "example 0 hold NaN or infinity, in column 3"),
        (WORDS * sparse.csr_array(np.where(np.arange(N_WORDS) == 5, np.inf, 1.0)[None]), "NaN or infinity, in column"),
        (np.array(["a text"] * 2_000), r"shape \(2000,\)"),
        (np.array([["a text"]] * 2_000), "no numbers, such as 'a text'"),
        (np.array([["1", None]] * 2_000, dtype=object), "hold NaN or infinity, in column 1"),
        (None, "reads features of examples"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_features_that_do_not_fit_are_refused(features, message):
    model = ContentLabelModel()
    with pytest.raises(ModelError, match=message):
        model.fit(VOTES, features)
    with pytest.raises(NotFittedError):
        model.predict(VOTES, WORDS)


def test_features_of_another_width_are_refused():
    with pytest.raises(ModelError, match="59 columns, and the model was fitted on 60"):
        MODEL.predict(VOTES, WORDS[:, :-1])
    with pytest.raises(ModelError, match="3 feature names, and 60 features"):
        ContentLabelModel().fit(VOTES, WORDS, feature_names=["a", "b", "c"])


@pytest.mark.parametrize(
    "features",
    [
        np.zeros((2_000, 4)),
        sparse.csr_array((2_000, 4)),
        np.full((2_000, 1), 7.0),
        np.full((2_000, 1), 0.1),
        np.zeros((2_000, 0)),
        sparse.csr_array((2_000, 0)),
        sparse.eye_array(2_000).tocsr(),
    ],
    ids=["zero", "sparse zero", "constant", "constant fraction", "none", "sparse none", "a column a row"],
)
def test_features_that_tell_no_rows_apart_give_the_labels_of_votes(features):
    model = ContentLabelModel().fit(VOTES, features)
    assert (model.predict_proba(VOTES, features) == LabelModel().fit(VOTES).predict_proba(VOTES)).all()


def test_a_constant_column_beside_others_changes_nothing():
    wide = np.concatenate([WORDS.toarray(), np.full((2_000, 1), 1e6)], axis=1)
    np.testing.assert_allclose(
        (ContentLabelModel().fit(VOTES, wide).predict(VOTES, wide) == GOLD).mean(),
        (MODEL.predict(VOTES, WORDS) == GOLD).mean(),
        atol=0.03,
    )


def test_columns_of_any_scale_are_used():
    rng = np.random.default_rng(0)
    column = 1e6 + 1e-3 * (GOLD + rng.normal(scale=0.3, size=len(GOLD)))
    features = np.stack([column, rng.normal(size=len(GOLD))], axis=1)
    model = ContentLabelModel().fit(VOTES, features)
    assert (model.predict(VOTES, features) == GOLD)[~COVERED].mean() > 0.85


@pytest.mark.parametrize("n_covered", [0, 1, 3, 30])
def test_few_covered_rows_give_the_labels_of_votes(n_covered):
    votes = np.full(VOTES.shape, -1)
    votes[:n_covered] = np.where(VOTES[COVERED] >= 0, VOTES[COVERED], -1)[:n_covered]
    model = ContentLabelModel(n_classes=2).fit(votes, WORDS)
    assert (model.predict_proba(votes, WORDS) == LabelModel(n_classes=2).fit(votes).predict_proba(votes)).all()
    assert f"{n_covered} covered rows are too few" in repr(model.gate_)


def test_votes_for_one_class_alone_give_the_labels_of_votes():
    votes = np.where(VOTES == 1, 1, -1)
    model, alone = ContentLabelModel(n_classes=2).fit(votes, WORDS), LabelModel(n_classes=2).fit(votes)
    assert (model.predict(votes, WORDS)[(votes >= 0).any(axis=1)] == 1).all()
    assert np.isfinite(model.predict_proba(votes, WORDS)).all()
    assert np.isfinite(alone.predict_proba(votes)).all()


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
        # two weights w and -w have half the penalty of their difference, 2 w: C is 2 C for it
        other = LogisticRegression(C=2 * INVERSE_PENALTY, tol=1e-8).fit(
            features[fold != number] / 3**0.5, y[fold != number]
        )
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


@pytest.mark.parametrize("seed", range(8))
def test_copies_of_examples_do_not_make_noise_count(seed):
    """Without looking at copies, the gate is open on 2 of these."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, 300)
    said = np.where(rng.random((300, 4)) < 0.8, label[:, None], 1 - label[:, None])
    votes = np.where(rng.random((300, 4)) < 0.6, said, -1)
    noise, copies = rng.normal(size=(300, 20)), np.repeat(np.arange(300), 20)
    assert not ContentLabelModel().fit(votes[copies], noise[copies]).gate_.is_open


def test_a_gain_is_as_sure_as_the_examples_that_differ_make_it():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 200)
    q, content = np.eye(2)[label] * 0.8 + 0.1, np.log(rng.dirichlet([2, 2], 200))
    once, rows = judge_content(q, content), np.arange(200, dtype=np.uint64)
    many = judge_content(np.tile(q, (9, 1)), np.tile(content, (9, 1)), np.tile(rows, 9))
    assert many.standard_error == pytest.approx(once.standard_error)
    assert many.gain == pytest.approx(once.gain)
    assert judge_content(q, content, rows).standard_error == pytest.approx(once.standard_error)


@pytest.mark.parametrize("share", [0.5, 0.2])
@pytest.mark.parametrize("accuracy", [0.6, 0.8])
@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0, 3.0])
def test_strength_is_that_of_content_however_noisy_votes_are(strength, accuracy, share):
    """A fit to labels of votes and content together finds 0.75 for 0, and 1.1 to 1.5 for 3."""
    rng, n = np.random.default_rng(0), 20_000
    log_prior = np.log([1 - share, share])
    gold = (rng.random(n) < share).astype(int)
    evidence = rng.normal(np.where(gold, 0.75, -0.75), 1.0) * 1.5  # its log-odds
    content = np.column_stack([np.zeros(n), evidence / strength if strength else rng.permutation(evidence)])
    said = np.where(rng.random((2, n)) < accuracy, gold, 1 - gold)
    q = softmax(log_prior + np.log(accuracy / (1 - accuracy)) * np.eye(2)[said].sum(axis=0))
    log_odds = np.diff(np.log(q), axis=1)[:, 0] - np.diff(log_prior)
    information = (log_odds**2 / 4).mean() * (content[:, 1] ** 2).mean() * share * (1 - share) * n  # about, at 0
    found = _likeliest_strength(q, content, log_prior)
    assert found == pytest.approx(strength, abs=0.06 * strength + 4 / np.sqrt(information))


def test_exponents_follow_gold_and_stay_at_one_without():
    terms = np.log([[[0.8, 0.2]], [[0.3, 0.7]]])
    assert fit_exponents(terms[:, :0], np.zeros(0, dtype=int)).tolist() == [1.0, 1.0]
    votes, content = fit_exponents(np.repeat(terms, 300, axis=1), np.zeros(300, dtype=int))
    assert votes > 1
    assert content < 0.1  # gold contradicts it


# Copies ---------------------------------------------------------------------------------------------------------------


def with_copies(seed, copies=6, n_texts=300):
    """Texts that say nothing of their class, each several times with other votes (rules read another column, too)."""
    rng = np.random.default_rng(seed)
    text = np.repeat(np.arange(n_texts), copies)
    gold = rng.integers(0, 2, n_texts)[text]
    words = sparse.csr_array((rng.random((n_texts, 200)) < 0.04).astype(np.float64))[text]
    votes = np.where(rng.random((len(text), 3)) < 0.7, gold[:, None], 1 - gold[:, None])
    votes[rng.random(votes.shape) < 0.4] = -1
    return votes, words, gold, rng


@pytest.mark.parametrize("seed", range(3))
def test_copies_of_texts_with_other_votes_do_not_open_the_gate(seed):
    votes, words, gold, rng = with_copies(seed)
    some = np.where(rng.random(len(gold)) < 0.2, gold, -1)
    model = ContentLabelModel().fit(votes, words, some)
    assert model.folds_by_content_
    assert not model.gate_.is_open
    held_out = model.evaluate(votes, words, some).accuracy
    assert held_out < 0.8  # three votes that are right in 70%
    compared = lk.compare(votes, ["LabelModel", "ContentLabelModel"], some, features=words).frame
    assert compared.loc["ContentLabelModel", "accuracy"] < compared.loc["LabelModel", "accuracy"] + 0.05


def test_folds_are_by_votes_and_features_where_texts_have_no_copies_or_features_are_categories():
    assert not MODEL.folds_by_content_
    assert not ContentLabelModel().fit(VOTES, np.eye(60)[np.arange(len(VOTES)) % 60]).folds_by_content_
    few = WORDS[np.arange(len(VOTES)) % 20]
    assert not ContentLabelModel().fit(VOTES, few).folds_by_content_


def test_a_model_of_texts_with_copies_is_saved_with_its_folds(tmp_path):
    votes, words, _, _ = with_copies(0)
    model = ContentLabelModel().fit(votes, words)
    loaded = load_model(model.save(tmp_path / "model"))
    assert loaded.folds_by_content_
    assert (loaded.predict_proba(votes[:9], words[:9]) == model.predict_proba(votes, words)[:9]).all()
