"""Find what draws random numbers without a seed: generators, and functions of packages that take a seed or a state."""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Iterator
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Final

from labelkit._shared.syntax_trees import nodes_of
from labelkit.rules.inspection.purity import SEEDED
from labelkit.rules.inspection.syntax import UNKNOWN, FunctionSource, chains, dotted_name, is_chain

_STATES: Final = frozenset(("random_state", "seed", "rng", "generator"))
"""Parameters of functions of packages that make them answer alike each time, unless they are None."""

_DRAWS: Final = {"rvs": 99, "sample": 1, "samples": 1, "shuffle": 0}
"""Methods of frames, series and distributions that draw; with more arguments, they are those of a generator."""

_OPEN_CALLS: Final = frozenset(("get", "pop", "setdefault", "getattr", "next", "max", "min", "eval", "group"))
"""Calls that may answer None."""

_CLOCKS: Final = frozenset(("pandas.Timestamp", "pandas.to_datetime", "numpy.datetime64"))
"""Read the clock where they are given the word "now"; the first two also for a time without a date."""


def unseeded(source: FunctionSource) -> set[str]:
    """List the generators of random numbers that a function makes without a seed, or hands on without a call."""
    seeded = {
        id(node.func)
        for node in nodes_of(source.tree)
        if isinstance(node, ast.Call) and (node.args or node.keywords) and not _is_none(node)
    }
    body = source.tree.body
    names = ((node, dotted_name(node, source)) for node in chains(body if isinstance(body, list) else [body]))
    return {dotted for node, dotted in names if dotted in SEEDED and id(node) not in seeded}


def unclear_draws(source: FunctionSource, *, is_rule: bool) -> Iterator[tuple[str, int]]:
    """List the calls of a function that may draw random numbers without a seed, or read the clock or the time zone.

    Parameters
    ----------
    source : FunctionSource
    is_rule : bool
        Whether labelkit calls it, and with None only where its parameter is annotated so.

    Yields
    ------
    what : str
    line : int
    """
    calls = _DrawingCalls(source, is_rule=is_rule)
    for node in nodes_of(source.tree):
        if isinstance(node, ast.Call):
            what = calls.drawn(node)
            if what:
                yield what, node.lineno


def _is_none(call: ast.Call) -> bool:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return all(isinstance(value, ast.Constant) and value.value is None for value in given)


class _DrawingCalls:
    """The calls of a function."""

    def __init__(self, source: FunctionSource, *, is_rule: bool) -> None:
        self._source, self._is_rule = source, is_rule
        arguments = source.tree.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        self._parameters = {argument.arg: argument.annotation for argument in every}
        signature = inspect.signature(source.function, follow_wrapped=False).parameters
        self._optional = {name for name, one in signature.items() if one.default is None}

    def drawn(self, call: ast.Call) -> str:
        """Say what a call may draw or read; empty if nothing."""
        dotted = dotted_name(call.func, self._source) if is_chain(call.func) else None
        if dotted in SEEDED:
            given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg)]
            is_seeded = any(map(self._is_something, given))
            return "" if is_seeded or not (call.args or call.keywords) else f"seeds {dotted} with what may be None"
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if name == "astimezone" or (name == "timestamp" and not call.args and not call.keywords):
            return f"uses {name}(), which may depend on the time zone"
        function = self._called(call.func)
        if _home(function) in _CLOCKS and call.args and not isinstance(call.args[0], ast.Constant):
            return f"uses {_home(function)}, which reads the clock for some texts"
        states = _states_of(function)
        if function is UNKNOWN and name in _DRAWS and len(call.args) <= _DRAWS[name]:
            states = _STATES
        if states and not any(keyword.arg in states and self._is_something(keyword.value) for keyword in call.keywords):
            return f"calls {name or ast.unparse(call.func)}, which may draw random numbers, without a seed"
        return ""

    def _called(self, node: ast.expr) -> Any:
        """Return the function or class that a call names; ``UNKNOWN`` where that is not sure."""
        if isinstance(node, ast.Name):
            return self._source.look_up(node.id)
        if isinstance(node, ast.Attribute):
            owner = self._called(node.value)
            if isinstance(owner, ModuleType | type):
                return inspect.getattr_static(owner, node.attr, UNKNOWN)
        return UNKNOWN

    def _is_something(self, node: ast.expr) -> bool:  # noqa: PLR0911 - a table of kinds
        """Return whether an expression is not None for sure."""
        if isinstance(node, ast.Constant):
            return node.value is not None
        if isinstance(node, ast.Name):
            return self._is_name_of_something(node.id)
        if isinstance(node, ast.Attribute):
            return _is_there(self._called(node))
        if isinstance(node, ast.IfExp):
            return self._is_something(node.body) and self._is_something(node.orelse)
        if isinstance(node, ast.BoolOp):
            last = node.values[-1:] if isinstance(node.op, ast.Or) else node.values
            return all(map(self._is_something, last))
        if isinstance(node, ast.Call):
            called = self._called(node.func)
            if isinstance(called, FunctionType) and called.__globals__ is self._source.function.__globals__:
                return False
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            is_known = isinstance(node.func, ast.Attribute) or called is getattr(builtins, name, called)
            return is_known and name not in _OPEN_CALLS
        return isinstance(node, ast.BinOp | ast.JoinedStr | ast.Compare | ast.UnaryOp | ast.Tuple | ast.List)

    def _is_name_of_something(self, name: str) -> bool:
        given = [
            node
            for node in nodes_of(self._source.tree)
            if isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load)
        ]
        if name in self._parameters and not given:
            annotation = self._parameters[name]
            if name in self._optional or (annotation is not None and _allows_none(annotation)):
                return False
            return self._is_rule or annotation is not None
        if not given:
            return _is_there(self._source.look_up(name))
        values = [
            node.value
            for node in nodes_of(self._source.tree)
            if isinstance(node, ast.Assign) and any(target in given for target in node.targets)
        ]
        return len(values) == len(given) and all(map(self._is_something, values))


def _is_there(value: Any) -> bool:
    return value is not UNKNOWN and value is not None


def _allows_none(annotation: ast.expr) -> bool:
    text = ast.unparse(annotation)
    return "None" in text or "Optional" in text or "Any" in text


def _home(function: Any) -> str:
    is_named = isinstance(function, type | FunctionType)
    return f"{function.__module__.partition('.')[0]}.{function.__name__}" if is_named else ""


def _states_of(function: Any) -> frozenset[str]:
    """List the parameters of a function or class of a package that are its seed and need not be given."""
    top = str(getattr(function, "__module__", "")).partition(".")[0]
    if not isinstance(function, type | FunctionType | BuiltinFunctionType) or top not in _DRAWING:
        return frozenset()
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # one written in C
        return frozenset()
    return frozenset(name for name in _STATES & parameters.keys() if parameters[name].default is None)


_DRAWING: Final = frozenset(("sklearn", "scipy", "pandas", "polars"))
"""Judged packages with functions that draw."""
