"""Augment made-up reviews by transformations, and watch slices of them."""

import numpy as np
import pandas as pd
from snorkel.analysis import Scorer
from snorkel.augmentation import (
    ApplyAllPolicy,
    ApplyEachPolicy,
    ApplyOnePolicy,
    MeanFieldPolicy,
    PandasTFApplier,
    RandomPolicy,
    TFApplier,
    transformation_function,
)
from snorkel.labeling import LFAnalysis, PandasLFApplier, labeling_function
from snorkel.preprocess import preprocessor
from snorkel.slicing import PandasSFApplier, SFApplier, SlicingFunction, slice_dataframe, slicing_function

NEGATIVE, POSITIVE = 0, 1
TWINS = {"good": "fine", "fine": "good", "bad": "poor", "poor": "bad"}
WORDS = ["good", "fine", "bad", "poor", "book", "film", "plot", "Ann", "Bob", "very"]


def made_up_reviews(n, seed):
    """Return reviews with a grade."""
    draw = np.random.default_rng(seed)
    texts = [" ".join(draw.choice(WORDS, draw.integers(2, 9))) for _ in range(n)]
    return pd.DataFrame({"text": texts, "grade": draw.integers(1, 6, n), "label": draw.integers(0, 2, n)})


@preprocessor(memoize=True)
def split_words(x):
    x.words = x.text.split()
    return x


@transformation_function(pre=[split_words])
def twin_word(x):
    places = [place for place, word in enumerate(x.words) if word in TWINS]
    if not places:
        return None
    x.text = " ".join([*x.words[: places[0]], TWINS[x.words[places[0]]], *x.words[places[0] + 1 :]])
    return x


@transformation_function(name="other_person")
def change_person(x):
    if "Ann" not in x.text:
        return None
    x.text = x.text.replace("Ann", "Cleo")
    return x


@transformation_function()
def higher_grade(x):
    if x.grade < 5:
        x.grade = x.grade + 1
        return x
    return None


@slicing_function()
def short(x):
    return len(x.text.split()) < 4


@slicing_function(pre=[split_words])
def about_people(x):
    return bool({"Ann", "Bob"} & set(x.words))


def at_least(grade):
    return SlicingFunction(f"grade_{grade}", lambda x, grade: x.grade >= grade, resources={"grade": grade})


@labeling_function()
def praise(x):
    return POSITIVE if "good" in x.text or "fine" in x.text else -1


@labeling_function(pre=[split_words])
def complaint(x):
    return NEGATIVE if {"bad", "poor"} & set(x.words) else -1


def main(folder):
    """Augment, slice, and return all that is worth comparing."""
    reviews, transformations = made_up_reviews(60, seed=6), [twin_word, change_person, higher_grade]
    policies = {
        "all": ApplyAllPolicy(3, n_per_original=2, keep_original=False),
        "each": ApplyEachPolicy(3, keep_original=True),
        "random": RandomPolicy(3, sequence_length=2, n_per_original=2, keep_original=True),
        "weighted": MeanFieldPolicy(3, sequence_length=2, n_per_original=2, keep_original=True, p=[0.6, 0.3, 0.1]),
    }
    frames = {}
    for name, policy in policies.items():
        np.random.seed(11)  # noqa: NPY002 - policies draw from it
        frames[name] = PandasTFApplier(transformations, policy).apply(reviews, progress_bar=False)
    one = PandasTFApplier([change_person], ApplyOnePolicy(n_per_original=1)).apply(reviews, progress_bar=False)
    batches = list(PandasTFApplier([change_person], ApplyOnePolicy()).apply_generator(reviews, batch_size=25))
    points = [row for _, row in reviews.head(5).iterrows()]
    objects = TFApplier([higher_grade], ApplyOnePolicy(keep_original=False)).apply(points, progress_bar=False)
    slices = [short, about_people, at_least(4)]
    in_slices = PandasSFApplier(slices).apply(reviews, progress_bar=False)
    more = SFApplier(slices).apply(points, progress_bar=False)
    gold = reviews.label.to_numpy()
    proba = np.stack([1 - reviews.grade / 6, reviews.grade / 6], axis=1)
    scorer = Scorer(metrics=["accuracy", "f1"])
    rules = [praise, complaint]
    votes = PandasLFApplier(rules).apply(frames["each"], progress_bar=False)
    return {
        "originals": reviews,
        **{f"made by {name}": frame for name, frame in frames.items()},
        "made by one": one,
        "batches": [len(batch) for batch in batches],
        "first batch": batches[0],
        "objects": [(point.text, int(point.grade)) for point in objects],
        "slices": {name: in_slices[name] for name in in_slices.dtype.names},
        "slices of objects": {name: more[name] for name in more.dtype.names},
        "types of slices": str(in_slices.dtype),
        "short reviews": slice_dataframe(reviews, short),
        "scores": scorer.score_slices(
            in_slices, gold, (reviews.grade > 3).astype(int).to_numpy(), proba, as_dataframe=True
        ),
        "votes": votes,
        "summary": LFAnalysis(votes, rules).lf_summary(frames["each"].label.to_numpy().astype(int)),
        "representations": [
            repr(one) for one in (*transformations, *slices, PandasTFApplier(transformations, policies["all"]))
        ],
    }
