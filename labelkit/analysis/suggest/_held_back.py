"""Say which phrases of examples without a vote are not proposed, because the labels of the rules hold them back.

Labels of a weak model agree with no phrase: it is what gold says of such a phrase that counts. Gold that speaks for one
here has chosen it, so that it is named with its counts, and without a precision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit._shared.numbers import plural
from labelkit.analysis.suggest._scoring import greedy, with_lift

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from numpy.typing import NDArray

    from labelkit.analysis.suggest._sample import ScoredExamples
    from labelkit.analysis.suggest.phrases import Grams

NAMED: Final = 5
"""Phrases that are named."""


def said_of_held_back(
    sample: ScoredExamples,
    grams: Grams,
    proposed: Collection[str],
    is_new: Callable[[int], bool],
    min_rows: int,
    class_names: Sequence[str],
) -> str:
    """Say how many phrases of examples that nothing reaches are held back, and which of them gold speaks for.

    Parameters
    ----------
    sample : ScoredExamples
    grams : Grams
    proposed : collection of str
        Phrases that are proposed, or that gold speaks against.
    is_new : callable
        Whether a phrase may be proposed at all, by its number.
    min_rows : int
    class_names : sequence of str

    Returns
    -------
    str
        Empty if there are none.
    """
    matrix, n_grams = grams.matrix, grams.matrix.shape[1]
    ours = [g for g in range(n_grams) if grams.text(g) in proposed]
    reached = np.asarray(matrix[:, ours].sum(axis=1)).ravel() > 0
    rest = matrix[np.flatnonzero(~sample.covered & ~reached)]
    stands = np.asarray(rest.sum(axis=0)).ravel() > 0
    judged = np.flatnonzero(sample.gold >= 0)
    enough = np.asarray(matrix[np.flatnonzero(sample.teaches)].sum(axis=0)).ravel() >= min_rows
    in_gold = np.asarray(matrix[judged].sum(axis=0)).ravel() >= min_rows
    candidate = stands & (enough | in_gold)
    candidate[[g for g in np.flatnonzero(candidate).tolist() if not is_new(g)]] = False
    if not candidate.any():
        return ""
    phrases, stand = plural(int(candidate.sum()), "phrase"), "stands" if candidate.sum() == 1 else "stand"
    note = (
        f"{phrases} more {stand} in examples without a vote, and cannot be proposed: by the labels that the present "
        "rules give, no class is clearly more frequent where they stand."
    )
    gold = sample.gold[judged]
    right = np.stack([_of_class(matrix[judged], gold == c) for c in range(len(class_names))])
    label = right.argmax(axis=0)
    good = np.flatnonzero(with_lift(matrix[judged], gold, label, candidate & in_gold))
    best = [int(good[b]) for b in greedy(rest[:, good], np.ones(len(good)), NAMED)]
    if not best:
        return note
    support = right.sum(axis=0)
    named = ", ".join(
        f"{grams.text(g)} ({class_names[label[g]]}: {right[label[g], g]:.0f} of {support[g]:.0f})" for g in best
    )
    return f"{note} By gold, a class is, for some. Try these as rules, and judge them by other gold: {named}."


def _of_class(has: object, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.asarray(has[np.flatnonzero(mask)].sum(axis=0), dtype=np.float64).ravel()  # type: ignore[index]
