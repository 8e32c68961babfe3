"""Commands that do one step of a run, each reading what the others wrote: apply, fit, label."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from labelkit.cli._answers import of_run, written
from labelkit.cli._common_options import (
    is_switched_off,
    label_meanings,
    with_gold_meanings,
    with_gold_options,
    with_rule_options,
)
from labelkit.cli._corpus_options import with_corpus
from labelkit.cli._model_options import check_model, chosen_model, with_model_options
from labelkit.cli._program import cli
from labelkit.cli._voting_options import voted_on, with_row_options, with_voting_options


@cli.command(name="apply")
@click.argument("rules")
@with_corpus()
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder of votes to make.")
@with_gold_options
@with_rule_options
@with_row_options
@with_voting_options
@click.option("--force", is_flag=True)
@click.option("--update", is_flag=True, help="Bring finished votes up to date: vote on new rows, by changed rules.")
def apply_command(rules: str, *, corpus: Any, reading: dict[str, Any], out: Path, **settings: Any) -> Any:
    """Apply RULES to CORPUS, and write the votes to a folder; no label model is fitted.

    `labelkit fit` learns a label model from the votes, and `labelkit label` makes labels of them; `labelkit run` does
    all three. When the same command is given again after it was stopped, it goes on where it was.
    Votes that are finished are brought up to date by --update, as a new version of the folder (labelkit history).
    """
    return of_run(voted_on(rules, corpus, out, lambda _: None, reading=reading, **settings))


@cli.command(name="fit")
@click.argument("votes", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder of the label model to make.")
@click.option("--gold", metavar="COLUMN|FILE")
@with_gold_meanings
@with_model_options
@click.option("--force", is_flag=True)
def fit_command(
    votes: tuple[Path, ...],
    *,
    out: Path,
    gold: str | None,
    map_label: tuple[str, ...],
    model: str,
    options: tuple[str, ...],
    class_prior: tuple[str, ...],
    teach: bool,
    force: bool,
) -> Any:
    """Learn a label model from VOTES: a folder that apply or run wrote, a saved matrix, or several of these.

    Several are parts of one corpus, or corpora of one kind, on which the same rules voted.
    """
    from labelkit.label_models.taught_examples import note_taught  # noqa: PLC0415 - --help has to be quick
    from labelkit.runs.finished_run import described_model  # noqa: PLC0415 - as above
    from labelkit.runs.given_votes import all_opened  # noqa: PLC0415 - as above
    from labelkit.runs.steps import fit_patterns, patterns_of, save_model  # noqa: PLC0415 - as above
    from labelkit.runs.taught_elsewhere import examples_with_gold  # noqa: PLC0415 - as above

    check_model(model, options)
    patterns = patterns_of(votes, gold=gold, map_label=label_meanings(map_label, gold=gold))
    if is_switched_off("gold"):
        patterns = replace(patterns, gold=None)
    chosen = chosen_model(model, options, class_prior, patterns.class_names)
    fitted = fit_patterns(patterns, chosen, teach=teach)
    if teach:
        note_taught(fitted, examples_with_gold(all_opened(votes).values(), gold, label_meanings(map_label, gold=gold)))
    evaluation = None if patterns.gold is None else fitted.evaluate(patterns)
    save_model(fitted, out, force=force)
    lines = [f"{type(fitted).__name__} learned from {patterns!r}", *([] if evaluation is None else [str(evaluation)])]
    lines.append(f"written to {out}: labelkit label VOTES --model {out} --out LABELS uses it")
    return written(
        out,
        "\n".join(lines),
        model=described_model(fitted),
        examples=patterns.n_examples,
        patterns=len(patterns),
        rules=[lf.name for lf in patterns.lfs],
        classes=list(patterns.class_names),
        evaluation=evaluation,
    )


@cli.command(name="label")
@click.argument("votes", type=click.Path(path_type=Path))
@click.option(
    "--model",
    required=True,
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="A label model that fit wrote, or a run folder, for its model.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="The run folder to make, or a .parquet file of labels.",
)
@click.option("--force", is_flag=True)
@click.option("--report/--no-report", default=True, help="Write report.html into the folder.")
def label_command(votes: Path, *, model: Path, out: Path, force: bool, report: bool) -> Any:
    """Label VOTES, a folder that apply or run wrote, with a label model that was fitted before.

    The folder that is made is a run folder, as labelkit run makes it: summarize, report, export, diff and the other
    commands read it.
    """
    from labelkit._shared.numbers import plural  # noqa: PLC0415 - --help has to be quick
    from labelkit.runs.steps import (  # noqa: PLC0415 - as above
        is_label_file,
        label_to_file,
        label_to_folder,
        stored_model,
    )

    to_file, fitted = is_label_file(out), stored_model(model)
    if to_file:
        n_examples = label_to_file(votes, fitted, out, force=force)
        return written(out, f"{plural(n_examples, 'example')} written to {out}", examples=n_examples)
    return of_run(label_to_folder(votes, fitted, out, report=report, force=force))
