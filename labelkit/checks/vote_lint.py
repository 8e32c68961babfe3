"""Find mistakes in the votes of rules on a sample: rules that never vote, always, or where another one does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np

from labelkit._shared.distributions import clopper_pearson, is_surely_above
from labelkit._shared.numbers import percent, plural
from labelkit.checks.lint import Problem
from labelkit.exceptions import parts_of_text
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.rules.oddities.anchors import anchored_search
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.label_space import ABSTAIN

OVERLAP: Final = 0.99
"""Report two rules that vote on the same rows more often than this: models cannot tell them apart."""

NEARLY_ALL: Final = 0.9
"""Report a rule that surely votes for one class on a larger share of the rows than this."""

FEW_VOTES: Final = 20
"""Do not report the overlaps of a rule with fewer votes on the sample."""


def lint_votes(lfs: LabelingFunctions, matrix: LabelMatrix) -> list[Problem]:
    """Find mistakes by the votes of rules on a sample: faults, no votes, one vote on all, votes of another rule.

    Parameters
    ----------
    lfs : LabelingFunctions
    matrix : LabelMatrix
        Their votes on the sample.

    Returns
    -------
    list of Problem
    """
    return [*_of_faults(matrix), *_of_silence(lfs, matrix), *_of_voting_on_all(matrix), *_of_overlaps(matrix)]


def _of_faults(matrix: LabelMatrix) -> Iterator[Problem]:
    """Report each rule that fails, once for each kind of error."""
    kinds: dict[tuple[str, str], list[Any]] = {}
    for fault in matrix.faults:
        kinds.setdefault((fault.lf, fault.error), []).append(fault)
    for (name, error), faults in kinds.items():
        first = faults[0]
        where = f"the first in row {first.row}: " if len(faults) > 1 else f"row {first.row}: "
        reason, code, hint = parts_of_text(first.message)
        message = f"failed on {len(faults):,} of {len(matrix):,} rows, {where}{error}: {reason}"
        yield Problem("error", name, message, hint, code=code or "LK907")


def _of_silence(lfs: LabelingFunctions, matrix: LabelMatrix) -> Iterator[Problem]:
    """Report rules that never voted: a note for one whose examples show that it can, else a warning."""
    failed = {fault.lf for fault in matrix.faults}
    for lf, votes in zip(lfs, matrix.votes.T, strict=True):
        if lf.name in failed or (votes >= 0).any():
            continue
        most = clopper_pearson(0, len(votes), 0.95)
        rows = plural(len(votes), "row")
        message = f"it never voted on {rows}, so that its coverage is at most {percent(float(most))} (95% sure)"
        if any(vote != ABSTAIN for _, vote in lf.examples):
            yield Problem("note", lf.name, message, code="LK908")
        else:
            hint = anchored_search(lf) or "an example on which it votes would show that it can: examples={...}"
            yield Problem("warning", lf.name, message, hint, code="LK908")


def _of_voting_on_all(matrix: LabelMatrix) -> Iterator[Problem]:
    """Report rules that vote for one class on nearly every row."""
    if matrix.n_classes == 1:
        return
    for name, votes in zip(matrix.names, matrix.votes.T, strict=True):
        labels, counts = np.unique(votes[votes >= 0], return_counts=True)
        if len(labels) == 1 and is_surely_above(NEARLY_ALL, int(counts[0]), len(votes)):
            message = (
                f"it votes {matrix.class_names[int(labels[0])]} on {counts[0]:,} of {len(votes):,} rows, "
                "which tells none from another"
            )
            hint = "look for a test that is always true; a class that is frequent is said by a class prior"
            yield Problem("warning", name, message, hint, code="LK927")


def _of_overlaps(matrix: LabelMatrix) -> Iterator[Problem]:
    """Report pairs of rules that vote on the same rows, and rules that vote only where another one votes the same."""
    votes, counts = matrix.patterns.votes, matrix.patterns.counts.astype(np.float64)[:, None]
    voted = (votes >= 0).astype(np.float64)
    both = voted.T @ (counts * voted)
    alike = sum((one.T @ (counts * one) for one in _by_class(votes, matrix.n_classes)), np.zeros_like(both))
    n_votes = both.diagonal()
    either = n_votes[:, None] + n_votes[None, :] - both
    for i, j in _pairs(both > OVERLAP * either, n_votes):
        same = f"{percent(alike[i, j] / both[i, j], decimals=0)} of them for the same class"
        message = f"it votes where {matrix.names[j]} votes, on {both[i, j]:,.0f} of {either[i, j]:,.0f} rows, {same}"
        yield Problem(
            "warning", matrix.names[i], message, "a model counts them as two witnesses: keep one", code="LK909"
        )
    inside = (alike > OVERLAP * n_votes[:, None]) & ~(both > OVERLAP * either)
    for i in np.flatnonzero(inside.any(axis=1) & (n_votes >= FEW_VOTES)).tolist():
        j = int(np.flatnonzero(inside[i])[0])
        message = (
            f"{matrix.names[j]} votes the same on {alike[i, j]:,.0f} of the {n_votes[i]:,.0f} rows on which it votes"
        )
        yield Problem("note", matrix.names[i], message, code="LK910")


def _by_class(votes: Any, n_classes: int) -> Iterable[Any]:
    return ((votes == label).astype(np.float64) for label in range(n_classes))


def _pairs(mask: Any, n_votes: Any) -> list[tuple[int, int]]:
    """List the pairs of rules that a mask marks, each once, those with few votes left out."""
    enough = n_votes >= FEW_VOTES
    return list(zip(*np.nonzero(np.triu(mask & enough[:, None] & enough[None, :], 1)), strict=True))
