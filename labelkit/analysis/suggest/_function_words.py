"""Recognise phrases of nothing but function words: a rule for *to*, *a* or *of the* is no rule, whatever its figures.

In most corpora such words have no lift (:mod:`labelkit.analysis.suggest._scoring`), in any language. Where they do, it
is by the length of the texts, or by what stands beside them. So words of one or two letters of an alphabet do not make
a rule on their own, nor do English articles, pronouns, auxiliaries, prepositions and conjunctions. Words that ask or
count (*who*, *how many*) are not among them: they tell kinds of questions apart.

>>> [is_function_phrase(text) for text in ("to", "of the", "it's", "free", "win a", "tv 24", "50", "😀", "手机")]
[True, True, True, False, False, False, False, False, False]
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

SHORT: Final = 2
"""Letters of a word that is taken for a function word in the scripts of ``ALPHABETS``."""

ALPHABETS: Final = frozenset({"LATIN", "GREEK", "CYRILLIC", "ARABIC", "HEBREW"})
"""Scripts, by the first word of their letters' Unicode names, in which words with meaning are longer than that."""

_ENGLISH: Final = (
    "an the and or but nor if than as so of in on at to for from with by into onto over under about after before "
    "between through during without within against upon off out up down me my mine myself you your yours yourself he "
    "him his she her hers it its itself we us our ours they them their theirs this that these those am is are was "
    "were be been being have has had having do does did will would shall should can could may might must not too "
    "very just also then more most some any"
)

ENGLISH: Final = frozenset(_ENGLISH.split())


def is_function_phrase(text: str) -> bool:
    """Tell whether a word or phrase in lower case has function words alone."""
    words = re.findall(r"\w+", text)
    return bool(words) and all(word in ENGLISH or _is_short(word) for word in words)


def _is_short(word: str) -> bool:
    return len(word) <= SHORT and all(unicodedata.name(c, "").split(" ")[0] in ALPHABETS for c in word)
