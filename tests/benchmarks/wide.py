"""Very many classes and labeling functions, on rows that all differ: seconds and memory of each step.

``python -m tests.benchmarks.wide --rows 1000000 --lfs 1000 --classes 1400 --limit 4``

Three kinds of sparse votes: rules for one class each, functions that vote for any class at random, and a crowd that is
right on 70%. Every run is a process of its own, whose address space may be limited to a number of GB.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from labelkit.label_models import MODELS
from tests.benchmarks.measuring import machine, timed

KINDS = ("rules", "any", "crowd")
N_GOLD = 300


def votes(
    kind: str, n_rows: int, n_lfs: int, n_classes: int, n_votes: int
) -> tuple[sparse.csr_array, np.ndarray, np.ndarray]:
    """Return a sparse matrix of ``label + 1``, the true class of each row (of use for a crowd only), and how many rows are distinct."""
    random = np.random.default_rng(0)
    gold = (random.zipf(1.3, n_rows) - 1) % n_classes
    step = n_lfs // n_votes  # a row's functions are one from each stretch: no function votes twice
    lf = (random.integers(0, step, (n_rows, n_votes)) + step * np.arange(n_votes)).astype(np.int32)
    if kind == "rules":
        voted = random.integers(0, n_classes, n_lfs)[lf]
    elif kind == "any":
        voted = (random.zipf(1.6, lf.shape) - 1) % n_classes
    else:
        right = random.random(lf.shape) < 0.7
        voted = np.where(right, gold[:, None], random.integers(0, n_classes, lf.shape))
    indptr = np.arange(0, lf.size + 1, n_votes)
    cells = sparse.csr_array((voted.ravel().astype(np.int16) + 1, lf.ravel(), indptr), shape=(n_rows, n_lfs))
    distinct = np.unique(np.concatenate([lf, voted], axis=1), axis=0)
    return cells, gold, len(distinct)


def measure(kind: str, model: str, n_votes: int, given: argparse.Namespace) -> dict[str, Any]:
    """Measure the seconds of each step, and the peak memory of the process in MB before and after."""
    if given.limit:
        resource.setrlimit(resource.RLIMIT_AS, (int(given.limit * 2**30),) * 2)
    matrix, gold, n_patterns = votes(kind, given.rows, given.lfs, given.classes, n_votes)
    before = _peak_mb()
    unfitted = MODELS[model](n_classes=given.classes)
    some = np.full(given.rows, -1)
    some[:N_GOLD] = gold[:N_GOLD]
    seconds_fit, fitted = timed(lambda: unfitted.fit(matrix))
    seconds_predict, _ = timed(lambda: fitted.predict(matrix))
    seconds_label, labels = timed(lambda: fitted.label(matrix))
    seconds_rows, _ = timed(lambda: labels[:1000].proba)
    seconds_score, score = timed(lambda: fitted.score(matrix, gold))
    seconds_gold, _ = timed(lambda: unfitted.fit(matrix, gold=some))
    seconds = {
        "seconds_fit": seconds_fit,
        "seconds_predict": seconds_predict,
        "seconds_label": seconds_label,
        "seconds_1000_rows": seconds_rows,
        "seconds_score": seconds_score,
        "seconds_fit_with_gold": seconds_gold,
    }
    sizes = {"kind": kind, "model": model, "votes_a_row": n_votes, "patterns": n_patterns}
    known = {"accuracy": score} if kind == "crowd" else {}  # the others know nothing of the class
    return {**sizes, **seconds, **known, "mb_votes": before, "mb_peak": _peak_mb()}


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Parse the command line, run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--lfs", type=int, default=1_000)
    parser.add_argument("--classes", type=int, default=1_400)
    parser.add_argument("--votes", type=int, nargs="+", default=[4, 10], help="votes a row")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--models", nargs="+", choices=sorted(MODELS), default=["LabelModel"])
    parser.add_argument(
        "--limit", type=float, default=0.0, help="GB of address space that a run may have; 0 is no limit"
    )
    parser.add_argument("--json", type=Path, help="write the records here")
    given = parser.parse_args()
    print(machine())
    records = []
    for model in given.models:
        for kind in given.kinds:
            for n_votes in given.votes:
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    record = pool.apply(measure, (kind, model, n_votes, given))
                print(
                    json.dumps({k: round(v, 3) if isinstance(v, float) else v for k, v in record.items()}), flush=True
                )
                records.append(record)
    if given.json:
        given.json.write_text(json.dumps(records, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
