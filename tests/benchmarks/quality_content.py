"""Quality of labels by votes and texts together: ``python -m tests.benchmarks.quality --features tfidf --data DIR``.

A model is fitted on all rows that have a text, without their gold, and scored on all of them that have gold; those with
and without votes apart. Beside ContentLabelModel stand majority vote and LabelModel, which toss a coin for rows without
votes, and an end model: logistic regression (C = 10) on the soft labels of LabelModel, over the same features. Settings:
``votes``; ``prior50`` (an estimate of the class prior from 50 random gold rows and the votes is given, the gold is not;
five draws) and ``gold`` (gold of ``--gold-rows`` rows is given; these are not scored), of LabelModel and
ContentLabelModel. ``--shuffled`` deals the texts out at random.
"""

from __future__ import annotations

import gzip
import json
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from labelkit.end_models import read_features
from labelkit.label_models import ContentLabelModel, LabelModel, MajorityVote
from labelkit.label_models.prior import estimate_prior
from labelkit.label_models.prior_estimate import PriorEstimate
from labelkit.votes import metrics
from labelkit.votes.hard_labels import TIE_TOLERANCE
from labelkit.votes.label_matrix import LabelMatrix
from tests.benchmarks.quality import Task, label_value, task_of, tossed

MODELS = ("MajorityVote", "LabelModel", "end model", "ContentLabelModel")
N_GOLD = 50
COLUMNS = ("all", "covered", "uncovered", "acc all", "acc cov", "acc unc", "ECE cov", "ECE unc")


@dataclass(frozen=True)
class TextTask:
    """Votes, features and gold of all rows of a set that have a text."""

    task: Task
    votes: np.ndarray
    features: Any
    gold: np.ndarray

    @property
    def covered(self) -> np.ndarray:
        return (self.votes >= 0).any(axis=1)


def load_text_tasks(folder: Path, names: list[str] | None) -> Iterator[TextTask]:
    """Read the sets of a folder that have texts, with hashed TF-IDF features; a row without a text is left out."""
    for path in sorted((folder / "lf").glob("*")):
        if not (path / "texts.jsonl.gz").exists() or (names and path.name not in names):
            continue
        file = np.load(path / "votes.npz")
        with gzip.open(path / "texts.jsonl.gz", "rt", encoding="utf-8") as lines:
            texts = [json.loads(line)["text"] for line in lines]
        rows = np.array([text is not None for text in texts])
        features = read_features([text for text in texts if text is not None])
        yield TextTask(task_of(path), file["L"][rows], features.values, file["y"][rows].astype(np.int64))


# Models ---------------------------------------------------------------------------------------------------------------


def proba_of(name: str, given: TextTask, prior: PriorEstimate | None, gold: np.ndarray | None) -> np.ndarray:
    """Return the probabilities of all rows by one model."""
    params = {"n_classes": given.task.n_classes, **({} if prior is None else {"class_prior": prior})}
    if name == "ContentLabelModel":
        return ContentLabelModel(**params).fit(given.votes, given.features, gold=gold).predict_proba(*_input(given))
    if name == "MajorityVote":
        proba = MajorityVote(n_classes=given.task.n_classes).fit(given.votes).predict_proba(given.votes)
        return np.where(given.covered[:, None], proba, 1 / given.task.n_classes)
    by_votes = LabelModel(**params).fit(given.votes, gold=gold).predict_proba(given.votes)
    if name == "end model":
        return _end_model(given, by_votes, gold)
    return np.where(given.covered[:, None], by_votes, 1 / given.task.n_classes)


def _matrix(given: TextTask) -> LabelMatrix:
    return LabelMatrix.of(given.votes, classes=[str(number) for number in range(given.task.n_classes)])


def _input(given: TextTask) -> tuple[np.ndarray, Any]:
    return given.votes, given.features


def _end_model(given: TextTask, soft: np.ndarray, gold: np.ndarray | None) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression

    rows = given.covered if gold is None else given.covered | (gold >= 0)
    labels = soft.copy()
    if gold is not None:
        labels[gold >= 0] = np.eye(soft.shape[1])[gold[gold >= 0]]
    chosen = np.flatnonzero(rows)
    row, label = np.nonzero(labels[chosen] > 1e-6)
    model = LogisticRegression(C=10.0, max_iter=100)
    model.fit(given.features[chosen][row], label, sample_weight=labels[chosen][row, label])
    proba = np.zeros_like(soft)
    proba[:, model.classes_] = model.predict_proba(given.features)
    return proba


# Scores ---------------------------------------------------------------------------------------------------------------


