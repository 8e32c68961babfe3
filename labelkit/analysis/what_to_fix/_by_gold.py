"""Checks that compare votes and labels with gold or with a model's estimate, and gold with both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit._shared.numbers import interval, percent, share_with_bounds, wilson_interval
from labelkit.analysis.marginal_values import marginal_values
from labelkit.analysis.suspicious_gold import suspicious_patterns
from labelkit.analysis.what_to_fix._evidence import LITTLE_GOLD, Evidence
from labelkit.analysis.what_to_fix.findings import Draft, of_lf
from labelkit.label_models import PatternLabelModel

if TYPE_CHECKING:
    import pandas as pd

RARE: Final = 0.1
"""Gold that differs from unanimous rules more often than this speaks against the rules."""

NEARLY: Final = 0.95
"""An estimate has no interval; so it is reported only if it is this much below chance."""

ASKED: Final = 10
"""Suspects for which the label model is refitted without them."""


def worse_than_chance(e: Evidence) -> Iterator[Draft]:
    """A rule is right less often than its class is frequent: by gold, else by the model's estimate."""
    if e.gold is not None:
        yield from _by_gold(e)
    elif e.model is not None:
        yield from _by_model(e)


def _by_gold(e: Evidence) -> Iterator[Draft]:
    for j, name, votes in e.columns():
        right, n, by_chance = e.judged(j)
        if n and wilson_interval(right, n)[1] < by_chance / n:
            why = f"By gold, {interval(right, n)} of its votes are right ({right:,.0f} of {n:,.0f}). To name its class "
            why += f"at random would be right in {percent(by_chance / n)}, so that its votes point away from the class."
            yield of_lf("worse than chance", name, votes * (1 - right / n), why)


def _by_model(e: Evidence) -> Iterator[Draft]:
    weights = e.patterns.counts * e.covered
    base = (weights @ e.proba) / max(weights.sum(), 1)
    for j, name, votes in e.columns():
        rows = np.flatnonzero(e.patterns.outcomes[:, j] >= 0)
        labels, counts = e.patterns.outcomes[rows, j], e.patterns.counts[rows]
        precision, chance = counts @ e.proba[rows, labels] / votes, counts @ base[labels] / votes
        if precision < NEARLY * chance:
            why = f"The model takes {percent(precision)} of its votes to be right, and to name its class at random "
            why += f"would be right in {percent(chance)}. Gold would tell which of the two is wrong."
            yield of_lf("worse than chance", name, votes * (1 - precision), why)


def harmful(e: Evidence) -> Iterator[Draft]:
    """More gold examples get the right label without a rule."""
    if e.gold is None:
        return
    known_bad = {draft.subject for draft in _by_gold(e)}
    harmful_lfs = _better_without(e, None, [name for name in e.patterns.names if name not in known_bad])
    if isinstance(e.model, PatternLabelModel) and len(harmful_lfs):  # fitting a model is slow, so only for a few
        harmful_lfs = _better_without(e, e.model, [str(name) for name in harmful_lfs.index[:ASKED]])
    for row in harmful_lfs.reset_index().to_dict("records"):
        lost = row["score_lost"]
        gained = share_with_bounds(-lost, -row["score_high"], -row["score_low"])
        why = f"Without it, {gained} more of the {row['gold']:,} gold examples with votes "
        why += "get the right label. Narrow it, or leave it out."
        yield of_lf("labels are better without it", row["lf"], -lost * e.tally.any_vote, why)


def _better_without(e: Evidence, model: PatternLabelModel | None, lfs: list[str]) -> pd.DataFrame:
    """Find the labeling functions without which the labels are surely better, the worst first."""
    values = marginal_values(e.patterns_with_gold, model=model, lfs=lfs)
    return values[values["score_high"] < 0].sort_values("score_lost", kind="stable")


def few_votes_for(e: Evidence) -> Iterator[Draft]:
    """Most gold examples of a class have no vote for it."""
    if e.gold is None:
        return
    reached = e.counts[e.gold.pattern, e.gold.label] > 0
    right = np.bincount(e.gold.label, e.gold.count * reached, e.patterns.n_classes)
    for label, name in enumerate(e.patterns.class_names):
        n, total = e.gold_counts[label], e.gold_counts.sum()
        if n and e.tally.by_class[:, label].any() and wilson_interval(right[label], n)[1] < 0.5:
            why = f"Only {interval(right[label], n)} of its {n:,.0f} gold examples have a vote for it."
            yield Draft("few votes for it", name, (1 - right[label] / n) * n / total * e.n, why)


def misproportioned(e: Evidence) -> Iterator[Draft]:
    """Labels name a class far more or less often than gold does."""
    gold, labeled = e.gold_counts.sum(), e.label_counts.sum()
    if gold < LITTLE_GOLD or not labeled:
        return
    low, high = wilson_interval(e.gold_counts, np.full(len(e.gold_counts), gold))
    for label, name in enumerate(e.patterns.class_names):
        given, true = e.label_counts[label] / labeled, e.gold_counts[label] / gold
        if (given > high[label] and given > 2 * true) or (given < low[label] and given < true / 2):
            why = (
                f"{percent(given)} of the labels, but {interval(e.gold_counts[label], gold)} of the gold examples are "
            )
            why += f"{name}. If gold is a fair sample, rules name it too {'often' if given > true else 'seldom'}."
            yield Draft("labels do not follow the gold", name, abs(given - true) * labeled, why)


def doubtful_gold(e: Evidence) -> Iterator[Draft]:
    """Gold differs from several rules that agree with each other, on a few examples only."""
    if e.gold is None:
        return
    votes = e.counts[e.gold.pattern]
    unanimous = (votes.max(axis=1) >= 2) & (votes.max(axis=1) == votes.sum(axis=1))
    suspect = unanimous & suspicious_patterns(e.patterns, e.gold, e.proba)
    doubtful, n = e.gold.count[suspect].sum(), e.gold.count[unanimous].sum()
    if 0 < doubtful < RARE * n:
        why = f"Where all of two or more votes and the label agree, gold agrees too, but for {interval(doubtful, n)} "
        why += "of such examples. Some of them will be errors of the gold: lk.suspicious_gold lists them."
        yield Draft("gold looks wrong", "gold", doubtful, why)


def scarce_gold(e: Evidence) -> Iterator[Draft]:
    """There is too little gold to tell good rules from bad ones."""
    n = 0.0 if e.gold is None else float(e.gold.count[e.covered[e.gold.pattern]].sum())
    if n < LITTLE_GOLD:
        few = "No" if not n else f"Only {n:,.0f}"
        why = f"{few} gold example{'' if n == 1 else 's'} with votes: nobody knows how often the rules are right. "
        why += f"{2 * LITTLE_GOLD} labels of examples drawn at random tell much."
        yield Draft("too little gold", "gold", e.tally.any_vote, why)
