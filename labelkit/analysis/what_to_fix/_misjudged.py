"""The check whether a label model that gold did not teach is far from what gold says of its labels and rules.

Probabilities that are right come true as often as they say: of the labels of gold examples, so many are wrong as the
sum of their doubts, and so with the votes of each rule. The count of wrong ones has less spread than a binomial one of
that mean, so that its tails are upper bounds of the p-values (Hoeffding 1956, https://doi.org/10.1214/aoms/1177728178).
They are corrected for the number of rules; of analyses of probabilities that are right, at most 5% report anything,
however few examples have gold.
What is sure, but a difference below :data:`MARGIN`, is not reported either, since probabilities are estimates.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from labelkit._shared.distributions import binomial_above, binomial_at_most
from labelkit._shared.numbers import interval, percent, plural
from labelkit.analysis.what_to_fix._evidence import Evidence, surely
from labelkit.analysis.what_to_fix.findings import Draft
from labelkit.votes.gold import GoldCounts

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    of_labels = _of_labels(e.proba, e.labels, e.gold)
    of_rules = [_of_rule(name, e.patterns.outcomes[:, j], e.proba, e.gold) for j, name, _ in e.columns()]
    sure, rules = _surely_far(of_labels, of_rules)
    if not sure and not rules:
        return
    rules.sort(key=lambda one: -one.gap * one.n)
    parts = [_said("the labels", of_labels)] if sure else []
    parts += [_said(f"the votes of {one.name}", one) for one in rules[:NAMED]]
    more = f"; {plural(len(rules) - NAMED, 'more rule')} alike" if len(rules) > NAMED else ""
    scope = " Both shares are of the examples with gold." if e.n_gold_covered < e.tally.any_vote else ""
    why = (
        f"By gold, {'; '.join(parts)}{more}.{scope} model.fit(matrix, gold=gold) lets gold teach the label model; what "
        f"is then reported by gold is cross-fitted.{_said_of_rare(e)} If gold is wrong instead, "
        "lk.suspicious_gold(matrix, gold, proba) lists the labels to look at."
    )
    gap = max(one.gap for one in [*([of_labels] if sure else []), *rules])
    yield Draft("the model is far from gold", "labels", gap * e.tally.any_vote, why, tuple(one.name for one in rules))


def _said_of_rare(e: Evidence) -> str:
    """Say which classes have too little gold to teach well."""
    has_votes = e.tally.by_class.sum(axis=0) > 0
    rare = [e.patterns.class_names[label] for label in np.flatnonzero(has_votes & (e.gold_counts < LEAST_OF_CLASS))]
    return f" First give {LEAST_OF_CLASS} examples each of {', '.join(rare)} gold, or more." if rare else ""


def _could_learn(e: Evidence) -> bool:
    """Return True for a model that learns from gold and has not."""
    model = e.model
    return bool(getattr(model, "learns_from_gold", False)) and not getattr(model, "learned_from_gold_", False)


def are_far_from_gold(
    votes: NDArray[Any], proba: NDArray[np.float64], labels: NDArray[np.int64], gold: NDArray[np.int64]
) -> bool:
    """Return whether gold is surely far from what probabilities say of the labels, or of the votes of a rule.

    Parameters
    ----------
    votes : ndarray of shape (n_examples, n_lfs)
    proba : ndarray of shape (n_examples, n_classes)
    labels, gold : ndarray of int64, shape (n_examples,)
        -1 for none.
    """
    counts = GoldCounts.of_examples(np.arange(len(gold)), gold, proba.shape[1])
    of_rules = [_of_rule(str(j), votes[:, j], proba, counts) for j in range(votes.shape[1])]
    sure, rules = _surely_far(_of_labels(proba, labels, counts), of_rules)
    return sure or bool(rules)


def _surely_far(of_labels: _Claim, of_rules: list[_Claim]) -> tuple[bool, list[_Claim]]:
    """Return whether the labels are surely far from gold, and the rules that are."""
    sure, *sure_rules = surely([one.p_value for one in (of_labels, *of_rules)], n_checks=1).tolist()
    rules = [one for one, is_sure in zip(of_rules, sure_rules, strict=True) if is_sure and one.gap >= MARGIN_OF_RULES]
    return sure and of_labels.gap >= MARGIN, rules


def _of_labels(proba: NDArray[np.float64], labels: NDArray[Any], gold: GoldCounts) -> _Claim:
    judged = labels[gold.pattern] >= 0
    pattern, count = gold.pattern[judged], gold.count[judged]
    label = labels[pattern]
    right = count @ (label == gold.label[judged])
    return _Claim("", float(count @ proba[pattern, label]), float(right), float(count.sum()))


def _of_rule(name: str, votes: NDArray[Any], proba: NDArray[np.float64], gold: GoldCounts) -> _Claim:
    voted = votes[gold.pattern] >= 0
    pattern, count = gold.pattern[voted], gold.count[voted]
    vote = votes[pattern]
    right = count @ (vote == gold.label[voted])
    return _Claim(name, float(count @ proba[pattern, vote]), float(right), float(count.sum()))


def _said(what: str, claim: _Claim) -> str:
    return f"{interval(claim.right, claim.n)} of {what} are right, by the model {percent(claim.expected / claim.n)}"
