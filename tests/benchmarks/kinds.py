"""Label models on votes of many kinds: the distance of the default model from majority vote.

    python -m tests.benchmarks.kinds [--data DIR] [--draws 50] [--models LabelModel MetalModel] [--json FILE]

Eight kinds are made up: crowds (dense and sparse, with constant and random voters), classifiers, rules for one class each,
rules that vote for two classes, and mixtures; with 2 to 10 classes, even or skewed, 300 to 4,000 examples. With a folder laid
out as for the quality benchmark, there are also rules made of words of its texts, as someone would who reads 150 labeled
examples: alone, and beside classifiers that were trained on a few dozen. Models see the votes, and are scored on
the covered examples; a tie is shared in accuracy, and tossed for macro-F1, as in the quality benchmark.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from labelkit.label_models import MODELS
from tests.benchmarks.quality import Task, runs

DEFAULT = ["MajorityVote", "WeightedVote", "DawidSkene", "MetalModel", "LabelModel"]
READ = 150  # labeled texts from which rules are made
RARE = 0.15  # of a skewed corpus, the share of rows that are not of its usual class


def case(kind: str, columns: list[np.ndarray], gold: np.ndarray, n_classes: int) -> Task:
    """Votes of one kind, as a task of the quality benchmark: fitted on all examples, scored on the covered ones."""
    votes = np.stack(columns, axis=1).astype(np.int16)
    covered = (votes >= 0).any(axis=1)
    even = np.full(n_classes, 1 / n_classes)
    return Task(kind, "lf", n_classes, "f1_macro", None, votes, gold, votes[covered], gold[covered], even)


# Made-up votes ---------------------------------------------------------------------------------------------------------


class Maker:
    """Generator of columns of votes over examples of one draw, with a class and a difficulty each."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng, self.n, self.k = rng, int(rng.choice([300, 1_000, 4_000])), int(rng.choice([2, 2, 3, 5, 10]))
        share = np.maximum(rng.dirichlet(np.full(self.k, rng.choice([0.5, 2, 20]))), 5 / self.n)
        self.share = share / share.sum()
        self.gold = rng.choice(self.k, self.n, p=self.share)
        self.hard = rng.beta(2, 5, self.n) * (rng.random() < 0.5)

    def observer(self, accuracy: float, coverage: float, guesses: np.ndarray | None = None) -> np.ndarray:
        """Return votes for any class, right with a probability and random otherwise."""
        right = self.rng.random(self.n) < accuracy * (1 - 0.8 * self.hard)
        said = np.where(right, self.gold, self.rng.choice(self.k, self.n, p=guesses))
        return np.where(self.rng.random(self.n) < coverage, said, -1)

    def worker(self, coverage: float) -> np.ndarray:
        """Return votes of a member of a crowd: one in ten is a constant voter, and one in ten votes at random."""
        kind = self.rng.random()
        if kind < 0.1:
            return np.where(self.rng.random(self.n) < coverage, self.rng.integers(self.k), -1)
        biased = self.rng.dirichlet(np.ones(self.k)) if self.rng.random() < 0.3 else None
        return self.observer(0.0 if kind < 0.2 else self.rng.uniform(0.3, 0.95), coverage, biased)

    def classifier(self) -> np.ndarray:
        """Return votes whose errors are spread evenly or as the classes are."""
        guesses = self.share if self.rng.random() < 0.5 else None
        return self.observer(self.rng.uniform(0.2, 0.95), self.rng.choice([1, 0.9, 0.5]), guesses)

    def rule(self, coverages: list[float]) -> np.ndarray:
        """Return votes for a single class."""
        label, coverage = int(self.rng.integers(self.k)), float(self.rng.choice(coverages))
        precision = max(self.rng.uniform(0.5, 0.95), self.share[label])
        hit = min(coverage * precision / self.share[label], 0.95)
        missed = min(coverage * (1 - precision) / max(1 - self.share[label], 1e-3), 0.9)
        return np.where(self.rng.random(self.n) < np.where(self.gold == label, hit, missed), label, -1)

    def pair(self) -> np.ndarray:
        """Return votes for two classes, and abstains on the others."""
        said = self.observer(self.rng.uniform(0.3, 0.9), self.rng.choice([0.1, 0.3, 0.8]))
        return np.where(np.isin(said, self.rng.choice(self.k, 2, replace=False)), said, -1)


