"""Commands for who looks at a run to write better rules: view, suggest, fix."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from labelkit._shared.markup import COLOURED_MARKS, MARKS
from labelkit.cli._answers import CommandAnswer, has_colour
from labelkit.cli._command import shown_message, shown_rows
from labelkit.cli._common_options import (
    examples_of_run,
    is_switched_off,
    label_meanings,
    names_among,
    with_gold_meanings,
    with_gold_of_run,
)
from labelkit.cli._program import cli

_MANY: Final = click.IntRange(min=1)


@cli.command(name="view")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--labeled-by", metavar="RULE,...", multiple=True, help="Examples that this rule labels; that all of these label."
)
@click.option("--vote", metavar="CLASS", help="Examples that --labeled-by, or else any rule, labels so.")
@click.option("--conflicts", is_flag=True, help="Examples on which rules vote for different classes.")
@click.option(
    "--conflict-of",
    metavar="RULE,...",
    multiple=True,
    help="Examples on which this rule differs from another one; on which these differ.",
)
@click.option("--uncovered", is_flag=True, help="Examples without a vote.")
@click.option(
    "--pattern", metavar="RULE=CLASS,...", multiple=True, help="Examples with this vote; RULE= for an abstain."
)
@click.option("--wrong", is_flag=True, help="Examples whose label, or vote of --labeled-by, is not the gold.")
@click.option("--label", metavar="CLASS", help="Examples with this label.")
@click.option("--no-label", is_flag=True, help="Examples without a label.")
@click.option("--uncertain", is_flag=True, help="Examples with a vote, the most uncertain first.")
@click.option("--ids", metavar="ID,...", multiple=True, help="These examples, in this order.")
@click.option("--n", type=_MANY, default=20, show_default=True, help="How many to show.")
@click.option("--columns", metavar="A,B,...", multiple=True, help="Columns to show (else: those that the rules read).")
@click.option("--votes-of", metavar="RULE,...", multiple=True, help="Votes to show (else: all that were cast).")
@with_gold_of_run
@with_gold_meanings
@click.option(
    "--width", type=click.IntRange(40), metavar="N", help="Cells of a line (else: those of the terminal, or 110)."
)
@click.option("--corpus", type=click.Path(path_type=Path))
@click.option("--rules", metavar="PATH")
@click.option("--random-state", default=0, show_default=True)
def view_command(
    folder: Path,
    *,
    corpus: Path | None,
    rules: str | None,
    gold: str | None,
    map_label: tuple[str, ...],
    no_label: bool,
    pattern: Sequence[str],
    width: int | None,
    **options: Any,
) -> Any:
    """Show examples of the run in FOLDER that answer a question, with their votes and the words that matched.

    All that is asked holds for each example that is shown. Without a question, a random sample is shown. Gold is that
    of the run, if none is named.
    """
    from labelkit._shared.tables import WIDTH  # noqa: PLC0415 - --help has to be quick
    from labelkit.runs.run_folder import RunFolder  # noqa: PLC0415 - as above
    from labelkit.views import view  # noqa: PLC0415 - as above
    from labelkit.votes.label_space import ABSTAIN  # noqa: PLC0415 - as above

    if no_label and options["label"] is not None:
        raise click.UsageError("--label and --no-label exclude each other")
    run = RunFolder(folder)
    if no_label or options["label"] is not None or options["uncertain"]:
        run.check_labeled()
    examples = examples_of_run(run, corpus=corpus, rules=rules, gold=gold, map_label=map_label)
    matrix = examples.matrix
    there = {
        "columns": lambda: examples.corpus.column_names,
        "ids": lambda: [one for one in matrix.ids.tolist() if isinstance(one, str)],
        **dict.fromkeys(("labeled_by", "conflict_of", "votes_of"), lambda: matrix.names),
    }
    several = {
        name: names_among(f"--{name.replace('_', '-')}", options.pop(name), names) or None
        for name, names in there.items()
    }
    conflicts, names = options.pop("conflicts"), several["conflict_of"]
    if no_label:
        options["label"] = ABSTAIN
    shown = view(
        matrix,
        examples.corpus,
        examples.lfs,
        labeled_by=several["labeled_by"],
        conflict=names or (True if conflicts else None),
        pattern=_votes(pattern),
        ids=_ids(several["ids"], matrix.ids),
        column=several["columns"],
        votes=several["votes_of"],
        gold=examples.gold,
        labels=examples.labels,
        **options,
    )
    shown = replace(shown, notes=(*shown.notes, *map(shown_message, examples.notes)))
    cells = width or (shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH)
    coloured = has_colour()
    marks = COLOURED_MARKS if coloured else MARKS
    return CommandAnswer(lambda: shown.to_string(cells, marks), shown.to_dict, coloured=coloured)


def _votes(given: Sequence[str]) -> dict[str, str | None] | None:
    """Read votes of rules: ``RULE=CLASS``, or ``RULE=`` for an abstain."""
    from labelkit._shared.written_pairs import votes_written  # noqa: PLC0415 - --help has to be quick

    try:
        return votes_written(given) or None
    except ValueError as error:
        raise click.BadParameter(f"--pattern {error}") from None


def _ids(given: list[str] | None, ids: Any) -> list[Any] | None:
    """Return ids as the run has them: numbers, if those are."""
    if given is None or ids.dtype.kind != "i":
        return given
    if any(not one.lstrip("-").isdigit() for one in given):
        raise click.BadParameter(f"--ids {','.join(given)}: the ids of this run are whole numbers")
    return list(map(int, given))


@cli.command(name="suggest")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--between", metavar="A,B", multiple=True, help="Tell these two classes apart (else: reach what has no vote)."
)
@click.option("--n", type=_MANY, default=20, show_default=True, help="How many suggestions at most.")
@click.option("--source", is_flag=True, help="Print them as Python, to paste below the rules.")
@click.option("--column", metavar="COLUMN", help="The text to look at (else: text, or the first that the rules read).")
@click.option(
    "--max-words", type=click.IntRange(1, 3), default=3, show_default=True, help="Words in a phrase, from 1 to 3."
)
@click.option(
    "--min-rows", type=_MANY, default=5, show_default=True, help="Labeled examples that have to have a phrase."
)
@click.option(
    "--min-precision",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Least agreement with the labels that is sure, in (0, 1).",
)
@click.option("--max-rows", type=_MANY, default=50_000, show_default=True, help="How many examples to look at.")
@with_gold_of_run
@with_gold_meanings
@click.option("--corpus", type=click.Path(path_type=Path))
@click.option("--rules", metavar="PATH")
@click.option("--random-state", default=0, show_default=True)
def suggest_command(
    folder: Path,
    *,
    corpus: Path | None,
    rules: str | None,
    gold: str | None,
    map_label: tuple[str, ...],
    between: tuple[str, ...],
    source: bool,
    column: str | None,
    **options: Any,
) -> Any:
    """Propose words and phrases for new rules, from the examples of the run in FOLDER.

    They are of examples without a vote, or tell two classes apart. What the votes of the present rules say of them is
    no precision; look at some of the examples before you use one.
    """
    from labelkit._shared.command_line import as_commands, as_on_command_line  # noqa: PLC0415 - --help has to be quick
    from labelkit.analysis.suggest import suggest  # noqa: PLC0415 - as above
    from labelkit.runs.command_again import command_to_teach  # noqa: PLC0415 - as above
    from labelkit.runs.run_folder import RunFolder  # noqa: PLC0415 - as above

    run = RunFolder(folder)
    examples = examples_of_run(run, corpus=corpus, rules=rules, gold=gold, map_label=map_label)
    suggestions = suggest(
        examples.matrix,
        examples.corpus,
        examples.labels,
        gold=examples.gold,
        column=column,
        between=_pair(between, examples.matrix.class_names) if between else None,
        lfs=examples.lfs,
        **options,
    )
    teach = command_to_teach(run.manifest, str(folder), gold)
    suggestions = replace(suggestions, note=as_commands(suggestions.note, str(folder), teach))
    text = as_on_command_line(str(suggestions))
    if source:
        proposed = map(suggestions.as_rule, range(len(suggestions)))
        text = "\n\n".join(proposed) if len(suggestions) else "\n".join(f"# {line}" for line in text.splitlines())
    (values,) = shown_rows([suggestions.to_dict()], "note")
    return CommandAnswer.of(values, text=text)


def _pair(between: Sequence[str], class_names: Sequence[str]) -> tuple[str, str]:
    names = names_among("--between", between, lambda: class_names)
    if len(names) != 2:
        raise click.BadParameter(f"--between {','.join(between)}: name two classes, A,B")
    return names[0], names[1]


@cli.command(name="fix")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--n", type=_MANY, default=20, show_default=True, help="How many findings to show.")
@with_gold_of_run
@with_gold_meanings
def fix_command(folder: Path, *, n: int, gold: str | None, map_label: tuple[str, ...]) -> Any:
    """List what would improve the labels of the run in FOLDER most.

    The most pressing comes first, with the evidence for it: examples without a vote, rules that fail, err or repeat
    another, classes that no rule votes for, gold that seems wrong.
    """
    from labelkit._shared.command_line import as_commands, as_on_command_line  # noqa: PLC0415 - --help has to be quick
    from labelkit.analysis.what_to_fix import Findings, what_to_fix  # noqa: PLC0415 - as above
    from labelkit.runs.changed_gold import warn_of_changed_gold  # noqa: PLC0415 - as above
    from labelkit.runs.command_again import command_to_teach  # noqa: PLC0415 - as above
    from labelkit.runs.run_folder import RunFolder  # noqa: PLC0415 - as above
    from labelkit.runs.steps import patterns_of  # noqa: PLC0415 - as above

    run = RunFolder(folder)
    patterns = patterns_of([run], gold=gold, map_label=label_meanings(map_label, gold=gold))
    if is_switched_off("gold"):
        patterns = replace(patterns, gold=None)
    elif gold is None:
        warn_of_changed_gold(run)
    in_python = what_to_fix(patterns, model=run.votes_model() if run.is_labeled else None)
    teach = command_to_teach(run.manifest, str(folder), gold)
    findings = Findings(tuple(replace(one, why=as_commands(one.why, str(folder), teach)) for one in in_python))
    more = f"\n... and {len(findings) - n:,} more (--n)" if len(findings) > n else ""
    values = {"findings": shown_rows(findings[:n].to_dict()["findings"], "why")}
    return CommandAnswer.of(values, text=as_on_command_line(str(findings[:n])) + more)


@cli.command(name="explain")
@click.argument("codes", nargs=-1, metavar="[CODE]...")
def explain_command(codes: tuple[str, ...]) -> Any:
    """Say what the CODE at the end of a message means, what mostly causes it, and what to do; without one, list all.

    Codes are of errors (LK202), of what `labelkit check` finds (LK906), and of what `labelkit fix` reports (LK957).
    """
    from labelkit._shared.error_codes import explain_error  # noqa: PLC0415 - --help has to be quick

    return explain_error(*codes)
