"""Say which phrases of examples without a vote are not proposed, because the labels of the rules hold them back.

Labels of a weak model agree with no phrase: it is what gold says of such a phrase that counts. Gold that speaks for one
here has chosen it, so that it is named with its counts, and without a precision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit._shared.numbers import plural
from labelkit.analysis.suggest._scoring import greedy, with_lift
from labelkit.analysis.what_to_fix import are_far_from_gold
from labelkit.votes.hard_labels import hard_labels
from labelkit.votes.label_space import ABSTAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from numpy.typing import NDArray

    from labelkit.analysis.suggest._sample import ScoredExamples
    from labelkit.analysis.suggest.phrases import Grams
    from labelkit.analysis.suggest.suggestion import Suggestion
    from labelkit.votes.label_matrix import LabelMatrix
    from labelkit.votes.probabilistic_labels import ProbabilisticLabels

TEACHING: Final = (
    "Gold is far from what the labels say of themselves (LK969), so that phrases that it speaks for may be held back: "
    "let it teach the label model, model.fit(matrix, gold=gold), and suggest again."
)

TAUGHT: Final = (
    "Gold taught the label model whose labels chose these phrases: by the same gold, their precision may look a little "
    "better than it is. Gold that did not teach judges them fairly."
)

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


def none_found(sample: ScoredExamples, left_out: Sequence[Suggestion]) -> str:
    """Say why there is no suggestion, and what helps."""
    if left_out:
        return "The labels of the present rules differ from gold where words agree with them: mend those rules first."
    labeled = plural(int(sample.teaches.sum()), "example")
    n_judging = int((sample.covered & (sample.gold >= 0)).sum())
    judging = f" ({n_judging:,} more have gold, which judges words)" if n_judging else ""
    return (
        f"In the {labeled} that have a label{judging}, no word without a rule is clearly more frequent in one class: "
        "read examples without a vote, and write the rules that they ask for."
    )


def said_of_teaching(
    rows: LabelMatrix, labels: ProbabilisticLabels, truth: NDArray[np.int64], items: Sequence[Suggestion] = ()
) -> str:
    """Say where labels that gold taught would agree with other phrases; and that gold which taught also judges them."""
    judged = np.flatnonzero(truth >= 0)
    if labels.learned_from_gold:
        return TAUGHT if any(item.gold for item in items) else ""
    if not len(judged):
        return ""
    chosen = labels[judged]
    hard = np.where(chosen.is_covered, hard_labels(chosen.proba), ABSTAIN)
    return TEACHING if are_far_from_gold(rows.votes[judged], chosen.proba, hard, truth[judged]) else ""
