"""The command line: parse, call a typed function, print its result; the library never prints.

Exit status 0: all went well. 1: something in the rules, the corpus or the options is wrong (one line says what, one
what to do). 2: the command was called wrongly. 3: `drift` gives an alarm. 130: interrupted. 143:
ended by SIGTERM, which is taken as Ctrl-C is.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from labelkit._shared.command_line import as_on_command_line
from labelkit._shared.markup import visible
from labelkit._shared.secrets import masked
from labelkit._shared.time_limit import may_exit
from labelkit._shared.user_code import UserCode
from labelkit._shared.user_errors import described, plain
from labelkit._version import __version__
from labelkit.exceptions import LabelkitError

F = TypeVar("F", bound=Callable[..., Any])

_debug: list[bool] = [False]
_ended_by: list[int] = [signal.SIGINT]


def _set_debug(_context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's protocol
    if value:
        _debug[0] = True


def _with_debug(command: F) -> F:
    """Let ``--debug`` stand behind any command."""
    option = click.option(
        "--debug", is_flag=True, expose_value=False, callback=_set_debug, help="Show a traceback when something fails."
    )
    return option(command)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
@_with_debug
def cli() -> None:
    """Turn rules into training data.

    Write labeling functions in a Python module; labelkit applies them to a corpus and gives each example a
    probability for every class.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line, and end the process with a status that a script can rely on."""
    if "_LABELKIT_COMPLETE" in os.environ:
        cli.main(arguments, prog_name="labelkit")  # answers the shell, and ends the process
    _debug[0], _ended_by[0], may_exit[0] = False, signal.SIGINT, True
    warnings.showwarning = _show_warning
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _terminate)
    try:
        with UserCode():  # the modules and functions of rules
            status = cli.main(arguments, prog_name="labelkit", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo(
            "interrupted: nothing was written under the final name; the same command goes on where it was "
            "(with --force, it begins anew)",
            err=True,
        )
        status = 128 + _ended_by[0]
    except BaseException as error:  # noqa: BLE001 - nothing ends with a traceback, and SystemExit(0) is no success
        _show_error(error)
        status = 1
    _leave(status if isinstance(status, int) else 0)


def _terminate(_number: int, _frame: Any) -> None:
    """End as Ctrl-C does, also within the code of a rule."""
    _ended_by[0] = signal.SIGTERM
    signal.raise_signal(signal.SIGINT)


def _show_error(error: BaseException) -> None:
    """Say what went wrong in one line, and what to do in another."""
    if _debug[0]:
        click.echo(masked(traceback.format_exc()), err=True, nl=False)
    elif isinstance(error, LabelkitError | OSError):
        click.echo(f"error: {_shown(plain(str(error)))}", err=True)
    else:
        kind, message = described(error)
        click.echo(f"error: {_shown(f'{kind}: {message}')}\nHint: --debug shows where", err=True)


def _shown(message: str) -> str:
    """Return a message with options as they are written here, without secrets and characters that act."""
    return visible(masked(as_on_command_line(message)))


def _leave(status: int) -> NoReturn:
    """End the process, also where code of the user left threads that do not end by themselves."""
    main_thread = threading.main_thread()
    left = [one.name for one in threading.enumerate() if not one.daemon and one is not main_thread]
    if not left:
        sys.exit(status)
    click.echo(f"warning: threads that the rules started are still running, and are ended: {', '.join(left)}", err=True)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def _show_warning(message: Warning | str, *_where: Any, **_more: Any) -> None:
    click.echo(f"warning: {_shown(str(message))}", err=True)


@cli.command(name="run")
@click.argument("rules")
@click.argument("corpus")
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
@_with_debug
def run_command(
    rules: str,
    corpus: str,
    *,
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

    RULES is a Python file, a folder of them or a dotted name; CORPUS is Parquet, CSV or JSONL. A run that was
    stopped goes on where it was when the same command is given again.
    """
    from labelkit.runs.pipeline import run  # noqa: PLC0415 - --help has to be quick

    finished = run(
        rules,
        Path(corpus),
        out,
        id=id_,
        gold=gold,
        model=_model(model, options),
        labels=_classes(labels),
        progress=False if quiet else None,
        cache=False if no_cache else None,
        **settings,
    )
    if not quiet:
        click.echo(finished.describe_finished() if finished.was_finished else finished.describe())


