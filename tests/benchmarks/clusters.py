"""Votes and labels by Spark or Dask beside those of threads: overhead, cost a row, memory of the driver, equality by id.

    python -m tests.benchmarks.clusters --rows 200000 1000000 2000000 --master 'local-cluster[2,1,1024]'
    python -m tests.benchmarks.clusters --rows 2000000 --engine dask
    python -m tests.benchmarks.clusters --rows 200000 2000000 --runs 2

Each engine has a process of its own, over the same Parquet files of made-up posts; ``--runs 2`` runs twice in one session.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

WORDS = [f"word{i}" for i in range(3_000)]
FILE_ROWS = 250_000

RULES = '''
"""Rules of the benchmark of clusters."""

import os
import signal
from enum import IntEnum
from pathlib import Path

import labelkit as lk

KILLER = 123_456
MARKER = Path(__file__).with_name("kill")


class Label(IntEnum):
    HAM = 0
    SPAM = 1


for i in range(12):
    words = [f"word{j}" for j in range(i * 20, i * 20 + 8)]
    globals()[f"words_{i}"] = lk.keywords(*words, label=Label(i % 2)).rule(name=f"words_{i}")
for i in range(6):
    globals()[f"pattern_{i}"] = lk.regex(rf"word{i}\\d5\\b", label=Label(i % 2)).rule(name=f"pattern_{i}")
phrases = [f"word{i} word{i + 1}" for i in range(2_900)]
phrase = lk.lookup(phrases, label=Label.SPAM, match="phrase").rule(name="phrase")


@lk.labeling_function
def long_text(text: str, key: int):
    if key == KILLER and MARKER.is_file():
        MARKER.unlink()
        os.kill(os.getpid(), signal.SIGKILL)  # which the cluster is to survive, once
    return Label.HAM if len(text) > 130 else None
'''


def make_corpus(folder: Path, n_rows: int) -> None:
    """Write posts to several files, which Spark reads in parallel."""
    random, words = np.random.default_rng(7), np.array(WORDS, dtype=object)
    weights = 1.0 / np.arange(20, 20 + len(WORDS))
    folder.mkdir(parents=True)
    for first in range(0, n_rows, FILE_ROWS):
        n = min(FILE_ROWS, n_rows - first)
        picked = words[random.choice(len(WORDS), (n, 14), p=weights / weights.sum())]
        texts = [" ".join(row[:k]) for row, k in zip(picked.tolist(), random.integers(4, 15, n).tolist(), strict=True)]
        table = pa.table({"key": np.arange(first, first + n), "text": texts})
        pq.write_table(table, folder / f"part-{first // FILE_ROWS:04d}.parquet", row_group_size=65_536)


def one_run(engine: str, corpus: Path, rules: Path, out: Path, master: str, runs: int) -> dict:
    """Make runs in one session; returns seconds of all steps, processor time, and the highest memory of this process."""
    start = time.perf_counter()
    import labelkit as lk

    facts: dict = {"imports": time.perf_counter() - start}
    session, given = None, corpus
    if engine == "spark":
        session = spark_session(master, facts)
        given = session.read.parquet(str(corpus))
    options = {"workers": 1} if engine == "spark" else {"workers": 2, "cache": False}
    facts["runs"] = []
    for _ in range(runs):
        start, before = time.perf_counter(), processor_seconds()
        run = lk.run(rules, given, out, id="key", engine=engine, report=False, progress=False, force=True, **options)
        of_run = {"seconds": time.perf_counter() - start, "stages": run.timings["seconds"]}
        spent = {name: seconds - before.get(name, 0.0) for name, seconds in processor_seconds().items()}
        facts["runs"].append(of_run | {"processor": spent, "processor_in_all": sum(spent.values())})
    facts["client_mb"] = _peak_of(os.getpid())
    facts |= {"rows": run.manifest["examples"], "patterns": run.manifest["patterns"], "parts": run.manifest["parts"]}
    if session is not None:
        start = time.perf_counter()
        given.select("key", "text").mapInArrow(counted, "n long").toArrow()
        facts["through_python"] = time.perf_counter() - start  # the rows to the workers of Python, and no rule
        facts["driver_java_mb"] = _peak_of_java()
        session.stop()
    return facts


def spark_session(master: str, facts: dict) -> Any:
    """Start a session, and note the seconds until it is there, and of what is slow for the first time in it."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    start = time.perf_counter()
    address = master.removeprefix("connect:")
    builder = SparkSession.builder.remote(address) if address != master else SparkSession.builder.master(master)
    settings = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.driver.memory": "700m"}
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    steps = {
        "session": lambda: None,
        "first job": lambda: session.range(1).toArrow(),
        "first Python job": lambda: session.range(2, numPartitions=2).mapInArrow(counted, "n long").toArrow(),
        "next Python job": lambda: session.range(2, numPartitions=2).mapInArrow(counted, "n long").toArrow(),
    }
    facts["start"] = {}
    for name, step in steps.items():
        step()
        facts["start"][name], start = time.perf_counter() - start, time.perf_counter()
    return session


