"""Find what a Python rule compares its columns with, and of which it asks only whether they are true, by its source.

>>> from labelkit.rules.python_rule import labeling_function
>>> @labeling_function
... def unseen(views, is_public):
...     return 1 if views == 0 and not is_public else None
>>> for one in compared_columns(unseen):
...     print(one.column, one.values, one.shown, one.line)
views (0,) views == 0 3
>>> list(truths_asked(unseen))
[('is_public', 3)]
"""

from __future__ import annotations

import ast
import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, EnumType
from functools import cached_property, partial
from types import MethodType
from typing import Any, Final

import numpy as np

from labelkit._shared.syntax_trees import nodes_of
from labelkit.rules.data_points import attributes_of_series
from labelkit.rules.inspection.bindings import Binding, bindings, parameters_of, value_of_name
from labelkit.rules.inspection.syntax import FunctionSource, dotted_name, is_chain
from labelkit.rules.labeling_function import Calls, Column, LabelingFunction, derived_columns
from labelkit.rules.oddities._shown_code import shown_code
from labelkit.rules.oddities.rule_sources import own_source
from labelkit.rules.row_rules import RowCall, plain_function

MOST_VALUES: Final = 100_000
"""Values of a collection that are looked at."""

LONGEST: Final = 60
"""Characters of code that a message repeats."""

_shown = partial(shown_code, longest=LONGEST)

_ASK_TYPE: Final = frozenset({"isinstance", "type"})
_UNKNOWN: Final[tuple[Any, ...]] = ()
_DATES: Final[Mapping[str, Any]] = {
    "datetime.date": dt.date.max,
    "datetime.datetime": dt.datetime.max.replace(tzinfo=dt.UTC),
}


@dataclass(frozen=True)
class ComparedColumn:
    """A column of the corpus that a rule compares with values.

    Attributes
    ----------
    column : str
    values : tuple
        Some value of these must be equal to the column's, or is the other side of ``<``.
    shown : str
        The code.
    line : int
    is_batch : bool
        Whether the function has the column of many examples before it.
    """

    column: str
    values: tuple[Any, ...]
    shown: str
    line: int
    is_batch: bool = False


def compared_columns(lf: LabelingFunction[...], *, by_order: bool = False) -> Iterator[ComparedColumn]:
    """Find the comparisons of columns of the corpus with values that the code names.

    Parameters
    ----------
    lf : LabelingFunction
    by_order : bool
        Whether to find those by ``<`` and its like in place of those for equality.

    Yields
    ------
    ComparedColumn
    """
    for reader in column_readers(lf):
        for node in nodes_of(reader.source.tree):
            for column, values in reader.orders(node) if by_order else reader.equalities(node):
                if column is not None and values:
                    shown = _shown(node.subject if isinstance(node, ast.Match) else node)
                    yield ComparedColumn(column, values, shown, getattr(node, "lineno", 0), reader.is_batch)


def truths_asked(lf: LabelingFunction[...]) -> Iterator[tuple[str, int]]:
    """Find the columns of the corpus of which a rule asks nothing but whether they are true, with the line.

    Parameters
    ----------
    lf : LabelingFunction

    Yields
    ------
    tuple of str and int
    """
    for reader in column_readers(lf):
        if not reader.is_batch:
            yield from reader.truths()


def truths_asked_of_rows(lf: LabelingFunction[...]) -> Iterator[tuple[str, int]]:
    """Find the fields of a row of which a rule asks nothing but whether they are true, with the line.

    Parameters
    ----------
    lf : LabelingFunction

    Yields
    ------
    tuple of str and int
    """
    for reader in column_readers(lf):
        if reader.row is not None:
            yield from reader.truths()


