"""The verdict: whether gold says that the model labels more covered examples rightly than majority vote, or fewer.

Both are compared on the same examples, where the model's label is by a model that did not see their gold. The verdict
commits itself where a 99% interval of the difference excludes 0. ``python -m tests.benchmarks.honesty`` simulates how
often it is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit._shared.numbers import paired_difference_interval
from labelkit.label_models._columns import own_class_sums
from labelkit.label_models._posterior import by_blocks, vote_shares
from labelkit.votes.hard_labels import hard_labels, tie_credit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models._cross_fit import HeldOutGold
    from labelkit.label_models._posterior import Posterior
    from labelkit.label_models._vote_table import VoteTable

SAME_LABELS: Final = 0.005
"""Share of covered examples with other labels up to which the model and majority vote are the same to a user."""

COMMITS: Final = 0.99
"""Confidence of the interval that has to exclude 0 before the verdict commits itself."""

SHOWN: Final = 0.95
"""Confidence of the interval that is shown."""


@dataclass(frozen=True)
class Verdict:
    """Whether to use the model or majority vote, with its reason.

    Attributes
    ----------
    use : bool or None
        True: gold says that the model is better. False: that majority vote is. None: nothing says either.
    reason : str
    gain, low, high : float or None
        The model's accuracy on covered examples less majority vote's, in [-1, 1], with its 95% interval; None without
        gold.
    """

    use: bool | None
    reason: str
    gain: float | None = None
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        advice = {True: "use it", False: "use majority vote", None: "no evidence either way"}[self.use]
        return f"{advice}: {self.reason}"


@dataclass(frozen=True, eq=False)
class LabelTotals:
    """Sums of the model's probabilities over all patterns, and its differences from majority vote.

    Attributes
    ----------
    right : ndarray of shape (n_columns,)
        Expected number of right votes of each column.
    classes : ndarray of shape (n_classes,)
        Expected number of covered examples of each class.
    covered, differ, undecided : float
        Examples with a vote; those of them whose label differs from majority vote's; those that only majority vote
        leaves without a label.
    """

    right: NDArray[np.float64]
    classes: NDArray[np.float64]
    covered: float
    differ: float
    undecided: float


@dataclass(frozen=True, eq=False)
class PairedCredits:
    """How right the model and majority vote are on the same covered gold; a tie counts as its chance of being right.

    Attributes
    ----------
    model, majority : ndarray of shape (n,), in [0, 1]
    count : ndarray of shape (n,)
        Gold examples that each stands for.
    """

    model: NDArray[np.float64]
    majority: NDArray[np.float64]
    count: NDArray[np.float64]

    def gain(self, confidence: float) -> tuple[float, float, float]:
        """Return the difference in accuracy with its interval, by Bonett and Price's adjustment for matched pairs."""
        difference = self.model - self.majority
        better, worse = (float(self.count @ np.maximum(one, 0.0)) for one in (difference, -difference))
        n, squares = float(self.count.sum()), float(self.count @ difference**2)
        low, high = paired_difference_interval(better, worse, n, squares=squares, confidence=confidence)
        return (better - worse) / n, float(low), float(high)


def paired_credits(table: VoteTable, held_out: HeldOutGold) -> PairedCredits:
    """Judge the model that did not see the gold, and majority vote, on the covered gold."""
    gold = held_out.gold
    covered = np.flatnonzero(table.covered[gold.pattern])
    shares = vote_shares(table.some(gold.pattern[covered]))(slice(0, len(covered)))
    label = gold.label[covered]
    return PairedCredits(tie_credit(held_out.proba[covered], label), tie_credit(shares, label), gold.count[covered])


def label_totals(table: VoteTable, posterior: Posterior) -> LabelTotals:
    """Compare the model's labels with majority vote's on all patterns, and sum its probabilities."""
    right, classes, majority = np.zeros(table.n_columns), np.zeros(table.n_classes), vote_shares(table)
    covered = differ = undecided = 0.0
    for rows in table.chunks():
        weight = np.where(table.covered[rows], table.counts[rows], 0.0)
        proba, shares = (by_blocks(one, rows, table.n_classes) for one in (posterior, majority))
        labels, majority_labels = hard_labels(proba), hard_labels(shares)
        covered += float(weight.sum())
        differ += float(weight[labels != majority_labels].sum())
        undecided += float(weight[(majority_labels < 0) & (labels >= 0)].sum())
        proba *= weight[:, None]
        right += own_class_sums(table, rows, proba)
        classes += proba.sum(axis=0)
    return LabelTotals(right, classes, covered, differ, undecided)


def judge(
    totals: LabelTotals, paired: PairedCredits | None
) -> tuple[bool | None, str, float | None, float | None, float | None]:
    """Return the fields of the :class:`Verdict`."""
    share = totals.differ / max(totals.covered, 1.0)
    ties = totals.undecided / max(totals.covered, 1.0)
    text = f"its labels differ from majority vote's on {share:.1%} of the covered examples"
    text += f" ({ties:.1%} are ties there)" if ties else ""
    if paired is None or not paired.count.sum():
        remedy = "" if share < SAME_LABELS else "; votes alone cannot tell who is right there: give some gold"
        return None, f"{text}{remedy}", None, None, None
    gain, low, high = paired.gain(SHOWN)
    _, least, most = paired.gain(COMMITS)
    use = None if share < SAME_LABELS or least <= 0 <= most else gain > 0
    better, worse = (round(float(paired.count[sign * (paired.model - paired.majority) > 0].sum())) for sign in (1, -1))
    judged = (
        f"on {paired.count.sum():,.0f} covered gold examples that it did not see it is right more often by "
        f"{100 * gain:+.1f} points (95%: {100 * low:+.1f} to {100 * high:+.1f}; "
        f"better {better:,} times, worse {worse:,})"
    )
    return use, f"{judged}; {text}", gain, low, high
