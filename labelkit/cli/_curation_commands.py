"""Commands by which people label: sample and next choose examples, annotate opens a page to label them on."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from labelkit._shared.written_lists import entries_written
from labelkit.cli._answers import CommandAnswer, written
from labelkit.cli._common_options import (
    OwnOption,
    SharedOption,
    check_free,
    classes_named,
    collected,
    columns_among,
    columns_of_run,
    examples_of_run,
    is_default_of_project,
    names_among,
    option_name,
    with_gold_meanings,
    with_gold_of_run,
    with_rule_options,
)
from labelkit.cli._corpus_options import with_corpus
from labelkit.cli._program import cli
from labelkit.exceptions import ExportError

if TYPE_CHECKING:
    from labelkit.annotate.session import AnnotationSession

_TABLES = (".csv", ".parquet")

_METHODS: Final = (
    "random",
    "stratified",
    "weighted",
    "importance",
    "systematic",
    "cluster",
    "reservoir",
    "quota",
    "snowball",
    "judgment",
    "convenience",
)


_with_confidence: Final = click.option(
    "--confidence",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Of the intervals.",
)


@cli.command(name="sample")
@with_corpus()
@click.option(
    "--method",
    type=click.Choice(_METHODS),
    metavar="NAME",
    default="random",
    show_default=True,
    help=f"The design: {', '.join(_METHODS)}.",
)
@click.option("--n", type=click.IntRange(min=1), help="Examples to draw; clusters, of --method cluster.")
@click.option("--by", metavar="COLUMN", help="Strata or clusters; of a run: a rule, label or confidence.")
@click.option("--weights", metavar="COLUMN", help="Chances are in proportion to it; of a run: uncertainty.")
@click.option(
    "--allocation",
    type=click.Choice(["proportional", "equal", "neyman"]),
    metavar="NAME",
    default="proportional",
    show_default=True,
    help="Rows of each stratum: proportional, equal, or neyman, where labels are uncertain.",
)
@click.option(
    "--quota", "quotas", metavar="GROUP=N,...", multiple=True, help="Of quota: rows of each group (else --n / groups)."
)
@click.option("--ids", metavar="ID,...", multiple=True, help="Of judgment: the examples; of snowball: the first ones.")
@click.option("--edges", metavar="FILE", help="Of snowball: a file of two columns, the ids at the ends of each edge.")
@click.option("--columns", metavar="A,B,...", multiple=True, help="Columns of the corpus to write beside the ids.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A .parquet or .csv file to write.")
@click.option("--id", "id_", metavar="COLUMN")
@click.option("--random-state", default=0, show_default=True)
@click.option("--force", is_flag=True)
def sample_command(
    *,
    corpus: Any,
    reading: dict[str, Any],
    out: Path,
    quotas: tuple[str, ...],
    ids: tuple[str, ...],
    edges: str | None,
    columns: tuple[str, ...],
    id_: str | None,
    by: str | None,
    force: bool,
    **options: Any,
) -> CommandAnswer:
    """Draw examples of CORPUS, or of the run in that folder, for people to label.

    The file has the id, the position and the inclusion probability of each, by which estimates from the answers are
    unbiased: `labelkit estimate FILE --answered ...` makes them.
    """
    from labelkit.curation.sampling import sample  # noqa: PLC0415 - --help has to be quick

    check_free(out, force=force, corpus=corpus)
    run = _run(corpus)
    if run is not None:
        _refuse_of_files("id_", *reading)
    data = corpus if run is None else _values_of(run, by)
    where = {"id": id_, **reading} if run is None else {}
    from labelkit.cli._given_ids import GivenIds  # noqa: PLC0415 - --help has to be quick

    written_ids = GivenIds(corpus, run, id_, reading)
    options |= {"ids": written_ids.listed(ids), "edges": written_ids.edges(edges), "quotas": _quotas(quotas)}
    drawn = sample(data, by=by, **where, **options)
    if run is None:
        names = columns_among("--columns", columns, corpus, where)
    else:
        names = names_among("--columns", columns, lambda: columns_of_run(Path(corpus)))
    drawn.save(out, beside=_columns(drawn, names, corpus if run is None else run, where) if names else None)
    return written(out, f"{drawn}\nwritten to {out}", **drawn.to_dict())


def _run(corpus: Any) -> Any:
    """Return the run in a folder; None for what is no run."""
    from labelkit.runs.local_copies import is_run  # noqa: PLC0415 - --help has to be quick
    from labelkit.runs.run_folder import RunFolder  # noqa: PLC0415 - as above
    from labelkit.runs.versioned_layout import named_version  # noqa: PLC0415 - as above

    if is_run(corpus):
        return RunFolder(Path(corpus))
    if not isinstance(corpus, Path):
        return None
    folder, version = named_version(corpus)
    return None if version is None or not is_run(folder) else RunFolder(folder, version)


def _refuse_of_files(*names: str) -> None:
    """Refuse options that say how a corpus is read, given for a run, which says so itself; defaults of a file pass."""
    context = click.get_current_context()
    given = [one for one in context.command.params if one.name in names and isinstance(one, click.Option)]
    for option in given:
        if context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE:
            flag = f"--{option_name(option)}"
            raise click.UsageError(f"{flag} says how a corpus is read, and a run is given: leave it out")


def _values_of(run: Any, by: str | None) -> Any:
    """Return the labels of a run, or its votes where the strata are those of a rule."""
    return run.labels() if run.is_labeled and by in {None, "label", "confidence"} else run.matrix()


def _columns(drawn: Any, names: list[str], source: Any, where: dict[str, Any]) -> Any:
    """Read columns of the examples of a sample, from the corpus or that of a run."""
    from labelkit.corpus.rows_at import examples_at  # noqa: PLC0415 - --help has to be quick
    from labelkit.runs.run_examples import RunExamples  # noqa: PLC0415 - as above
    from labelkit.runs.run_folder import RunFolder  # noqa: PLC0415 - as above

    if not isinstance(source, RunFolder):
        return drawn.rows(source, names, **where)[names]
    run = RunExamples.of(source)
    return examples_at(run.corpus, run.matrix.examples, drawn.positions, names).to_pandas()


def _quotas(texts: tuple[str, ...]) -> dict[str, int] | None:
    """Return the rows of each group."""
    from labelkit._shared.written_pairs import values_first  # noqa: PLC0415 - --help has to be quick

    quotas: dict[str, int] = {}
    for text in values_first(texts):
        name, sign, rows = text.rpartition("=")
        if not (sign and rows.strip().isdecimal()):
            raise click.BadParameter(f"--quota {text}: write GROUP=N, such as web=20")
        if quotas.setdefault(name.strip(), int(rows)) != int(rows):
            raise click.BadParameter(f"--quota names {name.strip()!r} twice")
    return quotas or None


@cli.command(name="estimate")
@click.argument("sample", type=click.Path(path_type=Path))
@click.option(
    "--answered", "gold", required=True, metavar="FILE", help="What people said: of annotate, or ids and labels."
)
@click.option("--encoding", cls=OwnOption, metavar="NAME", help="Of the file of answers, such as cp1252 (else UTF-8).")
@click.option("--by", metavar="COLUMN", help="Estimate for each value of a column of SAMPLE, such as stratum.")
@_with_confidence
def estimate_command(sample: Path, *, gold: str, encoding: str | None, by: str | None, confidence: float) -> Any:
    """Estimate how frequent each class is in the corpus, from the answers to SAMPLE, a file that sample wrote.

    Intervals allow for the design of the sample: chances, strata, clusters.
    """
    from labelkit.curation.sampling import Sample  # noqa: PLC0415 - --help has to be quick
    from labelkit.interop.read_gold import read_gold  # noqa: PLC0415 - as above

    drawn = Sample.load(sample)
    from labelkit.cli._given_ids import columns_of_file  # noqa: PLC0415 - --help has to be quick

    groups = None if by is None else columns_of_file(sample, [by])[0]
    answers = read_gold(gold, encoding=encoding)
    if drawn.ids.dtype.kind == "O":
        answers.index = answers.index.map(str)
    return CommandAnswer.of(drawn.estimate(answers, by=groups, confidence=confidence))


@cli.command(name="agreement")
@click.argument("answers", type=click.Path(path_type=Path))
@click.option("--encoding", cls=OwnOption, metavar="NAME", help="Of ANSWERS, such as cp1252 (else UTF-8).")
@click.option("--judges", metavar="NAME,...", multiple=True, help="Annotators that are no people: compared with these.")
@click.option("--ordinal", is_flag=True, help="The classes are ordered, as --labels lists them.")
@click.option("--labels", "classes", metavar="A,B,...", multiple=True, help="The classes, in their order.")
@_with_confidence
def agreement_command(
    answers: Path, *, encoding: str | None, judges: tuple[str, ...], classes: tuple[str, ...], **options: Any
) -> Any:
    """Say how far annotators agree, of ANSWERS: the file that annotate wrote, or any with a row for each answer.

    Raw agreement, Cohen's and Fleiss' kappa and Krippendorff's alpha with intervals, by class and by annotator; who
    answers alike whatever is asked, or too fast, is named.
    """
    from labelkit.annotate.agreement import agreement  # noqa: PLC0415 - --help has to be quick
    from labelkit.corpus import open_corpus  # noqa: PLC0415 - as above

    table = answers if encoding is None else open_corpus(answers, encoding=encoding)
    return CommandAnswer.of(agreement(table, judges=entries_written(judges), classes=classes_named(classes), **options))


@cli.command(name="next")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--n", type=click.IntRange(min=1), default=20, show_default=True, help="How many examples.")
@click.option(
    "--strategy",
    default="random",
    show_default=True,
    metavar="NAME",
    help="Where labels are uncertain: entropy, margin, least_confident; where rules or models differ: disagreement, "
    "committee; for the label model: expected_change; for one rule: rule; for a slice: slices; random; bandit mixes.",
)
@click.option(
    "--random-share", type=click.FloatRange(0, 1), default=0.25, show_default=True, help="The share at random."
)
@click.option("--rule", metavar="RULE", help="Of the strategy rule: whose precision is looked for.")
@click.option("--by", metavar="COLUMN", help="Of the strategy slices: a column of the corpus.")
@click.option("--columns", metavar="A,B,...", multiple=True, help="Columns of the corpus to write beside the ids.")
@click.option("--corpus", type=click.Path(path_type=Path))
@with_gold_of_run
@with_gold_meanings
@click.option("--random-state", default=0, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="The table to write: a .csv or .parquet file.")
@click.option("--force", is_flag=True)
def next_command(
    folder: Path,
    *,
    gold: str | None,
    map_label: tuple[str, ...],
    by: str | None,
    columns: tuple[str, ...],
    corpus: Path | None,
    out: Path | None,
    force: bool,
    **options: Any,
) -> Any:
    """Choose the examples of the run in FOLDER whose answers tell most, and a share at random.

    Examples with gold, that of the run or --gold, are not asked again (--no-gold: they are). Estimates are made from
    the answers to those that were drawn at random (inclusion_probability in the table) alone.

    No two examples are nearly the same, and texts with foreign words are left to chance.
    """
    import numpy as np  # noqa: PLC0415 - --help has to be quick

    from labelkit.corpus.rows_at import examples_at  # noqa: PLC0415 - as above
    from labelkit.curation.next_to_label import next_to_label  # noqa: PLC0415 - as above
    from labelkit.runs.run_folder import RunFolder  # noqa: PLC0415 - as above

    if out is not None and out.suffix.lower() not in _TABLES:
        raise ExportError(f"{str(out)!r} is neither .csv nor .parquet", hint="--out next.csv", code="LK532")
    if out is not None:
        check_free(out, force=force, corpus=corpus)
    if by is not None and options["strategy"] != "slices" and not is_default_of_project("by"):
        raise click.UsageError(f"--by is of --strategy slices, and --strategy {options['strategy']} does not use it")
    if options["rule"] is not None and options["strategy"] != "rule" and not is_default_of_project("rule"):
        raise click.UsageError(f"--rule is of --strategy rule, and --strategy {options['strategy']} does not use it")
    if columns and out is None and not is_default_of_project("columns"):
        raise click.UsageError("--columns are written beside the ids: give --out, too")
    run = examples_of_run(RunFolder(folder), corpus=corpus, gold=gold, map_label=map_label)
    if run.gold is not None and len(run.gold) and (run.gold >= 0).all():
        raise click.UsageError("every example has gold, so that there is nothing to ask: --no-gold asks again")
    text = next((name for name in ("text", *run.corpus.column_names) if _is_text(run.corpus, name)), None)
    wanted = list(dict.fromkeys(name for name in (text, by) if name is not None))
    values = examples_at(run.corpus, run.matrix.examples, np.arange(len(run.matrix)), wanted) if wanted else None
    chosen = next_to_label(
        run.matrix,
        run.labels,
        gold=run.gold,
        texts=None if text is None or values is None else values.column(text).to_pylist(),
        slices=None if by is None or values is None else values.column(by).to_pylist(),
        **options,
    )
    if out is not None:
        from labelkit._shared.files import replaced  # noqa: PLC0415 - as above

        frame = chosen.frame
        names = names_among("--columns", columns, lambda: run.corpus.column_names) or ([] if text is None else [text])
        beside = examples_at(run.corpus, run.matrix.examples, chosen.positions, names)
        for name in names:
            frame[name] = beside.column(name).to_pylist()
        with replaced(out) as draft:
            frame.to_csv(draft, index=False) if out.suffix.lower() == ".csv" else frame.to_parquet(draft, index=False)
    answer = {**chosen.to_dict(), "path": None if out is None else str(out)}
    more = "" if out is None else f"\nwritten to {out}"
    return CommandAnswer(lambda: f"{chosen}{more}", lambda: answer)


def _is_text(corpus: Any, name: str) -> bool:
    """Return whether a column holds texts, and is not that of the ids."""
    import pyarrow as pa  # noqa: PLC0415 - --help has to be quick

    if name == corpus.id or not corpus.has_column(name):
        return False
    kind = corpus.column_type(name)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


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
@click.option(
    "--rules", cls=SharedOption, metavar="PATH", help="Whose classes are asked for, and whose votes are shown."
)
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
    labels: tuple[str, ...],
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

    if rules is None and (select or exclude) and not is_default_of_project("select", "exclude"):
        raise click.UsageError("--select and --exclude choose among rules: give --rules, too")
    session = AnnotationSession(
        corpus,
        out,
        rules=None if rules is None else collected(rules, labels, select, exclude),
        labels=classes_named(labels),
        id=id_,
        columns=columns_among("--columns", columns, corpus, {"id": id_, **reading}) or None,
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
            import webbrowser  # noqa: PLC0415 - slow to import

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
