"""End models: they learn what the rules do not see, are judged on gold that they did not see, and are kept by skops."""

import ast
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import LinearSVC

import labelkit as lk
from labelkit._shared import files
from labelkit.end_models._judged_proba import cross_chosen, gold_folds
from labelkit.exceptions import CorpusError, GoldError, ModelError

RNG = np.random.default_rng(0)
TRUTH = RNG.integers(0, 2, 600)
WORDS = [["prize", "win", "free", "cash"], ["lunch", "meeting", "home", "train"]]
TEXTS = [" ".join(RNG.choice(WORDS[1 - t], 3)) + " now" for t in TRUTH]
VOTES = np.array([[1 if "prize" in t else -1, 1 if "win" in t else -1, 0 if "lunch" in t else -1] for t in TEXTS])
LABELS = lk.LabelModel().fit(VOTES).label(VOTES)
GOLD = {i: int(TRUTH[i]) for i in range(0, 600, 10)}


def test_it_labels_what_no_rule_votes_on_and_is_compared_on_gold_that_it_did_not_see(tmp_path):
    model = lk.train_end_model(TEXTS, LABELS, gold=GOLD)
    assert set(model.evaluations) == {"end model", "labels", "gold alone"}
    assert model.evaluations["end model"].accuracy > model.evaluations["labels"].accuracy
    assert model.n_rows == int(LABELS.is_covered.sum()) - int(LABELS.is_covered[list(GOLD)].sum())
    assert "gold alone" in str(model)
    uncovered = ~LABELS.is_covered
    assert (model.predict(TEXTS) == TRUTH)[uncovered].mean() > 0.8
    loaded = lk.load_end_model(model.save(tmp_path / "model"))
    assert np.array_equal(loaded.predict_proba(TEXTS), model.predict_proba(TEXTS))
    assert loaded.lineage == model.lineage
    assert loaded.lineage["prior_source"] == LABELS.prior_source


def test_a_sample_of_the_rows_is_learned_from_and_is_the_same_again():
    first, second = (lk.train_end_model(TEXTS, LABELS, max_rows=100) for _ in range(2))
    assert first.n_rows == 100
    assert first.evaluations == {}
    assert np.array_equal(first.predict_proba(TEXTS), second.predict_proba(TEXTS))


def test_gold_that_taught_the_labels_is_warned_of():
    with_gold = lk.LabelModel().fit(VOTES, gold=GOLD).label(VOTES)
    with pytest.warns(UserWarning, match="the label model was fitted with gold"):
        lk.train_end_model(TEXTS, with_gold, gold=GOLD)


def test_gold_of_one_class_has_no_model_of_gold_alone():
    one_class = {i: label for i, label in GOLD.items() if label}
    assert set(lk.train_end_model(TEXTS, LABELS, gold=one_class).evaluations) == {"end model", "labels"}


@pytest.mark.parametrize("rows", ["covered", "all"])
def test_gold_of_all_examples_leaves_none_to_learn_from(rows):
    gold = TRUTH if rows == "all" else np.where(LABELS.is_covered, TRUTH, -1)
    with pytest.raises(ModelError, match="all examples with a label have gold, so that none is left to learn from"):
        lk.train_end_model(TEXTS, LABELS, gold=gold, rows=rows)


def test_what_cannot_be_learned_from_is_refused(tmp_path):
    with pytest.raises(ModelError, match="3 rows are too few"):
        lk.train_end_model(TEXTS, LABELS, max_rows=3)
    with pytest.raises(ModelError, match="has a text in column 'text'"):
        lk.train_end_model({"text": [None] * 599 + [""]}, LABELS)
    ones = np.where(VOTES == 1, 1, -1)
    with pytest.raises(ModelError, match="are labeled '1'"):
        lk.train_end_model(TEXTS, lk.LabelModel(n_classes=2).fit(ones).label(ones))
    with pytest.raises(ModelError, match="holds no end model"):
        lk.load_end_model(tmp_path)


