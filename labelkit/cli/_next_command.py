"""The command that says what people should label next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labelkit.cli._answers import CommandAnswer
from labelkit.cli._common_options import label_meanings, listed, with_map_label
from labelkit.cli._program import cli
from labelkit.exceptions import ExportError

_TABLES = (".csv", ".parquet")


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
@click.option("--answered", "answers", metavar="COLUMN|FILE", help="Answers that there are: these are not asked again.")
@with_map_label
@click.option("--rule", metavar="RULE", help="Of the strategy rule: whose precision is looked for.")
@click.option("--by", metavar="COLUMN", help="Of the strategy slices: a column of the corpus.")
@click.option("--columns", metavar="A,B,...", multiple=True, help="Columns of the corpus to write beside the ids.")
@click.option("--corpus", type=click.Path(path_type=Path))
@click.option("--random-state", default=0, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="The table to write: a .csv or .parquet file.")
@click.option("--force", is_flag=True)
def next_command(
    folder: Path,
    *,
    answers: str | None,
    map_label: tuple[str, ...],
    by: str | None,
    columns: tuple[str, ...],
    corpus: Path | None,
    out: Path | None,
    force: bool,
    **options: Any,
) -> Any:
    """Choose the examples of the run in FOLDER whose answers tell most, and a share at random.

    Estimates are made from the answers to those that were drawn at random (inclusion_probability in the table) alone.
    No two examples are nearly the same, and texts with foreign words are left to chance.
    """
    import numpy as np  # noqa: PLC0415 - --help has to be quick

    from labelkit.corpus.rows_at import examples_at  # noqa: PLC0415 - as above
    from labelkit.curation.next_to_label import next_to_label  # noqa: PLC0415 - as above
    from labelkit.runs.run_examples import RunExamples  # noqa: PLC0415 - as above

    if out is not None and out.suffix.lower() not in _TABLES:
        raise ExportError(f"{str(out)!r} is neither .csv nor .parquet", hint="--out next.csv")
    if out is not None and out.exists() and not force:
        raise ExportError(f"{str(out)!r} exists already", hint="--force replaces it")
    run = RunExamples.of(folder, corpus=corpus, gold=answers, map_label=label_meanings(map_label, gold=answers))
    text = next((name for name in ("text", *run.corpus.column_names) if _is_text(run.corpus, name)), None)
    wanted = list(dict.fromkeys(name for name in (text, by) if name is not None))
    values = examples_at(run.corpus, run.matrix.examples, np.arange(len(run.matrix)), wanted) if wanted else None
    chosen = next_to_label(
        run.matrix,
        run.labels,
        gold=run.gold if answers is not None else None,
        texts=None if text is None or values is None else values.column(text).to_pylist(),
        slices=None if by is None or values is None else values.column(by).to_pylist(),
        **options,
    )
    if out is not None:
        from labelkit._shared.files import replaced  # noqa: PLC0415 - as above

        frame = chosen.frame
        names = listed(columns) or ([] if text is None else [text])
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
