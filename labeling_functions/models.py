"""Rules that call a classifier: an existing model votes like any other rule, above a threshold of probability.

The classifier here is trained on the comments in ``known_comments.csv`` on first use. Yours can be a file beside the
module, ``model="spam.joblib"``, or an object, such as a spaCy or a Hugging Face pipeline.

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
    """The classes of a comment."""

    HAM = 0
    SPAM = 1


with Path(__file__).with_name("known_comments.csv").open(encoding="utf-8") as file:
    KNOWN = [(row["text"], row["label"]) for row in csv.DictReader(file)]


@functools.cache
def classifier() -> Any:
    """Train a small classifier: logistic regression on character n-grams."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - only on first use
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
    """The previous classifier, above a threshold for each class; its labels are the names of the enum."""


@model_output(
    model=classifier,
    classes=Label,
    margin=0.3,
    when=regex(r"^(?:\S+\s){9}"),
    examples={"check out my channel, " * 4: Label.SPAM, "check out my channel": None},
)
def classifier_of_long_comments(text: str) -> None:
    """Comments of ten words or more are classified more reliably, so a smaller margin suffices."""


def sentiment(texts: list[str]) -> list[dict[str, Any]]:
    """A stand-in for ``pipeline("sentiment-analysis")`` of transformers, with the same form of output."""
    counts = [sum(word in text.casefold() for word in ("love", "best", "amazing", "beautiful")) for text in texts]
    return [{"label": "POSITIVE" if n else "NEUTRAL", "score": 1 - 0.5 ** (n + 1)} for n in counts]


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
    """A custom score from 0 to 1: long comments are mostly spam; the rule abstains within the band."""
    return [1 - math.exp(-len(one) / 150) for one in text]
