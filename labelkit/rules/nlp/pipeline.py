"""Load and hash the spaCy pipeline of a column of documents, once in each process.

A pipeline is given by a language (``"blank:en"``), an installed package, a folder, an object, or a function that
creates one. Columns with the same pipeline share it as long as one of them exists.
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
"""The loaded pipelines of this process, by description and content hash."""


_by_vocabulary: WeakValueDictionary[int, Language] = WeakValueDictionary()
"""The pipelines of columns, by the identity of the vocabulary that they share with their documents."""


def pipeline_of(doc: Doc) -> Language | None:
    """Return the pipeline of the column that parsed a document; None for a document from elsewhere."""
    nlp = _by_vocabulary.get(id(doc.vocab))
    return nlp if nlp is not None and nlp.vocab is doc.vocab else None


@dataclass(frozen=True, eq=False)
class PipelineSource:
    """The origin of a pipeline: a name, a folder, an object, or a function that creates it.

    Parameters
    ----------
    given : str, Path, Language or callable
        As in :func:`labelkit.spacy_doc`.
    beside : str, optional
        The file from whose folder relative paths start.
    column : str
        The column of documents, for messages.
    """

    given: Any
    beside: str | None
    column: str

    @property
    def description(self) -> str:
        """The pipeline in words, for messages."""
        if isinstance(self.given, str | Path):
            return repr(str(self.given))
        if self._is_pipeline:
            return f"the pipeline {self.given.meta.get('lang')}_{self.given.meta.get('name')}"
        return f"the pipeline of {getattr(self.given, '__name__', type(self.given).__name__)}()"

    @cached_property
    def nlp(self) -> Language:
        """The pipeline, loaded on first use.

        Raises
        ------
        RuleError
            If it cannot be loaded; the hint tells how to install or save it.
        MissingExtraError
            If spaCy is not installed.
        """
        spacy = optional("spacy", extra="nlp")
        key = (self.description, self.content)
        nlp: Language | None = self.given if self._is_pipeline else _loaded.get(key)
        if nlp is None:
            nlp = _loaded[key] = self._load_checked(spacy)
        _by_vocabulary[id(nlp.vocab)] = nlp
        return nlp

    @cached_property
    def content(self) -> str:
        """A hash of the pipeline's content, or the version of an installed package."""
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
        """Return the dependencies of the documents besides the texts: spaCy, the pipeline's content, custom pipes."""
        try:
            spacy, digest = optional("spacy", extra="nlp"), digest_of(self.nlp)
        except LabelkitError:
            return (object(),)  # an object of unknown content prevents caching, since the pipeline cannot be loaded
        parts = (self.nlp.tokenizer, *(proc for _, proc in self.nlp.pipeline))
        custom = [part for part in parts if not _is_of_spacy(part)]
        code = [type(part) if hasattr(part, "to_bytes") else part for part in custom]  # the digest has their data
        # A pipeline that cannot be hashed is returned as an object, which prevents caching.
        return (spacy.__version__, self.nlp if digest is None else digest, *code, *_extensions())

    @property
    def _is_pipeline(self) -> bool:
        return hasattr(self.given, "pipe_names") and hasattr(self.given, "vocab")

    @cached_property
    def _folder(self) -> Path | None:
        """The folder of the pipeline; None if a package or a language is given."""
        if not isinstance(self.given, str | Path) or str(self.given).startswith(BLANK):
            return None
        path = Path(self.given)
        at = beside(path, self.beside)
        is_path = isinstance(self.given, Path) or any(mark in self.given for mark in "/\\")
        return at if is_path or (at.is_dir() and not _version_of(str(self.given))) else None

    def _load_checked(self, spacy: Any) -> Language:
        try:
            nlp: Language = self._load(spacy)
        except LabelkitError:
            raise
        except Exception as error:  # the code and packages of a pipeline may raise anything
            raise RuleError(
                f"column {self.column!r}: {self.description} cannot be loaded: {error}", code="LK128"
            ) from error
        if not hasattr(nlp, "pipe_names"):
            raise RuleError(
                f"column {self.column!r}: {self.description} is {type(nlp).__name__}, not a spaCy pipeline",
                hint='a function that returns one, such as spacy.blank("en")',
            )
        return nlp

    def _load(self, spacy: Any) -> Any:
        if not isinstance(self.given, str | Path):
            return self.given()
        name, folder = str(self.given), self._folder
        if folder is not None:
            if not folder.is_dir():
                raise RuleError(
                    f"column {self.column!r}: there is no folder {str(folder)!r} with a spaCy pipeline",
                    hint="save one there with nlp.to_disk(folder); paths start from the module that names them",
                    code="LK128",
                )
            return spacy.load(folder)
        if name.startswith(BLANK):
            return spacy.blank(name.removeprefix(BLANK))
        if not _version_of(name):
            raise RuleError(
                f"column {self.column!r}: the spaCy pipeline {name!r} is not installed",
                hint=f"python -m spacy download {name}",
                code="LK128",
            )
        return spacy.load(name)


def digest_of(nlp: Language) -> str | None:
    """Hash the content of a pipeline except its string store; None if a pipe cannot be serialised.

    Pipes that are functions, or have no ``to_bytes``, are not included.
    """
    try:
        parts = [nlp.to_bytes(exclude=["vocab"]), nlp.vocab.vectors.to_bytes(exclude=["strings"])]
        parts.append(nlp.vocab.lookups.to_bytes())
    except Exception:  # noqa: BLE001 - third-party pipes may raise anything
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
    """Return the version of an installed package, without importing it; empty if it is not installed."""
    try:
        return metadata.version(name)
    except (metadata.PackageNotFoundError, ValueError):
        pass
    spec = importlib.util.find_spec(name) if name.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        return ""
    meta = Path(spec.submodule_search_locations[0]) / "meta.json"
    return str(json.loads(meta.read_text("utf-8")).get("version", "")) if meta.is_file() else ""


def _is_of_spacy(part: Any) -> bool:
    module: str = getattr(part if isinstance(part, FunctionType) else type(part), "__module__", "") or ""
    return module.partition(".")[0] == "spacy"


def _extensions() -> Iterator[Any]:
    """Iterate over the functions of custom token attributes, which patterns may test as ``_``."""
    underscore = optional("spacy.tokens.underscore", extra="nlp").Underscore
    for _, (_, method, getter, _) in sorted(underscore.token_extensions.items(), key=lambda item: item[0]):
        yield from (function for function in (method, getter) if function is not None)
