"""Time and memory of splits of many rows, and of near-duplicates of many texts; each in a process of its own.

python -m tests.benchmarks.splits --rows 10000000 --texts 1000000
"""

import argparse
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import labelkit as lk

PARTS = {"train": 0.8, "valid": 0.1, "test": 0.1}
WAYS = {
    "random": {},
    "stratified": {"stratify": "label"},
    "grouped": {"group": "author"},
    "grouped, stratified": {"group": "author", "stratify": "label"},
    "time": {"time": "at"},
    "stable": {"stable": True},
}


def write_rows(path, n):
    """Ids, ten classes, authors with a heavy tail, and times."""
    rng = np.random.default_rng(0)
    shares = 1 / np.arange(1, 11)
    table = pa.table(
        {
            "id": np.arange(n) * 3,
            "label": pa.DictionaryArray.from_arrays(
                rng.choice(10, n, p=shares / shares.sum()).astype(np.int8), [f"class {i}" for i in range(10)]
            ).cast(pa.string()),
            "author": np.minimum(rng.zipf(1.3, n), n // 5) % (n // 5),
            "at": rng.integers(0, 10**14, n).astype("datetime64[us]"),
        }
    )
    pq.write_table(table, path)


def write_texts(path, n):
    """Texts of 6 to 19 words, of which a fifth are copies with up to two other words."""
    rng = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = np.array(["".join(rng.choice(letters, rng.integers(3, 9))) for _ in range(20_000)], dtype=object)
    chances = 1 / np.arange(10, 20_010)
    lengths = rng.integers(6, 20, n)
    drawn = words[rng.choice(20_000, lengths.sum(), p=chances / chances.sum())]
    stops = np.cumsum(lengths)
    texts = [" ".join(drawn[stop - length : stop]) for stop, length in zip(stops, lengths, strict=True)]
    for i in np.flatnonzero(rng.random(n) < 0.2):
        copy = texts[rng.integers(n)].split()
        for _ in range(rng.integers(0, 3)):
            copy[rng.integers(len(copy))] = words[rng.integers(20_000)]
        texts[i] = " ".join(copy)
    pq.write_table(pa.table({"text": texts}), path)


def measured(work, *arguments):
    """Call a function in a new process; print its seconds and peak memory."""
    process = multiprocessing.get_context("spawn").Process(target=_report, args=(work, *arguments))
    process.start()
    process.join()


def _report(work, *arguments):
    start = time.perf_counter()
    what = work(*arguments)
    seconds, peak = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{arguments[-1]}: {seconds:.1f} s, peak {peak:.2f} GB, {what}", flush=True)


def split_rows(path, way):
    return lk.split(path, PARTS, id="id", **WAYS[way]).counts


def cluster_texts(path, _way):
    return lk.near_duplicate_texts(path, "text").to_dict()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--texts", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows, texts = Path(folder, "rows.parquet"), Path(folder, "texts.parquet")
        if options.rows:
            write_rows(rows, options.rows)
            for way in WAYS:
                measured(split_rows, rows, way)
        if options.texts:
            write_texts(texts, options.texts)
            measured(cluster_texts, texts, "near-duplicates")


if __name__ == "__main__":
    main()
