"""Measure what it costs to append rows to a finished run: ``python -m tests.benchmarks.append --rows 5000000``.

A share of new rows (1% if not given) is put behind a corpus over which sixty rules were run: as a further file of a folder
of Parquet, or as lines at the end of a JSONL file. Then the run is updated, with the label model that it has
(``--keep-model``) or with a new one, and the seconds are compared with those of the whole run, in processes of their own.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.benchmarks.measuring import run_and_watch
from tests.benchmarks.posts import corpus as made_corpus

RULES = Path(__file__).with_name("bulk_rules.py")


def main() -> None:
    """Measure, and print medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--share", type=float, default=0.01, help="new rows, of those that there are")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rules", type=Path, default=RULES, help="the module of the rules, which read a column text")
    parser.add_argument("--formats", default="parquet,jsonl")
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="where the corpus is made and output goes")
    parser.add_argument("--json", help="a file for the figures")
    given = parser.parse_args()
    n_new = int(given.rows * given.share)
    whole = made_corpus(given.rows + n_new, Path(given.folder))
    figures = {}
    with tempfile.TemporaryDirectory(prefix="append-", dir=given.folder) as name:
        for kind in given.formats.split(","):
            figures[kind] = measured(kind, whole, given.rows, Path(name) / kind, given)
            print(json.dumps({kind: figures[kind]}, indent=2), flush=True)
    if given.json:
        Path(given.json).write_text(json.dumps(figures, indent=2) + "\n")


def measured(kind: str, whole: Path, n_old: int, place: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Measure one format."""
    place.mkdir()
    corpus = place / ("corpus" if kind == "parquet" else "corpus.jsonl")
    write_rows(kind, whole, 0, n_old, corpus, "000")
    run(corpus, place / "warm", given)  # what numba compiles is on the disk then
    full = [run(corpus, place / f"full-{i}", given, keep=i == 0) for i in range(given.runs)]
    write_rows(kind, whole, n_old, None, corpus, "001")
    figures = {"full": medians(full)}
    for name, options in {"keep_model": ["--update", "--keep-model"], "refit": ["--update"]}.items():
        times = []
        for i in range(given.runs):
            shutil.copytree(place / "full-0", place / f"{name}-{i}")
            times.append(run(corpus, place / f"{name}-{i}", given, options=options))
        figures[name] = medians(times)
        figures[name]["share_of_full"] = figures[name]["total"] / figures["full"]["total"]
    shutil.rmtree(place)
    return figures


def write_rows(kind: str, whole: Path, start: int, stop: int | None, corpus: Path, name: str) -> None:
    """Write a range of rows, behind those that are there."""
    file = pq.ParquetFile(whole)
    stop, at, writer = file.metadata.num_rows if stop is None else stop, 0, None
    if kind == "parquet":
        corpus.mkdir(exist_ok=True)
    for batch in file.iter_batches(65_536):
        rows = batch.slice(max(start - at, 0), max(min(stop - at, len(batch)) - max(start - at, 0), 0))
        at += len(batch)
        if not len(rows):
            continue
        if kind == "jsonl":
            with corpus.open("a") as lines:
                rows.to_pandas().to_json(lines, orient="records", lines=True, date_format="iso")
            continue
        writer = pq.ParquetWriter(corpus / f"{name}.parquet", rows.schema) if writer is None else writer
        writer.write_batch(rows)
    if writer is not None:
        writer.close()


def run(
    corpus: Path, out: Path, given: argparse.Namespace, *, options: list[str] | None = None, keep: bool = False
) -> dict[str, float]:
    """Run in a process of its own; returns the seconds of each stage, and in all."""
    command: list[Any] = [sys.executable, "-m", "labelkit.cli", "run", given.rules, corpus, "--out", out]
    flags = ["--workers", str(given.workers), "--no-cache", "--no-report", "--quiet", *(options or [])]
    seconds, _, _ = run_and_watch([*command, *flags])
    stages = json.loads((out / "timings.json").read_text())["seconds"]
    if not keep:
        shutil.rmtree(out)
    return {**stages, "total": seconds, "rest": seconds - sum(stages.values())}


def medians(times: list[dict[str, float]]) -> dict[str, float]:
    """Return the median of each stage."""
    return {name: round(statistics.median(one[name] for one in times), 2) for name in times[0]}


if __name__ == "__main__":
    main()
