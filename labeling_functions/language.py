"""Rules that read parsed comments: token patterns, phrases, and named entities.

They need ``pip install 'labelkit[nlp]'`` (spaCy) to run, but no downloaded model: the pipeline is created below. With
an installed one, such as ``spacy_doc("text", model="en_core_web_sm")``, patterns can also test parts of speech and
lemmas. A comment is parsed once for all rules, and examples are texts.
"""

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from labelkit import ABSTAIN, entities, keywords, labeling_function, phrases, spacy_doc, token_pattern

if TYPE_CHECKING:
    from spacy.tokens import Doc


class Label(IntEnum):
    """The classes of a comment."""

    HAM = 0
    SPAM = 1


def pipeline() -> Any:
    """Create a pipeline with an English tokenizer and a list of names."""
    import spacy  # noqa: PLC0415 - this module can be imported and checked without spaCy

    nlp = spacy.blank("en")
    names = nlp.add_pipe("entity_ruler", config={"phrase_matcher_attr": "LOWER"})
    platforms = ("facebook", "instagram", "twitter", "soundcloud", "tiktok", "kickstarter", "play store")
    names.add_patterns([{"label": "PLATFORM", "pattern": platform} for platform in platforms])
    names.add_patterns([{"label": "SUM", "pattern": [{"IS_CURRENCY": True}, {"LIKE_NUM": True}]}])
    names.add_patterns([{"label": "MOMENT", "pattern": [{"TEXT": {"REGEX": r"^\d?\d:\d\d$"}}]}])
    return nlp


doc = spacy_doc("text", model=pipeline)


@token_pattern(
    [{"LOWER": {"IN": ["check", "see", "watch", "visit", "hear"]}}, {"OP": "{0,2}"}, {"LOWER": {"IN": ["my", "our"]}}],
    [{"LOWER": {"IN": ["subscribe", "sub"]}}, {"LOWER": "to"}, {"LOWER": {"IN": ["my", "our", "me"]}}],
    label=Label.SPAM,
    examples={"Check out my covers": Label.SPAM, "sub to me!!": Label.SPAM, "check the lyrics": None},
)
def leads_away(doc: "Doc") -> None:
    """Spammers lead the reader to something of theirs, with a word or two in between."""


@token_pattern(
    [
        ([{"LOWER": "not"}, {"OP": "?"}, {"LOWER": {"IN": ["spam", "scam"]}}], Label.SPAM),
        ([{"LOWER": {"IN": ["this", "the"]}}, {"OP": "?"}, {"LOWER": {"IN": ["song", "beat", "drop"]}}], Label.HAM),
    ],
    examples={"This is NOT a scam, the song is free": Label.SPAM, "this old song": Label.HAM, "a song of mine": None},
)
def what_it_speaks_of(doc: "Doc") -> None:
    """Comments that deny being spam are spam; the first declared pattern that matches gives the label."""


@phrases(
    *("better than anyone", "who is here", "reminds me of", "can't get this", "listening to this", "years ago"),
    label=Label.HAM,
    examples={"It REMINDS me of home": Label.HAM, "I can't get this one": Label.HAM, "remind me": None},
)
def watched_it(doc: "Doc") -> None:
    """Phrases of people who have listened; the pipeline's tokenizer cuts them like the comments."""


@entities(
    {"PLATFORM": Label.SPAM, "SUM": Label.SPAM, "MOMENT": Label.HAM},
    examples={"find me on TikTok": Label.SPAM, "only $ 5": Label.SPAM, "2:31 is the best": Label.HAM, "hi": None},
)
def names_something(doc: "Doc") -> None:
    """Other platforms and sums of money against moments of the video."""


@(phrases("my channel", "my page", "my music") & ~keywords("favorite", "favourite")).labeled(
    Label.SPAM, examples={("new songs on my channel", "new songs on my channel"): Label.SPAM}
)
def own_channel(doc: "Doc", text: str) -> None:
    """Conditions on documents combine with conditions on texts."""


@labeling_function(examples={"CLICK HERE TO WIN NOW": Label.SPAM, "OMG this drop": None})
def shouts(doc: "Doc") -> int:
    """Python rules may read the document, too: more than half of five words and more in capitals."""
    words = [token for token in doc if token.is_alpha]
    return Label.SPAM if len(words) >= 5 and 2 * sum(word.is_upper for word in words) > len(words) else ABSTAIN
