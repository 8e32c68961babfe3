"""The model behind a rule: where it comes from, loaded once in each process when it is first asked, and told apart.

A model file is a pickle in most formats, and a pickle may run any code when it is loaded: name only files that are your
own. Its digest is taken when the rule is declared, so that a file which changes afterwards is not loaded by mistake.
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

from labelkit._shared.optional import optional
from labelkit.exceptions import LabelkitError, RuleError
from labelkit.rules._caller import beside
from labelkit.rules.inspection.model_digest import Content, content_of, digest_of_path
from labelkit.rules.models._kinds import Asked, asked

_loaded: WeakValueDictionary[tuple[Path, str], Any] = WeakValueDictionary()
"""The models of files that are in use in this process, by path and digest: rules that name the same file share it."""


@dataclass(frozen=True, eq=False)
class OutputModel:
    """Where a model comes from.

    Parameters
    ----------
    given : str, Path, or object
        A file, a model, or a function without parameters that makes one.
    beside : str, optional
        The file from whose folder paths start.
    sure : bool
        Whether the rules want to know how sure the model is.

    Raises
    ------
    RuleError
        If the file is missing or of no known kind, or the object is no model.
    """

    given: Any
    beside: str | None = None
    sure: bool = False
    _asked: dict[str, Asked | Exception] = field(default_factory=dict, repr=False)
    _held: list[Any] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        if self.path is not None:
            self.content  # noqa: B018 - the file as it is now
        elif not self.is_made_later:
            asked(self.given, self.said, sure=self.sure)

    @property
    def said(self) -> str:
        """What it is called before it is known which rule asks it."""
        return f"@model_output(model={self.given if self.path else type(self.given).__name__!s})"

    @cached_property
    def path(self) -> Path | None:
        """The file that it is kept in."""
        if not isinstance(self.given, str | Path):
            return None
        path = Path(self.given)
        found = beside(path, self.beside)
        if not found.exists():
            raise RuleError(
                f"the model file {str(path)!r} is not there (looked in {found.parent})",
                hint="a path is relative to the module that names it; a model of a hub is given as an object: "
                'model=pipeline("text-classification", ...)',
            )
        if not found.is_dir() and found.suffix.lower() not in READERS:
            raise RuleError(
                f"a model file cannot be {found.suffix or 'without suffix'!r}",
                hint=f"one of {', '.join(READERS)}, or the folder of a spaCy pipeline",
            )
        return found

    @property
    def is_made_later(self) -> bool:
        """Whether a function makes it, when it is first asked."""
        inner = inspect.unwrap(self.given) if callable(self.given) else None
        return isinstance(inner, FunctionType) and not inspect.signature(inner).parameters

    @cached_property
    def content(self) -> str:
        """A digest that changes with what the model is."""
        if self.path is None:
            return content_of(self.given).digest
        try:
            return digest_of_path(self.path)
        except OSError as error:
            raise RuleError(f"the model file {str(self.given)!r} cannot be read: {error}") from None

    def asked_by(self, rule: str) -> Asked:
        """The model, ready to be asked; loaded if it is not yet. What failed once is not tried again.

        Raises
        ------
        RuleError
            If it cannot be loaded, or is not what the rule needs; the message names the rule.
        """
        if rule not in self._asked:
            try:
                self._asked[rule] = asked(self._model(f"rule {rule!r}"), f"rule {rule!r}", sure=self.sure)
            except Exception as error:
                self._asked[rule] = error
                raise
        known = self._asked[rule]
        if isinstance(known, Exception):
            raise known
        return known

    def behind(self, rule: str) -> Content:
        """What the votes of a rule depend on: the model, and the code that it refers to.

        Raises
        ------
        RuleError
            If it cannot be loaded.
        """
        if self.path is None:
            return content_of(self.given)
        inner = content_of(self._model(f"rule {rule!r}"))
        return Content(self.content, inner.code, inner.known)

    def _model(self, what: str) -> Any:
        if self.path is not None:
            if not self._held:
                self._held.append(self._from_file(self.path, what))
            return self._held[0]
        return self._made if self.is_made_later else self.given

    @cached_property
    def _made(self) -> Any:
        return self.given()

    def _from_file(self, path: Path, what: str) -> Any:
        key = (path.resolve(), self.content)
        model = _loaded.get(key)
        if model is not None:
            return model
        if digest_of_path(path) != self.content:
            raise RuleError(
                f"the model file {str(self.given)!r} of {what} has changed since the rule was declared",
                hint="collect the rules again",
            )
        model = self._read(path, what)
        with contextlib.suppress(TypeError):  # an object that cannot be watched is loaded for each rule
            _loaded[key] = model
        return model

    def _read(self, path: Path, what: str) -> Any:
        from sklearn.exceptions import InconsistentVersionWarning  # noqa: PLC0415 - only for rules that have a file

        reader = _read_spacy if path.is_dir() else READERS[path.suffix.lower()]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", InconsistentVersionWarning)
                return reader(path)
        except InconsistentVersionWarning as other:
            made, here = other.original_sklearn_version, other.current_sklearn_version
            raise RuleError(
                f"the model file {str(self.given)!r} of {what} was saved with scikit-learn {made}, and this is {here}, "
                "which may read it wrongly",
                hint=f"save the model again with {here}, or pip install scikit-learn=={made}",
            ) from None
        except LabelkitError:
            raise
        except Exception as error:  # a broken pickle may raise anything
            raise RuleError(
                f"the model file {str(self.given)!r} of {what} cannot be read: {type(error).__name__}: {error}",
                hint="save it again, with the packages that are installed here",
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
"""How a file is read, by its suffix; a folder is a spaCy pipeline."""
