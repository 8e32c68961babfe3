"""Find votes on missing values in the code of a rule that is not called where a value is missing.

>>> from labelkit.rules.python_rule import labeling_function
>>> @labeling_function
... def nameless(author):
...     return 1 if author is None else None
>>> [print(odd.reason) for odd in never_missing(nameless)]
author is None is never so (line 3): a rule is not called where its column is missing
[None]
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import pairwise

from labelkit._shared.syntax_trees import nodes_of
from labelkit.rules.labeling_function import LabelingFunction
from labelkit.rules.oddities.compared_columns import ColumnReader, column_readers
from labelkit.rules.oddities.patterns import OddWord


def never_missing(lf: LabelingFunction[...]) -> Iterator[OddWord]:
    """Find tests for None that decide a vote, of parameters that are never None.

    Parameters
    ----------
    lf : LabelingFunction

    Yields
    ------
    OddWord
    """
    for reader in column_readers(lf):
        for test in _deciding_tests(reader) if reader.row is None else ():  # what a row holds, the corpus decides
            name, answer = ast.unparse(test.left), "never" if _is_for_none(test) else "always"
            yield OddWord(
                f"{ast.unparse(test)} is {answer} so (line {test.lineno}): a rule is not called where its column is "
                "missing",
                f"with the parameter `{name}: str | None` (or of another type), it is called there, too",
            )


def none_tests_of_rows(lf: LabelingFunction[...]) -> Iterator[tuple[str, str, int]]:
    """Find the tests for None that decide a vote, of fields of a row: ``x.author is None``.

    Parameters
    ----------
    lf : LabelingFunction

    Yields
    ------
    tuple of str, str and int
        The column, what is so of it where it is missing otherwise than by None, and the line.
    """
    for reader in column_readers(lf):
        for test in _deciding_tests(reader) if reader.row is not None else ():
            calls = [one for one in nodes_of(reader.source.tree) if isinstance(one, ast.Call)]
            if any(ast.dump(argument) == ast.dump(test.left) for one in calls for argument in one.args):
                continue  # which may ask whether it is missing, or fails: pd.isna(x.author), len(x.author)
            answer = "never" if _is_for_none(test) else "always"
            yield str(reader.column(test.left)), f"{ast.unparse(test)} is {answer} so", test.lineno


def _deciding_tests(reader: ColumnReader) -> Iterator[ast.Compare]:
    """Iterate over the tests for None of which one answer, which never comes, leads to a vote."""
    for node in nodes_of(reader.source.tree):
        if isinstance(node, ast.If | ast.IfExp):
            if_so, if_not = ([node.body], [node.orelse]) if isinstance(node, ast.IfExp) else (node.body, node.orelse)
            for test in _tests(node.test, reader):
                if has_vote(if_so if _is_for_none(test) else if_not):
                    yield test
        for block in (getattr(node, "body", None), getattr(node, "orelse", None)):
            for one, following in pairwise(block if isinstance(block, list) else ()):
                if isinstance(one, ast.If) and isinstance(one.body[-1], ast.Return) and not one.orelse:
                    alone = _tests(one.test, reader) if isinstance(one.test, ast.Compare) else []
                    if isinstance(following, ast.Return) and has_vote([following]):
                        yield from (test for test in alone if not _is_for_none(test))


def _tests(node: ast.expr, reader: ColumnReader) -> list[ast.Compare]:
    """List the tests for None of parameters that are never None, in an expression of ``and`` and ``or``."""
    if isinstance(node, ast.BoolOp):
        return [test for side in node.values for test in _tests(side, reader)]
    if not isinstance(node, ast.Compare) or len(node.ops) != 1 or not reader.is_never_none(node.left):
        return []
    is_none = isinstance(node.comparators[0], ast.Constant) and node.comparators[0].value is None
    return [node] if is_none and isinstance(node.ops[0], ast.Is | ast.IsNot | ast.Eq | ast.NotEq) else []


def _is_for_none(test: ast.Compare) -> bool:
    return isinstance(test.ops[0], ast.Is | ast.Eq)


def has_vote(block: Sequence[ast.AST]) -> bool:
    """Return whether statements return a vote, or an expression is one."""
    values = [
        one.value if isinstance(one, ast.Return) else one
        for part in block
        for one in (nodes_of(part) if isinstance(part, ast.stmt) else (part,))
        if isinstance(one, ast.Return) or isinstance(part, ast.expr)
    ]
    return any(value is not None and not _abstains(value) for value in values)


def _abstains(value: ast.AST) -> bool:
    if isinstance(value, ast.Constant):
        return value.value is None
    if isinstance(value, ast.Name | ast.Attribute):
        return (value.id if isinstance(value, ast.Name) else value.attr).upper().endswith("ABSTAIN")
    return isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub)
