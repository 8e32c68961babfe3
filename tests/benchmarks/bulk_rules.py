"""Sixty rules for the bulk benchmark: 25 keyword lists, 20 regular expressions, 10 look-ups, 5 rules on numbers.

The look-ups are lists of made-up names of one to three words, from 1,000 to 50,000 entries, made from a seed; the benchmark's
corpus mentions some of them.
"""

import re
from enum import IntEnum
from functools import cache

import numpy as np

from labelkit import ABSTAIN, keywords, labeling_function, lookup, regex


class Label(IntEnum):
    """The classes of a post."""

    FINE = 0
    OFFENSIVE = 1


TOPICS = {
    "thanks": (0, "thanks thank you grateful gracias merci danke obrigado grazie kudos cheers"),
    "greetings": (0, "hello hi hey morning evening welcome greetings howdy bonjour hola ciao hallo namaste aloha"),
    "family": (
        0,
        "mum mom dad mother father sister brother family kids daughter son wife husband grandma grandpa aunt uncle",
    ),
    "sports": (0, "match goal game team season coach striker keeper referee stadium league cup final series playoffs"),
    "food": (
        0,
        "smoothie burger pizza coffee tea bread soup noodles curry cake salad pasta sushi taco breakfast lunch dinner",
    ),
    "weather": (0, "rain sunny cloudy storm snow wind heat cold forecast humid"),
    "work": (
        0,
        "meeting deadline client project colleague manager office report budget invoice feedback interview hire",
    ),
    "school": (0, "homework exam teacher class lecture thesis library campus semester grade"),
    "music": (0, "song album concert band guitar piano choir chorus lyrics playlist"),
    "travel": (0, "train flight airport hotel passport luggage beach museum tour ticket"),
    "health": (0, "doctor hospital medicine sleep headache allergy vaccine clinic nurse therapy"),
    "faith": (0, "prayer bless church mosque temple bible quran rabbi priest pilgrims"),
    "pets": (0, "dog cat puppy kitten hamster parrot leash vet"),
    "garden": (0, "garden roses tomatoes compost shovel lawn weeds seeds"),
    "tech": (0, "laptop phone printer keyboard update bug server cloud battery charger router password"),
    "insults": (
        1,
        "idiot moron clown loser trash garbage pathetic turnip blockhead nincompoop noodle fool dolt dunce twit",
    ),
    "threats": (1, "watch your back|you will regret|come for you|last warning|shut up|find you|pay for this"),
    "contempt": (1, "nobody asked|get lost|who hired this|go away|what a joke|no one cares|spare us"),
    "hate": (1, "hate despise detest loathe disgusting vile filthy scum vermin"),
    "politics": (1, "government parliament corrupt crooks traitor election rigged lying sheep regime puppet elites"),
    "swearing": (1, "damn hell dang crap bloody freaking wtf stfu screw heck"),
    "violence": (1, "kill punch beat smash burn destroy crush break strangle"),
    "death": (1, "die dead death grave rot bury corpse funeral"),
    "scam": (
        1,
        "call now|free tokens|act fast|winner|claim your prize|limited offer|click here|cheap|discount|guaranteed",
    ),
    "mixed": (1, "c++ #fail #ad 100% :( f*** s*** @$$ wake up smh rofl lmao 🙄 🤡 💩 🖕"),
}

PATTERNS = {
    "link": (0, r"https?://\S+", 0),
    "foreign_link": (1, r"https?://(?!www\.example\.com)", re.IGNORECASE),
    "bare_domain": (0, r"\b[a-z0-9-]{2,}\.(?:com|net|org|info|biz|example)\b", re.IGNORECASE),
    "mail": (0, r"\b[\w.+-]+@[\w-]+\.[\w.-]+\b", 0),
    "phone": (1, r"\+?\b\d{1,3}[ .-]?\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}\b", 0),
    "short_phone": (1, r"\bcall\b.{0,20}\b\d{3}-\d{4}\b", re.IGNORECASE),
    "money": (0, r"[$€£₹]\s?\d+(?:[.,]\d+)*", 0),
    "price_words": (0, r"\b\d+(?:\.\d+)?\s?(?:usd|eur|dollars?|euros?|bucks)\b", re.IGNORECASE),
    "percent_off": (1, r"\b\d{1,3}\s?%\s*(?:off|discount|sale)\b", re.IGNORECASE),
    "marks": (1, r"[!?]{3,}", 0),
    "shouted_words": (1, r"(?:\b[A-Z]{3,}\b\W+){3,}", 0),
    "no_lower_case": (1, r"^[^a-z]*[A-Z][^a-z]*$", 0),
    "stretched": (1, r"([a-z])\1{3,}", re.IGNORECASE),
    "mention": (1, r"(?:^|\s)@\w{1,15}\b.*\byou(?:r|rs)?\b", re.IGNORECASE),
    "hashtags": (0, r"#\w+(?:\s+#\w+){2,}", 0),
    "clock": (0, r"\b(?:1[0-2]|0?[1-9])(?::[0-5]\d)?\s?[ap]\.?m\b", re.IGNORECASE),
    "iso_date": (0, r"\b(?:19|20)\d{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])\b", 0),
    "honest_praise": (0, r"(?<!not )\b(?:great|awesome|amazing|love(?:ly|d)?)\b", re.IGNORECASE),
    "you_are": (1, r"\byou(?:'re|’re| are)\s+(?:such\s+)?an?\s+\w+", re.IGNORECASE),
    "many_emoji": (1, r"[\U0001F300-\U0001FAFF\u2600-\u27BF]{2,}", 0),
}

