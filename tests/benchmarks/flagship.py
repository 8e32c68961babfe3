"""Test accuracy of an end model on comments: Snorkel's tutorial recipe beside labelkit's defaults.

    python -m tests.benchmarks.flagship --data DIR [--set youtube] [--seeds 5] [--json FILE]
    python -m tests.benchmarks.flagship --data DIR --weights

Labels of four sources (Snorkel's LabelModel with the 500 epochs of its tutorial and with its default of 100, ``LabelModel()``,
and gold, as the best that labels can be) teach end models by three recipes: that of the tutorial (rows without a vote dropped, hard labels, counts of word
1-5-grams, logistic regression with C = 1000), the same features with ``training_set()`` (soft labels, weights), and the
default of ``train_end_model``. Each seed draws the training rows again with replacement and the official test split judges;
or each seed divides all rows anew, three tenths of which judge. Intervals are percentiles over seeds and draws of the
judged rows.

``--weights`` compares hard and soft labels, with and without weights, on every set that has texts: what one would choose
on the other sets is judged on the set that was left out. It needs no Snorkel.
"""

from __future__ import annotations

import argparse
import gzip
import json
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import labelkit as lk
from labelkit.end_models._pipelines import unfitted_pipeline
from labelkit.votes.training_set import TrainingSet, certainty
from tests.benchmarks.quality import Task, label_value, task_of

N_DRAWS = 400  # of the judged rows, for each seed
MOST_ROWS = 4_000  # with gold that --weights takes of a set
EPOCHS = {"Snorkel": 500, "Snorkel, 100 epochs": 100}  # of its tutorial, and its default
SOURCES = (*EPOCHS, "labelkit", "gold")
RECIPES = ("tutorial", "soft counts", "train_end_model")
WEIGHTINGS = ("hard", "hard, certainty", "soft", "soft, certainty")


@dataclass(frozen=True)
class Comments:
    """Votes, gold and texts of the rows of a set that have a text; ``split`` is 2 for the official test rows."""

    task: Task
    votes: np.ndarray
    gold: np.ndarray
    split: np.ndarray
    texts: np.ndarray

    @property
    def covered(self) -> np.ndarray:
        return (self.votes >= 0).any(axis=1)


