"""``@model_output(model=...)``: real classifiers as rules, what their labels mean, and what is said when they fail."""

import functools
import re
import sys
import warnings
from enum import IntEnum
from pathlib import Path
from types import SimpleNamespace

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC

import labelkit as lk
from labelkit.apply.vote_cache import why_not
from labelkit.datasets import load_comments
from labelkit.exceptions import FaultError, RuleError
from labelkit.rules.inspection.model_digest import content_of
from labelkit.rules.models._model_call import pieces
from labelkit.rules.models._outputs import Scored, from_dicts, joined

HAM = ["nice song", "great song", "love this song", "lovely voice", "best song ever", "what a voice"]
SPAM = ["free money", "win money now", "subscribe to my channel", "free phone", "check my channel", "win a phone"]
TEXTS = [*HAM, *SPAM, "free song", "my voice", "", "voice of money"] * 300
"""More than four chunks of 1,024."""


class Label(IntEnum):
    HAM = 0
    SPAM = 1


MEANINGS = {"ham": Label.HAM, "spam": Label.SPAM}


def fitted(labels=("ham", "spam"), estimator=None):
    words = TfidfVectorizer(token_pattern=r"\S+")
    known = [labels[0]] * len(HAM) + [labels[1]] * len(SPAM)
    return make_pipeline(words, estimator or LogisticRegression(C=10)).fit(HAM + SPAM, known)


@pytest.fixture(scope="module")
def classifier():
    return fitted()


def rule(model=None, **options):
    return lk.model_output(model=model, **options).rule(name="r")


def votes(lf, corpus, **options):
    return np.asarray(lk.Applier([lf], labels=options.pop("labels", 2)).apply(corpus, **options))[:, 0]


def refused(*parts):
    return pytest.raises(RuleError, match="(?s)" + ".*".join(map(re.escape, parts)))


# ------------------------------------------------------------------------------------------------ scikit-learn


def test_a_pipeline_votes_where_its_own_probabilities_say_so(classifier):
    proba = classifier.predict_proba(TEXTS)
    lf = rule(classifier, classes=MEANINGS, threshold=0.7)
    expected = np.where(proba.max(axis=1) >= 0.7, proba.argmax(axis=1), -1)
    assert votes(lf, TEXTS).tolist() == expected.tolist()
    assert set(expected) == {-1, 0, 1}


def test_the_order_of_its_classes_is_that_of_the_estimator():
    lf = rule(fitted(labels=("zz ham", "aa spam")), classes={"aa spam": Label.SPAM, "zz ham": Label.HAM})
    assert (lf("nice song"), lf("free money")) == (0, 1)


def test_an_estimator_whose_labels_are_classes_needs_nothing_more():
    lf = rule(fitted(labels=(1, 0)))
    assert (lf("nice song"), lf("free money")) == (1, 0)


