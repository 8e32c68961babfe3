"""Certificates: how often the bound is broken, and how many labels they keep, for errors of many shapes.

python -m tests.benchmarks.honesty.audits --repeats 500

``coverage`` is the share of audits that break no bound, ``right`` the share of the labels that is kept on average,
``wrong`` the share of audits after which a kept set has more than the level of wrong labels (at most 0.05 for a bound
that is 95% sure), and ``bias`` the mean error of the kept labels less the level.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

import labelkit as lk
from tests.benchmarks.honesty.table import main, row

N = 10_000
AUDITS = (100, 400, 1_500)
LEVELS = (0.03, 0.1)

RANK = np.arange(N) / N
"""How sure the label model is of a label, beside the others."""

SHAPES = {
    "all a little worse than the level": np.full(N, 1.07),
    "half perfect, half bad": np.where(RANK > 0.5, 0, 2.07),
    "a cliff": np.where(RANK > 0.66, 0, 1.5),
    "a late cliff": np.where(RANK > 0.2, 0.4, 5),
    "a slope": 4 * (1 - RANK),
    "a gentle slope": 1.6 * (1 - RANK),
    "the sure ones are worse": 2.67 * RANK,
    "good": np.full(N, 0.33),
}
"""The chance that a label is wrong, as a multiple of the level."""


def labels_of(confidence: Any, uncovered: Any = ()) -> lk.ProbabilisticLabels:
    """Make labels that all say the second class, with these probabilities."""
    confidence = np.asarray(confidence, float)
    n = np.arange(len(confidence))
    proba = np.column_stack([1 - confidence, confidence])
    return lk.ProbabilisticLabels(proba, ~np.isin(n, uncovered), n, n, ("HAM", "SPAM"))


def audited(wrong: np.ndarray, n: int, seed: Any) -> np.ndarray:
    """Return gold on a random sample of the rows."""
    gold = np.full(len(wrong), -1)
    rows = np.random.default_rng(seed).choice(len(wrong), n, replace=False)
    gold[rows] = np.where(wrong[rows], 0, 1)
    return gold


def audits(shape: str, n_audit: int, max_error: float, repeats: int, random_state: int) -> Iterator[tuple[Any, ...]]:
    """Yield the certificate of each of some audits, and the error of the labels that it keeps (0 of none)."""
    labels = labels_of(0.5 + 0.5 * RANK)
    for seed in range(repeats):
        wrong = np.random.default_rng([random_state, seed]).random(N) < np.minimum(SHAPES[shape] * max_error, 1)
        certificate = labels.certify(audited(wrong, n_audit, [random_state, seed, 1]), max_error)
        yield certificate, float(wrong[certificate.kept].mean()) if certificate.n_kept else 0.0


def rows(repeats: int, random_state: int) -> list[dict[str, Any]]:
    """Simulate audits of all shapes, sizes and levels."""
    return [
        _row(shape, n_audit, max_error, repeats, random_state)
        for max_error in LEVELS
        for n_audit in AUDITS
        for shape in SHAPES
    ]


def _row(shape: str, n_audit: int, max_error: float, repeats: int, random_state: int) -> dict[str, Any]:
    found = [
        (error <= max_error, one.n_kept / N, error > max_error, error - max_error if one.n_kept else np.nan)
        for one, error in audits(shape, n_audit, max_error, repeats, random_state)
    ]
    figures = [float(np.mean(column)) for column in zip(*found, strict=True)]
    kept = [bias for *_, bias in found if not np.isnan(bias)]
    named = dict(zip(("coverage", "right", "wrong"), figures, strict=False))
    return row(f"certify {max_error:.0%}, {shape}", N, n_audit, **named, bias=float(np.mean(kept)) if kept else np.nan)


if __name__ == "__main__":
    main(rows)
