"""Measure the cost of one more rule: vote on the same posts with 1 to 500 rules (half keyword lists, half patterns).

``python -m tests.benchmarks.curve --rows 65536``; with ``--kind patterns --counts 500 2000`` for patterns alone (those of
the bulk benchmark, each or a name), or ``--kind unlike`` for patterns of which no two share a part.
"""

from __future__ import annotations

import argparse
import itertools
import re
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

import labelkit as lk
from labelkit.apply.plan import Plan
from tests.benchmarks.bulk_rules import PATTERNS, TOPICS, gazetteer, vocabulary, words_of
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


def patterns(n_rules: int) -> list[lk.LabelingFunction]:
    """So many patterns: those of the bulk benchmark, then each of them or a name."""
    names = gazetteer("places")
    made = []
    for number, (label, pattern, flags) in enumerate(itertools.islice(itertools.cycle(PATTERNS.values()), n_rules)):
        varied = pattern if number < len(PATTERNS) else f"(?:{pattern})|\\b{names[number]}\\b"
        made.append(lk.regex(varied, flags, label=label).rule(name=f"pattern{number}"))
    return made


WAYS = (
    r"\b{}\s+(?:\w+\s+){{0,3}}{}\b",
    r"\b(?:{}|{}|{})s?\b.{{0,30}}\b{}",
    r"\b{}(?:ing|ed|s)?\b",
    r"(?<!not ){} {}\b",
    r"\d+\s?(?:{}|{})s?\b",
    r"^{}\b.*{}$",
    r"{}[!?]+",
    r"\b(?:so|very|too)\s+{}\b",
)


def unlike(n_rules: int) -> list[lk.LabelingFunction]:
    """So many patterns, no two with a part in common but frequent words; half of the words are those of the topics."""
    random = np.random.default_rng(3)
    frequent = [word for _, text in TOPICS.values() for word in text.split() if word.isalpha()]
    rare = [word.lower() for word in vocabulary()]
    made = []
    for number in range(n_rules):
        words = [str(random.choice(frequent if random.random() < 0.5 else rare)) for _ in range(4)]
        flags = re.IGNORECASE if number % 3 else 0
        rule = lk.regex(WAYS[number % len(WAYS)].format(*words), flags, label=number % 2)
        made.append(rule.rule(name=f"pattern{number}"))
    return made


KINDS = {"mixed": rules, "patterns": patterns, "unlike": unlike}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=65_536)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--kind", choices=KINDS, default="mixed")
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS)
    parser.add_argument("--folder", default=tempfile.gettempdir())
    arguments = parser.parse_args()
    path = corpus(arguments.rows, Path(arguments.folder))
    (batch,) = lk.open_corpus(path).batches(["text"], arguments.rows)
    print(
        f"{'rules':>6}{'seconds':>10}{'us a row':>10}{'M row x rule/s':>16}   (CPU time, medians of {arguments.repeats})"
    )
    for n_rules in arguments.counts:
        plan = Plan(lk.LabelingFunctions(KINDS[arguments.kind](n_rules), labels=2))
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
