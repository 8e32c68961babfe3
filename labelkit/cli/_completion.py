"""Complete what the user types: files, columns of the corpus, label models, classes and rules of a run.

A parameter is completed by its name, so that a new command need not say it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

from labelkit._shared.written_lists import as_entry

FILES: Final = frozenset({"rules", "corpus", "gold"})
"""Parameters that hold the path of a file or folder, or a name that is none."""

COLUMNS: Final = frozenset({"id_", "gold", "columns", "column", "text", "by"})
RULES: Final = frozenset({"labeled_by", "conflict_of", "votes_of"})
KINDS: Final = frozenset({"model", "engine", "format"})
CLASSES: Final = frozenset({"vote", "label", "default_label", "between"})


def completions(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """List what begins as the user has typed, in a list with commas its last entry; files are left to the shell."""
    name, before, last = parameter.name or "", "", incomplete
    if takes_list(parameter):
        before, comma, last = incomplete.rpartition(",")
        before += comma
    try:
        names = list(_names(name, context))
    except Exception:  # noqa: BLE001 - a corpus that cannot be read has no columns to offer
        names = []
    written = map(as_entry, names) if takes_list(parameter) else names
    offered = [CompletionItem(before + one) for one in written if one.startswith(last)]
    files = name in FILES and not offered
    return [*offered, *([CompletionItem(incomplete, type="file")] if files else [])]


def takes_list(parameter: click.Parameter) -> bool:
    """Tell if the value of a parameter is a list with commas."""
    return isinstance(parameter, click.Option) and "," in (parameter.metavar or "")


def _names(parameter: str, context: click.Context) -> Iterable[str]:
    """List the names that a parameter may hold."""
    if parameter in KINDS:
        return _kinds(parameter)
    if parameter in COLUMNS:
        return _columns(_given(context))
    if parameter not in RULES | CLASSES:
        return ()
    manifest = _manifest(_given(context))
    return list(manifest["classes"]) if parameter in CLASSES else [rule["name"] for rule in manifest["rules"]]


def _kinds(parameter: str) -> list[str]:
    """List what there is of a kind."""
    from labelkit.apply.engines import ELSEWHERE, ENGINES  # noqa: PLC0415 - heavy
    from labelkit.interop.export import FORMATS  # noqa: PLC0415 - as above
    from labelkit.label_models import MODELS  # noqa: PLC0415 - as above

    return {"model": list(MODELS), "engine": [*ENGINES, *ELSEWHERE], "format": list(FORMATS)}[parameter]


def _given(context: click.Context) -> Mapping[str, Any]:
    """Return the arguments that stand before, which click leaves aside where an option lacks its value."""
    arguments, given = list(context.args), dict(context.params)
    for one in context.command.params:
        if isinstance(one, click.Argument) and arguments:
            given[one.name or ""] = tuple(arguments) if one.nargs == -1 else arguments.pop(0)
    return given


def _manifest(given: Mapping[str, Any]) -> Any:
    from labelkit.runs.run_folder import RunFolder  # noqa: PLC0415 - heavy

    return RunFolder(Path(given.get("folder") or given["before"])).manifest


def _columns(given: Mapping[str, Any]) -> list[str]:
    """List the columns of the corpus that the command names, or whose run it names."""
    from labelkit.corpus import open_corpus  # noqa: PLC0415 - heavy

    corpus = given.get("corpus") or _manifest(given)["corpus"]["path"]
    paths = [Path(one) for one in (corpus if isinstance(corpus, tuple | list) else [corpus])]
    return list(open_corpus(paths[0] if len(paths) == 1 else paths).column_names)