def test_it_is_judged_beside_a_model_of_votes_and_texts():
    prior = {"0": 0.5, "1": 0.5}
    model = lk.train_end_model(TEXTS, LABELS, gold=GOLD, votes=VOTES, class_prior=prior, rows="all")
    assert list(model.evaluations) == ["end model", "labels", "ContentLabelModel", "gold alone"]
    assert model.evaluations["ContentLabelModel"].accuracy > model.evaluations["labels"].accuracy
    assert {one.n for one in model.evaluations.values()} == {len(GOLD)}
    assert set(lk.train_end_model(TEXTS, LABELS, votes=VOTES).evaluations) == set()


def test_votes_are_matched_by_id_and_those_of_others_are_refused():
    ids = [f"e{i}" for i in range(600)]
    matrix = lk.LabelMatrix.of(VOTES, ids=ids)
    labels = lk.LabelModel().fit(matrix).label(matrix)
    corpus = [{"id": id_, "text": text} for id_, text in zip(ids, TEXTS, strict=True)]
    opened, gold = lk.open_corpus(corpus, id="id"), {f"e{i}": label for i, label in GOLD.items()}
    turned = matrix[np.arange(600)[::-1]]
    one, other = (lk.train_end_model(opened, labels, gold=gold, votes=votes) for votes in (matrix, turned))
    assert one.evaluations["ContentLabelModel"].log_loss == other.evaluations["ContentLabelModel"].log_loss
    with pytest.raises(ModelError, match="votes are of 599 examples, and the labels of 600"):
        lk.train_end_model(opened, labels, gold=gold, votes=matrix[:599])
    with pytest.raises(ModelError, match="votes are of the classes a, b"):
        lk.train_end_model(opened, labels, gold=gold, votes=lk.LabelMatrix.of(VOTES, classes=["a", "b"]))


@pytest.mark.parametrize("pipeline", [None, Pipeline([("words", CountVectorizer()), ("line", LogisticRegression())])])
def test_gold_chooses_the_strength_and_judges_by_what_the_other_gold_chose(pipeline):
    several = (1e-4, 3.0)
    model = lk.train_end_model(TEXTS, LABELS, gold=GOLD, strength=several, pipeline=pipeline)
    apart = [lk.train_end_model(TEXTS, LABELS, gold=GOLD, strength=(one, one), pipeline=pipeline) for one in several]
    losses = [one.evaluations["end model"].log_loss for one in apart]
    assert losses[1] < losses[0]
    assert model.lineage["strength"] == 3.0
    assert np.array_equal(model.predict_proba(TEXTS), apart[1].predict_proba(TEXTS))
    assert model.evaluations["end model"].log_loss == losses[1]
    assert lk.train_end_model(TEXTS, LABELS).lineage["strength"] == 10.0


def test_a_part_of_the_gold_does_not_choose_its_strength():
    truth, fold = np.zeros(50, dtype=np.int64), gold_folds([f"text {i}" for i in range(50)])
    right = np.where((fold == 0)[:, None], [[0.99, 0.01]], [[0.5, 0.5]])  # good on the first part alone
    wrong = np.where((fold == 0)[:, None], [[0.4, 0.6]], [[0.55, 0.45]])
    assert (cross_chosen([right, wrong], truth, fold)[fold == 0] == [0.4, 0.6]).all()


def test_strengths_that_cannot_be_used_are_refused():
    with pytest.raises(ModelError, match="no gold to choose one of 2 strengths"):
        lk.train_end_model(TEXTS, LABELS, strength=(1, 10))
    for strength in (0, -1.0, float("nan"), ()):
        with pytest.raises(ModelError, match="is not positive"):
            lk.train_end_model(TEXTS, LABELS, strength=strength)
    bayes = Pipeline([("words", CountVectorizer()), ("bayes", MultinomialNB())])
    assert lk.train_end_model(TEXTS, LABELS, pipeline=bayes).lineage["strength"] is None
    with pytest.raises(ModelError, match="MultinomialNB, the last step of the pipeline, has no strength C"):
        lk.train_end_model(TEXTS, LABELS, gold=GOLD, pipeline=bayes, strength=(1, 10))


