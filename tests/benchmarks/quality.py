"""Quality of label models on real votes with gold: every model over every set of a folder, in three settings.

    python -m tests.benchmarks.quality --data DIR [--models LabelModel MajorityVote] [--json FILE]
    python -m tests.benchmarks.quality --data DIR --models LabelModel --settings gold --gold-rows 20 --draws 10
    python -m tests.benchmarks.quality --data DIR --features tfidf --settings votes prior50 gold

Settings: ``votes`` (votes alone), ``balance`` (class frequencies of the validation split given to models
that take ``class_prior``), ``prior50`` (those of 50 random gold rows, five draws), ``gold`` (100 gold rows, five draws,
unless other numbers are asked for). With ``--features tfidf``, see ``quality_content``. For sets of labeling functions (``DIR/lf/<name>``) a
model is fitted on the votes of the train split and scored on the test split (valid, where test has no gold); a tie or
an uncovered row goes to tied class number ``sha1(row) mod n_tied``, as in the WRENCH paper. For
crowds (``DIR/crowd/<name>``) a model is fitted on all votes and scored on the items with gold; ties are split. Rows whose
gold a model was given are not scored. Where something is known of the classes and the metric is F1, every model's labels
are those of the threshold with the highest expected F1 of all rows, tossed ones among them. Log-loss, Brier score and calibration error are of covered rows.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from labelkit.exceptions import LabelkitError
from labelkit.label_models import MODELS
from labelkit.votes import metrics
from labelkit.votes.hard_labels import TIE_TOLERANCE

SETTINGS = ("votes", "balance", "prior50", "gold")
PRIOR_ROWS = 50  # gold rows that give the class frequencies of the setting prior50
N_GOLD, N_SEEDS = 100, 5
N_DRAWS = 500  # of rows, for intervals
LEEWAY = 0.5  # a model is below majority vote where it loses more than so many points


@dataclass(frozen=True)
class Task:
    """One set of votes, with the input of a model and the examples that it is scored on."""

    name: str
    group: str
    n_classes: int
    metric: str
    positive: int | None
    train: np.ndarray  # votes that a model is fitted on
    train_gold: np.ndarray
    test: np.ndarray
    test_gold: np.ndarray
    balance: np.ndarray


def load_tasks(folder: Path) -> list[Task]:
    """Read the sets of a folder laid out as ``lf/<name>`` and ``crowd/<name>``."""
    lf = [task_of(path) for path in sorted((folder / "lf").glob("*")) if (path / "votes.npz").exists()]
    crowd = [_crowd_task(path) for path in sorted((folder / "crowd").glob("*")) if (path / "votes.npz").exists()]
    return lf + crowd


def task_of(path: Path) -> Task:
    """Read a set of labeling functions."""
    meta = json.loads((path / "meta.json").read_text("utf-8"))
    file = np.load(path / "votes.npz")
    votes, gold, split = file["L"], file["y"], file["split"]
    k = int(meta.get("k") or len(meta.get("classes") or []) or max(votes.max(), gold.max()) + 1)
    scored = 2 if (gold[split == 2] >= 0).any() else 1
    asked = str(meta.get("metric", "acc"))
    known = next(s for s in (1, 0, 2) if (gold[split == s] >= 0).any())
    fitted = split == 0 if (split == 0).any() else split != scored
    return Task(
        name=path.name,
        group="lf",
        n_classes=k,
        metric=asked if asked in ("f1", "f1_macro") else "acc",
        positive=meta.get("positive_class"),
        train=votes[fitted],
        train_gold=gold[fitted],
        test=votes[split == scored],
        test_gold=gold[split == scored],
        balance=_balance(gold[split == known], k),
    )


def _crowd_task(path: Path) -> Task:
    file = np.load(path / "votes.npz")
    n, m, k = (int(file[name]) for name in "nmk")
    votes = np.full((n, m), -1, dtype=np.int16)
    votes[file["item"], file["worker"]] = file["label"]
    gold = file["y"]
    return Task(path.name, "crowd", k, "acc", None, votes, gold, votes, gold, _balance(gold, k))


def _balance(gold: np.ndarray, n_classes: int) -> np.ndarray:
    counts = np.bincount(gold[gold >= 0], minlength=n_classes) + 0.5
    return counts / counts.sum()


def prior_of(gold: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the class frequencies of some gold rows, each class counted once more."""
    counts = np.bincount(gold[gold >= 0], minlength=n_classes) + 1.0
    return counts / counts.sum()


