"""Predicates of parsed documents: token patterns, phrases, entities.

A predicate is a frozen specification that needs no spaCy to be declared, compared or fingerprinted. Its matcher is
built for the first document of each vocabulary, and kept with the predicate.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias

from labelkit._shared.optional import optional
from labelkit.exceptions import RuleError
from labelkit.rules.nlp._annotations import annotation_of, attributes_of
from labelkit.rules.nlp._pipes import parsed_for
from labelkit.rules.nlp.pipeline import pipeline_of
from labelkit.rules.predicates import Predicate, Reads, joined

if TYPE_CHECKING:
    from spacy.tokens import Doc

MOST_SAID: Final = 6
"""Entries of a test that are named in words."""

Found: TypeAlias = Callable[[Any], Any]
"""Given a document, something that is true if the test matches."""


class DocumentPredicate(Predicate):
    """A predicate of a parsed document, whose matcher is built once for each vocabulary."""

    reads: ClassVar[Reads] = "document"

    @property
    @abstractmethod
    def annotations(self) -> frozenset[str]:
        """The annotations of a document that it reads beside the words, such as ``"tag"``; others may be missing."""

    @cached_property
    def _finders(self) -> dict[int, tuple[Any, Found]]:
        return {}

    @abstractmethod
    def _finder(self, doc: Doc) -> Found:
        """Make the matcher for documents of the same vocabulary."""

    @abstractmethod
    def _places(self, doc: Doc) -> Iterator[tuple[int, int]]:
        """Where the test matches, in tokens."""

    def matches(self, value: Any) -> bool:
        """Whether the document holds what is looked for."""
        return bool(self.finder(value)(value))

    def prepare(self, value: Any) -> None:
        """Make the matcher for the vocabulary of a document."""
        self.finder(value)

    def finder(self, value: Any) -> Found:
        """The matcher for the vocabulary of a document."""
        try:
            vocab = value.vocab
        except AttributeError:
            raise TypeError(
                f"the rule reads a parsed document, not {type(value).__name__}: "
                'let it read a column of documents, as doc = spacy_doc("text", model=...) makes'
            ) from None
        known = self._finders.get(id(vocab))
        if known is None:
            known = self._finders[id(vocab)] = (vocab, self._finder(value))  # the vocabulary is kept, so its id is its
        return known[1]

    def spans(self, value: Any) -> Iterator[tuple[int, int]]:
        """Where it matches, in characters of the document's text."""
        for start, stop in self._places(value):
            span = value[start:stop]
            yield span.start_char, span.end_char


@dataclass(frozen=True)
class TokenPatterns(DocumentPredicate):
    """One of several patterns of spaCy's ``Matcher`` matches somewhere.

    Parameters
    ----------
    patterns : tuple of str
        Each as JSON, which is plain, cannot change, and is equal where the pattern is.
    """

    patterns: tuple[str, ...]

    @cached_property
    def annotations(self) -> frozenset[str]:
        """What the patterns ask of tokens."""
        return frozenset(map(annotation_of, attributes_of(map(json.loads, self.patterns))))

    def describe(self) -> str:
        """Name the patterns."""
        return f"the token pattern{'s' if len(self.patterns) > 1 else ''} {_listed(self.patterns)}"

    def merged(self, others: Sequence[Predicate]) -> TokenPatterns | None:
        """Return one predicate of all patterns."""
        return joined(self, others, "patterns")

    def _finder(self, doc: Doc) -> Found:
        spacy = optional("spacy.matcher", extra="nlp")
        matcher = spacy.Matcher(doc.vocab, validate=True)
        for pattern in self.patterns:
            try:
                matcher.add("pattern", [json.loads(pattern)])
            except Exception as error:  # spaCy and its validation raise what they like of what they do not know
                raise RuleError(f"the token pattern {pattern} cannot be used: {error}") from error
        made: Found = matcher
        return made

    def _places(self, doc: Doc) -> Iterator[tuple[int, int]]:
        return iter((start, stop) for _, start, stop in self.finder(doc)(doc))


@dataclass(frozen=True)
class Phrases(DocumentPredicate):
    """One of several phrases stands in the document, compared token by token.

    Parameters
    ----------
    phrases : tuple of str
    attribute : str
        What is compared of each token.
    """

    phrases: tuple[str, ...]
    attribute: str = "LOWER"

    @property
    def annotations(self) -> frozenset[str]:
        """What is compared."""
        return frozenset([annotation_of(self.attribute)])

    def describe(self) -> str:
        """Name the phrases."""
        return f"one of the phrases {_listed(self.phrases)}, by {self.attribute}"

    def merged(self, others: Sequence[Predicate]) -> Phrases | None:
        """Return one predicate of all phrases, if they are compared by the same attribute."""
        return joined(self, others, "phrases")

    def _finder(self, doc: Doc) -> Found:
        nlp = pipeline_of(doc)
        if nlp is None:
            raise RuleError(
                "phrases are cut into tokens as the documents are, but it is not known what parsed these",
                hint='let the rule read a column that spacy_doc made: doc = spacy_doc("text", model=...)',
            )
        matcher = optional("spacy.matcher", extra="nlp").PhraseMatcher(doc.vocab, attr=self.attribute)
        matcher.add("phrase", parsed_for(self.attribute, nlp, self.phrases))
        made: Found = matcher
        return made

    def _places(self, doc: Doc) -> Iterator[tuple[int, int]]:
        return iter((start, stop) for _, start, stop in self.finder(doc)(doc))


@dataclass(frozen=True)
class Entities(DocumentPredicate):
    """The document has an entity with one of several labels.

    Parameters
    ----------
    labels : tuple of str
        Such as ``"ORG"``.
    """

    labels: tuple[str, ...]

    @property
    def annotations(self) -> frozenset[str]:
        """Entities."""
        return frozenset(["ents"])

    def describe(self) -> str:
        """Name the labels."""
        return f"an entity {' or '.join(self.labels)}"

    def merged(self, others: Sequence[Predicate]) -> Entities | None:
        """Return one predicate of all labels."""
        return joined(self, others, "labels")

    def _finder(self, doc: Doc) -> Found:
        wanted = {doc.vocab.strings.add(label) for label in self.labels}
        return lambda doc: any(entity.label in wanted for entity in doc.ents)

    def _places(self, doc: Doc) -> Iterator[tuple[int, int]]:
        return iter((entity.start, entity.end) for entity in doc.ents if entity.label_ in self.labels)


def _listed(entries: tuple[str, ...]) -> str:
    more = f" and {len(entries) - MOST_SAID:,} more" if len(entries) > MOST_SAID else ""
    return f"{', '.join(entries[:MOST_SAID])}{more}"
