"""The argument CORPUS, and the options of how its files are read; shared by all commands that read one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import click

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS: Final = (
    click.option(
        "--format",
        "format_",
        metavar="NAME",
        help="What CORPUS is, if its name does not say it: csv, jsonl, json, text, parquet, arrow, excel.",
    ),
    click.option("--delimiter", metavar="SIGN", help="Between the fields of CSV (else found out); tab is a tabulator."),
    click.option("--encoding", metavar="NAME", help="Of text, such as cp1252 (else UTF-8, or as its first bytes say)."),
    click.option(
        "--map",
        "rename",
        metavar="NAME=COLUMN,...",
        multiple=True,
        help="Read COLUMN under another name: text=Comment.",
    ),
    click.option("--sheet", metavar="NAME|NUMBER", help="Of a workbook that has several."),
)


def _renamed(given: tuple[str, ...]) -> dict[str, str] | None:
    """Return the columns by their new names, of ``--map``."""
    columns: dict[str, str] = {}
    for pair in (pair.strip() for option in given for pair in option.split(",")):
        name, equals, column = (part.strip() for part in pair.partition("="))
        if not (name and equals and column):
            raise click.BadParameter(f"--map {pair}: give NAME=COLUMN, such as text=Comment, the new name first")
        if columns.setdefault(name, column) != column:
            raise click.BadParameter(f"--map gives two columns the name {name!r}: {columns[name]!r} and {column!r}")
    return columns or None


def with_corpus(*, required: bool = True) -> Callable[[F], F]:
    """Give a command ``corpus``, a path or several, None without one; and ``reading``, the options that were given."""

    def decorate(command: F) -> F:
        @wraps(command)
        def called(*arguments: Any, corpus: tuple[str, ...], **options: Any) -> Any:
            names = {"format": "format_", "delimiter": "delimiter", "encoding": "encoding", "sheet": "sheet"}
            given = {name: options.pop(key) for name, key in names.items()}
            given["rename"] = _renamed(options.pop("rename"))
            reading = {name: value for name, value in given.items() if value is not None}
            paths = [one if "://" in one else Path(one) for one in corpus]
            return command(
                *arguments, corpus=paths[0] if len(paths) == 1 else paths or None, reading=reading, **options
            )

        decorated: Any = called
        for option in reversed(_OPTIONS):
            decorated = option(decorated)
        return cast("F", click.argument("corpus", nargs=-1, required=required)(decorated))

    return decorate