def _crowd(make: Maker, low: float, high: float) -> list[np.ndarray]:
    size = int(make.rng.choice([5, 20, 80]))
    return [make.worker(min(1, make.rng.uniform(low, high) / size)) for _ in range(size)]


def _rules(make: Maker, coverages: list[float]) -> list[np.ndarray]:
    return [make.rule(coverages) for _ in range(int(make.rng.choice([2 * make.k, 5 * make.k, 60])))]


MADE: dict[str, Callable[[Maker], list[np.ndarray]]] = {
    "crowd": lambda make: _crowd(make, 3, 8),
    "sparse crowd": lambda make: _crowd(make, 1.2, 2.5),
    "classifiers": lambda make: [make.classifier() for _ in range(int(make.rng.choice([2, 3, 5, 10])))],
    "rules": lambda make: _rules(make, [0.005, 0.02, 0.1, 0.3]),
    "rules, two classes": lambda make: [make.pair() for _ in range(int(make.rng.choice([5, 15, 40])))],
    "rules + classifier": lambda make: [*_rules(make, [0.005, 0.02]), make.classifier()],
    "rules + classifiers": lambda make: [*_rules(make, [0.01, 0.05, 0.2]), *(make.classifier() for _ in range(3))],
    "rules + crowd": lambda make: [*_rules(make, [0.01, 0.05]), *_crowd(make, 3, 8)],
}


def made_cases(draws: int) -> Iterator[Task]:
    """Generate a number of draws of each made-up kind."""
    for number, (kind, columns) in enumerate(MADE.items()):
        for draw in range(draws):
            make = Maker(np.random.default_rng([number, draw]))
            yield case(kind, columns(make), make.gold, make.k)


# Rules made of words ---------------------------------------------------------------------------------------------------


def text_cases(folder: Path, draws: int) -> Iterator[Task]:
    """Rules made of words of each set's texts; also with all classes but one thinned out."""
    from sklearn.feature_extraction.text import CountVectorizer

    for path in sorted((folder / "lf").glob("*")):
        if path.name.endswith("_prompted") or not (path / "texts.jsonl.gz").exists():
            continue  # the texts of a prompted set are another set's
        gold = np.load(path / "votes.npz")["y"].astype(int)
        with gzip.open(path / "texts.jsonl.gz", "rt", encoding="utf-8") as lines:
            texts = [json.loads(line)["text"] or "" for line, y in zip(lines, gold, strict=True) if y >= 0]
        find = CountVectorizer(ngram_range=(1, 2), min_df=5, binary=True, token_pattern=r"\w+|[^\w\s]")
        words, gold = find.fit_transform(texts).tocsr(), gold[gold >= 0]
        for draw in range(draws):
            rng = np.random.default_rng([draw, *path.name.encode()])
            chosen = _thinned(rng, gold) if draw % 2 else np.arange(len(gold))
            yield from _word_cases(rng, words[chosen], np.unique(gold[chosen], return_inverse=True)[1])


def _thinned(rng: np.random.Generator, gold: np.ndarray) -> np.ndarray:
    usual = gold == rng.choice(np.unique(gold))
    others = rng.permutation(np.flatnonzero(~usual))
    return np.concatenate([np.flatnonzero(usual), others[: max(int(RARE * usual.sum()), 40)]])


def _word_cases(rng: np.random.Generator, words: Any, gold: np.ndarray) -> Iterator[Task]:
    k = int(gold.max()) + 1
    for n_rules in (8, 25, 80):
        rules = _word_rules(rng, words, gold, n_rules)
        if not rules:
            continue
        for kind, n_classifiers in (("words", 0), ("words + classifier", 1), ("words + classifiers", 3)):
            columns = [*rules, *(_trained(rng, words, gold) for _ in range(n_classifiers))]
            yield case(kind, columns, gold, k)