GAZETTEERS = {
    "people": (0, 20_000),
    "places": (0, 50_000),
    "shops": (0, 5_000),
    "products": (0, 30_000),
    "teams": (0, 2_000),
    "bands": (0, 10_000),
    "known_trolls": (1, 5_000),
    "banned_brands": (1, 1_000),
    "rude_nicknames": (1, 2_000),
    "bad_sites": (1, 2_000),
}

SYLLABLES = [
    "ba",
    "be",
    "bo",
    "da",
    "de",
    "di",
    "do",
    "fa",
    "fe",
    "ga",
    "gi",
    "ha",
    "he",
    "ja",
    "jo",
    "ka",
    "ke",
    "ki",
    "la",
    "le",
    "li",
    "lo",
    "ma",
    "me",
    "mi",
    "mo",
    "na",
    "ne",
    "ni",
    "no",
    "pa",
    "pe",
    "po",
    "ra",
    "re",
    "ri",
    "ro",
    "sa",
    "se",
    "si",
    "so",
    "ta",
    "te",
    "ti",
    "to",
    "va",
    "ve",
    "vi",
    "wa",
    "we",
    "ya",
    "zu",
    "ton",
    "ber",
    "vic",
    "mar",
    "nor",
    "tel",
    "dan",
    "vor",
    "hal",
    "ren",
    "sky",
    "gar",
    "fin",
    "lun",
]


@cache
def vocabulary() -> list[str]:
    """Twenty thousand made-up words of three or four syllables."""
    random = np.random.default_rng(20261122)
    drawn = random.integers(0, len(SYLLABLES), size=(20_000, 4)).tolist()
    return ["".join(SYLLABLES[s] for s in drawn[i][: 3 + i % 2]).title() for i in range(len(drawn))]


def gazetteer(name: str) -> list[str]:
    """The names of one list, of one to three words; always the same."""
    words, n_names = vocabulary(), GAZETTEERS[name][1]
    random = np.random.default_rng([20261122, list(GAZETTEERS).index(name)])
    drawn = random.integers(0, len(words), size=(n_names, 3)).tolist()
    sizes = random.choice([1, 2, 3], size=n_names, p=[0.1, 0.6, 0.3]).tolist()
    return list(dict.fromkeys(" ".join([words[w] for w in row[:size]]) for row, size in zip(drawn, sizes, strict=True)))


def words_of(text: str) -> list[str]:
    """A list of words, or of phrases where they are divided by bars."""
    return text.split("|") if "|" in text else text.split()


KEYWORDS = [
    keywords(*words_of(text), label=Label(label)).rule(name=f"about_{name}") for name, (label, text) in TOPICS.items()
]
REGEXES = [
    regex(pattern, flags, label=Label(label)).rule(name=f"looks_like_{name}")
    for name, (label, pattern, flags) in PATTERNS.items()
]
LOOKUPS = [
    lookup(gazetteer(name), label=Label(label)).rule(name=f"names_{name}") for name, (label, _) in GAZETTEERS.items()
]


@labeling_function(batch=True)
def many_followers(n_followers: np.ndarray) -> np.ndarray:
    """Known accounts behave."""
    return np.where(n_followers > 5_000, Label.FINE, ABSTAIN)


@labeling_function(batch=True)
def no_followers(n_followers: np.ndarray) -> np.ndarray:
    """Throw-away accounts do not."""
    return np.where(n_followers < 5, Label.OFFENSIVE, ABSTAIN)


@labeling_function(batch=True)
def high_score(score: np.ndarray) -> np.ndarray:
    """An older classifier was sure."""
    return np.where(score > 0.8, Label.OFFENSIVE, ABSTAIN)


@labeling_function(batch=True)
def low_score(score: np.ndarray) -> np.ndarray:
    """An older classifier was sure."""
    return np.where(score < 0.1, Label.FINE, ABSTAIN)


@labeling_function
def middling_score(score: float) -> int:
    """An older classifier leaned; a plain Python rule, called once a row."""
    return Label.OFFENSIVE if 0.6 < score <= 0.8 else ABSTAIN


PLAIN = {
    "many_followers": lambda row: Label.FINE if (row["n_followers"] or 0) > 5_000 else ABSTAIN,
    "no_followers": lambda row: (
        Label.OFFENSIVE if row["n_followers"] is not None and row["n_followers"] < 5 else ABSTAIN
    ),
    "high_score": lambda row: Label.OFFENSIVE if row["score"] is not None and row["score"] > 0.8 else ABSTAIN,
    "low_score": lambda row: Label.FINE if row["score"] is not None and row["score"] < 0.1 else ABSTAIN,
    "middling_score": lambda row: (
        Label.OFFENSIVE if row["score"] is not None and 0.6 < row["score"] <= 0.8 else ABSTAIN
    ),
}
"""The rules on numbers as plain functions of a row, for the peers of the benchmark."""