def figures(given: TextTask, proba: np.ndarray, scored: np.ndarray) -> list[float]:
    """Return the figures of ``COLUMNS``, in percent, NaN where there are no such rows."""
    labels, gold = tossed(proba >= proba.max(axis=1, keepdims=True) - TIE_TOLERANCE), given.gold
    groups = [scored, scored & given.covered, scored & ~given.covered]

    def over(rows: np.ndarray, figure: Callable[[np.ndarray], float]) -> float:
        return 100 * figure(rows) if rows.any() else float("nan")

    return [
        *(over(rows, lambda r: label_value(given.task, labels[r], gold[r])) for rows in groups),
        *(over(rows, lambda r: metrics.accuracy(labels[r], gold[r])) for rows in groups),
        *(over(rows, lambda r: metrics.calibration_error(proba[r], gold[r])) for rows in groups[1:]),
    ]


def run_task(given: TextTask, setting: str, n_gold: int, n_draws: int) -> Iterator[dict[str, Any]]:
    """Return a record for each model: the mean of its figures over draws of gold rows."""
    known = np.flatnonzero(given.gold >= 0)
    for name in MODELS:
        if setting != "votes" and name in ("MajorityVote", "end model"):
            continue
        start, rows = time.perf_counter(), []
        for seed in range(n_draws if setting != "votes" else 1):
            chosen = np.random.default_rng(seed).choice(known, min(n_gold, len(known) // 2), replace=False)
            gold = np.full(len(given.gold), -1)
            gold[chosen] = given.gold[chosen]
            prior = estimate_prior(gold, _matrix(given)) if setting == "prior50" else None
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                proba = proba_of(name, given, prior, gold if setting == "gold" else None)
            scored = (given.gold >= 0) & ((gold < 0) | (setting != "gold"))
            rows.append(figures(given, proba, scored))
        seconds = (time.perf_counter() - start) / len(rows)
        values = dict(zip(COLUMNS, np.mean(rows, axis=0).tolist(), strict=True))
        yield {"set": given.task.name, "setting": setting, "model": name, **values, "seconds": seconds}


def shuffled_lines(given: TextTask, n_draws: int) -> Iterator[str]:
    """Compare labels by shuffled texts with those of votes alone, bit by bit."""
    alone = LabelModel(n_classes=given.task.n_classes).fit(given.votes).predict_proba(given.votes)
    same = 0
    for seed in range(n_draws):
        features = given.features[np.random.default_rng(seed).permutation(len(given.gold))]
        model = ContentLabelModel(n_classes=given.task.n_classes).fit(given.votes, features)
        same += bool((model.predict_proba(given.votes, features) == alone).all())
    yield f"{given.task.name:18s} exactly as LabelModel in {same} of {n_draws} draws"


# Tables ---------------------------------------------------------------------------------------------------------------


def table(records: list[dict[str, Any]], setting: str) -> str:
    """Return the means over the sets, then the covered and all-rows figures of each set."""
    chosen = [r for r in records if r["setting"] == setting]
    sets, models = (list(dict.fromkeys(r[key] for r in chosen)) for key in ("set", "model"))
    lines = [
        f"{len(sets)} sets, {setting}: means",
        " " * 20 + "".join(f"{name:>11s}" for name in (*COLUMNS, "seconds")),
    ]
    for model in models:
        mine = [r for r in chosen if r["model"] == model]
        means = [np.nanmean([r[column] for r in mine]) for column in COLUMNS]
        lines.append(f"{model:20s}" + "".join(f"{value:11.2f}" for value in (*means, sum(r["seconds"] for r in mine))))
    for column in ("all", "covered", "acc all", "acc cov", "ECE unc"):
        lines += ["", f"{column:20s}" + "".join(f"{name[:10]:>11s}" for name in sets)]
        for model in models:
            cells = [next(r[column] for r in chosen if (r["set"], r["model"]) == (name, model)) for name in sets]
            lines.append(f"{model:20s}" + "".join(f"{cell:11.2f}" for cell in cells))
    return "\n".join(lines)


def run(
    folder: Path, names: list[str] | None, settings: list[str], n_gold: int, n_draws: int, *, shuffled: bool
) -> list[dict[str, Any]]:
    """Run, print, and return the records."""
    records: list[dict[str, Any]] = []
    for given in load_text_tasks(folder, names):
        if shuffled:
            print("\n".join(shuffled_lines(given, n_draws)), flush=True)
            continue
        for setting in settings:
            records += run_task(given, setting, N_GOLD if setting == "prior50" else n_gold, n_draws)
    for setting in settings if records else []:
        print(table(records, setting), end="\n\n")
    return records
