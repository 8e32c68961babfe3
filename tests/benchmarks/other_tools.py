"""Label models of crowd-kit and skweak on the sets of ``quality``, scored as those of labelkit are.

    python -m tests.benchmarks.other_tools --data DIR [--tools DawidSkene MACE skweak] [--json FILE]

Needs crowd-kit and skweak, which labelkit does not: install them into an environment of their own. Models of crowd-kit label the
items that they are fitted on, so they are fitted on the train and the test rows together; skweak's naive Bayes is fitted on the
train rows, each of which is a document of one token with a span for each vote.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from labelkit.label_models import DawidSkene, LabelModel, MajorityVote
from tests.benchmarks.quality import Task, load_tasks, score

OWN = {model.__name__: model for model in (MajorityVote, DawidSkene, LabelModel)}


def by_crowd_kit(name: str, task: Task) -> np.ndarray:
    """Fit a model of crowd-kit on all rows, and return the probabilities of the test rows."""
    model = getattr(importlib.import_module("crowdkit.aggregation"), name)()
    votes = task.test if task.group == "crowd" else np.concatenate([task.train, task.test])
    row, worker = np.nonzero(votes >= 0)
    proba = model.fit_predict_proba(pd.DataFrame({"task": row, "worker": worker, "label": votes[row, worker]}))
    tests = np.arange(len(votes) - len(task.test), len(votes))
    frame = proba.reindex(index=tests, columns=range(task.n_classes))
    return frame.fillna(0.0).to_numpy(np.float64)


def by_skweak(_name: str, task: Task) -> np.ndarray:
    """Fit skweak's naive Bayes on the train rows, and return the probabilities of the test rows."""
    spacy, tokens, generative = (importlib.import_module(m) for m in ("spacy", "spacy.tokens", "skweak.generative"))
    vocab, names = spacy.blank("en").vocab, [f"class_{c}" for c in range(task.n_classes)]
    model = generative.NaiveBayes("aggregated", names)
    used = np.flatnonzero((task.train >= 0).any(axis=0))  # of others it knows nothing

    def as_documents(votes: np.ndarray) -> list[object]:
        documents = []
        for row in votes:
            document = tokens.Doc(vocab, ["text"])
            for lf in used:
                spans = [tokens.Span(document, 0, 1, label=names[row[lf]])] if row[lf] >= 0 else []
                document.spans[f"lf_{lf}"] = spans
            documents.append(document)
        return documents

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        model.fit(as_documents(task.train))
    proba = np.full((len(task.test), task.n_classes), 1 / task.n_classes)
    for row, document in enumerate(as_documents(task.test)):
        of_span = model(document).spans["aggregated"].attrs["probs"].get((0, 1), {})
        if of_span:
            proba[row] = [of_span.get(name, 0.0) for name in names]
    return proba


def by_labelkit(name: str, task: Task) -> np.ndarray:
    """Fit a model of labelkit on the train rows, and return the probabilities of the test rows."""
    return OWN[name](n_classes=task.n_classes).fit(task.train).predict_proba(task.test)


TOOLS: dict[str, Callable[[str, Task], np.ndarray]] = {
    **{
        f"crowd-kit {name}": by_crowd_kit
        for name in ("MajorityVote", "DawidSkene", "OneCoinDawidSkene", "GLAD", "MACE")
    },
    "skweak NaiveBayes": by_skweak,
    **{f"labelkit {name}": by_labelkit for name in OWN},
}


def record(task: Task, tool: str) -> dict[str, float | str]:
    """Run one tool on one set."""
    started = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        proba = TOOLS[tool](tool.split(" ")[1], task)
    seconds = time.process_time() - started
    figures = score(task, proba, np.ones(len(task.test_gold), dtype=bool))
    return {"set": task.name, "group": task.group, "tool": tool, "seconds": seconds, **figures}


def main() -> None:
    """Print the metric of each set, and the mean of each group."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tools", nargs="+", default=list(TOOLS), help="parts of their names")
    parser.add_argument("--group", choices=["lf", "crowd"])
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    tasks = [task for task in load_tasks(given.data) if given.group in (None, task.group)]
    tools = [tool for tool in TOOLS if any(part in tool for part in given.tools)]
    records = []
    for task in tasks:
        for tool in tools:
            records.append(record(task, tool))
            print(records[-1], flush=True)
    if given.json:
        given.json.write_text(json.dumps(records, indent=1), "utf-8")
    table = pd.DataFrame(records)
    for group, part in table.groupby("group"):
        columns = ["value", "covered_accuracy", "ece", "seconds"]
        print(
            f"\n{group}\n{part.pivot_table(index='tool', columns='set', values='value', sort=False).round(2).to_string()}"
        )
        print(part.groupby("tool", sort=False)[columns].mean().round(2).to_string())


if __name__ == "__main__":
    main()
