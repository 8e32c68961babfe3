"""Models on disk, without pickle: a folder with ``model.json`` (class, parameters, scalars) and ``arrays.npz``.

A model that another one holds is a folder within its own.

The class is looked up by name in a table, so that a file cannot name other code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import numpy as np

from labelkit._shared.files import new_folder, replaced
from labelkit._shared.given_paths import given_path, is_file, is_folder
from labelkit._shared.stored_files import read_arrays, read_json_object, reading
from labelkit.exceptions import ModelError
from labelkit.label_models.taught_examples import FILE, TaughtExamples, note_taught, taught_by
from labelkit.votes.alignment import has_index

FORMAT: Final = 7
"""Version of the folder; raised when learned attributes are renamed."""

_WRITTEN_BY: Final = "labelkit fit (in Python, model.save) writes one"


def write_model(model: Any, path: str | Path) -> Path:
    """Write a fitted model to a folder, which stands there whole or not at all; files of others in it stay.

    Raises
    ------
    ModelError
        If a learned attribute is neither an array nor a plain value.
    """
    folder = Path(path)
    if folder.exists():
        _write(model, folder)
    else:
        with new_folder(folder) as draft:
            _write(model, draft)
    return folder


def _write(model: Any, folder: Path) -> None:
    """Write a model to a folder that exists; its two files are complete before either has its final name."""
    learned = {name: value for name, value in vars(model).items() if name.endswith("_") and not name.startswith("_")}
    models = {name: learned.pop(name) for name in list(learned) if hasattr(learned[name], "get_params")}
    for name, inner in models.items():
        write_model(inner, folder / name)
    arrays: dict[str, Any] = {name: value for name, value in learned.items() if isinstance(value, np.ndarray)}
    description = {
        "format": FORMAT,
        "model": type(model).__name__,
        "params": {name: _plain(value) for name, value in model.get_params(deep=False).items()},
        "learned": {name: _plain(value) for name, value in learned.items() if name not in arrays},
        "models": sorted(models),
    }
    if any(array.dtype == object for array in arrays.values()):
        raise ModelError(
            f"{type(model).__name__} learned an array of objects, which cannot be saved without pickle", code="LK408"
        )
    with replaced(folder / "model.json") as described, replaced(folder / "arrays.npz") as draft:
        with draft.open("wb") as file:
            np.savez(file, **arrays)
        description["seal"] = _seal(description, draft)
        described.write_text(json.dumps(description, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        (folder / FILE).unlink(missing_ok=True)
        if (taught := taught_by(model)) is not None:
            taught.write(folder)


def read_model(path: str | Path, models: Mapping[str, type]) -> Any:
    """Read a model that :func:`write_model` wrote, if its class is in ``models``.

    Raises
    ------
    ModelError
        If the folder holds no model, or one of an unknown class.
    """
    folder = given_path(path, "a label model", ModelError, f"{_WRITTEN_BY}: give the folder")
    if not is_folder(folder):
        what = "it is a file" if is_file(folder) else "there is no such folder"
        raise ModelError(
            f"{str(path)!r} holds no label model: {what}",
            hint="give the folder of a run, or of labelkit fit (in Python, model.save)",
            code="LK408",
        )
    if not (folder / "model.json").is_file():
        raise ModelError(f"{folder} holds no label model", hint=_WRITTEN_BY, code="LK408")
    with reading(folder, "holds no label model", ModelError, hint=_WRITTEN_BY):
        description = read_json_object(folder / "model.json")
        name, params, learned = description["model"], description["params"], description["learned"]
    if description.get("format") != FORMAT:
        raise ModelError(
            f"{folder} holds a model that another version of labelkit wrote (format {description.get('format')})",
            hint="fit it again, and save it",
            code="LK408",
        )
    if not isinstance(name, str) or name not in models:
        raise ModelError(
            f"{folder} holds a model of the unknown class {name!r}",
            hint=f"known: {', '.join(sorted(models))}",
            code="LK408",
        )
    with reading(folder, "holds no label model", ModelError, hint=_WRITTEN_BY):
        if description.get("seal") != _seal(description, folder / "arrays.npz"):
            raise ValueError("it was damaged or changed since it was written")
        arrays = read_arrays(folder / "arrays.npz")
        model = models[name](**params)
        inner = {one: read_model(folder / one, models) for one in description.get("models", ()) if one.isidentifier()}
        for attribute, value in {**learned, **arrays, **inner}.items():
            if not attribute.endswith("_") or attribute.startswith("_"):
                raise ValueError(f"{attribute!r} is not what a model learns")
            setattr(model, attribute, tuple(value) if isinstance(value, list) else value)
        if (taught := TaughtExamples.read(folder)) is not None:
            note_taught(model, taught)
    return model


def _seal(description: Mapping[str, Any], arrays: Path) -> str:
    """Hash a model, so that one that was damaged is told from one that was written."""
    plain = json.dumps({key: value for key, value in description.items() if key != "seal"}, sort_keys=True)
    return blake2b(plain.encode() + arrays.read_bytes(), digest_size=16).hexdigest()


def _plain(value: Any) -> Any:
    """Convert to a value that JSON can represent; arrays and tuples become lists."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping) or has_index(value):  # or a Series
        return {str(getattr(key, "name", key)): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ModelError(f"{value!r} ({type(value).__name__}) cannot be saved without pickle", code="LK408")
