"""Read the source of a Python rule without running it: the values that it may return, the things that its names mean.

Names are looked up in the function's own module, so that ``Label.SPAM`` is a class, and ``now`` the clock, under
whatever name it was imported. Whatever cannot be known is left out: nothing here is a guess.

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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import EnumType
from functools import cached_property
from types import BuiltinFunctionType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any, Final, TypeAlias

from labelkit._shared.quiet_regex import quietly_compiled
from labelkit._shared.syntax_trees import nodes_of
from labelkit.rules.inspection.built_texts import texts_of
from labelkit.rules.predicates import Pattern

UNKNOWN: Final = object()
"""Stands for a value that only running the function could tell."""

MOST_PATTERNS: Final = 200
"""Patterns of a collection that are looked at."""

_SEARCHES: Final = {
    f"re.{name}" for name in ("compile", "findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn")
}

FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
CodeNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True)
class FunctionSource:
    """A function with its syntax tree and that of its file.

    Attributes
    ----------
    function, tree, module
    given : mapping of str to object
        The values of parameters that are the same in each call: resources of a rule of Snorkel.
    makers : mapping of str to FunctionSource
        The functions that compute what the function gets, by the parameter, or by the field of its row.
    row : str or None
        The parameter that is a whole row.
    """

    function: FunctionType
    tree: CodeNode
    module: ast.Module
    given: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    makers: Mapping[str, FunctionSource] = field(default_factory=dict, compare=False, repr=False)
    row: str | None = None

    @cached_property
    def local(self) -> frozenset[str]:
        """The names that are the function's own: its parameters, and what it assigns."""
        return own_names(self.tree)

    @cached_property
    def lines(self) -> list[str]:
        """The lines of its file."""
        return linecache.getlines(self.function.__code__.co_filename, self.function.__globals__)

    @cached_property
    def imported(self) -> Mapping[str, str]:
        """The dotted names of what the function itself imports."""
        return _imported_in(self.tree)

    def look_up(self, name: str) -> Any:
        """Return the value of a name that the function has from outside; ``UNKNOWN`` of others."""
        if name in self.given:
            return self.given[name]
        if name in self.local or name in self.imported:
            return UNKNOWN
        code, cells = self.function.__code__, self.function.__closure__ or ()
        if name in code.co_freevars:
            try:
                return cells[code.co_freevars.index(name)].cell_contents
            except ValueError:  # not bound yet
                return UNKNOWN
        return self.function.__globals__.get(name, getattr(builtins, name, UNKNOWN))


def source_of(function: Any) -> FunctionSource | None:
    """Find the source of a function; None if it has none of its own (a lambda, a decorated or compiled function)."""
    while isinstance(function, functools.partial):
        function = function.func
    if isinstance(function, MethodType):
        function = function.__func__
    if not isinstance(function, FunctionType) or hasattr(function, "__wrapped__"):
        return None
    code = function.__code__
    module = parsed("".join(linecache.getlines(code.co_filename, function.__globals__)))
    node = _functions_of(module).get((code.co_name, code.co_firstlineno))
    return None if node is None else FunctionSource(function, node, module)


def sources_of(function: FunctionType) -> list[FunctionSource]:
    """List what may be the source of a function: of a lambda, all on its line; empty if there is none."""
    code = function.__code__
    module = parsed("".join(linecache.getlines(code.co_filename, function.__globals__)))
    if code.co_name == "<lambda>":
        lines = (
            node for node in nodes_of(module) if isinstance(node, ast.Lambda) and node.lineno == code.co_firstlineno
        )
        return [FunctionSource(function, node, module) for node in lines]
    node = _functions_of(module).get((code.co_name, code.co_firstlineno))
    return [] if node is None else [FunctionSource(function, node, module)]


@functools.lru_cache(maxsize=64)
def _functions_of(module: ast.Module) -> dict[tuple[str, int], FunctionNode]:
    """Index the functions of a module by name and first line, that of a decorator where there is one."""
    functions: dict[tuple[str, int], FunctionNode] = {}
    for node in nodes_of(module):
        if isinstance(node, FunctionNode):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            functions.setdefault((node.name, first), node)
    return functions


