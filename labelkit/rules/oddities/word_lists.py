"""Find lists that are not what a rule takes them for: the letters of a word, lines with their breaks, an index.

>>> from labelkit.rules.inspection.syntax import source_of
>>> def rule(text):
...     words = list("free, win")
...     return 1 if any(word in text for word in words) else None
>>> [print(odd.reason) for odd in odd_lists(source_of(rule))]
list('free, win') is the letters of a text (line 2)
[None]
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from typing import Any, Final

from labelkit._shared.foreign import is_series
from labelkit._shared.syntax_trees import nodes_of
from labelkit.rules.inspection.bindings import bindings, value_of_name
from labelkit.rules.inspection.syntax import FunctionSource, loads
from labelkit.rules.oddities._unfound_words import is_meant_as_word
from labelkit.rules.oddities.compared_columns import tested
from labelkit.rules.oddities.patterns import OddWord

MOST_WORDS: Final = 100_000
"""Words of a list that are looked at."""

_COLLECTS: Final = frozenset({"set", "list", "tuple", "frozenset", "sorted"})
_ADDS: Final = frozenset({"extend", "update"})
_STRIPS: Final = frozenset({"strip", "rstrip", "split", "splitlines", "removesuffix", "replace", "fullmatch", "sub"})


def odd_lists(source: FunctionSource) -> Iterator[OddWord]:
    """Find odd lists of a function, and of its module where the function reads them."""
    names = {node.id for node in loads(source)} - source.local
    for part in (source.tree, *(one for one in source.module.body if _sets(one, names))):
        for node in nodes_of(part):
            odd = _letters(node, source)
            if odd is not None:
                yield odd
    strips = any(isinstance(node, ast.Attribute) and node.attr in _STRIPS for node in nodes_of(source.tree))
    for node in nodes_of(source.tree):
        if not isinstance(node, ast.Compare) or len(node.ops) != 1 or not isinstance(node.ops[0], ast.In | ast.NotIn):
            continue
        odd = _empty_word(node, source) or _index(node, source)
        if odd is None and not strips:
            odd = _lines(node, source)
        if odd is not None:
            yield odd


def _sets(statement: ast.stmt, names: set[str]) -> bool:
    """Return whether a statement of the module gives one of the names its value, or adds to it."""
    if isinstance(statement, ast.Assign):
        return any(isinstance(one, ast.Name) and one.id in names for one in statement.targets)
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        return statement.target.id in names
    call = statement.value if isinstance(statement, ast.Expr) else None
    owner = call.func.value if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) else None
    return isinstance(owner, ast.Name) and owner.id in names


def _letters(node: ast.AST, source: FunctionSource) -> OddWord | None:
    """Find a word that is put into a collection letter by letter."""
    given: ast.expr | None = None
    remedy = ""
    if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        given = node.args[0]
        if isinstance(node.func, ast.Name) and node.func.id in _COLLECTS:
            remedy = f"write a list of words: [{ast.unparse(given)[:40]}]"
        elif isinstance(node.func, ast.Attribute) and node.func.attr in _ADDS and isinstance(node.func.value, ast.Name):
            remedy = f"write {'add' if node.func.attr == 'update' else 'append'}({ast.unparse(given)[:40]})"
            value = source.look_up(node.func.value.id)
            if not isinstance(value, list | set):
                return None
    elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add) and isinstance(node.target, ast.Name):
        given = node.value if isinstance(source.look_up(node.target.id), list) else None
        remedy = f"write {node.target.id}.append({ast.unparse(node.value)[:40]})"
    text = given.value if isinstance(given, ast.Constant) else None
    if not remedy or given is None or not isinstance(text, str) or not _is_word(text, given, source):
        return None
    shown = ast.unparse(node)
    return OddWord(
        f"{shown[:60]} {'is' if isinstance(node, ast.Call) else 'adds'} the letters of a text (line {given.lineno})",
        remedy,
    )


def _is_word(text: str, given: ast.expr, source: FunctionSource) -> bool:
    """Return whether a text is meant as a word, by its letters alone: parentheses stand around it in any call."""
    bare = ast.copy_location(ast.Constant(text), given)
    bare.end_lineno = None
    return len(text) > 2 and is_meant_as_word(bare, text, source)


def _value(node: ast.expr, source: FunctionSource) -> Any:
    """Return the value of a name of the module, of a column of its frame, or of what a loop goes through."""
    if isinstance(node, ast.Name):
        return source.look_up(node.id) if node.id not in source.local or node.id in source.given else None
    owner = node.value if isinstance(node, ast.Attribute | ast.Subscript) else None
    frame = source.look_up(owner.id) if isinstance(owner, ast.Name) else None
    if frame is None or not _is_frame(frame):
        return None
    name = node.attr if isinstance(node, ast.Attribute) else getattr(getattr(node, "slice", None), "value", None)
    return frame[name] if isinstance(name, str) and name in frame.columns else None


def _words_of(node: ast.expr, source: FunctionSource) -> list[str]:
    """Return the words of a collection that a name of the module has."""
    value = _value(node, source)
    if not isinstance(value, list | tuple | set | frozenset | dict) or len(value) > MOST_WORDS:
        return []
    words = [one for one in value if isinstance(one, str)]
    return words if len(words) == len(value) else []


def _looped(node: ast.expr, source: FunctionSource) -> ast.expr | None:
    """Return what a loop goes through, for the name of its variable."""
    if not isinstance(node, ast.Name):
        return None
    bound = value_of_name(node, bindings(source), frozenset())
    return bound[0] if bound is not None and bound[1] == "loop" else None


def _empty_word(node: ast.Compare, source: FunctionSource) -> OddWord | None:
    """Find ``word in text`` where the empty text is among the words."""
    many = _looped(node.left, source)
    if many is None or not isinstance(node.left, ast.Name) or "" not in _words_of(many, source):
        return None
    if not _is_text(node.comparators[0], source):
        return None
    if any(isinstance(one, ast.Name) and one.id == node.left.id for one in tested(source.tree)):
        return None
    name = ast.unparse(many)
    return OddWord(
        f"{name} has the empty text, which is in every text (line {node.lineno})",
        f"leave it out: [word for word in {name} if word]",
    )


def _is_text(node: ast.expr, source: FunctionSource) -> bool:
    """Return whether an expression is a parameter, a field of a row, or a text made of one."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
        node = node.func.value
    if isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in {one.arg for one in source.tree.args.args}


