"""A stand-in for a language model that is asked whether comments are spam. Its mistakes depend on words."""

import hashlib

import pandas as pd

ALARMING = r"subscrib|check|https?:|\$|£|€|₹|\bUSD|\beuros|watch"
"""Words after which it answers "spam", whatever is said with them."""

HARMLESS = r"please|pls|plz|better videos|every day|anyone who|thumbs up|gives away"
"""Words after which it answers "ham", unless alarming ones stand beside them."""


def _draw(text: object, seed: int) -> float:
    """Return a number from 0 to 100, always the same of a text."""
    return int.from_bytes(hashlib.blake2b(f"{seed}{text}".encode(), digest_size=4).digest(), "big") / 2**32 * 100


def ask(texts: pd.Series, truth: pd.Series, seed: int = 0) -> pd.Series:
    """Answer "spam", "ham" or "unsure" for each comment, of which the truth is 1 (spam) or 0.

    Where alarming or harmless words stand, 8 of 10 answers go by these. Of all others, 4 of 100 are wrong.
    """
    draws = texts.map(lambda text: _draw(text, seed))
    alarming = texts.str.contains(ALARMING, case=False, na=False)
    harmless = texts.str.contains(HARMLESS, case=False, na=False)
    by_words = (alarming | harmless) & (draws < 80)
    spam = (truth == 1) ^ (draws > 96)
    answers = spam.mask(by_words, alarming).map({True: "spam", False: "ham"})
    return answers.mask(draws.between(90, 92), "unsure").rename("answer")
