"""Find declared conditions that have one answer together: ranges that do not meet, a condition and its opposite.

>>> from labelkit.rules.between import between
>>> rule = (between(None, 2) & between(4)).rule(name="extreme", column="stars", label=1)
>>> for odd in opposed_conditions(rule):
...     print(odd.reason, odd.remedy, sep="; ")
(at most 2) and (above 4) never holds: no value of 'stars' meets both; write |, or other values
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from labelkit.rules.expressions import Expression, Not, columns_of, leaves
from labelkit.rules.labeling_function import Cases, LabelingFunction
from labelkit.rules.oddities.patterns import OddWord
from labelkit.rules.predicates import cut

LONGEST: Final = 80
"""Characters of a condition that a message repeats."""

_WORDS: Final = {
    "all of": ("and", "never holds", "no value of {} meets both", "|"),
    "any of": ("or", "always holds", "each value of {} meets one of them", "&"),
}
"""For a combination: its word, the answer, the reason, and the sign that is meant."""


def opposed_conditions(lf: LabelingFunction[...]) -> Iterator[OddWord]:
    """Find conditions of one column that are combined by ``&`` and never hold together, or by ``|`` and always do."""
    wholes = [one for one, _ in lf.body.cases] if isinstance(lf.body, Cases) else [lf.body.when]
    for whole in wholes:
        for expression in _combinations(whole) if whole is not None else ():
            word, answer, reason, sign = _WORDS[expression.operator]
            for one, other in combinations(_flat(expression), 2):
                column = _column_of_both(one, other)
                if column is None or not _are_opposed(one, other, is_and=word == "and"):
                    continue
                shown = f" {word} ".join(f"({cut(side.describe(), LONGEST)})" for side in (one, other))
                yield OddWord(f"{shown} {answer}: {reason.format(repr(column))}", f"write {sign}, or other values")


def _combinations(expression: Expression) -> Iterator[Expression]:
    """Iterate over the outermost combinations by ``&`` and ``|`` at any depth."""
    is_one = expression.operator in _WORDS
    if is_one:
        yield expression
    for part in _flat(expression) if is_one else expression.parts:
        yield from _combinations(part)


def _flat(expression: Expression) -> list[Expression]:
    """List the parts of a combination, those of nested combinations of its kind among them."""
    parts = expression.parts
    return [one for part in parts for one in (_flat(part) if type(part) is type(expression) else [part])]


def _column_of_both(one: Expression, other: Expression) -> str | None:
    """Return the one column that two expressions read; None if they read several, of which others may decide."""
    columns = set(columns_of(one, other))
    return columns.pop() if len(columns) == 1 else None


def _are_opposed(one: Expression, other: Expression, *, is_and: bool) -> bool:
    """Return whether two expressions of one column never hold together, or, if not ``is_and``, never fail together."""
    if one == Not(other) or other == Not(one):
        return True
    if one.parts or other.parts:
        return False
    tests = [leaf.test for leaf in (*leaves(one), *leaves(other))]
    pairs = (tests, tests[::-1])
    return any(test.excludes(against) if is_and else test.completes(against) for test, against in pairs)