def test_labels_that_are_no_classes_are_not_taken_for_them(classifier):
    lf = rule(classifier)
    with pytest.raises(ValueError, match=r"labels are \['ham', 'spam'\], and the rule does not map them to classes"):
        lf("nice song")


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ({"spam": Label.SPAM}, "the model has the label 'ham', which classes= does not name"),
        (
            {**MEANINGS, "phish": 1},
            "classes= names 'phish', which is not a label of the model; its labels are ['ham', 'spam']",
        ),
        ([0, 1, 1], "classes= names 3 classes in order, and the model's labels are ['ham', 'spam']"),
    ],
)
def test_a_label_is_neither_dropped_nor_misspelt_silently(classifier, classes, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        rule(classifier, classes=classes)("nice song")


def test_an_enum_says_by_names_or_numbers_what_labels_mean(classifier):
    lf = rule(classifier, classes=Label)
    assert (lf("nice song"), lf("free money"), lf.labels, lf.enum) == (0, 1, (0, 1), Label)
    assert rule(fitted(labels=(0, 1)), classes=Label)("free money") == 1


def test_a_label_that_means_nothing_abstains(classifier):
    lf = rule(classifier, classes={"ham": None, "spam": Label.SPAM})
    assert (lf("nice song"), lf("free money"), lf.labels) == (-1, 1, (1,))


def test_labels_that_mean_the_same_count_together():
    model = LogisticRegression(C=100).fit([[0], [1], [2]] * 5, ["ham", "phish", "spam"] * 5)
    lf = lk.model_output(model=model, classes={"ham": 0, "phish": 1, "spam": 1}, threshold=0.99).rule(
        name="r", column="n"
    )
    proba = model.predict_proba([[1.5]])[0]
    assert (proba.max() < 0.99 < proba[1:].sum(), lf(1.5)) == (True, 1)


def test_one_class_is_voted_for_by_its_own_probability(classifier):
    lf = rule(classifier, classes=MEANINGS, label=Label.SPAM, threshold=0.3)
    proba = classifier.predict_proba(TEXTS)[:, 1]
    assert votes(lf, TEXTS).tolist() == np.where(proba >= 0.3, 1, -1).tolist()
    assert lf.labels == (1,)


def test_a_model_without_probabilities_votes_by_its_labels_and_takes_no_threshold():
    model = fitted(estimator=LinearSVC())
    assert rule(model, classes=MEANINGS)("free money") == 1
    with refused("Pipeline, returns labels and not probabilities", "CalibratedClassifierCV(model)"):
        rule(model, classes=MEANINGS, threshold=0.8)
    calibrated = fitted(estimator=CalibratedClassifierCV(LinearSVC(), cv=2))
    assert rule(calibrated, classes=MEANINGS, threshold=0.5)("free money") == 1


def test_a_model_of_numbers_reads_several_columns():
    model = LogisticRegression().fit([[0, 1], [1, 0]] * 5, [0, 1] * 5)
    lf = lk.model_output(model=model, threshold=0.6).rule(name="r", column=("a", "b"))
    assert votes(lf, {"a": [0, 1, 0.5], "b": [1, 0, 0.5]}).tolist() == [0, 1, -1]


def test_a_model_that_was_fitted_on_a_frame_gets_its_columns_by_name():
    frame = pd.DataFrame({"title": ["free", "nice"] * 5, "n": [9, 1] * 5})
    parts = make_column_transformer((TfidfVectorizer(), "title"), ("passthrough", ["n"]))
    model = make_pipeline(parts, LogisticRegression()).fit(frame, [1, 0] * 5)

    @lk.model_output(model=model)
    def wide(n, title):
        """The columns may come in any order."""

    assert votes(wide, {"title": ["free", "nice", None], "n": [9, 1, 1]}).tolist() == [1, 0, -1]
    other = lk.model_output(model=model).rule(name="other", column=("n", "text"))
    with pytest.raises(ValueError, match=r"fitted on columns \['title', 'n'\], and the rule reads \['n', 'text'\]"):
        other(9, "free")


def test_a_model_of_vectors_reads_a_column_of_vectors():
    vectors = [[0.0, 1.0], [1.0, 0.0]] * 5
    model = LogisticRegression().fit(vectors, [0, 1] * 5)
    lf = lk.model_output(model=model, threshold=0.5).rule(name="r", column="vector")
    fixed = pa.FixedSizeListArray.from_arrays(pa.array(np.ravel(vectors), pa.float32()), 2)
    for column in (pa.array(vectors), fixed):
        assert votes(lf, pa.table({"vector": column})).tolist() == [0, 1] * 5


def test_a_regressor_gives_one_score():
    model = make_pipeline(TfidfVectorizer(), LinearRegression()).fit(HAM + SPAM, [0.0] * 6 + [1.0] * 6)
    banded = rule(model, classes=[Label.HAM, Label.SPAM], abstain=(0.2, 0.8))
    one = rule(model, label=Label.SPAM, threshold=0.8)
    asked = ["nice song", "free money", "song money"]
    assert [(banded(text), one(text)) for text in asked] == [(0, -1), (1, 1), (-1, -1)]


def test_a_model_that_predicts_several_things_is_not_asked_for_one_vote():
    from sklearn.ensemble import RandomForestClassifier

    model = RandomForestClassifier(3, random_state=0).fit([[0], [1]], [[0, 1], [1, 0]])
    with refused("the model of rule 'r' predicts 2 targets at once"):
        lk.model_output(model=model).rule(name="r", column="n")(1)


# ------------------------------------------------------------------------------------- how sure it has to be


def proba(rows, **options):
    return [lk.model_output(**options)(np.stack)(row) for row in rows]


def test_between_the_ends_of_the_band_two_classes_abstain():
    rows = [[0.61, 0.39], [0.6, 0.4], [0.5, 0.5], [0.41, 0.59], [0.4, 0.6], [0.1, 0.9]]
    assert proba(rows, abstain=(0.4, 0.6)) == [0, 0, -1, -1, 1, 1]
    assert proba(rows, abstain=(0.4, 0.6), classes=[1, 0]) == [1, 1, -1, -1, 0, 0]


def test_the_band_of_a_score_speaks_of_the_last_class_that_is_named():
    scored = lk.model_output(classes=[Label.SPAM, Label.HAM], abstain=(0.2, 0.7))(lambda n: n)
    assert [scored(x) for x in (0.2, 0.21, 0.69, 0.7)] == [1, -1, -1, 0]


def test_a_band_without_width_abstains_on_its_point_alone():
    scored = lk.model_output(abstain=(0.5, 0.5))(lambda n: n)
    assert [scored(x) for x in (0.4999, 0.5, 0.5001)] == [0, -1, 1]


def test_the_best_class_has_to_be_ahead_of_the_second_by_the_margin():
    rows = [[0.6, 0.4, 0.0], [0.5, 0.31, 0.19], [0.4, 0.2, 0.4]]
    assert proba(rows, margin=0.2) == [0, -1, -1]
    assert proba([[0.6, 0.4, 0.0]], margin=0.2, threshold=0.7) == [-1]


@given(st.lists(st.floats(0, 1), min_size=2, max_size=2), st.floats(0, 1))
def test_thresholds_for_each_of_two_classes_and_the_band_are_the_same(pair, p):
    low, high = sorted(pair)
    row = np.array([[1 - p, p]])
    banded = lk.model_output(abstain=(low, high))(lambda text: row)("x")
    assert banded == (1 if p >= high and not p <= low else 0 if p <= low and not p >= high else -1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"abstain": (0.6, 0.4)}, "abstain=(0.6, 0.4) is not a range of probabilities"),
        ({"abstain": 0.4}, "abstain=0.4 is not a range"),
        ({"abstain": (0.4, 0.6), "threshold": 0.9}, "abstain= cannot be combined"),
        ({"abstain": (0.4, 0.6), "classes": [0, 1, 2]}, "abstain= is for two classes, and classes= names 3"),
        ({"margin": 1.5}, "margin=1.5 is not a probability"),
        ({"batch_size": 0}, "batch_size=0 is not a number of examples from 1 to 1,024"),
        ({"batch_size": 2000}, "batch_size=2000 is not a number"),
        ({"threshold": 0.8, "classes": ["HAM", "SPAM"]}, "classes= holds 'HAM', which is not the number of a class"),
        ({"classes": {"ham": "HAM"}}, "classes= holds 'HAM', which is not the number of a class"),
        ({"model": 3}, "the model of @model_output(model=int) is int, which has no predict_proba"),
        ({"model": LogisticRegression}, "is the class LogisticRegression, not an instance of it"),
        ({"model": "none.joblib"}, "the model file 'none.joblib' does not exist"),
        ({"model": __file__}, "a model file cannot be '.py'"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(options, message):
    with refused(message):
        lk.model_output(**options)


def test_a_body_that_would_never_run_is_refused(classifier):
    with refused(
        "the body of rule 'f' would never run: its votes come from what the decorator was given",
        "leave only the docstring",
    ):

        @lk.model_output(model=classifier)
        def f(text):
            return 1


# ---------------------------------------------------------------------------------------------- Hugging Face


class Pipeline:
    """Returns what the text classification of transformers returns, for a list of texts."""

    def __init__(self, top_k=1, names=None):
        self.top_k = top_k
        self.task = "text-classification"
        if names:
            self.model = SimpleNamespace(config=SimpleNamespace(id2label=names, _commit_hash="abc"))

    def __call__(self, texts):
        assert type(texts) is list
        found = [min(1.0, 0.5 + 0.2 * text.count("free")) for text in texts]
        rows = [[{"label": "SPAM", "score": p}, {"label": "HAM", "score": 1 - p}] for p in found]
        rows = [sorted(row, key=lambda one: -one["score"]) for row in rows]
        return [row[0] for row in rows] if self.top_k == 1 else rows


@pytest.mark.parametrize("top_k", [1, None])
def test_a_pipeline_of_transformers_is_asked_as_it_is(top_k):
    lf = rule(Pipeline(top_k), classes={"HAM": 0, "SPAM": 1}, threshold=0.8)
    assert votes(lf, ["free free", "free", "hello"]).tolist() == [1, -1, -1]


def test_a_function_may_return_what_such_a_pipeline_returns():
    pipe = Pipeline(None)

    @lk.model_output(classes={"HAM": None, "SPAM": 1}, threshold=0.8)
    def opinion(text):
        return pipe(text.tolist())

    assert (opinion("free free"), opinion("hello")) == (1, -1)


def test_a_label_that_is_not_named_is_a_fault_of_the_examples_that_get_it():
    lf = rule(Pipeline(), classes={"HAM": 0, "PHISH": 1})
    matrix = lk.Applier([lf], labels=2).apply(["free", "hello"], on_fault="record")
    assert [fault.message.splitlines()[0] for fault in matrix.faults] == [
        "the model has the label 'SPAM', which classes= does not name [LK102]"
    ] * 2


@pytest.mark.parametrize(
    ("scale", "options"),
    [
        (lambda p: 100 * p, {"threshold": 0.8}),
        (np.log, {"threshold": 0.8}),
        (lambda p: 100 * p, {"margin": 0.1}),
        (lambda p: 100 * p, {"abstain": (0.4, 0.6)}),
        (lambda p: 100 * p, {"levels": 10}),
        (lambda p: 100 * p[:, 1], {"threshold": 0.8, "label": 1}),
        (lambda p: 100 * p[:, 1], {"abstain": (0.4, 0.6)}),
    ],
)
def test_percent_and_logarithms_are_no_probabilities(scale, options):
    proba = np.array([[0.1, 0.9], [0.6, 0.4], [0.25, 0.75]])
    faulty = lk.model_output(**options, name="model")(lambda text: scale(proba))
    matrix = lk.Applier([faulty], labels=2).apply(["a", "b", "c"], on_fault="record")
    assert len(matrix.faults) == 3
    assert "which is no probability from 0 to 1" in matrix.faults[0].message
    right = lk.model_output(**options, name="model")(lambda text: proba if scale(proba).ndim == 2 else proba[:, 1])
    assert not lk.Applier([right], labels=2).apply(["a", "b", "c"]).faults


def test_one_number_an_example_needs_the_class_that_it_is_of():
    lf = lk.model_output(threshold=0.8, name="model")(lambda text: np.array([0.9, 0.1]))
    matrix = lk.Applier([lf], labels=2).apply(["a", "b"], on_fault="record")
    assert "label=1 does" in matrix.faults[0].message


def test_the_best_of_scores_that_are_no_probabilities_is_a_vote_where_no_option_needs_them():
    logits = lk.model_output(name="logits")(lambda text: np.array([[-3.0, 7.0], [2.0, -9.0]]))
    assert lk.Applier([logits], labels=2).apply(["a", "b"]).votes[:, 0].tolist() == [1, 0]


def test_a_label_that_is_not_named_is_found_at_once_where_the_model_lists_its_labels():
    lf = rule(Pipeline(None, names={0: "HAM", 1: "SPAM"}), classes={"SPAM": 1})
    with pytest.raises(ValueError, match="the model has the label 'HAM', which classes= does not name"):
        lf("hello")


def test_a_margin_needs_all_scores():
    assert rule(Pipeline(None), classes={"HAM": 0, "SPAM": 1}, margin=0.3)("free") == 1
    with pytest.raises(ValueError, match="a Hugging Face pipeline gives them with top_k=None"):
        rule(Pipeline(), classes={"HAM": 0, "SPAM": 1}, margin=0.3)("free")


def test_a_pipeline_whose_content_cannot_be_known_is_cached_on_its_author_s_word_alone():
    pipe = Pipeline(names={0: "HAM", 1: "SPAM"})
    pipe.model.weights = memoryview(b"as of a network on a device")
    assert any("content is not known" in why for why in why_not(rule(pipe)))
    assert why_not(rule(pipe, cache=True)) == ()
    assert rule(pipe).fingerprint == rule(Pipeline(names={0: "HAM", 1: "SPAM"})).fingerprint
    assert rule(pipe).fingerprint != rule(Pipeline(names={0: "HAM", 1: "JUNK"})).fingerprint


def test_what_is_no_answer_of_a_pipeline_is_left_alone():
    assert from_dicts([1, 0]) is None
    assert from_dicts([]) is None
    assert from_dicts([{"label": "a"}]) is None


def test_pieces_that_know_different_labels_are_joined():
    both = joined([Scored(("a",), np.ones((1, 1)), complete=False), Scored(("b",), np.ones((1, 1)), complete=False)])
    assert (both.labels, both.scores.tolist(), both.complete) == (("a", "b"), [[1, 0], [0, 1]], False)


# ------------------------------------------------------------------------------------------------------- spaCy


@pytest.fixture(scope="module")
def textcat():
    spacy = pytest.importorskip("spacy")
    from spacy.training import Example

    spacy.util.fix_random_seed(0)
    nlp = spacy.blank("en")
    config = {
        "model": {
            "@architectures": "spacy.TextCatBOW.v3",
            "exclusive_classes": True,
            "ngram_size": 1,
            "no_output_layer": False,
        }
    }
    nlp.add_pipe("textcat", config=config)
    known = [(text, {"cats": {"HAM": float(text in HAM), "SPAM": float(text in SPAM)}}) for text in HAM + SPAM]
    examples = [Example.from_dict(nlp.make_doc(text), cats) for text, cats in known]
    nlp.initialize(lambda: examples)
    for _ in range(12):
        nlp.update(examples)
    return nlp


def test_a_text_categorizer_votes_by_its_categories(textcat):
    lf = rule(textcat, classes=Label, threshold=0.5)
    asked = [*HAM, *SPAM]
    expected = [max(doc.cats.values()) >= 0.5 and int(doc.cats["SPAM"] > 0.5) for doc in textcat.pipe(asked)]
    assert votes(lf, asked).tolist() == expected
    assert np.mean(np.array(expected) == [0] * 6 + [1] * 6) > 0.8


def test_a_text_categorizer_may_be_a_folder(textcat, tmp_path):
    textcat.to_disk(tmp_path / "cats")
    from_folder = rule(str(tmp_path / "cats"), classes=Label)
    assert from_folder("free money") == rule(textcat, classes=Label)("free money")
    assert why_not(from_folder) == why_not(rule(textcat, classes=Label)) == ()
    before = from_folder.fingerprint
    (tmp_path / "cats" / "meta.json").write_text("{}", "utf-8")
    assert rule(str(tmp_path / "cats"), classes=Label).fingerprint != before


def test_a_pipeline_without_a_text_categorizer_names_its_pipes():
    spacy = pytest.importorskip("spacy")
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    with refused("has no text categorizer; its pipes are ['sentencizer']"):
        rule(nlp)


# ------------------------------------------------------------------------------------------------------- files


@pytest.fixture
def project(tmp_path, classifier, monkeypatch):
    """A rule module with a model file beside it."""
    joblib.dump(classifier, tmp_path / "spam.joblib")
    (tmp_path / "rules.py").write_text(
        "from labelkit import model_output\n"
        "@model_output(model='spam.joblib', classes={'ham': 0, 'spam': 1}, threshold=0.7)\n"
        "def old(text):\n    'The classifier that we had.'\n"
        "more = [model_output(model='spam.joblib', classes={'ham': 0, 'spam': None}).rule(name=f'r{n}') for n in (1, 2)]\n"
    )
    return tmp_path


def rules_of(project):
    return lk.collect(project / "rules.py", labels=["HAM", "SPAM"])


def test_a_model_file_stands_beside_the_module_that_names_it(project, classifier):
    lfs = rules_of(project)
    expected = np.asarray(lk.Applier([rule(classifier, classes=MEANINGS, threshold=0.7)], labels=2).apply(TEXTS))
    assert lk.Applier(lfs).apply(TEXTS).votes[:, :1].tolist() == expected.tolist()
    assert lfs.names == ("old", "r1", "r2")
    assert lfs["old"].doc == "The classifier that we had."


def test_rules_that_name_the_same_file_share_the_model(project, monkeypatch):
    loaded = []
    load = joblib.load
    monkeypatch.setattr(joblib, "load", lambda path: loaded.append(path) or load(path))
    lk.Applier(rules_of(project)).apply(TEXTS)
    assert len(loaded) == 1


def test_workers_load_the_file_themselves_and_vote_alike(project):
    lfs = rules_of(project)
    serial = lk.Applier(lfs).apply(TEXTS).votes
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shared = lk.Applier(lfs).apply(TEXTS, workers=2, engine="process").votes
    assert np.array_equal(serial, shared)


def test_the_content_of_the_file_is_part_of_the_fingerprint_and_its_name_is_not(project, classifier):
    before = rules_of(project)["old"].fingerprint
    joblib.dump(fitted(estimator=LogisticRegression(C=11)), project / "spam.joblib")
    assert rules_of(project)["old"].fingerprint != before


def test_a_file_that_changes_between_declaration_and_run_is_not_loaded(project):
    lfs = rules_of(project)
    joblib.dump(fitted(estimator=LogisticRegression(C=11)), project / "spam.joblib")
    with pytest.raises(FaultError, match=r"'spam.joblib' of rule 'old' has changed since the rule was declared"):
        lk.Applier(lfs).apply(["a"])


@pytest.mark.parametrize("broken", [b"", b"no pickle at all", None])
def test_an_unreadable_file_names_the_rule_and_loses_nothing_else(project, broken):
    file = project / "spam.joblib"
    file.write_bytes(file.read_bytes()[:300] if broken is None else broken)
    lfs = lk.LabelingFunctions([rules_of(project)["old"], lk.keywords("free", label=1).rule(name="free")], labels=2)
    matrix = lk.Applier(lfs).apply(["free", "b"], on_fault="record")
    assert matrix.votes[:, 1].tolist() == [1, -1]
    assert all("the model file 'spam.joblib' of rule 'old' cannot be read" in fault.message for fault in matrix.faults)
    assert len(matrix.faults) == 2


def test_what_failed_once_is_not_tried_again(project, monkeypatch):
    tried = []
    monkeypatch.setattr(joblib, "load", lambda path: tried.append(path) or 1 / 0)
    matrix = lk.Applier(rules_of(project)[["old"]]).apply(TEXTS, on_fault="record")
    assert (len(matrix.faults), len(tried)) == (len(TEXTS), 1)


def test_a_model_of_another_scikit_learn_is_not_believed(project, classifier, monkeypatch):
    monkeypatch.setattr("sklearn.base.__version__", "1.2.3")
    joblib.dump(classifier, project / "spam.joblib")
    monkeypatch.undo()
    with pytest.raises(
        RuleError, match=r"of rule 'old' was saved with scikit-learn 1\.2\.3, and .* is installed.*\n.*save"
    ):
        rules_of(project)["old"]("free money")


def test_skops_files_are_read_without_pickle(tmp_path):
    skops = pytest.importorskip("skops.io")
    skops.dump(fitted(), tmp_path / "spam.skops")
    assert rule(tmp_path / "spam.skops", classes=MEANINGS)("free money") == 1


# ------------------------------------------------------------------------------ made later, cached, in pieces


def test_a_function_that_makes_the_model_is_called_when_it_is_first_asked_and_once():
    made = []

    def make():
        made.append(1)
        return fitted()

    lf = rule(make, classes=MEANINGS)
    lf.fingerprint  # noqa: B018 - does not make it
    assert made == []
    assert [lf("free money"), lf("nice song"), len(made)] == [1, 0, 1]


def test_a_cached_function_makes_one_model_for_several_rules():
    made = functools.cache(lambda: fitted(("ham", "spam")))
    assert [rule(made, classes=MEANINGS)("free money") for _ in range(2)] == [1, 1]
    assert made.cache_info().misses == 1


def test_a_function_that_makes_no_model_is_told_so_with_the_rule():
    with refused("the model of rule 'r' is int, which has no predict_proba"):
        rule(lambda: 3)("x")


def double(texts):
    return [text + text for text in texts]


def test_votes_are_kept_as_long_as_the_model_and_the_code_in_it_are_the_same(tmp_path, classifier):
    lf = rule(classifier, classes=MEANINGS)
    assert why_not(lf) == ()
    first = votes(lf, TEXTS, cache=tmp_path)
    asked = []
    again = rule(fitted(), classes=MEANINGS)
    object.__setattr__(again.body.function.model, "asked_by", asked.append)
    assert again.fingerprint == lf.fingerprint
    assert votes(again, TEXTS, cache=tmp_path).tolist() == first.tolist()
    assert asked == []
    assert rule(fitted(estimator=LogisticRegression(C=9)), classes=MEANINGS).fingerprint != lf.fingerprint


def test_code_of_the_project_inside_a_model_is_part_of_its_content():
    one = make_pipeline(FunctionTransformer(double), TfidfVectorizer())
    assert double in content_of(one).code
    assert content_of(one).known
    assert not content_of(make_pipeline(FunctionTransformer(lambda x: x))).known  # cannot be pickled


def test_the_content_of_a_method_is_that_of_its_object(classifier):
    bound = content_of(classifier.predict_proba)
    assert (bound.known, bound.digest != content_of(classifier.predict).digest) == (True, True)
    assert bound == content_of(classifier.predict_proba)
    lf = rule(classifier.predict_proba, threshold=0.6)
    assert (lf("free money"), why_not(lf)) == (1, ())


def test_a_method_is_a_model(classifier):
    lf = rule(classifier.predict, classes=MEANINGS)
    assert votes(lf, ["free money", "nice song"]).tolist() == [1, 0]


@pytest.mark.parametrize("size", [1, 7, 1024])
def test_a_model_is_asked_in_pieces_of_the_fixed_chunks(size):
    seen = []

    def model(texts):
        seen.append(len(texts))
        return [int("free" in text) for text in texts]

    lf = rule(model, batch_size=size)
    n_rows = 1100
    texts = TEXTS[:n_rows]
    for batch_size in (1024, 4096):
        seen.clear()
        assert votes(lf, texts, batch_size=batch_size).tolist() == [int("free" in text) for text in texts]
        ends = [
            [min(size, last - start) for start in range(first, last, size)]
            for first, last in [(0, 1024), (1024, n_rows)]
        ]
        assert seen == [n for chunk in ends for n in chunk]


def test_a_function_may_be_called_in_pieces_too():
    @lk.model_output(batch_size=2, classes=[0, 1])
    def opinion(text, n):
        return np.column_stack([n, 1 - n]) if len(text) == len(n) <= 2 else None

    corpus = {"text": ["a"] * 5, "n": [0.0, 1.0, 0.2, 0.9, 0.1]}
    assert votes(opinion, corpus).tolist() == [1, 0, 1, 0, 1]
    assert why_not(opinion) == ()
    whole = lk.model_output(classes=[0, 1])(opinion.body.function.function)
    assert whole.fingerprint != opinion.fingerprint


@given(st.integers(0, 50), st.integers(1, 60))
def test_pieces_make_up_the_whole(n, size):
    assert [x for (piece,) in pieces([list(range(n))], size) for x in piece] == list(range(n))


def test_texts_come_as_a_list_and_numbers_as_an_array():
    got = []
    lf = lk.model_output(model=lambda text, n: got.append((type(text), type(n))) or [0] * len(n)).rule(
        name="r", column=("text", "n")
    )
    votes(lf, {"text": ["a", "b"], "n": [1, 2]})
    assert got == [(list, np.ndarray)]


def test_the_example_rules_are_right_more_often_than_not_on_comments():
    corpus = load_comments(2_000, random_state=11)
    lfs = lk.collect(Path(__file__).parents[2] / "labeling_functions" / "models.py")
    found = np.asarray(lk.Applier(lfs).apply(corpus))
    for name, column in zip(lfs.names, found.T, strict=True):
        assert (column >= 0).mean() > 0.1, name
        assert (column == corpus.spam)[column >= 0].mean() > 0.7, name


def test_rules_in_a_loop_share_one_declaration(classifier):
    declared = lk.model_output(model=classifier, classes=MEANINGS, group="ann", examples={"free money": 1})
    made = [declared.rule(name=f"of_{c}", column=c, doc="In a loop.", trusted=True) for c in ("title", "text")]
    assert [(lf.name, lf.columns, lf.group, lf.trusted, lf.doc) for lf in made] == [
        ("of_title", ("title",), "ann", True, "In a loop."),
        ("of_text", ("text",), "ann", True, "In a loop."),
    ]
    assert [lf.examples for lf in made] == [((("free money",), 1),)] * 2
    corpus = {"title": ["free money"], "text": ["nice song"]}
    assert lk.Applier(made, labels=2).apply(corpus).votes.tolist() == [[1, 0]]


def test_a_model_is_asked_only_where_its_guard_holds():
    seen = []
    lf = lk.model_output(model=lambda texts: seen.extend(texts) or [1] * len(texts), when=lk.keywords("free")).rule(
        name="r"
    )
    assert votes(lf, ["free", "no", None, "free!"]).tolist() == [1, -1, -1, 1]
    assert seen == ["free", "free!"]


def test_declaring_a_model_loads_no_scikit_learn(tmp_path):
    import subprocess

    (tmp_path / "m.joblib").write_bytes(b"x")
    code = (
        "import sys, labelkit as lk\n"
        "lk.model_output(model='m.joblib').rule(name='r').fingerprint\n"
        "assert not {'sklearn', 'joblib', 'spacy', 'pandas'} & set(sys.modules), sorted(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


class Topic(IntEnum):
    HAM = 0
    SPAM = 1


@pytest.mark.parametrize(
    ("options", "says", "hint"),
    [
        ({"label": {"spam": 1}}, "label={'spam': 1} is not one class", "classes={'spam': 1}"),
        ({"label": Topic}, "label=Topic is not one class", "classes=Topic"),
        ({"label": "SPAM"}, "label='SPAM' is not a class", "label=Label.SPAM"),
        ({"label": 1.0}, "label=1.0 is not a class", "a member of an IntEnum"),
        ({"label": True}, "label=True is not a class", "a member of an IntEnum"),
        ({"label": 10**30}, "is not a class", "a member of an IntEnum"),
        ({"label": -1}, "label=-1 is no class to vote for", "label=Label.SPAM"),
        ({"classes": {1, 0}}, "classes={0, 1} has no order", "classes=[0, 1]"),
        ({"classes": 2}, "classes=2 does not say the classes", "classes=[0, 1]"),
        ({"classes": Topic.SPAM}, "does not say the classes", "classes=[0, 1]"),
        ({"classes": "01"}, "classes='01' does not say the classes", "classes=[0, 1]"),
        ({"classes": np.eye(2)}, "does not say the classes", "classes=[0, 1]"),
        ({"classes": [0, -5]}, "classes= holds -5", "classes=[0, 1]"),
        ({"classes": {"ham": False, "spam": True}}, "classes= holds False", "classes=[0, 1]"),
        ({"threshold": {"SPAM": 0.5}}, "threshold= names 'SPAM', which is not a class", "threshold={Label.SPAM: 0.9}"),
        ({"threshold": [0.5, 0.5]}, "threshold=[0.5, 0.5] is not a probability", "such as 0.9"),
        ({"threshold": "0.5"}, "threshold='0.5' is not a probability", "such as 0.9"),
    ],
)
def test_an_option_that_says_no_class_or_probability_is_refused_when_the_rule_is_made(options, says, hint):
    with pytest.raises(lk.LabelkitError) as caught:
        lk.model_output(**{"threshold": 0.5, **options})
    assert says in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize("model", ["model.joblib", [1], pytest.param(None, id="classifier")])
def test_a_model_that_is_given_by_position_is_told_its_name(classifier, model):
    with pytest.raises(lk.LabelkitError) as caught:
        lk.model_output(classifier if model is None else model, threshold=0.5)
    assert caught.value.hint == "a model is given by its name: @model_output(model=..., threshold=0.9)"


@pytest.mark.parametrize("make", [lk.keywords, lk.regex, lk.phrases, lk.fuzzy])
def test_a_number_that_no_class_can_have_is_refused(make):
    with pytest.raises(lk.LabelkitError, match="is not a class"):
        make("free", label=10**30)
