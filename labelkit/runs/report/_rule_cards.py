"""Values of the rules of a report: a row of the table, and a card, for each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.markup import Chip

if TYPE_CHECKING:
    from labelkit.runs.report._facts import Facts

MOST_PARTNERS: Final = 5
"""Rules that a card lists as those that it disagrees with."""

MOST_EARLIER: Final = 8
"""Earlier runs that a card lists."""

MOST_SOURCE: Final = 4_000
"""Characters of a rule's text that a card shows."""

_NOT_ESTIMATED: Final = dict.fromkeys(("model_precision", "model_precision_low", "model_precision_high"), math.nan)
"""Numbers of the summary of a run whose model gives no estimate."""


@dataclass(frozen=True)
class RuleCard:
    """One rule, as the table and its card show it.

    Attributes
    ----------
    index : int
    name : str
    info : dict from str to object
        Its entry in the manifest.
    numbers : dict from str to object
        Its row of the summary.
    labels : list of Chip
        The classes that it voted for, or is declared to.
    searched : str
        The text in which the filter of the table searches.
    looks_for : list of str
        Its patterns, where its source does not show them.
    partners : list of dict
        The rules that it disagrees with most: ``name``, ``against``, ``both``, and ``place`` in the list of pairs.
    example_lists : list of dict
        The lists of examples that the script fills: ``name`` and ``title``.
    earlier : list of dict
        The rule in runs beside this one: ``name``, ``finished``, ``same_version``, ``same_corpus``, ``shares``.
    """

    index: int
    name: str
    info: dict[str, Any]
    numbers: dict[str, Any]
    labels: list[Chip]
    searched: str
    looks_for: list[str]
    partners: list[dict[str, Any]]
    example_lists: list[dict[str, str]]
    earlier: list[dict[str, Any]]

    @property
    def source(self) -> str:
        """The source text; empty if it is not known."""
        return self.info["source"] or ""


def rule_cards(facts: Facts, labels: list[Chip]) -> list[RuleCard]:
    """Collect the values of all rules, in the order of the run."""
    places = {pair: place for place, pair in enumerate(facts.conflicting)}
    return [_card(facts, j, rule, labels, places) for j, rule in enumerate(facts.rules)]


def _card(
    facts: Facts, j: int, rule: dict[str, Any], labels: list[Chip], places: dict[tuple[int, int], int]
) -> RuleCard:
    info = {"doc": "", "module": "", "group": "", "precision": None, "trusted": False, "source": "", **rule}
    return RuleCard(
        index=j,
        name=rule["name"],
        info=info,
        numbers=_NOT_ESTIMATED | facts.numbers(j),
        labels=_voted_labels(facts, j, labels),
        searched=" ".join([rule["name"], rule["kind"], info["doc"] or "", *rule["columns"]]).lower(),
        looks_for=_looks_for(info),
        partners=_partners(facts, j, places),
        example_lists=_example_lists(facts, j),
        earlier=_earlier(facts, rule)[:MOST_EARLIER],
    )


def _voted_labels(facts: Facts, j: int, labels: list[Chip]) -> list[Chip]:
    """List the classes that a rule voted for, or is declared to."""
    votes = facts.patterns.outcomes[:, j]
    counts = np.bincount(votes[votes >= 0].astype(np.int64), minlength=len(labels))
    return [labels[c] for c in sorted({*np.flatnonzero(counts).tolist(), *(facts.rules[j]["labels"] or ())})]


def _looks_for(info: dict[str, Any]) -> list[str]:
    """List the patterns of a rule, unless its source shows them; the source of a lookup names only a file."""
    shown_by_source = info["source"] and info["kind"] != "lookup"
    return [] if shown_by_source else list(info.get("looks_for") or ())


def _partners(facts: Facts, j: int, places: dict[tuple[int, int], int]) -> list[dict[str, Any]]:
    """List the rules that a rule disagrees with most."""
    against, both = facts.pairs.against[j], facts.pairs.both[j]
    partners = []
    for other in np.argsort(-against, kind="stable")[:MOST_PARTNERS].tolist():
        place = places.get((min(j, other), max(j, other)))
        if place is not None and against[other]:
            name = facts.rules[other]["name"]
            partners.append({"place": place, "name": name, "against": int(against[other]), "both": int(both[other])})
    return partners


def _example_lists(facts: Facts, j: int) -> list[dict[str, str]]:
    chosen = facts.examples.chosen
    lists = (
        ("labels", "What it labels", chosen.by_lf[j]),
        ("overruled", "Where the label is another class", chosen.overruled[j]),
        ("wrong", "Where gold is another class", chosen.wrong[j]),
    )
    return [{"name": name, "title": title} for name, title, rows in lists if len(rows)]


def _earlier(facts: Facts, rule: dict[str, Any]) -> list[dict[str, Any]]:
    """List the version and the statistics of a rule in the runs beside this one."""
    rows = []
    for run in facts.earlier:
        if rule["name"] not in run.fingerprints or rule["name"] not in run.summary.index:
            continue
        row = run.summary.loc[rule["name"]]
        rows.append(
            {
                "name": run.name,
                "finished": run.finished,
                "same_version": run.fingerprints[rule["name"]] == rule["fingerprint"],
                "same_corpus": run.same_corpus,
                "shares": [float(row.get(name, math.nan)) for name in ("coverage", "conflicts", "model_precision")],
            }
        )
    return rows