def test_lineage_names_run_label_model_corpus_and_labels(tmp_path):
    comments = lk.load_comments(800)

    @lk.keywords("subscribe", "check", label=1)
    def asks(text: str) -> None:
        """Asks."""

    @lk.keywords("love", "song", label=0)
    def loves(text: str) -> None:
        """Loves."""

    folder = lk.run([asks, loves], comments, tmp_path / "run", labels=["HAM", "SPAM"], report=False, progress=False)
    model = lk.train_end_model(comments, folder)
    assert model.lineage["run"] == folder.manifest["run_fingerprint"]
    assert model.lineage["label_model"] == folder.manifest["model_fingerprint"]
    assert model.lineage["corpus"] == lk.open_corpus(comments).fingerprint()
    assert model.lineage["prior_source"] == "the expected labels of rows with a vote, by the votes alone"
    of_labels = lk.train_end_model(comments, folder.labels())
    assert of_labels.lineage["labels"] == model.lineage["labels"]
    assert "run" not in of_labels.lineage
    others = lk.train_end_model(comments, folder.labels()[:700])
    assert others.lineage["labels"] != model.lineage["labels"]


def test_texts_that_say_nothing_give_a_clear_answer():
    one_text = lk.train_end_model(["the same text"] * 600, LABELS, gold=GOLD, votes=VOTES)
    assert np.ptp(one_text.predict_proba(["the same text", "other"]), axis=0).max() < 0.5
    some = [text if LABELS.is_covered[i] and i not in GOLD else None for i, text in enumerate(TEXTS)]
    judged_on_nothing = lk.train_end_model({"text": some}, LABELS, gold=GOLD)
    assert "gold alone" not in judged_on_nothing.evaluations
    rare = Pipeline([("words", CountVectorizer(stop_words=sorted({w for t in TEXTS for w in t.split()}))),
                     ("line", LogisticRegression())])  # fmt: skip
    with pytest.raises(ModelError, match="cannot learn from the texts: empty vocabulary"):
        lk.train_end_model(TEXTS, LABELS, pipeline=rare)
    with pytest.raises(CorpusError):
        lk.train_end_model(TEXTS[:100], LABELS)
    few = np.where(np.arange(600)[:, None] < 3, 0, -1) * np.ones((1, 3), dtype=int)
    with pytest.raises(ModelError, match="3 rows are too few"):
        lk.train_end_model(TEXTS, lk.LabelModel(n_classes=2).fit(few).label(few))


def test_a_class_prior_that_would_have_no_effect_is_refused():
    for given in ({"gold": GOLD}, {"votes": VOTES}, {}):
        with pytest.raises(ModelError, match="judged beside the end model by votes and gold alone"):
            lk.train_end_model(TEXTS, LABELS, class_prior=[0.5, 0.5], **given)


@pytest.mark.parametrize("prior", [[0, 1], [0.5, 0.6], [np.nan, 1], {"NIX": 0.5}])
def test_a_prior_that_cannot_be_is_refused(prior):
    with pytest.raises(ModelError, match="class_prior"):
        lk.train_end_model(TEXTS, LABELS, gold=GOLD, votes=VOTES, class_prior=prior)


def made_up_texts(n, seed=0):
    letters = np.array(list("abcdefghij"))
    return [" ".join("".join(word) for word in text) for text in np.random.default_rng(seed).choice(letters, (n, 8, 4))]


def test_gold_alone_is_not_judged_on_copies_of_what_it_learned():
    """Texts have nothing to do with their classes, and each stands ten times in the gold, in other case and marks."""
    texts = made_up_texts(400)
    copies = [("{}", "{}!", "- {}", "{} ...", "{}")[i % 5].format(text) for text in texts[:100] for i in range(10)]
    copies = [text.upper() if i % 2 else text for i, text in enumerate(copies)]
    gold = np.repeat(np.random.default_rng(1).permutation([0, 1] * 50), 10)
    votes = np.random.default_rng(2).integers(-1, 2, (1_300, 3))
    labels = lk.LabelModel().fit(votes).label(votes)
    with pytest.warns(UserWarning, match="LK346"):  # the votes are drawn at random
        model = lk.train_end_model([*copies, *texts[100:]], labels, gold=dict(enumerate(gold.tolist())))
    assert 0.35 < model.evaluations["gold alone"].accuracy < 0.65
    fold = gold_folds(copies)
    assert all(len(set(fold[10 * i : 10 * i + 10].tolist())) == 1 for i in range(100))
    assert len(set(fold.tolist())) == 5


