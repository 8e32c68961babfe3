"""What balance, augmentation and spread labels bring an end model: ``python -m tests.benchmarks.training_sets --data DIR``.

Up to ``--rows`` of each set with texts are divided at random, seed by seed: 70% to learn from, without their gold, and 30%
to judge by their gold. LabelModel labels the first by their votes; the end model, logistic regression of TF-IDF, learns from
the labels of those with votes. Each method changes what it learns from. ``--labeled 100`` keeps 100 labels of random rows
that have votes, and takes the other rows for unlabeled. Figures are differences to the end model without any method:
the metric of the set (F1 or accuracy), accuracy, and log-loss.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.neighbors import NearestNeighbors

import labelkit as lk
from labelkit.curation.few_labels._rounds import rounds_of
from labelkit.curation.few_labels._spread_task import FeatureColumns, SpreadTask, Taught, word_dropout
from labelkit.curation.few_labels._teachers import ContentTeacher
from labelkit.votes import metrics
from labelkit.votes.training_set import certainty
from tests.benchmarks.quality import label_value
from tests.benchmarks.quality_content import TextTask, load_text_tasks

TEST_SHARE = 0.3
N_GOLD = 100
FIGURES = ("metric", "accuracy", "log-loss")


@dataclass(frozen=True)
class Lesson:
    """Rows that an end model learns from: their features, soft labels and weights; and the rows that judge it."""

    features: Any
    soft: np.ndarray
    weight: np.ndarray
    texts: list[str]
    pool: Any
    pool_texts: list[str]
    labels: Any
    votes: lk.LabelMatrix
    corpus: Any
    source: lk.CorpusFeatures
    gold: np.ndarray
    rng: np.random.Generator
    seed: int

    @property
    def hard(self) -> np.ndarray:
        """The most probable class of each row."""
        return self.soft.argmax(axis=1)

    def predict(self, test: Any) -> np.ndarray:
        """Learn, and return the probabilities of other rows."""
        columns = FeatureColumns(self.features)
        learned = ContentTeacher(SimpleNamespace(features=columns.of(self.features)))
        return learned(Taught(np.arange(len(self.soft)), self.soft, self.weight)).of(columns.of(test))

    def shares(self) -> np.ndarray:
        """Return the shares of the classes in what is learned from."""
        mass = (self.weight[:, None] * self.soft).sum(axis=0) + 1e-9
        return mass / mass.sum()

    def rows(self, chosen: np.ndarray) -> Lesson:
        """Learn from some rows, or from some several times."""
        return replace(self, features=self.features[chosen], soft=self.soft[chosen], weight=self.weight[chosen])

    def with_rows(self, features: Any, soft: np.ndarray, weight: np.ndarray) -> Lesson:
        """Learn from further rows, too."""
        return replace(
            self,
            features=sparse.vstack([self.features, features], format="csr"),
            soft=np.concatenate([self.soft, soft]),
            weight=np.concatenate([self.weight, weight]),
        )


# Methods --------------------------------------------------------------------------------------------------------------


def balanced(lesson: Lesson, test: Any, *, over: bool, corrected: bool) -> np.ndarray:
    """Draw as many rows of each class as of the smallest, or of the largest, by their labels."""
    counts = np.bincount(lesson.hard, minlength=lesson.soft.shape[1])
    n = counts[counts > 0].max() if over else counts[counts > 0].min()
    drawn = [
        lesson.rng.choice(np.flatnonzero(lesson.hard == one), n, replace=bool(over)) for one in np.flatnonzero(counts)
    ]
    after = lesson.rows(np.concatenate(drawn))
    proba = after.predict(test)
    if not corrected:
        return proba
    proba = proba * lesson.shares() / after.shares()
    return proba / proba.sum(axis=1, keepdims=True)


def augmented(lesson: Lesson, test: Any, varied: Callable[[list[str], np.random.Generator], list[str]]) -> np.ndarray:
    """Add two variants of each text, with its label; the three weigh as one."""
    n = len(lesson.texts)
    for _ in range(2):
        features = lesson.source.transform(varied(lesson.texts, lesson.rng))
        lesson = lesson.with_rows(features, lesson.soft[:n], lesson.weight[:n])
    return replace(lesson, weight=lesson.weight / 3).predict(test)


def dropped_words(lesson: Lesson, test: Any) -> np.ndarray:
    """Add texts without a fifth of their words."""
    return augmented(lesson, test, lambda texts, rng: word_dropout(texts, 0.2, rng))


def similar_words(lesson: Lesson, test: Any) -> np.ndarray:
    """Add texts in which a fifth of the words are replaced by those that stand in the most similar texts."""
    every = [*lesson.texts, *lesson.pool_texts]
    counted = CountVectorizer(min_df=3, token_pattern=r"\S+")
    try:
        counts = counted.fit_transform(every)
    except ValueError:  # no word stands in three texts
        return lesson.predict(test)
    places = TruncatedSVD(min(50, counts.shape[1] - 1), random_state=0).fit_transform(counts.T.tocsr().astype(float))
    near = NearestNeighbors(n_neighbors=2, metric="cosine").fit(places).kneighbors(places, return_distance=False)[:, 1]
    words = counted.get_feature_names_out()
    similar = dict(zip(words.tolist(), words[near].tolist(), strict=True))

    def replaced(texts: list[str], rng: np.random.Generator) -> list[str]:
        pieces = [text.split() for text in texts]
        return [
            " ".join(similar.get(one.lower(), one) if rng.random() < 0.2 else one for one in text) for text in pieces
        ]

    return augmented(lesson, test, replaced)


def spread(lesson: Lesson, test: Any, **options: Any) -> np.ndarray:
    """Spread labels to the rows without one, unless that harms by hidden labels."""
    from_texts = bool(options.get("perturbations"))
    data = lesson.corpus if from_texts else lesson.source
    result = lk.spread_labels(data, lesson.labels, votes=lesson.votes, random_state=lesson.seed, **options)
    if not result.is_changed:
        return lesson.predict(test)
    proba = result.labels[result.positions].proba
    return lesson.with_rows(lesson.source.values[result.positions], proba, certainty(proba)).predict(test)


def trained_without_a_stop(lesson: Lesson, test: Any) -> np.ndarray:
    """Train in three rounds on the most confident half of the rows without a label, whatever comes of it."""
    n, n_pool = len(lesson.soft), lesson.pool.shape[0]
    if not n_pool:
        return lesson.predict(test)
    features = sparse.vstack([lesson.features, lesson.pool], format="csr")
    used = FeatureColumns(features).of(features)
    seeds = Taught(np.arange(n), lesson.soft, lesson.weight)
    task = SpreadTask(used, seeds, n + np.arange(n_pool), np.arange(n + n_pool), [], 0.5, 0.7, 3)
    teacher = ContentTeacher(task)
    *_, last = rounds_of(task, seeds, teacher, teacher)
    return lesson.with_rows(features[last.nodes], last.proba, certainty(last.proba)).predict(test)


METHODS: dict[str, Callable[[Lesson, Any], np.ndarray]] = {
    "none": lambda lesson, test: lesson.predict(test),
    "under-sampled": lambda lesson, test: balanced(lesson, test, over=False, corrected=False),
    "under-sampled, corrected": lambda lesson, test: balanced(lesson, test, over=False, corrected=True),
    "over-sampled": lambda lesson, test: balanced(lesson, test, over=True, corrected=False),
    "over-sampled, corrected": lambda lesson, test: balanced(lesson, test, over=True, corrected=True),
    "word dropout": dropped_words,
    "similar words": similar_words,
    "self_training": lambda lesson, test: spread(lesson, test, method="self_training"),
    "self_training, 3 perturbations": lambda lesson, test: spread(
        lesson, test, method="self_training", perturbations=3
    ),
    "self_training, 100 gold rows judge": lambda lesson, test: spread(
        lesson, test, method="self_training", gold=lesson.gold
    ),
    "self-training without a stop": trained_without_a_stop,
    "propagation": lambda lesson, test: spread(lesson, test, method="propagation"),
    "spreading": lambda lesson, test: spread(lesson, test, method="spreading"),
    "co_training": lambda lesson, test: spread(lesson, test, method="co_training"),
    "co_training, 100 gold rows judge": lambda lesson, test: spread(
        lesson, test, method="co_training", gold=lesson.gold
    ),
}


# Measuring ------------------------------------------------------------------------------------------------------------


def lesson_of(task: TextTask, rows: np.ndarray, seed: int, n_labeled: int | None) -> Lesson | None:
    """Label the rows to learn from by their votes; None if fewer than 10, or those of one class alone, have a label."""
    rng = np.random.default_rng([seed, 1])
    votes = lk.LabelMatrix.of(task.votes[rows], classes=[f"c{c}" for c in range(task.task.n_classes)])
    labels = lk.LabelModel().fit(votes).label(votes)
    if n_labeled is not None:
        covered = np.flatnonzero(labels.is_covered)
        kept = rng.choice(covered, min(n_labeled, len(covered)), replace=False)
        hidden = np.setdiff1d(np.arange(len(rows)), kept)
        blank = np.array(votes.votes)
        blank[hidden] = -1
        votes = replace(votes, votes=blank)
        index = np.array(labels.index)
        index[hidden] = len(labels.pattern_proba)
        prior = np.full((1, task.task.n_classes), 1 / task.task.n_classes)
        proba = np.concatenate([np.asarray(labels.pattern_proba), prior])
        labels = replace(
            labels, pattern_proba=proba, pattern_covered=np.append(labels.pattern_covered, False), index=index
        )
    covered, texts = np.flatnonzero(labels.is_covered), [task.texts[row] for row in rows.tolist()]
    soft = labels[covered].proba
    if len(covered) < 10 or len(np.unique(soft.argmax(axis=1))) < 2:
        return None
    source, rest = lk.read_features(texts), np.flatnonzero(~labels.is_covered)
    return Lesson(
        features=source.values[covered],
        soft=soft,
        weight=certainty(soft),
        texts=[texts[row] for row in covered.tolist()],
        pool=source.values[rest],
        pool_texts=[texts[row] for row in rest.tolist()],
        labels=labels,
        votes=votes,
        corpus=texts,
        source=source,
        gold=np.where(np.isin(np.arange(len(rows)), rng.choice(len(rows), N_GOLD, replace=False)), task.gold[rows], -1),
        rng=rng,
        seed=seed,
    )


def measured(
    task: TextTask, seed: int, methods: list[str], n_labeled: int | None, most_rows: int = 3_000
) -> dict[str, list[float]]:
    """Return the figures of each method for a division of the rows."""
    rows = np.flatnonzero(task.gold >= 0)
    rows = np.random.default_rng([seed, 0]).permutation(rows)[:most_rows]
    n_test = round(TEST_SHARE * len(rows))
    lesson = lesson_of(task, rows[n_test:], seed, n_labeled)
    if lesson is None:
        return {}
    gold = task.gold[rows[:n_test]]
    test = lesson.source.transform([task.texts[row] for row in rows[:n_test].tolist()])
    figures = {}
    for name in methods:
        proba = METHODS[name](replace(lesson, rng=np.random.default_rng([seed, 2])), test)
        labels = proba.argmax(axis=1)
        loss = -np.log(proba[np.arange(n_test), gold].clip(1e-6)).mean()
        figures[name] = [
            100 * label_value(task.task, labels, gold), 100 * metrics.accuracy(labels, gold), float(loss)
        ]  # fmt: skip
    return figures


def table(records: list[dict[str, Any]], methods: list[str]) -> str:
    """Return a row for each method: means over the sets, and the gain in the metric on each set."""
    sets = list(dict.fromkeys(record["set"] for record in records))
    lines = ["| method | " + " | ".join([*FIGURES, "better on", *sets]) + " |"]
    lines.append("| --- |" + " --- |" * (len(FIGURES) + 1 + len(sets)))
    plain = {record["set"]: np.array(record["none"]) for record in records}
    for name in methods:
        gains = {record["set"]: np.array(record[name]) - plain[record["set"]] for record in records}
        values = np.array([gains[one].mean(axis=0) for one in sets])
        if name == "none":
            values = np.array([plain[one].mean(axis=0) for one in sets])
        sign = "" if name == "none" else "+"
        mean = values.mean(axis=0)
        cells = [f"{mean[0]:{sign}.2f}", f"{mean[1]:{sign}.2f}", f"{mean[2]:{sign}.3f}"]
        better = sum(clearly(gains[one][:, 0]) > 0 for one in sets), sum(clearly(gains[one][:, 0]) < 0 for one in sets)
        cells.append("" if name == "none" else f"{better[0]}, worse on {better[1]}")
        lines.append(f"| {name} | " + " | ".join([*cells, *(f"{value:{sign}.1f}" for value in values[:, 0])]) + " |")
    return "\n".join(lines)


def clearly(gains: np.ndarray) -> int:
    """Return 1 or -1 where the mean over the seeds is more than two standard errors, and 0.1 points, from 0."""
    error = gains.std(ddof=1) / np.sqrt(len(gains)) if len(gains) > 1 else 0.0
    return int(np.sign(gains.mean())) if abs(gains.mean()) > max(2 * error, 0.1) else 0


def main() -> None:
    """Measure, print a line for each set, and the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="*")
    parser.add_argument("--methods", nargs="*", default=list(METHODS))
    parser.add_argument("--labeled", type=int, help="labels to keep; all if not given")
    parser.add_argument("--rows", type=int, default=3_000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    methods = list(dict.fromkeys(["none", *given.methods]))
    records = []
    for task in load_text_tasks(given.data, given.sets):
        start = time.perf_counter()
        by_seed = [measured(task, seed, methods, given.labeled, given.rows) for seed in range(given.seeds)]
        by_seed = [one for one in by_seed if one]
        if not by_seed:
            continue
        records.append({"set": task.task.name, **{name: [one[name] for one in by_seed] for name in methods}})
        print(json.dumps({**records[-1], "seconds": round(time.perf_counter() - start)}), flush=True)
    print(table(records, methods))
    if given.json:
        given.json.write_text(json.dumps(records, indent=1) + "\n")


if __name__ == "__main__":
    main()
