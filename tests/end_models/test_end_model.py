"""End models: they learn what the rules do not see, are judged on gold that they did not see, and are kept by skops."""

import numpy as np
import pytest

import labelkit as lk
from labelkit.exceptions import ModelError

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
