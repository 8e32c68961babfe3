"""Find what a rule answers whatever the text is: a display as a test, a length below 0, a return in ``finally``.

>>> from labelkit.rules.inspection.syntax import source_of
>>> def rule(text):
...     return 1 if len(text) < 0 else None
>>> [print(odd.reason) for odd in sure_answers(source_of(rule))]
len(text) < 0 is never so (line 2): it is 0 or more
[None]
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterator
from typing import Any, Final

from labelkit._shared.syntax_trees import nodes_of
from labelkit.rules.inspection.syntax import FunctionSource
from labelkit.rules.oddities._shown_code import shown_code
from labelkit.rules.oddities.compared_columns import tested
from labelkit.rules.oddities.kinds import TEXT, Kinds
from labelkit.rules.oddities.patterns import OddWord

LONGEST: Final = 60
"""Characters of code that a message repeats."""

_COMPARED: Final[dict[type[ast.cmpop], Callable[[Any, Any], bool]]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_MIRRORED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.Gt: ast.Lt,
    ast.GtE: ast.LtE,
}
_PLACES: Final = frozenset({"find", "rfind"})


def sure_answers(source: FunctionSource) -> Iterator[OddWord]:
    """Find tests that one answer fits, and returns that take the place of errors."""
    kinds = Kinds(source)
    sides = {id(one) for node in nodes_of(source.tree) if isinstance(node, ast.BoolOp) for one in node.values}
    for test in tested(source.tree):
        if id(test) not in sides:  # of which odd_code speaks
            yield from _display(test)
    for node in nodes_of(source.tree):
        if isinstance(node, ast.Compare):
            yield from _count(node, source, kinds)
        elif isinstance(node, ast.Try):
            yield from _return_in_finally(node)


def _display(test: ast.expr) -> Iterator[OddWord]:
    """Find ``if ("free" in text, SPAM):``, of a tuple that is not empty, whatever is in it."""
    if not isinstance(test, ast.Tuple | ast.List | ast.Set | ast.Dict | ast.Lambda):
        return
    if not isinstance(test, ast.Lambda) and not _surely_holds(test):
        return
    kind = "function" if isinstance(test, ast.Lambda) else type(test).__name__.lower()
    yield OddWord(
        f"{shown_code(test, LONGEST)} is a {kind}, which is always true (line {test.lineno})",
        "call it" if isinstance(test, ast.Lambda) else "any((...)) asks what is in it; write and, or or, between tests",
    )


def _surely_holds(display: ast.Tuple | ast.List | ast.Set | ast.Dict) -> bool:
    """Return whether a display has an element, beside those that ``*others`` may not have."""
    if isinstance(display, ast.Dict):
        return any(key is not None for key in display.keys)
    return any(not isinstance(one, ast.Starred) for one in display.elts)


def _count(node: ast.Compare, source: FunctionSource, kinds: Kinds) -> Iterator[OddWord]:
    """Find ``len(text) < 0`` and ``len(text) >= 0``: what counts is 0 or more, and a place that was not found -1."""
    if len(node.ops) > 1:  # 0 <= len(text) < 5, where the first is for readers
        return
    one, op, other = node.left, type(node.ops[0]), node.comparators[0]
    for counted, compared, kind in ((one, other, op), (other, one, _MIRRORED.get(op, op))):
        lowest, limit = _lowest(counted, source, kinds), _number(compared)
        if lowest is None or limit is None or kind not in _COMPARED:
            continue
        near = {lowest, lowest + 1, math.floor(limit), math.ceil(limit), 2**53}
        holds = {_COMPARED[kind](value, limit) for value in near if value >= lowest}
        if len(holds) == 1:
            answer = "always" if True in holds else "never"
            yield OddWord(
                f"{shown_code(node, LONGEST)} is {answer} so (line {node.lineno}): it is {lowest} or more",
                f"compare it with a number above {lowest}",
            )


def _lowest(node: ast.expr, source: FunctionSource, kinds: Kinds) -> int | None:
    """Return the least that a call gives, of one that counts or that finds a place; None of another."""
    if not isinstance(node, ast.Call) or node.keywords:
        return None
    if isinstance(node.func, ast.Name):
        return 0 if source.look_up(node.func.id) is len and len(node.args) == 1 else None
    if not isinstance(node.func, ast.Attribute) or not node.args or kinds.of(node.func.value) != TEXT:
        return None
    return 0 if node.func.attr == "count" else -1 if node.func.attr in _PLACES else None


def _number(node: ast.expr) -> float | None:
    """Return a number that is written in code."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _number(node.operand)
        return None if value is None else -value
    is_number = isinstance(node, ast.Constant) and type(node.value) in (int, float)
    return float(node.value) if is_number and abs(node.value) < 2**53 else None  # type: ignore[attr-defined]


def _return_in_finally(node: ast.Try) -> Iterator[OddWord]:
    """Find a return in ``finally``, which drops each error, and what was returned before."""
    todo: list[ast.AST] = [*node.finalbody]
    while todo:
        part = todo.pop()
        if isinstance(part, ast.Return):
            yield OddWord(
                f"return in finally (line {part.lineno}) drops every error, and what was returned before",
                "return behind it",
            )
        elif not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            todo += ast.iter_child_nodes(part)
