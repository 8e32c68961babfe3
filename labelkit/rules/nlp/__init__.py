"""Rules over documents parsed by spaCy (extra ``nlp``).

A column of documents, ``doc = spacy_doc("text", model=...)``, is parsed once for all rules of the module that read
``doc``: token patterns, phrases, entities, and Python functions.

>>> doc = spacy_doc("text", model="blank:en")
>>> @token_pattern([{"LOWER": "not"}, {"OP": "?"}, {"LOWER": {"IN": ["good", "great"]}}], label=0)
... def not_good(doc) -> None:
...     "Says that it is not."
>>> not_good("It was not very good."), not_good("good!")
(0, -1)
"""

from labelkit.rules.nlp.spacy_doc import spacy_doc
from labelkit.rules.nlp.token_conditions import entities, phrases, token_pattern

__all__ = ["entities", "phrases", "spacy_doc", "token_pattern"]
