"""Commands that choose which examples people label: sample."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from labelkit.cli._answers import CommandAnswer, written
from labelkit.cli._common_options import listed
from labelkit.cli._corpus_options import with_corpus
from labelkit.cli._program import cli
from labelkit.exceptions import ExportError

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
    unbiased. `labelkit.Sample.load(FILE).estimate(answers)` makes them.
    """
    from labelkit.curation.sampling import sample  # noqa: PLC0415 - --help has to be quick

    if out.exists() and not force:
        raise ExportError(f"{str(out)!r} exists already", hint="--force replaces it, or give another --out")
    run = _run(corpus)
    data = corpus if run is None else _values_of(run, by)
    where = {"id": id_, **reading} if run is None else {}
    pairs = None if edges is None else _edges(edges)
    drawn = sample(data, by=by, ids=_as_ids(ids), edges=pairs, **where, **options)
    names = listed(columns)
    drawn.save(out, beside=_columns(drawn, names, corpus if run is None else run, where) if names else None)
    return written(out, f"{drawn}\nwritten to {out}", **drawn.to_dict())


def _run(corpus: Any) -> Any:
    """Return the run in a folder; None for what is no run."""
    from labelkit.runs.run_folder import RunFolder, RunLayout  # noqa: PLC0415 - --help has to be quick

    is_run = isinstance(corpus, Path) and corpus.is_dir() and RunLayout(corpus).manifest.is_file()
    return RunFolder(corpus) if is_run else None


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


def _edges(path: str) -> list[tuple[Any, Any]]:
    """Read the pairs of ids of a file of two columns."""
    from labelkit.corpus import BATCH_ROWS, open_corpus  # noqa: PLC0415 - --help has to be quick

    corpus = open_corpus(Path(path))
    names = list(corpus.column_names)
    if len(names) != 2:
        raise click.BadParameter(f"--edges {path} has {len(names)} columns, not two: the ids at the ends of each edge")
    pairs: list[tuple[Any, Any]] = []
    for batch in corpus.batches(names, BATCH_ROWS):
        first, second = (_as_numbers(batch.table.column(name).to_pylist()) for name in names)
        pairs += zip(first, second, strict=True)
    return pairs


def _as_ids(given: tuple[str, ...]) -> list[Any] | None:
    """Return ids as numbers, if they look so: those of a corpus without ids are positions."""
    return _as_numbers(listed(given)) or None


def _as_numbers(names: list[Any]) -> list[Any]:
    return [
        int(name) if isinstance(name, str) and name.isdecimal() and str(int(name)) == name else name for name in names
    ]
