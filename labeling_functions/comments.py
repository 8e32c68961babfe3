"""Rules that distinguish spam from ham in video comments.

Each rule encodes one observation about comments. None is always right, and several may vote on one comment; the label
model combines them. All of them read ``text`` only, so that they work on any list of comments.

``pytest labeling_functions/`` runs the examples. With ``--labelkit-corpus=comments.csv --labelkit-gold=spam``, or with
``labelkit check``, the expectations (``@expect``) are checked on a sample, too.

>>> keyword_subscribe("Please subscribe to me") == Label.SPAM
True
>>> short_comment(n_words(words("nice song!"))) == Label.HAM
True
"""

import re
from enum import IntEnum

from labelkit import ABSTAIN, column, expect, keywords, labeling_function, lookup, regex


class Label(IntEnum):
    """The classes of a comment."""

    HAM = 0
    SPAM = 1


# Requests of spammers.


@keywords("my", label=Label.SPAM, examples={"see MY channel": Label.SPAM, "myself": None})
def keyword_my(text: str) -> None:
    """Spammers speak of my channel, my video, my page."""


@expect(coverage=(0.02, 0.25), precision=0.7)
@keywords("subscribe", label=Label.SPAM, whole_word=False, examples={"I just need 50 subscribers": Label.SPAM})
def keyword_subscribe(text: str) -> None:
    """Spammers ask the viewer to come to their channel; the word counts in all its forms."""


@keywords("please", "pls", "plz", label=Label.SPAM, whole_word=False, examples={"plzzz listen": Label.SPAM})
def keyword_please(text: str) -> None:
    """Spammers ask for something; whoever speaks of the video rarely does."""


@regex(r"\bcheck\b.*\bout\b", re.IGNORECASE, label=Label.SPAM, examples={"Check this out!": Label.SPAM, "out": None})
def regex_check_out(text: str) -> None:
    """Spammers want something of theirs checked out, with or without words in between."""


@keywords(
    *("visit", "follow", "vote for", "add me", "help me", "support me", "sub to", "go to"),
    label=Label.SPAM,
    examples={"please add  me": Label.SPAM, "a follower": None},
)
def asks_to_go_elsewhere(text: str) -> None:
    """Other ways to lead a viewer away."""


@(keywords("my", "our", "me") & keywords("channel", "page", "cover", "covers", "music", "video", "videos")).labeled(
    Label.SPAM, examples={"we make covers, see our page": Label.SPAM, "her music": None}
)
def own_work(text: str) -> None:
    """Whoever calls a channel or a cover their own came to show it."""


# Links and invitations to other sites.


@regex(r"https?://", re.IGNORECASE, label=Label.SPAM, examples={"HTTP://example.com": Label.SPAM})
def keyword_link(text: str) -> None:
    """Spammers post links to other places; few others post any."""


@lookup("shorteners.txt", label=Label.SPAM, examples={"see bit.ly/xYz12": Label.SPAM, "a bit. lying": None})
def shortened_link(text: str) -> None:
    """Addresses of link shorteners, kept in a file beside this module, are there to hide where they lead."""


@lookup(
    {"facebook", "instagram", "twitter", "soundcloud", "kickstarter", "whatsapp", "tiktok"},
    label=Label.SPAM,
    examples={"i am on TikTok": Label.SPAM, "a tweet": None},
)
def other_network(text: str) -> None:
    """The names of other networks come with an invitation."""


@regex(
    r"[$€£₹]\s?\d|\d\s?[$€£]|\b(?:free|earn|win|money|cash|giveaway)\b",
    re.IGNORECASE,
    label=Label.SPAM,
    examples={"only $ 5": Label.SPAM, "5€": Label.SPAM, "Free!": Label.SPAM, "freedom": None},
)
def speaks_of_money(text: str) -> None:
    """Sums of money, and promises of them."""


# Comments of people who have watched the video.


@keywords("song", "songs", label=Label.HAM, examples={"my SONGS": Label.HAM, "songbird": None})
def keyword_song(text: str) -> None:
    """Genuine comments speak of what is in the video."""


@keywords(
    {"best price": Label.SPAM, "love": Label.HAM, "best": Label.HAM, "amazing": Label.HAM, "awesome": Label.HAM},
    examples={"the best!": Label.HAM, "I love it, best price": Label.SPAM, "glove": None},
)
def praises(text: str) -> None:
    """Praise is mostly meant; the entries give their labels, and the first declared that matches wins."""


@regex(
    r"\b(?:views?|million|billion|childhood|wedding)\b|(?<![\d:])\d{1,2}:\d\d(?![\d:])",
    re.IGNORECASE,
    label=Label.HAM,
    examples={"2 Billion views": Label.HAM, "that drop at 1:52": Label.HAM, "23:59:59": None, "viewers": None},
)
def watched_it(text: str) -> None:
    """The view counter, memories, and moments of the video such as 1:52."""


@keywords(
    *("lol", "omg", "wow", "who else", "anyone", "anybody", "listening", "dance", "video is"),
    label=Label.HAM,
    examples={"LOL": Label.HAM, "who  else is here": Label.HAM, "lollipop": None},
)
def reacts(text: str) -> None:
    """Surprise, and company in it."""


@column
def words(text: str) -> list[str]:
    """The words, computed once per example for all rules that read them."""
    return text.split()


@column
def n_words(words: list[str]) -> int:
    """The number of words; a derived column may read another."""
    return len(words)


@expect(coverage=(0.1, 0.5), precision=0.6, conflicts=0.2)
@labeling_function(examples={3: Label.HAM, 50: None})
def short_comment(n_words: int) -> int:
    """Genuine comments are often short, such as "cool video!"."""
    return Label.HAM if n_words < 5 else ABSTAIN


@labeling_function(examples={40: Label.SPAM, 5: None})
def long_comment(n_words: int) -> int:
    """Whoever writes forty words under a music video wants something."""
    return Label.SPAM if n_words >= 40 else ABSTAIN


@labeling_function(when=regex(r"\W"), examples={"😂 😂": Label.HAM, ":)": Label.HAM, "😂 sub4sub": None, "": None})
def only_symbols(text: str) -> int:
    """Only emoji and smileys; the function is called only if the text has a symbol."""
    return ABSTAIN if any(character.isalnum() for character in text) else Label.HAM
