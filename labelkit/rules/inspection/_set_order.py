"""Find what a function does with a set that may depend on its order, which differs from process to process.

A set, and what is made of its items one by one, is followed through local names, attributes and helpers of the project.
It may be asked for its length, for members, sorted, joined with other sets, and looped over by statements that come to
the same whatever comes first. What is done to it otherwise may depend on its order.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any, Final, TypeAlias, cast

from labelkit.rules.inspection._set_loops import comes_to_the_same, name_added_to
from labelkit.rules.inspection.syntax import UNKNOWN, FunctionSource, sources_of

_SETS: Final = (set, frozenset)
_MAKES_SET: Final = frozenset(("set", "frozenset"))
_KEEPS_NO_ORDER: Final = frozenset(("list", "tuple", "iter", "map", "filter", "reversed"))
"""Built-in functions whose result has the items of a set, in its order: it counts as a set here."""

_ASKS: Final = frozenset(("len", "bool", "any", "all", "isinstance", "type", "sum", "callable", *_MAKES_SET))
_SORTS: Final = frozenset(("sorted", "min", "max"))
"""Built-in functions whose result does not depend on the order, unless a key makes items equal."""

_SET_METHODS: Final = frozenset(("union", "intersection", "difference", "symmetric_difference", "copy"))
_METHODS: Final = _SET_METHODS | {
    *(
        "add",
        "discard",
        "remove",
        "update",
        "clear",
        "isdisjoint",
        "issubset",
        "issuperset",
        "count",
        "append",
        "extend",
    ),
    *("intersection_update", "difference_update", "symmetric_difference_update", "__contains__", "__len__"),
}
"""Methods of a set, or of a list of its items, whose result does not depend on the order."""

_TAKES: Final = _METHODS | {
    "startswith",
    "endswith",
    "isin",
    "is_in",
    "removeprefix",
    "setdefault",
    "get",
    "from_iterable",
}
"""Methods that may be given a set."""

_SET_OPERATORS: Final = (ast.BitAnd, ast.BitOr, ast.BitXor, ast.Sub)
_DEEPEST: Final = 8
"""Helpers that are followed, one within the other."""

Finding: TypeAlias = tuple[str, int]


@dataclass(frozen=True)
class SetOrder:
    """A search for what depends on the order of sets.

    Parameters
    ----------
    attributes : frozenset of str
        The names of attributes that hold sets.
    """

    attributes: frozenset[str]
    _made: dict[FunctionType, bool] = field(default_factory=dict, repr=False)
    _searched: dict[tuple[FunctionType, frozenset[str]], list[Finding]] = field(default_factory=dict, repr=False)

    def taken_by(
        self, function: FunctionType, parameters: frozenset[str] = frozenset(), depth: int = 0
    ) -> list[Finding]:
        """List what a function does with a set that may depend on its order, with the line.

        Parameters
        ----------
        function : function
        parameters : frozenset of str
            Its parameters that are sets.
        depth : int
            The number of functions that were followed to it.
        """
        key = function, parameters
        if key not in self._searched:
            self._searched[key] = []  # a function that calls itself is searched once
            findings = [
                finding for source in sources_of(function) for finding in _Tree(self, source, parameters, depth)
            ]
            self._searched[key] = list(dict.fromkeys(findings))
        return self._searched[key]

    def makes(self, function: FunctionType, depth: int) -> bool:
        """Return whether a function returns a set, or items in the order of one."""
        if function not in self._made:
            self._made[function] = False
            trees = (_Tree(self, source, frozenset(), depth) for source in sources_of(function))
            self._made[function] = any(tree.returns_set for tree in trees)
        return self._made[function]


class _Tree:
    """The syntax tree of a function, with the names in it that are sets."""

    def __init__(self, search: SetOrder, source: FunctionSource, parameters: frozenset[str], depth: int) -> None:
        self._search, self._source, self._depth = search, source, depth
        self._nodes = list(ast.walk(source.tree))
        self._parent = {child: node for node in self._nodes for child in ast.iter_child_nodes(node)}
        annotated = {n.arg for n in self._nodes if isinstance(n, ast.arg) and _is_annotated(n.annotation)}
        self._sets = parameters | annotated | _defaults(source.function)
        for _ in range(3):  # a name may be given the set of another name
            self._sets |= set(self._named_sets())

    def _named_sets(self) -> Iterator[str]:
        for node in self._nodes:
            if isinstance(node, ast.Assign) and len(node.targets) == 1:
                yield from self._paired(node.targets[0], node.value)
            elif isinstance(node, ast.AnnAssign | ast.NamedExpr | ast.AugAssign) and isinstance(node.target, ast.Name):
                if node.value is not None and self.is_set(node.value):
                    yield node.target.id
            elif isinstance(node, ast.For) and self.is_set(node.iter):
                yield from filter(None, map(name_added_to, ast.walk(node)))

    def _paired(self, target: ast.expr, value: ast.expr) -> Iterator[str]:
        if isinstance(target, ast.Name) and self.is_set(value):
            yield target.id
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            for one, other in zip(target.elts, value.elts, strict=True):
                yield from self._paired(one, other)

    @property
    def returns_set(self) -> bool:
        """Whether it returns a set."""
        if isinstance(self._source.tree, ast.Lambda):
            return self.is_set(self._source.tree.body)
        returned = (n.value for n in self._nodes if isinstance(n, ast.Return) and n.value is not None)
        return any(self.is_set(value) for value in returned)

    def __iter__(self) -> Iterator[Finding]:
        for node in self._nodes:
            is_read = isinstance(node, ast.expr) and not isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)
            if is_read and self.is_set(node):  # type: ignore[arg-type] # an expression, as was just asked
                what = self._taken(node)  # type: ignore[arg-type]
                if what:
                    yield what, node.lineno  # type: ignore[attr-defined]

    # What is a set --------------------------------------------------------------------------------------------------

    def is_set(self, node: ast.expr) -> bool:  # noqa: PLR0911 - a table of kinds
        """Return whether an expression is a set, or holds the items of one in its order."""
        if isinstance(node, ast.Set):
            return len(node.elts) > 1 or isinstance(node.elts[0], ast.Starred)
        if isinstance(node, ast.SetComp):
            return True
        if isinstance(node, ast.GeneratorExp | ast.ListComp | ast.DictComp):
            return any(self.is_set(generator.iter) for generator in node.generators)
        if isinstance(node, ast.Name):
            return node.id in self._sets or _is_large_set(self._value(node))
        if isinstance(node, ast.Attribute):
            return node.attr in self._search.attributes or _is_large_set(self._value(node))
        if isinstance(node, ast.Subscript):
            return _holds_set(self._value(node.value))
        if isinstance(node, ast.BinOp):
            return isinstance(node.op, _SET_OPERATORS) and any(map(self._is_set_or_keys, (node.left, node.right)))
        if isinstance(node, ast.IfExp | ast.BoolOp):
            return any(map(self.is_set, (node.body, node.orelse) if isinstance(node, ast.IfExp) else node.values))
        if isinstance(node, ast.NamedExpr):
            return self.is_set(node.value)
        return isinstance(node, ast.Call) and self._gives_set(node)

    def _is_set_or_keys(self, node: ast.expr) -> bool:
        of_dict = (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"keys", "items"}
        )
        return of_dict or self.is_set(node)

    def _gives_set(self, call: ast.Call) -> bool:
        name = self._built_in(call.func)
        if name in _MAKES_SET:
            return bool(call.args)
        if name in _KEEPS_NO_ORDER:
            return any(map(self.is_set, call.args))
        if isinstance(call.func, ast.Attribute):
            if call.func.attr in _SET_METHODS and self.is_set(call.func.value):
                return True
            if call.func.attr in {"get", "setdefault"}:
                return _holds_set(self._value(call.func.value)) or any(map(self.is_set, call.args[1:]))
        function = self._helper(call.func)
        return function is not None and self._search.makes(function, self._depth + 1)

    # What is done to a set ------------------------------------------------------------------------------------------

    def _taken(self, node: ast.expr) -> str:  # noqa: PLR0911 - a table of kinds
        """Say what is done to a set that may depend on its order; empty if nothing is."""
        parent = self._parent.get(node)
        unclear = f"uses {_shown(node)}, a set, in a way that may depend on its order"
        if isinstance(parent, ast.Call):
            return unclear if node is not parent.func and self._given(parent, node) else ""
        if isinstance(parent, ast.keyword):
            call = self._parent[parent]
            return unclear if not isinstance(call, ast.Call) or self._given(call, parent) else ""
        if isinstance(parent, ast.Attribute):
            called = isinstance(self._parent.get(parent), ast.Call)
            return "" if (called and parent.attr in (*_METHODS, "sort")) or self.is_set(parent) else unclear
        if isinstance(parent, ast.comprehension):
            return ""  # the comprehension counts as a set
        if isinstance(parent, ast.For | ast.AsyncFor):
            return "" if node is not parent.iter or comes_to_the_same(parent, self._nodes, self._parent) else unclear
        if isinstance(parent, ast.Subscript):
            is_dict = isinstance(node, ast.DictComp)
            return unclear if node is parent.value and not is_dict and not _holds_set(self._value(node)) else ""
        if isinstance(parent, ast.Starred):
            return "" if isinstance(self._parent.get(parent), ast.Set) else unclear
        if isinstance(parent, ast.Assign):
            return unclear if any(isinstance(t, ast.Tuple | ast.List) for t in parent.targets) else ""
        return unclear if isinstance(parent, ast.FormattedValue | ast.Yield | ast.YieldFrom) else ""

    def _given(self, call: ast.Call, argument: ast.AST) -> bool:
        """Return whether a call with a set as an argument may depend on its order."""
        name = self._built_in(call.func)
        if name in _SORTS:
            return any(keyword.arg == "key" for keyword in call.keywords)
        if name in _ASKS or name in _KEEPS_NO_ORDER:
            return False
        function = self._helper(call.func)
        if function is not None:
            return self._is_taken_by_helper(function, call, argument)
        return not (isinstance(call.func, ast.Attribute) and call.func.attr in _TAKES)

    def _is_taken_by_helper(self, function: FunctionType, call: ast.Call, argument: ast.AST) -> bool:
        code = function.__code__
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        if isinstance(argument, ast.keyword):
            name = argument.arg if argument.arg in names else None
        else:
            place = call.args.index(argument) if argument in call.args else len(names)
            starred = any(isinstance(one, ast.Starred) for one in call.args[:place])
            name = None if starred or place >= code.co_argcount else names[place]
        if name is None or self._depth >= _DEEPEST or not sources_of(function):
            return True
        return bool(self._search.taken_by(function, frozenset((name,)), self._depth + 1))

    # Names ----------------------------------------------------------------------------------------------------------

    def _value(self, node: ast.expr) -> Any:
        """Return the value of a name, or of an attribute, that the function has from outside."""
        if isinstance(node, ast.Name):
            return self._source.look_up(node.id)
        if isinstance(node, ast.Attribute):
            owner = self._value(node.value)
            return UNKNOWN if owner is UNKNOWN else _held(owner).get(node.attr, UNKNOWN)
        return UNKNOWN

    def _built_in(self, node: ast.expr) -> str:
        """Return the name of a built-in function; empty for anything else."""
        if not isinstance(node, ast.Name) or not hasattr(builtins, node.id):
            return ""
        return node.id if self._value(node) is getattr(builtins, node.id) else ""

    def _helper(self, node: ast.expr) -> FunctionType | None:
        value = self._value(node)
        return value if isinstance(value, FunctionType) else None


def _held(owner: Any) -> Mapping[str, Any]:
    """Return the attributes that a module, a class or an object holds, whatever it says that it has."""
    if isinstance(owner, ModuleType | type):
        return vars(owner)
    try:
        return cast("Mapping[str, Any]", object.__getattribute__(owner, "__dict__"))
    except AttributeError:
        return {}


def _is_large_set(value: Any) -> bool:
    return isinstance(value, _SETS) and len(value) > 1


def _holds_set(value: Any) -> bool:
    """Return whether items of a container are sets."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return any(map(_is_large_set, items))


def _is_annotated(annotation: ast.expr | None) -> bool:
    names = (
        {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)} if annotation is not None else set()
    )
    return bool(names & {"set", "frozenset", "Set", "AbstractSet", "FrozenSet"})


def _defaults(function: FunctionType) -> frozenset[str]:
    """List the parameters of which the default is a set."""
    code, values = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[code.co_argcount - len(values) : code.co_argcount]
    given = {**dict(zip(names, values, strict=True)), **(function.__kwdefaults__ or {})}
    return frozenset(name for name, value in given.items() if _is_large_set(value))


def _shown(node: ast.expr) -> str:
    shown = ast.unparse(node)
    return shown if len(shown) <= 40 else f"{shown[:39]}…"
