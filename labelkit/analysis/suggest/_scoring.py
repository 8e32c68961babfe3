"""Score words and phrases by the evidence that they give of a class, and choose those to propose.

A phrase has lift if it is surely more frequent in one class than in the others (an exact test by the hard labels, with
a false discovery rate of 5% over all phrases), at least three times so, rare in the others, and of that class more
often than not. So words that stand in any text are left out, in any language.

To cover examples: the agreement of a phrase is the mean probability of its class over the covered examples that have
it, and what counts is the lower end of Wilson's 95% interval, measured from the class's base rate (0) to certainty (1).
Of the phrases for which that is at least a half, those with the largest gain are taken greedily: the uncovered examples
that would get a vote, and that no phrase before reaches. To separate two classes: the z-score of the log-odds ratio
with an informative prior.

References
----------
Wilson (1927), Probable inference, the law of succession, and statistical inference.
https://doi.org/10.1080/01621459.1927.10502953
Benjamini, Hochberg (1995), Controlling the false discovery rate: a practical and powerful approach to multiple testing.
https://doi.org/10.1111/j.2517-6161.1995.tb02031.x
Monroe, Colaresi, Quinn (2008), Fightin' words: lexical feature selection and evaluation for identifying the content of
political conflict. https://doi.org/10.1093/pan/mpn018
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit._shared.distributions import binomial_above
from labelkit._shared.numbers import wilson_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

BLOCK_CELLS: Final = 4_000_000
"""Phrases are scored in blocks of so many cells of a phrase and a class."""

PRIOR_EXAMPLES: Final = 10.0
"""Weight of the prior of the log-odds, in examples; their rate is that of both classes together."""

OVERLAP: Final = 0.5
"""Two phrases that share more than this of the examples that either is in are not proposed both."""

FALSE_DISCOVERIES: Final = 0.05
"""Share of phrases without lift among those that pass the test."""

LEAST_RATIO: Final = 3.0
"""Least ratio of a phrase's frequency in its class to that in the others, by the lower end of its interval."""

COMMON: Final = 0.05
"""A phrase that more than this share of the other classes' examples have is no sign of its class."""


@dataclass(frozen=True, eq=False)
class Scores:
    """Counts and scores of each phrase; arrays of shape (n_grams,).

    Attributes
    ----------
    label : ndarray of int64
        The class that it speaks for most.
    support, agreement, low, high : ndarray
        Covered examples that have it; the mean probability of its class there, and the interval.
    lift : ndarray
        ``low`` from the class's base rate (0) to certainty (1); below 0 where it may speak against the class.
    """

    label: NDArray[np.int64]
    support: NDArray[np.float64]
    agreement: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    lift: NDArray[np.float64]


