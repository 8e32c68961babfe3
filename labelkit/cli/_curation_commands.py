"""Commands that choose which examples people label: sample."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from labelkit.cli._answers import CommandAnswer, written
from labelkit.cli._common_options import listed
from labelkit.cli._corpus_options import with_corpus
from labelkit.cli._program import cli

_METHODS: Final = (
    "random",
    "stratified",
    "weighted",
    "importance",
    "systematic",
    "cluster",
    "reservoir",
    "quota",
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
@click.option("--ids", metavar="ID,...", multiple=True, help="Of --method judgment: the examples.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A .parquet or .csv file to write.")
@click.option("--id", "id_", metavar="COLUMN")
@click.option("--random-state", default=0, show_default=True)
def sample_command(
    *,
    corpus: Any,
    reading: dict[str, Any],
    out: Path,
    ids: tuple[str, ...],
    id_: str | None,
    by: str | None,
    **options: Any,
) -> CommandAnswer:
    """Draw examples of CORPUS, or of the run in that folder, for people to label.

    The file has the id, the position and the inclusion probability of each, by which estimates from the answers are
    unbiased. `labelkit.Sample.load(FILE).estimate(answers)` makes them.
    """
    from labelkit.curation.sampling import sample  # noqa: PLC0415 - --help has to be quick

    data = _run_values(corpus, by)
    if data is None:
        drawn = sample(corpus, by=by, ids=_as_ids(ids), id=id_, **reading, **options)
    else:
        drawn = sample(data, by=by, ids=_as_ids(ids), **options)
    drawn.save(out)
    return written(out, f"{drawn}\nwritten to {out}", **drawn.to_dict())


def _run_values(corpus: Any, by: str | None) -> Any:
    """Return the labels of a run, or its votes where the strata are those of a rule; None for what is no run."""
    from labelkit.runs.run_folder import RunFolder, RunLayout  # noqa: PLC0415 - --help has to be quick

    if not isinstance(corpus, Path) or not (corpus.is_dir() and RunLayout(corpus).manifest.is_file()):
        return None
    run = RunFolder(corpus)
    return run.labels() if run.is_labeled and by in {None, "label", "confidence"} else run.matrix()


def _as_ids(given: tuple[str, ...]) -> list[Any] | None:
    """Return ids as numbers, if all look so: those of a corpus without ids are positions."""
    names = listed(given)
    return [int(name) if name.isdecimal() and str(int(name)) == name else name for name in names] or None
