"""Switch off one default of the project's file: ``--no-gold`` is for its ``gold``, ``--cache`` for ``no-cache = true``.

Every option that the file may set has such a twin, without a line in the command. It is read by the parser and is no
parameter of the command, so that the help, the keys of the file and the completion stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any, Final

import click

_DEST: Final = "labelkit.switched_off"
"""Where the parser collects the names of parameters; no parameter is called so."""


def add_twins(command: click.Command, parser: Any) -> None:
    """Let a parser of Click take the options that switch off defaults."""
    for twin, option in _twins(command):
        parser.add_option(obj=option, opts=[twin], dest=_DEST, action="append_const", const=option.name)


def switched_off(context: click.Context, given: MutableMapping[str, Any]) -> Sequence[str]:
    """Take what was switched off out of what the parser has read; returns the names of parameters.

    Raises
    ------
    click.UsageError
        If an option is given and switched off.
    """
    names: list[str] = given.pop(_DEST, None) or []
    for twin, option in _twins(context.command):
        if option.name in names and given.get(option.name or "") not in (None, ()):
            raise click.UsageError(f"{option.opts[0]} and {twin} are given: leave one of them out", context)
    return names


def _twins(command: click.Command) -> Iterator[tuple[str, click.Option]]:
    """Yield the options of a command that a file may set, with the name that switches each off."""
    from labelkit.cli._config import option_names  # noqa: PLC0415 - --help has to be quick

    options = [(name, one) for name, one in option_names(command) if not one.required]
    there = {text for one in command.params for text in (*one.opts, *one.secondary_opts)}
    for name, option in options:
        twin = f"--{name.removeprefix('no-')}" if name.startswith("no-") else f"--no-{name}"
        if twin not in there:
            yield twin, option
