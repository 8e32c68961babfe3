"""The worth of each kind of knowledge: precision and coverage, and a label model with all rules, without the kind, with it alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.patterns.rule_kinds import JOINED, RULE_GROUPS
from tests.benchmarks.patterns.vote_sets import METRICS, NO_GAP, VoteSet, load_set, right_shares, share, side_by_side


def sets_of(folder: Path) -> Iterator[VoteSet]:
    """Read the sets that are there, in the order of the table of kinds."""
    for name in RULE_GROUPS:
        parts = JOINED.get(name, (name,))
        if all((folder / part / "votes.npz").exists() for part in parts):
            sets = [load_set(folder, part) for part in parts]
            yield side_by_side(name, sets) if len(sets) > 1 else sets[0]


def kind_rows(votes: VoteSet) -> Iterator[dict[str, Any]]:
    """Measure each kind of a set."""
    groups = RULE_GROUPS[votes.name]
    whole = votes.values(votes.votes)
    gold = votes.gold[votes.test]
    for group in groups:
        columns = list(group.rules)
        others = sorted({rule for other in groups if other is not group for rule in other.rules})
        test = votes.votes[votes.test][:, columns]
        alone = votes.values(votes.votes[:, columns])
        without = votes.values(votes.votes[:, others]) if others else None
        yield {
            "set": votes.name,
            "kind": group.kind,
            "reason": group.reason,
            "rules": len(columns),
            "rows": len(votes.test),
            "coverage": 100 * float((test >= 0).any(axis=1).mean()),
            **share(right_shares(test, gold)),
            "metric": METRICS[votes.task.metric],
            "with_all": _first(whole),
            "without": _first(without),
            "alone": _first(alone),
            **(votes.added(others, votes.votes[:, columns]) if others else NO_GAP),
        }


SHOWN_BEFORE = {"sms + prompts": 73, "youtube + prompts": 10}  # rules of a joined set that are those of another one


def rule_points(votes: VoteSet, least: int) -> Iterator[dict[str, Any]]:
    """Return coverage and precision of each rule with so many votes on the test split, for the figure."""
    gold = votes.gold[votes.test]
    for group in RULE_GROUPS[votes.name]:
        for rule in group.rules:
            if rule < SHOWN_BEFORE.get(votes.name, 0):
                continue
            column = votes.votes[votes.test, rule]
            right = right_shares(column, gold)
            if len(right) >= least:
                yield {
                    "set": votes.name,
                    "kind": group.kind,
                    "coverage": round(100 * float((column >= 0).mean()), 2),
                    "precision": round(100 * float(right.mean()), 1),
                }


def _first(values: np.ndarray | None) -> float | None:
    return None if values is None else float(values[0])
