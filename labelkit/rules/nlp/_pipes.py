"""Which pipes of a pipeline have to run for what rules ask, so that their answers are those of the whole pipeline.

Every pipe reads and writes annotations. What is wanted needs the pipes that write it, and what these read needs those
before them: entities are not found across the ends of sentences, lemmas go by parts of speech, a tagger may listen to
another pipe. A pipe of which it is not known what it writes always runs, and so does all before it.
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
"""Annotations by the names that pipes declare them with; others keep theirs."""

_ALSO_READ: Final = {
    **dict.fromkeys(("ner", "beam_ner", "parser", "beam_parser"), ("sents",)),
    **dict.fromkeys(("entity_ruler", "future_entity_ruler", "span_ruler"), ("ents",)),
    "lemmatizer": ("pos", "morph", "tag"),
}
"""What pipes read if it is there, though they do not declare it."""

_BY_TOKENIZER: Final = frozenset(("ORTH", "TEXT", "LOWER"))
"""Attributes of tokens that no pipe changes."""

_SET: Final = frozenset(ANNOTATIONS.values()) - {EVERYTHING}
"""Annotations that nothing but a pipe can set."""

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
"""What sets an annotation, in words."""


@dataclass(frozen=True)
class Pipe:
    """One pipe.

    Parameters
    ----------
    name : str
    reads : frozenset of str
        Annotations; of pipes before it.
    writes : frozenset of str, optional
        None where that is not known: it may write, and read, anything.
    labels : frozenset of str, optional
        Of the entities that it can find; None where they are not known.
    """

    name: str
    reads: frozenset[str]
    writes: frozenset[str] | None
    labels: frozenset[str] | None = None


def pipes_of(nlp: Language, exclude: Collection[str] = ()) -> list[Pipe]:
    """The pipes of a pipeline that run, in order."""
    names = [name for name in nlp.pipe_names if name not in exclude]
    listened = {name: _heard(nlp.get_pipe(name)) for name in names}
    return [_pipe(nlp, name, listened) for name in names]


def needed(pipes: Sequence[Pipe], wanted: Iterable[str], named: Collection[str] = ()) -> list[str]:
    """The pipes that have to run, by name, in order.

    Parameters
    ----------
    pipes : list of Pipe
    wanted : iterable of str
        Annotations.
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
    known, run = set(wanted), list[str]()
    for pipe in reversed(pipes):
        if EVERYTHING in known or pipe.writes is None or pipe.name in named or not known.isdisjoint(pipe.writes):
            run.append(pipe.name)
            known |= pipe.reads if pipe.writes is not None else {EVERYTHING}
    return run[::-1]


def parsed_for(attribute: str, nlp: Language, texts: Sequence[str]) -> list[Doc]:
    """Texts as documents of which one attribute of tokens is known."""
    if attribute in _BY_TOKENIZER:
        return [nlp.make_doc(text) for text in texts]
    run = needed(pipes_of(nlp), [annotation_of(attribute)])
    return list(nlp.pipe(texts, disable=[name for name in nlp.pipe_names if name not in run]))


def unset(pipes: Sequence[Pipe], wanted: Iterable[str]) -> list[str]:
    """Those of the annotations that no pipe sets, as far as that is known."""
    if any(pipe.writes is None for pipe in pipes):
        return []
    written = {annotation for pipe in pipes for annotation in pipe.writes or ()}
    return sorted(set(wanted) & _SET - written)


def entity_labels(pipes: Sequence[Pipe]) -> frozenset[str] | None:
    """The labels that entities can have; None where that is not known."""
    found: set[str] = set()
    for pipe in pipes:
        if pipe.writes is None or ("ents" in pipe.writes and pipe.labels is None):
            return None
        found |= pipe.labels or set() if "ents" in pipe.writes else set()
    return frozenset(found)


def _pipe(nlp: Language, name: str, listened: dict[str, tuple[str, ...]]) -> Pipe:
    """What a pipe declares, and what is known of it beyond that."""
    proc: Any = nlp.get_pipe(name)
    meta = nlp.get_pipe_meta(name)
    heard = {f"heard from {one}" for one, listeners in listened.items() if name in listeners}
    reads = {*map(_annotation, meta.requires), *_ALSO_READ.get(meta.factory, ()), *_features(proc), *heard}
    declared = {*map(_annotation, meta.assigns)}
    writes: set[str] | None = {*declared, f"heard from {name}"} if declared else None
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


def _heard(proc: Any) -> tuple[str, ...]:
    """The pipes that use what this one has computed, as a tagger that shares a tok2vec."""
    return tuple(getattr(proc, "listening_components", None) or ())


def _patterns(proc: Any) -> list[Any]:
    """The token patterns that a pipe is made of."""
    found: list[Any] = []
    for entry in getattr(proc, "patterns", None) or ():
        pattern = entry.get("patterns", entry.get("pattern")) if isinstance(entry, dict) else None
        if isinstance(pattern, list):
            found += pattern if pattern and isinstance(pattern[0], list) else [pattern]
    return found


def _features(proc: Any) -> Iterator[str]:
    """The annotations among the features of a trained pipe."""
    model = getattr(proc, "model", None)
    for node in model.walk() if model is not None and hasattr(model, "walk") else ():
        if node.name == "extract_features":
            yield from (annotation_of(_name_of(attribute)) for attribute in node.attrs.get("columns", ()))


def _name_of(attribute: Any) -> str:
    """The name of an attribute that may be given as its number."""
    names = optional("spacy.attrs", extra="nlp").NAMES
    return str(names[attribute]) if isinstance(attribute, int) else str(attribute)
