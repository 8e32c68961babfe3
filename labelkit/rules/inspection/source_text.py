"""Show a rule to people: its source text, its patterns, and expressions that find its matches again.

A run keeps this in its manifest, so that a report can show a rule that has been changed or deleted since, and mark the
words that made it vote, without running anybody's code. A rule that was made in a loop or in a console may have no
text; what a declarative rule looks for is always known.

>>> from labelkit import keywords
>>> asks = keywords("subscribe", "check out", label=1).rule(name="asks")
>>> text_of(asks, ("HAM", "SPAM"))["looks_for"]
['SPAM: one of “subscribe”, “check out”']
"""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from labelkit._shared.secrets import without_secrets
from labelkit._shared.source_secrets import masked_source, secrets_in, text_of_file
from labelkit._shared.syntax_trees import nodes_of
from labelkit.rules.expressions import Expression
from labelkit.rules.labeling_function import Calls, LabelingFunction

LONGEST_SOURCE: Final = 10_000
"""Characters of a rule's text that are kept."""


def text_of(lf: LabelingFunction[...], class_names: Sequence[str]) -> dict[str, Any]:
    """Tell what a rule looks like.

    Parameters
    ----------
    lf : LabelingFunction
    class_names : sequence of str

    Returns
    -------
    dict
        Plain values: ``source``, its text or ``""``; ``looks_for``, a line for each case.
    """
    return {
        "source": _shortened(masked_source(source_of(lf), _file_of(lf))),
        "looks_for": [
            without_secrets(_case_line(expression, label, class_names), secrets_of_rule(lf))
            for expression, label in cases_of(lf)
        ],
    }


def secrets_of_rule(lf: LabelingFunction[...]) -> tuple[str, ...]:
    """Return the secrets that stand in the file of a rule, longest first."""
    return secrets_in(_file_of(lf))


def _file_of(lf: LabelingFunction[...]) -> str:
    """Return the text of the file of a rule; empty if it is not known."""
    code = getattr(inspect.unwrap(_function_of(lf)), "__code__", None) if isinstance(lf.body, Calls) else None
    return text_of_file(str(lf.origin.namespace.get("__file__") or "") if code is None else code.co_filename)


def _function_of(lf: LabelingFunction[...]) -> Any:
    assert isinstance(lf.body, Calls)
    function: Any = lf.body.function
    while isinstance(function, functools.partial):
        function = function.func
    return function


def source_of(lf: LabelingFunction[...]) -> str:
    """The text of a rule with its decorator; ``""`` where it has none of its own."""
    if isinstance(lf.body, Calls):
        try:
            return textwrap.dedent(inspect.getsource(_function_of(lf))).strip("\n")
        except (OSError, TypeError):  # written in a console, or compiled
            return ""
    file = lf.origin.namespace.get("__file__")
    return _declared(str(file), lf.name) if file else ""


def _declared(file: str, name: str) -> str:
    """The statement of a file that declares the rule of a name."""
    try:
        text = Path(file).read_text("utf-8")
        node = _declarations(text).get(name)
    except (OSError, SyntaxError, ValueError):
        return ""
    if node is None:
        return ""
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
    return textwrap.dedent("\n".join(text.splitlines()[first - 1 : node.end_lineno]))


@functools.lru_cache(maxsize=4)
def _declarations(text: str) -> dict[str, ast.stmt]:
    """The first statement of a file that may declare the rule of each name: a function, or a simple statement."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Assign, ast.AnnAssign, ast.Expr)
    declarations: dict[str, ast.stmt] = {}
    for node in (one for one in nodes_of(ast.parse(text)) if isinstance(one, kinds)):
        for name in _names_in(node):
            declarations.setdefault(name, node)
    return declarations


def _names_in(node: ast.stmt) -> list[str]:
    """List the names of the rules that a statement may declare."""
    given = [
        keyword.value.value
        for inner in (getattr(node, "decorator_list", None) or [node])
        for call in nodes_of(inner)
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg == "name" and isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str)
    ]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return (given or [node.name]) if node.decorator_list else []
    return given


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_SOURCE else f"{text[:LONGEST_SOURCE]}…"


# What it looks for ----------------------------------------------------------------------------------------------------


def cases_of(lf: LabelingFunction[...]) -> list[tuple[Expression, int | None]]:
    """Conditions and the classes that they stand for; a guard stands for none."""
    if isinstance(lf.body, Calls):
        return [] if lf.body.when is None else [(lf.body.when, None)]
    return list(lf.body.cases)


def _case_line(expression: Expression, label: int | None, class_names: Sequence[str]) -> str:
    if label is None:
        return f"is asked where: {expression.describe()}"
    return f"{class_names[label] if label >= 0 else 'abstains'}: {expression.describe()}"
