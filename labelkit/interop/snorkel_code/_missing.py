"""Decide what a labeling function does where a field is missing: it raises, votes, or abstains.

A missing value of a data frame is NaN or None: methods and functions of texts raise on both, a comparison with NaN is
false. A rule of labelkit abstains on a missing value, unless its parameter is annotated as optional.
"""

from __future__ import annotations

import ast
from enum import Enum
from typing import Final

from labelkit.interop.snorkel_code._cases import SEARCHES, Body, fields_in
from labelkit.interop.snorkel_code._module import UNKNOWN, RuleModule
from labelkit.rules.inspection.row_reads import field_of
from labelkit.votes.label_space import ABSTAIN


class Way(Enum):
    """How a rule of labelkit can do the same where a field is missing."""

    SKIP = "it is not called: the rule abstains, where that of Snorkel abstains or raises"
    OPTIONAL = "it is called with None, and does as that of Snorkel does"
    NONE = "it cannot"


_TRUE, _FALSE, _RAISES = "true", "false", "raises"
ORDERED: Final = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
"""Comparisons that NaN does not meet, and None does not know."""

_ANY: Final = frozenset((_TRUE, _FALSE, _RAISES))
_EITHER: Final = frozenset((_TRUE, _FALSE))


def way_for(body: Body, name: str, module: RuleModule) -> tuple[Way, bool]:
    """Return how a field can be read so that votes are equal where it is missing, and if the old rule raises there."""
    outcomes = _Missing(body.row, name, module)
    votes, raises, reached = False, False, True
    for case in body.cases:
        if not reached:
            break
        there = _EITHER if case.test is None else outcomes.of(case.test)
        raises |= _RAISES in there
        votes |= _TRUE in there and case.number != ABSTAIN
        reached = case.test is not None and _FALSE in there
    if not votes:
        return Way.SKIP, raises
    return (Way.NONE if outcomes.differs_of_none else Way.OPTIONAL), raises


class _Missing:
    """The truth of tests where one field is missing."""

    def __init__(self, row: str, name: str, module: RuleModule) -> None:
        self._row = row
        self._name = name
        self._module = module
        self.differs_of_none = False

    def of(self, node: ast.expr) -> frozenset[str]:
        """Return what a test may be."""
        if self._name not in set(fields_in(node, self._row)):
            return _EITHER
        if isinstance(node, ast.BoolOp):
            return self._of_parts(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            swapped = {_TRUE: _FALSE, _FALSE: _TRUE, _RAISES: _RAISES}
            return frozenset(swapped[one] for one in self.of(node.operand))
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return self._of_comparison(node, node.ops[0])
        if self._raises(node):
            return frozenset((_RAISES,))
        self.differs_of_none = True
        return _ANY

    def _of_parts(self, node: ast.BoolOp) -> frozenset[str]:
        goes_on = _TRUE if isinstance(node.op, ast.And) else _FALSE
        outcomes: set[str] = set()
        for part in node.values:
            there = self.of(part)
            outcomes |= there - {goes_on}
            if goes_on not in there:
                return frozenset(outcomes)
        return frozenset(outcomes | {goes_on})

    def _of_comparison(self, node: ast.Compare, operator: ast.cmpop) -> frozenset[str]:
        sides = [node.left, node.comparators[0]]
        bare = [self._is_own(side) for side in sides]
        if any(map(self._raises, sides)) or (isinstance(operator, ast.In | ast.NotIn) and bare[1]):
            return frozenset((_RAISES,))
        other = sides[bare[0]]
        if sum(bare) != 1 or self._name in set(fields_in(other, self._row)):
            self.differs_of_none = True
            return _ANY
        return self._of_bare(operator, self._module.evaluated(other))

    def _of_bare(self, operator: ast.cmpop, other: object) -> frozenset[str]:
        """Return the truth of a comparison of the missing value itself, which is NaN."""
        if isinstance(operator, ast.In | ast.NotIn):
            if not isinstance(other, list | tuple) or any(one is None or isinstance(one, float) for one in other):
                self.differs_of_none = True
                return _ANY
            return frozenset((_FALSE if isinstance(operator, ast.In) else _TRUE,))
        if isinstance(operator, ast.Eq | ast.NotEq):
            self.differs_of_none |= other is None
            return frozenset((_FALSE if isinstance(operator, ast.Eq) else _TRUE,))
        if isinstance(operator, ORDERED) and isinstance(other, int | float):
            return frozenset((_FALSE,))  # of NaN; the proposal asks for None before it compares
        self.differs_of_none = True
        return _ANY

    def _is_own(self, node: ast.expr) -> bool:
        return field_of(node, self._row) == self._name

    def _raises(self, node: ast.expr) -> bool:
        """Tell if an expression always raises on a missing value: what is asked of it needs a text."""
        if isinstance(node, ast.Call):
            return self._call_raises(node)
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return self._of_comparison(node, node.ops[0]) == frozenset((_RAISES,))
        if isinstance(node, ast.Subscript):
            return self._is_own(node.value) or self._raises(node.value)
        return isinstance(node, ast.BinOp) and (self._raises(node.left) or self._raises(node.right))

    def _call_raises(self, node: ast.Call) -> bool:
        function = node.func
        is_given = any(map(self._is_own, node.args))
        if isinstance(function, ast.Attribute):
            if self._is_own(function.value) or self._raises(function.value) or (function.attr in SEARCHES and is_given):
                return True
        elif isinstance(function, ast.Name):
            if function.id in {"any", "all", "sum"}:
                return self._is_raised_by_each(node)
            if function.id == "len" and is_given:
                return True
        return any(map(self._raises, node.args))

    def _is_raised_by_each(self, node: ast.Call) -> bool:
        """Tell if each item of ``any(... for word in WORDS)`` raises, and there is one."""
        each = node.args[0] if node.args else None
        if not isinstance(each, ast.GeneratorExp | ast.ListComp) or len(each.generators) != 1:
            return False
        source = each.generators[0]
        if self._raises(source.iter):
            return True
        entries = self._module.evaluated(source.iter)
        is_there = entries is not UNKNOWN and hasattr(entries, "__len__") and len(entries) > 0
        return bool(is_there) and not source.ifs and self.of(each.elt) == frozenset((_RAISES,))
