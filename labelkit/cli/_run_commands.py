"""Commands that make runs and read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labelkit.cli._corpus_options import CorpusPath, with_corpus
from labelkit.cli._program import classes_named, cli, say, with_debug


@cli.command(name="run")
@click.argument("rules")
@with_corpus()
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The run folder to make.")
@click.option("--id", "id_", metavar="COLUMN", help="The column that names the examples (else: their positions).")
@click.option("--gold", metavar="COLUMN|FILE", help="Trusted labels, to judge the rules by.")
@click.option("--model", default="LabelModel", show_default=True, help="The label model.")
@click.option("--set", "options", metavar="NAME=VALUE", multiple=True, help="A parameter of the label model.")
@click.option("--labels", metavar="A,B,...", help="The classes, where the rules do not say.")
@click.option("--workers", default=1, show_default=True, help="Threads or processes to use.")
@click.option("--engine", metavar="NAME", help="serial, thread or process (else chosen by workers and rules).")
@click.option("--isolate", is_flag=True, help="Call the rules in processes: one that crashes is a fault.")
@click.option("--batch-size", default=65_536, show_default=True, help="Rows in memory at a time, for each worker.")
@click.option("--on-fault", type=click.Choice(["raise", "record"]), default="raise", show_default=True)
@click.option("--max-faults", type=int, help="With --on-fault record: stop when there are more.")
@click.option(
    "--time-limit", default=600.0, show_default=True, metavar="SECONDS", help="For a rule and batch; 0: none."
)
@click.option("--on-bad-row", type=click.Choice(["raise", "reject"]), default="raise", show_default=True)
@click.option("--no-cache", is_flag=True, help="Let every rule vote anew, and keep no votes.")
@click.option("--force", is_flag=True, help="Replace a run folder that exists.")
@click.option("--report/--no-report", default=True, help="Write report.html into the folder.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@with_debug
def run_command(
    rules: str,
    *,
    corpus: Any,
    reading: dict[str, Any],
    out: Path,
    id_: str | None,
    gold: str | None,
    model: str,
    options: tuple[str, ...],
    labels: str | None,
    no_cache: bool,
    quiet: bool,
    **settings: Any,
) -> None:
    """Apply RULES to CORPUS, and write votes, labels and statistics to a folder.

    RULES is a Python file, a folder of them or a dotted name. CORPUS is a file (Parquet, CSV, JSONL, JSON, text,
    Arrow, Excel), several, a folder, a quoted pattern such as 'data/**/*.csv.gz', any of these at an address
    (s3://bucket/data/*.parquet, https://...), or - for standard input. A run that was stopped goes on where it was
    when the same command is given again.
    """
    from labelkit.runs.pipeline import run  # noqa: PLC0415 - --help has to be quick

    finished = run(
        rules,
        corpus,
        out,
        id=id_,
        gold=gold,
        model=_model(model, options),
        labels=classes_named(labels),
        progress=False if quiet else None,
        cache=False if no_cache else None,
        **reading,
        **settings,
    )
    if not quiet:
        say(finished.describe_finished() if finished.was_finished else finished.describe())


def _model(name: str, options: tuple[str, ...]) -> Any:
    """A label model with the parameters that were set."""
    if not options:
        return name
    from ast import literal_eval  # noqa: PLC0415 - seldom needed
    from inspect import signature  # noqa: PLC0415 - as above

    from labelkit.label_models import MODELS  # noqa: PLC0415 - brings scikit-learn

    if name not in MODELS:
        raise click.BadParameter(f"there is no label model {name!r}; there are {', '.join(MODELS)}")
    values, parameters = {}, sorted(signature(MODELS[name]).parameters)
    for option in options:
        key, _, text = option.partition("=")
        if key not in parameters:
            raise click.BadParameter(f"--set {option}: {name} has the parameters {', '.join(parameters)}")
        try:
            values[key] = literal_eval(text)
        except (ValueError, SyntaxError):
            values[key] = text
    try:
        return MODELS[name](**values)
    except TypeError as error:
        raise click.BadParameter(f"--set {' '.join(options)}: {error}") from None


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@with_debug
def summarize(folder: Path) -> None:
    """Show the statistics of the run in FOLDER, a row for each labeling function."""
    from labelkit.runs.run_folder import RunFolder  # noqa: PLC0415 - --help has to be quick

    say(RunFolder(folder).describe())


@cli.command(name="diff")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--gold", metavar="COLUMN|FILE", help="Trusted labels, to judge the change by.")
@click.option("--sample", default=5, show_default=True, help="How many ids to show of each kind of flip.")
@with_debug
def diff_command(before: Path, after: Path, *, gold: str | None, sample: int) -> None:
    """Say what changed from the run in BEFORE to the run in AFTER: rules, votes, labels, and what gold says of it."""
    from labelkit.runs.diff import diff  # noqa: PLC0415 - --help has to be quick

    say(str(diff(before, after, gold=gold, sample=sample)))


@cli.command(name="why")
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("id_", metavar="ID")
@click.option("--corpus", type=CorpusPath(), help="Where the corpus is now, for the texts.")
@with_debug
def why_command(folder: Path, id_: str, *, corpus: Any) -> None:
    """Explain the label of the example ID of the run in FOLDER: its text, the votes, and what each of them moved."""
    from labelkit.runs.why import why  # noqa: PLC0415 - --help has to be quick

    say(str(why(folder, id_, corpus=corpus)))


@cli.command(name="drift")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--by", metavar="COLUMN", help="Compare the coverage in each slice of the corpora, too.")
@click.option("--alpha", default=0.05, show_default=True, help="Most probability of a false alarm.")
@click.option("--at-least", default=0.1, show_default=True, help="Least relative change of a share that is an alarm.")
@with_debug
def drift_command(before: Path, after: Path, **options: Any) -> None:
    """Say if votes and labels on the examples of the run in AFTER are like those of the run in BEFORE.

    Both are of the same rules, on examples of which none is in both. The exit status is 3 if there is an alarm.
    """
    from labelkit.runs.drift import drift  # noqa: PLC0415 - --help has to be quick

    result = drift(before, after, **options)
    say(str(result))
    if result.drifted:
        raise click.exceptions.Exit(3)


@cli.command(name="export")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--to", required=True, metavar="FILE", type=click.Path(path_type=Path), help="The file to write (hf: the folder)."
)
@click.option("--format", metavar="NAME", help="One of those above (else as the suffix of FILE says).")
@click.option("--columns", metavar="A,B,...", default="", help="Columns of the corpus to write beside the labels.")
@click.option("--corpus", type=CorpusPath(), help="Where the corpus is now, if it has moved.")
@click.option("--text", metavar="COLUMN", help="The column that an annotation tool shows.")
@click.option("--min-confidence", type=float, help="Leave out labels with a lower probability.")
@click.option("--default-label", metavar="CLASS", help="A label for the examples that are left out otherwise.")
@click.option("--unlabeled", is_flag=True, help="Write those without a label, too.")
@click.option("--votes", is_flag=True, help="Write the vote of each rule.")
@click.option("--reasons", is_flag=True, help="Write the names of the rules that voted for the label.")
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@with_debug
def export_command(folder: Path, *, to: Path, columns: str, **options: Any) -> None:
    """Write the labels of the run in FOLDER for another tool: a table, an annotation tool, a library that trains.

    Formats: parquet, csv, jsonl, xlsx, arrow; label-studio, prodigy, argilla; spacy, hf.
    """
    from labelkit.interop import export  # noqa: PLC0415 - --help has to be quick

    names = [name.strip() for name in columns.split(",") if name.strip()]
    say(str(export(folder, to, columns=names, **options)))


@cli.command(name="report")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="The file to write (else report.html in FOLDER).")
@click.option("--corpus", type=CorpusPath(), help="Where the corpus is now, for the texts of examples.")
@click.option("--open", "open_", is_flag=True, help="Open it in a browser.")
@with_debug
def report_command(folder: Path, *, out: Path | None, corpus: Any, open_: bool) -> None:
    """Write the report of the run in FOLDER: one HTML file that needs no network.

    It also tells of the other runs in the same parent folder.
    """
    from labelkit.runs.report import write_report  # noqa: PLC0415 - --help has to be quick

    path = write_report(folder, out, corpus=corpus)
    say(f"written to {path}")
    if open_:
        click.launch(str(path))


@cli.command(name="bundle")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The file to write: spam.labelkit.")
@click.option("--rules", help="Where the rules are now, if they were moved since the run.")
@click.option("--model", type=click.Path(path_type=Path), help="The folder of another fitted model than the run's.")
@click.option("--include", multiple=True, type=click.Path(path_type=Path), help="A further file that the rules read.")
@with_debug
def bundle_command(
    folder: Path, *, out: Path, rules: str | None, model: Path | None, include: tuple[Path, ...]
) -> None:
    """Put the rules and the label model of the run in FOLDER into one file that labels further records.

    labelkit predict, or lk.load_bundle in Python, label with it, wherever labelkit is installed.
    """
    from labelkit.bundles import bundle  # noqa: PLC0415 - --help has to be quick
    from labelkit.label_models import load_model  # noqa: PLC0415 - as above

    path = bundle(folder, out, rules=rules, model=None if model is None else load_model(model), include=include)
    say(f"written to {path} ({path.stat().st_size:,} bytes)")


@cli.command(name="predict")
@click.argument("bundle", type=click.Path(path_type=Path))
@with_corpus()
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A .parquet, .csv or .jsonl file.")
@click.option("--id", "id_", metavar="COLUMN", help="The column that names the examples (else: their positions).")
@click.option("--workers", default=1, show_default=True, help="Threads to use.")
@click.option("--on-fault", type=click.Choice(["raise", "record"]), default="raise", show_default=True)
@click.option("--on-bad-row", type=click.Choice(["raise", "reject"]), default="raise", show_default=True)
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@with_debug
def predict_command(
    bundle: Path, *, corpus: Any, reading: dict[str, Any], out: Path, id_: str | None, on_fault: str, **options: Any
) -> None:
    """Label CORPUS with BUNDLE, and write the labels to a file. This runs the code that is in the bundle."""
    from labelkit.bundles import load_bundle, predict_corpus  # noqa: PLC0415 - --help has to be quick

    with load_bundle(bundle, on_fault=on_fault) as loaded:  # type: ignore[arg-type] # one of the choices
        say(str(predict_corpus(loaded, corpus, out, id=id_, **reading, **options)))
