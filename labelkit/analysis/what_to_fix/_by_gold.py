"""Checks that compare votes and labels with gold or with a model's estimate, and gold with both.

A check by gold tests all rules or classes at once, and reports those that pass :func:`._evidence.surely`: a finding is
untrue in at most 5% of analyses, however many rules there are. Intervals in its text are of 95% for the one rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import expit, logit

from labelkit._shared.distributions import binomial_above, binomial_at_most, poisson_above
from labelkit._shared.numbers import interval, percent, share_with_bounds
from labelkit.analysis.counts import share
from labelkit.analysis.marginal_values import marginal_values
from labelkit.analysis.suspicious_gold import suspicious_patterns
from labelkit.analysis.what_to_fix._evidence import LITTLE_GOLD, Evidence, p_below, surely
from labelkit.analysis.what_to_fix.findings import Draft, of_lf
from labelkit.label_models import PatternLabelModel

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from labelkit.votes.gold import GoldCounts

RARE: Final = 0.1
"""Gold that differs from unanimous rules more often than this speaks against the rules."""

NEARLY: Final = 0.95
"""An estimate has no interval; so it is reported only if it is this much below chance."""

MARGIN: Final = 0.05
"""A precision that may be less than this below that of the other rules is not reported."""

ASKED: Final = 10
"""Suspects for which the label model is refitted without them."""


def worse_than_chance(e: Evidence) -> Iterator[Draft]:
    """A rule is right less often than its class is frequent in the gold."""
    size = e.gold_counts.sum()
    judged = {j: e.judged(j) for j, _, _ in e.columns()}
    tested = [p_below(right, n, by_chance / max(n, 1), size) for right, n, by_chance in judged.values()]
    for (j, name, votes), bad in zip(e.columns(), surely(tested), strict=True):
        if bad:
            right, n, by_chance = judged[j]
            why = f"By gold, {interval(right, n)} of its votes are right ({right:,.0f} of {n:,.0f}). To name its class "
            why += f"at random would be right in {percent(by_chance / n)}, so that its votes point away from the class."
            yield of_lf("worse than chance", name, votes * (1 - right / n), why)


def doubted(e: Evidence) -> Iterator[Draft]:
    """There is no gold, and the model's estimate of a rule's precision is below chance."""
    if e.gold is not None or e.model is None:
        return
    weights = e.patterns.counts * e.covered
    base = (weights @ e.proba) / max(weights.sum(), 1)
    for j, name, votes in e.columns():
        rows = np.flatnonzero(e.patterns.outcomes[:, j] >= 0)
        labels, counts = e.patterns.outcomes[rows, j], e.patterns.counts[rows]
        precision, chance = counts @ e.proba[rows, labels] / votes, counts @ base[labels] / votes
        if precision < NEARLY * chance:
            why = f"The model takes {percent(precision)} of its votes to be right, and to name its class at random "
            why += f"would be right in {percent(chance)}. That is an opinion of the votes, and votes can err together: "
            why += "either the rule or the model is mistaken. Label some of its examples."
            yield of_lf("the model doubts it", name, votes * (1 - precision), why)


def less_precise(e: Evidence) -> Iterator[Draft]:
    """A rule is right clearly less often than the other rules, by gold."""
    judged = np.array([e.judged(j)[:2] for j in range(e.patterns.n_lfs)]).reshape(-1, 2)
    right, n = judged.T
    others, of_others = right.sum() - right, n.sum() - n
    rate = share(others, of_others) - MARGIN
    # votes on the same example are not independent; so the others are worth no more than one vote an example
    size = np.minimum(of_others, e.n_gold_covered)
    testable = (rate > 0) & (size >= LITTLE_GOLD)
    tested = [p_below(*row) if ok else np.nan for ok, *row in zip(testable, right, n, rate, size, strict=True)]
    sure = surely(tested)
    for j, name, votes in e.columns():
        if sure[j]:
            why = f"By gold, {interval(right[j], n[j])} of its votes are right ({right[j]:,.0f} of {n[j]:,.0f}), and "
            why += f"{interval(others[j], of_others[j])} of the other rules' votes. Narrow it: look at where it errs."
            yield of_lf("less precise than the others", name, votes * (1 - right[j] / n[j]), why)


def harmful(e: Evidence) -> Iterator[Draft]:
    """More gold examples get the right label without a rule."""
    if e.gold is None:
        return
    worse = {draft.subject for draft in worse_than_chance(e)}
    harmful_lfs = _better_without(e, None, [name for name in e.patterns.names if name not in worse])
    if isinstance(e.model, PatternLabelModel) and len(harmful_lfs):  # fitting a model is slow, so only for a few
        harmful_lfs = _better_without(e, e.model, [str(name) for name in harmful_lfs.index[:ASKED]])
    for row in harmful_lfs.reset_index().to_dict("records"):
        lost = row["score_lost"]
        gained = share_with_bounds(-lost, -row["score_high"], -row["score_low"])
        why = f"Without it, {gained} more of the {row['gold']:,} gold examples with votes "
        why += f"get the right label: {row['spoiled']:,} change from wrong to right, {row['rescued']:,} from right to "
        why += "wrong. Narrow it, or leave it out."
        yield of_lf("labels are better without it", row["lf"], -lost * e.tally.any_vote, why)


def _better_without(e: Evidence, model: PatternLabelModel | None, lfs: list[str]) -> pd.DataFrame:
    """Find the labeling functions without which the labels are surely better, the worst first.

    A sign test of the gold examples whose label changes from right to wrong or back (McNemar).
    """
    values = marginal_values(e.patterns_with_gold, model=model, lfs=lfs)
    changed = values["rescued"] + values["spoiled"]
    p = np.where(changed > 0, binomial_at_most(values["rescued"], changed, 0.5), np.nan)
    return values[surely(p, n_tests=e.patterns.n_lfs)].sort_values("score_lost", kind="stable")


def few_votes_for(e: Evidence) -> Iterator[Draft]:
    """Most gold examples of a class have no vote for it."""
    if e.gold is None:
        return
    reached = e.counts[e.gold.pattern, e.gold.label] > 0
    right = np.bincount(e.gold.label, e.gold.count * reached, e.patterns.n_classes)
    spoken = (e.gold_counts > 0) & e.tally.by_class.any(axis=0)
    sure = surely(np.where(spoken, binomial_at_most(right, e.gold_counts, 0.5), np.nan))
    for label in np.flatnonzero(sure).tolist():
        n, total = e.gold_counts[label], e.gold_counts.sum()
        why = f"Only {interval(right[label], n)} of its {n:,.0f} gold examples have a vote for it."
        effect = (1 - right[label] / n) * n / total * e.n
        yield Draft("few votes for it", e.patterns.class_names[label], effect, why, e.voters_for(label))


def misproportioned(e: Evidence) -> Iterator[Draft]:
    """Labels name a class far more or less often than gold does."""
    gold, labeled = e.gold_counts.sum(), e.label_counts.sum()
    if gold < LITTLE_GOLD or not labeled:
        return
    given, true = e.label_counts / labeled, e.gold_counts / gold
    tails = binomial_at_most(e.gold_counts, gold, given), binomial_above(e.gold_counts - 1, gold, given)
    far = (given > 2 * true) | (given < true / 2)
    for label in np.flatnonzero(surely(2 * np.minimum(*tails)) & far).tolist():
        name, often = e.patterns.class_names[label], given[label] > true[label]
        why = f"{percent(given[label])} of the labels, but {interval(e.gold_counts[label], gold)} of the gold examples "
        why += f"are {name}. If gold is a fair sample, rules name it too {'often' if often else 'seldom'}."
        effect = abs(given[label] - true[label]) * labeled
        yield Draft("labels do not follow the gold", name, effect, why, e.voters_for(label))


def doubtful_gold(e: Evidence) -> Iterator[Draft]:
    """Gold differs from several rules that agree with each other, on more examples than their errors explain."""
    if e.gold is None:
        return
    votes = e.counts[e.gold.pattern]
    unanimous = (votes.max(axis=1) >= 2) & (votes.max(axis=1) == votes.sum(axis=1))
    suspect = unanimous & suspicious_patterns(e.patterns, e.gold, e.proba)
    doubtful, n = e.gold.count[suspect].sum(), e.gold.count[unanimous].sum()
    expected = e.gold.count[unanimous] @ _error_of_unanimous(e, e.gold, votes)[unanimous]
    if 0 < doubtful < RARE * n and surely([float(poisson_above(doubtful - 1, expected))])[0]:
        why = f"Where all of two or more votes and the label agree, gold agrees too, but for {interval(doubtful, n)} "
        why += f"of such examples; {expected:,.1f} of them would be wrong if the rules err independently. Either the "
        why += "gold is wrong there, or the rules err together: "
        why += "lk.suspicious_gold(matrix, gold, proba) lists them."
        yield Draft("gold against unanimous votes", "gold", doubtful, why, e.voters_on(e.gold.pattern[suspect]))


def _error_of_unanimous(e: Evidence, gold: GoldCounts, votes: NDArray[np.int32]) -> NDArray[np.float64]:
    """Estimate how often the class that all votes of a gold pattern name is wrong, if rules err independently.

    Naive Bayes: the log-odds of the class are the sum of those of the rules' precisions, less all but one of those of
    the class's share of the gold; both from gold, with half an example added to either side.
    """
    share_of = (e.gold_counts + 0.5) / (e.gold_counts.sum() + 1)
    log_odds = -(votes.sum(axis=1) - 1) * logit(share_of)[votes.argmax(axis=1)]
    for j, column in enumerate(e.patterns.outcomes.T):
        right, n, _ = e.judged(j)
        log_odds += np.where(column[gold.pattern] >= 0, logit((right + 0.5) / (n + 1)), 0.0)
    return np.asarray(expit(-log_odds))


def scarce_gold(e: Evidence) -> Iterator[Draft]:
    """There is too little gold to tell good rules from bad ones."""
    n = e.n_gold_covered
    if n < LITTLE_GOLD:
        few = "No" if not n else f"Only {n:,.0f}"
        why = f"{few} gold example{'' if n == 1 else 's'} with votes: nobody knows how often the rules are right. "
        why += f"{2 * LITTLE_GOLD} labels of examples drawn at random tell much."
        yield Draft("too little gold", "gold", e.tally.any_vote, why)
