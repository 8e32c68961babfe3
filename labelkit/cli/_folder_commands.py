"""Commands that look after a run folder and its versions."""

from __future__ import annotations

from pathlib import Path

import click

from labelkit.cli._program import cli, say, with_debug


@cli.command(name="history")
@click.argument("folder", type=click.Path(path_type=Path))
@with_debug
def history_command(folder: Path) -> None:
    """List the versions of the run in FOLDER: when each was made, its rows and rules, and what changed.

    RUN@3 stands for version 3 wherever a command takes a run.
    """
    from labelkit.runs.history import history  # noqa: PLC0415 - --help has to be quick

    say(str(history(folder)))


@cli.command(name="restore")
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("version", type=int)
@with_debug
def restore_command(folder: Path, *, version: int) -> None:
    """Make VERSION of the run in FOLDER the current one again, as a new version; nothing is lost."""
    from labelkit.runs.versions import restore  # noqa: PLC0415 - --help has to be quick

    restored = restore(folder, version)
    say(f"{folder}: version {restored.layout.number} is version {version} again")


@cli.command(name="verify")
@click.argument("folder", type=click.Path(path_type=Path))
@with_debug
def verify_command(folder: Path) -> None:
    """Say if all files of all versions of the run in FOLDER are whole and unchanged.

    The exit status is 1 if a file is missing, changed or strange, and each is named.
    """
    from labelkit.runs.versions import verify, version_layouts  # noqa: PLC0415 - --help has to be quick

    wrong = verify(folder)
    for line in wrong:
        say(line)
    if wrong:
        raise click.exceptions.Exit(1)
    n_versions = len(version_layouts(folder))
    say(f"{folder}: whole and unchanged ({n_versions} version{'' if n_versions == 1 else 's'})")
