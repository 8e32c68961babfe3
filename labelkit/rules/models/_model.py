"""Load and hash the model of a rule, once in each process, on first use.

A model file is a pickle in most formats, and a pickle may run any code when it is loaded: use only files that you
trust. The file is hashed when the rule is declared, so that a file that changes afterwards is not loaded by mistake.
"""

from __future__ import annotations

import contextlib
import inspect
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import FunctionType
from typing import Any, Final
from weakref import WeakValueDictionary

from labelkit._shared.near_names import path_hint
from labelkit._shared.optional import optional
from labelkit.exceptions import LabelkitError, RuleError
from labelkit.rules._caller import beside
from labelkit.rules.inspection.model_digest import Content, content_of, digest_of_path
from labelkit.rules.models._kinds import Predictor, predictor_of

_loaded: WeakValueDictionary[tuple[Path, str], Any] = WeakValueDictionary()
"""The loaded models of this process, by path and digest of the file; rules that name the same file share one."""

_OF_A_PATH: Final = (
    "a path is relative to the module that names it; a model of a hub is given as an object: "
    'model=pipeline("text-classification", ...)'
)


@dataclass(frozen=True, eq=False)
class ModelSource:
    """The origin of a model: a file, an object, or a function that creates it.

    Parameters
    ----------
    given : str, Path, or object
        A file, a model, or a function without parameters that creates one.
    beside : str, optional
        The file from whose folder relative paths start.
    needs_scores : bool
        True if the rule needs probabilities, not labels alone.

    Raises
    ------
    RuleError
        If the file is missing or of an unknown kind, or the object is not a model.
    """

    given: Any
    beside: str | None = None
    needs_scores: bool = False
    _predictors: dict[str, Predictor | Exception] = field(default_factory=dict, repr=False)
    _held: list[Any] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        if self.path is not None:
            self.content  # noqa: B018 - hashes the file as it is now
        elif not self.is_created_later:
            predictor_of(self.given, self.description, needs_scores=self.needs_scores)

    @property
    def description(self) -> str:
        """The declaration in words, for messages that cannot name a rule yet."""
        return f"@model_output(model={self.given if self.path else type(self.given).__name__!s})"

    @cached_property
    def path(self) -> Path | None:
        """The file of the model, or None if it is an object or a function."""
        if not isinstance(self.given, str | Path):
            return None
        path = Path(self.given)
        file = beside(path, self.beside)
        if not file.exists():
            raise RuleError(
                f"the model file {str(path)!r} does not exist (looked in {file.parent})",
                hint=path_hint(path, _OF_A_PATH, at=file),
                code="LK107",
            )
        if not file.is_dir() and file.suffix.lower() not in READERS:
            raise RuleError(
                f"a model file cannot be {file.suffix or 'without suffix'!r}",
                hint=f"one of {', '.join(READERS)}, or the folder of a spaCy pipeline",
                code="LK127",
            )
        return file

    @property
    def is_created_later(self) -> bool:
        """True if a function creates the model, on first use."""
        inner = inspect.unwrap(self.given) if callable(self.given) else None
        return isinstance(inner, FunctionType) and not inspect.signature(inner).parameters

    @cached_property
    def content(self) -> str:
        """A hash of the model's content."""
        if self.path is None:
            return content_of(self.given).digest
        try:
            return digest_of_path(self.path)
        except OSError as error:
            raise RuleError(f"the model file {str(self.given)!r} cannot be read: {error}", code="LK127") from None

    def predictor(self, rule: str) -> Predictor:
        """Return the model in the adapter of its kind, loading it on the first call; a failure is raised again.

        Raises
        ------
        RuleError
            If it cannot be loaded, or lacks what the rule needs; the message names the rule.
        """
        if rule not in self._predictors:
            try:
                model = self._model(f"rule {rule!r}")
                self._predictors[rule] = predictor_of(model, f"rule {rule!r}", needs_scores=self.needs_scores)
            except Exception as error:
                self._predictors[rule] = error
                raise
        predictor = self._predictors[rule]
        if isinstance(predictor, Exception):
            raise predictor
        return predictor

    def dependencies(self, rule: str) -> Content:
        """Return the dependencies of a rule's votes: the content of the model, and the code that it refers to.

        Raises
        ------
        RuleError
            If it cannot be loaded.
        """
        if self.path is None:
            return content_of(self.given)
        inner = content_of(self._model(f"rule {rule!r}"))
        return Content(self.content, inner.code, inner.known)

    def _model(self, rule: str) -> Any:
        if self.path is not None:
            if not self._held:
                self._held.append(self._from_file(self.path, rule))
            return self._held[0]
        return self._created if self.is_created_later else self.given

    @cached_property
    def _created(self) -> Any:
        return self.given()

    def _from_file(self, path: Path, rule: str) -> Any:
        key = (path.resolve(), self.content)
        model = _loaded.get(key)
        if model is not None:
            return model
        if digest_of_path(path) != self.content:
            raise RuleError(
                f"the model file {str(self.given)!r} of {rule} has changed since the rule was declared",
                hint="collect the rules again",
                code="LK127",
            )
        model = self._read(path, rule)
        with contextlib.suppress(TypeError):  # an object without weak references is loaded for each rule
            _loaded[key] = model
        return model

    def _read(self, path: Path, rule: str) -> Any:
        from sklearn.exceptions import InconsistentVersionWarning  # noqa: PLC0415 - only for rules that have a file

        reader = _read_spacy if path.is_dir() else READERS[path.suffix.lower()]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", InconsistentVersionWarning)
                return reader(path)
        except InconsistentVersionWarning as other:
            saved_by, here = other.original_sklearn_version, other.current_sklearn_version
            raise RuleError(
                f"the model file {str(self.given)!r} of {rule} was saved with scikit-learn {saved_by}, and {here} is "
                "installed, which may read it incorrectly",
                hint=f"save the model again with {here}, or pip install scikit-learn=={saved_by}",
                code="LK127",
            ) from None
        except LabelkitError:
            raise
        except Exception as error:  # a broken pickle may raise anything
            raise RuleError(
                f"the model file {str(self.given)!r} of {rule} cannot be read: {type(error).__name__}: {error}",
                hint="save it again, with the packages that are installed here",
                code="LK127",
            ) from error


def _read_joblib(path: Path) -> Any:
    import joblib  # noqa: PLC0415 - only for rules that have such a file

    return joblib.load(path)


def _read_skops(path: Path) -> Any:
    return optional("skops.io", extra="skops").load(path, trusted=[])


def _read_spacy(path: Path) -> Any:
    return optional("spacy", extra="nlp").load(path)


READERS: Final[dict[str, Callable[[Path], Any]]] = {
    ".joblib": _read_joblib,
    ".pkl": _read_joblib,
    ".pickle": _read_joblib,
    ".skops": _read_skops,
}
"""The reader of a model file by its suffix; a folder is read as a spaCy pipeline."""
