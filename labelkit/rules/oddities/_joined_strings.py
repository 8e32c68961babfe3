"""Find strings in a source that Python joins, since no comma stands between them.

>>> joined_strings('words = ["free" "money", "win"]')
{'freemoney': (['free', 'money'], 1)}
"""

from __future__ import annotations

import ast
import io
import tokenize
from functools import lru_cache

from labelkit._shared.syntax_trees import nodes_of
from labelkit.rules.inspection.syntax import parsed


@lru_cache(maxsize=8)
def joined_strings(source: str) -> dict[str, tuple[list[str], int]]:
    """Find strings in a Python source that stand side by side, and that Python joins, without a space between.

    Returns
    -------
    dict
        The joined string, to its parts and the line of the first.
    """
    lines = source.split("\n")
    joined: dict[str, tuple[list[str], int]] = {}
    for node in nodes_of(parsed(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            written = _written(node, lines)
            if written.count('"') + written.count("'") > 2:
                parts = _parts(written)
                if len(parts) > 1 and all(part and part.strip() == part for part in parts):
                    joined[node.value] = (parts, node.lineno)
    return joined


def _written(node: ast.Constant, lines: list[str]) -> str:
    """Return how a string is written; empty if its place is not known, as in a file of another encoding."""
    last, end = node.end_lineno or 0, node.end_col_offset or 0
    if not node.lineno <= last <= len(lines):
        return ""
    if last == node.lineno:
        line = lines[last - 1]
        return line[node.col_offset : end] if line.isascii() else _cut(line, node.col_offset, end)
    first = _cut(lines[node.lineno - 1], node.col_offset, None)
    return "\n".join([first, *lines[node.lineno : last - 1], _cut(lines[last - 1], 0, end)])


def _cut(line: str, start: int, end: int | None) -> str:
    """Cut a line at offsets in bytes, in which the parser counts."""
    return line.encode()[start:end].decode(errors="replace")


def _parts(written: str) -> list[str]:
    """Return the texts of string literals that stand side by side; none for what is not only strings."""
    try:
        tokens = [*tokenize.generate_tokens(io.StringIO(f"({written})").readline)]
        return [ast.literal_eval(token.string) for token in tokens if token.type == tokenize.STRING]
    except (tokenize.TokenError, SyntaxError, ValueError):
        return []
