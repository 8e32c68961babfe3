"""Commands that make runs and read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labelkit.cli._answers import CommandAnswer, of_run, written
from labelkit.cli._common_options import (
    OwnOption,
    columns_among,
    columns_of_run,
    is_switched_off,
    label_meanings,
    names_among,
    with_gold_meanings,
    with_gold_options,
    with_rule_options,
)
from labelkit.cli._corpus_options import CorpusPath, with_corpus
from labelkit.cli._folder_commands import data_set_in
from labelkit.cli._model_options import check_model, chosen_model, with_model_options
from labelkit.cli._program import cli
from labelkit.cli._voting_options import voted_on, with_row_options, with_voting_options


@cli.command(name="run")
@click.argument("rules")
@with_corpus()
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="The run folder to make, or its address: s3://bucket/runs/first.",
)
@with_gold_options
@with_model_options
@click.option(
    "--text-column",
    "--text-columns",
    "text_columns",
    metavar="A,B,...",
    multiple=True,
    help="What ContentLabelModel reads (else: text).",
)
@with_rule_options
@with_row_options
@with_voting_options
@click.option("--force", is_flag=True)
@click.option("--update", is_flag=True, help="Bring a finished run up to date: vote on new rows, by changed rules.")
@click.option("--keep-model", is_flag=True, help="With --update: keep the label model, and label the new rows with it.")
@click.option("--report/--no-report", default=True, help="Write report.html into the folder.")
def run_command(
    rules: str,
    *,
    corpus: Any,
    reading: dict[str, Any],
    out: Path,
    model: str,
    options: tuple[str, ...],
    class_prior: tuple[str, ...],
    teach: bool,
    report: bool,
    text_columns: tuple[str, ...],
    **settings: Any,
) -> Any:
    """Apply RULES to CORPUS, and write votes, labels and statistics to a folder.

    RULES is a Python file, a folder of them or a dotted name. CORPUS is a file (Parquet, CSV, JSONL, JSON, text,
    Arrow, Excel), several, a folder, a quoted pattern such as 'data/**/*.csv.gz', any of these at an address
    (s3://bucket/data/*.parquet, https://...), or - for standard input. A run that was stopped goes on where it was
    when the same command is given again. One that is finished is brought up to date by --update, as a new version of
    the folder (labelkit history); with --force, it is made anew.
    """
    from labelkit._shared.garbage import nothing_is_garbage  # noqa: PLC0415 - --help has to be quick

    with nothing_is_garbage():
        from labelkit.runs.label_stage import LabelStage  # noqa: PLC0415 - as above

    check_model(model, options)
    texts = columns_among("--text-columns", text_columns, corpus, reading)
    finished = voted_on(
        rules,
        corpus,
        out,
        lambda names: LabelStage(chosen_model(model, options, class_prior, names), teach, report, text_columns=texts),
        reading=reading,
        **settings,
    )
    return of_run(finished)


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
def summarize(folder: Path) -> Any:
    """Show the statistics of the run in FOLDER, a row for each labeling function."""
    from labelkit.runs.changed_gold import warn_of_changed_gold  # noqa: PLC0415 - --help has to be quick
    from labelkit.runs.run_folder import RunFolder  # noqa: PLC0415 - as above

    run = RunFolder(folder)
    warn_of_changed_gold(run)
    return of_run(run)


@cli.command(name="diff")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--gold", metavar="COLUMN|FILE")
@with_gold_meanings
@click.option("--sample", default=5, show_default=True, help="How many ids to show of each kind of flip.")
def diff_command(before: Path, after: Path, *, gold: str | None, map_label: tuple[str, ...], sample: int) -> Any:
    """Say what changed from the run in BEFORE to the run in AFTER: rules, votes, labels, and what gold says of it.

    Of two data sets, or versions of one: steps, and which examples came, went or have another split, label or weight;
    gold is of runs alone.
    """
    from labelkit.runs.diff import diff  # noqa: PLC0415 - --help has to be quick

    sides = [data_set_in(before), data_set_in(after)]
    if None not in sides:
        from labelkit.curation.data_set.difference import difference_of  # noqa: PLC0415 - --help has to be quick

        return difference_of(*sides)
    asked = False if is_switched_off("gold") else gold
    return diff(before, after, gold=asked, map_label=label_meanings(map_label, gold=gold), sample=sample)


@cli.command(name="why")
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("id_", metavar="ID")
@click.option("--corpus", type=CorpusPath())
def why_command(folder: Path, id_: str, *, corpus: Any) -> Any:
    """Explain the label of the example ID of the run in FOLDER: its text, the votes, and what each of them moved."""
    from labelkit.runs.why import why  # noqa: PLC0415 - --help has to be quick

    return why(folder, id_, corpus=corpus)


@cli.command(name="drift")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--by", metavar="COLUMN", help="Compare the coverage in each slice of the corpora, too.")
@click.option("--alpha", default=0.05, show_default=True, help="Most probability of a false alarm.")
@click.option(
    "--at-least",
    default=0.1,
    show_default=True,
    help="Least relative change of a share, or of the rest, that is an alarm.",
)
def drift_command(before: Path, after: Path, **options: Any) -> Any:
    """Say if votes and labels on the examples of the run in AFTER are like those of the run in BEFORE.

    Both are of the same rules, on examples of which none is in both; of an update (RUN@1 RUN), whose ids show that all
    of BEFORE is in AFTER, the new examples are compared. The exit status is 3 if there is an alarm.
    """
    from labelkit.runs.drift import drift  # noqa: PLC0415 - --help has to be quick

    result = drift(before, after, **options)
    return CommandAnswer.of(result, status=3 if result.drifted else 0)


@cli.command(name="export")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--to", required=True, metavar="FILE", type=click.Path(path_type=Path), help="The file to write (hf: the folder)."
)
@click.option("--format", metavar="NAME", help="One of those above (else as the suffix of FILE says).")
@click.option("--columns", metavar="A,B,...", multiple=True, help="Columns of the corpus to write beside the labels.")
@click.option("--corpus", type=CorpusPath())
@click.option("--text", metavar="COLUMN", help="The column that an annotation tool shows.")
@click.option("--min-confidence", type=float, help="Leave out labels with a lower probability.")
@click.option("--default-label", metavar="CLASS", help="A label for the examples that are left out otherwise.")
@click.option("--unlabeled", is_flag=True, help="Write those without a label, too.")
@click.option("--votes", is_flag=True, help="Write the vote of each rule.")
@click.option("--reasons", is_flag=True, help="Write the names of the rules that voted for the label.")
@click.option("--encoding", cls=OwnOption, metavar="NAME", help="Of csv (else UTF-8); utf-8-sig is for Excel.")
@click.option("--force", is_flag=True)
def export_command(folder: Path, *, to: Path, columns: tuple[str, ...], **options: Any) -> Any:
    """Write the labels of the run in FOLDER for another tool: a table, an annotation tool, a library that trains.

    Formats: parquet, csv, jsonl, xlsx, arrow; label-studio, prodigy, argilla; spacy, hf. For Excel, write xlsx, or
    csv with --encoding utf-8-sig: it shows other signs in place of the umlauts of other csv.
    """
    from labelkit.interop.export import export  # noqa: PLC0415 - --help has to be quick

    names = names_among("--columns", columns, lambda: columns_of_run(folder, options["corpus"]))
    return export(folder, to, columns=names, **options)


@cli.command(name="report")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="The file to write (else report.html in FOLDER).")
@click.option("--corpus", type=CorpusPath())
@click.option("--open", "open_", is_flag=True, help="Open it in a browser.")
@click.option("--force", is_flag=True)
def report_command(folder: Path, *, out: Path | None, corpus: Any, open_: bool, force: bool) -> Any:
    """Write the report of the run in FOLDER: one HTML file that needs no network.

    It also tells of the other runs in the same parent folder.
    """
    from labelkit.runs.local_copies import shown_place  # noqa: PLC0415 - --help has to be quick
    from labelkit.runs.report import write_report  # noqa: PLC0415 - as above

    path = write_report(folder, out, corpus=corpus, force=force)
    if open_:
        click.launch(str(path))
    place = shown_place(path)
    return written(place, f"written to {place}")


@cli.command(name="bundle")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The file to write: spam.labelkit.")
@click.option("--rules", metavar="PATH")
@click.option("--model", type=click.Path(path_type=Path), help="Another model than the run's: its folder, or a run.")
@click.option("--include", multiple=True, type=click.Path(path_type=Path), help="A further file that the rules read.")
@click.option("--force", is_flag=True)
def bundle_command(
    folder: Path, *, out: Path, rules: str | None, model: Path | None, include: tuple[Path, ...], force: bool
) -> Any:
    """Put the rules and the label model of the run in FOLDER into one file that labels further records.

    labelkit predict, or lk.load_bundle in Python, label with it, wherever labelkit is installed.
    """
    from labelkit.bundles import bundle  # noqa: PLC0415 - --help has to be quick
    from labelkit.runs.steps import stored_model  # noqa: PLC0415 - as above

    fitted = None if model is None else stored_model(model)
    path = bundle(folder, out, rules=rules, model=fitted, include=include, force=force)
    n_bytes = path.stat().st_size
    return written(path, f"written to {path} ({n_bytes:,} bytes)", bytes=n_bytes)


@cli.command(name="predict")
@click.argument("bundle", type=click.Path(path_type=Path))
@with_corpus()
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, allow_dash=True),
    help="A .parquet, .csv or .jsonl file; - is standard output.",
)
@click.option(
    "--out-format",
    type=click.Choice(["csv", "jsonl"]),
    help="Of standard output, --out - (else csv; of a file, its suffix).",
)
@click.option("--id", "id_", metavar="COLUMN")
@click.option("--workers", default=1, show_default=True)
@click.option("--on-fault", type=click.Choice(["raise", "record"]), default="raise", show_default=True)
@click.option("--on-bad-row", type=click.Choice(["raise", "reject"]), default="raise", show_default=True)
@click.option("--force", is_flag=True)
def predict_command(
    bundle: Path,
    *,
    corpus: Any,
    reading: dict[str, Any],
    out: Path,
    out_format: str | None,
    id_: str | None,
    on_fault: str,
    **options: Any,
) -> Any:
    """Label CORPUS with BUNDLE, and write the labels to a file. This runs the code that is in the bundle.

    Columns that the run read under other names (--map) are read so, too, unless --map or --no-map is given. With
    --out - the labels go to standard output once all are there, and the counts to standard error.
    """
    from labelkit.bundles import load_bundle, predict_corpus  # noqa: PLC0415 - --help has to be quick

    if is_switched_off("rename"):
        reading = {**reading, "rename": {}}
    is_stream = str(out) == "-"
    if out_format is not None and not is_stream:
        raise click.BadParameter(f"--out-format is of standard output, --out -: the suffix of {out} tells its format")

    def predicted(file: Path) -> Any:
        with load_bundle(bundle, on_fault=on_fault) as loaded:  # type: ignore[arg-type] # one of the choices
            return predict_corpus(loaded, corpus, file, id=id_, **reading, **options)

    if not is_stream:
        return predicted(out)
    from labelkit.cli._streamed_labels import streamed  # noqa: PLC0415 - --help has to be quick

    return streamed(predicted, f".{out_format or 'csv'}")
