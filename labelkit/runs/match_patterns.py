"""Expressions that find the matches of a rule again, so that a report can mark them without running anybody's code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from labelkit.matching.regex_cost import safe_length
from labelkit.rules.expressions import Expression, Leaf, Not
from labelkit.rules.inspection.source_text import cases_of
from labelkit.rules.labeling_function import LabelingFunction
from labelkit.rules.predicates import InContext, Pattern, Test, Words

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
    return [found for expression, label in cases_of(lf) for found in _finds(expression, label)]


def _finds(expression: Expression, label: int | None) -> Iterator[dict[str, Any]]:
    for leaf in _positive(expression):
        tests = leaf.test.needs if isinstance(leaf.test, InContext) else (leaf.test,)
        for test in tests:
            within = _searchable(test)
            if isinstance(test, Words | Pattern) and within:
                found = {"columns": list(leaf.columns), "pattern": test.regex.pattern, "flags": test.regex.flags}
                yield {**found, "label": label, "within": within}


def _searchable(test: Test) -> int:
    """In how many characters of a text a test is looked for again; 0 for none."""
    if isinstance(test, Words):
        return WORDS_WITHIN if sum(map(len, test.words)) * 2 <= LONGEST_PATTERN else 0
    return safe_length(test) if isinstance(test, Pattern) and len(test.pattern) <= LONGEST_PATTERN else 0


def _positive(expression: Expression) -> Iterator[Leaf]:
    """The leaves whose match is a reason to vote: those not under a negation."""
    if isinstance(expression, Leaf):
        yield expression
    elif not isinstance(expression, Not):
        for part in expression.parts:
            yield from _positive(part)