def may_compare(lf: LabelingFunction[...], column: str) -> bool:
    """Return whether a rule compares a column for equality, or looks it up, or hands it on where nobody can say.

    Parameters
    ----------
    lf : LabelingFunction
    column : str

    Returns
    -------
    bool
        False if its code asks for attributes of the column alone, as ``created.year``.
    """
    readers = [reader for reader in column_readers(lf) if column in reader.columns.values()]
    for reader in readers:
        nodes = [node for node in nodes_of(reader.source.tree) if isinstance(node, ast.Attribute)]
        parts = {id(node.value) for node in nodes}
        names = [node for node in nodes_of(reader.source.tree) if isinstance(node, ast.Name)]
        if any(reader.columns.get(node.id) == column and id(node) not in parts for node in names):
            return True
    return not readers


def column_readers(lf: LabelingFunction[...]) -> Iterator[ColumnReader]:
    """Read the functions of a rule that are called with columns of the corpus, or with rows of it."""
    for owner, function in lf.owned_functions:
        plain = plain_function(function)
        source = own_source(function)
        if source is None:
            continue
        names = [one.arg for one in (*source.tree.args.posonlyargs, *source.tree.args.args)]
        names = names[1:] if isinstance(plain, MethodType) else names
        if isinstance(function, RowCall):
            if names and not function.has_steps:  # which may write any field
                yield ColumnReader(source, {}, row=names[0])
            continue
        derived = derived_columns(owner)
        columns = {
            name: parameter.name
            for name, parameter in zip(names, owner.parameters, strict=False)
            if parameter.name not in derived
        }
        given = {name for name, parameter in zip(names, owner.parameters, strict=False) if not parameter.optional}
        called = owner if isinstance(owner, Column) else owner.body
        is_batch = isinstance(called, Column | Calls) and called.batch
        yield ColumnReader(source, columns, is_batch=is_batch, given=frozenset() if is_batch else frozenset(given))


