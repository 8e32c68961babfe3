"""The argument CORPUS, and the options of how its files are read; shared by all commands that read one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import click

from labelkit.cli._common_options import is_default_of_project

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
    click.option("--skip-rows", type=click.IntRange(0), metavar="N", help="Lines of CSV or a sheet above its header."),
    click.option("--query", metavar="SQL", help="In place of CORPUS: the rows of a query, SELECT ... ORDER BY ..."),
    click.option(
        "--url",
        metavar="URL",
        help="The database of --query: postgresql://user:${PASSWORD}@host/name, an .sqlite or a .duckdb file.",
    ),
)


if TYPE_CHECKING:
    AnyType = click.ParamType[Any]
else:
    AnyType = click.ParamType  # it is generic in newer versions of Click alone


class CorpusPath(AnyType):
    """The path or the address of a corpus."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ARG002 - click's protocol
        """Return an address as it is, and anything else as a path."""
        return value if not isinstance(value, str) or "://" in value else Path(value)


def _corpus(paths: tuple[str, ...], query: str | None, url: str | None, *, required: bool) -> Any:
    """Return what was given as the corpus: a path or several, or a query."""
    if (query is None) != (url is None):
        missing = "--url, its database" if url is None else "--query, what to ask it"
        raise click.UsageError(f"{'--query' if url is None else '--url'} needs {missing}")
    if query is not None:
        if paths and is_default_of_project("corpus") != is_default_of_project("query"):
            if is_default_of_project("query"):
                return _corpus(paths, None, None, required=required)
            paths = ()
        if paths:
            raise click.UsageError("give either CORPUS or --query")
        from labelkit.corpus import SqlQuery  # noqa: PLC0415 - --help has to be quick

        return SqlQuery(query, url)
    if required and not paths:
        raise click.UsageError("Missing argument 'CORPUS...'.")
    places = [CorpusPath().convert(path, None, None) for path in paths]
    return places[0] if len(places) == 1 else places or None


def _renamed(given: tuple[str, ...]) -> dict[str, str] | None:
    """Return the columns by their new names, of ``--map``."""
    from labelkit._shared.written_pairs import columns_written  # noqa: PLC0415 - --help has to be quick

    try:
        return columns_written(given) or None
    except ValueError as error:
        raise click.BadParameter(f"--map {error}") from None


def with_corpus(*, required: bool = True) -> Callable[[F], F]:
    """Give a command ``corpus``, paths or a query, None without one; and ``reading``, the options that were given."""

    def decorate(command: F) -> F:
        @wraps(command)
        def called(*arguments: Any, corpus: tuple[str, ...], **options: Any) -> Any:
            names = {"format": "format_", "delimiter": "delimiter", "encoding": "encoding", "sheet": "sheet"}
            names["skip_rows"] = "skip_rows"
            given = {name: options.pop(key) for name, key in names.items()}
            given["rename"] = _renamed(options.pop("rename"))
            given["gold_encoding"] = options.pop("gold_encoding", None)
            reading = {name: value for name, value in given.items() if value is not None}
            place = _corpus(corpus, options.pop("query"), options.pop("url"), required=required)
            return command(*arguments, corpus=place, reading=reading, **options)

        decorated: Any = called
        for option in reversed(_OPTIONS):
            decorated = option(decorated)
        return cast("F", click.argument("corpus", nargs=-1, required=False)(decorated))

    return decorate