def load(path: Path) -> Comments:
    """Read a set."""
    file = np.load(path / "votes.npz")
    with gzip.open(path / "texts.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = np.array([json.loads(line)["text"] for line in lines], dtype=object)
    rows = np.array([text is not None for text in texts])
    return Comments(
        task_of(path),
        file["L"][rows].astype(np.int64),
        file["y"][rows].astype(np.int64),
        file["split"][rows],
        texts[rows],
    )


# Labels ---------------------------------------------------------------------------------------------------------------


def labels_of(source: str, given: Comments, rows: np.ndarray, seed: int) -> np.ndarray:
    """Fit a label model to some rows, and return their probabilities; of gold, ones and zeros."""
    votes, k = given.votes[rows], given.task.n_classes
    if source == "gold":
        return np.eye(k)[given.gold[rows]]
    if source == "labelkit":
        return lk.LabelModel(n_classes=k).fit(votes).predict_proba(votes)
    from snorkel.labeling.model import LabelModel

    model = LabelModel(cardinality=k, verbose=False)
    model.fit(votes, n_epochs=EPOCHS[source], log_freq=100, seed=123 + seed, progress_bar=False)
    return model.predict_proba(votes)


# Recipes --------------------------------------------------------------------------------------------------------------


def taught(recipe: str, proba: np.ndarray, texts: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Train an end model on covered rows by one recipe; returns a function from texts to probabilities."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    if recipe == "train_end_model":
        return _by_default(proba, texts)
    words, model = CountVectorizer(ngram_range=(1, 5)), LogisticRegression(C=1e3, solver="liblinear")
    features = words.fit_transform(texts)
    row, label, weight = _weighted("hard" if recipe == "tutorial" else "soft, certainty", proba)
    model.fit(features[row], label, sample_weight=weight)
    return lambda others: model.predict_proba(words.transform(others))


def _by_default(proba: np.ndarray, texts: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    names = tuple(str(number) for number in range(proba.shape[1]))
    n = len(texts)
    labels = lk.ProbabilisticLabels(proba, np.ones(n, dtype=bool), np.arange(n), np.arange(n), names)
    model = lk.train_end_model(texts.tolist(), labels)
    return model.pipeline.predict_proba


def _weighted(weighting: str, proba: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows, classes and weights for a learner of hard labels."""
    soft = np.eye(proba.shape[1])[proba.argmax(axis=1)] if weighting.startswith("hard") else proba
    weight = certainty(proba) if weighting.endswith("certainty") else np.ones(len(proba))
    return TrainingSet(np.arange(len(proba)), soft, weight).by_class()


# Judgement ------------------------------------------------------------------------------------------------------------


def divided(given: Comments, how: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows that are learned from and those that judge."""
    generator = np.random.default_rng(seed)
    if how == "test split":
        return generator.choice(np.flatnonzero(given.split == 0), (given.split == 0).sum()), np.flatnonzero(
            given.split == 2
        )
    rows = generator.permutation(len(given.gold))
    return rows[: int(0.7 * len(rows))], rows[int(0.7 * len(rows)) :]


def records(given: Comments, n_seeds: int) -> Iterator[dict[str, Any]]:
    """Return a record of each division, source, recipe and seed, with which judged rows were right."""
    from sklearn.metrics import roc_auc_score

    for how in ("test split", "random 30%"):
        for seed in range(n_seeds):
            rows, judged = divided(given, how, seed)
            covered = given.covered[rows]
            truth = given.gold[judged]
            for source in SOURCES:
                proba = labels_of(source, given, rows, seed)[covered]
                right_labels = float((proba.argmax(axis=1) == given.gold[rows][covered]).mean())
                for recipe in RECIPES:
                    predicted = taught(recipe, proba, given.texts[rows][covered])(given.texts[judged])
                    yield {
                        "judge": how,
                        "source": source,
                        "recipe": recipe,
                        "seed": seed,
                        "labels": right_labels,
                        "right": predicted.argmax(axis=1) == truth,
                        "auc": float(roc_auc_score(truth, predicted[:, 1])),
                        "positive": float(predicted.argmax(axis=1).mean()),
                        "prevalence": float(truth.mean()),
                    }


def drawn_accuracy(some: list[dict[str, Any]]) -> np.ndarray:
    """Compute the accuracy on draws of the judged rows, the same draws for every record of a seed; shape (n_seeds, n_draws)."""
    draws = np.stack([np.random.default_rng(one["seed"]).random((N_DRAWS, len(one["right"]))) for one in some])
    chosen = (draws * len(some[0]["right"])).astype(int)
    return np.stack([one["right"][rows].mean(axis=1) for one, rows in zip(some, chosen, strict=True)])


def lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Return the table: accuracy with its interval, the difference to Snorkel's tutorial, AUC, and shares of spam."""
    yield "| judged on | labels of | recipe | labels right | accuracy | 95% interval | less Snorkel's tutorial | AUC | called spam |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["judge"], row["source"], row["recipe"]), []).append(row)
    for (how, source, recipe), some in groups.items():
        accuracy, other = drawn_accuracy(some), drawn_accuracy(groups[how, "Snorkel", "tutorial"])
        low, high = np.percentile(accuracy, [2.5, 97.5])
        less, more = np.percentile(accuracy - other, [2.5, 97.5])
        mean = {key: np.mean([one[key] for one in some]) for key in ("labels", "auc", "positive", "prevalence")}
        exact = np.mean([one["right"].mean() for one in some])
        base = np.mean([one["right"].mean() for one in groups[how, "Snorkel", "tutorial"]])
        yield (
            f"| {how} | {source} | {recipe} | {mean['labels']:.3f} | {exact:.3f} | {low:.3f} to {high:.3f} "
            f"| {exact - base:+.3f} ({less:+.3f} to {more:+.3f}) | {mean['auc']:.3f} "
            f"| {mean['positive']:.2f} of {mean['prevalence']:.2f} |"
        )


# Hard or soft ---------------------------------------------------------------------------------------------------------


def weighting_values(given: Comments, n_seeds: int) -> dict[str, float]:
    """Return the mean metric of the default pipeline by hard and soft labels of LabelModel, with and without weights."""
    found: dict[str, list[float]] = {weighting: [] for weighting in WEIGHTINGS}
    for seed in range(n_seeds):
        rows = np.random.default_rng(seed).permutation(np.flatnonzero(given.gold >= 0))[:MOST_ROWS]
        rows, judged = rows[: int(0.7 * len(rows))], rows[int(0.7 * len(rows)) :]
        proba = labels_of("labelkit", given, rows, seed)[given.covered[rows]]
        model = unfitted_pipeline(None, 10.0)
        features = model[:-1].fit_transform(given.texts[rows][given.covered[rows]])
        for weighting in WEIGHTINGS:
            row, label, weight = _weighted(weighting, proba)
            model[-1].fit(features[row], label, sample_weight=weight)
            found[weighting].append(label_value(given.task, model.predict(given.texts[judged]), given.gold[judged]))
    return {weighting: 100 * float(np.mean(values)) for weighting, values in found.items()}


def weighting_lines(values: dict[str, dict[str, float]]) -> Iterator[str]:
    """Return the table of sets and weightings, and what the other sets would choose for each."""
    yield f"| set | {' | '.join(WEIGHTINGS)} | chosen on the others |"
    yield "| --- |" + " --- |" * (len(WEIGHTINGS) + 1)
    means = {weighting: np.mean([one[weighting] for one in values.values()]) for weighting in WEIGHTINGS}
    for name, one in values.items():
        others = {weighting: means[weighting] * len(values) - one[weighting] for weighting in WEIGHTINGS}
        cells = " | ".join(f"{one[weighting]:.1f}" for weighting in WEIGHTINGS)
        yield f"| {name} | {cells} | {max(others, key=others.__getitem__)} |"
    yield f"| mean | {' | '.join(f'{means[weighting]:.1f}' for weighting in WEIGHTINGS)} | |"


def main() -> None:
    """Parse the command line, run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with lf/<name>")
    parser.add_argument("--set", default="youtube", help="a set of two classes with texts and a test split")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--weights", action="store_true", help="hard or soft labels, on all sets with texts")
    parser.add_argument("--json", type=Path, help="write the records here")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if given.weights:
        paths = sorted(path.parent for path in (given.data / "lf").glob("*/texts.jsonl.gz"))
        values = {path.name: weighting_values(load(path), given.seeds) for path in paths}
        print("\n".join(weighting_lines(values)))
        kept: Any = values
    else:
        rows = list(records(load(given.data / "lf" / given.set), given.seeds))
        print("\n".join(lines(rows)))
        kept = [{**row, "right": float(row["right"].mean())} for row in rows]
    if given.json:
        given.json.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