@functools.lru_cache(maxsize=64)
def parsed(text: str) -> ast.Module:
    """Parse a source; what is not Python is read as nothing."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):  # a file of another kind
        return ast.Module(body=[], type_ignores=[])


@functools.lru_cache(maxsize=2**12)
def _imported_in(tree: CodeNode) -> Mapping[str, str]:
    names: dict[str, str] = {}
    for node in nodes_of(tree):
        if isinstance(node, ast.Import):
            names |= {
                a.asname or a.name.partition(".")[0]: a.name if a.asname else a.name.partition(".")[0]
                for a in node.names
            }
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return MappingProxyType(names)


@functools.lru_cache(maxsize=2**12)
def own_names(tree: CodeNode) -> frozenset[str]:
    """List the parameters of a function and the names that it assigns, without those that it takes from outside."""
    nodes = nodes_of(tree)
    outside = {name for node in nodes if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    return frozenset((stored | {node.arg for node in nodes if isinstance(node, ast.arg)}) - outside)


# Returned values ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Returned:
    """The values that a function may return.

    Attributes
    ----------
    values : tuple of (value, line)
        Those that are known: constants, and the values of names from outside.
    complete : bool
        Whether these are all.
    missing : tuple of (text, line)
        Members that an enum does not have, such as ``Label.SPAMM``.
    """

    values: tuple[tuple[Any, int], ...]
    complete: bool
    missing: tuple[tuple[str, int], ...]


def returned(source: FunctionSource) -> Returned:
    """Find the values that a function may return.

    >>> def rule(n_words):
    ...     if n_words > 40:
    ...         return "SPAM"
    ...     return n_words > 3 and 1
    >>> returned(source_of(rule))
    Returned(values=(('SPAM', 3), (True, 4), (1, 4)), complete=True, missing=())
    """
    values, missing, complete = [], [], True
    for node in own_nodes(source.tree):
        if isinstance(node, ast.Return):
            for part in _alternatives(node.value):
                value = value_of(part, source)
                if value is not UNKNOWN:
                    values.append((value, node.lineno))
                elif isinstance(part, ast.Attribute) and _names_no_member(part, source):
                    missing.append((ast.unparse(part), node.lineno))
                else:
                    complete = False
    return Returned(tuple(values), complete, tuple(missing))


def own_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Iterate over the nodes of a function without those of functions inside it."""
    for child in ast.iter_child_nodes(tree):
        if not isinstance(child, FunctionNode | ast.Lambda | ast.ClassDef):
            yield child
            yield from own_nodes(child)


def _alternatives(node: ast.expr | None) -> Iterator[ast.expr | None]:
    """Iterate over the expressions that a returned expression may evaluate to."""
    if isinstance(node, ast.IfExp):
        yield from _alternatives(node.body)
        yield from _alternatives(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for part in node.values:
            yield from _alternatives(part)
    else:
        yield node


def value_of(node: ast.expr | None, source: FunctionSource) -> Any:
    """Evaluate an expression, as far as its value is known, or return ``UNKNOWN``; a comparison counts as ``True``."""
    if node is None:
        return None
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Compare):
        return True
    if isinstance(node, ast.UnaryOp):
        if isinstance(node.op, ast.Not):
            return True
        inner = value_of(node.operand, source)
        return -inner if isinstance(node.op, ast.USub) and isinstance(inner, int | float) else UNKNOWN
    value = _resolved(node, source)
    return value if value is None or isinstance(value, int | float | str) else UNKNOWN


def _resolved(node: ast.expr, source: FunctionSource) -> Any:
    """Look up a name, or a member of a module or class."""
    if isinstance(node, ast.Name):
        return source.look_up(node.id)
    if isinstance(node, ast.Attribute):
        owner = _resolved(node.value, source)
        if isinstance(owner, ModuleType | type):
            return getattr(owner, node.attr, UNKNOWN)
    return UNKNOWN


def _names_no_member(node: ast.Attribute, source: FunctionSource) -> bool:
    owner = _resolved(node.value, source)
    return isinstance(owner, EnumType) and not hasattr(owner, node.attr)


# Names ------------------------------------------------------------------------------------------------------------


