"""Map the token attributes of patterns to the annotations that pipes set on tokens and documents."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from labelkit.exceptions import RuleError

EVERYTHING: Final = "everything"
"""Stands for all annotations: custom attributes may be set by any pipe."""

ANNOTATIONS: Final = {
    **{name: name.lower() for name in ("POS", "TAG", "DEP", "LEMMA", "MORPH")},
    **dict.fromkeys(("ENT_TYPE", "ENT_IOB", "ENT_ID"), "ents"),
    **dict.fromkeys(("IS_SENT_START", "SENT_START"), "sents"),
    "ENT_KB_ID": "links",
    "_": EVERYTHING,
}
"""The annotation of each token attribute that a pipe sets; the tokenizer sets all others."""

_OF_TOKENS: Final = (
    *("ORTH", "TEXT", "LOWER", "NORM", "SHAPE", "LENGTH", "SPACY", "IS_ALPHA", "IS_ASCII", "IS_DIGIT", "IS_LOWER"),
    *("IS_UPPER", "IS_TITLE", "IS_PUNCT", "IS_SPACE", "IS_BRACKET", "IS_QUOTE", "IS_LEFT_PUNCT", "IS_RIGHT_PUNCT"),
    *("IS_CURRENCY", "IS_STOP", "LIKE_NUM", "LIKE_URL", "LIKE_EMAIL"),
)


def annotation_of(attribute: str) -> str:
    """Return the annotation that a token attribute belongs to, or the lower-case name of any other attribute.

    >>> annotation_of("POS"), annotation_of("ent_type"), annotation_of("LOWER")
    ('pos', 'ents', 'lower')
    """
    return ANNOTATIONS.get(attribute.upper(), attribute.lower())


def checked_attribute(name: Any, kind: str) -> str:
    """Return the name of a token attribute in spaCy's spelling.

    Raises
    ------
    RuleError
        If tokens have no such attribute; ``kind``, the kind of condition, is named in the message.
    """
    attributes = [*_OF_TOKENS, *ANNOTATIONS]
    if isinstance(name, str) and name.upper() in attributes:
        return name.upper()
    close = difflib.get_close_matches(str(name).upper(), attributes, n=1)
    raise RuleError(
        f"{kind} uses {name!r}, which is not an attribute of a token",
        hint=f"did you mean {close[0]!r}?" if close else f"tokens have {', '.join(attributes)}",
    )


def attributes_of(patterns: Any) -> Iterator[str]:
    """Iterate over the token attributes that patterns test.

    >>> list(attributes_of([[{"LOWER": "buy"}, {"POS": "NOUN", "OP": "+"}]]))
    ['LOWER', 'POS']
    """
    return (key for pattern in patterns for token in pattern for key in token if key.upper() != "OP")


def texts_of(patterns: Iterable[str]) -> Iterator[str]:
    """Iterate over the texts that tokens of patterns, in JSON, are to be equal to.

    >>> list(texts_of(['[{"LOWER": "my"}, {"TEXT": {"IN": ["A", "B"]}}, {"POS": "NOUN"}]']))
    ['my', 'A', 'B']
    """
    for token in (token for pattern in patterns for token in json.loads(pattern)):
        for name in ("ORTH", "TEXT", "LOWER"):
            value = token.get(name)
            given = value.get("IN", []) if isinstance(value, dict) else [value]
            yield from (one for one in given if isinstance(one, str) and one)
