"""Measure time and memory of votes and labels for ten million posts, beside Snorkel and a plain loop of ``re``.

``python -m tests.benchmarks.bulk --rows 1000000 --workers 2 --json bulk.json``
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import labelkit as lk
from labelkit.rules.load_module import load_file
from tests.benchmarks.measuring import control_gain, machine, run_and_watch, timed
from tests.benchmarks.plain import plain_rule
from tests.benchmarks.posts import corpus as made_corpus

RULES = Path(__file__).with_name("bulk_rules.py")

COMPILE = """
import sys
from pathlib import Path
import labelkit as lk
from labelkit.matching import column_scan
column_scan.WORTH_COMPILING = 0
applier = lk.Applier(lk.collect(sys.argv[1]))
corpus = applier.open(Path(sys.argv[2]))
applier.plan.vote(next(corpus.batches(applier.plan.columns, 1024)).table)
"""
"""Votes on a few rows, so that numba's compiled functions are on disk: that happens once after an installation."""

SNORKEL_HINT = (
    "Snorkel is not installed, so its figures are null. Its applier needs no torch: "
    "pip install --no-deps snorkel && pip install munkres networkx"
)


def main() -> None:
    """Measure, print and write."""
    arguments = _arguments()
    folder = Path(arguments.folder)
    path = Path(arguments.corpus) if arguments.corpus else made_corpus(arguments.rows, folder)
    with tempfile.TemporaryDirectory(prefix="bulk-", dir=folder) as work:
        once, _, _ = run_and_watch([sys.executable, "-c", COMPILE, arguments.rules, path])
        figures = {"seconds_to_compile_once": once}
        figures |= _labelkit(Path(arguments.rules), path, Path(work) / "out", arguments)
        beside = _beside(Path(arguments.rules), path, lk.RunFolder(Path(work) / "out"), arguments.sample)
        if arguments.scaling:
            figures |= _scaling(Path(arguments.rules), path, Path(work) / "one", figures["seconds_apply"], arguments)
    figures |= beside
    speed = figures["votes_per_second"]
    for name in ("snorkel", "re"):
        other = figures[f"votes_per_second_{name}"]
        figures[f"ratio_{name}"] = None if other is None else speed / other
    for key, value in figures.items():
        print(f"{key:<28} {value:,.3f}" if isinstance(value, float) else f"{key:<28} {value}")
    if figures["ratio_snorkel"] is None:
        print(SNORKEL_HINT)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(figures, indent=2) + "\n")
    if not figures["votes_equal"]:
        sys.exit("the votes differ")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--corpus", help="another corpus (Parquet, CSV, JSONL)")
    parser.add_argument("--rules", default=str(RULES), help="another rule module")
    parser.add_argument("--sample", type=int, default=2_000, help="rows on which the peers run, and votes are compared")
    parser.add_argument("--scaling", action="store_true", help="also with one worker, beside a pure-CPU control")
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="where the corpus is made and output goes")
    parser.add_argument("--json", help="a file for the figures")
    return parser.parse_args()


def _run(rules: Path, corpus: Path, out: Path, workers: int) -> tuple[dict[str, Any], float, float]:
    command = [
        sys.executable,
        "-m",
        "labelkit.cli",
        "run",
        rules,
        corpus,
        "--out",
        out,
        "--workers",
        str(workers),
        "--no-cache",
        "--no-report",
        "--quiet",
    ]
    seconds, peak_mb, _ = run_and_watch(command)
    return json.loads((out / "timings.json").read_text())["seconds"], seconds, peak_mb


