"""The check whether a label model that gold did not teach is far from what gold says of its labels and rules.

Probabilities that are right come true as often as they say: of the labels of gold examples, so many are wrong as the
sum of their doubts, and so with the votes of each rule. The count of wrong ones has less spread than a binomial one of
that mean, so that its tails are upper bounds of the p-values (Hoeffding 1956, https://doi.org/10.1214/aoms/1177728178).
They are corrected for the number of rules; of analyses of probabilities that are right, at most 5% report anything.
What is sure, but a difference below :data:`MARGIN`, is not reported either, since probabilities are estimates.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from labelkit._shared.distributions import binomial_above, binomial_at_most
from labelkit._shared.numbers import interval, percent, plural
from labelkit.analysis.what_to_fix._evidence import LITTLE_GOLD, Evidence, surely
from labelkit.analysis.what_to_fix.findings import Draft

MARGIN: Final = 0.05
"""Difference between the share of right labels and what they say themselves that is not reported."""

MARGIN_OF_RULES: Final = 0.1
"""Such a difference for the votes of one rule."""

LEAST_OF_CLASS: Final = 5
"""Gold of each class that has votes, below which gold does not teach well."""

TEACHING: Final = "model.fit(matrix, gold=gold)"

NAMED: Final = 3
"""Rules that a finding names."""


class _Claim(NamedTuple):
    """What the model says of some labels or votes with gold, and how many are right; ``name`` is empty for labels."""

    name: str
    expected: float
    right: float
    n: float

    @property
    def gap(self) -> float:
        """By how much the share of right ones differs from what the model says."""
        return abs(self.right - self.expected) / self.n if self.n else 0.0

    @property
    def p_value(self) -> float:
        """Bound the p-value of so many wrong ones, or so few, if the model is right; NaN without gold."""
        if not self.n:
            return float("nan")
        wrong, doubts = self.n - self.right, self.n - self.expected
        if abs(wrong - doubts) < 1:
            return 1.0  # where a binomial tail need not be a bound
        doubt = min(max(doubts / self.n, 0.0), 1.0)
        tail = binomial_above(wrong - 1, self.n, doubt) if wrong > doubts else binomial_at_most(wrong, self.n, doubt)
        return min(1.0, 2 * float(tail))


def misjudged(e: Evidence) -> Iterator[Draft]:
    """The model's probabilities are far from gold that did not teach it, and that could."""
    if e.gold is None or e.model is None or not _could_learn(e):
        return
    of_labels, of_rules = _of_labels(e), [_of_rule(e, j, name) for j, name, _ in e.columns()]
    sure, *sure_rules = surely([one.p_value for one in (of_labels, *of_rules)], n_checks=1).tolist()
    sure = sure and of_labels.gap >= MARGIN
    rules = [one for one, is_sure in zip(of_rules, sure_rules, strict=True) if is_sure and one.gap >= MARGIN_OF_RULES]
    if not sure and not rules:
        return
    rules.sort(key=lambda one: -one.gap * one.n)
    parts = [_said("the labels", of_labels)] if sure else []
    parts += [_said(f"the votes of {one.name}", one) for one in rules[:NAMED]]
    more = f"; {plural(len(rules) - NAMED, 'more rule')} alike" if len(rules) > NAMED else ""
    scope = ""
    if e.n_gold_covered < e.tally.any_vote:
        scope = " (by the model, too, of the examples with gold alone; its estimates elsewhere are of all votes)"
    why = (
        f"By gold, {'; '.join(parts)}{more}{scope}. model.fit(matrix, gold=gold) lets gold teach the label model; what "
        "is then reported by gold is cross-fitted."
    )
    gap = max(one.gap for one in [*([of_labels] if sure else []), *rules])
    yield Draft("the model is far from gold", "labels", gap * e.tally.any_vote, why, tuple(one.name for one in rules))


def _could_learn(e: Evidence) -> bool:
    """Return True for enough gold, and a model that learns from gold and has not."""
    if e.n_gold_covered < 2 * LITTLE_GOLD or (e.gold_counts[e.tally.by_class.any(axis=0)] < LEAST_OF_CLASS).any():
        return False
    model = e.model
    return bool(getattr(model, "learns_from_gold", False)) and not getattr(model, "learned_from_gold_", False)


def _of_labels(e: Evidence) -> _Claim:
    assert e.gold is not None
    labels = e.labels[e.gold.pattern]
    judged = labels >= 0
    pattern, label, count = e.gold.pattern[judged], labels[judged], e.gold.count[judged]
    right = count @ (label == e.gold.label[judged])
    return _Claim("", float(count @ e.proba[pattern, label]), float(right), float(count.sum()))


def _of_rule(e: Evidence, j: int, name: str) -> _Claim:
    assert e.gold is not None
    votes = e.patterns.outcomes[e.gold.pattern, j]
    voted = votes >= 0
    pattern, vote, count = e.gold.pattern[voted], votes[voted], e.gold.count[voted]
    right = count @ (vote == e.gold.label[voted])
    return _Claim(name, float(count @ e.proba[pattern, vote]), float(right), float(count.sum()))


def _said(what: str, claim: _Claim) -> str:
    return f"{interval(claim.right, claim.n)} of {what} are right, by the model {percent(claim.expected / claim.n)}"
