"""Find what a function does with a set that may depend on its order, which differs from process to process.

A set, and what is made of its items one by one, is followed through local names, attributes, helpers of the project,
and the tuples, lists and dicts that hold it (:mod:`labelkit.rules.inspection._set_holders`). It may be asked for its
length, for members, sorted, joined with other sets, and looped over by statements that come to the same whatever comes
first. What is done to it otherwise may depend on its order.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any, Final, TypeAlias

from labelkit._shared.syntax_trees import nodes_of
from labelkit.rules.inspection._set_holders import (
    HANDS_ON,
    METHODS_OF_HOLDERS,
    bindings,
    defaults_of,
    held_by,
    holds_set,
    is_annotated_set,
    is_formatted,
    is_large_set,
    items_of,
    joined_in,
    joined_to,
    names_in_items,
    put_into,
    shown,
    unpacked,
)
from labelkit.rules.inspection._set_loops import comes_to_the_same, name_added_to
from labelkit.rules.inspection._whole_numbers import are_whole
from labelkit.rules.inspection.syntax import UNKNOWN, FunctionSource, sources_of

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
    *("startswith", "endswith", "isin", "is_in", "removeprefix", "setdefault", "get", "from_iterable"),
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
    attributes, holders : frozenset of str
        The names of attributes that are sets, and of those that hold sets.
    """

    attributes: frozenset[str]
    holders: frozenset[str] = frozenset()
    _held: dict[int, tuple[bool, Any]] = field(default_factory=dict, repr=False)
    _made: dict[tuple[FunctionType, str], bool] = field(default_factory=dict, repr=False)
    _sources: dict[FunctionType, list[FunctionSource]] = field(default_factory=dict, repr=False)
    _searched: dict[tuple[Any, ...], list[Finding]] = field(default_factory=dict, repr=False)

    def is_holder(self, value: Any) -> bool:
        """Return whether items of a value are sets; a large dict is searched once."""
        if not isinstance(value, dict | list | tuple):
            return False
        if id(value) not in self._held:
            self._held[id(value)] = holds_set(value), value
        return self._held[id(value)][0]

    def sources(self, function: FunctionType) -> list[FunctionSource]:
        """List what may be the source of a function."""
        if function not in self._sources:
            self._sources[function] = sources_of(function)
        return self._sources[function]

    def with_attributes_of(self, functions: Iterable[FunctionType]) -> SetOrder:
        """Return a search that also knows the attributes to which functions give sets."""
        trees = [_Tree(self, source, 0) for function in functions for source in self.sources(function)]
        sets = self.attributes.union(*(tree.set_attributes(tree.may_be_set) for tree in trees))
        holders = self.holders.union(*(tree.set_attributes(tree.holds) for tree in trees))
        return self if (sets, holders) == (self.attributes, self.holders) else SetOrder(sets, holders)

    def taken_by(
        self,
        function: FunctionType,
        parameters: frozenset[str] = frozenset(),
        depth: int = 0,
        holders: frozenset[str] = frozenset(),
    ) -> list[Finding]:
        """List what a function does with a set that may depend on its order, with the line.

        Parameters
        ----------
        function : function
        parameters : frozenset of str
            Its parameters that are sets.
        depth : int
            The number of functions that were followed to it.
        holders : frozenset of str
            Its parameters that hold sets.
        """
        key = function, parameters, holders
        if key not in self._searched:
            self._searched[key] = []  # a function that calls itself is searched once
            findings = [
                finding
                for source in self.sources(function)
                for finding in _Tree(self, source, depth, sets=parameters, holders=holders)
            ]
            self._searched[key] = list(dict.fromkeys(findings))
        return self._searched[key]

    def makes(self, function: FunctionType, depth: int) -> bool:
        """Return whether a function returns a set, or items in the order of one."""
        return self._returns(function, depth, "set", lambda tree: tree.is_set)

    def makes_holder(self, function: FunctionType, depth: int) -> bool:
        """Return whether a function returns what holds a set."""
        return self._returns(function, depth, "holder", lambda tree: tree.holds)

    def is_column_of(self, function: Any, parameters: frozenset[str]) -> bool:
        """Return whether a function of which parameters are sets, or hold some, returns what is or holds one."""
        trees = [] if not isinstance(function, FunctionType) else self.sources(function)
        searched = (_Tree(self, source, 0, sets=parameters, holders=parameters) for source in trees)
        return any(tree.may_be_set(value) or tree.holds(value) for tree in searched for value in tree.returned)

    def _returns(
        self, function: FunctionType, depth: int, what: str, asked: Callable[[_Tree], Callable[[ast.expr], bool]]
    ) -> bool:
        key = function, what
        if key not in self._made:
            self._made[key] = False
            trees = (_Tree(self, source, depth) for source in self.sources(function))
            self._made[key] = any(any(map(asked(tree), tree.returned)) for tree in trees)
        return self._made[key]


