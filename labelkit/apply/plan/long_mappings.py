"""Merge the entries of a long mapping whose labels alternate, so that few tests decide what many entries say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Self, TypeVar

from labelkit.rules.expressions import Expression, Leaf, merged_leaf
from labelkit.rules.labeling_function import Cases

Owner = TypeVar("Owner")

MANY_CASES: Final = 8
"""From so many entries with changing labels on, a mapping is scanned once a label instead of once an entry."""

MOST_IN_TURN: Final = 64
"""Entries that are asked one after the other which was declared first; of more, a scan tells in which block it is."""


@dataclass(frozen=True)
class LongMapping:
    """The cases of a long mapping, merged twice.

    Parameters
    ----------
    by_label : tuple of (Leaf, int)
        One leaf for each label: where a single one holds, that is the vote.
    blocks : tuple of (Leaf, Cases)
        One leaf for each block of the cases, in their order, where they are very many; as many blocks as entries of
        each. Where several labels hold, the first of them that holds has the case that was declared first.
    """

    by_label: tuple[tuple[Leaf, int], ...]
    blocks: tuple[tuple[Leaf, Cases], ...]

    @classmethod
    def of(cls, body: Cases) -> Self | None:
        """Merge the cases of a rule; None where they are few, or not of one kind."""
        if len(body.cases) <= MANY_CASES:
            return None
        cases_of: dict[int, list[Expression]] = {}
        for expression, label in body.cases:
            cases_of.setdefault(label, []).append(expression)
        by_label = _merged([(expressions, label) for label, expressions in cases_of.items()])
        return cls(by_label, _blocks(body)) if by_label else None


def _blocks(body: Cases) -> tuple[tuple[Leaf, Cases], ...]:
    if len(body.cases) <= MOST_IN_TURN:
        return ()
    size = math.isqrt(len(body.cases))
    blocks = [Cases(body.cases[start : start + size]) for start in range(0, len(body.cases), size)]
    return _merged([([expression for expression, _ in block.cases], block) for block in blocks])


def _merged(groups: list[tuple[list[Expression], Owner]]) -> tuple[tuple[Leaf, Owner], ...]:
    """Merge the expressions of each group; empty if those of one cannot be: no group may be left out."""
    merged = [(merged_leaf(expressions), owner) for expressions, owner in groups]
    whole = tuple((leaf, owner) for leaf, owner in merged if leaf is not None)
    return whole if len(whole) == len(groups) else ()