def _word_rules(rng: np.random.Generator, words: Any, gold: np.ndarray, n_rules: int) -> list[np.ndarray]:
    """Draw words that indicate a class in the texts that were read; frequent words are more probable."""
    k, seen = int(gold.max()) + 1, rng.permutation(len(gold))[:READ]
    known = np.eye(k)[gold[seen]]
    counts = np.asarray(words[seen].T @ known)
    precision = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    wanted = np.clip(1.3 * known.mean(axis=0), 0.6, 0.9)
    word, label = np.nonzero((counts >= 2) & (precision >= wanted))
    weight = counts[word, label] ** 0.5 / np.bincount(label, minlength=k)[label]
    chosen = (
        rng.choice(len(word), size=min(n_rules, len(word)), replace=False, p=weight / weight.sum()) if len(word) else []
    )
    by_word = words.tocsc()
    return [np.where(by_word[:, [word[c]]].toarray()[:, 0] > 0, label[c], -1) for c in chosen]


def _trained(rng: np.random.Generator, words: Any, gold: np.ndarray) -> np.ndarray:
    """Votes of a classifier that was trained on a few dozen texts and half of the words."""
    from sklearn.linear_model import LogisticRegression

    seen = rng.permutation(len(gold))[: rng.integers(40, 400)]
    half = rng.permutation(words.shape[1])[: words.shape[1] // 2]
    if len(np.unique(gold[seen])) < 2:
        return np.full(len(gold), gold[seen[0]])
    model = LogisticRegression(C=rng.choice([1.0, 3.0]), class_weight=rng.choice([None, "balanced"]), max_iter=300)
    proba = model.fit(words[seen][:, half], gold[seen]).predict_proba(words[:, half])
    return np.where(proba.max(axis=1) >= rng.choice([0, 0.5, 0.8]), model.classes_[proba.argmax(axis=1)], -1)


# Scores ----------------------------------------------------------------------------------------------------------------


def scores(tasks: list[Task], names: list[str]) -> list[dict[str, Any]]:
    """Return a record for each case and model that is able to, as of the quality benchmark with votes alone."""
    return [
        {
            "case": number,
            "kind": task.name,
            "model": found["model"],
            "accuracy": found["covered_accuracy"],
            "macro_f1": found["value"],
            "log_loss": found["log_loss"],
            "ece": found["ece"],
        }
        for number, task in enumerate(tasks)
        if len(task.test)
        for found in runs(Path(), [task], names, ["votes"])
    ]


def table(records: pd.DataFrame) -> pd.DataFrame:
    """Return, by kind and model, accuracy less majority vote's, the share of cases far below it, and other figures."""
    majority = records[records["model"] == "MajorityVote"].set_index("case")["accuracy"]
    less = records["accuracy"] - records["case"].map(majority)
    rows = records.assign(gain=less, below_1=100 * (less < -1), below_5=100 * (less < -5), worst=less)
    means = dict.fromkeys(["accuracy", "gain", "below_1", "below_5", "macro_f1", "log_loss", "ece"], "mean")
    return rows.groupby(["kind", "model"], sort=False).agg({**means, "worst": "min", "case": "count"})


def main() -> None:
    """Parse the command line, run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with lf/<name>/texts.jsonl.gz, for rules made of words")
    parser.add_argument("--models", nargs="+", choices=sorted(MODELS), default=DEFAULT)
    parser.add_argument("--draws", type=int, default=50, help="of each made-up kind")
    parser.add_argument("--text-draws", type=int, default=6, help="of each set of texts")
    parser.add_argument("--json", type=Path, help="write the records here")
    given = parser.parse_args()
    cases = list(made_cases(given.draws)) + (list(text_cases(given.data, given.text_draws)) if given.data else [])
    names = list(dict.fromkeys(["MajorityVote", *given.models]))
    found = scores(cases, names)
    records = pd.DataFrame(found)
    whole = table(records.assign(kind="all"))
    with pd.option_context("display.width", 160, "display.max_rows", 500, "display.precision", 2):
        print(pd.concat([table(records), whole]).to_string())
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
