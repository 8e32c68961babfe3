"""Select the pipes of a pipeline that must run for the rules of a plan, with the same results as the whole pipeline.

Every pipe reads and writes annotations. An annotation requires the pipes that write it, and the annotations that these
read require earlier pipes: entities do not cross sentence boundaries, lemmas depend on parts of speech, a tagger may
share the embedding of a tok2vec pipe. A pipe that does not declare its output always runs, and so do all pipes before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from labelkit._shared.optional import optional
from labelkit.rules.nlp._annotations import ANNOTATIONS, EVERYTHING, annotation_of, attributes_of

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

_OF_SPACY: Final = {
    **{f"token.{name}": name for name in ("tag", "pos", "morph", "lemma", "dep")},
    **dict.fromkeys(("doc.ents", "token.ent_type", "token.ent_iob", "token.ent_id"), "ents"),
    **dict.fromkeys(("doc.sents", "token.is_sent_start"), "sents"),
    "token.head": "dep",
    "token.ent_kb_id": "links",
}
"""Annotations by the names in the declarations of pipes; other names are used unchanged."""

_ALSO_READ: Final = {
    **dict.fromkeys(("ner", "beam_ner", "parser", "beam_parser"), ("sents",)),
    **dict.fromkeys(("entity_ruler", "future_entity_ruler", "span_ruler"), ("ents",)),
    "lemmatizer": ("pos", "morph", "tag"),
}
"""Annotations that pipes use if they are set, by factory, without declaring them."""

_BY_TOKENIZER: Final = frozenset(("ORTH", "TEXT", "LOWER"))
"""Attributes of tokens that no pipe changes."""

_SET: Final = frozenset(ANNOTATIONS.values()) - {EVERYTHING}
"""Annotations that only a pipe can set."""

WRITERS: Final = {
    "tag": "a tagger",
    "pos": "a morphologizer, or a tagger with an attribute_ruler",
    "morph": "a morphologizer",
    "lemma": "a lemmatizer",
    "dep": "a parser",
    "sents": "a sentencizer, a senter or a parser",
    "ents": "an entity_ruler or ner",
    "links": "an entity_linker",
}
"""The pipes that set each annotation, for messages."""


@dataclass(frozen=True)
class Pipe:
    """One pipe.

    Parameters
    ----------
    name : str
    reads : frozenset of str
        The annotations of earlier pipes that it uses.
    writes : frozenset of str, optional
        The annotations that it sets; None if unknown: it may write, and read, anything.
    labels : frozenset of str, optional
        The labels of the entities that it can find; None if unknown.
    """

    name: str
    reads: frozenset[str]
    writes: frozenset[str] | None
    labels: frozenset[str] | None = None


def pipes_of(nlp: Language, exclude: Collection[str] = ()) -> list[Pipe]:
    """Return the pipes of a pipeline that are not excluded, in order."""
    names = [name for name in nlp.pipe_names if name not in exclude]
    listeners = {name: _listeners_of(nlp.get_pipe(name)) for name in names}
    return [_pipe(nlp, name, listeners) for name in names]


def needed(pipes: Sequence[Pipe], wanted: Iterable[str], named: Collection[str] = ()) -> list[str]:
    """Return the names of the pipes that must run, in order.

    Parameters
    ----------
    pipes : list of Pipe
    wanted : iterable of str
        The annotations that the rules read.
    named : collection of str
        Pipes that run in any case.

    Examples
    --------
    >>> tagger = Pipe("tagger", frozenset(), frozenset(["tag"]))
    >>> parser = Pipe("parser", frozenset(["sents"]), frozenset(["dep", "sents"]))
    >>> ner = Pipe("ner", frozenset(["sents"]), frozenset(["ents"]))
    >>> needed([tagger, parser, ner], ["tag"]), needed([tagger, parser, ner], ["ents"])
    (['tagger'], ['parser', 'ner'])
    """
    required, run = set(wanted), list[str]()
    for pipe in reversed(pipes):
        if EVERYTHING in required or pipe.writes is None or pipe.name in named or not required.isdisjoint(pipe.writes):
            run.append(pipe.name)
            required |= pipe.reads if pipe.writes is not None else {EVERYTHING}
    return run[::-1]


def parsed_for(attribute: str, nlp: Language, texts: Sequence[str]) -> list[Doc]:
    """Parse texts with the pipes that one token attribute requires."""
    if attribute in _BY_TOKENIZER:
        return [nlp.make_doc(text) for text in texts]
    run = needed(pipes_of(nlp), [annotation_of(attribute)])
    return list(nlp.pipe(texts, disable=[name for name in nlp.pipe_names if name not in run]))


def unset(pipes: Sequence[Pipe], wanted: Iterable[str]) -> list[str]:
    """Return the annotations that no pipe sets; an empty list if a pipe does not declare its output."""
    if any(pipe.writes is None for pipe in pipes):
        return []
    written = {annotation for pipe in pipes for annotation in pipe.writes or ()}
    return sorted(set(wanted) & _SET - written)


def entity_labels(pipes: Sequence[Pipe]) -> frozenset[str] | None:
    """Return the labels that entities can have; None if a pipe does not declare them."""
    labels: set[str] = set()
    for pipe in pipes:
        if pipe.writes is None or ("ents" in pipe.writes and pipe.labels is None):
            return None
        labels |= pipe.labels or set() if "ents" in pipe.writes else set()
    return frozenset(labels)


def _pipe(nlp: Language, name: str, listeners: dict[str, tuple[str, ...]]) -> Pipe:
    """Find the inputs and outputs of a pipe, from its declaration, its patterns and the features of its model."""
    proc: Any = nlp.get_pipe(name)
    meta = nlp.get_pipe_meta(name)
    embeddings = {f"embedding of {one}" for one, names in listeners.items() if name in names}
    reads = {*map(_annotation, meta.requires), *_ALSO_READ.get(meta.factory, ()), *_features(proc), *embeddings}
    declared = {*map(_annotation, meta.assigns)}
    writes: set[str] | None = {*declared, f"embedding of {name}"} if declared else None
    patterns = _patterns(proc)
    compared = [proc.phrase_matcher_attr] if getattr(proc, "phrase_matcher_attr", None) else []
    reads |= {annotation_of(attribute) for attribute in (*attributes_of(patterns), *map(_name_of, compared))}
    if meta.factory == "attribute_ruler":
        writes = {annotation_of(attribute) for rule in proc.patterns for attribute in rule["attrs"]}
    elif meta.factory == "doc_cleaner":
        writes = {_annotation(f"doc.{attribute}") for attribute in proc.cfg.get("attrs", {})}
    elif meta.factory == "span_ruler" and getattr(proc, "annotate_ents", False) and writes is not None:
        writes.add("ents")
    if meta.retokenizes:
        writes = None
    labels = getattr(proc, "labels", None) if meta.factory != "attribute_ruler" else None
    return Pipe(
        name,
        frozenset(reads),
        None if writes is None else frozenset(writes),
        None if labels is None else frozenset(map(str, labels)),
    )


def _annotation(declared: str) -> str:
    return _OF_SPACY.get(declared, declared)


def _listeners_of(proc: Any) -> tuple[str, ...]:
    """Return the pipes that use this one's output directly, such as a tagger that shares a tok2vec."""
    return tuple(getattr(proc, "listening_components", None) or ())


def _patterns(proc: Any) -> list[Any]:
    """Return the token patterns of a rule-based pipe."""
    patterns: list[Any] = []
    for entry in getattr(proc, "patterns", None) or ():
        pattern = entry.get("patterns", entry.get("pattern")) if isinstance(entry, dict) else None
        if isinstance(pattern, list):
            patterns += pattern if pattern and isinstance(pattern[0], list) else [pattern]
    return patterns


def _features(proc: Any) -> Iterator[str]:
    """Iterate over the annotations among the input features of a trained pipe."""
    model = getattr(proc, "model", None)
    for node in model.walk() if model is not None and hasattr(model, "walk") else ():
        if node.name == "extract_features":
            yield from (annotation_of(_name_of(attribute)) for attribute in node.attrs.get("columns", ()))


def _name_of(attribute: Any) -> str:
    """Return the name of an attribute, which may be given by number."""
    names = optional("spacy.attrs", extra="nlp").NAMES
    return str(names[attribute]) if isinstance(attribute, int) else str(attribute)
