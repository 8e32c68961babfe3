"""Find rules with regular expressions that would vote on clearly more rows if they ignored case, as keywords do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import pyarrow as pa

from labelkit._shared.numbers import plural
from labelkit.apply.plan.batch_votes import name_of_row
from labelkit.checks.gained_votes import clear_gains
from labelkit.checks.lint import Problem
from labelkit.checks.look_alikes import votes_by_text_alone
from labelkit.rules.expressions import Leaf, leaves
from labelkit.rules.labeling_function import Cases, LabelingFunction
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.votes.label_matrix import LabelMatrix

LONGEST_MATCH: Final = 40
"""Characters of a match that a message shows."""


def of_ignored_case(
    lfs: LabelingFunctions, matrix: LabelMatrix, rows: pa.RecordBatch, name_of: Callable[[int], str] = name_of_row
) -> Iterator[Problem]:
    """Report each rule that would vote on clearly more rows if its regular expressions ignored case.

    Expressions that mean case are left as they are: those of capitals alone, and those with a range of capitals.

    Parameters
    ----------
    lfs : LabelingFunctions
    matrix : LabelMatrix
        Their votes on the rows.
    rows : pyarrow.RecordBatch
        The columns that they read.
    name_of : callable
        Names a row in messages.

    Yields
    ------
    Problem
    """
    others = [other for lf in lfs if (other := _ignoring_case(lf)) is not None]
    for other, gained, n_before in clear_gains(others, matrix, rows, lfs.space):
        first = int(gained[0])
        text = _first_match(lfs[other.name], other, rows.slice(first, 1).to_pylist()[0])
        yield Problem(
            "note",
            other.name,
            f"tells capitals from small letters: ignoring case, it would vote on {len(gained):,} more of the "
            f"{plural(len(rows), 'row')} that were tried, beside {n_before:,} (the first: "
            f"{name_of(first)}{f', {text!r}' if text else ''})",
            "(?i) at the beginning of a pattern ignores case, as keywords does; if case is meant, nothing",
            code="LK924",
        )


def _ignoring_case(lf: LabelingFunction[...]) -> LabelingFunction[...] | None:
    """Return the rule with expressions that ignore case; None if that is the same, or unknown."""
    if not isinstance(lf.body, Cases) or not votes_by_text_alone(lf):
        return None
    cases = tuple((expression.map_leaves(_relaxed), label) for expression, label in lf.body.cases)
    return None if cases == lf.body.cases else replace(lf, body=Cases(cases))


def _relaxed(leaf: Leaf, negated: bool) -> Leaf:  # noqa: FBT001 - as map_leaves calls it
    """Return a leaf that ignores case, if it has to match; what must not match stays as it is."""
    return leaf if negated else replace(leaf, test=leaf.test.ignoring_case())


def _first_match(lf: LabelingFunction[...], other: LabelingFunction[...], row: dict[str, object]) -> str:
    """Return what an expression of the rule that ignores case matches in a row; empty if in no column of the corpus."""
    assert isinstance(lf.body, Cases)
    assert isinstance(other.body, Cases)
    pairs = zip(lf.body.cases, other.body.cases, strict=True)
    both = [pair for (old, _), (new, _) in pairs for pair in zip(leaves(old), leaves(new), strict=True)]
    texts = [(leaf.test, row.get(name)) for old, leaf in both if old != leaf for name in leaf.columns]
    matches = (text[slice(*span)] for test, text in texts if isinstance(text, str) for span in test.spans(text))
    return next(matches, "")[:LONGEST_MATCH]