def _classes(labels: str | None) -> list[str] | None:
    """Return the names in ``--labels``; spaces around them do not count."""
    return None if labels is None else [name.strip() for name in labels.split(",")]


def _model(name: str, options: tuple[str, ...]) -> Any:
    """A label model with the parameters that were set."""
    if not options:
        return name
    from ast import literal_eval  # noqa: PLC0415 - seldom needed

    from labelkit.label_models import MODELS  # noqa: PLC0415 - brings scikit-learn

    if name not in MODELS:
        raise click.BadParameter(f"there is no label model {name!r}; there are {', '.join(MODELS)}")
    values = {}
    for option in options:
        key, _, text = option.partition("=")
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
@_with_debug
def summarize(folder: Path) -> None:
    """Show the statistics of the run in FOLDER, a row for each labeling function."""
    from labelkit.runs.run_folder import RunFolder  # noqa: PLC0415 - --help has to be quick

    click.echo(RunFolder(folder).describe())


@cli.command(name="diff")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--gold", metavar="COLUMN|FILE", help="Trusted labels, to judge the change by.")
@click.option("--sample", default=5, show_default=True, help="How many ids to show of each kind of flip.")
@_with_debug
def diff_command(before: Path, after: Path, *, gold: str | None, sample: int) -> None:
    """Say what changed from the run in BEFORE to the run in AFTER: rules, votes, labels, and what gold says of it."""
    from labelkit.runs.diff import diff  # noqa: PLC0415 - --help has to be quick

    click.echo(str(diff(before, after, gold=gold, sample=sample)))


@cli.command(name="why")
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("id_", metavar="ID")
@click.option("--corpus", type=click.Path(path_type=Path), help="Where the corpus is now, for the texts.")
@_with_debug
def why_command(folder: Path, id_: str, *, corpus: Path | None) -> None:
    """Explain the label of the example ID of the run in FOLDER: its text, the votes, and what each of them moved."""
    from labelkit.runs.why import why  # noqa: PLC0415 - --help has to be quick

    click.echo(str(why(folder, id_, corpus=corpus)))


@cli.command(name="drift")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--by", metavar="COLUMN", help="Compare the coverage in each slice of the corpora, too.")
@click.option("--alpha", default=0.05, show_default=True, help="Most probability of a false alarm.")
@click.option("--at-least", default=0.1, show_default=True, help="Least relative change of a share that is an alarm.")
@_with_debug
def drift_command(before: Path, after: Path, **options: Any) -> None:
    """Say if votes and labels on the examples of the run in AFTER are like those of the run in BEFORE.

    Both are of the same rules, on examples of which none is in both. The exit status is 3 if there is an alarm.
    """
    from labelkit.runs.drift import drift  # noqa: PLC0415 - --help has to be quick

    result = drift(before, after, **options)
    click.echo(str(result))
    if result.drifted:
        raise click.exceptions.Exit(3)


@cli.command(name="export")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--to", required=True, metavar="FILE", type=click.Path(path_type=Path), help="The file to write (hf: the folder)."
)
@click.option("--format", metavar="NAME", help="One of those above (else as the suffix of FILE says).")
@click.option("--columns", metavar="A,B,...", default="", help="Columns of the corpus to write beside the labels.")
@click.option("--corpus", type=click.Path(path_type=Path), help="Where the corpus is now, if it has moved.")
@click.option("--text", metavar="COLUMN", help="The column that an annotation tool shows.")
@click.option("--min-confidence", type=float, help="Leave out labels with a lower probability.")
@click.option("--default-label", metavar="CLASS", help="A label for the examples that are left out otherwise.")
@click.option("--unlabeled", is_flag=True, help="Write those without a label, too.")
@click.option("--votes", is_flag=True, help="Write the vote of each rule.")
@click.option("--reasons", is_flag=True, help="Write the names of the rules that voted for the label.")
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@_with_debug
def export_command(folder: Path, *, to: Path, columns: str, **options: Any) -> None:
    """Write the labels of the run in FOLDER for another tool: a table, an annotation tool, a library that trains.

    Formats: parquet, csv, jsonl, xlsx, arrow; label-studio, prodigy, argilla; spacy, hf.
    """
    from labelkit.interop import export  # noqa: PLC0415 - --help has to be quick

    names = [name.strip() for name in columns.split(",") if name.strip()]
    click.echo(str(export(folder, to, columns=names, **options)))


