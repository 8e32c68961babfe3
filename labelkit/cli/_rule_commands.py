"""Commands for who writes rules: check, plan, init, skill, generate, cache."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from labelkit.cli._answers import CommandAnswer, written
from labelkit.cli._command import shown_message, shown_rows
from labelkit.cli._common_options import (
    check_free,
    collected,
    is_default_of_project,
    label_meanings,
    with_gold_encoding,
    with_map_label,
    with_rule_options,
)
from labelkit.cli._corpus_options import with_corpus
from labelkit.cli._program import cli

_GIVEN: Final = ParameterSource.COMMANDLINE


@cli.command()
@click.argument("rules")
@with_corpus(required=False)
@with_rule_options
@click.option("--rows", default=1_000, show_default=True, help="How many rows of the corpus to try, from its start.")
@click.option("--sample", type=int, metavar="N", help="Try N rows instead that are drawn at random.")
@click.option("--random-state", default=0, show_default=True, metavar="SEED")
@click.option("--gold", metavar="COLUMN|FILE")
@with_gold_encoding
@with_map_label
@click.option("--id", "id_", metavar="COLUMN")
@click.option("--strict", is_flag=True, help="Warnings are errors.")
def check(
    rules: str,
    *,
    corpus: Any,
    reading: dict[str, Any],
    labels: tuple[str, ...],
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    strict: bool,
    id_: str | None,
    gold: str | None,
    map_label: tuple[str, ...],
    **options: Any,
) -> Any:
    """Import RULES, run their examples, look for mistakes, and try them on a few rows of CORPUS.

    The exit status is 1 if there is an error: an example that does not get the vote that it expects, a rule that fails
    or cannot work, a gate (expect) that the rows of CORPUS break.
    """
    from labelkit.checks.check_rules import check_rules  # noqa: PLC0415 - --help has to be quick

    if options["sample"] is not None and click.get_current_context().get_parameter_source("rows") is _GIVEN:
        raise click.UsageError("--sample takes the place of --rows: give one of them")
    if corpus is None and gold is not None and is_default_of_project("gold"):
        gold = None
    if corpus is None and gold is not None:
        raise click.UsageError("--gold judges the votes on a corpus: give CORPUS behind RULES")

    lfs = collected(rules, labels, select, exclude)
    meanings = label_meanings(map_label, gold=gold)
    report = check_rules(lfs, corpus, id=id_, gold=gold, map_label=meanings, **reading, **options)
    good = report.clean if strict else report.ok
    values = report.to_dict()
    values["problems"] = shown_rows(values["problems"], "message", "hint")
    return CommandAnswer.of(values, text=shown_message(str(report)), status=0 if good else 1)


@cli.command()
@click.argument("rules")
@with_corpus()
@with_rule_options
@click.option("--rows", default=100_000, show_default=True, help="About how many rows to look at.")
@click.option("--price-in", type=float, help="What a million tokens of prompts cost (else: as the rules say).")
@click.option("--price-out", type=float, help="What a million tokens of answers cost.")
@click.option("--show", default=0, metavar="N", help="Show the first N prompts of each rule.")
@click.option("--ask", is_flag=True, help="Ask them too: the answers are paid for, and kept.")
def plan(
    rules: str,
    *,
    corpus: Any,
    reading: dict[str, Any],
    labels: tuple[str, ...],
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    rows: int,
    price_in: float | None,
    price_out: float | None,
    show: int,
    ask: bool,
) -> Any:
    """Say what the rules of RULES that ask a language model would ask of CORPUS, and what that costs.

    Nothing is asked, unless --ask says so. Prompts that have an answer already cost nothing.
    """
    from labelkit.apply.prompt_costs import asks_a_model, dry_run, estimate  # noqa: PLC0415 - --help has to be quick

    if (price_in is None) != (price_out is None):
        raise click.UsageError("--price-in and --price-out go together")
    lfs = collected(rules, labels, select, exclude)
    prices = None if price_in is None or price_out is None else (price_in, price_out)
    estimates = estimate(lfs, corpus, rows=rows, prices=prices, **reading)
    asking = [lf for lf in lfs if (show or ask) and asks_a_model(lf)]
    shown = [dry_run(lf, corpus, n=show or 10, ask=ask, **reading) for lf in asking]
    values = {**estimates.to_dict(), "shown": [one.to_dict() for one in shown]}
    return CommandAnswer.of(values, text="\n\n".join(map(str, (estimates, *shown))))


@cli.command(name="sql")
@click.argument("rules")
@with_rule_options
@click.option(
    "--dialect",
    required=True,
    type=click.Choice(["duckdb", "spark", "bigquery", "postgres", "snowflake"]),
    help="The engine that the query is for.",
)
@click.option("--table", default="corpus", show_default=True, help="The table to read, as the dialect writes it.")
@click.option("--id", "id_", metavar="COLUMN")
@click.option("--model", metavar="RUN|MODEL", help="Add the probabilities and labels of a fitted label model.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the query to a file.")
@click.option("--strict", is_flag=True, help="A rule that SQL cannot hold is an error.")
@click.option("--force", is_flag=True)
def sql_command(
    rules: str,
    *,
    labels: tuple[str, ...],
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    id_: str | None,
    out: Path | None,
    force: bool,
    **options: Any,
) -> Any:
    """Compile RULES into an SQL query that votes as they do; what it cannot hold is said with the reason.

    With --model, the query also gives the probabilities and the label of each example.
    """
    from labelkit._shared.numbers import plural  # noqa: PLC0415 - --help has to be quick
    from labelkit.interop.sql import to_sql  # noqa: PLC0415 - as above

    if out is not None:
        check_free(out, force=force)
    query = to_sql(collected(rules, labels, select, exclude), id=id_, **options)
    if out is None:
        return CommandAnswer.of({**query.to_dict(), "path": None}, text=str(query))
    path = query.write(out)
    text = f"{plural(len(query.rules), 'rule')} written to {path}, {len(query.left_out)} left out"
    return CommandAnswer.of({**query.to_dict(), "path": str(path)}, text="\n".join([text, *query.notes]))


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
def init(folder: Path) -> Any:
    """Make a small project in FOLDER that runs: rules, a corpus, a test."""
    from labelkit.datasets.starter_project import make_project  # noqa: PLC0415 - --help has to be quick

    return make_project(folder)


@cli.command()
@click.option(
    "--to",
    default=".agents/skills/labelkit/SKILL.md",
    type=click.Path(path_type=Path),
    show_default=True,
    metavar="FILE",
    help="The file to write; - is standard output.",
)
@click.option("--force", is_flag=True)
@click.pass_context
def skill(context: click.Context, *, to: Path, force: bool) -> Any:
    """Write a Markdown file that teaches a coding assistant to write and test rules.

    It names the places of the project that labelkit.toml names. A file SKILL.md is an Agent Skill, of the name of its
    folder; any other file, such as AGENTS.md, has the text alone.
    """
    from labelkit.cli._assistant_skill import write_skill  # noqa: PLC0415 - --help has to be quick

    return write_skill(context, to, force=force)


@cli.command()
@click.argument("kind", type=click.Choice(["posts", "comments"]))
@click.option("--rows", "n", default=10_000, show_default=True, help="How many to make up.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A .parquet, .csv or .jsonl file.")
@click.option("--random-state", default=0, show_default=True)
@click.option("--force", is_flag=True)
def generate(kind: str, *, n: int, out: Path, random_state: int, force: bool) -> Any:
    """Write a corpus of made-up posts or comments with hidden gold labels, to try things on."""
    from labelkit.datasets import generate_comments, generate_posts, write_corpus  # noqa: PLC0415 - as above

    check_free(out, force=force)
    make = generate_posts if kind == "posts" else generate_comments
    path = write_corpus(make(n, random_state=random_state), out)
    return written(path, f"{n:,} {kind} written to {path}", kind=kind, rows=n)


@cli.group()
def cache() -> None:
    """Look after the votes that are kept, so that after an edit only the rules that it changed vote again."""


@cache.command(name="info")
@click.argument("rules", required=False)
@with_rule_options
def cache_info(rules: str | None, *, labels: tuple[str, ...], select: tuple[str, ...], exclude: tuple[str, ...]) -> Any:
    """Say what is kept and where; with RULES, whether the votes of each can be, and why not."""
    from labelkit._shared.cache_folder import keeps_nothing  # noqa: PLC0415 - --help has to be quick
    from labelkit._shared.numbers import plural  # noqa: PLC0415 - as above
    from labelkit.apply.vote_cache import MIN_ROWS, VoteCache, why_not  # noqa: PLC0415 - as above

    kept, is_off = VoteCache(), keeps_nothing()
    n_columns, n_bytes = kept.size()
    room = f"{n_bytes / 1e6:,.1f} of {kept.max_bytes / 1e6:,.0f} MB"
    answers = _answers()
    lines = [f"{plural(n_columns, 'column')} of votes, {room}, in {kept.folder}", *map(str, answers)]
    lfs = [] if rules is None else collected(rules, labels, select, exclude)
    reasons = {lf.name: list(why_not(lf)) for lf in lfs}
    lines += [
        f"  {name}: {'cannot be kept: ' + '; '.join(why) if why else 'can be kept'}" for name, why in reasons.items()
    ]
    if is_off:
        lines.insert(0, "LABELKIT_CACHE is off: nothing is kept, and what was kept before is not used")
    if reasons and not is_off:
        least = f"of frames and Parquet: from {MIN_ROWS:,} rows on"
        lines.append(f"votes that can be kept are, once a rule has voted on a whole corpus ({least})")
    if any(reasons.values()):
        lines.append("@labeling_function(cache=True) keeps votes that labelkit does not know to stay the same")
    values = {
        "folder": kept.folder,
        "columns": n_columns,
        "bytes": n_bytes,
        "max_bytes": kept.max_bytes,
        "answers": answers[0] if answers else None,
        "rules": [{"name": name, "can_be_kept": not why, "reasons": why} for name, why in reasons.items()],
    }
    return CommandAnswer.of(values, text="\n".join(lines))


@dataclass(frozen=True)
class KeptAnswers:
    """The answers of language models that are kept, and what was paid for them."""

    path: Path
    answers: int
    tokens_in: int
    tokens_out: int

    def __str__(self) -> str:
        from labelkit._shared.numbers import plural  # noqa: PLC0415 - --help has to be quick

        paid = f"{self.tokens_in:,} tokens in and {self.tokens_out:,} out were paid for them"
        return f"{plural(self.answers, 'answer')} of language models ({paid}) in {self.path}"


def _answers() -> list[KeptAnswers]:
    """Count the answers of language models, if any were ever kept."""
    from labelkit.rules.prompts.answer_store import AnswerStore  # noqa: PLC0415 - --help has to be quick

    path = AnswerStore.default_path()
    if path is None or not path.is_file():
        return []
    store = AnswerStore(path)
    size = store.size()
    store.close()
    return [KeptAnswers(path, *size)]


@cache.command(name="clear")
@click.option("--answers", is_flag=True, help="Remove the answers of language models too, which were paid for.")
def cache_clear(*, answers: bool) -> Any:
    """Remove all votes that are kept."""
    from labelkit._shared.numbers import plural  # noqa: PLC0415 - --help has to be quick
    from labelkit.apply.vote_cache import VoteCache  # noqa: PLC0415 - as above

    kept = VoteCache()
    n_columns, n_answers = kept.clear(), None
    lines = [f"{plural(n_columns, 'column')} of votes removed from {kept.folder}"]
    if answers:
        from labelkit.rules.prompts.answer_store import AnswerStore  # noqa: PLC0415 - as above

        store = AnswerStore()
        n_answers = store.clear()
        lines.append(f"{plural(n_answers, 'answer')} removed from {store.path}")
        store.close()
    return CommandAnswer.of({"folder": kept.folder, "columns": n_columns, "answers": n_answers}, text="\n".join(lines))
