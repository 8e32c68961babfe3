"""Find comparisons of one value with constants that have one answer together, by the source of a function.

>>> from labelkit.rules.inspection.syntax import source_of
>>> def rule(stars):
...     return 1 if stars < 2 and stars > 4 else None
>>> [print(odd.reason, odd.remedy, sep="; ") for odd in contradictions(source_of(rule))]
stars < 2 and stars > 4 is never so (line 2): no value meets both; write or, or look at the signs
[None]
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any, Final, TypeAlias

from labelkit._shared.syntax_trees import nodes_of
from labelkit.rules.inspection.syntax import FunctionSource
from labelkit.rules.oddities._shown_code import shown_code
from labelkit.rules.oddities.patterns import OddWord

LONGEST: Final = 80
"""Characters of code that a message repeats."""

MOST_CONSTANTS: Final = 50
"""Constants with which one expression is compared."""

LARGEST: Final = 2.0**500
"""Numbers up to which halves between them can be computed."""

_Test: TypeAlias = Callable[[Any, Any], bool]

_TESTS: Final[dict[type, _Test]] = {
    ast.Lt: lambda value, other: bool(value < other),
    ast.LtE: lambda value, other: bool(value <= other),
    ast.Gt: lambda value, other: bool(value > other),
    ast.GtE: lambda value, other: bool(value >= other),
    ast.Eq: lambda value, other: bool(value == other),
    ast.NotEq: lambda value, other: bool(value != other),
    ast.In: lambda value, others: value in others,
    ast.NotIn: lambda value, others: value not in others,
}
_MIRRORED: Final[dict[type, type]] = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}
_ORDERS: Final = frozenset(_MIRRORED)
_PURE_CALLS: Final = frozenset({"len", "int", "float", "str", "abs", "round", "ord", "sum", "min", "max"})
_PURE_METHODS: Final = frozenset({"lower", "upper", "casefold", "strip", "count", "find", "get", "title"})
_LISTS: Final = (ast.List, ast.Tuple, ast.Set)


@dataclass(frozen=True)
class _ConstantTest:
    """One comparison of an expression with constants."""

    left: str
    operator: type
    constants: tuple[Any, ...]  # several of in
    shown: str
    line: int

    def holds(self, value: Any) -> bool:
        """Return whether a value meets the comparison."""
        is_in = self.operator in (ast.In, ast.NotIn)
        return _TESTS[self.operator](value, self.constants if is_in else self.constants[0])


def contradictions(source: FunctionSource) -> Iterator[OddWord]:
    """Find ``a < 2 and a > 4``, which is never so, and ``a != "x" or a != "y"``, which always is."""
    inner: set[int] = set()
    for node in nodes_of(source.tree):
        word, sides = _sides(node)
        if not sides or id(node) in inner:
            continue
        inner.update(id(one) for one in nodes_of(node) if one is not node and _sides(one)[0] == word)
        comparisons = [one for side in sides for one in _comparisons(side, source, is_and=word in ("and", "&"))]
        odd = _odd(word, comparisons, node)
        if odd is not None:
            yield odd


def _sides(node: ast.AST) -> tuple[str, list[ast.expr]]:
    """Return the word of a combination, and what it combines: nested combinations by the same word are one."""
    word, parts = "", list[ast.expr]()
    if isinstance(node, ast.BoolOp):
        word, parts = "and" if isinstance(node.op, ast.And) else "or", node.values
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.BitOr):
        word, parts = "&" if isinstance(node.op, ast.BitAnd) else "|", [node.left, node.right]
    elif isinstance(node, ast.Compare) and len(node.ops) > 1:
        return "and", [node]
    return word, [side for part in parts for side in (_sides(part)[1] if _sides(part)[0] == word else [part])]


def _comparisons(side: ast.expr, source: FunctionSource, *, is_and: bool) -> Iterator[_ConstantTest]:
    """Iterate over the comparisons of expressions with constants; of a chain beside ``or``, none is known to fail."""
    if not isinstance(side, ast.Compare) or (len(side.ops) > 1 and not is_and):
        return
    for op, (left, right) in zip(side.ops, pairwise([side.left, *side.comparators]), strict=True):
        shown = ast.unparse(ast.Compare(left, [op], [right]))
        constants = _constants(right, source, is_many=isinstance(op, ast.In | ast.NotIn))
        if constants and type(op) in _TESTS and _is_pure(left):
            yield _ConstantTest(ast.unparse(left), type(op), constants, shown, side.lineno)
            continue
        constants = _constants(left, source, is_many=False)
        mirrored = _MIRRORED.get(type(op), type(op) if isinstance(op, ast.Eq | ast.NotEq) else None)
        if constants and mirrored is not None and _is_pure(right):
            yield _ConstantTest(ast.unparse(right), mirrored, constants, shown, side.lineno)


def _constants(node: ast.expr, source: FunctionSource, *, is_many: bool) -> tuple[Any, ...]:
    """Return the constants that an expression stands for, numbers or texts; empty if one of them is not known."""
    parts = (node.elts if isinstance(node, _LISTS) else []) if is_many else [node]
    values = [_constant(part, source) for part in parts]
    return tuple(values) if values and all(value is not None for value in values) else ()


def _constant(node: ast.expr, source: FunctionSource) -> int | float | str | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        operand = _constant(node.operand, source)
        return -operand if isinstance(operand, int | float) else None
    value: Any = node.value if isinstance(node, ast.Constant) else None
    if isinstance(node, ast.Name) and node.id.isupper():  # others may change while the program runs
        value = source.look_up(node.id)
    if type(value) in (int, float):
        return value if -LARGEST < value < LARGEST else None
    return value if type(value) is str else None


def _is_pure(node: ast.expr) -> bool:
    """Return whether an expression is no constant, and has the same value each time that it is asked."""
    calls = [one for one in nodes_of(node) if isinstance(one, ast.Call)]
    others = any(isinstance(one, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom) for one in nodes_of(node))
    names = any(isinstance(one, ast.Name) for one in nodes_of(node))
    return names and not others and all(_is_pure_call(one) for one in calls)


def _is_pure_call(call: ast.Call) -> bool:
    if isinstance(call.func, ast.Name):
        return call.func.id in _PURE_CALLS
    return isinstance(call.func, ast.Attribute) and call.func.attr in _PURE_METHODS


def _odd(word: str, comparisons: list[_ConstantTest], node: ast.AST) -> OddWord | None:
    """Return what is odd of comparisons that are combined by a word; None if their answer depends on the value."""
    is_and = word in ("and", "&")
    by_left: dict[str, list[_ConstantTest]] = {}
    for one in comparisons:
        by_left.setdefault(one.left, []).append(one)
    for left, several in by_left.items():
        chosen = next((pair for pair in combinations(several, 2) if _is_decided(pair, holding=is_and)), None)
        if chosen is None:
            continue
        answer, is_chain = "never" if is_and else "always", isinstance(node, ast.Compare)
        shown = ast.unparse(node) if is_chain else f" {word} ".join(_wrapped(one, word) for one in chosen)
        reason = f"{shown_code(shown, LONGEST)} is {answer} so (line {chosen[0].line}): "
        if {one.operator for one in chosen} == {ast.Eq if is_and else ast.NotEq}:
            values = {value for one in several if one.operator is chosen[0].operator for value in one.constants}
            listed = ", ".join(map(repr, sorted(values, key=repr)))
            return OddWord(f"{reason}no value equals both", f"write {left} {'in' if is_and else 'not in'} ({listed})")
        if is_chain:
            return OddWord(f"{reason}no value meets both", "write the lower end first, or look at the signs")
        other = {"and": "or", "or": "and", "&": "|", "|": "&"}[word]
        reached = "no value meets both" if is_and else "each value meets one of them"
        return OddWord(f"{reason}{reached}", f"write {other}, or look at the signs")
    return None


def _wrapped(one: _ConstantTest, word: str) -> str:
    return one.shown if word in ("and", "or") else f"({one.shown})"


def _is_decided(comparisons: tuple[_ConstantTest, ...], *, holding: bool) -> bool:
    """Return whether no value meets (or, if not ``holding``, fails) all comparisons of an expression."""
    constants = [value for one in comparisons for value in one.constants]
    n_texts = sum(isinstance(value, str) for value in constants)
    if len(constants) > MOST_CONSTANTS:
        return False
    if all(one.operator not in _ORDERS for one in comparisons):
        candidates: list[Any] = [*constants, object()]
    elif 0 < n_texts < len(constants):  # which cannot be compared
        return False
    elif n_texts:
        candidates = ["", *constants, *(f"{value}\0" for value in constants), f"{max(constants)}\U0010ffff"]
    else:
        ends = sorted(constants)
        middles = [low + (high - low) / 2 for low, high in pairwise(ends)]
        candidates = [*ends, *middles, ends[0] - 1, ends[-1] + 1]
    return not any(all(one.holds(value) is holding for one in comparisons) for value in candidates)
