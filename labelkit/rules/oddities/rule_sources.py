"""Find the sources of all functions that decide the vote of a rule, with what is known of their parameters.

>>> from labelkit.rules.python_rule import labeling_function
>>> @labeling_function
... def prize(text: str):
...     return 1 if "prize" in text else None
>>> [source.tree.name for source in sources_of_rule(prize)]
['prize']
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from types import FunctionType
from typing import Any

from labelkit._shared.syntax_trees import nodes_of
from labelkit.rules.inspection.syntax import FunctionSource, reached, source_of, sources_of
from labelkit.rules.labeling_function import LabelingFunction, derived_columns
from labelkit.rules.row_rules import RowCall, plain_function


def sources_of_rule(lf: LabelingFunction[...]) -> list[FunctionSource]:
    """List the functions of a rule, those of its columns and preprocessors, and those of its module that they call.

    Parameters
    ----------
    lf : LabelingFunction

    Returns
    -------
    list of FunctionSource
        Each once; a lambda, if it is alone on its line.
    """
    sources: dict[FunctionType, FunctionSource] = {}
    for owner, function in lf.owned_functions:
        makers, steps = _of_columns(owner), []
        if isinstance(function, RowCall):
            steps = [source for step in _steps(function.rule) if (source := own_source(step)) is not None]
            makers = {name: source for source in steps for name in _fields_set(source)}
        first = own_source(function, makers)
        for source in [*([] if first is None else [first]), *steps]:
            for one in reached(source):
                sources.setdefault(one.function, one)
    return list(sources.values())


def own_source(function: Any, makers: Mapping[str, FunctionSource] | None = None) -> FunctionSource | None:
    """Find the source of the user's function; of a lambda, if it is alone on its line."""
    plain = plain_function(function)
    source = source_of(plain)
    if source is None and getattr(plain, "__name__", None) == "<lambda>" and hasattr(plain, "__code__"):
        lambdas = sources_of(plain)
        source = lambdas[0] if len(lambdas) == 1 else None
    if source is None:
        return None
    if not isinstance(function, RowCall):
        return replace(source, makers=makers or {})
    arguments = source.tree.args.args
    given = getattr(function.rule, "_resources", None) or {}
    return replace(source, given=given, makers=makers or {}, row=arguments[0].arg if arguments else None)


def answer_of(source: FunctionSource) -> ast.expr | None:
    """Return the expression that a function returns; None if there are several, or none."""
    if isinstance(source.tree, ast.Lambda):
        return source.tree.body
    answers = [node.value for node in nodes_of(source.tree) if isinstance(node, ast.Return)]
    return answers[0] if len(answers) == 1 else None


def field_of(source: FunctionSource, name: str) -> ast.expr | None:
    """Return the expression that a preprocessor sets a field of its row to; None if it does so elsewhere, too."""
    return _fields_set(source).get(name)


def _of_columns(owner: Any) -> dict[str, FunctionSource]:
    """Find the functions of the derived columns that a rule, or a column, reads, by the parameter."""
    columns = derived_columns(owner)
    sources = {name: own_source(one.function) for name, one in columns.items() if not one.batch}
    return {name: source for name, source in sources.items() if source is not None}


def _steps(rule: Any) -> list[Any]:
    """List the functions of the preprocessors of a rule of Snorkel, in their order."""
    steps = list(getattr(rule, "_pre", None) or ())
    return [function for step in steps for function in (*_steps(step), getattr(step, "_f", None)) if function]


def _fields_set(source: FunctionSource) -> dict[str, ast.expr]:
    """Find the fields of its row that a function sets once, as ``x.small = x.text.lower()``, with the expressions."""
    arguments = source.tree.args.args
    body = source.tree.body if isinstance(source.tree.body, list) else []
    row = arguments[0].arg if arguments else None
    top = {id(one) for one in body}
    fields: dict[str, list[ast.expr | None]] = {}
    for node in nodes_of(source.tree):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            name = field_name(target, row)
            if name is not None:
                fields.setdefault(name, []).append(node.value if id(node) in top else None)
    return {name: one for name, (one, *more) in fields.items() if one is not None and not more}


def field_name(node: ast.AST, row: str | None) -> str | None:
    """Return the name of the field of a row that an expression is: ``x.text`` and ``x["text"]``."""
    if not isinstance(node, ast.Attribute | ast.Subscript) or not isinstance(node.value, ast.Name):
        return None
    if row is None or node.value.id != row:
        return None
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.slice.value if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str) else None
