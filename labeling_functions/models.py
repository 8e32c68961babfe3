"""Rules that ask a classifier: whatever you already have is a rule among others, as sure as you let it be.

The classifier here is trained on the comments in ``known_comments.csv`` when it is first asked. Yours comes from a file
beside the module, ``model="spam.joblib"``, or from an object, such as a spaCy or a Hugging Face pipeline.

>>> old_classifier("please subscribe to my channel") == Label.SPAM
True
"""

import csv
import functools
import math
from enum import IntEnum
from pathlib import Path
from typing import Any

from labelkit import model_output, regex


class Label(IntEnum):
    """What a comment is."""

    HAM = 0
    SPAM = 1


with Path(__file__).with_name("known_comments.csv").open(encoding="utf-8") as file:
    KNOWN = [(row["text"], row["label"]) for row in csv.DictReader(file)]


@functools.cache
def classifier() -> Any:
    """A small classifier: words and parts of words, and how much each says for spam."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - only where it is asked
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - the same
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415 - the same

    texts, labels = zip(*KNOWN, strict=True)
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    return make_pipeline(vectorizer, LogisticRegression(C=20)).fit(texts, labels)


@model_output(
    model=classifier,
    classes=Label,
    threshold={Label.SPAM: 0.8, Label.HAM: 0.75},
    examples={"subscribe to my channel": Label.SPAM, "i love this song": Label.HAM, "where is it": None},
)
def old_classifier(text: str) -> None:
    """The classifier that we had before, where it is sure; what its labels mean is said by their names."""


@model_output(
    model=classifier,
    classes=Label,
    margin=0.3,
    when=regex(r"^(?:\S+\s){9}"),
    examples={"check out my channel, " * 4: Label.SPAM, "check out my channel": None},
)
def classifier_of_long_comments(text: str) -> None:
    """Ten words or more leave less to chance, so that a smaller lead will do."""


def sentiment(texts: list[str]) -> list[dict[str, Any]]:
    """Stands for ``pipeline("sentiment-analysis")`` of transformers, which returns the same."""
    found = [sum(word in text.casefold() for word in ("love", "best", "amazing", "beautiful")) for text in texts]
    return [{"label": "POSITIVE" if n else "NEUTRAL", "score": 1 - 0.5 ** (n + 1)} for n in found]


@model_output(
    model=sentiment,
    classes={"POSITIVE": Label.HAM, "NEUTRAL": None},
    threshold=0.7,
    batch_size=64,
    examples={"love it, the best": Label.HAM, "hm": None},
)
def warm_words(text: str) -> None:
    """Whoever is full of praise has watched the video."""


@model_output(
    classes=[Label.HAM, Label.SPAM],
    abstain=(0.1, 0.7),
    examples={"nice song": Label.HAM, "a long story, " * 20: Label.SPAM, "neither short nor long, as many are": None},
)
def length_score(text: list[str]) -> list[float]:
    """A score of our own, from 0 to 1: whoever writes a lot wants something; in the band between, it says nothing."""
    return [1 - math.exp(-len(one) / 150) for one in text]