def corpus_with_copies(copied, n_copies, seed=0):
    """Return texts of which some have copies, in other case and marks, with right votes, and gold of others wrong."""
    texts = made_up_texts(600, seed)
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, len(texts))
    again = np.repeat(copied, n_copies)
    texts += [f"{texts[i].upper()}!" for i in again]
    truth = np.append(truth, truth[again])
    votes = np.where(rng.random((len(texts), 3)) < 0.95, truth[:, None], 1 - truth[:, None])
    return texts, truth, lk.MajorityVote(class_prior=[0.5, 0.5]).fit(votes).label(votes)


def test_gold_on_copies_of_what_was_learned_is_warned_of():
    """Texts have nothing to do with their classes: who has not read them is right on half of them."""
    texts, truth, labels = corpus_with_copies(np.arange(60), 3)
    gold = {i: int(truth[i]) for i in range(100)}
    with pytest.warns(UserWarning, match=r"60 of the 100 rows with gold .* learned from .* of the 40 others .*LK330"):
        model = lk.train_end_model(texts, labels, gold=gold)
    is_right = model.predict(texts[:100]) == truth[:100]
    assert is_right[:60].mean() > 0.9
    assert is_right[60:].mean() < 0.75
    texts, truth, labels = corpus_with_copies(np.arange(100), 1)
    with pytest.warns(UserWarning, match="and there are no others"):
        lk.train_end_model(texts, labels, gold={i: int(truth[i]) for i in range(100)})


@pytest.mark.parametrize("seed", range(5))
def test_gold_at_random_among_texts_with_copies_is_not_warned_of(seed):
    """What comes later has as many copies among the rows that were learned from as this gold has."""
    texts, truth, labels = corpus_with_copies(np.arange(300), 1, seed)
    chosen = np.random.default_rng(seed).choice(len(texts), 150, replace=False).tolist()
    lk.train_end_model(texts, labels, gold={i: int(truth[i]) for i in chosen})


@pytest.mark.parametrize("step", range(1, 4))
def test_a_model_that_is_saved_over_another_is_the_old_or_the_new_one(tmp_path, monkeypatch, step):
    old = lk.train_end_model(TEXTS, LABELS)
    new = lk.train_end_model(["x " + text for text in TEXTS], LABELS, max_rows=100)
    folder = old.save(tmp_path / "model")
    steps = []

    def killed(draft, path):
        steps.append(path)
        if len(steps) == step:
            raise KeyboardInterrupt
        return publish(draft, path)

    publish = files.publish
    monkeypatch.setattr(files, "publish", killed)
    if step < 3:
        with pytest.raises(KeyboardInterrupt):
            new.save(folder)
    else:
        new.save(folder)
    expected = old if step < 3 else new
    loaded = lk.load_end_model(folder)
    assert loaded.n_rows == expected.n_rows
    assert np.array_equal(loaded.predict_proba(TEXTS), expected.predict_proba(TEXTS))
    assert len(list(folder.glob("*.skops"))) == (2 if step == 2 else 1)


@pytest.mark.parametrize(
    ("pipeline", "message"),
    [
        (LogisticRegression(), "is LogisticRegression, which is no pipeline of two steps"),
        (LogisticRegression, "is LogisticRegression, which is no pipeline of two steps"),
        (make_pipeline(LogisticRegression()), "no pipeline of two steps"),
        ("svm", "is str, which is no pipeline"),
        (make_pipeline(CountVectorizer(), LinearSVC()), "LinearSVC, the last step .* gives no probabilities"),
        (make_pipeline(CountVectorizer(), KNeighborsClassifier()), "KNeighborsClassifier, .* takes no sample_weight"),
    ],
)
def test_a_pipeline_that_cannot_be_used_is_told_before_anything_is_read(pipeline, message):
    with pytest.raises(ModelError, match=message):
        lk.train_end_model(TEXTS, LABELS, pipeline=pipeline)


