"""The input of the checks: the votes and the statistics of them, each computed once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit._shared.distributions import beta_binomial_at_most
from labelkit.analysis.counts import VoteTally, class_counts, tallied
from labelkit.analysis.pairwise import Pairs, count_pairs
from labelkit.label_models import MajorityVote, PatternLabelModel
from labelkit.votes.gold import GoldCounts
from labelkit.votes.hard_labels import hard_labels
from labelkit.votes.label_space import ABSTAIN

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from labelkit.votes.vote_patterns import VotePatterns

LITTLE_GOLD: Final = 50
"""With fewer covered gold examples than this, even an accuracy of 90% has an interval of 20 points and more."""

FALSE_ALARMS: Final = 0.05
"""Least upper bound of the share of analyses with any untrue finding among those that gold is said to show."""

CHECKS_BY_GOLD: Final = 6
"""Checks of rules and gold that share the false alarms."""


def surely(p_values: ArrayLike, *, n_tests: int | None = None, n_checks: int = CHECKS_BY_GOLD) -> NDArray[np.bool_]:
    """Tell which hypotheses are rejected, of all that a check tests at once, by Holm's procedure.

    All checks by gold together reject any true hypothesis in at most 5% of analyses, since each has an equal part.

    Parameters
    ----------
    p_values : array-like of shape (n,)
        NaN where nothing was tested.
    n_tests : int, optional
        How many were tested, if these are the smallest of more.
    n_checks : int
        How many checks share the false alarms.

    References
    ----------
    Holm (1979), A simple sequentially rejective multiple test procedure. https://www.jstor.org/stable/4615733

    Examples
    --------
    >>> surely([0.001, 0.5, np.nan, 0.004]).tolist()
    [True, False, False, True]
    """
    p = np.nan_to_num(np.asarray(p_values, dtype=np.float64), nan=np.inf)
    order = np.argsort(p, kind="stable")
    n_left = max(n_tests or 0, int(np.isfinite(p).sum())) - np.arange(len(p))
    passed = p[order] * np.maximum(n_left, 1) <= FALSE_ALARMS / n_checks
    result = np.zeros(len(p), dtype=bool)
    result[order] = np.logical_and.accumulate(passed)
    return result


def p_below(right: float, n: float, rate: float, size: float) -> float:
    """Compute the p-value of so few right votes, if votes are right at a rate that is known from ``size`` examples.

    The rate has a beta distribution, so that the number of right votes is beta-binomial; NaN without votes.

    >>> round(p_below(3, 10, 0.8, 1_000), 4), round(p_below(3, 10, 0.8, 10), 4)
    (0.0009, 0.0195)
    """
    if not n:
        return float("nan")
    return beta_binomial_at_most(right, n, rate * size + 0.5, (1 - rate) * size + 0.5)


@dataclass(frozen=True, eq=False)
class Evidence:
    """The votes and the statistics of them, each computed at its first use."""

    patterns: VotePatterns
    gold: GoldCounts | None
    model: PatternLabelModel | None

    @cached_property
    def n(self) -> float:
        """Number of examples."""
        return float(self.patterns.n_examples)

    @cached_property
    def patterns_with_gold(self) -> VotePatterns:
        """The patterns, and the gold as they carry it."""
        gold = np.zeros((len(self.patterns), self.patterns.n_classes), dtype=np.int64)
        if self.gold is not None:
            gold[self.gold.pattern, self.gold.label] = self.gold.count
        return replace(self.patterns, gold=gold)

    @cached_property
    def tally(self) -> VoteTally:
        """Votes, overlaps, conflicts and faults of each labeling function."""
        return tallied(self.patterns)

    @cached_property
    def pairs(self) -> Pairs:
        """Counts for each pair of labeling functions."""
        return count_pairs(self.patterns)

    @cached_property
    def counts(self) -> NDArray[np.int32]:
        """Votes of each pattern for each class."""
        return class_counts(self.patterns)

    @cached_property
    def covered(self) -> NDArray[np.bool_]:
        """True for each pattern that has a vote."""
        return np.asarray(self.counts.any(axis=1))

    @cached_property
    def proba(self) -> NDArray[np.float64]:
        """The probabilities of each pattern, by the model, else by majority vote."""
        model = MajorityVote().fit(self.patterns) if self.model is None else self.model
        return model.predict_pattern_proba(self.patterns)

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """The hard label of each pattern."""
        return np.where(self.covered, hard_labels(self.proba), ABSTAIN)

    @cached_property
    def label_counts(self) -> NDArray[np.float64]:
        """Number of examples with each class as their hard label."""
        kept = self.labels >= 0
        return np.bincount(
            self.labels[kept], weights=self.patterns.counts[kept], minlength=self.patterns.n_classes
        ).astype(np.float64)

    @cached_property
    def gold_counts(self) -> NDArray[np.float64]:
        """Number of gold examples of each class."""
        k = self.patterns.n_classes
        return np.zeros(k) if self.gold is None else np.bincount(self.gold.label, self.gold.count, k).astype(np.float64)

    @cached_property
    def _judged(self) -> NDArray[np.float64]:
        counts = np.zeros((self.patterns.n_lfs, 3))
        if self.gold is not None:
            pattern, label, count = self.gold.pattern, self.gold.label, self.gold.count
            base = self.gold_counts / max(self.gold_counts.sum(), 1)
            for j, column in enumerate(self.patterns.outcomes.T):
                outcomes = column[pattern]
                voted = outcomes >= 0
                by_chance = count[voted] @ base[outcomes[voted]]
                counts[j] = count[outcomes == label].sum(), count[voted].sum(), by_chance
        return counts

    def judged(self, j: int) -> tuple[float, float, float]:
        """Count an LF's votes on gold examples: right ones, all, and those that would be right by chance."""
        right, n, by_chance = self._judged[j].tolist()
        return right, n, by_chance

    @property
    def n_gold_covered(self) -> float:
        """Number of gold examples with votes."""
        return 0.0 if self.gold is None else float(self.gold.count[self.covered[self.gold.pattern]].sum())

    def voters_for(self, label: int) -> tuple[str, ...]:
        """Name the labeling functions that vote for a class."""
        return tuple(self.patterns.names[j] for j in np.flatnonzero(self.tally.by_class[:, label]))

    def voters_on(self, rows: NDArray[np.int64]) -> tuple[str, ...]:
        """Name the labeling functions that vote on some patterns."""
        columns = zip(self.patterns.names, self.patterns.outcomes.T, strict=True)
        return tuple(name for name, column in columns if (column[rows] >= 0).any())

    def columns(self) -> Iterator[tuple[int, str, float]]:
        """Iterate over the labeling functions that voted: position, name and number of votes."""
        for j, name in enumerate(self.patterns.names):
            if self.tally.votes[j]:
                yield j, name, float(self.tally.votes[j])
