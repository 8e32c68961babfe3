"""Find where a function puts sets into tuples, lists and dicts, and where it takes them out again."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any, Final, TypeAlias, cast

from labelkit._shared.syntax_trees import nodes_of

HANDS_ON: Final = frozenset(
    ("list", "tuple", "dict", "iter", "map", "filter", "reversed", "sorted", "enumerate", "zip", "next", "min", "max")
)
"""Built-in functions whose result holds what its arguments hold."""

METHODS_OF_HOLDERS: Final = frozenset(("values", "items", "copy", "get", "setdefault", "pop", "popitem"))
"""Methods whose result may hold what the container holds."""

_PUTS: Final = frozenset(("append", "appendleft", "insert", "setdefault", "extend", "update", "__setitem__"))
_JOINS: Final = frozenset(("add", "update", "extend"))

_DEEPEST: Final = 3
"""Containers within one another that are looked into."""

Bound: TypeAlias = tuple[str, ast.expr]


def is_large_set(value: Any) -> bool:
    """Return whether a value is a set whose order may differ."""
    return isinstance(value, set | frozenset) and len(value) > 1


def holds_set(value: Any) -> bool:
    """Return whether items of a container are sets, or hold some.

    >>> holds_set({"a": ({"b", "c"}, 1)}), holds_set([{"b"}, "bc"])
    (True, False)
    """
    level: list[Any] = [value]
    for _ in range(_DEEPEST + 2):
        if not any(issubclass(kind, dict | list | tuple) for kind in set(map(type, level))):
            return False
        holders = {id(one): one for one in level if isinstance(one, dict | list | tuple)}
        items = [one.values() if isinstance(one, dict) else one for one in holders.values()]
        kinds = set(map(type, itertools.chain.from_iterable(items)))
        if not any(issubclass(kind, set | frozenset | dict | list | tuple) for kind in kinds):
            return False
        level = list(itertools.chain.from_iterable(items))
        if any(is_large_set(one) for one in level):
            return True
    return False


def bindings(node: ast.AST) -> Iterator[Bound]:
    """Yield the names that a statement binds, each with its value."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _paired(target, node.value)
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr | ast.AugAssign) and node.value is not None:
        yield from _paired(node.target, node.value)


def _paired(target: ast.expr, value: ast.expr) -> Iterator[Bound]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for one, other in zip(target.elts, value.elts, strict=True):
            yield from _paired(one, other)


def unpacked(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield the targets that get items of a value, with that value."""
    if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        yield node.target, node.iter
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Tuple | ast.List) and not isinstance(node.value, ast.Tuple):
                yield target, node.value


def names_in_items(target: ast.expr, value: ast.expr) -> Iterator[str]:
    """Yield the names of a target that may be sets: not the keys of items, nor the numbers of an enumeration."""
    is_second = isinstance(value, ast.Call) and (
        (isinstance(value.func, ast.Attribute) and value.func.attr == "items")
        or (isinstance(value.func, ast.Name) and value.func.id == "enumerate")
    )
    if is_second and isinstance(target, ast.Tuple) and len(target.elts) == 2:
        inner = value.args[0] if isinstance(value, ast.Call) and value.args else value
        yield from names_in_items(target.elts[1], inner)
    else:
        yield from (name.id for name in nodes_of(target) if isinstance(name, ast.Name))


def put_into(node: ast.AST) -> Iterator[Bound]:
    """Yield the names of containers into which a node puts a value, with that value."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _PUTS:
        if (name := _name_of(node.func.value)) is not None:
            yield from ((name, argument) for argument in node.args)
    elif isinstance(node, ast.Assign | ast.AugAssign):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(target, ast.Subscript) and (name := _name_of(target.value)) is not None:
                yield name, node.value


def joined_to(node: ast.AST) -> Iterator[Bound]:
    """Yield the names of sets and lists to which a node adds items, with what it adds."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _JOINS:
        if isinstance(node.func.value, ast.Name):
            yield from ((node.func.value.id, argument) for argument in node.args)
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        yield node.target.id, node.value


def items_of(node: ast.expr) -> Iterable[ast.expr]:
    """Return the items of a display or a comprehension."""
    if isinstance(node, ast.Dict):
        return [value for key, value in zip(node.keys, node.values, strict=True) if key is not None]
    if isinstance(node, ast.ListComp | ast.GeneratorExp):
        return [node.elt]
    if isinstance(node, ast.DictComp):
        return [node.value]
    items = node.elts if isinstance(node, ast.Tuple | ast.List) else []
    return [item for item in items if not isinstance(item, ast.Starred)]


def joined_in(node: ast.expr) -> Iterable[ast.expr]:
    """Return the containers whose items a display takes over."""
    if isinstance(node, ast.Dict):
        return [value for key, value in zip(node.keys, node.values, strict=True) if key is None]
    items = node.elts if isinstance(node, ast.Tuple | ast.List) else []
    return [item.value for item in items if isinstance(item, ast.Starred)]


def _name_of(node: ast.expr) -> str | None:
    """Return the name of a container, or of the one in which it lies."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def defaults_of(function: FunctionType, is_such: Callable[[Any], bool]) -> frozenset[str]:
    """List the parameters of which the default is of a kind."""
    code, values = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[code.co_argcount - len(values) : code.co_argcount]
    given = {**dict(zip(names, values, strict=True)), **(function.__kwdefaults__ or {})}
    return frozenset(name for name, value in given.items() if is_such(value))


def is_formatted(node: ast.AST, parent: ast.AST | None) -> bool:
    """Return whether an expression is what ``%`` puts into a text."""
    return isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mod) and node is parent.right


def held_by(owner: Any) -> Mapping[str, Any]:
    """Return the attributes that a module, a class or an object holds, whatever it says that it has."""
    if isinstance(owner, ModuleType | type):
        return vars(owner)
    try:
        return cast("Mapping[str, Any]", object.__getattribute__(owner, "__dict__"))
    except AttributeError:
        return {}


def is_annotated_set(annotation: ast.expr | None) -> bool:
    """Return whether a parameter is annotated as a set."""
    names = (
        {node.id for node in nodes_of(annotation) if isinstance(node, ast.Name)} if annotation is not None else set()
    )
    return bool(names & {"set", "frozenset", "Set", "AbstractSet", "FrozenSet"})


def shown(node: ast.expr) -> str:
    """Write an expression, cut where it is long."""
    text = ast.unparse(node)
    return text if len(text) <= 40 else f"{text[:39]}…"
