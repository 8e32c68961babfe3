"""The pipeline behind a column of documents: how it is named, loaded once a process, and told apart from others.

A pipeline is named by a language (``"blank:en"``), an installed package, or a folder; or it is given as an object, or
as a function that makes one. Columns with the same pipeline share it for as long as one of them lives.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary

from labelkit._shared.optional import optional
from labelkit.exceptions import LabelkitError, RuleError
from labelkit.rules._caller import beside
from labelkit.rules.inspection.fingerprint import fingerprint

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

BLANK: Final = "blank:"

_loaded: WeakValueDictionary[tuple[str, str], Language] = WeakValueDictionary()
"""The pipelines that are in use in this process, by what they are made of and its content."""


_by_vocabulary: WeakValueDictionary[int, Language] = WeakValueDictionary()
"""The pipelines of columns, by the identity of the vocabulary that they share with their documents."""


def pipeline_of(doc: Doc) -> Language | None:
    """The pipeline of the column that a document is of; None if no column of ours made it."""
    known = _by_vocabulary.get(id(doc.vocab))
    return known if known is not None and known.vocab is doc.vocab else None


@dataclass(frozen=True, eq=False)
class SpacyModel:
    """Where a pipeline comes from.

    Parameters
    ----------
    given : str, Path, Language or callable
        As :func:`labelkit.spacy_doc` takes it.
    beside : str, optional
        The file from whose folder paths start.
    column : str
        The column of documents that it is for, to be named in messages.
    """

    given: Any
    beside: str | None
    column: str

    @property
    def said(self) -> str:
        """What it is called in messages."""
        if isinstance(self.given, str | Path):
            return repr(str(self.given))
        if self._is_pipeline:
            return f"the pipeline {self.given.meta.get('lang')}_{self.given.meta.get('name')}"
        return f"the pipeline of {getattr(self.given, '__name__', type(self.given).__name__)}()"

    @cached_property
    def nlp(self) -> Language:
        """The pipeline; loaded when it is first asked for.

        Raises
        ------
        RuleError
            If it cannot be had; the hint says how it can.
        MissingExtraError
            If spaCy is not installed.
        """
        spacy = optional("spacy", extra="nlp")
        key = (self.said, self.content)
        known: Language | None = self.given if self._is_pipeline else _loaded.get(key)
        if known is None:
            known = _loaded[key] = self._made(spacy)
        _by_vocabulary[id(known.vocab)] = known
        return known

    @cached_property
    def content(self) -> str:
        """A digest that changes with what the pipeline is; of a package, with its version."""
        if self._is_pipeline:
            return digest_of(self.given) or fingerprint(self.given.pipe_names, json.dumps(self.given.meta, default=str))
        if callable(self.given):
            return f"{fingerprint(self.given)} {id(self.given)}"
        folder = self._folder
        if folder is not None:
            return _digest(_files_of(folder))
        return _version_of(str(self.given))

    def __fingerprint_parts__(self) -> list[Any]:
        if callable(self.given) and not self._is_pipeline:
            return [self.given]
        if self._is_pipeline:
            return [self.content, *(proc for _, proc in self.given.pipeline if isinstance(proc, FunctionType))]
        return [None if self._folder is not None else str(self.given), self.content]

    def __resolved_parts__(self) -> tuple[Any, ...]:
        """What the documents depend on beside the texts: spaCy, the pipeline's content, and pipes of one's own."""
        try:
            spacy, known = optional("spacy", extra="nlp"), digest_of(self.nlp)
        except LabelkitError:
            return (object(),)  # whose content is not known: nothing can be kept of what cannot be made
        own = [
            part for part in (self.nlp.tokenizer, *(proc for _, proc in self.nlp.pipeline)) if not _is_of_spacy(part)
        ]
        read = [type(part) if hasattr(part, "to_bytes") else part for part in own]  # the digest has what they can tell
        # A pipeline whose content is not known is handed on as it is, which keeps votes from being kept.
        return (spacy.__version__, self.nlp if known is None else known, *read, *_extensions())

    @property
    def _is_pipeline(self) -> bool:
        return hasattr(self.given, "pipe_names") and hasattr(self.given, "vocab")

    @cached_property
    def _folder(self) -> Path | None:
        """The folder that a path means; None where the name is that of a package or a language."""
        if not isinstance(self.given, str | Path) or str(self.given).startswith(BLANK):
            return None
        path = Path(self.given)
        at = beside(path, self.beside)
        is_path = isinstance(self.given, Path) or any(mark in self.given for mark in "/\\")
        return at if is_path or (at.is_dir() and not _version_of(str(self.given))) else None

    def _made(self, spacy: Any) -> Language:
        try:
            made: Language = self._load(spacy)
        except LabelkitError:
            raise
        except Exception as error:  # what a pipeline's own code and packages raise can be anything
            raise RuleError(f"column {self.column!r}: {self.said} cannot be loaded: {error}") from error
        if not hasattr(made, "pipe_names"):
            raise RuleError(
                f"column {self.column!r}: {self.said} is {type(made).__name__}, not a spaCy pipeline",
                hint='a function that returns one, such as spacy.blank("en")',
            )
        return made

    def _load(self, spacy: Any) -> Any:
        if not isinstance(self.given, str | Path):
            return self.given()
        name, folder = str(self.given), self._folder
        if folder is not None:
            if not folder.is_dir():
                raise RuleError(
                    f"column {self.column!r}: there is no folder {str(folder)!r} with a spaCy pipeline",
                    hint="save one there with nlp.to_disk(folder); paths start from the module that names them",
                )
            return spacy.load(folder)
        if name.startswith(BLANK):
            return spacy.blank(name.removeprefix(BLANK))
        if not _version_of(name):
            raise RuleError(
                f"column {self.column!r}: the spaCy pipeline {name!r} is not installed",
                hint=f"python -m spacy download {name}",
            )
        return spacy.load(name)


def digest_of(nlp: Language) -> str | None:
    """A digest of all that a pipeline holds but the strings that it has seen; None where a pipe fails to tell.

    Pipes that are functions, or have no ``to_bytes``, are no part of it.
    """
    try:
        parts = [nlp.to_bytes(exclude=["vocab"]), nlp.vocab.vectors.to_bytes(exclude=["strings"])]
        parts.append(nlp.vocab.lookups.to_bytes())
    except Exception:  # noqa: BLE001 - pipes of others raise what they like
        return None
    return _digest([(b"", part) for part in parts])


def _digest(parts: Any) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name, content in parts:
        digest.update(f"{len(name)} {len(content)}:".encode())
        digest.update(name)
        digest.update(content)
    return digest.hexdigest()


def _files_of(folder: Path) -> Iterator[tuple[bytes, bytes]]:
    for file in sorted(file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts):
        yield file.relative_to(folder).as_posix().encode(), file.read_bytes()


def _version_of(name: str) -> str:
    """The version of an installed package, without importing it; empty if it is not installed."""
    try:
        return metadata.version(name)
    except (metadata.PackageNotFoundError, ValueError):
        pass
    found = importlib.util.find_spec(name) if name.isidentifier() else None
    if found is None or not found.submodule_search_locations:
        return ""
    told = Path(found.submodule_search_locations[0]) / "meta.json"
    return str(json.loads(told.read_text("utf-8")).get("version", "")) if told.is_file() else ""


def _is_of_spacy(part: Any) -> bool:
    module: str = getattr(part if isinstance(part, FunctionType) else type(part), "__module__", "") or ""
    return module.partition(".")[0] == "spacy"


def _extensions() -> Iterator[Any]:
    """The functions behind custom attributes of tokens, which patterns may ask for as ``_``."""
    underscore = optional("spacy.tokens.underscore", extra="nlp").Underscore
    for _, (_, method, getter, _) in sorted(underscore.token_extensions.items(), key=lambda item: item[0]):
        yield from (function for function in (method, getter) if function is not None)
