"""Measure the cost of one more rule: vote on the same posts with 1 to 500 rules (half keyword lists, half patterns).

``python -m tests.benchmarks.curve --rows 65536``
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import tempfile
import time
from pathlib import Path

import labelkit as lk
from labelkit.apply.plan import Plan
from tests.benchmarks.bulk_rules import PATTERNS, TOPICS, gazetteer, words_of
from tests.benchmarks.posts import corpus

COUNTS = (1, 10, 30, 59, 60, 120, 250, 500)


def rules(n_rules: int) -> list[lk.LabelingFunction]:
    """So many rules, each unlike the others: the benchmark's own, then variations with other words."""
    names = iter(gazetteer("places"))
    lists = itertools.cycle(TOPICS.values())
    patterns = itertools.cycle(PATTERNS.values())
    made = []
    for number in range(n_rules):
        if number % 2:
            label, pattern, flags = next(patterns)
            varied = pattern if number < 2 * len(PATTERNS) else f"(?:{pattern})|\\b{next(names)}\\b"
            made.append(lk.regex(varied, flags, label=label).rule(name=f"pattern{number}"))
        else:
            label, text = next(lists)
            varied_words = [*words_of(text), next(names)]
            made.append(lk.keywords(*varied_words, label=label).rule(name=f"words{number}"))
    return made


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=65_536)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--folder", default=tempfile.gettempdir())
    arguments = parser.parse_args()
    path = corpus(arguments.rows, Path(arguments.folder))
    (batch,) = lk.open_corpus(path).batches(["text"], arguments.rows)
    print(
        f"{'rules':>6}{'seconds':>10}{'us a row':>10}{'M row x rule/s':>16}   (CPU time, medians of {arguments.repeats})"
    )
    for n_rules in COUNTS:
        plan = Plan(lk.LabelingFunctions(rules(n_rules), labels=2))
        plan.vote(batch.table)  # builds tables, and meets the automaton's states
        taken = []
        for _ in range(arguments.repeats):
            started = time.process_time()
            plan.vote(batch.table)
            taken.append(time.process_time() - started)
        seconds = statistics.median(taken)
        speed = arguments.rows * n_rules / seconds / 1e6
        print(f"{n_rules:>6}{seconds:>10.3f}{seconds / arguments.rows * 1e6:>10.2f}{speed:>16.1f}", flush=True)


if __name__ == "__main__":
    main()
