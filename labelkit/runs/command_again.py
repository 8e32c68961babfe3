"""Write the command that updates a run, with all its options, from its manifest."""

from __future__ import annotations

import shlex
from ast import literal_eval
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from labelkit._shared.written_lists import as_entry
from labelkit._shared.written_pairs import as_pair

_ONCE: Final = ("format", "delimiter", "encoding", "sheet", "skip_rows", "gold_encoding")


def command_to_teach(manifest: Mapping[str, Any], place: str, gold: str | None = None) -> str | None:
    """Return the command that updates a run, so that gold teaches its label model.

    Parameters
    ----------
    manifest : mapping
    place : str
        The folder of the run, as the user names it.
    gold : str, optional
        In the place of that of the run.

    Returns
    -------
    str or None
        None where rules, corpus or gold were given by a program.
    """
    files = list(dict.fromkeys(rule.get("file") for rule in manifest["rules"]))
    corpus = manifest["corpus"]
    places = [corpus["path"]] if corpus.get("path") is not None else list(corpus.get("files") or ())
    gold = gold or manifest.get("gold_file") or manifest.get("gold")
    if len(files) != 1 or files[0] is None or not places or gold in {None, "given"}:
        return None
    words = ["labelkit", "run", files[0], *places, *_options(manifest, gold), "--out", place, "--update", "--teach"]
    return " ".join(map(shlex.quote, words))


def _options(manifest: Mapping[str, Any], gold: str) -> Iterator[str]:
    yield from _of_corpus(manifest["corpus"])
    inputs, classes = (manifest.get("inputs") or {}).get("options") or {}, manifest["classes"]
    if inputs.get("labels") not in {None, "None"}:
        yield from ("--labels", ",".join(map(as_entry, classes)))
    for option, names in (manifest.get("selected") or {}).items():
        yield from _listed(f"--{option}", names)
    if inputs.get("on_bad_row") == "reject":
        yield from ("--on-bad-row", "reject")
    yield from ("--gold", gold)
    for value, label in (manifest.get("map_label") or {}).items():
        yield from ("--map-label", as_pair(str(value), "" if label < 0 else classes[label]))
    yield from _model(manifest.get("model") or {})


def _of_corpus(corpus: Mapping[str, Any]) -> Iterator[str]:
    reading = corpus.get("reading") or {}
    once = {"id": corpus.get("id"), **{name: reading.get(name) for name in _ONCE}, **(corpus.get("rows") or {})}
    for name, value in once.items():
        if value is not None:
            yield from (f"--{name.replace('_', '-')}", str(value))
    for new, old in (reading.get("rename") or {}).items():
        yield from ("--map", as_pair(new, old))


def _listed(option: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        yield from (option, ",".join(map(as_entry, names)))


def _model(model: Mapping[str, Any]) -> Iterator[str]:
    """Yield the options of a label model that is not the default one."""
    if model.get("name") not in {None, "LabelModel"}:
        yield from ("--model", str(model["name"]))
    for name, value in (model.get("params") or {}).items():
        if name == "class_prior" and (shares := _shares(value)):
            yield from ("--class-prior", ",".join(as_pair(one, repr(share)) for one, share in shares.items()))
        elif value is not None:
            yield from ("--set", f"{name}={value}")


def _shares(value: Any) -> dict[str, float] | None:
    """Return the shares of classes that a manifest has as text; None for others."""
    try:
        given = literal_eval(value) if isinstance(value, str) else value
    except (ValueError, SyntaxError):
        return None
    return given if isinstance(given, dict) else None
