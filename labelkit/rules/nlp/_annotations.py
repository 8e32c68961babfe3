"""What pipes set on tokens and documents, by the names that patterns have for it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any, Final

from labelkit.exceptions import RuleError

EVERYTHING: Final = "everything"
"""The annotation that stands for all of them: custom attributes may be set by any pipe."""

ANNOTATIONS: Final = {
    **{name: name.lower() for name in ("POS", "TAG", "DEP", "LEMMA", "MORPH")},
    **dict.fromkeys(("ENT_TYPE", "ENT_IOB", "ENT_ID"), "ents"),
    **dict.fromkeys(("IS_SENT_START", "SENT_START"), "sents"),
    "ENT_KB_ID": "links",
    "_": EVERYTHING,
}
"""What pipes set on tokens, by the name that patterns have for it; all else comes with the tokenizer."""

_OF_TOKENS: Final = (
    *("ORTH", "TEXT", "LOWER", "NORM", "SHAPE", "LENGTH", "SPACY", "IS_ALPHA", "IS_ASCII", "IS_DIGIT", "IS_LOWER"),
    *("IS_UPPER", "IS_TITLE", "IS_PUNCT", "IS_SPACE", "IS_BRACKET", "IS_QUOTE", "IS_LEFT_PUNCT", "IS_RIGHT_PUNCT"),
    *("IS_CURRENCY", "IS_STOP", "LIKE_NUM", "LIKE_URL", "LIKE_EMAIL"),
)


def annotation_of(attribute: str) -> str:
    """What a pipe has to set for an attribute of tokens to be known.

    >>> annotation_of("POS"), annotation_of("ent_type"), annotation_of("LOWER")
    ('pos', 'ents', 'lower')
    """
    return ANNOTATIONS.get(attribute.upper(), attribute.lower())


def known_attribute(name: Any, what: str) -> str:
    """The name of an attribute of tokens, as spaCy writes it.

    Raises
    ------
    RuleError
        If tokens have none of that name.
    """
    known = [*_OF_TOKENS, *ANNOTATIONS]
    if isinstance(name, str) and name.upper() in known:
        return name.upper()
    close = difflib.get_close_matches(str(name).upper(), known, n=1)
    raise RuleError(
        f"{what} asks for {name!r}, which is no attribute of a token",
        hint=f"did you mean {close[0]!r}?" if close else f"tokens have {', '.join(known)}",
    )


def attributes_of(patterns: Any) -> Iterator[str]:
    """The attributes of tokens that patterns ask for.

    >>> list(attributes_of([[{"LOWER": "buy"}, {"POS": "NOUN", "OP": "+"}]]))
    ['LOWER', 'POS']
    """
    return (key for pattern in patterns for token in pattern for key in token if key.upper() != "OP")
