"""Find the expressions that the names of a function get their values from, by its source.

>>> from labelkit.rules.inspection.syntax import source_of
>>> def rule(text):
...     words = text.split()
...     return 1 if len(words) < 3 else None
>>> [(name, ast.unparse(value), where) for name, bound in bindings(source_of(rule)).items() for value, where in bound]
[('words', 'text.split()', 'top')]
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from labelkit._shared.syntax_trees import nodes_of

if TYPE_CHECKING:
    from labelkit.rules.inspection.syntax import FunctionSource

Binding: TypeAlias = tuple[ast.expr, str]


def bindings(source: FunctionSource) -> dict[str, list[Binding]]:
    """List the values of each name: given at the "top" of the function, in a "loop" over it, or "nested" elsewhere."""
    bound: dict[str, list[Binding]] = {}
    body = source.tree.body
    top = {id(one) for one in (body if isinstance(body, list) else [])}
    for node in nodes_of(source.tree):
        for target, value, where in _assigned(node, is_top=id(node) in top):
            for one in nodes_of(target):
                if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
                    bound.setdefault(one.id, []).append((value, where if one is target else "nested"))
    return bound


def value_of_name(node: ast.Name, bound: dict[str, list[Binding]], parameters: frozenset[str]) -> Binding | None:
    """Return the one value that a name has where it is read, with where it was given; None if it may have others."""
    values = bound.get(node.id, [])
    if len(values) != 1:
        return None
    value, where = values[0]
    if where == "loop":
        return value, where
    is_parameter = node.id in parameters
    follows = node.lineno > (value.end_lineno or value.lineno)
    if where == "nested" or not follows or (is_parameter and where != "top"):
        return None
    return value, where


def parameters_of(source: FunctionSource) -> frozenset[str]:
    """Return the names of all parameters of a function, and of the functions in it."""
    return frozenset(node.arg for node in nodes_of(source.tree) if isinstance(node, ast.arg))


def _assigned(node: ast.AST, *, is_top: bool) -> Iterator[tuple[ast.expr, ast.expr, str]]:
    """Iterate over the targets of an assignment or a loop, with what they get."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield target, node.value, "top" if is_top else "nested"
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        yield node.target, node.value, "top" if is_top else "nested"
    elif isinstance(node, ast.AugAssign | ast.NamedExpr):
        yield node.target, node.value, "nested"
    elif isinstance(node, ast.For | ast.comprehension):
        yield node.target, node.iter, "loop"
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        yield node.optional_vars, node.context_expr, "nested"
