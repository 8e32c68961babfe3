"""Label a large JSONL file in bounded memory: ``python -m tests.benchmarks.big_jsonl --megabytes 5000 --workers 2``.

Writes the file, labels it by ``labelkit run`` and watches the memory of all its processes. File and run are removed
afterwards; together they take about 1.2 times the size of the file.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.measuring import watched

RULES = """
import labelkit as lk

@lk.keywords("subscribe", "check out", "free", label=1)
def asks(text): "Asks."

@lk.regex(r"https?://|www[.]", label=1)
def links(text): "Links."

@lk.keywords("love", "great", "song", label=0)
def loves(text): "Loves."

@lk.regex(r"[a-z]+ing\\b", label=0)
def gerund(text): "A word on -ing."
"""

WORDS = [
    "subscribe",
    "to",
    "my",
    "channel",
    "and",
    "check",
    "out",
    "this",
    "great",
    "song",
    "that",
    "I",
    "am",
    "singing",
    "at",
    "www.example.com",
    "for",
    "free",
    "love",
]

BLOCK = 10_000
"""Rows that are written together; each of them is another text."""

ROOM = 1.3
"""Bytes on the disk for each byte of the file."""


@dataclass(frozen=True)
class Measured:
    """What a run took.

    Parameters
    ----------
    n_bytes, n_rows : int
    seconds, peak_mb : float
    """

    n_bytes: int
    n_rows: int
    seconds: float
    peak_mb: float

    def __str__(self) -> str:
        rate = self.n_bytes / 2**20 / self.seconds
        return (
            f"{self.n_bytes / 2**20:,.0f} MB, {self.n_rows:,} rows: {self.seconds:,.1f} s ({rate:,.0f} MB/s), "
            f"peak of all processes {self.peak_mb:,.0f} MB"
        )


def write_lines(path: Path, megabytes: float) -> int:
    """Write a file of JSONL of about a size; returns its rows."""
    n_rows = 0
    with path.open("w", encoding="utf-8") as file:
        while file.tell() < megabytes * 2**20:
            file.writelines(_line(n_rows + i) for i in range(BLOCK))
            n_rows += BLOCK
    return n_rows


def _line(number: int) -> str:
    start, length = number * 7 % len(WORDS), 8 + number * 13 % 40
    words = [WORDS[(start + i * (1 + number % 5)) % len(WORDS)] for i in range(length)]
    return json.dumps({"id": f"c{number}", "author": f"user {number % 99_991}", "text": " ".join(words)}) + "\n"


def measure(folder: Path, megabytes: float, workers: int) -> Measured:
    """Label a file of a size in a folder, which must have the room; what is written is removed.

    Raises
    ------
    OSError
        If there is less room on the disk than the file and the run take.
    """
    free = shutil.disk_usage(folder).free
    if free < ROOM * megabytes * 2**20:
        raise OSError(f"{folder} has {free / 2**20:,.0f} MB free, and {ROOM * megabytes:,.0f} MB are needed")
    corpus, rules, out = folder / "corpus.jsonl", folder / "rules.py", folder / "out"
    try:
        rules.write_text(RULES)
        n_rows = write_lines(corpus, megabytes)
        options = [
            "--labels",
            "HAM,SPAM",
            "--id",
            "id",
            "--workers",
            str(workers),
            "--no-cache",
            "--no-report",
            "--quiet",
        ]
        command = [sys.executable, "-m", "labelkit", "run", str(rules), str(corpus), "--out", str(out), *options]
        started = time.perf_counter()
        with subprocess.Popen(command) as running, watched(running.pid) as memory:
            status = running.wait()
        seconds = time.perf_counter() - started
        if status:
            raise OSError(f"labelkit run ended with the status {status}")
        examples = json.loads((out / "manifest.json").read_text())["examples"]
        assert examples == n_rows, f"{examples:,} of {n_rows:,} rows were labeled"
        return Measured(corpus.stat().st_size, n_rows, seconds, memory.peak_mb)
    finally:
        corpus.unlink(missing_ok=True)
        shutil.rmtree(out, ignore_errors=True)


def main() -> None:
    """Measure a size with each number of workers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=5_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="Where to write (else the temporary folder).")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        print(measure(Path(folder), options.megabytes, options.workers), flush=True)


if __name__ == "__main__":
    main()