@dataclass(frozen=True)
class ColumnReader:
    """Reads the code of one function."""

    source: FunctionSource
    columns: Mapping[str, str]  # by the parameter
    row: str | None = None  # the parameter that is a whole row
    is_batch: bool = False
    given: frozenset[str] = frozenset()  # the parameters that are never None

    def is_never_none(self, node: ast.expr) -> bool:
        """Return whether an expression is a parameter, or a field of a row, that is never None: a row holds NaN."""
        if self.row is not None:
            return self.column(node) is not None
        return isinstance(node, ast.Name) and node.id in self.given - self._bound_again

    @cached_property
    def _bindings(self) -> dict[str, list[Binding]]:
        return bindings(self.source)

    @cached_property
    def _asked(self) -> frozenset[str]:
        """The names that are asked for their type."""
        calls = [node for node in nodes_of(self.source.tree) if isinstance(node, ast.Call) and node.args]
        given = [one.args[0] for one in calls if isinstance(one.func, ast.Name) and one.func.id in _ASK_TYPE]
        return frozenset(one.id for one in given if isinstance(one, ast.Name))

    @cached_property
    def _bound_again(self) -> frozenset[str]:
        """The names that have another value somewhere, or are asked for their type."""
        names: list[str] = []
        for node in nodes_of(self.source.tree):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                names.append(node.id)
            elif isinstance(node, ast.Lambda | ast.FunctionDef) and node is not self.source.tree:
                names += [one.arg for one in nodes_of(node.args) if isinstance(one, ast.arg)]
        return self._asked | frozenset(names)

    def column(self, node: ast.expr) -> str | None:
        """Return the column that an expression is, as it comes from the corpus."""
        if isinstance(node, ast.Name) and node.id in self.columns:
            return None if node.id in self._bound_again else self.columns[node.id]
        if isinstance(node, ast.Name):  # another name of the column: n = likes
            bound = value_of_name(node, self._bindings, parameters_of(self.source))
            is_column = (
                bound is not None
                and bound[1] == "top"
                and isinstance(bound[0], ast.Name | ast.Attribute | ast.Subscript)
            )
            return self.column(bound[0]) if is_column and bound is not None and node.id not in self._asked else None
        if not isinstance(node, ast.Attribute | ast.Subscript) or not isinstance(node.value, ast.Name):
            return None
        if self.row is None or node.value.id != self.row or self.row in self._bound_again or self._is_written(node):
            return None
        if isinstance(node, ast.Attribute):  # x.name is the label of a row of a frame
            return None if node.attr in attributes_of_series() else node.attr
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        return key if isinstance(key, str) else None

    def _is_written(self, node: ast.Attribute | ast.Subscript) -> bool:
        """Return whether the function writes the same field of the row."""
        shown = ast.unparse(node)
        fields = [one for one in nodes_of(self.source.tree) if isinstance(one, ast.Attribute | ast.Subscript)]
        return any(not isinstance(one.ctx, ast.Load) and ast.unparse(one) == shown for one in fields)

    # What it is compared with -----------------------------------------------------------------------------------------

    def equalities(self, node: ast.AST) -> Iterator[tuple[str | None, tuple[Any, ...]]]:
        """Iterate over the columns that a node compares for equality or looks up, with the values."""
        if isinstance(node, ast.Compare):
            yield from self._sides(node, (ast.Eq, ast.NotEq, ast.Is, ast.IsNot))
            for op, left, right in _compared(node):
                if isinstance(op, ast.In | ast.NotIn) and not self.is_batch:
                    yield self.column(left), self._many(right)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            if node.func.attr == "get" and not self.is_batch:
                yield self.column(node.args[0]), self._keys(node.func.value)
        elif isinstance(node, ast.Subscript) and not self.is_batch:
            yield self.column(node.slice), self._keys(node.value)
        elif isinstance(node, ast.Match):
            yield self.column(node.subject), self._of_cases(node)

    def orders(self, node: ast.AST) -> Iterator[tuple[str | None, tuple[Any, ...]]]:
        """Iterate over the columns that a node orders, with the value of the other side."""
        if isinstance(node, ast.Compare):
            yield from self._sides(node, (ast.Lt, ast.LtE, ast.Gt, ast.GtE))

    def _sides(
        self, node: ast.Compare, ops: tuple[type[ast.cmpop], ...]
    ) -> Iterator[tuple[str | None, tuple[Any, ...]]]:
        """Iterate over both sides of the comparisons by some operators, each with the value of the other side."""
        for op, left, right in _compared(node):
            if isinstance(op, ops):
                yield self.column(left), self._one(right)
                yield self.column(right), self._one(left)

    def _one(self, node: ast.expr) -> tuple[Any, ...]:
        """Return the value of an expression, as a tuple of one; empty if it is not known."""
        if isinstance(node, ast.Constant):
            return (node.value,)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            return (node.operand.value,)  # its type is what counts
        if isinstance(node, ast.Name | ast.Attribute):
            value = self._resolved(node)
            return (value,) if isinstance(value, str | int | float | dt.date | Enum) else _UNKNOWN
        if isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict):
            return ([] if isinstance(node, ast.List) else (),)  # its type is what counts
        if isinstance(node, ast.Call) and is_chain(node.func):
            date = _DATES.get(dotted_name(node.func, self.source) or "")
            return _UNKNOWN if date is None else (date,)
        return _UNKNOWN

    def _resolved(self, node: ast.expr) -> Any:
        """Return the value of a name from outside, or of a member of an enum, or the value of one."""
        if isinstance(node, ast.Name):
            return self.source.look_up(node.id)
        owner = self._resolved(node.value) if isinstance(node, ast.Attribute) else None
        if isinstance(owner, EnumType) and isinstance(node, ast.Attribute):
            return owner.__members__.get(node.attr)
        return (
            owner.value
            if isinstance(owner, Enum) and isinstance(node, ast.Attribute) and node.attr == "value"
            else None
        )

    def _many(self, node: ast.expr, *, in_list: bool = False) -> tuple[Any, ...]:  # noqa: PLR0911 - a table of kinds
        """Return the values that a collection has; empty if they are not known."""
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            values = [self._one(part) for part in node.elts]
            return tuple(value for one in values for value in one) if all(values) else _UNKNOWN
        if isinstance(node, ast.Dict):
            keys = [_UNKNOWN if key is None else self._one(key) for key in node.keys]
            return tuple(value for one in keys for value in one) if all(keys) else _UNKNOWN
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("set", "frozenset", "list", "tuple")
        ):
            return self._many(node.args[0], in_list=True) if len(node.args) == 1 else _UNKNOWN
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
            return (0,)
        value = self.source.look_up(node.id) if isinstance(node, ast.Name) else None
        if isinstance(value, EnumType):
            return tuple(value) if isinstance(node, ast.Name) and in_list else _UNKNOWN
        if isinstance(value, np.ndarray):
            value = value.tolist() if value.ndim == 1 and len(value) <= MOST_VALUES else None
        if not isinstance(value, list | tuple | set | frozenset | dict | range) or len(value) > MOST_VALUES:
            return _UNKNOWN
        return tuple(value) if not isinstance(value, range) else (0,) if value else _UNKNOWN

    def _keys(self, node: ast.expr) -> tuple[Any, ...]:
        """Return the keys of a dict; empty of what is none."""
        is_dict = isinstance(node, ast.Dict) or (
            isinstance(node, ast.Name) and isinstance(self.source.look_up(node.id), dict)
        )
        return self._many(node) if is_dict else _UNKNOWN

    def _of_cases(self, node: ast.Match) -> tuple[Any, ...]:
        """Return the values of the cases of ``match``, if each is a value or takes all."""
        patterns = [case.pattern for case in node.cases]
        patterns = [one for pattern in patterns for one in (pattern.patterns if _is_or(pattern) else [pattern])]  # type: ignore[attr-defined]
        values = [self._one(one.value) for one in patterns if isinstance(one, ast.MatchValue)]
        others = [one for one in patterns if not isinstance(one, ast.MatchValue)]
        if not all(isinstance(one, ast.MatchAs) and one.pattern is None for one in others) or not all(values):
            return _UNKNOWN
        return tuple(value for one in values for value in one)

    # Of what it asks the truth ----------------------------------------------------------------------------------------

    def truths(self) -> Iterator[tuple[str, int]]:
        """Iterate over the columns of which nothing but the truth is asked, with the line."""
        asked = {id(node): node for node in tested(self.source.tree)}
        uses: dict[str, list[ast.expr]] = {}
        for node in nodes_of(self.source.tree):
            column = self.column(node) if isinstance(node, ast.expr) else None
            if column is not None and isinstance(node, ast.expr):
                uses.setdefault(column, []).append(node)
        for column, nodes in uses.items():
            if all(id(node) in asked for node in nodes):
                yield column, min(node.lineno for node in nodes)


def _compared(node: ast.Compare) -> Iterator[tuple[ast.cmpop, ast.expr, ast.expr]]:
    """Take a chain of comparisons apart: the operator of each, and what stands left and right of it."""
    sides = [node.left, *node.comparators]
    return zip(node.ops, sides[:-1], sides[1:], strict=True)


def _is_or(pattern: ast.pattern) -> bool:
    return isinstance(pattern, ast.MatchOr)


def tested(tree: ast.AST) -> list[ast.expr]:
    """List the expressions whose truth is asked for, and whose value is not used otherwise."""
    todo: list[ast.expr] = []
    for node in nodes_of(tree):
        if isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert):
            todo.append(node.test)
        elif isinstance(node, ast.comprehension):
            todo += node.ifs
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            todo.append(node.operand)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
            given = node.args[0]
            if node.func.id in ("any", "all") and isinstance(given, ast.GeneratorExp | ast.ListComp):
                todo.append(given.elt)
            elif node.func.id == "bool":
                todo.append(given)
    for test in todo:
        if isinstance(test, ast.BoolOp):
            todo += test.values
    return todo
