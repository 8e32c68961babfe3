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
from labelkit._shared.written_lists import names_and_more
from labelkit.exceptions import RuleError
from labelkit.rules.nlp._annotations import annotation_of, attributes_of, texts_of
from labelkit.rules.nlp._pipes import parsed_for
from labelkit.rules.nlp.pipeline import pipeline_of
from labelkit.rules.predicates import Predicate, Reads, joined

if TYPE_CHECKING:
    from spacy.tokens import Doc

MOST_LISTED: Final = 6
"""Entries of a predicate that its description lists."""

DocumentMatcher: TypeAlias = Callable[[Any], Any]
"""A function of a document; its result is true if the predicate matches."""


class DocumentPredicate(Predicate):
    """A predicate of a parsed document, whose matcher is built once for each vocabulary."""

    reads: ClassVar[Reads] = "document"

    @property
    @abstractmethod
    def annotations(self) -> frozenset[str]:
        """The annotations of a document that it reads beside the words, such as ``"tag"``; others may be missing."""

    @property
    def token_texts(self) -> tuple[str, ...]:
        """The texts of which it asks a single token to be equal to one."""
        return ()

    @cached_property
    def _matchers(self) -> dict[int, tuple[Any, DocumentMatcher]]:
        return {}

    @abstractmethod
    def _build_matcher(self, doc: Doc) -> DocumentMatcher:
        """Build the matcher for documents of the same vocabulary."""

    @abstractmethod
    def _token_spans(self, doc: Doc) -> Iterator[tuple[int, int]]:
        """Iterate over the matches, as start and stop in tokens."""

    def matches(self, value: Any) -> bool:
        """Return True if the predicate matches the document."""
        return bool(self.matcher(value)(value))

    def prepare(self, value: Any) -> None:
        """Build the matcher for the vocabulary of a document, to find errors early."""
        self.matcher(value)

    def matcher(self, value: Any) -> DocumentMatcher:
        """Return the matcher for the vocabulary of a document, built on the first call."""
        try:
            vocab = value.vocab
        except AttributeError:
            raise TypeError(
                f"the rule reads a parsed document, not {type(value).__name__}: "
                'let it read a column of documents, as doc = spacy_doc("text", model=...) makes'
            ) from None
        entry = self._matchers.get(id(vocab))
        if entry is None:  # the entry holds the vocabulary, so that its id is not used again
            entry = self._matchers[id(vocab)] = (vocab, self._build_matcher(value))
        return entry[1]

    def spans(self, value: Any) -> Iterator[tuple[int, int]]:
        """Iterate over the matches, as start and stop in characters of the document's text."""
        for start, stop in self._token_spans(value):
            span = value[start:stop]
            yield span.start_char, span.end_char


@dataclass(frozen=True)
class TokenPatterns(DocumentPredicate):
    """One of several patterns of spaCy's ``Matcher`` matches somewhere.

    Parameters
    ----------
    patterns : tuple of str
        Each as JSON, which is immutable and can be compared and hashed.
    """

    patterns: tuple[str, ...]

    @cached_property
    def annotations(self) -> frozenset[str]:
        """The annotations of the token attributes that the patterns test."""
        return frozenset(map(annotation_of, attributes_of(map(json.loads, self.patterns))))

    @property
    def token_texts(self) -> tuple[str, ...]:
        """The texts of which it asks a single token to be equal to one."""
        return tuple(dict.fromkeys(texts_of(self.patterns)))

    def describe(self) -> str:
        """Name the patterns."""
        return f"the token pattern{'s' if len(self.patterns) > 1 else ''} {names_and_more(self.patterns, MOST_LISTED)}"

    def merged(self, others: Sequence[Predicate]) -> TokenPatterns | None:
        """Return one predicate of all patterns."""
        return joined(self, others, "patterns")

    def _build_matcher(self, doc: Doc) -> DocumentMatcher:
        spacy = optional("spacy.matcher", extra="nlp")
        matcher = spacy.Matcher(doc.vocab, validate=True)
        for pattern in self.patterns:
            try:
                matcher.add("pattern", [json.loads(pattern)])
            except Exception as error:  # spaCy and its validation may raise anything for an invalid pattern
                raise RuleError(f"the token pattern {pattern} cannot be used: {error}") from error
        matches: DocumentMatcher = matcher
        return matches

    def _token_spans(self, doc: Doc) -> Iterator[tuple[int, int]]:
        return iter((start, stop) for _, start, stop in self.matcher(doc)(doc))


@dataclass(frozen=True)
class Phrases(DocumentPredicate):
    """The document contains one of several phrases, compared token by token.

    Parameters
    ----------
    phrases : tuple of str
    attribute : str
        The token attribute that is compared.
    """

    phrases: tuple[str, ...]
    attribute: str = "LOWER"

    @property
    def annotations(self) -> frozenset[str]:
        """The annotation of the compared attribute."""
        return frozenset([annotation_of(self.attribute)])

    def describe(self) -> str:
        """Name the phrases."""
        return f"one of the phrases {names_and_more(self.phrases, MOST_LISTED)}, by {self.attribute}"

    def merged(self, others: Sequence[Predicate]) -> Phrases | None:
        """Return one predicate of all phrases, if they are compared by the same attribute."""
        return joined(self, others, "phrases")

    def _build_matcher(self, doc: Doc) -> DocumentMatcher:
        nlp = pipeline_of(doc)
        if nlp is None:
            raise RuleError(
                "phrases need the tokenizer of the documents, and the pipeline that parsed these is unknown",
                hint='let the rule read a column of spacy_doc: doc = spacy_doc("text", model=...)',
            )
        matcher = optional("spacy.matcher", extra="nlp").PhraseMatcher(doc.vocab, attr=self.attribute)
        matcher.add("phrase", parsed_for(self.attribute, nlp, self.phrases))
        matches: DocumentMatcher = matcher
        return matches

    def _token_spans(self, doc: Doc) -> Iterator[tuple[int, int]]:
        return iter((start, stop) for _, start, stop in self.matcher(doc)(doc))


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

    def _build_matcher(self, doc: Doc) -> DocumentMatcher:
        wanted = {doc.vocab.strings.add(label) for label in self.labels}
        return lambda doc: any(entity.label in wanted for entity in doc.ents)

    def _token_spans(self, doc: Doc) -> Iterator[tuple[int, int]]:
        return iter((entity.start, entity.end) for entity in doc.ents if entity.label_ in self.labels)