def _labelkit(rules: Path, corpus: Path, out: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    stages, seconds, peak_mb = _run(rules, corpus, out, arguments.workers)
    manifest = lk.RunFolder(out).manifest
    n_rows, n_rules = manifest["examples"], len(manifest["rules"])
    return {
        "rows": n_rows,
        "rules": n_rules,
        "workers": arguments.workers,
        "patterns": manifest["patterns"],
        "seconds_total": seconds,
        **{f"seconds_{stage}": value for stage, value in stages.items()},
        "peak_mb": peak_mb,
        "votes_per_second": n_rows * n_rules / stages["apply"],
        "machine": machine(),
    }


def _scaling(rules: Path, corpus: Path, out: Path, many: float, arguments: argparse.Namespace) -> dict[str, Any]:
    stages, _, _ = _run(rules, corpus, out, 1)
    control = control_gain(arguments.workers)
    gain = stages["apply"] / many
    return {"seconds_apply_one": stages["apply"], "gain": gain, "gain_control": control, "gain_ratio": gain / control}


def _beside(rules: Path, path: Path, folder: lk.RunFolder, n_sample: int) -> dict[str, Any]:
    """Run the peers on a sample of the same rows, and compare all votes."""
    module = load_file(rules)
    lfs = lk.collect(module)
    opened = lk.Applier(lfs).open(path)
    columns = lk.Applier(lfs).plan.columns
    n_rows = folder.manifest["examples"]
    rows = np.unique(np.linspace(0, n_rows - 1, n_sample).astype(np.int64))
    sample = _sample(opened, columns, rows)
    given = _votes(folder, rows)
    plain = [plain_rule(lf, module) for lf in lfs]
    records = sample.to_pylist()
    [[rule(row) for rule in plain] for row in records[:20]]  # compiles the patterns
    seconds_re, by_re = timed(lambda: [[rule(row) for rule in plain] for row in records])
    seconds_snorkel, by_snorkel = _snorkel(plain, lfs.names, sample.to_pandas(types_mapper=None))
    few = [[lf(*(row[c] for c in lf.columns)) for lf in lfs] for row in records[:: max(1, len(records) // 20)]]
    equal = np.array_equal(given, np.array(by_re)) and np.array_equal(
        given[:: max(1, len(records) // 20)], np.array(few)
    )
    if by_snorkel is not None:
        equal = equal and np.array_equal(given, by_snorkel)
    n_votes = len(records) * len(lfs)
    return {
        "sample": len(records),
        "votes_per_second_re": n_votes / seconds_re,
        "votes_per_second_snorkel": None if seconds_snorkel is None else n_votes / seconds_snorkel,
        "votes_equal": bool(equal),
    }


def _sample(corpus: lk.Corpus, columns: tuple[str, ...], rows: np.ndarray) -> pa.Table:
    parts = []
    for batch in corpus.batches(columns, 65_536):
        wanted = rows[(rows >= batch.start) & (rows < batch.start + len(batch))] - batch.start
        parts.append(pa.Table.from_batches([batch.table]).take(pa.array(wanted)))
    return pa.concat_tables(parts)


def _votes(folder: lk.RunFolder, rows: np.ndarray) -> np.ndarray:
    found, start = [], 0
    for part in sorted((folder.path / "votes").glob("part-*.parquet")):
        table = pq.read_table(part)
        wanted = rows[(rows >= start) & (rows < start + table.num_rows)] - start
        start += table.num_rows
        found.append(np.column_stack([column.to_numpy()[wanted] for column in table.columns[1:]]))
    return np.concatenate(found)


def _snorkel(plain: list[Any], names: tuple[str, ...], frame: Any) -> tuple[float | None, Any]:
    """The votes by Snorkel's PandasLFApplier of the same plain functions."""
    try:
        from snorkel.labeling import LabelingFunction, PandasLFApplier
    except ImportError:
        return None, None
    frame = frame.astype(object).where(frame.notna(), None)
    applier = PandasLFApplier([LabelingFunction(name, rule) for name, rule in zip(names, plain, strict=True)])
    applier.apply(frame.head(10), progress_bar=False)
    return timed(lambda: applier.apply(frame, progress_bar=False))


if __name__ == "__main__":
    main()
