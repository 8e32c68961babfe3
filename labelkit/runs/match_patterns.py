"""Expressions that find the matches of a rule again, so that a report can mark them without running anybody's code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from labelkit.matching.regex_cost import safe_length
from labelkit.rules.expressions import Expression
from labelkit.rules.inspection.source_text import cases_of
from labelkit.rules.labeling_function import LabelingFunction
from labelkit.rules.predicates import Pattern, Words

LONGEST_PATTERN: Final = 20_000
"""Characters of an expression that finds matches; a longer one (a look-up of thousands of names) is not kept."""

WORDS_WITHIN: Final = 200_000
"""In how many characters of a text words are looked for again."""


def match_patterns(lf: LabelingFunction[...]) -> list[dict[str, Any]]:
    """List the expressions that find a match of a rule.

    Returns
    -------
    list of dict
        For each expression its ``columns``, ``pattern``, ``flags``, the ``label`` that it stands for, and ``within``:
        in how many characters of a text it is looked for.
    """
    return [pattern for expression, label in cases_of(lf) for pattern in _patterns(expression, label)]


def _patterns(expression: Expression, label: int | None) -> Iterator[dict[str, Any]]:
    for leaf in expression.positive():
        for need in leaf.test.needs:
            within = _searchable(need)
            if within:
                pattern = {"columns": list(leaf.columns), "pattern": need.regex.pattern, "flags": need.regex.flags}
                yield {**pattern, "label": label, "within": within}


def _searchable(test: Words | Pattern) -> int:
    """Return the number of characters of a text in which the matches are searched again; 0 for none."""
    if isinstance(test, Words):
        return WORDS_WITHIN if sum(map(len, test.words)) * 2 <= LONGEST_PATTERN else 0
    return safe_length(test) if len(test.pattern) <= LONGEST_PATTERN else 0
