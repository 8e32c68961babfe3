"""Writes the tables of ``docs/configuration.md`` from the commands: ``python -m tests.refresh_configuration``.

To be called after an option of a command was added or changed; a test compares the page with what this gives.
"""

from collections.abc import Iterator
from pathlib import Path

import click

from labelkit.cli import cli
from labelkit.cli._common_options import SharedOption
from labelkit.cli._completion import takes_list
from labelkit.cli._config import _commands, _is_general, _named_parameters, _takes_several

PAGE = Path(__file__).parents[1] / "docs" / "configuration.md"
BEGIN = "<!-- made by python -m tests.refresh_configuration from here on -->\n"
HEAD = "| key | takes | default | means |\n| --- | --- | --- | --- |\n"
ARGUMENTS = {
    "rules": "The rules: a Python file, a folder of them, or a dotted name.",
    "corpus": "The corpus: a file, several, a folder, or a pattern.",
    "folder": "The folder of a run, of votes, or of a data set.",
}


def kind_of(parameter: click.Parameter) -> str:
    """Say what a key takes in TOML."""
    kind = parameter.type
    if isinstance(parameter, click.Option) and parameter.is_flag:
        return "`true` or `false`"
    if isinstance(kind, click.Choice):
        return " or ".join(f'`"{choice}"`' for choice in kind.choices)
    if _takes_several(parameter) and "=" in (parameter.metavar or ""):
        return "table, or list of texts"
    if _takes_several(parameter) or takes_list(parameter):
        return "text, or list of texts"
    kinds = {click.types.IntParamType: "whole number", click.types.FloatParamType: "number", click.Path: "path"}
    return next((text for of, text in kinds.items() if isinstance(kind, of)), "text")


def default_of(parameter: click.Parameter) -> str:
    """Return the default as it would be written in TOML; a dash where there is none."""
    value = parameter.default
    if isinstance(parameter, click.Option) and parameter.is_flag:
        return "`true`" if value is True else "`false`"
    if value is None or repr(value).startswith("Sentinel") or callable(value) or value == ():
        return "required" if parameter.required else "–"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


def row_of(name: str, parameter: click.Parameter, default: str) -> str:
    """Return a row of a table."""
    text = getattr(parameter, "help", None) or ARGUMENTS.get(name, "An argument of the command.")
    return f"| `{name}` | {kind_of(parameter)} | {default} | {text.replace('|', '&#124;')} |\n"


def tables() -> Iterator[str]:
    """Yield the sections: the keys above the tables, and those of each command."""
    everywhere = [(name, one) for _, command in _commands(cli) for name, one in _named_parameters(command)]
    shared = [(name, one) for name, one in everywhere if _is_general(name, one)]
    shared.sort(key=lambda pair: isinstance(pair[1], SharedOption))  # whose words are of one command
    general = dict(reversed(shared))
    yield "\n## Keys above the tables\n\nThey hold for every command that has them.\n\n" + HEAD
    for name in sorted(general):
        yield row_of(name, general[name], default_of(general[name]).replace("required", "–"))
    for names, command in sorted(_commands(cli)):
        keys = [(name, one) for name, one in _named_parameters(command) if not _is_general(name, one)]
        if keys:
            yield f"\n## `[{'.'.join(names)}]`\n\n{HEAD}"
            yield from (row_of(name, one, default_of(one)) for name, one in keys)


def refreshed(page: str) -> str:
    """Return the page with the tables that the commands give."""
    return page.partition(BEGIN)[0] + BEGIN + "".join(tables())


if __name__ == "__main__":
    PAGE.write_text(refreshed(PAGE.read_text("utf-8")), "utf-8")
