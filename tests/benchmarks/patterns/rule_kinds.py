"""The kind of knowledge of each rule of the sets: a table, with the reason where a name does not say it.

Sets without descriptions of their rules (``claude9``) are assigned by the words that all texts have on which a rule votes.
The numbers are the columns of the votes.
"""

from __future__ import annotations

from dataclasses import dataclass

KINDS = {
    "keyword": "a word or a phrase anywhere",
    "context": "words in an order, or at a place in the text",
    "negation": "words that count the other way behind a negation",
    "structure": "length, links, layout",
    "columns": "other columns than the text",
    "gazetteer": "lists of names",
    "facts": "a knowledge base",
    "model": "a trained model or a language model",
    "agreement": "several words that must all be there",
    "default": "a vote where nothing else speaks",
}


@dataclass(frozen=True)
class RuleGroup:
    """Some rules of a set that hold one kind of knowledge, and why, where that is not obvious."""

    kind: str
    rules: tuple[int, ...]
    reason: str = ""


def _rest(n_rules: int, *others: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(range(n_rules)) - {rule for rules in others for rule in rules}))


_SMS_WORDS = (0, 11, 19, 37, 43, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 57, 60, 63, 65, 66, 67, 71)
_TREC_WORDS = (24, 26, 27, 30, 31, 32, 37, 38, 41, 42, 43, 44, 52, 60, 62)
_YOUTUBE = (
    RuleGroup("keyword", (0, 1, 3, 4)),
    RuleGroup("context", (5,), "'check' with 'out' behind it"),
    RuleGroup("structure", (2, 6), "a link is markup; a comment is short"),
    RuleGroup("model", (7, 8, 9), "the entities of spaCy (with a length), polarity and subjectivity of TextBlob"),
)

RULE_GROUPS: dict[str, tuple[RuleGroup, ...]] = {
    "claude9": (
        RuleGroup("agreement", tuple(range(40)), "all texts of a rule share two words or more; the order is not known"),
        RuleGroup("default", (40,), "it votes exactly where no other rule does"),
    ),
    "hausa": (RuleGroup("gazetteer", tuple(range(5)), "a list of names and terms for each topic"),),
    "imdb": (
        RuleGroup("keyword", (3, 6), "phrases of dispraise"),
        RuleGroup("context", (0, 1, 2), "a word with another one up to 20 characters before it"),
        RuleGroup("negation", (4, 5, 7), "praise right behind a negation votes for the other class"),
    ),
    "semeval": (RuleGroup("context", tuple(range(164)), "the words that must stand between two entities, exactly"),),
    "sms": (
        RuleGroup("keyword", _SMS_WORDS, "patterns of one word"),
        RuleGroup("context", _rest(73, _SMS_WORDS), "patterns of two or three words in their order"),
    ),
    "spouse": (
        RuleGroup("context", (0, 1, 3, 4, 5, 6), "words between two names, or in the three words before one"),
        RuleGroup("columns", (2,), "two columns compared: the last names are the same"),
        RuleGroup("facts", (7, 8), "couples of a knowledge base, by full names and by last names"),
    ),
    "trec": (
        RuleGroup("keyword", _TREC_WORDS, "patterns of one word"),
        RuleGroup("context", _rest(68, _TREC_WORDS), "patterns of several words in their order"),
    ),
    "youtube": _YOUTUBE,
    "sms + prompts": (
        RuleGroup("keyword", _SMS_WORDS),
        RuleGroup("context", _rest(73, _SMS_WORDS)),
        RuleGroup("model", tuple(range(73, 146)), "each rule put to a language model as a question"),
    ),
    "youtube + prompts": (
        *_YOUTUBE[:3],
        RuleGroup("model", (7, 8, 9, *range(10, 20)), "as above, and ten questions to a language model"),
    ),
}

JOINED = {"sms + prompts": ("sms", "sms_prompted"), "youtube + prompts": ("youtube", "youtube_prompted")}
"""Sets whose votes stand side by side: the same examples by two sets of rules."""