def with_valid_votes(path: Path, task: Task) -> Task:
    """Return a task whose fitted rows have gold: the validation split, if the train split has none."""
    if task.group == "crowd" or (task.train_gold >= 0).sum() >= 2 * N_GOLD:
        return task
    file = np.load(path / "lf" / task.name / "votes.npz")
    more = file["split"] == 1
    if not (file["y"][more] >= 0).any() or len(task.test) == more.sum():
        return task
    return replace(
        task,
        train=np.concatenate([task.train, file["L"][more]]),
        train_gold=np.concatenate([task.train_gold, file["y"][more]]),
    )


def draw_gold(task: Task, seed: int, n_rows: int = N_GOLD) -> np.ndarray:
    """Draw gold of some rows, at most half of those with gold; -1 elsewhere."""
    known = np.flatnonzero(task.train_gold >= 0)
    chosen = np.random.default_rng(seed).permutation(known)[: min(n_rows, len(known) // 2)]
    gold = np.full(len(task.train_gold), -1, dtype=np.int64)
    gold[chosen] = task.train_gold[chosen]
    return gold


# Scores ----------------------------------------------------------------------------------------------------------------


def score(task: Task, proba: np.ndarray, kept: np.ndarray, threshold: float | None = None) -> dict[str, float]:
    """Compute the figures of one run from probabilities of the test rows and a mask of those that are scored.

    Where a threshold is given, covered rows are positive from there on.
    """
    covered = (task.test >= 0).any(axis=1)
    p = np.where(covered[:, None], proba, 1 / task.n_classes)
    tied = p >= p.max(axis=1, keepdims=True) - TIE_TOLERANCE
    gold, known = task.test_gold, (task.test_gold >= 0) & kept
    credit = tied[np.arange(len(gold)), np.maximum(gold, 0)] / tied.sum(axis=1)
    both = known & covered
    if threshold is not None:
        positive = (proba[:, task.positive] >= threshold)[:, None] == (np.arange(2) == task.positive)
        tied = np.where(covered[:, None], positive, tied)
    return {
        "value": 100 * (float(credit[known].mean()) if task.group == "crowd" else _metric(task, tied, known)),
        "covered_accuracy": 100 * float(credit[both].mean()),
        "log_loss": metrics.log_loss(p[both], gold[both]),
        "brier": metrics.brier_score(p[both], gold[both]),
        "ece": 100 * metrics.calibration_error(p[both], gold[both]),
    }


def _metric(task: Task, tied: np.ndarray, known: np.ndarray) -> float:
    return label_value(task, tossed(tied)[known], task.test_gold[known])


def label_value(task: Task, labels: np.ndarray, gold: np.ndarray) -> float:
    """Compute the metric of a set."""
    if task.metric == "f1" and task.positive is not None:
        return float(metrics.f1_scores(labels, gold, task.n_classes)[task.positive])
    if task.metric == "f1_macro":
        return metrics.macro_f1(labels, gold, task.n_classes)
    return metrics.accuracy(labels, gold)


def tossed(tied: np.ndarray) -> np.ndarray:
    """Return a class for each row; ties are broken by a hash of the row's number."""
    labels = tied.argmax(axis=1)
    for i in np.flatnonzero(tied.sum(axis=1) > 1):
        classes = np.flatnonzero(tied[i])
        labels[i] = classes[int(hashlib.sha1(str(i).encode()).hexdigest(), 16) % len(classes)]
    return labels


# Runs ------------------------------------------------------------------------------------------------------------------


def runs(
    folder: Path,
    tasks: list[Task],
    models: list[str],
    settings: list[str],
    drawn: tuple[int, int] = (N_GOLD, N_SEEDS),
) -> Iterator[dict[str, Any]]:
    """Return a record for each set, setting and model; with gold, the mean over draws of gold rows."""
    for task in tasks:
        for name in models:
            for setting in settings:
                found = _run(folder, task, name, setting, drawn)
                if found is not None:
                    yield {"set": task.name, "group": task.group, "setting": setting, "model": name, **found}


def _run(folder: Path, task: Task, name: str, setting: str, drawn: tuple[int, int]) -> dict[str, Any] | None:
    model = MODELS[name]
    takes_prior = "class_prior" in model().get_params()
    if setting in ("balance", "prior50") and not takes_prior:
        return None
    params: dict[str, Any] = {
        "n_classes": task.n_classes,
        **({"class_prior": task.balance} if setting == "balance" else {}),
    }
    draws = setting in ("prior50", "gold")
    used = with_valid_votes(folder, task) if draws else task
    n_rows = PRIOR_ROWS if setting == "prior50" else drawn[0]
    golds = [draw_gold(used, seed, n_rows) for seed in range(drawn[1])] if draws else [None]
    found = []
    start = time.perf_counter()
    for drawn_gold in golds:
        gold = drawn_gold if setting == "gold" else None
        if setting == "prior50":
            params["class_prior"] = prior_of(drawn_gold, task.n_classes)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                fitted = model(**params).fit(used.train, gold=gold)
                proba, threshold = fitted.predict_proba(used.test), _threshold(used, fitted, setting)
        except LabelkitError as error:
            print(f"{task.name}: {name} cannot: {error.message}")
            return None
        kept = np.ones(len(used.test), dtype=bool) if gold is None or task.group == "lf" else gold < 0
        found.append(score(used, proba, kept, threshold))
    seconds = (time.perf_counter() - start) / len(golds)
    means = {key: float(np.mean([one[key] for one in found])) for key in found[0]}
    return {"metric": task.metric, **means, "seconds": seconds}


def _threshold(task: Task, fitted: Any, setting: str) -> float | None:
    """Return the threshold of the highest expected F1, if the metric is F1 and gold or the class balance is given.

    It is that of all rows, as it is scored: half of the uncovered ones are positive by the coin.
    """
    if setting == "votes" or task.metric != "f1" or task.n_classes != 2:
        return None
    proba, covered = fitted.predict_proba(task.train)[:, task.positive], (task.train >= 0).any(axis=1)
    if not covered.any():
        return None
    tossed_rows, tossed_right = (~covered).sum() / 2, proba[~covered].sum() / 2
    ranked = np.sort(proba[covered])[::-1]
    right, called = tossed_right + np.cumsum(ranked), tossed_rows + np.arange(1, len(ranked) + 1)
    last = np.append(ranked[1:] < ranked[:-1], True)  # rows that are equally probable stand or fall together
    return float(ranked[np.where(last, 2 * right / (called + proba.sum()), -1.0).argmax()])


def interval_lines(tasks: list[Task], models: list[str]) -> Iterator[str]:
    """Compute the metric of each set with a 95% interval, and the difference to majority vote with its paired interval."""
    yield f"{'set':18s}{'model':20s}{'metric':>8s}  {'95% interval':18s}{'less majority vote':>20s}  95% interval"
    for task in tasks:
        rows = np.flatnonzero(task.test_gold >= 0)
        draws = np.random.default_rng(0).choice(rows, size=(N_DRAWS, len(rows)))
        majority = _resampled(task, "MajorityVote", rows, draws)
        for name in models:
            found = _resampled(task, name, rows, draws)
            if found is None or majority is None:
                continue
            low, high = np.percentile(found[1:], [2.5, 97.5])
            less, more = np.percentile((found - majority)[1:], [2.5, 97.5])
            own = f"{found[0]:8.2f}  [{low:6.2f}, {high:6.2f}]"
            yield f"{task.name:18s}{name:20s}{own}  {found[0] - majority[0]:+20.2f}  [{less:+6.2f}, {more:+6.2f}]"


def _resampled(task: Task, name: str, rows: np.ndarray, draws: np.ndarray) -> np.ndarray | None:
    """Compute the metric on the test rows, then on each draw of them."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            proba = MODELS[name](n_classes=task.n_classes).fit(task.train).predict_proba(task.test)
    except LabelkitError:
        return None
    covered = (task.test >= 0).any(axis=1)
    tied = np.where(covered[:, None], proba, 1 / task.n_classes)
    tied = tied >= tied.max(axis=1, keepdims=True) - TIE_TOLERANCE
    if task.group == "crowd":
        credit = tied[np.arange(len(tied)), np.maximum(task.test_gold, 0)] / tied.sum(axis=1)
        return 100 * np.array([credit[rows].mean(), *credit[draws].mean(axis=1)])
    labels, gold = tossed(tied), task.test_gold
    return 100 * np.array([label_value(task, labels[some], gold[some]) for some in (rows, *draws)])


# Tables ----------------------------------------------------------------------------------------------------------------


def table(records: list[dict[str, Any]], group: str, setting: str) -> str:
    """Return the figures of one group and setting: a row for each model."""
    chosen = [r for r in records if (r["group"], r["setting"]) == (group, setting)]
    sets = list(dict.fromkeys(r["set"] for r in chosen))
    models = list(dict.fromkeys(r["model"] for r in chosen))
    if not sets:
        return ""
    value = {(r["set"], r["model"]): r for r in chosen}
    whole = [model for model in models if all((name, model) in value for name in sets)]
    ranks = _ranks(np.array([[value[name, model]["value"] for model in whole] for name in sets]))
    heads = ["mean", "rank", "< MV", "covered", "log-loss", "Brier", "ECE", "sec"]
    lines = [f"{group} sets, {setting}", " " * 18 + "".join(f"{name[:9]:>10s}" for name in [*sets, *heads])]
    for model in models:
        cells = [f"{value[name, model]['value']:.2f}" if (name, model) in value else "-" for name in sets]
        if model in whole:
            mine = [value[name, model] for name in sets]
            below = [r for r in mine if _below(r, value.get((r["set"], "MajorityVote")))]
            cells += [f"{_mean(mine, 'value'):.2f}", f"{ranks[whole.index(model)]:.2f}", str(len(below))]
            cells += [f"{_mean(mine, 'covered_accuracy'):.2f}", f"{_mean(mine, 'log_loss'):.3f}"]
            cells += [
                f"{_mean(mine, 'brier'):.3f}",
                f"{_mean(mine, 'ece'):.1f}",
                f"{sum(r['seconds'] for r in mine):.2f}",
            ]
        lines.append(f"{model:18s}" + "".join(f"{cell:>10s}" for cell in cells))
    return "\n".join(lines)


def _below(record: dict[str, Any], majority: dict[str, Any] | None) -> bool:
    return majority is not None and record["value"] < majority["value"] - LEEWAY


def _mean(records: list[dict[str, Any]], key: str) -> float:
    return float(np.mean([r[key] for r in records]))


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return the mean rank over columns, 1 the highest; ties share."""
    rounded = np.round(values, 6)
    higher = (rounded[:, None, :] > rounded[:, :, None]).sum(axis=2)
    equal = (rounded[:, None, :] == rounded[:, :, None]).sum(axis=2)
    return (higher + (equal + 1) / 2).mean(axis=0)


def _installed() -> list[str]:
    """Return all models, without Snorkel's if it is not installed."""
    if all(importlib.util.find_spec(name) for name in ("snorkel", "torch")):
        return list(MODELS)
    print("SnorkelLabelModel is left out: pip install 'labelkit[snorkel]'")
    return [name for name in MODELS if name != "SnorkelLabelModel"]


def main() -> None:
    """Parse the command line, run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with lf/<name> and crowd/<name>")
    parser.add_argument("--models", nargs="+", choices=sorted(MODELS), help="all that are installed, if not given")
    parser.add_argument("--settings", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--sets", nargs="+", help="names of sets; all if not given")
    parser.add_argument("--json", type=Path, help="write the records here")
    parser.add_argument("--gold-rows", type=int, default=N_GOLD, help="gold rows of the setting gold")
    parser.add_argument("--draws", type=int, default=N_SEEDS, help="how often these are drawn")
    parser.add_argument("--intervals", action="store_true", help="bootstrap the figures of the setting votes, by rows")
    parser.add_argument("--features", choices=["tfidf"], help="read the texts too: see quality_content")
    parser.add_argument("--shuffled", action="store_true", help="with --features: deal the texts out at random")
    given = parser.parse_args()
    if given.features:
        from tests.benchmarks import quality_content

        settings = [setting for setting in given.settings if setting != "balance"]
        records = quality_content.run(
            given.data, given.sets, settings, given.gold_rows, given.draws, shuffled=given.shuffled
        )
        write_records(given.json, records)
        return
    tasks = [task for task in load_tasks(given.data) if not given.sets or task.name in given.sets]
    models = given.models or _installed()
    records = list(runs(given.data, tasks, models, given.settings, (given.gold_rows, given.draws)))
    for setting in given.settings:
        for group in ("lf", "crowd"):
            shown = table(records, group, setting)
            if shown:
                print(shown, end="\n\n")
    if given.intervals:
        print("\n".join(interval_lines(tasks, models)))
    write_records(given.json, records)


def write_records(path: Path | None, records: list[dict[str, Any]]) -> None:
    """Write the records, if a file is named."""
    if path:
        path.write_text(json.dumps(records, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
