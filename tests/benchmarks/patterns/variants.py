"""The worth of variants of one rule, on rows by which they were not chosen.

Coverage and precision are of the validation and test splits (of ``spouse``, whose validation split was looked at, of the
test split). What a variant adds to a label model is a mean over random halves of the set's own rules, scored on the test split.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import labelkit as lk
from tests.benchmarks.patterns.variant_rules import Comparison, columns_of, comparisons
from tests.benchmarks.patterns.vote_sets import (
    METRICS,
    N_DRAWS,
    NO_GAP,
    VoteSet,
    load_records,
    load_set,
    precision_gap,
    right_shares,
    share,
)


@dataclass(frozen=True)
class TextSet:
    """The rows of a set that have a text: their votes, their columns, and which of them no variant was chosen by."""

    votes: VoteSet
    frame: pd.DataFrame
    held_out: np.ndarray

    def matrix(self, comparison: Comparison) -> np.ndarray:
        """Return the votes of all variants of a comparison, shape (n_rows, n_variants)."""
        label = self.votes.class_names.index(comparison.label)
        rows = self.votes.train
        taught_by = [self.frame["text"].iloc[row] for row in rows], self.votes.gold[rows]
        rules = []
        for number, variant in enumerate(comparison.variants.values()):
            if isinstance(variant, lk.Condition):
                rules.append(variant.rule(name=f"variant_{number}", label=label))
            else:
                rules.append(variant(*taught_by, label).rule(name=f"variant_{number}", column="text"))
        return lk.Applier(rules, labels=self.votes.class_names).apply(self.frame, cache=False).votes


def load_text_set(folder: Path, name: str) -> TextSet:
    """Read the rows of a set that have a text; without a train split, the validation split is that."""
    whole, records = load_set(folder, name), load_records(folder, name)
    rows = np.array([record["text"] is not None for record in records])
    votes = replace(whole, votes=whole.votes[rows], gold=whole.gold[rows], split=whole.split[rows])
    if not (votes.split == 0).any():
        votes = replace(votes, split=np.where(votes.split == 1, 0, votes.split))
    held_out = np.flatnonzero((votes.split > 0) & (votes.gold >= 0))
    return TextSet(votes, columns_of([record for record, there in zip(records, rows, strict=True) if there]), held_out)


def variant_rows(folder: Path) -> Iterator[dict[str, Any]]:
    """Measure all variants of all sets that are there."""
    for name, group in groupby(comparisons(), key=lambda one: one.set_name):
        if not (folder / name / "texts.jsonl.gz").exists():
            continue
        texts = load_text_set(folder, name)
        by_all = texts.votes.values(texts.votes.votes)
        for comparison in group:
            yield from _measured(texts, comparison, by_all)


def _measured(texts: TextSet, comparison: Comparison, by_all: np.ndarray) -> Iterator[dict[str, Any]]:
    votes = texts.matrix(comparison)
    rows, gold = texts.held_out, texts.votes.gold[texts.held_out]
    base = _precisions(votes[rows, 0], gold)
    shares = [share(right_shares(column, gold)) for column in votes[rows].T]
    for number, variant in enumerate(comparison.variants):
        column = votes[:, number]
        against_base = (
            NO_GAP if number == 0 else precision_gap(_precisions(column[rows], gold), base, shares[number], shares[0])
        )
        yield {
            "page": comparison.page,
            "comparison": comparison.name,
            "set": comparison.set_name,
            "label": comparison.label,
            "variant": variant,
            "rows": len(rows),
            "class_share": 100 * float((gold == texts.votes.class_names.index(comparison.label)).mean()),
            "coverage": 100 * float((column[rows] >= 0).mean()),
            **shares[number],
            "change": against_base["gain"],
            "change_low": against_base["gain_low"],
            "change_high": against_base["gain_high"],
            "metric": METRICS[texts.votes.task.metric],
            **texts.votes.added(list(range(texts.votes.votes.shape[1])), column),
            "gain_to_all": float(texts.votes.values(np.column_stack([texts.votes.votes, column]))[0] - by_all[0]),
        }


def _precisions(column: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """Compute the precision of a column of votes in percent: of all rows, then of the draws, the same for all columns."""
    draws = np.random.default_rng(1).multinomial(len(gold), np.full(len(gold), 1 / len(gold)), size=N_DRAWS)
    weights = np.vstack([np.ones(len(gold), dtype=draws.dtype), draws])
    voted = weights @ (column >= 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return 100 * (weights @ ((column >= 0) & (column == gold))) / voted
