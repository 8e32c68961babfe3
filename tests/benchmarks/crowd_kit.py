"""Label models beside the aggregators of crowd-kit, on the crowds of a folder: accuracy, log-loss, calibration, time.

    python -m tests.benchmarks.crowd_kit --data DIR

``DIR/crowd/<name>/votes.npz`` as in :mod:`tests.benchmarks.quality`. Each model has its defaults and the answers alone, and
is judged by the items with gold; a tie counts as its chance of being right. Needs ``pip install crowd-kit``.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import labelkit as lk
from labelkit.votes import metrics
from labelkit.votes.hard_labels import tie_credit
from tests.benchmarks.quality import Task, load_tasks

OURS = ("MajorityVote", "DawidSkene", "IBCC", "LabelModel")
THEIRS = ("MajorityVote", "DawidSkene", "OneCoinDawidSkene", "MACE", "GLAD")


def long_table(task: Task) -> pd.DataFrame:
    """Return the answers of a crowd as crowd-kit takes them."""
    item, worker = np.nonzero(task.train >= 0)
    return pd.DataFrame({"task": item, "worker": worker, "label": task.train[item, worker]})


def by_labelkit(task: Task, name: str) -> np.ndarray:
    """Return the probabilities that a model of labelkit gives; shape (n_items, n_classes)."""
    model = getattr(lk, name)(n_classes=task.n_classes)
    return np.asarray(model.fit(task.train).predict_proba(task.train))


def by_crowd_kit(task: Task, name: str) -> np.ndarray:
    """Return the probabilities that a model of crowd-kit gives."""
    from crowdkit import aggregation

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        proba = getattr(aggregation, name)().fit_predict_proba(long_table(task))
    whole = proba.reindex(index=range(len(task.train)), columns=range(task.n_classes))
    return whole.fillna(0.0).to_numpy()


def measured(task: Task, who: str, name: str, compute: Callable[[Task, str], np.ndarray]) -> dict[str, Any]:
    """Fit a model, and judge it."""
    start = time.process_time()
    proba = compute(task, name)
    seconds = time.process_time() - start
    judged = (task.test_gold >= 0) & (task.train >= 0).any(axis=1)
    proba, gold = proba[judged], task.test_gold[judged].astype(np.int64)
    return {
        "set": task.name,
        "model": f"{who} {name}",
        "accuracy": 100 * float(tie_credit(proba, gold).mean()),
        "log_loss": metrics.log_loss(proba, gold),
        "ece": 100 * metrics.calibration_error(proba, gold),
        "seconds": seconds,
    }


def results(folder: Path) -> Iterator[dict[str, Any]]:
    """Measure each model on each crowd."""
    for task in load_tasks(folder):
        if task.group == "crowd":
            for who, names, compute in (("labelkit", OURS, by_labelkit), ("crowd-kit", THEIRS, by_crowd_kit)):
                for name in names:
                    yield measured(task, who, name, compute)


def main() -> None:
    """Print accuracies by set, and the means of all figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with crowd/<name>")
    frame = pd.DataFrame(results(parser.parse_args().data))
    order = frame["model"].unique()
    print(frame.pivot_table(index="model", columns="set", values="accuracy").loc[order].round(2).to_string())
    means = frame.groupby("model")[["accuracy", "log_loss", "ece"]].mean().loc[order]
    print(means.assign(seconds=frame.groupby("model")["seconds"].sum()).round(2).to_string())


if __name__ == "__main__":
    main()
