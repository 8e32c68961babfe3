"""Rules by example: a comment is what comments like it are.

Without ``embed=`` comments are alike if they share runs of characters, which survive typing errors and endings, in any
language. An embedding that knows meanings is given as ``embed=model.encode``.

>>> like_an_appeal("SUBSCRIBE to my chanel pls!") == Label.SPAM
True
"""

from enum import IntEnum
from typing import Any

from labelkit import similar_to


class Label(IntEnum):
    """What a comment is."""

    HAM = 0
    SPAM = 1


@similar_to(
    ["check out my channel", "please subscribe to my channel", "check my videos out", "sub to me and I sub to you"],
    label=Label.SPAM,
    threshold=0.4,
    examples={"Subscribe to my chanel": Label.SPAM, "what a drop": None, "what a video": None},
)
def like_an_appeal(text: str) -> None:
    """What a moderator has removed before, in other words."""


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
    """The label of the most similar example; those that mean nothing keep others from what only looks like them."""


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
    """Three of the five nearest of the comments that we know must agree."""


def words(texts: list[str]) -> Any:
    """An embedding of our own, of whole words and pairs of them; that of a neural network is given in the same way."""
    from sklearn.feature_extraction.text import HashingVectorizer  # noqa: PLC0415 - only where texts are compared

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
    """What the known comments of a label have in common: their mean."""
