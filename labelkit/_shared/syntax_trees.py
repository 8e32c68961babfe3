"""Walk the syntax trees of rules: many looks at a rule walk the same tree."""

from __future__ import annotations

import ast
from functools import lru_cache


@lru_cache(maxsize=2**14)
def nodes_of(tree: ast.AST) -> tuple[ast.AST, ...]:
    """Return a node of a syntax tree and all below it, as ``ast.walk`` lists them, found once; nobody may change them.

    >>> [type(node).__name__ for node in nodes_of(ast.parse("a + 1", mode="eval"))]
    ['Expression', 'BinOp', 'Name', 'Add', 'Constant', 'Load']
    """
    return tuple(ast.walk(tree))