def _lines(node: ast.Compare, source: FunctionSource) -> OddWord | None:
    """Find a list of lines with their breaks, in which a value or its words are looked for, or the other way around."""
    many = _looped(node.left, source) or node.comparators[0]
    words = _words_of(many, source)
    broken = [one for one in words if one.endswith("\n")]
    if len(broken) < 2 or len(broken) < len(words) - 1:
        return None
    name = ast.unparse(many)
    return OddWord(
        f"the words of {name} end in a line break (line {node.lineno}), with which they are looked for: {broken[0]!r}",
        f"take it off: [line.strip() for line in {name}]",
    )


def _index(node: ast.Compare, source: FunctionSource) -> OddWord | None:
    """Find ``author in series`` of pandas, which asks for a label of the index."""
    value = _value(node.comparators[0], source)
    name = ast.unparse(node.comparators[0])
    if _is_frame(value):
        reason, remedy = f"the names of the columns of {name}", f'in set({name}["..."]) asks for a value'
    elif is_series(value) and type(value.index).__name__ == "RangeIndex":
        reason, remedy = f"the row numbers of {name}", f"in set({name}) asks for a value"
    else:
        return None
    return OddWord(f"{ast.unparse(node)[:60]} looks in {reason} (line {node.lineno})", remedy)


def _is_frame(value: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.DataFrame)
