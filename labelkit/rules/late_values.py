"""Refuse rules that a loop makes of one function, which reads the variable of the loop when it votes.

By then the variable has its last value, so that all of them vote as the last one does. What depends on the loop is
found in the source; whether two rules share the variable, by the functions themselves: one of a factory has its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import FunctionType
from typing import Any, Final, TypeAlias

from labelkit._shared.numbers import plural
from labelkit._shared.syntax_trees import nodes_of
from labelkit.exceptions import CollectError
from labelkit.rules.inspection.syntax import FunctionNode, FunctionSource, loads, own_names, sources_of
from labelkit.rules.labeling_function import LabelingFunction
from labelkit.rules.row_rules import plain_function

Loop: TypeAlias = ast.For | ast.AsyncFor | ast.While | ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp

SHOWN: Final = 40
"""Characters of a value that a message shows."""


def check_late_values(lfs: Sequence[LabelingFunction[...]]) -> None:
    """Refuse rules of one function that reads a variable of the loop in which it is made.

    Raises
    ------
    CollectError
        Naming the rules, the variable, and the value that all of them read.
    """
    functions: dict[int, tuple[str, Any]] = {}
    for lf in lfs:
        for owner, called in lf.owned_functions:
            what = f"rule {lf.name!r}" if owner is lf else f"column {owner.name!r}"
            functions.setdefault(id(owner), (what, plain_function(called)))
    check_late_functions(functions.values())


def check_late_functions(made: Iterable[tuple[str, Any]]) -> None:
    """Refuse functions of which a loop makes several, each with what it is the function of, as messages name it.

    Raises
    ------
    CollectError
        As :func:`check_late_values`.
    """
    by_code: dict[Any, list[tuple[str, FunctionType]]] = {}
    for what, function in made:
        if isinstance(function, FunctionType):
            by_code.setdefault(function.__code__, []).append((what, function))
    for several in by_code.values():
        if len(several) > 1:
            _check_one_code(several)


def _check_one_code(made: list[tuple[str, FunctionType]]) -> None:
    late = sorted({name for source in sources_of(made[0][1]) for name in late_names(source)})
    for name in late:
        sharing: dict[int, list[tuple[str, FunctionType]]] = {}
        for what, function in made:
            sharing.setdefault(_home_of(name, function), []).append((what, function))
        for same in sharing.values():
            if len(same) > 1:
                raise _error(name, same)


def _home_of(name: str, function: FunctionType) -> int:
    """Return what tells the variable of one function from that of another."""
    names = function.__code__.co_freevars
    return id((function.__closure__ or ())[names.index(name)] if name in names else function.__globals__)


def _error(name: str, made: list[tuple[str, FunctionType]]) -> CollectError:
    (first, function), (second, _), *others = made
    more = f" and {plural(len(others), 'other')}" if others else ""
    code = function.__code__
    try:
        names = code.co_freevars
        cells = function.__closure__ or ()
        value = cells[names.index(name)].cell_contents if name in names else function.__globals__[name]
        last = f", {value!r}" if isinstance(value, str | int | float) and len(repr(value)) <= SHOWN else ""
    except (ValueError, KeyError):  # not bound any more
        last = ""
    place = f"{Path(code.co_filename).name}, line {code.co_firstlineno}"
    given = ", ".join([*code.co_varnames[: code.co_argcount], f"{name}={name}"])
    written = f"lambda {given}: ..." if code.co_name == "<lambda>" else f"def {code.co_name}({given})"
    return CollectError(
        f"{first} and {second}{more} were made in a loop of one function, which reads {name!r} when it is called: "
        f"for all of them it has its last value{last} ({place})",
        hint=f"{written} keeps the value of each; or make the function in another one with the parameter {name!r}",
        code="LK139",
    )


def late_names(source: FunctionSource) -> frozenset[str]:
    """Find the names that a function reads from a loop in which it is made, and that differ from pass to pass.

    Parameters
    ----------
    source : FunctionSource

    Returns
    -------
    frozenset of str
    """
    free = {node.id for node in loads(source)} - source.local
    late: set[str] = set()
    for node in _around(source.module, source.tree):
        if isinstance(node, FunctionNode | ast.Lambda):
            free -= own_names(node)
        elif isinstance(node, Loop):
            late |= free & _varying(node)
    return frozenset(late)


def _around(module: ast.AST, inner: ast.AST) -> list[ast.AST]:
    """List the nodes around one, from the innermost."""
    path: list[ast.AST] = []

    def find(node: ast.AST) -> bool:
        if node is inner:
            return True
        for child in ast.iter_child_nodes(node):
            if find(child):
                path.append(node)
                return True
        return False

    find(module)
    return path


def _varying(loop: Loop) -> set[str]:
    """Return the names that a loop binds, and those that it makes of these."""
    if isinstance(loop, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
        return {name for one in loop.generators for name in _stored(one.target)}
    varying = set(_stored(loop.target)) if isinstance(loop, ast.For | ast.AsyncFor) else set()
    if isinstance(loop, ast.While):
        varying |= {name for part in loop.body for name in _stored(part)}
    before = -1
    while before < len(varying):
        before = len(varying)
        for node in _own_nodes(loop.body):
            if isinstance(node, ast.AugAssign | ast.For | ast.AsyncFor):
                varying |= set(_stored(node.target))
            elif isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
                if _reads(node.value) & varying:
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    varying |= {name for target in targets for name in _stored(target)}
            elif isinstance(node, FunctionNode) and _reads(node) & (varying - own_names(node)):
                varying.add(node.name)
    return varying


def _own_nodes(parts: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Iterate over nodes without those inside functions and classes."""
    for part in parts:
        yield part
        if not isinstance(part, FunctionNode | ast.Lambda | ast.ClassDef):
            yield from _own_nodes(list(ast.iter_child_nodes(part)))


def _stored(node: ast.AST) -> Iterator[str]:
    return (one.id for one in nodes_of(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store))


def _reads(node: ast.AST) -> set[str]:
    return {one.id for one in nodes_of(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)}
