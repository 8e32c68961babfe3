"""Fitting, predicting and summarizing from the pattern table, for 2 and 5 classes; beside it Snorkel's LabelModel.

``python -m tests.benchmarks.models --rows 10000000 --lfs 60 --snorkel-rows 1000000``
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

import labelkit as lk
from labelkit._shared.row_operations import take_rows
from labelkit.votes.distinct_rows import Fields, merge_packed, pack_distinct, unpack
from labelkit.votes.lf_info import LFInfo
from tests.benchmarks.measuring import machine, timed

CHUNK = 65_536


def rules(n_lfs: int, n_classes: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draw the coverage, class, precision and topic of each rule."""
    random = np.random.default_rng([seed, n_lfs])
    coverage, label = random.uniform(0.002, 0.08, n_lfs), random.integers(0, n_classes, n_lfs)
    return coverage, label, random.uniform(0.6, 0.95, n_lfs), random.integers(0, 12, n_lfs)


def votes(n_rows: int, n_lfs: int, n_classes: int, seed: int, chunk: int) -> np.ndarray:
    """Draw votes of rules for one class each, with coverages of 0.2 to 8 percent that depend on topics, as real ones do."""
    random = np.random.default_rng([seed, chunk])
    coverage, label, precision, topic = rules(n_lfs, n_classes, seed)
    truth = random.integers(0, n_classes, n_rows)
    quiet = random.random(n_rows) < 0.35
    subject = random.integers(0, 12, n_rows)
    made = np.full((n_rows, n_lfs), -1, dtype=np.int8, order="F")
    for j in range(n_lfs):
        right = np.where(truth == label[j], precision[j], (1 - precision[j]) / max(1, n_classes - 1))
        chance = coverage[j] * right * n_classes * np.where(subject == topic[j], 3.0, 0.5) * ~quiet
        made[random.random(n_rows) < chance, j] = label[j]
    return made


def table_of(n_rows: int, n_lfs: int, n_classes: int) -> tuple[lk.VotePatterns, np.ndarray, float]:
    """Make the pattern table of a corpus, chunk by chunk; also return each row's pattern, and the seconds it took."""
    lfs = tuple(LFInfo(name=f"lf{j}") for j in range(n_lfs))
    names = tuple(f"c{c}" for c in range(n_classes))
    fields = Fields(np.full(n_lfs, -1), rules(n_lfs, n_classes, 1)[1], np.ones(n_lfs, dtype=bool))
    parts, seconds = [], 0.0
    for chunk in range(-(-n_rows // CHUNK)):
        made = votes(min(CHUNK, n_rows - chunk * CHUNK), n_lfs, n_classes, 1, chunk)
        took, part = timed(lambda m=made: pack_distinct(m, fields))
        seconds += took
        parts.append(part)
    took, (patterns, index) = timed(lambda: _merged(parts, fields, lfs, names))
    return patterns, index, seconds + took


def _merged(parts: list[Any], fields: Fields, lfs: tuple[LFInfo, ...], names: tuple[str, ...]) -> tuple[Any, Any]:
    keys, places = merge_packed([own for own, _ in parts], fields)
    index = np.concatenate([place[own] for place, (_, own) in zip(places, parts, strict=True)])
    counts = np.bincount(index, minlength=keys.shape[1])
    return lk.VotePatterns(unpack(keys, fields, np.int8), counts, lfs, names), index


def measure(n_rows: int, n_lfs: int, n_classes: int, model: str) -> dict[str, Any]:
    """Measure the seconds of each stage."""
    from labelkit.label_models import MODELS

    patterns, index, seconds_table = table_of(n_rows, n_lfs, n_classes)
    seconds_fit, fitted = timed(lambda: MODELS[model]().fit(patterns))
    seconds_predict, _ = timed(lambda: take_rows(fitted.predict_pattern_proba(patterns), index))
    seconds_summary, _ = timed(lambda: lk.summarize(patterns, model=fitted))
    return {
        "model": model,
        "rows": n_rows,
        "lfs": n_lfs,
        "classes": n_classes,
        "patterns": len(patterns),
        "seconds_table": seconds_table,
        "seconds_fit": seconds_fit,
        "seconds_predict": seconds_predict,
        "seconds_summary": seconds_summary,
    }


def snorkel(n_rows: int, n_lfs: int, n_classes: int) -> dict[str, Any] | None:
    """Measure Snorkel's LabelModel, if it (with torch) is installed."""
    try:
        from snorkel.labeling.model import LabelModel
    except ImportError:
        return None
    chunks = [
        votes(min(CHUNK, n_rows - start), n_lfs, n_classes, 1, start // CHUNK) for start in range(0, n_rows, CHUNK)
    ]
    L = np.concatenate(chunks).astype(int)
    model = LabelModel(cardinality=n_classes, verbose=False)
    seconds_fit, _ = timed(lambda: model.fit(L, n_epochs=100, progress_bar=False, seed=0))
    seconds_predict, _ = timed(lambda: model.predict_proba(L))
    return {
        "model": "snorkel",
        "rows": n_rows,
        "lfs": n_lfs,
        "classes": n_classes,
        "seconds_fit": seconds_fit,
        "seconds_predict": seconds_predict,
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--lfs", type=int, default=60)
    parser.add_argument("--models", default="LabelModel")
    parser.add_argument("--snorkel-rows", type=int, default=0)
    parser.add_argument("--json")
    arguments = parser.parse_args()
    records = []
    for n_classes in (2, 5):
        for model in arguments.models.split(","):
            records.append(measure(arguments.rows, arguments.lfs, n_classes, model))
            print(records[-1], flush=True)
        if arguments.snorkel_rows:
            beside = snorkel(arguments.snorkel_rows, arguments.lfs, n_classes)
            print(beside or "Snorkel's LabelModel is not installed: pip install torch snorkel", flush=True)
            records += [beside] if beside else []
    if arguments.json:
        Path(arguments.json).write_text(json.dumps({"machine": machine(), "records": records}, indent=2) + "\n")


if __name__ == "__main__":
    main()
