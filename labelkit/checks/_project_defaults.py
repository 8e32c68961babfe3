"""What the file of a project says of ``labelkit check``: the defaults of the gates that pytest judges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from labelkit._shared.project_file import ProjectFile, find_project_file
from labelkit._shared.written_pairs import columns_written, meanings_written
from labelkit.exceptions import ConfigError

TEXTS: Final = ("id", "delimiter", "encoding", "format", "sheet", "gold-encoding")
"""Keys that are taken as they are."""


def project_defaults(folder: Path) -> dict[str, Any]:
    """Return the options of :func:`labelkit.checks.tried_rows.try_rules` by name, as the file of the project has them.

    Keys of the table ``[check]`` win over those above the tables, as on the command line. Paths start from the file.

    Parameters
    ----------
    folder : Path
        Where the file is looked for, and above.

    Raises
    ------
    ConfigError
        If the file cannot be read, or a value is not of the type that the option takes.
    """
    file = find_project_file(folder)
    if file is None:
        return {}
    table = file.values.get("check", {})
    values = {_normal(key): value for key, value in file.values.items()}
    values |= {_normal(key): value for key, value in table.items()} if isinstance(table, dict) else {}
    there = [name for name in TEXTS if name in values]
    defaults: dict[str, Any] = {name.replace("-", "_"): _text(file, name, values[name]) for name in there}
    if "corpus" in values:
        defaults["corpus"] = _corpus(file, values["corpus"])
    if "gold" in values:
        gold = _text(file, "gold", values["gold"])
        path = file.path.parent / gold
        defaults["gold"] = path if "://" not in gold and path.is_file() else gold
    if "skip-rows" in values:
        defaults["skip_rows"] = values["skip-rows"]
    if "map" in values:
        defaults["rename"] = pairs(values["map"], columns_written, f"{file.shown_path}: map")
    if "map-label" in values:
        defaults["map_label"] = pairs(values["map-label"], meanings_written, f"{file.shown_path}: map-label")
    rows = table.get("rows") if isinstance(table, dict) else None
    return defaults if rows is None else {**defaults, "rows": rows}


def other_rules(folder: Path, path: Path) -> str | None:
    """Return the rules that the file of the project names, if a file of rules is not among them; else None.

    The corpus and the gold of the project are of the rules that it names: those of another file may have other classes.

    Parameters
    ----------
    folder : Path
        Where the file of the project is looked for, and above.
    path : Path
        A file of rules.
    """
    file = find_project_file(folder)
    table = {} if file is None else file.values.get("check", {})
    named = None if file is None else (table if isinstance(table, dict) else {}).get("rules", file.values.get("rules"))
    if file is None or not isinstance(named, str):
        return None
    place, dotted = file.path.parent / named, named.replace(".", "/")
    if place.exists():
        there, path = place.resolve(), path.resolve()
        return None if path == there or there in path.parents else named
    return None if f"/{dotted}/" in f"/{path.with_suffix('').as_posix()}/" else named


def pairs(given: Any, read: Callable[[list[str]], dict[str, str]], place: str) -> dict[str, str]:
    """Return the pairs of a table, a list or a text.

    Raises
    ------
    ConfigError
        If they are not written as such; names the place.
    """
    if isinstance(given, Mapping):
        return {str(name): str(value) for name, value in given.items()}
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ConfigError(f"{place} = {given!r}, and it takes a table, or a list of texts", code="LK612")
    try:
        return read(texts)
    except ValueError as error:
        raise ConfigError(f"{place} {error}", code="LK612") from None


def _corpus(file: ProjectFile, given: Any) -> Any:
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list) or not names:
        raise ConfigError(
            f"{file.shown_path}: corpus = {given!r}, and it takes a text, or a list of texts", code="LK612"
        )
    places = [_text(file, "corpus", name) for name in names]
    places = [name if "://" in name else str(file.path.parent / name) for name in places]
    return places[0] if len(places) == 1 else places


def _text(file: ProjectFile, key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{file.shown_path}: {key} = {value!r}, and it takes a text", code="LK612")
    return value


def _normal(key: str) -> str:
    return key.strip("-").replace("_", "-")