def processor_seconds() -> dict[str, float]:
    """Return the processor time of this process, and of all below it, by their kind."""
    import psutil

    seconds = {"client": time.process_time()}
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it has ended meanwhile
            kind = "java" if "java" in child.name() else "workers"
            times = child.cpu_times()
            seconds[kind] = seconds.get(kind, 0.0) + times.user + times.system
    return seconds


def counted(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Count rows, in a worker."""
    yield pa.RecordBatch.from_pydict({"n": [sum(batch.num_rows for batch in batches)]})


def _peak_of_java() -> float:
    """Return the highest memory of the JVM of the driver, a child of this process, in megabytes."""
    import psutil

    return max((_peak_of(child.pid) for child in psutil.Process().children() if "java" in child.name()), default=np.nan)


def _peak_of(process: int) -> float:
    """Return the highest memory of a process since its program began, in megabytes."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def same(one: Path, other: Path) -> bool:
    """Compare votes, patterns and labels of two runs by id."""
    import labelkit as lk

    runs = [lk.RunFolder(one), lk.RunFolder(other)]
    patterns = [run.patterns() for run in runs]
    equal = [np.array_equal(*(getattr(p, name) for p in patterns)) for name in ("outcomes", "counts")]
    for kind in ("votes", "labels"):
        tables = [pa.concat_tables(map(pq.read_table, run.layout.parts(kind))).sort_by("id") for run in runs]
        names = [name for name in tables[0].column_names if name != "votes"]
        equal += [tables[0].column(name).equals(tables[1].column(name)) for name in names]
    return all(equal)


def in_process(*arguments: object) -> dict:
    """Run this program with one task."""
    command = [sys.executable, "-m", "tests.benchmarks.clusters", "--one", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[200_000])
    parser.add_argument("--engine", choices=["spark", "dask"], default="spark")
    parser.add_argument("--master", default="local[2]", help="connect:local[2] starts a server of Spark Connect.")
    parser.add_argument("--no-threads", action="store_true", help="Leave out the run by threads, and the comparison.")
    parser.add_argument("--runs", type=int, default=1, help="So many of the same, in one session.")
    parser.add_argument("--kill", action="store_true", help="Kill a worker once, in the middle of a run.")
    parser.add_argument("--one", nargs=6, metavar=("ENGINE", "CORPUS", "RULES", "OUT", "MASTER", "RUNS"))
    options = parser.parse_args()
    if options.one:
        engine, corpus, rules, out, master, runs = options.one
        print(json.dumps(one_run(engine, Path(corpus), Path(rules), Path(out), master, int(runs))))
        return
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        rules = place / "cluster_rules.py"
        rules.write_text(RULES)
        for n_rows in options.rows:
            corpus = place / f"posts-{n_rows}"
            make_corpus(corpus, n_rows)
            cluster, threads = place / f"cluster-{n_rows}", place / f"threads-{n_rows}"
            if options.kill:
                (place / "kill").touch()
            facts = {options.engine: in_process(options.engine, corpus, rules, cluster, options.master, options.runs)}
            facts["killed"] = options.kill and not (place / "kill").exists()
            if not options.no_threads:
                facts["thread"] = in_process("thread", corpus, rules, threads, options.master, options.runs)
                facts["same"] = same(cluster, threads)
            print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main()
