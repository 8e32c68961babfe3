"""Values of the upper half of a report: its title, the large numbers, and the distribution of the labels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from labelkit._shared.markup import Chip
from labelkit.runs.run_corpus import place_name, place_of

if TYPE_CHECKING:
    from labelkit.runs.report._facts import Facts

FIRST_REMARKS: Final = 6
"""Remarks that are seen at once."""


def title_of(facts: Facts) -> str:
    """Name a run by its rules and its corpus."""
    modules = list(dict.fromkeys(rule.get("module") or "?" for rule in facts.rules))
    rules = ", ".join(modules[:3]) + (" and others" if len(modules) > 3 else "")
    place = place_of(facts.manifest["corpus"])
    other = facts.manifest["corpus"].get("name") or "a corpus in memory"
    return f"{rules} on {other if place is None else place_name(place)}"


def overview_values(facts: Facts, labels: list[Chip]) -> dict[str, Any]:
    """Values of ``overview.html.jinja``: the total of the summary, and all examples by their hard label."""
    n, shares = facts.n_examples, facts.shares
    label_shares = [(label, n_hard / n) for label, n_hard in zip(labels, shares.hard.tolist(), strict=True)]
    return {
        "total": facts.numbers(-1),
        "n_silent": sum(n == 0 for n in facts.summary.columns["votes"][:-1]),
        "label_shares": [*label_shares, (Chip("no label", -1), (shares.uncovered + shares.tied) / n)],
    }


def label_values(facts: Facts, labels: list[Chip]) -> dict[str, Any]:
    """Values of ``labels.html.jinja``: the classes with their shares, and the histogram of the probabilities."""
    n, shares = facts.n_examples, facts.shares
    covered = n - shares.uncovered  # which content may have labeled, too
    rows: list[dict[str, Any]] = [
        {"label": label, "n": n_hard, "share": n_hard / n, "expected": expected / covered if covered else math.nan}
        for label, n_hard, expected in zip(labels, shares.hard.tolist(), shares.expected.tolist(), strict=True)
    ]
    rows += [
        {"label": Chip(name, -1), "n": number, "share": number / n, "expected": None}
        for name, number in (("no vote", shares.uncovered), ("tied", shares.tied))
    ]
    return {"label_rows": rows, "sureness": _sureness(facts)}


def _sureness(facts: Facts) -> list[dict[str, int]]:
    """Count the labels by the probability of their most probable class, from the least that one can have."""
    bins = facts.shares.sureness.tolist()
    first = min(int(10 / max(len(facts.classes), 1)), 9)
    total, most = sum(bins), max(bins)
    return [
        {"low": 10 * i, "high": 10 * (i + 1), "n": bins[i], "most": most, "total": total}
        for i in (range(first, 10) if total else ())
    ]
