"""What the source of a Python rule tells without running it: what it may return, where its names lead.

Names are looked up where the function stands, so that ``Label.SPAM`` is a class, and ``now`` the clock, under whatever
name it was imported. What cannot be known is left out: nothing here is a guess.

>>> def rule(text):
...     return 1 if text.isupper() else -1
>>> [value for value, _ in returned(source_of(rule)).values]
[1, -1]
"""

from __future__ import annotations

import ast
import builtins
import functools
import linecache
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import EnumType
from functools import cached_property
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, Final, TypeAlias

from labelkit.rules.predicates import Pattern

UNKNOWN: Final = object()
"""Stands for a value that only running the function could tell."""

_SEARCHES: Final = {
    f"re.{name}" for name in ("compile", "findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn")
}

FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """A function with its syntax tree and that of its file."""

    function: FunctionType
    tree: FunctionNode
    module: ast.Module

    @cached_property
    def local(self) -> frozenset[str]:
        """The names that are the function's own: its parameters, and what it assigns."""
        return own_names(self.tree)

    @cached_property
    def imported(self) -> dict[str, str]:
        """The dotted names of what the function itself imports."""
        found: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {
                    a.asname or a.name.partition(".")[0]: a.name if a.asname else a.name.partition(".")[0]
                    for a in node.names
                }
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
        return found

    def look_up(self, name: str) -> Any:
        """The value of a name that the function has from outside; ``UNKNOWN`` of others."""
        if name in self.local or name in self.imported:
            return UNKNOWN
        code, cells = self.function.__code__, self.function.__closure__ or ()
        if name in code.co_freevars:
            try:
                return cells[code.co_freevars.index(name)].cell_contents
            except ValueError:  # not bound yet
                return UNKNOWN
        return self.function.__globals__.get(name, getattr(builtins, name, UNKNOWN))


def source_of(function: Any) -> Source | None:
    """The source of a function; None where it has none of its own (a lambda, a decorated or compiled function)."""
    while isinstance(function, functools.partial):
        function = function.func
    if isinstance(function, MethodType):
        function = function.__func__
    if not isinstance(function, FunctionType) or hasattr(function, "__wrapped__"):
        return None
    code = function.__code__
    module = _parsed("".join(linecache.getlines(code.co_filename, function.__globals__)))
    for node in ast.walk(module):
        if isinstance(node, FunctionNode) and node.name == code.co_name:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if first == code.co_firstlineno:
                return Source(function, node, module)
    return None


@functools.lru_cache(maxsize=8)
def _parsed(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):  # a file of another kind
        return ast.Module(body=[], type_ignores=[])


