"""Rank the problems of rules, labels and gold by the number of examples that each touches.

A finding names a problem, its subject, the evidence, and about how many examples it touches. Many rules are looked at;
so the tests by gold are corrected for that, and in 95% of analyses all that they report is true. Without gold, a
finding says that the votes or the model speak against a rule, not that it is wrong. Vote patterns are enough input, so
that the report of a run needs no examples.

>>> from labelkit.votes.label_matrix import LabelMatrix
>>> votes = [[0, 0, -1]] * 40 + [[1, 1, -1]] * 20 + [[-1, -1, -1]] * 40
>>> matrix = LabelMatrix.of(votes, names=["tone", "copy", "shy"], classes=["HAM", "SPAM"])
>>> print(what_to_fix(matrix, gold=[0] * 40 + [1] * 20 + [-1] * 40))
1. examples: no vote (40 examples) [LK957]
   40.0% (30.9 - 49.8%) of the examples get no label. lk.suggest(matrix, corpus) proposes rules for them.
2. tone, copy: the same rule twice (60 examples) [LK964]
   They vote alike on 100.0% (94.0 - 100.0%) of the examples that either votes on, so that one opinion counts twice.
   Keep one of them.
3. shy: never votes (0 examples) [LK968]
   It matches nothing in this corpus. Look for a slip in words or columns, or leave out what is not needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.analysis._fitted_model import check_model
from labelkit.analysis.counts import read
from labelkit.analysis.what_to_fix import _by_gold as by_gold, _by_votes as by_votes
from labelkit.analysis.what_to_fix._evidence import Evidence
from labelkit.analysis.what_to_fix._misjudged import are_far_from_gold, misjudged
from labelkit.analysis.what_to_fix.findings import URGENCY, Finding, Findings

if TYPE_CHECKING:
    from labelkit.label_models import PatternLabelModel
    from labelkit.votes.vote_patterns import VotePatterns

__all__ = ["URGENCY", "Finding", "Findings", "are_far_from_gold", "gold_could_teach", "what_to_fix"]


@checks_keywords
def what_to_fix(
    matrix: Any, *, gold: Any = None, model: PatternLabelModel | None = None, n_classes: int | None = None
) -> Findings:
    """List the changes that would improve the labels most, with the evidence for each.

    Looked for: examples without a vote; rules that fail, never vote, vote on everything, are worse than chance, are
    less precise than the others, speak against them, make labels worse, or repeat another; classes that no rule votes
    for, that few votes reach, or that labels name too often or too seldom; tied votes; gold that is too little, that
    unanimous rules contradict, or that is far from what a label model says which it could teach.

    Parameters
    ----------
    matrix : LabelMatrix, VotePatterns, array-like, scipy sparse matrix of ``label + 1``, or DataFrame
    gold : array-like, Series or dict by id, optional
        Trusted labels of some examples; -1, None or NaN where unknown. Vote patterns carry their own.
    model : fitted label model, optional
        Turns votes into labels; majority vote if not given.
    n_classes : int, optional
        Number of classes, if the votes do not show it.

    Returns
    -------
    Findings
        Ranked by the examples that each touches, times the weight of its problem in :data:`URGENCY`.

    Raises
    ------
    GoldError
        If gold does not fit the examples or the classes.
    ModelError
        If the model was fitted on other labeling functions.
    """
    patterns, gold_counts = read(matrix, gold, n_classes)
    if model is not None:
        check_model(model, "what_to_fix")
    if not patterns.n_examples:
        return Findings(())
    evidence = Evidence(patterns, gold_counts, model)
    drafts = [draft for look in _LOOKS for draft in look(evidence)]
    worse = {draft.subject for draft in drafts if draft.problem in _MORE_THAN_IMPRECISE}
    drafts = [draft for draft in drafts if draft.problem != _IMPRECISE or draft.subject not in worse]
    drafts.sort(key=lambda draft: -URGENCY[draft.problem] * draft.effect)
    return Findings(
        tuple(
            Finding(rank, draft.subject, draft.problem, draft.why, round(draft.effect), draft.lfs)
            for rank, draft in enumerate(drafts, start=1)
        )
    )


def gold_could_teach(patterns: VotePatterns, model: PatternLabelModel) -> str:
    """Say what of a label model is far from the gold of the patterns, which could teach it; empty if nothing is."""
    if patterns.gold is None or not patterns.n_examples:
        return ""
    counts, gold_counts = read(patterns, None, None)
    return "".join(draft.why for draft in misjudged(Evidence(counts, gold_counts, model)))


_LOOKS: Final = (
    by_votes.failing,
    by_votes.uncovered,
    by_votes.voiceless,
    by_gold.worse_than_chance,
    by_gold.harmful,
    by_gold.less_precise,
    by_gold.doubted,
    by_gold.doubtful_gold,
    by_gold.few_votes_for,
    by_votes.tied,
    by_gold.misproportioned,
    misjudged,
    by_votes.contrary,
    by_votes.indiscriminate,
    by_votes.repeated,
    by_gold.scarce_gold,
    by_votes.unnamed,
    by_votes.silent,
)
"""The checks; of findings with the same weight, that of the earlier check comes first."""

_IMPRECISE: Final = "less precise than the others"
_MORE_THAN_IMPRECISE: Final = ("worse than chance", "labels are better without it")
"""Problems that a rule has because it is imprecise; one finding is enough."""
