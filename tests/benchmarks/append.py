"""Measure what it costs to append rows to a finished run: ``python -m tests.benchmarks.append --rows 5000000``.

A share of new rows (1% if not given) is put behind a corpus over which sixty rules were run: as a further file of a folder
of Parquet, or as lines at the end of a JSONL or CSV file. Then the run is updated, with the label model that it has
(``--keep-model``) or with a new one, and its seconds, and those of the processors, are compared with those of the whole run,
in processes of their own and in turns.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.benchmarks.measuring import run_and_time
from tests.benchmarks.posts import corpus as made_corpus

RULES = Path(__file__).with_name("bulk_rules.py")

WAYS: dict[str, list[str]] = {"full": [], "keep_model": ["--update", "--keep-model"], "refit": ["--update"]}
"""The options of each kind of run."""


def main() -> None:
    """Measure, and print medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--share", type=float, default=0.01, help="new rows, of those that there are")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rules", type=Path, default=RULES, help="the module of the rules, which read a column text")
    parser.add_argument("--formats", default="parquet,jsonl,csv")
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
    """Measure one format: the whole run and each update in turn, so that all have the same noise."""
    place.mkdir()
    corpus = place / ("corpus" if kind == "parquet" else f"corpus.{kind}")
    write_rows(kind, whole, 0, n_old, corpus, "000")
    run(corpus, place / "old", given, keep=True)  # what numba compiles is on the disk then, and bytecode
    size = None if kind == "parquet" else corpus.stat().st_size
    times: dict[str, list[dict[str, float]]] = {name: [] for name in WAYS}
    for _ in range(given.runs):
        for name, options in WAYS.items():
            if options:
                write_rows(kind, whole, n_old, None, corpus, "001")
                shutil.copytree(place / "old", place / "new")
                os.sync()  # what was copied is not written while the run is measured
            times[name].append(run(corpus, place / "new", given, options=options))
            if size is None:
                (corpus / "001.parquet").unlink(missing_ok=True)
            else:
                os.truncate(corpus, size)
    shutil.rmtree(place)
    figures = {name: medians(some) for name, some in times.items()}
    for some in figures.values():
        some |= {f"share_of_{of}": round(some[of] / figures["full"][of], 4) for of in ("total", "processor")}
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
        if kind != "parquet":
            begun = corpus.exists() and corpus.stat().st_size > 0
            with corpus.open("a") as lines:
                if kind == "jsonl":
                    rows.to_pandas().to_json(lines, orient="records", lines=True, date_format="iso")
                else:
                    rows.to_pandas().to_csv(lines, index=False, header=not begun)
            continue
        writer = pq.ParquetWriter(corpus / f"{name}.parquet", rows.schema) if writer is None else writer
        writer.write_batch(rows)
    if writer is not None:
        writer.close()


def run(
    corpus: Path, out: Path, given: argparse.Namespace, *, options: list[str] | None = None, keep: bool = False
) -> dict[str, float]:
    """Run in a process of its own; returns the seconds of each stage, in all, and of processors."""
    command: list[Any] = [sys.executable, "-m", "labelkit.cli", "run", given.rules, corpus, "--out", out]
    flags = ["--workers", str(given.workers), "--no-cache", "--no-report", "--quiet", *(options or [])]
    seconds, processor = run_and_time([*command, *flags])
    stages = json.loads((out / "timings.json").read_text())["seconds"]
    if not keep:
        shutil.rmtree(out)
    return {**stages, "total": seconds, "rest": seconds - sum(stages.values()), "processor": processor}


def medians(times: list[dict[str, float]]) -> dict[str, float]:
    """Return the median of each stage."""
    return {name: round(statistics.median(one[name] for one in times), 2) for name in times[0]}


if __name__ == "__main__":
    main()