class _Tree:
    """The syntax tree of a function, with the names in it that are sets."""

    def __init__(
        self,
        search: SetOrder,
        source: FunctionSource,
        depth: int,
        *,
        sets: frozenset[str] = frozenset(),
        holders: frozenset[str] = frozenset(),
    ) -> None:
        self._search, self._source, self._depth = search, source, depth
        decorators = {node for one in getattr(source.tree, "decorator_list", ()) for node in nodes_of(one)}
        self._nodes = [node for node in nodes_of(source.tree) if node not in decorators]  # those ran before
        self._parent = {child: node for node in self._nodes for child in ast.iter_child_nodes(node)}
        annotated = {n.arg for n in self._nodes if isinstance(n, ast.arg) and is_annotated_set(n.annotation)}
        self._sets = sets | annotated | defaults_of(source.function, is_large_set)
        self._holders = holders | defaults_of(source.function, holds_set)
        self._bindings = [pair for node in self._nodes for pair in bindings(node)]
        self._known: dict[tuple[str, ast.expr], bool] = {}
        for _ in range(3):  # a name may be given the set of another name
            named = self._sets, self._holders
            self._sets |= set(self._named_sets())
            self._known.clear()
            self._holders |= set(self._named_holders())
            self._known.clear()
            if named == (self._sets, self._holders):
                break

    def _named_sets(self) -> Iterator[str]:
        for node in self._nodes:
            for name, value in bindings(node):
                if self.is_set(value):
                    yield name
            yield from self._named_items(node)
            if isinstance(node, ast.For) and self.is_set(node.iter):
                yield from filter(None, map(name_added_to, nodes_of(node)))
            yield from (name for name, value in joined_to(node) if self.may_be_set(value) or self._is_empty_set(name))

    def _named_holders(self) -> Iterator[str]:
        for node in self._nodes:
            for name, value in (*bindings(node), *put_into(node)):
                is_put = not any(name == bound for bound, _ in bindings(node))
                if self.holds(value) or (is_put and self.may_be_set(value)):
                    yield name
            yield from self._named_items(node)

    def _named_items(self, node: ast.AST) -> Iterator[str]:
        """Yield the names that get items of what holds sets; those of a dict are its keys."""
        for target, value in unpacked(node):
            if self.holds(value) and not isinstance(self._value(value), dict):
                yield from names_in_items(target, value)

    def _is_empty_set(self, name: str) -> bool:
        """Return whether a name is bound to a set that is empty at first."""
        return any(name == bound and self.may_be_set(value) for bound, value in self._bindings)

    def may_be_set(self, node: ast.expr) -> bool:
        """Return whether an expression is a set, also one that is empty at first."""
        return self.is_set(node) or (isinstance(node, ast.Call) and self._built_in(node.func) in _MAKES_SET)

    def set_attributes(self, is_such: Callable[[ast.expr], bool]) -> set[str]:
        """List the attributes to which the function gives such a value."""
        given = ((node, getattr(node, "value", None)) for node in self._nodes)
        return {
            target.attr
            for node, value in given
            if isinstance(node, ast.Assign | ast.AnnAssign) and value is not None and is_such(value)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Attribute)
        }

    @property
    def returned(self) -> list[ast.expr]:
        """What the function returns."""
        if isinstance(self._source.tree, ast.Lambda):
            return [self._source.tree.body]
        return [n.value for n in self._nodes if isinstance(n, ast.Return) and n.value is not None]

    def __iter__(self) -> Iterator[Finding]:
        for node in self._nodes:
            is_read = isinstance(node, ast.expr) and not isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)
            if is_read and self.is_set(node):  # type: ignore[arg-type] # an expression, as was just asked
                what = self._taken(node)  # type: ignore[arg-type]
                if what:
                    yield what, node.lineno  # type: ignore[attr-defined]
            elif is_read and self.holds(node) and self._shows(node):  # type: ignore[arg-type]
                text = shown(node)  # type: ignore[arg-type]
                yield f"uses {text}, which holds a set, in a way that may depend on its order", node.lineno  # type: ignore[attr-defined]

    # What is a set --------------------------------------------------------------------------------------------------

    def is_set(self, node: ast.expr) -> bool:
        """Return whether an expression is a set, or holds the items of one in its order."""
        return self._asked_once("set", node, self._is_set)

    def holds(self, node: ast.expr) -> bool:
        """Return whether an expression is a container, or an iterator, that holds a set."""
        return self._asked_once("holder", node, self._holds)

    def _asked_once(self, what: str, node: ast.expr, is_such: Callable[[ast.expr], bool]) -> bool:
        if (what, node) not in self._known:
            self._known[what, node] = is_such(node)
        return self._known[what, node]

    def _is_set(self, node: ast.expr) -> bool:  # noqa: C901, PLR0911 - a table of kinds
        if isinstance(node, ast.Set):
            return len(node.elts) > 1 or isinstance(node.elts[0], ast.Starred)
        if isinstance(node, ast.SetComp):
            return True
        if isinstance(node, ast.GeneratorExp | ast.ListComp | ast.DictComp):
            return any(self.is_set(generator.iter) for generator in node.generators)
        if isinstance(node, ast.Name):
            return node.id in self._sets or is_large_set(self._value(node))
        if isinstance(node, ast.Attribute):
            return node.attr in self._search.attributes or is_large_set(self._value(node))
        if isinstance(node, ast.Subscript):
            return self.holds(node.value)
        if isinstance(node, ast.BinOp):
            if isinstance(node.op, ast.Add | ast.Mult):
                return any(map(self.is_set, (node.left, node.right)))
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

    def _gives_set(self, call: ast.Call) -> bool:  # noqa: PLR0911 - as above
        name = self._built_in(call.func)
        if name in _MAKES_SET:
            return bool(call.args)
        if name in _KEEPS_NO_ORDER:
            return any(map(self.is_set, call.args))
        if isinstance(call.func, ast.Attribute):
            if call.func.attr in _SET_METHODS and self.is_set(call.func.value):
                return True
            if call.func.attr in {"get", "setdefault"}:
                return any(map(self.may_be_set, call.args[1:])) or self.holds(call.func.value)
            if call.func.attr in {"pop", "popitem"} and self.holds(call.func.value):
                return True
        if name == "next" and any(map(self.holds, call.args)):
            return True
        function = self._helper(call.func)
        return function is not None and self._search.makes(function, self._depth + 1)

    # What holds a set -----------------------------------------------------------------------------------------------

    def _holds(self, node: ast.expr) -> bool:  # noqa: PLR0911 - a table of kinds
        if isinstance(node, ast.Name):
            return node.id in self._holders or self._search.is_holder(self._value(node))
        if isinstance(node, ast.Attribute):
            return node.attr in self._search.holders or self._search.is_holder(self._value(node))
        if isinstance(node, ast.Tuple | ast.List | ast.Dict | ast.ListComp | ast.GeneratorExp | ast.DictComp):
            return any(map(self.may_be_set, items_of(node))) or any(
                map(self.holds, (*items_of(node), *joined_in(node)))
            )
        if isinstance(node, ast.Subscript | ast.NamedExpr | ast.Starred):
            return self.holds(node.value)
        if isinstance(node, ast.BinOp):
            return self.holds(node.left) or self.holds(node.right)
        if isinstance(node, ast.IfExp | ast.BoolOp):
            return any(map(self.holds, (node.body, node.orelse) if isinstance(node, ast.IfExp) else node.values))
        return isinstance(node, ast.Call) and self._gives_holder(node)

    def _gives_holder(self, call: ast.Call) -> bool:
        name, first = self._built_in(call.func), call.args[0] if call.args else None
        if name in HANDS_ON:
            makes_sets = name == "map" and first is not None and self._built_in(first) in _MAKES_SET
            return makes_sets or any(map(self.holds, call.args))
        if isinstance(call.func, ast.Attribute) and call.func.attr in METHODS_OF_HOLDERS:
            return self.holds(call.func.value)
        if first is not None and ast.unparse(call.func).endswith("defaultdict"):
            is_lambda = isinstance(first, ast.Lambda) and self.may_be_set(first.body)
            return is_lambda or self._built_in(first) in _MAKES_SET
        function = self._helper(call.func)
        return function is not None and self._search.makes_holder(function, self._depth + 1)

    def _shows(self, node: ast.expr) -> bool:
        """Return whether a container is written as text, or given to what may do so."""
        parent = self._parent.get(node)
        if isinstance(parent, ast.keyword):
            call = self._parent[parent]
            return isinstance(call, ast.Call) and self._given(call, parent, holder=True)
        if isinstance(parent, ast.Call):
            return node is not parent.func and self._given(parent, node, holder=True)
        return isinstance(parent, ast.FormattedValue | ast.Yield | ast.YieldFrom) or is_formatted(node, parent)

    # What is done to a set ------------------------------------------------------------------------------------------

    def _taken(self, node: ast.expr) -> str:  # noqa: PLR0911 - a table of kinds
        """Say what is done to a set that may depend on its order; empty if nothing is."""
        parent = self._parent.get(node)
        unclear = f"uses {shown(node)}, a set, in a way that may depend on its order"
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
            is_holder = is_dict or self._search.is_holder(self._value(node))
            return unclear if node is parent.value and not is_holder else ""
        if isinstance(parent, ast.Starred):
            return "" if isinstance(self._parent.get(parent), ast.Set) else unclear
        if isinstance(parent, ast.Assign):
            return unclear if any(isinstance(t, ast.Tuple | ast.List) for t in parent.targets) else ""
        shows = isinstance(parent, ast.FormattedValue | ast.Yield | ast.YieldFrom) or is_formatted(node, parent)
        return unclear if shows else ""

    def _given(self, call: ast.Call, argument: ast.AST, *, holder: bool = False) -> bool:
        """Return whether a call with a set, or what holds one, as an argument may depend on its order."""
        name = self._built_in(call.func)
        if name in _SORTS:
            return not holder and any(keyword.arg == "key" for keyword in call.keywords)
        if name == "sum" and not holder:
            return not are_whole(argument, self._value)
        if name in _ASKS or name in _KEEPS_NO_ORDER or (holder and name in HANDS_ON):
            return False
        function = self._helper(call.func)
        if function is not None:
            return self._is_taken_by_helper(function, call, argument, holder=holder)
        return not (isinstance(call.func, ast.Attribute) and call.func.attr in _TAKES)

    def _is_taken_by_helper(
        self, function: FunctionType, call: ast.Call, argument: ast.AST, *, holder: bool = False
    ) -> bool:
        code = function.__code__
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        if isinstance(argument, ast.keyword):
            name = argument.arg if argument.arg in names else None
        else:
            place = call.args.index(argument) if argument in call.args else len(names)
            starred = any(isinstance(one, ast.Starred) for one in call.args[:place])
            name = None if starred or place >= code.co_argcount else names[place]
        if name is None or self._depth >= _DEEPEST or not self._search.sources(function):
            return True
        sets, holders = frozenset(() if holder else (name,)), frozenset((name,) if holder else ())
        return bool(self._search.taken_by(function, sets, self._depth + 1, holders))

    # Names ----------------------------------------------------------------------------------------------------------

    def _value(self, node: ast.expr) -> Any:
        """Return the value of a name, or of an attribute, that the function has from outside."""
        if isinstance(node, ast.Name):
            return self._source.look_up(node.id)
        if isinstance(node, ast.Attribute):
            owner = self._value(node.value)
            return UNKNOWN if owner is UNKNOWN else held_by(owner).get(node.attr, UNKNOWN)
        return UNKNOWN

    def _built_in(self, node: ast.expr) -> str:
        """Return the name of a built-in function; empty for anything else."""
        if not isinstance(node, ast.Name) or not hasattr(builtins, node.id):
            return ""
        return node.id if self._value(node) is getattr(builtins, node.id) else ""

    def _helper(self, node: ast.expr) -> FunctionType | None:
        value = self._value(node)
        return value if isinstance(value, FunctionType) else None
