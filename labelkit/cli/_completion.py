"""Complete what the user types: files, columns of the corpus, label models, classes and rules of a run.

A parameter is completed by its name, so that a new command need not say it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

FILES: Final = frozenset({"rules", "corpus", "gold"})
"""Parameters that hold the path of a file or folder, or a name that is none."""

COLUMNS: Final = frozenset({"id_", "gold", "columns", "column", "text", "by"})
RULES: Final = frozenset({"labeled_by", "conflict_of", "votes_of"})
CLASSES: Final = frozenset({"vote", "label", "default_label", "between"})


class CompletedText(click.types.StringParamType):
    """A text that the shell can complete: the last entry of a list with commas."""

    def __init__(self, parameter: str) -> None:
        self.parameter = parameter

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """List what begins as the user has typed; files are left to the shell."""
        if not _is_list(param):
            before, last = "", incomplete
        else:
            before, comma, last = incomplete.rpartition(",")
            before += comma
        try:
            names = list(_names(self.parameter, ctx))
        except Exception:  # noqa: BLE001 - a corpus that cannot be read has no columns to offer
            names = []
        offered = [CompletionItem(before + name) for name in names if name.startswith(last)]
        files = self.parameter in FILES and not offered
        return [*offered, *([CompletionItem(incomplete, type="file")] if files else [])]


def complete(parameter: click.Parameter) -> None:
    """Let the shell complete a parameter whose name says what it holds."""
    known_names = FILES | COLUMNS | RULES | CLASSES | {"model"}
    is_text = type(parameter.type) is click.types.StringParamType
    if is_text and parameter.name is not None and parameter.name in known_names:
        parameter.type = CompletedText(parameter.name)


def _is_list(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Option) and (parameter.metavar or "").endswith("...")


def _names(parameter: str, context: click.Context) -> Iterable[str]:
    """List the names that a parameter may hold."""
    if parameter == "model":
        from labelkit.label_models import MODELS  # noqa: PLC0415 - heavy

        return list(MODELS)
    if parameter in COLUMNS:
        return _columns(context)
    kinds: tuple[tuple[frozenset[str], Callable[[Any], list[str]]], ...] = (
        (CLASSES, lambda manifest: manifest["classes"]),
        (RULES, lambda manifest: [rule["name"] for rule in manifest["rules"]]),
    )
    return [name for names, of in kinds if parameter in names for name in of(_manifest(context))]


def _manifest(context: click.Context) -> Any:
    from labelkit.runs.run_folder import RunFolder  # noqa: PLC0415 - heavy

    return RunFolder(Path(context.params["folder"])).manifest


def _columns(context: click.Context) -> list[str]:
    """List the columns of the corpus that the command names, or whose run it names."""
    from labelkit.corpus import open_corpus  # noqa: PLC0415 - heavy

    corpus = context.params.get("corpus")
    if corpus is None:
        corpus = _manifest(context)["corpus"]["path"]
    return list(open_corpus(Path(corpus)).column_names)
