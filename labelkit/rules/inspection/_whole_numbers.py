"""Tell sums that do not depend on the order of what is added: those of whole numbers, and not of fractions."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Final

_FUNCTIONS: Final = frozenset(
    ("len", "int", "bool", "ord", "any", "all", "isinstance", "issubclass", "callable", "hasattr", "hash")
)
_METHODS: Final = frozenset(
    (
        *("count", "find", "rfind", "index", "startswith", "endswith", "isalpha", "isdigit", "isupper", "islower"),
        *("isalnum", "isspace", "isnumeric", "isdecimal", "istitle", "isdisjoint", "issubset", "issuperset"),
        *("__contains__", "__len__", "bit_length"),
    )
)
"""Functions and methods that answer with whole numbers, or with yes and no."""

_OPERATORS: Final = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod, ast.BitAnd, ast.BitOr, ast.BitXor)

_Values = Callable[[ast.expr], Any]


def are_whole(items: ast.AST, value_of: _Values) -> bool:
    """Return whether all items of an expression are whole numbers, as far as that can be seen.

    Parameters
    ----------
    items : expression
        What is summed.
    value_of : callable
        Returns the value of a name from outside.
    """
    if isinstance(items, ast.GeneratorExp | ast.ListComp | ast.SetComp):
        return _is_whole(items.elt, value_of, items.generators)
    if isinstance(items, ast.Call) and isinstance(items.func, ast.Name) and items.args:
        if items.func.id == "map":
            return _answers_whole(items.args[0])
        if items.func.id in {"list", "tuple", "set", "frozenset", "sorted", "reversed", "iter"}:
            return are_whole(items.args[0], value_of)
        return items.func.id == "range"
    if isinstance(items, ast.List | ast.Tuple | ast.Set):
        return all(_is_whole(item, value_of, []) for item in items.elts)
    return isinstance(items, ast.expr) and _holds_whole(value_of(items))


def _is_whole(node: ast.expr, value_of: _Values, around: list[ast.comprehension]) -> bool:  # noqa: PLR0911 - a table of kinds
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int)
    if isinstance(node, ast.Compare):
        return True
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not) or _is_whole(node.operand, value_of, around)
    if isinstance(node, ast.BoolOp):
        return all(_is_whole(value, value_of, around) for value in node.values)
    if isinstance(node, ast.IfExp):
        return all(_is_whole(value, value_of, around) for value in (node.body, node.orelse))
    if isinstance(node, ast.BinOp):
        is_known = isinstance(node.op, _OPERATORS)
        return is_known and all(_is_whole(side, value_of, around) for side in (node.left, node.right))
    if isinstance(node, ast.Subscript):
        return _holds_whole(value_of(node.value))
    if isinstance(node, ast.Name):
        loops = [loop.iter for loop in around if isinstance(loop.target, ast.Name) and loop.target.id == node.id]
        return isinstance(value_of(node), int) or (bool(loops) and all(are_whole(loop, value_of) for loop in loops))
    return isinstance(node, ast.Call) and _is_call_whole(node, value_of, around)


def _is_call_whole(node: ast.Call, value_of: _Values, around: list[ast.comprehension]) -> bool:
    if isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        is_default_whole = all(_is_whole(default, value_of, around) for default in node.args[1:])
        return is_default_whole and _holds_whole(value_of(node.func.value))
    if isinstance(node.func, ast.Name) and node.func.id == "sum" and node.args:
        return are_whole(node.args[0], value_of)
    return _answers_whole(node.func)


def _answers_whole(function: ast.expr) -> bool:
    if isinstance(function, ast.Attribute):
        return function.attr in _METHODS
    return isinstance(function, ast.Name) and function.id in _FUNCTIONS


def _holds_whole(value: Any) -> bool:
    """Return whether a container holds whole numbers alone; of a dict, its values."""
    if isinstance(value, dict):
        return set(map(type, value.values())) <= {int, bool}
    return isinstance(value, list | tuple | set | frozenset) and set(map(type, value)) <= {int, bool}
