"""Find the fields that a function reads of the row that it is called with, and those that it writes, from its source.

>>> def shouts(x):
...     return 1 if x.text.isupper() and x["likes"] > 3 else -1
>>> sorted(reads_of_row(shouts).reads)
['likes', 'text']
>>> def odd(x):
...     return len(list(x))
>>> reads_of_row(odd) is None
True
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from labelkit._shared.syntax_trees import nodes_of
from labelkit.rules.data_points import attributes_of_series
from labelkit.rules.inspection.syntax import FunctionNode, source_of


@dataclass(frozen=True)
class RowReads:
    """Fields of a row.

    Attributes
    ----------
    reads : frozenset of str
        Those that the row must have.
    writes : frozenset of str
        Those that it has for certain afterwards, besides.
    """

    reads: frozenset[str]
    writes: frozenset[str] = frozenset()

    def then(self, later: RowReads) -> RowReads:
        """Return what two functions read and write that are called one after the other."""
        return RowReads(self.reads | (later.reads - self.writes), self.writes | later.writes)


def reads_of_row(function: Callable[..., Any]) -> RowReads | None:
    """Find the fields that a function reads and writes of its first parameter; None if that cannot be told.

    It can be told where the row is used as ``x.field`` and ``x["field"]`` alone, and is returned, at most.
    """
    source = source_of(function)
    is_of_row = source is not None and bool(source.tree.args.args) and not inspect.ismethod(function)
    if source is None or isinstance(source.tree, ast.Lambda) or not is_of_row:
        return None
    row = source.tree.args.args[0].arg
    if _is_bound_again(source.tree, row):
        return None
    events = list(_events(source.tree.body, row, certain=True))
    if None in events:
        return None
    reads: set[str] = set()
    certain: set[str] = set()
    perhaps: set[str] = set()
    for name, is_read, is_certain in (event for event in events if event is not None):
        if is_read and name in perhaps - certain:
            return None  # it may be a field of the corpus, and it may not
        if is_read and name not in certain:
            reads.add(name)
        elif not is_read:
            (certain if is_certain else perhaps).add(name)
    if (reads | perhaps | certain) & attributes_of_series():
        return None
    return RowReads(frozenset(reads), frozenset(certain)) if perhaps <= certain | reads else None


def _is_bound_again(tree: FunctionNode, row: str) -> bool:
    arguments = [node.arg for node in nodes_of(tree) if isinstance(node, ast.arg)]
    stored = any(
        isinstance(node, ast.Name) and node.id == row and not isinstance(node.ctx, ast.Load) for node in nodes_of(tree)
    )
    outside = any(isinstance(node, ast.Global | ast.Nonlocal) and row in node.names for node in nodes_of(tree))
    return stored or outside or arguments.count(row) > 1


def _events(nodes: Sequence[ast.AST], row: str, *, certain: bool) -> Iterator[tuple[str, bool, bool] | None]:
    """Iterate over reads and writes of fields in the order of evaluation: name, read or written, for certain or not.

    None stands for another use of the row.
    """
    for node in nodes:
        yield from _of_node(node, row, certain=certain)
        certain = certain and not any(isinstance(one, ast.Return) for one in nodes_of(node))


def _of_node(node: ast.AST, row: str, *, certain: bool) -> Iterator[tuple[str, bool, bool] | None]:
    field = field_of(node, row)
    if field is not None and isinstance(getattr(node, "ctx", None), ast.Del):
        yield None
    elif field is not None:
        yield field, isinstance(getattr(node, "ctx", None), ast.Load), certain
    elif (isinstance(node, ast.Name) and node.id == row) or isinstance(node, ast.Try):
        yield None  # what is tried may be missing
    elif isinstance(node, ast.Return) and isinstance(node.value, ast.Name):
        return
    elif isinstance(node, ast.AugAssign):
        target = field_of(node.target, row)
        if target is not None:
            yield target, True, certain
        yield from _events([node.value, node.target], row, certain=certain)
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        parts = [] if node.value is None else [node.value]
        yield from _events(
            [*parts, *(node.targets if isinstance(node, ast.Assign) else [node.target])], row, certain=certain
        )
    else:
        simple = isinstance(node, ast.Return | ast.Expr | ast.Tuple | ast.With)
        yield from _events(list(ast.iter_child_nodes(node)), row, certain=certain and simple)


def field_of(node: ast.AST, row: str) -> str | None:
    """Return the field of the row that an expression is, as ``x.field`` or ``x["field"]``."""
    if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == row:
        if isinstance(node, ast.Attribute):
            return node.attr
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            return node.slice.value
    return None
