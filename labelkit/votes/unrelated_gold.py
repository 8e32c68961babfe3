"""Tell when gold is of other examples than the votes beside it: a frame that was sorted, another column, another file.

Gold that is matched with the wrong examples agrees with votes as often as by chance. So do rules of no use; hence gold
is compared with what votes say of themselves. If two rules agree beyond chance by ``a ** 2`` (Krippendorff's alpha),
and err independently, each agrees with the truth beyond chance by ``a``. The probabilities of the classes that follow
from that say how far gold has to agree with votes; there is a sign if it is clearly below a part of that, and not above
chance. Both are counted in standard errors of gold in any other order of the examples.

So do rules that all err together: votes cannot tell whether what they agree on is the class. Right on a little more or
less than by chance, these still show it, by many labels. So gold is said to be of other examples only where it is
surely nearer to chance, on either side, than labels that are right on 55% (of two classes): a test of equivalence.

>>> from labelkit.votes.gold import GoldCounts
>>> votes, truth = np.array([[0, 0, 0], [1, 1, 1]]), np.array([0, 1] * 100)
>>> unrelated_gold(votes, GoldCounts.of_examples(truth, truth, 2), 2) is None
True
>>> found = unrelated_gold(votes, GoldCounts.of_examples(truth, np.arange(200) // 2 % 2, 2), 2)
>>> found.n_examples, found.agreed, found.by_chance, found.is_of_others
(200, 0.5, 0.5, False)
>>> unrelated_gold(votes, GoldCounts.of_examples(np.tile(truth, 10), np.arange(2000) // 2 % 2, 2), 2).is_of_others
True
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from labelkit._shared.numbers import percent, plural

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.votes.gold import GoldCounts

PART_OF_VOTES: Final = 0.65
"""The part of the agreement that follows from votes which gold has too; errors that rules have in common raise it."""

PART_OF_LABELS: Final = 0.5
"""The same of the probabilities of labels, which are more often too sure."""

BELOW_PART: Final = 3.5
"""Standard errors by which gold has to be below that part."""

ABOVE_CHANCE: Final = 2.0
"""Standard errors above chance from which gold belongs to the votes: 97.7% of gold in another order is below."""

LEAST_SHOWN: Final = 0.1
"""The part of the agreement that labels show which all rules err on together: 55% right, of two classes."""

SURELY_LESS: Final = 2.33
"""Standard errors by which gold has to be nearer to chance than that, on either side: 1% of such labels are."""

LEAST_USE: Final = 0.15
"""Agreement beyond chance of rules whose votes cannot be compared: 57.5% right, of two classes; many labels show it."""

MOST_USE: Final = 0.95

FEWEST: Final = 25
"""Examples with gold and a vote below which nothing is said."""

FEWEST_OUTSIDE: Final = 10
"""Gold labels of other classes than the most frequent one, below which nothing is said."""

MOST_CELLS: Final = 2_000_000
"""Patterns times rules and classes that are looked at; of more patterns, some, evenly among all with gold."""

POSITION: Final = "by position"
NAME: Final = "by name"


@dataclass(frozen=True)
class UnrelatedGold:
    """Gold that agrees with votes or labels as often as by chance.

    Attributes
    ----------
    n_examples : int
        Those with gold for which votes name one class.
    agreed, by_chance : float
        Share of them whose gold is that class, and the one to expect of gold that is of other examples.
    expected : float or None
        The share that votes or labels lead to expect; None where they say nothing.
    is_of_others : bool
        Whether rules that all err together are surely not the reason.
    """

    n_examples: int
    agreed: float
    by_chance: float
    expected: float | None
    is_of_others: bool


def unrelated_gold(votes: NDArray[Any], gold: GoldCounts, n_classes: int) -> UnrelatedGold | None:
    """Find gold that agrees with votes as if by chance, where rules of use would show; None if there is no such sign.

    Parameters
    ----------
    votes : ndarray of int, shape (n_patterns, n_lfs)
        Below 0 where a rule does not vote.
    gold : GoldCounts
        By pattern of the votes.
    n_classes : int

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's alpha-reliability. https://repository.upenn.edu/asc_papers/43
    """
    step = -(-len(gold) * (n_classes + votes.shape[1]) // MOST_CELLS) or 1
    label, count = gold.label[::step], gold.count[::step]
    patterns, place = np.unique(gold.pattern[::step], return_inverse=True)
    chosen = votes[patterns]
    counts = np.stack([(chosen == number).sum(axis=1) for number in range(n_classes)], axis=1)[place]
    voted = counts.any(axis=1)
    counts, label, count, place = counts[voted], label[voted], count[voted], place[voted]
    if not _are_enough(label, count, n_classes) or _some_rule_goes_with(chosen[place], label, count, n_classes):
        return None
    agreement = _agreement(counts, count)
    if agreement is not None and agreement.alpha < 2 * agreement.error:
        return None  # votes that do not agree with each other are no evidence against gold
    use = LEAST_USE if agreement is None else min(np.sqrt(agreement.alpha), MOST_USE)
    proba = _probabilities(counts, use)
    expected = float(count @ (proba**2).sum(axis=1))
    is_of_others = _sign(proba, label, count, expected=expected, part=PART_OF_VOTES)
    return (
        None
        if is_of_others is None
        else _in_shares(proba, label, count, is_of_others=is_of_others, is_known=agreement is not None)
    )


def unrelated_to_labels(proba: NDArray[np.float64], truth: NDArray[np.int64]) -> UnrelatedGold | None:
    """Find gold that has nothing to do with labels, though they are sure enough to show it; None if there is no sign.

    Parameters
    ----------
    proba : ndarray of shape (n_gold, n_classes)
        Probabilities of examples that have both a label and gold.
    truth : ndarray of int64, shape (n_gold,)
    """
    step = -(-proba.size // MOST_CELLS) or 1
    proba, truth = proba[::step], truth[::step]
    count = np.ones(len(truth))
    if not _are_enough(truth, count, proba.shape[1]):
        return None
    hard = np.eye(proba.shape[1])[proba.argmax(axis=1)]
    is_of_others = _sign(hard, truth, count, expected=float(proba.max(axis=1).sum()), part=PART_OF_LABELS)
    if is_of_others is None:
        return None
    return _in_shares(proba, truth, count, is_of_others=is_of_others, is_known=True)


def described_unrelated(found: UnrelatedGold, *, whose: str, matched: str) -> tuple[str, str]:
    """Return a message about gold that is unrelated to votes or labels, and a hint.

    Parameters
    ----------
    found : UnrelatedGold
    whose : str
        The word for what gold is beside.
    matched : str
        How gold was matched with the examples: ``POSITION``, ``NAME``, or in other words.
    """
    told_by = "how often votes agree" if whose == "votes" else f"the probabilities of {whose}"
    expected = "" if found.expected is None else f"; by {told_by}, {percent(found.expected)} are to be expected"
    likely = "as many as if gold belonged to other examples" if found.is_of_others else "about as many as by chance"
    message = (
        f"of {plural(found.n_examples, 'gold label')}, {whose} agree with {percent(found.agreed)}, {likely} "
        f"({percent(found.by_chance)}){expected}. It was matched {matched}"
    )
    habit = "a frame that was sorted, shuffled or filtered in between, and a wrong column or file, give such gold"
    remedy = {
        POSITION: "gold by name cannot be out of order: a Series with the index of the frame, a dict by id, a file "
        "with a column of ids",
        NAME: "look whether its names are of these examples, as they are not after reset_index(drop=True)",
    }.get(matched, "look at some examples beside their gold")
    if found.is_of_others:
        return message, f"{habit}; {remedy}. If it is right, {whose} are of no use for it"
    return message, (
        "either all rules err together on these examples, such as those of a slice that they are no good for, or gold "
        f"belongs to other examples: {habit}; {remedy}"
    )


def _are_enough(label: NDArray[np.int64], count: NDArray[np.float64], n_classes: int) -> bool:
    per_class = np.bincount(label, weights=count, minlength=n_classes)
    return bool(per_class.sum() >= FEWEST and per_class.sum() - per_class.max() >= FEWEST_OUTSIDE)


class _Alpha(NamedTuple):
    """Krippendorff's alpha of votes, and its standard error."""

    alpha: float
    error: float


