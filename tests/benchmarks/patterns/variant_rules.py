"""Variants of one rule, written for this measurement: the same words bare, in context, unnegated, with exceptions.

Words and numbers were chosen by looking at rows of the train split (of ``spouse``, which has no gold there, of the
validation split). Each comparison has a base, to which the other variants are compared.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import labelkit as lk


@dataclass(frozen=True)
class Comparison:
    """Variants of a rule of one set that vote for one class; the first is the base."""

    page: str
    name: str
    set_name: str
    label: str
    variants: dict[str, Any]


def _words(*words: str) -> lk.Condition:
    return lk.keywords(*words, column="text")


def _regex(pattern: str) -> lk.Condition:
    return lk.regex(pattern, re.IGNORECASE, column="text")


def columns_of(records: list[dict]) -> pd.DataFrame:
    """Compute the columns that the variants read from the records of a set."""
    frame = pd.DataFrame({"text": [record["text"] for record in records]})
    frame["n_words"] = frame["text"].str.split().str.len()
    frame["n_chars"] = frame["text"].str.len()
    letters = frame["text"].str.count(r"[A-Za-z]")
    frame["capitals"] = frame["text"].str.count(r"[A-Z]") / letters.clip(lower=1)
    frame["ending"] = frame["text"].str[-300:]
    frame["opening"] = frame["text"].str[:300]
    if "span1" in records[0]:
        spans = [sorted([record["span1"], record["span2"]]) for record in records]
        frame["middle"] = [text[a[1] : b[0]] for text, (a, b) in zip(frame["text"], spans, strict=True)]
        frame["n_between"] = frame["middle"].str.split().str.len()
        names = [(record["entity1"].split(), record["entity2"].split()) for record in records]
        frame["last_names"] = [
            "same" if len(a) > 1 and len(b) > 1 and a[-1] == b[-1] and a != b else "other" for a, b in names
        ]
    return frame


# Reviews of films -----------------------------------------------------------------------------------------------------

PRAISE = ("great", "excellent", "wonderful", "perfect", "amazing", "brilliant", "superb", "fantastic", "loved", "best")
BLAME = ("bad", "worst", "awful", "boring", "terrible", "waste", "poor", "dull", "stupid", "horrible")


def _reviews() -> list[Comparison]:
    praise, blame = _words(*PRAISE), _words(*BLAME)
    twice_praise = lk.at_least(2, *(_words(word) for word in PRAISE))
    twice_blame = lk.at_least(2, *(_words(word) for word in BLAME))

    def window(words: lk.Condition) -> dict[str, Any]:
        return {f"unnegated, {n} word{'s' * (n > 1)}": lk.unnegated(words, words=n) for n in (1, 3, 5, 8)}

    return [
        Comparison("negation", "ten words of praise", "imdb", "pos", {"bare": praise, **window(praise)}),
        Comparison("negation", "ten words of blame", "imdb", "neg", {"bare": blame, **window(blame)}),
        Comparison("negation", "good", "imdb", "pos", {"bare": _words("good"), **window(_words("good"))}),
        Comparison(
            "negation",
            "recommend",
            "imdb",
            "pos",
            {
                "bare": _regex(r"\brecommend"),
                **window(_regex(r"\brecommend")),
                "behind highly": _regex(r"\bhighly recommend"),
            },
        ),
        Comparison(
            "negation",
            "not good",
            "imdb",
            "neg",
            {
                "good, bare": _words("good"),
                "good behind a negation": lk.near(
                    _words("not", "isn't", "wasn't", "never", "nothing"),
                    _words("good", "great", "funny"),
                    words=2,
                    ordered=True,
                ),
            },
        ),
        Comparison(
            "abstaining", "praise with exceptions", "imdb", "pos", {"bare": praise, "& ~ blame": praise & ~blame}
        ),
        Comparison(
            "abstaining", "blame with exceptions", "imdb", "neg", {"bare": blame, "& ~ praise": blame & ~praise}
        ),
        Comparison(
            "agreement",
            "words of praise",
            "imdb",
            "pos",
            {
                "any of ten": praise,
                "at_least(2)": twice_praise,
                "at_least(3)": lk.at_least(3, *(_words(word) for word in PRAISE)),
                "repeated(times=2)": lk.repeated(praise, times=2),
            },
        ),
        Comparison(
            "agreement",
            "words of blame",
            "imdb",
            "neg",
            {
                "any of ten": blame,
                "at_least(2)": twice_blame,
                "at_least(3)": lk.at_least(3, *(_words(word) for word in BLAME)),
                "repeated(times=2)": lk.repeated(blame, times=2),
            },
        ),
        Comparison(
            "structure",
            "where the praise stands",
            "imdb",
            "pos",
            {
                "anywhere": praise,
                "in the first 300 characters": lk.keywords(*PRAISE, column="opening"),
                "in the last 300 characters": lk.keywords(*PRAISE, column="ending"),
            },
        ),
    ]


# Comments on videos ---------------------------------------------------------------------------------------------------

_OWN = ("channel", "video", "videos", "page", "website", "blog", "song", "music", "cover", "covers", "playlist")


def _comments() -> list[Comparison]:
    check, mine = _words("check"), _words("my")
    song = _words("song", "love", "music", "voice", "beautiful", "best", "favorite", "dance", "lyrics")
    asks = _words("subscribe", "check out", "channel", "please", "plz", "visit", "follow", "click", "my video")
    link = _regex(r"https?:|www\.|\.com\b")
    short = lk.between(high=5, column="n_words")
    weak = (
        mine,
        _words("please", "plz", "pls"),
        _words("channel"),
        check,
        link,
        lk.between(20, column="n_words"),
        _words("you guys", "guys"),
    )
    return [
        Comparison(
            "keywords",
            "check",
            "youtube",
            "SPAM",
            {
                "bare": check,
                "check out": _words("check out"),
                "near channel, video, page": lk.near(check, _words(*_OWN), words=5),
            },
        ),
        Comparison(
            "keywords",
            "my",
            "youtube",
            "SPAM",
            {"bare": mine, "before channel, video, page": lk.near(mine, _words(*_OWN), words=1, ordered=True)},
        ),
        Comparison(
            "abstaining",
            "praise of the song",
            "youtube",
            "HAM",
            {
                "bare": song,
                "& ~ what asks or links": song & ~(asks | link),
                "& short": song & lk.between(high=15, column="n_words"),
            },
        ),
        Comparison(
            "structure",
            "short comments",
            "youtube",
            "HAM",
            {
                "at most 5 words": short,
                "at most 10 words": lk.between(high=10, column="n_words"),
                "at most 5 words & ~ what asks or links": short & ~(asks | link),
            },
        ),
        Comparison(
            "structure",
            "signs of spam",
            "youtube",
            "SPAM",
            {
                "a link": link,
                "more than 20 words": lk.between(20, column="n_words"),
                "more than half capitals": lk.between(0.5, column="capitals"),
                "three exclamation marks": _regex(r"!!!"),
            },
        ),
        Comparison("structure", "a time in the video", "youtube", "HAM", {"m:ss": _regex(r"\b\d{1,2}:\d\d\b")}),
        Comparison(
            "agreement",
            "seven weak signs of spam",
            "youtube",
            "SPAM",
            {"any": lk.at_least(1, *weak), "at_least(2)": lk.at_least(2, *weak), "at_least(3)": lk.at_least(3, *weak)},
        ),
        Comparison(
            "abstaining",
            "the rest",
            "youtube",
            "HAM",
            {
                "no sign of spam": ~lk.at_least(1, *weak, asks),
                "no sign of spam & short": ~lk.at_least(1, *weak, asks) & short,
            },
        ),
    ]


# Short messages -------------------------------------------------------------------------------------------------------


def _messages() -> list[Comparison]:
    call, free = _words("call"), _words("free")
    number = _regex(r"\d{5,}")
    personal = _words("i", "i'm", "i'll", "me", "home", "lunch", "tomorrow", "later", "ok", "love", "lol")
    weak = (
        call,
        free,
        _words("txt", "text"),
        number,
        _words("now"),
        _words("claim", "prize", "win", "won"),
        lk.between(120, column="n_chars"),
    )
    return [
        Comparison(
            "keywords",
            "call",
            "sms",
            "spam",
            {"bare": call, "near a long number": lk.near(call, number, words=5), "& a long number": call & number},
        ),
        Comparison(
            "keywords",
            "text",
            "sms",
            "spam",
            {
                "bare": _words("txt", "text"),
                "near to and a number": lk.near(_words("txt", "text"), _regex(r"\bto \d{4,}"), words=5),
            },
        ),
        Comparison("abstaining", "free", "sms", "spam", {"bare": free, "& ~ personal words": free & ~personal}),
        Comparison(
            "structure",
            "numbers and lengths",
            "sms",
            "spam",
            {
                "a number of 5 digits or more": number,
                "more than 120 characters": lk.between(120, column="n_chars"),
                "both": number & lk.between(120, column="n_chars"),
            },
        ),
        Comparison(
            "structure",
            "short messages",
            "sms",
            "ham",
            {
                "at most 60 characters": lk.between(high=60, column="n_chars"),
                "at most 60 characters & ~ number": lk.between(high=60, column="n_chars") & ~_regex(r"\d{4,}"),
            },
        ),
        Comparison(
            "agreement",
            "seven weak signs of spam (messages)",
            "sms",
            "spam",
            {"any": lk.at_least(1, *weak), **{f"at_least({n})": lk.at_least(n, *weak) for n in (2, 3, 4)}},
        ),
        Comparison(
            "abstaining",
            "the rest (messages)",
            "sms",
            "ham",
            {"personal words": personal, "no sign of spam": ~lk.at_least(1, *weak)},
        ),
    ]


# Questions ------------------------------------------------------------------------------------------------------------


def _questions() -> list[Comparison]:
    people = _words(
        "president",
        "king",
        "queen",
        "actor",
        "actress",
        "author",
        "singer",
        "player",
        "leader",
        "inventor",
        "man",
        "woman",
        "senator",
        "general",
    )
    places = _words(
        "country",
        "countries",
        "city",
        "cities",
        "state",
        "states",
        "river",
        "continent",
        "island",
        "mountain",
        "capital",
        "county",
        "lake",
        "town",
    )
    asked = _words("what", "which", "name")
    return [
        Comparison("keywords", "who", "trec", "HUM", {"bare": _words("who"), "at the start": _regex(r"^who\b")}),
        Comparison("keywords", "where", "trec", "LOC", {"bare": _words("where"), "at the start": _regex(r"^where\b")}),
        Comparison(
            "keywords",
            "how many",
            "trec",
            "NUM",
            {
                "how": _words("how"),
                "how many": _words("how many", "how much"),
                "how and a measure": _regex(r"\bhow (?:many|much|long|old|far|tall|fast|big|high|deep|often)\b"),
            },
        ),
        Comparison(
            "structure",
            "what is",
            "trec",
            "DESC",
            {
                "bare": _words("what is", "what are"),
                "& at most 5 words": _words("what is", "what are") & lk.between(high=5, column="n_words"),
            },
        ),
        Comparison(
            "gazetteers",
            "words for people",
            "trec",
            "HUM",
            {
                "anywhere": people,
                "near what": lk.near(asked, people, words=2, ordered=True),
                "anywhere & ~ places": people & ~places,
            },
        ),
        Comparison(
            "gazetteers",
            "words for places",
            "trec",
            "LOC",
            {
                "anywhere": places,
                "near what": lk.near(asked, places, words=2, ordered=True),
                "right behind what": lk.near(asked, places, words=0, ordered=True),
            },
        ),
    ]


# Relations ------------------------------------------------------------------------------------------------------------


def _relations() -> list[Comparison]:
    def three(word: str) -> dict[str, Any]:
        return {
            "anywhere": _words(word),
            "between the entities": lk.keywords(word, column="middle"),
            "nothing else between them": lk.regex(
                rf"^\W*(?:\w+ )?{word}(?: (?:the|a|an|his|her|their|this))?\W*$", re.IGNORECASE, column="middle"
            ),
        }

    spouses = ("wife", "husband", "married", "marriage", "widow", "wed")
    family = ("son", "daughter", "brother", "sister", "mother", "father", "children", "parents", "cousin")
    bare = _words(*spouses)
    between = lk.keywords(*spouses, column="middle")
    near = lk.between(high=8, column="n_between")
    return [
        Comparison("keywords", "into", "semeval", "Entity-Destination", three("into")),
        Comparison("keywords", "from", "semeval", "Entity-Origin", three("from")),
        Comparison("keywords", "caused", "semeval", "Cause-Effect", three("caused")),
        Comparison(
            "keywords",
            "words of marriage",
            "spouse",
            "spouse",
            {
                "anywhere": bare,
                "between the names": between,
                "between the names, at most 8 words apart": between & near,
                "between the names & ~ family": between & ~lk.keywords(*family, column="middle"),
            },
        ),
        Comparison(
            "columns",
            "how far apart",
            "spouse",
            "not_spouse",
            {
                "more than 8 words": lk.between(8, column="n_between"),
                "more than 20 words": lk.between(20, column="n_between"),
            },
        ),
        Comparison(
            "columns",
            "the same last name",
            "spouse",
            "spouse",
            {
                "alone": lk.lookup({"same"}, column="last_names", match="value"),
                "& at most 8 words apart": lk.lookup({"same"}, column="last_names", match="value") & near,
            },
        ),
        Comparison(
            "agreement",
            "words of a clause",
            "claude9",
            "Arbitration",
            {
                "arbitration": _words("arbitration"),
                "arbitration & binding": _words("arbitration") & _words("binding"),
            },
        ),
        Comparison(
            "agreement",
            "liable",
            "claude9",
            "Limitation of liability",
            {
                "liable": _words("liable", "liability"),
                "liable & damages": _words("liable", "liability") & _words("damages", "loss"),
                "not near liable": lk.near(_words("not", "no"), _words("liable", "liability"), words=4),
            },
        ),
    ]


# Models ---------------------------------------------------------------------------------------------------------------

N_TAUGHT, N_REFERENCES = 100, 20


@dataclass(frozen=True)
class Taught:
    """A classifier of words that learned from 100 gold rows of the train split; votes from a probability on."""

    threshold: float

    def __call__(self, texts: list[str], gold: np.ndarray, label: int) -> Any:
        """Declare the rule of a class, from texts and gold to learn from."""
        chosen = np.random.default_rng(0).choice(len(texts), N_TAUGHT, replace=False)
        model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(C=10.0))
        model.fit([texts[row] for row in chosen], gold[chosen])
        return lk.model_output(model=model, label=label, threshold=self.threshold)


@dataclass(frozen=True)
class Similar:
    """Similarity to 20 texts of the class in the train split; votes from a cosine on."""

    threshold: float

    def __call__(self, texts: list[str], gold: np.ndarray, label: int) -> Any:
        """Declare the rule of a class, from texts and gold to choose references from."""
        rows = np.random.default_rng(0).choice(np.flatnonzero(gold == label), N_REFERENCES, replace=False)
        return lk.similar_to([texts[row] for row in rows], label=label, threshold=self.threshold)


def _models() -> list[Comparison]:
    taught = {f"from {threshold:.1f}": Taught(threshold) for threshold in (0.5, 0.6, 0.7, 0.8, 0.9)}
    similar = {f"from {threshold:.1f}": Similar(threshold) for threshold in (0.2, 0.3, 0.4, 0.5)}
    return [
        Comparison("models", "a classifier (comments)", "youtube", "SPAM", taught),
        Comparison("models", "a classifier (messages)", "sms", "spam", taught),
        Comparison("models", "a classifier (reviews)", "imdb", "pos", taught),
        Comparison("models", "similarity (comments)", "youtube", "SPAM", similar),
        Comparison("models", "similarity (messages)", "sms", "spam", similar),
        Comparison("models", "similarity (reviews)", "imdb", "pos", similar),
    ]


def comparisons() -> list[Comparison]:
    """List all comparisons, those of one set together."""
    every = [*_comments(), *_messages(), *_questions(), *_reviews(), *_relations(), *_models()]
    order = list(dict.fromkeys(one.set_name for one in every))
    return sorted(every, key=lambda one: order.index(one.set_name))
