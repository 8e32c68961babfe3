"""Show a piece of code in a message."""

from __future__ import annotations

import ast


def shown_code(code: ast.AST | str, longest: int) -> str:
    """Return code as it is written, cut behind some characters.

    >>> shown_code(ast.parse("text.lower() == 'Free'", mode="eval"), 80), shown_code("text.lower()", 7)
    ("text.lower() == 'Free'", 'text.lo...')
    """
    text = code if isinstance(code, str) else ast.unparse(code)
    return text if len(text) <= longest else f"{text[:longest]}..."