@cli.command(name="report")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="The file to write (else report.html in FOLDER).")
@click.option("--corpus", type=click.Path(path_type=Path), help="Where the corpus is now, for the texts of examples.")
@click.option("--open", "open_", is_flag=True, help="Open it in a browser.")
@_with_debug
def report_command(folder: Path, *, out: Path | None, corpus: Path | None, open_: bool) -> None:
    """Write the report of the run in FOLDER: one HTML file that needs no network.

    It also tells of the other runs in the same parent folder.
    """
    from labelkit.runs.report import write_report  # noqa: PLC0415 - --help has to be quick

    path = write_report(folder, out, corpus=corpus)
    click.echo(f"written to {path}")
    if open_:
        click.launch(str(path))


@cli.command(name="bundle")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The file to write: spam.labelkit.")
@click.option("--rules", help="Where the rules are now, if they were moved since the run.")
@click.option("--model", type=click.Path(path_type=Path), help="The folder of another fitted model than the run's.")
@click.option("--include", multiple=True, type=click.Path(path_type=Path), help="A further file that the rules read.")
@_with_debug
def bundle_command(
    folder: Path, *, out: Path, rules: str | None, model: Path | None, include: tuple[Path, ...]
) -> None:
    """Put the rules and the label model of the run in FOLDER into one file that labels further records.

    labelkit predict, or lk.load_bundle in Python, label with it, wherever labelkit is installed.
    """
    from labelkit.bundles import bundle  # noqa: PLC0415 - --help has to be quick
    from labelkit.label_models import load_model  # noqa: PLC0415 - as above

    path = bundle(folder, out, rules=rules, model=None if model is None else load_model(model), include=include)
    click.echo(f"written to {path} ({path.stat().st_size:,} bytes)")


