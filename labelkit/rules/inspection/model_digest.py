"""Hash models: all that a model has learned, and the code that it refers to.

A rule that calls a model is another rule when the model is another one, and its votes may be cached only as long as
model and code are the same. An estimator is hashed by its pickle, a spaCy pipeline by its bytes, a function by its
source; of what cannot be hashed, such as a network on a device, the configuration is hashed, and votes are not cached.

>>> content_of(str.upper).known
True
>>> content_of(len) == content_of(len), content_of(len) == content_of(max)
(True, False)
"""

from __future__ import annotations

import functools
import hashlib
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from labelkit.rules.inspection._origin import is_ours
from labelkit.rules.inspection.fingerprint import fingerprint


@dataclass(frozen=True)
class Content:
    """The hash of a model, and the code beside it.

    Attributes
    ----------
    digest : str
        Changes when anything does that the model holds.
    code : tuple
        The functions and classes that it refers to, which may change behind its back, as for
        :func:`labelkit.rules.inspection.dependencies.resolve`.
    known : bool
        Whether the digest and this code are all of it; if not, the model itself is among the code.
    """

    digest: str
    code: tuple[Any, ...]
    known: bool


def content_of(model: Any) -> Content:  # noqa: PLR0911 - a table of kinds, each with its own hash
    """Hash a model.

    Parameters
    ----------
    model : object
        A function, an estimator, a spaCy pipeline, a callable object, or a method of one.
    """
    if isinstance(model, FunctionType | BuiltinFunctionType | type) or type(model).__name__ == "method_descriptor":
        return Content(fingerprint(model), (model,), known=True)
    if isinstance(getattr(model, "__wrapped__", None), FunctionType):  # as functools.cache makes
        return content_of(model.__wrapped__)
    if isinstance(model, functools.partial):
        return _together([content_of(model.func), content_of(model.args), content_of(model.keywords)])
    if isinstance(model, MethodType):
        return _together([content_of(model.__self__), Content(model.__name__, (model.__func__,), known=True)])
    if hasattr(model, "pipe_names") and hasattr(model, "vocab"):
        return _of_pipeline(model)
    if hasattr(getattr(model, "model", None), "config"):
        return Content(fingerprint(type(model).__qualname__, _configuration(model)), (model,), known=False)
    return _of_object(model)


def digest_of_path(path: Path) -> str:
    """A digest of a file, or of all files of a folder with their names; read in pieces.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    return fingerprint([(name, digest_of_path(path / name)) for name in _files_in(path)])


def _files_in(folder: Path) -> Iterator[str]:
    files = (file for file in sorted(folder.rglob("*")) if file.is_file() and "__pycache__" not in file.parts)
    return (file.relative_to(folder).as_posix() for file in files)


def _together(parts: list[Content]) -> Content:
    code = tuple(one for part in parts for one in part.code)
    return Content(fingerprint([part.digest for part in parts]), code, all(part.known for part in parts))


def _of_pipeline(nlp: Any) -> Content:
    from labelkit.rules.nlp.pipeline import PipelineSource  # noqa: PLC0415 - only for rules that have one

    model = PipelineSource(nlp, None, "")
    parts = model.__resolved_parts__()
    return Content(fingerprint(model), parts, not any(part is nlp for part in parts))


def _configuration(model: Any) -> Any:
    """List the settings of a pipeline of a neural network: the network, its version, its options."""
    config = model.model.config
    plain = config.to_dict() if hasattr(config, "to_dict") else getattr(config, "__dict__", {})
    named = {name: getattr(config, name, None) for name in ("name_or_path", "_name_or_path", "_commit_hash")}
    return sorted((str(key), str(value)) for key, value in {**plain, **named}.items())


def _of_object(model: Any) -> Content:
    """Hash an object by its pickle, and the source of the project's own code in it."""
    import joblib  # noqa: PLC0415 - only for rules that have a model

    try:
        code = _referred(model)
        digest = str(joblib.hash(model))
    except Exception:  # noqa: BLE001 - what a model raises that cannot be pickled is its own affair
        name = f"{type(model).__module__}.{type(model).__qualname__}"
        return Content(fingerprint(name), (model,), known=False)
    sources = [_source(one) for one in code if is_ours(one)]
    return Content(fingerprint(digest, sources), code, known=True)


def _source(one: Any) -> Any:
    if isinstance(one, type):
        return {name: part for name, part in vars(one).items() if isinstance(part, FunctionType)}
    return one


def _referred(model: Any) -> tuple[Any, ...]:
    """List the functions and classes that a pickle of an object only names."""
    walk = _Walk()
    walk.dump(model)
    return tuple(walk.found.values())


class _Nowhere:
    def write(self, _piece: Any) -> None:
        """Drop what is written."""


class _Walk(pickle.Pickler):
    """Walk the objects that a pickle would hold, and collect code; arrays are not copied."""

    def __init__(self) -> None:
        super().__init__(_Nowhere(), protocol=5, buffer_callback=lambda _buffer: None)
        self.found: dict[str, Any] = {}

    def reducer_override(self, value: Any) -> Any:
        """Note a function, a class, or the class of an object."""
        code = value if isinstance(value, FunctionType | BuiltinFunctionType | type) else type(value)
        self.found.setdefault(f"{code.__module__}.{code.__qualname__}", code)
        return NotImplemented
