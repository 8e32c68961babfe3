"""Find what has no effect in the code of a rule, or has it on its first call alone, by its source.

>>> from labelkit.rules.inspection.syntax import source_of
>>> def rule(text):
...     text.lower()
...     return 1 if "free" in text else None
>>> [print(odd.reason) for odd in idle_code(source_of(rule))]
what text.lower() returns is not used (line 2), and text stays as it is
[None]
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from typing import Any, Final

from labelkit._shared.syntax_trees import nodes_of
from labelkit.rules.inspection.syntax import UNKNOWN, FunctionSource, dotted_name, is_chain, loads
from labelkit.rules.oddities._shown_code import shown_code
from labelkit.rules.oddities.patterns import OddWord

LONGEST: Final = 60
"""Characters of code that a message repeats."""

_BARE_METHODS: Final = frozenset({"lower", "upper", "casefold", "title", "capitalize", "swapcase"})
_STRIPS: Final = frozenset({"strip", "lstrip", "rstrip", "removeprefix", "removesuffix"})
_RETURNS_TEXT: Final = frozenset({"re.sub", "re.escape"})


def idle_code(source: FunctionSource) -> Iterator[OddWord]:
    """Find unused results of calls and comparisons, iterators that are used up, and names that do not exist."""
    for node in nodes_of(source.tree):
        if isinstance(node, ast.Expr):
            odd = _unused(node.value, source)
            if odd is not None:
                yield odd
        elif isinstance(node, ast.Try) and any(_takes_names(one) for one in node.handlers):
            yield from _undefined(node, source)
    yield from _used_up(source)


def _unused(node: ast.expr, source: FunctionSource) -> OddWord | None:
    """Find a statement that is a text, or an answer, which nothing uses."""
    shown = shown_code(node, LONGEST)
    if isinstance(node, ast.Compare) and all(isinstance(op, ast.Eq | ast.Is) for op in node.ops):
        if isinstance(node.left, ast.Name) and len(node.ops) == 1:
            name, value = node.left.id, ast.unparse(node.comparators[0])
            remedy = f"write {name} = {value} to set it"
            return OddWord(f"{shown} compares, and nothing uses the answer (line {node.lineno})", remedy)
        return None
    if not isinstance(node, ast.Call):
        return None
    if is_chain(node.func) and dotted_name(node.func, source) in _RETURNS_TEXT and len(node.args) > 2:
        text = node.args[2]
    elif isinstance(node.func, ast.Attribute) and _is_of_text(node, node.func.attr):
        text = node.func.value
        while isinstance(text, ast.Call) and isinstance(text.func, ast.Attribute):
            text = text.func.value
    else:
        return None
    name = ast.unparse(text)
    return OddWord(
        f"what {shown} returns is not used (line {node.lineno}), and {name} stays as it is", f"write {name} = {shown}"
    )


def _is_of_text(call: ast.Call, method: str) -> bool:
    """Return whether a call is one of a method of texts, and not of an axis, a path or a frame."""
    are_texts = all(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in call.args)
    n_most = 1 if method in _STRIPS else 2 if method == "replace" else 0
    is_whole = len(call.args) == n_most or method in _STRIPS
    return not call.keywords and are_texts and is_whole and (method in {*_STRIPS, *_BARE_METHODS, "replace"})


# Iterators ------------------------------------------------------------------------------------------------------------


def _used_up(source: FunctionSource) -> Iterator[OddWord]:
    """Find loops over an iterator of the module, which has nothing more to give after the first call."""
    tree, defaults = source.tree.args, source.function.__defaults__ or ()
    names = [one.arg for one in (*tree.posonlyargs, *tree.args)][-len(defaults) :] if defaults else []
    by_default = dict(zip(names, defaults, strict=False))
    for node in nodes_of(source.tree):
        for part in _gone_through(node, source):
            value = source.look_up(part.id) if part.id not in source.local else by_default.get(part.id)
            if is_iterator(value):
                yield OddWord(
                    f"{part.id} is used up by the first call (line {part.lineno}): a {type(value).__name__} gives what "
                    "it has once",
                    f"make it a list: {part.id} = list(...)",
                )


def _gone_through(node: ast.AST, source: FunctionSource) -> Iterator[ast.Name]:
    """Iterate over the names whose values a node goes through."""
    parts: list[ast.expr] = []
    if isinstance(node, ast.For | ast.comprehension):
        parts = [node.iter]
    elif isinstance(node, ast.Compare):
        parts = [
            side for op, side in zip(node.ops, node.comparators, strict=True) if isinstance(op, ast.In | ast.NotIn)
        ]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
        is_builtin = source.look_up(node.func.id) is getattr(builtins, node.func.id, UNKNOWN)
        parts = node.args if is_builtin and node.func.id in ("list", "set", "tuple", "sorted", "any", "all") else []
    yield from (part for part in parts if isinstance(part, ast.Name))


def is_iterator(value: Any) -> bool:
    """Return whether a value gives what it has once: a generator, map, filter, zip, an open file, a reader of CSV."""
    kind = type(value)
    if value is UNKNOWN or isinstance(value, type):
        return False
    return hasattr(kind, "__next__") and hasattr(kind, "__iter__") and kind.__module__ in _ITERATORS


_ITERATORS: Final = frozenset({"builtins", "_io", "_csv"})
"""Modules whose iterators end; those of itertools may go on for ever, as they are meant to."""


# Names ----------------------------------------------------------------------------------------------------------------


def _takes_names(handler: ast.ExceptHandler) -> bool:
    """Return whether a handler takes any error without a word, that of a name that does not exist included."""
    if any(isinstance(node, ast.Raise) for part in handler.body for node in nodes_of(part)):
        return False
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {one.id if isinstance(one, ast.Name) else None for one in kinds}
    return handler.type is None or bool(names & {"Exception", "BaseException"})


def _undefined(node: ast.Try, source: FunctionSource) -> Iterator[OddWord]:
    """Find names that do not exist, where the error that says so is caught."""
    inside = {id(one) for part in node.body for one in nodes_of(part)}
    bound = source.local | source.imported.keys() | _nested_names(source.tree)
    for name in loads(source):
        if id(name) in inside and name.id not in bound and source.look_up(name.id) is UNKNOWN:
            yield OddWord(
                f"there is no {name.id} (line {name.lineno}), and the except clause takes the error that says so",
                "name what exists, and catch the errors that the rule expects alone: except ValueError",
            )


_NAMED: Final = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
    *(ast.ExceptHandler, ast.MatchAs, ast.MatchStar),
)


def _nested_names(tree: ast.AST) -> set[str]:
    """Return the names that a function defines in other ways than by assignment."""
    names: set[str] = set()
    for node in nodes_of(tree):
        if isinstance(node, _NAMED) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            names.add(node.rest)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.Global | ast.Nonlocal):
            names.update(node.names)
    return names
