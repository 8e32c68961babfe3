"""Commands for who writes rules: check, plan, init, generate, cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labelkit._shared.command_line import as_on_command_line
from labelkit._shared.secrets import masked
from labelkit.cli._corpus_options import with_corpus
from labelkit.cli._program import classes_named, cli, say, with_debug


@cli.command()
@click.argument("rules")
@with_corpus(required=False)
@click.option("--labels", metavar="A,B,...", help="The classes, where the rules do not say.")
@click.option("--rows", default=1_000, show_default=True, help="How many rows of the corpus to try.")
@click.option("--gold", metavar="COLUMN|FILE", help="Trusted labels, to judge the gates on precision by.")
@click.option("--id", "id_", metavar="COLUMN", help="The column that names the examples, where gold is a file.")
@click.option("--strict", is_flag=True, help="Warnings are errors.")
@with_debug
def check(
    rules: str,
    *,
    corpus: Any,
    reading: dict[str, Any],
    labels: str | None,
    strict: bool,
    id_: str | None,
    **options: Any,
) -> None:
    """Import RULES, run their examples, look for mistakes, and try them on a few rows of CORPUS.

    The exit status is 1 if there is an error: an example that does not get the vote that it expects, a rule that fails
    or cannot work, a gate (expect) that the rows of CORPUS break.
    """
    from labelkit.checks.check_rules import check_rules  # noqa: PLC0415 - --help has to be quick

    if corpus is None and options["gold"] is not None:
        raise click.UsageError("--gold judges the votes on a corpus: give CORPUS behind RULES")

    report = check_rules(rules, corpus, labels=classes_named(labels), id=id_, **reading, **options)
    say(as_on_command_line(masked(str(report))))
    if not (report.clean if strict else report.ok):
        raise click.exceptions.Exit(1)


@cli.command()
@click.argument("rules")
@with_corpus()
@click.option("--labels", metavar="A,B,...", help="The classes, where the rules do not say.")
@click.option("--rows", default=100_000, show_default=True, help="About how many rows to look at.")
@click.option("--price-in", type=float, help="What a million tokens of prompts cost (else: as the rules say).")
@click.option("--price-out", type=float, help="What a million tokens of answers cost.")
@click.option("--show", default=0, metavar="N", help="Show the first N prompts of each rule.")
@click.option("--ask", is_flag=True, help="Ask them too: the answers are paid for, and kept.")
@with_debug
def plan(
    rules: str,
    *,
    corpus: Any,
    reading: dict[str, Any],
    labels: str | None,
    rows: int,
    price_in: float | None,
    price_out: float | None,
    show: int,
    ask: bool,
) -> None:
    """Say what the rules of RULES that ask a language model would ask of CORPUS, and what that costs.

    Nothing is asked, unless --ask says so. Prompts that have an answer already cost nothing.
    """
    from labelkit.apply.prompt_costs import asks_a_model, dry_run, estimate  # noqa: PLC0415 - as above
    from labelkit.rules.collect import collect  # noqa: PLC0415 - --help has to be quick

    if (price_in is None) != (price_out is None):
        raise click.UsageError("--price-in and --price-out go together")
    lfs = collect(rules, labels=classes_named(labels))
    prices = None if price_in is None or price_out is None else (price_in, price_out)
    say(str(estimate(lfs, corpus, rows=rows, prices=prices, **reading)))
    for lf in lfs if show or ask else ():
        if asks_a_model(lf):
            say(f"\n{dry_run(lf, corpus, n=show or 10, ask=ask, **reading)}")


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@with_debug
def init(folder: Path) -> None:
    """Make a small project in FOLDER that runs: rules, a corpus, a test."""
    from labelkit.datasets.starter_project import make_project  # noqa: PLC0415 - --help has to be quick

    for line in make_project(folder):
        say(line)


@cli.command()
@click.argument("kind", type=click.Choice(["posts", "comments"]))
@click.option("--rows", default=10_000, show_default=True)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A .parquet, .csv or .jsonl file.")
@click.option("--random-state", default=0, show_default=True)
@with_debug
def generate(kind: str, *, rows: int, out: Path, random_state: int) -> None:
    """Write a corpus of made-up posts or comments with hidden gold labels, to try things on."""
    from labelkit.datasets import generate_comments, generate_posts, write_corpus  # noqa: PLC0415 - as above

    make = generate_posts if kind == "posts" else generate_comments
    path = write_corpus(make(rows, random_state=random_state), out)
    say(f"{rows:,} {kind} written to {path}")


@cli.group()
def cache() -> None:
    """Look after the votes that are kept, so that after an edit only the rules that it changed vote again."""


@cache.command(name="info")
@click.argument("rules", required=False)
@click.option("--labels", metavar="A,B,...", help="The classes, where the rules do not say.")
@with_debug
def cache_info(rules: str | None, *, labels: str | None) -> None:
    """Say what is kept and where; with RULES, whether the votes of each are, and why not."""
    from labelkit.apply.vote_cache import VoteCache, why_not  # noqa: PLC0415 - --help has to be quick
    from labelkit.rules.collect import collect  # noqa: PLC0415 - as above

    kept = VoteCache()
    n_columns, n_bytes = kept.size()
    room = f"{n_bytes / 1e6:,.1f} of {kept.max_bytes / 1e6:,.0f} MB"
    say(f"{n_columns:,} columns of votes, {room}, in {kept.folder}")
    _tell_answers()
    lfs = [] if rules is None else collect(rules, labels=classes_named(labels))
    reasons = {lf.name: why_not(lf) for lf in lfs}
    for name, of_rule in reasons.items():
        say(f"  {name}: {'kept' if not of_rule else 'not kept: ' + '; '.join(of_rule)}")
    if any(reasons.values()):
        say("a rule that is not kept though it could be: @labeling_function(cache=True) is your word for it")


def _tell_answers() -> None:
    """Say how many answers of language models are kept, if any ever were."""
    from labelkit.rules.prompts.answer_store import AnswerStore  # noqa: PLC0415 - --help has to be quick

    path = AnswerStore.default_path()
    if path is None or not path.is_file():
        return
    store = AnswerStore(path)
    n_answers, tokens_in, tokens_out = store.size()
    store.close()
    paid = f"{tokens_in:,} tokens in and {tokens_out:,} out were paid for them"
    say(f"{n_answers:,} answers of language models ({paid}) in {path}")


@cache.command(name="clear")
@click.option("--answers", is_flag=True, help="Remove the answers of language models too, which were paid for.")
@with_debug
def cache_clear(*, answers: bool) -> None:
    """Remove all votes that are kept."""
    from labelkit.apply.vote_cache import VoteCache  # noqa: PLC0415 - --help has to be quick

    kept = VoteCache()
    say(f"{kept.clear():,} columns of votes removed from {kept.folder}")
    if answers:
        from labelkit.rules.prompts.answer_store import AnswerStore  # noqa: PLC0415 - as above

        store = AnswerStore()
        say(f"{store.clear():,} answers removed from {store.path}")
        store.close()