def _agreement(counts: NDArray[np.int64], weight: NDArray[np.float64]) -> _Alpha | None:
    """Compare the votes of examples, given by class; None where too few have several, or all are for one class.

    >>> _agreement(np.array([[3, 0], [0, 2]]), np.full(2, 20.0))
    _Alpha(alpha=1.0, error=0.0)
    >>> _agreement(np.array([[1, 0], [0, 1]]), np.full(2, 20.0)) is None
    True
    """
    n_votes = counts.sum(axis=1)
    several = n_votes > 1
    counts, n_votes, weight = counts[several], n_votes[several], weight[several]
    pooled = weight @ counts
    total = pooled.sum()
    if weight.sum() < FEWEST or pooled.max() == total:
        return None
    same = (counts * (counts - 1)).sum(axis=1) / (n_votes - 1)
    agreed, by_chance = weight @ same / total, pooled @ (pooled - 1) / (total * (total - 1))
    error = np.sqrt(weight @ (same - agreed * n_votes) ** 2) / total
    return _Alpha(float((agreed - by_chance) / (1 - by_chance)), float(error / (1 - by_chance)))


def _some_rule_goes_with(
    votes: NDArray[Any], label: NDArray[np.int64], count: NDArray[np.float64], n_classes: int
) -> bool:
    """Return whether a single rule agrees with gold beyond chance, as a good one does beside copies of a poor one.

    Of gold in another order, about one in 300 sets of rules has such a rule, however many there are.
    """
    per_class, n = np.bincount(label, weights=count, minlength=n_classes), count.sum()
    limit = np.sqrt(7.5 + 2 * np.log(max(votes.shape[1], 1)))
    for column in votes.T:
        has_vote = column >= 0
        voted = np.bincount(column[has_vote], weights=count[has_vote], minlength=n_classes)
        together = voted @ per_class
        squares = (voted @ per_class**2 + voted**2 @ per_class) / n
        variance = (together - squares + (together / n) ** 2) / (n - 1)
        if count @ (column == label) - together / n > limit * np.sqrt(max(variance, 0.0)) + 1e-9:
            return True
    return False


