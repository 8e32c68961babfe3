"""Features of a corpus: by default, by vectorizers, by functions and as arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.preprocessing import StandardScaler

import labelkit as lk
from labelkit.corpus import open_corpus
from labelkit.end_models import features as module, read_features
from labelkit.exceptions import CorpusError, ModelError
from labelkit.votes.label_matrix import LabelMatrix

TEXTS = ["win a prize now!", "see you at lunch", "win win now", "", None, "lunch now?"] * 3


def test_hashed_words_have_the_weights_of_scikit_learn():
    tfidf = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\w+|[^\w\s]", sublinear_tf=True, min_df=2)
    expected = tfidf.fit_transform([text or "" for text in TEXTS])
    values = read_features(TEXTS).values
    np.testing.assert_allclose((values @ values.T).toarray(), (expected @ expected.T).toarray(), atol=1e-5)


def test_batches_do_not_matter(monkeypatch):
    there = read_features(TEXTS)
    monkeypatch.setattr(module, "BATCH_ROWS", 4)
    here = read_features(TEXTS)
    assert (here.values != there.values).nnz == 0
    streamed = [values for _, values in here.batches(TEXTS)]
    assert [values.shape[0] for values in streamed] == [4, 4, 4, 4, 2]
    np.testing.assert_allclose(np.concatenate([v.toarray() for v in streamed]), here.values.toarray())


def test_new_texts_get_the_weights_of_the_first_ones():
    features = read_features(TEXTS)
    np.testing.assert_allclose(features.of(TEXTS[:2]).values.toarray(), features.values[:2].toarray())
    assert features.of(["nothing of it"]).values.nnz == 0


def test_hashed_columns_are_named_by_their_words():
    features = read_features(TEXTS)
    named = {str(features.names[column]) for column in features.values[[0]].indices}
    assert named == {"win", "a", "prize", "now", "!", "win a", "a prize", "prize now", "now !"}
    assert features.n_empty == 6
    assert "6 of them without a text" in repr(features)


def test_a_vectorizer_is_fitted_on_a_copy_and_a_fitted_one_is_used():
    given = TfidfVectorizer()
    features = read_features(TEXTS, by=given)
    assert not hasattr(given, "vocabulary_")
    assert features.names.tolist() == ["at", "lunch", "now", "prize", "see", "win", "you"]
    fitted = CountVectorizer().fit(["lunch prize"])
    assert read_features(TEXTS, by=fitted).values.toarray()[:2].tolist() == [[0, 1], [1, 0]]
    assert read_features(iter(TEXTS), by=fitted).values.shape == (18, 2)
    assert read_features(TEXTS, by=HashingVectorizer(n_features=8)).values.shape == (18, 8)


def test_transformers_of_several_columns_get_a_frame():
    frame = pd.DataFrame({"text": TEXTS, "n": np.arange(18.0)}).fillna("")
    by = ColumnTransformer([("words", CountVectorizer(), "text"), ("n", StandardScaler(), ["n"])])
    assert read_features(frame, ["text", "n"], by=by).values.shape == (18, 8)
    joined = read_features(pd.DataFrame({"a": ["hi you", "hi"], "b": [None, "you"]}), ["a", "b"])
    assert joined.values.nnz == 6  # hi, you, hi you


def test_functions_and_arrays_give_features():
    lengths = read_features(TEXTS, by=lambda texts: [[len(text), 1] for text in texts])
    assert lengths.values[:2].tolist() == [[16.0, 1.0], [16.0, 1.0]]
    given = read_features(TEXTS, by=np.eye(18))
    assert given.values.shape == (18, 18)
    with pytest.raises(ModelError, match="given as an array"):
        given.of(TEXTS)


def test_rows_are_aligned_with_a_matrix_by_id():
    corpus = open_corpus([{"id": f"r{i}", "text": f"word{i}"} for i in range(5)], id="id")
    features = read_features(corpus, by=lambda texts: [[int(text[4:])] for text in texts])
    frame = pd.DataFrame([[0], [1], [0]], index=["r3", "r0", "r4"])
    assert features.aligned(LabelMatrix.of(frame)).values.ravel().tolist() == [3.0, 0.0, 4.0]
    with pytest.raises(ModelError, match="r9"):
        features.aligned(LabelMatrix.of(pd.DataFrame([[0]], index=["r9"])))


@pytest.mark.parametrize(
    ("by", "message"),
    [
        ("tfidf", "'tfidf' makes no features"),
        (TfidfVectorizer, "makes no features"),
        (lambda texts: [1.0] * len(texts), "have shape"),
        (lambda texts: [[1.0]], "have shape"),
        (lambda texts: [["a"]] * len(texts), "features are numbers"),
        (np.zeros((3, 2)), r"the features of 18 rows have shape \(3, 2\)"),
        (TfidfVectorizer(min_df=17), "cannot be fitted on the texts"),
    ],
)
def test_what_makes_no_features_is_refused(by, message):
    with pytest.raises(ModelError, match=message):
        read_features(TEXTS, by=by)


def test_an_empty_vocabulary_a_missing_column_and_no_rows_are_errors():
    with pytest.raises(ModelError, match="empty vocabulary"):
        read_features(["", None, "  "], by=TfidfVectorizer())
    with pytest.raises(CorpusError, match="txt"):
        read_features(TEXTS, "txt")
    with pytest.raises(CorpusError, match="no rows"):
        read_features(pd.DataFrame({"text": pd.Series([], dtype=str)}))
    with pytest.raises(ModelError, match="'n' holds no texts"):
        read_features({"n": [1, 2]}, "n")
    with pytest.raises(ModelError, match="an iterator can be read once"):
        read_features(iter(TEXTS), by=TfidfVectorizer())


def test_texts_that_are_all_null_give_features_that_say_nothing():
    features = read_features(pd.DataFrame({"text": pd.Series([None] * 100, dtype=object)}))
    votes = np.where(np.arange(300).reshape(100, 3) % 3 == 0, np.arange(100)[:, None] % 2, -1)
    model = lk.ContentLabelModel().fit(votes, features.values)
    assert (model.predict_proba(votes, features.values) == lk.LabelModel().fit(votes).predict_proba(votes)).all()


def test_the_words_of_a_real_corpus_explain_its_labels():
    comments = lk.load_comments(3_000)
    text = comments["text"].fillna("").str.lower()
    votes = np.stack(
        [
            np.where(text.str.contains("subscribe|check out"), 1, -1),
            np.where(text.str.contains("song|love"), 0, -1),
            np.where(text.str.contains("http"), 1, -1),
        ],
        axis=1,
    )
    features = read_features(comments)
    model = lk.ContentLabelModel().fit(votes, features.values, feature_names=features.names)
    assert model.gate_.is_open
    assert not any(str(name).startswith("feature ") for name in model.feature_weights(5)["feature"])


def test_a_model_matches_the_features_of_a_corpus_by_id_and_takes_their_names():
    comments = lk.load_comments(1_500)
    text = comments["text"].fillna("").str.lower()
    votes = np.stack(
        [np.where(text.str.contains("subscribe|http"), 1, -1), np.where(text.str.contains("song|love"), 0, -1)], axis=1
    )
    matrix = lk.LabelMatrix.of(votes, ids=comments["id"].tolist())
    turned = lk.open_corpus(comments.iloc[::-1].reset_index(drop=True), id="id")
    features = read_features(turned)
    in_order = features.aligned(matrix)
    model = lk.ContentLabelModel().fit(matrix, features)
    same = lk.ContentLabelModel().fit(matrix, in_order.values, feature_names=features.names)
    assert (model.predict_proba(matrix, features) == same.predict_proba(matrix, in_order.values)).all()
    assert model.feature_names_.tolist() == same.feature_names_.tolist()
    rows = np.arange(0, 1_500, 7)
    assert (model.predict_proba(matrix[rows], features) == model.predict_proba(matrix, features)[rows]).all()
    found = lk.compare(matrix, ["MajorityVote", "ContentLabelModel"], features=features)
    assert found.frame.index.tolist() == ["MajorityVote", "ContentLabelModel"]


def test_features_of_other_examples_are_refused_and_positions_do_not_guess():
    votes = np.where(np.arange(300).reshape(100, 3) % 3 == 0, np.arange(100)[:, None] % 2, -1)
    texts = [f"text {i % 5}" for i in range(100)]
    with pytest.raises(ModelError, match="the features have 99 rows, and there are 100 examples"):
        lk.ContentLabelModel().fit(votes, read_features(texts[:99]))
    with pytest.raises(ModelError, match="the features have 101 rows, and there are 100 examples"):
        lk.ContentLabelModel().fit(votes, read_features([*texts, "more"]))
    matrix = lk.LabelMatrix.of(votes, ids=[f"a{i}" for i in range(100)])
    others = lk.open_corpus([{"id": f"b{i}", "text": text} for i, text in enumerate(texts)], id="id")
    with pytest.raises(ModelError, match="the features are of other examples"):
        lk.ContentLabelModel().fit(matrix, read_features(others))
