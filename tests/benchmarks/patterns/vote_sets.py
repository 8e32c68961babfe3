"""Sets of votes with gold, and what a label model makes of some of their rules.

Of each set, a label model is fitted on the train split, with the class frequencies of the validation split as its prior
and no gold; labels are decided for the metric of the set (``hard(objective=...)``), an example without a vote gets the most
frequent class, and the test split is scored. Intervals are of 500 bootstrap draws of its rows, the same for all rules.
"""

from __future__ import annotations

import gzip
import json
import warnings
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

import labelkit as lk
from labelkit._shared.numbers import wilson_interval
from labelkit.exceptions import LabelkitError
from tests.benchmarks.quality import Task, task_of

N_DRAWS, N_HALVES = 500, 20
OBJECTIVES = {"acc": "accuracy", "f1": "f1", "f1_macro": "macro_f1"}
METRICS = {"acc": "accuracy", "f1": "F1", "f1_macro": "macro F1"}


@dataclass(frozen=True)
class VoteSet:
    """Votes of a set, shape (n_rows, n_rules), with gold and the split of each row (0 train, 1 valid, 2 test)."""

    name: str
    task: Task
    votes: np.ndarray
    gold: np.ndarray
    split: np.ndarray
    class_names: tuple[str, ...]
    _remembered: dict[tuple[int, ...], np.ndarray | None] = field(
        default_factory=dict, repr=False
    )  # values by halves of the rules

    @cached_property
    def train(self) -> np.ndarray:
        """Positions of the rows that a label model is fitted on."""
        return np.flatnonzero(self.split == 0)

    @cached_property
    def test(self) -> np.ndarray:
        """Positions of the rows that are scored."""
        return np.flatnonzero((self.split == 2) & (self.gold >= 0))

    @cached_property
    def draws(self) -> np.ndarray:
        """Bootstrap draws of the scored rows, as positions among them, shape (n_draws, n_scored)."""
        return np.random.default_rng(0).integers(len(self.test), size=(N_DRAWS, len(self.test)), dtype=np.int32)

    def values(self, votes: np.ndarray) -> np.ndarray | None:
        """Compute the metric in percent by a label model of some votes: of the test split, then of each draw of it.

        None where the model cannot be fitted.
        """
        labels = self._labels(votes)
        if labels is None:
            return None
        gold, kind = self.gold[self.test], self.task.metric
        rows = np.vstack([np.arange(len(gold), dtype=np.int32), self.draws])
        if kind == "acc":
            return 100 * (labels == gold)[rows].mean(axis=1)
        classes = [self.task.positive] if kind == "f1" else range(self.task.n_classes)
        scores = []
        for number in classes:
            hits, called, there = (
                ((labels == number) & (gold == number))[rows],
                (labels == number)[rows],
                (gold == number)[rows],
            )
            either = called.sum(axis=1) + there.sum(axis=1)
            scores.append(np.where(either > 0, 2 * hits.sum(axis=1) / np.maximum(either, 1), np.nan))
        return 100 * np.nanmean(scores, axis=0)

    def added(self, others: list[int], votes: np.ndarray) -> dict[str, float | None]:
        """Compute what some votes add to other rules: the mean over random halves of those, with its 95% interval.

        A label model that decides by one pattern of votes moves by many examples at once when a rule is added; halves of
        the rules average that out. Halves of which no model can be fitted are left out.
        """
        gains = []
        for half in halves(others):
            if half not in self._remembered:
                self._remembered[half] = self.values(self.votes[:, half])
            less, more = self._remembered[half], self.values(np.column_stack([self.votes[:, half], votes]))
            if less is not None and more is not None:
                gains.append(more - less)
        if not gains:
            return NO_GAP
        mean = np.mean(gains, axis=0)
        return gap(mean, np.zeros_like(mean))

    def _labels(self, votes: np.ndarray) -> np.ndarray | None:
        names = self.class_names
        train, test = (lk.LabelMatrix.of(votes[rows], classes=names) for rows in (self.train, self.test))
        rest = int(self.task.balance.argmax())
        chosen = {"positive": names[self.task.positive]} if self.task.metric == "f1" else {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                model = lk.LabelModel(class_prior=self.task.balance).fit(train)
                labels = model.label(test).hard(objective=OBJECTIVES[self.task.metric], **chosen)
            except LabelkitError:
                return None
        return np.where(labels < 0, rest, labels)


def halves(rules: list[int]) -> list[tuple[int, ...]]:
    """Draw random halves of some rules, the same each time."""
    rng = np.random.default_rng(0)
    return [tuple(sorted(rng.choice(rules, (len(rules) + 1) // 2, replace=False).tolist())) for _ in range(N_HALVES)]


def load_set(folder: Path, name: str) -> VoteSet:
    """Read one set."""
    task = task_of(folder / name)
    file = np.load(folder / name / "votes.npz")
    meta = json.loads((folder / name / "meta.json").read_text("utf-8"))
    names = tuple(meta.get("classes") or [str(number) for number in range(task.n_classes)])
    return VoteSet(name, task, file["L"], file["y"].astype(np.int64), file["split"], names)


def side_by_side(name: str, sets: list[VoteSet]) -> VoteSet:
    """Join the votes of sets of the same examples."""
    first = sets[0]
    if any((other.gold != first.gold).any() for other in sets[1:]):
        raise ValueError(f"{name}: the sets are not of the same examples")
    return replace(first, name=name, votes=np.hstack([one.votes for one in sets]))


def load_records(folder: Path, name: str) -> list[dict]:
    """Read the texts of a set, with whatever else stands in their records."""
    with gzip.open(folder / name / "texts.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


PRECISION = ("precision", "precision_low", "precision_high")


def share(right: np.ndarray) -> dict[str, float | None]:
    """Compute a precision in percent from the share of right votes of each row with votes, with Wilson's interval.

    A row counts once, however many rules vote on it.
    """
    if not len(right):
        return dict.fromkeys(PRECISION)
    low, high = wilson_interval(right.sum(), len(right))
    return dict(zip(PRECISION, (100 * float(value) for value in (right.mean(), low, high)), strict=True))


def right_shares(votes: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """Return the share of right votes of each row that has a vote and gold."""
    votes = votes.reshape(len(votes), -1)
    rows = (votes >= 0).any(axis=1) & (gold >= 0)
    given = votes[rows] >= 0
    return ((votes[rows] == gold[rows, None]) & given).sum(axis=1) / given.sum(axis=1)


NO_GAP: dict[str, float | None] = {"gain": None, "gain_low": None, "gain_high": None}


def gap(more: np.ndarray, less: np.ndarray) -> dict[str, float | None]:
    """Compute by how much one value is higher than another, with the 95% interval of the paired draws; None if undefined."""
    difference = more - less
    if np.isnan(difference[0]):
        return NO_GAP
    low, high = np.nanpercentile(difference[1:], [2.5, 97.5])
    return {"gain": float(difference[0]), "gain_low": float(low), "gain_high": float(high)}


def precision_gap(more: np.ndarray, less: np.ndarray, *shares: dict[str, float | None]) -> dict[str, float | None]:
    """Compute by how much one precision is higher than another, with a 95% interval.

    That of the paired draws; but draws of a rule that is always right are always right, so where one precision is 0 or
    100%, that of both Wilson intervals, as if they were independent (MOVER, https://doi.org/10.1002/sim.3095).
    """
    difference = gap(more, less)
    values, lows, highs = (np.array([one[name] for one in shares], dtype=float) for name in PRECISION)
    if difference["gain"] is None or not np.isin(values, (0.0, 100.0)).any():
        return difference
    low = np.hypot(values[0] - lows[0], highs[1] - values[1])
    high = np.hypot(highs[0] - values[0], values[1] - lows[1])
    return {**difference, "gain_low": difference["gain"] - float(low), "gain_high": difference["gain"] + float(high)}