def own_names(tree: FunctionNode) -> frozenset[str]:
    """The parameters of a function and the names that it assigns, without those that it takes from outside."""
    nodes = list(ast.walk(tree))
    outside = {name for node in nodes if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    return frozenset((stored | {node.arg for node in nodes if isinstance(node, ast.arg)}) - outside)


# What it returns ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Returned:
    """What a function may return.

    Attributes
    ----------
    values : tuple of (value, line)
        What is known: constants, and what names from outside stand for.
    complete : bool
        Whether this is all.
    missing : tuple of (text, line)
        Members that an enum does not have, such as ``Label.SPAMM``.
    """

    values: tuple[tuple[Any, int], ...]
    complete: bool
    missing: tuple[tuple[str, int], ...]


def returned(source: Source) -> Returned:
    """Tell what a function may return.

    >>> def rule(n_words):
    ...     if n_words > 40:
    ...         return "SPAM"
    ...     return n_words > 3 and 1
    >>> returned(source_of(rule))
    Returned(values=(('SPAM', 3), (True, 4), (1, 4)), complete=True, missing=())
    """
    values, missing, complete = [], [], True
    for node in _own_nodes(source.tree):
        if isinstance(node, ast.Return):
            for part in _alternatives(node.value):
                value = _value(part, source)
                if value is not UNKNOWN:
                    values.append((value, node.lineno))
                elif isinstance(part, ast.Attribute) and _names_no_member(part, source):
                    missing.append((ast.unparse(part), node.lineno))
                else:
                    complete = False
    return Returned(tuple(values), complete, tuple(missing))


def _own_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions inside it."""
    for child in ast.iter_child_nodes(tree):
        if not isinstance(child, FunctionNode | ast.Lambda | ast.ClassDef):
            yield child
            yield from _own_nodes(child)


def _alternatives(node: ast.expr | None) -> Iterator[ast.expr | None]:
    """The expressions of which a returned expression is one."""
    if isinstance(node, ast.IfExp):
        yield from _alternatives(node.body)
        yield from _alternatives(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for part in node.values:
            yield from _alternatives(part)
    else:
        yield node


def _value(node: ast.expr | None, source: Source) -> Any:
    """What an expression stands for, as far as that is known; of a truth, ``True``."""
    if node is None:
        return None
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Compare):
        return True
    if isinstance(node, ast.UnaryOp):
        if isinstance(node.op, ast.Not):
            return True
        inner = _value(node.operand, source)
        return -inner if isinstance(node.op, ast.USub) and isinstance(inner, int | float) else UNKNOWN
    value = _resolved(node, source)
    return value if value is None or isinstance(value, int | float | str) else UNKNOWN


def _resolved(node: ast.expr, source: Source) -> Any:
    """What a name, or a member of a module or class, stands for."""
    if isinstance(node, ast.Name):
        return source.look_up(node.id)
    if isinstance(node, ast.Attribute):
        owner = _resolved(node.value, source)
        if isinstance(owner, ModuleType | type):
            return getattr(owner, node.attr, UNKNOWN)
    return UNKNOWN


def _names_no_member(node: ast.Attribute, source: Source) -> bool:
    owner = _resolved(node.value, source)
    return isinstance(owner, EnumType) and not hasattr(owner, node.attr)


# Where its names lead -----------------------------------------------------------------------------------------------


def reached(source: Source) -> list[Source]:
    """Follow a function to those of its module that it names, and so on; one that is cached is left out."""
    found, names = [source], {source.function}
    for one in found:
        for node in loads(one):
            value = one.look_up(node.id)
            same = isinstance(value, FunctionType) and value.__globals__ is source.function.__globals__
            if same and value not in names:
                names.add(value)
                helper = source_of(value)
                found += [] if helper is None else [helper]
    return found


def loads(source: Source) -> list[ast.Name]:
    """The names that the body of a function reads."""
    body = [node for statement in source.tree.body for node in ast.walk(statement)]
    return [node for node in body if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]


def chains(nodes: list[Any]) -> Iterator[ast.expr]:
    """Names with all that is asked of them, such as ``os.environ``: the longest, not their parts."""
    for node in nodes:
        if isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and _is_chain(node)):
            yield node
        else:
            yield from chains(list(ast.iter_child_nodes(node)))


def _is_chain(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def dotted_name(node: ast.expr, source: Source) -> str | None:
    """The dotted name of what a chain stands for, by the home of its first part."""
    behind: list[str] = []
    while isinstance(node, ast.Attribute):
        behind.insert(0, node.attr)
        node = node.value
    assert isinstance(node, ast.Name)
    first = source.imported.get(node.id) or home_of(source.look_up(node.id))
    return None if first is None else ".".join([first, *behind])


def home_of(value: Any) -> str | None:  # noqa: PLR0911 - a table of kinds
    """Return the dotted name of a module, class or function, or of a generator of random numbers; None of others."""
    if value is os.environ:
        return "os.environ"
    if isinstance(value, ModuleType):
        return value.__name__
    if isinstance(value, type | FunctionType):
        return f"{value.__module__}.{value.__qualname__}"
    owner = value.__self__ if isinstance(value, BuiltinFunctionType | MethodType) else None
    if isinstance(owner, ModuleType | type):
        return f"{owner.__name__ if isinstance(owner, ModuleType) else home_of(owner)}.{value.__name__}"
    of_chance = type(value if owner is None else owner).__module__.split("._")[0]
    if of_chance in {"random", "numpy.random"} or of_chance.startswith("numpy.random."):
        return f"{'random' if of_chance == 'random' else 'numpy.random'}.{getattr(value, '__name__', 'Generator')}"
    if callable(value) and getattr(value, "__module__", "").startswith("numpy.random"):
        return f"numpy.random.{getattr(value, '__name__', '')}"
    return None


# Which regular expressions it uses ------------------------------------------------------------------------------------


def patterns_used(source: Source) -> list[Pattern]:
    """The regular expressions that a function and its helpers use: compiled ones of its module, and those it names."""
    found: list[Pattern] = []
    for one in reached(source):
        values = [one.look_up(node.id) for node in loads(one)]
        compiled = [v for v in values if isinstance(v, re.Pattern) and isinstance(v.pattern, str)]
        found += [Pattern(v.pattern, v.flags & ~re.UNICODE) for v in compiled]
        for node in ast.walk(one.tree):
            if isinstance(node, ast.Call) and node.args and _is_search(node.func, one):
                found += _given_pattern(node, one)
    return list(dict.fromkeys(found))


def _is_search(node: ast.expr, source: Source) -> bool:
    return isinstance(node, ast.Name | ast.Attribute) and _is_chain(node) and dotted_name(node, source) in _SEARCHES


def _given_pattern(call: ast.Call, source: Source) -> list[Pattern]:
    """The pattern of a call such as ``re.search(r"a+", text, re.IGNORECASE)``."""
    pattern = _value(call.args[0], source)
    given = next((k.value for k in call.keywords if k.arg == "flags"), call.args[-1])
    flags = _value(given, source) if given is not call.args[0] else 0
    if not isinstance(pattern, str):
        return []
    try:
        return [
            Pattern(
                pattern, int(re.compile(pattern, flags if isinstance(flags, re.RegexFlag) else 0).flags) & ~re.UNICODE
            )
        ]
    except (re.error, ValueError, OverflowError):
        return []
