"""Options of the commands that let rules vote on a corpus, and the call that they stand for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labelkit.cli._common_options import collected, label_meanings, with_options

if TYPE_CHECKING:
    from labelkit.runs.label_stage import LabelStage
    from labelkit.runs.run_folder import RunFolder

with_row_options = with_options(
    click.option("--limit", type=int, metavar="N", help="Use the first N rows of CORPUS alone, to try things."),
    click.option("--sample", type=int, metavar="N", help="Use N rows of CORPUS that are drawn at random."),
    click.option("--random-state", default=0, show_default=True, metavar="SEED"),
)

with_voting_options = with_options(
    click.option("--workers", default=1, show_default=True),
    click.option("--engine", metavar="NAME"),
    click.option("--master", metavar="ADDRESS"),
    click.option("--isolate", is_flag=True),
    click.option("--batch-size", default=65_536, show_default=True),
    click.option("--on-fault", type=click.Choice(["raise", "record"]), default="raise", show_default=True),
    click.option("--max-faults", type=int),
    click.option("--time-limit", default=600.0, show_default=True, metavar="SECONDS"),
    click.option("--on-bad-row", type=click.Choice(["raise", "reject"]), default="raise", show_default=True),
    click.option("--no-cache", is_flag=True),
)


def voted_on(
    rules: str,
    corpus: Any,
    out: Path,
    labeling_of: Callable[[Sequence[str]], LabelStage | None],
    *,
    labels: tuple[str, ...],
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    id_: str | None,
    limit: int | None,
    sample: int | None,
    random_state: int,
    gold: str | None,
    map_label: tuple[str, ...],
    no_cache: bool,
    master: str | None,
    **settings: Any,
) -> RunFolder:
    """Run into a folder as far as is wanted; returns what is there then."""
    from labelkit._shared.garbage import nothing_is_garbage  # noqa: PLC0415 - --help has to be quick

    with nothing_is_garbage():
        from labelkit.corpus.chosen_rows import RowChoice  # noqa: PLC0415 - as above
        from labelkit.runs.pipeline import run_to  # noqa: PLC0415 - as above

    _refuse_memory(out)
    _connect(master, settings["engine"])
    return run_to(
        out,
        lambda: collected(rules, labels, select, exclude),
        corpus,
        labeling_of,
        id=id_,
        rows=RowChoice(limit, sample, random_state),
        gold=gold,
        map_label=label_meanings(map_label, gold=gold),
        progress=None,  # as the program shows it
        cache=False if no_cache else None,
        **settings,
    )


def _refuse_memory(out: Path) -> None:
    """Raise RunFolderError for the address of a store that ends with the process of the command."""
    from labelkit._shared.addresses import parts_of_address  # noqa: PLC0415 - --help has to be quick
    from labelkit.exceptions import RunFolderError  # noqa: PLC0415 - as above

    scheme, place = parts_of_address(out) or ("", "")
    if scheme.lower() == "memory":
        raise RunFolderError(
            f"'{scheme}://{place}' is in the memory of this process: a run there would be lost when the command ends",
            hint="name a folder, or a store that lasts: s3://bucket/runs/first",
            code="LK512",
        )


def _connect(master: str | None, engine: str | None) -> None:
    """Start the session of Spark that the run is to use, where its address is given."""
    if master is None:
        return
    if engine != "spark":
        raise click.UsageError("--master is the address of Spark: it needs --engine spark")
    from labelkit.corpus.sources.spark_frame import spark_session  # noqa: PLC0415 - --help has to be quick

    spark_session(master)
