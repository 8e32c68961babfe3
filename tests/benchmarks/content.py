"""Time and memory of ContentLabelModel on many short texts: features, fit, labels.

    python -m tests.benchmarks.content [--rows 1000000] [--json FILE]

Made-up comments are written to a Parquet file by another process, so that the peak of memory is that of the work alone:
votes of three keyword rules, hashed TF-IDF of the texts, the fit and the labels of all rows.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import tempfile
from pathlib import Path
from typing import Any

import labelkit as lk
from labelkit.datasets import write_corpus
from tests.benchmarks.measuring import machine, timed, watched


@lk.keywords("subscribe", "check out", "channel", label=1)
def promotes(text: str) -> None:
    """Advertise a channel."""


@lk.regex(r"https?://|www\.", label=1)
def links(text: str) -> None:
    """Link to a page."""


@lk.keywords("love", "song", "great", label=0)
def praises(text: str) -> None:
    """Praise the song."""


RULES = (promotes, links, praises)


def measure(path: Path) -> dict[str, Any]:
    """Vote, compute features, fit, and label, with the seconds of each step."""
    corpus = lk.open_corpus(path)
    with watched(os.getpid()) as memory:
        votes, matrix = timed(lambda: lk.Applier(RULES, labels=["HAM", "SPAM"]).apply(corpus))
        read, features = timed(lambda: lk.read_features(corpus))
        fit, model = timed(lambda: lk.ContentLabelModel().fit(matrix, features.values, feature_names=features.names))
        label, labels = timed(lambda: model.label(matrix, features.values))
    return {
        "rows": len(labels),
        "covered": float(matrix.covered.mean()),
        "gate": repr(model.gate_),
        "seconds_votes": votes,
        "seconds_features": read,
        "seconds_fit": fit,
        "seconds_labels": label,
        "peak_mb": memory.peak_mb,
    }


def main() -> None:
    """Parse the command line, run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path, help="write the record here")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "comments.parquet"
        writer = multiprocessing.get_context("spawn").Process(target=write_comments, args=(path, given.rows))
        writer.start()
        writer.join()
        record = {**measure(path), "machine": machine()}
    print(json.dumps(record, indent=1))
    if given.json:
        given.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def write_comments(path: Path, n_rows: int) -> None:
    """Write made-up comments."""
    write_corpus(lk.generate_comments(n_rows), path)


if __name__ == "__main__":
    main()
