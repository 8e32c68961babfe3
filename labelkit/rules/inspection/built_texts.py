r"""Find the texts that an expression may have: as it stands, built by +, %, f-strings and join, or by a loop over some.

>>> from labelkit.rules.inspection.syntax import source_of
>>> def rule(text):
...     word = "free"
...     return re.search(rf"\b{word}\b", text)
>>> texts_of(source_of(rule).tree.body[1].value.args[0], source_of(rule))
['\\bfree\\b']
"""

from __future__ import annotations

import ast
import itertools
import re
from typing import TYPE_CHECKING, Any, Final

from labelkit._shared.syntax_trees import nodes_of
from labelkit.rules.inspection.bindings import bindings, parameters_of, value_of_name

if TYPE_CHECKING:
    from labelkit.rules.inspection.syntax import FunctionSource

MOST_TEXTS: Final = 200
"""Texts that one expression may have; of more, none is looked at."""

LONGEST: Final = 5_000
"""Characters of a text that is built."""

DEEPEST: Final = 8
"""Names and calls that are followed."""


def texts_of(node: ast.expr, source: FunctionSource, depth: int = 0) -> list[str]:  # noqa: PLR0911 - a table of kinds
    """Return the texts that an expression may have; empty if they are not known.

    Parameters
    ----------
    node : ast.expr
    source : FunctionSource
        The function that it stands in.
    depth : int, default 0
        Names and calls that were followed.

    Returns
    -------
    list of str
    """
    if depth > DEEPEST:
        return []
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.Name):
        return _of_name(node, source, depth)
    if isinstance(node, ast.Attribute):
        owner = source.look_up(node.value.id) if isinstance(node.value, ast.Name) else None
        value = vars(owner).get(node.attr) if isinstance(owner, type) else None
        return [value] if isinstance(value, str) else []
    if isinstance(node, ast.JoinedStr):
        return _combined([_of_part(part, source, depth) for part in node.values])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _combined([texts_of(side, source, depth + 1) for side in (node.left, node.right)])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return _formatted(texts_of(node.left, source, depth + 1), texts_of(node.right, source, depth + 1))
    return _of_call(node, source, depth) if isinstance(node, ast.Call) else []


def parts_of(node: ast.expr, source: FunctionSource, depth: int = 0) -> list[str]:  # noqa: PLR0911 - a table of kinds
    """Return the texts that a collection holds; empty if they are not known."""
    if depth > DEEPEST:
        return []
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        each = [texts_of(part, source, depth + 1) for part in node.elts]
        return [one for part in each for one in part] if all(len(part) == 1 for part in each) else []
    if isinstance(node, ast.Name):
        bound = value_of_name(node, bindings(source), parameters_of(source))
        if bound is not None and bound[1] == "top":
            return parts_of(bound[0], source, depth + 1)
        value: Any = source.look_up(node.id)
        if not isinstance(value, list | tuple | set | frozenset | dict) or len(value) > MOST_TEXTS:
            return []
        parts = [one for one in value if isinstance(one, str)]
        return parts if len(parts) == len(value) else []
    if isinstance(node, ast.GeneratorExp | ast.ListComp) and len(node.generators) == 1 and not node.generators[0].ifs:
        return texts_of(node.elt, source, depth + 1)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
        if node.func.id in ("list", "tuple", "set", "sorted") and len(node.args) == 1:
            return parts_of(node.args[0], source, depth + 1)
        if node.func.id == "map" and len(node.args) == 2 and ast.unparse(node.args[0]) == "re.escape":
            return [re.escape(one) for one in parts_of(node.args[1], source, depth + 1)]
    return []


def _of_name(node: ast.Name, source: FunctionSource, depth: int) -> list[str]:
    bound = value_of_name(node, bindings(source), parameters_of(source))
    if bound is not None:
        of_value = parts_of if bound[1] == "loop" else texts_of
        return of_value(bound[0], source, depth + 1)
    paired = _of_pairs(node.id, source)
    value = source.look_up(node.id)
    return paired or ([value] if isinstance(value, str) else [])


def _of_pairs(name: str, source: FunctionSource) -> list[str]:
    """Return the texts of a name in a loop over pairs of the module: ``for pattern, label in RULES.items()``."""
    loops = [node for node in nodes_of(source.tree) if isinstance(node, ast.For | ast.comprehension)]
    places = [
        (place, loop.iter)
        for loop in loops
        for place, one in enumerate(loop.target.elts if isinstance(loop.target, ast.Tuple) else [])
        if isinstance(one, ast.Name) and one.id == name
    ]
    if len(places) != 1 or len(bindings(source).get(name, [])) != 1:
        return []
    place, many = places[0]
    is_dict = isinstance(many, ast.Call) and isinstance(many.func, ast.Attribute) and many.func.attr == "items"
    owner = many.func.value if is_dict else many  # type: ignore[attr-defined]
    value: Any = source.look_up(owner.id) if isinstance(owner, ast.Name) else None
    pairs = list(value.items()) if is_dict and isinstance(value, dict) else value
    if not isinstance(pairs, list | tuple) or len(pairs) > MOST_TEXTS:
        return []
    return [one[place] for one in pairs if isinstance(one, tuple) and len(one) > place and isinstance(one[place], str)]


def _of_part(part: ast.expr, source: FunctionSource, depth: int) -> list[str]:
    """Return the texts of a part of an f-string."""
    if not isinstance(part, ast.FormattedValue):
        return texts_of(part, source, depth + 1)
    return texts_of(part.value, source, depth + 1) if part.format_spec is None and part.conversion in (-1, 115) else []


def _of_call(call: ast.Call, source: FunctionSource, depth: int) -> list[str]:
    if call.keywords or not isinstance(call.func, ast.Attribute) or not call.args:
        return []
    if ast.unparse(call.func) == "re.escape":
        return [re.escape(one) for one in texts_of(call.args[0], source, depth + 1)]
    if call.func.attr == "join" and len(call.args) == 1:
        parts = parts_of(call.args[0], source, depth + 1)
        between = texts_of(call.func.value, source, depth + 1)
        return _short([one.join(parts) for one in between]) if parts else []
    if call.func.attr == "format" and len(call.args) == 1:
        return _formatted(
            [one.replace("{}", "%s") for one in texts_of(call.func.value, source, depth + 1) if "%" not in one],
            texts_of(call.args[0], source, depth + 1),
        )
    return []


def _formatted(templates: list[str], values: list[str]) -> list[str]:
    """Put values in the place of ``%s``, where it stands once and nothing else is to be formatted."""
    plain = [one for one in templates if one.count("%s") == 1 and "%" not in one.replace("%s", "") and "{" not in one]
    return _combined([plain, values], put=lambda parts: parts[0].replace("%s", parts[1]))


def _combined(parts: list[list[str]], put: Any = "".join) -> list[str]:
    """Return each text of one part with each of the others; empty if one of them is not known."""
    most = 1
    for part in parts:
        most *= len(part)
    return _short([put(one) for one in itertools.product(*parts)]) if 0 < most <= MOST_TEXTS else []


def _short(texts: list[str]) -> list[str]:
    return texts if all(len(one) <= LONGEST for one in texts) else []