def reached(source: FunctionSource) -> list[FunctionSource]:
    """Follow a function to those of its module that it names, and so on; one that is cached is left out."""
    sources, functions = [source], {source.function}
    for one in sources:
        for node in loads(one):
            value = one.look_up(node.id)
            same = isinstance(value, FunctionType) and value.__globals__ is source.function.__globals__
            if same and value not in functions:
                functions.add(value)
                helper = source_of(value)
                sources += [] if helper is None else [helper]
    return sources


def loads(source: FunctionSource) -> list[ast.Name]:
    """List the names that the body of a function reads."""
    parts = source.tree.body if isinstance(source.tree.body, list) else [source.tree.body]
    body = [node for part in parts for node in nodes_of(part)]
    return [node for node in body if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]


def chains(nodes: list[Any]) -> Iterator[ast.expr]:
    """Names with all that is asked of them, such as ``os.environ``: the longest, not their parts."""
    for node in nodes:
        if isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and is_chain(node)):
            yield node
        else:
            yield from chains(list(ast.iter_child_nodes(node)))


def is_chain(node: ast.expr) -> bool:
    """Return whether an expression is a name, or attributes of one."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def dotted_name(node: ast.expr, source: FunctionSource) -> str | None:
    """Return the dotted name of a chain such as ``os.environ``, by the home of its first part."""
    behind: list[str] = []
    while isinstance(node, ast.Attribute):
        behind.insert(0, node.attr)
        node = node.value
    assert isinstance(node, ast.Name)
    first = source.imported.get(node.id) or home_of(source.look_up(node.id))
    return None if first is None else ".".join([first, *behind])


GENERATOR: Final = "Generator object"
"""The name of a generator of random numbers, whatever its class: one with a seed goes on from call to call, too."""


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
        return f"{'random' if of_chance == 'random' else 'numpy.random'}.{getattr(value, '__name__', GENERATOR)}"
    if callable(value) and str(getattr(value, "__module__", "")).startswith("numpy.random"):
        return f"numpy.random.{getattr(value, '__name__', '')}"
    return None


# Regular expressions --------------------------------------------------------------------------------------------------


def patterns_used(source: FunctionSource) -> list[Pattern]:
    """List the regular expressions that a function and its helpers use: compiled ones, and those passed to ``re``."""
    patterns: list[Pattern] = []
    for one in reached(source):
        values = [one.look_up(node.id) for node in loads(one)]
        values += [part for value in values for part in _few_parts(value)]
        compiled = [v for v in values if isinstance(v, re.Pattern) and isinstance(v.pattern, str)]
        patterns += [Pattern(v.pattern, v.flags & ~re.UNICODE) for v in compiled]
        for node in nodes_of(one.tree):
            if isinstance(node, ast.Call) and node.args and _is_search(node.func, one):
                patterns += _given_patterns(node, one)
    return list(dict.fromkeys(patterns))


def _few_parts(value: Any) -> list[Any]:
    """Return what a collection of patterns holds, if it is one: keys and values of a dict, and parts of its tuples."""
    if not isinstance(value, list | tuple | set | frozenset | dict) or len(value) > MOST_PATTERNS:
        return []
    parts = [*value, *value.values()] if isinstance(value, dict) else [*value]
    return [one for part in parts for one in (part if isinstance(part, tuple) else (part,))]


def _is_search(node: ast.expr, source: FunctionSource) -> bool:
    return isinstance(node, ast.Name | ast.Attribute) and is_chain(node) and dotted_name(node, source) in _SEARCHES


def _given_patterns(call: ast.Call, source: FunctionSource) -> Iterator[Pattern]:
    """Iterate over the patterns of a call such as ``re.search(r"a+", text, re.IGNORECASE)``: several, of a loop."""
    given = next((k.value for k in call.keywords if k.arg == "flags"), call.args[-1])
    flags = value_of(given, source) if given is not call.args[0] else 0
    for pattern in texts_of(call.args[0], source):
        try:
            regex = quietly_compiled(pattern, flags if isinstance(flags, re.RegexFlag) else 0)
        except (re.error, ValueError, OverflowError):
            continue
        yield Pattern(pattern, int(regex.flags) & ~re.UNICODE)