@pytest.mark.parametrize(
    "classifier", [CalibratedClassifierCV(LinearSVC()), GridSearchCV(LogisticRegression(), {"C": [1, 10]})]
)
def test_classifiers_around_classifiers_are_end_models(classifier):
    model = lk.train_end_model(TEXTS, LABELS, pipeline=make_pipeline(CountVectorizer(), classifier))
    assert model.predict_proba(["win a prize now", "lunch at home now"]).argmax(axis=1).tolist() == [1, 0]


def test_types_that_skops_does_not_know_are_named_and_loaded_where_they_are_trusted(tmp_path):
    """Forests were saved, and nothing could load them."""
    pytest.importorskip("skops")
    forest = make_pipeline(CountVectorizer(), RandomForestClassifier(5, random_state=0))
    model = lk.train_end_model(TEXTS, LABELS, pipeline=forest)
    folder = model.save(tmp_path / "forest")
    with pytest.raises(ModelError, match="not known to be safe") as caught:
        lk.load_end_model(folder)
    trusted = ast.literal_eval(re.search(r"trusted=(\[.*\])\)", caught.value.hint)[1])
    for given in (trusted, trusted[0]):
        read = lk.load_end_model(folder, trusted=given)
        assert np.array_equal(read.predict_proba(TEXTS), model.predict_proba(TEXTS))
    with pytest.raises(ModelError, match="not known to be safe"):
        lk.load_end_model(folder, trusted=["builtins.eval"])


# Judged later ---------------------------------------------------------------------------------------------------------

LATER = {
    "id": [f"r{i}" for i in range(40)],
    "text": TEXTS[:40],
    "gold": [str(t) if i % 2 else None for i, t in enumerate(TRUTH[:40])],
}


@pytest.mark.parametrize("form", ["column", "by id", "in order", "file", "with -1"])
def test_it_is_judged_on_any_corpus_with_gold(tmp_path, form):
    model = lk.train_end_model(TEXTS, LABELS)
    odd = np.arange(1, 40, 2)
    right = model.predict(TEXTS[:40])[odd] == TRUTH[odd]
    by_id = {f"r{i}": int(TRUTH[i]) for i in odd}
    corpus = lk.open_corpus(pd.DataFrame(LATER), id="id")
    in_order = [int(TRUTH[i]) if i % 2 else None for i in range(40)]
    given = {
        "column": "gold",
        "by id": by_id,
        "in order": in_order,
        "with -1": [-1 if g is None else g for g in in_order],
    }
    if form == "file":
        given["file"] = tmp_path / "gold.csv"
        pd.DataFrame({"id": list(by_id), "label": list(by_id.values())}).to_csv(given["file"], index=False)
    evaluation = model.evaluate(corpus, given[form])
    assert evaluation.n == 20
    assert evaluation.accuracy == right.mean()


def test_gold_of_one_class_judges_later():
    model = lk.train_end_model(TEXTS, LABELS)
    ones = TRUTH == 1
    texts = [text for text, is_one in zip(TEXTS, ones, strict=True) if is_one]
    evaluation = model.evaluate(texts, np.ones(len(texts), dtype=int))
    assert evaluation.n == len(texts)
    assert evaluation.accuracy == (model.predict(texts) == 1).mean()


@pytest.mark.parametrize("gold", [None, [None] * 600, [-1] * 600, {9_999: 1}, [1, 0], 5, LABELS])
def test_gold_that_cannot_judge_is_refused(gold):
    with pytest.raises(GoldError):
        lk.train_end_model(TEXTS, LABELS).evaluate(TEXTS, gold)


def test_a_corpus_that_is_none_is_refused_by_evaluate():
    with pytest.raises(CorpusError):
        lk.train_end_model(TEXTS, LABELS).evaluate(object(), [1])
