"""Measure the overhead of calling Python rules, beyond a bare loop over the same rows.

``python -m tests.benchmarks.python_rules --rows 500000`` prints, for rules of one and of two columns, the microseconds a
row and rule of a bare loop, of labelkit, and between them.
"""

from __future__ import annotations

import argparse
import statistics
import time
from enum import IntEnum

import pyarrow as pa

import labelkit as lk
from labelkit.apply.plan import Plan
from tests.benchmarks.measuring import timed


class Label(IntEnum):
    """The classes of an example."""

    NO = 0
    YES = 1


def _short(text: str) -> int:
    return Label.YES if len(text) < 40 else lk.ABSTAIN


def _many(n: int) -> int:
    return Label.NO if n > 500 else lk.ABSTAIN


def _both(text: str, n: int) -> int | None:
    return Label.YES if n < 10 and text.endswith("!") else None


FUNCTIONS = {
    "one text column": (_short, ("text",)),
    "one number column": (_many, ("n",)),
    "two columns": (_both, ("text", "n")),
}

COPIES = 5
"""Rules of each kind, so that the cost of handing over a column is shared as it is in real use."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    n_rows = arguments.rows
    table = pa.record_batch({"text": [f"post number {i}!" for i in range(n_rows)], "n": list(range(n_rows))})
    print(f"{'':<20}{'bare loop':>12}{'labelkit':>12}{'overhead':>12}   microseconds a row and rule (medians)")
    for kind, (function, columns) in FUNCTIONS.items():
        lfs = [lk.labeling_function(name=f"rule{i}")(function) for i in range(COPIES)]
        plan = Plan(lk.LabelingFunctions(lfs, labels=Label))
        bare, ours = [], []
        for _ in range(arguments.repeats):
            values = [table.column(name).to_pylist() for name in columns]
            bare.append(_per_vote(timed(lambda f=function, v=values: _loop(f, v))[0], n_rows))
            ours.append(_per_vote(timed(lambda p=plan: p.vote(table))[0], n_rows))
        a, b = statistics.median(bare), statistics.median(ours)
        print(f"{kind:<20}{a:>12.3f}{b:>12.3f}{b - a:>12.3f}")


def _loop(function, values):
    """The same rules as a loop written by hand: a list of votes for each rule."""
    votes = []
    for _ in range(COPIES):
        out = []
        for row in zip(*values, strict=True):
            out.append(function(*row))  # noqa: PERF401 - the loop that is compared with
        votes.append(out)
    return votes


def _per_vote(seconds: float, n_rows: int) -> float:
    return seconds / n_rows / COPIES * 1e6


if __name__ == "__main__":
    started = time.perf_counter()
    main()
    print(f"in {time.perf_counter() - started:.1f} s")
