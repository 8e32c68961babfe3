"""Name the option or the command that was meant in place of one that there is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Final

import click

from labelkit.cli._common_options import twins_of

MOST: Final = 3
"""Names that are suggested."""

CUTOFF: Final = 0.6
"""Least likeness, as :func:`difflib.get_close_matches` measures it."""

SAME_OPTIONS: Final = (
    frozenset({"--out", "--to", "--output", "--out-file", "-o"}),
    frozenset({"--n", "--limit", "--rows", "--top", "-n"}),
    frozenset({"--random-state", "--seed"}),
    frozenset({"--workers", "--jobs", "--threads", "--processes", "-j"}),
    frozenset({"--delimiter", "--sep", "--separator"}),
    frozenset({"--force", "--overwrite", "-f"}),
    frozenset({"--map", "--rename"}),
)
"""Options that mean the same, in labelkit or in other programs."""

SAME_COMMANDS: Final = {
    "check": frozenset({"lint", "test", "validate"}),
    "summarize": frozenset({"summary", "stats", "show"}),
    "view": frozenset({"browse", "examples"}),
    "generate": frozenset({"make-data"}),
    "fit": frozenset({"train"}),
    "export": frozenset({"save"}),
}
"""Names that other programs have for a command."""


def with_suggestions(error: click.ClickException, arguments: Sequence[str]) -> bool:
    """Let an error about an option or a command that there is not name what was meant.

    Parameters
    ----------
    error : click.ClickException
    arguments : sequence of str
        All words of the call: an error about ``-gold`` names ``-g`` alone.

    Returns
    -------
    bool
        Whether what is named means the same as what was typed.
    """
    context = getattr(error, "ctx", None)
    if context is None:
        return False
    if isinstance(error, click.NoSuchOption):
        meant, is_same = meant_options(_typed(error.option_name, arguments), context.command)
    elif isinstance(name := getattr(error, "command_name", None), str) and isinstance(context.command, click.Group):
        meant, is_same = meant_commands(name, context.command.commands), False
    else:
        return False
    vars(error)["possibilities"] = meant
    return is_same


def folder_missing(error: click.ClickException) -> str | None:
    """Say which argument is missing, where the only one that was given is no path and stands for FOLDER."""
    context = getattr(error, "ctx", None)
    if context is None or not isinstance(error, click.MissingParameter) or not isinstance(error.param, click.Argument):
        return None
    names = [one for one in context.command.params if isinstance(one, click.Argument)]
    given = context.params.get("folder")
    if names[0].name != "folder" or error.param is names[0] or given is None or given.exists() or "://" in str(given):
        return None
    return f"{str(given)!r} is no folder: FOLDER is missing, and stands before {error.param.make_metavar(context)}"


def _typed(option: str, arguments: Sequence[str]) -> str:
    """Return the whole word of an option with one dash, of which Click has read the first letter."""
    if option.startswith("--"):
        return option
    words = (one.partition("=")[0] for one in arguments)
    return next((one for one in words if one.startswith(option)), option)


def meant_options(typed: str, command: click.Command) -> tuple[list[str], bool]:
    """Return the options of a command that may be meant, and whether they mean the same as what was typed.

    Those that switch something off are meant only where a name with ``--no-`` was typed.
    """
    options = [one for one in command.params if isinstance(one, click.Option)]
    there = {text for one in options for text in (*one.opts, *one.secondary_opts)} | {"--help"}
    there |= {twin for twin, _ in twins_of(command)}
    prefix = "--no-" if typed.startswith("--no-") else "--"
    with_off = typed.startswith("--no")
    there = {one for one in there if one.startswith(prefix) and (with_off or not one.startswith("--no-"))}
    spelled = f"--{typed.lstrip('-').replace('_', '-').lower()}"
    if same := [one for one in there if one.replace("-", "") == spelled.replace("-", "")]:
        return same, True
    same = sorted(one for names in SAME_OPTIONS if typed in names for one in names & there)
    if same:
        return same, True
    return ([] if len(spelled) == len("--n") else _close(spelled, there, prefix)), False


def meant_commands(typed: str, there: Iterable[str]) -> list[str]:
    """Return the commands that may be meant.

    >>> meant_commands("lint", ["check", "init"]), meant_commands("sumarize", ["check", "summarize"])
    (['check'], ['summarize'])
    """
    there = set(there)
    typed = typed.replace("_", "-").lower()
    same = [name for name, others in SAME_COMMANDS.items() if typed in others and name in there]
    return same or _close(typed, there)


def _close(typed: str, there: Iterable[str], prefix: str = "") -> list[str]:
    """Return the names that begin with another, and those that are like it, without the prefix that all have."""
    by_name = {one.removeprefix(prefix): one for one in sorted(there)}
    bare = typed.removeprefix(prefix)
    begun = [name for name in by_name if len(bare) > 1 and name.startswith(bare)]
    close = difflib.get_close_matches(bare, by_name, n=MOST, cutoff=CUTOFF)
    return [by_name[name] for name in dict.fromkeys([*begun, *close])][:MOST]
