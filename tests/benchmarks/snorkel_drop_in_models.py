"""Time and memory of ``LabelModel.fit`` in Snorkel and in the drop-in, each in a process of its own, in one run.

``python -m tests.benchmarks.snorkel_drop_in_models --rows 1000000 --lfs 60``; needs Snorkel and torch.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np


def votes(n_rows: int, n_lfs: int) -> np.ndarray:
    """Votes of rules that are right in 60 to 90% of the examples on which they vote, a third of all."""
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=n_rows)
    columns = []
    for precision in np.linspace(0.6, 0.9, n_lfs):
        right = rng.random(n_rows) < precision
        columns.append(np.where(rng.random(n_rows) < 1 / 3, np.where(right, truth, 1 - truth), -1))
    return np.column_stack(columns)


def peak() -> float:
    """Megabytes of this process at the most, since it began (``ru_maxrss`` counts the parent's, too)."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text("utf-8").splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


def one(package: str, path: str) -> None:
    """Fit once, and print seconds, processor seconds and memory beside the votes."""
    if package == "snorkel":
        from snorkel.labeling.model import LabelModel
    else:
        from labelkit.interop.snorkel.labeling.model import LabelModel
    L = np.load(path)
    warm = LabelModel(verbose=False)
    warm.fit(L[:1_000], seed=0, progress_bar=False)
    before, started, used = peak(), time.perf_counter(), time.process_time()
    model = LabelModel(verbose=False)
    model.fit(L, seed=0, progress_bar=False)
    seconds, used = time.perf_counter() - started, time.process_time() - used
    proba = model.predict_proba(L[:1_000]).tolist()
    print(json.dumps({"seconds": seconds, "processor": used, "megabytes": peak() - before, "proba": proba}))


def main() -> None:
    """Run both by turns, and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--lfs", type=int, default=60)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--one", nargs=2, metavar=("PACKAGE", "VOTES"))
    given = parser.parse_args()
    if given.one:
        one(*given.one)
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(given, f"{folder}/votes.npy")


def compare(given: argparse.Namespace, path: str) -> None:
    """Fit in both packages by turns, on the same votes."""
    np.save(path, votes(given.rows, given.lfs))
    results: dict[str, list[dict]] = {"snorkel": [], "labelkit": []}
    for _ in range(given.runs):
        for package, records in results.items():
            command = [sys.executable, "-m", __spec__.name, "--one", package, path]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            records.append(json.loads(done.stdout.splitlines()[-1]))
    difference = np.abs(np.array(results["snorkel"][0]["proba"]) - results["labelkit"][0]["proba"]).max()
    print(f"{given.rows:,} rows x {given.lfs} rules, medians of {given.runs}; probabilities differ by {difference:.1e}")
    for what in ("seconds", "processor", "megabytes"):
        theirs, ours = (np.median([record[what] for record in results[name]]) for name in ("snorkel", "labelkit"))
        print(f"{what:10} snorkel {theirs:9.2f}   labelkit {ours:9.2f}   ratio {theirs / max(ours, 1e-9):7.1f}")


if __name__ == "__main__":
    main()