def _probabilities(counts: NDArray[np.int64], use: float) -> NDArray[np.float64]:
    """Return the probabilities of classes as likely as each other, given votes that agree beyond chance by ``use``."""
    scores = counts * np.log1p(counts.shape[1] * use / (1 - use))
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _sign(
    proba: NDArray[np.float64], label: NDArray[np.int64], count: NDArray[np.float64], *, expected: float, part: float
) -> bool | None:
    """Look for gold below a part of the expected agreement that has no association with votes at all.

    Parameters
    ----------
    proba : ndarray of shape (n_rows, n_classes)
        What gold is compared with: probabilities, or 1 for the class of a label.
    label : ndarray of int64, shape (n_rows,)
    count : ndarray of shape (n_rows,)
    expected : float
        The examples whose gold is to agree.
    part : float
        Of the agreement above chance.

    Returns
    -------
    bool or None
        None if it is not so; else, whether rules that all err together are surely not the reason.

    References
    ----------
    Means and variances are those of gold in a random order: Wald and Wolfowitz (1944), doi:10.1214/aoms/1177731207.

    Schuirmann (1987), A comparison of the two one-sided tests procedure (of equivalence). doi:10.1007/BF01068419
    """
    n, n_classes = count.sum(), proba.shape[1]
    sums, per_class = count @ proba, np.bincount(label, weights=count, minlength=n_classes)
    centred = proba - sums / n
    of_proba = (centred * count[:, None]).T @ centred
    of_gold = np.diag(per_class) - np.outer(per_class, per_class) / n
    error = np.sqrt(max(float((of_proba * of_gold).sum()), 0.0) / (n - 1))
    if error < 1e-9:
        return None
    together = np.stack([np.bincount(label, weights=count * one, minlength=n_classes) for one in proba.T])
    by_chance = np.outer(sums, per_class) / n
    above_chance = np.trace(together - by_chance) / error
    to_expect = (expected - np.trace(by_chance)) / error
    if above_chance >= ABOVE_CHANCE or above_chance > part * to_expect - BELOW_PART:
        return None
    of_each = np.sqrt(np.outer(np.diag(of_proba), np.diag(of_gold)) / (n - 1))
    apart = np.divide(np.abs(together - by_chance), of_each, out=np.zeros_like(of_each), where=of_each > 0)
    limit = np.sqrt(12 + 4 * np.log(n_classes))  # of the greatest of all cells
    if (apart[by_chance >= 1] > limit).any():  # as of classes in another order
        return None
    return bool(abs(above_chance) <= LEAST_SHOWN * to_expect - SURELY_LESS)


def _in_shares(
    proba: NDArray[np.float64],
    label: NDArray[np.int64],
    count: NDArray[np.float64],
    *,
    is_of_others: bool,
    is_known: bool,
) -> UnrelatedGold:
    """Count how often gold is the most probable class, where there is one."""
    top = proba.max(axis=1)
    decided = (proba >= top[:, None] - 1e-9).sum(axis=1) == 1
    weight, named, n_classes = count[decided], proba[decided].argmax(axis=1), proba.shape[1]
    n = weight.sum()
    shares = [np.bincount(one, weights=weight, minlength=n_classes) / n for one in (named, label[decided])]
    agreed = float(weight @ (named == label[decided]) / n)
    expected = float(weight @ top[decided] / n)
    by_chance = float(shares[0] @ shares[1])
    return UnrelatedGold(round(n), agreed, by_chance, expected if is_known else None, is_of_others)
