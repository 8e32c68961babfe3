"""Commands that look after a run folder and its versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labelkit.cli._answers import CommandAnswer
from labelkit.cli._program import cli


@cli.command(name="history")
@click.argument("folder", type=click.Path(path_type=Path))
def history_command(folder: Path) -> Any:
    """List the versions of the run in FOLDER: when each was made, its rows and rules, and what changed.

    RUN@3 stands for version 3 wherever a command takes a run.
    """
    from labelkit.runs.history import history  # noqa: PLC0415 - --help has to be quick

    return history(folder)


@cli.command(name="restore")
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("version", type=int)
def restore_command(folder: Path, *, version: int) -> Any:
    """Make VERSION of the run in FOLDER the current one again, as a new version; nothing is lost."""
    from labelkit.runs.versions import restore  # noqa: PLC0415 - --help has to be quick

    number = restore(folder, version).layout.number
    return CommandAnswer.of(
        {"folder": folder, "version": number, "restored": version},
        text=f"{folder}: version {number} is version {version} again",
    )


@cli.command(name="verify")
@click.argument("folder", type=click.Path(path_type=Path))
def verify_command(folder: Path) -> Any:
    """Say if all files of all versions of the run in FOLDER are whole and unchanged.

    The exit status is 1 if a file is missing, changed or strange, and each is named.
    """
    from labelkit.runs.versions import verify, version_layouts  # noqa: PLC0415 - --help has to be quick

    wrong, n_versions = verify(folder), len(version_layouts(folder))
    whole = f"{folder}: whole and unchanged ({n_versions} version{'' if n_versions == 1 else 's'})"
    return CommandAnswer.of(
        {"folder": folder, "whole": not wrong, "versions": n_versions, "problems": list(wrong)},
        text="\n".join(wrong) or whole,
        status=1 if wrong else 0,
    )
