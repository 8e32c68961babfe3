"""Measure labels from logs: ``python -m tests.benchmarks.natural_labels --impressions 17000000``.

A log is generated as Parquet, then labelled in a process of its own, whose memory is watched; the steps are timed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import labelkit as lk
from labelkit.datasets import write_corpus
from tests.benchmarks.measuring import timed, watched


def main() -> None:
    """Generate a log if it is not there, label it in another process, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--impressions", type=int, default=17_000_000)
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="where the log is made")
    parser.add_argument("--label", help="label this file, and print seconds (the inner process)")
    given = parser.parse_args()
    if given.label:
        print(json.dumps(labelled(Path(given.label))))
        return
    log = Path(given.folder) / f"engagement-{given.impressions}.parquet"
    if not log.exists():
        write_corpus(lk.generate_engagement_log(given.impressions, n_items=100_000), log)
    command = [sys.executable, "-m", "tests.benchmarks.natural_labels", "--label", str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process, watched(process.pid) as memory:
        output, _ = process.communicate()
    figures = json.loads(output)
    print(json.dumps({**figures, "peak_mb": round(memory.peak_mb)}, indent=2))


def labelled(log: Path) -> dict[str, Any]:
    """Time each step of labelling a log."""
    seconds = {}
    options = {"impression": "impression", "action": ["like", "comment"], "bots": "100/1h"}
    seconds["labels"], natural = timed(lambda: lk.natural_labels(log, **options))
    with tempfile.TemporaryDirectory() as folder:
        seconds["to_parquet"], path = timed(lambda: natural.to_parquet(Path(folder) / "labels.parquet"))
        rows = pq.read_metadata(path).num_rows
    seconds["rates"], _ = timed(lambda: natural.rates("like"))
    seconds["exposure"], _ = timed(lambda: natural.exposure("like"))
    whole = {name: round(value, 1) for name, value in seconds.items()}
    return {"events": natural.summary.events, "impressions": rows, "seconds": whole}


if __name__ == "__main__":
    main()
