"""Rules by similarity: a comment gets the label of similar comments.

Without ``embed=`` comments are compared by character n-grams, which are robust to typing errors and word endings, in
any language. A semantic embedding is given as ``embed=model.encode``.

>>> like_an_appeal("SUBSCRIBE to my chanel pls!") == Label.SPAM
True
"""

from enum import IntEnum
from typing import Any

from labelkit import similar_to


class Label(IntEnum):
    """The classes of a comment."""

    HAM = 0
    SPAM = 1


@similar_to(
    ["check out my channel", "please subscribe to my channel", "check my videos out", "sub to me and I sub to you"],
    label=Label.SPAM,
    threshold=0.4,
    examples={"Subscribe to my chanel": Label.SPAM, "what a drop": None, "what a video": None},
)
def like_an_appeal(text: str) -> None:
    """Similar to comments that a moderator has removed."""


@similar_to(
    {
        Label.SPAM: ["win a free phone", "get free money, no survey", "I make $300 a week from home"],
        Label.HAM: ["I love this song so much", "best song of the year"],
        None: ["this song is free to download", "for a week at home"],
    },
    threshold=0.3,
    examples={"i make 90$ a week": Label.SPAM, "love this song": Label.HAM, "the song is free": None},
)
def nearest_example(text: str) -> None:
    """The label of the most similar example; examples labeled None prevent votes on comments that only look similar."""


@similar_to(
    "known_comments.csv",
    key="text",
    value="label",
    label=Label,
    n_neighbors=5,
    share=0.6,
    threshold=0.1,
    examples={"subscribe to my page": Label.SPAM, "amazing song": Label.HAM, "привет": None},
)
def nearest_five(text: str) -> None:
    """At least three of the five nearest labeled comments must agree."""


def words(texts: list[str]) -> Any:
    """A custom embedding by words and pairs of words; an embedding of a neural network is given in the same way."""
    from sklearn.feature_extraction.text import HashingVectorizer  # noqa: PLC0415 - only when texts are compared

    return HashingVectorizer(ngram_range=(1, 2), alternate_sign=False).transform(texts)


@similar_to(
    "known_comments.csv",
    key="text",
    value="label",
    label=Label,
    mean=True,
    embed=words,
    threshold={Label.SPAM: 0.2, Label.HAM: 0.15},
    examples={"check out my page": Label.SPAM, "this song": Label.HAM, "hm": None},
)
def nearer_mean(text: str) -> None:
    """The most similar mean vector of the labeled comments of each class."""
