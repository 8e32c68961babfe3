"""The effect of augmentation is measured on gold originals, with an interval that holds the truth."""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import labelkit as lk
from labelkit.curation.augmentation.effect import crossed_interval
from labelkit.exceptions import AnalysisError


class Label(IntEnum):
    HAM = 0
    SPAM = 1


GOOD = ["lovely", "nice", "great", "sweet", "kind", "fine", "dear", "warm"]
BAD = ["cheap", "free", "offer", "prize", "winner", "cash", "click", "deal"]


def drawn(n, seed, words=2):
    """Texts of few words of their class among words of neither."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, n)
    others = [f"w{i}" for i in range(40)]
    texts = [" ".join([*rng.choice([GOOD, BAD][y], words), *rng.choice(others, 6)]) for y in truth.tolist()]
    return pa.table({"id": [f"k{i}" for i in range(n)], "text": texts}), truth


def labels_of(corpus, truth, right=1.0):
    proba = np.where(np.eye(2)[truth] > 0, right, 1 - right)
    ids = np.array(corpus["id"].to_pylist(), dtype=object)
    every = np.arange(len(truth))
    return lk.ProbabilisticLabels(proba, np.ones(len(truth), bool), every, ids, ("HAM", "SPAM"))


def by_id(corpus, truth, rows):
    return {corpus["id"][i].as_py(): int(truth[i]) for i in rows}


def test_synonyms_of_words_that_training_has_not_seen_help():
    """Training texts have half of the words, gold the other half; synonyms bridge them."""
    rng = np.random.default_rng(0)
    halves = {0: (GOOD[:4], GOOD[4:]), 1: (BAD[:4], BAD[4:])}
    truth = rng.integers(0, 2, 500)
    others = [f"w{i}" for i in range(40)]
    texts = [
        " ".join([*rng.choice(halves[y][int(i < 200)], 2), *rng.choice(others, 5)])
        for i, y in enumerate(truth.tolist())
    ]
    corpus = pa.table({"id": [f"k{i}" for i in range(500)], "text": texts})
    source = {word: words[4:] for words in (GOOD, BAD) for word in words[:4]}
    effect = lk.augmentation_effect(
        corpus,
        labels_of(corpus, truth),
        lk.synonyms(source, share=1),
        gold=by_id(corpus, truth, range(200)),
        policy=lk.ApplyOnePolicy(n_per_original=2),
        id="id",
        seeds=3,
    )
    assert effect.verdict == "helps"
    assert effect.frame.loc["accuracy", "difference"] > 0.3
    assert "augmentation helps: 3 seeds, each with 240 originals" in str(effect)
    assert effect.to_dict()["verdict"] == "helps"
    assert len(effect.by_seed) == effect.n_seeds == 3


def test_changes_that_carry_nothing_do_not_help_and_changes_of_class_harm():
    corpus, truth = drawn(400, 1)
    labels = labels_of(corpus, truth)
    gold = by_id(corpus, truth, range(200))
    options = {"gold": gold, "id": "id", "seeds": 3}
    effect = lk.augmentation_effect(corpus, labels, lk.swap_words(), **options)
    assert effect.verdict == "none"
    assert "augmentation does not help" in str(effect)
    assert "no effect is shown" in str(effect)
    swapped = dict(zip([*GOOD, *BAD], [*BAD, *GOOD], strict=True))
    policy = lk.ApplyOnePolicy(keep_original=False)
    assert (
        lk.augmentation_effect(corpus, labels, lk.synonyms(swapped, share=1), policy=policy, **options).verdict
        == "harms"
    )


def test_further_rows_that_bring_what_repeated_originals_bring_are_told_from_changes():
    """With few rows and a strong penalty, any further row helps; blanks within a text are no change that a model sees."""
    corpus, truth = drawn(400, 4, words=1)
    blank = lk.transformation_function(name="blank")(lambda text, rng: text.replace(" ", " " * int(rng.integers(2, 9))))
    pipeline = make_pipeline(CountVectorizer(), LogisticRegression(C=1e-4, class_weight={0: 2.2, 1: 1}))
    effect = lk.augmentation_effect(
        corpus,
        labels_of(corpus, truth),
        blank,
        gold=by_id(corpus, truth, range(250)),
        policy=lk.ApplyOnePolicy(n_per_original=4),
        pipeline=pipeline,
        id="id",
        seeds=3,
    )
    assert effect.frame.loc["accuracy", "over_repeated"] == 0
    assert effect.frame.loc["accuracy", "with"] == effect.frame.loc["accuracy", "repeated"]
    assert effect.verdict in {"repeats", "none"}
    frame = pd.DataFrame(
        {"low": [0.01], "high": [0.1], "over_repeated_low": [-0.01], "over_repeated_high": [0.02]}, index=["accuracy"]
    )
    assert replace(effect, frame=frame).verdict == "repeats"
    assert replace(effect, frame=frame.assign(over_repeated_low=0.005)).verdict == "helps"
    worse = replace(effect, frame=effect.frame.assign(low=-0.1, high=-0.01))
    assert worse.verdict == "harms"
    assert "Repeating the originals harms as much" in str(worse)


def test_rules_keep_changes_of_class_out():
    corpus, truth = drawn(300, 2)
    rules = [
        lk.keywords(*GOOD, label=Label.HAM).rule(name="good"),
        lk.keywords(*BAD, label=Label.SPAM).rule(name="bad"),
    ]
    swapped = dict(zip([*GOOD, *BAD], [*BAD, *GOOD], strict=True))
    options = {"gold": by_id(corpus, truth, range(150)), "id": "id", "seeds": 2, "lfs": rules}
    effect = lk.augmentation_effect(corpus, labels_of(corpus, truth), lk.synonyms(swapped, share=1), **options)
    assert effect.by_seed["made"].tolist() == [0, 0]
    assert effect.frame.loc["accuracy", "difference"] == 0
    low, high = effect.frame.loc["accuracy", ["low", "high"]]
    assert low < 0 < high


@pytest.mark.parametrize(("n_seeds", "n_examples"), [(3, 60), (5, 200)])
def test_the_interval_holds_the_mean_as_often_as_it_says(n_seeds, n_examples):
    """Differences of right and wrong, with effects of seeds, of examples and of both."""
    rng = np.random.default_rng(0)
    held, repeats = 0, 800
    for _ in range(repeats):
        of_seed = rng.normal(0, 0.4, (n_seeds, 1))
        of_example = rng.normal(0, 1.0, (1, n_examples))
        latent = 0.15 + of_seed + of_example + rng.normal(0, 0.7, (n_seeds, n_examples))
        difference = np.where(latent > 1.2, 1.0, np.where(latent < -1.2, -1.0, 0.0))
        low, high = crossed_interval(difference, 0.95, paired_shares=True)
        held += low <= truth_of_latent() <= high
    assert held / repeats > 0.93


def truth_of_latent():
    """The mean of the differences above: the latent value is normal with the sum of the variances."""
    from scipy.stats import norm

    spread = np.sqrt(0.4**2 + 1.0 + 0.7**2)
    return norm.sf((1.2 - 0.15) / spread) - norm.cdf((-1.2 - 0.15) / spread)


def test_bad_input():
    corpus, truth = drawn(60, 3)
    labels = labels_of(corpus, truth)
    with pytest.raises(AnalysisError, match="2 examples with gold cannot show an effect"):
        lk.augmentation_effect(corpus, labels, lk.swap_words(), gold=by_id(corpus, truth, range(2)), id="id")
    gold = by_id(corpus, truth, range(20))
    with pytest.raises(AnalysisError, match="seeds=1"):
        lk.augmentation_effect(corpus, labels, lk.swap_words(), gold=gold, seeds=1, id="id")
    with pytest.raises(AnalysisError, match="no covered row without gold"):
        lk.augmentation_effect(corpus, labels, lk.swap_words(), gold=by_id(corpus, truth, range(60)), id="id")
    rows = lk.augment(corpus, lk.swap_words(), id="id").rows()
    with pytest.raises(AnalysisError, match="made already"):
        lk.augmentation_effect(rows, labels, lk.swap_words(), gold=gold, id="id")
