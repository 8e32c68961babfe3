"""Tell whether a loop over a set comes to the same, whatever item comes first."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Final

from labelkit._shared.syntax_trees import nodes_of

_ADDS: Final = frozenset(("add", "update", "append", "extend"))
_COMPREHENSIONS: Final = (ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)
_STATEMENTS: Final = (ast.For, ast.If, ast.Break, ast.Continue, ast.Pass, ast.Return)
"""Statements that may stand in such a loop, besides some assignments and calls."""

_EXPRESSIONS: Final = (ast.Yield, ast.YieldFrom, ast.Await, ast.NamedExpr)
"""Expressions that may not."""


def comes_to_the_same(
    loop: ast.For | ast.AsyncFor, nodes: Iterable[ast.AST], parents: Mapping[ast.AST, ast.AST]
) -> bool:
    """Return whether a loop comes to the same in any order; what is not sure counts as no.

    It does if it counts, adds to a set or a list, or gives names constants, and returns one value alone.

    Parameters
    ----------
    loop : ast.For or ast.AsyncFor
    nodes : iterable of ast.AST
        All nodes of the function.
    parents : dict of ast.AST to ast.AST
        The parent of each.
    """
    return _Loop(loop, nodes, parents).comes_to_the_same


class _Loop:
    """A loop: the names that it binds, and those among them that the function uses elsewhere, too."""

    def __init__(
        self, loop: ast.For | ast.AsyncFor, nodes: Iterable[ast.AST], parents: Mapping[ast.AST, ast.AST]
    ) -> None:
        self._loop, self._parents = loop, parents
        self._inside = list(nodes_of(loop))
        self._names = [node for node in self._inside if isinstance(node, ast.Name)]
        self._stored = {name.id for name in self._names if isinstance(name.ctx, ast.Store)}
        used = {node.id for node in nodes if isinstance(node, ast.Name) and not self._is_bound_around(node)}
        self._carried = self._stored & used
        self._is_left = any(isinstance(node, ast.Break) for node in self._inside)

    @property
    def comes_to_the_same(self) -> bool:
        """Whether it comes to the same in any order."""
        is_read = any(isinstance(name.ctx, ast.Load) and name.id in self._carried for name in self._names)
        statements = (node for node in self._inside if isinstance(node, ast.stmt) and node is not self._loop)
        is_open = any(isinstance(node, _EXPRESSIONS) for node in self._inside)
        return not is_read and not is_open and self._gives_one_value() and all(map(self._is_fine, statements))

    def _gives_one_value(self) -> bool:
        """Return whether it returns one value, and gives each name that is used elsewhere one value."""
        given: dict[str, set[str]] = {}
        for node in self._inside:
            if isinstance(node, ast.Return):
                given.setdefault("return", set()).add(ast.dump(node.value or ast.Constant(None)))
            elif isinstance(node, ast.Assign):
                for name in _names_in(node) & self._carried:
                    given.setdefault(name, set()).add(ast.dump(node.value))
        return all(len(values) == 1 for values in given.values())

    def _is_fine(self, node: ast.stmt) -> bool:
        """Return whether a statement of the loop does the same in any order."""
        if isinstance(node, ast.Return):
            return node.value is None or not _names_in(node.value) & self._stored
        if isinstance(node, ast.Assign):
            is_of_names = all(isinstance(target, ast.Name) for target in node.targets)
            return is_of_names and (not _names_in(node) & self._carried or self._sets_flag(node))
        if isinstance(node, ast.AugAssign):
            return not self._is_left and isinstance(node.target, ast.Name) and _counts(node)
        if isinstance(node, ast.Expr):
            return isinstance(node.value, ast.Constant) or self._only_adds(node.value)
        return isinstance(node, _STATEMENTS)

    def _sets_flag(self, node: ast.Assign) -> bool:
        """Return whether an assignment gives a constant; where the loop may be left, before that alone."""
        parent = self._parents[node]
        blocks = [getattr(parent, name, []) for name in ("body", "orelse")]
        goes_with_break = any(node in block and any(isinstance(one, ast.Break) for one in block) for block in blocks)
        return isinstance(node.value, ast.Constant) and (not self._is_left or goes_with_break)

    def _only_adds(self, node: ast.expr) -> bool:
        added = name_added_to(node)  # and the loop does not ask for len(added)
        return bool(added) and not self._is_left and sum(name.id == added for name in self._names) == 1

    def _is_bound_around(self, node: ast.Name) -> bool:
        """Return whether a name stands in this loop, or in another loop or comprehension that binds it."""
        around: ast.AST | None = node
        while around is not None and around is not self._loop:
            targets = [around.target] if isinstance(around, ast.For) else []
            targets += [one.target for one in around.generators] if isinstance(around, _COMPREHENSIONS) else []
            if any(node.id in _names_in(target) for target in targets):
                return True
            around = self._parents.get(around)
        return around is self._loop


def name_added_to(node: ast.AST) -> str:
    """Return the name of the set or list that an expression adds to; empty if it is none."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in _ADDS:
        return ""
    return node.func.value.id if isinstance(node.func.value, ast.Name) else ""


def _names_in(node: ast.AST) -> set[str]:
    return {part.id for part in nodes_of(node) if isinstance(part, ast.Name)}


def _counts(node: ast.AugAssign) -> bool:
    """Return whether a statement adds a whole number, or joins sets."""
    value = node.value
    if isinstance(node.op, ast.BitOr | ast.BitAnd | ast.BitXor):
        return True
    called = value.func if isinstance(value, ast.Call) else None
    name = called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""
    is_whole = isinstance(value, ast.Compare) or name in {"len", "count"}
    is_whole |= isinstance(value, ast.Constant) and isinstance(value.value, int)
    return isinstance(node.op, ast.Add | ast.Sub) and is_whole
