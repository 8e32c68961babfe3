"""Commands for who comes from Snorkel: migrate-snorkel, convert-snorkel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labelkit.cli._answers import CommandAnswer
from labelkit.cli._command import shown_message
from labelkit.cli._corpus_options import with_corpus
from labelkit.cli._program import cli


@cli.command(name="migrate-snorkel")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--write", is_flag=True, help="Write the files (else: show what would change).")
def migrate_snorkel_command(path: Path, *, write: bool) -> Any:
    """Change the imports of Snorkel in PATH to those of labelkit.interop.snorkel, and nothing else.

    PATH is a Python file, a notebook, or a folder of such. What needs a hand is listed.
    """
    from labelkit.interop.snorkel_code import migrate_snorkel  # noqa: PLC0415 - --help has to be quick

    migration = migrate_snorkel(path, write=write)
    return CommandAnswer.of(migration, text=shown_message(str(migration)))


@cli.command(name="convert-snorkel")
@click.argument("file", type=click.Path(path_type=Path))
@with_corpus(required=False)
@click.option("--rows", default=10_000, show_default=True, help="How many rows to compare, from the start.")
def convert_snorkel_command(file: Path, *, corpus: Any, reading: dict[str, Any], rows: int) -> Any:
    """Propose rules of labelkit in place of the Snorkel rules of FILE; with CORPUS, the votes of both are compared."""
    from labelkit.interop.snorkel_code import convert_snorkel  # noqa: PLC0415 - --help has to be quick

    conversion = convert_snorkel(file, corpus, rows=rows, **reading)
    return CommandAnswer.of(conversion, text=shown_message(str(conversion)))
