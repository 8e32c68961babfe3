"""Time and memory of slices of many rows, and how often poor slices are found, and others by chance.

python -m tests.benchmarks.slices --rows 10000000 --repeats 200
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import labelkit as lk

WORDS = ["refund", "order", "invoice", "hello", "thanks", "broken", "late", "red", "green", "blue"]


def large(n: int) -> list[str]:
    """Apply ten slices of words and those of a column to n rows, and summarize them."""
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        rng = np.random.default_rng(0)
        words = np.array(WORDS)
        text = pa.compute.binary_join_element_wise(*(pa.array(words[rng.integers(0, 10, n)]) for _ in range(4)), " ")
        country = pa.array(np.array([f"c{i:02d}" for i in range(15)])[rng.integers(0, 15, n)])
        pq.write_table(pa.table({"id": np.arange(n), "text": text, "country": country}), path)
        truth = rng.integers(0, 2, n)
        guess = np.where(rng.random(n) < 0.1, 1 - truth, truth)
        proba = np.array([[0.8, 0.2], [0.2, 0.8]])
        labels = lk.ProbabilisticLabels(proba, np.ones(2, bool), guess, np.arange(n), ("a", "b"))
        gold = np.where(np.arange(n) % 1_000 == 0, truth, -1)
        del text, country
        kept: dict[str, Any] = {}
        jobs: dict[str, Callable[[], Any]] = {
            "apply_slices": lambda: lk.apply_slices(
                {word: lk.keywords(word) for word in WORDS}, path, id="id", by="country"
            ),
            "rows()": lambda: lk.SliceMembership.rows(kept["apply_slices"]),
            "summarize_slices": lambda: lk.summarize_slices(kept["apply_slices"], labels, gold),
            "next_slices": lambda: lk.next_slices(kept["summarize_slices"]),
            "find_slices": lambda: lk.find_slices(path, labels, gold, id="id"),
        }
        for name, job in jobs.items():
            start = time.perf_counter()
            kept[name] = job()
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            lines.append(f"{name}: {time.perf_counter() - start:.1f} s, peak so far {peak:.1f} GB")
    return lines


def found(repeats: int) -> list[str]:
    """Count searches of 1,000 judged rows that confirm the planted slice, and any other."""
    lines = []
    for extra in (0.0, 0.1, 0.2, 0.3):
        planted = others = worse = 0
        for seed in range(repeats):
            rng = np.random.default_rng(seed)
            country = rng.choice(["DE", "FR", "PL", "IT"], 1_000)
            texts = [" ".join(words) for words in rng.choice(WORDS, (1_000, 4))]
            gold = rng.integers(0, 2, 1_000)
            error = np.where(country == "PL", 0.1 + extra, 0.1)
            labels = np.eye(2)[np.where(rng.random(1_000) < error, 1 - gold, gold)]
            frame = pd.DataFrame({"text": texts, "country": country})
            confirmed = lk.find_slices(frame, labels, gold).confirmed
            planted += "country = PL" in confirmed
            others += any("PL" not in name for name in confirmed)
            verdicts = lk.summarize_slices(None, labels, gold, corpus=frame, by="country").frame["verdict"][:-1]
            worse += (verdicts["country=PL"] == "worse") if extra else (verdicts != "").any()
        lines.append(
            f"{0.1 + extra:.0%} errors in a quarter, 10% elsewhere: found {planted / repeats:.1%}, another slice "
            f"{others / repeats:.1%}; in a summary by country {worse / repeats:.1%}"
        )
    return lines


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeats", type=int, default=200)
    given = parser.parse_args()
    print("\n".join([*large(given.rows), *found(given.repeats)]))


if __name__ == "__main__":
    main()