def scored(grams: sparse.csr_array, proba: NDArray[np.float64]) -> Scores:
    """Score phrases by the labels of covered examples.

    Parameters
    ----------
    grams : csr_array of shape (n_examples, n_grams)
    proba : ndarray of shape (n_examples, n_classes)
    """
    n_grams, base = grams.shape[1], proba.mean(axis=0)
    by_gram = grams.T.tocsr()
    support = np.diff(by_gram.indptr).astype(np.float64)
    label = np.zeros(n_grams, dtype=np.int64)
    right = np.zeros(n_grams)
    step = max(1, BLOCK_CELLS // proba.shape[1])
    for start in range(0, n_grams, step):
        block = slice(start, start + step)
        expected = by_gram[block] @ proba
        low, _ = wilson_interval(expected, support[block, None])
        lift = np.nan_to_num((low - base) / np.maximum(1 - base, 1e-9), nan=-1.0)
        label[block] = lift.argmax(axis=1)
        right[block] = expected[np.arange(len(expected)), label[block]]
    return of_labels(label, right, support, base)


def of_labels(
    label: NDArray[np.int64], right: NDArray[np.float64], support: NDArray[np.float64], base: NDArray[np.float64]
) -> Scores:
    """Scores of phrases for given classes, from the sums of their probabilities."""
    low, high = wilson_interval(right, support)
    base_rate = base[label]
    agreement = np.divide(right, support, out=np.full(len(right), np.nan), where=support > 0)
    lift = np.nan_to_num((low - base_rate) / np.maximum(1 - base_rate, 1e-9), nan=-1.0)
    return Scores(label, support, agreement, low, high, lift)


def with_lift(
    grams: sparse.csr_array, hard: NDArray[np.int64], label: NDArray[np.int64], tested: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Find the phrases that are surely and clearly more frequent in their class than in the others.

    Parameters
    ----------
    grams : csr_array of shape (n_examples, n_grams)
    hard : ndarray of shape (n_examples,)
        Labels; -1 for examples that do not count.
    label : ndarray of shape (n_grams,)
        The class that each phrase speaks for.
    tested : ndarray of bool, shape (n_grams,)
        Phrases that are looked at; the test corrects for their number.

    Returns
    -------
    ndarray of bool, shape (n_grams,)

    Examples
    --------
    >>> from scipy import sparse
    >>> has = sparse.csr_array(np.array([[1, 1]] * 20 + [[0, 1]] * 20))  # the first word stands in one class alone
    >>> with_lift(has, np.repeat([0, 1], 20), np.array([0, 0]), np.array([True, True])).tolist()
    [True, False]
    """
    stored = grams.tocoo()
    row, gram = stored.row, stored.col
    row, gram = row[hard[row] >= 0], gram[hard[row] >= 0]
    support = np.bincount(gram, minlength=len(label)).astype(np.float64)
    right = np.bincount(gram[hard[row] == label[gram]], minlength=len(label)).astype(np.float64)
    of_class = np.bincount(hard[hard >= 0], minlength=label.max(initial=0) + 1).astype(np.float64)
    inside, outside = of_class[label], of_class.sum() - of_class[label]
    low, _ = wilson_interval(right, support)
    # odds of the class with the phrase over its odds are the ratio of the phrase's frequencies
    clear = low * outside >= LEAST_RATIO * (1 - low) * inside
    rare = support - right <= COMMON * outside
    chance = inside / max(of_class.sum(), 1.0)
    p_values = np.where(tested, (of_class > 0).sum() * binomial_above(right - 1, support, chance), np.nan)
    return np.asarray(clear & rare & tested & (right > support / 2) & _discoveries(p_values))


def _discoveries(p_values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Reject hypotheses by the procedure of Benjamini and Hochberg; NaN is none."""
    p = np.sort(p_values[~np.isnan(p_values)])
    passed = np.flatnonzero(p <= FALSE_DISCOVERIES * np.arange(1, len(p) + 1) / max(len(p), 1))
    return np.asarray(p_values <= (p[passed[-1]] if len(passed) else -1.0))


def greedy(
    uncovered: sparse.csr_array, lift: NDArray[np.float64], n: int, wanted: Callable[[int], bool] = lambda _: True
) -> list[int]:
    """The phrases that cover most, each judged by what those before it leave; at most ``n``.

    Parameters
    ----------
    uncovered : csr_array of shape (n_examples, n_grams)
    lift : ndarray of shape (n_grams,)
        At most 0 for a phrase that may not be taken.
    n : int
    wanted : callable
        Asked before a phrase is taken.
    """
    by_example, by_gram = uncovered, uncovered.T.tocsr()
    left = np.ones(by_example.shape[0])
    reach = np.asarray(by_gram @ left)
    lift = lift.copy()
    chosen: list[int] = []
    while len(chosen) < n:
        gain = reach * lift
        best = int(gain.argmax()) if len(gain) else 0
        if not len(gain) or gain[best] <= 0:
            break
        if not wanted(best):
            lift[best] = 0
            continue
        chosen.append(best)
        hit_rows = by_gram.indices[by_gram.indptr[best] : by_gram.indptr[best + 1]]
        gone = hit_rows[left[hit_rows] > 0]
        left[gone] = 0
        reach = reach - np.asarray(by_example[gone].sum(axis=0)).ravel()
    return chosen


def log_odds(grams: sparse.csr_array, proba: NDArray[np.float64], one: int, other: int) -> NDArray[np.float64]:
    """The z-score of each phrase: above 0 where it is more frequent in the first class; shape (n_grams,).

    >>> from scipy import sparse
    >>> has = sparse.csr_array(np.array([[1, 1]] * 20 + [[0, 1]] * 20))
    >>> log_odds(has, np.repeat(np.eye(2), 20, axis=0), 0, 1).round(1).tolist()
    [4.6, 0.0]
    """
    weight = proba[:, [one, other]]
    with_, total = np.asarray(grams.T @ weight), weight.sum(axis=0)
    rate = with_.sum(axis=1, keepdims=True) / max(total.sum(), 1e-9)
    has, lacks = with_ + PRIOR_EXAMPLES * rate, total - with_ + PRIOR_EXAMPLES * (1 - rate)
    has, lacks = np.maximum(has, 1e-9), np.maximum(lacks, 1e-9)
    ratio = np.log(has) - np.log(lacks)
    spread = 1 / has + 1 / lacks
    return np.asarray((ratio[:, 0] - ratio[:, 1]) / np.sqrt(spread.sum(axis=1)))


def distinct_best(
    grams: sparse.csr_array, value: NDArray[np.float64], n: int, wanted: Callable[[int], bool] = lambda _: True
) -> list[int]:
    """The phrases of highest value above 0, without those that share more than half of their examples with one."""
    by_gram = grams.T.tocsr()
    size = np.diff(by_gram.indptr).astype(np.float64)
    free = value > 0
    chosen: list[int] = []
    for best in np.argsort(-value, kind="stable").tolist():
        if len(chosen) == n or value[best] <= 0:
            break
        if not free[best] or not wanted(best):
            continue
        chosen.append(best)
        hit_rows = by_gram.indices[by_gram.indptr[best] : by_gram.indptr[best + 1]]
        shared = np.asarray(grams[hit_rows].sum(axis=0)).ravel()
        free &= shared <= OVERLAP * (size + size[best] - shared)
    return chosen
