"""Find rules that return a truth or a count as a number, which is a class where they should abstain.

>>> from labelkit.rules.python_rule import labeling_function
>>> @labeling_function
... def offer(text):
...     return int("free" in text)
>>> for odd in numbers_as_votes(offer):
...     print(odd.reason, odd.remedy, sep="; ")
int('free' in text) is 0 where the test fails (line 3), which votes for class 0; return 1 if 'free' in text else None
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial
from typing import Final

from labelkit.rules.inspection.syntax import FunctionSource, dotted_name, is_chain, own_nodes, value_of
from labelkit.rules.labeling_function import Calls, LabelingFunction
from labelkit.rules.oddities._shown_code import shown_code
from labelkit.rules.oddities.patterns import OddWord
from labelkit.rules.oddities.rule_sources import own_source

LONGEST: Final = 60
"""Characters of code that a message repeats."""

_shown = partial(shown_code, longest=LONGEST)

_TO_NUMBER: Final = frozenset({"int", "numpy.int64", "numpy.int32", "numpy.int16", "numpy.int8"})
_SEARCHES: Final = frozenset(
    {"search", "match", "fullmatch", "startswith", "endswith", "contains", "isupper", "isdigit"}
)
_FINDS: Final = frozenset({"findall", "finditer", "split", "intersection"})


def numbers_as_votes(lf: LabelingFunction[...]) -> Iterator[OddWord]:
    """Find what a rule returns where it probably means to abstain: ``int("free" in text)``, a count, ``0 or None``."""
    is_called = not lf.is_slice and isinstance(lf.body, Calls) and lf.body.decide is None
    source = own_source(lf.functions[0]) if is_called else None
    if source is None:
        return
    lambdas = [source.tree.body] if isinstance(source.tree, ast.Lambda) else []
    values = [node.value for node in own_nodes(source.tree) if isinstance(node, ast.Return)]
    for value in (one for one in (*lambdas, *values) if isinstance(one, ast.expr)):
        yield from _odd_value(value, source)


def _odd_value(value: ast.expr, source: FunctionSource) -> Iterator[OddWord]:
    shown, line = _shown(value), f"(line {value.lineno})"
    test = _as_number(value, source)
    if test is not None and _looks_for_words(test, source):
        instead = f"1 if {_shown(test)} else None"
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "astype":
            instead = f"numpy.where({_shown(test)}, 1, -1)"
        yield OddWord(f"{shown} is 0 where the test fails {line}, which votes for class 0", f"return {instead}")
    elif _is_count(value, source):
        yield OddWord(
            f"{shown} is a count {line}, and votes for the class of that number: class 0 where there is none",
            f"return 1 if {shown} else None",
        )
    nothing = next((one for one in _before_or(value) if _is_zero(one, source)), None)
    if nothing is not None:
        yield OddWord(
            f"{_shown(nothing)} is 0, which is false (line {nothing.lineno}), so that or goes on to what follows",
            f"write {_shown(nothing)} if ... else ...",
        )


def _as_number(value: ast.expr, source: FunctionSource) -> ast.expr | None:
    """Return the expression of which a number is made: ``int(x)``, ``+x``, ``x * 1`` and ``x.astype(int)``."""
    if isinstance(value, ast.Call) and len(value.args) == 1 and not value.keywords:
        if isinstance(value.func, ast.Attribute) and value.func.attr == "astype":
            kind = dotted_name(value.args[0], source) if is_chain(value.args[0]) else None
            return value.func.value if kind in {*_TO_NUMBER, "builtins.int"} else None
        name = dotted_name(value.func, source) if is_chain(value.func) else None
        return value.args[0] if str(name).removeprefix("builtins.") in _TO_NUMBER else None
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.UAdd):
        return value.operand
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult):
        is_one = [isinstance(side, ast.Constant) and side.value == 1 for side in (value.left, value.right)]
        return value.right if is_one[0] else value.left if is_one[1] else None
    return None


def _looks_for_words(node: ast.expr, source: FunctionSource) -> bool:  # noqa: PLR0911 - a table of kinds
    """Return whether an expression is a test for words or patterns in a text, or several combined."""
    if isinstance(node, ast.BoolOp):
        return all(_looks_for_words(one, source) for one in node.values)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return _looks_for_words(node.operand, source)
    if isinstance(node, ast.Compare):
        if isinstance(node.ops[0], ast.Is | ast.IsNot):
            return _looks_for_words(node.left, source)
        where, is_in = node.comparators[0], len(node.ops) == 1 and isinstance(node.ops[0], ast.In | ast.NotIn)
        is_row = isinstance(where, ast.Name) and where.id == source.row
        return is_in and not is_row and isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Name) and node.func.id in ("any", "all", "bool") and len(node.args) == 1:
        return _looks_for_words(node.args[0], source) or _looks_for_each(node.args[0], source)
    return isinstance(node.func, ast.Attribute) and node.func.attr in _SEARCHES


def _looks_for_each(node: ast.expr, source: FunctionSource) -> bool:
    """Return whether a comprehension asks of each word whether it is there: ``word in text for word in words``."""
    if not isinstance(node, ast.GeneratorExp | ast.ListComp):
        return False
    test, target = node.elt, node.generators[-1].target
    is_in = isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.In | ast.NotIn)
    of_each = (
        is_in and isinstance(test, ast.Compare) and ast.dump(test.left) == ast.dump(target).replace("Store", "Load")
    )
    return of_each or _looks_for_words(test, source)


def _is_count(node: ast.expr, source: FunctionSource) -> bool:
    """Return whether an expression counts places in a text: ``text.count("free")``, ``len(re.findall(...))``."""
    if not isinstance(node, ast.Call) or len(node.args) != 1 or node.keywords:
        return False
    given = node.args[0]
    if isinstance(node.func, ast.Attribute):
        return node.func.attr == "count" and isinstance(given, ast.Constant) and isinstance(given.value, str)
    if not isinstance(node.func, ast.Name):
        return False
    if node.func.id == "sum":
        return _looks_for_each(given, source)
    is_found = isinstance(given, ast.Call) and isinstance(given.func, ast.Attribute) and given.func.attr in _FINDS
    return node.func.id == "len" and is_found


def _before_or(node: ast.expr) -> Iterator[ast.expr]:
    """Iterate over what stands before an ``or``, and decides there: of ``x and y or z``, that is y."""
    if isinstance(node, ast.IfExp):
        yield from _before_or(node.body)
        yield from _before_or(node.orelse)
    for side in node.values[:-1] if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) else ():
        yield side.values[-1] if isinstance(side, ast.BoolOp) else side


def _is_zero(node: ast.expr, source: FunctionSource) -> bool:
    value = value_of(node, source) if isinstance(node, ast.Constant | ast.Name | ast.Attribute) else None
    return isinstance(value, int) and not isinstance(value, bool) and value == 0
