"""The command that opens a page to label on: annotate."""

from __future__ import annotations

import signal
import sys
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labelkit.cli._answers import CommandAnswer
from labelkit.cli._common_options import classes_named, collected, listed, with_rule_options
from labelkit.cli._corpus_options import with_corpus
from labelkit.cli._program import cli

if TYPE_CHECKING:
    from labelkit.annotate.session import AnnotationSession


@cli.command(name="annotate")
@with_corpus()
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The .parquet file of the answers.")
@click.option("--examples", metavar="FILE", help="Ask about the examples whose ids FILE lists, not a random sample.")
@click.option("--double", default=0.0, show_default=True, help="The share of examples that two people answer.")
@click.option("--adjudicate", is_flag=True, help="Decide where answers differ, or were unsure.")
@click.option("--guidelines", metavar="FILE", help="Markdown to show beside; ## CLASS begins a definition.")
@click.option("--show-votes", is_flag=True, help="Show what rules vote before the answer, too, which sways it.")
@click.option("--columns", metavar="A,B,...", multiple=True, help="Columns to show (else: those that the rules read).")
@click.option("--annotator", default="", metavar="NAME", help="The name that the page begins with.")
@click.option("--port", default=0, show_default=True, help="Where to serve the page; 0: any that is free.")
@click.option("--no-open", is_flag=True, help="Open no browser; the address is printed.")
@click.option("--status", is_flag=True, help="Say how far the answers are, and open no page.")
@click.option("--rules", metavar="PATH")
@click.option("--id", "id_", metavar="COLUMN")
@with_rule_options
@click.option("--sample", type=int, default=200, show_default=True, help="Ask about N rows, drawn at random.")
@click.option("--random-state", default=0, show_default=True)
def annotate_command(
    *,
    corpus: Any,
    reading: dict[str, Any],
    out: Path,
    rules: str | None,
    labels: str | None,
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    columns: tuple[str, ...],
    id_: str | None,
    port: int,
    no_open: bool,
    status: bool,
    **options: Any,
) -> Any:
    """Label examples of CORPUS by hand, on a page of this machine alone.

    Every answer is kept at once, and the same command goes on where it was. The file of the answers is gold: for --gold
    of other commands. Ctrl-C ends the page.
    """
    from labelkit.annotate.session import AnnotationSession  # noqa: PLC0415 - --help has to be quick

    if rules is None and (select or exclude):
        raise click.UsageError("--select and --exclude choose among rules: give --rules, too")
    session = AnnotationSession(
        corpus,
        out,
        rules=None if rules is None else collected(rules, labels, select, exclude),
        labels=classes_named(labels),
        id=id_,
        columns=listed(columns) or None,
        **options,
        **reading,
    )
    with session:
        if not status:
            _serve(session, port, opened=not no_open)
        answer = session.status()
    return CommandAnswer.of(answer)


def _serve(session: AnnotationSession, port: int, *, opened: bool) -> None:
    """Serve the page until the user ends it."""
    from labelkit._shared.events import log_event  # noqa: PLC0415 - --help has to be quick

    with session.serve(port=port) as server:
        log_event("serving", f"label on {server.url} (Ctrl-C ends it)", url=server.url)
        if opened and sys.stderr.isatty():
            webbrowser.open(server.url)
        with _ending(server.stop):
            server.wait()
        log_event("ended", "the page is closed", url=server.url)


@contextmanager
def _ending(stop: Callable[[], None]) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the page, and not the command: what is known so far is its answer."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop()) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