@cli.command(name="predict")
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("corpus", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A .parquet, .csv or .jsonl file.")
@click.option("--id", "id_", metavar="COLUMN", help="The column that names the examples (else: their positions).")
@click.option("--workers", default=1, show_default=True, help="Threads to use.")
@click.option("--on-fault", type=click.Choice(["raise", "record"]), default="raise", show_default=True)
@click.option("--on-bad-row", type=click.Choice(["raise", "reject"]), default="raise", show_default=True)
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@_with_debug
def predict_command(bundle: Path, corpus: Path, *, out: Path, id_: str | None, on_fault: str, **options: Any) -> None:
    """Label CORPUS with BUNDLE, and write the labels to a file. This runs the code that is in the bundle."""
    from labelkit.bundles import load_bundle, predict_corpus  # noqa: PLC0415 - --help has to be quick

    with load_bundle(bundle, on_fault=on_fault) as loaded:  # type: ignore[arg-type] # one of the choices
        click.echo(str(predict_corpus(loaded, corpus, out, id=id_, **options)))


@cli.command()
@click.argument("rules")
@click.argument("corpus", required=False)
@click.option("--labels", metavar="A,B,...", help="The classes, where the rules do not say.")
@click.option("--rows", default=1_000, show_default=True, help="How many rows of the corpus to try.")
@click.option("--gold", metavar="COLUMN|FILE", help="Trusted labels, to judge the gates on precision by.")
@click.option("--id", "id_", metavar="COLUMN", help="The column that names the examples, where gold is a file.")
@click.option("--strict", is_flag=True, help="Warnings are errors.")
@_with_debug
def check(rules: str, corpus: str | None, *, labels: str | None, strict: bool, id_: str | None, **options: Any) -> None:
    """Import RULES, run their examples, look for mistakes, and try them on a few rows of CORPUS.

    The exit status is 1 if there is an error: an example that does not get the vote that it expects, a rule that fails
    or cannot work, a gate (expect) that the rows of CORPUS break.
    """
    from labelkit.checks.check_rules import check_rules  # noqa: PLC0415 - --help has to be quick

    report = check_rules(rules, None if corpus is None else Path(corpus), labels=_classes(labels), id=id_, **options)
    click.echo(as_on_command_line(masked(str(report))))
    if not (report.clean if strict else report.ok):
        raise click.exceptions.Exit(1)


@cli.command()
@click.argument("rules")
@click.argument("corpus", type=click.Path(path_type=Path))
@click.option("--labels", metavar="A,B,...", help="The classes, where the rules do not say.")
@click.option("--rows", default=100_000, show_default=True, help="About how many rows to look at.")
@click.option("--price-in", type=float, help="What a million tokens of prompts cost (else: as the rules say).")
@click.option("--price-out", type=float, help="What a million tokens of answers cost.")
@click.option("--show", default=0, metavar="N", help="Show the first N prompts of each rule.")
@click.option("--ask", is_flag=True, help="Ask them too: the answers are paid for, and kept.")
@_with_debug
def plan(
    rules: str,
    corpus: Path,
    *,
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
    lfs = collect(rules, labels=_classes(labels))
    prices = None if price_in is None or price_out is None else (price_in, price_out)
    click.echo(str(estimate(lfs, corpus, rows=rows, prices=prices)))
    for lf in lfs if show or ask else ():
        if asks_a_model(lf):
            click.echo(f"\n{dry_run(lf, corpus, n=show or 10, ask=ask)}")


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@_with_debug
def init(folder: Path) -> None:
    """Make a small project in FOLDER that runs: rules, a corpus, a test."""
    from labelkit.datasets.starter_project import make_project  # noqa: PLC0415 - --help has to be quick

    for line in make_project(folder):
        click.echo(line)


@cli.command()
@click.argument("kind", type=click.Choice(["posts", "comments"]))
@click.option("--rows", default=10_000, show_default=True)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A .parquet, .csv or .jsonl file.")
@click.option("--random-state", default=0, show_default=True)
@_with_debug
def generate(kind: str, *, rows: int, out: Path, random_state: int) -> None:
    """Write a corpus of made-up posts or comments with hidden gold labels, to try things on."""
    from labelkit.datasets import generate_comments, generate_posts, write_corpus  # noqa: PLC0415 - as above

    make = generate_posts if kind == "posts" else generate_comments
    path = write_corpus(make(rows, random_state=random_state), out)
    click.echo(f"{rows:,} {kind} written to {path}")


@cli.group()
def cache() -> None:
    """Look after the votes that are kept, so that after an edit only the rules that it changed vote again."""


@cache.command(name="info")
@click.argument("rules", required=False)
@click.option("--labels", metavar="A,B,...", help="The classes, where the rules do not say.")
@_with_debug
def cache_info(rules: str | None, *, labels: str | None) -> None:
    """Say what is kept and where; with RULES, whether the votes of each are, and why not."""
    from labelkit.apply.vote_cache import VoteCache, why_not  # noqa: PLC0415 - --help has to be quick
    from labelkit.rules.collect import collect  # noqa: PLC0415 - as above

    kept = VoteCache()
    n_columns, n_bytes = kept.size()
    room = f"{n_bytes / 1e6:,.1f} of {kept.max_bytes / 1e6:,.0f} MB"
    click.echo(f"{n_columns:,} columns of votes, {room}, in {kept.folder}")
    _tell_answers()
    for lf in () if rules is None else collect(rules, labels=_classes(labels)):
        reasons = why_not(lf)
        click.echo(f"  {lf.name}: {'kept' if not reasons else 'not kept: ' + '; '.join(reasons)}")
    if rules is not None:
        click.echo("a rule that is not kept though it could be: @labeling_function(cache=True) is your word for it")


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
    click.echo(f"{n_answers:,} answers of language models ({paid}) in {path}")


@cache.command(name="clear")
@click.option("--answers", is_flag=True, help="Remove the answers of language models too, which were paid for.")
@_with_debug
def cache_clear(*, answers: bool) -> None:
    """Remove all votes that are kept."""
    from labelkit.apply.vote_cache import VoteCache  # noqa: PLC0415 - --help has to be quick

    kept = VoteCache()
    click.echo(f"{kept.clear():,} columns of votes removed from {kept.folder}")
    if answers:
        from labelkit.rules.prompts.answer_store import AnswerStore  # noqa: PLC0415 - as above

        store = AnswerStore()
        click.echo(f"{store.clear():,} answers removed from {store.path}")
        store.close()


if __name__ == "__main__":
    main()
